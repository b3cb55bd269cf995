//! Durations as Go writes them, in manifests and in flags: `1h0m0s`, `1.5h`, `300ms`, `-5s`, `0`.

use jiff::SignedDuration;

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a duration such as 1h, 30s or 1h0m0s")]
pub struct NoDuration;

/// Reads a duration in the grammar of Go's `time.ParseDuration`. As there, one beyond about 292 years is an error,
/// and what is finer than a nanosecond is cut off.
pub fn parse(text: &str) -> Result<SignedDuration, NoDuration> {
    let (sign, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (-1, &text[1..]),
        Some(b'+') => (1, &text[1..]),
        _ => (1, text),
    };
    let total = match unsigned {
        "0" => Some(0),
        "" => None,
        parts => nanoseconds(parts),
    };
    let total = total.and_then(|total| i64::try_from(sign * total).ok());
    total.map(SignedDuration::from_nanos).ok_or(NoDuration)
}

/// The sum of all parts, each a number and a unit.
fn nanoseconds(mut rest: &str) -> Option<i128> {
    let mut total = 0_i128;
    while !rest.is_empty() {
        let (number, after) = split_where(rest, |c| c != '.' && !c.is_ascii_digit());
        let (unit, after) = split_where(after, |c| c == '.' || c.is_ascii_digit());
        total = total.checked_add(part(number, unit)?)?;
        rest = after;
    }
    Some(total)
}

/// One part, such as `1.5` and `h`. Digits that cannot matter any more are left out, so that nothing overflows.
fn part(number: &str, unit: &str) -> Option<i128> {
    let unit = match unit {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let fraction = &fraction[..fraction.len().min(18)];
    let scale = 10_i128.pow(u32::try_from(fraction.len()).expect("18 digits must fit"));
    let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<i128>().ok() };
    digits(whole)?.checked_mul(unit)?.checked_add(digits(fraction)? * unit / scale)
}

fn split_where(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests;
