//! What to do for an object: the one place that decides to keep, write or delete a target, and when to look again.

use std::{fmt, time::Duration};

use jiff::Timestamp;

use crate::{
    desired::{Absence, Content, Ownership, Refresh},
    digest::Digest,
    due,
    observed::{Held, Holder, Observed},
    render::{Absent, RenderError, Rendered},
};

/// What to do for one object. Printing it is a dry run: `Display` shows no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What to do to the target.
    pub step: Step,
    /// What that comes to, if the step succeeds.
    pub outcome: Outcome,
    /// The values that a store says are not there, where the object accepts that.
    pub absent: Vec<Absent>,
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.step, self.outcome)
    }
}

/// What to do to a target. Printing it is a dry run: `Display` names entries, and shows no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Keep,
    /// Make it hold these entries: exactly these where it is ours or nobody's, these among others where it is shared.
    Write {
        /// What it must hold, and carry.
        content: Content,
        /// Who it belongs to.
        ownership: Ownership,
    },
    /// Delete it: the store says that its values are gone, and the object wants that.
    Delete,
    /// Remove our marks from an object that is being deleted.
    Release,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("keep"),
            Self::Write { content, ownership: _ } => {
                let names: Vec<&str> = content.entries.keys().map(String::as_str).collect();
                write!(f, "write {}", names.join(", "))
            }
            Self::Delete => f.write_str("delete"),
            Self::Release => f.write_str("release"),
        }
    }
}

/// What one run for an object comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The target holds what the store holds.
    Synced,
    /// The store gave nothing, and the target stays as it is (`deletionPolicy: Retain`).
    Retained,
    /// The target is gone with its values.
    Deleted,
    /// A shared target is waited for.
    Waiting,
    /// The object cannot be understood.
    Malformed(String),
    /// The store gave nothing, and does not say that the values are gone.
    Empty,
    /// Values could not be read or rendered.
    Unreadable(RenderError),
    /// The target belongs to somebody who must not lose it.
    Contested(Holder),
    /// That could not be done to the target.
    Unwritable(Attempt, WriteError),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Synced => f.write_str("in step with the store"),
            Self::Retained => f.write_str("retained, the store gave nothing"),
            Self::Deleted => f.write_str("deleted, the values are gone"),
            Self::Waiting => f.write_str("waiting for somebody to make the target"),
            Self::Malformed(problem) => write!(f, "malformed: {problem}"),
            Self::Empty => f.write_str("empty, and the store does not say that the values are gone"),
            Self::Unreadable(error) => write!(f, "unreadable: {error}"),
            Self::Contested(holder) => write!(f, "held by {holder}"),
            Self::Unwritable(attempt, error) => write!(f, "not {attempt}: {error}"),
        }
    }
}

/// What was tried with a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// To look at it.
    Look,
    /// To write to it.
    Write,
    /// To delete it.
    Delete,
}

impl Attempt {
    /// What a step tries.
    pub fn of(step: &Step) -> Self {
        match step {
            Step::Keep | Step::Write { .. } | Step::Release => Self::Write,
            Step::Delete => Self::Delete,
        }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Look => "seen",
            Self::Write => "written",
            Self::Delete => "deleted",
        })
    }
}

/// Why something could not be done to a target. The texts are made of our own words and of the API's reason; they hold no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Somebody wrote in between: look again at once.
    #[error("changed by somebody else")]
    Conflict,
    /// It turned out to belong to somebody else.
    #[error("held by somebody else")]
    Contested(Holder),
    /// It may never change.
    #[error("{0}")]
    Immutable(String),
    /// It can never be written so (too large, a name that is not allowed).
    #[error("{0}")]
    Invalid(String),
    /// It may not be written, or its namespace is on its way out.
    #[error("{0}")]
    Forbidden(String),
    /// It was written, and what the object wrote under another name before could not be deleted.
    #[error("{0}")]
    Uncleaned(Box<WriteError>),
    /// The target's server did not answer.
    #[error("{0}")]
    Unavailable(String),
    /// We are no longer the one who writes.
    #[error("no longer the leader")]
    Stopped,
}

impl WriteError {
    /// The same, of the deletion of what the object wrote under another name before.
    #[must_use]
    pub fn uncleaned(self) -> Self {
        match self {
            Self::Conflict | Self::Stopped | Self::Uncleaned(_) => self,
            Self::Contested(_)
            | Self::Immutable(_)
            | Self::Invalid(_)
            | Self::Forbidden(_)
            | Self::Unavailable(_) => Self::Uncleaned(Box::new(self)),
        }
    }
}

/// When to look at an object again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// At that time.
    At(Timestamp),
    /// Soon: the engine knows how often it failed. Not before the store allows.
    Retry {
        /// How long the store wants to be left alone.
        not_before: Option<Duration>,
    },
    /// When something changes.
    OnChange,
}

