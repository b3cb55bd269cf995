//! The whole list of the original's flags: each is taken with its default, and what decides nothing is known.

use std::{collections::BTreeSet, fs, path::Path};

use clap::{CommandFactory as _, Parser as _};

use super::FLAGS;
use crate::args::Args;

/// The flags of the original's controller with their defaults, as its release 2.9.0 has them.
const ORIGINAL: &[(&str, &str)] = &[
    ("metrics-addr", ":8080"),
    ("metrics-auth", "false"),
    ("metrics-secure", "false"),
    ("metrics-cert-dir", ""),
    ("metrics-cert-name", "tls.crt"),
    ("metrics-key-name", "tls.key"),
    ("controller-class", "default"),
    ("enable-leader-election", "false"),
    ("leader-election-id", "external-secrets-controller"),
    ("leader-election-lease-duration", "15s"),
    ("leader-election-renew-deadline", "10s"),
    ("leader-election-retry-period", "2s"),
    ("concurrent", "1"),
    ("client-qps", "50"),
    ("client-burst", "100"),
    ("live-addr", ":8082"),
    ("loglevel", "info"),
    ("zap-time-encoding", "epoch"),
    ("namespace", ""),
    ("enable-cluster-store-reconciler", "true"),
    ("enable-secret-store-reconciler", "true"),
    ("enable-cluster-external-secret-reconciler", "true"),
    ("enable-cluster-push-secret-reconciler", "true"),
    ("enable-push-secret-reconciler", "true"),
    ("enable-secrets-caching", "false"),
    ("enable-configmaps-caching", "false"),
    ("enable-managed-secrets-caching", "true"),
    ("enable-secret-api-read-on-cache-mismatch", "true"),
    ("store-requeue-interval", "5m0s"),
    ("enable-flood-gate", "true"),
    ("enable-generator-state", "true"),
    ("enable-extended-metric-labels", "false"),
    ("enable-http2", "false"),
    ("unsafe-allow-generic-targets", "false"),
    ("generator-gc-grace-period", "2m0s"),
    ("template-left-delimiter", "{{"),
    ("template-right-delimiter", "}}"),
    ("enable-vault-token-cache", "false"),
    ("vault-token-cache-size", "262144"),
    ("experimental-enable-vault-token-cache", "false"),
    ("experimental-vault-token-cache-size", "262144"),
    ("pulumi-oidc-cache-size", "262144"),
    ("experimental-enable-doppler-oidc-cache", "false"),
    ("experimental-doppler-oidc-cache-size", "262144"),
    ("doppler-etag-cache-size", "262144"),
    ("mysterybox-tokens-cache-size", "100"),
    ("mysterybox-connections-cache-size", "100"),
];

fn parse(flags: &[String]) -> Args {
    let words = ["eso".to_owned()].into_iter().chain(flags.iter().cloned());
    Args::try_parse_from(words).unwrap_or_else(|error| panic!("{flags:?}: {error}"))
}

#[track_caller]
fn given(flags: &[&str], expected: &[&str]) {
    let flags: Vec<String> = flags.iter().map(ToString::to_string).collect();
    let given: Vec<&str> = parse(&flags).accepted.given().iter().map(|flag| flag.name).collect();
    assert_eq!(given, expected, "{flags:?}");
}

#[test]
fn every_flag_of_the_original_is_taken_with_its_default() {
    for (name, default) in ORIGINAL {
        parse(&[format!("--{name}={default}")]);
        if ["true", "false"].contains(default) {
            parse(&[format!("--{name}"), "--concurrent=1".to_owned()]);
        } else if !default.is_empty() {
            parse(&[format!("--{name}"), (*default).to_owned()]);
        }
    }
    let all: Vec<String> = ORIGINAL.iter().map(|(name, default)| format!("--{name}={default}")).collect();
    parse(&all);
}

#[test]
fn each_that_decides_nothing_is_the_originals() {
    // Of earlier releases.
    let earlier = ["doppler-oidc-cache-size", "experimental-enable-aws-session-cache"];
    let known: BTreeSet<&str> = ORIGINAL.iter().map(|(name, _)| *name).chain(earlier).collect();
    let foreign: Vec<&str> =
        FLAGS.iter().map(|flag| flag.name).filter(|name| !known.contains(name)).collect();
    assert_eq!(foreign, Vec::<&str>::new());
}

#[test]
fn what_decides_nothing_is_known_where_it_is_given() {
    given(&[], &[]);
    given(&["--concurrent=1", "--enable-flood-gate=false"], &["enable-flood-gate"]);
    given(&["--vault-token-cache-size", "5", "--enable-http2"], &["enable-http2", "vault-token-cache-size"]);
}

#[test]
fn a_value_that_the_original_refuses_is_refused() {
    for flag in
        ["--enable-flood-gate=maybe", "--vault-token-cache-size=many", "--generator-gc-grace-period=2"]
    {
        assert!(Args::try_parse_from(["eso", flag]).is_err(), "{flag}");
    }
}

#[test]
fn what_the_chart_says_is_understood_and_decides_something() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../xtask/tests/chart");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let goldens: Vec<_> = files.filter(|path| path.to_string_lossy().ends_with(".golden.yaml")).collect();
    assert!(goldens.len() >= 4, "{goldens:?}");
    for golden in goldens {
        let documents: Vec<serde_json::Value> =
            serde_saphyr::from_multiple(&fs::read_to_string(&golden).unwrap()).unwrap();
        let deployment = documents.iter().find(|document| document["kind"] == "Deployment").unwrap();
        let flags = deployment["spec"]["template"]["spec"]["containers"][0]["args"].as_array().unwrap();
        let flags: Vec<String> = flags.iter().map(|flag| flag.as_str().unwrap().to_owned()).collect();
        let idle: Vec<&str> = parse(&flags).accepted.given().iter().map(|flag| flag.name).collect();
        let expected: &[&str] = match flags.iter().any(|flag| flag == "--enable-flood-gate") {
            // What somebody gave by extraArgs.
            true => &["enable-flood-gate"],
            false => &[],
        };
        assert_eq!(idle, expected, "{}", golden.display());
    }
}

#[test]
fn they_stand_apart_in_the_help() {
    let command = Args::command();
    let apart = command.get_arguments().filter(|flag| flag.get_help_heading() == Some(super::HEADING));
    assert_eq!(apart.count(), FLAGS.len());
}
