//! The operator's role: there is nothing in it that the operator never does. That nothing is missing in it is looked for
//! whenever a test ends.

use std::collections::BTreeSet;

use eso_rig::{ApiRequest, ControlPlaneOptions, Mark};
use eso_testkit::objects::{object, store};
use serde_json::{Value, json};

use crate::harness::{Cluster, Kind, Mount, ROLE, Setup, World, asking, aws, secure_vault};

/// The original's finalizer of an ExternalSecret.
const FINALIZER: &str = "externalsecrets.external-secrets.io/externalsecret-cleanup";

/// The original's finalizer of a ClusterExternalSecret, and that of its namespaces.
const CLUSTER_FINALIZER: &str = "externalsecrets.external-secrets.io/clusterexternalsecret-cleanup";
const NAMESPACE_FINALIZER: &str = "externalsecrets.external-secrets.io/ces-each";

/// What a race needs that may be or not: a namespace is read for a store that asks for its labels before the watch has
/// shown them, and an object where it is not clear whether what could not be written was of its former life.
const RARELY_USED: [&str; 3] = ["get namespaces", "get externalsecrets", "get pushsecrets"];

/// An admission plugin asks for it, which is off here, where an owner reference blocks its owner's deletion.
const USED_BY_OTHERS: [&str; 3] = [
    "update clusterexternalsecrets/finalizers",
    "update clusterpushsecrets/finalizers",
    "update externalsecrets/finalizers",
];

/// A verb and what it is for, as a role has them: `patch externalsecrets/status`.
type Right = String;

#[tokio::test]
async fn the_role_holds_no_right_that_is_never_used() {
    let cluster = Cluster::alone(ControlPlaneOptions::default()).await;
    let aws = aws();
    let world = Setup::new("rights").on(cluster).everywhere().aws(&aws.url()).webhooks().start().await;
    all_that_it_does(&world).await;
    // A watch is in the audit log when it ends.
    world.operator.terminate().await;
    let asked = world.cluster.plane.since(Mark::START).await.unwrap().by(&world.user());
    let used: BTreeSet<Right> = asked.iter().map(right).collect();
    let granted = granted(&world).await;
    let never_used: Vec<&Right> =
        granted.difference(&used).filter(|right| !RARELY_USED.contains(&right.as_str())).collect();
    assert_eq!(never_used, USED_BY_OTHERS, "{used:#?}");
    world.end().await;
}

/// One of each kind of request that an operator makes.
async fn all_that_it_does(world: &World) {
    let value = world.canary("value");
    from_fake(world, &value).await;
    from_vault(world, &value).await;
    from_aws(world).await;
    let cluster_store = store("rights").for_cluster().value("db", &value);
    let selector = json!([{ "namespaceSelector": { "matchLabels": { "team": "a" } } }]);
    world.create(cluster_store.with("/spec/conditions", selector)).await;
    world.create(object("let-in").cluster_store("rights").key("password", "db")).await;
    let labels = json!({ "metadata": { "labels": { "team": "a" } } });
    world.patch(Kind::Namespace, &world.namespace, labels).await;
    world.synced("let-in").await;
    in_a_namespace(world).await;
    pushed_from_a_namespace(world).await;
    kept_until_it_is_cleaned_up(world).await;
    // Certificates of webhooks are trusted, and somebody's rights are asked for.
    world.make(&asking("filled", &[("password", "eso:db")]), None).await.taken();
}

/// A PushSecret that deletes what it wrote holds itself and its stores of both kinds until that is done.
async fn kept_until_it_is_cleaned_up(world: &World) {
    let stores = [(Kind::SecretStore, "main"), (Kind::ClusterSecretStore, "rights")];
    let refs = json!([{ "name": "main" }, { "name": "rights", "kind": "ClusterSecretStore" }]);
    let object = json!({
        "apiVersion": "external-secrets.io/v1alpha1",
        "kind": "PushSecret",
        "metadata": { "name": "held" },
        "spec": {
            "deletionPolicy": "Delete", "secretStoreRefs": refs, "selector": { "secret": { "name": "let-in" } },
        },
    });
    world.create(object).await;
    let is_held = |object: &Value| object["metadata"].get("finalizers").is_some();
    for (kind, name) in stores {
        world.until(kind, name, "is held", is_held).await;
    }
    world.until(Kind::PushSecret, "held", "is held", is_held).await;
    world.delete(Kind::PushSecret, "held").await;
    world.gone(Kind::PushSecret, "held").await;
    for (kind, name) in stores {
        world.until(kind, name, "is free", |object| !is_held(object)).await;
    }
}

/// A PushSecret is made, mended and deleted for a ClusterPushSecret.
async fn pushed_from_a_namespace(world: &World) {
    let spec = |interval: &str| {
        json!({
            "refreshInterval": interval, "selector": { "secret": { "name": "let-in" } },
            "secretStoreRefs": [{ "name": "rights", "kind": "ClusterSecretStore" }],
        })
    };
    let cluster = json!({
        "apiVersion": "external-secrets.io/v1alpha1",
        "kind": "ClusterPushSecret",
        "metadata": { "name": "pushed" },
        "spec": {
            "pushSecretSpec": spec("1h"),
            "namespaceSelectors": [{ "matchLabels": { "pushed": "yes" } }],
        },
    });
    world.create(cluster).await;
    let labels = |pushed: &str| json!({ "metadata": { "labels": { "pushed": pushed } } });
    world.patch(Kind::Namespace, &world.namespace, labels("yes")).await;
    world.until(Kind::PushSecret, "pushed", "is there", |_| true).await;
    world.patch(Kind::ClusterPushSecret, "pushed", json!({ "spec": { "pushSecretSpec": spec("2h") } })).await;
    world
        .until(Kind::PushSecret, "pushed", "is mended", |object| object["spec"]["refreshInterval"] == "2h")
        .await;
    world.patch(Kind::Namespace, &world.namespace, labels("no")).await;
    world.gone(Kind::PushSecret, "pushed").await;
}

