//! Tests of `metadata`.

use eso_plan::{desired::Ownership, digest::Digest, observed::Holder};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{FieldsV1, ObjectMeta};
use serde_json::{Value, json};

use super::{Claim, Data, Keys, seen, sent};
use crate::marks::Marks;

const SHARE: Ownership = Ownership::Share { create: false };
const HASH: &str = "172be50c5b738f1580f29fde29514bc1793510d86f9b8acb7cb46ada";

fn metadata(value: Value) -> ObjectMeta {
    serde_json::from_value(value).unwrap()
}

fn marks(ownership: Ownership) -> Marks {
    let uid = "d16ae4d2-8deb-4e97-adc1-cb06216fbd21";
    Marks::of(&metadata(json!({ "name": "example", "namespace": "demo", "uid": uid })), ownership)
}

/// The managed fields of one writer of data.
fn writer(manager: &str, keys: &[&str], time: &str) -> Value {
    let data: Value = keys.iter().map(|key| (format!("f:{key}"), json!({}))).collect();
    json!({
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": { "f:data": data },
        "manager": manager,
        "operation": "Update",
        "time": time,
    })
}

/// As [`writer`], of the digest too.
fn hasher(manager: &str, keys: &[&str], time: &str) -> Value {
    let mut entry = writer(manager, keys, time);
    entry["fieldsV1"]["f:metadata"]["f:annotations"]["f:reconcile.external-secrets.io/data-hash"] = json!({});
    entry
}

fn ours(keys: &[&str]) -> Value {
    hasher("externalsecrets.external-secrets.io/example", keys, "2026-11-22T03:55:21Z")
}

fn theirs(keys: &[&str]) -> Value {
    writer("kubectl-edit", keys, "2026-11-22T03:55:21Z")
}

fn later(keys: &[&str]) -> Value {
    writer("kubectl-edit", keys, "2026-11-22T03:55:22Z")
}

/// The metadata of the golden Secret, with other managed fields, and what `patch` changes.
fn secret(fields: Value, patch: Value) -> ObjectMeta {
    let mut secret = json!({
        "name": "secret-to-be-created",
        "namespace": "demo",
        "uid": "5b0ccdbf-57f5-4eb2-ab9e-6dad3c4f80cc",
        "resourceVersion": "403",
        "annotations": { "reconcile.external-secrets.io/data-hash": HASH },
        "labels": {
            "reconcile.external-secrets.io/created-by":
                "e1ab4b674bfafcd115b6c4167b39d06f3d3cde37b2886abecc96759e",
            "reconcile.external-secrets.io/managed": "true",
        },
        "ownerReferences": [{
            "apiVersion": "external-secrets.io/v1",
            "blockOwnerDeletion": true,
            "controller": true,
            "kind": "ExternalSecret",
            "name": "example",
            "uid": "d16ae4d2-8deb-4e97-adc1-cb06216fbd21",
        }],
        "managedFields": fields,
    });
    for (name, value) in patch.as_object().unwrap() {
        secret[name] = value.clone();
    }
    metadata(secret)
}

fn golden() -> ObjectMeta {
    let fields = json!([{
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": {
            "f:data": { ".": {}, "f:first": {}, "f:second": {} },
            "f:metadata": {
                "f:annotations": { ".": {}, "f:reconcile.external-secrets.io/data-hash": {} },
                "f:labels": {
                    ".": {},
                    "f:reconcile.external-secrets.io/created-by": {},
                    "f:reconcile.external-secrets.io/managed": {},
                },
                "f:ownerReferences": {
                    ".": {},
                    "k:{\"uid\":\"d16ae4d2-8deb-4e97-adc1-cb06216fbd21\"}": {},
                },
            },
            "f:type": {},
        },
        "manager": "externalsecrets.external-secrets.io/example",
        "operation": "Update",
        "time": "2026-11-22T03:55:21Z",
    }]);
    secret(fields, json!({}))
}

