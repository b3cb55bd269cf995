//! YAML that is deep, long, or refers to itself.

use super::is_allowed;
use crate::fixtures::{check, check_limit, check_silent, render};

#[test]
fn what_is_written_is_read_again() {
    for text in [
        r#""""#,
        r#"" a""#,
        r#""a: b""#,
        r#""- a""#,
        r#""yes""#,
        r#""1e3""#,
        r#""a\nb\n\n""#,
        r#""\n a""#,
        r#""it's""#,
        "`\"q\"`",
        "`#c`",
        r#""2020-01-01""#,
        r#""é😀""#,
        r#""\t""#,
        r#""a\r\nb""#,
        r#""12:30""#,
        r#""<<""#,
        ".long",
    ] {
        check(&format!(r#"{{{{ (toYaml (dict "k" {text} "z" 1) | fromYaml).k | eq {text} }}}}"#), "true");
    }
}

#[test]
fn long_lines_are_read_again_as_they_were() {
    for word in ["word ", "it's: ", "\\tword  ", "wörd\\n", " # "] {
        let text = format!(r#"(repeat 60 "{word}")"#);
        check(&format!(r#"{{{{ (toYaml (dict "k" {text} "z" 1) | fromYaml).k | eq {text} }}}}"#), "true");
    }
}

#[test]
fn what_cannot_be_written_is_empty() {
    check(r#"{{ toYaml (list 1 1i) | quote }}{{ toYaml "\x7f" | quote }}"#, r#""""""#);
}

#[test]
fn limits_are_no_empty_texts() {
    check_limit(r#"{{ $d := dict }}{{ $_ := set $d "a" $d }}{{ toYaml $d }}"#, "nesting");
    check_limit(
        r#"{{ $l := list 1 }}{{ range until 40 }}{{ $l = list $l $l }}{{ end }}{{ toYaml $l }}"#,
        "steps",
    );
}

#[test]
fn aliases_are_paid_for() {
    let lines: String = (1..20).map(|i| format!("a{i}: &a{i} [*a{0},*a{0},*a{0}]\\n", i - 1)).collect();
    check_limit(&format!(r#"{{{{ fromYaml "a0: &a0 x\n{lines}" | len }}}}"#), "steps");
}

#[test]
fn yaml_nests_to_a_depth() {
    check_limit(r#"{{ fromYaml (printf "a: %s" (print (repeat 101 "[") (repeat 101 "]"))) }}"#, "nesting");
}

#[test]
fn an_anchor_that_contains_itself_is_told_of() {
    check(
        r#"{{ (fromYaml "a: &a [*a]").Error }}"#,
        "error converting YAML to JSON: yaml: an anchor contains itself",
    );
}

#[test]
fn copies_of_an_alias_are_changed_apart() {
    check(r#"{{ $y := fromYaml "a: &a {b: 1}\nc: *a" }}{{ $_ := set $y.a "b" 2 }}{{ $y.c.b }}"#, "1");
}

#[test]
fn a_secret_that_is_no_map_is_in_no_answer() {
    let said = render("{{ fromYaml .password }}{{ fromYaml (list .password | toJson) }}").unwrap();
    assert!(said.contains("Error") && !said.contains("s3cr3t"), "{said}");
    check_silent("{{ (fromYaml .password).a }}");
}

#[test]
fn control_characters_are_not_allowed() {
    assert!(['\t', '\n', 'a', '\u{85}', '\u{a0}', '\u{fffd}', '😀'].into_iter().all(is_allowed));
    assert!(!['\0', '\x1b', '\x7f', '\u{80}', '\u{fffe}', '\u{ffff}'].into_iter().any(is_allowed));
}
