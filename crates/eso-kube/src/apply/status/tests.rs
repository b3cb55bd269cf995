//! Tests of `status`.

use eso_core::api::external_secret::ExternalSecretStatus;
use eso_plan::{observed::Record, status::Report};
use jiff::Timestamp;
use kube::api::Patch;
use serde_json::{Value, json};

use super::{patch, status};

const BEFORE: &str = "2026-11-22T03:55:21Z";
const NOW: &str = "2026-11-22T04:00:00.987Z";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn report(ready: bool, message: &str, binding: Option<&str>) -> Report {
    let reason = if ready { "SecretSynced" } else { "SecretSyncedError" };
    Report {
        record: Record {
            refreshed: Some(time("2026-11-22T03:59:59.5Z")),
            revision: Some("1-abc".to_owned()),
            condition: Some((ready, reason.to_owned(), message.to_owned())),
            ..Record::default()
        },
        binding: binding.map(str::to_owned),
        events: Vec::new(),
        write: true,
    }
}

fn before() -> Value {
    let ready = json!({
        "type": "Ready",
        "status": "True",
        "reason": "SecretSynced",
        "message": "secret synced",
        "lastTransitionTime": BEFORE,
    });
    let other = json!({ "type": "Other", "status": "True", "lastTransitionTime": BEFORE });
    json!({ "refreshTime": BEFORE, "conditions": [other, ready], "binding": { "name": "old" } })
}

#[track_caller]
fn written(before: Value, report: &Report) -> Value {
    let before: ExternalSecretStatus = serde_json::from_value(before).unwrap();
    serde_json::to_value(status(&before, report, time(NOW))).unwrap()
}

#[test]
fn a_first_status_is_the_golden_one() {
    let condition = json!({
        "lastTransitionTime": "2026-11-22T04:00:00Z",
        "message": "secret synced",
        "reason": "SecretSynced",
        "status": "True",
        "type": "Ready",
    });
    assert_eq!(
        written(json!({}), &report(true, "secret synced", Some("target"))),
        json!({
            "binding": { "name": "target" },
            "conditions": [condition],
            "refreshTime": "2026-11-22T03:59:59Z",
            "syncedResourceVersion": "1-abc",
        })
    );
}

#[test]
fn a_transition_is_dated_and_a_new_message_is_not() {
    let ready = |status: &Value| status["conditions"][1].clone();
    let same = written(before(), &report(true, "secret retained", None));
    assert_eq!(
        (&ready(&same)["lastTransitionTime"], &ready(&same)["message"]),
        (&json!(BEFORE), &json!("secret retained"))
    );
    let failed = written(before(), &report(false, "could not", None));
    assert_eq!(ready(&failed)["lastTransitionTime"], "2026-11-22T04:00:00Z");
    assert_eq!(ready(&failed)["status"], "False");
}

#[test]
fn what_the_report_does_not_know_stays() {
    let status = written(before(), &report(false, "could not", None));
    assert_eq!(status["binding"]["name"], "old");
    assert_eq!(status["conditions"][0]["type"], "Other");
    let silent = Report { record: Record::default(), ..report(true, "", None) };
    assert_eq!(written(before(), &silent)["conditions"], before()["conditions"]);
}

#[test]
fn a_status_goes_to_the_object_of_its_uid_and_to_no_other() {
    let Patch::Json(patch) = patch(Some("one"), &json!({ "conditions": [] })) else {
        panic!("only a JSON patch can name what it is meant for")
    };
    assert_eq!(
        serde_json::to_value(patch).unwrap(),
        json!([
            { "op": "test", "path": "/metadata/uid", "value": "one" },
            { "op": "add", "path": "/status", "value": { "conditions": [] } },
        ])
    );
}
