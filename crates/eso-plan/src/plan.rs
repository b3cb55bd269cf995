//! What to do for an object: the one place that decides to keep, write or delete a target, and when to look again.

use std::{fmt, time::Duration};

use jiff::Timestamp;

use crate::{
    desired::{Entries, Ownership},
    observed::{Holder, Observed},
    render::{RenderError, Rendered},
};

/// What to do for one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What to do to the target.
    pub step: Step,
    /// What that comes to, if the step succeeds.
    pub outcome: Outcome,
}

/// What to do to a target. Printing it is a dry run: `Display` names entries, and shows no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Keep,
    /// Make it hold these entries: exactly these where it is ours or nobody's, these among others where it is shared.
    Write {
        /// What it must hold.
        entries: Entries,
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
            Self::Write { entries, ownership: _ } => {
                let names: Vec<&str> = entries.keys().map(String::as_str).collect();
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
    /// The target could not be written.
    Unwritable(WriteError),
}

/// Why a target could not be written. The texts are made of our own words and of the API's reason; they hold no value.
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
    /// The target's server did not answer.
    #[error("{0}")]
    Unavailable(String),
    /// We are no longer the one who writes.
    #[error("no longer the leader")]
    Stopped,
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
pub fn plan(_observed: &Observed, _rendered: Result<Rendered, RenderError>) -> Plan {
    todo!()
}

/// When to look at an object again after a run that read the store at `read`.
///
/// A malformed object has no [`Observed`]: it is [`Next::OnChange`].
pub fn next(_outcome: &Outcome, _observed: &Observed, _read: Timestamp) -> Next {
    todo!()
}
