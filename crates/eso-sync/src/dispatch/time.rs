//! From times on the wall clock to waits on the monotonic one.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// No wait is longer, so that no sum of a time and a wait overflows.
const LONGEST_WAIT: Duration = Duration::from_secs(366 * 24 * 3600);

/// Waits of this length and above end with a full second of the wall clock: objects that come due in the same second
/// are looked at together, and share reads and batches. It is late by a tenth at the most.
const SHORTEST_ROUNDED_WAIT: Duration = Duration::from_secs(10);

/// How long to wait for a time: nothing where it has passed.
pub(super) fn wait_until(time: Timestamp, now: Timestamp) -> Duration {
    let wait = Duration::try_from(time.duration_since(now)).unwrap_or_default().min(LONGEST_WAIT);
    if wait < SHORTEST_ROUNDED_WAIT {
        return wait;
    }
    let beyond = SignedDuration::from_nanos(time.subsec_nanosecond().rem_euclid(1_000_000_000).into());
    match Duration::try_from(beyond).unwrap_or_default() {
        Duration::ZERO => wait,
        beyond => wait + (Duration::from_secs(1) - beyond),
    }
}

#[cfg(test)]
mod tests;
