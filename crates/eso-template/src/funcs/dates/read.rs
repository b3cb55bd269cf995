//! A text by a layout, as a time.

use super::{
    calendar::{DAY, Day, MONTHS, WEEKDAYS, days_in, is_leap},
    layout::{Fraction, Offset, Part, Precision, next},
    time::{Place, Time},
};

/// What was read so far. Nothing is said of what did not stand in the text.
#[derive(Default)]
struct Reading<'a> {
    rest: &'a [u8],
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: u32,
    afternoon: Option<bool>,
    utc: bool,
    /// Seconds east of UTC.
    offset: Option<i64>,
    zone: Option<String>,
}

/// The time that a text tells by a layout; nothing where it does not follow it, or tells of a day that never was.
pub(super) fn read(layout: &[u8], text: &[u8]) -> Option<Time> {
    let mut reading = Reading { rest: text, ..Reading::default() };
    let mut layout = layout;
    loop {
        let (before, part, after) = next(layout);
        reading.rest = skip(reading.rest, before)?;
        let Some(part) = part else { break };
        reading.part(part, after)?;
        layout = after;
    }
    if reading.rest.is_empty() { reading.time() } else { None }
}

/// The text after what the layout has as it is. Any number of spaces stands for any number of them.
fn skip<'a>(mut text: &'a [u8], mut prefix: &[u8]) -> Option<&'a [u8]> {
    let without_spaces = |bytes: &mut &[u8]| {
        while let [b' ', rest @ ..] = bytes {
            *bytes = rest;
        }
    };
    while let [expected, rest @ ..] = prefix {
        if *expected == b' ' {
            if text.first().is_some_and(|byte| *byte != b' ') {
                return None;
            }
            without_spaces(&mut prefix);
            while let [b' ', rest @ ..] = text {
                text = rest;
            }
            continue;
        }
        text = text.strip_prefix(&[*expected])?;
        prefix = rest;
    }
    Some(text)
}

