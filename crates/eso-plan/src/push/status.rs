//! What to say about an object that pushes: condition, events, and whether they are worth a write.
//!
//! Reasons and messages are the original's. A message holds no value, and nothing that a store sent but what its provider
//! made words of.

use std::time::Duration;

use eso_core::{
    error::ProviderError,
    key::{RemoteKey, StoreReference},
};
use jiff::Timestamp;

use super::{
    Observed, Record, SourceError, Synced, Update, decide::DecideError, expand::ExpandError, goals::Goal,
};
use crate::{
    plan::WriteError,
    status::{Event, is_old},
    template::TemplateError,
};

/// The reason of an object that is in step.
const SYNCED: &str = "Synced";

/// The reason of any other.
const ERRORED: &str = "Errored";

/// The reason of one whose Secret is gone, and what it wrote with it.
const SOURCE_DELETED: &str = "SourceDeleted";

/// What one run comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// All stores hold what they should.
    Synced,
    /// The Secret is gone, and so is what was written of it.
    SourceDeleted,
    /// The object cannot be understood.
    Malformed(String),
    /// It must stay until what it wrote is deleted, or be let go, and that could not be written down.
    Unheld(WriteError),
    /// What will be pushed must be written down before, and could not be.
    Unclaimed(WriteError),
    /// The Secrets could not be read.
    Unread(SourceError),
    /// What its templates stand in could not be read.
    NoSources(WriteError),
    /// A template failed.
    Template(TemplateError),
    /// What goes where cannot be said.
    Unexpanded(ExpandError),
    /// Values are not as they should be, the first of which is this.
    Failed(Failure),
}

/// Values that are not as they should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What was done: all values together are one of these, for what is taken out comes with what is put in.
    pub during: During,
    /// The store of the first.
    pub store: StoreReference,
    /// What is wrong with it.
    pub cause: Cause,
    /// How many others there are.
    pub more: usize,
}

/// What was done when it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum During {
    /// A value of this name was written; the key of the Secret, or the remote key, names it.
    Push(String),
    /// What is not asked for any more was deleted.
    Removal,
    /// Everything was deleted with its Secret.
    Cleanup,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Cause {
    /// The store cannot be used, or not for this: in words that begin with the original's.
    #[error("{0}")]
    Store(String),
    /// The store failed.
    #[error("{0}")]
    Provider(#[source] ProviderError),
    /// It must not or cannot be written.
    #[error(transparent)]
    Decided(#[from] DecideError),
}

impl Failure {
    /// What was done for a goal of one store, as its failure says it.
    pub fn during(key: &RemoteKey, goal: &Goal, is_cleanup: bool) -> During {
        match goal.parts.first() {
            Some(pushed) => {
                let name = pushed.data.secret_key.as_deref().unwrap_or(key.as_str());
                During::Push(name.to_owned())
            }
            None if is_cleanup => During::Cleanup,
            None => During::Removal,
        }
    }

    fn message(&self) -> String {
        let Self { during, store, cause, more } = self;
        let StoreReference { name, .. } = store;
        let text = match (during, cause) {
            (During::Push(_), Cause::Store(problem)) if problem.starts_with("could not get ") => {
                problem.clone()
            }
            (During::Push(_), Cause::Store(problem)) => {
                format!("set secret failed: could not get secrets client for store {name}: {problem}")
            }
            (During::Push(key), cause) => format!(
                "set secret failed: could not write remote ref {key} to target secretstore {name}: {cause}"
            ),
            (During::Removal, cause) => format!("Failed to Delete Secrets from Provider: {store}: {cause}"),
            (During::Cleanup, cause) => format!("failed to cleanup provider secrets: {store}: {cause}"),
        };
        if *more == 0 { text } else { format!("{text} (and {more} more)") }
    }
}

/// What to say about one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The status as it should read now.
    pub record: Record,
    /// What to tell people who watch: news alone.
    pub events: Vec<Event>,
    /// Whether the status differs from what is written, or what is written is too old.
    pub write: bool,
}

/// One run for an object, as it ended.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// What its status says.
    pub record: &'a Record,
    /// What was seen of it, where it is to stay.
    pub observed: Option<&'a Observed>,
    /// What it came to.
    pub outcome: &'a Outcome,
    /// What its status says now that it wrote.
    pub synced: &'a Synced,
    /// Whether anything was written to a store, or deleted there.
    pub wrote: bool,
    /// When the stores were looked at: a time before the first of their answers.
    pub read: Timestamp,
}

