//! A value as JSON.

use std::borrow::Cow;

use crate::{Fault, Scope, Value, unicode};

/// How JSON is written.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// In lines, indented by two spaces.
    pub(super) pretty: bool,
    /// With `<`, `>` and `&` by their numbers.
    pub(super) html_safe: bool,
}

/// Writes a value. Wrong are a number that is none, and a complex one.
pub(super) fn write(scope: &mut Scope<'_>, value: &Value, form: Form) -> Result<Vec<u8>, Fault> {
    let mut writer = Writer { scope, form, written: Vec::new(), depth: 0 };
    writer.value(value)?;
    Ok(writer.written)
}

struct Writer<'w, 's> {
    scope: &'w mut Scope<'s>,
    form: Form,
    written: Vec<u8>,
    depth: usize,
}

impl Writer<'_, '_> {
    fn value(&mut self, value: &Value) -> Result<(), Fault> {
        self.scope.spend(1)?;
        match value {
            Value::Nil => self.push(b"null"),
            Value::Bool(value) => self.push(value.to_string().as_bytes()),
            Value::Int(number) | Value::Int64(number) => self.push(number.to_string().as_bytes()),
            Value::Uint8(number) => self.push(number.to_string().as_bytes()),
            Value::Uint64(number) => self.push(number.to_string().as_bytes()),
            Value::Float64(number) => {
                let text = float(*number).ok_or(Fault::wrong("json: unsupported value"))?;
                self.push(text.as_bytes())
            }
            Value::Complex128(..) => Err(Fault::wrong("json: unsupported type: complex128")),
            Value::String(text) => self.string(text),
            Value::List(list) if list.is_nil() => self.push(b"null"),
            Value::List(list) => self.nested(b"[]", list.items().iter().map(|item| (None, item))),
            Value::Map(map) => {
                let entries = map.entries();
                self.nested(b"{}", entries.iter().map(|(name, value)| (Some(&name[..]), value)))
            }
            Value::Object(object) => self.value(&object.plain()),
        }
    }

    fn nested<'v>(
        &mut self,
        [open, close]: &[u8; 2],
        entries: impl ExactSizeIterator<Item = (Option<&'v [u8]>, &'v Value)>,
    ) -> Result<(), Fault> {
        if self.depth >= self.scope.nesting() {
            return Err(Fault::Limit("nesting"));
        }
        let is_empty = entries.len() == 0;
        self.push(&[*open])?;
        self.depth += 1;
        for (place, (name, value)) in entries.enumerate() {
            if place > 0 {
                self.push(b",")?;
            }
            self.line()?;
            if let Some(name) = name {
                self.string(name)?;
                self.push(if self.form.pretty { b": " } else { b":" })?;
            }
            self.value(value)?;
        }
        self.depth -= 1;
        if !is_empty {
            self.line()?;
        }
        self.push(&[*close])
    }

    fn line(&mut self) -> Result<(), Fault> {
        if self.form.pretty {
            self.push(b"\n")?;
            for _ in 0..self.depth {
                self.push(b"  ")?;
            }
        }
        Ok(())
    }

    fn string(&mut self, text: &[u8]) -> Result<(), Fault> {
        // Rune by rune it takes longer than the bytes say.
        self.scope.spend(text.len() as u64 / 4)?;
        self.push(b"\"")?;
        // What is written as it is, from here on.
        let (mut begin, mut at) = (0, 0);
        for (rune, piece) in unicode::pieces(text) {
            if let Some(escaped) = self.escape(rune, piece) {
                self.push(&text[begin..at])?;
                self.push(escaped.as_bytes())?;
                begin = at + piece.len();
            }
            at += piece.len();
        }
        self.push(&text[begin..])?;
        self.push(b"\"")
    }

    /// What stands for a rune that cannot stand for itself.
    fn escape(&self, rune: char, piece: &[u8]) -> Option<Cow<'static, str>> {
        Some(match rune {
            '"' => "\\\"".into(),
            '\\' => "\\\\".into(),
            '\x08' => "\\b".into(),
            '\x0c' => "\\f".into(),
            '\n' => "\\n".into(),
            '\r' => "\\r".into(),
            '\t' => "\\t".into(),
            '\0'..=' ' if rune != ' ' => numbered(rune).into(),
            '<' | '>' | '&' if self.form.html_safe => numbered(rune).into(),
            // JavaScript takes them for the ends of lines.
            '\u{2028}' | '\u{2029}' => numbered(rune).into(),
            unicode::REPLACEMENT if piece.len() == 1 => numbered(rune).into(),
            _ => return None,
        })
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        // Each byte is held while it is written; the steps for many small pieces are those of the values.
        self.scope.hold(bytes.len())?;
        self.written.extend_from_slice(bytes);
        Ok(())
    }
}

fn numbered(rune: char) -> String {
    format!("\\u{:04x}", u32::from(rune))
}

/// A number as JavaScript writes it; nothing where it is none.
pub(crate) fn float(number: f64) -> Option<String> {
    if !number.is_finite() {
        return None;
    }
    let magnitude = number.abs();
    if magnitude == 0.0 || (1e-6..1e21).contains(&magnitude) {
        return Some(format!("{number}"));
    }
    let text = format!("{number:e}");
    let sign = if magnitude < 1.0 { "" } else { "+" };
    Some(text.replacen('e', &format!("e{sign}"), 1))
}

/// A number in `1.5e3` as Go's `%g` writes it.
pub(crate) fn shortest(scientific: &str) -> String {
    let (digits, exponent) = scientific.split_once('e').expect("a number must have an exponent");
    match exponent.parse::<i32>().expect("an exponent must be a number") {
        -4..6 => format!("{}", scientific.parse::<f64>().expect("a number must be one")),
        exponent => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
    }
}
