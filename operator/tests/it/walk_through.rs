//! The main job from end to end, with the example manifests as they stand.

use eso_rig::Moto;
use serde_json::json;

use crate::harness::{Kind, Mount, Setup, deploy, measured};

const REMOTE_KEY: &str = "my-external-secret";

#[tokio::test]
async fn the_aws_examples_work_as_they_stand_and_the_secret_follows_the_store() {
    let moto = Moto::start().await.unwrap();
    let world = Setup::new("walk-aws").aws(moto.url()).start().await;
    let (first, second) = (world.canary("first"), world.canary("second"));
    moto.secrets()
        .create(REMOTE_KEY, &json!({ "first": first, "second": second }).to_string())
        .await
        .unwrap();

    let examples = ["secret-for-aws.yaml", "secretstore.yaml", "external-secret.yaml"]
        .map(|file| deploy(&format!("examples/aws-secrets-manager/{file}")));
    world.kubectl(&["create", "-f", &examples.join(",")]).await;
    let object = world.synced("kemgou-external-secret").await;
    assert_eq!(object["status"]["binding"]["name"], "kemgou-external-secret");
    let secret = world.holds("kemgou-external-secret", &[("first", &first), ("second", &second)]).await;
    assert_eq!(secret["metadata"]["ownerReferences"][0]["uid"], object["metadata"]["uid"]);
    let printed = world.script(&deploy("examples/aws-secrets-manager/get-secret.sh")).await;
    assert_eq!(printed, format!("first: {first}\nsecond: {second}\n"));

    let changed = world.canary("changed");
    let interval = json!({ "spec": { "refreshInterval": "1s" } });
    world.patch(Kind::ExternalSecret, "kemgou-external-secret", interval).await;
    moto.secrets().put(REMOTE_KEY, &json!({ "first": changed, "second": second }).to_string()).await.unwrap();
    let followed = [("first", changed.as_str()), ("second", &second)];
    measured("AWS: a changed value is in the Secret", world.holds("kemgou-external-secret", &followed)).await;
    world.end().await;
}

#[tokio::test]
async fn the_vault_examples_work_with_kubernetes_auth_and_the_secret_follows_the_store() {
    let world = Setup::new("walk-vault").start().await;
    let mount = Mount::of(&world).await;
    let login = mount.trust_service_accounts(&world, "vault-reader").await;
    let (username, password) = (world.canary("username"), world.canary("password"));
    mount.put(REMOTE_KEY, &json!({ "username": username, "password": password })).await;

    world.kubectl(&["create", "-f", &deploy("examples/vault/service-account.yaml")]).await;
    world.kubectl(&["create", "-f", &deploy("examples/vault/secretstore.yaml")]).await;
    world.kubectl(&["create", "-f", &deploy("examples/vault/external-secret.yaml")]).await;
    // The examples name a Vault of everybody's own; this one is the test's.
    let vault = json!({ "server": mount.server.url(), "path": mount.name, "auth": { "kubernetes": login } });
    world.patch(Kind::SecretStore, "vault", json!({ "spec": { "provider": { "vault": vault } } })).await;
    world.synced("from-vault").await;
    world.holds("from-vault", &[("username", &username), ("password", &password)]).await;

    let changed = world.canary("changed");
    let interval = json!({ "spec": { "refreshInterval": "1s" } });
    world.patch(Kind::ExternalSecret, "from-vault", interval).await;
    mount.put(REMOTE_KEY, &json!({ "username": username, "password": changed })).await;
    let followed = [("username", username.as_str()), ("password", &changed)];
    measured("Vault: a changed value is in the Secret", world.holds("from-vault", &followed)).await;
    world.end().await;
}
