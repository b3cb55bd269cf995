//! The operator as a process of its own, under a service account with the roles that it needs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use eso_rig::Step;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    cluster::{Cluster, PATIENCE},
    project::{self, Profile},
    screen::Screen,
};

/// Where deploy/examples/operator puts the operator's service account.
pub(crate) const ACCOUNT: (&str, &str) = ("external-secrets", "external-secrets");

/// A running operator; it ends with this handle.
pub(crate) struct Operator {
    process: Child,
    folder: TempDir,
    metrics: String,
    started: Instant,
    ready: Duration,
}

/// The step of building the operator, where it was never built; nothing where there is little or nothing to do.
pub(crate) fn first_build(profile: Profile) -> Result<Option<Step>> {
    let binary = project::operator(profile)?;
    Ok((!binary.exists()).then(step))
}

/// Builds the operator as far as it is stale, says how that goes, and where it is.
pub(crate) fn build(screen: &Screen, profile: Profile) -> Result<PathBuf> {
    step().carry_out(screen, |said| project::build_operator(profile, said))
}

fn step() -> Step {
    Step {
        name: "the operator".to_owned(),
        work: "fetch crates and build".to_owned(),
        about: Duration::from_secs(300),
    }
}

impl Operator {
    /// Starts it with an AWS double and more arguments, and returns when it says that it is ready.
    pub(crate) async fn start(
        cluster: &Cluster,
        binary: &Path,
        (aws, arguments): (&str, &[String]),
    ) -> Result<Self> {
        let folder = TempDir::with_prefix("eso-operator")?;
        let kubeconfig = folder.path().join("kubeconfig.json");
        let (namespace, name) = ACCOUNT;
        fs::write(&kubeconfig, cluster.kubeconfig_for(namespace, name).await?.to_string())?;
        let (live, metrics) = (free_address()?, free_address()?);
        let log = fs::File::create(folder.path().join("eso.log"))?;
        let started = Instant::now();
        let process = Command::new(binary)
            .args([format!("--live-addr={live}"), format!("--metrics-addr={metrics}")])
            .arg("--log-format=text")
            .args(arguments)
            .env("KUBECONFIG", &kubeconfig)
            .env("AWS_SECRETSMANAGER_ENDPOINT", aws)
            .env("AWS_SSM_ENDPOINT", aws)
            .env("AWS_STS_ENDPOINT", aws)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start the operator")?;
        let metrics = format!("http://{metrics}");
        let mut operator = Self { process, folder, metrics, started, ready: Duration::ZERO };
        operator.wait(&live).await?;
        operator.ready = started.elapsed();
        Ok(operator)
    }

    /// When it was started.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// How long after that it was ready.
    pub(crate) fn ready_after(&self) -> Duration {
        self.ready
    }

    /// Its process number.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Where its log is.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("eso.log")
    }

    /// Where its metrics are.
    pub(crate) fn metrics_url(&self) -> &str {
        &self.metrics
    }

    /// The end of its log, for somebody who wonders why a step failed.
    pub(crate) fn last_words(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(20).collect();
        format!("the operator's log ends so:\n{}", lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
    }

    async fn wait(&mut self, live: &str) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.process.try_wait()? {
                bail!("the operator ended at once ({status}); {}", self.last_words());
            }
            if is_ready(live).await {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("the operator does not get ready; {}", self.last_words())
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        // It has ended already where this fails, and that is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether the operator says that it is ready.
async fn is_ready(live: &str) -> bool {
    let Ok(mut connection) = TcpStream::connect(live).await else { return false };
    let question = format!("GET /readyz HTTP/1.1\r\nHost: {live}\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    let asked = connection.write_all(question.as_bytes()).await;
    asked.is_ok()
        && connection.read_to_string(&mut answer).await.is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

pub(crate) fn free_address() -> Result<String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").context("no free port")?;
    Ok(listener.local_addr()?.to_string())
}
