//! Constants as Go reads them.

use super::{character, complex, number, string};

#[track_caller]
fn integer(text: &str, expected: Option<i64>) {
    assert_eq!(number(text).ok().and_then(|number| number.integer), expected, "{text}");
}

#[track_caller]
fn unquoted(text: &str, expected: Option<&[u8]>) {
    assert_eq!(string(text).ok().as_deref(), expected, "{text}");
}

#[test]
fn integers_have_prefixes_and_underscores() {
    integer("12", Some(12));
    integer("-0x1F", Some(-31));
    integer("0b101", Some(5));
    integer("017", Some(15));
    integer("0o17", Some(15));
    integer("1_000", Some(1000));
    integer("1__0", None);
    integer("9223372036854775808", None);
    integer("99999999999999999999", None);
}

#[test]
fn a_float_without_a_fraction_is_an_integer_too() {
    integer("1e3", Some(1000));
    integer("1.5", None);
    assert!(number("1e3").unwrap().written_as_float);
    assert!(!number("0x1e3").unwrap().written_as_float);
    assert!(number("0x1p3").unwrap().written_as_float);
}

#[test]
fn complex_numbers_have_two_parts() {
    assert_eq!(complex("1+2i").unwrap().complex, Some((1.0, 2.0)));
    assert_eq!(complex("-1e+2-.5i").unwrap().complex, Some((-100.0, -0.5)));
    assert_eq!(number("3i").unwrap().complex, Some((0.0, 3.0)));
    assert_eq!(number("0i").unwrap().integer, Some(0));
}

#[test]
fn characters_are_numbers() {
    assert_eq!(character("'a'").unwrap().integer, Some(97));
    assert_eq!(character(r"'\n'").unwrap().integer, Some(10));
    assert_eq!(character(r"'\xff'").unwrap().integer, Some(255));
    assert_eq!(character("'✓'").unwrap().integer, Some(0x2713));
    for wrong in ["''", "'ab'", r"'\q'", r#"'\"'"#] {
        assert!(character(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn strings_have_escapes() {
    unquoted(r#""a\tb\x41\101\u2713\U0001F600""#, Some("a\tbAA✓😀".as_bytes()));
    unquoted(r#""\xff\377""#, Some(b"\xff\xff"));
    unquoted("`a\\n\r\n`", Some(b"a\\n\n"));
    for wrong in [r#""\q""#, r#""\x4""#, r#""\400""#, r#""\ud800""#, r#""\'""#] {
        unquoted(wrong, None);
    }
}
