//! What a filled Secret is made to hold when it is refreshed: what it was filled with follows the store, what somebody set
//! by hand since is let go. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use eso_core::value::SecretBytes;

use super::{
    Place,
    fingerprints::Printer,
    record::{Record, SealKey, seal},
};
use crate::desired::Entries;

/// A filled Secret, and what is known of how it was filled.
#[derive(Clone, Copy)]
pub struct Filled<'a> {
    /// The key that its record is sealed with.
    pub key: &'a SealKey,
    /// Where it is.
    pub place: &'a Place,
    /// What it was asked to hold.
    pub record: &'a Record,
    /// What it was last filled with: [`Change::fingerprints`] as they were written down; `None` where nothing was.
    pub fingerprints: Option<&'a str>,
}

/// What is to be changed of a filled Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The values that are written.
    pub values: Entries,
    /// The keys that are refreshed no more: somebody else set or deleted them.
    pub released: BTreeSet<String>,
    /// The sealed record that says so; `None`: nothing is refreshed any more.
    pub sealed: Option<String>,
    /// What is written down of what the values are filled with from now on.
    pub fingerprints: String,
}

impl Change {
    /// Whether something else than fingerprints must be written.
    pub fn is_needed(&self) -> bool {
        !self.values.is_empty() || !self.released.is_empty()
    }
}

impl Filled<'_> {
    /// Whether it was last filled with just these values, as far as its annotations tell.
    pub fn is_filled_with(&self, wanted: &Entries) -> bool {
        self.fingerprints.is_some_and(|known| known == self.printer().all(self.record, wanted))
    }

    /// What is to be changed of it, where it holds this and its store wants that.
    ///
    /// A value is somebody else's where it is not what it was filled with, nor what it is asked for with (as it is stored
    /// while nobody fills it), nor what it would be filled with. Where it is not known what it was filled with, the record
    /// is as new as the values, and vouches for them.
    pub fn change(&self, held: &Entries, wanted: &Entries) -> Change {
        let known = self.fingerprints.and_then(|text| self.printer().read(self.record, text));
        let is_ours = |key: &&str| {
            held.get(*key).is_some_and(|value| self.is_ours(key, value, wanted.get(*key), known.as_ref()))
        };
        let (ours, theirs): (Vec<&str>, Vec<&str>) = self.record.keys().partition(is_ours);
        let differs = |key: &&str| wanted.contains_key(*key) && held.get(*key) != wanted.get(*key);
        let values = ours.into_iter().filter(differs).filter_map(|key| wanted.get_key_value(key));
        let released = theirs.into_iter().map(str::to_owned).collect();
        let record = self.record.without(&released);
        Change {
            values: values.map(|(key, value)| (key.clone(), value.clone())).collect(),
            released,
            sealed: record.as_ref().map(|record| seal(self.key, self.place, record)),
            fingerprints: record.map(|record| self.printer().all(&record, wanted)).unwrap_or_default(),
        }
    }

    fn is_ours(
        &self,
        key: &str,
        value: &SecretBytes,
        wanted: Option<&SecretBytes>,
        known: Option<&BTreeMap<String, &str>>,
    ) -> bool {
        let Some(known) = known else { return true };
        let is_known =
            || known.get(key).is_some_and(|known| *known == self.printer().of_value(key, Some(value)));
        let is_asked = || self.record.text(key).is_some_and(|text| *value == SecretBytes::from(text));
        wanted == Some(value) || is_known() || is_asked()
    }

    fn printer(&self) -> Printer<'_> {
        Printer { key: self.key, place: self.place }
    }
}

impl fmt::Debug for Filled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key: _, place, record, fingerprints: _ } = self;
        f.debug_struct("Filled").field("place", place).field("record", record).finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(in crate::filled) mod tests;
