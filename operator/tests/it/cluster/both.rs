//! A ClusterExternalSecret over stores of both servers.

use eso_rig::ControlPlaneOptions;
use eso_testkit::objects::store;
use serde_json::{Value, json};

use super::{make_namespace, path, says, shared};
use crate::harness::{Cluster, Kind, Mount, Setup, World, aws, aws_spec, entries, eventually, measured};

/// The original's finalizer of an ExternalSecret.
const FINALIZER: &str = "externalsecrets.external-secrets.io/externalsecret-cleanup";

/// A store of the cluster with credentials of the test's own namespace, which is ready.
async fn cluster_store(world: &World, name: &str, provider: Value) {
    world.create(store(name).for_cluster().with("/spec/provider", provider)).await;
    world.store_says(Kind::ClusterSecretStore, name, "Valid", "store validated").await;
}

/// Waits until the Secret of a namespace holds these.
async fn holds(world: &World, namespace: &str, expected: [(&str, &str); 2]) {
    let path = format!("{}/shared", Kind::Secret.collection(namespace));
    eventually(
        &format!("the Secret of {namespace} holds {:?}", expected.map(|(name, _)| name)),
        async || {
            let secret = world.call("GET", &path, None).await.map_err(|refusal| format!("{refusal:?}"))?;
            let held = entries(&secret);
            let is_right = held.len() == 2
                && expected.iter().all(|(name, value)| held.get(*name).is_some_and(|held| held == value));
            if is_right { Ok(()) } else { Err(format!("it holds {:?}", held.keys())) }
        },
    )
    .await;
}

#[tokio::test]
async fn values_of_both_stores_come_to_each_chosen_namespace_and_follow() {
    let double = aws();
    let cluster = Cluster::alone(ControlPlaneOptions::default()).await;
    let world = Setup::new("ces-both").on(cluster).everywhere().aws(&double.url()).start().await;
    let mount = Mount::of(&world).await;
    let (id, key) = (world.canary("id"), world.canary("key"));
    world.create_secret("aws-keys", &[("access-key", &id), ("secret-access-key", &key)]).await;
    world.create_secret("vault-token", &[("token", &mount.token)]).await;
    let (mut of_aws, mut of_vault) = (aws_spec("aws-keys"), mount.spec("vault-token"));
    for reference in ["accessKeyIDSecretRef", "secretAccessKeySecretRef"] {
        of_aws["auth"]["secretRef"][reference]["namespace"] = json!(world.namespace);
    }
    of_vault["auth"]["tokenSecretRef"]["namespace"] = json!(world.namespace);
    cluster_store(&world, "aws", json!({ "aws": of_aws })).await;
    cluster_store(&world, "vault", json!({ "vault": of_vault })).await;
    let (user, password, later) = (world.canary("user"), world.canary("password"), world.canary("later"));
    double.put("db", &user).unwrap();
    mount.put("db", &json!({ "password": password })).await;
    for (namespace, team) in [("one", "a"), ("two", "a"), ("three", "b")] {
        make_namespace(&world, namespace, team).await;
    }
    let entry = |key: &str, store: &str, remote: Value| {
        let source = json!({ "storeRef": { "kind": "ClusterSecretStore", "name": store } });
        json!({ "secretKey": key, "remoteRef": remote, "sourceRef": source })
    };
    let mut object = shared(json!({}));
    object["spec"]["externalSecretSpec"]["data"] = json!([
        entry("user", "aws", json!({ "key": "db" })),
        entry("password", "vault", json!({ "key": "db", "property": "password" })),
    ]);
    object["spec"]["externalSecretSpec"]["refreshInterval"] = json!("1s");
    object["spec"]["externalSecretSpec"].as_object_mut().unwrap().remove("secretStoreRef");
    world.create(object).await;
    says(&world, &["one", "two"], &[]).await;
    for namespace in ["one", "two"] {
        holds(&world, namespace, [("user", &user), ("password", &password)]).await;
    }
    mount.put("db", &json!({ "password": later })).await;
    for namespace in ["one", "two"] {
        holds(&world, namespace, [("user", &user), ("password", &later)]).await;
    }
    let waits = json!({ "metadata": { "finalizers": [FINALIZER] } });
    world.call("PATCH", &path("one", "shared"), Some(&waits)).await.unwrap();
    world.delete(Kind::Namespace, "one").await;
    let gone = world.gone(Kind::Namespace, "one");
    measured("a namespace whose objects have the original's finalizer is gone", gone).await;
    let other = format!("{}/shared", Kind::Secret.collection("three"));
    assert!(world.call("GET", &other, None).await.is_err());
    // Secrets of a namespace that goes are put back until their ExternalSecrets are gone too.
    world.expect_refusals();
    world.end().await;
}
