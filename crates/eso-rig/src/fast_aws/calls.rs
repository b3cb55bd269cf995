//! What was asked of the double.

use std::collections::BTreeMap;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `GetSecretValue`, `AssumeRole`, …
    pub operation: String,
    /// The secrets as the client named them, or the role; empty where there is none.
    pub keys: Vec<String>,
    /// Who signed it; empty when nobody did.
    pub access_key_id: String,
}

/// Counts, and the calls themselves unless that was turned off.
#[derive(Debug, Default)]
pub(super) struct Calls {
    operations: BTreeMap<String, u64>,
    keys: BTreeMap<String, BTreeMap<String, u64>>,
    recorded: Option<Vec<Call>>,
}

impl Calls {
    pub(super) fn new(record: bool) -> Self {
        Self { recorded: record.then(Vec::new), ..Self::default() }
    }

    pub(super) fn add(&mut self, call: &Call) {
        *entry(&mut self.operations, &call.operation) += 1;
        let keys = entry(&mut self.keys, &call.operation);
        for key in &call.keys {
            *entry(keys, key) += 1;
        }
        if let Some(recorded) = &mut self.recorded {
            recorded.push(call.clone());
        }
    }

    pub(super) fn of_operation(&self, operation: &str) -> u64 {
        self.operations.get(operation).copied().unwrap_or_default()
    }

    pub(super) fn of_key(&self, operation: &str, key: &str) -> u64 {
        self.keys.get(operation).and_then(|keys| keys.get(key)).copied().unwrap_or_default()
    }

    pub(super) fn operations(&self) -> BTreeMap<String, u64> {
        self.operations.clone()
    }

    pub(super) fn recorded(&self) -> Vec<Call> {
        self.recorded.clone().unwrap_or_default()
    }

    pub(super) fn reset(&mut self) {
        *self = Self::new(self.recorded.is_some());
    }
}

/// The value of a key, without allocating the key anew for each request.
fn entry<'a, Value: Default>(map: &'a mut BTreeMap<String, Value>, key: &str) -> &'a mut Value {
    if !map.contains_key(key) {
        map.insert(key.to_owned(), Value::default());
    }
    map.get_mut(key).expect("a key must be there once it is inserted")
}
