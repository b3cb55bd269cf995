//! Keeps every object in step: takes objects off the queue, and runs observe, fetch, plan, write and report for each.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    num::NonZeroUsize,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use eso_plan::{
    due::{Due, Wake},
    observed::Observed,
    plan::{Outcome, Plan, WriteError},
    template::Delimiters,
};
use futures::FutureExt;
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    ports::{GroupId, ObjectId, Observer, Stores, Target},
    queue::{Lane, Overdue, Queue, Turn, Work},
    store::Store,
};

mod run;

mod ask;
mod company;
mod failures;
mod made;
mod planner;
mod repairs;
mod time;

use company::{Company, Source};
use failures::Failures;
use made::Made;
use planner::Planner;
use repairs::Repairs;
use run::{End, Run};
use time::wait_until;

/// How long the sources of an object are left alone after it was looked at for a change of them. The first change is acted
/// on at once, and none later than a second.
const SETTLED: Duration = Duration::from_millis(500);

/// Tells the wall clock's time; tests pass one that follows tokio's.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

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

/// Why an object should be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// It was met in a list, at the start or after a watch began anew: nobody waits for it.
    Listed,
    /// It or its target was changed, or is new.
    Changed,
    /// What its values come from changed: its store, or a credential. The store is read whatever the interval says.
    SourceChanged,
    /// Its store can be used again, and is what it was: one that failed is tried at once.
    SourceReady,
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

/// How one lane of the queue stands, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// How many objects are due and not yet looked at.
    pub ready: usize,
    /// How long the oldest of them has been due.
    pub oldest: Option<Duration>,
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
}

/// Tells the engine what happened outside. Every method returns at once.
#[derive(Clone, Debug)]
pub struct Handle {
    shared: Arc<Shared>,
}

/// What runs have in common.
#[derive(Debug)]
struct Shared {
    target: Arc<dyn Target>,
    stores: Arc<dyn Stores>,
    observer: Arc<dyn Observer>,
    settings: Settings,
    queue: Mutex<Queue>,
    queue_changed: Notify,
    failures: Mutex<Failures>,
    repairs: Mutex<Repairs>,
    /// When the sources of an object were last told to have changed: two objects that are made of each other's targets
    /// would wake each other as fast as the API server takes their writes.
    stirred: Mutex<HashMap<ObjectId, Instant>>,
    company: Mutex<Company>,
    made: Made,
    planner: Planner,
    /// The objects that wait for a store to answer again, by the number of the store.
    waiting_for: Mutex<HashMap<u64, BTreeMap<ObjectId, GroupId>>>,
    overdue: AtomicU64,
}

impl Engine {
    /// An engine over these ports, and the handle that wakes it. Nothing runs before [`run`](Self::run).
    pub fn new(
        target: Arc<dyn Target>,
        stores: Arc<dyn Stores>,
        observer: Arc<dyn Observer>,
        settings: Settings,
    ) -> (Self, Handle) {
        let shared = Arc::new(Shared {
            target,
            stores,
            observer,
            queue: Mutex::new(Queue::new(settings.concurrency.get())),
            planner: Planner::new(&settings),
            settings,
            queue_changed: Notify::new(),
            failures: Mutex::default(),
            repairs: Mutex::default(),
            stirred: Mutex::default(),
            company: Mutex::default(),
            made: Made::default(),
            waiting_for: Mutex::default(),
            overdue: AtomicU64::new(0),
        });
        (Self { shared: Arc::clone(&shared) }, Handle { shared })
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
        let tasks = TaskTracker::new();
        let watch = tasks.spawn(watch_over(Arc::clone(&self.shared), stop.clone()));
        while !stop.is_cancelled() {
            let next = self.shared.queue.lock().next(Instant::now());
            match next {
                Some(work) => {
                    tasks.spawn(run_object(Arc::clone(&self.shared), work, stop.clone()));
                }
                None => self.shared.wait_for_work(&stop).await,
            }
        }
        drop(watch);
        tasks.close();
        tasks.wait().await;
    }
}

