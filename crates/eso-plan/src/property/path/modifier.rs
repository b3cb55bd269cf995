//! Modifiers: `@this`, `@keys`, … make another JSON text out of one.

use zeroize::Zeroizing;

use super::super::{
    json::{self, Kind},
    marshal,
};

/// The modifiers that are served. None takes an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Modifier {
    This,
    Keys,
    Values,
    Reverse,
    Flatten,
    Ugly,
    Valid,
    ToStr,
    FromStr,
}

/// The names of the original's modifiers; `None` is not served.
const NAMES: [(&str, Option<Modifier>); 13] = [
    ("this", Some(Modifier::This)),
    ("keys", Some(Modifier::Keys)),
    ("values", Some(Modifier::Values)),
    ("reverse", Some(Modifier::Reverse)),
    ("flatten", Some(Modifier::Flatten)),
    ("ugly", Some(Modifier::Ugly)),
    ("valid", Some(Modifier::Valid)),
    ("tostr", Some(Modifier::ToStr)),
    ("fromstr", Some(Modifier::FromStr)),
    ("pretty", None),
    ("join", None),
    ("group", None),
    ("dig", None),
];

/// Whether a path begins with what is applied to the whole of the value before it.
pub(super) fn begins(path: &str) -> bool {
    path.starts_with(['[', '{']) || word(path).is_some_and(|(name, _)| lookup(name).is_some())
}

/// The modifier that a path begins with, or the name of one that is not served, and the path after it.
pub(super) fn split(path: &str) -> Option<(Result<Modifier, String>, Option<&str>)> {
    let (name, rest) = word(path)?;
    let modifier = match lookup(name)? {
        Some(modifier) if !rest.starts_with(':') => Ok(modifier),
        Some(_) => Err(format!("an argument of the modifier @{name}")),
        None => Err(format!("the modifier @{name}")),
    };
    Some((modifier, rest.strip_prefix(['.', '|'])))
}

fn word(path: &str) -> Option<(&str, &str)> {
    let path = path.strip_prefix('@')?;
    Some(path.split_at(path.find(['.', '|', ':']).unwrap_or(path.len())))
}

fn lookup(name: &str) -> Option<Option<Modifier>> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, modifier)| *modifier)
}

impl Modifier {
    /// What it makes of a text; `None` where that is nothing.
    pub(super) fn apply(self, text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let value = json::first(text);
        let kind = value.and_then(json::kind);
        Some(match (self, value, kind) {
            (Self::Valid, _, _) => copy(json::is_valid(text).then_some(text)?),
            (Self::ToStr, _, _) => quoted(text),
            (Self::FromStr, Some(value), Some(Kind::String)) if json::is_valid(text) => {
                copy(json::unquote(value)?.bytes())
            }
            (Self::FromStr, _, _) => copy(json::is_valid(text).then_some(text)?),
            (Self::Ugly, _, _) => json::without_space(text),
            (Self::Keys, Some(value), Some(Kind::Object)) => list(json::members(value).map(|(name, _)| name)),
            (Self::Keys, Some(value), Some(Kind::Array)) => {
                list(json::items(value).map(|_| b"null".as_slice()))
            }
            (Self::Keys, Some(_), Some(_)) => copy(b"[null]"),
            (Self::Values, Some(value), Some(Kind::Object)) => {
                list(json::members(value).map(|(_, value)| value))
            }
            (Self::Values, Some(_), Some(Kind::Array)) => copy(text),
            (Self::Values, Some(value), Some(_)) => list([value].into_iter()),
            (Self::Keys | Self::Values, _, _) => copy(b"[]"),
            (Self::Reverse, Some(value), Some(Kind::Array)) => list(reversed(json::items(value)).into_iter()),
            (Self::Reverse, Some(value), Some(Kind::Object)) => reversed_members(value),
            (Self::Flatten, Some(value), Some(Kind::Array)) => flat(value),
            (Self::This | Self::Reverse | Self::Flatten, _, _) => copy(text),
        })
    }
}

fn copy(text: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.to_vec())
}

fn quoted(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::default();
    marshal::write_string(text, &mut out);
    out
}

fn reversed<T>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.reverse();
    values
}

fn reversed_members(object: &[u8]) -> Zeroizing<Vec<u8>> {
    let members = reversed(json::members(object)).into_iter();
    let members: Vec<_> = members.map(|(name, value)| Zeroizing::new([name, b":", value].concat())).collect();
    enclosed(b'{', members.iter().map(|member| member.as_slice()), b'}')
}

fn flat(array: &[u8]) -> Zeroizing<Vec<u8>> {
    let inner = |item| match json::kind(item) {
        Some(Kind::Array) => json::items(item).collect(),
        _ => vec![item],
    };
    list(json::items(array).flat_map(inner))
}

fn list<'a>(items: impl Iterator<Item = &'a [u8]>) -> Zeroizing<Vec<u8>> {
    enclosed(b'[', items, b']')
}

fn enclosed<'a>(open: u8, parts: impl Iterator<Item = &'a [u8]>, close: u8) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(vec![open]);
    for (index, part) in parts.enumerate() {
        out.extend_from_slice(if index == 0 { b"" } else { b"," });
        out.extend_from_slice(part);
    }
    out.push(close);
    out
}
