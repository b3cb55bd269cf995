//! What is known of PushSecrets and stores, and who is told what.

use eso_core::key::{StoreKind, StoreReference};
use serde_json::{Value, json};

use super::*;

/// A PushSecret of this uid and version, of the Secret `app` to the store `main`, with this besides.
fn object(name: &str, uid: &str, version: u64, more: &Value) -> Object {
    let mut spec = json!({
        "secretStoreRefs": [{ "name": "main" }],
        "selector": { "secret": { "name": "app" } },
    });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let generation = more.to_string().len();
    Object::sent(json!({
        "metadata": {
            "namespace": "demo", "name": name, "uid": uid,
            "resourceVersion": version.to_string(), "generation": generation,
        },
        "spec": spec,
    }))
}

fn view(more: &Value) -> (View, ObjectId) {
    let mut view = View::default();
    let id = view.meet(object("push", "1", 10, more)).object.id;
    (view, id)
}

fn metadata(name: &str, version: u64, labels: &[(&str, &str)]) -> ObjectMeta {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    ObjectMeta {
        namespace: Some("demo".to_owned()),
        name: Some(name.to_owned()),
        resource_version: Some(version.to_string()),
        labels: Some(labels),
        ..ObjectMeta::default()
    }
}

fn wanted(view: &View, id: ObjectId) -> Desired {
    view.entry(id).unwrap().desired.as_ref().clone().unwrap()
}

fn secret(name: &str) -> SourceName {
    SourceName { kind: SourceKind::Secret, name: name.to_owned() }
}

fn main_store() -> StoreKey {
    StoreKey { kind: StoreKind::SecretStore, namespace: Some("demo".to_owned()), name: "main".to_owned() }
}

fn status(stores: &[&str]) -> PushSecretStatus {
    let stores = stores.iter().map(|store| ((*store).to_owned(), BTreeMap::new())).collect();
    PushSecretStatus { synced_push_secrets: stores, ..PushSecretStatus::default() }
}

#[test]
fn an_object_is_news_when_it_is_new_or_asks_for_something_else() {
    let (mut view, id) = view(&json!({}));
    let same = view.meet(object("push", "1", 11, &json!({})));
    assert_eq!((same.object.id, same.is_news, same.replaced), (id, false, None));
    let edited = view.meet(object("push", "1", 12, &json!({ "deletionPolicy": "Delete" })));
    assert!(edited.is_news && edited.before.is_some());
    let late = view.meet(object("push", "1", 11, &json!({})));
    assert!(!late.is_news, "it is older than what is known");
    assert!(view.entry(id).unwrap().desired.as_ref().as_ref().unwrap().cleans_up);
}

#[test]
fn an_object_is_known_by_its_name_while_it_is_there() {
    let (mut view, _) = view(&json!({}));
    assert!(view.contains("demo", "push") && !view.contains("demo", "pull") && !view.contains("one", "push"));
    view.lose(&metadata("push", 11, &[]));
    assert!(!view.contains("demo", "push"));
}

#[test]
fn an_object_of_the_same_name_is_another_one() {
    let (mut view, id) = view(&json!({}));
    let other = view.meet(object("push", "2", 11, &json!({})));
    assert_eq!((other.is_news, other.replaced), (true, Some(id)));
    assert!(view.entry(id).is_none() && view.entry(other.object.id).is_some());
    assert_eq!(
        view.lose(&other.before.unwrap().object.metadata).map(|entry| entry.id),
        Some(other.object.id)
    );
}

#[test]
fn what_a_list_does_not_show_is_gone() {
    let (mut view, id) = view(&json!({}));
    let kept = view.meet(object("kept", "2", 11, &json!({}))).object.id;
    view.begin();
    view.meet(object("kept", "2", 11, &json!({})));
    let gone: Vec<ObjectId> = view.end().into_iter().map(|entry| entry.id).collect();
    assert_eq!(gone, [id]);
    assert!(view.entry(id).is_none() && view.entry(kept).is_some());
}

#[test]
fn what_was_written_is_known_before_the_watch_tells_it() {
    let (mut view, id) = view(&json!({}));
    view.reported(id, &status(&["SecretStore/main"]), 20);
    view.finalized(id, &ObjectMeta { finalizers: Some(vec!["f".to_owned()]), ..metadata("push", 21, &[]) });
    assert!(!view.meet(object("push", "1", 15, &json!({}))).is_news);
    let entry = view.entry(id).unwrap();
    assert_eq!(entry.object.metadata.resource_version.as_deref(), Some("21"));
    assert!(has(&entry.object.metadata, "f") && entry.object.status.is_some());
}

