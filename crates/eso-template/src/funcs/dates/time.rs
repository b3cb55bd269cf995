//! Go's `time.Time`: an instant, and the zone that it is shown in.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    calendar::{self, DAY, Day, MONTHS, WEEKDAYS},
    duration::{Duration, SECOND},
    write::write,
};
use crate::{
    Fault, Scope, Text, Value, unicode,
    value::{Element, Map, Object},
};

/// How `%v` shows a time.
const SHOWN: &[u8] = b"2006-01-02 15:04:05.999999999 -0700 MST";
/// How JSON shows it.
const RFC_3339: &[u8] = b"2006-01-02T15:04:05.999999999Z07:00";

/// An instant in a zone.
#[derive(Clone, Debug)]
pub(crate) struct Time {
    /// Since 1970, of UTC.
    pub(super) second: i64,
    pub(super) nanosecond: u32,
    pub(super) place: Place,
}

/// A zone.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Utc,
    /// The zone of the container: UTC, by another name.
    Local,
    /// An offset that stood in a text.
    Fixed {
        name: String,
        offset: i64,
    },
    Named(Box<TimeZone>),
}

impl Time {
    /// Go's zero.
    pub(super) const ZERO: Self = Self { second: -62_135_596_800, nanosecond: 0, place: Place::Utc };

    /// Seconds since 1970, in the zone of the container.
    pub(super) fn unix(second: i64) -> Self {
        Self { second, nanosecond: 0, place: Place::Local }
    }

    pub(crate) fn of(at: Timestamp) -> Self {
        let nanoseconds = at.as_nanosecond();
        let second = i64::try_from(nanoseconds.div_euclid(SECOND.into())).expect("a timestamp must fit");
        let nanosecond = u32::try_from(nanoseconds.rem_euclid(SECOND.into())).expect("a rest must fit");
        Self { second, nanosecond, place: Place::Local }
    }

    pub(super) fn within(&self, place: Place) -> Self {
        Self { place, ..self.clone() }
    }

    /// Later by a duration. Seconds wrap around, as in Go.
    pub(crate) fn later(&self, by: Duration) -> Self {
        let nanosecond = i64::from(self.nanosecond) + by.0 % SECOND;
        let second = self.second.wrapping_add(by.0 / SECOND).wrapping_add(nanosecond.div_euclid(SECOND));
        let nanosecond = u32::try_from(nanosecond.rem_euclid(SECOND)).expect("a rest must fit");
        Self { second, nanosecond, place: self.place.clone() }
    }

    /// How much later it is than another; the longest duration where that does not fit.
    pub(super) fn since(&self, other: &Self) -> Duration {
        let seconds = i128::from(self.second) - i128::from(other.second);
        let nanoseconds =
            seconds * i128::from(SECOND) + i128::from(self.nanosecond) - i128::from(other.nanosecond);
        Duration(i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX }))
    }

    /// The name of the zone at that instant, which may be empty, and the seconds that it is east of UTC.
    pub(super) fn zone(&self) -> (String, i64) {
        match &self.place {
            Place::Utc | Place::Local => ("UTC".to_owned(), 0),
            Place::Fixed { name, offset } => (name.clone(), *offset),
            Place::Named(zone) => {
                let (least, most) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
                let at = Timestamp::from_second(self.second.clamp(least, most)).unwrap_or_default();
                let found = zone.to_offset_info(at);
                (found.abbreviation().to_owned(), found.offset().seconds().into())
            }
        }
    }

    /// Seconds since 1970 by the clocks of the zone.
    pub(super) fn local_second(&self) -> i64 {
        self.second.wrapping_add(self.zone().1)
    }

    pub(crate) fn format(&self, layout: &[u8]) -> Vec<u8> {
        write(self, layout)
    }

    /// The same time of the day on another day, which may lie beyond the end of its month.
    fn moved(&self, years: i64, months: i64, days: i64) -> Option<Self> {
        let Day { year, month, day } = Day::of(self.local_second());
        let total = year.checked_add(years)?.checked_mul(12)?.checked_add(month.checked_add(months)?)?;
        let (year, month) = ((total - 1).div_euclid(12), (total - 1).rem_euclid(12) + 1);
        if year.abs() > 1 << 34 {
            return None;
        }
        let number = Day { year, month, day }.number().checked_add(days)?;
        let local = number.checked_mul(DAY)?.checked_add(calendar::second_of_day(self.local_second()))?;
        Some(self.within(self.place.clone()).at_local(local))
    }

    /// The instant at which the clocks of its zone show these seconds since 1970.
    pub(super) fn at_local(self, local: i64) -> Self {
        let guess = Self { second: local.wrapping_sub(self.zone().1), ..self };
        let offset = guess.zone().1;
        Self { second: local.wrapping_sub(offset), ..guess }
    }

    /// Whole multiples of a unit since the year 1, and the rest in nanoseconds.
    fn rest(&self, unit: i64) -> i64 {
        let seconds = i128::from(self.second) - i128::from(Self::ZERO.second);
        let rest = (seconds * i128::from(SECOND) + i128::from(self.nanosecond)).rem_euclid(unit.into());
        i64::try_from(rest).expect("a rest must be less than what it is of")
    }

    fn truncated(&self, unit: Duration) -> Self {
        match unit.0 {
            ..=0 => self.clone(),
            unit => self.later(Duration(-self.rest(unit))),
        }
    }

    fn rounded(&self, unit: Duration) -> Self {
        let down = self.truncated(unit);
        let rest = self.since(&down).0;
        match unit.0 > 0 && rest >= unit.0 - rest {
            true => down.later(unit),
            false => down,
        }
    }
}

