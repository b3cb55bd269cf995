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

fn known(found: &ObjectMeta) -> Known {
    let digest = Some(Digest::written("d"));
    Known { version: shape(found), digest, keys: Keys::of([]), worn: None }
}

#[test]
fn what_is_as_we_left_it_is_intact() {
    let left = found(&json!({}));
    let intact = Held::Intact { digest: Some(Digest::written("d")) };
    assert_eq!(held(&left, Some(&known(&left)), &marks()), intact);
    for more in [
        json!({ "resourceVersion": "8" }),
        json!({ "uid": "u-8" }),
        json!({ "labels": { "a": "2" } }),
        json!({ "annotations": { "a": "2" } }),
    ] {
        assert_eq!(held(&found(&more), Some(&known(&left)), &marks()), Held::Drifted, "{more}");
    }
}

#[test]
fn where_a_kind_counts_its_generations_a_status_is_no_drift() {
    let left = found(&json!({ "generation": 3 }));
    let intact = Held::Intact { digest: Some(Digest::written("d")) };
    let with_status = found(&json!({ "generation": 3, "resourceVersion": "8" }));
    assert_eq!(held(&with_status, Some(&known(&left)), &marks()), intact);
    let edited = found(&json!({ "generation": 4, "resourceVersion": "8" }));
    assert_eq!(held(&edited, Some(&known(&left)), &marks()), Held::Drifted);
}

#[test]
fn of_what_nobody_remembers_the_field_manager_tells_whether_it_was_ours() {
    assert_eq!(held(&found(&json!({})), None, &marks()), Held::Intact { digest: None });
    let theirs = found(&json!({ "managedFields": [{ "manager": "kubectl", "operation": "Update" }] }));
    assert_eq!(held(&theirs, None, &marks()), Held::Drifted);
}

#[test]
fn what_somebody_else_controls_is_contested() {
    let owner = |api_version: &str, kind: &str| {
        let owner =
            json!({ "apiVersion": api_version, "kind": kind, "name": "x", "uid": "u-2", "controller": true });
        found(&json!({ "ownerReferences": [owner] }))
    };
    let peer = owner("external-secrets.io/v1", "ExternalSecret");
    assert_eq!(held(&peer, Some(&known(&peer)), &marks()), Held::Contested(Holder::Peer("x".into())));
    let stranger = owner("apps/v1", "Deployment");
    let holder = Holder::Stranger("Deployment/x".into());
    assert_eq!(held(&stranger, None, &marks()), Held::Contested(holder));
}