#[test]
fn an_object_that_cannot_be_read_is_there_and_says_why() {
    let (view, id) = view(&json!({ "secretStoreRefs": "none" }));
    let entry = view.entry(id).unwrap();
    assert!(entry.desired.as_ref().as_ref().unwrap_err().starts_with("spec.secretStoreRefs cannot be read"));
    assert_eq!(entry.object.metadata.name.as_deref(), Some("push"));
}

fn is_told(told: &[Named], id: ObjectId) -> bool {
    told.iter().any(|named| named.id == id)
}

#[test]
fn the_secret_that_is_named_is_told_of_and_others_are_not() {
    let (mut view, id) = view(&json!({}));
    assert!(is_told(&view.meet_source(SourceKind::Secret, &metadata("app", 5, &[])), id));
    assert!(!is_told(&view.meet_source(SourceKind::Secret, &metadata("other", 5, &[])), id));
    assert!(!is_told(&view.meet_source(SourceKind::ConfigMap, &metadata("app", 5, &[])), id));
    let elsewhere = ObjectMeta { namespace: Some("else".to_owned()), ..metadata("app", 5, &[]) };
    assert!(!is_told(&view.meet_source(SourceKind::Secret, &elsewhere), id));
}

#[test]
fn the_version_that_was_read_is_no_news() {
    let (mut view, id) = view(&json!({}));
    view.read_secrets(id, [(secret("app"), Some(5))].into());
    assert!(!is_told(&view.meet_source(SourceKind::Secret, &metadata("app", 5, &[])), id));
    assert!(
        !is_told(&view.meet_source(SourceKind::Secret, &metadata("app", 4, &[])), id),
        "a watch lags behind"
    );
    assert!(is_told(&view.meet_source(SourceKind::Secret, &metadata("app", 6, &[])), id));
    assert!(is_told(&view.lose_source(SourceKind::Secret, &metadata("app", 7, &[])), id));
    view.read_secrets(id, [(secret("app"), None)].into());
    assert!(!is_told(&view.lose_source(SourceKind::Secret, &metadata("app", 7, &[])), id));
    assert!(is_told(&view.meet_source(SourceKind::Secret, &metadata("app", 8, &[])), id), "it came");
}

#[test]
fn a_secret_that_is_pushed_and_stands_in_a_template_is_known_at_the_older_version() {
    let (mut view, id) = view(&json!({}));
    view.read_secrets(id, [(secret("app"), Some(5))].into());
    view.read_sources(id, [(secret("app"), Some(6)), (secret("other"), Some(6))].into());
    assert!(is_told(&view.meet_source(SourceKind::Secret, &metadata("app", 6, &[])), id));
    assert!(!is_told(&view.meet_source(SourceKind::Secret, &metadata("other", 6, &[])), id));
    view.read_secrets(id, [(secret("app"), Some(6))].into());
    assert!(!is_told(&view.meet_source(SourceKind::Secret, &metadata("app", 6, &[])), id));
    assert!(
        !is_told(&view.lose_source(SourceKind::Secret, &metadata("other", 7, &[])), id),
        "it read it no more"
    );
}

#[test]
fn what_is_read_in_turn_is_all_known_and_each_at_its_older_version() {
    let (mut view, id) = view(&json!({}));
    let map = |name: &str| SourceName { kind: SourceKind::ConfigMap, name: name.to_owned() };
    view.read_secrets(id, [(secret("app"), Some(5))].into());
    view.read_sources(id, [(map("template"), Some(5)), (map("both"), Some(5)), (map("gone"), None)].into());
    view.read_sources(id, [(map("policy"), Some(5)), (map("both"), Some(6)), (map("gone"), Some(6))].into());
    let mut is_news =
        |name, version| is_told(&view.meet_source(SourceKind::ConfigMap, &metadata(name, version, &[])), id);
    assert!(is_news("template", 6) && is_news("policy", 6) && is_news("both", 6) && is_news("gone", 6));
    assert!(!is_news("template", 5) && !is_news("policy", 5) && !is_news("both", 5));
    assert!(!is_news("other", 6));
}