#[test]
fn what_the_original_wrote_is_ours_and_needs_no_read() {
    let seen = seen(&golden(), &marks(Ownership::Own));
    assert_eq!(&*seen.uid, "5b0ccdbf-57f5-4eb2-ab9e-6dad3c4f80cc");
    assert_eq!(seen.version, 403);
    assert_eq!(seen.claim, Claim::Ours);
    assert_eq!(seen.data, Data::Ours(Digest::written(HASH)));
    assert_eq!(seen.keys, Keys::of(["second", "first"]));
    assert!(seen.marked);
}

#[track_caller]
fn check(ownership: Ownership, fields: Value, expected: Data) {
    let found = seen(&secret(fields.clone(), json!({})), &marks(ownership)).data;
    assert_eq!(found, expected, "{ownership:?} {fields:#}");
}

#[test]
fn who_wrote_the_data_is_read_off_the_managed_fields() {
    let written = || Data::Ours(Digest::written(HASH));
    for ownership in [Ownership::Own, Ownership::Leave] {
        check(ownership, json!([ours(&["a", "b"])]), written());
        check(ownership, json!([ours(&[])]), written());
        check(ownership, json!([ours(&["a"]), theirs(&[])]), written());
        check(ownership, json!([ours(&["a"]), theirs(&["b"])]), Data::Doubtful);
        check(ownership, json!([ours(&["a"]), theirs(&["a"])]), Data::Doubtful);
        check(ownership, json!([ours(&[]), theirs(&["a"])]), Data::Doubtful);
        check(
            ownership,
            json!([ours(&["a"]), hasher("kubectl-edit", &[], "2026-11-22T03:55:22Z")]),
            Data::Doubtful,
        );
        check(ownership, json!([hasher("other", &["a"], "2026-11-22T03:55:21Z")]), Data::Doubtful);
        check(ownership, json!(null), Data::Doubtful);
    }
    check(SHARE, json!([ours(&["a", "b"])]), written());
    check(SHARE, json!([ours(&["a"]), theirs(&["b"])]), Data::Shared { later: false });
    check(SHARE, json!([ours(&["a"]), later(&["b"])]), Data::Shared { later: true });
    check(SHARE, json!([ours(&["a"]), later(&[])]), written());
    check(SHARE, json!([ours(&["a"]), timeless(theirs(&["b"]))]), Data::Shared { later: true });
    check(SHARE, json!([timeless(ours(&["a"])), theirs(&["b"])]), Data::Shared { later: true });
    check(SHARE, json!([ours(&["a"]), theirs(&["a", "b"])]), Data::Foreign);
    check(SHARE, json!([ours(&[]), theirs(&["a"])]), Data::Foreign);
    check(SHARE, json!(null), Data::Foreign);
}

/// As it is read where its time is none.
fn timeless(mut entry: Value) -> Value {
    entry.as_object_mut().unwrap().remove("time");
    entry
}

#[track_caller]
fn check_unreadable(ownership: Ownership, writer: Value, expected: Data) {
    let mut secret = secret(json!([ours(&["a"]), writer]), json!({}));
    let fields = secret.managed_fields.as_mut().unwrap();
    fields[1].fields_v1 = Some(FieldsV1(sent::UNREADABLE));
    assert_eq!(seen(&secret, &marks(ownership)).data, expected, "{ownership:?}");
}

#[test]
fn what_somebody_wrote_unreadably_only_a_read_can_tell() {
    for writer in [theirs(&[]), ours(&[])] {
        check_unreadable(Ownership::Own, writer.clone(), Data::Doubtful);
        check_unreadable(Ownership::Leave, writer.clone(), Data::Doubtful);
        check_unreadable(SHARE, writer, Data::Foreign);
    }
}

#[track_caller]
fn check_foreign(patch: Value) {
    let found = seen(&secret(json!([ours(&["a"])]), patch.clone()), &marks(Ownership::Own)).data;
    assert_eq!(found, Data::Foreign, "{patch:#}");
}

#[test]
fn what_carries_no_marks_is_not_ours() {
    check_foreign(json!({ "labels": null }));
    check_foreign(json!({ "labels": { "reconcile.external-secrets.io/managed": "false" } }));
    check_foreign(json!({ "annotations": null }));
}

