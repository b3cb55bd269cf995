//! One run for one object: observe, due, fetch, render, plan, write, report. Straight on; what to do is `eso-plan`'s.

use std::{collections::BTreeSet, sync::Arc};

use eso_plan::{
    due::{Due, due},
    observed::{Observation, Observed, Record},
    plan::{self, Attempt, Next, Outcome, Plan, Step, WriteError, next},
    render::{Answer, RenderError},
    status::{self, Report, Written},
    template::{SourceName, Template},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Preview, Shared, made::MadeOf};
use crate::{dispatch::End, ports::ReadSources, queue::Work};

/// One run.
pub(super) struct Run<'a> {
    pub(super) engine: &'a Arc<Shared>,
    pub(super) work: Work,
    pub(super) stop: &'a CancellationToken,
}

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

    /// What a run would do now, be it due or not: it reads what a run reads, and writes nothing.
    pub(super) async fn preview(&self) -> Preview {
        match self.engine.target.observe(self.work.object).await {
            Observation::Gone => Preview::Gone,
            Observation::Leaving => Preview::Leaving,
            Observation::Malformed { problem, .. } => Preview::Malformed(problem),
            Observation::Unseen { error, .. } => Preview::Unseen(error),
            Observation::Present(observed) => {
                let answers = self.ask_in_time(&observed).await;
                let (plan, _) = self.plan(&observed, answers).await;
                let due = due(&observed, self.work.turn.wake, (self.engine.settings.clock)());
                Preview::Planned { observed, plan, due }
            }
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
        let Some((plan, made_of)) = self.unless_stopped(self.plan(observed, answers)).await else {
            return (End::Stopped, None);
        };
        tracing::debug!(object = self.work.object.0, %plan, "planned");
        let Plan { step, outcome, absent } = plan;
        let (outcome, written) = match self.carry_out(step, outcome).await {
            Ok(done) => done,
            Err(end) => return (end, None),
        };
        if is_good(&outcome) {
            self.engine.target.refreshed(self.work.object, read);
        }
        self.engine.made.note(self.work.object, made_of.filter(|_| outcome == Outcome::Synced));
        let run = status::Run { observed, outcome: &outcome, absent: &absent, written, read };
        let end = match next(&outcome, observed, read) {
            Next::At(time) => End::Until(time),
            Next::Retry { not_before } => End::Failed(not_before),
            Next::OnChange => End::Idle,
        };
        let end = self.report(&status::report(&run, self.engine.settings.heartbeat), end).await;
        (end, Some(outcome))
    }

    /// What to do, and what the target is made of once that is done. A target that is as we left it and would be made of
    /// the same again is not rendered: templates may ask for the time or for chance.
    async fn plan(&self, observed: &Observed, answers: Vec<Answer>) -> (Plan, Option<MadeOf>) {
        let made_of = self.engine.made.would_be_of(observed, &answers);
        if self.engine.made.is_of(self.work.object, made_of)
            && let Some(plan) = plan::unchanged(observed)
        {
            return (plan, made_of);
        }
        match self.sources(observed).await {
            Ok(ReadSources { held, fingerprint }) => {
                let plan = self.engine.planner.make(observed, answers, held).await;
                (plan, made_of.map(|made_of| MadeOf { sources: fingerprint, ..made_of }))
            }
            Err(error) => (plan::plan(observed, Err(RenderError::Sources(error))), None),
        }
    }

    /// What the templates of the object stand in.
    async fn sources(&self, observed: &Observed) -> Result<ReadSources, WriteError> {
        let wanted: BTreeSet<SourceName> =
            observed.desired.template.iter().flat_map(Template::sources).cloned().collect();
        match wanted.is_empty() {
            true => Ok(ReadSources { fingerprint: observed.sources, ..ReadSources::default() }),
            false => self.engine.target.sources(self.work.object, &wanted).await,
        }
    }

    /// Does the step; or says how the run ends where there is nothing to report.
    async fn carry_out(&self, step: Step, outcome: Outcome) -> Result<(Outcome, Written), End> {
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
        if !report.write && report.events.is_empty() {
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
