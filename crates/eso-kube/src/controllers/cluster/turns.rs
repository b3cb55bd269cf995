//! Whose turn it is: each object once at a time, at once when something changed, and after a growing pause when it
//! failed. Plain data; time comes in as a value.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

/// How long an object waits after its first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// How long it waits at most: what failed in the cluster is looked for again within half a minute.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long it rests after each turn: what changes meanwhile is acted on together, and whoever undoes what is done here
/// is not answered without a pause.
const REST: Duration = Duration::from_millis(100);

/// The turns of all objects, by name.
#[derive(Debug, Default)]
pub(super) struct Turns(BTreeMap<String, Turn>);

#[derive(Debug, Default)]
struct Turn {
    /// When it is due; `None` where nothing is to be done.
    at: Option<Instant>,
    is_running: bool,
    /// It is not due before.
    rested: Option<Instant>,
    failures: u32,
}

impl Turns {
    /// Something changed for the object.
    pub(super) fn wake(&mut self, name: &str, now: Instant) {
        let turn = match self.0.get_mut(name) {
            Some(turn) => turn,
            None => self.0.entry(name.to_owned()).or_default(),
        };
        turn.at = Some(turn.rested.map_or(now, |rested| rested.max(now)));
    }

    /// The object that has been due for longest, whose turn begins with this.
    pub(super) fn begin(&mut self, now: Instant) -> Option<String> {
        self.0.retain(|_, turn| {
            turn.at.is_some() || turn.is_running || turn.rested.is_some_and(|rested| rested > now)
        });
        let waiting = self.0.iter_mut().filter(|(_, turn)| turn.is_due(now));
        let (name, turn) = waiting.min_by_key(|(_, turn)| turn.at)?;
        turn.is_running = true;
        turn.at = None;
        Some(name.clone())
    }

    /// The object's turn ends. What changed meanwhile makes it due again.
    pub(super) fn end(&mut self, name: &str, succeeded: bool, now: Instant) {
        let Some(turn) = self.0.get_mut(name) else { return };
        turn.is_running = false;
        let rested = now + REST;
        turn.rested = Some(rested);
        turn.at = turn.at.map(|_| rested);
        if succeeded {
            turn.failures = 0;
            return;
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << turn.failures.min(16)).min(LONGEST_PAUSE);
        turn.failures += 1;
        turn.at = turn.at.or(Some(now + pause));
    }

    /// When the next turn is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.values().filter(|turn| !turn.is_running).filter_map(|turn| turn.at).min()
    }
}

impl Turn {
    fn is_due(&self, now: Instant) -> bool {
        !self.is_running && self.at.is_some_and(|at| at <= now)
    }
}

#[cfg(test)]
mod tests;
