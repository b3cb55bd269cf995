//! What to do to one value of a store, given what the store holds: nothing, a write or a deletion.
//!
//! Only what differs is written, whole and once; what is not ours is neither written nor deleted.

use std::fmt;

use eso_core::{
    key::RemoteKey,
    provider::{Delete, Expected, Held, Inspect, PropertySyntax, Put, Value, WholeSecret},
    value::SecretBytes,
};
use zeroize::Zeroizing;

use super::{Update, content::NoText, documents::NoDocument, goals::Goal};
use crate::property::{
    self, object,
    set::{self, Path, PathError},
};

/// How values of a store are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How a property is written into a whole value.
    pub syntax: PropertySyntax,
    /// How a whole Secret is written as one value.
    pub whole: WholeSecret,
    /// What becomes of what is there already.
    pub update: Update,
}

/// What to do to a value. Printing it is a dry run: `Display` shows no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Keep,
    /// Write it.
    Put(Put),
    /// Delete it.
    Delete(Delete),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keep => f.write_str("keep"),
            Self::Put(put) => write!(f, "put {}", put.key),
            Self::Delete(delete) => write!(f, "delete {}", delete.key),
        }
    }
}

/// Why nothing can be done to a value. The texts begin with the original's, and hold no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecideError {
    /// Somebody else made it.
    #[error("secret not managed by external-secrets")]
    Foreign,
    /// It holds a text that is no JSON, and a property is to be written into it.
    #[error(
        "a property requires a json secret, and the one in the store is none: push without a property, or delete it"
    )]
    NoJson,
    /// The store takes JSON objects alone.
    #[error(
        "error unmarshalling vault secret: invalid JSON format: the store takes JSON objects alone, name a property"
    )]
    NoObject,
    /// A value that is no text is to be written as a property.
    #[error("a property holds texts alone, and the value is none (UTF-8): push it without a property")]
    NoText,
    /// A whole Secret has a value that is no text.
    #[error("{0}")]
    NoTexts(#[from] NoText),
    /// What is wanted beside it points to something that is not there.
    #[error("failed to parse metadata: {0}")]
    NoDocument(#[from] NoDocument),
    /// A property that names no place.
    #[error("{0}")]
    Path(#[from] PathError),
}

/// What to do to a value that this was asked about.
///
/// # Errors
/// Where it should be written and must or can not be. Nothing is ever an error that takes something away: what is not ours
/// is left as it is.
pub fn decide(asked: &Inspect, goal: &Goal, held: Option<&Held>, rules: Rules) -> Result<Step, DecideError> {
    let text = held.and_then(|held| held.value.as_ref()).map(text_of);
    let parts = parts(goal, text, rules)?;
    match held {
        Some(held) if !held.is_ours && (parts.is_empty() || is_unread(held, rules)) => return Ok(Step::Keep),
        Some(held) if !held.is_ours => return Err(DecideError::Foreign),
        Some(_) | None => {}
    }
    // Whoever writes the whole value has written each property of it.
    let is_whole = goal.parts.iter().any(|pushed| pushed.data.place.property.is_none());
    let gone = if is_whole { &[][..] } else { &goal.gone[..] };
    let made = made(&parts, gone, text, rules.syntax)?;
    Ok(step(asked, goal, held, text, &parts, made))
}

/// Whether somebody else's value stays without a word, although nobody read what it is: a version of it is there.
fn is_unread(foreign: &Held, rules: Rules) -> bool {
    rules.update == Update::Keep && foreign.value.is_none() && foreign.version.is_some()
}

/// What a value becomes.
enum Made {
    /// What it is.
    Same,
    /// This.
    Text(SecretBytes),
    /// Nothing: all that there was of ours is taken out.
    Nothing,
}

/// A part as it is written.
struct Part<'g> {
    property: Option<&'g str>,
    value: SecretBytes,
}

/// The parts that are to be written.
fn parts<'g>(goal: &'g Goal, text: Option<&[u8]>, rules: Rules) -> Result<Vec<Part<'g>>, DecideError> {
    // What is taken away is not there any more.
    let text = text.filter(|_| !goal.gone.contains(&None));
    let mut parts = Vec::new();
    for pushed in &goal.parts {
        let property = pushed.data.place.property.as_deref();
        let is_there = rules.update == Update::Keep && holds(text, property, rules.syntax)?;
        if !is_there {
            parts.push(Part { property, value: pushed.content.written(rules.whole)? });
        }
    }
    Ok(parts)
}

/// Whether a value, or a property of it, is there.
fn holds(text: Option<&[u8]>, property: Option<&str>, syntax: PropertySyntax) -> Result<bool, DecideError> {
    let (Some(text), Some(property)) = (text, property) else { return Ok(text.is_some()) };
    Ok(match syntax {
        PropertySyntax::Key => object::members(text).is_ok_and(|members| members.contains_key(property)),
        PropertySyntax::Path => property::is_json(text) && Path::parse(property)?.get(text).is_some(),
    })
}

