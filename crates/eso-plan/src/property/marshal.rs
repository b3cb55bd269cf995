//! JSON as Go's `encoding/json` writes a decoded document: names sorted, the last of two equal ones kept, no spaces,
//! `<`, `>`, `&`, U+2028 and U+2029 escaped.

use std::{borrow::Cow, collections::BTreeMap, ops::Range};

use zeroize::Zeroizing;

use super::json::{self, Kind, Nesting};

/// How deep a document may be nested: each level costs a stack frame.
const DEEPEST: usize = 256;

/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Digit by digit as they were.
    AsWritten,
    /// As Go prints a float64, where that is the same number.
    Shortest,
    /// Each number in one way, whatever it was written like: for comparisons, since it is no JSON any more.
    Canonical,
    /// As the float64 that it is nearest to: for comparisons with what a store gives that keeps no other numbers.
    Floats,
}

/// Which characters are escaped besides those that must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escapes {
    /// `<`, `>`, `&`, U+2028 and U+2029: what `json.Marshal` does.
    Html,
    /// U+2028 and U+2029: what an encoder does after `SetEscapeHTML(false)`.
    Lines,
}

/// The document, written anew; `None` where it is no JSON, or nested too deep. It takes time in proportion to its
/// length, however deep it is nested.
pub(super) fn document(text: &[u8], numbers: Numbers) -> Option<Zeroizing<Vec<u8>>> {
    document_with(text, numbers, Escapes::Html)
}

/// The same with other escapes.
pub(super) fn document_with(text: &[u8], numbers: Numbers, escapes: Escapes) -> Option<Zeroizing<Vec<u8>>> {
    let value = json::is_valid(text).then(|| json::first(text)).flatten()?;
    let mut writer = Writer { escapes, ..Writer::new(value, numbers) };
    writer.value(0, DEEPEST)?;
    Some(writer.out)
}

/// A number as Go's `strconv.FormatFloat(f, 'f', -1, 64)` prints it, where that is the same number, else as it was.
pub(super) fn plain_number(raw: &[u8]) -> Cow<'_, [u8]> {
    printed(raw, |number| number.to_string())
}

/// A number as Go's `json.Marshal` and JavaScript print it, where that is the same number, else as it was.
pub(super) fn number(raw: &[u8]) -> Cow<'_, [u8]> {
    printed(raw, json_number)
}

/// Writes a text as a JSON string. What is no UTF-8 becomes U+FFFD.
pub(super) fn write_string(text: &[u8], out: &mut Vec<u8>) {
    write_string_with(text, Escapes::Html, out);
}

/// The same with other escapes.
pub(super) fn write_string_with(text: &[u8], escapes: Escapes, out: &mut Vec<u8>) {
    out.push(b'"');
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(|character| write_character(character, escapes, out));
        if !chunk.invalid().is_empty() {
            out.extend_from_slice(b"\\ufffd");
        }
    }
    out.push(b'"');
}

/// Writes one document.
struct Writer<'a> {
    text: &'a [u8],
    nesting: Nesting,
    numbers: Numbers,
    escapes: Escapes,
    out: Zeroizing<Vec<u8>>,
    /// How many bytes of the text were read, each time anew.
    read: usize,
}

impl<'a> Writer<'a> {
    /// Nothing is written yet of a text that is one valid value.
    fn new(text: &'a [u8], numbers: Numbers) -> Self {
        let out = Zeroizing::new(Vec::with_capacity(text.len()));
        let nesting = Nesting::of(text);
        Self { text, nesting, numbers, escapes: Escapes::Html, out, read: text.len() }
    }

    /// Writes the value that begins there, and says where it ends.
    fn value(&mut self, start: usize, depth: usize) -> Option<usize> {
        let end = self.end(start)?;
        match json::kind(&self.text[start..])? {
            Kind::Object => self.object(start, depth.checked_sub(1)?)?,
            Kind::Array => self.array(start..end, depth.checked_sub(1)?)?,
            scalar @ (Kind::Null | Kind::False | Kind::True | Kind::Number | Kind::String) => {
                self.scalar(&self.text[start..end], scalar)?;
            }
        }
        Some(end)
    }

    fn scalar(&mut self, raw: &[u8], kind: Kind) -> Option<()> {
        match (kind, self.numbers) {
            (Kind::String, _) => {
                write_string_with(json::unquote(raw)?.bytes(), self.escapes, &mut self.out);
            }
            (Kind::Number, Numbers::Shortest) => self.out.extend_from_slice(&number(raw)),
            (Kind::Number, Numbers::Canonical) => self.out.extend_from_slice(&canonical(raw)),
            (Kind::Number, Numbers::Floats) => self.out.extend_from_slice(&as_float(raw)),
            (Kind::Number, Numbers::AsWritten)
            | (Kind::Null | Kind::False | Kind::True | Kind::Object | Kind::Array, _) => {
                self.out.extend_from_slice(raw);
            }
        }
        Some(())
    }

