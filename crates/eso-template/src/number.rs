//! Numbers as Go's `strconv` reads them from texts, and as sprig takes any value for a number.

use crate::Value;

/// Why a text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoInteger {
    /// It is not written as one.
    Syntax,
    /// It does not fit; this is the nearest that does.
    Range(i64),
}

/// Reads an integer, as `strconv.ParseInt` does. Base 0 is told by a prefix (`0x`, `0o`, `0b`, `0`), and allows `_`
/// between digits.
pub(crate) fn integer(text: &[u8], base: u32) -> Result<i64, NoInteger> {
    let text = str::from_utf8(text).map_err(|_| NoInteger::Syntax)?;
    let (negative, digits) = sign(text);
    let magnitude = magnitude(digits, base)?;
    match (negative, magnitude) {
        (true, Some(magnitude)) => 0_i64.checked_sub_unsigned(magnitude).ok_or(NoInteger::Range(i64::MIN)),
        (false, Some(magnitude)) => i64::try_from(magnitude).map_err(|_| NoInteger::Range(i64::MAX)),
        (true, None) => Err(NoInteger::Range(i64::MIN)),
        (false, None) => Err(NoInteger::Range(i64::MAX)),
    }
}

/// Reads a float, as `strconv.ParseFloat` does: decimal, hexadecimal, `inf`, `nan`, with `_` between digits. Nothing
/// where it is none, or too large.
pub(crate) fn float(text: &[u8]) -> Option<f64> {
    let text = str::from_utf8(text).ok()?;
    let (negative, unsigned) = sign(text);
    let lower = unsigned.to_ascii_lowercase();
    let value = match lower.as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "nan" if unsigned.len() == text.len() => f64::NAN,
        _ if !underscores_are_well(&lower) => return None,
        _ => finite(&lower.replace('_', ""))?,
    };
    Some(if negative { -value } else { value })
}

/// A value as an `int64`, as `cast.ToInt64` has it: what is no number is 0.
pub(crate) fn to_integer(value: &Value) -> i64 {
    match value {
        Value::Bool(value) => i64::from(*value),
        Value::Int(value) | Value::Int64(value) => *value,
        Value::Uint8(value) => i64::from(*value),
        Value::Uint64(value) => value.cast_signed(),
        Value::Float64(value) => truncated(*value),
        Value::String(text) => integer(whole(text), 0).unwrap_or(0),
        Value::Object(object) => object.integer().unwrap_or(0),
        Value::Nil | Value::Complex128(..) | Value::List(_) | Value::Map(_) => 0,
    }
}

/// A value as a `float64`, as `cast.ToFloat64` has it: what is no number is 0.
#[expect(clippy::cast_precision_loss, reason = "as Go's conversion rounds")]
pub(crate) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Int(value) | Value::Int64(value) => *value as f64,
        Value::Uint8(value) => f64::from(*value),
        Value::Uint64(value) => *value as f64,
        Value::Float64(value) => *value,
        Value::String(text) => float(text).unwrap_or(0.0),
        Value::Object(object) => object.integer().unwrap_or(0) as f64,
        Value::Nil | Value::Complex128(..) | Value::List(_) | Value::Map(_) => 0.0,
    }
}

/// The float without its fraction, as Go converts on the machines of the original: what does not fit is the least.
#[expect(clippy::cast_possible_truncation, reason = "as Go's conversion truncates")]
pub(crate) fn truncated(value: f64) -> i64 {
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    match (-BOUND..BOUND).contains(&value) {
        true => value as i64,
        false => i64::MIN,
    }
}

/// What is before the point of a decimal number, `0` where there is nothing; `cast` rounds no text.
fn whole(text: &[u8]) -> &[u8] {
    let Some(point) = memchr::memchr(b'.', text) else { return text };
    let (whole, fraction) = (&text[..point], &text[point + 1..]);
    let digits = whole.strip_prefix(b"-").or(whole.strip_prefix(b"+")).unwrap_or(whole);
    match digits.iter().chain(fraction).all(u8::is_ascii_digit) {
        true if digits.is_empty() => b"0",
        true => whole,
        false => text,
    }
}

fn sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