/// What to do for an object, given what the stores gave for it.
///
/// It writes or deletes nothing unless every value was read, or its store says that it is not there; it touches
/// nothing that is contested; and it writes only where the target does not hold the entries already, as far as is
/// known without reading it.
pub fn plan(observed: &Observed, rendered: Result<Rendered, RenderError>) -> Plan {
    if let Some(holder) = contested_by(observed) {
        return keep(Outcome::Contested(holder.clone()));
    }
    let (ownership, absence) = (observed.desired.ownership, observed.desired.absence);
    match (rendered, absence) {
        (Err(error), _) => keep(Outcome::Unreadable(error)),
        (Ok(Rendered::Content { content, gone }), _) => Plan { absent: gone, ..hold(observed, content) },
        (Ok(Rendered::Gone(gone)), Absence::Delete) => Plan { absent: gone, ..delete(observed) },
        // `render` gives no such thing. Were it to, nothing may be lost.
        (Ok(Rendered::Gone(_)), Absence::Retain | Absence::Drop) => keep(Outcome::Retained),
        (Ok(Rendered::Empty), _) if ownership == Ownership::Read => keep(Outcome::Synced),
        (Ok(Rendered::Empty), Absence::Retain) => keep(Outcome::Retained),
        (Ok(Rendered::Empty), Absence::Drop | Absence::Delete) => keep(Outcome::Empty),
    }
}

/// What to do for an object that would be made of the same again: nothing, where its target is as we left it; `None`
/// where it is not, or where a write has something to put right.
pub fn unchanged(observed: &Observed) -> Option<Plan> {
    match observed.held {
        Held::Intact { digest: Some(_) } => Some(keep(Outcome::Synced)),
        Held::Intact { digest: None } | Held::Nothing | Held::Drifted | Held::Contested(_) => None,
    }
}

/// When to look at an object again after a run that read the store at `read`.
///
/// A malformed object has no [`Observed`]: it is [`Next::OnChange`].
pub fn next(outcome: &Outcome, observed: &Observed, read: Timestamp) -> Next {
    match told_next(outcome, observed, read) {
        Next::OnChange if !observed.desired.is_watched() => Next::At(due::later(read, due::UNWATCHED)),
        next @ (Next::At(_) | Next::Retry { .. } | Next::OnChange) => next,
    }
}

/// When to look again at an object whose target's changes are told.
fn told_next(outcome: &Outcome, observed: &Observed, read: Timestamp) -> Next {
    match outcome {
        Outcome::Synced | Outcome::Retained | Outcome::Deleted | Outcome::Waiting => {
            regularly(observed.desired.refresh, read)
        }
        // The values may become those that the target holds; that it may be changed again is a change of it.
        Outcome::Unwritable(_, WriteError::Immutable(_)) => regularly(observed.desired.refresh, read),
        // A template that fails does so again until it, what it reads, or a value changes.
        Outcome::Unreadable(RenderError::Template(_)) => regularly(observed.desired.refresh, read),
        Outcome::Unreadable(error) => Next::Retry { not_before: error.retry_after() },
        Outcome::Empty
        | Outcome::Unwritable(
            _,
            WriteError::Conflict
            | WriteError::Invalid(_)
            | WriteError::Forbidden(_)
            | WriteError::Uncleaned(_)
            | WriteError::Unavailable(_),
        ) => Next::Retry { not_before: None },
        Outcome::Malformed(_)
        | Outcome::Contested(_)
        | Outcome::Unwritable(_, WriteError::Contested(_) | WriteError::Stopped) => Next::OnChange,
    }
}

/// Who keeps us from the target. Where it is shared or nobody's, a stranger's controller does not.
fn contested_by(observed: &Observed) -> Option<&Holder> {
    match (&observed.held, observed.desired.ownership) {
        (Held::Contested(_), Ownership::Read) => None,
        (Held::Contested(Holder::Stranger(_)), Ownership::Leave | Ownership::Share { .. }) => None,
        (Held::Contested(holder), _) => Some(holder),
        (Held::Nothing | Held::Intact { .. } | Held::Drifted, _) => None,
    }
}

fn delete(observed: &Observed) -> Plan {
    match (observed.desired.ownership, &observed.held) {
        (Ownership::Own, Held::Nothing) => keep(Outcome::Deleted),
        (Ownership::Own, Held::Intact { .. } | Held::Drifted | Held::Contested(_)) => {
            Plan { step: Step::Delete, ..keep(Outcome::Deleted) }
        }
        // What is not ours is not ours to delete.
        (Ownership::Leave | Ownership::Share { .. } | Ownership::Read, _) => keep(Outcome::Empty),
    }
}

fn hold(observed: &Observed, content: Content) -> Plan {
    let ownership = observed.desired.ownership;
    match (ownership, &observed.held) {
        (Ownership::Read, _) => keep(Outcome::Synced),
        (Ownership::Share { create: false }, Held::Nothing) => keep(Outcome::Waiting),
        // As measured of the original: one of ours that must not change keeps its entries, and is in step.
        (_, Held::Intact { digest: Some(_) }) if observed.desired.immutable => keep(Outcome::Synced),
        // What a template puts beside the entries is compared where it is written.
        (_, Held::Intact { digest: Some(digest) })
            if content.dress.is_none() && *digest == Digest::of(&content.entries) =>
        {
            keep(Outcome::Synced)
        }
        (Ownership::Own | Ownership::Leave | Ownership::Share { .. }, _) => {
            Plan { step: Step::Write { content, ownership }, ..keep(Outcome::Synced) }
        }
    }
}

fn keep(outcome: Outcome) -> Plan {
    Plan { step: Step::Keep, outcome, absent: Vec::new() }
}

fn regularly(refresh: Refresh, read: Timestamp) -> Next {
    match refresh {
        Refresh::Every(interval) => Next::At(due::later(read, interval)),
        Refresh::OnChange | Refresh::Once => Next::OnChange,
    }
}

#[cfg(test)]
mod tests;
