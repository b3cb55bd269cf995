//! Cron schedules of five fields, as robfig/cron v3 reads them.

use std::num::{IntErrorKind, ParseIntError};

use jiff::civil::{Date, date};

use super::schedule::DAY;

/// The minutes that a schedule names. Each field is a set of bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Whether a day must be in both sets of days: one of them is `*`. Either is enough otherwise.
    both: bool,
    /// The most seconds between two times of a day.
    widest_gap: i64,
}

/// What may stand in a field.
struct Bounds {
    least: i64,
    most: i64,
    names: &'static [&'static str],
}

const MINUTES: Bounds = Bounds { least: 0, most: 59, names: &[] };
const HOURS: Bounds = Bounds { least: 0, most: 23, names: &[] };
const DAYS: Bounds = Bounds { least: 1, most: 31, names: &[] };
const MONTHS: Bounds = Bounds {
    least: 1,
    most: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAYS: Bounds =
    Bounds { least: 0, most: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

/// The bit of a field that holds a `*`.
const STAR: u64 = 1 << 63;

impl Cron {
    /// Reads five fields.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<_> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else {
            return Err(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
        };
        let (minutes, hours) = (field(minutes, &MINUTES)? & !STAR, field(hours, &HOURS)? & !STAR);
        let (days, months) = (field(days, &DAYS)?, field(months, &MONTHS)? & !STAR);
        let weekdays = field(weekdays, &WEEKDAYS)?;
        let both = (days | weekdays) & STAR != 0;
        let (days, weekdays) = (days & !STAR, weekdays & !STAR);
        let mut cron = Self { minutes, hours, days, months, weekdays, both, widest_gap: 0 };
        cron.widest_gap = cron.gap();
        Ok(cron)
    }

    /// The most seconds between two times of a day.
    pub(super) fn widest_gap(&self) -> i64 {
        self.widest_gap
    }

    /// The last time of a day, counted from 1970, up to one of its seconds, itself included.
    pub(super) fn last_of_day(&self, day: i64, until: i64) -> Option<i64> {
        self.names(day)
            .then(|| self.last_until(until.clamp(0, DAY - 1) / 60))
            .flatten()
            .map(|minute| minute * 60)
    }

    /// The first time of a day, counted from 1970, from one of its seconds on, itself included.
    pub(super) fn first_of_day(&self, day: i64, from: i64) -> Option<i64> {
        self.names(day).then(|| self.first_from((from.max(0) + 59) / 60)).flatten().map(|minute| minute * 60)
    }

    /// Whether a day is one of its days.
    fn names(&self, day: i64) -> bool {
        let Some(date) = civil(day) else { return false };
        let is_in = |set: u64, number: i8| set & (1 << number) != 0;
        let by_date = is_in(self.days, date.day());
        let by_weekday = is_in(self.weekdays, date.weekday().to_sunday_zero_offset());
        let is_day = if self.both { by_date && by_weekday } else { by_date || by_weekday };
        is_in(self.months, date.month()) && is_day
    }

    /// The last of its minutes up to one of the day.
    fn last_until(&self, minute: i64) -> Option<i64> {
        let (hour, minute) = (minute / 60, minute % 60);
        let in_hour = self.minutes & up_to(minute);
        if self.hours & (1 << hour) != 0 && in_hour != 0 {
            return Some(hour * 60 + highest(in_hour));
        }
        let hours = self.hours & (up_to(hour) >> 1);
        (hours != 0 && self.minutes != 0).then(|| highest(hours) * 60 + highest(self.minutes))
    }

    /// The first of its minutes from one of the day on.
    fn first_from(&self, minute: i64) -> Option<i64> {
        let (hour, minute) = (minute / 60, minute % 60);
        let in_hour = self.minutes & !(up_to(minute) >> 1);
        if self.hours & (1 << hour) != 0 && in_hour != 0 {
            return Some(hour * 60 + lowest(in_hour));
        }
        let hours = self.hours & !up_to(hour);
        (hours != 0 && self.minutes != 0).then(|| lowest(hours) * 60 + lowest(self.minutes))
    }

    fn gap(&self) -> i64 {
        let mut times = Vec::new();
        let mut next = self.first_from(0);
        while let Some(time) = next {
            times.push(time);
            next = self.first_from(time + 1);
        }
        times.windows(2).map(|pair| (pair[1] - pair[0]) * 60).max().unwrap_or(0)
    }
}

/// The date of a day that is counted from 1970.
fn civil(day: i64) -> Option<Date> {
    date(1970, 1, 1).checked_add(jiff::SignedDuration::from_hours(day.checked_mul(24)?)).ok()
}

/// The bits up to this one.
fn up_to(bit: i64) -> u64 {
    u64::MAX >> (63 - bit)
}

fn highest(bits: u64) -> i64 {
    63 - i64::from(bits.leading_zeros())
}

fn lowest(bits: u64) -> i64 {
    i64::from(bits.trailing_zeros())
}

/// A list of ranges. One of none names nothing.
fn field(text: &str, bounds: &Bounds) -> Result<u64, String> {
    text.split(',')
        .filter(|range| !range.is_empty())
        .try_fold(0, |bits, text| Ok(bits | range(text, bounds)?))
}

/// `*`, `5`, `1-5`, each with a step behind it or without.
fn range(text: &str, bounds: &Bounds) -> Result<u64, String> {
    let (ends, step) = match text.split('/').collect::<Vec<_>>()[..] {
        [ends] => (ends, None),
        [ends, step] => (ends, Some(step)),
        _ => return Err(format!("too many slashes: {text}")),
    };
    let parts: Vec<_> = ends.split('-').collect();
    let (start, mut end, mut star) = match parts[..] {
        // What stands behind the hyphen of `*-5` is not looked at.
        ["*" | "?", ..] => (bounds.least, bounds.most, STAR),
        [single] => number_or_name(single, bounds).map(|number| (number, number, 0))?,
        [start, end] => (number_or_name(start, bounds)?, number_or_name(end, bounds)?, 0),
        _ => return Err(format!("too many hyphens: {text}")),
    };
    let step = step.map(number).transpose()?;
    if step.is_some() && parts.len() == 1 {
        end = bounds.most;
    }
    if step.is_some_and(|step| step > 1) {
        star = 0;
    }
    bits(text, start..=end, step.unwrap_or(1), bounds).map(|bits| bits | star)
}

fn bits(
    text: &str,
    range: std::ops::RangeInclusive<i64>,
    step: i64,
    Bounds { least, most, .. }: &Bounds,
) -> Result<u64, String> {
    let (start, end) = range.into_inner();
    if start < *least {
        return Err(format!("beginning of range ({start}) below minimum ({least}): {text}"));
    }
    if end > *most {
        return Err(format!("end of range ({end}) above maximum ({most}): {text}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {text}"));
    }
    let step = usize::try_from(step).ok().filter(|step| *step > 0);
    let step = step.ok_or_else(|| format!("step of range should be a positive number: {text}"))?;
    Ok((start..=end).step_by(step).fold(0, |bits, number| bits | 1 << number))
}

fn number_or_name(text: &str, bounds: &Bounds) -> Result<i64, String> {
    let lower = text.to_lowercase();
    match (0..).zip(bounds.names).find(|(_, name)| **name == lower) {
        Some((at, _)) => Ok(bounds.least + at),
        None => number(text),
    }
}

fn number(text: &str) -> Result<i64, String> {
    let number: i64 = text.parse().map_err(|error: ParseIntError| {
        let reason = match error.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "value out of range",
            _ => "invalid syntax",
        };
        format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: {reason}")
    })?;
    match number < 0 {
        true => Err(format!("negative number ({number}) not allowed: {text}")),
        false => Ok(number),
    }
}