impl Handle {
    /// Looks at an object soon. `group` is the line that it waits in: that of its store.
    ///
    /// An object under way is looked at once more after that.
    pub fn wake(&self, object: ObjectId, group: GroupId, cause: Cause) {
        let (lane, wake) = match cause {
            Cause::Listed => (Lane::Periodic, Wake::Look),
            Cause::Changed => (Lane::Changed, Wake::Look),
            Cause::SourceChanged => (Lane::Retry, Wake::Refresh),
            Cause::SourceReady => (Lane::Retry, Wake::Look),
        };
        if cause != Cause::Listed {
            self.shared.failures.lock().clear(object);
        }
        let at = match cause {
            Cause::SourceChanged => self.shared.stir(object, Instant::now()),
            Cause::Listed | Cause::Changed | Cause::SourceReady => Instant::now(),
        };
        self.shared.schedule(object, Turn { group, lane, wake, at });
    }

    /// Drops an object that is not there any more. A run for it that is under way ends by itself.
    pub fn forget(&self, object: ObjectId) {
        self.shared.forget(object);
    }

    /// How one lane of the queue stands.
    pub fn standing(&self, lane: Lane) -> Standing {
        let queue = self.shared.queue.lock();
        Standing { ready: queue.ready(lane), oldest: queue.oldest(lane).map(|since| since.elapsed()) }
    }

    /// How many objects are under way.
    pub fn running(&self) -> usize {
        self.shared.queue.lock().running()
    }

