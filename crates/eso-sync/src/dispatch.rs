//! Takes objects off the queue and has each run, whatever a run is: one at a time for an object, again after a failure,
//! and at once when somebody says that something changed.

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

use async_trait::async_trait;
use eso_plan::due::Wake;
use futures::FutureExt;
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    ports::{GroupId, ObjectId},
    queue::{Lane, Overdue, Queue, Turn, Work},
    store::Store,
};

mod failures;
mod time;

use failures::Failures;
pub(crate) use failures::backoff;
use time::wait_until;

/// How long the sources of an object are left alone after it was looked at for a change of them. The first change is acted
/// on at once, and none later than a second.
const SETTLED: Duration = Duration::from_millis(500);

/// Tells the wall clock's time; tests pass one that follows tokio's.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

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

/// How one lane of the queue stands, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// How many objects are due and not yet looked at.
    pub ready: usize,
    /// How long the oldest of them has been due.
    pub oldest: Option<Duration>,
}

/// Tells the engine what happened outside. Every method returns at once.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(crate) dispatch: Arc<Dispatch>,
    pub(crate) runs: Arc<dyn Runs>,
}

/// How a run ended, for the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The object is no more.
    Gone,
    /// Nothing is to be done until something changes.
    Idle,
    /// It is to be looked at again at that time.
    Until(Timestamp),
    /// It failed. It must not be tried again before so long.
    Failed(Option<Duration>),
    /// Its target was repaired just now, and again somebody changed it: it must not be repaired before so long.
    Fought(Duration),
    /// Somebody wrote in between.
    Conflict,
    /// We are to stop.
    Stopped,
}

/// What a run is.
#[async_trait]
pub(crate) trait Runs: fmt::Debug + Send + Sync + 'static {
    /// Runs for an object, whose work it is, and says how that ended. It contains its own panics.
    async fn run(self: Arc<Self>, work: Work, stop: &CancellationToken) -> End;

    /// Told that an object does not come again by itself.
    fn rests(&self, _object: ObjectId) {}

    /// Told that an object is not there any more.
    fn forget(&self, _object: ObjectId) {}

    /// Told each quarter of the watchdog's time.
    fn tidy(&self, _now: Instant) {}
}

/// The objects of one engine: whose turn it is, and who failed how often.
#[derive(Debug)]
pub(crate) struct Dispatch {
    settings: Settings,
    queue: Mutex<Queue>,
    queue_changed: Notify,
    failures: Mutex<Failures>,
    /// When the sources of an object were last told to have changed: two objects that are made of each other's targets
    /// would wake each other as fast as the API server takes their writes.
    stirred: Mutex<HashMap<ObjectId, Instant>>,
    /// The objects that wait for a store to answer again, by the number of the store.
    waiting_for: Mutex<HashMap<u64, BTreeMap<ObjectId, GroupId>>>,
    overdue: AtomicU64,
}

/// How objects are served.
#[derive(Clone)]
pub(crate) struct Settings {
    /// How many objects may be under way at once.
    pub(crate) concurrency: NonZeroUsize,
    /// How long an object may be due and not looked at, or under way, before it is reported.
    pub(crate) watchdog: Duration,
    /// The wall clock.
    pub(crate) clock: Clock,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("concurrency", &self.concurrency).finish_non_exhaustive()
    }
}

/// Serves objects until `stop` is cancelled, and returns when no run is under way any more.
pub(crate) async fn serve(handle: Handle, stop: CancellationToken) {
    let tasks = TaskTracker::new();
    let watch = tasks.spawn(watch_over(handle.clone(), stop.clone()));
    let dispatch = &handle.dispatch;
    while !stop.is_cancelled() {
        let next = dispatch.queue.lock().next(Instant::now());
        match next {
            Some(work) => {
                tasks.spawn(run_object(handle.clone(), work, stop.clone()));
            }
            None => dispatch.wait_for_work(&stop).await,
        }
    }
    drop(watch);
    tasks.close();
    tasks.wait().await;
}

async fn run_object(handle: Handle, work: Work, stop: CancellationToken) {
    let Handle { dispatch, runs } = &handle;
    let end = Arc::clone(runs).run(work, &stop).await;
    // Only one that waits for its time comes by itself; and one that was forgotten while it was under way must not be
    // remembered here: nobody would ever forget it again.
    if dispatch.settle(work, end) {
        runs.rests(work.object);
    }
    dispatch.finish(work.object);
}

/// A run, and what it came to beside how it ended: nothing where it crashed, which is a failure of its object alone.
///
/// What the next run needs of what this one left half done is outside, where it is observed anew.
pub(crate) async fn contained<T>(
    object: ObjectId,
    run: impl Future<Output = (End, Option<T>)>,
) -> (End, Option<T>) {
    let ended = AssertUnwindSafe(run).catch_unwind().await;
    ended.unwrap_or_else(|_payload| {
        tracing::error!(object = object.0, "a run crashed; please report this as a bug");
        (End::Failed(None), None)
    })
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
            self.dispatch.failures.lock().clear(object);
        }
        let at = match cause {
            Cause::SourceChanged => self.dispatch.stir(object, Instant::now()),
            Cause::Listed | Cause::Changed | Cause::SourceReady => Instant::now(),
        };
        self.dispatch.schedule(object, Turn { group, lane, wake, at });
    }

    /// Drops an object that is not there any more. A run for it that is under way ends by itself.
    pub fn forget(&self, object: ObjectId) {
        self.dispatch.forget(object);
        self.runs.forget(object);
    }

    /// How one lane of the queue stands.
    pub fn standing(&self, lane: Lane) -> Standing {
        let mut queue = self.dispatch.queue.lock();
        queue.promote(Instant::now());
        Standing { ready: queue.ready(lane), oldest: queue.oldest(lane).map(|since| since.elapsed()) }
    }

    /// How many objects are under way.
    pub fn running(&self) -> usize {
        self.dispatch.queue.lock().running()
    }

    /// How many objects the watchdog has found due and not looked at, or under way, for too long. It makes four rounds
    /// in that time, and counts an object in each.
    pub fn overdue(&self) -> u64 {
        self.dispatch.overdue.load(Ordering::Relaxed)
    }
}

