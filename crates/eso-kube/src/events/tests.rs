use std::time::Duration;

use eso_plan::status::Event;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;

use super::{
    LONGEST_MESSAGE, News, cut,
    recent::{Recent, Sent},
    written_out,
};

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
