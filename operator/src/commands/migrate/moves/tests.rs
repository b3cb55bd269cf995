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

#[test]
fn whoever_wrote_the_data_is_the_newer_object_now() {
    let entry = |manager: &str, fields: Value| {
        json!({
            "manager": manager, "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields,
        })
    };
    let data = json!({ "f:data": { ".": {}, "f:a": {} }, "f:type": {} });
    let others = json!({ "f:metadata": { "f:labels": { "f:b": {} } } });
    let written = json!([entry("unknown", data.clone()), entry("kubectl", others.clone())]);
    let written: Vec<ManagedFieldsEntry> = serde_json::from_value(written).unwrap();
    assert_eq!(json!(rewritten(&written, "ours")), json!([entry("ours", data), entry("kubectl", others)]));
}
