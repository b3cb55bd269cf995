//! The names of who certificates are for, as Go shows them.

use super::der::{OID, Reader, SEQUENCE, SET, Value};

/// A kind of a part that Go shows by name: the last byte of its identifier, its name, and its place from the end.
const KINDS: [(u8, &str); 9] = [
    (5, "SERIALNUMBER"),
    (3, "CN"),
    (17, "POSTALCODE"),
    (9, "STREET"),
    (8, "ST"),
    (7, "L"),
    (11, "OU"),
    (10, "O"),
    (6, "C"),
];

/// A part of a name.
struct Part<'a> {
    identifier: &'a [u8],
    value: Value<'a>,
}

/// The name as Go's `pkix.Name` shows it: known kinds in an order of their own, and then the others, from the last.
pub(super) fn show(name: &[u8]) -> Option<String> {
    let parts = parts(name)?;
    let kind_of = |part: &Part<'_>| match part.identifier {
        [0x55, 0x04, kind] => KINDS.iter().position(|(known, _)| known == kind),
        _ => None,
    };
    let known = KINDS.iter().enumerate().filter_map(|(place, (kind, name))| {
        let of_kind = parts.iter().filter(|part| kind_of(part) == Some(place));
        // There is one common name and one serial number: the last.
        let texts: Vec<String> = of_kind.map(|part| format!("{name}={}", text(part))).collect();
        let first = if matches!(kind, 3 | 5) { texts.len().saturating_sub(1) } else { 0 };
        (!texts.is_empty()).then(|| texts[first..].join("+"))
    });
    let others = parts.iter().rev().filter(|part| kind_of(part).is_none());
    let others = others.map(|part| format!("{}=#{}", dotted(part.identifier), hexadecimal(part.value.whole)));
    Some(known.chain(others).collect::<Vec<_>>().join(","))
}

fn parts(name: &[u8]) -> Option<Vec<Part<'_>>> {
    let mut sets = Reader::within(name)?;
    let mut parts = Vec::new();
    while sets.end().is_none() {
        let mut set = Reader(sets.expect(SET)?);
        while set.end().is_none() {
            let mut part = Reader(set.expect(SEQUENCE)?);
            let identifier = part.expect(OID)?;
            let value = part.next()?;
            part.end()?;
            parts.push(Part { identifier, value });
        }
    }
    Some(parts)
}

/// The value of a part, with a backslash before what has a meaning of its own.
fn text(part: &Part<'_>) -> String {
    let text = match part.value.tag {
        super::der::BMP => {
            let units = part
                .value
                .content
                .chunks(2)
                .map(|pair| pair.iter().fold(0, |unit, byte| unit << 8 | u16::from(*byte)));
            String::from_utf16_lossy(&units.collect::<Vec<_>>())
        }
        _ => String::from_utf8_lossy(part.value.content).into_owned(),
    };
    let last = text.chars().count().saturating_sub(1);
    let mut escaped = String::new();
    for (place, character) in text.chars().enumerate() {
        let is_edge = character == ' ' && (place == 0 || place == last);
        if is_edge || (character == '#' && place == 0) || ",+\"\\<>;".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

fn dotted(identifier: &[u8]) -> String {
    let mut numbers = Vec::new();
    let mut number = 0_u64;
    for byte in identifier {
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            numbers.push(number);
            number = 0;
        }
    }
    let first = numbers.first().copied().unwrap_or_default();
    let root = (first / 40).min(2);
    let numbers = [root, first - 40 * root].into_iter().chain(numbers.into_iter().skip(1));
    numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(".")
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
