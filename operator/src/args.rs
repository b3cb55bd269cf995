//! What the operator is told on its command line: the original's flags by their names, and a few of ours.
//!
//! A doc comment on a flag is its help and its line in `docs/reference/flags.md`.

mod accepted;
mod address;
mod environment;
mod migrate;
mod originals;
mod webhook;

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use clap::{Arg, ArgAction, Parser, Subcommand, ValueEnum, builder::BoolishValueParser};
use eso_core::duration;

pub(crate) use accepted::HEADING as ACCEPTED;
pub use accepted::{Accepted, Flag};
pub use address::ListenAddress;
pub use environment::environment;
pub use migrate::Migrate;
pub use originals::{CertController, Webhook};
pub use webhook::{CertificateSource, WebhookFlags};

/// Keeps Kubernetes Secrets equal to what AWS Secrets Manager and Vault hold.
#[derive(Clone, Debug, PartialEq, Parser)]
#[command(name = "eso", version, max_term_width = 100, mut_args(switched))]
pub struct Args {
    /// Where metrics are served, as `:port` or `address:port`; `0` serves none.
    #[arg(long, value_name = "ADDRESS", default_value = ":8080")]
    pub metrics_addr: ListenAddress,

    /// Whether metrics are served by TLS; that is not done here, and none are served then.
    #[arg(long, value_name = SWITCH, default_value = "false")]
    pub metrics_secure: bool,

    /// Whether whoever reads metrics is asked for a token; that is not done here, and none are served then.
    #[arg(long, value_name = SWITCH, default_value = "false")]
    pub metrics_auth: bool,

    /// Where `/healthz` and `/readyz` are served; `0` serves none.
    #[arg(long, value_name = "ADDRESS", default_value = ":8082")]
    pub live_addr: ListenAddress,

    /// The class of stores that this operator serves, beside those that name none.
    #[arg(long, global = true, value_name = "CLASS", default_value = "default")]
    pub controller_class: String,

    /// The one namespace that is served; all of them where nothing is said.
    #[arg(long, global = true, value_name = "NAMESPACE", default_value = "")]
    pub namespace: String,

    /// Whether several operators choose one of them, which alone writes; the others are ready to take its place.
    #[arg(long, value_name = SWITCH, default_value = "false")]
    pub enable_leader_election: bool,

    /// The name of the Lease that the leader holds, in the operator's own namespace: that of its service account, or of
    /// the kubeconfig's context where it runs outside of a cluster.
    #[arg(long, value_name = "NAME", default_value = "external-secrets-controller")]
    pub leader_election_id: String,

    /// How long the others wait after the leader's last renewal before one of them takes the lease; longer than the renew
    /// deadline.
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = go_duration)]
    pub leader_election_lease_duration: Duration,

    /// How long a leader that cannot renew its lease goes on trying before it ends; longer than 1.2 retry periods.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = go_duration)]
    pub leader_election_renew_deadline: Duration,

    /// The time between two tries to take or renew the lease.
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = go_duration)]
    pub leader_election_retry_period: Duration,

    /// Whether ClusterSecretStores are served; the ExternalSecrets that name one are left as they are where not.
    #[arg(long, value_name = SWITCH, default_value = "true")]
    pub enable_cluster_store_reconciler: bool,

    /// Whether ClusterExternalSecrets are served; where `--namespace` is set, they are not.
    #[arg(long, value_name = SWITCH, default_value = "true")]
    pub enable_cluster_external_secret_reconciler: bool,

    /// Whether PushSecrets are served.
    #[arg(long, value_name = SWITCH, default_value = "true")]
    pub enable_push_secret_reconciler: bool,

    /// Whether ClusterPushSecrets are served; where `--namespace` is set, they are not.
    #[arg(long, value_name = SWITCH, default_value = "true")]
    pub enable_cluster_push_secret_reconciler: bool,

    /// Whether ExternalSecrets of `kubernetes-client.io` are served, where they are defined. The stores behind them are made of
    /// the environment, with the variables of their older controller.
    #[arg(long, value_name = SWITCH, default_value = "true")]
    pub serve_kubernetes_client_io: bool,

    /// Where the operator's own service-account token is, with which stores of Vault log in that name no other: a file that is
    /// read at each login.
    #[arg(long, global = true, value_name = "FILE", default_value = eso_vault::Vault::OWN_TOKEN)]
    pub own_token_file: PathBuf,

    /// How many objects may be under way at once, those that wait for their store included. Fewer than the default
    /// are not taken, so that a Deployment of the original, which says 1, keeps nobody waiting.
    #[arg(long, value_name = "NUMBER", default_value = "512")]
    pub concurrent: NonZeroUsize,

    /// The time between two validations of a store that says none itself; 0 validates it when it changes or fails.
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = go_duration)]
    pub store_requeue_interval: Duration,

    /// How old a written `status.refreshTime` may be before it is written again although nothing changed; 0 writes
    /// it at every refresh.
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = go_duration)]
    pub status_heartbeat: Duration,

    /// Requests a second to the API server; 0 leaves the limit to the API server itself.
    #[arg(long, value_name = "NUMBER", default_value = "0")]
    pub client_qps: u32,

    /// Requests to the API server at once, where `--client-qps` sets a limit.
    #[arg(long, value_name = "NUMBER", default_value = "100")]
    pub client_burst: u32,

    /// Events a second; what overflows is dropped and counted.
    #[arg(long, value_name = "NUMBER", default_value = "20")]
    pub events_per_second: u32,

    /// What is logged.
    #[arg(long, value_name = "LEVEL", default_value = "info", ignore_case = true)]
    pub loglevel: LogLevel,

    /// How it is logged.
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    pub log_format: LogFormat,

    /// What begins an action in a template.
    #[arg(long, global = true, value_name = "TEXT", default_value = "{{")]
    pub template_left_delimiter: String,

    /// What ends an action in a template.
    #[arg(long, global = true, value_name = "TEXT", default_value = "}}")]
    pub template_right_delimiter: String,

    /// Whether a target may be something else than a Secret (`spec.target.manifest`). What it holds is no secret any
    /// more for whoever may read that kind, and the operator needs rights to it.
    #[arg(long, global = true, value_name = SWITCH, default_value = "false")]
    pub unsafe_allow_generic_targets: bool,

    /// How admission is served.
    #[command(flatten)]
    pub webhook: WebhookFlags,

    /// The address of AWS Secrets Manager, where it is not the region's own.
    #[arg(long, global = true, value_name = "URL", env = "AWS_SECRETSMANAGER_ENDPOINT")]
    pub aws_secretsmanager_endpoint: Option<String>,

    /// The address of AWS Systems Manager, whose Parameter Store keeps values, where it is not the region's own.
    #[arg(long, global = true, value_name = "URL", env = "AWS_SSM_ENDPOINT")]
    pub aws_ssm_endpoint: Option<String>,

    /// The address of the AWS Security Token Service, where it is not the region's own.
    #[arg(long, global = true, value_name = "URL", env = "AWS_STS_ENDPOINT")]
    pub aws_sts_endpoint: Option<String>,

    /// Those that decide nothing.
    #[command(flatten)]
    pub accepted: Accepted,

    /// What to do in place of running the operator.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What stands for the value of a flag that is switched on and off.
