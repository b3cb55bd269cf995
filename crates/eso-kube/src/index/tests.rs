//! Tests of `index`.

mod answers;
mod writers;

use eso_core::key::StoreKind;
use eso_plan::{
    desired::{Entries, Ownership},
    digest::Digest,
    template::SourceKind,
};
use eso_sync::ports::{GroupId, ObjectId};
use eso_testkit::objects::{ObjectBuilder, object};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::DynamicObject;
use serde_json::{Value, json};

use super::{Index, Known, Named, News, Sight};
use crate::{
    apply::{Stored, generic::Left},
    marks::Marks,
    metadata::{self, Data, Keys, Seen},
    stores::StoreKey,
    watch::{Item, Object, UNREADABLE_SPEC},
};

const HASH: &str = "172be50c5b738f1580f29fde29514bc1793510d86f9b8acb7cb46ada";
const READY: &str = "Ready";

/// `demo/app` at this version of it, with the uid `one`.
pub(super) fn app(version: u64) -> ObjectBuilder {
    at("app", version)
}

fn at(name: &str, version: u64) -> ObjectBuilder {
    let builder = object(name).stored("one", 1).key("first", "db#first").key("second", "db#second");
    builder.with("/metadata/resourceVersion", json!(version.to_string()))
}

pub(super) fn sent(object: ObjectBuilder) -> Object {
    Object::sent(object.json())
}

/// The Secret of `demo/app`, as we write it.
fn secret(name: &str, version: u64) -> ObjectMeta {
    secret_with(name, version, json!({}))
}

fn secret_with(name: &str, version: u64, patch: Value) -> ObjectMeta {
    let manager = "externalsecrets.external-secrets.io/app";
    let hashed = json!({ "f:annotations": { "f:reconcile.external-secrets.io/data-hash": {} } });
    let fields = json!({ "f:data": { "f:first": {}, "f:second": {} }, "f:metadata": hashed });
    let mut secret = json!({
        "name": name,
        "namespace": "demo",
        "uid": "5b0ccdbf-57f5-4eb2-ab9e-6dad3c4f80cc",
        "resourceVersion": version.to_string(),
        "annotations": { "reconcile.external-secrets.io/data-hash": HASH },
        "labels": {
            "reconcile.external-secrets.io/created-by": eso_plan::digest::of_text("demo/app"),
            "reconcile.external-secrets.io/managed": "true",
        },
        "ownerReferences": [{
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "name": "app",
            "uid": "one",
            "controller": true,
        }],
        "managedFields": [{ "manager": manager, "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": fields }],
    });
    for (name, value) in patch.as_object().unwrap() {
        secret[name] = value.clone();
    }
    serde_json::from_value(secret).unwrap()
}

