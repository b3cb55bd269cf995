//! kubectl, for one cluster and one namespace.

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::{io::AsyncWriteExt as _, process::Command};

use super::text;

/// The program, and what it is told with each call.
#[derive(Debug, Clone)]
pub(super) struct Kubectl {
    pub(super) program: PathBuf,
    pub(super) kubeconfig: PathBuf,
    pub(super) namespace: &'static str,
}

/// Objects for kubectl: a file or folder, or text on its standard input.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    /// The namespace of those that have one.
    namespace: &'static str,
    file: String,
    input: Option<String>,
}

impl Manifest {
    /// What stands in a file, or in the files of a folder.
    pub(crate) fn file(path: &Path, namespace: &'static str) -> Self {
        Self { namespace, file: text(path), input: None }
    }

    /// One object, or a `List` of them.
    pub(crate) fn object(object: &Value, namespace: &'static str) -> Self {
        Self { namespace, file: "-".to_owned(), input: Some(object.to_string()) }
    }

    /// Arguments that say where it is, the namespace among them.
    fn arguments(&self) -> [&str; 4] {
        ["--namespace", self.namespace, "-f", &self.file]
    }
}

impl Kubectl {
    /// Runs it, and answers what it prints.
    ///
    /// # Errors
    /// When it does not end well; quotes its complaint.
    pub(super) async fn run(&self, arguments: &[&str], input: Option<&str>) -> Result<String> {
        let output = self.output(arguments, input).await?;
        succeeded(arguments, &output)?;
        Ok(printed(&output))
    }

    /// Creates objects, and answers those that were created as JSON texts one after the other, also where others
    /// could not be.
    pub(super) async fn create(&self, manifest: &Manifest) -> (String, Result<()>) {
        let arguments = [&["create", "--output=json"], manifest.arguments().as_slice()].concat();
        match self.output(&arguments, manifest.input.as_deref()).await {
            Ok(output) => (printed(&output), succeeded(&arguments, &output)),
            Err(error) => (String::new(), Err(error)),
        }
    }

    /// The objects of a manifest as JSON texts one after the other; nothing is created.
    pub(super) async fn read(&self, manifest: &Manifest) -> Result<String> {
        let arguments = ["create", "--dry-run=client", "--output=json"];
        let arguments = [arguments.as_slice(), manifest.arguments().as_slice()].concat();
        self.run(&arguments, manifest.input.as_deref()).await
    }

    async fn output(&self, arguments: &[&str], input: Option<&str>) -> Result<Output> {
        let mut child = Command::new(&self.program)
            .args(["--namespace", self.namespace])
            .args(arguments)
            .env("KUBECONFIG", &self.kubeconfig)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for us alone: what kubectl is about to create has to be known, to be removed.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context("cannot run kubectl")?;
        let mut stdin = child.stdin.take().context("kubectl must have an input")?;
        stdin.write_all(input.unwrap_or_default().as_bytes()).await?;
        drop(stdin);
        Ok(child.wait_with_output().await?)
    }
}

fn succeeded(arguments: &[&str], output: &Output) -> Result<()> {
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "kubectl {}: {}", arguments.join(" "), complaint.trim());
    Ok(())
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
