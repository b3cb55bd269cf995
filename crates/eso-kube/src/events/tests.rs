//! The lane of the events: bounded, paced, and without repeats.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use eso_core::provider::CallObserver;
use eso_plan::status::Event;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use kube::{Client, Config};
use tokio_util::sync::CancellationToken;

use super::{
    Events, LANE_LENGTH, LONGEST_MESSAGE, News, cut,
    recent::{Recent, Sent},
    written_out,
};
use crate::telemetry::{Ready, Subject, Telemetry};

/// Counts the events that were dropped.
#[derive(Debug, Default)]
struct Dropped(AtomicUsize);

impl CallObserver for Dropped {
    fn called(&self, _provider: &'static str, _call: &'static str, _succeeded: bool) {}
}

impl Telemetry for Dropped {
    fn reconciled(&self, _subject: Subject<'_>, _succeeded: bool, _took: Duration) {}
    fn condition(&self, _subject: Subject<'_>, _ready: Ready) {}
    fn refreshed(&self, _subject: Subject<'_>, _at: Timestamp) {}
    fn forgotten(&self, _subject: Subject<'_>) {}
    fn event_dropped(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A client of nobody: no test here sends anything.
fn client() -> Client {
    Client::try_from(Config::new("http://127.0.0.1:1".parse().unwrap())).unwrap()
}

fn publish(events: &Events, count: usize) {
    for _ in 0..count {
        let News { regarding, event } = news("store", "Valid", "store validated");
        events.publish(regarding, event);
    }
}

fn news(name: &str, reason: &'static str, message: &str) -> News {
    let regarding = ObjectReference {
        kind: Some("SecretStore".to_owned()),
        namespace: Some("demo".to_owned()),
        name: Some(name.to_owned()),
        ..ObjectReference::default()
    };
    News { regarding, event: Event { warning: true, reason, message: message.to_owned() } }
}

fn sent(name: &str) -> Sent {
    Sent { namespace: "demo".to_owned(), name: name.to_owned(), count: 1 }
}

#[track_caller]
fn check_cut(text: &str, longest: usize, expected: &str) {
    assert_eq!(cut(text, longest), expected);
}

#[test]
fn an_event_reads_as_the_originals() {
    let now: Timestamp = "2026-11-22T03:55:21.5Z".parse().unwrap();
    let event = serde_json::to_value(written_out(&news("aws", "UpdateFailed", "it failed"), now)).unwrap();
    assert_eq!(event["type"], "Warning");
    assert_eq!(event["reason"], "UpdateFailed");
    assert_eq!(event["message"], "it failed");
    assert_eq!(event["source"]["component"], "external-secrets");
    assert_eq!(event["reportingComponent"], "external-secrets");
    assert_eq!(event["involvedObject"]["name"], "aws");
    assert_eq!(event["metadata"]["namespace"], "demo");
    assert_eq!(event["count"], 1);
    let name = event["metadata"]["name"].as_str().unwrap();
    assert_eq!(name, format!("aws.{:x}", now.as_nanosecond()));
}

#[test]
fn an_event_about_an_object_of_the_cluster_lies_in_the_default_namespace() {
    let mut of_cluster = news("store", "Valid", "store validated");
    of_cluster.regarding.namespace = None;
    assert_eq!(
        written_out(&of_cluster, Timestamp::UNIX_EPOCH).metadata.namespace.as_deref(),
        Some("default")
    );
}

#[test]
fn the_longest_name_and_message_that_an_object_may_have_make_an_event_that_is_allowed() {
    let name = format!("{}.{}", "a".repeat(229), "b".repeat(23));
    let event = written_out(&news(&name, "Valid", &"ä".repeat(LONGEST_MESSAGE)), Timestamp::now());
    let event_name = event.metadata.name.unwrap();
    assert!(event_name.len() <= 253, "{event_name}");
    assert!(!event_name.contains(".."), "{event_name}");
    assert_eq!(event.message.unwrap().len(), LONGEST_MESSAGE);
}

#[test]
fn a_text_is_cut_between_characters() {
    check_cut("abc", 5, "abc");
    check_cut("abc", 2, "ab");
    check_cut("aä", 2, "a");
    check_cut("ä", 1, "");
}

#[tokio::test(start_paused = true)]
async fn what_is_said_again_counts_up_and_is_new_after_ten_minutes() {
    let mut recent = Recent::default();
    let valid = news("store", "Valid", "store validated");
    assert_eq!(recent.again(&valid), None);
    recent.remember(&valid, sent("one"));
    assert_eq!(recent.again(&valid), Some(Sent { count: 2, ..sent("one") }));
    assert_eq!(recent.again(&valid), Some(Sent { count: 3, ..sent("one") }));
    tokio::time::advance(Duration::from_secs(600)).await;
    assert_eq!(recent.again(&valid), None);
}

#[tokio::test(start_paused = true)]
async fn another_object_reason_or_message_is_another_event() {
    let mut recent = Recent::default();
    recent.remember(&news("store", "Valid", "store validated"), sent("one"));
    assert_eq!(recent.again(&news("other", "Valid", "store validated")), None);
    assert_eq!(recent.again(&news("store", "Invalid", "store validated")), None);
    assert_eq!(recent.again(&news("store", "Valid", "something else")), None);
}

#[tokio::test(start_paused = true)]
async fn one_that_was_sent_anew_is_remembered_from_then_on() {
    let mut recent = Recent::default();
    let valid = news("store", "Valid", "store validated");
    recent.remember(&valid, sent("one"));
    tokio::time::advance(Duration::from_secs(400)).await;
    recent.remember(&valid, sent("two"));
    tokio::time::advance(Duration::from_secs(400)).await;
    assert_eq!(recent.again(&valid), Some(Sent { count: 2, ..sent("two") }));
}

#[tokio::test(start_paused = true)]
async fn the_oldest_is_forgotten_when_too_many_are_remembered() {
    let mut recent = Recent::default();
    for number in 0..5000 {
        recent.remember(&news(&number.to_string(), "Valid", "store validated"), sent("one"));
    }
    assert_eq!(recent.again(&news("903", "Valid", "store validated")), None);
    assert!(recent.again(&news("904", "Valid", "store validated")).is_some());
}

#[tokio::test]
async fn what_the_lane_cannot_hold_is_dropped_and_counted() {
    let dropped = Arc::new(Dropped::default());
    let (events, _task) = Events::new(client(), 20, Arc::<Dropped>::clone(&dropped));
    publish(&events, LANE_LENGTH);
    assert_eq!(dropped.0.load(Ordering::Relaxed), 0);
    publish(&events, 3);
    assert_eq!(dropped.0.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn at_no_events_a_second_every_one_is_dropped_and_counted() {
    let dropped = Arc::new(Dropped::default());
    let (events, task) = Events::new(client(), 0, Arc::<Dropped>::clone(&dropped));
    task.run(CancellationToken::new()).await;
    publish(&events, 3);
    assert_eq!(dropped.0.load(Ordering::Relaxed), 3);
}