fn drifted(version: u64) -> ObjectMeta {
    let fields = json!({ "f:data": { "f:first": {} } });
    let theirs = json!([{ "manager": "kubectl", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": fields }]);
    secret_with("app", version, json!({ "managedFields": theirs }))
}

fn store(name: &str) -> StoreKey {
    StoreKey { kind: StoreKind::SecretStore, namespace: Some("demo".to_owned()), name: name.to_owned() }
}

fn sight(index: &Index, id: ObjectId) -> Sight {
    index.snapshot(id).unwrap().sight
}

/// Takes the answer to a write that nothing came between.
#[track_caller]
fn wrote(index: &mut Index, id: ObjectId, stored: Stored) {
    let about = index.snapshot(id).unwrap().edition;
    assert!(index.wrote(id, about, stored));
}

#[track_caller]
fn seen(index: &Index, id: ObjectId) -> Seen {
    match sight(index, id) {
        Sight::Seen(seen) => seen,
        other => panic!("the target is {other:?}"),
    }
}

#[test]
fn an_object_is_new_then_edited_then_the_same() {
    let mut index = Index::default();
    let first = index.meet_object(sent(app(5)));
    assert_eq!((first.news, first.replaced), (News::New, None));
    let id = first.object;

    let status = json!([{ "type": READY, "status": "True" }]);
    let reported = index.meet_object(sent(app(6).with("/status/conditions", status)));
    assert_eq!((reported.object, reported.news), (id, News::Nothing));
    let edited = index.meet_object(sent(app(7).label("a", "b")));
    assert_eq!((edited.object, edited.news), (id, News::Edited));
    let older = index.meet_object(sent(app(6)));
    assert_eq!((older.object, older.news), (id, News::Nothing));
    assert_eq!(
        index.snapshot(id.id).unwrap().object.metadata.labels,
        Some([("a".to_owned(), "b".to_owned())].into()),
        "older news is none"
    );
}

#[test]
fn an_object_of_another_uid_is_another_object() {
    let mut index = Index::default();
    let first = index.meet_object(sent(app(5))).object;
    let second = index.meet_object(sent(app(9).stored("two", 1)));
    assert_ne!(second.object.id, first.id);
    assert_eq!(second.news, News::New);
    assert_eq!(second.replaced.map(|forgotten| forgotten.id), Some(first.id));
    assert_eq!(index.len(), 1);
}

#[test]
fn what_a_list_does_not_show_is_gone() {
    let mut index = Index::default();
    let [stays, goes] = ["stays", "goes"].map(|name| index.meet_object(sent(at(name, 5))).object);
    index.begin_objects();
    assert_eq!(index.meet_object(sent(at("stays", 5))).object, stays);
    let new = index.meet_object(sent(at("new", 6))).object;
    let gone = index.end_objects();
    assert_eq!(gone.iter().map(|gone| gone.id).collect::<Vec<_>>(), [goes.id]);
    assert_eq!((&*gone[0].namespace, &*gone[0].name), ("demo", "goes"));
    assert!(index.snapshot(new.id).is_some());
    assert_eq!(index.users(&store("main"), None).len(), 2, "a store forgets with it");
    assert!(index.meet_secret(&secret("goes", 7)).is_empty(), "a target forgets with it");
}

#[test]
fn a_malformed_object_is_kept_for_its_status() {
    let mut index = Index::default();
    let malformed = app(5).with("/spec/target", json!("a text"));
    let id = index.meet_object(sent(malformed)).object;
    assert_eq!(id.group, GroupId(0));
    assert!(index.snapshot(id.id).is_some());
    let mended = index.meet_object(sent(app(6)));
    assert_eq!((mended.object.id, mended.news), (id.id, News::Edited));
    assert_ne!(mended.object.group, GroupId(0));
}

#[test]
fn an_object_whose_spec_cannot_be_read_is_kept_for_its_status() {
    let status =
        json!({ "conditions": [{ "type": READY, "status": "False", "reason": "SecretSyncedError" }] });
    let deep = |version: u64, generation: i64| Object {
        spec: None,
        status: status.clone(),
        ..sent(app(version).stored("one", generation))
    };
    let mut index = Index::default();
    let id = index.meet_object(deep(5, 1)).object;
    assert_eq!(id.group, GroupId(0));
    let snapshot = index.snapshot(id.id).unwrap();
    assert_eq!(snapshot.problem.as_deref(), Some(UNREADABLE_SPEC));
    assert_eq!(snapshot.object.metadata.name.as_deref(), Some("app"));
    assert_eq!(json!(snapshot.object.status)["conditions"], status["conditions"]);
    assert_eq!(index.meet_object(deep(6, 2)).news, News::Edited, "another generation is another spec");
    assert_eq!(index.meet_object(sent(app(7))).news, News::Edited);
    assert_eq!(index.snapshot(id.id).unwrap().problem, None);
}

#[test]
fn what_can_be_read_once_can_be_read_again() {
    let mut nested = json!(1);
    for _ in 0..125 {
        nested = json!({ "a": nested });
    }
    let text = app(5).with("/spec/unknown", nested.clone()).json().to_string();
    let object = Object::from(serde_json::from_str::<Item<()>>(&text).unwrap());
    let mut index = Index::default();
    let id = index.meet_object(object).object.id;
    let snapshot = index.snapshot(id).unwrap();
    assert_eq!(snapshot.problem, None);
}

#[test]
fn a_store_finds_its_objects() {
    let mut index = Index::default();
    let ready = json!([{ "type": READY, "status": "True" }]);
    let synced = index.meet_object(sent(at("synced", 5).with("/status/conditions", ready))).object;
    let failing = index.meet_object(sent(at("failing", 5))).object;
    index.meet_object(sent(at("another", 5).store("another")));
    let cluster = index.meet_object(sent(at("cluster", 5).cluster_store("main"))).object;
    assert_eq!(synced.group, failing.group, "one store, one line");
    assert_ne!(synced.group, cluster.group);
    assert_eq!(index.users(&store("main"), None), [(synced, true), (failing, false)]);

    let everywhere =
        StoreKey { kind: StoreKind::ClusterSecretStore, namespace: None, name: "main".to_owned() };
    assert_eq!(index.users(&everywhere, Some("demo")), [(cluster, false)]);
    assert_eq!(index.users(&everywhere, Some("elsewhere")), []);

    let moved = index.meet_object(sent(at("failing", 6).store("another"))).object;
    assert_eq!(index.users(&store("main"), None), [(synced, true)]);
    assert_ne!(moved.group, failing.group);
}

/// Meets the object and its target, in this order.
fn both() -> (Index, Named) {
    let mut index = Index::default();
    let object = index.meet_object(sent(app(5))).object;
    assert_eq!(index.meet_secret(&secret("app", 10)), [object]);
    (index, object)
}

#[test]
fn a_target_is_news_when_it_is_another_than_before() {
    let (mut index, object) = both();
    assert_eq!(seen(&index, object.id).data, Data::Ours(Digest::written(HASH)));
    assert_eq!(index.meet_secret(&secret("other", 11)), [], "nobody names it");
    let annotated =
        json!({ "annotations": { "reconcile.external-secrets.io/data-hash": HASH, "seen-by": "reloader" } });
    assert_eq!(index.meet_secret(&secret_with("app", 12, annotated)), [], "nothing of ours changed");
    assert_eq!(index.meet_secret(&drifted(13)), [object]);
    assert_eq!(index.meet_secret(&drifted(14)), [object], "what it holds now, only a read can tell");
    assert_eq!(index.meet_secret(&secret("app", 12)), [], "older news is none");
    assert_eq!(index.lose_secret(&secret("app", 15)), [object]);
    assert_eq!(index.lose_secret(&secret("app", 15)), []);
    assert_eq!(sight(&index, object.id), Sight::Absent);
}

#[test]
fn a_deletion_that_came_before_the_newest_write_is_old_news() {
    let (mut index, object) = both();
    let mut new = seen(&index, object.id);
    new.version = 20;
    let entries = Entries::new();
    wrote(&mut index, object.id, Stored::unchanged(new, &entries));
    assert_eq!(index.lose_secret(&secret("app", 15)), []);
    assert_eq!(seen(&index, object.id).version, 20);
}

#[test]
fn a_new_object_must_look_at_a_secret_that_is_there_and_only_then() {
    let mut index = Index::default();
    assert_eq!(index.meet_secret(&secret("app", 10)), []);
    let there = index.meet_object(sent(app(11))).object;
    assert_eq!(sight(&index, there.id), Sight::Unseen);
    let absent = index.meet_object(sent(at("absent", 11))).object;
    assert_eq!(sight(&index, absent.id), Sight::Absent);

    let moved = index.meet_object(sent(at("absent", 12).target("app"))).object;
    assert_eq!(sight(&index, moved.id), Sight::Unseen);
    let back = index.meet_object(sent(at("absent", 13))).object;
    assert_eq!(sight(&index, back.id), Sight::Absent);
}

#[test]
fn secrets_that_a_list_does_not_show_are_gone() {
    let (mut index, object) = both();
    index.meet_secret(&secret("nobody", 10));
    index.begin_secrets();
    assert_eq!(index.meet_secret(&secret("app", 10)), [], "it is as it was");
    assert_eq!(index.end_secrets(), []);
    let nobody = index.meet_object(sent(at("nobody", 11))).object;
    assert_eq!(sight(&index, nobody.id), Sight::Absent);

    index.begin_secrets();
    assert_eq!(index.end_secrets(), [object]);
    assert_eq!(sight(&index, object.id), Sight::Absent);
}

#[test]
fn the_echo_of_an_own_write_is_no_news() {
    let mut index = Index::default();
    let object = index.meet_object(sent(app(5))).object;
    let marks = Marks::of(&index.snapshot(object.id).unwrap().object.metadata, Ownership::Own);
    let entries =
        Entries::from([("first".to_owned(), "hello".into()), ("second".to_owned(), "world".into())]);
    let stored = Stored::unchanged(metadata::seen(&secret("app", 10), &marks), &entries);
    wrote(&mut index, object.id, stored);
    assert_eq!(index.meet_secret(&secret("app", 10)), []);
    let known = index.snapshot(object.id).unwrap().known;
    let expected = Known { version: 10, digest: None, keys: Keys::of(["first", "second"]), worn: None };
    assert_eq!(known, Some(expected));
}

#[test]
fn an_edit_of_the_object_asks_for_its_marks_and_not_for_its_target() {
    let (mut index, object) = both();
    assert!(seen(&index, object.id).marked);
    index.meet_object(sent(app(11).every("2h")));
    assert!(seen(&index, object.id).marked, "the spec leaves no mark");
    index.meet_object(sent(app(12).every("2h").label("team", "blue")));
    assert!(!seen(&index, object.id).marked);
    index.meet_object(sent(app(13).creation("Orphan")));
    assert_eq!(sight(&index, object.id), Sight::Unseen, "who owns it is another question");
}

#[test]
fn a_run_sees_whether_anything_happened_since_it_began() {
    let (mut index, object) = both();
    let id = object.id;
    index.observe(id).unwrap();
    assert!(index.is_as_observed(id));
    index.doubt(id);
    let about = index.observe(id).unwrap().edition;
    index.looked(id, about, None);
    assert!(index.is_as_observed(id), "its own look is none");
    index.meet_secret(&secret("app", 11));
    assert!(!index.is_as_observed(id));

    index.observe(id).unwrap();
    index.meet_object(sent(app(12).label("a", "b")));
    assert!(!index.is_as_observed(id));
    let about = index.snapshot(id).unwrap().edition;
    index.doubt(id);
    index.looked(id, about, None);
    assert!(!index.is_as_observed(id), "a look does not hide what happened before");

    index.observe(id).unwrap();
    index.doubt(id);
    assert_eq!(sight(&index, id), Sight::Unseen);
    index.lose_object("demo", "app");
    assert!(!index.is_as_observed(id));
    assert!(index.observe(id).is_none());
}

#[test]
fn a_comparison_counts_for_its_version_only() {
    let (mut index, object) = both();
    index.meet_secret(&drifted(11));
    let known =
        Known { version: 10, digest: Some(Digest::written(HASH)), keys: Keys::of(["first"]), worn: None };
    let about = index.snapshot(object.id).unwrap().edition;
    assert!(!index.compared(object.id, about, 10, Some(known.clone())));
    assert_eq!(index.snapshot(object.id).unwrap().known, None);
    let known = Known { version: 11, ..known };
    assert!(index.compared(object.id, about, 11, Some(known.clone())));
    assert_eq!(index.snapshot(object.id).unwrap().known, Some(known));
    assert!(index.compared(object.id, about, 11, None));
    assert_eq!(seen(&index, object.id).data, Data::Foreign);
}

#[test]
fn a_status_that_was_written_is_not_taken_back_by_an_older_event() {
    let (mut index, object) = both();
    let status = json!({ "conditions": [{ "type": READY, "status": "True" }] });
    index.reported(object.id, &status, 30);
    index.meet_object(sent(app(6)));
    assert_eq!(index.users(&store("main"), None), [(object, true)]);
}

#[test]
fn an_edit_that_the_watch_shows_after_our_own_status_write_is_not_lost() {
    let (mut index, object) = both();
    let status = json!({ "conditions": [{ "type": READY, "status": "True" }] });
    index.reported(object.id, &status, 30);
    index.meet_object(sent(app(29).every("7m")));
    let snapshot = index.snapshot(object.id).unwrap();
    assert_eq!(snapshot.object.spec.refresh_interval.as_deref(), Some("7m"));
    assert_eq!(index.users(&store("main"), None), [(object, true)]);
}

/// The goal is 60 MB for 50,000 objects, all told.
#[test]
fn an_entry_is_small() {
    let mut index = Index::default();
    let ready = json!({
        "binding": { "name": "application-0-secret" },
        "conditions": [{
            "lastTransitionTime": "2026-11-22T03:55:21Z",
            "message": "secret synced",
            "reason": "SecretSynced",
            "status": "True",
            "type": READY,
        }],
        "refreshTime": "2026-11-22T03:55:21Z",
        "syncedResourceVersion": "1-554627c7c3a4c393cbf82c4578f78f03cfbaaa40a27f0cfad1989bf8",
    });
    let uid = "d16ae4d2-8deb-4e97-adc1-cb06216fbd21";
    let object = app(5).stored(uid, 1).every("1h").label("app.kubernetes.io/name", "application");
    let object =
        object.with("/spec/target", json!({ "creationPolicy": "Owner", "deletionPolicy": "Retain" }));
    let object = object.with("/status", ready);
    let object = index.meet_object(sent(object)).object;
    index.meet_secret(&secret("app", 10));
    let entries =
        Entries::from([("first".to_owned(), "hello".into()), ("second".to_owned(), "world".into())]);
    let stored = Stored::unchanged(Seen { version: 11, ..seen(&index, object.id) }, &entries);
    wrote(&mut index, object.id, stored);

    // Hash map and three sorted sets: numbers of 8 bytes, half of the room empty.
    let around = 2 * (8 + 8 + 1) + 2 * (16 + 16 + 12) + 2 * 8;
    let bytes = index.entries[&object.id].bytes() + around;
    assert!(bytes <= 1100, "{bytes} bytes");
}

#[test]
fn a_label_that_is_taken_off_an_object_asks_for_another_look_at_its_target() {
    let mut index = Index::default();
    let id = index.meet_object(sent(app(5).label("a", "1").annotation("b", "1"))).object.id;
    index.meet_secret(&secret("app", 10));
    index.meet_object(sent(app(6).label("a", "2").annotation("b", "1").annotation("c", "1")));
    assert!(matches!(sight(&index, id), Sight::Seen(_)), "what is added is known to be missing");
    index.meet_object(sent(app(7).label("a", "2").annotation("b", "1")));
    assert_eq!(sight(&index, id), Sight::Unseen);
}

#[track_caller]
fn check_strays(index: &Index, id: ObjectId, expected: bool) {
    assert_eq!(index.snapshot(id).unwrap().has_strays, expected);
}

#[test]
fn a_renamed_target_leaves_a_stray_until_it_is_gone() {
    let mut index = Index::default();
    let id = index.meet_object(sent(app(5))).object.id;
    index.meet_secret(&secret("app", 10));
    check_strays(&index, id, false);
    index.meet_object(sent(app(6).target("new")));
    check_strays(&index, id, true);
    index.meet_object(sent(app(7)));
    check_strays(&index, id, false);
    index.meet_object(sent(app(8).target("third")));
    index.lose_secret(&secret("app", 11));
    check_strays(&index, id, false);
}

#[test]
fn a_target_that_was_never_there_leaves_no_stray() {
    let mut index = Index::default();
    let id = index.meet_object(sent(app(5))).object.id;
    index.meet_object(sent(app(6).target("new")));
    check_strays(&index, id, false);
}

#[test]
fn after_a_restart_a_stray_is_known_by_its_owner() {
    let mut index = Index::default();
    let id = index.meet_object(sent(app(5).target("new"))).object.id;
    let other = index.meet_object(sent(at("other", 6).stored("two", 1))).object.id;
    index.meet_secret(&secret("new", 10));
    check_strays(&index, id, false);
    let unowned = json!({ "ownerReferences": null });
    index.meet_secret(&secret_with("copy", 11, unowned));
    check_strays(&index, id, false);
    let before = json!([{ "kind": "ExternalSecret", "apiVersion": "external-secrets.io/v1", "name": "app",
        "uid": "zero", "controller": true }]);
    index.meet_secret(&secret_with("older", 12, json!({ "ownerReferences": before })));
    check_strays(&index, id, false);
    index.meet_secret(&secret_with("leaving", 13, json!({ "deletionTimestamp": "2026-11-22T03:55:21Z" })));
    check_strays(&index, id, false);
    index.meet_secret(&secret("old", 14));
    check_strays(&index, id, true);
    check_strays(&index, other, false);
    let about = index.snapshot(id).unwrap().edition;
    index.swept(id, about);
    check_strays(&index, id, false);
}

#[test]
fn an_object_that_goes_takes_its_strays_along() {
    let mut index = Index::default();
    index.meet_object(sent(app(5).target("new")));
    index.meet_secret(&secret("old", 10));
    index.lose_object("demo", "app");
    assert_eq!(format!("{:?}", index.strays), "Strays({})");
}

/// The writers of a ConfigMap of `demo`.
fn writers(index: &Index, map: &str) -> Vec<ObjectId> {
    let map = ObjectMeta {
        namespace: Some("demo".to_owned()),
        name: Some(map.to_owned()),
        ..ObjectMeta::default()
    };
    index.writers_of_map(&map).into_iter().map(|named| named.id).collect()
}

#[test]
fn a_config_map_that_is_a_target_has_its_writer_and_no_secret_of_that_name_has() {
    let of = |kind: &str, version: u64| {
        app(version).with("/spec/target/manifest", json!({ "apiVersion": "v1", "kind": kind }))
    };
    let mut index = Index::default();
    let id = index.meet_object(sent(of("ConfigMap", 1))).object.id;
    assert_eq!(writers(&index, "app"), [id]);
    assert_eq!(index.meet_secret(&secret("app", 2)), [], "a Secret of that name is none of its business");
    index.meet_object(sent(of("ConfigMap", 3).target("other")));
    assert_eq!((writers(&index, "app"), writers(&index, "other")), (vec![], vec![id]));
    index.meet_object(sent(of("Widget", 4).target("other")));
    assert_eq!(writers(&index, "other"), []);
    index.meet_object(sent(of("ConfigMap", 5)));
    index.meet_object(sent(app(6)));
    assert_eq!(writers(&index, "app"), [], "it writes a Secret now");
    index.meet_object(sent(of("ConfigMap", 7)));
    index.lose_object("demo", "app");
    assert_eq!(writers(&index, "app"), []);
}

#[test]
fn what_is_known_of_a_target_that_is_no_secret_is_forgotten_with_an_edit() {
    let of = |version: u64| {
        app(version).with("/spec/target/manifest", json!({ "apiVersion": "v1", "kind": "ConfigMap" }))
    };
    let mut index = Index::default();
    let id = index.meet_object(sent(of(1))).object.id;
    let edition = index.snapshot(id).unwrap().edition;
    index.leave(id, edition, left(&map("app", 9)));
    assert_eq!(index.snapshot(id).unwrap().left.as_deref(), Some(&left(&map("app", 9))));
    index.meet_object(sent(of(2).label("a", "b")));
    assert_eq!(index.snapshot(id).unwrap().left, None);
    index.leave(id, edition, left(&map("app", 9)));
    assert_eq!(index.snapshot(id).unwrap().left, None, "that was about an older state of it");
}

/// `demo/app`, whose target is a ConfigMap, at this version of it.
fn map_app(version: u64) -> ObjectBuilder {
    app(version).with("/spec/target/manifest", json!({ "apiVersion": "v1", "kind": "ConfigMap" }))
}

/// The ConfigMap `demo/name` at this version.
fn map(name: &str, version: u64) -> ObjectMeta {
    let map =
        json!({ "name": name, "namespace": "demo", "uid": "map", "resourceVersion": version.to_string() });
    serde_json::from_value(map).unwrap()
}

/// A target of this metadata, as it was left.
fn left(metadata: &ObjectMeta) -> Left {
    let object = DynamicObject { types: None, metadata: metadata.clone(), data: json!({}) };
    Left::new(&object, &Marks::of(&ObjectMeta::default(), Ownership::Own), Digest::written("d"))
}

#[test]
fn a_config_map_that_is_as_it_was_left_is_no_news_to_its_writer() {
    let mut index = Index::default();
    let id = index.meet_object(sent(map_app(1))).object.id;
    index.leave(id, index.snapshot(id).unwrap().edition, left(&map("app", 5)));
    assert_eq!(index.writers_of_map(&map("app", 5)), []);
    assert_eq!(index.writers_of_map(&map("app", 6)).len(), 1);
}

#[test]
fn an_object_is_not_woken_by_its_own_config_map_as_what_its_template_stands_in() {
    let from = |name: &str| json!({ "configMap": { "name": name, "items": [{ "key": "k" }] } });
    let template = json!({ "templateFrom": [from("app"), from("other")] });
    let mut index = Index::default();
    index.meet_object(sent(map_app(1).with("/spec/target/template", template)));
    index.begin_sources(SourceKind::ConfigMap);
    index.end_sources(SourceKind::ConfigMap);
    assert_eq!(index.meet_source(SourceKind::ConfigMap, &map("app", 5)), []);
    assert_eq!(index.meet_source(SourceKind::ConfigMap, &map("other", 6)).len(), 1);
}

#[test]
fn a_new_list_of_secrets_says_nothing_of_a_target_that_is_none() {
    let mut index = Index::default();
    let id = index.meet_object(sent(map_app(1))).object.id;
    let before = index.snapshot(id).unwrap().edition;
    index.begin_secrets();
    assert_eq!(index.end_secrets(), []);
    assert_eq!(index.snapshot(id).unwrap().edition, before);
}

#[test]
fn a_namespace_that_is_being_deleted_is_told_once_and_until_it_is_gone() {
    let namespace = |name: &str, deleted: bool| {
        let deleted = deleted.then_some("2026-11-29T00:00:00Z");
        serde_json::from_value(json!({ "name": name, "deletionTimestamp": deleted })).unwrap()
    };
    let mut index = Index::default();
    let id = index.meet_object(sent(app(1))).object.id;
    let leaves = |index: &Index| index.snapshot(id).unwrap().namespace_leaves;
    assert_eq!(index.meet_namespace(&namespace("demo", false)), []);
    assert_eq!(index.meet_namespace(&namespace("other", true)), []);
    assert!(!leaves(&index));
    assert_eq!(index.meet_namespace(&namespace("demo", true)).len(), 1);
    assert_eq!(index.meet_namespace(&namespace("demo", true)), [], "that was told");
    assert!(leaves(&index));
    index.lose_namespace("demo");
    assert!(!leaves(&index));
    index.meet_namespace(&namespace("demo", true));
    index.meet_namespace(&namespace("demo", false));
    assert!(!leaves(&index), "it is another one of that name");
}
