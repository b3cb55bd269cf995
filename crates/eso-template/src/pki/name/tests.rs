//! How names are shown.

use super::{
    super::der::{BMP, UTF8, encode, oid, sequence},
    *,
};

fn part(identifier: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
    encode(SET, &[&sequence(&[&oid(identifier), &encode(tag, &[value])])])
}

#[track_caller]
fn check(parts: &[Vec<u8>], expected: &str) {
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    assert_eq!(show(&sequence(&parts)).as_deref(), Some(expected));
}

fn known(kind: u8, value: &str) -> Vec<u8> {
    part(&[0x55, 4, kind], UTF8, value.as_bytes())
}

#[test]
fn parts_are_shown_in_an_order_of_their_kinds() {
    check(&[known(3, "a"), known(6, "DE"), known(10, "o"), known(5, "7")], "SERIALNUMBER=7,CN=a,O=o,C=DE");
    check(&[known(11, "x"), known(11, "y")], "OU=x+OU=y");
    check(&[known(3, "first"), known(3, "last")], "CN=last");
    check(&[], "");
}

#[test]
fn what_has_a_meaning_is_escaped() {
    check(&[known(3, r#" #a,b+c"d\e<f>g; "#)], r#"CN=\ #a\,b\+c\"d\\e\<f\>g\;\ "#);
    check(&[known(3, "#")], r"CN=\#");
    check(&[known(3, "a b#")], "CN=a b#");
}

#[test]
fn kinds_without_a_name_are_shown_by_their_numbers() {
    let mail = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01];
    check(&[part(&mail, UTF8, b"a"), known(3, "b")], "CN=b,1.2.840.113549.1.9.1=#0c0161");
    check(&[part(&[0x88, 0x37], UTF8, b"")], "2.999=#0c00");
}

#[test]
fn texts_of_16_bits_are_read() {
    check(&[part(&[0x55, 4, 3], BMP, &[0, 0xe9, 0x20, 0xac])], "CN=é€");
}

#[test]
fn what_is_no_name_is_refused() {
    assert_eq!(show(&[]), None);
    assert_eq!(show(&sequence(&[&encode(SET, &[&[1, 2]])])), None);
}
