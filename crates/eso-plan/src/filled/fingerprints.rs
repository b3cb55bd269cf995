//! What the values of a Secret were filled with, as texts that tell whether a value is still that: nobody makes or checks
//! one without the key, so they say nothing of a value to whoever guesses.

use std::collections::BTreeMap;

use eso_core::value::SecretBytes;

use super::{
    Place,
    record::{Record, SealKey, print},
};
use crate::desired::Entries;

/// What each is over besides, so that none of them can be taken for a seal, or one sort for the other.
const OF_RECORD: &[u8] = b"external-secrets/filled/record/v1";
const OF_VALUE: &[u8] = b"external-secrets/filled/value/v1";

/// The key that they are made with, and the Secret that they are for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Printer<'a> {
    pub(super) key: &'a SealKey,
    pub(super) place: &'a Place,
}

impl Printer<'_> {
    /// The fingerprints of these entries, as far as the record names them, as one text: that of the record, and then one
    /// for each of its keys in their order.
    pub(super) fn all(self, record: &Record, entries: &Entries) -> String {
        let values = record.keys().map(|key| self.of_value(key, entries.get(key)));
        [self.of_record(record)].into_iter().chain(values).collect::<Vec<_>>().join(".")
    }

    /// The fingerprints in a text that was written for this record; `None` where it was not: another record was filled
    /// since, and what it was filled with is not known.
    pub(super) fn read<'t>(self, record: &Record, text: &'t str) -> Option<BTreeMap<String, &'t str>> {
        let (of_record, values) = text.split_once('.')?;
        let known: Vec<&str> = values.split('.').collect();
        let keys: Vec<&str> = record.keys().collect();
        let is_of_it = of_record == self.of_record(record) && known.len() == keys.len();
        is_of_it.then(|| keys.into_iter().map(str::to_owned).zip(known).collect())
    }

    /// That of one value; of none, where the key has none.
    pub(super) fn of_value(self, key: &str, value: Option<&SecretBytes>) -> String {
        let value = value.map_or(&[][..], |value| value.expose());
        print(self.key, OF_VALUE, self.place, &[key.as_bytes(), value])
    }

    fn of_record(self, record: &Record) -> String {
        print(self.key, OF_RECORD, self.place, &[record.write().as_bytes()])
    }
}

#[cfg(test)]
mod tests;
