//! JSON as Go's `encoding/json` writes a decoded document: names sorted, the last of two equal ones kept, no spaces,
//! `<`, `>`, `&`, U+2028 and U+2029 escaped.

use std::{borrow::Cow, collections::BTreeMap};

use zeroize::Zeroizing;

use super::json::{self, Kind};

/// How deep a document may be nested: each level costs a stack frame.
const DEEPEST: usize = 256;

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Digit by digit as they were.
    AsWritten,
    /// As Go prints a float64, where that is the same number.
    Shortest,
}

/// The document, written anew; `None` where it is no JSON, or nested too deep.
pub(super) fn document(text: &[u8], numbers: Numbers) -> Option<Zeroizing<Vec<u8>>> {
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let value = json::is_valid(text).then(|| json::first(text)).flatten()?;
    write_value(value, numbers, DEEPEST, &mut out)?;
    Some(out)
}

/// A number as Go's `strconv.FormatFloat(f, 'f', -1, 64)` prints it, where that is the same number, else as it was.
pub(super) fn plain_number(raw: &[u8]) -> Cow<'_, [u8]> {
    printed(raw, |number| number.to_string())
}

/// Writes a text as a JSON string. What is no UTF-8 becomes U+FFFD.
pub(super) fn write_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(|character| write_character(character, out));
        if !chunk.invalid().is_empty() {
            out.extend_from_slice(b"\\ufffd");
        }
    }
    out.push(b'"');
}

fn write_value(raw: &[u8], numbers: Numbers, depth: usize, out: &mut Vec<u8>) -> Option<()> {
    match json::kind(raw)? {
        Kind::Null | Kind::False | Kind::True => out.extend_from_slice(raw),
        Kind::Number => match numbers {
            Numbers::AsWritten => out.extend_from_slice(raw),
            Numbers::Shortest => out.extend_from_slice(&printed(raw, json_number)),
        },
        Kind::String => write_string(json::unquote(raw)?.bytes(), out),
        Kind::Object => write_object(raw, numbers, depth.checked_sub(1)?, out)?,
        Kind::Array => write_array(raw, numbers, depth.checked_sub(1)?, out)?,
    }
    Some(())
}

fn write_object(raw: &[u8], numbers: Numbers, depth: usize, out: &mut Vec<u8>) -> Option<()> {
    let mut members = BTreeMap::new();
    for (name, value) in json::members(raw) {
        members.insert(json::unquote(name)?.bytes().to_vec(), value);
    }
    out.push(b'{');
    for (index, (name, value)) in members.into_iter().enumerate() {
        separate(index, out);
        write_string(&name, out);
        out.push(b':');
        write_value(value, numbers, depth, out)?;
    }
    out.push(b'}');
    Some(())
}

fn write_array(raw: &[u8], numbers: Numbers, depth: usize, out: &mut Vec<u8>) -> Option<()> {
    out.push(b'[');
    for (index, item) in json::items(raw).enumerate() {
        separate(index, out);
        write_value(item, numbers, depth, out)?;
    }
    out.push(b']');
    Some(())
}

fn separate(index: usize, out: &mut Vec<u8>) {
    if index > 0 {
        out.push(b',');
    }
}

fn write_character(character: char, out: &mut Vec<u8>) {
    let short = match character {
        '"' => b'"',
        '\\' => b'\\',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..'\u{20}' => {
            return out.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
        }
        _ => return out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// A float64 as Go's `json.Marshal` writes it.
fn json_number(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return number.to_string();
    }
    format!("{number:e}").replace('e', if size < 1.0 { "e" } else { "e+" })
}

fn printed(raw: &[u8], print: impl Fn(f64) -> String) -> Cow<'_, [u8]> {
    let text = std::str::from_utf8(raw).unwrap_or_default();
    let printed = text.parse().ok().filter(|number: &f64| number.is_finite()).map(print);
    match printed {
        Some(printed) if Decimal::of(&printed) == Decimal::of(text) => Cow::Owned(printed.into_bytes()),
        Some(_) | None => Cow::Borrowed(raw),
    }
}

/// A number as its digits, so that two texts can be compared without loss.
#[derive(PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// `None` where the exponent is beyond reason.
    fn of(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let negative = whole.starts_with('-');
        let all = [whole.trim_start_matches(['-', '+']), fraction].concat();
        let digits = all.trim_end_matches('0');
        let exponent: i64 = exponent.parse().ok()?;
        let dropped = i64::try_from(all.len() - digits.len()).ok()? - i64::try_from(fraction.len()).ok()?;
        let digits = digits.trim_start_matches('0').to_owned();
        let exponent = if digits.is_empty() { 0 } else { exponent.checked_add(dropped)? };
        Some(Self { negative, digits, exponent })
    }
}