    fn object(&mut self, start: usize, depth: usize) -> Option<()> {
        let members = self.members(start)?;
        self.out.push(b'{');
        for (index, (name, value)) in members.into_iter().enumerate() {
            separate(index, &mut self.out);
            write_string_with(&name, self.escapes, &mut self.out);
            self.out.push(b':');
            self.value(value, depth)?;
        }
        self.out.push(b'}');
        Some(())
    }

    /// Where the values of an object begin, by name; the last of two with the same name.
    fn members(&mut self, start: usize) -> Option<BTreeMap<Vec<u8>, usize>> {
        let mut members = BTreeMap::new();
        let mut at = json::next_name(self.text, start + 1)?;
        while self.text[at] == b'"' {
            let name = at..json::end_of_string(self.text, at)?;
            let value = json::start_of_value(self.text, name.end);
            self.read += value - at;
            members.insert(json::unquote(&self.text[name])?.bytes().to_vec(), value);
            at = json::next_name(self.text, self.end(value)?)?;
        }
        Some(members)
    }

    fn array(&mut self, range: Range<usize>, depth: usize) -> Option<()> {
        self.out.push(b'[');
        let between = |byte: &u8| *byte != b',' && !byte.is_ascii_whitespace();
        let (mut at, mut index) = (range.start + 1, 0);
        loop {
            at += self.text[at..range.end].iter().position(between)?;
            if self.text[at] == b']' {
                break;
            }
            separate(index, &mut self.out);
            at = self.value(at, depth)?;
            index += 1;
        }
        self.out.push(b']');
        Some(())
    }

    /// Where the value ends that begins there.
    fn end(&mut self, start: usize) -> Option<usize> {
        match json::kind(self.text.get(start..)?)? {
            Kind::Object | Kind::Array => self.nesting.end(start),
            Kind::Null | Kind::False | Kind::True | Kind::Number | Kind::String => {
                let end = json::end_of_value(self.text, start)?;
                self.read += end - start;
                Some(end)
            }
        }
    }
}

fn separate(index: usize, out: &mut Vec<u8>) {
    if index > 0 {
        out.push(b',');
    }
}

fn write_character(character: char, escapes: Escapes, out: &mut Vec<u8>) {
    let short = match character {
        '"' => b'"',
        '\\' => b'\\',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        '<' | '>' | '&' if escapes == Escapes::Lines => return out.push(character as u8),
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

/// Equal numbers are equal texts, whatever their size.
fn canonical(raw: &[u8]) -> Cow<'_, [u8]> {
    let decimal = std::str::from_utf8(raw).ok().and_then(Decimal::of);
    decimal.map_or(Cow::Borrowed(raw), |Decimal { negative, digits, exponent }| {
        let sign = if negative && !digits.is_empty() { "-" } else { "" };
        Cow::Owned(format!("{sign}{digits}e{exponent}").into_bytes())
    })
}

fn as_float(raw: &[u8]) -> Cow<'_, [u8]> {
    let float = std::str::from_utf8(raw).ok().and_then(|text| text.parse().ok());
    match float.filter(|float: &f64| float.is_finite()) {
        // 0 and -0 are one number.
        Some(float) => Cow::Owned(format!("{:e}", float + 0.0).into_bytes()),
        None => canonical(raw),
    }
}

/// Whether two texts are the same JSON: in whatever order names stand, and however numbers and strings are written. Not so
/// where one is no JSON, or nested too deep.
pub(super) fn are_equal(one: &[u8], other: &[u8]) -> bool {
    are_equal_with(one, other, Numbers::Canonical)
}

/// As [`are_equal`], with numbers taken for the same that a float64 does not tell apart.
pub(super) fn are_equal_in_floats(one: &[u8], other: &[u8]) -> bool {
    are_equal_with(one, other, Numbers::Floats)
}

fn are_equal_with(one: &[u8], other: &[u8], numbers: Numbers) -> bool {
    let meaning = |text| document_with(text, numbers, Escapes::Lines);
    meaning(one).is_some_and(|one| meaning(other).is_some_and(|other| one == other))
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

#[cfg(test)]
mod tests {
    use super::{DEEPEST, Numbers, Writer, document};

    /// How many bytes are read to write a document of this length, nested so deep.
    fn read(length: usize, depth: usize) -> usize {
        let filling = format!("\"{}\"", "x".repeat(length / depth));
        let (open, close) = (format!(r#"{{"a":{filling},"b":[{filling},"#), format!("],\"c\":{filling}}}"));
        let text = format!("{}1{}", open.repeat(depth / 2), close.repeat(depth / 2));
        let mut writer = Writer::new(text.as_bytes(), Numbers::AsWritten);
        assert_eq!(writer.value(0, DEEPEST), Some(text.len()));
        assert_eq!(writer.out.as_slice(), text.as_bytes());
        assert_eq!(document(text.as_bytes(), Numbers::AsWritten).as_deref(), Some(&*writer.out));
        writer.read * 100 / text.len()
    }

    #[test]
    fn a_deep_document_is_read_no_more_often_than_a_flat_one() {
        let (flat, deep) = (read(1 << 20, 2), read(1 << 20, DEEPEST));
        assert!(deep <= 300, "each byte of the deep one is read {deep} % of once");
        assert!(deep <= flat * 11 / 10, "{deep} % against {flat} %");
    }
}
