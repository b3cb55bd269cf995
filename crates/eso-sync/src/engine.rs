//! Keeps every object in step: takes objects off the queue, and runs observe, fetch, plan, write and report for each.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::{
    ports::{GroupId, ObjectId, Observer, Stores, Target},
    queue::Lane,
};

/// Tells the wall clock's time; tests pass one that follows tokio's.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How the engine works.
#[derive(Clone)]
pub struct Settings {
    /// How many objects may be under way at once.
    pub concurrency: NonZeroUsize,
    /// How old a written `refreshTime` may be before it is written again although nothing changed.
    pub heartbeat: Duration,
    /// How long an object may be due and not looked at before it is reported.
    pub watchdog: Duration,
    /// The wall clock.
    pub clock: Clock,
}

/// Why an object should be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// It was met in a list, at the start or after a watch began anew: nobody waits for it.
    Listed,
    /// It or its target was changed, or is new.
    Changed,
    /// What its values come from changed: its store, or a credential. The store is read whatever the interval says.
    SourceChanged,
}

/// How one lane of the queue stands, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// How many objects are due and not yet looked at.
    pub ready: usize,
    /// How long the oldest of them has been due.
    pub oldest: Option<Duration>,
}

/// The engine.
#[derive(Debug)]
pub struct Engine;

/// Tells the engine what happened outside. Every method returns at once.
#[derive(Clone, Debug)]
pub struct Handle;

impl Engine {
    /// An engine over these ports, and the handle that wakes it. Nothing runs before [`run`](Self::run).
    pub fn new(
        _target: Arc<dyn Target>,
        _stores: Arc<dyn Stores>,
        _observer: Arc<dyn Observer>,
        _settings: Settings,
    ) -> (Self, Handle) {
        (Self, Handle)
    }

    /// Runs until `stop` is cancelled, and returns when no call of an object is under way any more.
    pub async fn run(self, stop: CancellationToken) {
        stop.cancelled().await;
    }
}

impl Handle {
    /// Looks at an object soon. `group` is the line that it waits in: that of its store.
    pub fn wake(&self, _object: ObjectId, _group: GroupId, _cause: Cause) {}

    /// Drops an object that is not there any more. A run for it that is under way ends by itself.
    pub fn forget(&self, _object: ObjectId) {}

    /// How one lane of the queue stands.
    pub fn standing(&self, _lane: Lane) -> Standing {
        Standing::default()
    }

    /// How many objects the watchdog has met that were due and not looked at for too long.
    pub fn overdue(&self) -> u64 {
        0
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: NonZeroUsize::new(512).expect("512 must not be zero"),
            heartbeat: Duration::from_secs(600),
            watchdog: Duration::from_secs(60),
            clock: Arc::new(Timestamp::now),
        }
    }
}