/// Nothing where it does not fit into 64 bits.
fn magnitude(digits: &str, base: u32) -> Result<Option<u64>, NoInteger> {
    let lower = digits.to_ascii_lowercase();
    let (base, digits) = match base {
        0 if !underscores_are_well(&lower) => return Err(NoInteger::Syntax),
        0 => prefixed(&lower),
        base => (base, lower),
    };
    let mut sum = Some(0_u64);
    for digit in digits.chars() {
        let digit = digit.to_digit(base).ok_or(NoInteger::Syntax)?;
        sum = sum.and_then(|sum| sum.checked_mul(base.into())?.checked_add(digit.into()));
        if sum.is_none() {
            // Go does not look at what follows.
            return Ok(None);
        }
    }
    if digits.is_empty() { Err(NoInteger::Syntax) } else { Ok(sum) }
}

/// The base that a prefix tells, and the digits after it, without `_`.
fn prefixed(lower: &str) -> (u32, String) {
    let (base, digits) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        Some(_) if lower.starts_with('0') => (8, &lower[1..]),
        Some(_) | None => (10, lower),
    };
    (base, digits.replace('_', ""))
}

/// Whether `_` stands between digits alone, or between a prefix and a digit.
fn underscores_are_well(lower: &str) -> bool {
    let hexadecimal = lower.starts_with("0x");
    let digits = match lower.get(..2) {
        Some("0x" | "0o" | "0b") => &lower[2..],
        _ => lower,
    };
    // A prefix counts as a digit.
    let mut before = if digits.len() < lower.len() { '0' } else { '^' };
    for character in digits.chars() {
        let kind = match character {
            '0'..='9' => '0',
            'a'..='f' if hexadecimal => '0',
            '_' if before != '0' => return false,
            '_' => '_',
            _ if before == '_' => return false,
            _ => '!',
        };
        before = kind;
    }
    before != '_'
}

fn finite(lower: &str) -> Option<f64> {
    let value = match lower.strip_prefix("0x") {
        Some(hexadecimal) => hexadecimal_float(hexadecimal)?,
        // Rust reads names of what is not finite too.
        None if lower.bytes().any(|byte| byte.is_ascii_alphabetic() && byte != b'e') => return None,
        // A second sign is none.
        None if lower.starts_with(['+', '-']) => return None,
        None => lower.parse().ok()?,
    };
    value.is_finite().then_some(value)
}

/// The digits after `0x`: a mantissa with or without a point, and an exponent of 2, which must be there.
fn hexadecimal_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (negative, digits) = sign(exponent);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // More digits than any exponent has are as good as many.
    let magnitude = digits.parse().unwrap_or(i64::MAX).min(1_000_000_000);
    let exponent = if negative { -magnitude } else { magnitude };
    let mut bits: u64 = 0;
    let mut shift = exponent - 4 * i64::try_from(fraction.len()).ok()?;
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    for digit in whole.chars().chain(fraction.chars()) {
        let digit = u64::from(digit.to_digit(16)?);
        match bits >> 59 {
            0 => bits = bits << 4 | digit,
            // What falls off the end matters only in being there.
            _ => (bits, shift) = (bits | u64::from(digit != 0), shift + 4),
        }
    }
    Some(scaled(bits, shift))
}

/// `bits * 2^shift`, rounded once, to even.
#[expect(clippy::cast_precision_loss, reason = "the bits were rounded to those that fit before")]
fn scaled(bits: u64, shift: i64) -> f64 {
    if bits == 0 {
        return 0.0;
    }
    let length = 64 - i64::from(bits.leading_zeros());
    // 53 bits fit, fewer near zero.
    let kept = (length + shift + 1074).min(53);
    let dropped = length - kept;
    let (bits, shift) = match dropped {
        ..=0 => (bits, shift),
        1..=63 => (rounded(bits, dropped), shift + dropped),
        // Half of the least or less: 64 is reached with no bit kept.
        _ => (0, 0),
    };
    let mut value = bits as f64;
    let mut left = shift.clamp(-2200, 2200);
    while left != 0 {
        let step = left.clamp(-1000, 1000);
        value *= 2_f64.powi(i32::try_from(step).unwrap_or_default());
        left -= step;
    }
    value
}

fn rounded(bits: u64, dropped: i64) -> u64 {
    let kept = bits >> dropped;
    let rest = bits & ((1 << dropped) - 1);
    let half = 1_u64 << (dropped - 1);
    kept + u64::from(rest > half || (rest == half && kept & 1 == 1))
}

#[cfg(test)]
mod tests;
