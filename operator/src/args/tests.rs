//! Flags: the original's are taken, and what makes no sense is not.

use std::{num::NonZeroUsize, time::Duration};

use clap::{CommandFactory as _, Parser as _, error::ErrorKind};

use super::{Args, Command, LogFormat, LogLevel};

fn parse(flags: &[&str]) -> Result<Args, ErrorKind> {
    Args::try_parse_from([&["eso"], flags].concat()).map_err(|error| error.kind())
}

#[track_caller]
fn check<T: PartialEq + std::fmt::Debug>(flags: &[&str], read: impl Fn(&Args) -> T, expected: T) {
    let args = parse(flags).unwrap_or_else(|error| panic!("{flags:?}: {error}"));
    assert_eq!(read(&args), expected, "{flags:?}");
}

#[track_caller]
fn refused(flags: &[&str]) {
    assert!(parse(flags).is_err(), "{flags:?}");
}

#[test]
fn the_definition_is_sound() {
    Args::command().debug_assert();
}

#[test]
fn without_flags_it_runs_the_operator() {
    check(&[], |args| args.command.clone(), None);
    check(&[], |args| args.concurrent.get(), 512);
    check(&[], |args| (args.loglevel, args.log_format), (LogLevel::Info, LogFormat::Json));
    check(&[], |args| args.status_heartbeat, Duration::from_secs(600));
    check(
        &[],
        |args| (args.controller_class.clone(), args.namespace.clone()),
        ("default".into(), String::new()),
    );
    check(&["codegen"], |args| args.command.clone(), Some(Command::Codegen));
}

#[test]
fn the_flags_of_the_originals_chart_are_taken() {
    let flags = [
        "--concurrent=1",
        "--metrics-addr=:8080",
        "--live-addr=:8082",
        "--loglevel=info",
        "--zap-time-encoding=epoch",
        "--controller-class=team",
        "--namespace=apps",
        "--store-requeue-interval=5m0s",
        "--client-qps=50",
        "--client-burst=100",
    ];
    check(&flags, |args| args.concurrent, NonZeroUsize::MIN);
    check(&flags, |args| args.store_requeue_interval, Duration::from_secs(300));
    check(&flags, |args| (args.client_qps, args.client_burst), (50, 100));
}

#[test]
fn a_switch_is_written_as_for_go() {
    let read = |args: &Args| args.enable_cluster_external_secret_reconciler;
    check(&[], read, true);
    check(&["--enable-cluster-external-secret-reconciler"], read, true);
    check(&["--enable-cluster-external-secret-reconciler", "--concurrent=1"], read, true);
    for (text, expected) in [("true", true), ("false", false), ("TRUE", true), ("F", false), ("0", false)] {
        check(&[&format!("--enable-cluster-external-secret-reconciler={text}")], read, expected);
    }
    refused(&["--enable-cluster-external-secret-reconciler=maybe"]);
    check(&[], |args| args.enable_push_secret_reconciler, true);
    check(&["--enable-push-secret-reconciler=false"], |args| args.enable_push_secret_reconciler, false);
    check(&[], |args| args.enable_cluster_push_secret_reconciler, true);
    let off = ["--enable-cluster-push-secret-reconciler=false"];
    check(&off, |args| args.enable_cluster_push_secret_reconciler, false);
    check(&[], |args| args.unsafe_allow_generic_targets, false);
    check(&["--unsafe-allow-generic-targets"], |args| args.unsafe_allow_generic_targets, true);
}

#[test]
fn durations_are_gos_and_not_negative() {
    check(&["--status-heartbeat=0"], |args| args.status_heartbeat, Duration::ZERO);
    check(&["--status-heartbeat=1h30m"], |args| args.status_heartbeat, Duration::from_secs(5400));
    refused(&["--status-heartbeat=-1s"]);
    refused(&["--status-heartbeat=10"]);
    refused(&["--store-requeue-interval=soon"]);
}

#[test]
fn log_levels_are_the_originals() {
    check(&["--loglevel=debug"], |args| args.loglevel, LogLevel::Debug);
    check(&["--loglevel=DEBUG"], |args| args.loglevel, LogLevel::Debug);
    for level in ["error", "dpanic", "panic", "fatal"] {
        check(&["--loglevel", level], |args| args.loglevel, LogLevel::Error);
    }
    refused(&["--loglevel=loud"]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    refused(&["--concurrent=0"]);
    refused(&["--metrics-addr=8080"]);
    refused(&["--metrics-addr=:many"]);
    refused(&["--client-qps=-1"]);
    refused(&["--enable-everything"]);
}

#[tokio::test]
async fn an_address_is_bound_as_go_binds_it() {
    for (text, loopback) in [(":0", true), ("127.0.0.1:0", true), ("[::1]:0", false), ("localhost:0", true)] {
        let address: super::ListenAddress = text.parse().unwrap();
        // A machine without IPv6 cannot bind the third; the others it must.
        let bound = address.bind().await;
        assert!(bound.is_ok() || !loopback, "{text}: {bound:?}");
        assert!(bound.is_err() || bound.unwrap().is_some(), "{text}");
    }
    let none: super::ListenAddress = "0".parse().unwrap();
    assert!(none.bind().await.unwrap().is_none());
}

#[test]
fn admission_is_served_where_it_is_asked_for_and_its_secret_is_named_as_its_service() {
    check(&[], |args| args.webhook.webhook_enable, false);
    check(&["--webhook-enable"], |args| args.webhook.webhook_enable, true);
    check(&["--webhook-enable=false"], |args| args.webhook.webhook_enable, false);
    let secret = |args: &Args| args.webhook.secret_name().to_owned();
    check(&[], secret, "external-secrets-webhook".into());
    check(&["--webhook-service-name=hooks"], secret, "hooks".into());
    check(
        &["--webhook-service-name=hooks", "--webhook-secret-name=certificates"],
        secret,
        "certificates".into(),
    );
    check(&[], |args| args.webhook.webhook_timeout, Duration::from_secs(9));
    refused(&["--webhook-certificates=somebody"]);
}

#[test]
fn a_migration_reads_files_or_the_cluster_and_moves_nothing_without_a_backup() {
    let taken = |flags: &[&str]| parse(&[&["migrate"], flags].concat()).is_ok();
    let cluster = "--from-cluster";
    for flags in [
        &["a.yaml", "-"][..],
        &[cluster],
        &["a", "--strict", "--without-permits"],
        &[cluster, "--apply", "--backup", "older.yaml", "--without-permits"],
    ] {
        assert!(taken(flags), "{flags:?}");
    }
    for flags in [
        &[][..],
        &["a.yaml", cluster],
        &[cluster, "--apply"],
        &["a.yaml", "--apply", "--backup", "older.yaml"],
        &[cluster, "--backup", "older.yaml"],
        &[cluster, "--apply", "--strict", "--backup", "older.yaml"],
    ] {
        assert!(!taken(flags), "{flags:?}");
    }
}
