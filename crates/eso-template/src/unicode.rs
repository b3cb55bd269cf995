//! The runes of byte strings as Go reads them, and their properties and cases.
//!
//! Go maps the case of one rune to one rune, where Rust maps some to several: `ß` stays `ß`. Runes that are newer than
//! a Go's Unicode are letters here and not there.

use std::sync::LazyLock;

use regex_syntax::hir::{ClassUnicode, HirKind};

/// What Go reads where a byte is no UTF-8.
pub(crate) const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// The first rune and how many bytes it has: U+FFFD and one for a byte that is no UTF-8; nothing of nothing.
pub(crate) fn first(bytes: &[u8]) -> Option<(char, usize)> {
    let lead = *bytes.first()?;
    if lead.is_ascii() {
        return Some((char::from(lead), 1));
    }
    let length = match lead {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let rune = bytes.get(..length).and_then(|bytes| str::from_utf8(bytes).ok());
    let rune = rune.and_then(|rune| rune.chars().next());
    Some(rune.map_or((REPLACEMENT, 1), |rune| (rune, length)))
}

/// The last rune and how many bytes it has, by the same rules.
pub(crate) fn last(bytes: &[u8]) -> Option<(char, usize)> {
    bytes.last()?;
    let whole = (1..=4).filter(|length| *length <= bytes.len()).find_map(|length| {
        let (rune, taken) = first(&bytes[bytes.len() - length..])?;
        (taken == length && (rune != REPLACEMENT || taken > 1)).then_some((rune, length))
    });
    Some(whole.unwrap_or((REPLACEMENT, 1)))
}

/// All runes.
pub(crate) fn runes(bytes: &[u8]) -> impl Iterator<Item = char> {
    pieces(bytes).map(|(rune, _)| rune)
}

/// All runes, each with its bytes.
pub(crate) fn pieces(bytes: &[u8]) -> impl Iterator<Item = (char, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (rune, length) = first(rest)?;
        let (piece, after) = rest.split_at(length);
        rest = after;
        Some((rune, piece))
    })
}

/// A rune appended as UTF-8.
pub(crate) fn push(bytes: &mut Vec<u8>, rune: char) {
    bytes.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Each rune as another, as UTF-8.
pub(crate) fn map(bytes: &[u8], mut change: impl FnMut(char) -> char) -> Vec<u8> {
    let mut changed = Vec::with_capacity(bytes.len());
    for rune in runes(bytes) {
        push(&mut changed, change(rune));
    }
    changed
}

/// The rune in upper case; itself where it has none of one rune.
pub(crate) fn upper(rune: char) -> char {
    match u32::from(rune) {
        // Greek with an iota below: the titlecase rune stands for upper case too.
        code @ (0x1f80..=0x1f87 | 0x1f90..=0x1f97 | 0x1fa0..=0x1fa7) => moved(rune, code + 8),
        code @ (0x1fb3 | 0x1fc3 | 0x1ff3) => moved(rune, code + 9),
        _ => only(rune, rune.to_uppercase()),
    }
}

/// The rune in lower case; itself where it has none.
pub(crate) fn lower(rune: char) -> char {
    match rune {
        'İ' => 'i',
        _ => only(rune, rune.to_lowercase()),
    }
}

/// The rune as the first of a word.
pub(crate) fn title(rune: char) -> char {
    match rune {
        'Ǆ'..='ǆ' => 'ǅ',
        'Ǉ'..='ǉ' => 'ǈ',
        'Ǌ'..='ǌ' => 'ǋ',
        'Ǳ'..='ǳ' => 'ǲ',
        // Georgian has capitals for whole words alone.
        'ა'..='ჿ' => rune,
        _ => upper(rune),
    }
}

fn moved(rune: char, code: u32) -> char {
    char::from_u32(code).unwrap_or(rune)
}

fn only(rune: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(mapped), None) => mapped,
        _ => rune,
    }
}

/// A set of runes by the name of a general category.
#[derive(Debug)]
pub(crate) struct Category(LazyLock<ClassUnicode>);

