//! Whether the store must be read for an object now, and if not, when to look again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::{
    desired::{Desired, Ownership, Refresh},
    observed::{Held, Observed, Record},
    status,
    windows::Windows,
};

/// Why an object is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wake {
    /// It, its target or the clock may have changed: look whether it is due.
    Look,
    /// What its values come from changed (its store, a credential): read the store, whatever the interval says.
    /// An object that is read when it changes itself, or once, is not read for that, unless it failed.
    Refresh,
}

/// Whether the store must be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// It must be read now.
    Now,
    /// It must be read only because somebody else changed its target: at once, unless that goes on and on.
    Repair,
    /// It must be read at that time, unless something changes before.
    At(Timestamp),
    /// It must be read when something changes.
    OnChange,
}

/// How far a written time may lie ahead: the clocks of two processes differ by less.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// Whether the store must be read for an object now.
///
/// An object that was never brought into step, or is not now, is always due: how fast it is retried, or its target
/// repaired, is the engine's. One whose target somebody else holds, and whose status says so, is due when that changes.
pub fn due(observed: &Observed, wake: Wake, now: Timestamp) -> Due {
    match told_due(observed, wake, now) {
        Due::OnChange if !observed.desired.is_watched() => Due::At(later(now, UNWATCHED)),
        due @ (Due::Now | Due::Repair | Due::At(_) | Due::OnChange) => due,
    }
}

/// How long after a look the next one is at a target whose changes nobody tells.
pub(crate) const UNWATCHED: Duration = Duration::from_secs(300);

/// When an object is due whose target's changes are told.
fn told_due(observed: &Observed, wake: Wake, now: Timestamp) -> Due {
    if let Held::Contested(holder) = &observed.held
        && status::says_contested(&observed.record, holder)
    {
        return Due::OnChange;
    }
    if is_out_of_step(observed) {
        return Due::Now;
    }
    if !is_ready(&observed.record) {
        return by_timer(observed.desired.windows.as_ref(), now, now);
    }
    match regularly_due(observed, wake, now) {
        Due::Now => Due::Now,
        Due::Repair | Due::At(_) | Due::OnChange if has_drifted(observed) => Due::Repair,
        regularly @ (Due::Repair | Due::At(_) | Due::OnChange) => regularly,
    }
}

/// When an object is due whose target is left alone.
fn regularly_due(observed: &Observed, wake: Wake, now: Timestamp) -> Due {
    match (observed.desired.refresh, wake) {
        (Refresh::Once | Refresh::OnChange, Wake::Look | Wake::Refresh) => Due::OnChange,
        (Refresh::Every(_), Wake::Refresh) => Due::Now,
        (Refresh::Every(interval), Wake::Look) => {
            let from = after(last_read(observed, interval), interval, now);
            by_timer(observed.desired.windows.as_ref(), from, now)
        }
    }
}

/// When the timer has the store read, from a time on. Outside of its windows it does not, be it for a retry: as in the
/// original, only a change of the object does.
fn by_timer(windows: Option<&Windows>, from: Timestamp, now: Timestamp) -> Due {
    match windows.map_or(Some(from), |windows| windows.next_allowed(from)) {
        Some(time) if time <= now => Due::Now,
        Some(time) => Due::At(time),
        None => Due::OnChange,
    }
}

fn is_out_of_step(observed: &Observed) -> bool {
    let Observed { desired, record, held, .. } = observed;
    // The status does not say it yet.
    let contested = is_kept(desired) && matches!(held, Held::Contested(_));
    let changed = desired.refresh != Refresh::Once && record.revision.as_ref() != Some(&desired.revision);
    let never = record.revision.is_none() || (record.refreshed.is_none() && observed.refreshed.is_none());
    never || changed || contested
}

fn is_ready(record: &Record) -> bool {
    record.condition.as_ref().is_some_and(|(ready, _, _)| *ready)
}

/// Whether the target is not what the status promises.
fn has_drifted(Observed { desired, record, held, .. }: &Observed) -> bool {
    match held {
        Held::Intact { .. } | Held::Contested(_) => false,
        Held::Drifted => is_kept(desired),
        Held::Nothing => is_kept(desired) && !status::expects_nothing(record),
    }
}

/// Whether a target is kept as it should be between two times at which the object changes.
///
/// The original's guide on ownership and deletion promises that one of nobody, which is not read again at an interval,
/// stays deleted: people use it to hand out a value once.
fn is_kept(desired: &Desired) -> bool {
    match (desired.ownership, desired.refresh) {
        (Ownership::Read, _) | (Ownership::Leave, Refresh::OnChange | Refresh::Once) => false,
        (Ownership::Own | Ownership::Share { .. }, _) | (Ownership::Leave, Refresh::Every(_)) => true,
    }
}

/// When the store was last read. What was written down before this process began may be as old as the heartbeat, so a
/// time that has run out says little: such objects are spread over one interval, lest all be read at once.
fn last_read(observed: &Observed, interval: Duration) -> Option<Timestamp> {
    let written = observed.record.refreshed;
    let stale = |written: &Timestamp| later(*written, interval) <= observed.started;
    match (observed.refreshed, written.filter(stale)) {
        (Some(refreshed), _) => Some(refreshed),
        (None, Some(_)) => {
            let share = interval / (1 << 16) * (observed.spread >> 16);
            Some(later(observed.started.saturating_sub(signed(interval)).unwrap_or(Timestamp::MIN), share))
        }
        (None, None) => written,
    }
}

/// That long after it was last read; now, where it never was, or where that lies too far ahead.
fn after(last: Option<Timestamp>, interval: Duration, now: Timestamp) -> Timestamp {
    match last {
        Some(last) if last.duration_since(now) <= CLOCK_SKEW => later(last, interval).max(now),
        Some(_) | None => now,
    }
}

/// That much later, or the end of time.
pub(crate) fn later(from: Timestamp, by: Duration) -> Timestamp {
    from.saturating_add(signed(by)).unwrap_or(Timestamp::MAX)
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests;
