//! `html`, `js` and `urlquery`.

use crate::{
    Fault, Scope, Value, format,
    function::{Function, Rest, function},
    unicode,
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("html", |scope: &mut Scope<'_>, values: Rest<Value>| escaped(scope, values, html))
            .example(r#"{{ html "<a & b>" }}"#, "&lt;a &amp; b&gt;"),
        function("js", |scope: &mut Scope<'_>, values: Rest<Value>| escaped(scope, values, js))
            .example(r#"{{ js "it's" }}"#, r"it\'s"),
        function("urlquery", |scope: &mut Scope<'_>, values: Rest<Value>| escaped(scope, values, urlquery))
            .example(r#"{{ urlquery "a b&c" }}"#, "a+b%26c"),
    ]
}

/// The most bytes that one byte becomes.
const GROWTH: usize = 6;

/// The values printed as `print` does, and each of their bytes escaped.
fn escaped(
    scope: &mut Scope<'_>,
    Rest(mut values): Rest<Value>,
    escape: fn(&[u8], &mut Vec<u8>),
) -> Result<Vec<u8>, Fault> {
    for value in &mut values {
        if matches!(value, Value::Nil) {
            *value = "<no value>".into();
        }
    }
    let printed = crate::Text::from(format::print(scope, &values)?);
    scope.afford(printed.len() * GROWTH)?;
    let mut written = Vec::with_capacity(printed.len());
    escape(&printed, &mut written);
    Ok(written)
}

fn html(text: &[u8], written: &mut Vec<u8>) {
    for byte in text {
        match byte {
            b'"' => written.extend_from_slice(b"&#34;"),
            b'\'' => written.extend_from_slice(b"&#39;"),
            b'&' => written.extend_from_slice(b"&amp;"),
            b'<' => written.extend_from_slice(b"&lt;"),
            b'>' => written.extend_from_slice(b"&gt;"),
            0 => written.extend_from_slice("\u{fffd}".as_bytes()),
            byte => written.push(*byte),
        }
    }
}

fn js(text: &[u8], written: &mut Vec<u8>) {
    for (rune, piece) in unicode::pieces(text) {
        match rune {
            '\\' | '\'' | '"' => written.extend_from_slice(&[b'\\', piece[0]]),
            '<' | '>' | '&' | '=' | '\0'..='\x1f' => push_code(written, rune),
            '\x20'..='\x7f' => written.extend_from_slice(piece),
            _ if unicode::PRINTABLE.has(rune) => written.extend_from_slice(piece),
            _ => push_code(written, rune),
        }
    }
}

fn push_code(written: &mut Vec<u8>, rune: char) {
    written.extend_from_slice(format!(r"\u{:04X}", u32::from(rune)).as_bytes());
}

fn urlquery(text: &[u8], written: &mut Vec<u8>) {
    for byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => written.push(*byte),
            b' ' => written.push(b'+'),
            byte => written.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
}
