//! How long a target is left alone that was repaired before.

use std::time::Duration;

use tokio::time::Instant;

use super::Repairs;
use crate::ports::ObjectId;

const APP: ObjectId = ObjectId(1);

/// After repairs at these seconds, how long is waited at that second: within a tenth of so many seconds after the last.
#[track_caller]
fn check(repairs: &[u64], at: u64, expected: Duration) {
    let origin = Instant::now();
    let second = |second| origin + Duration::from_secs(second);
    let mut row = Repairs::default();
    repairs.iter().for_each(|at| row.repaired(APP, second(*at)));
    let passed = repairs.last().map_or(Duration::ZERO, |last| Duration::from_secs(at - last));
    let whole = row.wait(APP, second(at)) + if expected.is_zero() { Duration::ZERO } else { passed };
    assert!((expected * 9 / 10..=expected * 11 / 10).contains(&whole), "{whole:?} after {repairs:?} at {at}");
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn the_first_repair_is_immediate() {
    check(&[], 0, Duration::ZERO);
}

#[test]
fn further_ones_wait_from_one_second_doubling_to_thirty() {
    check(&[0], 0, seconds(1));
    check(&[0, 1], 1, seconds(2));
    check(&[0, 1, 3], 3, seconds(4));
    check(&[0, 1, 3, 7], 9, seconds(8));
    check(&[0, 1, 3, 7, 15], 15, seconds(16));
    check(&[0, 1, 3, 7, 15, 31], 31, seconds(30));
    check(&[0, 1, 3, 7, 15, 31, 61, 91, 121], 130, seconds(30));
}

#[test]
fn a_wait_that_is_over_is_none() {
    check(&[0], 2, Duration::ZERO);
    check(&[0, 1], 4, Duration::ZERO);
    check(&[0, 1, 3, 7, 15, 31], 61 + 3, Duration::ZERO);
}

#[test]
fn a_quiet_minute_begins_anew() {
    check(&[0, 1, 3, 7, 15, 31], 91, Duration::ZERO);
    check(&[0, 1, 3, 7, 15, 31, 91], 91, seconds(1));
    check(&[0, 1, 3, 7, 15, 31, 90], 90, seconds(30));
}

#[test]
fn each_object_waits_for_itself() {
    let mut repairs = Repairs::default();
    let now = Instant::now();
    repairs.repaired(APP, now);
    assert!(!repairs.wait(APP, now).is_zero());
    assert!(repairs.wait(ObjectId(2), now).is_zero());
    repairs.forget(APP);
    assert!(repairs.wait(APP, now).is_zero());
}

#[test]
fn what_is_long_past_takes_no_memory() {
    let mut repairs = Repairs::default();
    let (now, later) = (Instant::now(), Instant::now() + seconds(100));
    repairs.repaired(APP, now);
    repairs.repaired(ObjectId(2), later);
    repairs.forget_quiet(later);
    assert_eq!(repairs.0.keys().collect::<Vec<_>>(), [&ObjectId(2)]);
}
