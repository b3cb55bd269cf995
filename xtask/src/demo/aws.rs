//! The AWS part: the example manifests as they stand in many people's repositories.

use anyhow::{Result, ensure};
use eso_rig::SecretsManager;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{INTERVAL, NAMESPACE, follow::follow, objects::is_ready};
use crate::{
    cluster::{Cluster, text},
    project,
    screen::{Screen, seconds},
};

const REMOTE_KEY: &str = "my-external-secret";
const NAME: &str = "kemgou-external-secret";

pub(super) async fn walk(screen: &Screen, cluster: &Cluster, store: &SecretsManager) -> Result<()> {
    screen.heading("A value of AWS Secrets Manager");
    put(store, &json!({ "first": "hello", "second": "world" })).await?;
    screen.say(&format!("put {REMOTE_KEY} = {{\"first\": \"hello\", \"second\": \"world\"}}"));

    let examples = project::root().join("deploy/examples/aws-secrets-manager");
    let files = ["secret-for-aws.yaml", "secretstore.yaml", "external-secret.yaml"];
    screen.say(&format!("$ kubectl create -f {}", files.join(",")));
    let paths: Vec<String> = files.iter().map(|file| text(&examples.join(file))).collect();
    screen.show(&cluster.kubectl(&["create", "-f", &paths.join(",")], None).await?);

    let (object, took) = cluster.wait(("externalsecret", NAME), is_ready).await?;
    screen.say(&format!("in step after {}; its status:", seconds(took)));
    screen.show(&status(&object));
    screen.say("$ ./get-secret.sh");
    let printed = get_secret(cluster, &text(&examples.join("get-secret.sh"))).await?;
    screen.show(&printed);
    ensure!(printed == "first: hello\nsecond: world\n", "get-secret.sh printed other values");
    change(screen, cluster, store).await
}

/// Changes the value in the store, and sees the Secret follow.
async fn change(screen: &Screen, cluster: &Cluster, store: &SecretsManager) -> Result<()> {
    let patch = json!({ "spec": { "refreshInterval": format!("{INTERVAL}s") } }).to_string();
    screen.say(&format!("$ kubectl patch externalsecret {NAME} --type=merge --patch '{patch}'"));
    cluster.kubectl(&["patch", "externalsecret", NAME, "--type=merge", "--patch", &patch], None).await?;
    put(store, &json!({ "first": "changed", "second": "world" })).await?;
    screen.say("changed first to \"changed\" in the store");
    follow(screen, cluster, NAME, ("first", "changed")).await
}

async fn put(store: &SecretsManager, value: &Value) -> Result<()> {
    match store.create(REMOTE_KEY, &value.to_string()).await {
        Ok(_) => Ok(()),
        Err(_) => store.put(REMOTE_KEY, &value.to_string()).await.map(drop),
    }
}

/// Runs the script with the kubectl and the namespace of the demo.
async fn get_secret(cluster: &Cluster, script: &str) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let kubeconfig = folder.path().join("kubeconfig.json");
    let mut view: Value = serde_json::from_str(
        &cluster
            .kubectl(&["config", "view", "--raw", "--minify", "--flatten", "--output", "json"], None)
            .await?,
    )?;
    view["contexts"][0]["context"]["namespace"] = NAMESPACE.into();
    tokio::fs::write(&kubeconfig, view.to_string()).await?;
    let programs = cluster.kubectl_program().parent().map(text).unwrap_or_default();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .arg(script)
        .env("PATH", format!("{programs}:{path}"))
        .env("KUBECONFIG", &kubeconfig)
        .output()
        .await?;
    ensure!(output.status.success(), "get-secret.sh: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What `kubectl get --output yaml` shows of a status, in short.
pub(super) fn status(object: &Value) -> String {
    serde_json::to_string_pretty(&object["status"]).unwrap_or_default()
}
