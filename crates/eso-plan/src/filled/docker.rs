//! The credentials of registries: JSON, in whose strings references may stand. All else of it stays byte for byte.

use std::ops::Range;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::de::IgnoredAny;

use super::{
    Manner, Part,
    grammar::{self, Piece, Problem},
};
use crate::filled::MOST_REFERENCES;

/// The member whose text is the base64 of `USER:PASSWORD`.
const AUTH: &str = "auth";

/// The parts of the JSON; `None` where it refers to nothing.
///
/// # Errors
/// The first thing that is wrong.
pub(super) fn parse(text: &str) -> Result<Option<Vec<Part>>, Problem> {
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return refers_to_nothing(text);
    }
    let (mut parts, mut copied, mut references, mut member) = (Vec::new(), 0, 0, None);
    for token in strings(text) {
        let string: String = serde_json::from_str(&text[token.clone()]).map_err(|_error| Problem::NoJson)?;
        if text[token.end..].trim_start().starts_with(':') {
            member = Some(string);
            continue;
        }
        let is_auth = member.take().is_some_and(|name| name == AUTH);
        let Some((pieces, manner)) = of_string(&string, is_auth)? else { continue };
        references += pieces.iter().filter(|piece| matches!(piece, Piece::Reference(_))).count();
        if references > MOST_REFERENCES {
            return Err(Problem::TooMany);
        }
        parts.push(literal(&text[copied..token.start]));
        parts.push(Part { pieces, manner });
        copied = token.end;
    }
    parts.push(literal(&text[copied..]));
    Ok((references > 0).then_some(parts))
}

/// What is no JSON cannot hold references; where it seems to, it is refused.
fn refers_to_nothing(text: &str) -> Result<Option<Vec<Part>>, Problem> {
    match text.contains("eso:") || text.contains("vault:") {
        true => Err(Problem::NoJson),
        false => Ok(None),
    }
}

fn literal(text: &str) -> Part {
    Part { pieces: vec![Piece::Text(text.to_owned())], manner: Manner::Plain }
}

/// What one string refers to, and how it is written once that is known.
fn of_string(string: &str, is_auth: bool) -> Result<Option<(Vec<Piece>, Manner)>, Problem> {
    if !is_auth {
        return Ok(grammar::parse(string)?.map(|pieces| (pieces, Manner::Json)));
    }
    if let Some(pieces) = credentials(string)? {
        // No text of base64 holds a colon: what has one is a user and a password that are yet to be encoded.
        let is_pair = pieces.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains(':')));
        return Ok(Some((pieces, if is_pair { Manner::JsonOfBase64 } else { Manner::Json })));
    }
    let decoded = STANDARD.decode(string).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pieces = decoded.map_or(Ok(None), |decoded| credentials(&decoded))?;
    Ok(pieces.map(|pieces| (pieces, Manner::JsonOfBase64)))
}

/// The pieces of `USER:PASSWORD`, where either may be one reference with colons in it: a colon divides them where a
/// reference begins after it.
fn credentials(text: &str) -> Result<Option<Vec<Piece>>, Problem> {
    let divides = |at: &usize| grammar::is_begun(&text[at + 1..]);
    let Some(colon) = text.match_indices(':').map(|(at, _)| at).find(divides) else {
        return grammar::parse(text);
    };
    let (user, password) = (&text[..colon], &text[colon + 1..]);
    let whole = |text: &str| {
        let pieces = grammar::parse(text)?;
        Ok(pieces.unwrap_or_else(|| vec![Piece::Text(text.to_owned())]))
    };
    let mut pieces = whole(user)?;
    pieces.push(Piece::Text(":".to_owned()));
    pieces.extend(whole(password)?);
    Ok(Some(pieces))
}

/// Where the strings of a text are that is JSON, each with its quotes.
fn strings(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find('"')?;
        let mut escaped = false;
        let length = text[start + 1..].bytes().position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        })?;
        at = start + length + 2;
        Some(start..at)
    })
}

#[cfg(test)]
mod tests;
