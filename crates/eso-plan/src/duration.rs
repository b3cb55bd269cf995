//! Durations as Go writes them: `1h0m0s`, `1.5h`, `-5s`, `0`.

use jiff::SignedDuration;

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a duration such as 1h, 30s or 1h0m0s")]
pub struct NoDuration;

/// Reads a duration in the grammar of Go's `time.ParseDuration`. As there, one beyond about 292 years is an error.
pub fn parse(text: &str) -> Result<SignedDuration, NoDuration> {
    let (negative, mut rest) = match (text.strip_prefix('-'), text.strip_prefix('+')) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => (false, text),
    };
    if rest == "0" {
        return Ok(SignedDuration::ZERO);
    }
    if rest.is_empty() {
        return Err(NoDuration);
    }
    let mut nanoseconds = 0_i128;
    while !rest.is_empty() {
        let (part, remainder) = component(rest)?;
        nanoseconds += part;
        rest = remainder;
        if nanoseconds > i128::from(i64::MAX) {
            return Err(NoDuration);
        }
    }
    let nanoseconds = i64::try_from(nanoseconds).map_err(|_| NoDuration)?;
    Ok(SignedDuration::from_nanos(if negative { -nanoseconds } else { nanoseconds }))
}

/// One number with its unit, in nanoseconds, and what follows it.
fn component(text: &str) -> Result<(i128, &str), NoDuration> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => digits(rest),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(NoDuration);
    }
    let (unit, rest) = unit(rest)?;
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| NoDuration)? };
    Ok((i128::from(whole) * unit + parts(fraction, unit), rest))
}

/// What a fraction of a unit comes to; what is less than a nanosecond is dropped.
fn parts(fraction: &str, unit: i128) -> i128 {
    let mut scale = unit;
    let mut sum = 0;
    // An hour has 36 × 10^11 nanoseconds: digits beyond the eighteenth cannot add up to one.
    for digit in fraction.bytes().take(18) {
        sum = sum * 10 + i128::from(digit - b'0');
        scale *= 10;
    }
    sum * unit / (scale / unit)
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len()))
}

fn unit(text: &str) -> Result<(i128, &str), NoDuration> {
    let end =
        text.find(|character: char| character == '.' || character.is_ascii_digit()).unwrap_or(text.len());
    let nanoseconds = match &text[..end] {
        "ns" => 1,
        // Both of Unicode's letters: the micro sign, and the Greek mu.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return Err(NoDuration),
    };
    Ok((nanoseconds, &text[end..]))
}

#[cfg(test)]
mod tests;
