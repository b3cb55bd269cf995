//! The components of a path, taken off its front one at a time.

use std::borrow::Cow;

use super::{modifier, query::Query};

/// A component that looks into an object.
pub(super) struct ObjectComponent<'p> {
    /// The name of the member, or a pattern for it.
    pub(super) name: Cow<'p, [u8]>,
    /// Whether the name is a pattern.
    pub(super) wild: bool,
    /// The path inside that member.
    pub(super) rest: Option<&'p str>,
    /// The path that is followed from what was found.
    pub(super) pipe: Option<&'p str>,
}

impl<'p> ObjectComponent<'p> {
    pub(super) fn parse(path: &'p str) -> Self {
        let (end, escaped, wild) = end_of_name(path);
        let (rest, pipe) = tail(&path[end..], true);
        let name = &path.as_bytes()[..end];
        let name = if escaped { Cow::Owned(without_escapes(name)) } else { Cow::Borrowed(name) };
        Self { name, wild, rest, pipe }
    }
}

/// A component that looks into an array.
pub(super) struct ArrayComponent<'p> {
    pub(super) selector: Selector<'p>,
    /// The path inside what is selected.
    pub(super) rest: Option<&'p str>,
    /// The path that is followed from what was found.
    pub(super) pipe: Option<&'p str>,
}

/// Which items of an array.
pub(super) enum Selector<'p> {
    /// The item at that place.
    Index(usize),
    /// How many there are (`#`).
    Count,
    /// That path in each of them (`#.path`).
    Each(&'p str),
    /// Those that meet a query.
    Query(Query<'p>),
    /// None: no item is called like that.
    Nothing,
}

impl<'p> ArrayComponent<'p> {
    pub(super) fn parse(path: &'p str) -> Self {
        if let Some(each) = path.strip_prefix("#.") {
            return Self { selector: Selector::Each(each), rest: None, pipe: None };
        }
        let (query, end) = match Query::parse(path) {
            Some((query, length)) => (Some(query), length + end_of_word(&path[length..])),
            None => (None, end_of_word(path)),
        };
        let part = &path[..end];
        let counted = part.contains('#');
        let selector = match query {
            Some(query) => Selector::Query(query),
            None if part == "#" => Selector::Count,
            None => index(part).map_or(Selector::Nothing, Selector::Index),
        };
        let (rest, pipe) = tail(&path[end..], !counted);
        Self { selector, rest, pipe }
    }
}

/// Splits a path at its first pipe that stands in no query and is not escaped.
pub(super) fn split_pipe(path: &str) -> (&str, Option<&str>) {
    let bytes = path.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'|' => return (&path[..at], Some(&path[at + 1..])),
            b'\\' => at += 2,
            b'.' => at += 1 + Query::parse(&path[at + 1..]).map_or(0, |(_, length)| length),
            _ => at += 1,
        }
    }
    (path, None)
}

/// Whether a name meets a pattern of `*` and `?`. It takes at most the product of the two lengths.
pub(super) fn wildcard_matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while seen < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                at += 1;
                retry = Some((at, seen));
            }
            Some(b'?') => {
                at += 1;
                seen += character_length(&name[seen..]);
            }
            Some(byte) if *byte == name[seen] => {
                at += 1;
                seen += 1;
            }
            _ => match retry {
                Some((star, from)) => {
                    at = star;
                    seen = from + 1;
                    retry = Some((star, seen));
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// How many bytes the first character has; 1 where it is no UTF-8.
fn character_length(text: &[u8]) -> usize {
    let length = match text[0] {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 1,
    };
    length.min(text.len())
}

/// Where the name ends, whether it holds an escape, and whether a wildcard.
///
/// As in the original, a name whose first escape comes before its wildcard may still be a pattern, and the character
/// right after the first escape is none.
fn end_of_name(path: &str) -> (usize, bool, bool) {
    let bytes = path.as_bytes();
    let (mut at, mut escaped, mut wild) = (0, false, false);
    while at < bytes.len() {
        match bytes[at] {
            b'.' | b'|' => break,
            b'\\' => {
                escaped = true;
                at += 1;
            }
            b'*' | b'?' => wild = true,
            _ => {}
        }
        at += 1;
    }
    (at.min(bytes.len()), escaped, wild)
}

fn without_escapes(name: &[u8]) -> Vec<u8> {
    let mut bytes = name.iter();
    let mut out = Vec::with_capacity(name.len());
    while let Some(byte) = bytes.next() {
        out.extend(if *byte == b'\\' { bytes.next() } else { Some(byte) });
    }
    out
}

fn end_of_word(path: &str) -> usize {
    path.find(['.', '|']).unwrap_or(path.len())
}

/// What follows a component, as `(rest, pipe)`: a dot before a modifier or a multipath is a pipe.
fn tail(path: &str, dot_may_pipe: bool) -> (Option<&str>, Option<&str>) {
    match (path.strip_prefix('|'), path.strip_prefix('.')) {
        (Some(pipe), _) => (None, Some(pipe)),
        (None, Some(rest)) if dot_may_pipe && modifier::begins(rest) => (None, Some(rest)),
        (None, rest) => (rest, None),
    }
}

fn index(part: &str) -> Option<usize> {
    let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| part.parse().ok()).flatten()
}
