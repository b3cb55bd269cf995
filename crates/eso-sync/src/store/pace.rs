//! How fast something may be asked: a rate, and pauses that the other side asked for.

use std::{num::NonZeroU32, time::Duration};

use tokio::time::Instant;

/// How much of a second's budget may be spent at once after a quiet time: a tenth, so that the first second of a
/// storm spends hardly more than the backend allows.
const BURST: Duration = Duration::from_millis(100);

/// A rate and its pauses. Time is passed in.
#[derive(Debug)]
pub(super) struct Pace {
    /// From one call to the next; zero where no rate is known.
    interval: Duration,
    /// When the next call would be due if all came evenly.
    next: Option<Instant>,
    paused_until: Option<Instant>,
}

impl Pace {
    pub(super) fn new(per_second: Option<NonZeroU32>) -> Self {
        let interval = per_second.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.get());
        Self { interval, next: None, paused_until: None }
    }

    /// Takes the next place, and says when it comes. A place that is not used is lost.
    pub(super) fn reserve(&mut self, now: Instant) -> Instant {
        let even = self.next.map_or(now, |next| next.max(now));
        self.next = Some(even + self.interval);
        let early = even.checked_sub(BURST).unwrap_or(now);
        self.paused_until.map_or(early, |paused| paused.max(early)).max(now)
    }

    /// Whether a rate is known.
    pub(super) fn is_limited(&self) -> bool {
        !self.interval.is_zero()
    }

    /// Nothing goes before that time.
    pub(super) fn pause(&mut self, until: Instant) {
        self.paused_until = Some(self.paused_until.map_or(until, |paused| paused.max(until)));
    }

    /// Until when nothing goes.
    pub(super) fn paused_until(&self) -> Option<Instant> {
        self.paused_until
    }
}

#[cfg(test)]
mod tests;
