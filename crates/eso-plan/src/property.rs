//! Parts of a value: a property, or the members of a document, by the rules of the store's dialect.

mod json;
mod marshal;
mod path;

mod budget;
mod names;

pub(crate) mod object;
pub mod set;

use std::cell::OnceCell;

use eso_core::{
    key::RemoteKey,
    provider::{Dialect, Documents, Lookup, MissingProperty, Value},
    value::SecretBytes,
};

use crate::desired::Entries;
pub use budget::Budget;
use json::Kind;
use marshal::Numbers;
use names::Names;
use path::PathError;

/// A value that a store gave, and how it is read. It is written out and its members are found once, however many parts
/// of it are asked for.
#[derive(Debug)]
pub struct Source<'a> {
    value: &'a Value,
    dialect: Dialect,
    key: &'a RemoteKey,
    budget: &'a Budget,
    text: OnceCell<Result<SecretBytes, PropertyError>>,
    names: OnceCell<Option<Names>>,
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
    /// The value is not what was asked for, such as a text where an object is needed, or the property cannot be
    /// followed.
    #[error("{0}")]
    Unfit(String),
}

impl<'a> Source<'a> {
    /// A whole value, how values of its store are read, and its name, for messages.
    pub fn new(value: &'a Value, dialect: Dialect, key: &'a RemoteKey, budget: &'a Budget) -> Self {
        Self { value, dialect, key, budget, text: OnceCell::new(), names: OnceCell::new() }
    }

    /// The bytes of a property, or of the whole value.
    ///
    /// A string is given without its quotes, `null` as nothing, an object or an array as JSON text. A number keeps its
    /// value: it is printed as the original does only where that loses no digit.
    pub fn part(&self, property: Option<&str>) -> Result<SecretBytes, PropertyError> {
        let text = self.text()?;
        let Some(property) = property.filter(|property| !property.is_empty()) else {
            return Ok(text.clone());
        };
        match self.dialect.lookup {
            Lookup::DottedLiteralThenPath => {
                let literal = property.replace('.', "\\.");
                let literal = if literal == property { None } else { self.follow(&literal).ok().flatten() };
                literal.map_or_else(|| self.follow(property), |found| Ok(Some(found)))
            }
            Lookup::KeyThenPath => match self.names()?.and_then(|names| names.last(property)) {
                Some(place) => Ok(Some(self.shown(&text.expose()[place], Numbers::AsWritten))),
                None => self.follow(property),
            },
            Lookup::Path => self.follow(property),
        }?
        .flatten()
        .ok_or_else(|| self.missing(property))
    }

    /// The members of the JSON object that a property, or the whole value, is.
    ///
    /// Members that are no strings are given as JSON text, by the rules of the dialect; `null` as nothing.
    pub fn members(&self, property: Option<&str>) -> Result<Entries, PropertyError> {
        let text = self.part(property)?;
        let text = text.expose();
        self.read(text.len())?;
        if let Err(error) = serde_json::from_slice::<&serde_json::value::RawValue>(text) {
            // serde_json's own text quotes the input.
            return Err(self.no_object(&format!(" (line {}, column {})", error.line(), error.column())));
        }
        let object = json::first(text).filter(|value| json::kind(value) == Some(Kind::Object));
        let object = object.ok_or_else(|| self.no_object(""))?;
        let entry = |(name, value)| {
            Some((String::from_utf8(json::unquote(name)?.bytes().to_vec()).ok()?, self.entry(value)?))
        };
        json::members(object).map(|member| entry(member).ok_or_else(|| self.no_object(""))).collect()
    }

    /// The whole value, and the text that properties are looked up in.
    fn text(&self) -> Result<&SecretBytes, PropertyError> {
        let text = self.text.get_or_init(|| match (self.value, self.dialect.documents) {
            (Value::Bytes(bytes), _) | (Value::Document(bytes), Documents::AsWritten) => Ok(bytes.clone()),
            (Value::Document(bytes), Documents::GoMarshal) => {
                self.read(bytes.expose().len())?;
                let text = marshal::document(bytes.expose(), Numbers::AsWritten);
                text.map(|text| SecretBytes::new(text.as_slice())).ok_or_else(|| self.no_object(""))
            }
            (Value::Document(bytes), Documents::Compact) => {
                self.read(bytes.expose().len())?;
                Ok(SecretBytes::new(json::without_space(bytes.expose()).as_slice()))
            }
        });
        text.as_ref().map_err(PropertyError::clone)
    }

    /// Where its members stand, if it is an object.
    fn names(&self) -> Result<Option<&Names>, PropertyError> {
        let text = self.text()?.expose();
        if self.names.get().is_none() {
            self.read(text.len())?;
        }
        Ok(self.names.get_or_init(|| Names::of(text)).as_ref())
    }

