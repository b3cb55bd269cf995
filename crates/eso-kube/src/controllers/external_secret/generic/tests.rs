//! What is told of a target that is no Secret by its metadata.

use eso_core::api::external_secret::ExternalSecret;
use eso_plan::observed::Holder;
use serde_json::{Value, json};

use super::*;

fn marks() -> Marks {
    let object = json!({ "metadata": { "name": "app", "namespace": "demo", "uid": "u-1" }, "spec": {} });
    let object: ExternalSecret = serde_json::from_value(object).unwrap();
    Marks::wanted_by(&object, Ownership::Own)
}

fn found(more: &Value) -> ObjectMeta {
    let mut metadata = json!({
        "name": "app", "namespace": "demo", "uid": "u-9", "resourceVersion": "7",
        "labels": { "a": "1" },
        "managedFields": [{ "manager": marks().manager, "operation": "Update" }],
    });
    let more = more.as_object().unwrap().clone();
    metadata.as_object_mut().unwrap().extend(more);
    serde_json::from_value(metadata).unwrap()
}

fn left_as(found: &ObjectMeta) -> Left {
    let object = DynamicObject { types: None, metadata: found.clone(), data: json!({}) };
    Left::new(&object, &marks(), Digest::written("d"))
}

#[test]
fn what_is_as_we_left_it_is_intact_and_what_is_not_must_be_read() {
    let left = found(&json!({}));
    let intact = Held::Intact { digest: Some(Digest::written("d")) };
    assert_eq!(told(&left, Some(&left_as(&left)), &marks()), Some(intact));
    for more in [
        json!({ "resourceVersion": "8" }),
        json!({ "uid": "u-8" }),
        json!({ "labels": { "a": "2" } }),
        json!({ "annotations": { "a": "2" } }),
    ] {
        assert_eq!(told(&found(&more), Some(&left_as(&left)), &marks()), None, "{more}");
    }
}

#[test]
fn where_a_kind_counts_its_generations_a_status_is_no_drift() {
    let left = found(&json!({ "generation": 3 }));
    let intact = Held::Intact { digest: Some(Digest::written("d")) };
    let with_status = found(&json!({ "generation": 3, "resourceVersion": "8" }));
    assert_eq!(told(&with_status, Some(&left_as(&left)), &marks()), Some(intact));
    let edited = found(&json!({ "generation": 4, "resourceVersion": "8" }));
    assert_eq!(told(&edited, Some(&left_as(&left)), &marks()), None);
}

#[test]
fn of_what_nobody_remembers_the_field_manager_tells_whether_it_was_ours() {
    assert_eq!(told(&found(&json!({})), None, &marks()), Some(Held::Intact { digest: None }));
    let theirs = found(&json!({ "managedFields": [{ "manager": "kubectl", "operation": "Update" }] }));
    assert_eq!(told(&theirs, None, &marks()), Some(Held::Drifted));
}

#[test]
fn what_somebody_else_controls_is_contested() {
    let owner = |api_version: &str, kind: &str| {
        let owner =
            json!({ "apiVersion": api_version, "kind": kind, "name": "x", "uid": "u-2", "controller": true });
        found(&json!({ "ownerReferences": [owner] }))
    };
    let peer = owner("external-secrets.io/v1", "ExternalSecret");
    assert_eq!(told(&peer, Some(&left_as(&peer)), &marks()), Some(Held::Contested(Holder::Peer("x".into()))));
    let stranger = owner("apps/v1", "Deployment");
    let holder = Holder::Stranger("Deployment/x".into());
    assert_eq!(told(&stranger, None, &marks()), Some(Held::Contested(holder)));
}

/// An object with this label and these fields, as it was left.
fn left_with(label: &str, fields: Value) -> Left {
    let metadata = found(&json!({ "resourceVersion": label, "labels": { "theirs": label } }));
    let object = DynamicObject { types: None, metadata, data: fields };
    Left::new(&object, &marks(), Digest::written("d"))
}

#[test]
fn what_others_put_beside_is_told_apart_from_what_is_ours() {
    let left = left_with("1", json!({ "data": { "a": "1" } }));
    let labelled = left_with("2", json!({ "data": { "a": "1" }, "status": { "ready": true } }));
    assert_ne!(left, labelled);
    assert!(left.holds_the_same(&labelled));
    for fields in [json!({ "data": { "a": "2" } }), json!({ "data": { "a": "1", "b": "1" } }), json!({})] {
        assert!(!left.holds_the_same(&left_with("2", fields)));
    }
}
