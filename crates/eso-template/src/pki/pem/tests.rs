//! What PEM may look like.

use super::*;

const BLOCK: &str = "-----BEGIN X-----\nYWJj\n-----END X-----\n";

#[track_caller]
fn check(text: &str, expected: Option<(&str, &str, &str)>) {
    let decoded = decode(text.as_bytes());
    let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let found = decoded.map(|(block, rest)| (show(block.kind), show(&block.content), show(rest)));
    let expected =
        expected.map(|(kind, content, rest)| (kind.to_owned(), content.to_owned(), rest.to_owned()));
    assert_eq!(found, expected, "{text}");
}

#[test]
fn a_block_is_found_among_other_lines() {
    check(BLOCK, Some(("X", "abc", "")));
    check(&format!("a\nb: c\n\n{BLOCK}rest"), Some(("X", "abc", "rest")));
    check("-----BEGIN X-----\r\nYW\r\n Jj\t\r\n-----END X-----\r\n", Some(("X", "abc", "")));
    check("-----BEGIN X-----\nYWJj\n-----END X-----", Some(("X", "abc", "")));
    check("-----BEGIN -----\nYWJj\n-----END -----\n", Some(("", "abc", "")));
    check("-----BEGIN X-----\n-----END X-----\n", Some(("X", "", "")));
}

#[test]
fn what_is_no_block_is_passed_over() {
    check("", None);
    check("no pem", None);
    check("-----BEGIN X-----\nYWJj\n", None);
    check("a-----BEGIN X-----\nYWJj\n-----END X-----\n", None);
    check("-----BEGIN X-----\nYWJj\n-----END Y-----\n", None);
    check("-----BEGIN X-----\n!\n-----END X-----\n", None);
    check("-----BEGIN X-----\nYWJj\n-----END X----- x\n", None);
    check("-----BEGIN X----\nYWJj\n-----END X----\n", None);
    check(&format!("-----BEGIN Y-----\n!\n-----END Y-----\n{BLOCK}"), Some(("X", "abc", "")));
    check(&format!("-----BEGIN Y-----\n{BLOCK}"), Some(("X", "abc", "")));
}

#[test]
fn headers_are_kept_in_the_order_of_their_names() {
    let text = "-----BEGIN X-----\nb: 2\nProc-Type:  4,ENCRYPTED\na:1\n\nYWJj\n-----END X-----\n";
    let (block, _) = decode(text.as_bytes()).unwrap();
    let expected = "-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\na: 1\nb: 2\n\nYWJj\n-----END X-----\n";
    assert_eq!(String::from_utf8(block.encode()).unwrap(), expected);
}

#[test]
fn lines_have_64_letters() {
    let text = String::from_utf8(encode("X", &[0; 49])).unwrap();
    let lengths: Vec<_> = text.lines().map(str::len).collect();
    assert_eq!(lengths, [17, 64, 4, 15]);
    assert_eq!(&*decode(text.as_bytes()).unwrap().0.content, &vec![0; 49]);
}

#[test]
fn all_blocks_are_found_and_what_is_left() {
    let text = format!("{BLOCK}{BLOCK}x");
    let (blocks, rest) = all(text.as_bytes());
    assert_eq!((blocks.len(), rest), (2, &b"x"[..]));
}
