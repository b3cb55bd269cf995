//! What to say about an object: condition, event, and whether it is worth a write.
//!
//! Reasons and messages are the original's. A failure's message begins with the original's, then says what is wrong.
//! The same failure gives the same report again and again, and is then no news.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    desired::Ownership,
    due,
    observed::{Holder, Observed, Record},
    plan::{Attempt, Outcome, WriteError},
    render::RenderError,
};

/// One run for an object, as it ended.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// What was seen before it.
    pub observed: &'a Observed,
    /// What it came to.
    pub outcome: &'a Outcome,
    /// What became of the target.
    pub written: Written,
    /// When the store was asked: a time before the first of its answers.
    pub read: Timestamp,
}

/// What a write came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Nothing had to be written.
    Nothing,
    /// The target was made.
    Created,
    /// The target was changed.
    Updated,
    /// A target that somebody else had made was taken over.
    TakenOver,
    /// The target was deleted.
    Deleted,
}

/// What to say about one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The status as it should read now.
    pub record: Record,
    /// The name of the target that is kept, once it was written with success; `None` leaves what is written.
    pub binding: Option<String>,
    /// What to tell people who watch, if it is news.
    pub event: Option<Event>,
    /// Whether the status differs from what is written, or what is written is too old.
    pub write: bool,
}

/// News about an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whether something is wrong.
    pub warning: bool,
    /// The original's reason, such as `Created` or `UpdateFailed`.
    pub reason: &'static str,
    /// A sentence that holds no value.
    pub message: String,
}

/// What to say about a run.
///
/// After a success, a status that says the same is written again once its time is older than `heartbeat`; 0 writes it
/// at every run. After a failure it keeps the time and the revision of the last success.
pub fn report(run: &Run<'_>, heartbeat: Duration) -> Report {
    match verdict(run.outcome) {
        Verdict::Good { reason, message } => {
            success(run, heartbeat, (true, reason.to_owned(), message.to_owned()))
        }
        Verdict::Bad { message, detail } => failure(&run.observed.record, message, &detail),
    }
}

/// What to say about an object that cannot be understood.
pub fn malformed(record: &Record, problem: &str) -> Report {
    failure(record, UNREADABLE, problem)
}

/// What to say about an object whose target could not be looked at: the same as where it could not be written, for
/// the original says nothing of it.
pub fn unseen(record: &Record, error: &WriteError) -> Report {
    let (message, detail) = unwritable(Attempt::Look, error);
    failure(record, message, &detail)
}

/// What to say when a target was deleted that an object owned under another name than it wants now.
pub fn orphan_deleted() -> Event {
    Event { warning: false, reason: "Deleted", message: "secret deleted because it was orphaned".to_owned() }
}

/// Whether a status says already that the target belongs to that holder.
pub(crate) fn says_contested(record: &Record, holder: &Holder) -> bool {
    let (message, detail) = contested(holder);
    record.condition == Some(failed(message, &detail))
}

/// Whether a status says that there is no target, and that this is right.
pub(crate) fn expects_nothing(record: &Record) -> bool {
    let Some((ready, reason, message)) = &record.condition else {
        return false;
    };
    *ready && (matches!(reason.as_str(), DELETED | MISSING) || message == RETAINED)
}

const SYNCED: &str = "SecretSynced";
const DELETED: &str = "SecretDeleted";
const MISSING: &str = "SecretMissing";
const FAILED: &str = "SecretSyncedError";

const RETAINED: &str = "secret retained due to DeletionPolicy=Retain";
const DELETED_MESSAGE: &str = "secret deleted due to DeletionPolicy=Delete";
const UNREADABLE: &str = "could not get secret data from provider";
const UNWRITABLE: &str = "could not update secret";

