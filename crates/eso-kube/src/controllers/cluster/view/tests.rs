//! Tests of `view`: whom an event wakes, and what is known afterwards.

use eso_core::api::{
    cluster_external_secret::ClusterExternalSecret, cluster_push_secret::ClusterPushSecret,
    external_secret::ExternalSecret,
};
use eso_plan::cluster::{Copy, Standing};
use serde_json::{Value, json};

use super::Woken;
use crate::watch::{self, Object};

type View = super::View<ClusterExternalSecret>;
type Item = watch::Item<ExternalSecret>;

/// A ClusterExternalSecret `name` of the uid `uid-name`, for the namespaces of that team.
fn object(name: &str, team: &str) -> Value {
    json!({
        "metadata": {
            "name": name, "uid": format!("uid-{name}"), "generation": 1, "resourceVersion": "10",
        },
        "spec": {
            "externalSecretSpec": { "refreshInterval": "1h" },
            "namespaceSelectors": [{ "matchLabels": { "team": team } }],
        },
    })
}

fn namespace(name: &str, team: &str) -> Value {
    json!({ "name": name, "labels": { "team": team }, "resourceVersion": "5" })
}

/// An ExternalSecret that the ClusterExternalSecret `owner` controls; nobody, where that is empty.
fn copy(namespace: &str, name: &str, owner: &str, version: u64) -> Value {
    let owners = json!([{
        "apiVersion": "external-secrets.io/v1", "kind": "ClusterExternalSecret", "name": owner,
        "uid": format!("uid-{owner}"), "controller": true,
    }]);
    json!({
        "metadata": {
            "namespace": namespace, "name": name, "uid": format!("uid-{namespace}-{name}"), "generation": 1,
            "resourceVersion": version.to_string(),
            "ownerReferences": if owner.is_empty() { json!([]) } else { owners },
        },
        "spec": { "refreshInterval": "1h" },
    })
}

fn item(object: Value) -> Item {
    serde_json::from_value(object).unwrap()
}

fn changed(mut object: Value, pointer: &str, value: Value) -> Value {
    let place = pointer.split('/').skip(1).fold(&mut object, |place, member| &mut place[member]);
    *place = value;
    object
}

/// What is known once these were met: `a` for team `a` and `b` for team `b`, a namespace of each, and a copy in each.
fn view() -> View {
    let mut view = View::default();
    for team in ["a", "b"] {
        view.meet_object(Object::sent(object(team, team)));
        view.meet_namespace(&serde_json::from_value(namespace(&format!("ns-{team}"), team)).unwrap());
        view.meet_copy(&item(copy(&format!("ns-{team}"), team, team, 20)));
    }
    view
}

#[track_caller]
fn check(woken: &Woken, expected: &[&str]) {
    assert_eq!(woken.iter().collect::<Vec<_>>(), expected);
}

#[track_caller]
fn check_object(object: Value, expected: Option<&str>) {
    assert_eq!(view().meet_object(Object::sent(object.clone())).as_deref(), expected, "{object}");
}

#[track_caller]
fn check_namespace(metadata: Value, expected: &[&str]) {
    check(&view().meet_namespace(&serde_json::from_value(metadata).unwrap()), expected);
}

#[track_caller]
fn check_copy(object: Value, expected: &[&str]) {
    check(&view().meet_copy(&item(object)), expected);
}

/// How the copy in `ns-a` stands beside what it should be.
#[track_caller]
fn check_standing(view: &View, expected: Option<Standing>) {
    let wanted = Copy { spec: json!({ "refreshInterval": "1h" }), ..Copy::default() };
    let found = view.copies.of("uid-a", "a", &wanted);
    assert_eq!(found.get("ns-a").and_then(|here| here.get("a")).copied(), expected);
}

#[test]
fn an_object_is_woken_by_its_edits_and_not_by_what_it_says_already() {
    check_object(object("new", "a"), Some("new"));
    check_object(object("a", "a"), None);
    check_object(changed(object("a", "a"), "/metadata/resourceVersion", json!("11")), None);
    check_object(changed(object("a", "a"), "/metadata/generation", json!(2)), Some("a"));
    check_object(changed(object("a", "a"), "/metadata/uid", json!("another")), Some("a"));
    check_object(changed(object("a", "a"), "/metadata/annotations", json!({ "a": "b" })), Some("a"));
    let deleted = json!("2026-01-01T00:00:00Z");
    check_object(changed(object("a", "a"), "/metadata/deletionTimestamp", deleted), Some("a"));
    let status = json!({ "externalSecretName": "theirs" });
    check_object(changed(object("a", "a"), "/status", status), Some("a"));
}

