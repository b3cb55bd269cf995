//! JSON text, cut into values without being parsed: what is not asked for is only skipped.
//!
//! It is as lenient as the original's reader where that is harmless (a comma too many, a raw newline in a string),
//! and never gives a value that is not whole.

use std::ops::Range;

use zeroize::Zeroizing;

/// A text that was cut out, or made.
#[derive(Clone, Debug)]
pub(super) enum Raw<'a> {
    /// A part of the text that was searched.
    Part(&'a [u8]),
    /// A text that was made on the way, wiped when it is dropped.
    Made(Zeroizing<Vec<u8>>),
}

impl Raw<'_> {
    /// The text.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Part(bytes) => bytes,
            Self::Made(bytes) => bytes,
        }
    }

    /// The same with no tie to the text that was searched.
    pub(super) fn into_made(self) -> Raw<'static> {
        match self {
            Self::Part(bytes) => Raw::Made(Zeroizing::new(bytes.to_vec())),
            Self::Made(bytes) => Raw::Made(bytes),
        }
    }
}

/// The kinds of value, told by the first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    False,
    True,
    Number,
    String,
    Object,
    Array,
}

/// The kind of a value; `None` where no value begins like that.
pub(super) fn kind(raw: &[u8]) -> Option<Kind> {
    match raw.first()? {
        b'"' => Some(Kind::String),
        b'{' => Some(Kind::Object),
        b'[' => Some(Kind::Array),
        b't' => Some(Kind::True),
        b'f' => Some(Kind::False),
        b'n' => Some(Kind::Null),
        b'-' | b'+' | b'0'..=b'9' => Some(Kind::Number),
        _ => None,
    }
}

/// Where the objects and arrays of a text end, found in one pass: whoever goes down into each of them would read the
/// innermost once for each level otherwise.
#[derive(Debug)]
pub(super) struct Nesting(Vec<Range<usize>>);

impl Nesting {
    /// Those of a text that is valid.
    pub(super) fn of(text: &[u8]) -> Self {
        let (mut containers, mut open, mut at) = (Vec::new(), Vec::new(), 0);
        while let Some(byte) = text.get(at) {
            match byte {
                b'{' | b'[' => {
                    open.push(containers.len());
                    containers.push(at..text.len());
                }
                b'}' | b']' => open.pop().into_iter().for_each(|index: usize| containers[index].end = at + 1),
                _ => {}
            }
            at = if *byte == b'"' { end_of_string(text, at).unwrap_or(text.len()) } else { at + 1 };
        }
        Self(containers)
    }

    /// Where the one ends that begins there.
    pub(super) fn end(&self, start: usize) -> Option<usize> {
        let index = self.0.binary_search_by_key(&start, |container| container.start).ok()?;
        Some(self.0[index].end)
    }
}

/// The first value of a text, where it is whole.
pub(super) fn first(text: &[u8]) -> Option<&[u8]> {
    let start = skip_space(text, 0);
    let end = end_of_value(text, start)?;
    Some(&text[start..end])
}

/// Whether a text is one JSON value, by the book.
pub(super) fn is_valid(text: &[u8]) -> bool {
    serde_json::from_slice::<&serde_json::value::RawValue>(text).is_ok()
}

/// The text without the space that stands in no string.
pub(super) fn without_space(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(text.to_vec());
    let (mut quoted, mut escaped) = (false, false);
    out.retain(|byte| {
        let keep = quoted || *byte > b' ';
        quoted ^= *byte == b'"' && !escaped;
        escaped = quoted && *byte == b'\\' && !escaped;
        keep
    });
    out
}

/// The members of an object, in the order in which they are written; the names with their quotes.
pub(super) fn members(object: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    places_of_members(object).map(|(name, value)| (&object[name], &object[value]))
}

/// Where the members of an object stand in it, in order; the names with their quotes.
pub(super) fn places_of_members(object: &[u8]) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    let mut at = 1;
    std::iter::from_fn(move || {
        at = next_name(object, at)?;
        let name = at..end_of_string(object, at)?;
        let start = start_of_value(object, name.end);
        at = end_of_value(object, start)?;
        Some((name, start..at))
    })
}

/// Where the next name begins, or the object ends.
pub(super) fn next_name(object: &[u8], at: usize) -> Option<usize> {
    object.get(at..)?.iter().position(|byte| matches!(byte, b'"' | b'}')).map(|count| at + count)
}

