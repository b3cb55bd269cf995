//! Constants: numbers of all kinds, characters and strings, as Go writes them.

use crate::{
    number::{self, NoInteger},
    tree::Number,
    unicode,
};

type Result<T> = std::result::Result<T, &'static str>;

/// `1`, `0x1F`, `1_000`, `1.5e3`, `2i`.
#[expect(clippy::cast_precision_loss, reason = "as Go's conversion rounds")]
pub(super) fn number(text: &str) -> Result<Number> {
    let is_hex = text.starts_with("0x") || text.starts_with("0X");
    let written_as_float =
        text.contains(['.', 'e', 'E', 'p', 'P']) && (!is_hex || text.len() <= 2 || text.contains(['p', 'P']));
    if let Some(imaginary) = text.strip_suffix('i').and_then(|text| number::float(text.as_bytes())) {
        return Ok(simplified(0.0, imaginary, written_as_float));
    }
    if let Ok(integer) = number::integer(text.as_bytes(), 0) {
        let float = Some(integer as f64);
        return Ok(Number {
            integer: Some(integer),
            unsigned: integer >= 0,
            float,
            written_as_float,
            ..Number::default()
        });
    }
    if let Some(unsigned) = unsigned(text) {
        let float = Some(unsigned as f64);
        return Ok(Number { unsigned: true, float, written_as_float, ..Number::default() });
    }
    match number::float(text.as_bytes()) {
        Some(_) if !text.contains(['.', 'e', 'E', 'p', 'P']) => Err("integer overflow"),
        Some(float) => Ok(Number { written_as_float, ..of_float(float) }),
        None => Err("illegal number syntax"),
    }
}

/// `1+2i`.
pub(super) fn complex(text: &str) -> Result<Number> {
    const ILLEGAL: &str = "illegal number syntax";
    let is_sign = |(place, mark): &(usize, char)| {
        matches!(mark, '+' | '-') && !text[..*place].ends_with(['e', 'E', 'p', 'P']) && *place > 0
    };
    let (place, _) = text.char_indices().rfind(is_sign).ok_or(ILLEGAL)?;
    let (real, imaginary) = text.split_at(place);
    let imaginary = imaginary.strip_suffix('i').ok_or(ILLEGAL)?;
    let read = |part: &str| number::float(part.as_bytes()).ok_or(ILLEGAL);
    Ok(simplified(read(real)?, read(imaginary)?, false))
}

/// `'a'`.
pub(super) fn character(text: &str) -> Result<Number> {
    const MALFORMED: &str = "malformed character constant";
    let inner = text.get(1..).ok_or(MALFORMED)?;
    let (unit, rest) = unit(inner, '\'')?;
    if rest != "'" {
        return Err(MALFORMED);
    }
    let code = match unit {
        Unit::Byte(byte) => u32::from(byte),
        Unit::Rune(rune) => u32::from(rune),
    };
    let (integer, float) = (Some(i64::from(code)), Some(f64::from(code)));
    Ok(Number { integer, unsigned: true, float, ..Number::default() })
}

/// A string in double quotes or in backquotes, without them.
pub(super) fn string(text: &str) -> Result<Box<[u8]>> {
    if let Some(raw) = text.strip_prefix('`') {
        let raw = raw.strip_suffix('`').unwrap_or(raw);
        return Ok(raw.bytes().filter(|byte| *byte != b'\r').collect());
    }
    let mut rest = text.get(1..).ok_or("invalid syntax")?;
    let mut bytes = Vec::with_capacity(rest.len());
    while rest != "\"" {
        let (unit, after) = unit(rest, '"')?;
        rest = after;
        match unit {
            Unit::Byte(byte) => bytes.push(byte),
            Unit::Rune(rune) => unicode::push(&mut bytes, rune),
        }
    }
    Ok(bytes.into())
}

/// What a character or an escape in quotes stands for.
enum Unit {
    Byte(u8),
    Rune(char),
}

fn unit(text: &str, quote: char) -> Result<(Unit, &str)> {
    const INVALID: &str = "invalid syntax in a constant";
    let mut characters = text.chars();
    let first = characters.next().ok_or(INVALID)?;
    if first == quote || first == '\n' {
        return Err(INVALID);
    }
    if first != '\\' {
        return Ok((Unit::Rune(first), characters.as_str()));
    }
    let escape = characters.next().ok_or(INVALID)?;
    let rest = characters.as_str();
    let rune = match escape {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '\\' => '\\',
        '\'' | '"' if escape == quote => escape,
        'x' => return coded(rest, 2, 16).ok_or(INVALID),
        'u' => return coded(rest, 4, 16).ok_or(INVALID),
        'U' => return coded(rest, 8, 16).ok_or(INVALID),
        '0'..='7' => return coded(&text[1..], 3, 8).ok_or(INVALID),
        _ => return Err(INVALID),
    };
    Ok((Unit::Rune(rune), rest))
}

/// What so many digits stand for: a byte, or a rune where they are more than three.
fn coded(text: &str, digits: usize, base: u32) -> Option<(Unit, &str)> {
    let (code, rest) = text.split_at_checked(digits)?;
    let code = match code.chars().all(|digit| digit.is_digit(base)) {
        true => u32::from_str_radix(code, base).ok()?,
        false => return None,
    };
    let unit = match digits {
        2 | 3 => Unit::Byte(u8::try_from(code).ok()?),
        _ => Unit::Rune(char::from_u32(code)?),
    };
    Some((unit, rest))
}

/// A complex number, which is a float too where it has no imaginary part.
fn simplified(real: f64, imaginary: f64, written_as_float: bool) -> Number {
    let plain = match imaginary == 0.0 {
        true => of_float(real),
        false => Number::default(),
    };
    Number { complex: Some((real, imaginary)), written_as_float, ..plain }
}

/// A float, which is an integer too where it has no fraction.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "it is looked whether it fits"
)]
#[expect(clippy::float_cmp, reason = "the same number")]
fn of_float(float: f64) -> Number {
    let truncated = number::truncated(float);
    let integer = (truncated as f64 == float).then_some(truncated);
    Number { integer, unsigned: float as u64 as f64 == float, float: Some(float), ..Number::default() }
}

/// An integer that fits into 64 bits without a sign alone.
fn unsigned(text: &str) -> Option<u64> {
    match number::integer(text.as_bytes(), 0) {
        Err(NoInteger::Range(i64::MAX)) => {}
        Ok(_) | Err(NoInteger::Range(_) | NoInteger::Syntax) => return None,
    }
    let lower = text.to_ascii_lowercase().replace('_', "");
    let digits = lower.trim_start_matches('+');
    let (base, digits) = match digits.get(..2) {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        _ if digits.starts_with('0') => (8, digits),
        _ => (10, digits),
    };
    // Go's own reader of integers without a sign takes no sign.
    if text.starts_with('+') { None } else { u64::from_str_radix(digits, base).ok() }
}

#[cfg(test)]
mod tests;
