//! A Secret that says what it wants: what is kept of what it holds, what is read, and what is written down. Pure.

use std::collections::BTreeMap;

use eso_core::{key::StoreReference, value::SecretBytes};
use eso_plan::filled::{
    self, Place, Refusal, Source,
    record::{self, Record, SealError, SealKey},
};

use crate::{
    annotations::{INTERVAL, RECORD, STORE},
    review::Secret,
};

/// A Secret that asks to be filled, and what it was before.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Where it is.
    pub place: &'a Place,
    /// What it is to be.
    pub secret: &'a Secret,
    /// What it is.
    pub old: Option<&'a Secret>,
    /// The key that records are sealed with.
    pub key: &'a SealKey,
}

/// What is to be done for a wish.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filling {
    /// What is written down of it; `None`: it refers to nothing.
    pub record: Option<Record>,
    /// The values that are put back: they were filled before, and what they refer to is unchanged.
    pub present: BTreeMap<String, SecretBytes>,
    /// What must be read.
    pub missing: Option<Record>,
}

impl Filling {
    /// Whether anything of what a store holds is put into it: only who may see that may ask for it.
    pub fn reveals(&self) -> bool {
        !self.present.is_empty() || self.missing.is_some()
    }
}

/// Why a wish is refused, in words that say what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WishError {
    /// Something that it says.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It brings a record that is none.
    #[error("the annotation {RECORD} is not of this Secret: {0}; leave it out, it is written anew")]
    Record(#[source] SealError),
    /// It has no name yet.
    #[error(
        "a Secret with references needs a name: generateName cannot be filled, for what was filled is sealed to the name"
    )]
    Nameless,
    /// It names no store.
    #[error("no store is named: set the annotation {STORE} of the Secret, or of its Namespace, to KIND/NAME")]
    NoStore,
}

impl Wish<'_> {
    /// Whether it changes nothing that concerns us: labels and finalizers are everybody's to change, whatever becomes of
    /// stores and rights meanwhile.
    pub fn changes_nothing(&self) -> bool {
        let ours = |secret: &Secret| {
            [STORE, INTERVAL, RECORD].map(|name| secret.annotation(name).map(str::to_owned))
        };
        self.old.is_some_and(|old| {
            let is_filled = old.annotation(RECORD).is_some() || !refers(old);
            is_filled && old.data == self.secret.data && ours(old) == ours(self.secret)
        })
    }

    /// The store that it names itself; `None`: its Namespace says.
    ///
    /// # Errors
    /// Where it names something else.
    pub fn store(&self) -> Result<Option<StoreReference>, WishError> {
        let named = self.secret.annotation(STORE).filter(|text| !text.is_empty());
        Ok(named.map(|text| filled::store(text, &self.place.namespace)).transpose()?)
    }

    /// What is to be done for it, with this store.
    ///
    /// A value that was filled before is kept as long as it is as it was, or is asked for in the words that are recorded:
    /// what is asked for again and again is refreshed at its interval, and not by asking.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn filling(&self, store: &StoreReference) -> Result<Filling, WishError> {
        if self.place.name.is_empty() {
            return Err(WishError::Nameless);
        }
        let interval = filled::interval(self.secret.annotation(INTERVAL))?;
        let (known, brought) = (self.known(), self.brought()?);
        let mut filling = Filling::default();
        let (mut all, mut missing) = (BTreeMap::new(), BTreeMap::new());
        for (key, value) in &self.secret.data {
            let filled = known.as_ref().and_then(|known| known.filled(key));
            let Some((source, held)) = wanted(key, value, filled.as_ref(), brought.as_ref())? else {
                continue;
            };
            match held.filter(|_| known.as_ref().is_some_and(|known| known.is_of(store))) {
                Some(held) if held == *value => {}
                Some(held) => drop(filling.present.insert(key.clone(), held)),
                None => drop(missing.insert(key.clone(), source.clone())),
            }
            all.insert(key.clone(), source);
        }
        let record = |sources: &BTreeMap<String, Source>| match sources.is_empty() {
            true => Ok(None),
            false => Record::new(store, interval, sources).map(Some),
        };
        Ok(Filling { record: record(&all)?, missing: record(&missing)?, ..filling })
    }

    /// What was filled before, where the record of that is good. One that is not is as none: everything is read again.
    fn known(&self) -> Option<Known<'_>> {
        let old = self.old?;
        let record = record::open(self.key, self.place, old.annotation(RECORD)?).ok()?;
        Some(Known { record, old })
    }

    /// The record that it brings and did not have before, as one that was saved elsewhere does: it is a wish like any
    /// other, of who brings it.
    fn brought(&self) -> Result<Option<Record>, WishError> {
        let text = self.secret.annotation(RECORD);
        let before = self.old.and_then(|old| old.annotation(RECORD));
        let brought = text.filter(|_| text != before);
        brought.map(|text| record::open(self.key, self.place, text)).transpose().map_err(WishError::Record)
    }
}

/// What was filled before.
struct Known<'a> {
    record: Record,
    old: &'a Secret,
}

impl Known<'_> {
    /// How a value was asked for, and what it was filled with. A value that is still as it was asked for was not filled.
    fn filled(&self, key: &str) -> Option<(String, SecretBytes)> {
        let (text, held) = (self.record.text(key)?, self.old.data.get(key)?);
        (*held != SecretBytes::from(text)).then(|| (text.to_owned(), held.clone()))
    }

    fn is_of(&self, store: &StoreReference) -> bool {
        self.record.store_of(&store.namespace) == *store
    }
}

/// What a value refers to, and what it was filled with before; `None` where it refers to nothing.
///
/// What a store gave is not looked into: a value that is what it was filled with refers to what it did before, whatever
/// it looks like.
fn wanted(
    key: &str,
    value: &SecretBytes,
    filled: Option<&(String, SecretBytes)>,
    brought: Option<&Record>,
) -> Result<Option<(Source, Option<SecretBytes>)>, Refusal> {
    if let Some((text, held)) = filled.filter(|(_, held)| held == value) {
        return Ok(Source::of_text(key, text)?.map(|source| (source, Some(held.clone()))));
    }
    if let Some(source) = Source::of(key, value)? {
        let held = filled.filter(|(text, _)| text == source.text()).map(|(_, held)| held.clone());
        return Ok(Some((source, held)));
    }
    let text = brought.and_then(|brought| brought.text(key));
    let source = text.map_or(Ok(None), |text| Source::of_text(key, text))?;
    Ok(source.map(|source| (source, None)))
}

/// Whether a value of it refers to something, or seems to.
fn refers(secret: &Secret) -> bool {
    secret.data.iter().any(|(key, value)| !matches!(Source::of(key, value), Ok(None)))
}

#[cfg(test)]
mod tests;
