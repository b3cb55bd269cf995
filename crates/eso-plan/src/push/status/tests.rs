//! What is said of an object that pushes, word for word.

use std::collections::BTreeMap;

use eso_core::error::{ErrorKind, Reason};

use super::*;
use crate::{
    fixtures::minute,
    push::{
        content::Content,
        expand::Pushed,
        fixtures::{data, desired, goal, store},
        goals,
    },
};

const HEARTBEAT: Duration = Duration::from_secs(600);

fn observed() -> Observed {
    Observed {
        desired: desired(vec![data("a", "x")]),
        stores: Vec::new(),
        resting: Default::default(),
        record: Record::default(),
        refreshed: None,
    }
}

fn wrote(places: &[&str]) -> Synced {
    let pushed =
        places.iter().map(|place| Pushed { data: data("a", place), content: Content::Value("v".into()) });
    goals::named(&BTreeMap::from([(store("main"), pushed.collect())]))
}

/// What is said after a success at this minute, of an object whose status says this.
fn success(record: &Record, observed: &Observed, wrote_anything: bool, at: i64) -> Report {
    let synced = wrote(&["x"]);
    let run = Run {
        record,
        observed: Some(observed),
        outcome: &Outcome::Synced,
        synced: &synced,
        wrote: wrote_anything,
        read: minute(at),
    };
    report(&run, HEARTBEAT)
}

fn message(outcome: &Outcome) -> (bool, String, String) {
    let synced = Synced::new();
    let run = Run {
        record: &Record::default(),
        observed: None,
        outcome,
        synced: &synced,
        wrote: false,
        read: minute(0),
    };
    let report = report(&run, HEARTBEAT);
    let condition = report.record.condition.unwrap();
    assert_eq!(report.events[0].message, condition.2);
    assert_eq!(report.events[0].reason, condition.1);
    condition
}

#[track_caller]
fn check(outcome: Outcome, reason: &str, text: &str) {
    assert_eq!(message(&outcome), (false, reason.to_owned(), text.to_owned()));
}

#[test]
fn a_first_success_is_written_with_its_event() {
    let seen = observed();
    let report = success(&Record::default(), &seen, true, 0);
    let condition = (true, "Synced".to_owned(), "PushSecret synced successfully".to_owned());
    assert_eq!(report.record.condition, Some(condition));
    assert_eq!((report.record.refreshed, report.record.revision.as_deref()), (Some(minute(0)), Some("1")));
    assert_eq!(report.record.synced, wrote(&["x"]));
    assert!(report.write);
    let event =
        Event { warning: false, reason: "Synced", message: "PushSecret synced successfully".to_owned() };
    assert_eq!(report.events, [event]);
}

#[test]
fn the_same_success_again_is_no_news() {
    let seen = observed();
    let first = success(&Record::default(), &seen, true, 0);
    let second = success(&first.record, &seen, false, 9);
    assert!(!second.write && second.events.is_empty());
    let third = success(&first.record, &seen, false, 10);
    assert!(third.write && third.events.is_empty(), "its time is older than the heartbeat");
    let changed = success(&first.record, &seen, true, 1);
    assert!(!changed.write && changed.events.len() == 1, "what was written is told once");
}

#[test]
fn what_stays_as_it_is_in_the_stores_is_said() {
    let mut seen = observed();
    seen.desired.update = Update::Keep;
    let report = success(&Record::default(), &seen, true, 0);
    let expected = "PushSecret synced successfully. Existing secrets in providers unchanged.";
    assert_eq!(report.record.condition.unwrap().2, expected);
}

#[test]
fn a_failure_keeps_the_time_and_the_revision_of_the_last_success() {
    let before = success(&Record::default(), &observed(), true, 0).record;
    let synced = wrote(&["x", "y"]);
    let outcome = Outcome::Malformed("no".to_owned());
    let run = Run {
        record: &before,
        observed: None,
        outcome: &outcome,
        synced: &synced,
        wrote: false,
        read: minute(5),
    };
    let failed = report(&run, HEARTBEAT);
    assert_eq!((failed.record.refreshed, failed.record.revision.as_deref()), (Some(minute(0)), Some("1")));
    assert_eq!(failed.record.synced, synced);
    assert!(failed.write && failed.events[0].warning);
    let run = Run { record: &failed.record, ..run };
    let again = report(&run, HEARTBEAT);
    assert!(!again.write && again.events.is_empty());
}