impl<'a> Reading<'a> {
    fn part(&mut self, part: Part, layout: &[u8]) -> Option<()> {
        match part {
            Part::Year => {
                let year = integer(self.take(2)?)?;
                self.year = if year >= 69 { year + 1_900 } else { year + 2_000 };
            }
            Part::LongYear => {
                self.rest.first().filter(|byte| byte.is_ascii_digit())?;
                self.year = integer(self.take(4)?)?;
            }
            Part::Month => self.month = Some(self.name(&MONTHS, 3)? + 1),
            Part::LongMonth => self.month = Some(self.name(&MONTHS, usize::MAX)? + 1),
            Part::NumericMonth | Part::ZeroMonth => {
                let month = self.digits(2, part == Part::ZeroMonth)?;
                self.month = Some(month).filter(|month| (1..=12).contains(month));
                self.month?;
            }
            Part::Weekday => drop(self.name(&WEEKDAYS, 3)?),
            Part::LongWeekday => drop(self.name(&WEEKDAYS, usize::MAX)?),
            Part::Day | Part::SpaceDay | Part::ZeroDay => {
                self.spaces(usize::from(part == Part::SpaceDay));
                self.day = Some(self.digits(2, part == Part::ZeroDay)?);
            }
            Part::SpaceYearDay | Part::ZeroYearDay => {
                self.spaces(2 * usize::from(part == Part::SpaceYearDay));
                self.year_day = Some(self.digits(3, part == Part::ZeroYearDay)?);
            }
            Part::Hour => self.hour = self.below(24, false)?,
            Part::Hour12 | Part::ZeroHour12 => self.hour = self.below(13, part == Part::ZeroHour12)?,
            Part::Minute | Part::ZeroMinute => self.minute = self.below(60, part == Part::ZeroMinute)?,
            Part::Second | Part::ZeroSecond => {
                self.second = self.below(60, part == Part::ZeroSecond)?;
                self.unexpected_fraction(layout)?;
            }
            Part::UpperNoon => self.afternoon = Some(noon(self.take(2)?, b"PM", b"AM")?),
            Part::LowerNoon => self.afternoon = Some(noon(self.take(2)?, b"pm", b"am")?),
            Part::ZoneName => self.zone_name()?,
            Part::Offset(form) => self.offset(form)?,
            Part::Fraction(form) => self.fraction(form)?,
        }
        Some(())
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn spaces(&mut self, most: usize) {
        for _ in 0..most {
            self.rest = self.rest.strip_prefix(b" ").unwrap_or(self.rest);
        }
    }

    /// A number of as many digits at most, or of exactly as many.
    fn digits(&mut self, most: usize, exactly: bool) -> Option<i64> {
        let length = self.rest.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        if length == 0 || (exactly && length < most) {
            return None;
        }
        integer(self.take(length)?)
    }

    fn below(&mut self, limit: i64, exactly: bool) -> Option<i64> {
        self.digits(2, exactly).filter(|number| *number < limit)
    }

    /// The place of a name that the text begins with, in any case.
    fn name(&mut self, names: &[&str], length: usize) -> Option<i64> {
        let starts = |name: &&str| {
            let name = &name.as_bytes()[..length.min(name.len())];
            self.rest.get(..name.len()).filter(|start| start.eq_ignore_ascii_case(name)).map(<[u8]>::len)
        };
        let (place, length) =
            names.iter().enumerate().find_map(|(place, name)| Some((place, starts(name)?)))?;
        self.take(length)?;
        i64::try_from(place).ok()
    }

    /// A fraction of a second that the layout does not speak of.
    fn unexpected_fraction(&mut self, layout: &[u8]) -> Option<()> {
        let [b'.' | b',', digits @ ..] = self.rest else { return Some(()) };
        let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if length == 0 || matches!(next(layout).1, Some(Part::Fraction(_))) {
            return Some(());
        }
        self.nanoseconds(length)
    }

    fn fraction(&mut self, form: Fraction) -> Option<()> {
        if !form.trimmed {
            return self.nanoseconds(form.digits);
        }
        let [b'.' | b',', digits @ ..] = self.rest else { return Some(()) };
        match digits.iter().take_while(|byte| byte.is_ascii_digit()).count() {
            0 => Some(()),
            length => self.nanoseconds(length),
        }
    }

    /// A point, and so many digits. Those after the ninth are dropped.
    fn nanoseconds(&mut self, length: usize) -> Option<()> {
        let [b'.' | b',', digits @ ..] = self.take(length + 1)? else { return None };
        let digits = &digits[..length.min(9)];
        let missing = 9 - u32::try_from(digits.len()).ok()?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.nanosecond = u32::try_from(integer(digits)?).ok()? * 10_u32.pow(missing);
        Some(())
    }

    fn offset(&mut self, form: Offset) -> Option<()> {
        if let (true, [b'Z', rest @ ..]) = (form.zulu, self.rest) {
            (self.rest, self.utc) = (rest, true);
            return Some(());
        }
        let sign = match self.take(1)? {
            b"+" => 1,
            b"-" => -1,
            _ => return None,
        };
        let hours = self.digits(2, true).filter(|hours| *hours <= 24)?;
        let minutes = self.sixtieths(form, Precision::Minutes)?;
        let seconds = self.sixtieths(form, Precision::Seconds)?;
        self.offset = Some(sign * ((hours * 60 + minutes) * 60 + seconds));
        Some(())
    }

    /// Minutes or seconds of an offset, where it has them. Go takes 60 too.
    fn sixtieths(&mut self, form: Offset, precision: Precision) -> Option<i64> {
        if form.precision < precision {
            return Some(0);
        }
        if form.colon {
            self.rest = self.rest.strip_prefix(b":")?;
        }
        self.digits(2, true).filter(|number| *number <= 60)
    }

    fn zone_name(&mut self) -> Option<()> {
        if let Some(rest) = self.rest.strip_prefix(b"UTC") {
            (self.rest, self.utc) = (rest, true);
            return Some(());
        }
        let name = self.take(zone_length(self.rest)?)?;
        self.zone = Some(String::from_utf8_lossy(name).into_owned());
        Some(())
    }

    /// What was read, as a time, where it tells of one.
    fn time(self) -> Option<Time> {
        let (month, day) = self.day()?;
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let day = Day { year: self.year, month, day }.number();
        let local = day * DAY + (hour * 60 + self.minute) * 60 + self.second;
        let (place, offset) = match (self.utc, self.offset, self.zone) {
            (true, ..) => (Place::Utc, 0),
            (_, Some(0), None) | (_, None, None) => (Place::Local, 0),
            (_, Some(offset), name) => (Place::Fixed { name: name.unwrap_or_default(), offset }, offset),
            // A name alone says nothing of the offset. That of `GMT+3` is shown, but not reckoned with.
            (_, None, Some(name)) => {
                let hours = name.strip_prefix("GMT").and_then(|hours| hours.parse::<i64>().ok());
                (Place::Fixed { name, offset: hours.unwrap_or_default() * 3_600 }, 0)
            }
        };
        Some(Time { second: local - offset, nanosecond: self.nanosecond, place })
    }

    /// The month and the day, of the day of the year too.
    fn day(&self) -> Option<(i64, i64)> {
        let (month, day) = match self.year_day {
            None => (self.month.unwrap_or(1), self.day.unwrap_or(1)),
            Some(year_day) => {
                let (month, day) = of_year_day(self.year, year_day)?;
                let agrees = |read: Option<i64>, told| read.is_none_or(|read| read == told);
                if !agrees(self.month, month) || !agrees(self.day, day) {
                    return None;
                }
                (month, day)
            }
        };
        (1..=days_in(month, self.year)).contains(&day).then_some((month, day))
    }
}

fn of_year_day(year: i64, year_day: i64) -> Option<(i64, i64)> {
    let mut rest = year_day;
    if year_day < 1 || year_day > 365 + i64::from(is_leap(year)) {
        return None;
    }
    (1..=12).find_map(|month| {
        let days = days_in(month, year);
        let found = (rest <= days).then_some((month, rest));
        rest -= days;
        found
    })
}

fn noon(text: &[u8], after: &[u8], before: &[u8]) -> Option<bool> {
    if text == after { Some(true) } else { (text == before).then_some(false) }
}

/// A number, with a sign too: Go reads a year of four bytes so.
fn integer(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// How much of a text looks like the name of a zone.
fn zone_length(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(rest) = text.strip_prefix(b"GMT") {
        return Some(3 + signed_hours(rest).unwrap_or(0));
    }
    if matches!(text[0], b'+' | b'-') {
        return signed_hours(text);
    }
    match text.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count() {
        5 if text[4] == b'T' => Some(5),
        4 if text[3] == b'T' || text.starts_with(b"WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

/// The length of hours with their sign, such as `-03`.
fn signed_hours(text: &[u8]) -> Option<usize> {
    let [b'+' | b'-', digits @ ..] = text else { return None };
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    integer(&digits[..length]).filter(|hours| *hours <= 23).map(|_| length + 1)
}
