//! Waits for times of the wall clock.

use std::time::Duration;

use jiff::Timestamp;

use super::{LONGEST_WAIT, wait_until};

#[track_caller]
fn check(now: &str, time: &str, expected: Duration) {
    let [now, time] = [now, time].map(|text| text.parse::<Timestamp>().unwrap());
    assert_eq!(wait_until(time, now), expected);
}

#[test]
fn a_time_that_has_passed_is_not_waited_for() {
    check("2026-01-01T00:00:10Z", "2026-01-01T00:00:10Z", Duration::ZERO);
    check("2026-01-01T00:00:10Z", "2026-01-01T00:00:09Z", Duration::ZERO);
}

#[test]
fn a_short_wait_is_kept_to_the_point() {
    check("2026-01-01T00:00:00.7Z", "2026-01-01T00:00:03.2Z", Duration::from_millis(2_500));
}

#[test]
fn a_long_wait_ends_with_a_full_second() {
    check("2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", Duration::from_secs(60));
    check("2026-01-01T00:00:00.7Z", "2026-01-01T00:01:00.7Z", Duration::from_millis(60_300));
    check("2026-01-01T00:00:00.001Z", "2026-01-01T00:01:00.999Z", Duration::from_millis(60_999));
}

#[test]
fn times_before_1970_are_rounded_up_too() {
    check("1969-12-31T23:00:00Z", "1969-12-31T23:30:00.25Z", Duration::from_secs(1_801));
}

#[test]
fn absurd_times_do_not_overflow() {
    check("1970-01-01T00:00:00Z", "9999-12-30T00:00:00Z", LONGEST_WAIT);
    let all_of_time = wait_until(Timestamp::MAX, Timestamp::MIN);
    assert!(all_of_time <= LONGEST_WAIT + Duration::from_secs(1));
}
