//! Entries in newer words, what has no effect, and which Secrets they fill.

use serde_json::{Value, json};

use super::super::{
    About, Fill, environment,
    tests::{check, check_refused, check_rendered, notes, object, secrets_manager, translated},
    translate,
};
use crate::{
    fixtures::{found, gives},
    render::Answer,
};

fn parameters(data: Value) -> Value {
    json!({ "backendType": "systemManager", "data": data })
}

fn vault(data: Value) -> Value {
    json!({ "backendType": "vault", "data": data })
}

/// What is read of the one entry with these fields.
#[track_caller]
fn check_read(fields: Value, expected: Value) {
    let mut entry = json!({ "key": "db", "name": "password" });
    entry.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let expected = json!({ "data": [{ "secretKey": "password", "remoteRef": expected }] });
    check(secrets_manager(json!({ "data": [entry] })), expected);
}

#[test]
fn a_version_is_an_id_or_a_stage_and_the_id_wins() {
    check_read(json!({}), json!({ "key": "db" }));
    check_read(json!({ "versionStage": "AWSCURRENT" }), json!({ "key": "db" }));
    check_read(json!({ "versionStage": "AWSPREVIOUS" }), json!({ "key": "db", "version": "AWSPREVIOUS" }));
    check_read(json!({ "versionId": "id" }), json!({ "key": "db", "version": "uuid/id" }));
    check_read(
        json!({ "versionId": "id", "versionStage": "AWSPREVIOUS" }),
        json!({ "key": "db", "version": "uuid/id" }),
    );
}

#[test]
fn properties_are_said_as_paths_of_gjson() {
    check_read(json!({ "property": "a.b[0].c" }), json!({ "key": "db", "property": "a.b.0.c" }));
    check_read(json!({ "property": "a*b" }), json!({ "key": "db", "property": r"a\*b" }));
    let spec = secrets_manager(json!({ "data": [{ "key": "db", "name": "a", "property": "a..b" }] }));
    check_refused(spec, "spec.data[0].property has an empty name in it: name each part");
}

#[test]
fn a_path_is_found_below_and_named_by_its_last_part() {
    let find = |path: &str, regexp: &str| {
        json!({
            "dataFrom": [{
                "find": { "path": path, "name": { "regexp": regexp } },
                "rewrite": [{ "regexp": { "source": "^.*/", "target": "" } }],
            }],
        })
    };
    check(parameters(json!([{ "path": "/app/v1.0" }])), find("/app/v1.0", r"^/app/v1\.0/[^/]+$"));
    check(parameters(json!([{ "path": "/app/", "recursive": true }])), find("/app", "^/app/"));
    check(parameters(json!([{ "path": "/app", "recursive": false }])), find("/app", "^/app/[^/]+$"));
    check(parameters(json!([{ "path": "/" }])), find("/", "^/[^/]+$"));
}

#[test]
fn parameters_of_a_path_are_keys_and_the_last_of_two_names_wins() {
    let answer: Answer = found(&[("/app/a/user", "1"), ("/app/b/user", "2"), ("/app/password", "3")]);
    let spec = parameters(json!([{ "path": "/app", "recursive": true }]));
    check_rendered(spec, &[answer], &[("password", "3"), ("user", "2")]);
}

#[test]
fn entries_of_data_win_in_their_order_also_over_a_path() {
    let path = || found(&[("/app/user", "path")]);
    let entry = json!({ "key": "db", "name": "user" });
    let spec = parameters(json!([entry, { "path": "/app" }]));
    check_rendered(spec, &[gives("key"), path()], &[("user", "path")]);
    let spec = parameters(json!([{ "path": "/app" }, entry]));
    check_rendered(spec, &[path(), gives("key")], &[("user", "key")]);
}

#[test]
fn a_path_is_of_parameters_alone() {
    let expected = |backend| format!("spec.data[0].path is of systemManager alone: name keys of {backend}");
    check_refused(secrets_manager(json!({ "data": [{ "path": "/a" }] })), &expected("secretsManager"));
    check_refused(vault(json!([{ "path": "/a" }])), &expected("vault"));
    check_refused(parameters(json!([{ "path": "a" }])), "spec.data[0].path must begin with /");
}

