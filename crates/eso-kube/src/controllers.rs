//! The controllers, and how they are joined: watches fill the index and the stores, these wake the engine, and the
//! engine writes through the target.

pub mod cluster;
pub mod external_secret;
mod filled;
pub mod push_secret;
pub mod secret_store;

#[cfg(test)]
pub(crate) mod fixtures;
mod legacy;
mod preview;
mod roll;
mod sources;
mod targets;
mod watches;

use std::{
    fmt,
    num::NonZeroUsize,
    panic::resume_unwind,
    sync::{Arc, OnceLock},
    time::Duration,
};

use eso_core::{
    api::{
        cluster_external_secret::ClusterExternalSecret,
        cluster_push_secret::ClusterPushSecret,
        external_secret::ExternalSecret,
        legacy::ExternalSecret as OlderExternalSecret,
        push_secret::PushSecret,
        secret_store::{ClusterSecretStore, SecretStore},
    },
    key::StoreKind,
};
use eso_plan::{convert::legacy::Environment, filled::record::SealKey, template::Delimiters};
use eso_sync::{
    engine::{Engine, Handle, Settings},
    push,
};
use futures::future::{join, join_all};
use k8s_openapi::api::core::v1::{ConfigMap, Secret, ServiceAccount};
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
    lease::Leadership,
    spread::Spread,
    stores::{Connect, Standby, StoreRegistry, StoreRegistrySettings},
    telemetry::Telemetry,
    watch::{Item, Watched},
};
use cluster::{Clusters, Copies, NamespaceFollower, Roster};
use external_secret::{KubeTarget, Router, RunObserver};
use filled::FilledSecrets;
use legacy::{LegacyObjects, Permits, is_defined, until_defined};
use push_secret::{Dependent, Parts, PushWatch, Pushes};
use roll::PushSecretNames;
use sources::{ConfigMaps, Secrets, ServiceAccounts, StoreObjects};
use watches::{Watches, all_listed};

pub use preview::Previewed;
pub use targets::{Targets, Writing};

/// How long the beginning waits for the lists of objects that are spread.
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

/// The operator: keeps the Secrets of a cluster equal to what its stores hold.
///
/// Guarantees: nothing is written before everything was listed once, and before this process leads; nothing is remembered
/// that a new process would miss; when it is stopped, or leads no longer, no write is begun any more.
pub struct Controller {
    client: Client,
    namespace: Option<String>,
    index: Arc<Mutex<Index>>,
    served: Served,
    engine: Engine,
    filling: Option<Engine>,
    pushing: Option<push::Engine>,
    handles: Vec<Handle>,
    events: EventTask,
    leadership: Leadership,
    synced: Sender<bool>,
    /// Ends what serves the engine, after the engine.
    end: CancellationToken,
}

/// Who is told what the watches see.
struct Served {
    router: Arc<Router>,
    stores: Arc<StoreRegistry>,
    cluster_stores: bool,
    cluster_external_secrets: Option<Arc<Clusters<ClusterExternalSecret>>>,
    cluster_push_secrets: Option<Arc<Clusters<ClusterPushSecret>>>,
    push_secrets: PushObjects,
    filled: Option<Arc<FilledSecrets>>,
    legacy: Option<Arc<LegacyObjects>>,
}

/// The PushSecrets that are there.
enum PushObjects {
    /// They are served.
    Served(Arc<Pushes>),
    /// They are not, and are known by name for the sake of those that are copies.
    Known(Arc<PushSecretNames>),
}

impl PushObjects {
    fn served(&self) -> Option<&Arc<Pushes>> {
        match self {
            Self::Served(pushes) => Some(pushes),
            Self::Known(_) => None,
        }
    }

    fn roster(&self) -> Arc<dyn Roster> {
        match self {
            Self::Served(pushes) => Arc::clone(pushes) as _,
            Self::Known(names) => Arc::clone(names) as _,
        }
    }

