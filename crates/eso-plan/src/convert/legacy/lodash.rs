//! Templates of lodash, in a closed set of expressions, as Go templates.
//!
//! The older controller ran any JavaScript that stood between `<%` and `%>`. Served are expressions that give a text out of
//! the values ([`expression`]); all else is refused by its own words. Texts are UTF-8, where the older controller took the
//! values for ASCII.

mod expression;
mod go;

use self::{expression::Expression, go::Writer};
use crate::template::Delimiters;

/// How much of an expression is quoted.
const QUOTED: usize = 80;

/// An expression that is not served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the expression {expression:?} is not served: there are data.x, data['x'], JSON.parse(…).a[0], JSON.stringify(…), \
     yaml.dump(…), Buffer.from(…, 'base64').toString(), btoa(…) and atob(…)"
)]
pub struct Unserved {
    /// What stands between the brackets, or its beginning.
    pub expression: String,
}

/// A text of lodash as a Go template over the same values.
///
/// It gives what lodash gives, but for these: a value or a member that is not there is an error where it is named by a
/// word, a list is an error where it is not in `JSON.stringify` or `yaml.dump`, names are sorted in what these two give, and
/// YAML has the line breaks and quotes of Go's.
///
/// # Errors
/// The first expression that is not served.
pub fn template(text: &str, delimiters: &Delimiters) -> Result<String, Unserved> {
    let pieces = pieces(text)?;
    let mut writer = Writer::new(delimiters);
    for (index, piece) in pieces.iter().enumerate() {
        let is_followed = pieces.get(index + 1).is_some();
        writer.piece(piece, is_followed);
    }
    Ok(writer.end())
}

/// As [`template`], of a text that is base64 when it is rendered: the template gives what that means.
pub(super) fn template_of_base64(text: &str, delimiters: &Delimiters) -> Result<String, Unserved> {
    Ok(go::decoded(&pieces(text)?, delimiters))
}

/// A text as a Go template that gives just this text.
pub(super) fn literal(text: &str, delimiters: &Delimiters) -> String {
    let mut writer = Writer::new(delimiters);
    writer.literal(text, false);
    writer.end()
}

/// Base64 as a Go template that gives what it means.
pub(super) fn literal_of_base64(digits: &str, delimiters: &Delimiters) -> String {
    go::decoded(&[Piece::Literal(digits)], delimiters)
}

/// A Go template that gives the value of this name, and what another one gives where there is none.
pub(super) fn under_value(name: &str, template: &str, delimiters: &Delimiters) -> String {
    go::under_value(name, template, delimiters)
}

/// Whether a text has any expression in it.
pub(super) fn has_expressions(text: &str) -> bool {
    !pieces(text).is_ok_and(|pieces| pieces.iter().all(|piece| matches!(piece, Piece::Literal(_))))
}

/// A part of a text.
#[derive(Debug, PartialEq)]
enum Piece<'t> {
    /// As it is.
    Literal(&'t str),
    /// What an expression gives.
    Value(Expression),
    /// The same, escaped for HTML.
    Escaped(Expression),
}

/// What stands at a place of a text.
enum Tag<'t> {
    /// `<%= … %>` or `${…}`.
    Interpolate(&'t str),
    /// `<%- … %>`.
    Escape(&'t str),
    /// `<% … %>`.
    Evaluate(&'t str),
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Unserved> {
    let mut pieces = Vec::new();
    let (mut from, mut at) = (0, 0);
    while at < text.len() {
        let Some((tag, length)) = tag(&text[at..]) else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        };
        if from < at {
            pieces.push(Piece::Literal(&text[from..at]));
        }
        pieces.extend(piece(&tag)?);
        at += length;
        from = at;
    }
    if from < text.len() {
        pieces.push(Piece::Literal(&text[from..]));
    }
    Ok(pieces)
}

/// Nothing for `${}`, which gives nothing.
fn piece<'t>(tag: &Tag<'t>) -> Result<Option<Piece<'t>>, Unserved> {
    let read = |text: &str| expression::parse(text).ok_or_else(|| unserved(text));
    match tag {
        Tag::Interpolate("") => Ok(None),
        Tag::Interpolate(text) => read(text).map(|read| Some(Piece::Value(read))),
        Tag::Escape(text) => read(text).map(|read| Some(Piece::Escaped(read))),
        Tag::Evaluate(text) => Err(unserved(text)),
    }
}

fn unserved(text: &str) -> Unserved {
    let text = text.trim();
    Unserved { expression: text[..text.floor_char_boundary(QUOTED)].to_owned() }
}

/// The tag that begins here, and its length, by lodash's own expressions and in their order.
fn tag(text: &str) -> Option<(Tag<'_>, usize)> {
    if let Some(inner) = text.strip_prefix("${") {
        let end = end_of_braces(inner)?;
        return Some((Tag::Interpolate(&inner[..end]), end + 3));
    }
    let inner = text.strip_prefix("<%")?;
    let long = |mark: char| inner.strip_prefix(mark).and_then(before_end);
    if let Some(inner) = long('-') {
        return Some((Tag::Escape(inner), inner.len() + 5));
    }
    if let Some(inner) = long('=') {
        return Some((Tag::Interpolate(inner), inner.len() + 5));
    }
    before_end(inner).map(|inner| (Tag::Evaluate(inner), inner.len() + 4))
}

/// What stands before `%>`: a character at the least.
fn before_end(text: &str) -> Option<&str> {
    let first = text.chars().next()?.len_utf8();
    text[first..].find("%>").map(|end| &text[..first + end])
}

/// Where the brace closes; one behind a backslash does not.
fn end_of_braces(text: &str) -> Option<usize> {
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '}' => return Some(at),
            '\\' => drop(characters.next().filter(|(_, character)| *character != '\n')?),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