/// An ExternalSecret is made and deleted for a ClusterExternalSecret, and finalizers are taken off.
async fn in_a_namespace(world: &World) {
    let cluster = json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ClusterExternalSecret",
        "metadata": { "name": "each", "finalizers": [CLUSTER_FINALIZER] },
        "spec": {
            "externalSecretSpec": object("each").cluster_store("rights").key("password", "db").json()["spec"],
            "namespaceSelectors": [{ "matchLabels": { "each": "yes" } }],
        },
    });
    world.create(cluster).await;
    let labels = |each: &str| json!({ "metadata": { "labels": { "each": each } } });
    world.patch(Kind::Namespace, &world.namespace, labels("yes")).await;
    world.synced("each").await;
    let finalizers = json!({ "metadata": { "finalizers": [NAMESPACE_FINALIZER] } });
    world.patch(Kind::Namespace, &world.namespace, finalizers).await;
    world.patch(Kind::Namespace, &world.namespace, labels("no")).await;
    world.gone(Kind::ExternalSecret, "each").await;
    world.delete(Kind::ClusterExternalSecret, "each").await;
    world.gone(Kind::ClusterExternalSecret, "each").await;
}

/// Secrets are made, read, changed and deleted, and a finalizer is taken off.
async fn from_fake(world: &World, value: &str) {
    world.create(store("main").value("db", value)).await;
    world.create_secret("shared", &[("theirs", &world.canary("theirs"))]).await;
    world.create(object("shared").creation("Merge").key("password", "db").every("1h")).await;
    world.synced("shared").await;
    let finalizers = json!([FINALIZER]);
    let moved = object("moved").target("old").key("password", "db").every("1h");
    world.create(moved.with("/metadata/finalizers", finalizers)).await;
    world.synced("moved").await;
    world.patch(Kind::ExternalSecret, "moved", json!({ "spec": { "target": { "name": "new" } } })).await;
    world.gone(Kind::Secret, "old").await;
    world.delete(Kind::ExternalSecret, "moved").await;
    world.gone(Kind::ExternalSecret, "moved").await;
}

/// A service account's token is asked for, and a certificate authority.
async fn from_vault(world: &World, value: &str) {
    let mount = Mount::of(world).await;
    mount.put("db", &json!({ "password": value })).await;
    let login = mount.trust_service_accounts(world, "reader").await;
    world.create(json!({ "kind": "ServiceAccount", "metadata": { "name": "reader" } })).await;
    let spec = json!({ "server": mount.server.url(), "path": mount.name, "auth": { "kubernetes": login } });
    world.create(store("vault").provider("vault", &spec)).await;
    world.create(object("vault").store("vault").key("password", "db#password")).await;
    world.synced("vault").await;

    let secure = secure_vault().await;
    world.watch_for(secure.root_token());
    world.create_secret("root-token", &[("token", secure.root_token())]).await;
    let authority = json!({ "ca.pem": secure.ca_pem().unwrap() });
    world
        .create(json!({ "kind": "ConfigMap", "metadata": { "name": "authority" }, "data": authority }))
        .await;
    let spec = json!({
        "server": secure.url(), "path": mount.name,
        "caProvider": { "type": "ConfigMap", "name": "authority", "key": "ca.pem" },
        "auth": { "tokenSecretRef": { "name": "root-token", "key": "token" } },
    });
    world.create(store("secure").provider("vault", &spec)).await;
    world.store_says(Kind::SecretStore, "secure", "Valid", "store validated").await;
}

/// The annotations of a service account are read.
async fn from_aws(world: &World) {
    let annotations = json!({ "eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/reader" });
    let account = json!({ "name": "taker", "annotations": annotations });
    world.create(json!({ "kind": "ServiceAccount", "metadata": account })).await;
    let spec = json!({
        "service": "SecretsManager", "region": "us-east-1",
        "auth": { "jwt": { "serviceAccountRef": { "name": "taker" } } },
    });
    world.create(store("aws").provider("aws", &spec)).await;
    world.store_says(Kind::SecretStore, "aws", "Valid", "store validated").await;
}

fn right(request: &ApiRequest) -> Right {
    let path = [request.resource.as_str(), request.subresource.as_str()].join("/");
    format!("{} {}", request.verb, path.trim_end_matches('/'))
}

async fn granted(world: &World) -> BTreeSet<Right> {
    let role = world.get(Kind::ClusterRole, ROLE).await.expect("the operator's role must be there");
    let texts = |list: &Value| -> Vec<String> {
        list.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let rules = role["rules"].as_array().into_iter().flatten();
    let rights = rules.flat_map(|rule| {
        let (verbs, resources) = (texts(&rule["verbs"]), texts(&rule["resources"]));
        verbs.into_iter().flat_map(move |verb| {
            resources.clone().into_iter().map(move |resource| format!("{verb} {resource}"))
        })
    });
    rights.collect()
}
