//! Go's grammar of durations, with the cases of its own tests.

use jiff::SignedDuration;
use proptest::prelude::{any, proptest};

use super::{NoDuration, parse};

const HOUR: i64 = 3_600_000_000_000;
const SECOND: i64 = 1_000_000_000;

#[track_caller]
fn check(text: &str, nanoseconds: i64) {
    assert_eq!(parse(text), Ok(SignedDuration::from_nanos(nanoseconds)), "{text}");
}

#[test]
fn durations_of_go_are_read() {
    check("0", 0);
    check("-0", 0);
    check("+0", 0);
    check("0s", 0);
    check("5s", 5 * SECOND);
    check("30s", 30 * SECOND);
    check("1478s", 1478 * SECOND);
    check("-5s", -5 * SECOND);
    check("+5s", 5 * SECOND);
    check("1h0m0s", HOUR);
    check("1.5h", HOUR * 3 / 2);
    check("5.0s", 5 * SECOND);
    check("5.6s", 5 * SECOND + 600_000_000);
    check("5.s", 5 * SECOND);
    check(".5s", SECOND / 2);
    check("1.0s", SECOND);
    check("1.004s", 1_004_000_000);
    check("100.00100s", 100_001_000_000);
    check("10ns", 10);
    check("11us", 11_000);
    check("12µs", 12_000);
    check("12μs", 12_000);
    check("13ms", 13_000_000);
    check("3h30m", HOUR * 7 / 2);
    check("10.5s4m", 4 * 60 * SECOND + 10_500_000_000);
    check("-2m3.4s", -123_400_000_000);
    check("1h2m3s4ms5us6ns", HOUR + 2 * 60 * SECOND + 3 * SECOND + 4_005_006);
    check("39h9m14.425s", 39 * HOUR + 9 * 60 * SECOND + 14_425_000_000);
    check("52763797000ns", 52_763_797_000);
    check("0.3333333333333333333h", 20 * 60 * SECOND - 1);
    check("9223372036854775807ns", i64::MAX);
    check("2562047h47m16.854775807s", i64::MAX);
    check("-2562047h47m16.854775808s", i64::MIN);
    check("0.9999999999ns", 0);
    check("0.9223372036854775807h", 3_320_413_933_267);
    check("0.100000000000000000000h", HOUR / 10);
}

#[test]
fn what_go_refuses_is_refused() {
    for text in [
        "",
        "3",
        "-",
        "s",
        ".",
        "-.",
        ".s",
        "+.s",
        "1d",
        "1 h",
        " 1h",
        "1h ",
        "1H",
        "--5s",
        "1..5s",
        "1e3s",
        "1h-5m",
        "٣s",
        "9223372036854775808ns",
        "9223372036854775.808us",
        "9223372036s1s",
        "3000000h",
        "99999999999999999999h",
        "5m0",
    ] {
        assert_eq!(parse(text), Err(NoDuration), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        let _ = parse(&text);
    }

    #[test]
    fn any_text_of_the_right_letters_is_survived(text in "[-+]?([0-9]{0,25}[.]?[0-9]{0,25}(ns|us|ms|s|m|h)?){0,4}") {
        let _ = parse(&text);
    }

    #[test]
    fn whole_units_add_up(hours in 0..1000_i64, minutes in 0..1000_i64, seconds in 0..1000_i64) {
        check(&format!("{hours}h{minutes}m{seconds}s"), hours * HOUR + (minutes * 60 + seconds) * SECOND);
    }
}
