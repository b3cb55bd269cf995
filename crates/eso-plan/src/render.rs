//! What a target must hold, out of what the stores answered.

use std::{collections::HashMap, time::Duration};

use eso_core::{
    error::{ErrorKind, ProviderError},
    key::RemoteKey,
    provider::{Dialect, Fetched, Value},
};

use crate::{
    desired::{Absence, Desired, Destination, Entries, Entry, Origin},
    names,
    property::{Budget, PropertyError, Source},
};

/// What the store of one entry answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How that store's values are read.
    pub dialect: Dialect,
    /// The value, or why there is none.
    pub fetched: Result<Fetched, ReadError>,
}

/// Why a value could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The store failed.
    #[error("{0}")]
    Provider(ProviderError),
    /// There is no such store, it is not ready, or this object may not use it: in words that begin with the original's.
    #[error("{0}")]
    Store(String),
}

/// What a target must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rendered {
    /// These entries.
    Entries {
        /// What the stores gave, possibly nothing.
        entries: Entries,
        /// The values that a store says are not there, where the object accepts that.
        gone: Vec<(Origin, RemoteKey)>,
    },
    /// Nothing: each store says that each value is not there.
    Gone(Vec<(Origin, RemoteKey)>),
}

/// Why an object could not be rendered. Its text is the original's event message, and holds no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("error processing {origin} (key: {key}), err: {cause}")]
pub struct RenderError {
    /// The entry that failed: the first one.
    pub origin: Origin,
    /// The remote key of that entry.
    pub key: RemoteKey,
    /// What failed.
    #[source]
    pub cause: Box<RenderCause>,
}

impl RenderError {
    /// How long the store wants to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match &*self.cause {
            RenderCause::Read(ReadError::Provider(error)) => error.retry_after(),
            RenderCause::Read(ReadError::Store(_)) | RenderCause::Absent | RenderCause::Value(_) => None,
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
    /// The value was read, and is not what the entry needs (no such property, no JSON, a bad key name): in the
    /// original's words, then what to do.
    #[error("{0}")]
    Value(String),
}

/// How many bytes the values of these answers take, each counted for every entry that shows it: a measure of the work
/// of rendering them.
pub fn weight(answers: &[Answer]) -> usize {
    let length = |fetched: &Fetched| match &fetched.value {
        Value::Bytes(bytes) | Value::Document(bytes) => bytes.expose().len(),
    };
    answers.iter().filter_map(|answer| answer.fetched.as_ref().ok()).map(length).sum()
}

/// How many bytes the values of a Secret may take together
/// (<https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size>).
const LARGEST: usize = 1 << 20;

/// How many they may take on the way, where later entries win over earlier ones that were larger.
const LARGEST_ON_THE_WAY: usize = 4 * LARGEST;

/// What the target must hold, out of the answers to `desired.entries`, one for each and in their order. Where several
/// ask the same, they show the first one's answer.
///
/// A value that its store says is not there is left out where the object accepts that, and fails it otherwise. Of
/// several failures the first is given, but for those absences: another failure says more. What a Secret cannot hold
/// is not made: it fails the entry that is too much.
pub fn render(desired: &Desired, answers: &[Answer]) -> Result<Rendered, RenderError> {
    render_within(desired, answers, &Budget::default())
}

fn render_within(desired: &Desired, answers: &[Answer], budget: &Budget) -> Result<Rendered, RenderError> {
    let mut made = Made::default();
    let mut sources = HashMap::new();
    let mut gone = Vec::new();
    let mut absent = None;
    for (entry, answer) in desired.entries.iter().zip(answers) {
        let source =
            sources.entry((&entry.store, &entry.fetch)).or_insert_with(|| source(entry, answer, budget));
        match (read(entry, source), desired.absence) {
            (Ok(found), _) => made.add(entry, found)?,
            (Err(cause), Absence::Drop | Absence::Delete) if cause.is_absence() => {
                gone.push((entry.origin, entry.fetch.key.clone()));
            }
            (Err(cause), Absence::Retain) if cause.is_absence() => {
                absent.get_or_insert_with(|| failed(entry, cause));
            }
            (Err(cause), _) => return Err(failed(entry, cause)),
        }
    }
    let entries = made.whole()?;
    match absent {
        Some(error) => Err(error),
        None if !gone.is_empty() && gone.len() == desired.entries.len() => Ok(Rendered::Gone(gone)),
        None => Ok(Rendered::Entries { entries, gone }),
    }
}

/// The entries that were made so far.
#[derive(Default)]
struct Made<'a> {
    entries: Entries,
    /// How many bytes their values take.
    size: usize,
    /// The entry that was more than a Secret holds, as long as they are.
    too_much: Option<&'a Entry>,
}

impl<'a> Made<'a> {
    fn add(&mut self, entry: &'a Entry, found: Entries) -> Result<(), RenderError> {
        for (name, value) in found {
            self.size += value.expose().len();
            let replaced = self.entries.insert(name, value);
            self.size -= replaced.map_or(0, |value| value.expose().len());
        }
        if self.size <= LARGEST {
            self.too_much = None;
            return Ok(());
        }
        let too_much = *self.too_much.get_or_insert(entry);
        if self.size <= LARGEST_ON_THE_WAY { Ok(()) } else { Err(too_large(too_much)) }
    }

    fn whole(self) -> Result<Entries, RenderError> {
        self.too_much.map_or(Ok(self.entries), |entry| Err(too_large(entry)))
    }
}

fn source<'a>(
    Entry { fetch, .. }: &'a Entry,
    answer: &'a Answer,
    budget: &'a Budget,
) -> Result<Source<'a>, &'a ReadError> {
    let fetched = answer.fetched.as_ref()?;
    Ok(Source::new(&fetched.value, answer.dialect, &fetch.key, budget))
}

/// What one entry gives.
fn read(entry: &Entry, source: &Result<Source<'_>, &ReadError>) -> Result<Entries, RenderCause> {
    let source = source.as_ref().map_err(|error| RenderCause::Read((*error).clone()))?;
    let property = entry.property.as_deref();
    match &entry.into {
        Destination::Entry(name) => Ok(Entries::from([(name.clone(), source.part(property)?)])),
        Destination::Members => named(source.members(property)?),
    }
}

/// The members of a document under names that Kubernetes takes. One without a name is left out, as in the original.
fn named(members: Entries) -> Result<Entries, RenderCause> {
    let mut entries = Entries::new();
    for (name, value) in members.into_iter().filter(|(name, _)| !name.is_empty()) {
        let converted = names::convert(&name).into_owned();
        names::check(&converted).map_err(|error| {
            RenderCause::Value(format!(
                "invalid secret keys (TIP: use rewrite or conversionStrategy to change keys): {error}"
            ))
        })?;
        if entries.insert(converted, value).is_some() {
            return Err(RenderCause::Value(format!("secret name collision during conversion: {name}")));
        }
    }
    Ok(entries)
}

fn too_large(entry: &Entry) -> RenderError {
    let text =
        "with this one the values take more than the 1 MiB that a Secret holds: ask for fewer, or for parts";
    failed(entry, RenderCause::Value(text.to_owned()))
}

fn failed(entry: &Entry, cause: RenderCause) -> RenderError {
    RenderError { origin: entry.origin, key: entry.fetch.key.clone(), cause: Box::new(cause) }
}

impl RenderCause {
    /// Whether the store itself says that the value is not there.
    pub fn is_absence(&self) -> bool {
        match self {
            Self::Read(ReadError::Provider(error)) => error.kind() == ErrorKind::NotFound,
            Self::Absent => true,
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
