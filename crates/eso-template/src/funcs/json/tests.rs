//! JSON that is odd, deep or long.

use crate::fixtures::{check, check_limit, check_silent};

#[test]
fn a_secret_that_is_no_json_is_in_no_error() {
    check_silent("{{ mustFromJson .password }}");
    check_silent(r#"{{ mustFromJson (printf "{\"a\": %s}" .password) }}"#);
    check_silent("{{ (fromJson .password).a }}");
    check_silent(r#"{{ mustFromJson "1e400" }}"#);
    check_silent("{{ mustToJson 1i }}");
}

#[test]
fn what_is_no_json_is_nil() {
    for text in ["", "x", "{", "[1,]", "{1:2}", "01", "1.", "'a'", "[1] 2", "nul", r#"\"\\x\""#, r#"\"a"#] {
        check(&format!(r#"{{{{ fromJson "{text}" | kindOf }}}}"#), "invalid");
    }
}

#[test]
fn halves_of_pairs_are_replaced() {
    check(
        r#"{{ fromJson "\"\\ud83d\\ude00 \\ud83d \\ude00 \\ud83d\\u0041\"" }}"#,
        "😀 \u{fffd} \u{fffd} \u{fffd}A",
    );
}

#[test]
fn bytes_that_are_no_utf8_are_replaced() {
    check(r#"{{ toJson "a\xff" }}"#, r#""a\ufffd""#);
    check(r#"{{ fromJson "\"\xff\"" }}"#, "\u{fffd}");
}

#[test]
fn json_nests_to_a_depth() {
    check_limit(r#"{{ repeat 101 "[" | fromJson }}"#, "nesting");
    check_limit(r#"{{ repeat 101 "{\"a\":" | fromJson }}"#, "nesting");
    check_limit(
        r#"{{ $d := dict }}{{ range until 200 }}{{ $d = dict "a" $d }}{{ end }}{{ toJson $d }}"#,
        "nesting",
    );
    check(r#"{{ $d := list }}{{ range until 90 }}{{ $d = list $d }}{{ end }}{{ toJson $d | len }}"#, "182");
}

#[test]
fn much_json_is_paid_for() {
    check_limit(r#"{{ printf "[%s1]" (repeat 400000 "{},") | fromJson | len }}"#, "memory");
    check_limit(r#"{{ $s := .long }}{{ range until 30 }}{{ $s = toJson (list $s $s) }}{{ end }}"#, "steps");
}
