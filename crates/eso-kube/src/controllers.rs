//! The controllers, and how they are joined: watches fill the index and the stores, these wake the engine, and the
//! engine writes through the target.

pub mod cluster_external_secret;
pub mod external_secret;
pub mod secret_store;

#[cfg(test)]
pub(crate) mod fixtures;
mod preview;
mod sources;
mod watches;

use std::{fmt, num::NonZeroUsize, panic::resume_unwind, sync::Arc, time::Duration};

use eso_core::{
    api::{
        cluster_external_secret::ClusterExternalSecret,
        external_secret::ExternalSecret,
        secret_store::{ClusterSecretStore, SecretStore},
    },
    key::StoreKind,
};
use eso_plan::template::Delimiters;
use eso_sync::engine::{Engine, Handle, Settings};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::Client;
use parking_lot::Mutex;
use tokio::{
    sync::watch::{Receiver, Sender},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{
    apply::{Writer, generic::GenericWriter},
    events::{EventTask, Events},
    index::Index,
    stores::{Connect, StoreRegistry, StoreRegistrySettings},
    telemetry::Telemetry,
};
use cluster_external_secret::{Clusters, Objects};
use external_secret::{KubeTarget, Router, RunObserver};
use sources::{ConfigMaps, Secrets, StoreObjects};
use watches::{Watches, all_listed};

pub use preview::Previewed;

/// How long the beginning waits for the list of ClusterExternalSecrets.
const PATIENCE: Duration = Duration::from_secs(5);

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
}

impl Default for Options {
    fn default() -> Self {
        let Settings { concurrency, heartbeat, .. } = Settings::default();
        Self {
            namespace: None,
            class: "default".to_owned(),
            cluster_stores: true,
            cluster_external_secrets: true,
            heartbeat,
            concurrency,
            store_requeue_interval: None,
            events_per_second: 20,
            delimiters: Delimiters::default(),
            generic_targets: false,
        }
    }
}

/// The operator: keeps the Secrets of a cluster equal to what its stores hold.
///
/// Guarantees: nothing is written before everything was listed once; nothing is remembered that a new process would
/// miss; when it is stopped, no write is begun any more.
pub struct Controller {
    client: Client,
    namespace: Option<String>,
    index: Arc<Mutex<Index>>,
    served: Served,
    engine: Engine,
    handle: Handle,
    events: EventTask,
    synced: Sender<bool>,
    /// Ends what serves the engine, after the engine.
    end: CancellationToken,
}

/// Who is told what the watches see.
struct Served {
    router: Arc<Router>,
    stores: Arc<StoreRegistry>,
    cluster_stores: bool,
    clusters: Option<Arc<Clusters>>,
}

impl fmt::Debug for Controller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Controller").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

impl Controller {
    /// Joins the parts. It must be made inside a tokio runtime, and nothing runs before [`run`](Self::run).
    ///
    /// `client` is best made by [`client::connect`](crate::client::connect).
    pub fn new(
        client: Client,
        options: Options,
        connect: Arc<dyn Connect>,
        telemetry: Arc<dyn Telemetry>,
    ) -> Self {
        let end = CancellationToken::new();
        let index = Arc::new(Mutex::new(Index::default()));
        let router = Arc::new(Router::new(Arc::clone(&index), Arc::clone(&telemetry)));
        let (events, event_task) =
            Events::new(client.clone(), options.events_per_second, Arc::clone(&telemetry));
        let stores = StoreRegistry::new(StoreRegistrySettings {
            client: client.clone(),
            connect,
            dependents: Arc::clone(&router) as _,
            events: events.clone(),
            telemetry: Arc::clone(&telemetry),
            class: options.class,
            requeue_interval: options.store_requeue_interval,
            stop: end.clone(),
        });
        let settings = Settings {
            concurrency: options.concurrency,
            heartbeat: options.heartbeat,
            delimiters: options.delimiters,
            ..Settings::default()
        };
        let target = KubeTarget {
            index: Arc::clone(&index),
            stores: Arc::clone(&stores),
            writer: Writer::new(client.clone()),
            generic: GenericWriter::new(client.clone()),
            allows_generic: options.generic_targets,
            events,
            telemetry: Arc::clone(&telemetry),
            started: (settings.clock)(),
            clock: Arc::clone(&settings.clock),
        };
        let clusters = (options.cluster_external_secrets && options.namespace.is_none())
            .then(|| Clusters::new(client.clone(), Arc::clone(&index), Arc::clone(&telemetry)));
        let observer = Arc::new(RunObserver { index: Arc::clone(&index), telemetry });
        let (engine, handle) = Engine::new(Arc::new(target), Arc::clone(&stores) as _, observer, settings);
        router.connect(handle.clone());
        Self {
            client,
            namespace: options.namespace,
            index,
            served: Served { router, stores, cluster_stores: options.cluster_stores, clusters },
            engine,
            handle,
            events: event_task,
            synced: Sender::new(false),
            end,
        }
    }

