//! ClusterPushSecrets: a PushSecret in each namespace that is chosen, and none elsewhere.

use eso_rig::ControlPlaneOptions;
use eso_testkit::objects::{object, store};
use serde_json::{Value, json};

use super::{
    copy_of, gone_of, make_namespace, path_of, relabel, says, says_of, shared as shared_external, until_of,
    world,
};
use crate::{
    harness::{Cluster, Condition, Kind, Setup, World, in_words, measured},
    pushes::remote::{Doubles, Remote, SORTS},
};

const CREATE: &str = "create pushsecrets";
const UPDATE: &str = "patch pushsecrets";
const DELETE: &str = "delete pushsecrets";
const STATUS: &str = "patch clusterpushsecrets/status";

const TAKEN: &str = "push secret already exists in namespace";

/// What a PushSecret asks for: to write an entry of the Secret `db`.
fn spec() -> Value {
    json!({
        "refreshInterval": "1h",
        "secretStoreRefs": [{ "name": "main", "kind": "ClusterSecretStore" }],
        "selector": { "secret": { "name": "db" } },
        "data": [{ "match": { "secretKey": "password", "remoteRef": { "remoteKey": "pushed" } } }],
    })
}

/// A ClusterPushSecret for the namespaces of team `a`, with more fields of its spec.
fn shared(fields: Value) -> Value {
    let mut shared = json!({
        "apiVersion": "external-secrets.io/v1alpha1",
        "kind": "ClusterPushSecret",
        "metadata": { "name": "shared" },
        "spec": {
            "pushSecretSpec": spec(),
            "namespaceSelectors": [{ "matchLabels": { "team": "a" } }],
        },
    });
    shared["spec"].as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    shared
}

/// Makes a PushSecret of somebody's own.
async fn make_theirs(world: &World, namespace: &str, name: &str) -> Value {
    let theirs = json!({
        "apiVersion": "external-secrets.io/v1alpha1", "kind": "PushSecret",
        "metadata": { "name": name, "namespace": namespace }, "spec": spec(),
    });
    world.call("POST", &Kind::PushSecret.collection(namespace), Some(&theirs)).await.unwrap()
}

async fn edit(world: &World, edit: Value) {
    world.patch(Kind::ClusterPushSecret, "shared", json!({ "spec": edit })).await;
}

async fn pushing(world: &World, provisioned: &[&str], failed: &[(&str, &str)]) -> Value {
    says_of(world, Kind::ClusterPushSecret, provisioned, failed).await
}

async fn copy(world: &World, namespace: &str, name: &str) -> Option<Value> {
    copy_of(world, Kind::PushSecret, namespace, name).await
}

async fn gone(world: &World, namespace: &str, name: &str) {
    gone_of(world, Kind::PushSecret, namespace, name).await;
}

async fn until(world: &World, namespace: &str, name: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    until_of(world, Kind::PushSecret, [namespace, name], is_so).await
}

