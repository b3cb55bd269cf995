//! One run for one object: observe, due, fetch, render, plan, write, report. Straight on; what to do is `eso-plan`'s.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use eso_core::{error::ErrorKind, key::StoreReference};
use eso_plan::{
    desired::Entry,
    due::{Due, Wake, due},
    observed::{Observation, Observed, Record},
    plan::{Attempt, Next, Outcome, Plan, Step, WriteError, next},
    render::{Answer, ReadError},
    status::{self, Report, Written},
};
use futures::future::join_all;
use jiff::Timestamp;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    Shared,
    company::{Source, slack},
};
use crate::{
    queue::{Lane, Work},
    store::Store,
};

/// How long all reads of one run may take together. An object that is under way holds one of the places that all share;
/// its stores may retry each read for 30 s, and make it wait in line before.
const LONGEST_READ: Duration = Duration::from_secs(120);

/// How a run ended, for the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
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

/// One run.
pub(super) struct Run<'a> {
    pub(super) engine: &'a Arc<Shared>,
    pub(super) work: Work,
    pub(super) stop: &'a CancellationToken,
}

/// The stores of an object, each with the places of its entries.
type Sources<'a> = BTreeMap<&'a StoreReference, (Result<Arc<Store>, String>, Vec<usize>)>;

impl Run<'_> {
    /// Runs, and says what it came to, if the object was due.
    pub(super) async fn run(&self) -> (End, Option<Outcome>) {
        let Some(observation) = self.unless_stopped(self.engine.target.observe(self.work.object)).await
        else {
            return (End::Stopped, None);
        };
        match observation {
            Observation::Gone => (End::Gone, None),
            Observation::Leaving => (self.release().await, None),
            Observation::Malformed { record, problem, revision: _ } => self.malformed(&record, problem).await,
            Observation::Unseen { record, error } => self.unseen(&record, error).await,
            Observation::Present(observed) => self.look(&observed).await,
        }
    }

    async fn release(&self) -> End {
        match self.write(&Step::Release).await {
            Ok(_) => End::Gone,
            Err(error) => self.failed(&error),
        }
    }

    async fn malformed(&self, record: &Record, problem: String) -> (End, Option<Outcome>) {
        let end = self.report(&status::malformed(record, &problem), End::Idle).await;
        (end, Some(Outcome::Malformed(problem)))
    }

    async fn unseen(&self, record: &Record, error: WriteError) -> (End, Option<Outcome>) {
        if let Some(end) = self.cut_short(&error) {
            return (end, None);
        }
        let end = self.report(&status::unseen(record, &error), End::Failed(None)).await;
        (end, Some(Outcome::Unwritable(Attempt::Look, error)))
    }

    async fn look(&self, observed: &Observed) -> (End, Option<Outcome>) {
        match due(observed, self.work.turn.wake, (self.engine.settings.clock)()) {
            Due::Now => self.refresh(observed).await,
            Due::Repair => self.repair(observed).await,
            Due::At(time) => (End::Until(time), None),
            Due::OnChange => (End::Idle, None),
        }
    }

    /// Puts a target right that somebody else changed, unless they do so again and again.
    async fn repair(&self, observed: &Observed) -> (End, Option<Outcome>) {
        let wait = self.engine.repairs.lock().wait(self.work.object, Instant::now());
        if !wait.is_zero() {
            return (End::Fought(wait), None);
        }
        let (end, outcome) = self.refresh(observed).await;
        if outcome.is_some() {
            self.engine.repairs.lock().repaired(self.work.object, Instant::now());
        }
        (end, outcome)
    }

    async fn refresh(&self, observed: &Observed) -> (End, Option<Outcome>) {
        let read = (self.engine.settings.clock)();
        let Some(answers) = self.unless_stopped(self.ask_in_time(observed)).await else {
            return (End::Stopped, None);
        };
        let plan = self.engine.planner.plan(observed, answers).await;
        tracing::debug!(object = self.work.object.0, %plan, "planned");
        let (outcome, written) = match self.carry_out(plan).await {
            Ok(done) => done,
            Err(end) => return (end, None),
        };
        if is_good(&outcome) {
            self.engine.target.refreshed(self.work.object, read);
        }
        let run = status::Run { observed, outcome: &outcome, written, read };
        let end = match next(&outcome, observed, read) {
            Next::At(time) => End::Until(time),
            Next::Retry { not_before } => End::Failed(not_before),
            Next::OnChange => End::Idle,
        };
        let end = self.report(&status::report(&run, self.engine.settings.heartbeat), end).await;
        (end, Some(outcome))
    }

    /// Does the step; or says how the run ends where there is nothing to report.
    async fn carry_out(&self, plan: Plan) -> Result<(Outcome, Written), End> {
        let Plan { step, outcome } = plan;
        if step == Step::Keep {
            return Ok((outcome, Written::Nothing));
        }
        match self.write(&step).await {
            Ok(written) => Ok((outcome, written)),
            Err(WriteError::Contested(holder)) => Ok((Outcome::Contested(holder), Written::Nothing)),
            Err(error) => match self.cut_short(&error) {
                Some(end) => Err(end),
                None => Ok((Outcome::Unwritable(Attempt::of(&step), error), Written::Nothing)),
            },
        }
    }

    /// Writes to the target. Once begun it is not cut short; it is not begun any more when we are to stop.
    async fn write(&self, step: &Step) -> Result<Written, WriteError> {
        if self.stop.is_cancelled() {
            return Err(WriteError::Stopped);
        }
        self.engine.target.write(self.work.object, step).await
    }

    /// Writes the report down if it says anything new; the run ends as given if that succeeds.
    async fn report(&self, report: &Report, end: End) -> End {
        if !report.write && report.event.is_none() {
            return end;
        }
        if self.stop.is_cancelled() {
            return End::Stopped;
        }
        match self.engine.target.report(self.work.object, report).await {
            Ok(()) => end,
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&self, error: &WriteError) -> End {
        self.cut_short(error).unwrap_or_else(|| {
            tracing::warn!(object = self.work.object.0, %error, "a status or a finalizer could not be written");
            End::Failed(None)
        })
    }

    /// How the run ends where an error is no failure of the object: it is looked at again, or by somebody else.
    fn cut_short(&self, error: &WriteError) -> Option<End> {
        match error {
            WriteError::Stopped => Some(End::Stopped),
            WriteError::Conflict => self.engine.looks_again(self.work.object).then_some(End::Conflict),
            WriteError::Contested(_)
            | WriteError::Immutable(_)
            | WriteError::Invalid(_)
            | WriteError::Forbidden(_)
            | WriteError::Uncleaned(_)
            | WriteError::Unavailable(_) => None,
        }
    }

    /// As [`ask`](Self::ask), but not for longer than [`LONGEST_READ`].
    async fn ask_in_time(&self, observed: &Observed) -> Vec<Answer> {
        let answers = timeout(LONGEST_READ, self.ask(observed)).await;
        answers.unwrap_or_else(|_elapsed| {
            let problem = format!("its stores did not give all values within {} s", LONGEST_READ.as_secs());
            let late = Answer { dialect: Default::default(), fetched: Err(ReadError::Store(problem)) };
            vec![late; observed.desired.entries.len()]
        })
    }

    /// Asks all stores at once: one answer for each entry, in order.
    async fn ask(&self, observed: &Observed) -> Vec<Answer> {
        let entries = &observed.desired.entries;
        let sources = self.sources(entries).await;
        self.share(observed, &sources);
        let answers =
            join_all(sources.into_values().map(|(store, places)| self.ask_one(store, places, entries)));
        let mut answers: Vec<(usize, Answer)> = answers.await.into_iter().flatten().collect();
        answers.sort_by_key(|(place, _)| *place);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    async fn sources<'a>(&self, entries: &'a [Entry]) -> Sources<'a> {
        let mut sources = Sources::new();
        for (place, entry) in entries.iter().enumerate() {
            if !sources.contains_key(&entry.store) {
                sources.insert(&entry.store, (self.engine.stores.store(&entry.store).await, Vec::new()));
            }
            let (_, places) = sources.get_mut(&entry.store).expect("the store of an entry must be there");
            places.push(place);
        }
        sources
    }

    async fn ask_one(
        &self,
        store: Result<Arc<Store>, String>,
        places: Vec<usize>,
        entries: &[Entry],
    ) -> Vec<(usize, Answer)> {
        let store = match store {
            Ok(store) => store,
            Err(problem) => {
                let fetched = Err(ReadError::Store(problem));
                let answer = Answer { dialect: Default::default(), fetched };
                return places.into_iter().map(|place| (place, answer.clone())).collect();
            }
        };
        let requests = places.iter().map(|place| entries[*place].fetch.clone()).collect();
        let fetched = store.fetch(requests, self.work.turn.lane).await;
        let is_out = |failure: &eso_core::error::ProviderError| failure.kind() == ErrorKind::Unavailable;
        if fetched.iter().any(|fetched| fetched.as_ref().is_err_and(is_out)) {
            self.engine.wake_on_recovery(&store, self.work, self.stop);
        }
        let dialect = store.dialect();
        let answer =
            |fetched: Result<_, _>| Answer { dialect, fetched: fetched.map_err(ReadError::Provider) };
        places.into_iter().zip(fetched.into_iter().map(answer)).collect()
    }

    /// Notes what the object shows; and if only its time has come, brings along those that show the same.
    ///
    /// One that was brought along brings nobody along itself: else one read would draw in everything, link by link.
    fn share(&self, observed: &Observed, sources: &Sources<'_>) {
        let entries = &observed.desired.entries;
        let shown = Source::each_once(sources.values().flat_map(|(store, places)| {
            store.iter().flat_map(|store: &Arc<Store>| {
                places.iter().map(|place| Source::new(store, &entries[*place].fetch))
            })
        }));
        self.engine.company.lock().note(self.work.object, &shown, slack(observed.desired.refresh));
        if self.work.turn.lane == Lane::Periodic && self.work.turn.wake == Wake::Look {
            self.engine.bring_along(&shown);
        }
    }

    async fn unless_stopped<T>(&self, call: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            result = call => Some(result),
        }
    }
}

/// Whether the store was read, and nothing is left to be done about what it gave.
fn is_good(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Synced | Outcome::Retained | Outcome::Deleted | Outcome::Waiting => true,
        Outcome::Malformed(_)
        | Outcome::Empty
        | Outcome::Unreadable(_)
        | Outcome::Contested(_)
        | Outcome::Unwritable(_, _) => false,
    }
}
