//! Objects of the older group beside newer ones, and what they fill besides.

use std::collections::BTreeMap;

use eso_core::key::StoreKind;
use eso_plan::desired::Ownership;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use super::super::{
    Sight,
    tests::{app, sent},
};
use super::*;
use crate::stores::StoreKey;

/// `demo/app` of the older group at this version of it.
fn older(version: u64, spec: Value) -> Object {
    Object::sent(json!({
        "metadata": {
            "name": "app", "namespace": "demo", "uid": "old", "generation": version,
            "resourceVersion": version.to_string(),
        },
        "spec": spec,
    }))
}

fn one_key() -> Value {
    json!({ "backendType": "secretsManager", "data": [{ "key": "db", "name": "logins" }] })
}

/// What asks for the Secret `logins` to be filled, at this version of the object.
fn fill(secret: &str, version: u64) -> BTreeMap<String, Object> {
    let object = Object::sent(json!({
        "metadata": {
            "name": "app", "namespace": "demo", "uid": "old", "generation": version,
            "resourceVersion": version.to_string(),
        },
        "spec": {
            "secretStoreRef": { "name": "legacy", "kind": "ClusterSecretStore" },
            "target": { "name": secret, "creationPolicy": "Merge" },
            "dataFrom": [{ "extract": { "key": "db" } }],
        },
    }));
    [(secret.to_owned(), object)].into()
}

fn metadata(name: &str, version: u64) -> ObjectMeta {
    let version = version.to_string();
    serde_json::from_value(
        json!({ "name": name, "namespace": "demo", "uid": "s", "resourceVersion": version }),
    )
    .unwrap()
}

#[test]
fn an_older_object_and_a_newer_one_of_one_name_are_two() {
    let (mut index, environment) = (Index::default(), Arc::default());
    let newer = index.meet_object(sent(app(5))).object.id;
    let old = index.meet_older(older(6, one_key()), &environment).object.id;
    assert_ne!(newer, old);
    assert_eq!((index.family(newer), index.family(old)), (Some(Family::Newer), Some(Family::Older)));
    index.begin_objects();
    assert_eq!(index.end_objects().iter().map(|gone| gone.id).collect::<Vec<_>>(), [newer]);
    assert!(index.snapshot(old).is_some());
    index.begin_older();
    assert_eq!(index.end_older().iter().map(|gone| gone.id).collect::<Vec<_>>(), [old]);
}

#[test]
fn an_older_object_asks_for_its_own_secret_of_a_store_that_is_no_object() {
    let (mut index, environment) = (Index::default(), Arc::default());
    let old = index.meet_older(older(6, one_key()), &environment).object;
    let snapshot = index.snapshot(old.id).unwrap();
    let desired = snapshot.desired().unwrap();
    assert_eq!((desired.target.as_str(), desired.ownership), ("app", Ownership::Own));
    let store = desired.entries[0].store.clone();
    assert_eq!(store.kind, StoreKind::Environment);
    assert_eq!(index.users(&StoreKey::of(&store), None), [(old, false)]);
    assert_eq!(snapshot.reference().api_version.as_deref(), Some("kubernetes-client.io/v1"));
    assert_eq!(index.meet_secret(&metadata("app", 7)), [old]);
}

#[test]
fn an_older_status_says_whether_an_object_is_in_step() {
    let (mut index, environment) = (Index::default(), Arc::default());
    let said = |said: &str| Object {
        status: json!({ "status": said, "observedGeneration": 6 }),
        ..older(6, one_key())
    };
    let id = index.meet_older(said("SUCCESS"), &environment).object.id;
    assert_eq!(index.snapshot(id).unwrap().record().revision.as_deref(), Some("6"));
    assert_eq!(index.snapshot(id).unwrap().revision(), "6");
    let mut index = Index::default();
    let id = index.meet_older(said("ERROR, no"), &environment).object.id;
    let (is_good, _, message) = index.snapshot(id).unwrap().record().condition.unwrap();
    assert_eq!((is_good, message.as_str()), (false, "no"));
}

#[test]
fn an_older_object_that_cannot_be_read_or_served_says_why() {
    let (mut index, environment) = (Index::default(), Arc::default());
    let unread = index.meet_older(older(6, json!({ "backendType": 1 })), &environment).object.id;
    let problem = index.snapshot(unread).unwrap().desired().unwrap_err();
    assert!(problem.starts_with("spec.backendType cannot be read"), "{problem}");
    let spec = json!({ "backendType": "akeyless", "data": [{ "key": "a", "name": "b" }] });
    index.meet_older(older(7, spec), &environment);
    let problem = index.snapshot(unread).unwrap().desired().unwrap_err();
    assert_eq!(problem, "backendType akeyless is not supported");
}

#[test]
fn what_is_filled_besides_comes_changes_and_goes_with_its_object() {
    let (mut index, environment) = (Index::default(), Arc::default());
    let old = index.meet_older(older(6, one_key()), &environment).object.id;
    let filled = index.fill(old, fill("logins", 6)).news;
    let [first] = filled.as_slice() else { panic!("{filled:?}") };
    assert_eq!(index.fill(old, fill("logins", 6)), Filled::default(), "nothing changed");
    assert_eq!(index.fill(old, fill("logins", 7)).news, [*first]);
    let moved = index.fill(old, fill("others", 8));
    assert_eq!(moved.forgotten, [first.id]);
    let gone = index.lose_older("demo", "app").unwrap();
    assert_eq!((gone.id, gone.fills), (old, vec![moved.news[0].id]));
    assert!(index.is_empty());
}

#[test]
fn what_is_filled_besides_is_looked_at_at_each_change_of_its_secret() {
    let (mut index, environment) = (Index::default(), Arc::default());
    let old = index.meet_older(older(6, one_key()), &environment).object.id;
    let fill = index.fill(old, fill("logins", 6)).news[0];
    assert_eq!(index.meet_secret(&metadata("logins", 7)), [fill]);
    assert_eq!(index.meet_secret(&metadata("logins", 8)), [fill]);
    assert!(index.meet_secret(&metadata("logins", 8)).is_empty(), "it is no other one");
    let snapshot = index.snapshot(fill.id).unwrap();
    let Sight::Seen(seen) = &snapshot.sight else { panic!("it is not seen") };
    assert!(!seen.marked, "nobody filled it yet");
    assert_eq!(snapshot.family().counted(), None);
}

#[test]
fn a_namespace_knows_its_older_objects_and_what_they_fill() {
    let (mut index, environment) = (Index::default(), Arc::default());
    index.meet_object(sent(app(5)));
    let old = index.meet_older(older(6, one_key()), &environment).object;
    let fill = index.fill(old.id, fill("logins", 6)).news[0];
    let mut inside = index.older_in("demo");
    inside.sort();
    let mut expected = [old, fill];
    expected.sort();
    assert_eq!((inside.as_slice(), index.older_in("other").len()), (expected.as_slice(), 0));
}