const SWITCH: &str = "BOOL";

/// A flag that is switched on and off is taken as Go's are: `--flag`, `--flag=true` or `--flag=false`.
fn switched(flag: Arg) -> Arg {
    let is_switch = flag.get_value_names().is_some_and(|names| names.iter().any(|name| name == SWITCH));
    if !is_switch {
        return flag;
    }
    flag.action(ArgAction::Set)
        .default_missing_value("true")
        .num_args(0..=1)
        .require_equals(true)
        .value_parser(BoolishValueParser::new())
}

/// What else the binary can do.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Says what the operator would do to one ExternalSecret, or to all, against the cluster of the kubeconfig and the
    /// real stores. It shows no value, and writes nothing.
    Plan(Planned),
    /// Renders the target of an ExternalSecret without a cluster, values and all.
    Render(Rendered),
    /// Writes manifests of `external-secrets.io/v1`, with their stores, in place of older ones: those of
    /// `kubernetes-client.io/v1`, and of `external-secrets.io` in the versions `v1beta1` and `v1alpha1`. What has no
    /// equivalent is listed on the standard error. The code is 1 where an object could not be written.
    ///
    /// The environment is that of the older controller's Deployment: VAULT_ADDR, AWS_REGION and so on.
    Migrate(Migrate),
    /// Serves webhooks that judge objects, and nothing else: what the original's Deployment of its webhook runs. It asks the
    /// cluster nothing.
    Webhook(Webhook),
    /// Does nothing, and says that it is well: what the original's Deployment for certificates runs. The operator itself
    /// keeps those of its webhooks.
    Certcontroller(CertController),
    /// Prints the files that are generated, as a JSON object of their paths and contents.
    #[command(hide = true)]
    Codegen,
}

/// What `eso plan` is about.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Planned {
    /// The ExternalSecret, as NAMESPACE/NAME.
    #[arg(value_name = "NAMESPACE/NAME", required_unless_present = "all", conflicts_with = "all", value_parser = object_name)]
    pub object: Option<ObjectName>,

    /// All ExternalSecrets of all namespaces, or of the one that `--namespace` names.
    #[arg(short = 'A', long)]
    pub all: bool,
}

/// An object, by namespace and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectName {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// What `eso render` is given.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Rendered {
    /// A file with the ExternalSecret, and with the ConfigMaps and Secrets that its templates stand in; `-` is the
    /// standard input.
    #[arg(short = 'f', long, value_name = "FILE")]
    pub filename: PathBuf,

    /// A file with what the stores hold: a YAML map of remote keys and values. A value that is a map itself is a JSON object.
    #[arg(long, value_name = "FILE")]
    pub values: Option<PathBuf>,
}

/// What is logged. The names are the original's; the three above `error` are logged as errors here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Everything.
    Trace,
    /// What decides.
    Debug,
    /// What happens.
    Info,
    /// What should not happen.
    Warn,
    /// What must not happen.
    #[value(aliases = ["dpanic", "panic", "fatal"])]
    Error,
}

/// How it is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line of text for people.
    Text,
    /// A JSON object a line.
    Json,
}

fn object_name(text: &str) -> Result<ObjectName, String> {
    match text.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
            Ok(ObjectName { namespace: namespace.to_owned(), name: name.to_owned() })
        }
        Some(_) | None => Err("it is no NAMESPACE/NAME".to_owned()),
    }
}

/// A Go duration that is not negative.
fn go_duration(text: &str) -> Result<Duration, String> {
    let parsed = duration::parse(text).map_err(|error| error.to_string())?;
    Duration::try_from(parsed).map_err(|_| "a duration must not be negative".to_owned())
}

#[cfg(test)]
mod tests;
