//! Values of Vault, with the operator's own service account.

use eso_rig::{Mode, OpenBao};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::{apply, older, says};
use crate::harness::{Kind, Setup, World};

const AUTH: &str = "my-kubernetes-vault-mount-point";

/// Lets the operator's own service account log in to this server as `my-vault-role`, and gives it its token, as a pod
/// has it. The server is a test's own: places in it are those of the example.
pub(crate) async fn trust_the_operator(server: &OpenBao, world: &World, token_file: &NamedTempFile) {
    server.enable_auth("kubernetes", AUTH).await.unwrap();
    let cluster = json!({
        "kubernetes_host": world.cluster.plane.url(),
        "kubernetes_ca_cert": world.cluster.plane.ca_pem(),
        "token_reviewer_jwt": world.cluster.reviewer_token(&world.namespace).await,
    });
    server.write(&format!("auth/{AUTH}/config"), &cluster).await.unwrap();
    let rules = r#"path "secret/data/hello-service/*" { capabilities = ["read"] }
        path "legacy-v1/*" { capabilities = ["read"] }"#;
    server.policy("legacy", rules).await.unwrap();
    let role = json!({
        "bound_service_account_names": [world.namespace],
        "bound_service_account_namespaces": ["external-secrets"],
        "policies": ["legacy"],
        "ttl": "1h",
    });
    server.write(&format!("auth/{AUTH}/role/my-vault-role"), &role).await.unwrap();
    let token = world.cluster.plane.token("external-secrets", &world.namespace, &[]).await.unwrap();
    world.watch_for(&token);
    std::fs::write(token_file.path(), token).unwrap();
}

fn of_version_1(key: &str) -> Value {
    older(
        "version-1",
        key,
        json!({
            "backendType": "vault", "kvVersion": 1, "vaultMountPoint": AUTH, "vaultRole": "my-vault-role",
            "data": [{ "key": key, "name": "whole" }, { "key": key, "name": "part", "property": "a" }],
        }),
    )
}

#[tokio::test]
async fn values_of_both_versions_of_vaults_engine_are_read_as_the_operator_itself() {
    let server = OpenBao::start(Mode::Development).await.unwrap();
    let token_file = NamedTempFile::with_prefix("eso-it-").unwrap();
    let world = Setup::new("legacy-vault")
        .variable("VAULT_ADDR", server.url())
        .variable("POLLER_INTERVAL_MILLISECONDS", "1000")
        .argument(&format!("--own-token-file={}", token_file.path().display()))
        .start()
        .await;
    trust_the_operator(&server, &world, &token_file).await;
    let [password, one, whole] = ["password", "one", "whole"].map(|name| world.canary(name));
    server.put("secret", "hello-service/password", &json!({ "password": password })).await.unwrap();
    server.put("secret", "hello-service/all", &json!({ "one": one, "deep": { "b": 1 } })).await.unwrap();
    server.mount_kv("legacy-v1", 1).await.unwrap();
    server.write("legacy-v1/db", &json!({ "a": whole })).await.unwrap();
    apply(&world, "hello-vault.yaml", &[]).await;
    world
        .holds("hello-vault", &[("deep", r#"{"b":1}"#), ("one", one.as_str()), ("password", &password)])
        .await;
    says(&world, "hello-vault", "SUCCESS").await;
    world.create(of_version_1("legacy-v1/db")).await;
    let text = json!({ "a": whole }).to_string();
    world.holds("version-1", &[("part", whole.as_str()), ("whole", &text)]).await;

    let changed = world.canary("changed");
    server.put("secret", "hello-service/password", &json!({ "password": changed })).await.unwrap();
    world
        .holds("hello-vault", &[("deep", r#"{"b":1}"#), ("one", one.as_str()), ("password", &changed)])
        .await;
    let unbound = json!({ "spec": { "vaultRole": "nobody" } });
    world.patch(Kind::LegacyExternalSecret, "version-1", unbound).await;
    says(&world, "version-1", "ERROR, ").await;
    world.holds("version-1", &[("part", whole.as_str()), ("whole", &text)]).await;
    world.end().await;
}
