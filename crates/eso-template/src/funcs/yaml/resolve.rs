//! What a plain scalar of YAML stands for, by the rules of go-yaml 2: those of YAML 1.1 but for numbers to the base of 60.

use crate::{
    Value,
    funcs::dates::{Time, read_time},
    number::{self, NoInteger},
};

/// The value that a plain scalar stands for.
pub(super) fn resolve(text: &str) -> Value {
    named(text).or_else(|| numeric(text)).unwrap_or_else(|| text.into())
}

/// Whether a text that is written plainly is read as that text, by readers of all of YAML 1.1 too.
pub(super) fn is_plain_text(text: &str) -> bool {
    matches!(resolve(text), Value::String(_)) && timestamp(text).is_none() && !is_base_60(text)
}

/// The tag of a value that was resolved.
pub(super) fn tag(value: &Value) -> &'static str {
    match value {
        Value::Nil => "!!null",
        Value::Bool(_) => "!!bool",
        Value::Float64(_) => "!!float",
        Value::Int(_) | Value::Int64(_) | Value::Uint8(_) | Value::Uint64(_) => "!!int",
        Value::List(_) => "!!seq",
        Value::Map(_) => "!!map",
        Value::String(_) | Value::Complex128(..) | Value::Object(_) => "!!str",
    }
}

fn named(text: &str) -> Option<Value> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Nil,
        "true" | "True" | "TRUE" | "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            Value::Bool(true)
        }
        "false" | "False" | "FALSE" | "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            Value::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" => Value::Float64(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Float64(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Float64(f64::NEG_INFINITY),
        _ => return None,
    })
}

fn numeric(text: &str) -> Option<Value> {
    match text.as_bytes().first()? {
        b'.' => number::float(text.as_bytes()).map(Value::Float64),
        b'+' | b'-' | b'0'..=b'9' => {
            let plain = text.replace('_', "");
            integer(&plain).or_else(|| float(&plain))
        }
        _ => None,
    }
}

/// The time that a text is, if it is one.
pub(super) fn timestamp(text: &str) -> Option<Time> {
    const LAYOUTS: [&str; 4] = [
        "2006-1-2T15:4:5.999999999Z07:00",
        "2006-1-2t15:4:5.999999999Z07:00",
        "2006-1-2 15:4:5.999999999",
        "2006-1-2",
    ];
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits != 4 || !text[digits..].starts_with('-') {
        return None;
    }
    LAYOUTS.iter().find_map(|layout| read_time(layout.as_bytes(), text.as_bytes()))
}

fn integer(text: &str) -> Option<Value> {
    match number::integer(text.as_bytes(), 0) {
        Ok(number) => Some(Value::Int(number)),
        Err(NoInteger::Range(i64::MAX)) => unsigned(text).map(Value::Uint64),
        Err(NoInteger::Range(_) | NoInteger::Syntax) => None,
    }
}

/// A number that only fits without a sign.
fn unsigned(text: &str) -> Option<u64> {
    let (digits, base) = match text.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0x") => (&text[2..], 16),
        Some("0o") => (&text[2..], 8),
        Some("0b") => (&text[2..], 2),
        _ if text.starts_with('0') => (text, 8),
        _ if text.starts_with('+') => return None,
        _ => (text, 10),
    };
    u64::from_str_radix(digits, base).ok()
}

/// `1`, `1.`, `.5`, `1e5`, with a sign.
fn float(text: &str) -> Option<Value> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (number, exponent) = unsigned
        .split_once(['e', 'E'])
        .map_or((unsigned, None), |(number, exponent)| (number, Some(exponent)));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_exponent = |text: &str| {
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        !digits.is_empty() && are_digits(digits)
    };
    let well = are_digits(whole)
        && are_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(is_exponent);
    well.then(|| number::float(text.as_bytes())).flatten().map(Value::Float64)
}

/// What YAML 1.1 takes for a number to the base of 60, such as `12:30:45`.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = unsigned.split(':');
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let is_whole = |text: &str| text.starts_with(|rune: char| rune.is_ascii_digit()) && is_number(text);
    let is_sixtieth = |text: &str| matches!(text.as_bytes(), [b'0'..=b'5', b'0'..=b'9'] | [b'0'..=b'9']);
    let first = parts.next().is_some_and(is_whole);
    let mut rest = parts.peekable();
    let has_more = rest.peek().is_some();
    let mut well = true;
    while let Some(part) = rest.next() {
        let part = match rest.peek() {
            None => part
                .split_once('.')
                .filter(|(_, fraction)| is_number(fraction))
                .map_or(part, |(part, _)| part),
            Some(_) => part,
        };
        well &= is_sixtieth(part);
    }
    first && has_more && well
}
