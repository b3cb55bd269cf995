//! Carries out what each value of each store should come to: look, decide, write.

use std::{collections::BTreeMap, time::Duration};

use eso_core::{
    error::{ErrorKind, ProviderError},
    key::{RemoteKey, StoreReference},
    provider::Inspect,
};
use eso_plan::{
    fence,
    plan::WriteError,
    push::{
        Update,
        decide::{DecideError, Rules, Step, decide},
        documents::{documents, objects},
        goals::{Failed, Goal, Goals},
        status::{Cause, Failure, retry_after},
    },
    template::Sources,
};
use futures::{StreamExt, future::join_all, stream};

use super::run::Run;
use crate::{dispatch::End, ports::Granted};

/// How many values of one store are looked at or written at once for one object.
const AT_ONCE: usize = 8;

/// How often a value that changed since it was looked at is looked at again at once.
const CONFLICTS: usize = 3;

/// How goals are carried out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// What becomes of what is there already.
    pub(super) update: Update,
    /// Whether everything is deleted with its Secret.
    pub(super) is_cleanup: bool,
}

/// What became of all goals.
pub(super) struct Carried {
    pub(super) failures: Failures,
    /// The first failure, in the order of stores and keys.
    pub(super) first: Option<Failure>,
    /// Whether anything was written or deleted.
    pub(super) wrote: bool,
}

/// The values that are not as they should be.
#[derive(Debug, Default)]
pub(super) struct Failures {
    troubles: BTreeMap<(StoreReference, RemoteKey), Trouble>,
    /// Those that stay because others could not be written.
    waiting: Vec<(StoreReference, RemoteKey)>,
}

/// What is wrong with a value.
#[derive(Debug)]
struct Trouble {
    cause: Cause,
    /// Whether it may have been written all the same.
    may_be_written: bool,
}

/// What became of one goal.
enum Ended {
    Done { wrote: bool },
    Failed(Trouble),
    Stopped,
}

/// The goals that put something somewhere, and those that take something away alone.
fn in_turn(goals: Goals) -> (Goals, Goals) {
    let (mut puts, mut removals) = (Goals::new(), Goals::new());
    for (store, goals) in goals {
        for (key, goal) in goals {
            let turn = if goal.parts.is_empty() { &mut removals } else { &mut puts };
            turn.entry(store.clone()).or_default().insert(key, goal);
        }
    }
    (puts, removals)
}

/// A value at which nothing was done.
fn refusal(cause: impl Into<Cause>) -> Ended {
    Ended::Failed(Trouble { cause: cause.into(), may_be_written: false })
}

impl Failures {
    /// Those of which something may be in the store.
    pub(super) fn uncertain(&self) -> Failed {
        let mut failed = Failed::new();
        let troubles = self.troubles.iter().map(|(at, trouble)| (at, trouble.may_be_written));
        for ((store, key), may_be_written) in troubles.chain(self.waiting.iter().map(|at| (at, false))) {
            failed.entry(store.clone()).or_default().insert(key.clone(), may_be_written);
        }
        failed
    }

    /// Whether it may be better without a change of the object, its Secrets, or somebody else's in the store.
    pub(super) fn are_worth_a_retry(&self) -> bool {
        self.troubles.values().any(|trouble| match &trouble.cause {
            Cause::Store(_) | Cause::Provider(_) => true,
            Cause::Decided(_) => false,
        })
    }

    /// How long the stores want to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        retry_after(self.troubles.values().map(|trouble| &trouble.cause))
    }
}

