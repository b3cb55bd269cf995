//! What a controller serves, and how.

use std::{num::NonZeroUsize, time::Duration};

use eso_plan::{convert::legacy::Environment, filled::record::SealKey, template::Delimiters};
use eso_sync::engine::Settings;
use tokio::sync::watch::Receiver;

use crate::{lease::Leadership, stores::Standby};

/// What is served, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The one namespace that is served; `None` for all (`--namespace`).
    pub namespace: Option<String>,
    /// The class of stores that are served beside those of no class (`--controller-class`).
    pub class: String,
    /// Whether ClusterSecretStores are served (`--enable-cluster-store-reconciler`).
    pub cluster_stores: bool,
    /// Whether ClusterExternalSecrets are served (`--enable-cluster-external-secret-reconciler`). Where one namespace alone
    /// is served, they are not.
    pub cluster_external_secrets: bool,
    /// Whether PushSecrets are served (`--enable-push-secret-reconciler`).
    pub push_secrets: bool,
    /// Whether ClusterPushSecrets are served (`--enable-cluster-push-secret-reconciler`). Where one namespace alone is
    /// served, they are not.
    pub cluster_push_secrets: bool,
    /// What ExternalSecrets of `kubernetes-client.io` are served with; `None` serves none
    /// (`--serve-kubernetes-client-io`).
    pub legacy: Option<Environment>,
    /// How old a written `refreshTime` may be before it is written again although nothing changed.
    pub heartbeat: Duration,
    /// How many ExternalSecrets may be under way at once.
    pub concurrency: NonZeroUsize,
    /// The time between two validations of a store that says none itself; `None`: when it changes or fails.
    pub store_requeue_interval: Option<Duration>,
    /// How many events are sent a second; 0 for none.
    pub events_per_second: u32,
    /// What begins and ends an action in a template (`--template-left-delimiter`, `--template-right-delimiter`).
    pub delimiters: Delimiters,
    /// Whether targets may be something else than Secrets (`--unsafe-allow-generic-targets`).
    pub generic_targets: bool,
    /// The key that filled Secrets are sealed with, once it is known; `None`: they are not refreshed.
    pub seal_key: Option<Receiver<Option<SealKey>>>,
    /// Whether this process leads. The client that it is given is to be [fenced](crate::client::fenced) by it.
    pub leadership: Leadership,
    /// What becomes of the stores before this process leads.
    pub standby: Standby,
}

impl Default for Options {
    fn default() -> Self {
        let Settings { concurrency, heartbeat, .. } = Settings::default();
        Self {
            namespace: None,
            class: "default".to_owned(),
            cluster_stores: true,
            cluster_external_secrets: true,
            push_secrets: true,
            cluster_push_secrets: true,
            legacy: None,
            heartbeat,
            concurrency,
            store_requeue_interval: None,
            events_per_second: 20,
            delimiters: Delimiters::default(),
            generic_targets: false,
            seal_key: None,
            leadership: Leadership::default(),
            standby: Standby::default(),
        }
    }
}

impl Options {
    /// How the engines work.
    pub(super) fn settings(&self) -> Settings {
        Settings {
            concurrency: self.concurrency,
            heartbeat: self.heartbeat,
            delimiters: self.delimiters.clone(),
            ..Settings::default()
        }
    }
}
