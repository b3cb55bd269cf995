//! The flags of the original's other two commands. Those that mean nothing here are taken, so that a Deployment of the
//! original needs no other command line.

use std::{path::PathBuf, time::Duration};

use super::{ListenAddress, LogLevel, SWITCH, go_duration, switched};

/// What `webhook` is told.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
#[command(mut_args(switched))]
pub struct Webhook {
    /// The port that webhooks are served at, over TLS.
    #[arg(long, value_name = "PORT", default_value = "10250")]
    pub port: u16,

    /// The folder with `tls.crt` and `tls.key`, which are read again when they change.
    #[arg(long, value_name = "FOLDER", default_value = "/tmp/k8s-webhook-server/serving-certs")]
    pub cert_dir: PathBuf,

    /// How often it is looked whether they changed; ten seconds where that is more.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = go_duration)]
    pub check_interval: Duration,

    /// Where `/healthz` and `/readyz` are served; `0` serves none.
    #[arg(long, value_name = "ADDRESS", default_value = ":8081")]
    pub healthz_addr: ListenAddress,

    /// Where metrics are served; `0` serves none.
    #[arg(long, value_name = "ADDRESS", default_value = ":8080")]
    pub metrics_addr: ListenAddress,

    /// What is logged.
    #[arg(long, value_name = "LEVEL", default_value = "info", ignore_case = true)]
    pub loglevel: LogLevel,

    /// Accepted for the original's sake: whoever asks says for which name.
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    pub dns_name: String,

    /// Accepted for the original's sake: a certificate is served for as long as it is there.
    #[arg(long, value_name = "DURATION", default_value = "2160h", value_parser = go_duration)]
    pub lookahead_interval: Duration,

    /// Accepted for the original's sake: rustls has no weak ones.
    #[arg(long, value_name = "NAMES", default_value = "")]
    pub tls_ciphers: String,

    /// Accepted for the original's sake: TLS 1.2 and 1.3 are served.
    #[arg(long, value_name = "VERSION", default_value = "1.2")]
    pub tls_min_version: String,

    /// What both are told besides.
    #[command(flatten)]
    pub common: Common,
}

/// What `certcontroller` is told.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
#[command(mut_args(switched))]
pub struct CertController {
    /// Where `/healthz` and `/readyz` are served; `0` serves none.
    #[arg(long, value_name = "ADDRESS", default_value = ":8081")]
    pub healthz_addr: ListenAddress,

    /// Where metrics are served; `0` serves none.
    #[arg(long, value_name = "ADDRESS", default_value = ":8080")]
    pub metrics_addr: ListenAddress,

    /// What is logged.
    #[arg(long, value_name = "LEVEL", default_value = "info", ignore_case = true)]
    pub loglevel: LogLevel,

    /// Accepted for the original's sake.
    #[arg(long, value_name = "NAME", default_value = "external-secrets-webhook")]
    pub service_name: String,

    /// Accepted for the original's sake.
    #[arg(long, value_name = "NAMESPACE", default_value = "default")]
    pub service_namespace: String,

    /// Accepted for the original's sake.
    #[arg(long, value_name = "NAME", default_value = "external-secrets-webhook")]
    pub secret_name: String,

    /// Accepted for the original's sake.
    #[arg(long, value_name = "NAMESPACE", default_value = "default")]
    pub secret_namespace: String,

    /// Accepted for the original's sake.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub crd_names: Vec<String>,

    /// Accepted for the original's sake.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = go_duration)]
    pub crd_requeue_interval: Duration,

    /// Accepted for the original's sake: nothing is written, by whomever.
    #[arg(long, value_name = SWITCH, default_value = "false")]
    pub enable_leader_election: bool,

    /// Accepted for the original's sake.
    #[arg(long, value_name = SWITCH, default_value = "false")]
    pub enable_partial_cache: bool,

    /// What both are told besides.
    #[command(flatten)]
    pub common: Common,
}

/// What both are told besides.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct Common {
    /// Whether metrics are to be served over TLS: here they are not served then.
    #[arg(long, value_name = SWITCH, default_value = "false")]
    pub metrics_secure: bool,

    /// Whether metrics are to be served to those who may read them: here they are not served then.
    #[arg(long, value_name = SWITCH, default_value = "false")]
    pub metrics_auth: bool,

    /// Accepted for the original's sake: metrics are served without TLS or not at all.
    #[arg(long, value_name = "FOLDER", default_value = "")]
    pub metrics_cert_dir: String,

    /// Accepted for the original's sake: metrics are served without TLS or not at all.
    #[arg(long, value_name = "NAME", default_value = "tls.crt")]
    pub metrics_cert_name: String,

    /// Accepted for the original's sake: metrics are served without TLS or not at all.
    #[arg(long, value_name = "NAME", default_value = "tls.key")]
    pub metrics_key_name: String,

    /// Accepted for the original's sake: HTTP 2 is served in any case.
    #[arg(long, value_name = SWITCH, default_value = "false")]
    pub enable_http2: bool,

    /// Accepted for the original's sake: times are logged as RFC 3339.
    #[arg(long, value_name = "ENCODING", default_value = "rfc3339")]
    pub zap_time_encoding: String,
}

impl Common {
    /// Where metrics are served, of this address: who wants them protected is not served them without.
    pub fn metrics(&self, address: &ListenAddress) -> ListenAddress {
        match self.metrics_secure || self.metrics_auth {
            true => ListenAddress::nowhere(),
            false => address.clone(),
        }
    }
}
