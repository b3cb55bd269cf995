//! The task of one identity: it connects, checks again, waits for what makes that needed, and says how it stands.

use std::{
    convert::Infallible,
    future::pending,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use eso_core::{
    key::{StoreKind, StoreReference},
    provider::Connection,
};
use eso_plan::status::Event;
use eso_sync::store::{Store, StoreSettings};
use jiff::Timestamp;
use tokio::{
    select,
    sync::watch,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Seen, Shared, State};
use crate::{
    apply::store_status,
    controllers::secret_store::{
        condition::Verdict,
        pause::{Cause, Doubts, Pauses},
    },
    credentials::KubernetesCredentials,
    stores::{
        StoreChange, StoreKey,
        connection::{Attempt, Failure, Standing, retire, revalidate},
        parsed::{Parsed, Specification},
    },
};

/// How often it is looked whether the provider has a notice, or the status says something else than it should.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

pub(super) struct Task {
    pub(super) shared: Arc<Shared>,
    pub(super) parsed: Arc<Parsed>,
    pub(super) asking: Option<String>,
    /// What the objects have still to be told.
    pub(super) change: Option<StoreChange>,
    pub(super) state: Arc<State>,
    pub(super) standing: watch::Sender<Standing>,
}

/// Why a task does something.
enum Woken {
    /// It has to connect.
    Connect,
    /// A credential was edited.
    Edited,
    /// The interval of the store is over.
    Due,
    /// A call showed that the login is not good.
    Doubted,
}

impl Task {
    pub(super) async fn run(mut self, stop: CancellationToken) {
        stop.run_until_cancelled(async {
            self.shared.begins().await;
            self.begin();
            self.keep().await;
        })
        .await;
        self.replace(Standing::Failed(Failure::of_client(
            "the store was edited or deleted, or the operator stops",
        )));
    }

    /// From now on it may be waited for, and people are told what is unwise about it.
    fn begin(&self) {
        self.replace(Standing::Connecting { since: Instant::now() });
        let is_judged = self.state.seen.lock().is_judged();
        if let (None, Some(change)) = (&self.asking, self.change) {
            self.shared.warn(&self.parsed, change, is_judged);
        }
    }

    async fn keep(&mut self) {
        let mut woken = Woken::Connect;
        let mut pauses = Pauses::new(self.identity());
        let mut doubts = Doubts::new(self.identity());
        loop {
            let (standing, took) = self.shared.gate.pass(self.attempt_timed(&woken)).await;
            let failed = matches!(standing, Standing::Failed(_));
            self.settle(standing, took).await;
            woken = if failed {
                self.pause(pauses.failed(self.cause())).await
            } else {
                self.rest(&mut doubts).await
            };
            if !failed || matches!(woken, Woken::Edited) {
                pauses.reset();
            }
            if matches!(woken, Woken::Edited) {
                self.change = Some(StoreChange::Edited);
            }
        }
    }

    async fn attempt_timed(&self, woken: &Woken) -> (Standing, Duration) {
        let started = Instant::now();
        (self.attempt(woken).await, started.elapsed())
    }

    async fn attempt(&self, woken: &Woken) -> Standing {
        let specification = match &self.parsed.specification {
            Ok(specification) => specification,
            Err(problem) => return Standing::Failed(Failure::of_client(problem.clone())),
        };
        let result = match (woken, self.connected()) {
            (Woken::Due | Woken::Doubted, Some(store)) => {
                let credentials = Arc::clone(&*self.state.credentials.lock());
                revalidate(&store, &credentials).await.map(|()| ready(store))
            }
            (Woken::Connect | Woken::Edited | Woken::Due | Woken::Doubted, Some(_) | None) => {
                self.connect(specification).await
            }
        };
        result.unwrap_or_else(Standing::Failed)
    }

    async fn connect(&self, specification: &Specification) -> Result<Standing, Failure> {
        let settings = &self.shared.settings;
        let scope = self.parsed.scope(self.asking.as_deref());
        let credentials = self.shared.credentials(scope);
        self.state.begin_anew(Arc::clone(&credentials));
        let attempt = Attempt {
            connect: settings.connect.as_ref(),
            provider: &specification.provider,
            connection: Connection {
                credentials: Arc::<KubernetesCredentials>::clone(&credentials),
                calls: Arc::<dyn crate::telemetry::Telemetry>::clone(&settings.telemetry),
                store: self.reference(),
            },
            credentials: &credentials,
            settings: StoreSettings { identity: Some(self.identity()), ..specification.settings },
            backends: &self.shared.backends,
        };
        if self.asking.is_none() && specification.follows_who_asks(self.parsed.key.kind) {
            let capabilities = attempt.look().await?;
            return Ok(Standing::Unchecked { capabilities });
        }
        attempt.establish().await.map(ready)
    }

    /// The store, as those name it who are served by this connection.
    fn reference(&self) -> StoreReference {
        let StoreKey { kind, namespace, name } = &self.parsed.key;
        let namespace = self.asking.as_ref().or(namespace.as_ref()).cloned().unwrap_or_default();
        StoreReference { kind: *kind, namespace, name: name.clone() }
    }

    /// Makes a standing known: to those who wait for the store, to its objects, to what counts, and to people.
    async fn settle(&mut self, standing: Standing, took: Duration) {
        let usable = !matches!(standing, Standing::Failed(_));
        let was_usable =
            matches!(&*self.standing.borrow(), Standing::Ready { .. } | Standing::Unchecked { .. });
        self.replace(standing);
        if usable {
            self.tell_objects();
        } else if was_usable {
            self.change.get_or_insert(StoreChange::Ready);
            self.announce(StoreChange::Lost);
        }
        if self.asking.is_none() {
            self.count(usable, took);
            self.tell_people().await;
        }
    }

    fn tell_objects(&mut self) {
        if let Some(change) = self.change.take() {
            self.announce(change);
        }
    }

    fn announce(&self, change: StoreChange) {
        self.shared.settings.dependents.store_changed(&self.parsed.key, self.asking.as_deref(), change);
    }

    fn count(&self, succeeded: bool, took: Duration) {
        let telemetry = &self.shared.settings.telemetry;
        let Some(subject) = self.parsed.key.subject() else { return };
        telemetry.reconciled(subject, succeeded, took);
        if let Some(verdict) = self.verdict() {
            telemetry.condition(subject, verdict.ready());
        }
    }

    fn verdict(&self) -> Option<Verdict> {
        let provider = self.parsed.specification.as_ref().ok().map(|specification| &specification.provider);
        Verdict::of(&self.standing.borrow(), provider)
    }

    /// Writes the status where it says something else, and the event that goes with it. What fails, or is not ours to
    /// say because another one leads, is tried again at the next look.
    async fn tell_people(&self) {
        if !self.shared.leads() {
            return;
        }
        let Some(verdict) = self.verdict() else { return };
        let found = self.state.seen.lock().status.clone();
        let Some(status) = verdict.status(&found, this_second()) else { return };
        let Parsed { key, uid, .. } = &*self.parsed;
        match store_status::write(&self.shared.settings.client, key, uid, &status).await {
            Ok(version) => {
                *self.state.seen.lock() = Seen { version, status };
                verdict.event(&found).into_iter().for_each(|event| self.publish(event));
            }
            Err(error) => warn!(store = %key, %error, "the status of a store could not be written"),
        }
    }

    /// Of a store that is no object the log tells, and its objects do.
    fn publish(&self, event: Event) {
        let Parsed { key, .. } = &*self.parsed;
        match key.kind {
            StoreKind::SecretStore | StoreKind::ClusterSecretStore => {
                self.shared.settings.events.publish(self.parsed.reference(), event);
            }
            StoreKind::Environment if event.warning => {
                warn!(store = %key, problem = event.message, "a store cannot be used");
            }
            StoreKind::Environment => {}
        }
    }

    async fn rest(&self, doubts: &mut Doubts) -> Woken {
        let is_behind = self.state.credentials.lock().reads().are_behind();
        if is_behind && !self.holds_what_was_read().await {
            return Woken::Edited;
        }
        let mut others = pin!(self.rest_of_others(doubts));
        loop {
            select! {
                () = self.state.edited.notified() => if !self.holds_what_was_read().await {
                    return Woken::Edited;
                },
                woken = others.as_mut() => return woken,
            }
        }
    }

    /// Whether the credentials that were told of are what this identity has logged in with.
    async fn holds_what_was_read(&self) -> bool {
        let credentials = Arc::clone(&*self.state.credentials.lock());
        credentials.are_as_read().await
    }

    /// Rests until something else than an edit of a credential makes a look needed.
    async fn rest_of_others(&self, doubts: &mut Doubts) -> Woken {
        let interval = self.validation_interval();
        let due = async {
            match interval {
                Some(interval) => sleep_until(Instant::now() + interval).await,
                None => pending().await,
            }
        };
        select! {
            () = due => Woken::Due,
            () = self.doubted(doubts) => Woken::Doubted,
            never = self.look_around() => match never {},
        }
    }

    /// Ends when the objects of the store meet a login that is not good: nobody else tells, and until the next validation
    /// its condition would say that all is well.
    async fn doubted(&self, doubts: &mut Doubts) {
        let Some(store) = self.connected() else { return pending().await };
        store.login_refused().await;
        sleep_until(doubts.next_look(Instant::now())).await;
        self.shared.gate.turn(self.namespace()).await;
    }

    async fn pause(&self, pause: Duration) -> Woken {
        let over = async {
            sleep(pause).await;
            self.shared.gate.turn(self.namespace()).await;
        };
        select! {
            () = self.state.edited.notified() => Woken::Edited,
            () = over => Woken::Connect,
            never = self.look_around() => match never {},
        }
    }

    /// Why it failed.
    fn cause(&self) -> Cause {
        match &self.parsed.specification {
            Ok(_) => Cause::of(self.state.credentials.lock().reads()),
            Err(_) => Cause::Watched,
        }
    }

    /// The namespace that it is tried again for; empty for a ClusterSecretStore itself.
    fn namespace(&self) -> &str {
        self.asking.as_deref().or(self.parsed.key.namespace.as_deref()).unwrap_or_default()
    }

    /// A number of the store, logged in as somebody: the same however often it is connected.
    fn identity(&self) -> u64 {
        BuildHasherDefault::<DefaultHasher>::default().hash_one((&self.parsed.key, &self.asking))
    }

    /// The store's own interval, or the operator's; none for one that is not checked at all.
    fn validation_interval(&self) -> Option<Duration> {
        self.connected()?;
        let own =
            self.parsed.specification.as_ref().ok().and_then(|specification| specification.refresh_interval);
        own.or(self.shared.settings.requeue_interval)
    }

    /// Keeps the status true while nothing else happens.
    async fn look_around(&self) -> Infallible {
        loop {
            self.next_look().await;
            self.standing.send_if_modified(|standing| match standing {
                Standing::Ready { store, notice } => {
                    let now = store.provider().notice();
                    let differs = *notice != now;
                    *notice = now;
                    differs
                }
                Standing::Connecting { .. } | Standing::Unchecked { .. } | Standing::Failed(_) => false,
            });
            if self.asking.is_none() {
                self.tell_people().await;
            }
        }
    }

    /// Returns when it is time for the next look: sooner where this process begins to lead meanwhile.
    async fn next_look(&self) {
        select! {
            () = sleep(LOOK_INTERVAL) => {}
            () = self.shared.settings.leadership.led(), if !self.shared.leads() => {}
        }
    }

    fn connected(&self) -> Option<Arc<Store>> {
        match &*self.standing.borrow() {
            Standing::Ready { store, notice: _ } => Some(Arc::clone(store)),
            Standing::Connecting { .. } | Standing::Unchecked { .. } | Standing::Failed(_) => None,
        }
    }

    /// Takes a new standing, and lets go of the connection of the old one, where that is another.
    fn replace(&self, standing: Standing) {
        let old = self.standing.send_replace(standing);
        let Standing::Ready { store: old, notice: _ } = old else { return };
        if self.connected().is_none_or(|now| !Arc::ptr_eq(&now, &old)) {
            self.shared.tasks.spawn(retire(old));
        }
    }
}

fn ready(store: Arc<Store>) -> Standing {
    let notice = store.provider().notice();
    Standing::Ready { store, notice }
}

/// Conditions keep whole seconds, as everything in Kubernetes does.
fn this_second() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).expect("a time without its fraction must be a time")
}
