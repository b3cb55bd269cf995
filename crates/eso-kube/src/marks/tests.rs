//! Tests of `marks`.

use eso_plan::desired::Ownership;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use super::{Leftover, MANAGER_PREFIX, Marks, field_manager};

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
    assert_eq!(field_manager(MANAGER_PREFIX, &"a".repeat(28)), hashed);
    let plain = "a".repeat(27);
    assert_eq!(field_manager(MANAGER_PREFIX, &plain), format!("externalsecrets.external-secrets.io/{plain}"));
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

/// A marked Secret with `labels` and `annotations` more, which this field manager wrote together with the marks.
fn marked_by(manager: &str, labels: &[&str], annotations: &[&str]) -> ObjectMeta {
    let mut secret = marked(json!({}));
    let value = |name: &&str| ((*name).to_owned(), "x".to_owned());
    secret.labels.get_or_insert_default().extend(labels.iter().map(value));
    secret.annotations.get_or_insert_default().extend(annotations.iter().map(value));
    let fields = |names: &[&str]| -> Value {
        names
            .iter()
            .map(|name| (format!("f:{name}"), json!({})))
            .chain([(".".to_owned(), json!({}))])
            .collect()
    };
    let labels = [labels, &["team", "reconcile.external-secrets.io/managed", "gone"]].concat();
    let annotations = [annotations, &["note", "reconcile.external-secrets.io/data-hash"]].concat();
    let metadata = json!({ "f:labels": fields(&labels), "f:annotations": fields(&annotations) });
    let entry =
        json!({ "manager": manager, "fieldsType": "FieldsV1", "fieldsV1": { "f:metadata": metadata } });
    secret.managed_fields = serde_json::from_value(json!([entry])).unwrap();
    secret
}

#[track_caller]
fn check_left(secret: &ObjectMeta, labels: &[&str], annotations: &[&str]) {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let expected = Leftover { labels: names(labels), annotations: names(annotations) };
    let found = marks(Ownership::Own).left_on(secret).map(|leftover| *leftover);
    assert_eq!(found.unwrap_or_default(), expected, "{secret:?}");
}

#[test]
fn only_what_our_field_manager_wrote_is_left() {
    let ours = "externalsecrets.external-secrets.io/example";
    check_left(&marked(json!({})), &[], &[]);
    check_left(&marked_by(ours, &[], &[]), &[], &[]);
    check_left(&marked_by(ours, &["old"], &[]), &["old"], &[]);
    check_left(&marked_by(ours, &["a/old", "older"], &["old"]), &["a/old", "older"], &["old"]);
    check_left(&marked_by("kubectl-edit", &["old"], &["old"]), &[], &[]);
    check_left(&marked_by("externalsecrets.external-secrets.io/other", &["old"], &["old"]), &[], &[]);
}

#[test]
fn the_label_of_an_owner_is_left_where_nobody_owns() {
    let label = "reconcile.external-secrets.io/created-by";
    let secret = marked_by("externalsecrets.external-secrets.io/example", &[label], &[]);
    let leftover = marks(Ownership::Leave).left_on(&secret).unwrap();
    assert_eq!(*leftover, Leftover { labels: vec![label.to_owned()], annotations: Vec::new() });
}

#[test]
fn marks_exceed_others_by_names_and_not_by_values() {
    let of = |labels: Value, annotations: Value| {
        let object = json!({ "name": "example", "labels": labels, "annotations": annotations });
        Marks::of(&metadata(object), Ownership::Own)
    };
    let (one, other) = (of(json!({ "a": "1" }), json!({})), of(json!({ "a": "2" }), json!({ "b": "1" })));
    assert!(!one.exceed(&other) && other.exceed(&one));
    assert!(of(json!({ "c": "1" }), json!({})).exceed(&one));
    assert!(!one.exceed(&one));
}

/// The marks of an object of the older group: `wanted_by_older` or `wanted_by_fill`, by their ownership.
fn older(ownership: Ownership) -> Marks {
    let object = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret",
        "metadata": {
            "name": "example", "namespace": "demo", "uid": "d16ae4d2", "labels": { "team": "blue" },
            "annotations": { "note": "a b" },
        },
        "spec": { "target": { "template": { "type": "Opaque" } } },
    });
    let object = serde_json::from_value(object).unwrap();
    match ownership {
        Ownership::Own => Marks::wanted_by_older(&object, ownership),
        _ => Marks::wanted_by_fill(&object, ownership),
    }
}

#[test]
fn an_older_object_puts_its_owner_on_its_secret_and_nothing_else() {
    let marks = older(Ownership::Own);
    assert!(marks.labels.is_empty() && marks.annotations.is_empty() && !marks.hashed);
    let owner = json!([{
        "apiVersion": "kubernetes-client.io/v1", "kind": "ExternalSecret", "name": "example", "uid": "d16ae4d2",
        "controller": true,
    }]);
    assert_eq!(json!([marks.owner]), owner);
    assert_eq!(marks.manager, "externalsecrets.kubernetes-client.io/example");
    assert!(marks.are_on(&metadata(json!({ "ownerReferences": owner, "labels": { "theirs": "" } }))));
}

#[test]
fn a_secret_that_an_older_object_fills_says_so_and_belongs_to_nobody() {
    let marks = older(Ownership::Share { create: false });
    assert_eq!(marks.owner, None);
    assert!(marks.hashed);
    let annotations = [("external-secrets.io/filled-by".to_owned(), "d16ae4d2".to_owned())];
    assert_eq!(marks.annotations, annotations.into());
    assert_eq!(
        marks.labels,
        [("reconcile.external-secrets.io/managed".to_owned(), "true".to_owned())].into()
    );
}
