//! What to say about an object: condition, event, and whether it is worth a write.
//!
//! Reasons and messages are the original's. A failure's message begins with the original's, then says what is wrong.
//! The same failure gives the same report again and again, and is then no news.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    desired::{Desired, Origin, Ownership},
    due,
    observed::{Holder, Kind, Observed, Record},
    plan::{Attempt, Outcome, WriteError},
    render::{Absent, RenderError},
};

/// One run for an object, as it ended.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// What was seen before it.
    pub observed: &'a Observed,
    /// What it came to.
    pub outcome: &'a Outcome,
    /// The values that a store says are not there, where the object accepts that.
    pub absent: &'a [Absent],
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
    /// What to tell people who watch: news alone.
    pub events: Vec<Event>,
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
    let record = &run.observed.record;
    match verdict(run.outcome, words(record.kind)) {
        Verdict::Good { reason, message } => {
            success(run, heartbeat, (true, reason.to_owned(), message.to_owned()))
        }
        Verdict::Bad { message, detail } => failure(record, message, &detail),
    }
}

/// What to say about an object that cannot be understood.
pub fn malformed(record: &Record, problem: &str) -> Report {
    failure(record, UNREADABLE, problem)
}

/// What to say about an object whose target could not be looked at: the same as where it could not be written, for
/// the original says nothing of it.
pub fn unseen(record: &Record, error: &WriteError) -> Report {
    let (message, detail) = unwritable(Attempt::Look, error, words(record.kind));
    failure(record, message, &detail)
}

/// What to say when a target was deleted that an object owned under another name than it wants now.
pub fn orphan_deleted(kind: Kind) -> Event {
    Event { warning: false, reason: "Deleted", message: words(kind).orphaned.to_owned() }
}

/// Whether a status says already that the target belongs to that holder.
pub(crate) fn says_contested(record: &Record, holder: &Holder) -> bool {
    let words = words(record.kind);
    let (message, detail) = contested(holder, words);
    record.condition == Some(failed(words, message, &detail))
}

/// Whether a status says that there is no target, and that this is right.
pub(crate) fn expects_nothing(record: &Record) -> bool {
    let Some((ready, reason, message)) = &record.condition else {
        return false;
    };
    let words = words(record.kind);
    *ready && ([words.deleted, words.missing].contains(&reason.as_str()) || message == words.retained_message)
}

pub(crate) const UNREADABLE: &str = "could not get secret data from provider";

/// What the original says of a target of one kind: reasons, then messages.
struct Words {
    synced: &'static str,
    deleted: &'static str,
    missing: &'static str,
    failed: &'static str,
    synced_message: &'static str,
    retained_message: &'static str,
    deleted_message: &'static str,
    orphaned: &'static str,
    missing_message: &'static str,
    unwritable: &'static str,
    undeletable: &'static str,
    uncleaned: &'static str,
    immutable: &'static str,
    untakable: &'static str,
    empty: &'static str,
}

const SECRET: Words = Words {
    synced: "SecretSynced",
    deleted: "SecretDeleted",
    missing: "SecretMissing",
    failed: "SecretSyncedError",
    synced_message: "secret synced",
    retained_message: "secret retained due to DeletionPolicy=Retain",
    deleted_message: "secret deleted due to DeletionPolicy=Delete",
    orphaned: "secret deleted because it was orphaned",
    missing_message: "secret will not be created due to CreationPolicy=Merge",
    unwritable: "could not update secret",
    undeletable: "could not delete secret",
    uncleaned: "could not delete orphaned secrets",
    immutable: "could not update secret, target is immutable",
    untakable: "failed to take ownership of target secret",
    empty: "the store gave no entries, and does not say that the values are gone: the secret stays as it is",
};

const RESOURCE: Words = Words {
    synced: "ResourceSynced",
    deleted: "ResourceDeleted",
    missing: "ResourceMissing",
    failed: "ResourceSyncedError",
    synced_message: "resource synced",
    retained_message: "resource retained due to DeletionPolicy=Retain",
    deleted_message: "resource deleted due to DeletionPolicy=Delete",
    orphaned: "resource deleted because it was orphaned",
    missing_message: "resource will not be created due to CreationPolicy=Merge",
    unwritable: "could not update resource",
    undeletable: "could not delete resource",
    uncleaned: "could not delete orphaned resources",
    immutable: "could not update resource, target is immutable",
    untakable: "failed to take ownership of target resource",
    empty: "the store gave no entries, and does not say that the values are gone: the resource stays as it is",
};

fn words(kind: Kind) -> &'static Words {
    match kind {
        Kind::Secret => &SECRET,
        Kind::Resource => &RESOURCE,
    }
}

