//! What a filled Secret was asked to hold, written down in it and sealed: only who filled it can have it read for again.
//!
//! A record can be read by whoever may read the Secret, and made by nobody without the key. It holds the values as they
//! were written, references and what stands around them; never a value of a store.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use eso_core::key::{StoreKind, StoreReference};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{LARGEST_RECORD, Place, Refusal, Source, check_count};

/// What a sealed text begins with: the version of what follows.
const VERSION: &str = "v1";

/// How many bytes a sealed text may take: the largest record, and what stands before it.
const LARGEST: usize = LARGEST_RECORD + 64;

/// What the seal is over besides, so that the key can seal nothing else by accident.
const PURPOSE: &[u8] = b"external-secrets/filled/v1";

/// What a Secret was asked to hold. `Debug` shows no texts.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Which kind of store is asked.
    pub kind: StoreKind,
    /// Its name.
    pub store: String,
    /// How often; zero is: when the Secret changes.
    pub interval: Duration,
    values: BTreeMap<String, String>,
}

/// The record as it is written.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    store: String,
    interval: u64,
    values: BTreeMap<String, String>,
}

impl Record {
    /// A record of these values.
    ///
    /// # Errors
    /// Where that is more than one Secret may ask for.
    pub fn new(
        store: &StoreReference,
        interval: Duration,
        sources: &BTreeMap<String, Source>,
    ) -> Result<Self, Refusal> {
        check_count(sources)?;
        let values = sources.iter().map(|(key, source)| (key.clone(), source.text().to_owned())).collect();
        let record = Self { kind: store.kind, store: store.name.clone(), interval, values };
        if record.write().len() > LARGEST_RECORD { Err(Refusal::Size) } else { Ok(record) }
    }

    /// The keys whose values it holds.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// The value of a key as it was written, with its references.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// The store that it means to a Secret of this namespace.
    pub fn store_of(&self, namespace: &str) -> StoreReference {
        StoreReference { kind: self.kind, namespace: namespace.to_owned(), name: self.store.clone() }
    }

    /// The values, read.
    ///
    /// # Errors
    /// Where one is none that is served, or there are too many.
    pub fn sources(&self) -> Result<BTreeMap<String, Source>, Refusal> {
        let mut sources = BTreeMap::new();
        for (key, text) in &self.values {
            if let Some(source) = Source::of_text(key, text)? {
                sources.insert(key.clone(), source);
            }
        }
        check_count(&sources)?;
        Ok(sources)
    }

    /// The record without these keys; `None` where no other is left.
    #[must_use]
    pub fn without(&self, keys: &BTreeSet<String>) -> Option<Self> {
        let mut record = self.clone();
        record.values.retain(|key, _| !keys.contains(key));
        (!record.values.is_empty()).then_some(record)
    }

    pub(super) fn write(&self) -> String {
        let written = Written {
            store: format!("{}/{}", self.kind, self.store),
            interval: self.interval.as_secs(),
            values: self.values.clone(),
        };
        serde_json::to_string(&written).expect("a record of texts must be JSON")
    }

    fn read(text: &str) -> Result<Self, SealError> {
        let Written { store, interval, values } =
            serde_json::from_str(text).map_err(|_error| SealError::Unreadable)?;
        let StoreReference { kind, name, namespace: _ } =
            super::store(&store, "").map_err(|_refusal| SealError::Unreadable)?;
        Ok(Self { kind, store: name, interval: Duration::from_secs(interval), values })
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, store, interval, values } = self;
        let mut record = f.debug_struct("Record");
        record.field("store", &format_args!("{kind}/{store}")).field("interval", interval);
        record.field("values", &values.keys()).finish()
    }
}

/// The key that records are sealed with. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct SealKey(Zeroizing<[u8; 32]>);

impl SealKey {
    /// A key of bytes that nobody can guess.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*bytes))
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(redacted)")
    }
}

/// Why a text is no record of a Secret. It holds nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It takes too much.
    #[error("it takes more than 128 KiB")]
    TooLarge,
    /// It is no sealed text, or one of another version.
    #[error("it is none that this version writes")]
    Malformed,
    /// Its seal is not that of this text, this Secret and this key.
    #[error("its seal is broken: it was edited, copied from another Secret, or sealed by another operator")]
    Broken,
    /// Its seal is good, and what it says is not understood.
    #[error("what it says is not understood: a newer version may have written it")]
    Unreadable,
}

/// The record as a text for an annotation of the Secret at this place. The same record gives the same text.
pub fn seal(key: &SealKey, place: &Place, record: &Record) -> String {
    let text = record.write();
    let seal = URL_SAFE_NO_PAD.encode(mac(key, PURPOSE, place, &[text.as_bytes()]).finalize().into_bytes());
    format!("{VERSION}.{seal}.{text}")
}

/// The record that was sealed with this key for this place.
///
/// # Errors
/// Any other text. The seal is compared in constant time.
pub fn open(key: &SealKey, place: &Place, sealed: &str) -> Result<Record, SealError> {
    if sealed.len() > LARGEST {
        return Err(SealError::TooLarge);
    }
    let mut parts = sealed.splitn(3, '.');
    let (Some(VERSION), Some(seal), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(SealError::Malformed);
    };
    let seal = URL_SAFE_NO_PAD.decode(seal).map_err(|_error| SealError::Malformed)?;
    mac(key, PURPOSE, place, &[text.as_bytes()]).verify_slice(&seal).map_err(|_error| SealError::Broken)?;
    Record::read(text)
}

/// A text that nobody makes or checks without the key: the beginning of a code for this purpose.
pub(super) fn print(key: &SealKey, purpose: &[u8], place: &Place, parts: &[&[u8]]) -> String {
    URL_SAFE_NO_PAD.encode(&mac(key, purpose, place, parts).finalize().into_bytes()[..PRINTED])
}

/// How many bytes of a code are printed: 96 bits, which nobody meets by chance.
const PRINTED: usize = 12;

/// The code over a Secret and what belongs to it. Each part has its length before it, so that no two lists of parts are
/// the same bytes.
pub(super) fn mac(key: &SealKey, purpose: &[u8], place: &Place, parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.0.as_slice()).expect("a key of any length must do");
    for part in [purpose, place.namespace.as_bytes(), place.name.as_bytes()].iter().chain(parts) {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests;
