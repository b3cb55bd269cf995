//! A time by a layout.

use super::{
    calendar::{Day, MONTHS, WEEKDAYS, second_of_day, weekday},
    layout::{Fraction, Offset, Part, Precision, next},
    time::Time,
};

/// A time as it is shown in its zone.
struct Shown {
    day: Day,
    second_of_day: i64,
    weekday: usize,
    nanosecond: u32,
    zone: String,
    /// Seconds east of UTC.
    offset: i64,
}

/// The time, as the layout shows it.
pub(super) fn write(time: &Time, layout: &[u8]) -> Vec<u8> {
    let local = time.local_second();
    let (zone, offset) = time.zone();
    let shown = Shown {
        day: Day::of(local),
        second_of_day: second_of_day(local),
        weekday: usize::try_from(weekday(local)).expect("a weekday must be from 0 to 6"),
        nanosecond: time.nanosecond,
        zone,
        offset,
    };
    let mut written = Vec::new();
    let mut rest = layout;
    while !rest.is_empty() {
        let (before, part, after) = next(rest);
        written.extend_from_slice(before);
        if let Some(part) = part {
            written.extend_from_slice(shown.part(part).as_bytes());
        }
        rest = after;
    }
    written
}

impl Shown {
    fn part(&self, part: Part) -> String {
        let Day { year, month, day } = self.day;
        let (hour, minute) = (self.second_of_day / 3_600, self.second_of_day / 60 % 60);
        let second = self.second_of_day % 60;
        let of_twelve = (hour + 11) % 12 + 1;
        match part {
            Part::LongYear if year < 0 => format!("-{:04}", -year),
            Part::LongYear => format!("{year:04}"),
            Part::Year => format!("{:02}", year.abs() % 100),
            Part::LongMonth => self.month().to_owned(),
            Part::Month => self.month()[..3].to_owned(),
            Part::LongWeekday => WEEKDAYS[self.weekday].to_owned(),
            Part::Weekday => WEEKDAYS[self.weekday][..3].to_owned(),
            Part::NumericMonth => month.to_string(),
            Part::ZeroMonth => format!("{month:02}"),
            Part::Day => day.to_string(),
            Part::SpaceDay => format!("{day:2}"),
            Part::ZeroDay => format!("{day:02}"),
            Part::SpaceYearDay => format!("{:3}", self.day.of_year()),
            Part::ZeroYearDay => format!("{:03}", self.day.of_year()),
            Part::Hour => format!("{hour:02}"),
            Part::Hour12 => of_twelve.to_string(),
            Part::ZeroHour12 => format!("{of_twelve:02}"),
            Part::Minute => minute.to_string(),
            Part::ZeroMinute => format!("{minute:02}"),
            Part::Second => second.to_string(),
            Part::ZeroSecond => format!("{second:02}"),
            Part::UpperNoon => if hour >= 12 { "PM" } else { "AM" }.to_owned(),
            Part::LowerNoon => if hour >= 12 { "pm" } else { "am" }.to_owned(),
            Part::ZoneName if self.zone.is_empty() => unnamed(self.offset),
            Part::ZoneName => self.zone.clone(),
            Part::Offset(form) => offset(form, self.offset),
            Part::Fraction(form) => fraction(form, self.nanosecond),
        }
    }

    fn month(&self) -> &'static str {
        MONTHS[usize::try_from(self.day.month - 1).expect("a month must be from 1 to 12")]
    }
}

/// What stands for the name of a zone that has none.
fn unnamed(offset: i64) -> String {
    let minutes = offset / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

fn offset(form: Offset, offset: i64) -> String {
    if form.zulu && offset == 0 {
        return "Z".to_owned();
    }
    let minutes = offset / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let colon = if form.colon { ":" } else { "" };
    let mut text = format!("{sign}{:02}", minutes.abs() / 60);
    if form.precision >= Precision::Minutes {
        text += &format!("{colon}{:02}", minutes.abs() % 60);
    }
    if form.precision == Precision::Seconds {
        text += &format!("{colon}{:02}", offset.abs() % 60);
    }
    text
}

fn fraction(form: Fraction, nanosecond: u32) -> String {
    let Fraction { digits, trimmed, separator } = form;
    if trimmed && (digits == 0 || nanosecond == 0) {
        return String::new();
    }
    let all = format!("{nanosecond:09}");
    let kept = &all[..digits.min(9)];
    let kept = if trimmed { kept.trim_end_matches('0') } else { kept };
    match kept {
        "" => String::new(),
        kept => format!("{}{kept}", char::from(separator)),
    }
}
