//! A cluster, one that is started or one that is there. Everything is done with kubectl, as a user would.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use eso_rig::{ControlPlane, ControlPlaneOptions, Program};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, process::Command};

use crate::{operator::ACCOUNT, project};

/// How long anything may take to happen before it is said that it does not: a slow machine's time, many times over.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A cluster, and how to reach it as its administrator.
pub(crate) struct Cluster {
    kubeconfig: PathBuf,
    kubectl: PathBuf,
    namespace: &'static str,
    started: Option<ControlPlane>,
}

impl Cluster {
    /// The cluster of that kubeconfig, or a new one that ends with this handle; commands are for the namespace.
    pub(crate) async fn reach(kubeconfig: Option<PathBuf>, namespace: &'static str) -> Result<Self> {
        let kubectl = eso_rig::find(Program::Kubectl).await?;
        let Some(kubeconfig) = kubeconfig else {
            let started = ControlPlane::start(ControlPlaneOptions::default()).await?;
            let kubeconfig = started.kubeconfig_path();
            return Ok(Self { kubeconfig, kubectl, namespace, started: Some(started) });
        };
        let kubeconfig = std::path::absolute(kubeconfig)?;
        let cluster = Self { kubeconfig, kubectl, namespace, started: None };
        cluster.kubectl(&["version"], None).await.context("the cluster does not answer")?;
        Ok(cluster)
    }

    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    pub(crate) fn kubectl_program(&self) -> &Path {
        &self.kubectl
    }

    /// Our custom resources, the operator's roles, and the namespace.
    pub(crate) async fn install(&self) -> Result<()> {
        let crds = project::root().join("deploy/crds");
        self.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", &text(&crds)], None).await?;
        self.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "-f", &text(&crds)], None)
            .await?;
        let roles = project::root().join("deploy/examples/operator");
        let (account_namespace, _) = ACCOUNT;
        self.kubectl(&["apply", "--namespace", account_namespace, "-f", &text(&roles)], None).await?;
        let namespace =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": self.namespace } });
        self.apply(&namespace).await
    }

    /// Removes what [`install`](Self::install) and its user made from a cluster that stays. The definitions stay with
    /// it: to delete them would delete everybody's objects.
    pub(crate) async fn clean_up(&self) -> Result<()> {
        if self.started.is_none() {
            let roles = project::root().join("deploy/examples/operator");
            self.kubectl(&["delete", "namespace", self.namespace, "--wait=false"], None).await?;
            let (account_namespace, _) = ACCOUNT;
            let arguments = ["delete", "--wait=false", "--namespace", account_namespace, "-f", &text(&roles)];
            self.kubectl(&arguments, None).await?;
        }
        Ok(())
    }

    /// Applies one object.
    pub(crate) async fn apply(&self, object: &Value) -> Result<()> {
        self.kubectl(&["apply", "-f", "-"], Some(&object.to_string())).await.map(drop)
    }

    /// Runs kubectl in the namespace, and answers what it prints.
    pub(crate) async fn kubectl(&self, arguments: &[&str], input: Option<&str>) -> Result<String> {
        let mut child = Command::new(&self.kubectl)
            .args(["--namespace", self.namespace])
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
    pub(crate) async fn get(&self, kind: &str, name: &str) -> Result<Value> {
        let answer = self.kubectl(&["get", kind, name, "--output", "json"], None).await?;
        serde_json::from_str(&answer).context("kubectl must print JSON")
    }

    /// Waits until an object is there and is as `wanted` says, and answers it with the time that took.
    pub(crate) async fn wait(
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
    pub(crate) async fn kubeconfig_for(&self, namespace: &str, name: &str) -> Result<Value> {
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
    pub(crate) async fn token(&self, namespace: &str, name: &str) -> Result<String> {
        let arguments = ["create", "token", name, "--namespace", namespace, "--duration=24h"];
        Ok(self.kubectl(&arguments, None).await?.trim().to_owned())
    }
}

pub(crate) fn text(path: &Path) -> String {
    path.display().to_string()
}
