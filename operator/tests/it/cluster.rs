//! ClusterExternalSecrets: an ExternalSecret in each namespace that is chosen, and none elsewhere.

mod both;
mod push;

use eso_rig::ControlPlaneOptions;
use eso_testkit::objects::{object, store};
use serde_json::{Value, json};

use crate::harness::{Cluster, Condition, Kind, Setup, World, eventually, in_words, measured};

/// The original's finalizer of a ClusterExternalSecret.
const CLEANUP: &str = "externalsecrets.external-secrets.io/clusterexternalsecret-cleanup";

/// The original's finalizer of the namespaces of the ClusterExternalSecret `shared`.
const OF_SHARED: &str = "externalsecrets.external-secrets.io/ces-shared";

const CREATE: &str = "create externalsecrets";
const UPDATE: &str = "patch externalsecrets";
const DELETE: &str = "delete externalsecrets";
const STATUS: &str = "patch clusterexternalsecrets/status";

/// A cluster of the test's own, an operator for all of it, and these namespaces, each with the label `team`.
async fn world(name: &str, namespaces: &[(&str, &str)]) -> World {
    let cluster = Cluster::alone(ControlPlaneOptions::default()).await;
    let world = Setup::new(name).on(cluster).everywhere().start().await;
    let value = world.canary("value");
    world.create(store("main").for_cluster().value("db", &value)).await;
    world.store_says(Kind::ClusterSecretStore, "main", "Valid", "store validated").await;
    for (name, team) in namespaces {
        make_namespace(&world, name, team).await;
    }
    world
}

async fn make_namespace(world: &World, name: &str, team: &str) {
    let metadata = json!({ "name": name, "labels": { "team": team } });
    world.create(json!({ "kind": "Namespace", "metadata": metadata })).await;
}

/// A ClusterExternalSecret for the namespaces of team `a`, with more fields of its spec.
fn shared(fields: Value) -> Value {
    let spec = object("app").cluster_store("main").key("password", "db").every("1h").json()["spec"].clone();
    let mut shared = json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ClusterExternalSecret",
        "metadata": { "name": "shared" },
        "spec": {
            "externalSecretSpec": spec,
            "namespaceSelectors": [{ "matchLabels": { "team": "a" } }],
        },
    });
    shared["spec"].as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    shared
}

fn path(namespace: &str, name: &str) -> String {
    path_of(Kind::ExternalSecret, namespace, name)
}

fn path_of(kind: Kind, namespace: &str, name: &str) -> String {
    format!("{}/{name}", kind.collection(namespace))
}

async fn copy(world: &World, namespace: &str, name: &str) -> Option<Value> {
    copy_of(world, Kind::ExternalSecret, namespace, name).await
}

async fn copy_of(world: &World, kind: Kind, namespace: &str, name: &str) -> Option<Value> {
    world.call("GET", &path_of(kind, namespace, name), None).await.ok()
}

/// Waits until the ClusterExternalSecret `shared` says that these namespaces have their copies and these have none; they
/// are then as it says.
async fn says(world: &World, provisioned: &[&str], failed: &[(&str, &str)]) -> Value {
    says_of(world, Kind::ClusterExternalSecret, provisioned, failed).await
}

/// As [`says`], of the object `shared` of a kind.
async fn says_of(world: &World, kind: Kind, provisioned: &[&str], failed: &[(&str, &str)]) -> Value {
    let failed: Vec<Value> =
        failed.iter().map(|(name, why)| json!({ "namespace": name, "reason": why })).collect();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let what = format!("has {provisioned:?}, and not {failed:?}");
    let is_ready = if failed.is_empty() { "True" } else { "False" };
    world
        .until(kind, "shared", &what, |object| {
            let status = &object["status"];
            list(&status["provisionedNamespaces"]) == provisioned
                && list(&status["failedNamespaces"]) == failed
                && Condition::of(object).is_some_and(|condition| condition.status == is_ready)
        })
        .await
}

async fn relabel(world: &World, namespace: &str, team: &str) {
    let labels = json!({ "metadata": { "labels": { "team": team } } });
    world.patch(Kind::Namespace, namespace, labels).await;
}

