//! Functions of regular expressions: what they cost, and what their errors hold.

use crate::fixtures::{check, check_limit, check_silent};

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
