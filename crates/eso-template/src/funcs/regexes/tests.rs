//! Functions of regular expressions: their templates, and their limits.

use super::{Part, parts};
use crate::fixtures::{check, check_limit, check_silent};

#[track_caller]
fn check_parts(replacement: &str, expected: &[&str]) {
    let shown: Vec<_> = parts(replacement.as_bytes())
        .iter()
        .map(|part| match part {
            Part::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            Part::Group(number) => format!("#{number}"),
            Part::Named(name) => format!("#{name}"),
        })
        .filter(|part| !part.is_empty())
        .collect();
    assert_eq!(shown, expected, "{replacement}");
}

#[test]
fn a_dollar_names_a_group_as_far_as_the_name_goes() {
    check_parts("a$1b", &["a", "#1b"]);
    check_parts("a${1}b", &["a", "#1", "b"]);
    check_parts("$1$name-", &["#1", "#name", "-"]);
    check_parts("$01$0", &["#01", "#0"]);
    check_parts("$99999999999999999999", &["#99999999999999999999"]);
}

#[test]
fn a_dollar_that_names_nothing_is_one() {
    check_parts("$$1", &["$", "1"]);
    check_parts("a$", &["a", "$"]);
    check_parts("${}$-${1", &["$", "{}", "$", "-", "$", "{1"]);
}

#[test]
fn searches_that_look_far_ahead_again_and_again_are_cut() {
    check_limit(r#"{{ regexFindAll "x*y|x" .long -1 | len }}"#, "steps");
    check_limit(r#"{{ regexReplaceAll "x*y|x" .long "z" | len }}"#, "steps");
    check_limit(r#"{{ regexSplit "x*y|x" .long -1 | len }}"#, "steps");
    check_limit(r#"{{ regexMatch "(x?){500}(x?){500}y" .long }}"#, "steps");
}

#[test]
fn what_explodes_elsewhere_takes_its_length_here() {
    check(
        r#"{{ $x := trunc 40000 .long }}{{ regexMatch "^(x+)+$" $x }} {{ regexMatch "^(x+)+y$" $x }}"#,
        "true false",
    );
    check(r#"{{ regexMatch "(x|x)*y" (trunc 10000 .long) }}"#, "false");
    check(r#"{{ regexReplaceAll "b" "bob" "$0$0" }}"#, "bbobb");
}

#[test]
fn matches_that_grow_are_asked_for_before() {
    check_limit(r#"{{ regexReplaceAll "" .long .long }}"#, "memory");
    check_limit(r#"{{ regexReplaceAllLiteral "x" .long .long }}"#, "memory");
    check_limit(r#"{{ regexFindAll "" (repeat 5 .long) -1 | len }}"#, "steps");
    check_limit(r#"{{ repeat 90 .long | regexQuoteMeta }}"#, "memory");
}

#[test]
fn expressions_that_grow_are_cut() {
    check_silent(r#"{{ regexFind "((x{100}){100}){100}" "x" }}"#);
    check_limit(r#"{{ regexMatch (printf "(%s){1000}" (trunc 9000 .long)) "x" }}"#, "steps");
    check_limit(r#"{{ regexMatch (repeat 1000 "(") "x" }}"#, "nesting of a regular expression");
    check_limit(
        r#"{{ regexMatch (repeat 1000 "(?i)*?(?i)*" | printf "a%s") "x" }}"#,
        "nesting of a regular expression",
    );
    check_limit(r#"{{ regexMatch (repeat 100 "(?i)[\\x{0}-\\x{10ffff}]") "x" }}"#, "steps");
    check_limit(r#"{{ regexMatch (repeat 2000 "\\pL" | printf "[%s]") "x" }}"#, "steps");
    check(
        r#"{{ regexMatch (repeat 10000 "{1,") "x" }}{{ regexMatch (repeat 10000 "[:" | printf "[%s]") "x" }}"#,
        "falsefalse",
    );
    check_limit(r#"{{ regexReplaceAll (printf "(%s){1000}" (repeat 90 "()")) "x" "y" }}"#, "memory");
}

#[test]
fn errors_hold_nothing_of_the_expression() {
    check_silent(r#"{{ regexFind (printf "(%s" .password) "x" }}"#);
    check_silent(r#"{{ mustRegexMatch (printf "%s[" .password) .password }}"#);
    check_silent(r#"{{ regexReplaceAll "(" .password .password }}"#);
}
