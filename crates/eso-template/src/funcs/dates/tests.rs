//! Dates at their ends, and what is none.

use super::*;
use crate::fixtures::{check, check_limit, check_silent};

#[test]
fn a_time_without_a_zone_is_in_utc() {
    check(r#"{{ now }}"#, "1970-01-01 00:00:00 +0000 UTC");
    check(r#"{{ date "MST -0700" 0 }}"#, "UTC +0000");
}

#[test]
fn zones_are_those_of_the_bundled_database_by_their_exact_names() {
    check(r#"{{ dateInZone "15:04 MST" 1720000000 "Europe/Berlin" }}"#, "11:46 CEST");
    check(r#"{{ dateInZone "15:04 MST" 1720000000 "europe/berlin" }}"#, "09:46 UTC");
    check(r#"{{ dateInZone "15:04 MST" 1720000000 "/etc/localtime" }}"#, "09:46 UTC");
}

#[test]
fn what_is_no_date_is_the_first_of_all_or_an_error() {
    check(r#"{{ (toDate "2006-01-02" .password).Year }}"#, "1");
    check_silent(r#"{{ mustToDate "2006-01-02" .password }}"#);
    check_silent(r#"{{ now | mustDateModify .password }}"#);
}

#[test]
fn times_at_their_ends_are_no_panic() {
    for second in [i64::MIN, i64::MIN + 1, -1 << 56, -62_135_596_801, 0, 1 << 56, i64::MAX] {
        for zone in ["UTC", "America/New_York", "Asia/Kathmandu"] {
            for layout in ["2006-01-02T15:04:05.999999999Z07:00", "Monday Jan _2 002 06 PM MST"] {
                check(
                    &format!(r#"{{{{ dateInZone "{layout}" {second} "{zone}" | len | lt 5 }}}}"#)
                        .replace("-9223372036854775808", "(int64 \"-9223372036854775808\")"),
                    "true",
                );
            }
        }
    }
}

#[test]
fn durations_are_read_to_their_ends() {
    assert_eq!(Duration::parse(b"-9223372036854775808ns"), Some(Duration(i64::MIN)));
    assert_eq!(Duration::parse(b"9223372036854775808ns"), None);
    assert_eq!(Duration::parse(b"2562048h"), None);
    assert_eq!(Duration(i64::MIN).text(), "-2562047h47m16.854775808s");
    for text in ["", "-", "1", ".h", "1x", "h", "1h-1m", "--1h", "1..5h"] {
        assert_eq!(Duration::parse(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn a_duration_is_read_again_as_it_was_written() {
    for nanoseconds in [0, 1, -1, 999, 1_000, 1_500_000, 61 * SECOND, 90 * MINUTE + 1, i64::MAX, i64::MIN] {
        assert_eq!(Duration::parse(Duration(nanoseconds).text().as_bytes()), Some(Duration(nanoseconds)));
    }
}

#[test]
fn no_cut_of_a_layout_or_a_date_panics() {
    let layout = b"Monday, 02-Jan-06 15:04:05.000 MST -07:00 Z0700 __2 002 PM";
    let text = b"Tuesday, 29-Feb-24 13:59:60.123 CEST +02:00 Z 60 060 PM";
    for end in 0..layout.len() {
        for other in 0..text.len() {
            let _ = read_time(&layout[..end], &text[..other]);
        }
        let _ = Time::unix(0).format(&layout[end..]);
    }
}

#[test]
fn long_layouts_are_paid_for() {
    check_limit(r#"{{ range until 100 }}{{ $_ := date $.long 0 }}{{ end }}"#, "steps");
}
