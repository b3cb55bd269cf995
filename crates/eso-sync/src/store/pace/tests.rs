//! When calls may go.

use std::{num::NonZeroU32, time::Duration};

use tokio::time::Instant;

use super::Pace;

fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// The times, in milliseconds from now, at which so many calls may go that all ask at once.
fn times(pace: &mut Pace, now: Instant, calls: usize) -> Vec<u128> {
    (0..calls).map(|_| pace.reserve(now).duration_since(now).as_millis()).collect()
}

#[track_caller]
fn check(per_second: Option<u32>, expected: &[u128]) {
    let mut pace = Pace::new(per_second.and_then(NonZeroU32::new));
    assert_eq!(times(&mut pace, Instant::now() + milliseconds(60_000), expected.len()), expected);
}

#[test]
fn without_a_known_rate_everything_goes_at_once() {
    check(None, &[0, 0, 0, 0, 0]);
}

#[test]
fn a_tenth_of_a_second_is_spent_at_once_and_the_rest_comes_evenly() {
    check(Some(5), &[0, 100, 300, 500, 700]);
    check(Some(20), &[0, 0, 0, 50, 100, 150]);
}

#[test]
fn what_is_not_used_in_a_quiet_time_is_not_saved_up() {
    let now = Instant::now() + milliseconds(60_000);
    let mut pace = Pace::new(NonZeroU32::new(20));
    times(&mut pace, now, 3);
    assert_eq!(times(&mut pace, now + milliseconds(10_000), 5), [0, 0, 0, 50, 100]);
}

#[test]
fn nothing_goes_in_a_pause_and_the_longest_pause_holds() {
    let now = Instant::now() + milliseconds(60_000);
    let mut pace = Pace::new(None);
    pace.pause(now + milliseconds(5_000));
    pace.pause(now + milliseconds(2_000));
    assert_eq!(times(&mut pace, now, 2), [5_000, 5_000]);
    assert_eq!(times(&mut pace, now + milliseconds(6_000), 1), [0]);
}
