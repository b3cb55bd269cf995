//! Regular expressions: matches, groups, and their price.

use super::{Regex, group};
use crate::{Limits, fixtures::with_scope};

/// What all groups of the first match are, from the whole on, with `-` for those that have no part in it.
#[track_caller]
fn check(pattern: &str, text: &str, expected: &[&str]) {
    let found = with_scope(Limits::default(), |scope| {
        let regex = Regex::new(scope, pattern.as_bytes()).unwrap().with_groups();
        let places = regex.find(scope, text.as_bytes(), 0).unwrap();
        places.map(|places| {
            let groups = (0..places.len() / 2).map(|number| group(&places, number));
            groups.map(|place| place.map_or("-", |(begin, end)| &text[begin..end])).collect::<Vec<_>>()
        })
    });
    assert_eq!(found.unwrap_or_default(), expected, "{pattern} in {text}");
}

#[track_caller]
fn check_all(pattern: &str, text: &[u8], expected: &[(usize, usize)]) {
    let found = with_scope(Limits::default(), |scope| {
        Regex::new(scope, pattern.as_bytes()).unwrap().find_all(scope, text, usize::MAX).unwrap()
    });
    assert_eq!(found, expected, "{pattern}");
}

#[test]
fn the_leftmost_match_is_found_and_of_those_the_preferred() {
    check("a|ab", "xab", &["a"]);
    check("ab|a", "xab", &["ab"]);
    check("a*?b", "aab", &["aab"]);
    check("(a|ab)(c|bcd)(d*)", "abcd", &["abcd", "a", "bcd", ""]);
    check("b", "aaa", &[]);
}

#[test]
fn groups_are_those_of_the_last_round() {
    check("(a|b)*", "abc", &["ab", "b"]);
    check("(a)|(b)", "b", &["b", "-", "b"]);
    check("(a(b)?)+", "aba", &["aba", "a", "b"]);
    check("(a*)*", "b", &["", ""]);
    check("(a*)+", "b", &["", ""]);
    check("(?:(a)|b)*", "ab", &["ab", "a"]);
    check("(x*?)*?y", "xxy", &["xxy", "xx"]);
    check("(x??)*?y", "xxy", &["xxy", "x"]);
}

#[test]
fn counts_are_unrolled() {
    check("a{2,3}", "aaaa", &["aaa"]);
    check("a{2,3}?", "aaaa", &["aa"]);
    check("(a{2}){2}", "aaaaa", &["aaaa", "aa"]);
    check("a{0}b", "ab", &["b"]);
    check("(?:ab){2,}", "ababab", &["ababab"]);
}

#[test]
fn anchors_look_at_what_is_beside_them() {
    check("^b", "ab", &[]);
    check("(?m)^b$", "a\nb\nc", &["b"]);
    check(r"\bb\B.", "a bc", &["bc"]);
    check("a$", "a\n", &[]);
}

#[test]
fn matches_do_not_overlap_and_empty_ones_are_not_behind_another() {
    check_all("a*", b"baac", &[(0, 0), (1, 3), (4, 4)]);
    check_all("", "é".as_bytes(), &[(0, 0), (2, 2)]);
    check_all("a|", b"ab", &[(0, 1), (2, 2)]);
}

#[test]
fn bytes_that_are_no_text_are_a_rune_each() {
    check_all(".", b"\xff\xe4b", &[(0, 1), (1, 2), (2, 3)]);
    check_all(r"\x{fffd}", b"a\xff", &[(1, 2)]);
    check_all("é", b"\xc3\xc3\xa9", &[(1, 3)]);
}

#[test]
fn a_search_costs_what_it_looks_at() {
    let left = |pattern: &str, length: usize| {
        let steps = (0..).map(|power| 1_u64 << power).find(|steps| {
            with_scope(Limits { steps: *steps, ..Limits::default() }, |scope| {
                let regex = Regex::new(scope, pattern.as_bytes())?;
                regex.find(scope, &b"x".repeat(length), 0)
            })
            .is_ok()
        });
        steps.unwrap()
    };
    assert!(left("[a-w]", 10_000) >= 8 * left("[a-w]", 1000));
    assert!(left("(x|[a-w]|[x-z])+y", 10_000) > left("[a-w]", 10_000));
    // A search that must begin with the text looks no further, and one for a byte looks in strides.
    assert!(left("^a", 10_000) <= 64);
    assert!(left("abc", 10_000) <= 512);
}
