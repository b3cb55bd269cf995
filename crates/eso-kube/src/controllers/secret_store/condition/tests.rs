//! What a store's condition says, case by case.

use std::sync::Arc;

use eso_core::{
    api::{
        conditions::Condition,
        secret_store::{Capabilities, Provider, SecretStoreStatus},
    },
    provider::Notice,
};
use eso_plan::status::Event;
use eso_sync::store::{Backends, Store, StoreSettings};
use eso_testkit::memory::MemoryProvider;
use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;

use super::Verdict;
use crate::{
    stores::connection::{Failure, Stage, Standing},
    telemetry::Ready,
};

const THEN: i64 = 1_000;
const NOW: i64 = 2_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn ready(notice: Option<&str>) -> Standing {
    let store = Store::new(MemoryProvider::new(), StoreSettings::default(), &Backends::default());
    Standing::Ready { store: Arc::clone(&store), notice: notice.map(|text| Notice(text.to_owned())) }
}

fn failed(stage: Stage) -> Standing {
    Standing::Failed(Failure { stage, reason: "cannot".to_owned() })
}

fn unchecked() -> Standing {
    Standing::Unchecked { capabilities: Capabilities::ReadOnly }
}

fn verdict(standing: &Standing) -> Verdict {
    Verdict::of(standing, None).unwrap()
}

fn said(standing: &Standing) -> SecretStoreStatus {
    verdict(standing).status(&SecretStoreStatus::default(), at(THEN)).unwrap()
}

fn told(warning: bool, reason: &'static str, message: &str) -> Option<Event> {
    Some(Event { warning, reason, message: message.to_owned() })
}

#[track_caller]
fn check(standing: &Standing, expected: (Ready, &str, &str), news: (bool, &'static str, &str)) {
    let verdict = verdict(standing);
    let nothing = SecretStoreStatus::default();
    let status = verdict.status(&nothing, at(NOW)).unwrap();
    let [Condition { kind, status, reason, message, last_transition_time }] = status.conditions.as_slice()
    else {
        panic!("one condition");
    };
    let (ready, expected_reason, expected_message) = expected;
    assert_eq!((kind.as_str(), status), ("Ready", &ready.to_string()));
    assert_eq!(reason.as_deref(), Some(expected_reason));
    assert_eq!(message.as_deref(), Some(expected_message));
    assert_eq!(*last_transition_time, Some(at(NOW)));
    assert_eq!(verdict.ready(), ready);
    let (warning, reason, message) = news;
    assert_eq!(verdict.event(&nothing), told(warning, reason, message));
}

#[track_caller]
fn check_since(before: &Standing, after: &Standing, expected: i64) {
    let status = verdict(after).status(&said(before), at(NOW)).unwrap();
    assert_eq!(status.conditions[0].last_transition_time, Some(at(expected)));
}

#[test]
fn a_store_that_was_checked_is_valid_in_the_originals_words() {
    check(&ready(None), (Ready::True, "Valid", "store validated"), (false, "Valid", "store validated"));
}

#[test]
fn a_notice_is_appended() {
    let text = "store validated: the batch call is denied";
    check(&ready(Some("the batch call is denied")), (Ready::True, "Valid", text), (false, "Valid", text));
}

#[test]
fn a_failure_says_how_far_it_came_and_its_event_the_failure_alone() {
    let reason = "InvalidProviderConfig";
    let client = (Ready::False, reason, "unable to create client: cannot");
    check(&failed(Stage::Client), client, (true, reason, "cannot"));
    let validation = (Ready::False, reason, "unable to validate store: cannot");
    check(&failed(Stage::Validation), validation, (true, reason, "cannot"));
}

#[test]
fn a_store_that_logs_in_as_who_asks_is_unknown_and_on_aws_valid_as_in_the_original() {
    let text = "could not determine validation status";
    check(&unchecked(), (Ready::True, "ValidationUnknown", text), (false, "ValidationUnknown", text));
    let aws = json!({ "aws": { "service": "SecretsManager", "region": "r" } });
    let aws: Provider = serde_json::from_value(aws).unwrap();
    let verdict = Verdict::of(&unchecked(), Some(&aws)).unwrap();
    assert_eq!(verdict.event(&SecretStoreStatus::default()), told(false, "Valid", "store validated"));
}

#[test]
fn nothing_is_said_of_a_store_that_is_being_connected() {
    assert_eq!(Verdict::of(&Standing::Connecting { since: Instant::now() }, None), None);
}

#[test]
fn what_is_said_already_is_neither_written_nor_told_again() {
    for standing in [ready(None), ready(Some("a notice")), failed(Stage::Client), unchecked()] {
        let said = said(&standing);
        assert_eq!(verdict(&standing).status(&said, at(NOW)), None);
        assert_eq!(verdict(&standing).event(&said), None);
    }
}

#[test]
fn what_the_original_wrote_of_a_valid_store_is_left_as_it_is() {
    let written = json!({
        "capabilities": "ReadOnly",
        "conditions": [{
            "lastTransitionTime": "2026-11-22T03:55:21Z",
            "message": "store validated",
            "reason": "Valid",
            "status": "True",
            "type": "Ready"
        }]
    });
    let written: SecretStoreStatus = serde_json::from_value(written).unwrap();
    assert_eq!(verdict(&ready(None)).status(&written, at(NOW)), None);
}

#[test]
fn the_time_is_that_of_the_last_change_of_the_status_itself() {
    check_since(&ready(None), &ready(Some("a notice")), THEN);
    check_since(&failed(Stage::Client), &failed(Stage::Validation), THEN);
    check_since(&ready(None), &failed(Stage::Client), NOW);
    check_since(&failed(Stage::Client), &ready(None), NOW);
}

#[test]
fn conditions_of_others_and_the_capabilities_of_a_failing_store_stay() {
    let mut found = said(&ready(None));
    let mut other = found.conditions[0].clone();
    other.kind = "Other".to_owned();
    found.conditions.insert(0, other.clone());
    let status = verdict(&failed(Stage::Client)).status(&found, at(NOW)).unwrap();
    assert_eq!(status.capabilities, Some(Capabilities::ReadOnly));
    assert_eq!(status.conditions.len(), 2);
    assert_eq!(status.conditions[0], other);
}

#[test]
fn capabilities_that_are_not_written_yet_are_worth_a_write_and_no_event() {
    let mut found = said(&ready(None));
    found.capabilities = None;
    let status = verdict(&ready(None)).status(&found, at(NOW)).unwrap();
    assert_eq!(status.capabilities, Some(Capabilities::ReadOnly));
    assert_eq!(verdict(&ready(None)).event(&found), None);
}
