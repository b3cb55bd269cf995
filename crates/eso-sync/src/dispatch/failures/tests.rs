//! How long failed objects wait.

use std::time::Duration;

use super::{CONFLICTS, Failures};
use crate::ports::ObjectId;

const APP: ObjectId = ObjectId(1);

/// The wait after so many failures in a row lies within ten per cent of that, and never above 30 s.
#[track_caller]
fn check(failures_before: u32, expected: Duration) {
    let mut failures = Failures::default();
    for object in 0..50 {
        let waits = (0..=failures_before).map(|_| failures.failed(ObjectId(object), None));
        let wait = waits.last().unwrap();
        let bounds = expected * 9 / 10..=(expected * 11 / 10).min(Duration::from_secs(30));
        assert!(bounds.contains(&wait), "{wait:?} after {failures_before} failures");
    }
}

#[test]
fn the_wait_doubles_from_one_second_to_thirty() {
    check(0, Duration::from_secs(1));
    check(1, Duration::from_secs(2));
    check(4, Duration::from_secs(16));
    check(5, Duration::from_secs(30));
    check(40, Duration::from_secs(30));
}

#[test]
fn objects_that_failed_together_do_not_come_back_together() {
    let mut failures = Failures::default();
    let waits: std::collections::BTreeSet<_> =
        (0..50).map(|object| failures.failed(ObjectId(object), None)).collect();
    assert!(waits.len() > 20, "only {} different waits", waits.len());
}

#[test]
fn a_success_or_a_change_begins_anew() {
    let mut failures = Failures::default();
    for _ in 0..6 {
        failures.failed(APP, None);
    }
    failures.clear(APP);
    assert!(failures.failed(APP, None) < Duration::from_secs(2));
}

#[test]
fn a_store_may_ask_for_a_longer_wait_within_bounds() {
    let mut failures = Failures::default();
    assert_eq!(failures.failed(APP, Some(Duration::from_secs(20))), Duration::from_secs(20));
    assert!(failures.failed(APP, Some(Duration::from_millis(1))) > Duration::from_secs(1));
    assert_eq!(failures.failed(APP, Some(Duration::MAX)), Duration::from_secs(300));
}

#[test]
fn conflicts_are_looked_at_again_at_once_a_few_times() {
    let mut failures = Failures::default();
    let tries: Vec<bool> = (0..=CONFLICTS).map(|_| failures.conflicted(APP)).collect();
    assert_eq!(tries, [true, true, true, false]);
    failures.failed(APP, None);
    assert!(failures.conflicted(APP), "after the wait there is another try");
}

#[test]
fn objects_that_do_not_fail_take_no_memory() {
    let mut failures = Failures::default();
    failures.failed(APP, None);
    failures.clear(APP);
    assert!(failures.0.is_empty());
}
