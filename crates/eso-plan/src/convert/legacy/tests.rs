//! What objects ask for in newer words, and how each quirk of the older controller was decided.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::{
    desired::{Absence, Ask, Destination, Origin, Ownership, Refresh},
    fixtures::{gives, render},
    render::{Answer, Rendered},
};

/// An object of this spec.
pub(super) fn object(spec: Value) -> ExternalSecret {
    let object = json!({
        "apiVersion": "kubernetes-client.io/v1",
        "kind": "ExternalSecret",
        "metadata": { "name": "app", "namespace": "demo", "generation": 3, "labels": { "a": "b" } },
        "spec": spec,
    });
    parse(object).unwrap()
}

/// An environment in which Vault has a role.
pub(super) fn environment() -> Environment {
    Environment { default_vault_role: Some("reader".to_owned()), ..Environment::default() }
}

/// One key of Secrets Manager, with these fields put over it.
pub(super) fn secrets_manager(fields: Value) -> Value {
    with(json!({ "backendType": "secretsManager", "data": [{ "key": "db", "name": "password" }] }), fields)
}

pub(super) fn with(mut value: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("fields must be an object") };
    value.as_object_mut().unwrap().extend(fields);
    value
}

pub(super) fn translated(spec: Value) -> Result<Translated, String> {
    translate(&object(spec), &environment()).map_err(|error| error.to_string())
}

/// The newer spec, without what all have.
#[track_caller]
pub(super) fn check(spec: Value, expected: Value) {
    let mut newer = serde_json::to_value(translated(spec).unwrap().spec).unwrap();
    let fields = newer.as_object_mut().unwrap();
    let store = fields.remove("secretStoreRef").unwrap();
    assert_eq!(store["kind"], "ClusterSecretStore");
    assert_eq!(fields.remove("refreshInterval").unwrap(), "10s");
    let target = fields.remove("target").unwrap();
    if target != json!({ "template": {} }) {
        fields.insert("target".to_owned(), target);
    }
    assert_eq!(newer, expected);
}

#[track_caller]
pub(super) fn check_refused(spec: Value, expected: &str) {
    assert_eq!(translated(spec).map(drop), Err(expected.to_owned()));
}

/// The notes of an object, each as its field and whom it is for.
pub(super) fn notes(spec: Value) -> Vec<(String, About)> {
    translated(spec).unwrap().notes.into_iter().map(|note| (note.field, note.about)).collect()
}

fn desired_of(spec: Value) -> Desired {
    desired(&object(spec), &environment()).unwrap()
}

/// What an object's Secret holds, when the stores give these answers.
#[track_caller]
pub(super) fn check_rendered(spec: Value, answers: &[Answer], expected: &[(&str, &str)]) {
    let rendered = render(&desired_of(spec), answers).map_err(|error| error.to_string());
    let Ok(Rendered::Content { content, .. }) = rendered else { panic!("not rendered: {rendered:?}") };
    assert_eq!(content.entries, crate::fixtures::entries(expected));
}

#[track_caller]
fn check_failed(spec: Value, answers: &[Answer], expected: &str) {
    assert_eq!(
        render(&desired_of(spec), answers).map_err(|error| error.to_string()),
        Err(expected.to_owned())
    );
}

#[test]
fn an_object_that_asks_for_everything_is_said_in_newer_words() {
    let spec = json!({
        "backendType": "secretsManager",
        "roleArn": "arn:aws:iam::123456789012:role/x",
        "region": "us-east-1",
        "dataFrom": ["hello-service/credentials"],
        "dataFromWithOptions": [{ "key": "hello-service/migrate", "versionStage": "AWSPREVIOUS" }],
        "data": [
            { "key": "hello-service/password", "name": "password" },
            { "key": "hello-service/json", "name": "user", "property": "user.name", "versionStage": "AWSCURRENT" },
            { "key": "hello-service/json", "name": "json" },
            { "key": "hello-service/blob", "name": "blob.bin", "isBinary": true, "versionId": "EXAMPLE1" },
        ],
        "template": {
            "type": "Opaque",
            "metadata": { "labels": { "a": "b" }, "annotations": { "cat": "cheese" } },
            "stringData": { "cfg.yaml": "<%= yaml.dump(JSON.parse(data.json)) %>" },
        },
    });
    check(
        spec,
        json!({
            "dataFrom": [
                { "extract": { "key": "hello-service/credentials" } },
                { "extract": { "key": "hello-service/migrate", "version": "AWSPREVIOUS" } },
            ],
            "data": [
                { "secretKey": "password", "remoteRef": { "key": "hello-service/password" } },
                { "secretKey": "user", "remoteRef": { "key": "hello-service/json", "property": "user.name" } },
                { "secretKey": "json", "remoteRef": { "key": "hello-service/json" } },
                {
                    "secretKey": "blob.bin",
                    "remoteRef": {
                        "key": "hello-service/blob", "version": "uuid/EXAMPLE1", "decodingStrategy": "Base64",
                    },
                },
            ],
            "target": {
                "template": {
                    "type": "Opaque",
                    "metadata": { "labels": { "a": "b" }, "annotations": { "cat": "cheese" } },
                    "mergePolicy": "Merge",
                    "data": { "cfg.yaml": "{{ toYaml (mustFromJson .json) }}\n" },
                },
            },
        }),
    );
}

