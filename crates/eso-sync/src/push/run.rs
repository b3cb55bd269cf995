//! One run for one object: observe, due, read, expand, carry out, report. Straight on; what to do is `eso-plan`'s.

use std::{collections::BTreeSet, sync::Arc};

use eso_plan::{
    due::Due,
    plan::WriteError,
    push::{
        Observation, Observed, Record, SourceError, SourceSecret, Synced, Update,
        bound::bounded,
        due::{due, next},
        expand::{Asked, expand},
        goals::{claim, goals, left, parted},
        status::{self, Outcome, Report, report, says_source_deleted},
    },
    template::{SourceName, Sources, Template},
};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{
    Shared,
    values::{Carried, Manner},
};
use crate::{dispatch::End, engine::planner::Chance, queue::Work};

/// One run.
pub(super) struct Run<'a> {
    pub(super) engine: &'a Arc<Shared>,
    pub(super) work: Work,
    pub(super) stop: &'a CancellationToken,
}

impl Run<'_> {
    /// Runs, and says what it came to, if the object was due.
    pub(super) async fn run(&self) -> (End, Option<Outcome>) {
        let observed = self.unless_stopped(self.engine.objects.observe(self.work.object)).await;
        match observed {
            None => (End::Stopped, None),
            Some(Observation::Gone) => (End::Gone, None),
            Some(Observation::Leaving { record, cleans_up }) => self.leave(&record, cleans_up).await,
            Some(Observation::Malformed { record, problem }) => {
                self.tell(Told::of(&record, Outcome::Malformed(problem)), End::Idle).await
            }
            Some(Observation::Present(observed)) => {
                match due(&observed, self.work.turn.wake, self.engine.dispatch.now()) {
                    Due::Now | Due::Repair => self.push(&observed).await,
                    Due::At(time) => (End::Until(time), None),
                    Due::OnChange => (End::Idle, None),
                }
            }
        }
    }

    /// Deletes what an object wrote that is being deleted, and lets it go then.
    async fn leave(&self, record: &Record, cleans_up: bool) -> (End, Option<Outcome>) {
        let nothing = Asked::new();
        let goals = goals(&nothing, &record.synced, cleans_up);
        let Carried { failures, first, .. } =
            match self.carry_out(goals, Manner { update: Update::Replace, is_cleanup: false }).await {
                Ok(carried) => carried,
                Err(end) => return (end, None),
            };
        let Some(failure) = first else {
            return match self.hold(false).await {
                Ok(()) => (End::Gone, None),
                Err(error) => self.unwritten(error, |error| Told::of(record, Outcome::Unheld(error))).await,
            };
        };
        let synced = left(&nothing, &record.synced, &failures.uncertain());
        let told = Told { synced: &synced, ..Told::of(record, Outcome::Failed(failure)) };
        self.tell(told, End::Failed(failures.retry_after())).await
    }

    async fn push(&self, observed: &Observed) -> (End, Option<Outcome>) {
        let read = self.engine.dispatch.now();
        let cleans_up = observed.desired.cleans_up;
        let told = |outcome| Told { observed: Some(observed), read, ..Told::of(&observed.record, outcome) };
        if let Err(error) = self.hold(cleans_up).await {
            return self.unwritten(error, |error| told(Outcome::Unheld(error))).await;
        }
        let (asked, good) = match self.unless_stopped(self.asked(observed)).await {
            None => return (End::Stopped, None),
            Some(Ok(asked)) => asked,
            Some(Err(outcome)) => {
                let end = end(&outcome, observed, read);
                return self.tell(told(outcome), end).await;
            }
        };
        let record = match self.claim(&asked, observed).await {
            Ok(record) => record,
            Err(error) => return self.unwritten(error, |error| told(Outcome::Unclaimed(error))).await,
        };
        let (resting, others) = parted(&record.synced, &observed.resting);
        let goals = goals(&asked, &others, cleans_up);
        let manner = Manner { update: observed.desired.update, is_cleanup: good == Outcome::SourceDeleted };
        let carried = match self.carry_out(goals, manner).await {
            Ok(carried) => carried,
            Err(end) => return (end, None),
        };
        let Carried { failures, first, wrote } = carried;
        let is_worth_a_retry = failures.are_worth_a_retry();
        let outcome = first.map_or(good, Outcome::Failed);
        let mut synced = left(&asked, &observed.record.synced, &failures.uncertain());
        synced.extend(resting);
        let end = match outcome {
            Outcome::Failed(_) if is_worth_a_retry => End::Failed(failures.retry_after()),
            _ => regularly(observed, read),
        };
        if outcome == Outcome::Synced {
            self.engine.objects.refreshed(self.work.object, read);
        }
        self.tell(Told { record: &record, synced: &synced, wrote, ..told(outcome) }, end).await
    }

    /// What goes where, and what it comes to when it is there; or what the run comes to where that cannot be said.
    async fn asked(&self, observed: &Observed) -> Result<(Asked, Outcome), Outcome> {
        let Observed { desired, record, .. } = observed;
        let secrets = match self.engine.objects.read(self.work.object, &desired.source).await {
            Ok(secrets) => secrets,
            Err(SourceError::Missing(_)) if desired.cleans_up && has_pushed(record) => {
                return Ok((Asked::new(), Outcome::SourceDeleted));
            }
            Err(error) => return Err(Outcome::Unread(error)),
        };
        let secrets = match &desired.template {
            Some(template) => self.templated(template, &desired.revision, secrets).await?,
            None => secrets,
        };
        let expanded = match desired.data_to.is_empty() {
            true => expand(desired, &observed.stores, &secrets),
            // A stranger's expressions and templates of names may take a while.
            false => {
                let (desired, stores) = (desired.clone(), observed.stores.clone());
                self.engine.planner.apart(move || expand(&desired, &stores, &secrets)).await
            }
        };
        let asked = expanded.and_then(bounded).map_err(Outcome::Unexpanded)?;
        Ok((asked, Outcome::Synced))
    }

    /// The Secrets with what templates make of each.
    async fn templated(
        &self,
        template: &Template,
        revision: &str,
        secrets: Vec<SourceSecret>,
    ) -> Result<Vec<SourceSecret>, Outcome> {
        let wanted: BTreeSet<SourceName> = template.sources().cloned().collect();
        let sources = match wanted.is_empty() {
            true => Sources::new(),
            false => {
                let read = self.engine.objects.sources(self.work.object, &wanted).await;
                read.map_err(Outcome::NoSources)?
            }
        };
        let chances = &self.engine.chances;
        let seed = chances.seed(self.work.object).with(revision.as_bytes()).with_sources(&sources);
        let seeds: Vec<_> = secrets.iter().map(|secret| seed.clone().with_secret(secret)).collect();
        let all = seeds.iter().fold(seed, |all, seed| all.with(&seed.fingerprint().to_be_bytes()));
        let now = chances.time(self.work.object, all.fingerprint(), self.engine.dispatch.now());
        let mut templated = Vec::with_capacity(secrets.len());
        for (SourceSecret { name, entries }, seed) in secrets.into_iter().zip(seeds) {
            let added = self.engine.planner.add(template, entries, &sources, Chance { now, seed }).await;
            templated.push(SourceSecret { name, entries: added.map_err(Outcome::Template)? });
        }
        Ok(templated)
    }

    /// Writes down what will have been written, where the object deletes that one day; gives what its status says then.
    async fn claim(&self, asked: &Asked, observed: &Observed) -> Result<Record, WriteError> {
        let record = &observed.record;
        let claimed = observed.desired.cleans_up.then(|| claim(asked, &record.synced)).flatten();
        let Some(claimed) = claimed else { return Ok(record.clone()) };
        let report = status::claimed(record, claimed);
        self.write_down(&report).await?;
        Ok(report.record)
    }

    async fn hold(&self, is_held: bool) -> Result<(), WriteError> {
        if self.stop.is_cancelled() {
            return Err(WriteError::Stopped);
        }
        self.engine.objects.hold(self.work.object, is_held).await
    }

    /// Ends a run in which something could not be written that must be before anything else is done.
    async fn unwritten<'t>(
        &self,
        error: WriteError,
        told: impl FnOnce(WriteError) -> Told<'t>,
    ) -> (End, Option<Outcome>) {
        match self.cut_short(&error) {
            Some(end) => (end, None),
            None => self.tell(told(error), End::Failed(None)).await,
        }
    }

    /// Says what the run came to if that is news; it ends as given if that succeeds.
    async fn tell(&self, told: Told<'_>, end: End) -> (End, Option<Outcome>) {
        let Told { record, observed, outcome, synced, wrote, read } = told;
        let run = status::Run { record, observed, outcome: &outcome, synced, wrote, read };
        let report = report(&run, self.engine.heartbeat);
        let is_news = report.write || !report.events.is_empty();
        let written = if is_news { self.write_down(&report).await } else { Ok(()) };
        let failed = written.err().map(|error| self.failed(&error));
        (failed.unwrap_or(end), Some(outcome))
    }

    async fn write_down(&self, report: &Report) -> Result<(), WriteError> {
        if self.stop.is_cancelled() {
            return Err(WriteError::Stopped);
        }
        self.engine.objects.report(self.work.object, report).await
    }

    fn failed(&self, error: &WriteError) -> End {
        self.cut_short(error).unwrap_or_else(|| {
            tracing::warn!(object = self.work.object.0, %error, "a status could not be written");
            End::Failed(None)
        })
    }

    /// How the run ends where an error is no failure of the object: it is looked at again, or by somebody else.
    fn cut_short(&self, error: &WriteError) -> Option<End> {
        match error {
            WriteError::Stopped => Some(End::Stopped),
            WriteError::Conflict => {
                self.engine.dispatch.looks_again(self.work.object).then_some(End::Conflict)
            }
            WriteError::Contested(_)
            | WriteError::Immutable(_)
            | WriteError::Invalid(_)
            | WriteError::Forbidden(_)
            | WriteError::Uncleaned(_)
            | WriteError::Unavailable(_) => None,
        }
    }

    pub(super) async fn unless_stopped<T>(&self, call: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            result = call => Some(result),
        }
    }
}

