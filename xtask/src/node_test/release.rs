//! The chart, installed by helm.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use eso_rig::Program;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{chart::CHART, project};

/// The name of the release, and its namespace.
pub(super) const RELEASE: &str = "external-secrets";

/// The operator's image, on the node.
pub(super) const IMAGE: (&str, &str) = ("rig.test/external-secrets", "test");

/// Helm, for a cluster.
pub(super) struct Helm {
    program: PathBuf,
    kubeconfig: PathBuf,
    folder: PathBuf,
}

impl Helm {
    /// It keeps its own files in `folder`.
    pub(super) async fn new(kubeconfig: PathBuf, folder: &Path) -> Result<Self> {
        let program = eso_rig::find(Program::Helm).await?;
        Ok(Self { program, kubeconfig, folder: folder.to_owned() })
    }

    /// Installs the chart with two operators that reach AWS at `aws`, and returns what helm says when they are ready.
    pub(super) async fn install(&self, aws: &str) -> Result<String> {
        let values = self.folder.join("values.json");
        std::fs::write(&values, values_for(aws).to_string()).context("no room for values")?;
        let values = values.display().to_string();
        self.run(&[
            "install",
            RELEASE,
            CHART,
            "--create-namespace",
            "--wait",
            "--timeout=4m",
            "--values",
            &values,
        ])
        .await
    }

    /// Takes it away.
    pub(super) async fn uninstall(&self) -> Result<String> {
        self.run(&["uninstall", RELEASE, "--wait", "--timeout=2m"]).await
    }

    /// Installs it once more, over what stayed, and upgrades that; without an operator. Returns what is the release's then.
    pub(super) async fn install_again(&self) -> Result<String> {
        for verb in ["install", "upgrade"] {
            self.run(&[verb, RELEASE, CHART, "--timeout=2m", "--set", "createOperator=false"]).await?;
        }
        self.run(&["get", "manifest", RELEASE]).await
    }

    async fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.program);
        command.args(arguments).args(["--namespace", RELEASE]).current_dir(project::root());
        command.env("KUBECONFIG", &self.kubeconfig).env("HELM_CACHE_HOME", &self.folder);
        command.env("HELM_CONFIG_HOME", &self.folder).env("HELM_DATA_HOME", &self.folder);
        let output = command.output().await.context("cannot run helm")?;
        ensure!(
            output.status.success(),
            "helm {}: {}",
            arguments.first().unwrap_or(&""),
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

fn values_for(aws: &str) -> Value {
    let (repository, tag) = IMAGE;
    let variable = |name: &str, value: &str| json!({ "name": name, "value": value });
    json!({
        "image": { "repository": repository, "tag": tag, "pullPolicy": "Never" },
        "replicaCount": 2,
        "leaderElect": true,
        // So that it is found out in seconds that a leader is gone.
        "extraArgs": {
            "leader-election-lease-duration": "8s",
            "leader-election-renew-deadline": "6s",
            "leader-election-retry-period": "1s",
        },
        "extraEnv": [
            variable("AWS_SECRETSMANAGER_ENDPOINT", aws),
            variable("AWS_SSM_ENDPOINT", aws),
            variable("AWS_STS_ENDPOINT", aws),
            // The operator's own identity, with which older objects are read.
            variable("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            variable("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ],
        // Values of the original's chart that mean nothing here, and are told of.
        "certController": { "create": true },
        "log": { "timeEncoding": "epoch" },
        "podDisruptionBudget": { "enabled": true, "minAvailable": 1 },
    })
}
