//! What objects ask for, against what the original wrote for its own, and what is refused.

use std::collections::BTreeSet;

use eso_core::{
    key::{StoreKind, StoreReference},
    provider::Fetch,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    decoding::{Decoding, NullBytes},
    desired::{Ask, Destination, Entry, Origin},
};

/// An object that asks for one key, with some fields of its spec set.
fn object(fields: Value) -> Value {
    let mut object = json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": { "name": "app", "namespace": "demo", "generation": 3 },
        "spec": {
            "secretStoreRef": { "name": "store" },
            "data": [{ "secretKey": "password", "remoteRef": { "key": "db" } }],
        },
    });
    if let Value::Object(fields) = fields {
        object["spec"].as_object_mut().unwrap().extend(fields);
    }
    object
}

fn desired_of(fields: Value) -> Result<Desired, Malformed> {
    desired(&parse(object(fields))?)
}

#[track_caller]
fn check_refused(fields: Value, expected: &str) {
    assert_eq!(desired_of(fields).map_err(|error| error.to_string()), Err(expected.to_owned()));
}

#[track_caller]
fn check_target(target: Value, ownership: Ownership, absence: Absence) {
    let desired = desired_of(json!({ "target": target })).unwrap();
    assert_eq!((desired.ownership, desired.absence), (ownership, absence));
}

#[track_caller]
fn check_refresh(fields: Value, expected: Refresh) {
    assert_eq!(desired_of(fields).unwrap().refresh, expected);
}

/// Objects that the original brought into step, or failed, with the status that it wrote.
fn golden() -> Vec<ExternalSecret> {
    let text = include_str!("../../../tests/golden/external_secrets.json");
    let objects: Vec<Value> = serde_json::from_str(text).unwrap();
    objects.into_iter().map(|object| parse(object).unwrap()).collect()
}

#[test]
fn the_revision_is_the_one_that_the_original_wrote() {
    let mut compared = 0;
    for object in golden() {
        let Some(written) = record(&object).revision else { continue };
        assert_eq!(desired(&object).unwrap().revision, written);
        compared += 1;
    }
    assert!(compared >= 4, "{compared} objects of the original were in step");
}

#[test]
fn the_revision_has_the_hash_of_the_original() {
    let nothing = "f47fe3c0b255b6dd8047cdffa772587bb829efe7a1cb70febeda2eb2";
    assert_eq!(revision(None, None, None), format!("0-{nothing}"));
    assert_eq!(revision(Some(7), Some(&BTreeMap::new()), None), format!("7-{nothing}"));
}

#[test]
fn any_label_or_annotation_gives_another_revision() {
    let map = |value: &str| BTreeMap::from([("force-sync".to_owned(), value.to_owned())]);
    let revisions = [
        revision(Some(1), None, None),
        revision(Some(2), None, None),
        revision(Some(1), Some(&map("1")), None),
        revision(Some(1), None, Some(&map("1"))),
        revision(Some(1), None, Some(&map("2"))),
    ];
    assert_eq!(revisions.iter().collect::<BTreeSet<_>>().len(), revisions.len());
}

#[test]
fn the_status_of_the_original_is_read() {
    let golden = golden();
    let synced = record(&golden[0]);
    assert_eq!(synced.condition, Some((true, "SecretSynced".into(), "secret synced".into())));
    assert_eq!(synced.refreshed, Some("2026-11-22T03:55:21Z".parse().unwrap()));
    let failed = golden.iter().map(record).find(|record| record.revision.is_none()).unwrap();
    let message = "could not get secret data from provider";
    assert_eq!(failed.condition, Some((false, "SecretSyncedError".into(), message.into())));
    assert_eq!(failed.refreshed, None);
}

#[test]
fn an_object_without_status_has_an_empty_record() {
    assert_eq!(record(&parse(object(json!({}))).unwrap()), Record::default());
    let mut other = object(json!({}));
    other["status"] =
        json!({ "conditions": [{ "type": "Deleted", "status": "True" }], "syncedResourceVersion": "" });
    assert_eq!(record(&parse(other).unwrap()), Record::default());
}

#[test]
fn the_defaults_are_those_of_the_original() {
    let desired = desired_of(json!({})).unwrap();
    let store =
        StoreReference { kind: StoreKind::SecretStore, namespace: "demo".into(), name: "store".into() };
    let entry = Entry {
        origin: Origin::Data(0),
        store,
        ask: Ask::Read(Fetch::new("db")),
        property: None,
        into: Destination::Entry("password".into()),
        decoding: Decoding::None,
        null_bytes: NullBytes::Ignore,
        dialect: None,
    };
    assert_eq!(desired.target, "app");
    assert_eq!((desired.ownership, desired.absence), (Ownership::Own, Absence::Retain));
    assert_eq!(desired.refresh, Refresh::Every(DEFAULT_INTERVAL));
    assert_eq!(desired.entries, [entry]);
    assert_eq!((desired.windows, desired.template, desired.immutable), (None, None, false));
}

