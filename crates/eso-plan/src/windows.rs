//! When the timer may have the store read: windows of time that come again and again.

mod cron;
mod schedule;

use std::time::Duration;

use jiff::Timestamp;

use schedule::Schedule;

/// What windows are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowKind {
    /// Within them the timer may act.
    Allow,
    /// Within them it may not.
    Deny,
}

/// Windows of time, in UTC.
///
/// A window is open from each time that its schedule names, that time included, for its duration, its end not included.
/// Windows that overlap or meet are one: the original leaves a hole of up to a second between them.
///
/// A schedule is what robfig/cron's standard parser takes, which is the original's: five fields (minute, hour, day of
/// the month, month, day of the week from Sunday, 0, to Saturday, 6), where either day is enough if both are
/// restricted, or `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight`, `@hourly`, or `@every 1h30m`.
/// `TZ=UTC ` and `CRON_TZ=UTC ` may stand before it; another zone is none that can be read here. `@every` counts from
/// 1970-01-01T00:00:00Z, so that it names the same times in each process. (In the original it counts from the moment of
/// the question, so that such a window is open always, where its duration is as long as its interval, or never.)
///
/// A window whose schedule cannot be read is passed over: without another one, `Allow` never lets the timer act, and
/// `Deny` always does. Where there are no windows at all, the timer may act at any time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    kind: WindowKind,
    windows: Vec<Window>,
    problems: Vec<String>,
}

/// One window.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Window {
    schedule: Schedule,
    /// In nanoseconds.
    duration: i128,
}

/// How far ahead a time is looked for.
const HORIZON: i64 = 2 * 366 * schedule::DAY;

/// How many days and windows are looked at for one answer: 10 ms.
const LOOKS: usize = 500_000;

const SECOND: i128 = 1_000_000_000;

impl Windows {
    /// Windows of a schedule and a duration each.
    pub fn new<'a>(kind: WindowKind, windows: impl IntoIterator<Item = (&'a str, Duration)>) -> Self {
        let mut read = Self { kind, windows: Vec::new(), problems: Vec::new() };
        for (text, duration) in windows {
            let duration = i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX / 2);
            match Schedule::parse(text) {
                Ok(schedule) => read.windows.push(Window { schedule, duration }),
                Err(problem) => read.problems.push(format!("bad schedule {text:?}: {problem}")),
            }
        }
        read
    }

    /// The schedules that cannot be read, and why.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// The first time from `at` on when the timer may act: `at` itself where it may then.
    ///
    /// `None` where there is no such time within two years, or none that is found among the next half a million days
    /// and windows, which a few windows that relieve each other every minute can bring about.
    pub fn next_allowed(&self, at: Timestamp) -> Option<Timestamp> {
        if self.windows.is_empty() && self.problems.is_empty() {
            return Some(at);
        }
        let mut looks = Looks { left: LOOKS };
        let from = at.as_nanosecond();
        let until = from + i128::from(HORIZON) * SECOND;
        let next = match self.kind {
            WindowKind::Allow => self.next_open(from, &mut looks),
            WindowKind::Deny => self.next_closed(from, until, &mut looks),
        };
        next.filter(|next| *next <= until).and_then(|next| Timestamp::from_nanosecond(next).ok())
    }

    /// The first time from then on at which a window is open.
    fn next_open(&self, at: i128, looks: &mut Looks) -> Option<i128> {
        let mut next = None;
        for window in self.windows.iter().filter(|window| window.duration > 0) {
            let opens = match window.open_until(at, looks)? {
                Some(_) => return Some(at),
                None => window.schedule.next(at.div_euclid(SECOND), HORIZON, looks)?,
            };
            next = next.into_iter().chain(opens.map(|opens| i128::from(opens) * SECOND)).min();
        }
        next
    }

    /// The first time from then on at which no window is open.
    fn next_closed(&self, mut at: i128, until: i128, looks: &mut Looks) -> Option<i128> {
        loop {
            let mut closes = None;
            for window in &self.windows {
                closes = closes.max(window.open_until(at, looks)?);
            }
            match closes {
                Some(end) if end <= until => at = end,
                Some(_) => return None,
                None => return Some(at),
            }
        }
    }
}

impl Window {
    /// Until when it stays open, where it is open then: at least, where it is opened anew on another day. The outer
    /// `None` is that of [`Looks`].
    #[expect(
        clippy::option_option,
        reason = "the outer one ends the search, the inner one is an answer to it"
    )]
    fn open_until(&self, at: i128, looks: &mut Looks) -> Option<Option<i128>> {
        let second = at.div_euclid(SECOND);
        // No schedule that names any time is silent for longer than from one leap year to the next over a century.
        let back = i64::try_from(self.duration / SECOND + 1).unwrap_or(i64::MAX);
        let Some(opened) = self.schedule.last(i64::try_from(second).ok()?, back, looks)? else {
            return Some(None);
        };
        let is_open = at < i128::from(opened) * SECOND + self.duration;
        let last = self.schedule.last_of_run(opened, self.duration / SECOND);
        Some(is_open.then(|| i128::from(last) * SECOND + self.duration))
    }
}

/// How much may still be looked at.
#[derive(Debug)]
struct Looks {
    left: usize,
}

impl Looks {
    /// Takes one look; `None` when there are no more.
    fn take(&mut self) -> Option<()> {
        self.left = self.left.checked_sub(1)?;
        Some(())
    }
}

#[cfg(test)]
mod tests;
