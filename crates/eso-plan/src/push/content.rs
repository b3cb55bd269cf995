//! What is pushed to one place: a value, or a whole Secret, which each store is told in its own way.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eso_core::{provider::WholeSecret, value::SecretBytes};
use zeroize::Zeroizing;

use crate::{desired::Entries, property::set};

/// What is pushed to one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A value, as it is.
    Value(SecretBytes),
    /// A whole Secret, as one JSON object.
    Secret(Entries),
}

/// A value is no text, and the store is told texts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("secret key {0} is no text (UTF-8), which a JSON object cannot hold: push it as a value of its own")]
pub struct NoText(String);

impl Content {
    /// The value as a store is told it.
    ///
    /// # Errors
    /// Where a whole Secret has a value that is no text, and is to be written as texts.
    pub fn written(&self, form: WholeSecret) -> Result<SecretBytes, NoText> {
        match (self, form) {
            (Self::Value(value), _) => Ok(value.clone()),
            (Self::Secret(entries), WholeSecret::Base64) => {
                Ok(object(entries.iter().map(|(key, value)| (key, quoted(value)))))
            }
            (Self::Secret(entries), WholeSecret::Texts) => {
                let texts = entries.iter().map(|(key, value)| {
                    let text = value.expose_str().ok_or_else(|| NoText(key.clone()))?;
                    Ok((key, set::plain_string(text)))
                });
                Ok(object(texts.collect::<Result<Vec<_>, _>>()?))
            }
        }
    }
}

fn quoted(value: &SecretBytes) -> set::Text {
    set::plain_string(&Zeroizing::new(BASE64_STANDARD.encode(value.expose())))
}

/// The JSON object of these members, which are in the order of their keys, as the original writes it.
fn object<'k>(members: impl IntoIterator<Item = (&'k String, set::Text)>) -> SecretBytes {
    let mut text = Zeroizing::new(Vec::new());
    text.push(b'{');
    for (key, value) in members {
        if text.len() > 1 {
            text.push(b',');
        }
        text.extend_from_slice(&set::plain_string(key));
        text.push(b':');
        text.extend_from_slice(&value);
    }
    text.push(b'}');
    SecretBytes::new(text.as_slice())
}

#[cfg(test)]
mod tests;
