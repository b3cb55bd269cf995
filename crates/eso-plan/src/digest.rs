//! The hashes that the original writes, byte for byte, so that switching over rewrites nothing.

use std::{collections::BTreeMap, fmt};

use eso_core::value::SecretBytes;
use serde_json::Value;
use sha3::{Digest as _, Sha3_224};
use zeroize::Zeroizing;

/// The original's hash over the entries of a Secret: SHA3-224, in hex, of Go's `fmt("%+v", map[string][]byte)`.
///
/// It says whether two sets of entries are equal. It is not salted: a guess of a weak value can be checked against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest(String);

impl Digest {
    /// The digest of entries, given in the order of their names.
    pub fn of<'a>(entries: impl IntoIterator<Item = (&'a String, &'a SecretBytes)>) -> Self {
        let mut hash = Sha3_224::new();
        hash.update("map[");
        for (index, (name, value)) in entries.into_iter().enumerate() {
            hash.update(if index == 0 { "" } else { " " });
            hash.update(name);
            hash.update(":");
            update_with_bytes(&mut hash, value.expose());
        }
        hash.update("]");
        Self(hexadecimal(&hash.finalize()))
    }

    /// A digest that was written down before.
    pub fn written(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The digest as it is written down.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA3-224 of a text, in hex: the original's hash of names.
pub fn of_text(text: &str) -> String {
    hexadecimal(&Sha3_224::digest(text))
}

/// The same of a value of JSON: of Go's `fmt("%+v", value)`.
pub fn of_json(value: &Value) -> String {
    of_text(&go(value))
}

fn go(value: &Value) -> String {
    let printed = |values: Vec<String>| values.join(" ");
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", printed(items.iter().map(go).collect())),
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
            let pairs = sorted.into_iter().map(|(name, value)| format!("{name}:{}", go(value)));
            format!("map[{}]", printed(pairs.collect()))
        }
    }
}

/// Bytes as Go prints them: `[104 105]`.
fn update_with_bytes(hash: &mut Sha3_224, bytes: &[u8]) {
    // A byte takes four characters at most. They are the value: they are wiped.
    const BYTES_AT_ONCE: usize = 256;
    let mut text = Zeroizing::new(Vec::with_capacity(4 * BYTES_AT_ONCE));
    let mut before = b'[';
    for bytes in bytes.chunks(BYTES_AT_ONCE) {
        text.clear();
        for byte in bytes {
            text.push(before);
            before = b' ';
            push_decimal(&mut text, *byte);
        }
        hash.update(&text);
    }
    hash.update(if bytes.is_empty() { "[]" } else { "]" });
}

fn push_decimal(text: &mut Vec<u8>, byte: u8) {
    if byte >= 100 {
        text.push(b'0' + byte / 100);
    }
    if byte >= 10 {
        text.push(b'0' + byte / 10 % 10);
    }
    text.push(b'0' + byte % 10);
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