#[test]
fn data_comes_after_data_from_so_that_it_wins() {
    let desired =
        desired_of(json!({ "dataFrom": [{ "extract": { "key": "a" } }, { "extract": { "key": "b" } }] }));
    let origins: Vec<Origin> = desired.unwrap().entries.into_iter().map(|entry| entry.origin).collect();
    assert_eq!(origins, [Origin::Extract(0), Origin::Extract(1), Origin::Data(0)]);
}

#[test]
fn version_and_property_are_asked_for_where_they_are_given() {
    let remote = |version: &str, property: &str| json!({ "data": [{ "secretKey": "a", "remoteRef": { "key": "db", "version": version, "property": property } }] });
    let entry = desired_of(remote("uuid/1", "x.y")).unwrap().entries.remove(0);
    assert_eq!(entry.ask, Ask::Read(Fetch::new("db").at_version("uuid/1")));
    assert_eq!(entry.property.as_deref(), Some("x.y"));
    let entry = desired_of(remote("", "")).unwrap().entries.remove(0);
    assert_eq!((entry.ask, entry.property), (Ask::Read(Fetch::new("db")), None));
}

#[test]
fn a_cluster_store_is_asked_for_the_namespace_of_the_object() {
    let fields = json!({ "secretStoreRef": { "name": "shared", "kind": "ClusterSecretStore" } });
    let store = desired_of(fields).unwrap().entries.remove(0).store;
    let expected = StoreReference {
        kind: StoreKind::ClusterSecretStore,
        namespace: "demo".into(),
        name: "shared".into(),
    };
    assert_eq!(store, expected);
}

#[test]
fn policies_are_what_they_are_called() {
    use {Absence as A, Ownership as O};
    check_target(json!(null), O::Own, A::Retain);
    check_target(json!({ "name": "other" }), O::Own, A::Retain);
    check_target(json!({ "creationPolicy": "Owner", "deletionPolicy": "Delete" }), O::Own, A::Delete);
    check_target(json!({ "creationPolicy": "Owner", "deletionPolicy": "Merge" }), O::Own, A::Drop);
    check_target(json!({ "creationPolicy": "Orphan", "deletionPolicy": "Retain" }), O::Leave, A::Retain);
    check_target(json!({ "creationPolicy": "Orphan", "deletionPolicy": "Merge" }), O::Leave, A::Drop);
    check_target(
        json!({ "creationPolicy": "Merge", "deletionPolicy": "Merge" }),
        O::Share { create: false },
        A::Drop,
    );
    check_target(json!({ "creationPolicy": "CreateOrMerge" }), O::Share { create: true }, A::Retain);
    check_target(json!({ "creationPolicy": "None" }), O::Read, A::Retain);
}

#[test]
fn policies_that_contradict_each_other_are_refused_in_the_words_of_the_webhook() {
    let policies = |creation: &str, deletion: &str| json!({ "target": { "creationPolicy": creation, "deletionPolicy": deletion } });
    for creation in ["Merge", "None", "CreateOrMerge"] {
        check_refused(
            policies(creation, "Delete"),
            "deletionPolicy=Delete must not be used when the controller doesn't own the secret. \
             Please set creationPolicy=Owner",
        );
    }
    check_refused(
        policies("None", "Merge"),
        "deletionPolicy=Merge must not be used with creationPolicy=None. There is no Secret to merge with",
    );
    check_refused(
        policies("Orphan", "Delete"),
        "deletionPolicy=Delete must not be used with creationPolicy=Orphan: an orphaned secret is not deleted. \
         Please set creationPolicy=Owner",
    );
}

#[test]
fn an_interval_is_a_duration_of_go_within_reason() {
    let every = |seconds| Refresh::Every(Duration::from_secs(seconds));
    for (interval, expected) in [
        ("1m", every(60)),
        ("1h0m0s", every(3600)),
        ("1.5h", every(5400)),
        ("", every(3600)),
        ("1ms", every(1)),
        ("2000000h", Refresh::Every(LONGEST_INTERVAL)),
        ("0", Refresh::OnChange),
        ("0s", Refresh::OnChange),
        ("-5s", Refresh::OnChange),
    ] {
        check_refresh(json!({ "refreshInterval": interval }), expected);
        check_refresh(json!({ "refreshInterval": interval, "refreshPolicy": "Periodic" }), expected);
        check_refresh(json!({ "refreshInterval": interval, "refreshPolicy": "OnChange" }), Refresh::OnChange);
        check_refresh(json!({ "refreshInterval": interval, "refreshPolicy": "CreatedOnce" }), Refresh::Once);
    }
    for interval in ["5", "soon", "99999999999999h"] {
        let expected = "spec.refreshInterval is not a duration such as 1h, 30s or 1h0m0s";
        check_refused(json!({ "refreshInterval": interval }), expected);
    }
}

#[test]
fn an_object_that_asks_for_nothing_is_refused() {
    check_refused(json!({ "data": [] }), "either data or dataFrom should be specified");
}

#[test]
fn an_object_without_a_store_is_refused() {
    let expected = "spec.secretStoreRef.name is missing: name the store that the values are in";
    check_refused(json!({ "secretStoreRef": null }), expected);
    check_refused(json!({ "secretStoreRef": { "kind": "SecretStore" } }), expected);
    check_refused(json!({ "secretStoreRef": { "name": "" } }), expected);
}