#[test]
fn an_entry_needs_a_key_and_a_name_or_a_path() {
    for entry in [json!({}), json!({ "key": "a" }), json!({ "name": "a" })] {
        check_refused(
            secrets_manager(json!({ "data": [entry] })),
            "spec.data[0] needs key and name, or path",
        );
    }
}

#[test]
fn of_two_entries_of_one_name_the_last_is_read() {
    let spec = secrets_manager(json!({ "data": [
        { "key": "a", "name": "x" }, { "key": "b", "name": "y" }, { "key": "c", "name": "x" },
    ] }));
    let data = |name: &str, key: &str| json!({ "secretKey": name, "remoteRef": { "key": key } });
    check(spec.clone(), json!({ "data": [data("y", "b"), data("x", "c")] }));
    assert_eq!(notes(spec.clone()), [("spec.data[0]".to_owned(), About::NoEffect)]);
    assert_eq!(translated(spec).unwrap().notes[0].says, "spec.data[2] has the same name, and wins");
}

#[track_caller]
fn check_notes(spec: Value, expected: &[&str]) {
    let found: Vec<String> = notes(spec)
        .into_iter()
        .filter(|(_, about)| *about == About::NoEffect)
        .map(|(field, _)| field)
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn what_has_no_effect_is_told() {
    check_notes(secrets_manager(json!({})), &[]);
    let options = json!({ "dataFromWithOptions": [{ "key": "a", "isBinary": true, "versionId": "b" }] });
    check_notes(secrets_manager(options), &["spec.dataFromWithOptions[0].isBinary"]);
    let entry = json!({
        "key": "a", "name": "b", "version": 1, "secretType": "arbitrary", "versionStage": "s", "versionId": "i",
        "recursive": true,
    });
    let others = ["spec.data[0].secretType", "spec.data[0].version"];
    let of_keys = "spec.data[0].recursive";
    check_notes(secrets_manager(json!({ "data": [entry] })), &[others[0], others[1], of_keys]);
    let versions = ["spec.data[0].versionStage", "spec.data[0].versionId"];
    check_notes(parameters(json!([entry])), &[others[0], others[1], of_keys, versions[0], versions[1]]);
    let path = json!({ "path": "/a", "name": "b", "property": "c", "isBinary": true });
    let fields = ["spec.data[0].name", "spec.data[0].property", "spec.data[0].isBinary"];
    check_notes(parameters(json!([path])), &fields);
}

#[test]
fn what_the_newer_object_does_otherwise_is_told() {
    let newer = |spec| {
        let notes = notes(spec).into_iter().filter(|(_, about)| *about == About::Newer);
        notes.map(|(field, _)| field).collect::<Vec<_>>()
    };
    let binary = secrets_manager(json!({ "data": [{ "key": "a", "name": "b", "isBinary": true }] }));
    assert_eq!(newer(binary), ["spec.data[0].isBinary"]);
    assert_eq!(
        newer(parameters(json!([{ "key": "a", "name": "b" }, { "path": "/a" }]))),
        ["spec.data[1].path"]
    );
    assert_eq!(
        newer(parameters(json!([{ "path": "/a" }, { "key": "a", "name": "b" }]))),
        Vec::<String>::new()
    );
    let whole = vault(json!([{ "key": "secret/data/a", "name": "b" }]));
    assert_eq!(newer(whole), ["spec.vaultRole", "spec.data[0]"]);
}

#[test]
fn a_whole_value_fills_a_secret_of_its_name_besides() {
    let spec = secrets_manager(json!({ "data": [
        { "key": "whole", "name": "my-secret", "versionStage": "AWSPREVIOUS" },
        { "key": "part", "name": "part", "property": "p" },
        { "key": "binary", "name": "binary", "isBinary": true },
        { "key": "odd", "name": "No_Name" },
        { "key": "own", "name": "app" },
    ] }));
    let fills = translate(&object(spec), &environment::Environment::default()).unwrap().fills;
    let expected =
        Fill { secret: "my-secret".to_owned(), key: "whole".into(), version: Some("AWSPREVIOUS".into()) };
    assert_eq!(fills, [expected]);
}
