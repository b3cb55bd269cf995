//! When the timer may act, and which times a schedule names, beside what Go says (`tests/golden/rules`).

use serde_json::Value as Json;

use super::{
    WindowKind::{Allow, Deny},
    *,
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const WEEK: Duration = Duration::from_secs(7 * 86_400);

fn time(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[track_caller]
fn check(kind: WindowKind, windows: &[(&str, Duration)], at: &str, expected: &str) {
    let next = Windows::new(kind, windows.iter().copied()).next_allowed(time(at));
    assert_eq!(next, Some(time(expected)), "{kind:?} {windows:?} {at}");
}

#[track_caller]
fn check_at_once(kind: WindowKind, windows: &[(&str, Duration)], at: &str) {
    check(kind, windows, at, at);
}

#[track_caller]
fn check_never(kind: WindowKind, windows: &[(&str, Duration)], at: &str) {
    let next = Windows::new(kind, windows.iter().copied()).next_allowed(time(at));
    assert_eq!(next, None, "{kind:?} {windows:?} {at}");
}

const NIGHTS: &[(&str, Duration)] = &[("0 22 * * *", Duration::from_secs(2 * 3600))];

#[test]
fn within_its_windows_the_timer_may_act_at_once() {
    check_at_once(Allow, NIGHTS, "2026-06-01T22:00:00Z");
    check_at_once(Allow, NIGHTS, "2026-06-01T23:59:59.999999999Z");
    check_at_once(Allow, NIGHTS, "2026-06-02T22:30:00.5Z");
}

#[test]
fn outside_of_them_it_waits_for_the_next() {
    check(Allow, NIGHTS, "2026-06-01T20:00:00Z", "2026-06-01T22:00:00Z");
    check(Allow, NIGHTS, "2026-06-01T21:59:59.999999999Z", "2026-06-01T22:00:00Z");
    check(Allow, NIGHTS, "2026-06-02T00:00:00Z", "2026-06-02T22:00:00Z");
    check(Allow, NIGHTS, "2026-12-31T00:00:01Z", "2026-12-31T22:00:00Z");
}

#[test]
fn within_windows_that_deny_it_waits_for_their_end() {
    check(Deny, NIGHTS, "2026-06-01T22:00:00Z", "2026-06-02T00:00:00Z");
    check(Deny, NIGHTS, "2026-06-01T23:59:59.999999999Z", "2026-06-02T00:00:00Z");
    check_at_once(Deny, NIGHTS, "2026-06-01T21:59:59.999999999Z");
    check_at_once(Deny, NIGHTS, "2026-06-02T00:00:00Z");
}

#[test]
fn of_several_windows_the_first_counts() {
    let windows = [("0 22 * * *", HOUR), ("0 6 * * 0", HOUR), ("30 5 * * *", Duration::ZERO)];
    check(Allow, &windows, "2026-06-06T23:00:00Z", "2026-06-07T06:00:00Z");
    check(Allow, &windows, "2026-06-07T07:00:00Z", "2026-06-07T22:00:00Z");
    check(Deny, &windows, "2026-06-07T06:59:00Z", "2026-06-07T07:00:00Z");
    check_at_once(Deny, &windows, "2026-06-07T05:30:00Z");
}

#[test]
fn windows_that_overlap_or_meet_leave_no_hole() {
    let meeting = [("0 * * * *", MINUTE * 30), ("30 * * * *", MINUTE * 30)];
    check_never(Deny, &meeting, "2026-06-01T12:29:59.5Z");
    let at_night = [("0 22 * * *", HOUR), ("0 23 * * *", HOUR + MINUTE), ("0 0 * * *", HOUR)];
    check(Deny, &at_night, "2026-06-01T22:00:00Z", "2026-06-02T01:00:00Z");
    check(Deny, &at_night, "2026-06-01T22:59:59.5Z", "2026-06-02T01:00:00Z");
    for at in ["2026-06-01T23:00:00Z", "2026-06-01T22:59:59.999Z", "2026-06-02T00:00:59Z"] {
        check_at_once(Allow, &at_night, at);
    }
    let hole = [("0 * * * *", MINUTE * 30), ("30 * * * *", MINUTE * 29 + Duration::from_secs(59))];
    check(Deny, &hole, "2026-06-01T12:00:00Z", "2026-06-01T12:59:59Z");
}

#[test]
fn a_window_may_overlap_itself() {
    check_never(Deny, &[("0 0 * * *", HOUR * 24)], "2026-06-01T12:00:00Z");
    check_never(Deny, &[("0 0 * * *", WEEK)], "2026-06-01T12:00:00Z");
    check_at_once(Allow, &[("0 0 * * *", WEEK)], "2026-06-01T12:00:00Z");
    check(Deny, &[("* 8-17 * * *", MINUTE * 2)], "2026-06-01T12:00:00Z", "2026-06-01T18:01:00Z");
    check(Deny, &[("* * * 1-3 *", MINUTE)], "2026-01-10T12:00:00Z", "2026-04-01T00:00:00Z");
    check(Deny, &[("0 0 * * 1-5", HOUR * 24)], "2026-06-01T12:00:00Z", "2026-06-06T00:00:00Z");
}

#[test]
fn a_window_may_be_open_for_long() {
    check(Deny, &[("0 0 1 1 *", WEEK * 40)], "2026-06-01T00:00:00Z", "2026-10-08T00:00:00Z");
    check(Deny, &[("0 0 29 2 *", WEEK * 150)], "2026-06-01T00:00:00Z", "2027-01-14T00:00:00Z");
    check_never(Deny, &[("@yearly", Duration::MAX)], "2026-06-01T00:00:00Z");
    check_at_once(Allow, &[("@yearly", Duration::MAX)], "2026-06-01T00:00:00Z");
}

#[test]
fn only_two_years_are_looked_ahead() {
    check(Allow, &[("0 0 29 2 *", HOUR)], "2026-03-01T00:00:00Z", "2028-02-29T00:00:00Z");
    check_never(Allow, &[("0 0 29 2 *", HOUR)], "2028-03-01T00:00:00Z");
    check_never(Deny, &[("0 0 29 2 *", WEEK * 150)], "2024-03-01T00:00:00Z");
}

#[test]
fn a_window_that_takes_no_time_is_none() {
    check_never(Allow, &[("* * * * *", Duration::ZERO)], "2026-06-01T00:00:00Z");
    check_at_once(Deny, &[("* * * * *", Duration::ZERO)], "2026-06-01T00:00:00Z");
}

#[test]
fn an_interval_counts_from_1970() {
    let quarters = [("@every 15m", MINUTE)];
    check_at_once(Allow, &quarters, "2026-06-01T12:15:59Z");
    check(Allow, &quarters, "2026-06-01T12:16:00Z", "2026-06-01T12:30:00Z");
    check(Deny, &quarters, "2026-06-01T12:30:00Z", "2026-06-01T12:31:00Z");
    check(Allow, &[("@every 7h", MINUTE)], "1970-01-01T00:01:00Z", "1970-01-01T07:00:00Z");
    check(Allow, &[("@every 7h", MINUTE)], "1969-12-31T23:00:00Z", "1970-01-01T00:00:00Z");
    check(
        Allow,
        &[("@every 1.9s", Duration::from_millis(100))],
        "2026-06-01T12:00:00.5Z",
        "2026-06-01T12:00:01Z",
    );
    check_never(Deny, &[("@every 1h", HOUR)], "2026-06-01T12:00:00Z");
    check_at_once(Allow, &[("@every 1h", HOUR)], "2026-06-01T12:59:59Z");
}

#[test]
fn without_windows_the_timer_may_always_act() {
    check_at_once(Allow, &[], "2026-06-01T12:00:00Z");
    check_at_once(Deny, &[], "2026-06-01T12:00:00Z");
}

#[test]
fn a_schedule_that_cannot_be_read_is_passed_over() {
    let bad = ("not-a-cron", HOUR);
    check_never(Allow, &[bad], "2026-06-01T12:00:00Z");
    check_at_once(Deny, &[bad], "2026-06-01T12:00:00Z");
    check(Allow, &[bad, NIGHTS[0]], "2026-06-01T12:00:00Z", "2026-06-01T22:00:00Z");
    check(Deny, &[NIGHTS[0], bad], "2026-06-01T23:00:00Z", "2026-06-02T00:00:00Z");
}

#[test]
fn schedules_that_cannot_be_read_are_told() {
    let windows = [("x", HOUR), ("@daily", HOUR), ("TZ=Europe/Berlin 0 0 * * *", HOUR), ("60 * * * *", HOUR)];
    let expected = [
        "bad schedule \"x\": expected exactly 5 fields, found 1: [x]",
        "bad schedule \"TZ=Europe/Berlin 0 0 * * *\": provided bad location Europe/Berlin: sync windows are in UTC",
        "bad schedule \"60 * * * *\": end of range (60) above maximum (59): 60",
    ];
    assert_eq!(Windows::new(Allow, windows).problems(), expected);
    assert!(Windows::new(Allow, NIGHTS.iter().copied()).problems().is_empty());
}

#[test]
fn windows_are_equal_where_they_say_the_same() {
    assert_eq!(Windows::new(Allow, [("@daily", HOUR)]), Windows::new(Allow, [("0  0 * * ?", HOUR)]));
    assert_ne!(Windows::new(Allow, [("@daily", HOUR)]), Windows::new(Deny, [("@daily", HOUR)]));
    assert_ne!(Windows::new(Allow, [("@daily", HOUR)]), Windows::new(Allow, [("@daily", MINUTE)]));
}

/// As many times after each start as the golden file has.
fn named(schedule: &Schedule) -> Vec<String> {
    let mut found = Vec::new();
    for start in ["2026-01-01T00:00:00Z", "2026-02-28T23:59:59Z", "2027-12-31T12:34:56Z"] {
        let mut at = time(start).as_second();
        for _ in 0..3 {
            let mut looks = Looks { left: LOOKS };
            let Some(next) = schedule.next(i128::from(at), i64::MAX, &mut looks).unwrap() else { break };
            at = next;
            found.push(Timestamp::from_second(at).unwrap().to_string());
        }
    }
    found
}

#[test]
fn schedules_are_read_as_by_go() {
    let golden: Json = serde_json::from_str(include_str!("../../tests/golden/rules/golden.json")).unwrap();
    let cases = golden["schedules"].as_array().unwrap();
    assert!(cases.len() > 70);
    for case in cases {
        let text = case["schedule"].as_str().unwrap();
        match (Schedule::parse(text), case["error"].as_str()) {
            (Ok(schedule), None) => {
                let times = case["times"].as_array().into_iter().flatten();
                let times: Vec<_> = times.map(|time| time.as_str().unwrap()).collect();
                assert_eq!(named(&schedule), times, "{text}");
            }
            // Go's words for a duration that is none are its own.
            (Err(error), Some(expected)) if expected.starts_with("failed to parse duration") => {
                assert!(error.starts_with(expected.split(": ").next().unwrap()), "{error}");
            }
            (Err(error), Some(expected)) => assert_eq!(error, expected, "{text}"),
            (parsed, expected) => panic!("{text}: {parsed:?}, and by Go {expected:?}"),
        }
    }
}

#[test]
fn a_zone_may_be_utc() {
    let daily = Schedule::parse("@daily");
    for text in ["TZ=UTC @daily", "CRON_TZ=Etc/UTC 0 0 * * *", "TZ= @daily"] {
        assert_eq!(Schedule::parse(text), daily, "{text}");
    }
    for text in ["TZ=", "TZ=UTC", "TZ=America/New_York @daily", "tz=UTC @daily", " TZ=UTC @daily"] {
        assert!(Schedule::parse(text).is_err(), "{text}");
    }
}

#[test]
fn the_last_time_and_the_next_are_neighbours() {
    for text in
        ["* * * * *", "*/7 3,5 * * *", "59 23 * * 0", "0 0 29 2 *", "0 0 31 * *", "@every 61s", "@every 7h"]
    {
        let schedule = Schedule::parse(text).unwrap();
        let mut looks = Looks { left: usize::MAX };
        for start in ["2026-06-01T03:21:00Z", "2028-02-29T00:00:00Z", "1969-12-31T23:59:59Z"] {
            let at = time(start).as_second();
            let next = schedule.next(at.into(), i64::MAX, &mut looks).unwrap().unwrap();
            assert!(next > at);
            assert_eq!(schedule.last(next, i64::MAX, &mut looks), Some(Some(next)), "{text}");
            let last = schedule.last(at, i64::MAX, &mut looks).unwrap().unwrap();
            assert!(last <= at);
            assert_eq!(schedule.last(next - 1, i64::MAX, &mut looks), Some(Some(last)), "{text}");
            assert_eq!(schedule.next(i128::from(last) - 1, i64::MAX, &mut looks), Some(Some(last)), "{text}");
        }
    }
}

/// Whether the timer may act, by the definition: looking at each time of some days before.
fn may(kind: WindowKind, windows: &[(&str, Duration)], at: i64) -> bool {
    let is_open = windows.iter().any(|(text, duration)| {
        let schedule = Schedule::parse(text).unwrap();
        let duration = i64::try_from(duration.as_secs()).unwrap();
        let mut looks = Looks { left: usize::MAX };
        let mut opens = at - duration - 1;
        while let Some(next) =
            schedule.next(opens.into(), i64::MAX, &mut looks).unwrap().filter(|next| *next <= at)
        {
            if at < next + duration {
                return true;
            }
            opens = next;
        }
        false
    });
    (kind == Allow) == is_open
}

const SCHEDULES: [&str; 12] = [
    "* * * * *",
    "*/2 * * * *",
    "1-59/2 * * * *",
    "0 * * * *",
    "30 */2 * * *",
    "*/20 8-17 * * 1-5",
    "0 0 * * *",
    "0 0 1 * *",
    "59 23 * * 6",
    "@every 25m",
    "@every 61s",
    "31 2 30 2 *",
];

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 128, ..Default::default() })]
    #[test]
    fn the_answer_is_the_first_time_by_the_definition(
        deny: bool,
        picked in proptest::collection::vec((0_usize..12, 0_u64..200), 1..4),
        minute in 0_i64..60 * 24 * 40,
        second in 0_i64..60,
    ) {
        let kind = if deny { Deny } else { Allow };
        let windows: Vec<_> =
            picked.iter().map(|(at, length)| (SCHEDULES[*at], Duration::from_secs(length * length))).collect();
        let at = time("2026-05-20T00:00:00Z").as_second() + minute * 60 + second;
        let next = Windows::new(kind, windows.iter().copied()).next_allowed(Timestamp::from_second(at).unwrap());
        let next = next.map(Timestamp::as_second);
        if let Some(next) = next {
            assert!(may(kind, &windows, next), "{windows:?} {next}");
        }
        // Times between which nothing changes: whole seconds, and of a long wait some of them.
        let end = next.unwrap_or(at + 86_400);
        let step = ((end - at) / 500).max(1);
        for before in (at..end).step_by(usize::try_from(step).unwrap()) {
            assert!(!may(kind, &windows, before), "{windows:?} {before}");
        }
    }
}

