//! A value as YAML.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{
    emitter::{Emitter, Indicator},
    order::ordered,
    resolve::is_plain_text,
    scalar::{Scalar, Style},
};
use crate::{
    Fault, Scope, Value,
    funcs::dates::{Duration, Time},
    value::{List, Map},
};

/// Spaces that a level is indented by.
const LEVEL: usize = 4;
/// Letters in a line of base 64.
const BASE_64_LINE: usize = 70;

/// What a node is in what is around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    /// An item of a list that is indented by so much.
    Item(usize),
    /// A value, or a key in a line of its own, of a map that is indented by so much.
    Entry(usize),
}

impl Place {
    /// The indentation of what lies in the node.
    fn inner(self, is_scalar: bool) -> usize {
        match self {
            Self::Root if is_scalar => LEVEL,
            Self::Root => 0,
            // The dash and its space are the indentation.
            Self::Item(indent) => indent + 2,
            Self::Entry(indent) => LEVEL * ((indent + LEVEL) / LEVEL),
        }
    }
}

/// Writes a value. Wrong is a complex number alone.
pub(super) fn write(scope: &mut Scope<'_>, value: &Value) -> Result<Vec<u8>, Fault> {
    let mut writer = Writer { emitter: Emitter::new(scope), depth: 0 };
    writer.value(value, Place::Root)?;
    writer.emitter.indent(0)?;
    Ok(writer.emitter.written)
}

struct Writer<'w, 's> {
    emitter: Emitter<'w, 's>,
    depth: usize,
}

impl Writer<'_, '_> {
    fn value(&mut self, value: &Value, place: Place) -> Result<(), Fault> {
        self.emitter.scope.spend(1)?;
        match value {
            Value::Nil => self.plain("null", place),
            Value::Bool(value) => self.plain(&value.to_string(), place),
            Value::Int(number) | Value::Int64(number) => self.plain(&number.to_string(), place),
            Value::Uint8(number) => self.plain(&number.to_string(), place),
            Value::Uint64(number) => self.plain(&number.to_string(), place),
            Value::Float64(number) => self.plain(&float(*number), place),
            Value::Complex128(..) => Err(Fault::wrong("cannot marshal type: complex128")),
            Value::String(text) => self.text(text, place),
            Value::List(list) => self.deeper(|writer| writer.list(list, place)),
            Value::Map(map) => self.deeper(|writer| writer.map(map, place)),
            Value::Object(object) => {
                match (value.downcast::<Time>(), value.downcast::<Duration>(), object.plain()) {
                    (Some(_), _, Value::String(text)) => self.plain(&text.runes(), place),
                    (_, Some(_), _) => self.text(&object.show(), place),
                    (_, _, Value::Map(map)) => self.lowercase(&map, place),
                    (_, _, plain) => self.value(&plain, place),
                }
            }
        }
    }

    fn deeper(&mut self, write: impl FnOnce(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        if self.depth >= self.emitter.scope.nesting() {
            return Err(Fault::Limit("nesting"));
        }
        self.depth += 1;
        let written = write(self);
        self.depth -= 1;
        written
    }

    fn plain(&mut self, text: &str, place: Place) -> Result<(), Fault> {
        let scalar = Scalar { text, tag: "", style: Style::Plain, is_key: false };
        scalar.write(&mut self.emitter, place.inner(true))
    }

    fn text(&mut self, text: &[u8], place: Place) -> Result<(), Fault> {
        with_scalar(text, |scalar| scalar.write(&mut self.emitter, place.inner(true)))
    }

    fn list(&mut self, list: &List, place: Place) -> Result<(), Fault> {
        let indent = place.inner(false);
        if list.items().is_empty() {
            return self.empty(b"[", b"]");
        }
        for item in list.items() {
            self.emitter.indent(indent)?;
            self.emitter.indicator(b"-", Indicator { spaced: true, indents: true })?;
            self.value(item, Place::Item(indent))?;
        }
        Ok(())
    }

    fn map(&mut self, map: &Map, place: Place) -> Result<(), Fault> {
        let indent = place.inner(false);
        let entries = ordered(self.emitter.scope, map.entries().iter())?;
        if entries.is_empty() {
            return self.empty(b"{", b"}");
        }
        for (name, value) in entries {
            self.emitter.indent(indent)?;
            self.key(&name, indent)?;
            self.value(&value, Place::Entry(indent))?;
        }
        Ok(())
    }

    /// The fields of a struct, whose names go-yaml writes in lower case.
    fn lowercase(&mut self, map: &Map, place: Place) -> Result<(), Fault> {
        let lower = |(name, value): (&crate::Text, &Value)| (name.to_ascii_lowercase().into(), value.clone());
        let fields = map.entries().iter().map(lower).collect();
        let fields = Map::new(map.element(), fields);
        self.map(&fields, place)
    }

    /// A key and its colon: in the line of its value, or in one of its own where it is long.
    fn key(&mut self, name: &[u8], indent: usize) -> Result<(), Fault> {
        let emitter = &mut self.emitter;
        with_scalar(name, |scalar| {
            if scalar.fits_as_key() {
                Scalar { is_key: true, ..scalar }.write(emitter, Place::Entry(indent).inner(true))?;
                return emitter.indicator(b":", Indicator { spaced: false, indents: false });
            }
            emitter.indicator(b"?", Indicator { spaced: true, indents: true })?;
            scalar.write(emitter, Place::Entry(indent).inner(true))?;
            emitter.indent(indent)?;
            emitter.indicator(b":", Indicator { spaced: true, indents: true })
        })
    }

    fn empty(&mut self, open: &[u8], close: &[u8]) -> Result<(), Fault> {
        self.emitter.indicator(open, Indicator { spaced: true, indents: false })?;
        self.emitter.indicator(close, Indicator { spaced: false, indents: false })
    }
}

/// Hands on a text with the way to write it.
fn with_scalar<T>(text: &[u8], write: impl FnOnce(Scalar<'_>) -> T) -> T {
    let style = |text: &str, can_be_plain: bool| match text.contains('\n') {
        true => Style::Literal,
        false if can_be_plain => Style::Plain,
        false => Style::DoubleQuoted,
    };
    match str::from_utf8(text) {
        Ok(text) => {
            let style = style(text, is_plain_text(text));
            write(Scalar { text, tag: "", style, is_key: false })
        }
        Err(_) => {
            let text = in_lines(&BASE64_STANDARD.encode(text));
            let style = style(&text, true);
            write(Scalar { text: &text, tag: "!!binary", style, is_key: false })
        }
    }
}

/// Base 64 in lines, where there is more than one.
fn in_lines(encoded: &str) -> String {
    if encoded.len() < BASE_64_LINE {
        return encoded.to_owned();
    }
    let line = |line: &[u8]| format!("{}\n", String::from_utf8_lossy(line));
    encoded.as_bytes().chunks(BASE_64_LINE).map(line).collect()
}

/// A number as Go's `%g` writes it, with the names of YAML for what is none.
fn float(number: f64) -> String {
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e').expect("a number must have an exponent");
    match exponent.parse::<i32>().expect("an exponent must be a number") {
        -4..6 => format!("{number}"),
        exponent => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
    }
}