/// An outcome in the original's words.
enum Verdict {
    Good { reason: &'static str, message: &'static str },
    Bad { message: &'static str, detail: String },
}

fn verdict(outcome: &Outcome, words: &'static Words) -> Verdict {
    let good = |reason, message| Verdict::Good { reason, message };
    let bad = |(message, detail)| Verdict::Bad { message, detail };
    match outcome {
        Outcome::Synced => good(words.synced, words.synced_message),
        Outcome::Retained => good(words.synced, words.retained_message),
        Outcome::Deleted => good(words.deleted, words.deleted_message),
        Outcome::Waiting => good(words.missing, words.missing_message),
        Outcome::Malformed(problem) => bad((UNREADABLE, problem.clone())),
        Outcome::Empty => bad((UNREADABLE, words.empty.to_owned())),
        Outcome::Unreadable(error @ RenderError::Entry(_)) => bad((UNREADABLE, error.to_string())),
        Outcome::Unreadable(error @ (RenderError::Sources(_) | RenderError::Template(_))) => {
            bad((words.unwritable, error.to_string()))
        }
        Outcome::Contested(holder) => bad(contested(holder, words)),
        Outcome::Unwritable(attempt, error) => bad(unwritable(*attempt, error, words)),
    }
}

fn contested(holder: &Holder, words: &Words) -> (&'static str, String) {
    match holder {
        Holder::Peer(name) => ("target is owned by another ExternalSecret", name.clone()),
        Holder::Stranger(name) => (words.untakable, format!("{name} controls it")),
    }
}

fn unwritable(attempt: Attempt, error: &WriteError, words: &Words) -> (&'static str, String) {
    match error {
        WriteError::Contested(holder) => contested(holder, words),
        WriteError::Immutable(text) => (words.immutable, text.clone()),
        WriteError::Uncleaned(error) => (words.uncleaned, error.to_string()),
        WriteError::Conflict
        | WriteError::Invalid(_)
        | WriteError::Forbidden(_)
        | WriteError::Unavailable(_)
        | WriteError::Stopped => match attempt {
            Attempt::Look => (words.unwritable, format!("it cannot be read: {error}")),
            Attempt::Write => (words.unwritable, error.to_string()),
            Attempt::Delete => (words.undeletable, error.to_string()),
        },
    }
}

type Condition = (bool, String, String);

/// The condition of a Secret that is in step.
pub(crate) fn synced_condition() -> Condition {
    (true, SECRET.synced.to_owned(), SECRET.synced_message.to_owned())
}

/// The condition of a Secret that failed with this message.
pub(crate) fn failed_condition(message: &str) -> Condition {
    failed(&SECRET, message, "")
}

fn failed(words: &Words, message: &str, detail: &str) -> Condition {
    let message = if detail.is_empty() { message.to_owned() } else { format!("{message}: {detail}") };
    (false, words.failed.to_owned(), message)
}

fn success(run: &Run<'_>, heartbeat: Duration, condition: Condition) -> Report {
    let Run { observed, outcome, absent, written, read } = *run;
    let before = &observed.record;
    let revision = Some(observed.desired.revision.clone());
    let changed = before.condition.as_ref() != Some(&condition) || before.revision != revision;
    let is_secret = before.kind == Kind::Secret;
    let kept = matches!(outcome, Outcome::Synced) && observed.desired.ownership != Ownership::Read;
    let is_news = changed || written != Written::Nothing;
    let missing = if is_news { missing(absent) } else { Vec::new() };
    let events = news(written, &observed.desired).into_iter().chain(missing).collect();
    Report {
        binding: (kept && is_secret).then(|| observed.desired.target.clone()),
        events,
        write: changed || is_old(before.refreshed, read, heartbeat),
        record: Record { refreshed: Some(read), revision, condition: Some(condition), kind: before.kind },
    }
}

fn failure(before: &Record, message: &str, detail: &str) -> Report {
    let condition = failed(words(before.kind), message, detail);
    let changed = before.condition.as_ref() != Some(&condition);
    // The original's event holds the bare error of a read, which alerts match.
    let text = if message == UNREADABLE { detail } else { condition.2.as_str() };
    let event = Event { warning: true, reason: "UpdateFailed", message: text.to_owned() };
    Report {
        record: Record { condition: Some(condition), ..before.clone() },
        binding: None,
        events: changed.then_some(event).into_iter().collect(),
        write: changed,
    }
}

/// How many missing values are told one by one: an object that names thousands must not drown the events of others.
const MOST_TOLD: usize = 10;

/// The values that are not there, in the original's words, which say `dataFrom` of `data` too.
fn missing(absent: &[Absent]) -> Vec<Event> {
    let event = |message| Event { warning: false, reason: "MissingProviderSecret", message };
    let mut events: Vec<Event> = absent.iter().take(MOST_TOLD).map(|absent| event(told(absent))).collect();
    if let Some(more) = absent.len().checked_sub(MOST_TOLD).filter(|more| *more > 0) {
        events.push(event(format!("{more} more secrets do not exist at provider")));
    }
    events
}

fn told(Absent { origin, key }: &Absent) -> String {
    let (Origin::Data(index) | Origin::Extract(index) | Origin::Find(index) | Origin::Reference(index)) =
        origin;
    let key = key.as_ref().map(|key| format!(" (key={key})")).unwrap_or_default();
    format!("secret does not exist at provider using spec.dataFrom[{index}]{key}")
}

/// A time that lies ahead is as wrong as one that is too old.
pub(crate) fn is_old(written: Option<Timestamp>, read: Timestamp, heartbeat: Duration) -> bool {
    written.is_none_or(|written| due::later(written, heartbeat) <= read || written > read)
}

fn news(written: Written, desired: &Desired) -> Option<Event> {
    let (warning, reason) = match written {
        Written::Nothing => return None,
        Written::Created => (false, "Created"),
        Written::Updated => (false, "Updated"),
        Written::TakenOver => (true, "Updated"),
        Written::Deleted => (false, "Deleted"),
    };
    let message = match (&desired.manifest, written) {
        (None, Written::Deleted) => SECRET.deleted_message.to_owned(),
        (None, _) => format!("secret {}", reason.to_ascii_lowercase()),
        (Some(manifest), _) => format!("{reason} {} {}", manifest.kind, desired.target),
    };
    let taken = ": it was made by somebody else, and belongs to this ExternalSecret now";
    let message = if written == Written::TakenOver { message + taken } else { message };
    Some(Event { warning, reason, message })
}

#[cfg(test)]
mod tests;