/// Few enough looks that nobody waits, whatever is asked.
#[track_caller]
fn check_cheap(kind: WindowKind, windows: &[(&str, Duration)], most: usize) {
    let windows = Windows::new(kind, windows.iter().copied());
    let mut looks = Looks { left: LOOKS };
    let from = time("2026-06-01T00:00:00Z").as_nanosecond();
    let _found = match kind {
        Allow => windows.next_open(from, &mut looks),
        Deny => windows.next_closed(from, from + i128::from(HORIZON) * SECOND, &mut looks),
    };
    assert!(LOOKS - looks.left <= most, "{} looks", LOOKS - looks.left);
}

#[test]
fn schedules_that_name_no_time_are_soon_given_up() {
    for text in ["31 2 30 2 *", "0 0 31 2,4,6,9,11 *", ", * * * *"] {
        check_cheap(Allow, &[(text, HOUR)], 1000);
        check_cheap(Deny, &[(text, HOUR)], 10);
        check_cheap(Deny, &[(text, Duration::MAX)], 3000);
        check_cheap(Allow, &[(text, Duration::MAX)], 4000);
    }
}

#[test]
fn windows_that_never_end_are_walked_through_by_days() {
    check_cheap(Deny, &[("* * * * *", MINUTE)], 1000);
    check_cheap(Deny, &[("*/5 * * * *", HOUR)], 1000);
    check_cheap(Deny, &[("@every 1s", Duration::from_secs(1))], 10);
    check_cheap(Deny, &[("0 0 * * *", HOUR * 24), ("* * * * *", MINUTE * 5)], 5000);
}

#[test]
fn windows_that_relieve_each_other_for_ever_are_given_up() {
    let windows = [("*/2 * * * *", MINUTE), ("1-59/2 * * * *", MINUTE)];
    check_cheap(Deny, &windows, LOOKS);
    check_never(Deny, &windows, "2026-06-01T12:00:00Z");
    let primes =
        ["@every 11s", "@every 13s", "@every 17s", "@every 19s", "@every 23s", "@every 29s", "@every 31s"];
    let windows = primes.map(|text| (text, Duration::from_millis(10_999)));
    check_cheap(Deny, &windows, LOOKS);
    let many = vec![("0 0 29 2 *", WEEK * 500); 20_000];
    check_cheap(Allow, &many, LOOKS);
    check_cheap(Deny, &many, LOOKS);
}

#[test]
fn times_at_the_ends_of_the_calendar_have_an_answer() {
    for at in [Timestamp::MIN, Timestamp::MAX] {
        for kind in [Allow, Deny] {
            let windows = Windows::new(
                kind,
                [("0 12 * * *", HOUR), ("@every 7h", MINUTE), ("0 0 1 1 *", Duration::MAX)],
            );
            let _some_time_or_none = windows.next_allowed(at);
        }
    }
}
