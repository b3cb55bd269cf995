//! The stores of the cluster, by name: parsed, connected in the background, and handed to the engine.
//!
//! [`StoreRegistry`] is told what the watches see, and implements [`Stores`]. One task keeps each identity connected,
//! so that a store that hangs holds up nobody but its own objects.

pub(crate) mod conditions;
pub(crate) mod connection;
pub(crate) mod parsed;
pub(crate) mod references;
mod state;

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use eso_core::{
    api::secret_store::Provider,
    error::ProviderError,
    key::{StoreKind, StoreReference},
    provider::{Connection, SecretProvider},
};
use eso_plan::{convert::legacy::LegacyStore, fence::KeyPatterns};
use eso_sync::{
    ports::{Granted, Stores},
    store::{Backends, Store},
};
use futures::future::join_all;
use k8s_openapi::{api::core::v1::Namespace, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::{Api, core::PartialObjectMeta};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{timeout, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    conditions::{Access, Conditions},
    connection::{Failure, Standing},
    parsed::{Parsed, Specification},
    state::State,
};
use crate::{
    apply::within,
    controllers::secret_store::{Gate, Shared},
    credentials::{AccountWatch, CredentialKind, CredentialObject},
    events::Events,
    lease::Leadership,
    telemetry::{Kind, Subject, Telemetry},
    watch::{Item, Object},
};

/// How long a question waits for a store that is being connected, counted from when that began. A login takes some
/// milliseconds; one that takes longer than this is not worth a place in the engine.
const GRACE: Duration = Duration::from_secs(1);

/// How long [`StoreRegistry::settled`] waits at most, and at the end for logins that are under way: ten times what a slow
/// one takes.
const SETTLING_TIME: Duration = Duration::from_secs(10);

/// A store, by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreKey {
    /// Which kind of store.
    pub kind: StoreKind,
    /// Its namespace; `None` for a store of no namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl StoreKey {
    /// The store that a reference means.
    pub fn of(reference: &StoreReference) -> Self {
        let StoreReference { kind, namespace, name } = reference;
        let namespace = match kind {
            StoreKind::SecretStore => Some(namespace.clone()),
            StoreKind::ClusterSecretStore | StoreKind::Environment => None,
        };
        Self { kind: *kind, namespace, name: name.clone() }
    }

    /// The store, as it is counted; `None` for one that is no object.
    pub fn subject(&self) -> Option<Subject<'_>> {
        let kind = match self.kind {
            StoreKind::SecretStore => Kind::SecretStore,
            StoreKind::ClusterSecretStore => Kind::ClusterSecretStore,
            StoreKind::Environment => return None,
        };
        Some(Subject { kind, namespace: self.namespace.as_deref().unwrap_or_default(), name: &self.name })
    }
}

impl fmt::Display for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, namespace, name } = self;
        match namespace {
            Some(namespace) => write!(f, "{kind} {namespace}/{name}"),
            None => write!(f, "{kind} {name}"),
        }
    }
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

    /// Whether a ClusterSecretStore that says this is another one to each namespace that asks, although it names no
    /// credentials of theirs: as where its login tells the namespace ([`Connection::store`]). Then it is connected for
    /// each namespace by itself.
    fn is_of_namespace(&self, _provider: &Provider) -> bool {
        false
    }

    /// Whether there is a provider of this name, a field of `spec.provider`.
    fn knows(&self, _provider: &str) -> bool {
        true
    }

    /// Returns when nothing is under way any more that providers do by themselves, such as ending a login that nobody
    /// waited for. Called at the end, when all stores are closed.
    async fn settled(&self) {}
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
    /// Whether ClusterSecretStores are served (`--enable-cluster-store-reconciler`).
    pub cluster_stores: bool,
    /// The time between two validations of a store that says none itself (`--store-requeue-interval`); `None`: it is
    /// validated when it changes or fails.
    pub requeue_interval: Option<Duration>,
    /// Whether this process leads: nothing is said of a store before.
    pub leadership: Leadership,
    /// What becomes of the stores before this process leads.
    pub standby: Standby,
    /// Ends every connection.
    pub stop: CancellationToken,
}

/// What becomes of the stores of a process that does not lead yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standby {
    /// None is connected: nobody reads it.
    #[default]
    Idle,
    /// They are connected, with logins of their own: somebody reads them whoever leads.
    Connected,
}

/// Whether a store is there that somebody names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is there.
    There,
    /// It is not.
    Missing,
    /// It is there, and nobody knows its provider, which has this name.
    Unknown(String),
}

impl fmt::Debug for StoreRegistrySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreRegistrySettings").field("class", &self.class).finish_non_exhaustive()
    }
}

/// The stores of the cluster.
///
/// Each call that says what a watch saw returns at once. The watches should have listed every store, and then
/// [`settled`](Self::settled) be waited for, before the first object is looked at.
#[derive(Debug)]
pub struct StoreRegistry {
    shared: Arc<Shared>,
    state: Mutex<State>,
    namespaces_wanted: watch::Sender<bool>,
}