#[test]
fn what_changes_while_it_is_read_is_told_of() {
    let (mut view, id) = view(&json!({}));
    let map = SourceName { kind: SourceKind::ConfigMap, name: "policy".to_owned() };
    let is_news = |view: &mut View, version| {
        is_told(&view.meet_source(SourceKind::ConfigMap, &metadata("policy", version, &[])), id)
    };
    assert!(!is_news(&mut view, 5), "nobody reads it");
    view.reads_sources(id, &[map.clone()].into());
    assert!(is_news(&mut view, 6));
    view.read_sources(id, [(map.clone(), Some(5))].into());
    assert!(!is_news(&mut view, 5) && is_news(&mut view, 6));
    view.reads_sources(id, &[map].into());
    assert!(!is_news(&mut view, 5), "it is known already");
}

#[test]
fn secrets_with_the_labels_are_told_of_and_so_is_one_that_loses_them() {
    let selector = json!({ "secret": { "selector": { "matchLabels": { "push": "yes" } } } });
    let (mut view, id) = view(&json!({ "selector": selector }));
    assert!(is_told(&view.meet_source(SourceKind::Secret, &metadata("a", 5, &[("push", "yes")])), id));
    assert!(!is_told(&view.meet_source(SourceKind::Secret, &metadata("a", 5, &[("push", "no")])), id));
    view.read_secrets(id, [(secret("a"), Some(5))].into());
    assert!(is_told(&view.meet_source(SourceKind::Secret, &metadata("a", 6, &[("push", "no")])), id));
}

#[test]
fn what_templates_stand_in_is_told_of() {
    let from = json!([{ "configMap": { "name": "map", "items": [] } }]);
    let (mut view, id) = view(&json!({ "template": { "templateFrom": from } }));
    assert!(is_told(&view.meet_source(SourceKind::ConfigMap, &metadata("map", 5, &[])), id));
    assert!(!is_told(&view.meet_source(SourceKind::Secret, &metadata("map", 5, &[])), id));
}

#[test]
fn what_a_list_of_secrets_does_not_show_is_told_as_gone() {
    let (mut view, id) = view(&json!({}));
    let map = SourceName { kind: SourceKind::ConfigMap, name: "map".to_owned() };
    view.read_secrets(id, [(secret("app"), Some(5)), (map, Some(5))].into());
    view.begin_sources(SourceKind::Secret);
    view.begin_sources(SourceKind::ConfigMap);
    view.meet_source(SourceKind::Secret, &metadata("app", 5, &[]));
    assert!(view.end_sources(SourceKind::Secret).is_empty());
    assert!(is_told(&view.end_sources(SourceKind::ConfigMap), id));
    view.begin_sources(SourceKind::Secret);
    assert!(is_told(&view.end_sources(SourceKind::Secret), id));
}

#[test]
fn stores_are_told_of_when_their_labels_change_or_they_are_deleted() {
    let labelled = json!([{ "labelSelector": { "matchLabels": { "tier": "b" } } }]);
    let (mut view, id) = view(&json!({ "secretStoreRefs": labelled }));
    assert!(!is_told(&view.meet_store(&main_store(), metadata("main", 5, &[])), id));
    assert!(is_told(&view.meet_store(&main_store(), metadata("main", 6, &[("tier", "b")])), id));
    assert!(!is_told(&view.meet_store(&main_store(), metadata("main", 7, &[("tier", "b")])), id));
    assert!(!is_told(&view.meet_store(&main_store(), metadata("main", 6, &[])), id), "it is older");
    assert_eq!(view.candidates("demo", &wanted(&view, id)).len(), 1);
    assert_eq!(view.users_of(&main_store(), None).len(), 1);
    assert_eq!(view.users_of(&main_store(), Some("else")).len(), 0);
    assert!(is_told(&view.meet_store(&main_store(), metadata("main", 8, &[("tier", "c")])), id));
    assert_eq!(view.users_of(&main_store(), None).len(), 0);
    let deleted = serde_json::from_value(json!("2026-01-01T00:00:00Z")).unwrap();
    let leaving = ObjectMeta { deletion_timestamp: Some(deleted), ..metadata("main", 9, &[("tier", "b")]) };
    assert!(is_told(&view.meet_store(&main_store(), leaving), id));
    assert_eq!(view.candidates("demo", &wanted(&view, id)).len(), 1, "it is chosen, and rests");
    assert!(view.is_leaving(&StoreReference {
        kind: StoreKind::SecretStore,
        namespace: "demo".to_owned(),
        name: "main".to_owned(),
    }));
}

