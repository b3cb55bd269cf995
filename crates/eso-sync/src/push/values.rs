//! Carries out what each value of each store should come to: look, decide, write.

use std::{collections::BTreeMap, time::Duration};

use eso_core::{
    error::{ErrorKind, ProviderError},
    key::{RemoteKey, StoreReference},
};
use eso_plan::{
    fence,
    push::{
        Update,
        decide::{Rules, Step, decide},
        goals::{Failed, Goal, Goals},
        status::{Cause, Failure, retry_after},
    },
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
        let refused = |problem: String| {
            let trouble = || Trouble { cause: Cause::Store(problem.clone()), may_be_written: false };
            goals.keys().map(|key| (key, Ended::Failed(trouble()))).collect()
        };
        let granted = match self.unless_stopped(self.engine.stores.store(store)).await {
            None => return goals.keys().map(|key| (key, Ended::Stopped)).collect(),
            Some(Err(problem)) => return refused(problem),
            Some(Ok(granted)) => granted,
        };
        let Some(syntax) = granted.store.property_syntax() else {
            return refused(format!("{store} can only be read: push to another store"));
        };
        let values = goals.iter().map(async |(key, goal): (&'g RemoteKey, &'g Goal)| {
            let whole = granted.store.whole_secret(&goal.question(key));
            let rules = Rules { syntax, whole, update };
            let ended = match granted.allows(key) {
                true => self.of_value(&granted, key, goal, rules).await,
                false => {
                    let cause = Cause::Store(fence::denied(store, key));
                    Ended::Failed(Trouble { cause, may_be_written: false })
                }
            };
            (key, ended)
        });
        stream::iter(values.collect::<Vec<_>>()).buffer_unordered(AT_ONCE).collect().await
    }

    /// Looks at a value and does what it needs, again where it changed meanwhile.
    async fn of_value(&self, granted: &Granted, key: &RemoteKey, goal: &Goal, rules: Rules) -> Ended {
        let store = &granted.store;
        let question = goal.question(key);
        let Some(_alone) = self.unless_stopped(store.alone_at(key)).await else { return Ended::Stopped };
        let mut conflicts = 0;
        loop {
            let held = match self.unless_stopped(store.inspect(&question)).await {
                None => return Ended::Stopped,
                Some(Err(error)) => return self.trouble(granted, error, false),
                Some(Ok(held)) => held,
            };
            let step = match decide(key, goal, held.as_ref(), rules) {
                Ok(step) => step,
                Err(error) => {
                    return Ended::Failed(Trouble { cause: error.into(), may_be_written: false });
                }
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
        let may_be_written =
            was_write && matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Unexpected);
        if error.kind() == ErrorKind::Unavailable {
            self.engine.dispatch.wake_on_recovery(&granted.store, self.work, self.stop);
        }
        Ended::Failed(Trouble { cause: Cause::Provider(error), may_be_written })
    }
}