/// Where the value of a name begins.
pub(super) fn start_of_value(object: &[u8], name_end: usize) -> usize {
    skip(object, name_end, |byte| byte == b':' || byte.is_ascii_whitespace())
}

/// The items of an array, in order.
pub(super) fn items(array: &[u8]) -> impl Iterator<Item = &[u8]> {
    places_of_items(array).map(|place| &array[place])
}

/// Where the items of an array stand in it, in order.
pub(super) fn places_of_items(array: &[u8]) -> impl Iterator<Item = Range<usize>> {
    places_of_values(array, usize::from(array.starts_with(b"[")))
}

/// Values that follow each other, with commas or white space between.
pub(super) fn values(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    places_of_values(text, 0).map(|place| &text[place])
}

fn places_of_values(text: &[u8], from: usize) -> impl Iterator<Item = Range<usize>> {
    let mut at = from;
    std::iter::from_fn(move || {
        let start = skip(text, at, |byte| byte == b',' || byte.is_ascii_whitespace());
        at = end_of_value(text, start)?;
        Some(start..at)
    })
}

/// What a string says, its quotes and escapes taken away; `None` where an escape is none.
///
/// A surrogate that has no partner becomes U+FFFD. Bytes that are no UTF-8 stay as they are.
pub(super) fn unquote(string: &[u8]) -> Option<Raw<'_>> {
    let inner = string.get(1..string.len().checked_sub(1)?)?;
    if !inner.contains(&b'\\') {
        return Some(Raw::Part(inner));
    }
    // No escape is shorter than what it stands for: nothing is reallocated, and left behind unwiped.
    let mut out = Zeroizing::new(Vec::with_capacity(inner.len()));
    let mut rest = inner;
    while let Some(backslash) = rest.iter().position(|byte| *byte == b'\\') {
        out.extend_from_slice(&rest[..backslash]);
        rest = unescape(&rest[backslash + 1..], &mut out)?;
    }
    out.extend_from_slice(rest);
    Some(Raw::Made(out))
}

/// Writes one escape out, and says what follows it.
fn unescape<'a>(escape: &'a [u8], out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (code, rest) = escape.split_first()?;
    let byte = match code {
        b'"' | b'\\' | b'/' => *code,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return unescape_unicode(rest, out),
        _ => return None,
    };
    out.push(byte);
    Some(rest)
}

fn unescape_unicode<'a>(digits: &'a [u8], out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (unit, rest) = code_unit(digits)?;
    let low = rest.strip_prefix(b"\\u").and_then(code_unit).filter(|(low, _)| (0xDC00..0xE000).contains(low));
    let (character, rest) = match (unit, low) {
        (0xD800..0xDC00, Some((low, rest))) => {
            (char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)), rest)
        }
        (unit, _) => (char::from_u32(unit), rest),
    };
    let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Some(rest)
}

fn code_unit(digits: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = digits.split_at_checked(4)?;
    let digits = digits.iter().all(u8::is_ascii_hexdigit).then_some(digits)?;
    let digits = std::str::from_utf8(digits).ok()?;
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

pub(super) fn end_of_value(text: &[u8], start: usize) -> Option<usize> {
    match kind(text.get(start..)?)? {
        Kind::String => end_of_string(text, start),
        Kind::Object | Kind::Array => end_of_container(text, start),
        Kind::Null | Kind::False | Kind::True | Kind::Number => Some(skip(text, start, |byte| {
            !byte.is_ascii_whitespace() && !matches!(byte, b',' | b':' | b']' | b'}')
        })),
    }
}

pub(super) fn end_of_string(text: &[u8], start: usize) -> Option<usize> {
    let mut bytes = text.get(start..)?.strip_prefix(b"\"")?.iter().enumerate();
    while let Some((index, byte)) = bytes.next() {
        match byte {
            b'"' => return Some(start + index + 2),
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
    None
}

fn end_of_container(text: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(byte) = text.get(at) {
        at = if *byte == b'"' { end_of_string(text, at)? } else { at + 1 };
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 1 => return Some(at),
            b'}' | b']' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn skip_space(text: &[u8], at: usize) -> usize {
    skip(text, at, |byte| byte.is_ascii_whitespace())
}

fn skip(text: &[u8], at: usize, what: impl Fn(u8) -> bool) -> usize {
    text[at..].iter().position(|byte| !what(*byte)).map_or(text.len(), |count| at + count)
}