impl StoreRegistry {
    /// A registry that knows no store yet. Its stores are kept by tasks of the tokio runtime that the calls are made
    /// in.
    pub fn new(settings: StoreRegistrySettings) -> Arc<Self> {
        let (backends, gate) = (Backends::fenced(settings.leadership.fence()), Gate::default());
        let shared = Shared { settings, accounts: Arc::default(), backends, gate, tasks: TaskTracker::new() };
        Arc::new(Self {
            shared: Arc::new(shared),
            state: Mutex::default(),
            namespaces_wanted: watch::Sender::new(false),
        })
    }

    /// A store is there, or was edited. One that cannot be understood gets a condition that says so.
    pub fn apply_store(&self, kind: StoreKind, object: Object) {
        let version = object.metadata.resource_version.clone();
        let parsed = Arc::new(Parsed::new(kind, object, self.shared.settings.connect.as_ref()));
        if parsed.specification.as_ref().is_ok_and(|specification| specification.needs_namespaces(kind)) {
            self.want_namespaces();
        }
        if parsed.specification.as_ref().is_ok_and(Specification::names_an_account) {
            self.shared.accounts.want();
        }
        self.state.lock().apply(&self.shared, &parsed, version.as_deref());
    }

    /// Keeps the store that objects of the older group mean, until it is [deleted](Self::delete_store): gives its name. No
    /// object stands for it, and nothing is written of it.
    pub fn keep(&self, store: &LegacyStore) -> StoreKey {
        let metadata = ObjectMeta { name: Some(store.name()), ..ObjectMeta::default() };
        let spec = Some(json!(store.spec()));
        self.apply_store(StoreKind::Environment, Object { metadata, spec, status: Value::Null });
        StoreKey { kind: StoreKind::Environment, namespace: None, name: store.name() }
    }

    /// Has namespaces watched.
    pub(crate) fn want_namespaces(&self) {
        self.namespaces_wanted.send_if_modified(|wanted| !std::mem::replace(wanted, true));
    }

    /// A store is gone.
    pub fn delete_store(&self, kind: StoreKind, namespace: Option<&str>, name: &str) {
        let key = StoreKey { kind, namespace: namespace.map(str::to_owned), name: name.to_owned() };
        if self.state.lock().delete(&key) {
            key.subject().into_iter().for_each(|subject| self.shared.settings.telemetry.forgotten(subject));
            self.shared.settings.dependents.store_changed(&key, None, StoreChange::Lost);
        }
    }

    /// A Secret, a ConfigMap or a service account is there, was edited, or is gone (`None`). A store that logged in with
    /// it as it is not any more logs in again.
    pub fn credential_changed(&self, object: &CredentialObject, now: Option<&ObjectMeta>) {
        self.state.lock().credential_changed(object, now);
    }

    /// The objects of this kind that stores log in with, whether or not they are there.
    pub fn credentials_in_use(&self, kind: CredentialKind) -> Vec<CredentialObject> {
        self.state.lock().credentials_in_use(kind)
    }

    /// The watch over service accounts, to be told how it does.
    pub fn accounts(&self) -> &Arc<AccountWatch> {
        &self.shared.accounts
    }

    /// Whether some store asks for labels of namespaces, or logs in as them: only then are they worth a watch.
    pub fn namespaces_wanted(&self) -> watch::Receiver<bool> {
        self.namespaces_wanted.subscribe()
    }

    /// A namespace is there, or has other labels: the stores that ask for them may let it in now, or not any more. One
    /// of another uid than before is another one, and what was logged in with the credentials of the old one ends.
    pub fn namespace_changed(&self, name: &str, uid: &str, labels: &BTreeMap<String, String>) {
        let changes = self.state.lock().meet_namespace(name, uid, labels);
        for (store, change) in changes {
            self.shared.settings.dependents.store_changed(&store, Some(name), change);
        }
    }

    /// A namespace is gone, and with it what was logged in with its credentials.
    pub fn namespace_deleted(&self, name: &str) {
        self.state.lock().forget_namespace(name);
    }

    /// Whether an object that names this store is ours to serve: not where the store is of another class, or of the
    /// cluster where those are not served.
    pub fn serves(&self, reference: &StoreReference) -> bool {
        self.serves_key(&StoreKey::of(reference))
    }

    /// Whether this store is there, once the stores have been listed.
    pub fn presence(&self, reference: &StoreReference) -> Presence {
        let Some(parsed) = self.state.lock().parsed(&StoreKey::of(reference)) else {
            return Presence::Missing;
        };
        let connect = &self.shared.settings.connect;
        let specification = parsed.specification.as_ref();
        let mut others =
            specification.into_iter().flat_map(|specification| specification.provider.others.keys());
        let unknown = others.find(|provider| !connect.knows(provider));
        unknown.map_or(Presence::There, |provider| Presence::Unknown(provider.clone()))
    }

    /// As [`serves`](Self::serves), of a store by its own name.
    pub(crate) fn serves_key(&self, key: &StoreKey) -> bool {
        let settings = &self.shared.settings;
        if key.kind == StoreKind::ClusterSecretStore && !settings.cluster_stores {
            return false;
        }
        let parsed = self.state.lock().parsed(key);
        parsed.is_none_or(|parsed| parsed.is_of_class(&settings.class))
    }

