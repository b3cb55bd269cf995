//! A value as YAML.

use std::borrow::Cow;

use super::{
    emitter::{Emitter, Indicator},
    is_allowed,
    order::ordered,
    resolve::{is_plain_text, resolve},
    scalar::{Scalar, Style},
};
use crate::{
    Fault, Scope, Text, Value,
    funcs::json,
    unicode,
    value::{List, Map},
};

/// Spaces that a level is indented by.
const LEVEL: usize = 2;
/// The longest key that go-yaml reads in JSON, in runes and with its quotes.
const LONGEST_KEY: usize = 1024;

/// What a node is in.
#[derive(Clone, Copy)]
enum Around {
    Nothing,
    /// A list that is indented by so much.
    List(usize),
    /// A map that is indented by so much.
    Map(usize),
}

impl Around {
    /// The indentation of what is in the node.
    fn inner(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::List(indent) | Self::Map(indent) => indent + LEVEL,
        }
    }

    /// The indentation of the further lines of a text.
    fn further(self) -> usize {
        match self {
            Self::Nothing => LEVEL,
            Self::List(_) | Self::Map(_) => self.inner(),
        }
    }
}

/// Writes a value. Wrong is what JSON cannot hold, and a text that go-yaml cannot read in JSON.
pub(super) fn write(scope: &mut Scope<'_>, value: &Value) -> Result<Vec<u8>, Fault> {
    let mut writer = Writer { emitter: Emitter::new(scope), depth: 0 };
    writer.value(value, Around::Nothing)?;
    writer.emitter.indent(0)?;
    Ok(writer.emitter.written)
}

struct Writer<'w, 's> {
    emitter: Emitter<'w, 's>,
    depth: usize,
}

impl Writer<'_, '_> {
    fn value(&mut self, value: &Value, around: Around) -> Result<(), Fault> {
        self.emitter.scope.spend(1)?;
        match value {
            Value::Nil => self.plain("null", around),
            Value::Bool(value) => self.plain(&value.to_string(), around),
            Value::Int(number) | Value::Int64(number) => self.plain(&number.to_string(), around),
            Value::Uint8(number) => self.plain(&number.to_string(), around),
            Value::Uint64(number) => self.plain(&number.to_string(), around),
            Value::Float64(number) => self.plain(&float(*number)?, around),
            Value::Complex128(..) => Err(Fault::wrong("JSON has no complex numbers")),
            Value::String(text) => self.text(text, around),
            Value::List(list) if list.is_nil() => self.plain("null", around),
            Value::List(list) => self.deeper(|writer| writer.list(list, around)),
            Value::Map(map) => self.deeper(|writer| writer.map(map, around)),
            Value::Object(object) => self.value(&object.plain(), around),
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

    fn plain(&mut self, text: &str, around: Around) -> Result<(), Fault> {
        let scalar = Scalar { text, style: Style::Plain, is_key: false };
        scalar.write(&mut self.emitter, around.further())
    }

    fn text(&mut self, text: &Text, around: Around) -> Result<(), Fault> {
        let text = through_json(text)?;
        scalar(&text).write(&mut self.emitter, around.further())
    }

    fn list(&mut self, list: &List, around: Around) -> Result<(), Fault> {
        if list.items().is_empty() {
            return self.empty("[", "]");
        }
        let indent = match around {
            Around::Map(indent) if !self.emitter.is_indented() => indent,
            around => around.inner(),
        };
        for item in list.items() {
            self.emitter.indent(indent)?;
            self.emitter.indicator("-", Indicator { spaced: true, indents: true })?;
            self.value(item, Around::List(indent))?;
        }
        Ok(())
    }

    fn map(&mut self, map: &Map, around: Around) -> Result<(), Fault> {
        let indent = around.inner();
        let entries = ordered(self.emitter.scope, map.entries().iter())?;
        if entries.is_empty() {
            return self.empty("{", "}");
        }
        for (name, value) in entries {
            self.emitter.indent(indent)?;
            self.key(&name, indent)?;
            self.value(&value, Around::Map(indent))?;
        }
        Ok(())
    }

    /// A key and its colon: in the line of its value, or in one of its own where it is long.
    fn key(&mut self, name: &Text, indent: usize) -> Result<(), Fault> {
        let quoted = json::compact(self.emitter.scope, &Value::String(name.clone()))?;
        if unicode::runes(&quoted).count() > LONGEST_KEY
            || unicode::runes(&quoted).any(|rune| rune == '\u{85}')
        {
            return Err(Fault::wrong("go-yaml reads no such key"));
        }
        let name = through_json(name)?;
        let (scalar, further) = (scalar(&name), indent + LEVEL);
        let emitter = &mut self.emitter;
        if scalar.fits_as_key() {
            Scalar { is_key: true, ..scalar }.write(emitter, further)?;
            return emitter.indicator(":", Indicator { spaced: false, indents: false });
        }
        emitter.indicator("?", Indicator { spaced: true, indents: true })?;
        scalar.write(emitter, further)?;
        emitter.indent(indent)?;
        emitter.indicator(":", Indicator { spaced: true, indents: true })
    }

    fn empty(&mut self, open: &str, close: &str) -> Result<(), Fault> {
        self.emitter.indicator(open, Indicator { spaced: true, indents: false })?;
        self.emitter.indicator(close, Indicator { spaced: false, indents: false })
    }
}

/// A text with the way to write it.
fn scalar(text: &str) -> Scalar<'_> {
    let style = match text.contains('\n') {
        true => Style::Literal,
        false if is_plain_text(text) => Style::Plain,
        false => Style::DoubleQuoted,
    };
    Scalar { text, style, is_key: false }
}

/// What is left of a text once it was JSON, and YAML reads that.
fn through_json(text: &Text) -> Result<Cow<'_, str>, Fault> {
    let text = text.runes();
    // JSON writes those below the space by number.
    match text.chars().all(|rune| rune < ' ' || is_allowed(rune)) {
        true if text.contains('\u{85}') => Ok(folded(&text).into()),
        true => Ok(text),
        false => Err(Fault::wrong("go-yaml reads no such rune")),
    }
}

/// The one line break that JSON leaves as it is ends a line to YAML: it is a space, and several are one fewer breaks.
fn folded(text: &str) -> String {
    let mut lines = text.split('\u{85}').peekable();
    let first = lines.next().unwrap_or_default();
    let mut whole = first.trim_end_matches(' ').to_owned();
    let mut breaks = 0;
    while let Some(line) = lines.next() {
        let line = line.trim_start_matches(' ');
        let line = if lines.peek().is_some() { line.trim_end_matches(' ') } else { line };
        breaks += 1;
        if line.is_empty() && lines.peek().is_some() {
            continue;
        }
        whole += &if breaks == 1 { " ".to_owned() } else { "\n".repeat(breaks - 1) };
        whole += line;
        breaks = 0;
    }
    whole
}

/// A number as Go's `%g` writes it, once it was JSON: whole ones are integers, where they fit.
fn float(number: f64) -> Result<String, Fault> {
    let text = json::float(number).ok_or(Fault::wrong("JSON has no such number"))?;
    let number = match resolve(&text) {
        Value::Int(number) => return Ok(number.to_string()),
        Value::Uint64(number) => return Ok(number.to_string()),
        _ => number,
    };
    Ok(json::shortest(&format!("{number:e}")))
}
