//! Tests of `marks`.

use eso_plan::desired::Ownership;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use super::{Marks, field_manager};

fn metadata(value: Value) -> ObjectMeta {
    serde_json::from_value(value).unwrap()
}

fn marks(ownership: Ownership) -> Marks {
    let object = json!({
        "name": "example",
        "namespace": "demo",
        "uid": "d16ae4d2",
        "labels": { "team": "blue", "reconcile.external-secrets.io/managed": "false" },
        "annotations": { "note": "a b", "reconcile.external-secrets.io/data-hash": "copied" },
    });
    Marks::of(&metadata(object), ownership)
}

/// The marks of `demo/example` on a Secret, but for what `patch` changes.
fn marked(patch: Value) -> ObjectMeta {
    let mut secret = json!({
        "labels": {
            "team": "blue",
            "reconcile.external-secrets.io/managed": "true",
            "reconcile.external-secrets.io/created-by":
                "e1ab4b674bfafcd115b6c4167b39d06f3d3cde37b2886abecc96759e",
        },
        "annotations": { "note": "a b" },
        "ownerReferences": [{
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "name": "example",
            "uid": "d16ae4d2",
            "controller": true,
            "blockOwnerDeletion": true,
        }],
    });
    for (name, value) in patch.as_object().unwrap() {
        secret[name] = value.clone();
    }
    metadata(secret)
}

#[test]
fn the_marks_are_those_of_the_golden_secret() {
    let marks = marks(Ownership::Own);
    let secret = marked(json!({}));
    assert_eq!(Some(&marks.labels), secret.labels.as_ref());
    assert_eq!(Some(&marks.annotations), secret.annotations.as_ref());
    assert_eq!(marks.owner, secret.owner_references.as_ref().map(|owners| owners[0].clone()));
    assert_eq!(marks.manager, "externalsecrets.external-secrets.io/example");
}

#[test]
fn only_an_owner_says_so() {
    for ownership in [Ownership::Leave, Ownership::Share { create: true }, Ownership::Read] {
        let marks = marks(ownership);
        assert_eq!(marks.owner, None);
        let names: Vec<_> = marks.labels.keys().map(String::as_str).collect();
        assert_eq!(names, ["reconcile.external-secrets.io/managed", "team"]);
    }
}

#[test]
fn a_long_name_makes_a_hashed_field_manager() {
    // The vector of the original's, reference/eso.md 2.3.
    let hashed =
        "externalsecrets.external-secrets.io/sha3/52a6f48b37cd3535ef771a530c08d9cc4b78350ccdd33f2405e22ebb";
    assert_eq!(field_manager(&"a".repeat(28)), hashed);
    let plain = "a".repeat(27);
    assert_eq!(field_manager(&plain), format!("externalsecrets.external-secrets.io/{plain}"));
}

#[track_caller]
fn check(expected: bool, ownership: Ownership, secret: &ObjectMeta) {
    assert_eq!(marks(ownership).are_on(secret), expected, "{secret:?}");
}

#[test]
fn marks_are_on_a_secret_or_something_is_missing() {
    let own = Ownership::Own;
    check(true, own, &marked(json!({})));
    check(true, own, &marked(json!({ "annotations": { "note": "a b", "other": "x" } })));
    check(false, own, &marked(json!({ "annotations": { "note": "other" } })));
    check(false, own, &marked(json!({ "annotations": null })));
    check(false, own, &marked(json!({ "labels": { "team": "blue" } })));
    check(false, own, &marked(json!({ "ownerReferences": [] })));
    check(false, own, &ObjectMeta::default());
    check(false, Ownership::Leave, &marked(json!({})));
    check(false, Ownership::Leave, &marked(json!({ "ownerReferences": [] })));
    let left = json!({ "team": "blue", "reconcile.external-secrets.io/managed": "true" });
    check(true, Ownership::Leave, &marked(json!({ "ownerReferences": [], "labels": left })));
    check(false, Ownership::Leave, &marked(json!({ "labels": left })));
}
