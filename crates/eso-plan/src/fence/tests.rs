//! Which keys a pattern allows.

use super::*;

#[track_caller]
fn check(pattern: &str, key: &str, expected: bool) {
    assert_eq!(KeyPatterns::new([pattern]).allows(key, None), expected, "{pattern:?} {key:?}");
}

#[track_caller]
fn check_as(pattern: &str, key: &str, canonical: &str, expected: bool) {
    let allowed = KeyPatterns::new([pattern]).allows(key, Some(canonical));
    assert_eq!(allowed, expected, "{pattern:?} {key:?} {canonical:?}");
}

#[test]
fn a_pattern_is_held_against_the_whole_key() {
    check("team-a", "team-a", true);
    check("team-a", "team-ab", false);
    check("team-a", "my/team-a", false);
    check("team-a", "team-", false);
    check("", "", true);
    check("", "a", false);
}

#[test]
fn a_star_stands_for_any_characters_and_for_none() {
    check("team-a/*", "team-a/", true);
    check("team-a/*", "team-a/db/password", true);
    check("team-a/*", "team-a", false);
    check("team-a/*", "team-ab/db", false);
    check("*/password", "team-a/db/password", true);
    check("*/password", "password", false);
    check("*/password", "team-a/password/old", false);
    check("*", "", true);
    check("*", "anything/at all", true);
    check("**", "", true);
    check("*\u{e9}*", "caf\u{e9}s", true);
    check("*", "line\nbreak", true);
}

#[test]
fn parts_between_stars_stand_in_their_order_and_do_not_overlap() {
    check("a*b*c", "abc", true);
    check("a*b*c", "a1b2c", true);
    check("a*b*c", "acb", false);
    check("a*b*c", "abbc", true);
    check("a*b*c", "ac", false);
    check("ab*ba", "aba", false);
    check("ab*ba", "abba", true);
    check("*aa*aa*", "aaa", false);
    check("*aa*aa*", "aaaa", true);
    check("a**b", "a--b", true);
    check("a*b*b", "ab", false);
}

#[test]
fn everything_else_stands_for_itself() {
    check("a.c", "abc", false);
    check("a?c", "abc", false);
    check("a?c", "a?c", true);
    check("[ab]", "a", false);
    check("a\\*", "a\\b", true);
    check("a\\*", "a*", false);
    check("(a|b)+", "(a|b)+", true);
    check("A", "a", false);
}

#[test]
fn one_pattern_of_many_is_enough_and_none_is_not() {
    let patterns = KeyPatterns::new(["team-a/*", "shared/ca"]);
    assert!(patterns.allows("team-a/db", None) && patterns.allows("shared/ca", None));
    assert!(!patterns.allows("shared/key", None));
    assert!(!KeyPatterns::default().allows("", None));
    assert!(!KeyPatterns::new([""; 0]).allows("a", None));
}

#[test]
fn no_tuple_of_patterns_is_stronger_than_its_members() {
    let words = ["", "a", "b", "ab", "aba", "a/b", "*", "a*", "*a", "a*b", "*ab*", "a*b*a"];
    for one in words {
        for other in words {
            for key in words {
                let both = KeyPatterns::new([one, other]).allows(key, None);
                assert_eq!(both, matches(one, key) || matches(other, key), "{one:?} {other:?} {key:?}");
            }
        }
    }
}

/// By the definition, in time that doubles with each star.
fn by_definition(pattern: &[u8], key: &[u8]) -> bool {
    match (pattern.split_first(), key.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), None) => by_definition(rest, key),
        (Some((b'*', rest)), Some((_, left))) => by_definition(rest, key) || by_definition(pattern, left),
        (Some((one, rest)), Some((other, left))) => one == other && by_definition(rest, left),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

proptest::proptest! {
    #[test]
    fn it_is_the_definition(pattern in "[ab*]{0,8}", key in "[ab]{0,8}") {
        let expected = by_definition(pattern.as_bytes(), key.as_bytes());
        assert_eq!(matches(&pattern, &key), expected, "{pattern:?} {key:?}");
    }
}

#[test]
fn hostile_patterns_take_no_time() {
    let key = "a".repeat(100_000);
    for pattern in ["*a".repeat(50_000), "a*".repeat(50_000), "*".repeat(100_000)] {
        check(&format!("{pattern}b"), &key, false);
        check(&format!("b{pattern}"), &key, false);
        check(&pattern, &key, true);
    }
    check(&format!("*{}b*", "a".repeat(50_000)), &key, false);
    check(&format!("*{}b*b", "ab".repeat(20_000)), &"ab".repeat(50_000), false);
}

#[test]
fn an_arn_is_allowed_only_by_a_pattern_of_arns() {
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:hr/salary-AbCdEf";
    for pattern in ["a*", "*secret*", "*f", "*:*", "*/salary-AbCdEf", "ar*", "hr/*"] {
        check(pattern, arn, false);
        check(pattern, &arn.replacen("arn", "ARN", 1), false);
    }
    check("*", arn, true);
    check("arn:*", arn, true);
    check("arn:aws:secretsmanager:us-east-1:123456789012:secret:hr/*", arn, true);
    check("arn:aws:secretsmanager:us-east-1:123456789012:secret:team-a/*", arn, false);
    check("a*", "arn", true);
    check("arn:*", "team-a/db", false);
}

#[test]
fn a_key_is_held_against_a_pattern_as_its_store_reads_it() {
    check_as("app/*", "secret/data/app/db", "app/db", true);
    check_as("secret/*", "secret/data/app/db", "app/db", false);
    check_as("*/data/*", "secret/data/app/db", "app/db", false);
    check_as("app/*", "app/x", "app/../hr", false);
    check_as("*", "secret/data/app/db", "app/db", true);
}

#[test]
fn an_arn_of_the_stores_own_is_allowed_by_its_name_and_by_itself() {
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:hr/salary-AbCdEf";
    for pattern in ["hr/salary", "hr/*", "*", "arn:*", arn, "arn:aws:secretsmanager:us-east-1:*:secret:hr/*"]
    {
        check_as(pattern, arn, "hr/salary", true);
    }
    for pattern in
        ["a*", "*secret*", "hr/salary-AbCdEf", "team-a/*", "", "arn:aws:secretsmanager:us-east-2:*"]
    {
        check_as(pattern, arn, "hr/salary", false);
    }
    check_as("arn:*", "hr/salary", "hr/salary", false);
    check_as("arn:x/d*", "arn:x/data/hr", "arn:x/hr", false);
}

#[test]
fn a_key_that_leads_up_or_in_place_is_allowed_by_no_pattern_but_everything() {
    for key in
        ["team-a/../hr", "team-a/./db", "team-a//hr", "team-a/..", "team-a/hr/.", "../team-a/x", "//team-a/x"]
    {
        check("team-a/*", key, false);
        check("*a/*", key, false);
        check(key, key, false);
        check("*", key, true);
    }
    check("team-a/*", "team-a/..hidden", true);
    check("team-a/*", "team-a/a..b/.c", true);
    check("/team-a/*", "/team-a/db", true);
}
