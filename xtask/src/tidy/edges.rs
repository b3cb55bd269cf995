//! Which crate may use which: the architecture, held against what cargo says.

use std::collections::{BTreeMap, BTreeSet};

use crate::project;

/// What each crate uses of ours. There are no other edges.
const EDGES: &[(&str, &[&str])] = &[
    ("eso-core", &[]),
    ("eso-template", &[]),
    ("eso-plan", &["eso-core", "eso-template"]),
    ("eso-sync", &["eso-core", "eso-plan"]),
    ("eso-admission", &["eso-core", "eso-plan", "eso-sync"]),
    ("eso-aws", &["eso-core"]),
    ("eso-vault", &["eso-core"]),
    ("eso-fake", &["eso-core"]),
    ("eso-kube", &["eso-core", "eso-plan", "eso-sync", "eso-template"]),
    ("eso-testkit", &["eso-core"]),
    ("eso-rig", &[]),
    (
        "external-secrets",
        &[
            "eso-admission",
            "eso-aws",
            "eso-core",
            "eso-fake",
            "eso-kube",
            "eso-plan",
            "eso-sync",
            "eso-vault",
        ],
    ),
    ("xtask", &["eso-rig"]),
    // The examples use what a program outside of this repository would.
    ("embedded", &["eso-core", "eso-fake", "eso-plan", "eso-sync"]),
    ("own-provider", &["eso-core", "external-secrets"]),
];

/// What the tests of any crate may use besides.
const FOR_TESTS: [&str; 2] = ["eso-rig", "eso-testkit"];

#[test]
fn the_edges_are_those_of_the_table() {
    let expected: BTreeMap<String, BTreeSet<String>> = EDGES
        .iter()
        .map(|(name, uses)| ((*name).to_owned(), uses.iter().map(ToString::to_string).collect()))
        .collect();
    assert_eq!(edges(|kind| kind != "dev"), expected);
}

#[test]
fn tests_use_nothing_of_ours_besides_but_rig_and_testkit() {
    for (name, used) in edges(|kind| kind == "dev") {
        let foreign: Vec<_> = used.iter().filter(|name| !FOR_TESTS.contains(&name.as_str())).collect();
        assert!(foreign.is_empty(), "the tests of {name} use {foreign:?}");
    }
}

#[test]
fn a_crate_is_named_as_its_folder() {
    for package in project::metadata().unwrap()["packages"].as_array().unwrap() {
        let (name, manifest) =
            (package["name"].as_str().unwrap(), package["manifest_path"].as_str().unwrap());
        // The operator's folder says what it is; its package has the name that the original's image has.
        let folder = if name == "external-secrets" { "operator" } else { name };
        assert!(manifest.ends_with(&format!("/{folder}/Cargo.toml")), "{name} lies in {manifest}");
    }
}

/// The edges between our crates whose kind (`normal`, `build`, `dev`) is wanted.
fn edges(wanted: impl Fn(&str) -> bool) -> BTreeMap<String, BTreeSet<String>> {
    let metadata = project::metadata().unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let ours: BTreeSet<_> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    let uses = |package: &serde_json::Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let wanted =
            dependencies.filter(|dependency| wanted(dependency["kind"].as_str().unwrap_or("normal")));
        let names = wanted.map(|dependency| dependency["name"].as_str().unwrap());
        names.filter(|name| ours.contains(name)).map(str::to_owned).collect()
    };
    packages.iter().map(|package| (package["name"].as_str().unwrap().to_owned(), uses(package))).collect()
}