#[test]
fn a_status_that_was_written_is_not_undone_by_an_event_of_before() {
    let mut view = view();
    let metadata = view.object("a").unwrap().metadata.clone();
    let mut status = view.object("a").unwrap().status.clone();
    status.external_secret_name = Some("a".to_owned());
    view.reported(&metadata, status.clone(), 12);
    let edited = changed(object("a", "b"), "/metadata/generation", json!(2));
    let edited = changed(edited, "/metadata/resourceVersion", json!("11"));
    assert_eq!(view.meet_object(Object::sent(edited.clone())).as_deref(), Some("a"));
    assert_eq!(view.object("a").unwrap().status, status);
    let later = changed(edited, "/metadata/resourceVersion", json!("13"));
    view.meet_object(Object::sent(later));
    assert_eq!(view.object("a").unwrap().status.external_secret_name, None);
}

#[test]
fn a_status_is_not_taken_for_that_of_another_object_of_the_name() {
    let mut view = view();
    let metadata = view.object("a").unwrap().metadata.clone();
    view.meet_object(Object::sent(changed(object("a", "a"), "/metadata/uid", json!("another"))));
    let mut status = view.object("a").unwrap().status.clone();
    status.external_secret_name = Some("a".to_owned());
    view.reported(&metadata, status, 12);
    assert_eq!(view.object("a").unwrap().status.external_secret_name, None);
}

#[test]
fn objects_that_a_list_does_not_show_are_gone() {
    let mut view = view();
    view.begin_objects();
    view.meet_object(Object::sent(object("b", "b")));
    check(&view.end_objects(), &["a"]);
    assert!(view.object("a").is_none() && view.object("b").is_some());
}

#[test]
fn a_namespace_wakes_those_who_choose_it_or_did_or_have_something_there() {
    check_namespace(namespace("new", "a"), &["a"]);
    check_namespace(namespace("new", "c"), &[]);
    check_namespace(namespace("ns-a", "a"), &[]);
    check_namespace(namespace("ns-a", "b"), &["a", "b"]);
    check_namespace(namespace("ns-a", "c"), &["a"]);
    check_namespace(changed(namespace("ns-a", "a"), "/annotations", json!({ "a": "b" })), &[]);
    let deleted = json!("2026-01-01T00:00:00Z");
    check_namespace(changed(namespace("ns-a", "a"), "/deletionTimestamp", deleted), &["a"]);
    let mut view = view();
    view.meet_copy(&item(copy("ns-c", "old", "a", 21)));
    check(&view.meet_namespace(&serde_json::from_value(namespace("ns-c", "c")).unwrap()), &["a"]);
    check(&view.lose_namespace("ns-a"), &["a"]);
    check(&view.lose_namespace("ns-a"), &[]);
}

#[test]
fn a_namespace_wakes_those_whose_finalizer_it_carries_also_those_that_are_gone() {
    let finalizer = |name: &str| format!("externalsecrets.external-secrets.io/ces-{name}");
    let bound = |finalizers: &[String]| {
        let bound = changed(namespace("ns-a", "a"), "/finalizers", json!(finalizers));
        serde_json::from_value(bound).unwrap()
    };
    let both = [finalizer("a"), finalizer("gone"), "example.com/theirs".to_owned()];
    let mut view = view();
    check(&view.meet_namespace(&bound(&both)), &["a", "gone"]);
    check(&view.meet_namespace(&bound(&both)), &[]);
    assert_eq!(view.bound["ns-a"].finalizers, both);
    check(&view.meet_namespace(&bound(&both[..1])), &["a"]);
    check(&view.meet_namespace(&bound(&both[2..])), &[]);
    assert!(view.bound.is_empty());
}

#[test]
fn a_kind_without_finalizers_goes_by_none_and_by_no_copy_of_another_kind() {
    let finalizers = ["externalsecrets.external-secrets.io/ces-a"];
    let bound = changed(namespace("ns-a", "a"), "/finalizers", json!(finalizers));
    let mut view = super::View::<ClusterPushSecret>::default();
    check(&view.meet_namespace(&serde_json::from_value(bound).unwrap()), &[]);
    assert!(view.bound.is_empty());
    let of_another_kind = copy("ns-a", "a", "a", 20);
    check(&view.meet_copy(&serde_json::from_value(of_another_kind.clone()).unwrap()), &[]);
    assert_eq!(view.copies.version("uid-a", "ns-a", "a"), None);
    let mut ours = of_another_kind;
    ours["metadata"]["ownerReferences"][0]["kind"] = json!("ClusterPushSecret");
    view.meet_copy(&serde_json::from_value(ours).unwrap());
    assert!(view.copies.version("uid-a", "ns-a", "a").is_some());
}