/// A month or a day of the week: a number with a name.
#[derive(Debug)]
struct Named {
    type_name: &'static str,
    name: &'static str,
    number: i64,
}

fn named(type_name: &'static str, names: &[&'static str], place: i64, number: i64) -> Value {
    let name = usize::try_from(place).ok().and_then(|place| names.get(place).copied());
    Value::object(Named { type_name, name: name.unwrap_or_default(), number })
}

impl Object for Named {
    fn type_name(&self) -> &'static str {
        self.type_name
    }

    fn kind(&self) -> &'static str {
        "int"
    }

    fn show(&self) -> Text {
        self.name.into()
    }

    fn plain(&self) -> Value {
        Value::Int(self.number)
    }

    fn get(&self, _scope: &mut Scope<'_>, name: &str, arguments: &[Value]) -> Option<Result<Value, Fault>> {
        match (name, arguments) {
            ("String", []) => Some(Ok(self.name.into())),
            _ => None,
        }
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// Go's `*time.Location`.
#[derive(Debug)]
struct Location(Place);

impl Object for Location {
    fn type_name(&self) -> &'static str {
        "*time.Location"
    }

    fn kind(&self) -> &'static str {
        "ptr"
    }

    fn show(&self) -> Text {
        match &self.0 {
            Place::Utc => "UTC".into(),
            Place::Local => "Local".into(),
            Place::Fixed { name, .. } => name.as_str().into(),
            Place::Named(zone) => zone.iana_name().unwrap_or_default().into(),
        }
    }

    /// It has nothing that JSON may know.
    fn plain(&self) -> Value {
        Value::Map(Map::new(Element::Any, BTreeMap::new()))
    }

    fn get(&self, _scope: &mut Scope<'_>, name: &str, arguments: &[Value]) -> Option<Result<Value, Fault>> {
        match (name, arguments) {
            ("String", []) => Some(Ok(self.show().into())),
            _ => None,
        }
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl Object for Time {
    fn type_name(&self) -> &'static str {
        "time.Time"
    }

    fn kind(&self) -> &'static str {
        "struct"
    }

    fn show(&self) -> Text {
        self.format(SHOWN).into()
    }

    fn plain(&self) -> Value {
        Value::String(self.format(RFC_3339).into())
    }

    fn go_string(&self) -> Option<Text> {
        let local = self.local_second();
        let Day { year, month, day } = Day::of(local);
        let month = MONTHS[usize::try_from(month - 1).expect("a month must be one of twelve")];
        let second = calendar::second_of_day(local);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let place = match &self.place {
            Place::Utc => "time.UTC".to_owned(),
            Place::Local => "time.Local".to_owned(),
            other @ (Place::Fixed { .. } | Place::Named(_)) => {
                let name = unicode::quote(&Location(other.clone()).show());
                format!("time.Location({})", String::from_utf8_lossy(&name))
            }
        };
        let nanosecond = self.nanosecond;
        let text = format!(
            "time.Date({year}, time.{month}, {day}, {hour}, {minute}, {second}, {nanosecond}, {place})"
        );
        Some(text.into_bytes().into())
    }

    fn get(&self, scope: &mut Scope<'_>, name: &str, arguments: &[Value]) -> Option<Result<Value, Fault>> {
        let found = match arguments {
            [] => Ok(self.part(name)),
            [argument] => self.with(scope, name, argument),
            [years, months, days] if name == "AddDate" => self.add_date(years, months, days),
            _ => Ok(None),
        };
        match found {
            Err(fault) => Some(Err(fault)),
            Ok(Some(value)) => Some(Ok(value)),
            Ok(None) if METHODS.contains(&name) => {
                Some(Err(Fault::wrong("wrong arguments for a method of time.Time")))
            }
            Ok(None) => None,
        }
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// The methods that templates can call.
const METHODS: [&str; 34] = [
    "Add",
    "AddDate",
    "After",
    "Before",
    "Compare",
    "Day",
    "Equal",
    "Format",
    "Hour",
    "In",
    "IsDST",
    "IsZero",
    "Local",
    "Location",
    "Minute",
    "Month",
    "Nanosecond",
    "Round",
    "Second",
    "String",
    "Sub",
    "Truncate",
    "UTC",
    "Unix",
    "UnixMicro",
    "UnixMilli",
    "UnixNano",
    "Weekday",
    "Year",
    "YearDay",
    "Clock",
    "Date",
    "ISOWeek",
    "Zone",
];

impl Time {
    /// What a method without arguments answers.
    fn part(&self, name: &str) -> Option<Value> {
        let local = self.local_second();
        let (day, second) = (Day::of(local), calendar::second_of_day(local));
        let in_units = |unit: i64| {
            let parts = i64::from(self.nanosecond) / (SECOND / unit);
            Value::Int64(self.second.wrapping_mul(unit).wrapping_add(parts))
        };
        Some(match name {
            "Year" => Value::Int(day.year),
            "Month" => named("time.Month", &MONTHS, day.month - 1, day.month),
            "Day" => Value::Int(day.day),
            "YearDay" => Value::Int(day.of_year()),
            "Weekday" => named("time.Weekday", &WEEKDAYS, calendar::weekday(local), calendar::weekday(local)),
            "Hour" => Value::Int(second / 3_600),
            "Minute" => Value::Int(second / 60 % 60),
            "Second" => Value::Int(second % 60),
            "Nanosecond" => Value::Int(self.nanosecond.into()),
            "Unix" => Value::Int64(self.second),
            "UnixMilli" => in_units(1_000),
            "UnixMicro" => in_units(1_000_000),
            "UnixNano" => in_units(SECOND),
            "UTC" => Value::object(self.within(Place::Utc)),
            "Local" => Value::object(self.within(Place::Local)),
            "Location" => Value::object(Location(self.place.clone())),
            "IsZero" => Value::Bool((self.second, self.nanosecond) == (Self::ZERO.second, 0)),
            "IsDST" => Value::Bool(self.is_summer()),
            "String" => self.show().into(),
            _ => return None,
        })
    }

    fn is_summer(&self) -> bool {
        match &self.place {
            Place::Named(zone) => {
                Timestamp::from_second(self.second).is_ok_and(|at| zone.to_offset_info(at).dst().is_dst())
            }
            Place::Utc | Place::Local | Place::Fixed { .. } => false,
        }
    }

    /// What a method answers to one argument.
    fn with(&self, scope: &mut Scope<'_>, name: &str, argument: &Value) -> Result<Option<Value>, Fault> {
        if let ("Format", Value::String(layout)) = (name, argument) {
            scope.hold(layout.len().saturating_mul(8))?;
            return Ok(Some(Value::String(self.format(layout).into())));
        }
        if let Some(other) = argument.downcast::<Self>() {
            let order = (self.second, self.nanosecond).cmp(&(other.second, other.nanosecond));
            return Ok(Some(match name {
                "After" => Value::Bool(order.is_gt()),
                "Before" => Value::Bool(order.is_lt()),
                "Equal" => Value::Bool(order.is_eq()),
                "Compare" => Value::Int(order as i64),
                "Sub" => Value::object(self.since(other)),
                _ => return Ok(None),
            }));
        }
        if let ("In", Some(Location(place))) = (name, argument.downcast()) {
            return Ok(Some(Value::object(self.within(place.clone()))));
        }
        let Some(duration) = Duration::of(argument) else { return Ok(None) };
        Ok(Some(Value::object(match name {
            "Add" => self.later(duration),
            "Round" => self.rounded(duration),
            "Truncate" => self.truncated(duration),
            _ => return Ok(None),
        })))
    }

    fn add_date(&self, years: &Value, months: &Value, days: &Value) -> Result<Option<Value>, Fault> {
        let (Value::Int(years), Value::Int(months), Value::Int(days)) = (years, months, days) else {
            return Ok(None);
        };
        let moved = self.moved(*years, *months, *days);
        moved.map(|time| Some(Value::object(time))).ok_or(Fault::Limit("years of a time"))
    }
}
