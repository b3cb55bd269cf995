//! Statuses as the older controller wrote them, and what they say to us.

use serde_json::json;

use super::{super::tests::*, *};
use crate::{
    fixtures::{in_step, minute},
    status::malformed,
};

fn report(condition: Option<(bool, String, String)>) -> Report {
    let record =
        Record { condition, refreshed: Some(minute(0)), revision: Some("3".to_owned()), kind: Kind::Secret };
    Report { record, binding: None, events: Vec::new(), write: true }
}

#[track_caller]
fn check(condition: Option<(bool, String, String)>, expected: Option<&str>) {
    let status = status(&report(condition), minute(1), Some(3));
    let expected = ExternalSecretStatus {
        last_sync: Some("2026-01-01T00:01:00.000Z".to_owned()),
        status: expected.map(str::to_owned),
        observed_generation: Some(3),
    };
    assert_eq!(status, expected);
}

#[test]
fn a_status_is_success_or_an_error_on_one_line() {
    check(Some(synced_condition()), Some("SUCCESS"));
    check(Some(failed_condition("it\n\tis  so")), Some("ERROR, it is so"));
    check(None, None);
}

/// What a status says that was written for a report.
fn read(report: &Report) -> Record {
    let mut object = object(secrets_manager(json!({})));
    object.status = Some(status(report, minute(0), Some(3)));
    record(&object)
}

#[test]
fn what_is_written_is_read_again() {
    let success = report(Some(synced_condition()));
    assert_eq!(read(&success), success.record);
    let failure = report(Some(failed_condition("could not update secret: it is wrong")));
    assert_eq!(read(&failure).condition, failure.record.condition);
}

#[test]
fn an_error_says_what_is_wrong_and_nothing_before_it() {
    let refused = malformed(&Record::default(), "backendType akeyless is not supported");
    check(refused.record.condition, Some("ERROR, backendType akeyless is not supported"));
}

#[test]
fn a_failed_attempt_is_no_read() {
    let record = read(&report(Some(failed_condition("no"))));
    assert_eq!((record.refreshed, record.revision), (None, None));
}

#[test]
fn success_is_what_the_engine_calls_in_step() {
    assert_eq!(Some(synced_condition()), in_step().record.condition);
}

#[test]
fn a_status_of_nobody_says_nothing() {
    let mut object = object(secrets_manager(json!({})));
    assert_eq!(record(&object), Record::default());
    let status = ExternalSecretStatus { status: Some("Ready".to_owned()), ..ExternalSecretStatus::default() };
    object.status = Some(status);
    assert_eq!(record(&object), Record::default());
    let status = ExternalSecretStatus {
        status: Some("SUCCESS".to_owned()),
        last_sync: Some("yesterday".to_owned()),
        observed_generation: Some(2),
    };
    object.status = Some(status);
    let record = record(&object);
    assert_eq!((record.refreshed, record.revision.as_deref()), (None, Some("2")));
}
