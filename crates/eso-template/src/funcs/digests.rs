//! Digests of texts, and names that nobody has yet.

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512, digest};

use crate::{
    Scope, Text,
    function::{Function, function},
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("sha1sum", |text: Text| hexadecimal(&SHA1_FOR_LEGACY_USE_ONLY, &text))
            .example(r#"{{ sha1sum "bob" }}"#, "48181acd22b3edaebc8a447868a7df7ce629920a"),
        function("sha256sum", |text: Text| hexadecimal(&SHA256, &text))
            .example(r#"{{ sha256sum "bob" | trunc 8 }}"#, "81b637d8"),
        function("sha512sum", |text: Text| hexadecimal(&SHA512, &text))
            .example(r#"{{ sha512sum "bob" | len }}"#, "128"),
        function("adler32sum", adler32).example(r#"{{ adler32sum "bob" }}"#, "40436020"),
        function("uuidv4", uuidv4).example("{{ uuidv4 | len }}", "36"),
    ]
}

fn hexadecimal(algorithm: &'static Algorithm, text: &[u8]) -> String {
    let digits =
        |byte: &u8| [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]));
    digest(algorithm, text).as_ref().iter().flat_map(digits).collect()
}

fn adler32(text: Text) -> String {
    const MODULUS: u64 = 65_521;
    let (mut sum, mut sums) = (1_u64, 0_u64);
    // Sums of so few bytes fit before they are reduced.
    for bytes in text.chunks(5_552) {
        for byte in bytes {
            sum += u64::from(*byte);
            sums += sum;
        }
        (sum, sums) = (sum % MODULUS, sums % MODULUS);
    }
    (sums << 16 | sum).to_string()
}

fn uuidv4(scope: &mut Scope<'_>) -> String {
    let mut bytes = [0; 16];
    scope.fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = format!("{:032x}", u128::from_be_bytes(bytes));
    let (a, rest) = digits.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    format!("{a}-{b}-{c}-{d}-{e}")
}

#[cfg(test)]
mod tests;