impl Dispatch {
    /// One that serves nobody yet.
    pub(crate) fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::new(Queue::new(settings.concurrency.get())),
            settings,
            queue_changed: Notify::new(),
            failures: Mutex::default(),
            stirred: Mutex::default(),
            waiting_for: Mutex::default(),
            overdue: AtomicU64::new(0),
        })
    }

    /// The time on the wall clock.
    pub(crate) fn now(&self) -> Timestamp {
        (self.settings.clock)()
    }

    /// Whether an object that met a conflict is looked at again at once, or counts as failed.
    pub(crate) fn looks_again(&self, object: ObjectId) -> bool {
        self.failures.lock().conflicted(object)
    }

    /// Looks at these objects now, and refreshes them, where their time comes within so long by itself.
    pub(crate) fn bring_forward(&self, objects: impl IntoIterator<Item = (ObjectId, Duration)>) {
        let now = Instant::now();
        let mut queue = self.queue.lock();
        for (object, slack) in objects {
            let is_due_soon =
                |turn: &Turn| turn.lane == Lane::Periodic && turn.at > now && turn.at <= now + slack;
            if let Some(turn) = queue.turn(object).filter(is_due_soon) {
                queue.schedule(object, Turn { wake: Wake::Refresh, at: now, ..turn });
            }
        }
        self.queue_changed.notify_one();
    }

    /// Looks at an object again as soon as its store, which gives no answer now, gives one.
    pub(crate) fn wake_on_recovery(
        self: &Arc<Self>,
        store: &Arc<Store>,
        work: Work,
        stop: &CancellationToken,
    ) {
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

    fn schedule(&self, object: ObjectId, turn: Turn) {
        self.queue.lock().schedule(object, turn);
        self.queue_changed.notify_one();
    }

    fn forget(&self, object: ObjectId) {
        self.queue.lock().forget(object);
        self.failures.lock().clear(object);
        self.stirred.lock().remove(&object);
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

    /// Schedules what comes after a run. Gives whether that is nothing.
    fn settle(&self, work: Work, end: End) -> bool {
        let Work { object, turn } = work;
        let now = Instant::now();
        let again = match end {
            End::Gone | End::Idle => {
                self.failures.lock().clear(object);
                None
            }
            End::Until(time) => {
                self.failures.lock().clear(object);
                let at = now + wait_until(time, self.now());
                Some(Turn { lane: Lane::Periodic, wake: Wake::Look, at, ..turn })
            }
            End::Failed(not_before) => {
                let at = now + self.failures.lock().failed(object, not_before);
                Some(Turn { lane: Lane::Retry, at, ..turn })
            }
            End::Fought(wait) => Some(Turn { lane: Lane::Retry, at: now + wait, ..turn }),
            End::Conflict => Some(Turn { at: now, ..turn }),
            End::Stopped => None,
        };
        if let Some(again) = again {
            self.queue.lock().schedule(object, again);
        }
        again.is_none()
    }

    fn finish(&self, object: ObjectId) {
        self.queue.lock().finish(object);
        self.queue_changed.notify_one();
    }

    fn report_overdue(&self, now: Instant) {
        let Some(before) = now.checked_sub(self.settings.watchdog) else { return };
        let Overdue { objects, example } = self.queue.lock().overdue(before);
        self.overdue.fetch_add(u64::try_from(objects).unwrap_or(u64::MAX), Ordering::Relaxed);
        if let Some(example) = example {
            tracing::warn!(objects, example = example.0, "objects are due and were not served for too long");
        }
    }
}

async fn wait_for_recovery(dispatch: Arc<Dispatch>, store: Arc<Store>, stop: CancellationToken) {
    tokio::select! {
        () = store.recovered() => {}
        () = stop.cancelled() => return,
    }
    let waiting = dispatch.waiting_for.lock().remove(&store.number()).unwrap_or_default();
    for (object, group) in waiting {
        let at = Instant::now();
        dispatch.schedule(object, Turn { group, lane: Lane::Retry, wake: Wake::Look, at });
    }
}

/// Reports objects that nobody looks at in time, and forgets what is long past.
async fn watch_over(handle: Handle, stop: CancellationToken) {
    let Handle { dispatch, runs } = &handle;
    let mut rounds = tokio::time::interval(dispatch.settings.watchdog / 4);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            now = rounds.tick() => {
                runs.tidy(now);
                dispatch.stirred.lock().retain(|_, last| now.saturating_duration_since(*last) < SETTLED);
                dispatch.report_overdue(now);
            }
        }
    }
}

#[cfg(test)]
impl Dispatch {
    /// Whether nobody waits for anything.
    pub(crate) fn is_idle(&self) -> bool {
        self.queue.lock().wake_at().is_none()
    }
}
