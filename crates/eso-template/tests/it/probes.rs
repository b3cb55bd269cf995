//! Every probe renders as in Go, and as in the original.
//!
//! `PROBES=strings cargo test -p eso-template --test it` compares the probes of one subject alone.

use std::{collections::BTreeMap, env, fs};

use serde::Deserialize;
use serde_json::Value;

use crate::golden::{Data, Probe, compare, folder, read};

/// What the original operator rendered.
#[derive(Debug, Deserialize)]
struct Original {
    sets: BTreeMap<String, Data>,
    probes: Vec<Probe>,
}

#[test]
fn probes_render_as_in_go() {
    let data: Data = read("data.json");
    let chosen = env::var("PROBES").ok();
    let subjects = subjects();
    let wanted = subjects.iter().filter(|subject| chosen.as_ref().is_none_or(|chosen| chosen == *subject));
    let probes: Vec<Probe> = wanted.flat_map(|subject| golden(subject)).collect();
    compare(probes.iter().map(|probe| (probe, &data)));
}

#[test]
fn probes_render_as_in_the_original() {
    let original: Original = read("golden/original.json");
    assert_eq!(original.probes.len(), 214);
    let of = |probe: &Probe| &original.sets[probe.set.as_deref().unwrap()];
    compare(original.probes.iter().map(|probe| (probe, of(probe))));
}

/// Of the functions that the original has beside sprig's there is no Go program: what they answer was written by hand,
/// mostly so that one is the way back of another.
#[test]
fn probes_of_its_own_functions_render_as_written() {
    let (probes, data): (Vec<Probe>, Data) = (read("own.json"), read("data.json"));
    compare(probes.iter().map(|probe| (probe, &data)));
}

#[test]
fn each_function_has_three_probes_and_one_that_fails() {
    let original: Original = read("golden/original.json");
    let own: Vec<Probe> = read("own.json");
    let golden = subjects().into_iter().flat_map(|subject| golden(&subject));
    let probes: Vec<Probe> = golden.chain(original.probes).chain(own).collect();
    assert!(probes.len() >= 1000, "there are {}", probes.len());
    let reference = eso_template::reference();
    let names = reference.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let lacking = names.filter(|name| {
        let of: Vec<_> = probes.iter().filter(|probe| probe.calls(name)).collect();
        of.len() < 3 || !of.iter().any(|probe| probe.fails())
    });
    assert_eq!(lacking.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn there_is_a_golden_file_for_each_file_of_probes() {
    for subject in subjects() {
        let path = folder().join(format!("golden/{subject}.json"));
        assert!(path.exists(), "{subject}: run `cargo xtask codegen templates`");
    }
}

/// The names of the files of probes.
fn subjects() -> Vec<String> {
    let files = fs::read_dir(folder().join("probes")).expect("there must be probes");
    let paths = files.map(|file| file.expect("a folder must be readable").path());
    paths.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect()
}

/// The probes of a golden file, without the notice at its begin.
fn golden(subject: &str) -> Vec<Probe> {
    let mut lines: Vec<Value> = read(&format!("golden/{subject}.json"));
    let notice = lines.remove(0);
    assert!(notice["generated"].is_string(), "{subject} must say how it is generated");
    lines.into_iter().map(|line| serde_json::from_value(line).expect("a line must be a probe")).collect()
}
