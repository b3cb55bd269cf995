//! Paths.

use super::{cleaned, extension};

#[track_caller]
fn check(path: &str, expected: &str) {
    assert_eq!(String::from_utf8(cleaned(path.as_bytes())).unwrap(), expected, "{path}");
    assert_eq!(cleaned(expected.as_bytes()), expected.as_bytes(), "{expected} must be clean");
}

#[test]
fn a_clean_path_is_the_shortest() {
    check("", ".");
    check("a//b/./c/", "a/b/c");
    check("/", "/");
    check("//a", "/a");
}

#[test]
fn a_step_up_takes_the_part_before_it() {
    check("a/b/..", "a");
    check("a/..", ".");
    check("/a/../..", "/");
    check("a/../../b", "../b");
    check("../a/../..", "../..");
    check("a/.../b", "a/.../b");
}

#[test]
fn bytes_that_are_no_text_stay() {
    assert_eq!(cleaned(b"\xff/../\xfe"), b"\xfe");
    assert_eq!(&extension((&b"a.\xff"[..]).into())[..], b".\xff");
}
