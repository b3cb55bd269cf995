//! Tests of `removal`, on a real API server.

use eso_rig::{ControlPlane, Method};
use serde_json::Value;

use super::*;
use crate::cluster::{Cluster, Manifest};

const NAMESPACES: &str = "/api/v1/namespaces";
const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

async fn cluster(plane: &ControlPlane) -> Cluster {
    Cluster::reach(Some(plane.kubeconfig_path()), "default").await.unwrap()
}

/// Creates an object as the demo does, so that it is noted.
async fn create(cluster: &Cluster, api: &str, kind: &str, name: &str) {
    let object = json!({ "apiVersion": api, "kind": kind, "metadata": { "name": name } });
    cluster.create(Manifest::object(&object, "default")).await.unwrap();
}

async fn create_role(cluster: &Cluster, name: &str) {
    create(cluster, "rbac.authorization.k8s.io/v1", "ClusterRole", name).await;
}

async fn is_there(plane: &ControlPlane, collection: &str, name: &str) -> bool {
    plane.request(Method::GET, &format!("{collection}/{name}"), None).await.unwrap().status == 200
}

/// A definition of things in namespaces.
fn definition(group: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("things.{group}") },
        "spec": {
            "group": group, "scope": "Namespaced", "names": { "plural": "things", "kind": "Thing" },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } },
            }],
        },
    })
}

#[tokio::test]
async fn what_was_made_is_gone_and_what_others_made_stays() {
    let plane = ControlPlane::shared().await.unwrap();
    plane.create(ROLES, &json!({ "metadata": { "name": "others" } })).await.unwrap();
    let cluster = cluster(plane).await;
    create_role(&cluster, "ours").await;
    create(&cluster, "v1", "Namespace", "ours").await;
    cluster.clean_up().await.unwrap();
    assert!(!is_there(plane, ROLES, "ours").await && !is_there(plane, NAMESPACES, "ours").await);
    assert!(is_there(plane, ROLES, "others").await);
    // There is nothing left to do, and that is no error.
    cluster.clean_up().await.unwrap();
}

#[tokio::test]
async fn what_is_there_already_is_neither_taken_over_nor_removed() {
    let plane = ControlPlane::shared().await.unwrap();
    plane.create(ROLES, &json!({ "metadata": { "name": "taken" } })).await.unwrap();
    let cluster = cluster(plane).await;
    let both = json!({ "apiVersion": "v1", "kind": "List", "items": (["taken", "free"]).map(|name| json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": name },
    }))});
    let failed = cluster.create(Manifest::object(&both, "default")).await.unwrap_err().to_string();
    assert!(failed.contains("AlreadyExists"), "{failed}");
    assert!(is_there(plane, ROLES, "free").await, "what could be made was made");
    cluster.clean_up().await.unwrap();
    assert!(is_there(plane, ROLES, "taken").await && !is_there(plane, ROLES, "free").await);
}

#[tokio::test]
async fn what_somebody_else_has_made_anew_stays() {
    let plane = ControlPlane::shared().await.unwrap();
    let cluster = cluster(plane).await;
    create_role(&cluster, "anew").await;
    plane.request(Method::DELETE, &format!("{ROLES}/anew"), None).await.unwrap().success().unwrap();
    plane.create(ROLES, &json!({ "metadata": { "name": "anew" } })).await.unwrap();
    cluster.clean_up().await.unwrap();
    assert!(is_there(plane, ROLES, "anew").await);
}

#[tokio::test]
async fn a_definition_stays_as_long_as_others_have_objects_of_it() {
    let plane = ControlPlane::shared().await.unwrap();
    let (cluster, group) = (cluster(plane).await, "used.example");
    cluster.create(Manifest::object(&definition(group), "default")).await.unwrap();
    let name = format!("things.{group}");
    let definition = format!("customresourcedefinition/{name}");
    cluster.kubectl(&["wait", "--for=condition=Established", &definition], None).await.unwrap();
    let things = format!("/apis/{group}/v1/namespaces/default/things");
    let thing =
        json!({ "apiVersion": format!("{group}/v1"), "kind": "Thing", "metadata": { "name": "theirs" } });
    plane.create(&things, &thing).await.unwrap();
    let left = cluster.clean_up().await.unwrap_err().to_string();
    assert!(left.contains(&format!("CustomResourceDefinition {name}: 1 objects of it")), "{left}");
    assert!(is_there(plane, &things, "theirs").await);
    plane.request(Method::DELETE, &format!("{things}/theirs"), None).await.unwrap().success().unwrap();
    cluster.clean_up().await.unwrap();
    assert!(!is_there(plane, DEFINITIONS, &name).await);
}

#[tokio::test]
async fn what_is_being_made_while_nobody_waits_any_more_is_removed_too() {
    let plane = ControlPlane::shared().await.unwrap();
    let cluster = cluster(plane).await;
    let mut creating = Box::pin(create_role(&cluster, "unawaited"));
    // One poll begins it; it cannot be done before kubectl has even run.
    assert!(polled_once(&mut creating).await.is_pending());
    drop(creating);
    cluster.clean_up().await.unwrap();
    assert!(!is_there(plane, ROLES, "unawaited").await);
}

/// Polls a future once.
async fn polled_once<Work: Future + Unpin>(work: &mut Work) -> std::task::Poll<Work::Output> {
    std::future::poll_fn(|context| {
        let polled = std::pin::Pin::new(&mut *work).poll(context);
        std::task::Poll::Ready(polled)
    })
    .await
}
