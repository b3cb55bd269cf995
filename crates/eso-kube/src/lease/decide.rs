//! What to do about a Lease, by what is seen of it. Pure: the time comes in.

use jiff::Timestamp;
use tokio::time::Instant;

use super::{Record, Terms};

/// What was last seen of a Lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What it says.
    pub record: Record,
    /// When it was first seen to say so, by our own clock, which nobody sets: whether it is still held is measured from
    /// there, and never by the times that it says.
    pub since: Instant,
}

/// How we stand ourselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Somebody else may lead.
    Standby,
    /// We do.
    Leading {
        /// When we began the last renewal that succeeded.
        renewed: Instant,
    },
}

/// Who wants to lead.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The name of this process and of no other.
    pub identity: &'a str,
    /// On what terms it takes part.
    pub terms: &'a Terms,
    /// How it stands.
    pub standing: Standing,
}

/// The time, by both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// By the clock that nobody sets.
    pub instant: Instant,
    /// By the clock on the wall, to be written down.
    pub timestamp: Timestamp,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is no Lease: make it, which fails where somebody was faster.
    Create(Record),
    /// Make exactly the version of it that was seen say this.
    Replace(Record),
    /// Somebody else leads.
    Wait,
    /// We led, and do so no longer.
    StepDown,
}

/// What a candidate is to do about a Lease that was `seen`, `None` where it is not there.
///
/// Nobody takes a Lease from a holder whose record changed within the duration that the record itself says, and a
/// holder steps down before that, [`Terms::renew_deadline`] after its last renewal began.
pub fn decide(seen: Option<&Seen>, candidate: &Candidate<'_>, now: Now) -> Step {
    let Candidate { identity, terms, standing } = candidate;
    let is_ours = seen.is_none_or(|seen| seen.record.holder == *identity);
    if let Standing::Leading { renewed } = *standing
        && (!is_ours || now.instant.duration_since(renewed) >= terms.renew_deadline)
    {
        return Step::StepDown;
    }
    let taken = Record {
        holder: (*identity).to_owned(),
        duration: terms.lease_duration,
        acquired: Some(now.timestamp),
        renewed: Some(now.timestamp),
        transitions: 0,
    };
    let Some(Seen { record, since }) = seen else { return Step::Create(taken) };
    if is_ours {
        let acquired = record.acquired.or(taken.acquired);
        return Step::Replace(Record { acquired, transitions: record.transitions, ..taken });
    }
    let is_held = !record.holder.is_empty() && now.instant.duration_since(*since) < record.duration;
    match is_held {
        true => Step::Wait,
        false => Step::Replace(Record { transitions: record.transitions.saturating_add(1), ..taken }),
    }
}

#[cfg(test)]
mod tests;
