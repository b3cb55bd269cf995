//! Names of entries: made out of the members of a document, and checked.

use std::borrow::Cow;

/// How long a name may be, in bytes: Kubernetes takes no longer key in a Secret.
const LONGEST: usize = 253;

/// Why a name cannot be an entry's, in the original's words.
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
    /// It is `.`, or begins with `..`.
    #[error("key may not be '.' or begin with '..': {0}")]
    Dots(String),
}

/// What becomes of a character that is no Unicode letter, no Unicode number and none of `-._`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conversion {
    /// It becomes `_`.
    #[default]
    Default,
    /// It becomes its number in hex, as in `_U002f_`.
    Unicode,
}

/// The name with `_` for each character that is no Unicode letter, no Unicode number and none of `-._`
/// (`conversionStrategy: Default`).
pub fn convert(name: &str) -> Cow<'_, str> {
    convert_as(name, Conversion::Default)
}

/// The name converted so.
pub fn convert_as(name: &str, conversion: Conversion) -> Cow<'_, str> {
    let kept = |character: char| is_letter_or_number(character) || "-._".contains(character);
    if name.chars().all(kept) {
        return Cow::Borrowed(name);
    }
    let mut converted = String::with_capacity(name.len());
    for character in name.chars() {
        match conversion {
            _ if kept(character) => converted.push(character),
            Conversion::Default => converted.push('_'),
            Conversion::Unicode => converted.push_str(&format!("_U{:04x}_", u32::from(character))),
        }
    }
    Cow::Owned(converted)
}

/// As Go says it: a letter in a circle or a square is a symbol, though it is alphabetic. (So are some marks, but a name
/// that is nothing but marks and ASCII is nobody's.)
fn is_letter_or_number(character: char) -> bool {
    let is_enclosed = matches!(
        character,
        '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f149}' | '\u{1f150}'..='\u{1f169}' | '\u{1f170}'..='\u{1f189}'
    );
    character.is_alphanumeric() && !is_enclosed
}

/// The name for a message: its beginning, where it is longer than a name may be.
pub(crate) fn start(name: &str) -> &str {
    &name[..name.floor_char_boundary(LONGEST)]
}

/// Whether Kubernetes takes the name as a key of a Secret.
///
/// The original lets every Unicode letter pass here, and fails when it writes.
pub fn check(name: &str) -> Result<(), NameError> {
    if name.len() > LONGEST {
        return Err(NameError::TooLong { length: name.len(), start: start(name).to_owned() });
    }
    let taken = |character: char| character.is_ascii_alphanumeric() || "-._".contains(character);
    match name.chars().find(|character| !taken(*character)) {
        Some(character) => Err(NameError::Invalid { character, name: name.to_owned() }),
        None if name == "." || name.starts_with("..") => Err(NameError::Dots(name.to_owned())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
