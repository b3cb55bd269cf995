//! What values are decoded to, beside what Go says (`tests/golden/rules`).

use serde_json::Value as Json;

use super::*;

const ALL: [Decoding; 5] =
    [Decoding::None, Decoding::Base64, Decoding::Base64Url, Decoding::Auto, Decoding::Tolerant];

/// The bytes, or the error.
#[track_caller]
fn check(decoding: Decoding, text: &str, expected: Result<&[u8], &str>) {
    let decoded = decoding.decode(&SecretBytes::from(text));
    let decoded = decoded.as_ref().map(SecretBytes::expose).map_err(ToString::to_string);
    assert_eq!(decoded, expected.map_err(str::to_owned), "{decoding:?} {text:?}");
}

#[test]
fn base64_is_decoded_as_by_go() {
    let golden: Json = serde_json::from_str(include_str!("../../tests/golden/rules/golden.json")).unwrap();
    let cases = golden["decodings"].as_array().unwrap();
    assert!(cases.len() > 50);
    for case in cases {
        let text = case["text"].as_str().unwrap();
        let mut auto = None;
        for (decoding, name) in [(Decoding::Base64, "standard"), (Decoding::Base64Url, "url")] {
            let expected = case[name].as_str().unwrap();
            if let Some(error) = expected.strip_prefix('!') {
                check(decoding, text, Err(error));
            } else {
                let bytes = from_hex(expected);
                check(decoding, text, Ok(&bytes));
                auto.get_or_insert(bytes);
            }
        }
        check(Decoding::Auto, text, Ok(&auto.unwrap_or_else(|| text.as_bytes().to_vec())));
        check(Decoding::None, text, Ok(text.as_bytes()));
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}

#[test]
fn an_empty_value_stays_empty() {
    for decoding in ALL {
        check(decoding, "", Ok(b""));
    }
}

#[test]
fn tolerant_takes_either_alphabet_without_padding_and_with_space() {
    for text in ["aGVsbG8=", "aGVsbG8", " aGVs\n\tbG8= \r\n", "aGVs bG8"] {
        check(Decoding::Tolerant, text, Ok(b"hello"));
    }
    for text in ["_-8=", "/+8=", "_-8", "/+8"] {
        check(Decoding::Tolerant, text, Ok(&[0xff, 0xef]));
    }
    check(Decoding::Tolerant, "/-8=", Err("illegal base64 data at input byte 1"));
    check(Decoding::Tolerant, "-----BEGIN X-----\naa/a\n", Err("illegal base64 data at input byte 0"));
}

#[test]
fn tolerant_leaves_what_is_no_text() {
    let bytes = SecretBytes::new(vec![0xff, 0, b'a']);
    assert_eq!(Decoding::Tolerant.decode(&bytes), Ok(bytes.clone()));
}

#[test]
fn auto_takes_the_first_alphabet_that_fits_or_leaves_the_value() {
    check(Decoding::Auto, "aGVsbG8=", Ok(b"hello"));
    check(Decoding::Auto, "_-8=", Ok(&[0xff, 0xef]));
    check(Decoding::Auto, "/-8=", Ok(b"/-8="));
    check(Decoding::Auto, "aGVsbG8", Ok(b"aGVsbG8"));
    check(Decoding::Auto, "hello!", Ok(b"hello!"));
    // A word that happens to be base64 is decoded, as in the original.
    check(Decoding::Auto, "test", Ok(&[0xb5, 0xeb, 0x2d]));
}

#[test]
fn bytes_that_are_no_text_can_be_told_apart() {
    let value = SecretBytes::new(vec![0xff, 0x00]);
    assert_eq!(Decoding::Auto.decode(&value), Ok(value.clone()));
    assert_eq!(Decoding::Base64.decode(&value), Err(DecodingError { at: 0 }));
    assert_eq!(Decoding::None.decode(&value), Ok(value));
}

#[test]
fn an_error_holds_nothing_of_the_value() {
    let error = Decoding::Base64.decode(&SecretBytes::from("s3cr3t!!")).unwrap_err();
    assert_eq!(error.to_string(), "illegal base64 data at input byte 6");
    assert!(!format!("{error:?}").contains("s3cr3t"));
}

#[test]
fn a_value_that_is_left_as_it_is_is_not_copied() {
    let value = SecretBytes::from("s3cr3t!!");
    for decoding in [Decoding::None, Decoding::Auto] {
        assert_eq!(decoding.decode(&value).unwrap().expose().as_ptr(), value.expose().as_ptr());
    }
}

#[test]
fn a_long_value_is_decoded_in_one_go() {
    check(Decoding::Base64, &"QUJD\n".repeat(100_000), Ok("ABC".repeat(100_000).as_bytes()));
    check(
        Decoding::Base64,
        &format!("{}=", "QUJD\r\n".repeat(100_000)),
        Err("illegal base64 data at input byte 600000"),
    );
}

#[test]
fn null_bytes_fail_where_they_shall() {
    for (value, expected) in
        [("", Ok(())), ("a", Ok(())), ("a\0b", Err(HoldsNullByte)), ("\0", Err(HoldsNullByte))]
    {
        assert_eq!(NullBytes::Ignore.check(&SecretBytes::from(value)), Ok(()));
        assert_eq!(NullBytes::Fail.check(&SecretBytes::from(value)), expected, "{value:?}");
    }
    assert_eq!(HoldsNullByte.to_string(), "contains null bytes");
}

#[test]
fn nothing_is_done_by_default() {
    assert_eq!((Decoding::default(), NullBytes::default()), (Decoding::None, NullBytes::Ignore));
}