#[test]
fn a_copy_wakes_its_owner_when_it_is_edited() {
    let same = || copy("ns-a", "a", "a", 21);
    check_copy(same(), &[]);
    check_copy(changed(same(), "/status", json!({ "refreshTime": null })), &[]);
    check_copy(changed(same(), "/metadata/labels", json!({})), &[]);
    check_copy(changed(same(), "/metadata/labels", json!({ "a": "b" })), &["a"]);
    check_copy(changed(same(), "/metadata/annotations", json!({ "a": "b" })), &["a"]);
    check_copy(changed(same(), "/metadata/deletionTimestamp", json!("2026-01-01T00:00:00Z")), &["a"]);
    check_copy(changed(same(), "/metadata/uid", json!("another")), &["a"]);
    let edited = changed(same(), "/spec/refreshInterval", json!("2h"));
    check_copy(changed(edited.clone(), "/metadata/generation", json!(2)), &["a"]);
    let old = changed(edited, "/metadata/resourceVersion", json!("19"));
    check_copy(changed(old, "/metadata/generation", json!(2)), &[]);
    check_copy(copy("ns-b", "old", "a", 21), &["a"]);
    check_copy(copy("ns-a", "a", "b", 21), &["a", "b"]);
}

#[test]
fn an_external_secret_of_somebody_else_wakes_those_whose_copies_have_its_name() {
    check_copy(copy("ns-a", "b", "", 21), &["b"]);
    check_copy(copy("ns-a", "c", "", 21), &[]);
    check_copy(copy("ns-a", "a", "", 21), &["a"]);
    let mut view = view();
    check(&view.lose_copy(item(copy("ns-a", "b", "", 21)).metadata()), &["b"]);
    check(&view.lose_copy(item(copy("ns-a", "a", "a", 21)).metadata()), &["a"]);
}

#[test]
fn who_is_controlled_by_another_kind_or_group_is_somebody_elses() {
    for (pointer, value) in [("apiVersion", "example.com/v1"), ("kind", "ClusterSecretStore")] {
        let mut other = copy("ns-a", "old", "a", 21);
        other["metadata"]["ownerReferences"][0][pointer] = json!(value);
        check_copy(other, &[]);
    }
    let mut not_controlled = copy("ns-a", "old", "a", 21);
    not_controlled["metadata"]["ownerReferences"][0]["controller"] = json!(false);
    check_copy(not_controlled, &[]);
}

#[test]
fn a_copy_stands_as_it_is_beside_what_it_should_be() {
    let after = |object: Value| {
        let mut view = view();
        view.meet_copy(&item(object));
        view
    };
    let same = || copy("ns-a", "a", "a", 21);
    check_standing(&view(), Some(Standing::Current));
    check_standing(
        &after(changed(same(), "/metadata/labels", json!({ "a": "b" }))),
        Some(Standing::Outdated),
    );
    let edited = changed(same(), "/spec/refreshInterval", json!("2h"));
    check_standing(&after(changed(edited, "/metadata/generation", json!(2))), Some(Standing::Outdated));
    let deleted = changed(same(), "/metadata/deletionTimestamp", json!("2026-01-01T00:00:00Z"));
    check_standing(&after(deleted), Some(Standing::Leaving));
    check_standing(&after(copy("ns-a", "a", "b", 21)), None);
    check_standing(&after(copy("ns-a", "a", "", 21)), None);
}

#[test]
fn copies_that_a_list_does_not_show_are_gone_but_for_those_made_meanwhile() {
    let mut view = view();
    view.copies.begin();
    view.copies.wrote(&item(copy("ns-c", "a", "a", 22)));
    view.meet_copy(&item(copy("ns-b", "b", "b", 20)));
    check(&view.end_copies(), &["a"]);
    check_standing(&view, None);
    assert!(
        view.copies.version("uid-a", "ns-c", "a").is_some()
            && view.copies.version("uid-b", "ns-b", "b").is_some()
    );
}

#[test]
fn an_answer_that_comes_after_the_event_that_its_object_is_gone_is_not_believed() {
    let mut view = view();
    let made = || item(copy("ns-c", "a", "a", 22));
    view.copies.begin_turn();
    view.meet_copy(&made());
    view.lose_copy(made().metadata());
    view.copies.wrote(&made());
    assert_eq!(view.copies.version("uid-a", "ns-c", "a"), None);
    view.copies.end_turn();
    view.copies.begin_turn();
    view.copies.wrote(&made());
    assert!(view.copies.version("uid-a", "ns-c", "a").is_some());
}

#[test]
fn a_deletion_forgets_what_it_deleted_and_nothing_newer() {
    let mut view = view();
    let version = view.copies.version("uid-a", "ns-a", "a").unwrap().clone();
    view.meet_copy(&item(changed(copy("ns-a", "a", "a", 30), "/metadata/uid", json!("another"))));
    view.copies.deleted("ns-a", "a", &version);
    assert!(view.copies.version("uid-a", "ns-a", "a").is_some());
    let version = view.copies.version("uid-a", "ns-a", "a").unwrap().clone();
    view.copies.deleted("ns-a", "a", &version);
    assert_eq!(view.copies.version("uid-a", "ns-a", "a"), None);
}

#[test]
fn a_version_is_of_the_owners_own_and_of_nobody_elses() {
    let view = view();
    assert!(view.copies.version("uid-a", "ns-a", "a").is_some());
    assert_eq!(view.copies.version("uid-b", "ns-a", "a"), None);
}
