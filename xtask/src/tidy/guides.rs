//! The code of a guide is the code of its example, whole and in order: what a reader copies is compiled and run here.

use std::{collections::BTreeMap, fs, path::Path};

use super::none;
use crate::project;

/// The guides that make a crate, and the crates that they make.
const GUIDES: &[(&str, &str)] = &[
    ("docs/guides/write-a-provider.md", "docs/examples/own-provider"),
    ("docs/guides/embed-the-engine.md", "docs/examples/embedded"),
];

/// The way to this repository's root: from an example, and from a reader's crate, which lies beside a clone.
const WAYS: (&str, &str) = ("../../../", "../external-secrets-rs/");

/// What stands in a manifest here alone: a reader's crate has no workspace to take its lints from.
const OURS: &str = "\n[lints]\nworkspace = true\n";

#[test]
fn a_guide_shows_the_files_of_its_example() {
    let root = project::root();
    let wrong = GUIDES.iter().flat_map(|(guide, example)| {
        let text = fs::read_to_string(root.join(guide)).unwrap();
        let (shown, held) = (shown(&text), held(&root.join(example)));
        differences(&shown, &held).into_iter().map(move |difference| format!("{guide}: {difference}"))
    });
    none("(a guide and its example must say the same)", wrong);
}

#[test]
fn each_example_has_a_guide() {
    let folders = fs::read_dir(project::root().join("docs/examples")).unwrap();
    let mut folders: Vec<_> =
        folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    folders.sort();
    let mut of_guides: Vec<_> = GUIDES
        .iter()
        .map(|(_, example)| example.strip_prefix("docs/examples/").unwrap().to_owned())
        .collect();
    of_guides.sort();
    assert_eq!(folders, of_guides);
}

/// The files that a guide shows, by their paths: each is made of the blocks that open with its path after their language,
/// an empty line between. Blocks without a path are no file; of code there are none.
fn shown(guide: &str) -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        let Some(opening) = line.strip_prefix("```") else { continue };
        let block: String =
            lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
        match opening.split_once(' ') {
            Some((_, path)) => {
                let file = files.entry(path.to_owned()).or_default();
                let between = if file.is_empty() { "" } else { "\n" };
                *file = format!("{file}{between}{block}");
            }
            None => assert!(["sh", "text"].contains(&opening), "a block of {opening} names no file"),
        }
    }
    files
}

/// The files of an example, as a reader has them.
fn held(example: &Path) -> BTreeMap<String, String> {
    let mut folders = vec![example.to_owned()];
    let mut files = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name =
                path.strip_prefix(example).expect("a file must lie in its example").display().to_string();
            let text = fs::read_to_string(&path).unwrap();
            let text = text.strip_suffix(OURS).filter(|_| name == "Cargo.toml").unwrap_or(&text);
            files.insert(name, text.replace(WAYS.0, WAYS.1));
        }
    }
    files
}

/// How what is shown differs from what there is: for each file the first line that does.
fn differences(shown: &BTreeMap<String, String>, held: &BTreeMap<String, String>) -> Vec<String> {
    let names: std::collections::BTreeSet<_> = shown.keys().chain(held.keys()).collect();
    let differ = |name: &String| match (shown.get(name), held.get(name)) {
        (Some(shown), Some(held)) => first_difference(shown, held).map(|line| format!("{name}: {line}")),
        (None, _) => Some(format!("{name} is not shown")),
        (_, None) => Some(format!("{name} is not in the example")),
    };
    names.into_iter().filter_map(differ).collect()
}

fn first_difference(shown: &str, held: &str) -> Option<String> {
    let (mut shown, mut held) = (shown.lines(), held.lines());
    (1..).find_map(|number| match (shown.next(), held.next()) {
        (None, None) => Some(None),
        (shown, held) if shown == held => None,
        (shown, held) => Some(Some(format!("line {number} is {shown:?}, and in the example {held:?}"))),
    })?
}

#[test]
fn blocks_of_one_path_are_one_file() {
    let guide = "Begin:\n```rust src/a.rs\none\n```\nThen `b`:\n```toml b\ntwo\n```\n```sh\nrun\n```\n```rust src/a.rs\nthree\n```\n";
    let expected =
        [("b".to_owned(), "two\n".to_owned()), ("src/a.rs".to_owned(), "one\n\nthree\n".to_owned())];
    assert_eq!(shown(guide), expected.into());
}

#[test]
#[should_panic(expected = "a block of rust names no file")]
fn code_that_is_no_file_is_refused() {
    shown("```rust\none\n```\n");
}

#[test]
fn the_first_line_that_differs_is_named() {
    let file = |text: &str| BTreeMap::from([("a".to_owned(), text.to_owned())]);
    assert!(differences(&file("one\ntwo\n"), &file("one\ntwo\n")).is_empty());
    assert_eq!(
        differences(&file("one\ntwo\n"), &file("one\nthree\n")),
        ["a: line 2 is Some(\"two\"), and in the example Some(\"three\")"]
    );
    assert_eq!(differences(&file("one\n"), &file("one\ntwo\n")).len(), 1);
    assert_eq!(differences(&file("one\n"), &BTreeMap::new()), ["a is not in the example"]);
    assert_eq!(differences(&BTreeMap::new(), &file("one\n")), ["a is not shown"]);
}
