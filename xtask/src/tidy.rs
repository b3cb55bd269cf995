//! The rules of the house, as tests: what a reader may rely on without looking.

mod edges;
mod guides;
mod names;
mod pages;
mod source;
mod tree;

use std::{
    fs,
    path::{Path, PathBuf},
};

use source::Source;

use crate::project;

/// The longest function, in lines from `fn` to its closing brace.
const LONGEST_FUNCTION: usize = 60;

/// Half of a crate's functions are at most this long, and nine of ten at most that.
const MEDIAN_FUNCTION: usize = 8;
const NINE_OF_TEN_FUNCTIONS: usize = 25;

/// The most lines of code in a file; comments and tests are not counted.
const LONGEST_FILE: usize = 400;

/// The files that may look into a secret value, each with its reason.
const MAY_REVEAL: &[(&str, &str)] = &[
    ("crates/eso-admission/src/answer.rs", "a Secret is filled before it is stored"),
    ("crates/eso-aws/src/auth/keys.rs", "keys are handed to the SDK, which signs with them"),
    ("crates/eso-aws/src/auth/web_identity.rs", "a service account's token is sent to log in"),
    ("crates/eso-aws/src/parameter_store/write.rs", "a value is written to the store"),
    (
        "crates/eso-aws/src/secrets_manager/policy.rs",
        "a policy that stands in a Secret is put on what is pushed",
    ),
    ("crates/eso-aws/src/secrets_manager/write.rs", "a value is written to the store"),
    ("crates/eso-kube/src/apply/body.rs", "a target is written"),
    ("crates/eso-kube/src/apply/generic/body.rs", "a target of another kind is written"),
    ("crates/eso-plan/src/decoding.rs", "a value is decoded"),
    ("crates/eso-plan/src/digest.rs", "the original's hash over the entries"),
    ("crates/eso-plan/src/filled.rs", "a value is searched for references, by whoever is to fill them"),
    ("crates/eso-plan/src/filled/fingerprints.rs", "values are hashed with a key that nobody else has"),
    ("crates/eso-plan/src/naming.rs", "values are measured: rewrites may make them grow"),
    ("crates/eso-plan/src/naming/merge.rs", "values that are JSON objects are merged"),
    ("crates/eso-plan/src/property.rs", "a property is looked up"),
    ("crates/eso-plan/src/push/decide.rs", "what is pushed is compared with what the store holds"),
    ("crates/eso-plan/src/push/content.rs", "a whole Secret becomes a JSON object"),
    ("crates/eso-plan/src/push/seed.rs", "values are hashed with a key that is gone with the process"),
    (
        "crates/eso-plan/src/render.rs",
        "values are measured, and hashed with a key that is gone with the process",
    ),
    ("crates/eso-plan/src/render/values.rs", "values are measured: a Secret holds only so much"),
    ("crates/eso-plan/src/template/apply.rs", "templates are rendered over values"),
    ("crates/eso-testkit/src/memory/writer.rs", "the store in memory looks whether a value is a document"),
    ("crates/eso-vault/src/auth.rs", "a credential is sent to log in"),
    ("crates/eso-vault/src/auth/gcp/signature.rs", "a service account's key signs a token"),
    ("crates/eso-vault/src/http.rs", "a token is sent with each request"),
    ("crates/eso-vault/src/http/identity.rs", "a client certificate's key is handed to the HTTP client"),
    ("crates/eso-vault/src/write/body.rs", "a value is written to the store"),
    ("docs/examples/embedded/src/disk.rs", "a file is written"),
    ("operator/src/commands/render/target.rs", "eso render prints a target"),
];

#[test]
fn every_file_opens_with_what_it_is_for() {
    let silent = sources().into_iter().filter(|source| !source.opens_with_doc).map(|source| source.path);
    none("does not open with `//!`", silent);
}

#[test]
fn no_function_is_long() {
    none(
        "is longer than 60 lines",
        sources().iter().flat_map(|source| source.longer_functions(LONGEST_FUNCTION)),
    );
}

#[test]
fn most_functions_are_short() {
    let mut lengths: Vec<_> = sources().iter().flat_map(Source::function_lengths).collect();
    lengths.sort_unstable();
    let at = |share: usize| lengths[(lengths.len() - 1) * share / 100];
    assert!(at(50) <= MEDIAN_FUNCTION, "half of the functions are longer than {} lines", at(50));
    assert!(at(90) <= NINE_OF_TEN_FUNCTIONS, "a tenth of the functions is longer than {} lines", at(90));
}

#[test]
fn no_file_is_long() {
    let long = sources().into_iter().filter(|source| source.lines_of_code > LONGEST_FILE);
    none("has more than 400 lines of code", long.map(|source| source.path));
}

#[test]
fn values_are_revealed_in_a_few_files_only() {
    let revealing: Vec<_> =
        sources().into_iter().filter(|source| source.reveals).map(|source| source.path).collect();
    let known = |path: &String| MAY_REVEAL.iter().any(|(known, _reason)| known == path);
    none(
        "looks into a secret value, and is not on the list",
        revealing.iter().filter(|path| !known(path)).cloned(),
    );
    let idle = MAY_REVEAL.iter().filter(|(path, _reason)| !revealing.iter().any(|found| found == path));
    none(
        "is on the list of files that look into secret values, and does not",
        idle.map(|(path, _)| (*path).to_owned()),
    );
}

/// Every source of the workspace.
fn sources() -> Vec<Source> {
    let root = project::root();
    let mut paths = Vec::new();
    for folder in ["crates", "docs/examples", "operator", "xtask"] {
        collect(&root.join(folder), "rs", &mut paths);
    }
    assert!(paths.len() > 50, "the sources must be found");
    paths.iter().map(|path| Source::read(root, path)).collect()
}

/// The files below a folder whose names end so, in order.
fn collect(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a folder must be readable").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}

/// Fails with a line for each thing that is found.
#[track_caller]
fn none(what: &str, found: impl IntoIterator<Item = String>) {
    let lines: Vec<_> = found.into_iter().map(|place| format!("\n  {place} {what}")).collect();
    assert!(lines.is_empty(), "{}", lines.concat());
}
