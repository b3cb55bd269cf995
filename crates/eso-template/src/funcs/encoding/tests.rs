//! Bytes as letters, and back.

use super::*;
use crate::fixtures::check;

/// All bytes, so many of them.
fn bytes(length: usize) -> Vec<u8> {
    (0..=255).cycle().take(length).collect()
}

#[test]
fn what_is_encoded_is_decoded_again() {
    for length in 0..300 {
        let bytes = bytes(length);
        assert_eq!(base64(b64enc(bytes.clone().into()).as_bytes()), Ok(bytes.clone()), "base 64 of {length}");
        assert_eq!(base32(&b32enc(bytes.clone().into())), Ok(bytes), "base 32 of {length}");
    }
}

#[test]
fn a_cut_text_is_told_of_and_no_panic() {
    let text = b64enc(bytes(40).into());
    for length in 0..text.len() {
        assert_eq!(base64(&text.as_bytes()[..length]).is_ok(), length % 4 == 0, "{length} letters");
    }
}

#[test]
fn any_byte_in_any_place_is_no_panic() {
    for place in 0..8 {
        for byte in 0..=255 {
            let mut text = *b"QUJDREVG";
            text[place] = byte;
            let _ = base64(&text);
            let _ = base32(&text);
            let _ = hexdec(text.to_vec().into());
        }
    }
}

#[test]
fn what_is_wrong_is_told_by_its_place() {
    assert_eq!(base64(b"AAAA!AAA"), Err(Illegal(4)));
    assert_eq!(base64(b"AAA"), Err(Illegal(0)));
    assert_eq!(base32(b"AAAAAAA!"), Err(Illegal(7)));
}

#[test]
fn line_breaks_are_no_letters() {
    assert_eq!(base64(b"QU\r\nJD\n"), Ok(b"ABC".to_vec()));
}

#[test]
fn binary_values_pass_through() {
    check(r#"{{ b64dec "AP/+gA==" | b64enc }}|{{ hexdec "00fffe80" | b64enc }}"#, "AP/+gA==|AP/+gA==");
}
