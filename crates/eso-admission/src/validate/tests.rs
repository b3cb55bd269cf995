//! What is said of objects, each in a line.

use eso_core::key::{StoreKind, StoreReference};
use serde_json::{Value, json};

use super::{Known, Named, Standing, Verdict, external_secret, named, store};

fn reference(kind: StoreKind, name: &str) -> StoreReference {
    StoreReference { kind, namespace: "demo".into(), name: name.into() }
}

/// An ExternalSecret `app` with this spec besides a store.
fn object(spec: Value) -> Value {
    let mut object = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
        "metadata": { "name": "app", "namespace": "demo" },
        "spec": { "secretStoreRef": { "name": "main" } }
    });
    object["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    object
}

fn data(key: &str) -> Value {
    json!({ "secretKey": key, "remoteRef": { "key": "db" } })
}

fn judged(object: &Value, known: &Known) -> Verdict {
    external_secret(&object.to_string(), None, known)
}

#[track_caller]
fn warned(spec: Value, known: &Known, expected: &[&str]) {
    let verdict = judged(&object(spec), known);
    assert_eq!(verdict.refusal, None);
    assert_eq!(verdict.warnings.len(), expected.len(), "{verdict:?}");
    for (warning, expected) in verdict.warnings.iter().zip(expected) {
        assert!(warning.contains(expected), "{warning}");
    }
}

#[track_caller]
fn refused(spec: Value, expected: &str) {
    let new = object(spec.clone());
    assert_eq!(judged(&new, &Known::default()).refusal.as_deref(), Some(expected));
    let mut labelled = new.clone();
    labelled["metadata"]["labels"] = json!({ "a": "b" });
    let verdict = external_secret(&labelled.to_string(), Some(&new.to_string()), &Known::default());
    assert_eq!(
        (verdict.refusal, verdict.warnings),
        (None, vec![expected.to_owned()]),
        "one that is there stays changeable"
    );
    let other = object(json!({ "data": [data("other")] }));
    let verdict = external_secret(&new.to_string(), Some(&other.to_string()), &Known::default());
    assert_eq!(verdict.refusal.as_deref(), Some(expected));
}

#[test]
fn nothing_is_said_of_a_good_one() {
    warned(json!({ "data": [data("a"), data("b")] }), &Known::default(), &[]);
}

#[test]
fn what_it_names_is_asked_for() {
    let spec = json!({
        "data": [data("a"), { "secretKey": "b", "remoteRef": { "key": "x" }, "sourceRef": {
            "storeRef": { "name": "all", "kind": "ClusterSecretStore" } } }],
        "target": { "name": "written" }
    });
    let expected = Named {
        stores: [reference(StoreKind::SecretStore, "main"), reference(StoreKind::ClusterSecretStore, "all")]
            .into(),
        secret: Some("written".into()),
    };
    assert_eq!(named(&object(spec).to_string()), expected);
    assert_eq!(named("no json"), Named::default());
}

#[test]
fn stores_that_cannot_be_read_are_said() {
    let stores = [
        (reference(StoreKind::SecretStore, "main"), Standing::Missing),
        (reference(StoreKind::SecretStore, "there"), Standing::There),
        (reference(StoreKind::ClusterSecretStore, "all"), Standing::Unknown("gcpsm".into())),
    ];
    let known = Known { stores: stores.into(), ..Known::default() };
    let expected =
        ["SecretStore \"main\" is not there", "the provider \"gcpsm\" of ClusterSecretStore \"all\""];
    warned(json!({ "data": [data("a")] }), &known, &expected);
}

#[test]
fn two_that_own_one_secret_are_said_and_two_that_share_it_are_not() {
    let known = Known { writers: vec!["ExternalSecret \"other\"".into()], ..Known::default() };
    for (policy, expected) in [
        ("Owner", &["Secret \"app\" is written by ExternalSecret \"other\" too"][..]),
        ("Orphan", &["is written by"]),
        ("Merge", &[]),
        ("CreateOrMerge", &[]),
        ("None", &[]),
    ] {
        warned(json!({ "data": [data("a")], "target": { "creationPolicy": policy } }), &known, expected);
    }
}

#[test]
fn templates_and_expressions_that_cannot_be_read_are_said() {
    let template = json!({ "data": { "a": "{{ .x", "b": "{{ .x }}", "c": "{{ nosuch }}" },
        "metadata": { "labels": { "l": "{{ end }}" } }, "templateFrom": [{ "literal": "{{ if }}" }] });
    warned(
        json!({ "data": [data("a")], "target": { "template": template } }),
        &Known::default(),
        &["templateFrom[0].literal", "at key a", "at key c", "at key l"],
    );
    let delimiters = eso_plan::template::Delimiters { left: "<<".into(), right: ">>".into() };
    let known = Known { delimiters, ..Known::default() };
    let template = json!({ "data": { "a": "{{ .x", "b": "<< .x" } });
    warned(json!({ "data": [data("a")], "target": { "template": template } }), &known, &["at key b"]);
    let find = json!({ "dataFrom": [{ "find": { "name": { "regexp": "(" } } }] });
    warned(find, &Known::default(), &["find.name.regexp"]);
}

#[test]
fn what_the_original_refuses_is_refused_in_its_words() {
    refused(json!({ "data": [data("a"), data("a")] }), "duplicate secretKey found: a");
    refused(json!({}), "either data or dataFrom should be specified");
    refused(
        json!({ "data": [data("a")], "target": { "creationPolicy": "None", "deletionPolicy": "Merge" } }),
        "deletionPolicy=Merge must not be used with creationPolicy=None. There is no Secret to merge with",
    );
    let template = json!({ "templateFrom": [{ "target": "spec", "literal": "a: b" }] });
    refused(
        json!({ "data": [data("a")], "target": { "template": template } }),
        "templateFrom target=\"spec\" is not allowed when targeting a Secret, must be one of \"Data\", \"Annotations\" or \"Labels\"",
    );
}

#[test]
fn what_only_we_refuse_is_a_warning() {
    warned(
        json!({ "data": [data("a")], "refreshInterval": "soon" }),
        &Known::default(),
        &["spec.refreshInterval"],
    );
    warned(json!({ "data": "CANARY" }), &Known::default(), &["spec.data cannot be read"]);
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let verdict = external_secret(
        &object(json!({ "data": "DEEP" })).to_string().replace("\"DEEP\"", &deep),
        None,
        &Known::default(),
    );
    assert_eq!((verdict.refusal, verdict.warnings.len()), (None, 1));
}

#[test]
fn a_provider_that_is_not_known_is_said() {
    let said = |object: Value| store(&object.to_string(), |provider| provider == "aws").warnings;
    assert_eq!(said(json!({ "spec": { "provider": { "aws": {} } } })), [""; 0]);
    let unknown = said(json!({ "spec": { "provider": { "gcpsm": { "a": "CANARY" } } } }));
    assert_eq!(unknown, ["the provider \"gcpsm\" is not known to this operator: the store is left as it is"]);
    assert_eq!(said(json!("CANARY")), [""; 0]);
}

#[test]
fn a_verdict_is_an_answer() {
    let verdict = Verdict { refusal: Some("no".into()), warnings: vec!["w".into()] };
    let answer = verdict.answer("1");
    assert_eq!(
        (answer.uid.as_str(), answer.denial.as_deref(), answer.warnings[0].as_str()),
        ("1", Some("no"), "w")
    );
    assert_eq!(Verdict::default().answer("1").denial, None);
}