#[test]
fn the_secret_has_the_objects_name_and_goes_with_it_and_none_of_its_labels() {
    let desired = desired_of(secrets_manager(json!({})));
    assert_eq!(
        (desired.target.as_str(), desired.ownership, desired.absence),
        ("app", Ownership::Own, Absence::Retain)
    );
    let template = desired.template.unwrap();
    assert!(template.keeps_values && template.labels.is_empty() && template.annotations.is_empty());
}

#[test]
fn the_revision_is_the_generation() {
    assert_eq!(desired_of(secrets_manager(json!({}))).revision, "3");
}

#[test]
fn entries_win_in_the_order_of_the_older_controller() {
    let spec = secrets_manager(json!({
        "dataFrom": ["a", "b"], "dataFromWithOptions": [{ "key": "c" }], "data": [{ "key": "d", "name": "z" }],
    }));
    let answers = [
        gives(r#"{"w":"1","x":"1","y":"1","z":"1"}"#),
        gives(r#"{"x":"2","y":"2","z":"2"}"#),
        gives(r#"{"y":"3","z":"3"}"#),
        gives("4"),
    ];
    check_rendered(spec, &answers, &[("w", "1"), ("x", "2"), ("y", "3"), ("z", "4")]);
}

#[test]
fn values_are_written_as_javascript_writes_them() {
    let spec = secrets_manager(json!({
        "dataFrom": ["a"],
        "data": [
            { "key": "b", "name": "list", "property": "list" },
            { "key": "b", "name": "nothing", "property": "nothing" },
            { "key": "b", "name": "whole" },
        ],
    }));
    let text = r#"{ "list": [ 1, {"x": null} ], "nothing": null }"#;
    let answers =
        [gives(r#"{"deep":{ "a" : 1 },"n":1000000.0,"null":null}"#), gives(text), gives(text), gives(text)];
    check_rendered(
        spec,
        &answers,
        &[
            ("deep", r#"{"a":1}"#),
            ("list", r#"[1,{"x":null}]"#),
            ("n", "1000000"),
            ("nothing", "null"),
            ("null", "null"),
            ("whole", text),
        ],
    );
}

#[test]
fn base64_is_read_as_javascript_reads_it() {
    let spec = secrets_manager(json!({ "data": [{ "key": "db", "name": "password", "isBinary": true }] }));
    for text in ["aGVsbG8=", "aGVsbG8", "aGVs\nbG8=\n"] {
        check_rendered(spec.clone(), &[gives(text)], &[("password", "hello")]);
    }
}

#[test]
fn what_is_no_json_is_an_error_and_no_missing_key() {
    let property = secrets_manager(json!({ "data": [{ "key": "db", "name": "password", "property": "p" }] }));
    let missing = "error processing spec.data[0] (key: db), err: key p does not exist in secret db";
    check_failed(property.clone(), &[gives("canary")], missing);
    check_failed(property, &[gives("{}")], missing);
    let from = json!({ "backendType": "secretsManager", "dataFrom": ["db"] });
    for text in ["canary", r#"["canary"]"#, r#""canary""#] {
        let error = render(&desired_of(from.clone()), &[gives(text)]).unwrap_err().to_string();
        assert!(error.contains("it is no JSON object") && !error.contains("canary"), "{error}");
    }
}

#[test]
fn origins_are_those_of_the_older_object() {
    let spec = json!({
        "backendType": "systemManager",
        "data": [{ "key": "a", "name": "a" }, { "path": "/p" }, { "key": "b", "name": "b" }],
        "dataFrom": ["c"],
    });
    let desired = desired_of(spec);
    let origins: Vec<Origin> = desired.entries.iter().map(|entry| entry.origin).collect();
    assert_eq!(origins, [Origin::Extract(0), Origin::Data(0), Origin::Data(1), Origin::Data(2)]);
    let finds: Vec<bool> = desired.entries.iter().map(|entry| matches!(entry.ask, Ask::Find(_))).collect();
    assert_eq!(finds, [false, false, true, false]);
    assert_eq!(desired.entries[1].into, Destination::Entry("a".to_owned()));
    assert!(desired.entries.iter().all(|entry| entry.dialect == Some(DIALECT)));
}

#[test]
fn backends_that_are_not_served_are_named() {
    for backend in
        ["gcpSecretsManager", "azureKeyVault", "alicloudSecretsManager", "ibmcloudSecretsManager", "akeyless"]
    {
        let expected = format!("backendType {backend} is not supported");
        check_refused(secrets_manager(json!({ "backendType": backend })), &expected);
    }
    check_refused(json!({ "dataFrom": ["a"] }), "spec.backendType is missing: say where the values are");
}

#[test]
fn an_object_that_asks_for_nothing_is_refused() {
    let expected = "spec asks for nothing: name keys in data, dataFrom or dataFromWithOptions";
    check_refused(json!({ "backendType": "secretsManager" }), expected);
    check_refused(json!({ "backendType": "secretsManager", "data": [], "dataFrom": [] }), expected);
}

#[track_caller]
fn check_refresh(environment: &Environment, annotation: Option<&str>, expected: Result<Refresh, &str>) {
    let mut object = object(secrets_manager(json!({})));
    let annotations = annotation.map(|text| [(REFRESH_INTERVAL.to_owned(), text.to_owned())].into());
    object.metadata.annotations = annotations;
    let refresh =
        desired(&object, environment).map(|desired| desired.refresh).map_err(|error| error.to_string());
    assert_eq!(refresh, expected.map_err(str::to_owned));
}

#[test]
fn values_are_read_as_often_as_the_environment_says_or_the_object() {
    let every = |seconds| Ok(Refresh::Every(Duration::from_secs(seconds)));
    let environment = Environment::default();
    check_refresh(&environment, None, every(10));
    check_refresh(&environment, Some("5m"), every(300));
    check_refresh(&environment, Some("0"), Ok(Refresh::OnChange));
    let problem = "the annotation external-secrets.io/refresh-interval is not a duration such as 1m or 30s";
    check_refresh(&environment, Some("often"), Err(problem));
    let slower = Environment { interval: Duration::from_millis(2500), ..environment.clone() };
    check_refresh(&slower, None, Ok(Refresh::Every(Duration::from_millis(2500))));
    let never = Environment { polls: false, ..environment };
    check_refresh(&never, None, Ok(Refresh::OnChange));
    check_refresh(&never, Some("1m"), every(60));
}

#[test]
fn an_object_is_served_where_it_names_the_same_id() {
    for (asked, ours, expected) in [
        (None, None, true),
        (Some("a"), Some("a"), true),
        (Some("a"), None, false),
        (None, Some("a"), false),
        (Some("a"), Some("b"), false),
        (Some(""), None, true),
    ] {
        let object = object(secrets_manager(json!({ "controllerId": asked })));
        let environment = Environment { instance_id: ours.map(str::to_owned), ..Environment::default() };
        assert_eq!(is_served(&object, &environment), expected, "{asked:?} {ours:?}");
    }
}

#[test]
fn an_object_is_served_where_its_namespace_is() {
    for (watched, expected) in [(vec![], true), (vec!["demo", "other"], true), (vec!["other"], false)] {
        let watched_namespaces = watched.iter().map(|name| (*name).to_owned()).collect();
        let environment = Environment { watched_namespaces, ..Environment::default() };
        assert_eq!(is_served(&object(secrets_manager(json!({}))), &environment), expected, "{watched:?}");
    }
}

#[test]
fn an_object_that_cannot_be_read_is_told_by_its_field_alone() {
    let error =
        parse(json!({ "metadata": {}, "spec": { "backendType": "canary" } })).unwrap_err().to_string();
    assert!(error.starts_with("spec.backendType cannot be read") && !error.contains("canary"), "{error}");
}
