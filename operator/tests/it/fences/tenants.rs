//! The guide for tenants: its manifests as they stand, and what it says of them.

use std::{collections::BTreeSet, fs};

use eso_rig::{ControlPlaneOptions, FastAws};
use eso_testkit::objects::object;
use serde_json::{Value, json};

use super::{FENCED, UNREADABLE};
use crate::harness::{Cluster, Condition, Kind, Setup, World, aws, deploy, entries, eventually};

/// All manifests of the guide, in its order.
const MANIFESTS: [&str; 8] = [
    "namespaces.yaml",
    "credentials.yaml",
    "shared-store.yaml",
    "own-credentials-store.yaml",
    "tenant-store.yaml",
    "rights.yaml",
    "external-secrets.yaml",
    "denied.yaml",
];

/// Whom the requests of the shared store are signed by, and whom those for team-b alone.
const SHARED: &str = "AKIAIOSFODNN7EXAMPLE";
const OWN: &str = "AKIAI44QH8DHBEXAMPLE";

/// An object of a namespace, once it is so.
async fn until(
    world: &World,
    (kind, namespace, name): (Kind, &str, &str),
    is_so: impl Fn(&Value) -> bool,
) -> Value {
    let path = format!("{}/{name}", kind.collection(namespace));
    eventually(&format!("{kind:?} {namespace}/{name} is so"), async || {
        match world.call("GET", &path, None).await {
            Ok(object) if is_so(&object) => Ok(object),
            other => Err(format!("{other:?}")),
        }
    })
    .await
}

async fn holds(world: &World, namespace: &str, name: &str, expected: &[(&str, &str)]) {
    let expected = expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    until(world, (Kind::Secret, namespace, name), |secret| entries(secret) == expected).await;
}

/// Waits until an ExternalSecret says that it failed, and answers how.
async fn fails(world: &World, namespace: &str, name: &str) -> String {
    let failure = |object: &Value| Condition::of(object).filter(|condition| condition.status == "False");
    let place = (Kind::ExternalSecret, namespace, name);
    let object = until(world, place, |object| failure(object).is_some()).await;
    failure(&object).expect("it must be as it was").message
}

/// Creates an ExternalSecret of that store of the cluster in a namespace.
async fn ask(world: &World, namespace: &str, name: &str, (store, key): (&str, &str)) {
    let asking = object(name).namespace(namespace).cluster_store(store).key("value", key).json();
    world.call("POST", &Kind::ExternalSecret.collection(namespace), Some(&asking)).await.unwrap();
}

/// Whom the reads of a key were signed by.
fn readers(aws: &FastAws, key: &str) -> BTreeSet<String> {
    let reads = aws.calls().into_iter().filter(|call| call.keys.iter().any(|asked| asked == key));
    reads.map(|call| call.access_key_id).collect()
}

/// Whether somebody of team-a may do this, to objects of the API group of stores.
async fn may(world: &World, verb: &str, resource: &str, namespace: &str) -> bool {
    let attributes = json!({
        "group": "external-secrets.io", "verb": verb, "resource": resource, "namespace": namespace,
    });
    let question =
        json!({ "spec": { "user": "ada", "groups": ["team-a"], "resourceAttributes": attributes } });
    let reviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    world.call("POST", reviews, Some(&question)).await.unwrap()["status"]["allowed"] == true
}

/// The guide must show what is really said.
#[track_caller]
fn is_in_the_guide(message: &str) {
    let guide = fs::read_to_string(deploy("../docs/guides/tenants.md")).unwrap();
    assert!(guide.lines().any(|line| line == message), "the guide does not show: {message}");
}

#[test]
fn all_manifests_of_the_guide_are_tried() {
    let folder = fs::read_dir(deploy("examples/tenants")).unwrap();
    let found: BTreeSet<String> =
        folder.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(found, MANIFESTS.map(str::to_owned).into());
}

#[tokio::test]
async fn the_tenants_examples_work_as_they_stand() {
    let aws = aws();
    let cluster = Cluster::alone(ControlPlaneOptions::default()).await;
    let world = Setup::new("tenants").on(cluster).everywhere().aws(&aws.url()).start().await;
    let [password, authority, token, api, queue] =
        ["password", "authority", "token", "api", "queue"].map(|name| world.canary(name));
    aws.put("team-a/db", &json!({ "password": password }).to_string()).unwrap();
    aws.put("shared/ca", &authority).unwrap();
    aws.put("team-b/token", &token).unwrap();
    aws.put("own/team-b/api", &api).unwrap();
    aws.put("own/team-b/queue", &queue).unwrap();
    aws.put("hr/pay", &world.canary("pay")).unwrap();
    for manifest in MANIFESTS {
        let file = deploy(&format!("examples/tenants/{manifest}"));
        world.kubectl(&["apply", "-f", &file]).await;
    }
    for store in ["shared", "own-credentials"] {
        world.store_says(Kind::ClusterSecretStore, store, "Valid", "store validated").await;
    }
    holds(&world, "team-a", "app", &[("password", &password), ("ca.crt", &authority)]).await;
    holds(&world, "team-b", "everything", &[("shared_ca", &authority), ("team-b_token", &token)]).await;
    holds(&world, "team-b", "with-own-credentials", &[("token", &api)]).await;
    holds(&world, "team-b", "with-own-store", &[("token", &queue)]).await;
    denials(&world).await;
    rights(&world).await;
    for key in ["team-a/db", "shared/ca", "team-b/token"] {
        assert_eq!(readers(&aws, key), [SHARED.to_owned()].into(), "{key}");
    }
    for key in ["own/team-b/api", "own/team-b/queue"] {
        assert_eq!(readers(&aws, key), [OWN.to_owned()].into(), "{key}");
    }
    assert_eq!(readers(&aws, "hr/pay"), BTreeSet::new());
    world.end().await;
}

/// What the guide says of those who are not let in.
async fn denials(world: &World) {
    let fenced = fails(world, "team-b", "not-ours").await;
    assert!(fenced.starts_with(UNREADABLE) && fenced.ends_with(FENCED), "{fenced}");
    is_in_the_guide(&fenced);
    world.create(json!({ "kind": "Namespace", "metadata": { "name": "team-c" } })).await;
    ask(world, "team-c", "app", ("shared", "shared/ca")).await;
    let closed = fails(world, "team-c", "app").await;
    assert!(closed.ends_with("denied by spec.condition"), "{closed}");
    is_in_the_guide(&closed);
    ask(world, "team-c", "with-own-credentials", ("own-credentials", "own/team-b/api")).await;
    let lacking = fails(world, "team-c", "with-own-credentials").await;
    assert!(lacking.ends_with("secrets \"aws-own\" not found"), "{lacking}");
    is_in_the_guide(&lacking);
    let labels = json!({ "metadata": { "labels": { "tenant": "yes" } } });
    world.patch(Kind::Namespace, "team-c", labels).await;
    until(world, (Kind::Secret, "team-c", "app"), |secret| entries(secret).contains_key("value")).await;
}

/// What the guide says that a tenant may do.
async fn rights(world: &World) {
    for (verb, resource, namespace, is_allowed) in [
        ("create", "externalsecrets", "team-a", true),
        ("create", "externalsecrets", "team-b", false),
        ("list", "secretstores", "team-a", true),
        ("create", "secretstores", "team-a", false),
        ("update", "clustersecretstores", "", false),
        ("create", "clusterexternalsecrets", "", false),
    ] {
        let allowed = may(world, verb, resource, namespace).await;
        assert_eq!(allowed, is_allowed, "{verb} {resource} {namespace}");
    }
}
