//! The trial: what it asks for, and what it is called.

use serde_json::json;

use super::*;

#[test]
fn a_trial_is_the_same_object_under_another_name_and_leaves_nothing() {
    let object: ExternalSecret = serde_json::from_value(json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
        "metadata": { "name": "app", "namespace": "demo", "labels": { "a": "b" } },
        "spec": {
            "secretStoreRef": { "name": "main" },
            "target": { "immutable": true, "template": {
                "type": "Opaque", "data": { "a": "b" },
                "metadata": { "labels": { "c": "d" }, "finalizers": ["example.com/a"] },
            } },
            "data": [{ "secretKey": "a", "remoteRef": { "key": "b" } }],
        },
    }))
    .unwrap();
    assert_eq!(
        json!(trial(&object, "uid")),
        json!({
            "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
            "metadata": {
                "name": "app-migration", "namespace": "demo", "annotations": { "external-secrets.io/trial-of": "uid" },
            },
            "spec": {
                "secretStoreRef": { "name": "main" },
                "target": { "template": { "type": "Opaque", "data": { "a": "b" } } },
                "data": [{ "secretKey": "a", "remoteRef": { "key": "b" } }],
            },
        })
    );
}

#[test]
fn the_name_of_a_trial_is_never_too_long() {
    let named = |name: &str| trial(&ExternalSecret::new(name, Default::default()), "uid").name_any();
    assert_eq!(named(&"a".repeat(253)).len(), 253);
    assert_eq!(
        named(&format!("{}.b{}", "a".repeat(242), "c".repeat(9))),
        format!("{}-migration", "a".repeat(242))
    );
}
