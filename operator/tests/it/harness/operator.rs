//! The real binary, as a process of its own.

use std::{fs, path::PathBuf, process::ExitStatus};

use eso_rig::{Launch, Process, free_port};
use reqwest::{Client, StatusCode};
use tempfile::TempDir;

use super::patience::eventually;

/// The variables of a test's own environment that an operator is given: it must find what it starts.
const INHERITED: [&str; 2] = ["PATH", "TMPDIR"];

/// An address at which nobody answers: an operator that was given no AWS double reaches no AWS either.
const NO_AWS: &str = "http://127.0.0.1:9";

/// What one operator is started with, beside what all are started with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
}

/// A started operator; it is killed when it is dropped.
pub(crate) struct Operator {
    process: Process,
    folder: TempDir,
    live: String,
    metrics: String,
    client: Client,
}

impl Operator {
    /// Starts one with an empty environment but for what is said here. It is not ready yet when this returns.
    pub(crate) fn start(kubeconfig: &str, options: &Options) -> Self {
        let folder = TempDir::with_prefix("eso-it-").unwrap();
        fs::write(folder.path().join("kubeconfig"), kubeconfig).unwrap();
        let (live, metrics) = (address(), address());
        let launch = Launch {
            name: "eso",
            program: "env".into(),
            arguments: command(&folder, &[&live, &metrics], options),
            environment: Vec::new(),
            log: folder.path().join("log"),
        };
        let process = launch.start().unwrap();
        let client = Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        Self { process, folder, live, metrics, client }
    }

    /// Waits until it says that it is ready.
    pub(crate) async fn ready(&self) {
        eventually("the operator is ready", async || match self.health("readyz").await {
            Some(StatusCode::OK) => Ok(()),
            _ if self.ended().is_some() => panic!("the operator ended: {}", self.process.log_tail()),
            other => Err(format!("{other:?}, {}", self.process.log_tail())),
        })
        .await;
    }

    /// What `/readyz` or `/healthz` answers; nothing where nobody listens.
    pub(crate) async fn health(&self, path: &str) -> Option<StatusCode> {
        let asked = self.client.get(format!("http://{}/{path}", self.live)).send().await;
        asked.ok().map(|answer| answer.status())
    }

    /// What `/metrics` says; nothing where nobody listens.
    pub(crate) async fn metrics(&self) -> Option<String> {
        let asked = self.client.get(format!("http://{}/metrics", self.metrics)).send().await;
        asked.ok()?.text().await.ok()
    }

    /// The value of one series of `/metrics`, as it is written there: `name{label="value"}`.
    pub(crate) async fn metric(&self, series: &str) -> Option<f64> {
        let text = self.metrics().await?;
        text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
    }

    /// Waits until one series of `/metrics` has this value.
    pub(crate) async fn measures(&self, series: &str, value: f64) {
        eventually(&format!("{series} is {value}"), async || match self.metric(series).await {
            Some(measured) if measured == value => Ok(()),
            measured => Err(format!("it was {measured:?}")),
        })
        .await;
    }

    /// All that it ever logged, its earlier lives included.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap()
    }

    /// The lines of the log that hold a text.
    pub(crate) fn logged(&self, text: &str) -> Vec<String> {
        self.log().lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&self) -> Option<ExitStatus> {
        self.process.ended().unwrap()
    }

    /// Its process number.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Kills it at once (SIGKILL).
    pub(crate) fn kill(&self) {
        self.process.kill();
    }

    /// Stops its clock (SIGSTOP): it stands still when this returns.
    pub(crate) fn pause(&self) {
        self.process.pause().unwrap();
    }

    /// Lets it go on (SIGCONT).
    pub(crate) fn resume(&self) {
        self.process.resume().unwrap();
    }

    /// Waits until it ends by itself, and answers how.
    pub(crate) async fn ends(&self) -> ExitStatus {
        eventually("the operator ended", async || {
            self.ended().ok_or_else(|| format!("it still runs: {}", self.process.log_tail()))
        })
        .await
    }

    /// Asks it to end (SIGTERM), and waits until it does.
    pub(crate) async fn terminate(&self) -> ExitStatus {
        self.process.terminate().unwrap();
        self.ends().await
    }

    /// Kills it if it runs, starts it again as it was, and waits until it is ready.
    pub(crate) async fn restart(&self) {
        self.start_again();
        self.ready().await;
    }

    /// Kills it if it runs, and starts it again as it was. It is not ready yet when this returns.
    pub(crate) fn start_again(&self) {
        self.process.restart().unwrap();
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

/// The arguments of `env`, which becomes the operator: the variables, the program, and the program's own arguments.
fn command(folder: &TempDir, [live, metrics]: &[&str; 2], options: &Options) -> Vec<String> {
    let path = |name: &str| folder.path().join(name).display().to_string();
    let inherited = INHERITED.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
    let variables = [
        ("HOME", path("")),
        ("KUBECONFIG", path("kubeconfig")),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("AWS_SECRETSMANAGER_ENDPOINT", NO_AWS.to_owned()),
        ("AWS_SSM_ENDPOINT", NO_AWS.to_owned()),
        ("AWS_STS_ENDPOINT", NO_AWS.to_owned()),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value)).into_iter().chain(inherited);
    let variables =
        variables.chain(options.environment.clone()).map(|(name, value)| format!("{name}={value}"));
    ["-i".to_owned()]
        .into_iter()
        .chain(variables)
        .chain([env!("CARGO_BIN_EXE_eso").to_owned()])
        .chain([format!("--live-addr={live}"), format!("--metrics-addr={metrics}")])
        .chain(["--loglevel=trace".to_owned()])
        .chain(options.arguments.clone())
        .collect()
}

fn address() -> String {
    format!("127.0.0.1:{}", free_port().unwrap())
}
