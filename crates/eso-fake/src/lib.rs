//! The `fake` provider of the CRD: values that are written in the store itself, for trying things out.
//!
//! It is the smallest provider, and the example to copy: `connect` takes what the store says, `fetch` and `check` are
//! all that must be written, and the conformance suite of `eso-testkit` says in `tests.rs` that they are right.
//! `docs/guides/write-a-provider.md` makes one in a crate of its own, which lives outside of this repository.
//! A provider of a real store has three more files: `config` (what the store says, understood once), `auth` (its login
//! and its renewal) and `error` (the store's words, mapped once to the kinds that we act on).

use std::{collections::HashMap, fmt, sync::Arc};

use async_trait::async_trait;
use eso_core::{
    api::fake::{FakeData, FakeProvider},
    error::{ErrorKind, ProviderError, Reason},
    provider::{
        Dialect, Documents, Fetch, Fetched, Found, Lookup, MissingProperty, Notice, Part, Query,
        SecretFinder, SecretProvider, Value,
    },
    value::SecretBytes,
};

/// A provider of the values in `spec`.
///
/// It keeps nothing outside itself: two stores of one name, or two namespaces, never see each other's values.
/// Of two entries with the same key and version, the later one is given.
pub fn connect(spec: &FakeProvider) -> Arc<dyn SecretProvider> {
    let FakeProvider { data, validation_result } = spec;
    Arc::new(Fake {
        values: data.iter().map(|entry| (answers(entry), SecretBytes::from(entry.value.as_str()))).collect(),
        validation: Validation::from(*validation_result),
    })
}

/// The provider: the question that each value answers, and the value.
#[derive(Debug)]
struct Fake {
    values: HashMap<Fetch, SecretBytes>,
    validation: Validation,
}

/// What a validation of the store finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Validation {
    Ready,
    Unknown,
    Failed,
}

#[async_trait]
impl SecretProvider for Fake {
    async fn fetch(&self, request: &Fetch) -> Result<Fetched, ProviderError> {
        if request.part == Part::Metadata {
            let reason = Reason::new("the fake provider keeps no metadata; leave metadataPolicy out");
            return Err(failure(ErrorKind::Invalid, request).with_reason(reason));
        }
        match self.values.get(request) {
            Some(value) => Ok(Fetched::new(Value::Bytes(value.clone()))),
            None => Err(failure(ErrorKind::NotFound, request)),
        }
    }

    async fn check(&self) -> Result<(), ProviderError> {
        match self.validation {
            Validation::Ready | Validation::Unknown => Ok(()),
            Validation::Failed => {
                let reason = Reason::new("the store asks for this error by its validationResult");
                Err(ProviderError::new(ErrorKind::Invalid, "Validate").with_reason(reason))
            }
        }
    }

    fn finder(&self) -> Option<&dyn SecretFinder> {
        Some(self)
    }

    fn notice(&self) -> Option<Notice> {
        let unknown = self.validation == Validation::Unknown;
        unknown.then(|| Notice("could not determine validation status".to_owned()))
    }

    fn dialect(&self) -> Dialect {
        Dialect {
            lookup: Lookup::Path,
            documents: Documents::AsWritten,
            missing_property: MissingProperty::NoSecret,
        }
    }
}

#[async_trait]
impl SecretFinder for Fake {
    /// Of a key with several versions, the newest value is the one without a version, as for a read.
    async fn find(&self, query: &Query) -> Result<Vec<Found>, ProviderError> {
        let Query { path, name, tags } = query;
        if !tags.is_empty() {
            let reason = Reason::new("the fake provider keeps no tags; look for names");
            return Err(ProviderError::new(ErrorKind::Invalid, "GetAllSecrets").with_reason(reason));
        }
        let is_meant = |key: &str| {
            path.as_deref().is_none_or(|path| key.starts_with(path))
                && name.as_ref().is_none_or(|name| name.accepts(key))
        };
        let newest = self.values.iter().filter(|(question, _)| question.version.is_none());
        let met = newest.filter(|(question, _)| is_meant(question.key.as_str()));
        let found = |(question, value): (&Fetch, &SecretBytes)| Found {
            key: question.key.clone(),
            value: Some(Fetched::new(Value::Bytes(value.clone()))),
        };
        Ok(met.map(found).collect())
    }
}

impl fmt::Display for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}

impl From<Option<u8>> for Validation {
    fn from(result: Option<u8>) -> Self {
        match result {
            None | Some(0) => Self::Ready,
            Some(1) => Self::Unknown,
            Some(2..) => Self::Failed,
        }
    }
}

/// The question that an entry answers. An empty version is none, as in the original.
fn answers(entry: &FakeData) -> Fetch {
    let question = Fetch::new(entry.key.as_str());
    match entry.version.as_deref() {
        None | Some("") => question,
        Some(version) => question.at_version(version),
    }
}

fn failure(kind: ErrorKind, request: &Fetch) -> ProviderError {
    ProviderError::new(kind, "GetSecret").with_key(request.key.clone())
}

#[cfg(test)]
mod tests;