/// An outcome in the original's words.
enum Verdict {
    Good { reason: &'static str, message: &'static str },
    Bad { message: &'static str, detail: String },
}

fn verdict(outcome: &Outcome) -> Verdict {
    let bad = |(message, detail)| Verdict::Bad { message, detail };
    match outcome {
        Outcome::Synced => Verdict::Good { reason: SYNCED, message: "secret synced" },
        Outcome::Retained => Verdict::Good { reason: SYNCED, message: RETAINED },
        Outcome::Deleted => Verdict::Good { reason: DELETED, message: DELETED_MESSAGE },
        Outcome::Waiting => Verdict::Good {
            reason: MISSING,
            message: "secret will not be created due to CreationPolicy=Merge",
        },
        Outcome::Malformed(problem) => bad((UNREADABLE, problem.clone())),
        Outcome::Empty => bad((
            UNREADABLE,
            "the store gave no entries, and does not say that the values are gone: the secret stays as it is"
                .to_owned(),
        )),
        Outcome::Unreadable(error @ RenderError::Entry(_)) => bad((UNREADABLE, error.to_string())),
        Outcome::Unreadable(error @ (RenderError::Sources(_) | RenderError::Template(_))) => {
            bad((UNWRITABLE, error.to_string()))
        }
        Outcome::Contested(holder) => bad(contested(holder)),
        Outcome::Unwritable(attempt, error) => bad(unwritable(*attempt, error)),
    }
}

fn contested(holder: &Holder) -> (&'static str, String) {
    match holder {
        Holder::Peer(name) => ("target is owned by another ExternalSecret", name.clone()),
        Holder::Stranger(name) => {
            ("failed to take ownership of target secret", format!("{name} controls it"))
        }
    }
}

fn unwritable(attempt: Attempt, error: &WriteError) -> (&'static str, String) {
    match error {
        WriteError::Contested(holder) => contested(holder),
        WriteError::Immutable(text) => ("could not update secret, target is immutable", text.clone()),
        WriteError::Uncleaned(error) => ("could not delete orphaned secrets", error.to_string()),
        WriteError::Conflict
        | WriteError::Invalid(_)
        | WriteError::Forbidden(_)
        | WriteError::Unavailable(_)
        | WriteError::Stopped => match attempt {
            Attempt::Look => (UNWRITABLE, format!("it cannot be read: {error}")),
            Attempt::Write => (UNWRITABLE, error.to_string()),
            Attempt::Delete => ("could not delete secret", error.to_string()),
        },
    }
}

type Condition = (bool, String, String);

fn failed(message: &str, detail: &str) -> Condition {
    let message = if detail.is_empty() { message.to_owned() } else { format!("{message}: {detail}") };
    (false, FAILED.to_owned(), message)
}

fn success(run: &Run<'_>, heartbeat: Duration, condition: Condition) -> Report {
    let Run { observed, outcome, written, read } = *run;
    let before = &observed.record;
    let revision = Some(observed.desired.revision.clone());
    let changed = before.condition.as_ref() != Some(&condition) || before.revision != revision;
    let kept = matches!(outcome, Outcome::Synced) && observed.desired.ownership != Ownership::Read;
    Report {
        binding: kept.then(|| observed.desired.target.clone()),
        event: news(written),
        write: changed || is_old(before.refreshed, read, heartbeat),
        record: Record { refreshed: Some(read), revision, condition: Some(condition) },
    }
}

fn failure(before: &Record, message: &str, detail: &str) -> Report {
    let condition = failed(message, detail);
    let changed = before.condition.as_ref() != Some(&condition);
    // The original's event holds the bare error of a read, which alerts match.
    let text = if message == UNREADABLE { detail } else { condition.2.as_str() };
    let event = Event { warning: true, reason: "UpdateFailed", message: text.to_owned() };
    Report {
        record: Record { condition: Some(condition), ..before.clone() },
        binding: None,
        event: changed.then_some(event),
        write: changed,
    }
}

/// A time that lies ahead is as wrong as one that is too old.
fn is_old(written: Option<Timestamp>, read: Timestamp, heartbeat: Duration) -> bool {
    written.is_none_or(|written| due::later(written, heartbeat) <= read || written > read)
}

fn news(written: Written) -> Option<Event> {
    let (warning, reason, message) = match written {
        Written::Nothing => return None,
        Written::Created => (false, "Created", "secret created"),
        Written::Updated => (false, "Updated", "secret updated"),
        Written::TakenOver => (
            true,
            "Updated",
            "secret updated: it was made by somebody else, and belongs to this ExternalSecret now",
        ),
        Written::Deleted => (false, "Deleted", DELETED_MESSAGE),
    };
    Some(Event { warning, reason, message: message.to_owned() })
}

#[cfg(test)]
mod tests;
