//! Parts of a value: a property, or the members of a document, by the rules of the store's dialect.

use eso_core::{
    key::RemoteKey,
    provider::{Dialect, Value},
    value::SecretBytes,
};

use crate::desired::Entries;

/// A value that a store gave, and how it is read.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The whole value.
    pub value: &'a Value,
    /// How values of its store are read.
    pub dialect: Dialect,
    /// Its name, for messages.
    pub key: &'a RemoteKey,
}

/// Why a value has no such part. The texts are the original's where it has one, and hold nothing of the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PropertyError {
    /// The property is not there, and the store's dialect takes that for a value that is not there.
    #[error("Secret does not exist")]
    NotFound,
    /// The property is not there.
    #[error("{0}")]
    Missing(String),
    /// The value is not what was asked for, such as a text where an object is needed.
    #[error("{0}")]
    Unfit(String),
}

impl Source<'_> {
    /// The bytes of a property, or of the whole value.
    pub fn part(&self, _property: Option<&str>) -> Result<SecretBytes, PropertyError> {
        todo!()
    }

    /// The members of the JSON object that a property, or the whole value, is.
    pub fn members(&self, _property: Option<&str>) -> Result<Entries, PropertyError> {
        todo!()
    }
}
