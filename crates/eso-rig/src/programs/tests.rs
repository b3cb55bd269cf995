//! Tests of `programs`: the order in which places are searched.

use std::{fs, os::unix::fs::PermissionsExt};

use tempfile::TempDir;

use super::*;

/// Folders to put programs into, and the environment that names them.
struct Machine {
    folder: TempDir,
    environment: Environment,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let path = std::env::join_paths([at("first"), at("second")]).unwrap();
        let environment = Environment { assets: Some(at("assets")), path, cache: at("cache") };
        Self { folder, environment }
    }

    /// A program that says `says` when it is asked for its version.
    fn with(self, place: &str, program: Program, says: &str) -> Self {
        self.with_file(place, program.file_name(), says)
    }

    fn with_file(self, place: &str, name: &str, says: &str) -> Self {
        let path = self.folder.path().join(place).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{says}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn cached(self, program: Program) -> Self {
        let key = match Source::of(program) {
            Source::Go(program) => program.key(),
            Source::Python(package) => package.key(&self.environment).unwrap(),
        };
        self.with(&format!("cache/{key}"), program, "")
    }

    #[track_caller]
    fn check(&self, program: Program, expected: Option<&str>) {
        let found = search(&self.environment, program);
        let found = found.map(|path| path.strip_prefix(self.folder.path()).unwrap().to_owned());
        let place = found.as_ref().map(|path| path.iter().next().unwrap().to_str().unwrap());
        assert_eq!(place, expected, "{found:?}");
    }
}

const NEW: &str = "echo Kubernetes v1.35.1";

#[test]
fn assets_come_before_path_and_path_before_the_cache() {
    let program = Program::KubeApiserver;
    Machine::new().check(program, None);
    Machine::new().cached(program).check(program, Some("cache"));
    Machine::new().cached(program).with("second", program, NEW).check(program, Some("second"));
    let machine = Machine::new().cached(program).with("second", program, NEW).with("first", program, NEW);
    machine.check(program, Some("first"));
    machine.with("assets", program, NEW).check(program, Some("assets"));
}

#[test]
fn a_program_that_is_too_old_or_does_not_run_is_passed_over() {
    let program = Program::KubeApiserver;
    for useless in ["echo Kubernetes v1.32.9", "exit 127", "echo no version is set", "echo 'v1'"] {
        let machine = Machine::new().with("assets", program, useless).with("first", program, useless);
        machine.check(program, None);
        machine.with("second", program, NEW).check(program, Some("second"));
    }
}

#[test]
fn what_was_fetched_by_python_and_runs_without_it_is_found_without_it() {
    Machine::new().cached(Program::OpenBao).check(Program::OpenBao, Some("cache"));
}

#[test]
fn moto_is_never_taken_from_path() {
    Machine::new().with("first", Program::Moto, "echo 5.2.5").check(Program::Moto, None);
}

#[test]
fn a_missing_prerequisite_is_named_with_its_command_before_anything_is_fetched() {
    for program in Program::ALL.into_iter().chain(Program::NODE) {
        let error = Plan::new(Machine::new().environment, &[program]).unwrap_err().to_string();
        assert!(error.contains("apt-get install -y python3 python3-venv python3-pip"), "{error}");
    }
}

#[test]
fn a_server_that_cannot_be_had_is_an_error_that_names_it() {
    // Both are there, as on a machine without a network, and nothing can be had with them.
    let go = "test \"$1\" = version && echo go version go1.26.8 linux/amd64 || exit 1";
    let python = "test \"$1\" = -c && echo 3.12 || exit 1";
    for program in Program::ALL.into_iter().chain(Program::NODE) {
        let machine = Machine::new().with_file("first", "go", go).with_file("first", "python3", python);
        let plan = Plan::new(machine.environment.clone(), &[program]).unwrap();
        let error = plan.announce_and_carry_out(&OneLine).unwrap_err().to_string();
        let step = Source::of(program).step().name;
        assert_eq!(error, format!("{step} cannot be had"));
        assert!(search(&machine.environment, program).is_none());
    }
}

#[test]
fn nothing_is_planned_where_everything_is_there() {
    let machine = Machine::new().with("first", Program::Etcd, "echo etcd Version: 3.6.8");
    let plan = Plan::new(machine.environment.clone(), &[Program::Etcd]).unwrap();
    assert_eq!(plan.steps(), []);
    plan.announce_and_carry_out(&Unasked).unwrap();
}

/// Is told nothing.
struct Unasked;

impl Progress for Unasked {
    fn announced(&self, steps: &[Step]) {
        panic!("{steps:?} was announced");
    }

    fn began(&self, step: &Step) {
        panic!("{step:?} began");
    }

    fn goes_on(&self, _: &Step, _: std::time::Duration, _: &str) {}

    fn finished(&self, _: &Step, _: std::time::Duration) {}
}

#[track_caller]
fn says(text: &str, expected: Option<Version>) {
    assert_eq!(version_in(text), expected, "{text}");
}

#[test]
fn a_version_is_read_from_what_each_program_says() {
    says("Kubernetes v1.36.3", Some((1, 36)));
    says("Client Version: v1.36.3\nKustomize Version: v5.7.1", Some((1, 36)));
    says("etcd Version: 3.6.8\nGit SHA: Not provided", Some((3, 6)));
    says("OpenBao v2.7.2 (9e0a0d3c3504a0a00b45e61355afac5e35c78379), committed 2026", Some((2, 7)));
    says("go version go1.26.8 linux/amd64", Some((1, 26)));
    says("command not found", None);
    says("", None);
}
