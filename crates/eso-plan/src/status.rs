//! What to say about an object: condition, event, and whether it is worth a write.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    observed::{Observed, Record},
    plan::Outcome,
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

/// What to say about one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The status as it should read now.
    pub record: Record,
    /// The name of the target that is kept, once it was written with success.
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

/// What to say about a run; a status that says the same is written again when its time is older than `heartbeat`.
pub fn report(_run: &Run<'_>, _heartbeat: Duration) -> Report {
    todo!()
}

/// What to say about an object that cannot be understood.
pub fn malformed(_record: &Record, _problem: &str) -> Report {
    todo!()
}