    /// How many objects the watchdog has found due and not looked at, or under way, for too long. It makes four rounds
    /// in that time, and counts an object in each.
    pub fn overdue(&self) -> u64 {
        self.shared.overdue.load(Ordering::Relaxed)
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

impl Shared {
    fn schedule(&self, object: ObjectId, turn: Turn) {
        self.queue.lock().schedule(object, turn);
        self.queue_changed.notify_one();
    }

    fn forget(&self, object: ObjectId) {
        self.queue.lock().forget(object);
        self.failures.lock().clear(object);
        self.repairs.lock().forget(object);
        self.stirred.lock().remove(&object);
        self.company.lock().forget(object);
        self.made.forget(object);
    }

    /// Waits until an object's time comes, or the queue changes.
    async fn wait_for_work(&self, stop: &CancellationToken) {
        let wake_at = self.queue.lock().wake_at();
        let time_comes = async {
            match wake_at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.queue_changed.notified() => {}
            () = time_comes => {}
        }
    }

    /// When an object is looked at whose sources changed: now, or [`SETTLED`] after they last did.
    fn stir(&self, object: ObjectId, now: Instant) -> Instant {
        let mut stirred = self.stirred.lock();
        let at = match stirred.get(&object) {
            Some(next) if *next > now => *next,
            Some(last) => (*last + SETTLED).max(now),
            None => now,
        };
        stirred.insert(object, at);
        at
    }

    /// Whether an object that met a conflict is looked at again at once, or counts as failed.
    fn looks_again(&self, object: ObjectId) -> bool {
        self.failures.lock().conflicted(object)
    }

    /// Brings forward the objects that show one of these values and are due soon.
    fn bring_along(&self, sources: &[Source]) {
        let now = Instant::now();
        let company = self.company.lock();
        let mut queue = self.queue.lock();
        for (object, slack) in company.of(sources) {
            let is_due_soon =
                |turn: &Turn| turn.lane == Lane::Periodic && turn.at > now && turn.at <= now + slack;
            if let Some(turn) = queue.turn(object).filter(is_due_soon) {
                queue.schedule(object, Turn { wake: Wake::Refresh, at: now, ..turn });
            }
        }
        self.queue_changed.notify_one();
    }

    /// Looks at an object again as soon as its store, which gives no answer now, gives one.
    fn wake_on_recovery(self: &Arc<Self>, store: &Arc<Store>, work: Work, stop: &CancellationToken) {
        if store.refusal().is_none() {
            return;
        }
        let mut waiting_for = self.waiting_for.lock();
        let is_first = !waiting_for.contains_key(&store.number());
        waiting_for.entry(store.number()).or_default().insert(work.object, work.turn.group);
        if is_first {
            tokio::spawn(wait_for_recovery(Arc::clone(self), Arc::clone(store), stop.clone()));
        }
    }

    fn settle(&self, work: Work, end: End) {
        let Work { object, turn } = work;
        let now = Instant::now();
        let failed = |not_before| Turn {
            lane: Lane::Retry,
            at: now + self.failures.lock().failed(object, not_before),
            ..turn
        };
        let again = match end {
            End::Gone | End::Idle => {
                self.failures.lock().clear(object);
                None
            }
            End::Until(time) => {
                self.failures.lock().clear(object);
                let at = now + wait_until(time, (self.settings.clock)());
                Some(Turn { lane: Lane::Periodic, wake: Wake::Look, at, ..turn })
            }
            End::Failed(not_before) => Some(failed(not_before)),
            End::Fought(wait) => Some(Turn { lane: Lane::Retry, at: now + wait, ..turn }),
            End::Conflict => Some(Turn { at: now, ..turn }),
            End::Stopped => None,
        };
        // Only one that waits for its time can be brought along; and one that was forgotten while it was under way must
        // not be remembered here: nobody would ever forget it again.
        if again.is_none() {
            self.company.lock().forget(object);
            self.made.forget(object);
        }
        let mut queue = self.queue.lock();
        if let Some(again) = again {
            queue.schedule(object, again);
        }
        queue.finish(object);
        drop(queue);
        self.queue_changed.notify_one();
    }
}

async fn run_object(shared: Arc<Shared>, work: Work, stop: CancellationToken) {
    let began = Instant::now();
    let run = Run { engine: &shared, work, stop: &stop };
    // What the next run needs of what this one left half done is in the cluster, where it is observed anew.
    let ended: Result<(End, Option<Outcome>), _> = AssertUnwindSafe(run.run()).catch_unwind().await;
    let (end, outcome) = ended.unwrap_or_else(|_payload| {
        tracing::error!(object = work.object.0, "a run crashed; please report this as a bug");
        (End::Failed(None), None)
    });
    shared.observer.ran(work.object, outcome.as_ref(), began.elapsed());
    shared.settle(work, end);
}

async fn wait_for_recovery(shared: Arc<Shared>, store: Arc<Store>, stop: CancellationToken) {
    tokio::select! {
        () = store.recovered() => {}
        () = stop.cancelled() => return,
    }
    let waiting = shared.waiting_for.lock().remove(&store.number()).unwrap_or_default();
    for (object, group) in waiting {
        let at = Instant::now();
        shared.schedule(object, Turn { group, lane: Lane::Retry, wake: Wake::Look, at });
    }
}

/// Reports objects that nobody looks at in time, and forgets repairs that are long past.
async fn watch_over(shared: Arc<Shared>, stop: CancellationToken) {
    let mut rounds = tokio::time::interval(shared.settings.watchdog / 4);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            now = rounds.tick() => {
                shared.repairs.lock().forget_quiet(now);
                shared.stirred.lock().retain(|_, last| now.saturating_duration_since(*last) < SETTLED);
                shared.report_overdue(now);
            }
        }
    }
}

impl Shared {
    fn report_overdue(&self, now: Instant) {
        let Some(before) = now.checked_sub(self.settings.watchdog) else { return };
        let Overdue { objects, example } = self.queue.lock().overdue(before);
        self.overdue.fetch_add(u64::try_from(objects).unwrap_or(u64::MAX), Ordering::Relaxed);
        if let Some(example) = example {
            tracing::warn!(objects, example = example.0, "objects are due and were not served for too long");
        }
    }
}

#[cfg(test)]
mod tests;