#[test]
fn a_key_that_is_named_twice_is_refused_only_where_the_target_is_retained() {
    let twice = |policy: &str| {
        let data = |remote: &str| json!({ "secretKey": "a", "remoteRef": { "key": remote } });
        json!({ "data": [data("x"), data("y")], "target": { "deletionPolicy": policy } })
    };
    check_refused(twice("Retain"), "duplicate secretKey found: a");
    assert_eq!(desired_of(twice("Merge")).unwrap().entries.len(), 2);
    assert_eq!(desired_of(twice("Delete")).unwrap().entries.len(), 2);
}

#[test]
fn a_key_that_kubernetes_does_not_take_is_refused() {
    let key = |key: &str| json!({ "data": [{ "secretKey": key, "remoteRef": { "key": "db" } }] });
    check_refused(key(""), "spec.data[0].secretKey is empty: name the key of the Secret");
    check_refused(
        key("a/b"),
        "spec.data[0].secretKey: key has invalid character /, only alphanumeric, '-', '.' and '_' are allowed: a/b",
    );
}

#[test]
fn a_field_that_cannot_be_read_is_named_and_not_quoted() {
    let canary = "canary-91d0";
    for (fields, path) in [
        (json!({ "data": [{ "secretKey": canary, "remoteRef": canary }] }), "spec.data[0].remoteRef"),
        (
            json!({ "data": [{ "secretKey": "a", "remoteRef": { "key": { "x": canary } } }] }),
            "spec.data[0].remoteRef.key",
        ),
        (json!({ "data": canary }), "spec.data"),
        (json!({ "data": [{ "remoteRef": { "key": canary } }] }), "spec.data[0]"),
        (json!({ "target": { "creationPolicy": canary } }), "spec.target.creationPolicy"),
        (json!({ "refreshPolicy": canary }), "spec.refreshPolicy"),
        (json!({ "refreshInterval": 5 }), "spec.refreshInterval"),
        (json!({ "secretStoreRef": { "kind": canary } }), "spec.secretStoreRef.kind"),
    ] {
        let problem = parse(object(fields)).unwrap_err().to_string();
        assert!(problem.starts_with(&format!("{path} cannot be read: ")), "{problem}");
        assert!(!problem.contains(canary), "{problem}");
    }
}

proptest! {
    #[test]
    fn any_words_in_a_spec_are_survived(
        interval in any::<String>(), key in any::<String>(), property in any::<String>(), name in any::<String>(),
    ) {
        let _ = desired_of(json!({
            "refreshInterval": interval,
            "target": { "name": name },
            "data": [{ "secretKey": key, "remoteRef": { "key": key, "property": property } }],
        }));
    }

    #[test]
    fn any_value_in_the_place_of_a_field_is_survived(
        field in prop::sample::select(vec!["data", "dataFrom", "target", "secretStoreRef", "refreshInterval", "syncWindows"]),
        value in prop::sample::select(vec![
            json!(null), json!(1), json!("x"), json!([]), json!({}), json!([{}]), json!([null]), json!({ "template": {} }),
            json!([{ "find": {} }]), json!([{ "sourceRef": 1 }]), json!([{ "extract": null, "rewrite": "x" }]),
        ]),
    ) {
        let _ = desired_of(json!({ field: value }));
    }
}

/// An object whose target is of another kind.
fn of_kind(api_version: &str, kind: &str) -> Value {
    json!({ "target": { "immutable": true, "manifest": { "apiVersion": api_version, "kind": kind } } })
}

#[test]
fn a_target_may_be_of_another_kind() {
    let desired = desired_of(of_kind("argoproj.io/v1alpha1", "Application")).unwrap();
    let expected = Manifest { api_version: "argoproj.io/v1alpha1".into(), kind: "Application".into() };
    assert_eq!(desired.manifest, Some(expected));
    assert!(!desired.immutable, "only a Secret can be made so");
    let record = record(&serde_json::from_value(object(of_kind("v1", "ConfigMap"))).unwrap());
    assert_eq!(record.kind, Kind::Resource);
}

#[test]
fn a_kind_that_is_none_is_refused() {
    check_refused(of_kind("", "ConfigMap"), "target.manifest.apiVersion is required");
    check_refused(of_kind("v1", ""), "target.manifest.kind is required");
    let secret = "spec.target.manifest names a Secret: leave it out, and a Secret is what is written";
    check_refused(of_kind("v1", "Secret"), secret);
    let none =
        "spec.target.manifest names no kind: apiVersion is GROUP/VERSION or VERSION, and kind is a word";
    for (version, kind) in [
        ("a/../../api/v1", "ConfigMap"),
        ("../v1", "ConfigMap"),
        ("apps/v1/namespaces/other", "Deployment"),
        ("apps/v1?x", "Deployment"),
        ("apps%2fv1", "Deployment"),
        ("apps/", "Deployment"),
        ("/v1", "ConfigMap"),
        ("v1", "Config/Map"),
        ("v1", "Config Map"),
    ] {
        check_refused(of_kind(version, kind), none);
    }
}
