//! JSON objects taken apart, and put together again, as the original does with Go maps.

use std::{collections::BTreeMap, fmt};

use eso_core::value::SecretBytes;
use zeroize::Zeroizing;

use super::{
    json::{self, Kind},
    marshal::{self, Escapes, Numbers},
    plain,
};

/// The members of a JSON object: their names, and the JSON texts of their values.
pub(crate) type Members<'a> = BTreeMap<String, &'a [u8]>;

/// A text is no JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoObject {
    /// The line and the column from which on it is no JSON at all.
    at: Option<(usize, usize)>,
}

impl fmt::Display for NoObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is no JSON object")?;
        self.at.map_or(Ok(()), |(line, column)| write!(f, " (line {line}, column {column})"))
    }
}

/// The members of an object, of two with the same name the last; none of `null`, as in Go.
pub(crate) fn members(text: &[u8]) -> Result<Members<'_>, NoObject> {
    // serde_json's own text quotes the input.
    serde_json::from_slice::<&serde_json::value::RawValue>(text)
        .map_err(|error| NoObject { at: Some((error.line(), error.column())) })?;
    let whole = json::first(text).ok_or(NoObject { at: None })?;
    match json::kind(whole) {
        Some(Kind::Null) => Ok(Members::new()),
        Some(Kind::Object) => {
            let members = json::members(whole).map(|(name, value)| Some((text_of(name)?, value)));
            members.collect::<Option<Vec<_>>>().map(last_of_each).ok_or(NoObject { at: None })
        }
        Some(Kind::False | Kind::True | Kind::Number | Kind::String | Kind::Array) | None => {
            Err(NoObject { at: None })
        }
    }
}

/// A member as the bytes of an entry: a string without its quotes, `null` as nothing, else JSON as Go's `json.Marshal`
/// writes it, but for numbers, which keep their digits. `None` where it cannot be read, or is nested too deep.
pub(crate) fn entry(value: &[u8]) -> Option<SecretBytes> {
    match json::kind(value)? {
        Kind::Object | Kind::Array => marshal::document(value, Numbers::Shortest).map(secret),
        Kind::Null | Kind::False | Kind::True | Kind::Number | Kind::String => {
            plain(value, Numbers::Shortest)
        }
    }
}

/// The object of these members: names sorted, numbers as above, nothing escaped that need not be. `None` where it is
/// nested too deep.
pub(crate) fn document(members: &Members<'_>) -> Option<SecretBytes> {
    let length: usize = members.iter().map(|(name, value)| 6 * name.len() + value.len() + 4).sum();
    let mut text = Zeroizing::new(Vec::with_capacity(length + 2));
    text.push(b'{');
    for (name, value) in members {
        if text.len() > 1 {
            text.push(b',');
        }
        marshal::write_string(name.as_bytes(), &mut text);
        text.push(b':');
        text.extend_from_slice(value);
    }
    text.push(b'}');
    marshal::document_with(&text, Numbers::Shortest, Escapes::Lines).map(secret)
}

fn text_of(name: &[u8]) -> Option<String> {
    String::from_utf8(json::unquote(name)?.bytes().to_vec()).ok()
}

fn last_of_each<'a>(members: Vec<(String, &'a [u8])>) -> Members<'a> {
    let mut last = Members::new();
    last.extend(members);
    last
}

#[expect(clippy::needless_pass_by_value, reason = "the text is wiped here")]
fn secret(text: Zeroizing<Vec<u8>>) -> SecretBytes {
    SecretBytes::new(text.as_slice())
}

#[cfg(test)]
mod tests;
