//! Times and durations.

mod calendar;
mod duration;
mod layout;
mod read;
mod time;
mod write;

use std::sync::LazyLock;

use jiff::tz::TimeZoneDatabase;

pub(crate) use self::{duration::Duration, time::Time};
use self::{
    duration::{HOUR, MINUTE, SECOND},
    time::Place,
};
use crate::{
    Fault, Scope, Text, Value,
    function::{Function, function},
    number::{self, NoInteger},
};

/// The layout of a date in HTML.
const HTML: &[u8] = b"2006-01-02";

pub(super) fn functions() -> Vec<Function> {
    let later = r#"{{ toDate "2006-01-02" "2026-01-02" | dateModify "36h" | date "Jan 2" }}"#;
    vec![
        function("now", now).example(r#"{{ now | kindOf }}"#, "struct"),
        function("ago", ago).example("{{ ago now }}", "0s"),
        function("date", date).example(r#"{{ date "2006-01-02" 0 }}"#, "1970-01-01"),
        function("dateInZone", date_in_zone)
            .example(r#"{{ dateInZone "15:04 MST" 0 "Europe/Paris" }}"#, "01:00 CET"),
        function("date_in_zone", date_in_zone)
            .example(r#"{{ date_in_zone "15:04 MST" 0 "UTC" }}"#, "00:00 UTC"),
        function("dateModify", date_modify).example(later, "Jan 3"),
        function("date_modify", date_modify)
            .example(r#"{{ (toDate "15:04" "10:00" | date_modify "-90m").Hour }}"#, "8"),
        function("mustDateModify", must_date_modify)
            .example(r#"{{ (toDate "15:04" "10:00" | mustDateModify "1h").Hour }}"#, "11"),
        function("must_date_modify", must_date_modify)
            .example(r#"{{ (toDate "15:04" "10:00" | must_date_modify "1h").Hour }}"#, "11"),
        function("duration", duration).example(r#"{{ duration "95" }}"#, "1m35s"),
        function("durationRound", duration_round).example(r#"{{ durationRound "2h10m5s" }}"#, "2h"),
        function("htmlDate", html_date).example("{{ htmlDate 0 }}", "1970-01-01"),
        function("htmlDateInZone", html_date_in_zone)
            .example(r#"{{ htmlDateInZone 0 "America/New_York" }}"#, "1969-12-31"),
        function("toDate", to_date).example(r#"{{ (toDate "2006-01-02" "2026-02-03").Month }}"#, "February"),
        function("mustToDate", must_to_date)
            .example(r#"{{ (mustToDate "02.01.2006" "03.02.2026").YearDay }}"#, "34"),
        function("unixEpoch", unix_epoch)
            .example(r#"{{ toDate "2006-01-02" "2026-01-01" | unixEpoch }}"#, "1767225600"),
    ]
}

/// The time that a text tells by a layout.
pub(super) fn read_time(layout: &[u8], text: &[u8]) -> Option<Time> {
    read::read(layout, text)
}

fn now(scope: &mut Scope<'_>) -> Value {
    Value::object(Time::of(scope.now()))
}

/// What functions take as a time: one, or seconds since 1970; the present for all else.
fn time_of(scope: &Scope<'_>, value: &Value) -> Time {
    match value {
        Value::Int(second) | Value::Int64(second) => Time::unix(*second),
        value => value.downcast::<Time>().cloned().unwrap_or_else(|| Time::of(scope.now())),
    }
}

fn ago(scope: &mut Scope<'_>, value: Value) -> String {
    let since = Time::of(scope.now()).since(&time_of(scope, &value));
    since.rounded(Duration(SECOND)).text()
}

fn date(scope: &mut Scope<'_>, layout: Text, value: Value) -> Result<Vec<u8>, Fault> {
    format(scope, &layout, &value, Place::Local)
}

fn date_in_zone(scope: &mut Scope<'_>, layout: Text, value: Value, zone: Text) -> Result<Vec<u8>, Fault> {
    format(scope, &layout, &value, place_of(&zone))
}

fn html_date(scope: &mut Scope<'_>, value: Value) -> Result<Vec<u8>, Fault> {
    format(scope, HTML, &value, Place::Local)
}

fn html_date_in_zone(scope: &mut Scope<'_>, value: Value, zone: Text) -> Result<Vec<u8>, Fault> {
    format(scope, HTML, &value, place_of(&zone))
}

fn format(scope: &mut Scope<'_>, layout: &[u8], value: &Value, place: Place) -> Result<Vec<u8>, Fault> {
    // A part such as `Jan` grows to nine bytes at most where it had one: `January`, `1`.
    scope.hold(layout.len().saturating_mul(8))?;
    scope.spend(layout.len() as u64 / 4)?;
    Ok(time_of(scope, value).within(place).format(layout))
}

/// The zones that are compiled in: those of the machine would be files, and others elsewhere.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A zone by its name, in the case that it is written in; UTC where there is none of it.
fn place_of(name: &[u8]) -> Place {
    match std::str::from_utf8(name) {
        Ok("Local") => Place::Local,
        Ok("UTC" | "") | Err(_) => Place::Utc,
        Ok(name) => match ZONES.get(name) {
            Ok(zone) if zone.iana_name() == Some(name) => Place::Named(Box::new(zone)),
            Ok(_) | Err(_) => Place::Utc,
        },
    }
}

fn date_modify(by: Text, time: Time) -> Value {
    let by = Duration::parse(&by).unwrap_or(Duration(0));
    Value::object(time.later(by))
}

fn must_date_modify(by: Text, time: Time) -> Result<Value, Fault> {
    let by = Duration::parse(&by).ok_or(Fault::wrong("this is no duration"))?;
    Ok(Value::object(time.later(by)))
}

fn to_date(layout: Text, text: Text) -> Value {
    Value::object(read::read(&layout, &text).unwrap_or(Time::ZERO))
}

fn must_to_date(layout: Text, text: Text) -> Result<Value, Fault> {
    let time = read::read(&layout, &text).ok_or(Fault::wrong("the text does not follow the layout"))?;
    Ok(Value::object(time))
}

fn unix_epoch(time: Time) -> String {
    time.second.to_string()
}

/// Seconds as a duration: a text in decimal or an `int64`, and nothing else.
fn duration(seconds: Value) -> String {
    let seconds = match seconds {
        Value::String(text) => number::integer(&text, 10).unwrap_or_else(|no_integer| match no_integer {
            NoInteger::Syntax => 0,
            NoInteger::Range(nearest) => nearest,
        }),
        Value::Int64(seconds) => seconds,
        _ => 0,
    };
    Duration(seconds.wrapping_mul(SECOND)).text()
}

/// The greatest unit of a duration, or of the time since a time, and how many of it there are.
fn duration_round(scope: &mut Scope<'_>, value: Value) -> String {
    let duration = match &value {
        Value::String(text) => Duration::parse(text).unwrap_or(Duration(0)),
        Value::Int64(nanoseconds) => Duration(*nanoseconds),
        value => match value.downcast::<Time>() {
            Some(time) => Time::of(scope.now()).since(time),
            None => Duration(0),
        },
    };
    let units = [(365 * 24 * HOUR, "y"), (30 * 24 * HOUR, "mo"), (24 * HOUR, "d")];
    let units = units.into_iter().chain([(HOUR, "h"), (MINUTE, "m"), (SECOND, "s")]);
    let magnitude = duration.0.unsigned_abs();
    let mut found = units.filter(|(unit, _)| magnitude > unit.unsigned_abs());
    match found.next() {
        Some((unit, name)) => format!("{}{name}", magnitude / unit.unsigned_abs()),
        None => "0s".to_owned(),
    }
}

#[cfg(test)]
mod tests;