fn failure(during: During, cause: Cause, more: usize) -> Outcome {
    Outcome::Failed(Failure { during, store: store("main"), cause, more })
}

fn provider() -> Cause {
    let reason = Reason::new("the role may not write").with_code("AccessDeniedException");
    Cause::Provider(ProviderError::new(ErrorKind::Denied, "PutSecretValue").with_reason(reason))
}

#[test]
fn failures_are_told_in_the_originals_words() {
    let errored = "Errored";
    let push = || During::Push("password".to_owned());
    let text = "set secret failed: could not write remote ref password to target secretstore main: PutSecretValue: the \
                role may not write (AccessDeniedException)";
    check(failure(push(), provider(), 0), errored, text);
    check(failure(push(), provider(), 2), errored, &format!("{text} (and 2 more)"));
    let foreign = "set secret failed: could not write remote ref password to target secretstore main: secret not managed \
                   by external-secrets";
    check(failure(push(), Cause::Decided(DecideError::Foreign), 0), errored, foreign);
    let missing = "could not get SecretStore \"main\", SecretStore.external-secrets.io \"main\" not found";
    check(failure(push(), Cause::Store(missing.to_owned()), 0), errored, missing);
    let not_ready =
        "set secret failed: could not get secrets client for store main: SecretStore \"main\" is not ready";
    check(
        failure(push(), Cause::Store("SecretStore \"main\" is not ready".to_owned()), 0),
        errored,
        not_ready,
    );
    let removal = "Failed to Delete Secrets from Provider: SecretStore \"main\": PutSecretValue: the role may not write \
                   (AccessDeniedException)";
    check(failure(During::Removal, provider(), 0), errored, removal);
    let cleanup = "failed to cleanup provider secrets: SecretStore \"main\": PutSecretValue: the role may not write \
                   (AccessDeniedException)";
    check(failure(During::Cleanup, provider(), 0), errored, cleanup);
    let missing = Outcome::Unread(SourceError::Missing("app".to_owned()));
    check(missing, errored, "could not get source secret: there is no Secret \"app\"");
    let unexpanded = ExpandError::NoKey { key: "a".to_owned(), secret: "app".to_owned() };
    check(
        Outcome::Unexpanded(unexpanded),
        errored,
        "set secret failed: secret key a does not exist in Secret \"app\"",
    );
    check(Outcome::SourceDeleted, "SourceDeleted", "source secret deleted; provider secrets cleaned up");
}

#[test]
fn what_was_done_is_told_by_the_key_of_the_secret_or_of_the_store() {
    let during = |goal: &Goal, is_cleanup| Failure::during(&"k".into(), goal, is_cleanup);
    assert_eq!(during(&goal(&[("k", "v")], &[]), false), During::Push("s".to_owned()));
    let mut whole = goal(&[("k", "v")], &[]);
    whole.parts[0].data.secret_key = None;
    assert_eq!(during(&whole, false), During::Push("k".to_owned()));
    assert_eq!(during(&goal(&[], &[None]), false), During::Removal);
    assert_eq!(during(&goal(&[], &[None]), true), During::Cleanup);
}

#[test]
fn a_source_that_went_is_known_by_the_status() {
    let gone = message(&Outcome::SourceDeleted);
    assert!(says_source_deleted(&Record { condition: Some(gone), ..Record::default() }));
    assert!(!says_source_deleted(&Record::default()));
}

#[test]
fn a_claim_changes_nothing_but_what_is_written() {
    let before = success(&Record::default(), &observed(), true, 0).record;
    let report = claimed(&before, wrote(&["x", "y"]));
    assert!(report.write && report.events.is_empty());
    assert_eq!(report.record, Record { synced: wrote(&["x", "y"]), ..before });
}

#[test]
fn the_shortest_wait_that_a_store_asks_for_is_kept() {
    let wait = |seconds| {
        let error = ProviderError::new(ErrorKind::Throttled, "PutSecretValue");
        Cause::Provider(error.with_retry_after(Duration::from_secs(seconds)))
    };
    assert_eq!(retry_after([&wait(9), &wait(4), &provider()]), Some(Duration::from_secs(4)));
    assert_eq!(retry_after([&provider()]), None);
}

#[test]
fn what_cannot_be_written_down_before_a_push_is_said() {
    let forbidden = || WriteError::Forbidden("no right".to_owned());
    check(Outcome::Unheld(forbidden()), "Errored", "could not update finalizers: no right");
    check(Outcome::Unclaimed(forbidden()), "Errored", "could not write down what will be pushed: no right");
}