async fn gone(world: &World, namespace: &str, name: &str) {
    gone_of(world, Kind::ExternalSecret, namespace, name).await;
}

async fn gone_of(world: &World, kind: Kind, namespace: &str, name: &str) {
    eventually(&format!("{namespace}/{name} is gone"), async || {
        copy_of(world, kind, namespace, name).await.map_or(Ok(()), |found| Err(found.to_string()))
    })
    .await;
}

/// Waits until the copy in a namespace is so.
async fn until(world: &World, namespace: &str, name: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    until_of(world, Kind::ExternalSecret, [namespace, name], is_so).await
}

/// As [`until`], of a kind, by namespace and name.
async fn until_of(
    world: &World,
    kind: Kind,
    [namespace, name]: [&str; 2],
    is_so: impl Fn(&Value) -> bool,
) -> Value {
    eventually(&format!("{namespace}/{name} is so"), async || {
        match copy_of(world, kind, namespace, name).await {
            Some(found) if is_so(&found) => Ok(found),
            other => Err(format!("{other:?}")),
        }
    })
    .await
}

#[tokio::test]
async fn each_chosen_namespace_has_its_external_secret_and_its_secret() {
    let world = world("ces-chosen", &[("one", "a"), ("two", "a"), ("three", "b"), ("four", "c")]).await;
    let fields = json!({
        "namespaces": ["four", "not-there"],
        "externalSecretName": "app",
        "externalSecretMetadata": { "labels": { "a": "1" }, "annotations": { "b": "2" } },
    });
    let made = world.create(shared(fields)).await;
    let object = says(&world, &["four", "one", "two"], &[]).await;
    assert_eq!(object["status"]["externalSecretName"], "app");
    assert_eq!(object["status"]["conditions"], json!([{ "type": "Ready", "status": "True" }]));
    assert_eq!(object["metadata"].get("finalizers"), None);
    for namespace in ["one", "two", "four"] {
        let copy = until(&world, namespace, "app", |copy| copy["status"]["binding"]["name"] == "app").await;
        let metadata = &copy["metadata"];
        assert_eq!(
            (&metadata["labels"], &metadata["annotations"]),
            (&json!({ "a": "1" }), &json!({ "b": "2" }))
        );
        let owner = json!([{
            "apiVersion": "external-secrets.io/v1", "kind": "ClusterExternalSecret", "name": "shared",
            "uid": made["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
        }]);
        assert_eq!(metadata["ownerReferences"], owner);
        assert_eq!(copy["spec"], made["spec"]["externalSecretSpec"]);
        let secret = format!("{}/app", Kind::Secret.collection(namespace));
        world.call("GET", &secret, None).await.unwrap();
        let found = world.get(Kind::Namespace, namespace).await.unwrap();
        assert_eq!(found["metadata"].get("finalizers"), None);
    }
    assert!(copy(&world, "three", "app").await.is_none());
    world.end().await;
}

#[tokio::test]
async fn whatever_changes_is_acted_on() {
    let world = world("ces-changes", &[("one", "a"), ("two", "b")]).await;
    world.create(shared(json!({}))).await;
    says(&world, &["one"], &[]).await;

    relabel(&world, "two", "a").await;
    measured("a relabelled namespace is provisioned", says(&world, &["one", "two"], &[])).await;
    make_namespace(&world, "three", "a").await;
    measured("a new namespace is provisioned", says(&world, &["one", "three", "two"], &[])).await;
    relabel(&world, "one", "b").await;
    measured("a namespace is left", says(&world, &["three", "two"], &[])).await;
    assert!(copy(&world, "one", "shared").await.is_none());

    // Whoever edits or deletes a copy finds it as it was.
    let edit = json!({
        "metadata": { "labels": { "theirs": "1" }, "annotations": { "theirs": "2" } },
        "spec": { "refreshInterval": "1m" },
    });
    world.call("PATCH", &path("two", "shared"), Some(&edit)).await.unwrap();
    until(&world, "two", "shared", |copy| {
        let metadata = &copy["metadata"];
        copy["spec"]["refreshInterval"] == "1h"
            && metadata.get("labels").is_none_or(|all| *all == json!({}))
            && metadata.get("annotations").is_none_or(|all| *all == json!({}))
    })
    .await;
    let before = copy(&world, "two", "shared").await.unwrap()["metadata"]["uid"].clone();
    world.call("DELETE", &path("two", "shared"), None).await.unwrap();
    until(&world, "two", "shared", |copy| copy["metadata"]["uid"] != before).await;

    let edit = json!({
        "metadata": { "annotations": { "external-secrets.io/force-sync": "1" } },
        "spec": { "externalSecretSpec": { "refreshInterval": "2h" } },
    });
    world.patch(Kind::ClusterExternalSecret, "shared", edit).await;
    for namespace in ["two", "three"] {
        let is_so = |copy: &Value| {
            copy["spec"]["refreshInterval"] == "2h"
                && copy["metadata"]["annotations"]["external-secrets.io/force-sync"] == "1"
        };
        until(&world, namespace, "shared", is_so).await;
    }
    says(&world, &["three", "two"], &[]).await;
    world.end().await;
}

#[tokio::test]
async fn what_is_somebody_elses_is_left_and_reported() {
    let world = world("ces-foreign", &[("one", "a"), ("two", "a")]).await;
    let theirs = object("shared").cluster_store("main").key("theirs", "db").every("1h");
    let theirs = theirs.namespace("one").json();
    let made = world.call("POST", &Kind::ExternalSecret.collection("one"), Some(&theirs)).await.unwrap();
    world.create(shared(json!({}))).await;
    let taken = "external secret already exists in namespace";
    let object = says(&world, &["two"], &[("one", taken)]).await;
    let message = Condition::of(&object).unwrap().message;
    assert!(message.starts_with("one or more namespaces failed"), "{message}");
    let left = copy(&world, "one", "shared").await.unwrap();
    assert_eq!((&left["metadata"]["uid"], &left["spec"]), (&made["metadata"]["uid"], &made["spec"]));

    world.call("DELETE", &path("one", "shared"), None).await.unwrap();
    says(&world, &["one", "two"], &[]).await;
    world.delete(Kind::ClusterExternalSecret, "shared").await;
    for namespace in ["one", "two"] {
        gone(&world, namespace, "shared").await;
    }
    world.end().await;
}

#[tokio::test]
async fn a_new_name_is_there_before_the_old_one_goes() {
    let world = world("ces-rename", &[("one", "a"), ("two", "a")]).await;
    world.create(shared(json!({ "externalSecretName": "old" }))).await;
    says(&world, &["one", "two"], &[]).await;
    let theirs = object("new").cluster_store("main").key("theirs", "db").namespace("one").every("1h").json();
    world.call("POST", &Kind::ExternalSecret.collection("one"), Some(&theirs)).await.unwrap();
    let mark = world.mark().await;
    world
        .patch(Kind::ClusterExternalSecret, "shared", json!({ "spec": { "externalSecretName": "new" } }))
        .await;
    let object = says(&world, &["two"], &[("one", "external secret already exists in namespace")]).await;
    assert_eq!(object["status"]["externalSecretName"], "new");
    gone(&world, "two", "old").await;
    assert!(copy(&world, "one", "old").await.is_some(), "where the new one cannot be, the old one stays");
    let asked = world.asked(mark).await.matching(|request| request.resource == "externalsecrets");
    let in_two =
        asked.matching(|request| request.uri.contains("/namespaces/two/") && request.subresource.is_empty());
    let verbs: Vec<_> = in_two.iter().map(|request| request.verb.as_str()).collect();
    assert_eq!(verbs, ["create", "delete"]);

    world.call("DELETE", &path("one", "new"), None).await.unwrap();
    says(&world, &["one", "two"], &[]).await;
    gone(&world, "one", "old").await;
    world.end().await;
}

#[tokio::test]
async fn a_namespace_goes_within_seconds_also_with_the_originals_finalizer() {
    let world = world("ces-namespace", &[("one", "a"), ("two", "a"), ("three", "a"), ("four", "b")]).await;
    // Secrets are put back until their ExternalSecrets are gone too.
    world.expect_refusals();
    let finalizers = |finalizers: Value| json!({ "metadata": { "finalizers": finalizers } });
    for namespace in ["two", "three", "four"] {
        world.patch(Kind::Namespace, namespace, finalizers(json!([OF_SHARED, "example.com/theirs"]))).await;
    }
    let carries = |namespace: &Value| {
        let mut finalizers = namespace["metadata"]["finalizers"].as_array().into_iter().flatten();
        finalizers.any(|finalizer| finalizer == OF_SHARED)
    };
    // Nobody of that name is there: it belongs to nobody.
    for namespace in ["two", "three", "four"] {
        let found = world.until(Kind::Namespace, namespace, "is let go", |found| !carries(found)).await;
        assert_eq!(found["metadata"]["finalizers"], json!(["example.com/theirs"]));
    }
    world.create(shared(json!({}))).await;
    says(&world, &["one", "three", "two"], &[]).await;
    for namespace in ["two", "three", "four"] {
        world.patch(Kind::Namespace, namespace, finalizers(json!([OF_SHARED]))).await;
    }
    world.until(Kind::Namespace, "four", "which is not chosen, is let go", |found| !carries(found)).await;
    for namespace in ["one", "two"] {
        world.delete(Kind::Namespace, namespace).await;
        world.gone(Kind::Namespace, namespace).await;
    }
    says(&world, &["three"], &[]).await;
    assert!(carries(&world.get(Kind::Namespace, "three").await.unwrap()));
    relabel(&world, "three", "b").await;
    world.until(Kind::Namespace, "three", "is let go", |found| !carries(found)).await;
    says(&world, &[], &[]).await;
    world.end().await;
}

#[tokio::test]
async fn a_deleted_object_is_let_go_and_its_external_secrets_go_with_it() {
    let world = world("ces-deleted", &[("one", "a"), ("two", "a")]).await;
    let mut object = shared(json!({}));
    object["metadata"]["finalizers"] = json!([CLEANUP]);
    world.create(object).await;
    says(&world, &["one", "two"], &[]).await;
    world.patch(Kind::Namespace, "one", json!({ "metadata": { "finalizers": [OF_SHARED] } })).await;
    world.delete(Kind::ClusterExternalSecret, "shared").await;
    world.gone(Kind::ClusterExternalSecret, "shared").await;
    for namespace in ["one", "two"] {
        gone(&world, namespace, "shared").await;
    }
    world
        .until(Kind::Namespace, "one", "is let go", |found| found["metadata"].get("finalizers").is_none())
        .await;
    let metrics = world.operator.metrics().await.unwrap();
    assert!(!metrics.contains("clusterexternalsecret_reconcile_duration{"), "its series went too");
    world.end().await;
}

#[tokio::test]
async fn what_is_no_external_secret_or_no_selector_deletes_nothing() {
    let world = world("ces-malformed", &[("one", "a")]).await;
    world.create(shared(json!({}))).await;
    says(&world, &["one"], &[]).await;
    let kept = copy(&world, "one", "shared").await.unwrap();
    let target = |policy: &str| json!({ "creationPolicy": policy, "deletionPolicy": "Merge" });
    let edit = |policy: &str| json!({ "spec": { "externalSecretSpec": { "target": target(policy) } } });
    world.patch(Kind::ClusterExternalSecret, "shared", edit("None")).await;
    let reason = "could not create or update ExternalSecret: the API server does not take it (Invalid, spec.target: \
                  deletionPolicy=Merge must not be used with creationPolicy=None. There is no Secret to merge with)";
    says(&world, &[], &[("one", reason)]).await;
    let left = copy(&world, "one", "shared").await.unwrap();
    assert_eq!((&left["metadata"]["uid"], &left["spec"]), (&kept["metadata"]["uid"], &kept["spec"]));
    world.patch(Kind::ClusterExternalSecret, "shared", edit("Owner")).await;
    says(&world, &["one"], &[]).await;

    let selector = json!([{ "matchExpressions": [{ "key": "team", "operator": "Among", "values": ["b"] }] }]);
    let edit = json!({ "spec": { "namespaceSelectors": selector } });
    world.patch(Kind::ClusterExternalSecret, "shared", edit).await;
    let reason = "unable to convert labelselector: \"Among\" is not a valid label selector operator";
    let object = says(&world, &["one"], &[("unknown", reason)]).await;
    let message = Condition::of(&object).unwrap().message;
    assert_eq!(message, format!("one or more namespaces failed: {reason}"));
    assert!(copy(&world, "one", "shared").await.is_some());
    let series = "clusterexternalsecret_status_condition{condition=\"Ready\",name=\"shared\",namespace=\"\",status=\"False\"}";
    world.operator.measures(series, 1.0).await;
    world.end().await;
}

#[tokio::test]
async fn each_change_costs_one_write_and_no_change_costs_none() {
    let world = world("ces-counted", &[("one", "a"), ("two", "a"), ("three", "b")]).await;
    let asked = async |mark| {
        let asked = world.asked(mark).await;
        in_words(
            &asked
                .matching(|request| request.subresource != "status" || request.resource != "externalsecrets"),
        )
        .into_iter()
        .filter(|words| !words.ends_with(" secrets"))
        .collect::<Vec<_>>()
    };
    let mark = world.mark().await;
    world.create(shared(json!({}))).await;
    says(&world, &["one", "two"], &[]).await;
    for namespace in ["one", "two"] {
        until(&world, namespace, "shared", |copy| Condition::of(copy).is_some()).await;
    }
    assert_eq!(asked(mark).await, [CREATE, CREATE, STATUS]);

    // What is not about it, and an edit of it that changes nothing; the relabelled one comes after all that.
    let mark = world.mark().await;
    let note = json!({ "metadata": { "annotations": { "note": "1" } } });
    world.patch(Kind::Namespace, "one", note.clone()).await;
    world.patch(Kind::ClusterExternalSecret, "shared", note).await;
    world.patch(Kind::ClusterExternalSecret, "shared", json!({ "spec": { "refreshTime": "1m" } })).await;
    relabel(&world, "three", "a").await;
    says(&world, &["one", "three", "two"], &[]).await;
    until(&world, "three", "shared", |copy| Condition::of(copy).is_some()).await;
    assert_eq!(asked(mark).await, [CREATE, STATUS]);

    let mark = world.mark().await;
    let edit = json!({ "spec": { "refreshInterval": "1m" } });
    world.call("PATCH", &path("one", "shared"), Some(&edit)).await.unwrap();
    until(&world, "one", "shared", |copy| copy["spec"]["refreshInterval"] == "1h").await;
    relabel(&world, "three", "b").await;
    says(&world, &["one", "two"], &[]).await;
    assert_eq!(asked(mark).await, [DELETE, STATUS, UPDATE]);

    // A new process finds everything as it should be.
    let mark = world.mark().await;
    world.operator.kill();
    world.operator.start_again();
    world.operator.ready().await;
    relabel(&world, "three", "a").await;
    says(&world, &["one", "three", "two"], &[]).await;
    let all = asked(mark).await;
    let written: Vec<_> = all.iter().filter(|words| !words.starts_with("list ")).collect();
    assert_eq!(written, [CREATE, STATUS]);
    world.end().await;
}

#[tokio::test]
async fn they_are_not_served_where_a_flag_says_so() {
    let cluster = Cluster::alone(ControlPlaneOptions::default()).await;
    let switch = "--enable-cluster-external-secret-reconciler=false";
    let world = Setup::new("ces-off").on(cluster).everywhere().argument(switch).start().await;
    world.create(store("main").for_cluster().value("db", &world.canary("value"))).await;
    let mark = world.mark().await;
    let namespace = world.namespace.clone();
    world.create(shared(json!({ "namespaces": [namespace] }))).await;
    // What comes later is acted on, and this is not.
    world.create(object("app").cluster_store("main").key("password", "db").every("1h")).await;
    world.synced("app").await;
    let about = world.asked(mark).await.matching(|request| request.resource == "clusterexternalsecrets");
    assert!(about.is_empty(), "{:?}", in_words(&about));
    assert!(world.get(Kind::ExternalSecret, "shared").await.is_none());
    world.end().await;
}
