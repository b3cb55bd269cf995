//! Which reports are news to an object of the older group.

use eso_plan::observed::Record;
use serde_json::{Value, json};

use super::*;

fn object(status: Value) -> Older {
    serde_json::from_value(json!({
        "apiVersion": "kubernetes-client.io/v1", "kind": "ExternalSecret",
        "metadata": { "name": "app", "namespace": "demo", "generation": 3 },
        "spec": { "backendType": "secretsManager", "dataFrom": ["db"] },
        "status": status,
    }))
    .unwrap()
}

fn report(is_good: bool, message: &str) -> Report {
    let condition = Some((is_good, "reason".to_owned(), message.to_owned()));
    let record = Record { condition, ..Record::default() };
    Report { record, binding: None, events: Vec::new(), write: true }
}

#[track_caller]
fn check(status: Value, report: &Report, expected: bool) {
    assert_eq!(is_no_news(&object(status.clone()), report), expected, "{status} {report:?}");
}

#[test]
fn a_failure_that_is_written_down_is_no_news_whenever_that_was() {
    let failure = report(false, "could not get secret data from provider: it  is\nso");
    let status = |said: &str, generation: i64| json!({ "lastSync": "2026-01-01T00:00:00.000Z", "status": said, "observedGeneration": generation });
    check(status("ERROR, it is so", 3), &failure, true);
    check(status("ERROR, it is so", 2), &failure, false);
    check(status("ERROR, it was so", 3), &failure, false);
    check(status("SUCCESS", 3), &failure, false);
    check(json!({}), &failure, false);
}

#[test]
fn a_success_may_always_be_written_again() {
    let status = json!({ "status": "SUCCESS", "observedGeneration": 3 });
    check(status, &report(true, "secret synced"), false);
}

#[test]
fn a_status_counts_as_ready_or_not_once_it_says_anything() {
    let said = |said: Option<&str>| ExternalSecretStatus {
        status: said.map(str::to_owned),
        ..ExternalSecretStatus::default()
    };
    assert_eq!(ready(&said(None)), None);
    assert_eq!(ready(&said(Some("SUCCESS"))), Some(Ready::True));
    assert_eq!(ready(&said(Some("ERROR, no"))), Some(Ready::False));
}
