//! The times that a schedule names, in seconds since 1970.

use super::{Looks, cron::Cron};

/// A day, in seconds.
pub(super) const DAY: i64 = 86_400;

/// How far back or ahead a time is looked for, in seconds: from one 29 February to the next over 2100 are eight years.
const FARTHEST: i64 = (8 * 366 + 1) * DAY;

/// When something happens again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Schedule {
    /// At these times of these days.
    Cron(Cron),
    /// Every so many seconds, counted from 1970.
    Every(i64),
}

impl Schedule {
    /// Reads a schedule. What is wrong is said in the words of robfig/cron.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = in_utc(text)?;
        let fields = match text {
            "" => return Err("empty spec string".to_owned()),
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        match (fields.strip_prefix("@every "), fields.starts_with('@')) {
            (Some(interval), _) => every(interval).map(Self::Every),
            (None, true) => Err(format!("unrecognized descriptor: {fields}")),
            (None, false) => Cron::parse(fields).map(Self::Cron),
        }
    }

    /// The last time that it names up to `at`, itself included, but for those that are more than `back` seconds before.
    /// The outer `None` is that of [`Looks`].
    #[expect(
        clippy::option_option,
        reason = "the outer one ends the search, the inner one is an answer to it"
    )]
    pub(super) fn last(&self, at: i64, back: i64, looks: &mut Looks) -> Option<Option<i64>> {
        let cron = match self {
            Self::Cron(cron) => cron,
            Self::Every(interval) => return looks.take().map(|()| Some(at - at.rem_euclid(*interval))),
        };
        let first = at.saturating_sub(back.min(FARTHEST)).div_euclid(DAY);
        let mut until = at;
        for day in (first..=at.div_euclid(DAY)).rev() {
            looks.take()?;
            if let Some(second) = cron.last_of_day(day, until - day * DAY) {
                return Some(Some(day * DAY + second));
            }
            until = day * DAY - 1;
        }
        Some(None)
    }

    /// The first time that it names after `at`, but for those that are more than `ahead` seconds later.
    #[expect(
        clippy::option_option,
        reason = "the outer one ends the search, the inner one is an answer to it"
    )]
    pub(super) fn next(&self, at: i128, ahead: i64, looks: &mut Looks) -> Option<Option<i64>> {
        let from = i64::try_from(at).ok()? + 1;
        let cron = match self {
            Self::Cron(cron) => cron,
            Self::Every(interval) => {
                return looks.take().map(|()| Some(from + (-from).rem_euclid(*interval)));
            }
        };
        let mut after = from;
        for day in from.div_euclid(DAY)..=(from + ahead.min(FARTHEST)).div_euclid(DAY) {
            looks.take()?;
            if let Some(second) = cron.first_of_day(day, after - day * DAY) {
                return Some(Some(day * DAY + second));
            }
            after = (day + 1) * DAY;
        }
        Some(None)
    }

    /// The last time of the day of `at`, where no two times of a day are more than so many seconds apart; `at`
    /// elsewhere. What is counted from 1970 has no days: it is a long way off where it never pauses.
    pub(super) fn last_of_run(&self, at: i64, seconds: i128) -> i64 {
        match self {
            Self::Cron(cron) if i128::from(cron.widest_gap()) <= seconds => {
                let day = at.div_euclid(DAY);
                cron.last_of_day(day, DAY).map_or(at, |second| day * DAY + second)
            }
            Self::Every(interval) if i128::from(*interval) <= seconds => at.saturating_add(FARTHEST),
            Self::Cron(_) | Self::Every(_) => at,
        }
    }
}

/// The schedule behind a zone, where that is UTC.
fn in_utc(text: &str) -> Result<&str, String> {
    let Some(zoned) = text.strip_prefix("TZ=").or_else(|| text.strip_prefix("CRON_TZ=")) else {
        return Ok(text);
    };
    match zoned.split_once(' ') {
        Some(("" | "UTC" | "Etc/UTC" | "Local", schedule)) => Ok(schedule.trim()),
        Some((zone, _)) => Err(format!("provided bad location {zone}: sync windows are in UTC")),
        None => Err("there is no schedule behind the time zone".to_owned()),
    }
}

/// The seconds of an interval: at least one, and what is finer is cut off.
fn every(interval: &str) -> Result<i64, String> {
    let interval = eso_core::duration::parse(interval)
        .map_err(|error| format!("failed to parse duration @every {interval}: {error}"))?;
    Ok(interval.as_secs().max(1))
}