    /// What is found at a path; inside, `None` is a value that cannot be read, such as a string with a wrong escape.
    #[expect(
        clippy::option_option,
        reason = "both are a missing property to the caller, which tries one path more after the outer one"
    )]
    fn follow(&self, path: &str) -> Result<Option<Option<SecretBytes>>, PropertyError> {
        let text = self.text()?.expose();
        if path::is_name(path)
            && let Some(names) = self.names()?
        {
            return Ok(names.first(path).map(|place| self.shown(&text[place], Numbers::Shortest)));
        }
        let found = path::find(text, path, self.budget).map_err(|error| self.unfit(&error))?;
        Ok(found.map(|found| self.shown(found.bytes(), Numbers::Shortest)))
    }

    fn read(&self, bytes: usize) -> Result<(), PropertyError> {
        self.budget.spend(bytes).ok_or_else(|| self.unfit(&PathError::TooCostly))
    }

    fn entry(&self, value: &[u8]) -> Option<SecretBytes> {
        match (json::kind(value)?, self.dialect.documents) {
            (Kind::Number, Documents::AsWritten) => plain(value, Numbers::AsWritten),
            (Kind::Object | Kind::Array, Documents::GoMarshal) => {
                marshal::document(value, Numbers::Shortest).map(|text| SecretBytes::new(text.as_slice()))
            }
            _ => self.shown(value, Numbers::Shortest),
        }
    }

    /// A part of the value as the bytes of an entry; `None` where it cannot be read.
    fn shown(&self, value: &[u8], numbers: Numbers) -> Option<SecretBytes> {
        match (self.dialect.documents, json::kind(value)?) {
            (Documents::Compact, Kind::Null) => Some(SecretBytes::from("null")),
            (Documents::Compact, Kind::Number) => Some(SecretBytes::new(&marshal::number(value)[..])),
            (Documents::Compact, Kind::Object | Kind::Array) => {
                Some(SecretBytes::new(json::without_space(value).as_slice()))
            }
            (Documents::Compact, Kind::False | Kind::True | Kind::String)
            | (Documents::AsWritten | Documents::GoMarshal, _) => plain(value, numbers),
        }
    }

    fn unfit(&self, error: &PathError) -> PropertyError {
        PropertyError::Unfit(format!("cannot look into secret {}: {error}", self.key))
    }

    fn missing(&self, property: &str) -> PropertyError {
        match self.dialect.missing_property {
            MissingProperty::NotInSecret => {
                PropertyError::Missing(format!("key {property} does not exist in secret {}", self.key))
            }
            MissingProperty::NoSecretData => {
                PropertyError::Missing(format!("cannot find secret data for key: {property:?}"))
            }
            MissingProperty::NoSecret => PropertyError::NotFound,
        }
    }

    fn no_object(&self, place: &str) -> PropertyError {
        PropertyError::Unfit(format!("unable to unmarshal secret {}: it is no JSON object{place}", self.key))
    }
}

/// Whether a text is one JSON value, by the book.
pub(crate) fn is_json(text: &[u8]) -> bool {
    json::is_valid(text)
}

/// Whether a text is a JSON object.
pub(crate) fn is_object(text: &[u8]) -> bool {
    json::is_valid(text) && json::first(text).and_then(json::kind) == Some(Kind::Object)
}

/// Whether two texts are the same JSON; not so where one is none.
pub(crate) fn are_equal(one: &[u8], other: &[u8]) -> bool {
    marshal::are_equal(one, other)
}

/// As [`are_equal`], with numbers taken for the same that a float64 does not tell apart.
pub(crate) fn are_equal_in_floats(one: &[u8], other: &[u8]) -> bool {
    marshal::are_equal_in_floats(one, other)
}

/// A value as the bytes of an entry; `None` where it cannot be read.
fn plain(value: &[u8], numbers: Numbers) -> Option<SecretBytes> {
    Some(match (json::kind(value)?, numbers) {
        (Kind::Null, _) => SecretBytes::from(""),
        (Kind::String, _) => SecretBytes::new(json::unquote(value)?.bytes()),
        (Kind::Number, Numbers::Shortest) if !is_integer(value) => {
            SecretBytes::new(marshal::plain_number(value))
        }
        (Kind::Number, _) | (Kind::False | Kind::True | Kind::Object | Kind::Array, _) => {
            SecretBytes::new(value)
        }
    })
}

/// As the original, digits alone are given as they are written.
fn is_integer(number: &[u8]) -> bool {
    number.strip_prefix(b"-").unwrap_or(number).iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests;