/// Uppercase letters.
pub(crate) static UPPER: Category = Category(LazyLock::new(|| known(r"\p{Lu}")));
/// Lowercase letters.
pub(crate) static LOWER: Category = Category(LazyLock::new(|| known(r"\p{Ll}")));
/// Titlecase letters, such as `ǅ`.
pub(crate) static TITLE: Category = Category(LazyLock::new(|| known(r"\p{Lt}")));
/// Letters.
pub(crate) static LETTER: Category = Category(LazyLock::new(|| known(r"\p{L}")));
/// Decimal digits.
pub(crate) static DIGIT: Category = Category(LazyLock::new(|| known(r"\p{Nd}")));
/// Punctuation.
pub(crate) static PUNCTUATION: Category = Category(LazyLock::new(|| known(r"\p{P}")));
/// What prints: letters, marks, numbers, punctuation, symbols, and of all spaces the common one.
pub(crate) static PRINTABLE: Category = Category(LazyLock::new(|| known(r"[\p{L}\p{M}\p{N}\p{P}\p{S} ]")));

impl Category {
    pub(crate) fn has(&self, rune: char) -> bool {
        contains(&self.0, rune)
    }
}

/// Whether a set has a rune.
pub(crate) fn contains(class: &ClassUnicode, rune: char) -> bool {
    let after = class.ranges().partition_point(|range| range.end() < rune);
    class.ranges().get(after).is_some_and(|range| range.start() <= rune)
}

/// The runes of a class such as `\p{Lu}`; nothing where there is no such class.
pub(crate) fn class(pattern: &str) -> Option<ClassUnicode> {
    match regex_syntax::parse(pattern).ok()?.into_kind() {
        HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => Some(class),
        _ => None,
    }
}

fn known(pattern: &str) -> ClassUnicode {
    class(pattern).expect("a general category must be known")
}

/// The text in double quotes, as Go's `%q` writes it.
pub(crate) fn quote(bytes: &[u8]) -> Vec<u8> {
    quoted(bytes, b'"', |rune| PRINTABLE.has(rune))
}

/// The text in double quotes with ASCII alone, as Go's `%+q` writes it.
pub(crate) fn quote_ascii(bytes: &[u8]) -> Vec<u8> {
    quoted(bytes, b'"', is_printable_ascii)
}

/// A rune in single quotes, as Go's `%q` writes it, or with ASCII alone.
pub(crate) fn quote_rune(rune: char, ascii: bool) -> Vec<u8> {
    let prints = |rune| if ascii { is_printable_ascii(rune) } else { PRINTABLE.has(rune) };
    quoted(rune.encode_utf8(&mut [0; 4]).as_bytes(), b'\'', prints)
}

fn quoted(bytes: &[u8], mark: u8, prints: impl Fn(char) -> bool) -> Vec<u8> {
    let mut quoted = vec![mark];
    for (rune, piece) in pieces(bytes) {
        match rune {
            _ if u32::from(rune) == u32::from(mark) => quoted.extend_from_slice(&[b'\\', mark]),
            REPLACEMENT if piece.len() == 1 => {
                quoted.extend_from_slice(format!(r"\x{:02x}", piece[0]).as_bytes())
            }
            '\\' => quoted.extend_from_slice(br"\\"),
            _ if prints(rune) => quoted.extend_from_slice(piece),
            _ => quoted.extend_from_slice(escape(rune).as_bytes()),
        }
    }
    quoted.push(mark);
    quoted
}

fn escape(rune: char) -> String {
    match rune {
        '\x07' => r"\a".to_owned(),
        '\x08' => r"\b".to_owned(),
        '\x0c' => r"\f".to_owned(),
        '\n' => r"\n".to_owned(),
        '\r' => r"\r".to_owned(),
        '\t' => r"\t".to_owned(),
        '\x0b' => r"\v".to_owned(),
        '\0'..=' ' | '\x7f' => format!(r"\x{:02x}", u32::from(rune)),
        '\0'..='\u{ffff}' => format!(r"\u{:04x}", u32::from(rune)),
        _ => format!(r"\U{:08x}", u32::from(rune)),
    }
}

fn is_printable_ascii(rune: char) -> bool {
    (' '..='~').contains(&rune)
}

#[cfg(test)]
mod tests;
