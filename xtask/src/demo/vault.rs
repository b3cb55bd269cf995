//! The Vault part: KV version 2 of OpenBao, the operator logged in with a service account of the namespace.

use anyhow::{Context, Result, ensure};
use eso_rig::OpenBao;
use serde_json::{Value, json};

use super::{
    INTERVAL, NAMESPACE,
    aws::status,
    follow::follow,
    objects::{decoded, is_ready, value_of},
};
use crate::{
    cluster::{Cluster, Manifest, text},
    project,
    screen::{Screen, seconds},
};

const REMOTE_KEY: &str = "my-external-secret";
const NAME: &str = "from-vault";

pub(super) async fn walk(screen: &Screen, cluster: &Cluster, bao: &OpenBao) -> Result<()> {
    screen.heading("A value of Vault");
    trust_the_cluster(cluster, bao).await?;
    bao.put("secret", REMOTE_KEY, &json!({ "username": "ada", "password": "analytical" })).await?;
    screen.say(&format!("put secret/{REMOTE_KEY} = {{\"username\": \"ada\", \"password\": \"analytical\"}}"));

    let examples = project::root().join("deploy/examples/vault");
    for file in ["service-account.yaml", "secretstore.yaml", "external-secret.yaml"] {
        let manifest =
            std::fs::read_to_string(examples.join(file)).with_context(|| text(&examples.join(file)))?;
        let manifest = manifest
            .replace("http://127.0.0.1:8200", bao.url())
            .replace("refreshInterval: 1m", &format!("refreshInterval: {INTERVAL}s"));
        screen.say(&format!("$ kubectl apply -f {file}"));
        screen.show(&cluster.kubectl(&["apply", "-f", "-"], Some(&manifest)).await?);
    }

    let (object, took) = cluster.wait(("externalsecret", NAME), is_ready).await?;
    screen.say(&format!("in step after {}; its status:", seconds(took)));
    screen.show(&status(&object));
    let secret = cluster.get("secret", NAME).await?;
    for (key, expected) in [("username", "ada"), ("password", "analytical")] {
        let value = value_of(&secret, key).unwrap_or_default();
        screen.say(&format!("  {key}: {value}"));
        ensure!(value == expected, "{key} is another value than the store's");
    }
    change(screen, cluster, bao).await
}

async fn change(screen: &Screen, cluster: &Cluster, bao: &OpenBao) -> Result<()> {
    bao.put("secret", REMOTE_KEY, &json!({ "username": "ada", "password": "difference" })).await?;
    screen.say("changed password to \"difference\" in the store");
    follow(screen, cluster, NAME, ("password", "difference")).await
}

/// Lets service accounts of the cluster log in to Vault: Vault asks the API server whose token it is shown.
async fn trust_the_cluster(cluster: &Cluster, bao: &OpenBao) -> Result<()> {
    cluster.create(reviewer()).await?;
    let kubeconfig = cluster.kubeconfig_for(NAMESPACE, "token-reviewer").await?;
    let server = &kubeconfig["clusters"][0]["cluster"];
    bao.enable_auth("kubernetes", "kubernetes").await?;
    bao.write(
        "auth/kubernetes/config",
        &json!({
            "kubernetes_host": server["server"],
            "kubernetes_ca_cert": authority(server)?,
            "token_reviewer_jwt": kubeconfig["users"][0]["user"]["token"],
        }),
    )
    .await?;
    bao.policy("demo", "path \"secret/data/*\" { capabilities = [\"read\"] }").await?;
    let role = json!({
        "bound_service_account_names": ["vault-reader"],
        "bound_service_account_namespaces": [NAMESPACE],
        "policies": ["demo"],
        "ttl": "1h",
    });
    bao.write("auth/kubernetes/role/demo", &role).await.map(drop)
}

fn authority(server: &Value) -> Result<String> {
    let encoded = server["certificate-authority-data"].as_str().context("the kubeconfig has no authority")?;
    decoded(encoded).context("the kubeconfig's authority is not base64")
}

/// The account that Vault asks the API server with.
pub(super) fn reviewer() -> Manifest {
    let objects = json!({ "apiVersion": "v1", "kind": "List", "items": [
        { "apiVersion": "v1", "kind": "ServiceAccount",
          "metadata": { "name": "token-reviewer", "namespace": NAMESPACE } },
        { "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
          "metadata": { "name": "eso-demo-token-reviewer" },
          "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                       "name": "system:auth-delegator" },
          "subjects": [{ "kind": "ServiceAccount", "name": "token-reviewer", "namespace": NAMESPACE }] },
    ]});
    Manifest::object(&objects, NAMESPACE)
}
