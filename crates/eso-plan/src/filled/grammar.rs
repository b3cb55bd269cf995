//! What a text refers to: `eso:KEY#PROPERTY#VERSION`, `vault:PATH#KEY#VERSION`, and both within `${…}`.
//!
//! A text is one reference, or holds any number of them in `${…}`. What begins as a reference and is none is refused, and
//! never passes as a literal.

use std::fmt;

use eso_core::provider::Fetch;

use super::MOST_REFERENCES;

/// How long a reference may be, in bytes: the longest ARNs and names of parameters take 2,048.
const LONGEST: usize = 2_560;

/// A value in a store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// Its key.
    pub key: String,
    /// A part of it; `None` is the whole.
    pub property: Option<String>,
    /// Which version; `None` is the newest.
    pub version: Option<String>,
}

impl Reference {
    /// How a store is asked for it.
    pub(super) fn fetch(&self) -> Fetch {
        let fetch = Fetch::new(self.key.as_str());
        match &self.version {
            Some(version) => fetch.at_version(version.as_str()),
            None => fetch,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, property, version } = self;
        f.write_str(key)?;
        match (property, version) {
            (None, None) => Ok(()),
            (property, None) => write!(f, "#{}", property.as_deref().unwrap_or_default()),
            (property, Some(version)) => write!(f, "#{}#{version}", property.as_deref().unwrap_or_default()),
        }
    }
}

/// A piece of a text.
#[derive(Clone, PartialEq, Eq)]
pub enum Piece {
    /// What stands for itself. `Debug` does not show it.
    Text(String),
    /// What stands for a value.
    Reference(Reference),
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(redacted)"),
            Self::Reference(reference) => f.debug_tuple("Reference").field(reference).finish(),
        }
    }
}

/// What is wrong with a reference. It holds nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It would write.
    #[error(
        "a reference that writes (>>, or one with a body) is not served: write the value by other means, and refer to it"
    )]
    Writes,
    /// It is a text that Vault's transit engine encrypted.
    #[error(
        "vault:v1:… is a text for Vault's transit engine, which is not served: refer to the value itself"
    )]
    Transit,
    /// It asks for a login.
    #[error(
        "vault:login asks for the login of the webhook, which is not given away: let the workload log in by itself"
    )]
    Login,
    /// Its key is computed.
    #[error("a reference or a template within a reference is not served: refer to each value by itself")]
    Nested,
    /// It has no end.
    #[error("a reference that begins with ${{ does not end with }}")]
    Open,
    /// It names nothing.
    #[error("a reference is written eso:KEY, eso:KEY#PROPERTY, eso:KEY#PROPERTY#VERSION or vault:PATH#KEY")]
    Malformed,
    /// A backslash stands before something else than `#`, `}` and itself.
    #[error("in a reference, \\ stands before #, }} or \\ only")]
    Escape,
    /// Its version is none of Vault's.
    #[error("the version of a vault: reference is a number")]
    Version,
    /// It holds a line break or the like.
    #[error("a reference holds a control character: is there a line break at its end?")]
    Control,
    /// It is too long.
    #[error("a reference takes more than 2,560 bytes")]
    TooLong,
    /// There are too many.
    #[error("there are more than {MOST_REFERENCES} references")]
    TooMany,
    /// What holds it is no JSON.
    #[error("it is no JSON, or nested too deeply")]
    NoJson,
}

/// The pieces of a text; `None` where it refers to nothing.
///
/// # Errors
/// The first thing that is wrong.
pub fn parse(text: &str) -> Result<Option<Vec<Piece>>, Problem> {
    match begins(text) {
        Some(form) => Ok(Some(vec![Piece::Reference(form.reference(text)?)])),
        None => inline(text),
    }
}

/// The pieces of a text in which references stand in `${…}`.
fn inline(text: &str) -> Result<Option<Vec<Piece>>, Problem> {
    let (mut pieces, mut literal, mut rest) = (Vec::new(), String::new(), text);
    let mut references = 0;
    while let Some((before, after)) = rest.split_once("${") {
        literal.push_str(before);
        let Some(form) = begins(after) else {
            literal.push_str("${");
            rest = after;
            continue;
        };
        let end = form.end(after).ok_or(Problem::Open)?;
        references += 1;
        if references > MOST_REFERENCES {
            return Err(Problem::TooMany);
        }
        push_text(&mut pieces, std::mem::take(&mut literal));
        pieces.push(Piece::Reference(form.reference(&after[..end])?));
        rest = &after[end + 1..];
    }
    literal.push_str(rest);
    push_text(&mut pieces, literal);
    Ok((references > 0).then_some(pieces))
}