impl Run<'_> {
    /// Carries out all goals; or says how the run ends where it is to stop. What is not asked for any more goes last, and
    /// stays where something could not be written: what takes its place is not there then.
    pub(super) async fn carry_out(&self, goals: Goals, manner: Manner) -> Result<Carried, End> {
        let (puts, removals) = in_turn(goals);
        let mut carried = self.carry_out_at_once(&puts, manner).await?;
        if carried.failures.troubles.is_empty() {
            let Carried { failures, first, wrote } = self.carry_out_at_once(&removals, manner).await?;
            carried = Carried { failures, first, wrote: carried.wrote || wrote };
        } else {
            let waiting = removals
                .into_iter()
                .flat_map(|(store, goals)| goals.into_keys().map(move |key| (store.clone(), key)));
            carried.failures.waiting = waiting.collect();
        }
        Ok(carried)
    }

    /// Carries out goals, those of different stores at once.
    async fn carry_out_at_once(&self, goals: &Goals, manner: Manner) -> Result<Carried, End> {
        let Manner { is_cleanup, update } = manner;
        let stores =
            goals.iter().map(async |(store, goals)| (store, self.of_store(store, goals, update).await));
        let mut carried = Carried { failures: Failures::default(), first: None, wrote: false };
        for (store, ended) in join_all(stores).await {
            for (key, ended) in ended {
                match ended {
                    Ended::Stopped => return Err(End::Stopped),
                    Ended::Done { wrote } => carried.wrote |= wrote,
                    Ended::Failed(trouble) => {
                        let at = (store.clone(), key.clone());
                        drop(carried.failures.troubles.insert(at, trouble));
                    }
                }
            }
        }
        let more = carried.failures.troubles.len().saturating_sub(1);
        carried.first = carried.failures.troubles.first_key_value().map(|((store, key), trouble)| Failure {
            during: Failure::during(key, &goals[store][key], is_cleanup),
            store: store.clone(),
            cause: trouble.cause.clone(),
            more,
        });
        Ok(carried)
    }

    async fn of_store<'g>(
        &self,
        store: &StoreReference,
        goals: &'g BTreeMap<RemoteKey, Goal>,
        update: Update,
    ) -> Vec<(&'g RemoteKey, Ended)> {
        let refused =
            |problem: String| goals.keys().map(|key| (key, refusal(Cause::Store(problem.clone())))).collect();
        let granted = match self.unless_stopped(self.engine.stores.store(store)).await {
            None => return goals.keys().map(|key| (key, Ended::Stopped)).collect(),
            Some(Err(problem)) => return refused(problem),
            Some(Ok(granted)) => granted,
        };
        let Some(syntax) = granted.store.property_syntax() else {
            return refused(format!("{store} can only be read: push to another store"));
        };
        let sources = match self.sources_of(goals, &granted).await {
            None => return goals.keys().map(|key| (key, Ended::Stopped)).collect(),
            Some(Err(error)) => {
                return refused(format!("what its metadata points to cannot be read: {error}"));
            }
            Some(Ok(sources)) => sources,
        };
        let values = goals.iter().map(async |(key, goal): (&'g RemoteKey, &'g Goal)| {
            let whole = granted.store.whole_secret(goal.metadata());
            let documents = documents(granted.store.documents(goal.metadata()), &sources);
            let rules = Rules { syntax, whole, update };
            let ended = match (granted.allows(key), documents) {
                (true, Ok(documents)) => {
                    self.of_value(&granted, &goal.question(key, documents), goal, rules).await
                }
                (true, Err(missing)) => refusal(DecideError::from(missing)),
                (false, _) => refusal(Cause::Store(fence::denied(store, key))),
            };
            (key, ended)
        });
        stream::iter(values.collect::<Vec<_>>()).buffer_unordered(AT_ONCE).collect().await
    }

    /// The objects of the cluster that the metadata of all goals points to, each read once.
    async fn sources_of(
        &self,
        goals: &BTreeMap<RemoteKey, Goal>,
        granted: &Granted,
    ) -> Option<Result<Sources, WriteError>> {
        let named = goals.values().flat_map(|goal| granted.store.documents(goal.metadata()));
        let wanted = objects(&named.collect::<Vec<_>>());
        if wanted.is_empty() {
            return Some(Ok(Sources::new()));
        }
        self.unless_stopped(self.engine.objects.sources(self.work.object, &wanted)).await
    }

    /// Looks at a value and does what it needs, again where it changed meanwhile.
    async fn of_value(&self, granted: &Granted, question: &Inspect, goal: &Goal, rules: Rules) -> Ended {
        let store = &granted.store;
        let alone = self.unless_stopped(store.alone_at(&question.key)).await;
        let Some(_alone) = alone else { return Ended::Stopped };
        let mut conflicts = 0;
        loop {
            let held = match self.unless_stopped(store.inspect(question)).await {
                None => return Ended::Stopped,
                Some(Err(error)) => return self.trouble(granted, error, false),
                Some(Ok(held)) => held,
            };
            let step = match decide(question, goal, held.as_ref(), rules) {
                Ok(step) => step,
                Err(error) => return refusal(error),
            };
            tracing::debug!(object = self.work.object.0, %step, "decided");
            // Once begun a write is not cut short; it is not begun any more when we are to stop.
            let done = match step {
                Step::Keep => return Ended::Done { wrote: false },
                Step::Put(put) => store.put(&put, self.stop).await.map(|put| put.map(drop)),
                Step::Delete(delete) => store.delete(&delete, self.stop).await,
            };
            let Some(done) = done else { return Ended::Stopped };
            match done {
                Ok(()) => return Ended::Done { wrote: true },
                Err(error) if error.kind() == ErrorKind::Conflict && conflicts < CONFLICTS => conflicts += 1,
                Err(error) => return self.trouble(granted, error, true),
            }
        }
    }

    fn trouble(&self, granted: &Granted, error: ProviderError, was_write: bool) -> Ended {
        let is_open = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Unexpected);
        let may_be_written = was_write && (is_open || error.is_half_done());
        if error.kind() == ErrorKind::Unavailable {
            self.engine.dispatch.wake_on_recovery(&granted.store, self.work, self.stop);
        }
        Ended::Failed(Trouble { cause: Cause::Provider(error), may_be_written })
    }
}