    /// Returns when every store that is known now has had its first answer, good or bad, but after ten seconds at
    /// the latest: until then, an object that is looked at may meet a store that is not ready.
    pub async fn settled(&self) {
        let standings = self.state.lock().standings();
        let all = join_all(standings.into_iter().map(first_answer));
        // One that hangs is given up on: its own objects wait for it, and no others.
        let _ = timeout(SETTLING_TIME, all).await;
    }

    /// Returns when every login has been ended, after the stop of the settings.
    pub async fn stopped(&self) {
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
        // A server that does not answer keeps nobody from ending.
        let _ = timeout(SETTLING_TIME, self.shared.settings.connect.settled()).await;
    }
}

#[async_trait]
impl Stores for StoreRegistry {
    /// The store, or why it cannot be used. A store that is being connected for the first time since it was made or
    /// edited is waited for, until a second after that began: so objects that are applied together with their store,
    /// or come due while it is edited, do not fail over it.
    async fn store(&self, reference: &StoreReference) -> Result<Granted, String> {
        let StoreReference { kind, namespace, name } = reference;
        let key = StoreKey::of(reference);
        let Some(parsed) = self.state.lock().parsed(&key) else {
            return Err(format!(
                "could not get {kind} \"{name}\", {kind}.external-secrets.io \"{name}\" not found"
            ));
        };
        if !parsed.is_of_class(&self.shared.settings.class) {
            return Err(format!("{kind} \"{name}\" is of another controller class"));
        }
        let not_ready = || format!("{kind} \"{name}\" is not ready: its status says why");
        let specification = parsed.specification.as_ref().map_err(|_| not_ready())?;
        let keys = self.keys_for(&specification.conditions, namespace, name).await?;
        let asking = specification.follows_who_asks(*kind).then(|| namespace.clone());
        let is_theirs = asking.is_some();
        let standing = self.state.lock().standing(&self.shared, &parsed, asking).ok_or_else(not_ready)?;
        let store = first_answer(standing).await.map_err(|failure| match failure {
            // No status says it: the store is fine, and the credentials are those of who asks; or there is no status.
            Some(Failure { stage: _, reason }) if is_theirs || *kind == StoreKind::Environment => {
                format!("{kind} \"{name}\" is not ready: {reason}")
            }
            Some(_) | None => not_ready(),
        })?;
        Ok(Granted { store, keys })
    }
}

impl StoreRegistry {
    /// The keys that objects of a namespace may ask for, `None` for any; or that they may not use the store.
    async fn keys_for(
        &self,
        conditions: &Conditions,
        namespace: &str,
        store: &str,
    ) -> Result<Option<KeyPatterns>, String> {
        let access = match conditions.access_by_name(namespace) {
            // What is let in by its labels besides may see more.
            Access::Denied | Access::Undecided(_) | Access::Keys(_) if conditions.ask_for_labels() => {
                conditions.access(namespace, &self.labels(namespace).await?)
            }
            access @ (Access::Denied | Access::Undecided(_) | Access::Keys(_) | Access::Whole) => access,
        };
        let denied = format!(
            "using cluster store \"{store}\" is not allowed from namespace \"{namespace}\": denied by spec.condition"
        );
        match access {
            Access::Whole => Ok(None),
            Access::Keys(patterns) => Ok(Some(patterns)),
            Access::Denied => Err(denied),
            Access::Undecided(pattern) => {
                Err(format!("{denied}: it takes too long to match the name with the {pattern}"))
            }
        }
    }

    /// The labels of a namespace: as the watch saw them, or read where it has not yet.
    async fn labels(&self, namespace: &str) -> Result<BTreeMap<String, String>, String> {
        if let Some(labels) = self.state.lock().labels(namespace).cloned() {
            return Ok(labels);
        }
        let namespaces = Api::<Item<PartialObjectMeta<Namespace>>>::all(self.shared.settings.client.clone());
        let read = within(namespaces.get(namespace)).await;
        read.map(|found| found.metadata().labels.clone().unwrap_or_default())
            .map_err(|problem| format!("could not get namespace \"{namespace}\": {problem}"))
    }
}

/// The store, once it is known how it stands; or why it cannot be used, where that is known in time.
async fn first_answer(mut standing: watch::Receiver<Standing>) -> Result<Arc<Store>, Option<Failure>> {
    let since = match &*standing.borrow() {
        Standing::Connecting { since } => Some(*since),
        Standing::Ready { .. } | Standing::Unchecked { .. } | Standing::Failed(_) => None,
    };
    if let Some(since) = since {
        let known = standing.wait_for(|standing| !matches!(standing, Standing::Connecting { .. }));
        let _ = timeout_at(since + GRACE, known).await;
    }
    match &*standing.borrow() {
        Standing::Ready { store, notice: _ } => Ok(Arc::clone(store)),
        Standing::Failed(failure) => Err(Some(failure.clone())),
        Standing::Connecting { .. } | Standing::Unchecked { .. } => Err(None),
    }
}

#[cfg(test)]
mod tests;
