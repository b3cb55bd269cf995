//! What all that is served shares, and what is made of it: who is told what the watches see, and the engines that work.

use std::sync::{Arc, OnceLock};

use eso_plan::{convert::legacy::Environment, filled::record::SealKey};
use eso_sync::{
    engine::{Engine, Handle, Settings},
    push,
};
use futures::future::{join, join_all};
use kube::Client;
use parking_lot::Mutex;
use tokio::sync::watch::Receiver;
use tokio_util::sync::CancellationToken;

use super::{
    Options,
    cluster::{Clusters, Roster},
    external_secret::{KubeTarget, Router, RunObserver},
    filled::FilledSecrets,
    legacy::{LegacyObjects, Permits},
    push_secret::{Dependent, Parts, Pushes},
    served::{PushObjects, Served},
};
use crate::{
    apply::{Writer, generic::GenericWriter},
    events::{EventTask, Events},
    index::Index,
    lease::Leadership,
    spread::Spread,
    stores::{Connect, StoreRegistry, StoreRegistrySettings},
    telemetry::Telemetry,
};

/// What all that is served shares.
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) index: Arc<Mutex<Index>>,
    router: Arc<Router>,
    dependent: Arc<Dependent>,
    pub(super) stores: Arc<StoreRegistry>,
    pub(super) events: Events,
    pub(super) telemetry: Arc<dyn Telemetry>,
    pub(super) settings: Settings,
    pub(super) leadership: Leadership,
    permits: Arc<Permits>,
}

/// The engines that work, one for each kind of objects that are refreshed.
pub(super) struct Engines {
    pub(super) external_secrets: Engine,
    filled: Option<Engine>,
    pushes: Option<push::Engine>,
    /// That of ExternalSecrets, and those of the others.
    pub(super) handles: Vec<Handle>,
}

impl Engines {
    /// Runs them all until `stop` is cancelled and no call is under way any more.
    pub(super) async fn run(self, stop: &CancellationToken) {
        let pushing = async {
            match self.pushes {
                Some(engine) => engine.run(stop.clone()).await,
                None => stop.cancelled().await,
            }
        };
        let others = [self.external_secrets].into_iter().chain(self.filled);
        join(join_all(others.map(|engine| engine.run(stop.clone()))), pushing).await;
    }
}

impl Shared {
    /// What sends the events is to be run; `end` ends the stores.
    pub(super) fn new(
        client: Client,
        options: &Options,
        connect: Arc<dyn Connect>,
        telemetry: Arc<dyn Telemetry>,
        end: CancellationToken,
    ) -> (Self, EventTask) {
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
            stop: end,
        });
        let shared = Self {
            client,
            index,
            router,
            dependent,
            stores,
            events,
            telemetry,
            settings: options.settings(),
            leadership: options.leadership.clone(),
            permits: Arc::default(),
        };
        (shared, event_task)
    }

    /// All that these options ask for.
    pub(super) fn serve(self, options: Options) -> (Served, Engines) {
        let watches_all = options.namespace.is_none();
        let legacy = options.legacy.map(|environment| self.legacy(environment));
        let (push_secrets, pushing) = match options.push_secrets {
            true => {
                let (pushes, pushing) = self.pushing(watches_all);
                (PushObjects::Served(pushes), Some(pushing))
            }
            false => (PushObjects::Known(Arc::default()), None),
        };
        let (pushes, push_handle) = pushing.unzip();
        let (filled_secrets, filling) = options.seal_key.map(|key| self.filling(key)).unzip();
        let (filled, filled_handle) = filling.unzip();
        let spreads = |is_asked_for: bool| is_asked_for && watches_all;
        let served = Served {
            router: Arc::clone(&self.router),
            stores: Arc::clone(&self.stores),
            cluster_stores: options.cluster_stores,
            cluster_external_secrets: spreads(options.cluster_external_secrets)
                .then(|| self.spread(Arc::clone(&self.index) as _)),
            cluster_push_secrets: spreads(options.cluster_push_secrets)
                .then(|| self.spread(push_secrets.roster())),
            push_secrets,
            filled: filled_secrets,
            legacy,
        };
        let (external_secrets, handle) = self.engine(options.generic_targets);
        let handles = [handle].into_iter().chain(filled_handle).chain(push_handle).collect();
        (served, Engines { external_secrets, filled, pushes, handles })
    }

    /// The engine that serves ExternalSecrets, of which the router tells it.
    fn engine(self, allows_generic: bool) -> (Engine, Handle) {
        let target = KubeTarget {
            index: Arc::clone(&self.index),
            stores: Arc::clone(&self.stores),
            writer: Writer::new(self.client.clone()),
            generic: GenericWriter::new(self.client),
            allows_generic,
            events: self.events,
            telemetry: Arc::clone(&self.telemetry),
            started: (self.settings.clock)(),
            leadership: self.leadership,
            permits: self.permits,
            clock: Arc::clone(&self.settings.clock),
        };
        let observer = Arc::new(RunObserver { index: self.index, telemetry: self.telemetry });
        let (engine, handle) = Engine::new(Arc::new(target), self.stores as _, observer, self.settings);
        self.router.connect(handle.clone());
        (engine, handle)
    }

    /// Objects of the older group, of which the router is told.
    fn legacy(&self, environment: Environment) -> Arc<LegacyObjects> {
        LegacyObjects::new(&self.router, &self.stores, Arc::new(environment), &self.permits)
    }

    /// Filled Secrets, and the engine that refreshes them.
    fn filling(&self, key: Receiver<Option<SealKey>>) -> (Arc<FilledSecrets>, (Engine, Handle)) {
        let (secrets, filling) = FilledSecrets::new(self, key);
        self.dependent.filled.get_or_init(|| Arc::clone(&secrets));
        (secrets, filling)
    }

    /// PushSecrets, and the engine that serves them.
    fn pushing(&self, watches_all: bool) -> (Arc<Pushes>, (push::Engine, Handle)) {
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
        self.dependent.pushes.get_or_init(|| Arc::clone(&pushes));
        (pushes, (engine, handle))
    }

    /// Those whose copies are told from all others by this roster.
    fn spread<Kind: Spread>(&self, roster: Arc<dyn Roster>) -> Arc<Clusters<Kind>> {
        Clusters::new(self.client.clone(), roster, Arc::clone(&self.telemetry))
    }
}
