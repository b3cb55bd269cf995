//! What is a template and what is none; the rest is told by the probes.

use super::parse;
use crate::lexer::Lexer;

fn parses(template: &str) -> Result<Vec<String>, String> {
    let trees = parse("t", Lexer::new(template, "{{", "}}"), 100);
    trees
        .map(|trees| trees.into_keys().collect())
        .map_err(|error| format!("{} at {}", error.reason, error.at))
}

#[track_caller]
fn well(template: &str, expected: &[&str]) {
    assert_eq!(parses(template).unwrap(), expected, "{template}");
}

#[track_caller]
fn wrong(template: &str, expected: &str) {
    assert_eq!(parses(template).unwrap_err(), expected, "{template}");
}

#[test]
fn definitions_are_trees_of_their_own() {
    well("", &["t"]);
    well("{{ define \"a\" }}x{{ end }}{{ block `b` . }}{{ end }}", &["a", "b", "t"]);
    well("{{ define \"a\" }} {{ end }}{{ define \"a\" }}x{{ end }}", &["a", "t"]);
    well("{{ define \"t\" }}x{{ end }} ", &["t"]);
    wrong(
        "{{ define \"a\" }}x{{ end }}{{ define \"a\" }}y{{ end }}",
        "multiple definition of template \"a\" at 36",
    );
    wrong("{{ if . }}{{ define \"a\" }}{{ end }}{{ end }}", "unexpected \"define\" in command at 13");
}

#[test]
fn what_is_opened_must_be_closed() {
    wrong("{{ if . }}a", "unexpected end of the template at 11");
    wrong("a{{ end }}b", "unexpected \"{{\" in input at 1");
    wrong("{{ if . }}{{ else }}{{ else }}{{ end }}", "unexpected else in if at 30");
    wrong("{{ break }}", "break outside of range at 3");
    wrong("{{ range . }}{{ else }}{{ continue }}{{ end }}", "continue outside of range at 26");
    wrong("{{ if . }}{{ else with . }}{{ end }}", "else if goes on otherwise at 18");
}

#[test]
fn pipelines_have_a_value() {
    wrong("{{ }}", "missing value for command at 3");
    wrong("{{ if }}{{ end }}", "missing value for if at 6");
    wrong("{{ 1 | 2 }}", "a constant in a pipeline must stand first at 7");
    wrong("{{ nope }}", "function \"nope\" not defined at 3");
    wrong("{{ $x }}", "undefined variable \"$x\" at 3");
    wrong("{{ $a, $b := 1 }}", "too many declarations in command at 5");
    wrong("{{ range $a, 1 := . }}{{ end }}", "range can only initialize variables at 13");
    wrong("{{ 1.a }}", "bad number syntax at 3");
    wrong("{{ nil.a }}", "unexpected . after nil at 8");
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| format!("{{{{ {}1{} }}}}", "(".repeat(depth), ")".repeat(depth));
    assert!(parses(&nested(100)).is_ok());
    assert!(parses(&nested(101)).unwrap_err().starts_with("it nests too deep"));
    let blocks = |depth: usize| format!("{}{}", "{{if .}}".repeat(depth), "{{end}}".repeat(depth));
    assert!(parses(&blocks(100)).is_ok());
    assert!(parses(&blocks(1_000_000)).unwrap_err().starts_with("it nests too deep"));
}

#[test]
fn a_chain_of_else_if_does_not_nest() {
    let chain = format!("{{{{if .}}}}{}{{{{end}}}}", "{{else if .}}".repeat(1000));
    assert!(parses(&chain).is_ok());
}
