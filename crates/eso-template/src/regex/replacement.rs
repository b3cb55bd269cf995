//! What a match is replaced by: a text in which `$1`, `${1}`, `$name` and `${name}` stand for groups.

use super::{Places, Regex, group};
use crate::{
    Fault, Scope,
    unicode::{self, DIGIT, LETTER},
};

/// A replacement, parsed.
pub(super) struct Replacement<'a> {
    parts: Vec<Part<'a>>,
}

/// A match with its groups.
#[derive(Clone, Copy)]
pub(super) struct Match<'a> {
    pub(super) regex: &'a Regex,
    pub(super) text: &'a [u8],
    pub(super) places: &'a Places,
}

impl<'a> Replacement<'a> {
    pub(super) fn new(scope: &mut Scope<'_>, replacement: &'a [u8]) -> Result<Self, Fault> {
        let parts = parts(replacement);
        scope.hold(size_of_val(&parts[..]))?;
        Ok(Self { parts })
    }

    /// Appends what a match becomes.
    pub(super) fn expand(
        &self,
        scope: &mut Scope<'_>,
        written: &mut Vec<u8>,
        found: Match<'_>,
    ) -> Result<(), Fault> {
        // A name is looked for among all.
        scope.spend(self.parts.len() as u64 * (1 + found.regex.groups() as u64 / 16))?;
        for part in &self.parts {
            let bytes = part.bytes(found);
            scope.afford(written.len() + found.text.len() + bytes.len())?;
            written.extend_from_slice(bytes);
        }
        Ok(())
    }
}

/// A part of a replacement.
enum Part<'a> {
    Bytes(&'a [u8]),
    Group(usize),
    Named(String),
}

impl Part<'_> {
    fn bytes<'a>(&'a self, found: Match<'a>) -> &'a [u8] {
        let Match { regex, text, places } = found;
        let place = match self {
            Part::Bytes(bytes) => return bytes,
            Part::Group(number) => group(places, *number),
            Part::Named(name) => regex.groups_named(name).find_map(|number| group(places, number)),
        };
        place.map_or(&[], |(begin, end)| &text[begin..end])
    }
}

fn parts(replacement: &[u8]) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = replacement;
    while let Some(dollar) = memchr::memchr(b'$', rest) {
        parts.push(Part::Bytes(&rest[..dollar]));
        let after = &rest[dollar + 1..];
        let (part, length) = match after.first() {
            Some(b'$') => (Part::Bytes(b"$"), 1),
            // What names nothing is a dollar.
            _ => reference(after).unwrap_or((Part::Bytes(b"$"), 0)),
        };
        parts.push(part);
        rest = &after[length..];
    }
    parts.push(Part::Bytes(rest));
    parts
}

/// The group that is named behind a dollar, and how many bytes that takes.
fn reference(after: &[u8]) -> Option<(Part<'static>, usize)> {
    let braced = after.strip_prefix(b"{");
    let begin = braced.unwrap_or(after);
    let is_word = |rune: char| rune == '_' || LETTER.has(rune) || DIGIT.has(rune);
    let length =
        unicode::pieces(begin).take_while(|(rune, _)| is_word(*rune)).map(|(_, piece)| piece.len()).sum();
    let name = str::from_utf8(&begin[..length]).ok().filter(|name| !name.is_empty())?;
    let part = match name.parse() {
        Ok(number) if name == "0" || !name.starts_with('0') => Part::Group(number),
        _ => Part::Named(name.to_owned()),
    };
    match (braced, begin.get(length)) {
        (None, _) => Some((part, length)),
        (Some(_), Some(b'}')) => Some((part, length + 2)),
        (Some(_), _) => None,
    }
}

#[cfg(test)]
mod tests;