#[test]
fn shared_keys_are_ours_and_others_are_all() {
    let secret = secret(json!([ours(&["a", "b"]), theirs(&["c"])]), json!({}));
    assert_eq!(seen(&secret, &marks(SHARE)).keys, Keys::of(["a", "b"]));
    assert_eq!(seen(&secret, &marks(Ownership::Own)).keys, Keys::of(["a", "b", "c"]));
    assert_ne!(Keys::of(["ab"]), Keys::of(["a", "b"]));
}

#[test]
fn a_service_account_that_we_wrote_down_ourselves_holds_nothing() {
    let mut we = ours(&["a"]);
    we["fieldsV1"]["f:metadata"]["f:annotations"]["f:kubernetes.io/service-account.name"] = json!({});
    let robot =
        json!({ "ownerReferences": null, "annotations": { "kubernetes.io/service-account.name": "robot" } });
    for ownership in [Ownership::Leave, SHARE] {
        let secret = secret(json!([we, theirs(&["b"])]), robot.clone());
        assert_eq!(seen(&secret, &marks(ownership)).claim, Claim::Free { known: true });
    }
}

#[track_caller]
fn check_claim(ownership: Ownership, patch: Value, expected: Claim) {
    let found = seen(&secret(json!([ours(&["a"])]), patch.clone()), &marks(ownership)).claim;
    assert_eq!(found, expected, "{ownership:?} {patch:#}");
}

fn owned_by(api_version: &str, kind: &str, controller: bool) -> Value {
    let owner = json!({ "apiVersion": api_version, "kind": kind, "name": "other", "uid": "1", "controller": controller });
    json!({ "ownerReferences": [owner] })
}

#[test]
fn a_secret_is_held_by_whoever_controls_it() {
    let held = |holder| Claim::Held(Box::new(holder));
    let peer = || held(Holder::Peer("other".to_owned()));
    let stranger = || held(Holder::Stranger("Deployment/other".to_owned()));
    let free = || Claim::Free { known: true };
    let deployment = || owned_by("apps/v1", "Deployment", true);
    for ownership in [Ownership::Own, Ownership::Leave, SHARE] {
        check_claim(ownership, json!({}), Claim::Ours);
        check_claim(ownership, json!({ "ownerReferences": null }), free());
        check_claim(ownership, owned_by("external-secrets.io/v1", "ExternalSecret", true), peer());
        check_claim(ownership, owned_by("external-secrets.io/v1beta1", "ExternalSecret", true), peer());
        check_claim(ownership, owned_by("external-secrets.io/v1", "ExternalSecret", false), free());
        check_claim(ownership, owned_by("apps/v1", "Deployment", false), free());
        let token = json!({ "ownerReferences": null, "annotations": { "kubernetes.io/service-account.name": "robot" } });
        check_claim(ownership, token, held(Holder::Stranger("ServiceAccount/robot".to_owned())));
    }
    check_claim(Ownership::Own, deployment(), stranger());
    check_claim(
        Ownership::Own,
        owned_by("example.com/v1", "ExternalSecret", true),
        held(Holder::Stranger("ExternalSecret/other".to_owned())),
    );
    check_claim(Ownership::Leave, deployment(), free());
    check_claim(SHARE, deployment(), free());
}

#[test]
fn a_secret_that_we_never_wrote_is_not_known() {
    let secret = secret(json!([theirs(&["a"])]), json!({ "ownerReferences": null }));
    assert_eq!(seen(&secret, &marks(Ownership::Own)).claim, Claim::Free { known: false });
}

#[test]
fn a_secret_with_a_label_that_must_go_is_not_marked() {
    let written = json!([{
        "manager": "externalsecrets.external-secrets.io/example",
        "fieldsType": "FieldsV1",
        "fieldsV1": { "f:metadata": { "f:labels": { "f:team": {} } } },
    }]);
    let mut with_team = secret(written, json!({}));
    assert!(seen(&with_team, &marks(Ownership::Own)).marked);
    with_team.labels.get_or_insert_default().insert("team".to_owned(), "blue".to_owned());
    let seen = seen(&with_team, &marks(Ownership::Own));
    assert!(!seen.marked);
    assert_eq!(seen.leftover.unwrap().labels, ["team"]);
}
