//! What a target must hold, out of what the stores answered.

mod values;

use std::{
    hash::{BuildHasher, Hash, Hasher},
    time::Duration,
};

use eso_core::{
    error::{ErrorKind, ProviderError},
    key::RemoteKey,
    provider::{Dialect, Fetched, Value},
};

use crate::{
    desired::{Absence, Content, Desired, Entries, Origin},
    plan::WriteError,
    property::PropertyError,
    template::{self, Surroundings, TemplateError},
};

/// What the store of one entry answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How that store's values are read.
    pub dialect: Dialect,
    /// What it gave, or why there is nothing.
    pub given: Result<Given, ReadError>,
}

/// What a store gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// The value that was asked for.
    Value(Fetched),
    /// All values that were looked for; none where the store says that there is none.
    Found(Vec<(RemoteKey, Fetched)>),
}

/// Why a value could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The store failed.
    #[error("{0}")]
    Provider(ProviderError),
    /// There is no such store, it is not ready, or this object may not use it, or not for this: in words that begin with
    /// the original's.
    #[error("{0}")]
    Store(String),
}

/// What a target must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rendered {
    /// This.
    Content {
        /// What it is.
        content: Content,
        /// The values that a store says are not there, where the object accepts that.
        gone: Vec<Absent>,
    },
    /// Nothing: the stores gave no entries, and do not say that the values are gone.
    Empty,
    /// Nothing: each store says that each value is not there.
    Gone(Vec<Absent>),
}

/// A value that its store says is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// The entry that asks for it.
    pub origin: Origin,
    /// Its key, where one was asked for.
    pub key: Option<RemoteKey>,
}

/// Why an object could not be rendered. Its text is the original's event message, and holds no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// An entry could not be read, or is not what is needed.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// What its templates stand in could not be read.
    #[error("could not apply template: error fetching templateFrom data: {0}")]
    Sources(#[source] WriteError),
    /// A template failed.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

/// Why an entry failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", said(*origin, key.as_ref(), cause))]
pub struct EntryError {
    /// The entry that failed: the first one.
    pub origin: Origin,
    /// The remote key of that entry, where it asks for one.
    pub key: Option<RemoteKey>,
    /// What failed.
    #[source]
    pub cause: Box<RenderCause>,
}

/// The original's words; it leaves out the key of what it extracts.
fn said(origin: Origin, key: Option<&RemoteKey>, cause: &RenderCause) -> String {
    let key = key.map(|key| format!(" (key: {key})")).unwrap_or_default();
    match origin {
        Origin::Data(_) | Origin::Reference(_) => format!("error processing {origin}{key}, err: {cause}"),
        Origin::Extract(_) | Origin::Find(_) => format!("error processing {origin}, err: {cause}{key}"),
    }
}

impl RenderError {
    /// How long the store wants to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Entry(error) => error.retry_after(),
            Self::Sources(_) | Self::Template(_) => None,
        }
    }
}

impl EntryError {
    fn retry_after(&self) -> Option<Duration> {
        match &*self.cause {
            RenderCause::Read(ReadError::Provider(error)) => error.retry_after(),
            RenderCause::Read(ReadError::Store(_))
            | RenderCause::Absent
            | RenderCause::NothingFound
            | RenderCause::Value(_) => None,
        }
    }
}

/// What failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderCause {
    /// The value could not be read.
    #[error("{0}")]
    Read(ReadError),
    /// The value was read and has no such property, which its store's dialect takes for a value that is not there.
    #[error("Secret does not exist")]
    Absent,
    /// Nothing meets what was looked for, as its store itself says.
    #[error("nothing in the store meets it")]
    NothingFound,
    /// The value was read, and is not what the entry needs (no such property, no JSON, a bad key name): in the
    /// original's words, then what to do.
    #[error("{0}")]
    Value(String),
}

/// How many bytes the values of these answers take, each counted for every entry that shows it: a measure of the work
/// of rendering them.
pub fn weight(answers: &[Answer]) -> usize {
    answers.iter().flat_map(fetched).map(size).sum()
}

/// How many bytes a value takes.
pub fn size(fetched: &Fetched) -> usize {
    bytes(&fetched.value).len()
}

/// All values of an answer.
fn fetched(answer: &Answer) -> impl Iterator<Item = &Fetched> {
    let (one, many) = match &answer.given {
        Ok(Given::Value(fetched)) => (Some(fetched), &[][..]),
        Ok(Given::Found(found)) => (None, found.as_slice()),
        Err(_) => (None, &[][..]),
    };
    one.into_iter().chain(many.iter().map(|(_, fetched)| fetched))
}

/// What a templated target is made of beside what its templates stand in, as a number that another hasher makes another
/// one of: the state of the object, and what the stores gave. `None` where the stores failed, for that is no state that
/// could come again.
pub fn fingerprint(desired: &Desired, answers: &[Answer], hasher: &impl BuildHasher) -> Option<u64> {
    let mut hash = hasher.build_hasher();
    desired.revision.hash(&mut hash);
    for answer in answers {
        match &answer.given {
            Ok(Given::Value(fetched)) => (0, bytes(&fetched.value)).hash(&mut hash),
            Ok(Given::Found(found)) => {
                (1, found.len()).hash(&mut hash);
                found.iter().for_each(|(key, fetched)| (key, bytes(&fetched.value)).hash(&mut hash));
            }
            Err(ReadError::Provider(error)) if error.kind() == ErrorKind::NotFound => 2.hash(&mut hash),
            Err(_) => return None,
        }
    }
    Some(hash.finish())
}

fn bytes(value: &Value) -> &[u8] {
    match value {
        Value::Bytes(bytes) | Value::Document(bytes) => bytes.expose(),
    }
}

/// What the target must hold, out of the answers to `desired.entries`, one for each and in their order. Where several
/// ask the same, they show the first one's answer.
///
/// A value that its store says is not there is left out where the object accepts that, and fails it otherwise. Of
/// several failures the first is given, but for those absences: another failure says more. What a Secret cannot hold
/// is not made: it fails the entry that is too much. Templates are rendered only where there is something to write.
pub fn render(
    desired: &Desired,
    answers: &[Answer],
    surroundings: &mut Surroundings<'_>,
) -> Result<Rendered, RenderError> {
    let read = values::read(desired, answers)?;
    let mut content = |entries: Entries| match &desired.template {
        Some(template) => template::apply(template, &entries, surroundings),
        None => Ok(Content { entries, dress: None }),
    };
    match (read, desired.absence) {
        (values::Read { entries, all_gone: false, .. }, _) if entries.is_empty() => Ok(Rendered::Empty),
        (values::Read { entries, gone, all_gone: false }, _)
        | (values::Read { entries, gone, all_gone: true }, Absence::Drop) => {
            Ok(Rendered::Content { content: content(entries)?, gone })
        }
        (values::Read { gone, .. }, Absence::Retain | Absence::Delete) => Ok(Rendered::Gone(gone)),
    }
}

impl RenderCause {
    /// Whether the store itself says that the value is not there.
    pub fn is_absence(&self) -> bool {
        match self {
            Self::Read(ReadError::Provider(error)) => error.kind() == ErrorKind::NotFound,
            Self::Absent | Self::NothingFound => true,
            Self::Read(ReadError::Store(_)) | Self::Value(_) => false,
        }
    }
}

impl From<PropertyError> for RenderCause {
    fn from(error: PropertyError) -> Self {
        match error {
            PropertyError::NotFound => Self::Absent,
            PropertyError::Missing(text) | PropertyError::Unfit(text) => Self::Value(text),
        }
    }
}

#[cfg(test)]
mod tests;
