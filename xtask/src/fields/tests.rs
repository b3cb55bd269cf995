//! The table of tests against the definitions, and against the tests.

use std::{collections::BTreeSet, fs};

use super::*;
use crate::project;

fn read(path: &str) -> Result<String> {
    fs::read_to_string(project::root().join(path)).with_context(|| format!("{path} cannot be read"))
}

/// Whether a test of this name stands in a source.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim_start).collect();
    let is_it = |line: &str| {
        let rest = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        rest.and_then(|rest| rest.strip_prefix(name)).is_some_and(|rest| rest.starts_with('('))
    };
    let attributes = |at: usize| {
        lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"))
    };
    let is_test = |at: usize| {
        attributes(at).any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
    };
    lines.iter().enumerate().any(|(at, line)| is_it(line) && is_test(at))
}

#[test]
fn each_field_has_a_line_and_each_line_a_field() {
    for section in SECTIONS {
        let shown = shown(SHOWN, section.title).unwrap();
        let lines: BTreeSet<&str> = shown.keys().copied().collect();
        let fields = fields(section, read).unwrap();
        let fields: BTreeSet<&str> = fields.iter().map(|field| field.path.as_str()).collect();
        assert!(fields.len() > 10, "{fields:?}");
        let missing: Vec<_> = fields.difference(&lines).collect();
        let idle: Vec<_> = lines.difference(&fields).collect();
        assert!(
            missing.is_empty(),
            "no test is named in xtask/src/fields/shown.txt for {missing:#?} of {section:?}"
        );
        assert!(idle.is_empty(), "these fields of {section:?} are not there any more: {idle:#?}");
    }
    let headings = SHOWN.lines().filter(|line| line.starts_with("## ")).count();
    assert_eq!(headings, SECTIONS.len());
}

#[test]
fn each_test_that_shows_a_field_is_there() {
    let named = SECTIONS.map(|section| shown(SHOWN, section.title).unwrap());
    let tests: BTreeSet<&str> = named.iter().flat_map(BTreeMap::values).map(|shown| shown.test).collect();
    let is_missing = |test: &&str| {
        let (file, name) = test.split_once("::").unwrap_or((test, ""));
        !read(file).is_ok_and(|source| has_test(&source, name))
    };
    let missing: Vec<_> = tests.into_iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "xtask/src/fields/shown.txt names tests that are not there: {missing:#?}");
}

#[test]
fn only_generators_are_not_served() {
    let mut generators = 0;
    for section in SECTIONS {
        for (field, shown) in shown(SHOWN, section.title).unwrap() {
            let is_generator = field.split('.').any(|name| name == "generatorRef");
            assert_eq!(shown.is_served, !is_generator, "{field} of {}", section.title);
            generators += usize::from(is_generator);
        }
    }
    assert_eq!(generators, 12);
}

#[test]
fn the_page_is_not_stale() {
    let page = page(read).unwrap();
    assert!(read(PAGE).unwrap_or_default() == page, "{PAGE} is stale: run `cargo xtask codegen`");
}

#[test]
fn a_field_without_a_line_makes_no_page() {
    let more = |path: &str| read(path).map(|text| text.replacen("refreshPolicy:", "unheardOf:", 1));
    let error = page(more).unwrap_err().to_string();
    assert!(error.starts_with("no test is named for spec.unheardOf of ExternalSecret"), "{error}");
}

#[test]
fn a_test_is_a_function_that_is_marked_as_one() {
    let source = "#[test]\nfn one() {}\n#[tokio::test(start_paused = true)]\n// Why.\nasync fn two() {}\n\
                  fn three() {}\nmod a {\n    #[test]\n    fn four(value in any()) {}\n}\n// fn five()\n";
    for (name, expected) in [
        ("one", true),
        ("two", true),
        ("three", false),
        ("four", true),
        ("five", false),
        ("on", false),
        ("", false),
    ] {
        assert_eq!(has_test(source, name), expected, "{name}");
    }
}

#[test]
fn a_sentence_ends_where_another_begins() {
    assert_eq!(first_sentence("One `v1.2`\nthing. Two."), "One `v1.2` thing.");
    assert_eq!(first_sentence("a|b"), "a\\|b.");
}

#[test]
fn a_line_is_a_field_and_a_test() {
    let table = "## A\na x.rs::one\n\n!b x.rs::two\n## B\nc\n## C\nd x\nd y\n";
    let of_a = shown(table, "A").unwrap();
    assert_eq!(of_a["a"], Shown { test: "x.rs::one", is_served: true });
    assert_eq!(of_a["b"], Shown { test: "x.rs::two", is_served: false });
    assert_eq!(of_a.len(), 2);
    assert!(shown(table, "B").is_err() && shown(table, "C").is_err());
}
