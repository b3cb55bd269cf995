//! The entries that the stores' answers come to, before any template.

use std::collections::HashMap;

use eso_core::{key::RemoteKey, provider::Fetched, value::SecretBytes};

use super::{Absent, Answer, EntryError, Given, ReadError, RenderCause};
use crate::{
    desired::{Absence, Ask, Desired, Destination, Entries, Entry},
    naming::Naming,
    property::{Budget, Source},
};

/// How many bytes the values of a Secret may take together
/// (<https://kubernetes.io/docs/concepts/configuration/secret/#restriction-data-size>).
pub(super) const LARGEST: usize = 1 << 20;

/// How many they may take on the way, where later entries win over earlier ones that were larger.
pub(super) const LARGEST_ON_THE_WAY: usize = 4 * LARGEST;

/// What the stores gave.
#[derive(Debug)]
pub(super) struct Read {
    /// The entries, possibly none.
    pub(super) entries: Entries,
    /// The values that are not there, where the object accepts that.
    pub(super) gone: Vec<Absent>,
    /// Whether that is all of them.
    pub(super) all_gone: bool,
}

/// The entries that the answers come to.
pub(super) fn read(desired: &Desired, answers: &[Answer]) -> Result<Read, EntryError> {
    read_within(desired, answers, &Budget::default())
}

pub(super) fn read_within(
    desired: &Desired,
    answers: &[Answer],
    budget: &Budget,
) -> Result<Read, EntryError> {
    let mut made = Made::default();
    let mut givens = HashMap::new();
    let mut gone = Vec::new();
    let mut absent = None;
    for (entry, answer) in desired.entries.iter().zip(answers) {
        let given = givens
            .entry((&entry.store, &entry.ask, entry.dialect))
            .or_insert_with(|| Shown::of(entry, answer, budget));
        match (given.entries_for(entry), desired.absence) {
            (Ok(found), _) => made.add(entry, found)?,
            (Err(cause), Absence::Drop | Absence::Delete) if cause.is_absence() => {
                gone.push(Absent { origin: entry.origin, key: entry.ask.key().cloned() });
            }
            // As in the original: a search that meets nothing is no failure.
            (Err(RenderCause::NothingFound), Absence::Retain) => {}
            (Err(cause), Absence::Retain) if cause.is_absence() => {
                absent.get_or_insert_with(|| failed(entry, cause));
            }
            (Err(cause), _) => return Err(failed(entry, cause)),
        }
    }
    let entries = made.whole()?;
    let all_gone = !gone.is_empty() && gone.len() == desired.entries.len();
    absent.map_or(Ok(Read { entries, gone, all_gone }), Err)
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
    fn add(&mut self, entry: &'a Entry, found: Entries) -> Result<(), EntryError> {
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

    fn whole(self) -> Result<Entries, EntryError> {
        self.too_much.map_or(Ok(self.entries), |entry| Err(too_large(entry)))
    }
}

/// What a store gave, as the entries that ask for it see it.
enum Shown<'a> {
    Nothing(&'a ReadError),
    Value(Source<'a>),
    Found(Vec<(&'a RemoteKey, Source<'a>)>),
}

impl<'a> Shown<'a> {
    fn of(entry: &'a Entry, answer: &'a Answer, budget: &'a Budget) -> Self {
        let dialect = entry.dialect.unwrap_or(answer.dialect);
        let source = |key, fetched: &'a Fetched| Source::new(&fetched.value, dialect, key, budget);
        match (&answer.given, &entry.ask) {
            (Err(error), _) => Self::Nothing(error),
            (Ok(Given::Value(fetched)), Ask::Read(fetch)) => Self::Value(source(&fetch.key, fetched)),
            (Ok(Given::Found(found)), _) => {
                Self::Found(found.iter().map(|(key, fetched)| (key, source(key, fetched))).collect())
            }
            // Nobody answers a search with one value. Were one to, it would be one that has no key here.
            (Ok(Given::Value(_)), Ask::Find(_)) => Self::Found(Vec::new()),
        }
    }

    /// What it gives to an entry.
    fn entries_for(&self, entry: &Entry) -> Result<Entries, RenderCause> {
        let property = entry.property.as_deref();
        match (self, &entry.into) {
            (Self::Nothing(error), _) => Err(RenderCause::Read((*error).clone())),
            (Self::Found(found), _) if found.is_empty() => Err(RenderCause::NothingFound),
            (Self::Value(source), Destination::Entry(name)) => single(entry, name, source.part(property)?),
            (Self::Value(source), Destination::Many(naming)) => {
                many(entry, naming, source.members(property)?)
            }
            (Self::Found(found), Destination::Many(naming)) => {
                let value =
                    |(key, source): &(&RemoteKey, Source<'_>)| Ok((key.to_string(), source.part(None)?));
                many(entry, naming, found.iter().map(value).collect::<Result<_, RenderCause>>()?)
            }
            (Self::Found(_), Destination::Entry(_)) => {
                Err(RenderCause::Value("many values cannot be one entry".to_owned()))
            }
        }
    }
}

fn single(entry: &Entry, name: &str, value: SecretBytes) -> Result<Entries, RenderCause> {
    let value = entry
        .decoding
        .decode(&value)
        .map_err(|error| RenderCause::Value(format!("failure decoding key {name}: {error}")))?;
    entry.null_bytes.check(&value).map_err(|error| {
        let key = entry.ask.key().map(ToString::to_string).unwrap_or_default();
        RenderCause::Value(format!("fetched secret value for key {key:?} {error}"))
    })?;
    Ok(Entries::from([(name.to_owned(), value)]))
}

/// As in the original: named first, then decoded.
fn many(entry: &Entry, naming: &Naming, values: Entries) -> Result<Entries, RenderCause> {
    let mut entries = naming.apply(values).map_err(|error| RenderCause::Value(error.to_string()))?;
    for (name, value) in &mut entries {
        *value = entry
            .decoding
            .decode(value)
            .map_err(|error| RenderCause::Value(format!("failure decoding key {name}: {error}")))?;
        entry
            .null_bytes
            .check(value)
            .map_err(|error| RenderCause::Value(format!("target secret key {name:?} {error}")))?;
    }
    Ok(entries)
}

fn too_large(entry: &Entry) -> EntryError {
    let text =
        "with this one the values take more than the 1 MiB that a Secret holds: ask for fewer, or for parts";
    failed(entry, RenderCause::Value(text.to_owned()))
}

fn failed(entry: &Entry, cause: RenderCause) -> EntryError {
    EntryError { origin: entry.origin, key: entry.ask.key().cloned(), cause: Box::new(cause) }
}
