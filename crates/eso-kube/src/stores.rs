//! The stores of the cluster, by name: parsed, connected in the background, and handed to the engine.
//!
//! [`StoreRegistry`] is told what the watches see, and implements [`Stores`]. One task keeps each identity connected,
//! so that a store that hangs holds up nobody but its own objects.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use eso_core::{
    api::secret_store::Provider,
    error::ProviderError,
    key::{StoreKind, StoreReference},
    provider::{Connection, SecretProvider},
};
use eso_sync::{ports::Stores, store::Store};
use kube::core::DynamicObject;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{events::Events, telemetry::Telemetry};

/// A store, by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreKey {
    /// Which kind of store.
    pub kind: StoreKind,
    /// Its namespace; `None` for a ClusterSecretStore.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

/// What happened to a store, for the objects that name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StoreChange {
    /// It can be used, and is what it was: objects that failed have a reason to look again, fresh ones have none.
    Ready,
    /// It can be used, and its spec, a credential or the store itself is another: every value may be another.
    Edited,
    /// It failed, or is gone. Its objects find that out when they are next due.
    Lost,
}

/// Told what happens to stores. Every call returns at once.
pub trait Dependents: fmt::Debug + Send + Sync + 'static {
    /// `store` changed: for the objects of the namespace `asking` where that is given (a ClusterSecretStore that is
    /// logged in for each namespace by itself), else for all objects that name it.
    fn store_changed(&self, store: &StoreKey, asking: Option<&str>, change: StoreChange);
}

/// Makes a provider out of what a store says. The set of providers is open: a program passes its own.
#[async_trait]
pub trait Connect: fmt::Debug + Send + Sync + 'static {
    /// The provider, logged in or about to log in at its first call.
    async fn connect(
        &self,
        provider: &Provider,
        connection: Connection,
    ) -> Result<Arc<dyn SecretProvider>, ConnectError>;
}

/// Why there is no provider for a store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// No provider of this name is known: the store is left as it is.
    #[error("the provider {0:?} is not known to this operator")]
    Unknown(String),
    /// The provider is known, and cannot be made so.
    #[error("{0}")]
    Provider(#[source] ProviderError),
}

/// What a [`StoreRegistry`] is made of.
#[derive(Clone)]
pub struct StoreRegistrySettings {
    /// For credentials, and for the namespaces of conditions.
    pub client: kube::Client,
    /// Makes the providers.
    pub connect: Arc<dyn Connect>,
    /// Told when a store changes.
    pub dependents: Arc<dyn Dependents>,
    /// Told what people should hear.
    pub events: Events,
    /// Told what is counted.
    pub telemetry: Arc<dyn Telemetry>,
    /// The class of stores that are served (`--controller-class`): those of no class, and those of this one.
    pub class: String,
    /// The time between two validations of a store that says none itself (`--store-requeue-interval`); `None`: it is
    /// validated when it changes or fails.
    pub requeue_interval: Option<Duration>,
    /// Ends every connection.
    pub stop: CancellationToken,
}

impl fmt::Debug for StoreRegistrySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreRegistrySettings").field("class", &self.class).finish_non_exhaustive()
    }
}

/// The stores of the cluster.
#[derive(Debug)]
pub struct StoreRegistry {
    settings: StoreRegistrySettings,
    namespaces_wanted: watch::Sender<bool>,
}

impl StoreRegistry {
    /// A registry that knows no store yet. It must be made inside a tokio runtime.
    pub fn new(settings: StoreRegistrySettings) -> Arc<Self> {
        Arc::new(Self { settings, namespaces_wanted: watch::Sender::new(false) })
    }

    /// A store is there, or was edited. One that cannot be understood gets a condition that says so.
    pub fn apply_store(&self, _kind: StoreKind, _object: DynamicObject) {}

    /// A store is gone.
    pub fn delete_store(&self, _kind: StoreKind, _namespace: Option<&str>, _name: &str) {}

    /// A Secret is there, was edited, or is gone (`resource_version` is `None`). A store that logged in with another
    /// version of it logs in again.
    pub fn secret_changed(&self, _namespace: &str, _name: &str, _resource_version: Option<&str>) {}

    /// As [`secret_changed`](Self::secret_changed), of a ConfigMap.
    pub fn config_map_changed(&self, _namespace: &str, _name: &str, _resource_version: Option<&str>) {}

    /// Whether a store names this Secret.
    pub fn cares_about_secret(&self, _namespace: &str, _name: &str) -> bool {
        false
    }

    /// Whether a store names this ConfigMap.
    pub fn cares_about_config_map(&self, _namespace: &str, _name: &str) -> bool {
        false
    }

    /// Whether some store asks for labels of namespaces: only then are they worth a watch.
    pub fn namespaces_wanted(&self) -> watch::Receiver<bool> {
        self.namespaces_wanted.subscribe()
    }

    /// A namespace is there, or has other labels.
    pub fn namespace_changed(&self, _name: &str, _labels: &BTreeMap<String, String>) {}

    /// A namespace is gone.
    pub fn namespace_deleted(&self, _name: &str) {}

    /// Whether an object that names this store is ours to serve: not where the store is of another class.
    pub fn serves(&self, _reference: &StoreReference) -> bool {
        true
    }

    /// Returns when every store that was there had a first answer, good or bad, or has been asked for long enough:
    /// until then, an object that is looked at may meet a store that is not ready.
    pub async fn settled(&self) {}
}

#[async_trait]
impl Stores for StoreRegistry {
    async fn store(&self, reference: &StoreReference) -> Result<Arc<Store>, String> {
        let StoreReference { kind, namespace: _, name } = reference;
        let _ = &self.settings;
        Err(format!("could not get {kind} \"{name}\", {kind}.external-secrets.io \"{name}\" not found"))
    }
}
