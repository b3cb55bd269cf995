//! Whether the stores must be looked at for an object now, and if not, when.

use std::time::Duration;

use jiff::Timestamp;

use super::Observed;
use crate::due::{self, Due, Wake};

/// Whether the stores must be looked at for an object now.
///
/// An object that this process has not pushed yet is due: nothing that the cluster shows says whether a Secret changed
/// while nobody looked. It costs a look at each value, and a write only where one differs.
pub fn due(observed: &Observed, wake: Wake, now: Timestamp) -> Due {
    let Observed { desired, stores: _, resting: _, record, refreshed } = observed;
    let is_ready = record.condition.as_ref().is_some_and(|(ready, _, _)| *ready);
    let is_current = record.revision.as_ref() == Some(&desired.revision);
    let Some(refreshed) = refreshed.filter(|_| is_ready && is_current && wake == Wake::Look) else {
        return Due::Now;
    };
    match desired.refresh.map(|interval| due::later(refreshed, interval)) {
        Some(time) if time > now => Due::At(time),
        Some(_) => Due::Now,
        None => Due::OnChange,
    }
}

/// When to look again after a look at `read` that was a success; `None` is when something changes.
pub fn next(refresh: Option<Duration>, read: Timestamp) -> Option<Timestamp> {
    refresh.map(|interval| due::later(read, interval))
}

#[cfg(test)]
mod tests;
