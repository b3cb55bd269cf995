//! Keeps every object in step: takes objects off the queue, and runs observe, fetch, plan, write and report for each.

use std::{fmt, num::NonZeroUsize, sync::Arc, time::Duration};

use async_trait::async_trait;
use eso_plan::{
    due::{Due, Wake},
    observed::Observed,
    plan::{Plan, WriteError},
    template::Delimiters,
};
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    dispatch::{self, Dispatch, End, Runs, contained, serve},
    ports::{GroupId, ObjectId, Observer, Stores, Target},
    queue::{Lane, Turn, Work},
};

mod run;

mod ask;
mod company;
mod made;
pub(crate) mod planner;
mod repairs;

pub use dispatch::{Cause, Clock, Handle, Standing};

use company::{Company, Source};
use made::Made;
use planner::Planner;
use repairs::Repairs;
use run::Run;

/// Fills a buffer with random bytes, of which keys may be made; tests pass one that gives the same ones each time.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// How the engine works.
#[derive(Clone)]
pub struct Settings {
    /// How many objects may be under way at once, those of one group at most a quarter of them. One that is under way for
    /// [`LONGEST_HOLD`](crate::queue::LONGEST_HOLD) is not counted any more.
    pub concurrency: NonZeroUsize,
    /// How old a written `refreshTime` may be before it is written again although nothing changed.
    pub heartbeat: Duration,
    /// How long an object may be due and not looked at, or under way, before it is reported.
    pub watchdog: Duration,
    /// The wall clock.
    pub clock: Clock,
    /// Where the random bytes of templates come from.
    pub random: Random,
    /// What begins and ends an action in a template.
    pub delimiters: Delimiters,
}

/// What a run for an object would do.
#[derive(Clone, Debug, PartialEq)]
pub enum Preview {
    /// Nothing: it is not there, or not ours to serve.
    Gone,
    /// It would take our marks off an object that is being deleted.
    Leaving,
    /// Nothing: it cannot be understood. Why, in words for people.
    Malformed(String),
    /// Nothing: its target cannot be looked at.
    Unseen(WriteError),
    /// This.
    Planned {
        /// The object and its target.
        observed: Box<Observed>,
        /// What to do.
        plan: Plan,
        /// When a run would do so.
        due: Due,
    },
}

/// The engine.
///
/// Guarantees: one run at a time for an object; a panic in a run is a failure of that object alone; after a failure
/// an object is tried again after 1 s, doubling to 30 s, and earlier when its store answers again or it changes; a
/// target that somebody else changes is repaired at once, and where they change it again and again at the same pace;
/// when it is stopped no write is begun any more. It remembers nothing that a new engine would miss.
#[derive(Debug)]
pub struct Engine {
    shared: Arc<Shared>,
    handle: Handle,
}

/// What runs have in common.
#[derive(Debug)]
struct Shared {
    target: Arc<dyn Target>,
    stores: Arc<dyn Stores>,
    observer: Arc<dyn Observer>,
    settings: Settings,
    dispatch: Arc<Dispatch>,
    repairs: Mutex<Repairs>,
    company: Mutex<Company>,
    made: Made,
    planner: Planner,
}

impl Engine {
    /// An engine over these ports, and the handle that wakes it. Nothing runs before [`run`](Self::run).
    pub fn new(
        target: Arc<dyn Target>,
        stores: Arc<dyn Stores>,
        observer: Arc<dyn Observer>,
        settings: Settings,
    ) -> (Self, Handle) {
        let dispatch = Dispatch::new(settings.dispatch());
        let shared = Arc::new(Shared {
            target,
            stores,
            observer,
            planner: Planner::new(&settings),
            settings,
            dispatch: Arc::clone(&dispatch),
            repairs: Mutex::default(),
            company: Mutex::default(),
            made: Made::default(),
        });
        let handle = Handle { dispatch, runs: Arc::clone(&shared) as _ };
        (Self { shared, handle: handle.clone() }, handle)
    }

    /// What a run for an object would do now, be it due or not: it reads its stores, and writes nothing. Nothing else
    /// runs meanwhile.
    pub async fn preview(&self, object: ObjectId) -> Preview {
        let turn = Turn { group: GroupId(0), lane: Lane::Changed, wake: Wake::Look, at: Instant::now() };
        let stop = CancellationToken::new();
        Run { engine: &self.shared, work: Work { object, turn }, stop: &stop }.preview().await
    }

    /// Runs until `stop` is cancelled, and returns when no call of an object is under way any more.
    pub async fn run(self, stop: CancellationToken) {
        serve(self.handle, stop).await;
    }
}

impl Settings {
    pub(crate) fn dispatch(&self) -> dispatch::Settings {
        dispatch::Settings {
            concurrency: self.concurrency,
            watchdog: self.watchdog,
            clock: Arc::clone(&self.clock),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // An object in flight mostly waits and costs a few kilobytes. A quarter of these, which one store gets,
            // is enough to fill several batches of 20 at once.
            concurrency: NonZeroUsize::new(512).expect("512 must not be zero"),
            heartbeat: Duration::from_secs(600),
            watchdog: Duration::from_secs(60),
            clock: Arc::new(Timestamp::now),
            random: Arc::new(|buffer| getrandom::fill(buffer).expect("the system must give random bytes")),
            delimiters: Delimiters::default(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { concurrency, heartbeat, watchdog, clock: _, random: _, delimiters } = self;
        let mut settings = f.debug_struct("Settings");
        settings.field("concurrency", concurrency).field("heartbeat", heartbeat).field("watchdog", watchdog);
        settings.field("delimiters", delimiters);
        settings.finish_non_exhaustive()
    }
}

#[async_trait]
impl Runs for Shared {
    async fn run(self: Arc<Self>, work: Work, stop: &CancellationToken) -> End {
        let began = Instant::now();
        let run = Run { engine: &self, work, stop };
        let (end, outcome) = contained(work.object, run.run()).await;
        self.observer.ran(work.object, outcome.as_ref(), began.elapsed());
        end
    }

    fn rests(&self, object: ObjectId) {
        self.company.lock().forget(object);
        self.made.forget(object);
    }

    fn forget(&self, object: ObjectId) {
        self.repairs.lock().forget(object);
        self.rests(object);
    }

    fn tidy(&self, now: Instant) {
        self.repairs.lock().forget_quiet(now);
    }
}

impl Shared {
    /// Brings forward the objects that show one of these values and are due soon.
    fn bring_along(&self, sources: &[Source]) {
        self.dispatch.bring_forward(self.company.lock().of(sources));
    }
}

#[cfg(test)]
pub(crate) mod tests;
