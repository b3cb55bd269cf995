//! Go's `time.Duration`: read, shown and rounded.

use crate::{Fault, Scope, Text, Value, value::Object};

/// Nanoseconds, negative ones too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Duration(pub(crate) i64);

pub(crate) const SECOND: i64 = 1_000_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;

impl Duration {
    /// Reads a duration such as `-1h30m` or `1.5s`; nothing where it is none, or does not fit.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let (negative, mut rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] | rest => (false, rest),
        };
        if rest == b"0" {
            return Some(Self(0));
        }
        if rest.is_empty() {
            return None;
        }
        let mut sum = 0_u64;
        while !rest.is_empty() {
            let part;
            (part, rest) = quantity(rest)?;
            sum = sum.checked_add(part).filter(|sum| *sum <= 1 << 63)?;
        }
        match negative {
            true => Some(Self(sum.wrapping_neg().cast_signed())),
            false => i64::try_from(sum).ok().map(Self),
        }
    }

    /// As Go prints it: `1h0m5.5s`, and below a second `1.5ms`.
    pub(super) fn text(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        let second = SECOND.unsigned_abs();
        match magnitude {
            0 => "0s".to_owned(),
            _ if magnitude < 1_000 => format!("{sign}{magnitude}ns"),
            _ if magnitude < 1_000_000 => format!("{sign}{}µs", decimal(magnitude, 1_000)),
            _ if magnitude < second => format!("{sign}{}ms", decimal(magnitude, 1_000_000)),
            _ => {
                let (minutes, rest) = (magnitude / (60 * second), magnitude % (60 * second));
                let seconds = decimal(rest, second);
                match (minutes / 60, minutes % 60) {
                    (0, 0) => format!("{sign}{seconds}s"),
                    (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
                    (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
                }
            }
        }
    }

    /// Rounded towards zero to a multiple.
    pub(super) fn truncated(self, multiple: Self) -> Self {
        match multiple.0 {
            ..=0 => self,
            unit => Self(self.0 - self.0 % unit),
        }
    }

    /// Rounded to the nearest multiple, halves away from zero; the longest where that does not fit.
    pub(super) fn rounded(self, multiple: Self) -> Self {
        let unit = multiple.0;
        if unit <= 0 {
            return self;
        }
        let rest = self.0 % unit;
        let twice = u128::from(rest.unsigned_abs()) * 2;
        let whole = i128::from(self.0) - i128::from(rest);
        let rounded = match twice < u128::from(unit.unsigned_abs()) {
            true => whole,
            false => whole + i128::from(unit) * i128::from(self.0.signum()),
        };
        Self(i64::try_from(rounded).unwrap_or(if self.0 < 0 { i64::MIN } else { i64::MAX }))
    }

    /// The length in a unit, as Go reckons: whole ones and the rest apart.
    fn in_units(self, unit: i64) -> f64 {
        (self.0 / unit) as f64 + (self.0 % unit) as f64 / unit as f64
    }

    /// A duration as an argument: one, or a constant.
    pub(super) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Int(nanoseconds) => Some(Self(*nanoseconds)),
            Value::Object(object) => object.as_any().downcast_ref().copied(),
            _ => None,
        }
    }
}

/// One quantity with its unit in nanoseconds, and what follows.
fn quantity(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole_length = digits(text);
    let (whole, rest) = text.split_at(whole_length);
    let whole = whole.iter().try_fold(0_u64, |sum, digit| append(sum, *digit))?;
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => rest.split_at(digits(rest)),
        _ => rest.split_at(0),
    };
    if whole_length == 0 && fraction.is_empty() {
        return None;
    }
    let unit_length = rest.iter().take_while(|byte| **byte != b'.' && !byte.is_ascii_digit()).count();
    let (unit, rest) = rest.split_at(unit_length);
    let unit = unit_of(unit)?;
    let whole = whole.checked_mul(unit).filter(|whole| *whole <= 1 << 63)?;
    let sum = whole + part_of(fraction, unit);
    (sum <= 1 << 63).then_some((sum, rest))
}

fn append(sum: u64, digit: u8) -> Option<u64> {
    sum.checked_mul(10)?.checked_add(u64::from(digit - b'0')).filter(|sum| *sum <= 1 << 63)
}

/// A fraction of a unit. Digits that no longer fit are dropped.
fn part_of(digits: &[u8], unit: u64) -> u64 {
    let (mut sum, mut scale) = (0_u64, 1.0_f64);
    for digit in digits {
        let Some(next) = append(sum, *digit).filter(|next| *next < 1 << 63) else { break };
        sum = next;
        scale *= 10.0;
    }
    (sum as f64 * (unit as f64 / scale)) as u64
}

fn unit_of(name: &[u8]) -> Option<u64> {
    let unit = match name {
        b"ns" => 1,
        b"us" | [0xc2, 0xb5, b's'] | [0xce, 0xbc, b's'] => 1_000,
        b"ms" => 1_000_000,
        b"s" => SECOND,
        b"m" => MINUTE,
        b"h" => HOUR,
        _ => return None,
    };
    Some(unit.unsigned_abs())
}

/// A quotient in decimal, without zeros at its end.
fn decimal(number: u64, unit: u64) -> String {
    let width = unit.ilog10() as usize;
    let text = format!("{}.{:0width$}", number / unit, number % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Object for Duration {
    fn type_name(&self) -> &'static str {
        "time.Duration"
    }

    fn kind(&self) -> &'static str {
        "int64"
    }

    fn show(&self) -> Text {
        self.text().into()
    }

    fn plain(&self) -> Value {
        Value::Int64(self.0)
    }

    fn get(&self, _scope: &mut Scope<'_>, name: &str, arguments: &[Value]) -> Option<Result<Value, Fault>> {
        let value = match (name, arguments) {
            ("String", []) => self.text().as_str().into(),
            ("Hours", []) => Value::Float64(self.in_units(HOUR)),
            ("Minutes", []) => Value::Float64(self.in_units(MINUTE)),
            ("Seconds", []) => Value::Float64(self.in_units(SECOND)),
            ("Milliseconds", []) => Value::Int64(self.0 / 1_000_000),
            ("Microseconds", []) => Value::Int64(self.0 / 1_000),
            ("Nanoseconds", []) => Value::Int64(self.0),
            ("Abs", []) => Value::object(Self(self.0.saturating_abs())),
            ("Round" | "Truncate", [multiple]) => {
                let Some(multiple) = Self::of(multiple) else {
                    return Some(Err(Fault::wrong("a time.Duration takes a time.Duration")));
                };
                Value::object(if name == "Round" { self.rounded(multiple) } else { self.truncated(multiple) })
            }
            (
                "Round" | "Truncate" | "String" | "Hours" | "Minutes" | "Seconds" | "Milliseconds"
                | "Microseconds" | "Nanoseconds" | "Abs",
                _,
            ) => {
                return Some(Err(Fault::wrong("wrong number of arguments for a method of time.Duration")));
            }
            _ => return None,
        };
        Some(Ok(value))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
