//! What a newer manifest has of the metadata of the older one.

use serde_json::{Value, json};

use super::{super::ObjectName, Remarks, kept};

#[track_caller]
fn check(metadata: Value, expected: Value, remarked: &[&str]) {
    let mut remarks = Remarks { object: ObjectName::default(), remarks: Vec::new() };
    assert_eq!(Value::from(kept(&metadata, &["ours"], &mut remarks)), expected);
    let fields: Vec<&str> = remarks.remarks.iter().map(|remark| remark.field.as_str()).collect();
    assert_eq!(fields, remarked);
}

#[test]
fn what_a_manifest_says_stays_and_what_the_api_server_adds_goes() {
    check(
        json!({
            "name": "app", "namespace": "demo", "labels": { "a": "b" },
            "annotations": { "c": "d", "ours": "5m", "kubectl.kubernetes.io/last-applied-configuration": "{}" },
            "uid": "u", "resourceVersion": "1", "generation": 2, "creationTimestamp": "2026-01-01T00:00:00Z",
            "managedFields": [], "selfLink": null,
        }),
        json!({ "name": "app", "namespace": "demo", "labels": { "a": "b" }, "annotations": { "c": "d" } }),
        &[],
    );
    check(json!({ "name": "app", "annotations": { "ours": "5m" } }), json!({ "name": "app" }), &[]);
}

#[test]
fn what_others_put_there_is_remarked_on() {
    let metadata =
        json!({ "name": "app", "ownerReferences": [{ "kind": "App" }], "finalizers": ["example.com/a"] });
    check(metadata, json!({ "name": "app" }), &["metadata.finalizers", "metadata.ownerReferences"]);
}

#[test]
fn the_finalizers_of_operators_are_theirs() {
    let finalizer = "externalsecrets.external-secrets.io/externalsecret-cleanup";
    check(json!({ "name": "app", "finalizers": [finalizer] }), json!({ "name": "app" }), &[]);
    let both = json!({ "name": "app", "finalizers": [finalizer, "example.com/a"] });
    check(both, json!({ "name": "app" }), &["metadata.finalizers"]);
}
