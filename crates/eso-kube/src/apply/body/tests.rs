//! Tests of `body`.

use std::collections::BTreeSet;

use eso_plan::{
    desired::{Entries, Ownership},
    digest::Digest,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use super::{Body, Held, Version};
use crate::marks::{Leftover, Marks};

const HASH: &str = "172be50c5b738f1580f29fde29514bc1793510d86f9b8acb7cb46ada";

fn marks(ownership: Ownership) -> Marks {
    let object: ObjectMeta = serde_json::from_value(json!({
        "name": "example",
        "namespace": "demo",
        "uid": "d16ae4d2",
        "annotations": { "note": "a b" },
    }))
    .unwrap();
    Marks::of(&object, ownership)
}

fn entries() -> Entries {
    Entries::from([("first".to_owned(), "hello".into()), ("second".to_owned(), "world".into())])
}

fn version(owned: bool) -> Version<'static> {
    Version { uid: "5b0ccdbf", version: 403, owned, leftover: None }
}

fn owner() -> Value {
    json!({
        "apiVersion": "external-secrets.io/v1",
        "blockOwnerDeletion": true,
        "controller": true,
        "kind": "ExternalSecret",
        "name": "example",
        "uid": "d16ae4d2",
    })
}

#[track_caller]
fn check(body: &Body<'_>, expected: Value) {
    assert_eq!(serde_json::to_value(body).unwrap(), expected);
}

#[test]
fn a_creation_is_the_golden_secret() {
    let (marks, entries) = (marks(Ownership::Own), entries());
    let digest = Digest::of(&entries);
    check(
        &Body::creation("secret-to-be-created", &marks, &entries, &digest),
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "Opaque",
            "metadata": {
                "name": "secret-to-be-created",
                "annotations": { "note": "a b", "reconcile.external-secrets.io/data-hash": HASH },
                "labels": {
                    "reconcile.external-secrets.io/created-by":
                        "e1ab4b674bfafcd115b6c4167b39d06f3d3cde37b2886abecc96759e",
                    "reconcile.external-secrets.io/managed": "true",
                },
                "ownerReferences": [owner()],
            },
            "data": { "first": "aGVsbG8=", "second": "d29ybGQ=" },
        }),
    );
}

#[test]
fn a_replacement_names_its_version_and_leaves_no_other_key() {
    let (marks, entries) = (marks(Ownership::Own), entries());
    let digest = Digest::of(&entries);
    let body = Body::replacement(version(true), &marks, Held::Something, &entries, &digest);
    let body = serde_json::to_value(body).unwrap();
    assert_eq!(body["metadata"]["uid"], "5b0ccdbf");
    assert_eq!(body["metadata"]["resourceVersion"], "403");
    assert_eq!(body["metadata"]["ownerReferences"], json!([owner()]));
    assert_eq!(body["data"], json!({ "$patch": "replace", "first": "aGVsbG8=", "second": "d29ybGQ=" }));
    assert_eq!(body["type"], Value::Null, "the type of a Secret never changes");
}

#[test]
fn nothing_is_replaced_by_entries_alone() {
    let (marks, entries) = (marks(Ownership::Own), entries());
    let digest = Digest::of(&entries);
    let body = Body::replacement(version(true), &marks, Held::Nothing, &entries, &digest);
    let body = serde_json::to_value(body).unwrap();
    assert_eq!(body["data"], json!({ "first": "aGVsbG8=", "second": "d29ybGQ=" }));
}

#[test]
fn what_is_not_owned_any_more_is_let_go() {
    let (marks, entries) = (marks(Ownership::Leave), entries());
    let digest = Digest::of(&entries);
    let body = |owned| {
        let body = Body::replacement(version(owned), &marks, Held::Something, &entries, &digest);
        serde_json::to_value(body).unwrap()["metadata"].clone()
    };
    let label = "reconcile.external-secrets.io/created-by";
    assert_eq!(body(true)["ownerReferences"], json!([{ "$patch": "delete", "uid": "d16ae4d2" }]));
    assert_eq!(body(true)["labels"].get(label), Some(&Value::Null));
    assert_eq!(body(false).get("ownerReferences"), None);
}

#[test]
fn labels_and_annotations_that_must_go_are_taken_off() {
    let leftover = Leftover { labels: vec!["team".to_owned()], annotations: vec!["owner".to_owned()] };
    let of = Version { leftover: Some(&leftover), ..version(false) };
    let (marks, entries) = (marks(Ownership::Share { create: false }), entries());
    let digest = Digest::of(&entries);
    let replaced = Body::replacement(of, &marks, Held::Something, &entries, &digest);
    let added = Body::addition(of, &marks, &entries, BTreeSet::new(), &digest);
    for body in [replaced, added] {
        let body = serde_json::to_value(body).unwrap();
        let metadata = body["metadata"].as_object().unwrap();
        assert_eq!(metadata["labels"].get("team"), Some(&Value::Null));
        assert_eq!(metadata["annotations"].get("owner"), Some(&Value::Null));
        assert_eq!(metadata["annotations"]["note"], "a b");
    }
}

#[test]
fn an_addition_takes_away_only_what_is_named() {
    let (marks, entries) = (marks(Ownership::Share { create: false }), entries());
    let digest = Digest::of(&entries);
    let body = Body::addition(version(false), &marks, &entries, BTreeSet::from(["old"]), &digest);
    let body = serde_json::to_value(body).unwrap();
    assert_eq!(body["data"], json!({ "first": "aGVsbG8=", "second": "d29ybGQ=", "old": null }));
}

#[test]
fn bytes_of_any_kind_are_encoded() {
    let entries =
        Entries::from([("bytes".to_owned(), vec![0, 0xff, b'\n'].into()), ("none".to_owned(), "".into())]);
    let digest = Digest::of(&entries);
    let marks = marks(Ownership::Leave);
    let body = serde_json::to_value(Body::creation("name", &marks, &entries, &digest)).unwrap();
    assert_eq!(body["data"], json!({ "bytes": "AP8K", "none": "" }));
}
