//! Durations that Go writes, that people write, and that neither does.

use jiff::SignedDuration;

use super::parse;

#[track_caller]
fn check(text: &str, expected: Option<SignedDuration>) {
    assert_eq!(parse(text).ok(), expected, "{text:?}");
}

const fn seconds(seconds: i64) -> Option<SignedDuration> {
    Some(SignedDuration::from_secs(seconds))
}

const fn nanos(nanos: i64) -> Option<SignedDuration> {
    Some(SignedDuration::from_nanos(nanos))
}

#[test]
fn it_reads_what_go_writes() {
    check("1h0m0s", seconds(3600));
    check("1h30m0s", seconds(5400));
    check("5m0s", seconds(300));
    check("1.5s", nanos(1_500_000_000));
    check("1m1.000000001s", nanos(61_000_000_001));
    check("2562047h47m16.854775807s", nanos(i64::MAX));
    check("-2562047h47m16.854775808s", nanos(i64::MIN));
}

#[test]
fn it_reads_what_people_write() {
    check("0", seconds(0));
    check("+0", seconds(0));
    check("0s", seconds(0));
    check("30s", seconds(30));
    check("1.5h", seconds(5400));
    check(".5m", seconds(30));
    check("1.s", seconds(1));
    check("+5s", seconds(5));
    check("-5s", seconds(-5));
    check("1s1h", seconds(3601));
    check("300ms", nanos(300_000_000));
    check("7us", nanos(7_000));
    check("7\u{b5}s", nanos(7_000));
    check("7\u{3bc}s", nanos(7_000));
    check("0.9999999999ns", nanos(0));
    check("0.100000000000000000000h", seconds(360));
}

#[test]
fn it_refuses_what_go_refuses() {
    for text in
        ["", "-", "+", "h", ".", ".s", "1", "1.5", "10", "1d", "1 h", " 1h", "1h ", "1H", "--1s", "1.1.1s"]
    {
        check(text, None);
    }
    for text in ["2562048h", "99999999999999999999999999999999999999999h", "1e3s", "\u{661}s", "1s0"] {
        check(text, None);
    }
}
