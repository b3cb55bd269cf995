//! Writing into the map: every write is a version of its own, and says who wrote.

use async_trait::async_trait;
use eso_core::{
    error::{ErrorKind, ProviderError, Reason},
    key::{DocumentName, RemoteKey, Version},
    provider::{
        Delete, DocumentTexts, Expected, Held, Inspect, PropertySyntax, Put, SecretWriter, Value, WholeSecret,
    },
};

use super::{Call, MemoryProvider, State};

/// What is known of a value beside it.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    version: u64,
    is_ours: bool,
    metadata: Option<serde_json::Value>,
    documents: DocumentTexts,
}

impl Record {
    fn is_dressed_as(&self, question: &Inspect) -> bool {
        let Inspect { key: _, metadata, documents } = question;
        metadata.is_none() || (&self.metadata, &self.documents) == (metadata, documents)
    }
}

impl State {
    /// Somebody else wrote the newest version of a value.
    pub(super) fn note_foreign(&mut self, key: &RemoteKey) {
        let record = self.records.entry(key.clone()).or_default();
        *record = Record { version: record.version + 1, ..Record::default() };
    }

    fn held(&self, question: &Inspect) -> Option<Held> {
        let record = self.records.get(&question.key)?;
        Some(Held {
            value: self.values.get(&question.key)?.get(&None).cloned(),
            version: (!self.has_no_versions).then(|| version(record)),
            is_ours: record.is_ours,
            is_dressed: record.is_dressed_as(question),
        })
    }

    /// Fails unless the store holds what is expected.
    fn meet(&self, key: &RemoteKey, expected: &Expected) -> Result<(), ProviderError> {
        let is_met = match (self.records.get(key), expected) {
            (None, Expected::Nothing) => true,
            (Some(record), Expected::Ours(expected)) => {
                record.is_ours && expected.as_ref().is_none_or(|expected| *expected == version(record))
            }
            (Some(_), Expected::Nothing) | (None, Expected::Ours(_)) => false,
        };
        let conflict = || ProviderError::new(ErrorKind::Conflict, "Put").with_key(key.clone());
        is_met.then_some(()).ok_or_else(conflict)
    }

    fn write(&mut self, put: &Put) -> Version {
        let Put { key, value, expected: _, metadata, documents } = put;
        let record = self.records.entry(key.clone()).or_default();
        let version_number = record.version + u64::from(value.is_some());
        let (metadata, documents) = (metadata.clone(), documents.clone());
        *record = Record { version: version_number, is_ours: true, metadata, documents };
        let version = version(record);
        let shape = match self.syntax {
            Some(PropertySyntax::Key) => Value::Document,
            Some(PropertySyntax::Path) | None => Value::Bytes,
        };
        if let Some(value) = value {
            self.values.entry(key.clone()).or_default().insert(None, shape(value.clone()));
        }
        version
    }

    fn failing(&self, key: &RemoteKey) -> Result<(), ProviderError> {
        self.failure.as_ref().or_else(|| self.failures.get(key)).cloned().map_or(Ok(()), Err)
    }

    /// As [`failing`](Self::failing), of a write.
    fn failing_to_write(&self, key: &RemoteKey) -> Result<(), ProviderError> {
        self.failing(key)?;
        let failure = |kind| ProviderError::new(kind, "Put").with_key(key.clone());
        self.write_failure.map_or(Ok(()), |kind| Err(failure(kind)))
    }

    /// Writes what another one of ours was to write before.
    fn write_other(&mut self, key: &RemoteKey) {
        if let Some(value) = self.other_write.take() {
            let expected = Expected::Ours(None);
            self.write(&Put::new(key.clone(), Some(value), expected));
        }
    }
}

#[async_trait]
impl SecretWriter for MemoryProvider {
    async fn inspect(&self, question: &Inspect) -> Result<Option<Held>, ProviderError> {
        self.arrive(Call::Inspect(question.clone())).await;
        let state = self.state.lock();
        state.failing(&question.key)?;
        Ok(state.held(question))
    }

    async fn put(&self, put: &Put) -> Result<Option<Version>, ProviderError> {
        self.arrive(Call::Put(put.clone())).await;
        let mut state = self.state.lock();
        state.failing_to_write(&put.key)?;
        state.write_other(&put.key);
        state.meet(&put.key, &put.expected)?;
        if state.syntax == Some(PropertySyntax::Key) && !put.value.as_ref().is_none_or(is_document) {
            let reason = Reason::new("the value is no JSON object");
            return Err(ProviderError::new(ErrorKind::Invalid, "Put").with_reason(reason));
        }
        if let Some(kind) = state.failure_beside.filter(|_| put.metadata.is_some()) {
            state.write(&Put { metadata: None, ..put.clone() });
            return Err(ProviderError::new(kind, "Put").with_key(put.key.clone()).half_done());
        }
        Ok(Some(state.write(put)))
    }

    async fn delete(&self, delete: &Delete) -> Result<(), ProviderError> {
        self.arrive(Call::Delete(delete.clone())).await;
        let Delete { key, version } = delete;
        let mut state = self.state.lock();
        state.failing_to_write(key)?;
        if !state.records.contains_key(key) {
            return Ok(());
        }
        state.meet(key, &Expected::Ours(version.clone()))?;
        state.records.remove(key);
        state.values.remove(key);
        state.tags.remove(key);
        Ok(())
    }

    fn place(&self, key: &RemoteKey) -> Option<RemoteKey> {
        let state = self.state.lock();
        let canonical = state.spellings.get(key).unwrap_or(key);
        (!state.prefix.is_empty()).then(|| RemoteKey::from(format!("{}{canonical}", state.prefix)))
    }

    fn property_syntax(&self) -> PropertySyntax {
        self.state.lock().syntax.unwrap_or(PropertySyntax::Path)
    }

    fn whole_secret(&self, metadata: Option<&serde_json::Value>) -> WholeSecret {
        metadata.map_or(self.state.lock().whole_secret, |_| WholeSecret::Texts)
    }

    fn documents(&self, metadata: Option<&serde_json::Value>) -> Vec<DocumentName> {
        metadata.map(|_| self.state.lock().documents.clone()).unwrap_or_default()
    }
}

fn version(record: &Record) -> Version {
    Version::new(record.version.to_string())
}

fn is_document(value: &eso_core::value::SecretBytes) -> bool {
    serde_json::from_slice::<serde_json::Map<_, _>>(value.expose()).is_ok()
}
