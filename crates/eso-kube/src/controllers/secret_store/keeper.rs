//! One identity that is kept connected: what the registry tells it, and is told. Its task does the work.

mod task;

use std::{sync::Arc, time::Duration};

use eso_core::api::{conditions::READY, secret_store::SecretStoreStatus};
use eso_sync::store::Backends;
use futures::FutureExt;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use parking_lot::Mutex;
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};
use tokio_util::{sync::DropGuard, task::TaskTracker};

use self::task::Task;
use super::gate::Gate;
use crate::{
    credentials::{self, AccountWatch, CredentialObject, KubernetesCredentials, Scope},
    stores::{Standby, StoreChange, StoreRegistrySettings, connection::Standing, parsed::Parsed},
};

/// Longer than anybody waits: it is not known how long another one leads.
const UNTIL_WE_LEAD: Duration = Duration::from_secs(365 * 24 * 3600);

/// What all keepers share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// What the registry is made of.
    pub(crate) settings: StoreRegistrySettings,
    /// The watch over the service accounts that they log in with.
    pub(crate) accounts: Arc<AccountWatch>,
    /// What is behind the stores.
    pub(crate) backends: Backends,
    /// What every check goes through.
    pub(crate) gate: Gate,
    /// Every task that keeps or ends a login.
    pub(crate) tasks: TaskTracker,
}

impl Shared {
    /// The credentials that a login may take that is made within this scope.
    fn credentials(&self, scope: Scope) -> Arc<KubernetesCredentials> {
        let (client, accounts) = (self.settings.client.clone(), Arc::clone(&self.accounts));
        Arc::new(KubernetesCredentials::new(client, scope, accounts))
    }

    /// Whether this process leads, and says how stores stand.
    fn leads(&self) -> bool {
        self.settings.leadership.since().is_some()
    }

    /// Returns when stores are connected.
    async fn begins(&self) {
        match self.settings.standby {
            Standby::Idle => self.settings.leadership.led().await,
            Standby::Connected => {}
        }
    }

    /// Whoever waits for a store that is being connected counts from when that began, which it does not before we lead,
    /// unless standbys connect too.
    fn not_yet_connected(&self) -> Standing {
        let begins_in = match self.settings.standby {
            Standby::Idle if !self.leads() => UNTIL_WE_LEAD,
            Standby::Idle | Standby::Connected => Duration::ZERO,
        };
        Standing::Connecting { since: Instant::now() + begins_in }
    }

    /// Tells people what is unwise about an edit of a store, once: not of each store again when the operator starts,
    /// which then meets stores that have a condition already.
    fn warn(&self, parsed: &Parsed, change: StoreChange, is_judged: bool) {
        let is_known = match change {
            StoreChange::Ready => is_judged,
            StoreChange::Edited | StoreChange::Lost => false,
        };
        if let Some(event) = parsed.warning().filter(|_| !is_known && self.leads()) {
            self.settings.events.publish(parsed.reference(), event);
        }
    }
}

/// What a keeper keeps.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    /// The store.
    pub(crate) parsed: Arc<Parsed>,
    /// The namespace whose credentials are taken, where the store logs in as whoever asks; `None` is the store itself.
    pub(crate) asking: Option<String>,
    /// What its objects are told when it is ready.
    pub(crate) change: StoreChange,
}

/// Keeps an identity connected until it is dropped.
#[derive(Debug)]
pub(crate) struct Keeper {
    standing: watch::Receiver<Standing>,
    state: Arc<State>,
    asked: Instant,
    _stop: DropGuard,
}

/// What the registry tells a keeper's task.
#[derive(Debug)]
struct State {
    edited: Notify,
    credentials: Mutex<Arc<KubernetesCredentials>>,
    seen: Mutex<Seen>,
}

impl State {
    /// Takes new credentials. What was told of the old ones, and not acted on yet, asks for no further connection.
    fn begin_anew(&self, credentials: Arc<KubernetesCredentials>) {
        let mut current = self.credentials.lock();
        *current = credentials;
        let _ = self.edited.notified().now_or_never();
    }
}

/// The status as it was last seen in the cluster, or written.
#[derive(Debug)]
struct Seen {
    version: Option<String>,
    status: SecretStoreStatus,
}

impl Seen {
    /// Whether it says of some edit whether the store can be used.
    fn is_judged(&self) -> bool {
        self.status.conditions.iter().any(|condition| condition.kind == READY)
    }
}

impl Keeper {
    /// Begins to keep an identity connected, as soon as this process leads, or at once where standbys connect too.
    pub(crate) fn start(shared: &Arc<Shared>, assignment: Assignment) -> Self {
        let Assignment { parsed, asking, change } = assignment;
        let stop = shared.settings.stop.child_token();
        let (sender, standing) = watch::channel(shared.not_yet_connected());
        let scope = parsed.scope(asking.as_deref());
        let state = Arc::new(State {
            edited: Notify::new(),
            credentials: Mutex::new(shared.credentials(scope)),
            seen: Mutex::new(Seen { version: None, status: parsed.status.clone() }),
        });
        let task = Task {
            shared: Arc::clone(shared),
            parsed,
            asking,
            change: Some(change),
            state: Arc::clone(&state),
            standing: sender,
        };
        shared.tasks.spawn(task.run(stop.clone()));
        Self { standing, state, asked: Instant::now(), _stop: stop.drop_guard() }
    }

    /// How the identity stands, to be read or waited on.
    pub(crate) fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.clone()
    }

    /// Notes that somebody asked.
    pub(crate) fn ask(&mut self) {
        self.asked = Instant::now();
    }

    /// How long nobody asked.
    pub(crate) fn idle(&self) -> Duration {
        self.asked.elapsed()
    }

    /// Told how an object is now, or that it is gone (`None`); it connects again if it had logged in with another.
    pub(crate) fn credential_changed(&self, object: &CredentialObject, now: Option<&ObjectMeta>) {
        let credentials = self.state.credentials.lock();
        if credentials.reads().is_news(object, now) {
            self.state.edited.notify_one();
        }
    }

    /// Told what the cluster shows as the store's status.
    pub(crate) fn saw(&self, version: Option<&str>, status: &SecretStoreStatus) {
        let mut seen = self.state.seen.lock();
        let is_late = match (version, seen.version.as_deref()) {
            (Some(now), Some(then)) => credentials::is_older(now, then),
            (Some(_) | None, Some(_) | None) => false,
        };
        if !is_late {
            *seen = Seen { version: version.map(str::to_owned), status: status.clone() };
        }
    }
}
