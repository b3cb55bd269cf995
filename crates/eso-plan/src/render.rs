//! What a target must hold, out of what the stores answered.

use eso_core::{
    error::ProviderError,
    key::RemoteKey,
    provider::{Dialect, Fetched},
};

use crate::desired::{Desired, Entries, Origin};

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
    pub cause: RenderCause,
}

/// What failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderCause {
    /// The value could not be read.
    #[error("{0}")]
    Read(ReadError),
    /// The value was read, and is not what the entry needs (no such property, no JSON, a bad key name): in the
    /// original's words, then what to do.
    #[error("{0}")]
    Value(String),
}

/// What the target must hold; `answers` are in the order of `desired.entries`, one for each.
pub fn render(_desired: &Desired, _answers: &[Answer]) -> Result<Rendered, RenderError> {
    todo!()
}