fn made(
    parts: &[Part<'_>],
    gone: &[Option<String>],
    text: Option<&[u8]>,
    syntax: PropertySyntax,
) -> Result<Made, DecideError> {
    let whole = parts.iter().rev().find(|part| part.property.is_none()).map(|part| part.value.expose());
    let is_gone = gone.contains(&None);
    let held = if is_gone { None } else { text };
    if parts.is_empty() && (is_gone || held.is_none()) {
        return Ok(if text.is_some() { Made::Nothing } else { Made::Same });
    }
    let is_whole = parts.iter().all(|part| part.property.is_none());
    let mut document = match (whole, held) {
        (Some(whole), _) if is_whole => return made_whole(whole, text, syntax),
        (Some(whole), _) => Document::read(whole, syntax)?,
        // What is to be taken out of a value that cannot have it is not there.
        (None, Some(held)) if parts.is_empty() && !property::is_json(held) => return Ok(Made::Same),
        (None, Some(held)) => Document::read(held, syntax)?.without(gone)?,
        (None, None) => Document::read(b"", syntax)?,
    };
    for part in parts {
        if let Some(property) = part.property {
            document.set(property, &part.value)?;
        }
    }
    Ok(match text {
        _ if parts.is_empty() && set::is_empty(&document.text) => Made::Nothing,
        Some(text) if text == document.text.as_slice() || document.says(text) => Made::Same,
        Some(_) | None => Made::Text(SecretBytes::new(document.text.as_slice())),
    })
}

/// A value that is written as it is. A text may differ by a space alone, JSON objects may not.
fn made_whole(whole: &[u8], text: Option<&[u8]>, syntax: PropertySyntax) -> Result<Made, DecideError> {
    let is_same = match syntax {
        PropertySyntax::Key if !property::is_object(whole) => return Err(DecideError::NoObject),
        PropertySyntax::Key => text.is_some_and(|text| property::are_equal_in_floats(text, whole)),
        PropertySyntax::Path => text == Some(whole),
    };
    Ok(if is_same { Made::Same } else { Made::Text(SecretBytes::new(whole)) })
}

fn step(
    asked: &Inspect,
    goal: &Goal,
    held: Option<&Held>,
    text: Option<&[u8]>,
    parts: &[Part<'_>],
    made: Made,
) -> Step {
    let expected = match held {
        None => Expected::Nothing,
        Some(held) => Expected::Ours(held.version.clone()),
    };
    let Inspect { key, metadata, documents } = asked;
    let put = |value| {
        let (metadata, documents) = (metadata.clone(), documents.clone());
        Step::Put(Put { key: key.clone(), value, expected, metadata, documents })
    };
    let is_dressed = held.is_none_or(|held| held.is_dressed);
    match made {
        // Only its name is left, which is what is taken away then.
        Made::Same if parts.is_empty() && text.is_none() && held.is_some() && !goal.gone.is_empty() => {
            delete(key, held)
        }
        Made::Same if is_dressed || parts.is_empty() => Step::Keep,
        Made::Same => put(None),
        Made::Text(value) => put(Some(value)),
        Made::Nothing => delete(key, held),
    }
}

fn delete(key: &RemoteKey, held: Option<&Held>) -> Step {
    let version = held.and_then(|held| held.version.clone());
    Step::Delete(Delete { key: key.clone(), version })
}

fn text_of(value: &Value) -> &[u8] {
    match value {
        Value::Bytes(bytes) | Value::Document(bytes) => bytes.expose(),
    }
}

/// A value that properties are written into.
struct Document {
    text: set::Text,
    syntax: PropertySyntax,
}

impl Document {
    /// One that is this text; an empty one holds nothing.
    fn read(text: &[u8], syntax: PropertySyntax) -> Result<Self, DecideError> {
        let is_blank = text.iter().all(u8::is_ascii_whitespace);
        let text = match syntax {
            PropertySyntax::Key if is_blank => b"{}",
            PropertySyntax::Key if !property::is_object(text) => return Err(DecideError::NoObject),
            PropertySyntax::Path if !is_blank && !property::is_json(text) => return Err(DecideError::NoJson),
            PropertySyntax::Key | PropertySyntax::Path => text,
        };
        Ok(Self { text: Zeroizing::new(text.to_vec()), syntax })
    }

    /// Whether a text is the same JSON. Stores of objects (OpenBao) may keep numbers as floats: what cannot be kept exactly
    /// would be written again and again.
    fn says(&self, text: &[u8]) -> bool {
        match self.syntax {
            PropertySyntax::Key => property::are_equal_in_floats(text, &self.text),
            PropertySyntax::Path => property::are_equal(text, &self.text),
        }
    }

    fn set(&mut self, property: &str, value: &SecretBytes) -> Result<(), DecideError> {
        let value = value.expose_str().ok_or(DecideError::NoText)?;
        self.text = self.path(property)?.set(&self.text, value)?;
        Ok(())
    }

    /// The same without these properties. Items of a list go from behind, so that each keeps its number until it is gone.
    fn without(mut self, properties: &[Option<String>]) -> Result<Self, DecideError> {
        let mut properties: Vec<&String> = properties.iter().flatten().collect();
        properties.sort_by_key(|property| std::cmp::Reverse((property.len(), *property)));
        for property in properties {
            // One that names no place was never written.
            let left = self.path(property).ok().and_then(|path| path.take_out(&self.text));
            self.text = left.unwrap_or(self.text);
        }
        Ok(self)
    }

    fn path(&self, property: &str) -> Result<Path, PathError> {
        match self.syntax {
            PropertySyntax::Key => Ok(Path::of_key(property)),
            PropertySyntax::Path => Path::parse(property),
        }
    }
}

#[cfg(test)]
mod tests;
