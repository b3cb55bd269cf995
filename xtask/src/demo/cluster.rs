//! The demo's cluster: one that it starts, or one that is there. Everything is done with kubectl, as a user would.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use eso_rig::{ControlPlane, ControlPlaneOptions, Program};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, process::Command};

use super::{NAMESPACE, PATIENCE};
use crate::project;

/// A cluster, and how to reach it as its administrator.
pub(super) struct Cluster {
    kubeconfig: PathBuf,
    kubectl: PathBuf,
    started: Option<ControlPlane>,
}

impl Cluster {
    /// The cluster of that kubeconfig, or a new one that ends with this handle.
    pub(super) async fn reach(kubeconfig: Option<PathBuf>) -> Result<Self> {
        let kubectl = eso_rig::find(Program::Kubectl).await?;
        let Some(kubeconfig) = kubeconfig else {
            let started = ControlPlane::start(ControlPlaneOptions::default()).await?;
            return Ok(Self { kubeconfig: started.kubeconfig_path(), kubectl, started: Some(started) });
        };
        let cluster = Self { kubeconfig: std::path::absolute(kubeconfig)?, kubectl, started: None };
        cluster.kubectl(&["version"], None).await.context("the cluster does not answer")?;
        Ok(cluster)
    }

    pub(super) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    pub(super) fn kubectl_program(&self) -> &Path {
        &self.kubectl
    }

    /// Our custom resources, the operator's roles, and the namespace of the walk-through.
    pub(super) async fn install(&self) -> Result<()> {
        let crds = project::root().join("deploy/crds");
        self.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", &text(&crds)], None).await?;
        self.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "-f", &text(&crds)], None)
            .await?;
        let roles = project::root().join("deploy/examples/operator");
        self.kubectl(&["apply", "-f", &text(&roles)], None).await?;
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } });
        self.apply(&namespace).await
    }

    /// Removes what the walk-through made from a cluster that stays. The definitions stay with it: to delete them
    /// would delete everybody's objects.
    pub(super) async fn clean_up(&self) -> Result<()> {
        if self.started.is_none() {
            let roles = project::root().join("deploy/examples/operator");
            self.kubectl(&["delete", "namespace", NAMESPACE, "--wait=false"], None).await?;
            self.kubectl(&["delete", "--wait=false", "-f", &text(&roles)], None).await?;
        }
        Ok(())
    }

    /// Applies one object.
    pub(super) async fn apply(&self, object: &Value) -> Result<()> {
        self.kubectl(&["apply", "-f", "-"], Some(&object.to_string())).await.map(drop)
    }

    /// Runs kubectl in the walk-through's namespace, and answers what it prints.
    pub(super) async fn kubectl(&self, arguments: &[&str], input: Option<&str>) -> Result<String> {
        let mut child = Command::new(&self.kubectl)
            .args(["--namespace", NAMESPACE])
            .args(arguments)
            .env("KUBECONFIG", &self.kubeconfig)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot run kubectl")?;
        let mut stdin = child.stdin.take().context("kubectl must have an input")?;
        stdin.write_all(input.unwrap_or_default().as_bytes()).await?;
        drop(stdin);
        let output = child.wait_with_output().await?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "kubectl {}: {}", arguments.join(" "), complaint.trim());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// One object as the API server has it.
    pub(super) async fn get(&self, kind: &str, name: &str) -> Result<Value> {
        let answer = self.kubectl(&["get", kind, name, "--output", "json"], None).await?;
        serde_json::from_str(&answer).context("kubectl must print JSON")
    }

    /// Waits until an object is there and is as `wanted` says, and answers it with the time that took.
    pub(super) async fn wait(
        &self,
        (kind, name): (&str, &str),
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<(Value, Duration)> {
        let began = Instant::now();
        let mut last = Ok(Value::Null);
        while began.elapsed() < PATIENCE {
            last = self.get(kind, name).await;
            match &last {
                Ok(object) if wanted(object) => return Ok((object.clone(), began.elapsed())),
                Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        match last {
            Ok(object) => bail!("{kind} {name} is not as it should be: {}", object["status"]),
            Err(error) => Err(error.context(format!("{kind} {name} is not there"))),
        }
    }

    /// A kubeconfig of a service account, valid for a day.
    pub(super) async fn kubeconfig_for(&self, namespace: &str, name: &str) -> Result<Value> {
        let token = self.token(namespace, name).await?;
        let view =
            self.kubectl(&["config", "view", "--raw", "--minify", "--flatten", "--output", "json"], None);
        let view: Value = serde_json::from_str(&view.await?).context("kubectl must print JSON")?;
        Ok(json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "operator",
            "clusters": [{ "name": "cluster", "cluster": view["clusters"][0]["cluster"] }],
            "users": [{ "name": name, "user": { "token": token } }],
            "contexts": [{ "name": "operator", "context": { "cluster": "cluster", "user": name } }],
        }))
    }

    /// A token of a service account, valid for a day.
    pub(super) async fn token(&self, namespace: &str, name: &str) -> Result<String> {
        let arguments = ["create", "token", name, "--namespace", namespace, "--duration=24h"];
        Ok(self.kubectl(&arguments, None).await?.trim().to_owned())
    }
}

pub(super) fn text(path: &Path) -> String {
    path.display().to_string()
}
