//! How often targets were repaired that somebody else changes, and how long each is left as they want it.
//!
//! Two objects that want different values under one key, or a controller that puts its own value back, would otherwise
//! write as fast as the API server takes it, for ever.

use std::{collections::HashMap, time::Duration};

use tokio::time::Instant;

use crate::{dispatch::backoff, ports::ObjectId};

/// After this time without a repair the next one is immediate again. It is twice the longest wait, so that nobody who
/// changes a target back after each repair is ever taken for quiet.
const QUIET: Duration = Duration::from_secs(60);

/// The objects whose targets were repaired of late; others take no memory. Plain data: time is passed in.
#[derive(Debug, Default)]
pub(super) struct Repairs(HashMap<ObjectId, Row>);

#[derive(Clone, Copy, Debug)]
struct Row {
    /// How many there were without a quiet time between them.
    repairs: u32,
    last: Instant,
}

impl Repairs {
    /// How long a target must still be left alone that is not as it should be; zero is no longer.
    ///
    /// The first repair is immediate; the next ones come 1 s after the last, doubling to 30 s.
    pub(super) fn wait(&self, object: ObjectId, now: Instant) -> Duration {
        let recent = self.0.get(&object).filter(|row| !row.is_quiet(now));
        recent.map_or(Duration::ZERO, |row| {
            (row.last + backoff(object, row.repairs)).saturating_duration_since(now)
        })
    }

    /// A target was repaired.
    pub(super) fn repaired(&mut self, object: ObjectId, now: Instant) {
        let row = self.0.entry(object).or_insert(Row { repairs: 0, last: now });
        let before = if row.is_quiet(now) { 0 } else { row.repairs };
        *row = Row { repairs: before.saturating_add(1), last: now };
    }

    /// An object is no more.
    pub(super) fn forget(&mut self, object: ObjectId) {
        self.0.remove(&object);
    }

    /// Drops what says nothing any more.
    pub(super) fn forget_quiet(&mut self, now: Instant) {
        self.0.retain(|_, row| !row.is_quiet(now));
    }
}

impl Row {
    fn is_quiet(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) >= QUIET
    }
}

#[cfg(test)]
mod tests;
