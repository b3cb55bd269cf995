//! How often objects failed in a row, and how long each waits therefore. Objects that do not fail take no memory.

use std::{
    collections::HashMap,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    time::Duration,
};

use crate::ports::ObjectId;

/// The first retry comes soon: most failures are a race with something that is just being made.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// An object recovers within 30 s of its cause going away outside the cluster, so none waits longer.
const LAST_RETRY: Duration = Duration::from_secs(30);

/// A store may ask to be left alone, but not for longer: it might never mean it to end.
const LONGEST_REQUEST: Duration = Duration::from_secs(300);

/// How often in a row an object is looked at again at once because somebody wrote in between.
const CONFLICTS: u32 = 3;

#[derive(Debug, Default)]
pub(super) struct Failures(HashMap<ObjectId, Row>);

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    failures: u32,
    conflicts: u32,
}

impl Failures {
    /// The object succeeded, changed, or is no more.
    pub(super) fn clear(&mut self, object: ObjectId) {
        self.0.remove(&object);
    }

    /// The object failed once more: how long it waits, and not less than its store asked for.
    pub(super) fn failed(&mut self, object: ObjectId, not_before: Option<Duration>) -> Duration {
        let row = self.0.entry(object).or_default();
        row.failures = row.failures.saturating_add(1);
        row.conflicts = 0;
        let asked = not_before.unwrap_or_default().min(LONGEST_REQUEST);
        backoff(object, row.failures).max(asked)
    }

    /// Somebody wrote in between once more: whether to look again at once.
    pub(super) fn conflicted(&mut self, object: ObjectId) -> bool {
        let row = self.0.entry(object).or_default();
        row.conflicts += 1;
        row.conflicts <= CONFLICTS
    }
}

/// Doubles with each failure, up to the last; ten per cent more or less by object, so that those that failed together
/// do not come back together.
pub(crate) fn backoff(object: ObjectId, failures: u32) -> Duration {
    let doubled = FIRST_RETRY.saturating_mul(1 << failures.saturating_sub(1).min(16));
    let spread = BuildHasherDefault::<DefaultHasher>::default().hash_one((object, failures)) % 201;
    let jittered = doubled.min(LAST_RETRY) * (900 + u32::try_from(spread).unwrap_or(0)) / 1000;
    jittered.min(LAST_RETRY)
}

#[cfg(test)]
mod tests;