#[test]
fn stores_of_other_namespaces_are_nobodys_candidates_but_those_of_the_cluster_are_everybodys() {
    let key = |kind, namespace: Option<&str>, name: &str| StoreKey {
        kind,
        namespace: namespace.map(str::to_owned),
        name: name.to_owned(),
    };
    let kinds = [StoreKind::SecretStore, StoreKind::ClusterSecretStore];
    let by_name = kinds.map(|kind| json!({ "kind": kind.to_string(), "name": "main" }));
    let tier = json!({ "matchLabels": { "tier": "b" } });
    let by_labels = kinds.map(|kind| json!({ "kind": kind.to_string(), "labelSelector": tier }));
    for (choices, names) in [(by_name, 1), (by_labels, 0)] {
        let (mut view, id) = view(&json!({ "secretStoreRefs": choices }));
        for namespace in ["a", "demo", "else"] {
            let labels = [("tier", if namespace == "demo" { "a" } else { "b" })];
            view.meet_store(&key(kinds[0], Some(namespace), "other"), metadata("other", 5, &labels));
            if namespace != "demo" {
                view.meet_store(&key(kinds[0], Some(namespace), "main"), metadata("main", 5, &labels));
            }
        }
        view.meet_store(&key(kinds[1], None, "main"), metadata("main", 5, &[("tier", "b")]));
        view.meet_store(&key(kinds[1], None, "other"), metadata("other", 5, &[]));
        let chosen = view.candidates("demo", &wanted(&view, id));
        let chosen: Vec<_> =
            chosen.iter().map(|store| (store.reference.kind, &*store.reference.name)).collect();
        assert_eq!(chosen, [(StoreKind::ClusterSecretStore, "main")], "{choices:?}");
        assert_eq!(view.users_of(&key(kinds[0], Some("demo"), "main"), None).len(), names);
        assert_eq!(view.users_of(&key(kinds[0], Some("else"), "main"), None).len(), 0);
    }
}

/// The line of an object of this namespace that asks for this.
fn line(namespace: &str, stores: &Value) -> GroupId {
    let mut object = object("push", "1", 10, &json!({ "secretStoreRefs": stores }));
    object.metadata.namespace = Some(namespace.to_owned());
    View::default().meet(object).object.group
}

#[test]
fn objects_of_one_store_wait_in_one_line_and_those_of_others_in_others() {
    let of = |kind: &str, name: &str| json!([{ "kind": kind, "name": name }]);
    let plain = line("demo", &json!([{ "name": "main" }]));
    assert_eq!(plain, line("demo", &of("SecretStore", "main")));
    assert_eq!(plain, line("demo", &json!([{ "name": "main" }, { "name": "other" }])));
    assert_ne!(plain, line("demo", &of("SecretStore", "other")));
    assert_ne!(plain, line("else", &of("SecretStore", "main")), "another store");
    assert_ne!(plain, line("demo", &of("ClusterSecretStore", "main")));
    let shared = of("ClusterSecretStore", "main");
    assert_eq!(line("demo", &shared), line("else", &shared), "one store, whoever names it");
    let labelled = json!([{ "labelSelector": { "matchLabels": { "tier": "b" } } }]);
    assert_eq!(line("demo", &labelled), line("demo", &labelled));
    assert_ne!(line("demo", &labelled), line("else", &labelled));
}

/// Whether the store `main` is needed by an object of this policy that wrote to these stores.
fn needs(policy: &str, written: &[&str], is_leaving: bool) -> bool {
    let (mut view, id) = view(&json!({ "deletionPolicy": policy }));
    let deleted = serde_json::from_value(json!("2026-01-01T00:00:00Z")).unwrap();
    let deletion_timestamp = is_leaving.then_some(deleted);
    view.meet_store(&main_store(), ObjectMeta { deletion_timestamp, ..metadata("main", 5, &[]) });
    view.reported(id, &status(written), 11);
    view.needs(&main_store())
}

#[test]
fn a_store_is_needed_by_those_that_delete_what_they_wrote_to_it() {
    assert!(needs("Delete", &[], false), "it will be written to");
    assert!(needs("Delete", &["SecretStore/main"], false));
    assert!(!needs("None", &["SecretStore/main"], false));
    assert!(needs("Delete", &["SecretStore/main"], true));
    assert!(!needs("Delete", &["SecretStore/other"], true), "nothing is written to it any more");
}
