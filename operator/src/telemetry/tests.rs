//! Metrics against the original's, and the life of their series.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use eso_aws::Endpoints;
use eso_core::provider::CallObserver as _;
use eso_kube::{
    controllers::{Controller, Options},
    telemetry::{Kind, Ready, Subject, Telemetry as _},
};
use eso_sync::{
    engine::Cause,
    ports::{GroupId, ObjectId},
};
use jiff::{SignedDuration, Timestamp};
use kube::{Client, Config};

use super::{DESCRIPTIONS, Metrics, ROWS_AT_ONCE, Scrape, reference};
use crate::providers::Providers;

/// The names, types and texts that the original wrote, of the kinds that this version serves.
const GOLDEN: &str = include_str!("../../tests/golden/metrics.txt");

fn object(name: &str) -> Subject<'_> {
    Subject { kind: Kind::ExternalSecret, namespace: "demo", name }
}

fn metrics() -> Arc<Metrics> {
    Arc::new(Metrics::new())
}

/// The samples of a scrape, without the head.
fn samples(metrics: &Arc<Metrics>) -> Vec<String> {
    metrics.encode().lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

#[track_caller]
fn check(metrics: &Arc<Metrics>, expected: &[&str]) {
    let samples = samples(metrics);
    for line in expected {
        assert!(samples.iter().any(|sample| sample == line), "no {line} in {samples:#?}");
    }
}

#[test]
fn the_originals_metrics_have_its_names_types_and_texts() {
    let text = metrics().encode();
    let heads: Vec<_> = GOLDEN.lines().filter(|line| line.starts_with('#')).collect();
    assert_eq!(heads.len(), 14);
    for head in heads {
        assert!(text.lines().any(|line| line == head), "no {head:?} in {text}");
    }
}

#[test]
fn the_originals_series_have_its_labels() {
    let ours: BTreeMap<_, _> =
        DESCRIPTIONS.iter().map(|metric| (metric.name, metric.labels.to_vec())).collect();
    for line in GOLDEN.lines().filter(|line| !line.starts_with('#')) {
        let (name, rest) = line.split_once('{').unwrap();
        let (labels, _value) = rest.split_once('}').unwrap();
        let labels: Vec<_> = labels.split(',').map(|label| label.split_once('=').unwrap().0).collect();
        assert_eq!(ours[name], labels, "{name}");
    }
}

#[test]
fn older_objects_are_counted_under_the_names_of_their_controller() {
    let metrics = metrics();
    let old = Subject { kind: Kind::LegacyExternalSecret, ..object("app") };
    metrics.reconciled(old, true, Duration::ZERO);
    metrics.reconciled(old, false, Duration::ZERO);
    metrics.condition(old, Ready::False);
    let expected = [
        r#"kubernetes_external_secrets_sync_calls_count{name="app",namespace="demo",status="success"} 1.0"#,
        r#"kubernetes_external_secrets_sync_calls_count{name="app",namespace="demo",status="error"} 1.0"#,
        r#"kubernetes_external_secrets_last_sync_call_state{name="app",namespace="demo"} -1.0"#,
    ];
    check(&metrics, &expected);
    metrics.condition(old, Ready::True);
    check(
        &metrics,
        &[r#"kubernetes_external_secrets_last_sync_call_state{name="app",namespace="demo"} 1.0"#],
    );
}

#[test]
fn runs_and_failures_are_counted() {
    let metrics = metrics();
    metrics.reconciled(object("app"), true, Duration::from_micros(1500));
    metrics.reconciled(object("app"), false, Duration::from_micros(2500));
    let expected = [
        r#"externalsecret_sync_calls_total{name="app",namespace="demo"} 2.0"#,
        r#"externalsecret_sync_calls_error{name="app",namespace="demo"} 1.0"#,
        r#"externalsecret_reconcile_duration{name="app",namespace="demo"} 2500000.0"#,
    ];
    check(&metrics, &expected);
}

#[test]
fn an_object_that_never_failed_has_no_error_series() {
    let metrics = metrics();
    metrics.reconciled(object("app"), true, Duration::ZERO);
    assert!(!samples(&metrics).iter().any(|line| line.starts_with("externalsecret_sync_calls_error")));
}

#[test]
fn a_condition_is_a_series_for_true_and_one_for_false() {
    let metrics = metrics();
    let store = Subject { kind: Kind::SecretStore, namespace: "demo", name: "aws" };
    let line = |status: &str, value: &str| {
        format!(
            r#"secretstore_status_condition{{condition="Ready",name="aws",namespace="demo",status="{status}"}} {value}"#
        )
    };
    metrics.condition(store, Ready::False);
    check(&metrics, &[&line("True", "0.0"), &line("False", "1.0")]);
    metrics.condition(store, Ready::Unknown);
    check(&metrics, &[&line("True", "0.0"), &line("False", "0.0"), &line("Unknown", "1.0")]);
    metrics.condition(store, Ready::True);
    check(&metrics, &[&line("True", "1.0"), &line("False", "0.0")]);
    assert!(!samples(&metrics).contains(&line("Unknown", "1.0")));
}

#[test]
fn a_store_of_the_cluster_has_its_own_metrics() {
    let metrics = metrics();
    let store = Subject { kind: Kind::ClusterSecretStore, namespace: "", name: "aws" };
    metrics.reconciled(store, true, Duration::from_nanos(7));
    check(&metrics, &[r#"clustersecretstore_reconcile_duration{name="aws",namespace=""} 7.0"#]);
}

#[test]
fn a_cluster_external_secret_has_its_own_metrics() {
    let metrics = metrics();
    let object = Subject { kind: Kind::ClusterExternalSecret, namespace: "", name: "shared" };
    metrics.reconciled(object, true, Duration::from_nanos(7));
    metrics.condition(object, Ready::False);
    let expected = [
        r#"clusterexternalsecret_reconcile_duration{name="shared",namespace=""} 7.0"#,
        r#"clusterexternalsecret_status_condition{condition="Ready",name="shared",namespace="",status="False"} 1.0"#,
    ];
    check(&metrics, &expected);
}

#[test]
fn a_push_secret_has_its_own_metrics() {
    let metrics = metrics();
    let object = Subject { kind: Kind::PushSecret, namespace: "demo", name: "push" };
    metrics.reconciled(object, true, Duration::from_nanos(7));
    metrics.condition(object, Ready::True);
    let expected = [
        r#"pushsecret_reconcile_duration{name="push",namespace="demo"} 7.0"#,
        r#"pushsecret_status_condition{condition="Ready",name="push",namespace="demo",status="True"} 1.0"#,
    ];
    check(&metrics, &expected);
}

#[test]
fn a_cluster_push_secret_has_its_own_metrics() {
    let metrics = metrics();
    let object = Subject { kind: Kind::ClusterPushSecret, namespace: "", name: "shared" };
    metrics.reconciled(object, true, Duration::from_nanos(7));
    metrics.condition(object, Ready::False);
    let expected = [
        r#"clusterpushsecret_reconcile_duration{name="shared",namespace=""} 7.0"#,
        r#"clusterpushsecret_status_condition{condition="Ready",name="shared",namespace="",status="False"} 1.0"#,
    ];
    check(&metrics, &expected);
}

#[test]
fn calls_to_stores_are_counted_by_name_and_outcome() {
    let metrics = metrics();
    for succeeded in [true, false, true] {
        metrics.called("AWS/SecretsManager", "GetSecretValue", succeeded);
    }
    let line = |status: &str, count: &str| {
        format!(
            r#"externalsecret_provider_api_calls_count{{call="GetSecretValue",provider="AWS/SecretsManager",status="{status}"}} {count}"#
        )
    };
    check(&metrics, &[&line("success", "2.0"), &line("error", "1.0")]);
}

#[test]
fn the_age_of_data_grows_and_is_never_negative() {
    let metrics = metrics();
    let age = |metrics: &Arc<Metrics>| -> f64 {
        let samples = samples(metrics);
        let line = samples.iter().find(|line| line.starts_with("externalsecret_data_age_seconds")).unwrap();
        line.rsplit_once(' ').unwrap().1.parse().unwrap()
    };
    metrics.refreshed(object("app"), Timestamp::now() - SignedDuration::from_hours(2));
    assert!(age(&metrics) >= 7200.0);
    metrics.refreshed(object("app"), Timestamp::now() + SignedDuration::from_hours(2));
    assert_eq!(age(&metrics), 0.0);
}

#[test]
fn the_series_of_an_object_go_with_it() {
    let metrics = metrics();
    for name in ["app", "other"] {
        metrics.reconciled(object(name), false, Duration::ZERO);
        metrics.condition(object(name), Ready::True);
        metrics.refreshed(object(name), Timestamp::now());
    }
    metrics.forgotten(object("app"));
    let left = samples(&metrics);
    assert!(!left.iter().any(|line| line.contains(r#"name="app""#)), "{left:#?}");
    assert!(left.iter().any(|line| line.contains(r#"name="other""#)), "{left:#?}");
    metrics.forgotten(object("other"));
    metrics.forgotten(object("never-seen"));
    assert!(metrics.counts.lock().objects[&Kind::ExternalSecret].is_empty());
}

#[test]
fn dropped_events_are_counted() {
    let metrics = metrics();
    metrics.event_dropped();
    metrics.event_dropped();
    check(&metrics, &["eso_events_dropped_total 2.0"]);
}

#[test]
fn names_that_need_it_are_escaped() {
    let metrics = metrics();
    metrics.reconciled(object("a\"b\\c\nd"), true, Duration::ZERO);
    check(&metrics, &[r#"externalsecret_sync_calls_total{name="a\"b\\c\nd",namespace="demo"} 1.0"#]);
}

#[test]
fn the_reference_page_has_a_line_for_each_metric() {
    let page = reference();
    for metric in DESCRIPTIONS {
        assert!(page.contains(&format!("| `{}` |", metric.name)), "{}", metric.name);
    }
}

#[test]
fn every_row_is_copied_however_many_there_are() {
    let metrics = metrics();
    for number in 0..3 * ROWS_AT_ONCE {
        let (namespace, name) = (format!("n{}", number % 7), format!("app-{number}"));
        metrics.reconciled(
            Subject { kind: Kind::ExternalSecret, namespace: &namespace, name: &name },
            true,
            Duration::ZERO,
        );
    }
    for namespace in ["a", "z"] {
        metrics.reconciled(
            Subject { kind: Kind::SecretStore, namespace, name: "main" },
            true,
            Duration::ZERO,
        );
    }
    let samples = samples(&metrics);
    let runs = |name: &str| samples.iter().filter(|sample| sample.starts_with(name)).count();
    assert_eq!(runs("externalsecret_sync_calls_total{"), 3 * ROWS_AT_ONCE);
    assert_eq!(runs("secretstore_reconcile_duration{"), 2);
}

#[tokio::test]
async fn the_queues_of_all_engines_are_shown_together() {
    let nobody = Client::try_from(Config::new("http://127.0.0.1:1".parse().unwrap())).unwrap();
    let connect = Arc::new(Providers::new(Endpoints::default()));
    let controller = Controller::new(nobody, Options::default(), connect, Arc::new(()));
    let metrics = metrics();
    metrics.watch_queues(controller.handles().to_vec());
    for queue in controller.handles() {
        queue.wake(ObjectId(1), GroupId(1), Cause::Changed);
    }
    check(&metrics, &["eso_queue_ready{lane=\"changed\"} 2.0", "eso_queue_overdue_total 0.0"]);
}

#[test]
fn whoever_counts_does_not_wait_for_a_scrape() {
    let metrics = metrics();
    metrics.reconciled(object("app"), true, Duration::ZERO);
    let scrape = Scrape { counts: metrics.copy(), queues: Vec::new(), now: Timestamp::now() };
    // Were the text written under the lock, this would never end.
    let counting = metrics.counts.lock();
    assert!(scrape.text().contains("externalsecret_sync_calls_total{"));
    drop(counting);
}
