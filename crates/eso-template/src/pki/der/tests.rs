//! What DER may look like.

use super::*;

#[track_caller]
fn check_refused(text: &[u8]) {
    assert_eq!(Reader(text).next(), None, "{text:x?}");
}

#[test]
fn what_is_encoded_is_read_again() {
    for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1_0000] {
        let content = vec![7; length];
        let text = octets(&content);
        let mut reader = Reader(&text);
        let value = reader.next().unwrap();
        assert_eq!((value.tag, value.content, value.whole), (OCTETS, &content[..], &text[..]));
        assert_eq!(reader.end(), Some(()));
    }
}

#[test]
fn lengths_are_as_short_as_can_be() {
    check_refused(&[OCTETS, 0x81, 0x01, 0]);
    check_refused(&[OCTETS, 0x82, 0x00, 0x80]);
    check_refused(&[OCTETS, 0x80]);
    check_refused(&[OCTETS, 0x85, 1, 0, 0, 0, 0]);
}

#[test]
fn a_value_ends_within_the_text() {
    check_refused(&[]);
    check_refused(&[OCTETS]);
    check_refused(&[OCTETS, 2, 0]);
    check_refused(&[OCTETS, 0x84, 0xff, 0xff, 0xff, 0xff]);
}

#[test]
fn tags_of_several_bytes_are_not_known() {
    check_refused(&[0x1f, 0x01, 0]);
}

#[test]
fn integers_have_one_form() {
    let read = |text: &[u8]| Reader(text).unsigned().map(<[u8]>::to_vec);
    assert_eq!(read(&[INTEGER, 1, 0]), Some(vec![]));
    assert_eq!(read(&[INTEGER, 2, 0, 0x80]), Some(vec![0x80]));
    assert_eq!(read(&[INTEGER, 2, 0, 0x7f]), None, "a zero that is not needed");
    assert_eq!(read(&[INTEGER, 1, 0x80]), None, "a negative number");
    assert_eq!(read(&[INTEGER, 0]), None, "no digit");
    assert_eq!(integer(&[0, 0, 0x80]), [INTEGER, 2, 0, 0x80]);
    assert_eq!(integer(&[0, 0]), [INTEGER, 1, 0]);
}

#[test]
fn a_number_has_four_bytes_at_most() {
    assert_eq!(Reader(&integer(&[1, 0, 0, 0])).number(), Some(1 << 24));
    assert_eq!(Reader(&integer(&[1, 0, 0, 0, 0])).number(), None);
}

#[test]
fn nothing_follows_a_sequence_that_is_the_whole_text() {
    let mut text = sequence(&[&integer(&[5])]);
    assert_eq!(Reader::within(&text).unwrap().number(), Some(5));
    text.push(0);
    assert!(Reader::within(&text).is_none());
}

#[test]
fn an_optional_value_is_passed_over_only_where_it_is() {
    let text = integer(&[5]);
    let mut reader = Reader(&text);
    assert_eq!(reader.optional(OCTETS), None);
    assert_eq!(reader.optional(INTEGER), Some(&[5][..]));
}
