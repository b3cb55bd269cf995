//! How admission is served.

use std::time::Duration;

use clap::ValueEnum;

use super::{SWITCH, go_duration};

/// The flags about admission.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args)]
pub struct WebhookFlags {
    /// Whether webhooks are served: Secrets are filled while they are created or updated, and objects are judged.
    #[arg(long, value_name = SWITCH, default_value = "false")]
    pub webhook_enable: bool,

    /// The port that webhooks are served at, over TLS.
    #[arg(long, value_name = "PORT", default_value = "10250")]
    pub webhook_port: u16,

    /// The Service that leads to the webhooks, in the operator's own namespace: certificates are made for its names.
    #[arg(long, value_name = "NAME", default_value = "external-secrets-webhook")]
    pub webhook_service_name: String,

    /// The Secret in the operator's own namespace that holds the certificates; the Service's name where nothing is said.
    #[arg(long, value_name = "NAME")]
    pub webhook_secret_name: Option<String>,

    /// The name of the MutatingWebhookConfiguration and of the ValidatingWebhookConfiguration whose `caBundle`s and
    /// paths are kept.
    #[arg(long, value_name = "NAME", default_value = "external-secrets-webhook")]
    pub webhook_configuration_name: String,

    /// Whose certificates are served.
    #[arg(long, value_name = "WHOSE", default_value = "own")]
    pub webhook_certificates: CertificateSource,

    /// How long a new authority is trusted before what it signed is served, and an old one after that: each API server
    /// and each replica must have heard of it by then.
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = go_duration)]
    pub webhook_certificate_overlap: Duration,

    /// How long an answer may take. What is not known by then is refused, or for a Secret that an ExternalSecret writes,
    /// left to that; shorter than the `timeoutSeconds` of the webhooks.
    #[arg(long, value_name = "DURATION", default_value = "9s", value_parser = go_duration)]
    pub webhook_timeout: Duration,

    /// The Secret in the operator's own namespace whose `seal.key` seals what filled Secrets refer to. One is made where
    /// there is none.
    #[arg(long, value_name = "NAME", default_value = "external-secrets-seal")]
    pub seal_secret_name: String,
}

impl WebhookFlags {
    /// The Secret that holds the certificates.
    pub fn secret_name(&self) -> &str {
        self.webhook_secret_name.as_deref().unwrap_or(&self.webhook_service_name)
    }
}

/// Whose certificates are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CertificateSource {
    /// The operator makes them, rotates them, and has the API server trust them.
    Own,
    /// Somebody else does, such as cert-manager: they are read, and read again when they change.
    Followed,
}