fn push_text(pieces: &mut Vec<Piece>, text: String) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
}

/// How a reference begins, and with that, how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Ours,
    Vault,
    Writing,
}

/// The form of the reference that a text begins with.
fn begins(text: &str) -> Option<Form> {
    let bare = text.strip_prefix('>').map_or(text, |text| text.strip_prefix('>').unwrap_or(text));
    let form = match bare {
        bare if bare.starts_with(OURS) => Form::Ours,
        bare if bare.starts_with(VAULT) => Form::Vault,
        _ => return None,
    };
    Some(if bare.len() < text.len() { Form::Writing } else { form })
}

const OURS: &str = "eso:";
const VAULT: &str = "vault:";

/// Whether a reference begins here.
pub(super) fn is_begun(text: &str) -> bool {
    begins(text).is_some()
}

impl Form {
    /// Where the brace is that ends the reference.
    fn end(self, text: &str) -> Option<usize> {
        match self {
            Self::Vault | Self::Writing => text.find('}'),
            Self::Ours => {
                let mut escaped = false;
                text.bytes().position(|byte| {
                    let ends = byte == b'}' && !escaped;
                    escaped = byte == b'\\' && !escaped;
                    ends
                })
            }
        }
    }

    fn reference(self, text: &str) -> Result<Reference, Problem> {
        if text.len() > LONGEST {
            return Err(Problem::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(Problem::Control);
        }
        if text.contains("${") {
            return Err(Problem::Nested);
        }
        match self {
            Self::Ours => ours(&text[OURS.len()..]),
            Self::Vault => vaults(&text[VAULT.len()..]),
            Self::Writing => Err(Problem::Writes),
        }
    }
}

/// `KEY[#PROPERTY[#VERSION]]`, where `\` takes its meaning from what follows it.
fn ours(text: &str) -> Result<Reference, Problem> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, parts.last_mut()) {
            ('#', _) => parts.push(String::new()),
            ('\\', Some(part)) => match characters.next() {
                Some(escaped @ ('#' | '}' | '\\')) => part.push(escaped),
                Some(_) | None => return Err(Problem::Escape),
            },
            (character, Some(part)) => part.push(character),
            (_, None) => {}
        }
    }
    let mut parts = parts.into_iter();
    let (key, property, version) = (parts.next(), parts.next(), parts.next());
    match (key.filter(|key| !key.is_empty()), parts.next()) {
        (Some(key), None) => Ok(Reference { key, property: given(property), version: given(version) }),
        (Some(_) | None, _) => Err(Problem::Malformed),
    }
}

/// `PATH#KEY[#VERSION]`, as in bank-vaults, where nothing is escaped.
fn vaults(text: &str) -> Result<Reference, Problem> {
    if text == "login" {
        return Err(Problem::Login);
    }
    if is_of_transit(text) {
        return Err(Problem::Transit);
    }
    let mut parts = text.splitn(3, '#').map(str::to_owned);
    let (key, property, version) = (parts.next(), parts.next(), parts.next());
    match (given(key), given(property)) {
        (Some(key), Some(property)) => {
            Ok(Reference { key, property: Some(property), version: number(version)? })
        }
        (Some(_) | None, _) => Err(Problem::Malformed),
    }
}

/// The version of a `vault:` reference: -1 is the newest.
fn number(version: Option<String>) -> Result<Option<String>, Problem> {
    match given(version) {
        None => Ok(None),
        Some(version) if version == "-1" => Ok(None),
        Some(version) if version.starts_with('{') => Err(Problem::Writes),
        Some(version) if version.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Some(version)),
        Some(_) => Err(Problem::Version),
    }
}

/// Whether it is `v1:…`, a text that the transit engine made with a version of its key.
fn is_of_transit(text: &str) -> bool {
    let version = text.strip_prefix('v').and_then(|rest| rest.split_once(':')).map(|(version, _)| version);
    version.is_some_and(|version| !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit()))
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
