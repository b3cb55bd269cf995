//! Bytes as letters and digits: base 64, base 32, base 16. What cannot be decoded is not an error: the answer says
//! so, as in sprig.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::{
    Text,
    function::{Function, function},
    unicode::PRINTABLE,
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("b64enc", b64enc).example(r#"{{ b64enc "hello" }}"#, "aGVsbG8="),
        function("b64dec", b64dec).example(r#"{{ b64dec "aGVsbG8=" }}"#, "hello"),
        function("b32enc", b32enc).example(r#"{{ b32enc "bob" }}"#, "MJXWE==="),
        function("b32dec", b32dec).example(r#"{{ b32dec "MJXWE===" }}"#, "bob"),
        function("hexdec", hexdec).example(r#"{{ hexdec "68656c6c6f" }}"#, "hello"),
    ]
}

/// The byte at which a text is no base 64, or no base 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Illegal(pub(crate) usize);

fn b64enc(text: Text) -> String {
    BASE64_STANDARD.encode(&text[..])
}

fn b64dec(text: Text) -> Vec<u8> {
    let message = |Illegal(place)| format!("illegal base64 data at input byte {place}").into_bytes();
    base64(&text).unwrap_or_else(message)
}

fn b32dec(text: Text) -> Vec<u8> {
    let message = |Illegal(place)| format!("illegal base32 data at input byte {place}").into_bytes();
    base32(&text).unwrap_or_else(message)
}

/// Decodes base 64 as Go does: line breaks are skipped, and bits after the last byte may be any.
pub(crate) fn base64(text: &[u8]) -> Result<Vec<u8>, Illegal> {
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3);
    let mut place = 0;
    while place < text.len() {
        let Some((group, length, after)) = base64_group(text, place)? else { break };
        let [first, second, third, fourth] = group;
        let bytes = [first << 2 | second >> 4, second << 4 | third >> 2, third << 6 | fourth];
        decoded.extend_from_slice(&bytes[..length - 1]);
        place = after;
    }
    Ok(decoded)
}

type Group = ([u8; 4], usize, usize);

/// The next four digits, how many of them there are, and where the next begin.
fn base64_group(text: &[u8], start: usize) -> Result<Option<Group>, Illegal> {
    let (mut group, mut length, mut place) = ([0; 4], 0, start);
    while length < 4 {
        let Some(byte) = text.get(place) else {
            return if length == 0 { Ok(None) } else { Err(Illegal(place - length)) };
        };
        place += 1;
        match (base64_digit(*byte), byte) {
            (Some(digit), _) => {
                group[length] = digit;
                length += 1;
            }
            (None, b'\r' | b'\n') => {}
            (None, b'=') => return Ok(Some((group, length, base64_padding(text, place, length)?))),
            (None, _) => return Err(Illegal(place - 1)),
        }
    }
    Ok(Some((group, length, place)))
}

/// The end of a text whose padding began before a place.
fn base64_padding(text: &[u8], place: usize, length: usize) -> Result<usize, Illegal> {
    let breaks = |from: usize| text[from..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let mut after = place;
    match length {
        0 | 1 => return Err(Illegal(place - 1)),
        2 => {
            after += breaks(after);
            match text.get(after) {
                None => return Err(Illegal(text.len())),
                Some(b'=') => after += 1,
                Some(_) => return Err(Illegal(after - 1)),
            }
        }
        _ => {}
    }
    after += breaks(after);
    if after < text.len() { Err(Illegal(after)) } else { Ok(after) }
}

fn base64_digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

const BASE_32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn b32enc(text: Text) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(text.len().div_ceil(5) * 8);
    for bytes in text.chunks(5) {
        let mut padded = [0; 8];
        padded[3..3 + bytes.len()].copy_from_slice(bytes);
        let bits = u64::from_be_bytes(padded);
        let digits = (bytes.len() * 8).div_ceil(5);
        let digit = |place: usize| BASE_32[(bits >> (35 - 5 * place)) as usize & 31];
        encoded.extend((0..8).map(|place| if place < digits { digit(place) } else { b'=' }));
    }
    encoded
}

/// Decodes base 32 as Go does: line breaks are skipped, and bits after the last byte may be any.
pub(crate) fn base32(text: &[u8]) -> Result<Vec<u8>, Illegal> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let mut decoded = Vec::with_capacity(text.len() / 8 * 5);
    for start in (0..text.len()).step_by(8) {
        let rest = &text[start..];
        let length = base32_length(rest).map_err(|Illegal(place)| Illegal(start + place))?;
        let digit = |bits: u64, byte: &u8| bits << 5 | base32_digit(*byte).unwrap_or_default();
        let bits = rest[..length].iter().fold(0, digit) << (5 * (8 - length));
        decoded.extend_from_slice(&bits.to_be_bytes()[3..3 + length * 5 / 8]);
        if length < 8 {
            break;
        }
    }
    Ok(decoded)
}

/// How many of the next eight digits there are before the padding. Of what stands after the padding Go looks only at
/// its length.
fn base32_length(text: &[u8]) -> Result<usize, Illegal> {
    let Some(length) = text.iter().take(8).position(|byte| base32_digit(*byte).is_none()) else {
        return if text.len() >= 8 { Ok(8) } else { Err(Illegal(0)) };
    };
    let after = &text[length + 1..];
    if text[length] != b'=' || length < 2 || after.len() >= 8 {
        return Err(Illegal(length));
    }
    if after.len() + length < 7 {
        return Err(Illegal(text.len()));
    }
    if let Some(place) = after[..7 - length].iter().position(|byte| *byte != b'=') {
        return Err(Illegal(length + place));
    }
    if matches!(length, 3 | 6) { Err(Illegal(length)) } else { Ok(length) }
}

fn base32_digit(byte: u8) -> Option<u64> {
    match byte {
        b'A'..=b'Z' => Some(u64::from(byte - b'A')),
        b'2'..=b'7' => Some(u64::from(byte - b'2') + 26),
        _ => None,
    }
}

fn hexdec(text: Text) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let illegal = text.iter().find(|byte| digit(**byte).is_none());
    match illegal {
        Some(byte) => {
            let rune = char::from(*byte);
            let shown = if PRINTABLE.has(rune) { format!(" '{rune}'") } else { String::new() };
            format!("encoding/hex: invalid byte: U+{byte:04X}{shown}").into_bytes()
        }
        None if text.len() % 2 == 1 => b"encoding/hex: odd length hex string".to_vec(),
        None => text.chunks(2).filter_map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect(),
    }
}

#[cfg(test)]
mod tests;
