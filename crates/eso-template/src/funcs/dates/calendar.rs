//! The calendar: seconds since 1970 as a date and a time of day, over all that 64 bits can tell, as Go reckons.

/// A day of the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: i64,
    /// From 1.
    pub(super) day: i64,
}

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

pub(super) const DAY: i64 = 86_400;

/// Days in the 400 years after which the calendar repeats.
const ERA: u64 = 146_097;
/// How many times 400 years before the year 0 the first second lies that Go can tell.
const ERAS: u64 = 730_692_556;
/// Days from the first of March of the year 0 to the first of January 1970.
const EPOCH: u64 = 719_468;

impl Day {
    /// The day of a second since 1970. Seconds wrap around at the ends of 64 bits, as in Go.
    pub(super) fn of(second: i64) -> Self {
        let days = absolute(second) / DAY.unsigned_abs();
        let (era, day) = (days / ERA, days % ERA);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let number = i64::try_from(era * 400 + year).expect("years of 64 bits of seconds must fit");
        let (month, day) = (signed(month), signed(day - (153 * month + 2) / 5) + 1);
        let month = if month < 10 { month + 3 } else { month - 9 };
        Self { year: number - signed(ERAS * 400) + i64::from(month <= 2), month, day }
    }

    /// Days since 1970. The month may be any number: 13 is January of the next year.
    pub(super) fn number(self) -> i64 {
        let year = self.year + (self.month - 1).div_euclid(12);
        let month = (self.month - 1).rem_euclid(12) + 1;
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year = year.rem_euclid(400);
        let shifted = (month + 9) % 12;
        let day = (153 * shifted + 2) / 5 + self.day - 1;
        era * signed(ERA) + year * 365 + year / 4 - year / 100 + day - signed(EPOCH)
    }

    /// The day of the year, from 1.
    pub(super) fn of_year(self) -> i64 {
        self.number() - Self { month: 1, day: 1, ..self }.number() + 1
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).expect("a number of the calendar must fit")
}

/// Seconds since the first second that Go can tell.
fn absolute(second: i64) -> u64 {
    const SHIFT: u64 = (EPOCH + ERAS * ERA) * DAY.unsigned_abs();
    second.cast_unsigned().wrapping_add(SHIFT)
}

/// The second of the day.
pub(super) fn second_of_day(second: i64) -> i64 {
    signed(absolute(second) % DAY.unsigned_abs())
}

/// The day of the week, from Sunday, which is 0.
pub(super) fn weekday(second: i64) -> i64 {
    // The first second that Go can tell is one of a Wednesday.
    signed((absolute(second) / DAY.unsigned_abs() + 3) % 7)
}

pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The days of a month.
pub(super) fn days_in(month: i64, year: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