    fn watched(&self) -> Arc<dyn Watched<Item<PushSecret>>> {
        match self {
            Self::Served(pushes) => PushWatch::new(pushes),
            Self::Known(names) => Arc::clone(names) as _,
        }
    }
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
        let dependent = Arc::new(Dependent {
            router: Arc::clone(&router),
            pushes: OnceLock::new(),
            filled: OnceLock::new(),
        });
        let (events, event_task) =
            Events::new(client.clone(), options.events_per_second, Arc::clone(&telemetry));
        let stores = StoreRegistry::new(StoreRegistrySettings {
            client: client.clone(),
            connect,
            dependents: Arc::clone(&dependent) as _,
            events: events.clone(),
            telemetry: Arc::clone(&telemetry),
            class: options.class.clone(),
            cluster_stores: options.cluster_stores,
            requeue_interval: options.store_requeue_interval,
            leadership: options.leadership.clone(),
            standby: options.standby,
            stop: end.clone(),
        });
        let settings = settings(&options);
        let permits = Arc::default();
        let legacy = options.legacy.map(Arc::new);
        let legacy = legacy.map(|environment| LegacyObjects::new(&router, &stores, environment, &permits));
        let shared = Shared {
            client: client.clone(),
            stores: Arc::clone(&stores),
            events,
            telemetry,
            settings,
            leadership: options.leadership.clone(),
            permits,
        };
        let watches_all = options.namespace.is_none();
        let (push_secrets, pushing) = match options.push_secrets {
            true => {
                let (pushes, pushing) = shared.pushing(&dependent, watches_all);
                (PushObjects::Served(pushes), Some(pushing))
            }
            false => (PushObjects::Known(Arc::default()), None),
        };
        let (pushing, push_handle) = pushing.unzip();
        let spreads = |is_asked_for: bool| is_asked_for && watches_all;
        let cluster_external_secrets =
            spreads(options.cluster_external_secrets).then(|| shared.spread(Arc::clone(&index) as _));
        let cluster_push_secrets =
            spreads(options.cluster_push_secrets).then(|| shared.spread(push_secrets.roster()));
        let (filled, filling) = options.seal_key.map(|key| shared.filling(&dependent, key)).unzip();
        let (filling, filled_handle) = filling.unzip();
        let (engine, handle) = shared.engine(&index, &router, options.generic_targets);
        Self {
            client,
            namespace: options.namespace,
            index,
            served: Served {
                router,
                stores,
                cluster_stores: options.cluster_stores,
                cluster_external_secrets,
                cluster_push_secrets,
                push_secrets,
                filled,
                legacy,
            },
            engine,
            filling,
            pushing,
            handles: [handle].into_iter().chain(filled_handle).chain(push_handle).collect(),
            events: event_task,
            leadership: options.leadership,
            synced: Sender::new(false),
            end,
        }
    }

    /// Whether everything has been listed once: the operator is ready then, whether or not it leads.
    pub fn synced(&self) -> Receiver<bool> {
        self.synced.subscribe()
    }

    /// The stores, for whoever reads them besides.
    pub fn stores(&self) -> Arc<StoreRegistry> {
        Arc::clone(&self.served.stores)
    }

    /// Which objects write a Secret, for whoever fills one before it is stored.
    pub fn targets(&self) -> Targets {
        Targets::new(&self.index, &self.served.stores, Writer::new(self.client.clone()))
    }

    /// The handles of the engines, for their numbers: that of ExternalSecrets, and those of filled Secrets and PushSecrets
    /// where they are served.
    pub fn handles(&self) -> &[Handle] {
        &self.handles
    }

    /// Runs until `stop` is cancelled or this process leads no longer, and returns when no call is under way any more and
    /// every login is ended.
    ///
    /// # Panics
    ///
    /// Where a watch has panicked, after everything else was stopped: what it watches would never be heard of again, and
    /// a new process lists everything anew.
    pub async fn run(self, stop: CancellationToken) {
        let stop = stop.child_token();
        let mut watches = Watches::new(self.client, self.namespace, self.leadership.clone(), stop.clone());
        let leadership = self.leadership;
        watches.spawn(async move { leadership.over().await });
        if let Some(filled) = &self.served.filled {
            watches.spawn(Arc::clone(filled).follow_key());
        }
        let stores = Arc::clone(&self.served.stores);
        let events = tokio::spawn(self.events.run(self.end.clone()));
        let begin = begin(&mut watches, self.served, &self.synced, &stop);
        tokio::select! {
            () = stop.cancelled() => {}
            () = begin => {
                let pushing = async {
                    match self.pushing {
                        Some(engine) => engine.run(stop.clone()).await,
                        None => stop.cancelled().await,
                    }
                };
                let engines = [self.engine].into_iter().chain(self.filling).map(|engine| engine.run(stop.clone()));
                join(join_all(engines), pushing).await;
            }
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

/// How the engines work.
fn settings(options: &Options) -> Settings {
    Settings {
        concurrency: options.concurrency,
        heartbeat: options.heartbeat,
        delimiters: options.delimiters.clone(),
        ..Settings::default()
    }
}

/// What all that is served shares.
struct Shared {
    client: Client,
    stores: Arc<StoreRegistry>,
    events: Events,
    telemetry: Arc<dyn Telemetry>,
    settings: Settings,
    leadership: Leadership,
    permits: Arc<Permits>,
}

impl Shared {
    /// The engine that serves ExternalSecrets, of which the router tells it.
    fn engine(self, index: &Arc<Mutex<Index>>, router: &Router, allows_generic: bool) -> (Engine, Handle) {
        let Self { client, stores, events, telemetry, settings, leadership, permits } = self;
        let target = KubeTarget {
            index: Arc::clone(index),
            stores: Arc::clone(&stores),
            writer: Writer::new(client.clone()),
            generic: GenericWriter::new(client),
            allows_generic,
            events,
            telemetry: Arc::clone(&telemetry),
            started: (settings.clock)(),
            leadership,
            permits,
            clock: Arc::clone(&settings.clock),
        };
        let observer = Arc::new(RunObserver { index: Arc::clone(index), telemetry });
        let (engine, handle) = Engine::new(Arc::new(target), stores as _, observer, settings);
        router.connect(handle.clone());
        (engine, handle)
    }

    /// PushSecrets, and the engine that serves them.
    fn pushing(&self, dependent: &Dependent, watches_all: bool) -> (Arc<Pushes>, (push::Engine, Handle)) {
        let pushes = Pushes::new(Parts {
            stores: Arc::clone(&self.stores),
            writer: Writer::new(self.client.clone()),
            events: self.events.clone(),
            telemetry: Arc::clone(&self.telemetry),
            clock: Arc::clone(&self.settings.clock),
            watches_all,
        });
        let (objects, stores) = (Arc::clone(&pushes) as _, Arc::clone(&self.stores) as _);
        let (engine, handle) =
            push::Engine::new(objects, stores, Arc::clone(&pushes) as _, self.settings.clone());
        pushes.connect(handle.clone());
        dependent.pushes.get_or_init(|| Arc::clone(&pushes));
        (pushes, (engine, handle))
    }

    /// Those whose copies are told from all others by this roster.
    fn spread<Kind: Spread>(&self, roster: Arc<dyn Roster>) -> Arc<Clusters<Kind>> {
        Clusters::new(self.client.clone(), roster, Arc::clone(&self.telemetry))
    }
}

/// Lists everything once, and returns when this process leads. Objects and stores come first: then each Secret that is
/// met is known to be named, or not.
async fn begin(watches: &mut Watches, served: Served, synced: &Sender<bool>, stop: &CancellationToken) {
    let pushing = follow_push_secrets(watches, &served);
    follow_stores(watches, &served, pushing.clone(), stop);
    let Served {
        router,
        stores,
        cluster_external_secrets,
        cluster_push_secrets,
        push_secrets,
        filled,
        legacy,
        ..
    } = served;
    let pushes = push_secrets.served();
    let objects = watches.objects::<ExternalSecret>();
    let external_secrets = match &cluster_external_secrets {
        Some(clusters) => Copies::new(Arc::clone(&router) as _, clusters) as _,
        None => Arc::clone(&router) as _,
    };
    watches.follow(objects, external_secrets);
    let older = follow_legacy(watches, legacy.as_ref()).await;
    // Nobody else waits for ever where their definition is not there.
    let apart: Vec<_> = pushing.iter().cloned().chain(older.clone()).collect();
    let (_, ()) = join(timeout(PATIENCE, all_listed(apart)), watches.listed()).await;
    let secrets = Secrets::new(Arc::clone(&router), &stores, watches.namespace(), (pushes.cloned(), filled));
    watches.follow(watches.metadata::<Secret>(), secrets);
    let maps = ConfigMaps::new(Arc::clone(&router), &stores, watches.namespace(), pushes.cloned());
    watches.follow(watches.metadata::<ConfigMap>(), maps);
    watches.listed().await;
    let accounts = ServiceAccounts::new(&stores, watches.namespace());
    // Nobody waits for it: without the right to it, everything else goes on.
    watches.follow_wanted(watches.metadata::<ServiceAccount>(), accounts, stores.accounts().wanted());
    let followers = [follower(&cluster_external_secrets), follower(&cluster_push_secrets)];
    let followers = followers.into_iter().flatten().collect();
    let namespaces = watches.follow_namespaces(&router, &stores, followers, legacy);
    let mut listed = Vec::new();
    // Without their namespaces, objects of the older group are not looked at.
    listed.extend(older.filter(|_| *stores.namespaces_wanted().borrow()).map(|_| namespaces.clone()));
    if let Some(clusters) = cluster_external_secrets {
        listed.extend(watches.follow_spread(clusters, vec![namespaces.clone()]));
    }
    if let Some(clusters) = cluster_push_secrets {
        let copies = pushing.into_iter().chain([namespaces]);
        listed.extend(watches.follow_spread(clusters, copies.collect()));
    }
    // Nobody else waits for ever where their definition is not there, or namespaces may not be listed.
    let _ = timeout(PATIENCE, all_listed(listed)).await;
    synced.send_replace(true);
    watches.led().await;
    stores.settled().await;
}

/// Follows PushSecrets, where they are served or are copies: gives whether all have been listed once.
fn follow_push_secrets(watches: &mut Watches, served: &Served) -> Option<Receiver<bool>> {
    let Served { cluster_push_secrets, push_secrets, .. } = served;
    let watched = match (cluster_push_secrets, push_secrets) {
        (Some(clusters), _) => Copies::new(push_secrets.watched(), clusters),
        (None, PushObjects::Served(_)) => push_secrets.watched(),
        (None, PushObjects::Known(_)) => return None,
    };
    Some(watches.follow_apart(watches.objects::<PushSecret>(), watched))
}

/// Follows objects of the older group, from when they are defined: gives whether all have been listed once, where they are
/// defined now.
async fn follow_legacy(watches: &mut Watches, legacy: Option<&Arc<LegacyObjects>>) -> Option<Receiver<bool>> {
    let legacy = Arc::clone(legacy?);
    let (client, objects) = (watches.client().clone(), watches.objects::<OlderExternalSecret>());
    match is_defined(&client).await {
        true => Some(watches.follow_apart(objects, legacy)),
        false => {
            watches.follow_after(objects, legacy, until_defined(client));
            None
        }
    }
}

/// Follows stores, and keeps their finalizers once they and PushSecrets have been listed, however long that takes: a store
/// that nobody seems to need may be needed by what is not known yet.
fn follow_stores(
    watches: &mut Watches,
    served: &Served,
    pushing: Option<Receiver<bool>>,
    stop: &CancellationToken,
) {
    let Served { stores, cluster_stores, push_secrets, .. } = served;
    let pushes = push_secrets.served();
    let of_kind = |kind| StoreObjects::new(kind, stores, pushes.cloned());
    let mut listed: Vec<_> = pushing.into_iter().collect();
    listed.push(watches.follow(watches.objects::<SecretStore>(), of_kind(StoreKind::SecretStore)));
    if *cluster_stores {
        let objects = watches.cluster_objects::<ClusterSecretStore>();
        listed.push(watches.follow(objects, of_kind(StoreKind::ClusterSecretStore)));
    }
    if let Some(pushes) = pushes {
        watches.spawn_writer(Arc::clone(pushes).keep_stores(listed, stop.clone()));
    }
}

fn follower<K: Spread>(clusters: &Option<Arc<Clusters<K>>>) -> Option<Arc<dyn NamespaceFollower>> {
    clusters.as_ref().map(|clusters| Arc::clone(clusters) as _)
}

#[cfg(test)]
mod tests;
