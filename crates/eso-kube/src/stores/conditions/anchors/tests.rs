//! Which patterns match a part of a name.

use super::hold;

#[track_caller]
fn check(pattern: &str, expected: bool) {
    assert_eq!(hold(pattern), expected, "{pattern:?}");
}

#[test]
fn both_ends_are_needed() {
    check("^team-a$", true);
    check(r"\Ateam-a\z", true);
    check("(?i)^team-a$", true);
    check("^$", true);
    check("team-a", false);
    check("^team-a", false);
    check("team-a$", false);
    check("", false);
    check(".*", false);
    check("(?:^a$)", false);
}

#[test]
fn each_alternative_needs_them() {
    check("^a$|^b$", true);
    check("^(a|b)$", true);
    check("^[|]$", true);
    check(r"^a\|b$", true);
    check("^a|b$", false);
    check("^a$|b", false);
    check("^a$|", false);
    check("(?i)^a|b$", false);
    check("^[](]a|b$", false);
}

#[test]
fn an_escaped_dollar_is_no_end() {
    check(r"^a\$", false);
    check(r"^a\\$", true);
    check(r"^a\\\$", false);
    check(r"^a\\z", false);
    check(r"^a\(|b$", false);
}