/// What to say about a run. After a success, a status that says the same is written again once its time is older than
/// `heartbeat`; 0 writes it at every run.
pub fn report(run: &Run<'_>, heartbeat: Duration) -> Report {
    let Run { record, observed, outcome, synced, wrote, read } = *run;
    let (condition, is_good) = verdict(outcome, observed);
    let is_news = record.condition.as_ref() != Some(&condition);
    let done = observed.filter(|_| is_good);
    let revision = done.map_or_else(|| record.revision.clone(), |seen| Some(seen.desired.revision.clone()));
    let changed = is_news || revision != record.revision || *synced != record.synced;
    let event = Event { warning: !is_good, reason: reason(&condition.1), message: condition.2.clone() };
    Report {
        write: changed || (is_good && is_old(record.refreshed, read, heartbeat)),
        events: (is_news || wrote && is_good).then_some(event).into_iter().collect(),
        record: Record {
            refreshed: if is_good { Some(read) } else { record.refreshed },
            revision,
            condition: Some(condition),
            synced: synced.clone(),
        },
    }
}

/// What to say before anything is written: what will have been.
pub fn claimed(record: &Record, synced: Synced) -> Report {
    Report { record: Record { synced, ..record.clone() }, events: Vec::new(), write: true }
}

/// Whether a status says that the Secret is gone, and what was written with it.
pub fn says_source_deleted(record: &Record) -> bool {
    record.condition.as_ref().is_some_and(|(_, reason, _)| reason == SOURCE_DELETED)
}

fn reason(text: &str) -> &'static str {
    match text {
        SYNCED => SYNCED,
        SOURCE_DELETED => SOURCE_DELETED,
        _ => ERRORED,
    }
}

type Condition = (bool, String, String);

fn verdict(outcome: &Outcome, observed: Option<&Observed>) -> (Condition, bool) {
    let condition = |ready, reason: &str, message: String| (ready, reason.to_owned(), message);
    let errored = |message| (condition(false, ERRORED, message), false);
    match outcome {
        Outcome::Synced => {
            let keeps = observed.is_some_and(|seen| seen.desired.update == Update::Keep);
            let unchanged = if keeps { ". Existing secrets in providers unchanged." } else { "" };
            let message = format!("PushSecret synced successfully{unchanged}");
            (condition(true, SYNCED, message), true)
        }
        Outcome::SourceDeleted => {
            let message = "source secret deleted; provider secrets cleaned up".to_owned();
            (condition(false, SOURCE_DELETED, message), false)
        }
        Outcome::Malformed(problem) => errored(problem.clone()),
        Outcome::Unheld(error) => errored(format!("could not update finalizers: {error}")),
        Outcome::Unclaimed(error) => errored(format!("could not write down what will be pushed: {error}")),
        Outcome::Unread(error) => errored(format!("could not get source secret: {error}")),
        Outcome::NoSources(error) => errored(format!(
            "set secret failed: could not apply template: error fetching templateFrom data: {error}"
        )),
        Outcome::Template(error) => errored(format!("set secret failed: {error}")),
        Outcome::Unexpanded(error) => errored(format!("set secret failed: {error}")),
        Outcome::Failed(failure) => errored(failure.message()),
    }
}

/// How long to leave the stores alone where these failed: as long as the one wants that is asked again first.
pub fn retry_after<'c>(causes: impl IntoIterator<Item = &'c Cause>) -> Option<Duration> {
    let waits = causes.into_iter().filter_map(|cause| match cause {
        Cause::Provider(error) => error.retry_after(),
        Cause::Store(_) | Cause::Decided(_) => None,
    });
    waits.min()
}

#[cfg(test)]
mod tests;