/// What is to be said of a run.
struct Told<'a> {
    record: &'a Record,
    observed: Option<&'a Observed>,
    outcome: Outcome,
    synced: &'a Synced,
    wrote: bool,
    read: Timestamp,
}

impl<'a> Told<'a> {
    /// Of one that wrote nothing.
    fn of(record: &'a Record, outcome: Outcome) -> Self {
        Self { record, observed: None, outcome, synced: &record.synced, wrote: false, read: Timestamp::MIN }
    }
}

/// Whether an object whose Secret is gone has, or had, something in its stores.
fn has_pushed(record: &Record) -> bool {
    record.synced.values().any(|places| !places.is_empty()) || says_source_deleted(record)
}

/// When to look again where nothing could be asked of the stores.
fn end(outcome: &Outcome, observed: &Observed, read: Timestamp) -> End {
    match outcome {
        Outcome::Unread(SourceError::Unreadable(_))
        | Outcome::NoSources(_)
        | Outcome::Unheld(_)
        | Outcome::Unclaimed(_) => End::Failed(None),
        Outcome::Synced
        | Outcome::SourceDeleted
        | Outcome::Malformed(_)
        | Outcome::Unread(SourceError::Missing(_))
        | Outcome::Template(_)
        | Outcome::Unexpanded(_)
        | Outcome::Failed(_) => regularly(observed, read),
    }
}

fn regularly(observed: &Observed, read: Timestamp) -> End {
    next(observed.desired.refresh, read).map_or(End::Idle, End::Until)
}