    /// Whether everything has been listed once: the operator is ready then.
    pub fn synced(&self) -> Receiver<bool> {
        self.synced.subscribe()
    }

    /// The engine's handle, for its numbers.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Runs until `stop` is cancelled, and returns when no call is under way any more and every login is ended.
    ///
    /// # Panics
    ///
    /// Where a watch has panicked, after everything else was stopped: what it watches would never be heard of again, and
    /// a new process lists everything anew.
    pub async fn run(self, stop: CancellationToken) {
        let stop = stop.child_token();
        let mut watches = Watches::new(self.client, self.namespace, stop.clone());
        let stores = Arc::clone(&self.served.stores);
        let events = tokio::spawn(self.events.run(self.end.clone()));
        let begin = begin(&mut watches, self.served, &self.synced, &stop);
        tokio::select! {
            () = stop.cancelled() => {}
            () = begin => self.engine.run(stop.clone()).await,
        }
        let panic = watches.end().await;
        self.end.cancel();
        stores.stopped().await;
        if events.await.is_err() {
            warn!("the events ended in a panic");
        }
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

/// Lists everything once. Objects and stores come first: then each Secret that is met is known to be named, or not.
async fn begin(watches: &mut Watches, served: Served, synced: &Sender<bool>, stop: &CancellationToken) {
    let Served { router, stores, cluster_stores, clusters } = served;
    let objects = watches.objects::<ExternalSecret>();
    match &clusters {
        Some(clusters) => watches.follow(objects, Objects::new(&router, clusters)),
        None => watches.follow(objects, Arc::clone(&router) as _),
    }
    watches.follow(watches.objects::<SecretStore>(), StoreObjects::new(StoreKind::SecretStore, &stores));
    if cluster_stores {
        let objects = watches.cluster_objects::<ClusterSecretStore>();
        watches.follow(objects, StoreObjects::new(StoreKind::ClusterSecretStore, &stores));
    }
    watches.listed().await;
    let secrets = Secrets::new(Arc::clone(&router), &stores, watches.namespace());
    watches.follow(watches.metadata::<Secret>(), secrets);
    let maps = ConfigMaps::new(Arc::clone(&router), &stores, watches.namespace());
    watches.follow(watches.metadata::<ConfigMap>(), maps);
    watches.listed().await;
    let namespaces = watches.follow_namespaces(&router, &stores, clusters.clone());
    if let Some(clusters) = clusters {
        let objects = watches.cluster_objects::<ClusterExternalSecret>();
        let listed = vec![namespaces, watches.follow_apart(objects, Arc::clone(&clusters) as _)];
        watches.spawn(clusters.run(listed.clone(), stop.clone()));
        // Nobody else waits for ever where their definition is not there, or namespaces may not be listed.
        let _ = timeout(PATIENCE, all_listed(listed)).await;
    }
    synced.send_replace(true);
    stores.settled().await;
}

#[cfg(test)]
mod tests;
