//! Whole numbers, up to their ends.

use super::steps;
use crate::fixtures::{check, check_limit, check_silent};

#[track_caller]
fn check_steps(start: i64, end: i64, step: i64, expected: &[i64]) {
    let steps = steps(start, end, step);
    assert_eq!(steps.count, expected.len());
    assert_eq!(steps.collect::<Vec<_>>(), expected, "{start} {end} {step}");
}

#[test]
fn steps_end_before_the_end() {
    check_steps(0, 3, 1, &[0, 1, 2]);
    check_steps(0, 4, 3, &[0, 3]);
    check_steps(3, 0, -2, &[3, 1]);
    check_steps(0, 0, 1, &[]);
}

#[test]
fn steps_away_from_the_end_are_none() {
    check_steps(0, 3, 0, &[]);
    check_steps(0, 3, -1, &[]);
    check_steps(3, 0, 1, &[]);
    check_steps(3, 0, 0, &[]);
}

#[test]
fn steps_do_not_overflow_where_those_of_go_never_end() {
    check_steps(i64::MAX - 1, i64::MAX, 5, &[i64::MAX - 1]);
    check_steps(i64::MIN, i64::MAX, i64::MAX, &[i64::MIN, -1, i64::MAX - 1]);
    check_steps(i64::MAX, i64::MIN, i64::MIN, &[i64::MAX, -1]);
}

#[test]
fn many_numbers_are_asked_for_before_they_are_made() {
    check_limit("{{ until 9223372036854775807 }}", "memory");
    check_limit("{{ until -9223372036854775808 }}", "memory");
    check_limit("{{ untilStep -9223372036854775808 9223372036854775807 1 }}", "memory");
    check_limit("{{ seq 100000000 }}", "memory");
    check_limit("{{ seq 9223372036854775806 }}", "memory");
}

#[test]
fn a_sequence_to_the_last_number_wraps_to_none_as_in_go() {
    check("[{{ seq 9223372036854775807 }}]", "[]");
}

#[test]
fn what_is_no_number_is_zero() {
    check(
        "{{ add .password 1 }}|{{ int .password }}|{{ atoi .password }}|{{ toDecimal .password }}",
        "1|0|0|0",
    );
    check_silent("{{ div .user .password }}");
    check_silent("{{ mod .user .password }}");
}