#[tokio::test]
async fn each_chosen_namespace_has_its_push_secret_beside_an_external_secret_of_the_name() {
    let world = world("cps-chosen", &[("one", "a"), ("two", "b"), ("three", "c")]).await;
    let team = |team: &str| json!({ "matchLabels": { "team": team } });
    let fields = json!({
        "namespaceSelectors": [team("a"), team("b")],
        "pushSecretName": "app",
        "pushSecretMetadata": { "labels": { "a": "1" }, "annotations": { "b": "2" } },
        "refreshTime": "1m",
    });
    let made = world.create(shared(fields)).await;
    world.create(shared_external(json!({ "externalSecretName": "app" }))).await;
    let object = pushing(&world, &["one", "two"], &[]).await;
    says(&world, &["one"], &[]).await;
    assert_eq!(object["status"]["pushSecretName"], "app");
    assert_eq!(object["status"]["conditions"], json!([{ "type": "Ready", "status": "True" }]));
    assert_eq!(object["metadata"].get("finalizers"), None);
    for namespace in ["one", "two"] {
        let copy = copy(&world, namespace, "app").await.unwrap();
        let metadata = &copy["metadata"];
        let marks = (&metadata["labels"], &metadata["annotations"]);
        assert_eq!(marks, (&json!({ "a": "1" }), &json!({ "b": "2" })));
        let owner = json!([{
            "apiVersion": "external-secrets.io/v1alpha1", "kind": "ClusterPushSecret", "name": "shared",
            "uid": made["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
        }]);
        assert_eq!(metadata["ownerReferences"], owner);
        assert_eq!(copy["spec"], made["spec"]["pushSecretSpec"]);
        let found = world.get(Kind::Namespace, namespace).await.unwrap();
        assert_eq!(found["metadata"].get("finalizers"), None);
    }
    assert!(copy(&world, "three", "app").await.is_none());
    world.end().await;
}

#[tokio::test]
async fn whatever_changes_of_namespaces_and_push_secrets_is_acted_on() {
    let world = world("cps-changes", &[("one", "a"), ("two", "b")]).await;
    world.create(shared(json!({}))).await;
    pushing(&world, &["one"], &[]).await;

    relabel(&world, "two", "a").await;
    measured("a relabelled namespace is provisioned", pushing(&world, &["one", "two"], &[])).await;
    make_namespace(&world, "three", "a").await;
    measured("a new namespace is provisioned", pushing(&world, &["one", "three", "two"], &[])).await;
    relabel(&world, "one", "b").await;
    measured("a namespace is left", pushing(&world, &["three", "two"], &[])).await;
    assert!(copy(&world, "one", "shared").await.is_none());
    world.delete(Kind::Namespace, "three").await;
    world.gone(Kind::Namespace, "three").await;
    pushing(&world, &["two"], &[]).await;

    // Whoever edits or deletes a copy finds it as it was.
    let theirs = json!({
        "metadata": { "labels": { "theirs": "1" } }, "spec": { "refreshInterval": "1m" },
    });
    let two = path_of(Kind::PushSecret, "two", "shared");
    world.call("PATCH", &two, Some(&theirs)).await.unwrap();
    until(&world, "two", "shared", |copy| {
        let labels = copy["metadata"].get("labels");
        copy["spec"]["refreshInterval"] == "1h" && labels.is_none_or(|all| *all == json!({}))
    })
    .await;
    let before = copy(&world, "two", "shared").await.unwrap()["metadata"]["uid"].clone();
    world.call("DELETE", &two, None).await.unwrap();
    until(&world, "two", "shared", |copy| copy["metadata"]["uid"] != before).await;

    edit(&world, json!({ "pushSecretSpec": { "refreshInterval": "2h" } })).await;
    until(&world, "two", "shared", |copy| copy["spec"]["refreshInterval"] == "2h").await;
    world.end().await;
}

#[tokio::test]
async fn a_push_secret_of_somebody_else_is_left_and_reported_and_ours_go_with_their_object() {
    let world = world("cps-foreign", &[("one", "a"), ("two", "a")]).await;
    let made = make_theirs(&world, "one", "shared").await;
    world.create(shared(json!({}))).await;
    let object = pushing(&world, &["two"], &[("one", TAKEN)]).await;
    let message = Condition::of(&object).unwrap().message;
    assert!(message.starts_with("one or more namespaces failed"), "{message}");
    let is_theirs = async || {
        let left = copy(&world, "one", "shared").await.unwrap();
        let parts = |object: &Value| {
            let metadata = &object["metadata"];
            (metadata["uid"].clone(), metadata.get("ownerReferences").cloned(), object["spec"].clone())
        };
        assert_eq!(parts(&left), parts(&made));
    };
    is_theirs().await;

    // That it is gone is seen, and that it is there again.
    world.call("DELETE", &path_of(Kind::PushSecret, "one", "shared"), None).await.unwrap();
    pushing(&world, &["one", "two"], &[]).await;
    world.delete(Kind::ClusterPushSecret, "shared").await;
    world.gone(Kind::ClusterPushSecret, "shared").await;
    for namespace in ["one", "two"] {
        gone(&world, namespace, "shared").await;
    }
    let metrics = world.operator.metrics().await.unwrap();
    assert!(!metrics.contains("clusterpushsecret_reconcile_duration{"), "its series went too");
    world.end().await;
}

#[tokio::test]
async fn a_new_name_of_push_secrets_is_there_before_the_old_one_goes() {
    let world = world("cps-rename", &[("one", "a"), ("two", "a")]).await;
    world.create(shared(json!({ "pushSecretName": "old" }))).await;
    pushing(&world, &["one", "two"], &[]).await;
    make_theirs(&world, "one", "new").await;
    let mark = world.mark().await;
    edit(&world, json!({ "pushSecretName": "new" })).await;
    let object = pushing(&world, &["two"], &[("one", TAKEN)]).await;
    assert_eq!(object["status"]["pushSecretName"], "new");
    gone(&world, "two", "old").await;
    assert!(copy(&world, "one", "old").await.is_some(), "where the new one cannot be, the old one stays");
    let asked = world.asked(mark).await.matching(|request| request.resource == "pushsecrets");
    let in_two =
        asked.matching(|request| request.uri.contains("/namespaces/two/") && request.subresource.is_empty());
    let verbs: Vec<_> = in_two.iter().map(|request| request.verb.as_str()).collect();
    assert_eq!(verbs, ["create", "delete"]);

    world.call("DELETE", &path_of(Kind::PushSecret, "one", "new"), None).await.unwrap();
    pushing(&world, &["one", "two"], &[]).await;
    gone(&world, "one", "old").await;
    world.end().await;
}

#[tokio::test]
async fn what_is_no_selector_deletes_no_push_secret() {
    let world = world("cps-malformed", &[("one", "a")]).await;
    world.create(shared(json!({}))).await;
    pushing(&world, &["one"], &[]).await;
    let selector = json!([{ "matchExpressions": [{ "key": "team", "operator": "Among", "values": ["b"] }] }]);
    edit(&world, json!({ "namespaceSelectors": selector })).await;
    let refused = |object: &Value| Condition::of(object).is_some_and(|found| found.status == "False");
    let object = world.until(Kind::ClusterPushSecret, "shared", "is refused", refused).await;
    let condition = &object["status"]["conditions"][0];
    let message = "failed to get target Namespaces: unable to convert label selector: \"Among\" is not a valid label \
                   selector operator";
    assert_eq!((&condition["reason"], &condition["message"]), (&json!("Errored"), &json!(message)));
    assert!(condition["lastTransitionTime"].is_string(), "{condition}");
    assert_eq!(object["status"]["provisionedNamespaces"], json!(["one"]));
    assert!(copy(&world, "one", "shared").await.is_some());
    let series = "clusterpushsecret_status_condition{condition=\"Ready\",name=\"shared\",namespace=\"\",status=\"False\"}";
    world.operator.measures(series, 1.0).await;
    world.end().await;
}

#[tokio::test]
async fn each_change_costs_one_write_of_a_push_secret_and_no_change_costs_none() {
    let world = world("cps-counted", &[("one", "a"), ("two", "a"), ("three", "b")]).await;
    // What is done for a PushSecret by itself is not what is counted here.
    let ours = [CREATE, UPDATE, DELETE, STATUS];
    let asked = async |mark| {
        let words = in_words(&world.asked(mark).await);
        words.into_iter().filter(|words| ours.contains(&words.as_str())).collect::<Vec<_>>()
    };
    let mark = world.mark().await;
    world.create(shared(json!({}))).await;
    pushing(&world, &["one", "two"], &[]).await;
    assert_eq!(asked(mark).await, [CREATE, CREATE, STATUS]);

    // What is not about it, and an edit of it that changes nothing; the relabelled one comes after all that.
    let mark = world.mark().await;
    let note = json!({ "metadata": { "annotations": { "note": "1" } } });
    world.patch(Kind::Namespace, "one", note.clone()).await;
    world.patch(Kind::ClusterPushSecret, "shared", note).await;
    edit(&world, json!({ "refreshTime": "1m" })).await;
    relabel(&world, "three", "a").await;
    pushing(&world, &["one", "three", "two"], &[]).await;
    assert_eq!(asked(mark).await, [CREATE, STATUS]);

    let mark = world.mark().await;
    let theirs = json!({ "spec": { "refreshInterval": "1m" } });
    world.call("PATCH", &path_of(Kind::PushSecret, "one", "shared"), Some(&theirs)).await.unwrap();
    until(&world, "one", "shared", |copy| copy["spec"]["refreshInterval"] == "1h").await;
    relabel(&world, "three", "b").await;
    pushing(&world, &["one", "two"], &[]).await;
    assert_eq!(asked(mark).await, [DELETE, STATUS, UPDATE]);

    // A new process finds everything as it should be.
    let mark = world.mark().await;
    world.operator.kill();
    world.operator.start_again();
    world.operator.ready().await;
    relabel(&world, "three", "a").await;
    pushing(&world, &["one", "three", "two"], &[]).await;
    assert_eq!(asked(mark).await, [CREATE, STATUS]);
    world.end().await;
}

#[tokio::test]
async fn cluster_push_secrets_are_not_served_where_a_flag_says_so() {
    let cluster = Cluster::alone(ControlPlaneOptions::default()).await;
    let switch = "--enable-cluster-push-secret-reconciler=false";
    let world = Setup::new("cps-off").on(cluster).everywhere().argument(switch).start().await;
    world.create(store("main").for_cluster().value("db", &world.canary("value"))).await;
    let mark = world.mark().await;
    world.create(shared(json!({ "namespaceSelectors": [{}] }))).await;
    // What comes later is acted on, and this is not.
    world.create(object("app").cluster_store("main").key("password", "db").every("1h")).await;
    world.synced("app").await;
    let about = world.asked(mark).await.matching(|request| request.resource == "clusterpushsecrets");
    assert!(about.is_empty(), "{:?}", in_words(&about));
    assert!(world.get(Kind::PushSecret, "shared").await.is_none());
    world.end().await;
}

#[tokio::test]
async fn what_a_namespace_holds_is_in_each_store_while_the_namespace_is_chosen() {
    let cluster = Cluster::alone(ControlPlaneOptions::default()).await;
    let doubles = Doubles::start();
    let world = doubles.reached_by(Setup::new("cps-stores")).on(cluster).everywhere().start().await;
    let remotes = doubles.remotes(&world, &SORTS).await;
    let (value, theirs) = (json!({ "of": world.canary("value") }), json!({ "of": world.canary("theirs") }));
    for remote in &remotes {
        let mut provider = remote.provider();
        name_namespace(&mut provider, &world.namespace);
        world.create(store(remote.store()).for_cluster().with("/spec/provider", provider)).await;
        world.store_says(Kind::ClusterSecretStore, remote.store(), "Valid", "store validated").await;
        remote.put("theirs", &theirs).await;
    }
    make_namespace(&world, "one", "b").await;
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "db" },
        "stringData": { "password": value.to_string() },
    });
    world.call("POST", &Kind::Secret.collection("one"), Some(&secret)).await.unwrap();
    let reference = |remote: &Remote| json!({ "name": remote.store(), "kind": "ClusterSecretStore" });
    let mut pushed = spec();
    pushed["secretStoreRefs"] = remotes.iter().map(reference).collect();
    pushed["deletionPolicy"] = json!("Delete");
    world.create(shared(json!({ "pushSecretSpec": pushed }))).await;
    pushing(&world, &[], &[]).await;
    for remote in &remotes {
        assert_eq!(remote.held("pushed").await, None);
    }

    relabel(&world, "one", "a").await;
    pushing(&world, &["one"], &[]).await;
    let says = async |reason: &str| {
        let is_said = |copy: &Value| Condition::of(copy).is_some_and(|found| found.reason == reason);
        until(&world, "one", "shared", is_said).await
    };
    says("Synced").await;
    for remote in &remotes {
        assert_eq!(remote.held("pushed").await, Some(value.clone()));
    }

    // What is somebody else's is neither written nor, with the copy, deleted.
    pushed["data"][0]["match"]["remoteRef"]["remoteKey"] = json!("theirs");
    edit(&world, json!({ "pushSecretSpec": pushed })).await;
    says("Errored").await;
    relabel(&world, "one", "b").await;
    pushing(&world, &[], &[]).await;
    gone(&world, "one", "shared").await;
    for remote in &remotes {
        assert_eq!((remote.held("pushed").await, remote.held("theirs").await), (None, Some(theirs.clone())));
    }
    world.end().await;
}

/// Gives each reference to a key of a Secret the namespace that a store of the cluster must name.
fn name_namespace(spec: &mut Value, namespace: &str) {
    let Some(fields) = spec.as_object_mut() else { return };
    if fields.contains_key("name") && fields.contains_key("key") {
        fields.insert("namespace".to_owned(), json!(namespace));
    }
    fields.values_mut().for_each(|field| name_namespace(field, namespace));
}
