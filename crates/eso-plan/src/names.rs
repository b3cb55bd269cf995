//! Names of entries: made out of the members of a document, and checked.

use std::borrow::Cow;

/// Why a name cannot be an entry's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is longer than Kubernetes takes.
    #[error("key has length {length} but max is 253: (following is truncated): {start}")]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// Its first 253 bytes, or a few less.
        start: String,
    },
    /// It has a character that Kubernetes does not take.
    #[error("key has invalid character {character}, only alphanumeric, '-', '.' and '_' are allowed: {name}")]
    Invalid {
        /// The first such character.
        character: char,
        /// The name.
        name: String,
    },
}

/// The name with `_` for each character that is no Unicode letter, no Unicode number and none of `-._`
/// (`conversionStrategy: Default`).
pub fn convert(_name: &str) -> Cow<'_, str> {
    todo!()
}

/// Whether Kubernetes takes the name as a key of a Secret.
pub fn check(_name: &str) -> Result<(), NameError> {
    todo!()
}
