//! Keeps what stores hold equal to what objects push there: looks at each value before it is written, writes what
//! differs and nothing else, and deletes what is no longer asked for where an object says so.
//!
//! It is served as the [engine](crate::engine) is, by the same queue and with the same waits, and goes through the same
//! [stores](crate::store). Whoever embeds it writes [`Objects`] and [`Stores`].

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use eso_plan::{
    plan::WriteError,
    push::{
        Observation, Source, SourceError, SourceSecret,
        status::{Outcome, Report},
    },
    template::{SourceName, Sources},
};
use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    dispatch::{Dispatch, End, Handle, Runs, contained, serve},
    engine::{Settings, planner::Planner},
    ports::{ObjectId, Stores},
    queue::Work,
};

mod chance;
mod run;
mod values;

use chance::Chances;
use run::Run;

/// Objects that push.
///
/// The engine never runs two calls for one object at once.
#[async_trait]
pub trait Objects: fmt::Debug + Send + Sync + 'static {
    /// Looks at an object, without the values.
    async fn observe(&self, object: ObjectId) -> Observation;

    /// Reads the Secrets that an object pushes, in the order of their names: none where none has the labels.
    async fn read(&self, object: ObjectId, source: &Source) -> Result<Vec<SourceSecret>, SourceError>;

    /// Reads what the templates of an object stand in, or what its metadata points to: all that `wanted` names, those that are
    /// not there as `None`. It may be asked several times in one run.
    async fn sources(&self, object: ObjectId, wanted: &BTreeSet<SourceName>) -> Result<Sources, WriteError>;

    /// Sees to it that an object which is deleted stays until it is let go, or lets it go.
    async fn hold(&self, object: ObjectId, is_held: bool) -> Result<(), WriteError>;

    /// Writes down what a run came to, or will: the status where [`Report::write`] says so, and the events.
    async fn report(&self, object: ObjectId, report: &Report) -> Result<(), WriteError>;

    /// Told that the stores were as they should be at that time, whether or not it is written down.
    fn refreshed(&self, object: ObjectId, at: Timestamp);
}

/// Told about each run, for metrics.
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// A run for an object ended; `outcome` is `None` where it was not due.
    fn ran(&self, object: ObjectId, outcome: Option<&Outcome>, took: Duration);
}

/// Counts nothing.
impl Observer for () {
    fn ran(&self, _object: ObjectId, _outcome: Option<&Outcome>, _took: Duration) {}
}

/// The engine.
///
/// Guarantees, beside those of the [other one](crate::engine::Engine): all entries of an object for one value of a store
/// are one write, and where that value changed since it was looked at, it is looked at again; what an object that deletes
/// will have written is written down before; nothing is written or deleted that is somebody else's.
#[derive(Debug)]
pub struct Engine {
    handle: Handle,
}

/// What runs have in common.
#[derive(Debug)]
struct Shared {
    objects: Arc<dyn Objects>,
    stores: Arc<dyn Stores>,
    observer: Arc<dyn Observer>,
    heartbeat: Duration,
    dispatch: Arc<Dispatch>,
    planner: Planner,
    chances: Chances,
}

impl Engine {
    /// An engine over these ports, and the handle that wakes it. Nothing runs before [`run`](Self::run).
    pub fn new(
        objects: Arc<dyn Objects>,
        stores: Arc<dyn Stores>,
        observer: Arc<dyn Observer>,
        settings: Settings,
    ) -> (Self, Handle) {
        let dispatch = Dispatch::new(settings.dispatch());
        let shared = Arc::new(Shared {
            objects,
            stores,
            observer,
            heartbeat: settings.heartbeat,
            dispatch: Arc::clone(&dispatch),
            planner: Planner::new(&settings),
            chances: Chances::new(&settings.random),
        });
        let handle = Handle { dispatch, runs: shared };
        (Self { handle: handle.clone() }, handle)
    }

    /// Runs until `stop` is cancelled, and returns when no call of an object is under way any more. No write is begun after
    /// that.
    pub async fn run(self, stop: CancellationToken) {
        serve(self.handle, stop).await;
    }
}

#[async_trait]
impl Runs for Shared {
    async fn run(self: Arc<Self>, work: Work, stop: &CancellationToken) -> End {
        let began = Instant::now();
        let run = Run { engine: &self, work, stop };
        let (end, outcome) = contained(work.object, run.run()).await;
        // It may have been forgotten while this run was under way.
        if end == End::Gone {
            self.chances.forget(work.object);
        }
        self.observer.ran(work.object, outcome.as_ref(), began.elapsed());
        end
    }

    fn forget(&self, object: ObjectId) {
        self.chances.forget(object);
    }
}

#[cfg(test)]
mod tests;
