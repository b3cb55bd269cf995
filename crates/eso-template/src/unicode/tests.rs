//! Runes in both directions, and what is written with them.

use super::{LETTER, LOWER, PUNCTUATION, UPPER, first, last, lower, quote, runes, title, upper};

#[track_caller]
fn check(bytes: &[u8], expected: &str) {
    assert_eq!(runes(bytes).collect::<String>(), expected);
    let mut backwards: Vec<_> = Vec::new();
    let mut rest = bytes;
    while let Some((rune, length)) = last(rest) {
        backwards.push(rune);
        rest = &rest[..rest.len() - length];
    }
    backwards.reverse();
    assert_eq!(backwards.into_iter().collect::<String>(), expected, "backwards");
}

#[test]
fn runes_are_read_from_both_ends() {
    check(b"", "");
    check("aé世🦀".as_bytes(), "aé世🦀");
    check("\u{fffd}".as_bytes(), "\u{fffd}");
}

#[test]
fn each_byte_that_is_no_utf8_is_a_replacement() {
    check(b"a\xffb", "a\u{fffd}b");
    check(b"\xe2\x9c", "\u{fffd}\u{fffd}");
    check(b"\xf0\x9f\xa6a", "\u{fffd}\u{fffd}\u{fffd}a");
    // Half of a surrogate pair, and a longer form of `/`.
    check(b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}");
    check(b"\xc0\xaf", "\u{fffd}\u{fffd}");
}

#[test]
fn nothing_has_no_rune() {
    assert_eq!(first(b""), None);
    assert_eq!(last(b""), None);
}

#[test]
fn case_maps_one_rune_to_one() {
    assert_eq!(['a', 'ß', 'ŉ', 'ǆ', 'ᾳ', 'ᾀ', 'ı'].map(upper), ['A', 'ß', 'ŉ', 'Ǆ', 'ᾼ', 'ᾈ', 'I']);
    assert_eq!(['A', 'ẞ', 'İ', 'ǅ', 'Ω'].map(lower), ['a', 'ß', 'i', 'ǆ', 'ω']);
    assert_eq!(['a', 'ǆ', 'Ǌ', 'ǳ', 'ა', 'ß'].map(title), ['A', 'ǅ', 'ǋ', 'ǲ', 'ა', 'ß']);
}

#[test]
fn categories_are_the_general_ones() {
    assert!(UPPER.has('É') && !UPPER.has('Ⅰ') && !UPPER.has('a'));
    assert!(LOWER.has('ß') && !LOWER.has('ª') && !LOWER.has('ⅰ'));
    assert!(LETTER.has('ª') && LETTER.has('世') && !LETTER.has('Ⅰ'));
    assert!(PUNCTUATION.has('—') && !PUNCTUATION.has('+'));
}

#[test]
fn quotes_escape_what_does_not_print() {
    let quoted = |bytes: &[u8]| String::from_utf8(quote(bytes)).unwrap();
    assert_eq!(quoted(b"a\"b\\c\n\t\x07\x08\x0c\r\x0b"), r#""a\"b\\c\n\t\a\b\f\r\v""#);
    assert_eq!(quoted("é世🦀\u{fffd}".as_bytes()), "\"é世🦀\u{fffd}\"");
    assert_eq!(quoted(b"\x01\x7f\xff"), r#""\x01\x7f\xff""#);
    assert_eq!(quoted("\u{a0}\u{200b}\u{85}\u{e0001}".as_bytes()), r#""\u00a0\u200b\u0085\U000e0001""#);
}
