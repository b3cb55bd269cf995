//! What is behind stores and shared by them: places in flight, rate budgets and a circuit.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use eso_core::{key::RemoteKey, provider::Backend};
use parking_lot::Mutex;
use tokio::{
    sync::{Mutex as Turn, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};

use super::{Fence, circuit::Circuit, pace::Pace};

/// How many calls one backend gets at once from all its stores: twice what one store may have, so that one that hangs
/// leaves as much to the others.
const IN_FLIGHT: usize = 64;

/// How many of its writes at once, which have places of their own: AWS takes three parameters a second, and writes that
/// wait for that must not keep reads waiting.
const WRITES_IN_FLIGHT: usize = 16;

/// How long is waited where somebody throttles and does not say for how long.
const PAUSE: Duration = Duration::from_secs(1);

/// Nobody may send us away for longer: the objects would miss the 30 s in which they recover.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// What is behind the stores of this process, by [`Backend::id`]. A clone is the same.
///
/// A backend is dropped with its last store. Where two stores name different rates for one id, the first one's hold.
#[derive(Clone, Debug, Default)]
pub struct Backends {
    shared: Arc<Mutex<HashMap<String, Weak<SharedBackend>>>>,
    /// Asked right before each write to a store of these.
    pub(super) fence: Fence,
}

impl Backends {
    /// Those of a process that writes to its stores only while this is open.
    pub fn fenced(fence: Fence) -> Self {
        Self { fence, ..Self::default() }
    }

    /// The backend of a store; one of its own where it shares it with nobody.
    pub(super) fn get(&self, backend: Option<&Backend>) -> Arc<SharedBackend> {
        let Some(backend) = backend else { return Arc::new(SharedBackend::new(None)) };
        let mut backends = self.shared.lock();
        if let Some(shared) = backends.get(&backend.id).and_then(Weak::upgrade) {
            return shared;
        }
        backends.retain(|_, shared| shared.strong_count() > 0);
        let shared = Arc::new(SharedBackend::new(Some(backend)));
        backends.insert(backend.id.clone(), Arc::downgrade(&shared));
        shared
    }

    /// How many backends are in use.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shared.lock().values().filter(|shared| shared.strong_count() > 0).count()
    }
}

/// The sorts of calls that have a rate of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A call for one value.
    Single,
    /// A call for many.
    Batch,
    /// A call that changes a value.
    Write,
}

#[derive(Debug)]
pub(super) struct SharedBackend {
    reads_in_flight: Arc<Semaphore>,
    writes_in_flight: Arc<Semaphore>,
    singles: Mutex<Pace>,
    batches: Mutex<Pace>,
    writes: Mutex<Pace>,
    /// Whose turn it is at a value, by the values that somebody is at.
    turns: Mutex<HashMap<RemoteKey, Weak<Turn<()>>>>,
    pub(super) circuit: Arc<Circuit>,
}

impl SharedBackend {
    fn new(backend: Option<&Backend>) -> Self {
        Self {
            reads_in_flight: Arc::new(Semaphore::new(IN_FLIGHT)),
            writes_in_flight: Arc::new(Semaphore::new(WRITES_IN_FLIGHT)),
            singles: Mutex::new(Pace::new(backend.and_then(|backend| backend.reads_per_second))),
            batches: Mutex::new(Pace::new(backend.and_then(|backend| backend.batches_per_second))),
            writes: Mutex::new(Pace::new(None)),
            turns: Mutex::default(),
            circuit: Arc::default(),
        }
    }

    /// Waits for a place and for its turn. Stores are served in the order in which they came.
    pub(super) async fn admit(&self, sort: Sort) -> OwnedSemaphorePermit {
        let places = match sort {
            Sort::Single | Sort::Batch => &self.reads_in_flight,
            Sort::Write => &self.writes_in_flight,
        };
        let place = Arc::clone(places).acquire_owned().await.expect("the places must stay open");
        let turn = self.pace(sort).lock().reserve(Instant::now());
        sleep_until(turn).await;
        // A pause may have been asked for while this one waited for its turn.
        rest(self.pace(sort)).await;
        place
    }

    /// The pace of its calls of that sort.
    pub(super) fn pace(&self, sort: Sort) -> &Mutex<Pace> {
        match sort {
            Sort::Single => &self.singles,
            Sort::Batch => &self.batches,
            Sort::Write => &self.writes,
        }
    }

    /// Waits until nobody else is at a value, for as long as what is given is kept.
    pub(super) async fn alone_at(&self, key: RemoteKey) -> OwnedMutexGuard<()> {
        self.turn_at(key).lock_owned().await
    }

    fn turn_at(&self, key: RemoteKey) -> Arc<Turn<()>> {
        let mut turns = self.turns.lock();
        if let Some(turn) = turns.get(&key).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        turns.insert(key, Arc::downgrade(&turn));
        turn
    }
}

/// Pauses for as long as somebody who throttles asks for, within bounds.
pub(super) fn pause(pace: &Mutex<Pace>, retry_after: Option<Duration>) {
    let pause = retry_after.unwrap_or(PAUSE).min(LONGEST_PAUSE);
    pace.lock().pause(Instant::now() + pause);
}

/// Waits until no pause is under way.
pub(super) async fn rest(pace: &Mutex<Pace>) {
    loop {
        let paused_until = pace.lock().paused_until();
        match paused_until.filter(|until| *until > Instant::now()) {
            Some(until) => sleep_until(until).await,
            None => return,
        }
    }
}
