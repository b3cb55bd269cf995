//! The first document of a text of YAML as a map, by way of JSON.

use std::{borrow::Cow, collections::BTreeMap};

use granit_parser::{Event, Parser, ScalarStyle, StrInput, Tag};

use super::{
    is_allowed,
    resolve::{resolve, tag, timestamp},
};
use crate::{
    Fault, Scope, Text, Value,
    funcs::{encoding::base64, json},
    function::TEXT,
    value::{List, Map},
};

/// Why a text is no map.
#[derive(Debug)]
pub(crate) enum Problem {
    /// It is wrong, as the original says it, without a value of the text.
    Wrong(Cow<'static, str>),
    /// A scalar is not what its tag says, which the original shows.
    Scalar {
        found: &'static str,
        text: String,
        wanted: String,
    },
    Fault(Fault),
}

impl Problem {
    /// As the original says it.
    pub(super) fn of_original(self) -> Result<String, Fault> {
        match self {
            Self::Wrong(error) => Ok(error.into_owned()),
            Self::Scalar { found, text, wanted } => {
                Ok(format!("{CONVERTING}yaml: cannot decode {found} `{text}` as a {wanted}"))
            }
            Self::Fault(fault) => Err(fault),
        }
    }
}

/// What the original's errors begin with.
const CONVERTING: &str = "error converting YAML to JSON: ";

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Reads the map of a text; an empty one of what is null.
pub(super) fn read(scope: &mut Scope<'_>, text: &[u8]) -> Result<Value, Problem> {
    let text = checked(scope, text)?;
    let read = Reader::new(scope, &text, Target::Any).document()?;
    let kind = match read {
        Value::Map(_) => return Ok(read),
        Value::Nil => return Ok(scope.map(BTreeMap::new())?),
        other => kind(&other),
    };
    let error = format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}");
    Err(Problem::Wrong(format!("error unmarshaling JSON: while decoding JSON: {error}").into()))
}

/// Reads a map of texts, as the original's `yaml.Unmarshal` does into a `map[string]string`. An error comes with the
/// line that was read, from 1.
pub(crate) fn read_strings(
    scope: &mut Scope<'_>,
    text: &[u8],
) -> Result<BTreeMap<Text, Text>, (usize, Problem)> {
    let text = checked(scope, text).map_err(|problem| (1, problem))?;
    let mut reader = Reader::new(scope, &text, Target::Strings);
    let read = reader.document();
    let line = reader.line;
    let strings = read.and_then(|read| match read {
        Value::Map(map) => {
            let entries = map.entries();
            entries.iter().map(|(name, value)| Ok((name.clone(), string(value)?))).collect()
        }
        Value::Nil => Ok(BTreeMap::new()),
        other => Err(Problem::Wrong(format!("{} stands where a map is wanted", kind(&other)).into())),
    });
    strings.map_err(|problem| (line, problem))
}

/// Reads any value, as JSON in one line. An error comes with the line that was read, from 1.
pub(crate) fn read_as_json(scope: &mut Scope<'_>, text: &[u8]) -> Result<Vec<u8>, (usize, Problem)> {
    let text = checked(scope, text).map_err(|problem| (1, problem))?;
    let mut reader = Reader::new(scope, &text, Target::Any);
    let read = reader.document();
    let line = reader.line;
    let written = read.and_then(|value| Ok(json::raw(scope, &value)?));
    written.map_err(|problem| (line, problem))
}

/// What JSON calls a value that is no map.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::List(_) => "array",
        Value::Bool(_) => "bool",
        Value::String(_) => "string",
        Value::Map(_) => "object",
        _ => "number",
    }
}

/// A scalar as a text. A number is written anew, a float with the digits that 32 bits have.
fn string(value: &Value) -> Result<Text, Problem> {
    Ok(match value {
        Value::Nil => Text::default(),
        Value::String(text) => text.runes().into_owned().into(),
        Value::Bool(value) => value.to_string().into(),
        Value::Int(number) => number.to_string().into(),
        Value::Uint64(number) => number.to_string().into(),
        Value::Float64(number) => float_of_32_bits(*number).into(),
        other => {
            let reason = format!("{} stands where a text is wanted", kind(other));
            return Err(Problem::Wrong(reason.into()));
        }
    })
}

/// What is read: UTF-8 without what go-yaml does not allow, with the line breaks of YAML 1.2.
fn checked(scope: &mut Scope<'_>, text: &[u8]) -> Result<String, Problem> {
    let Ok(text) = str::from_utf8(text) else { return wrong("yaml: invalid UTF-8") };
    scope.hold(text.len())?;
    scope.spend(text.len() as u64)?;
    match text.chars().all(is_allowed) {
        // A line break to YAML 1.1, and none to 1.2.
        true => Ok(text.replace('\u{85}', "\n")),
        false => wrong("yaml: control characters are not allowed"),
    }
}

fn wrong<T>(error: &str) -> Result<T, Problem> {
    Err(Problem::Wrong(format!("{CONVERTING}{error}").into()))
}

struct Reader<'r, 's, 't> {
    scope: &'r mut Scope<'s>,
    parser: Parser<'t, StrInput<'t>>,
    /// What aliases stand for.
    anchors: BTreeMap<usize, Value>,
    depth: usize,
    /// The line that was read last, from 1.
    line: usize,
    target: Target,
}

/// What a text is read into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    /// Anything, by way of JSON.
    Any,
    /// A map of texts.
    Strings,
}

type Entries = BTreeMap<Text, Value>;

impl<'r, 's, 't> Reader<'r, 's, 't> {
    fn new(scope: &'r mut Scope<'s>, text: &'t str, target: Target) -> Self {
        let options =
            granit_parser::options! { block_scalar_eof_without_line_feed: true, emit_comments: false };
        let parser = Parser::new_from_str_with_options(text, options);
        Self { scope, parser, anchors: BTreeMap::new(), depth: 0, line: 1, target }
    }

    fn next(&mut self) -> Result<Event<'t>, Problem> {
        self.scope.spend(4)?;
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                self.line = span.start.line();
                Ok(event)
            }
            Some(Err(error)) => {
                self.line = error.marker().line();
                wrong("yaml: this is no YAML")
            }
            None => wrong("yaml: this is no YAML"),
        }
    }

    fn document(&mut self) -> Result<Value, Problem> {
        loop {
            match self.next()? {
                Event::StreamStart | Event::DocumentStart(..) => {}
                Event::StreamEnd | Event::DocumentEnd => return Ok(Value::Nil),
                event => return self.node(event),
            }
        }
    }

    /// What an event begins.
    fn node(&mut self, event: Event<'t>) -> Result<Value, Problem> {
        let (value, anchor) = match event {
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned();
                let Some(value) = value else { return wrong("yaml: an anchor contains itself") };
                return self.copy(&value);
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.scope.hold(TEXT + text.len())?;
                let value = scalar(&text, style, tag.as_deref())?;
                match self.target {
                    Target::Any => (through_json(value)?, anchor),
                    Target::Strings => (value, anchor),
                }
            }
            Event::SequenceStart(_, anchor, _) => (self.deeper(Self::list)?, anchor),
            Event::MappingStart(_, anchor, _) => {
                let entries = self.deeper(Self::entries)?;
                (self.scope.map(entries)?, anchor)
            }
            _ => return wrong("yaml: this is no YAML"),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Problem>) -> Result<T, Problem> {
        if self.depth >= self.scope.nesting() {
            return Err(Problem::Fault(Fault::Limit("nesting")));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn list(&mut self) -> Result<Value, Problem> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(self.scope.list(items)?),
                event => {
                    self.scope.hold_item()?;
                    items.push(self.node(event)?);
                }
            }
        }
    }

    fn entries(&mut self) -> Result<Entries, Problem> {
        let mut entries = Entries::new();
        loop {
            let event = self.next()?;
            if event == Event::MappingEnd {
                return Ok(entries);
            }
            let name = if is_merge(&event) { None } else { Some(self.key(event)?) };
            self.scope.hold_entry(name.as_deref().unwrap_or_default())?;
            let event = self.next()?;
            let line = self.line;
            let value = self.node(event)?;
            if name.is_some() && self.depth == 1 && self.target == Target::Strings {
                let at_the_value = std::mem::replace(&mut self.line, line);
                string(&value)?;
                self.line = at_the_value;
            }
            match name {
                Some(name) => drop(entries.insert(name, value)),
                None => merge(&mut entries, &value)?,
            }
        }
    }

    fn key(&mut self, event: Event<'t>) -> Result<Text, Problem> {
        let Event::Scalar(text, style, anchor, tag) = event else {
            return match self.node(event)? {
                Value::String(name) => Ok(name),
                Value::List(_) | Value::Map(_) => wrong("yaml: invalid map key"),
                _ => wrong("unsupported map key"),
            };
        };
        self.scope.hold(text.len())?;
        let value = scalar(&text, style, tag.as_deref())?;
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        match value {
            Value::String(name) => Ok(name.runes().into_owned().into()),
            Value::Bool(value) => Ok(value.to_string().into()),
            Value::Int(number) => Ok(number.to_string().into()),
            Value::Float64(number) => Ok(float_key(number).into()),
            _ => wrong("unsupported map key"),
        }
    }

    /// A value whose maps can be changed without the other's.
    fn copy(&mut self, value: &Value) -> Result<Value, Problem> {
        self.scope.spend(1)?;
        match value {
            Value::List(list) => {
                let copies: Result<Vec<_>, _> =
                    List::items(list).iter().map(|item| self.copy(item)).collect();
                Ok(self.scope.list(copies?)?)
            }
            Value::Map(map) => {
                let copy = |(name, value): (&Text, &Value)| Ok((name.clone(), self.copy(value)?));
                let copies: Result<Entries, Problem> = Map::entries(map).iter().map(copy).collect();
                Ok(self.scope.map(copies?)?)
            }
            value => Ok(value.clone()),
        }
    }
}

/// A number as a key.
fn float_key(number: f64) -> String {
    match float_of_32_bits(number).as_str() {
        "NaN" => ".nan".to_owned(),
        "+Inf" => ".inf".to_owned(),
        "-Inf" => "-.inf".to_owned(),
        other => other.to_owned(),
    }
}

/// A number with the digits that 32 bits have.
#[expect(clippy::cast_possible_truncation, reason = "as the original has it")]
fn float_of_32_bits(number: f64) -> String {
    match number as f32 {
        number if number.is_nan() => "NaN".to_owned(),
        f32::INFINITY => "+Inf".to_owned(),
        f32::NEG_INFINITY => "-Inf".to_owned(),
        number => json::shortest(&format!("{number:e}")),
    }
}

fn is_merge(event: &Event<'_>) -> bool {
    match event {
        Event::Scalar(text, style, _, None) => text == "<<" && *style == ScalarStyle::Plain,
        Event::Scalar(text, _, _, Some(tag)) => text == "<<" && core(tag).as_deref() == Some("merge"),
        _ => false,
    }
}

/// Adds the entries of a map, or of each of a list of maps, of which the first goes before those behind it.
fn merge(entries: &mut Entries, value: &Value) -> Result<(), Problem> {
    let maps = match value {
        Value::Map(_) => std::slice::from_ref(value),
        Value::List(list) => list.items(),
        _ => &[Value::Nil],
    };
    for map in maps.iter().rev() {
        let Value::Map(map) = map else {
            return wrong("yaml: map merge requires map or sequence of maps as the value");
        };
        entries.extend(map.entries().iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    Ok(())
}

fn scalar(text: &str, style: ScalarStyle, tagged: Option<&Tag>) -> Result<Value, Problem> {
    let Some(tagged) = tagged.filter(|tagged| tagged.original_parts() != ("", "!")) else {
        return Ok(if style == ScalarStyle::Plain { resolve(text) } else { text.into() });
    };
    let wanted = match core(tagged).as_deref() {
        Some("binary") => {
            let decoded = base64(text.as_bytes());
            return decoded
                .map(|bytes| Value::String(bytes.into()))
                .or_else(|_| wrong("yaml: !!binary value contains invalid base64 data"));
        }
        Some(name @ ("int" | "float" | "bool" | "null" | "timestamp")) => format!("!!{name}"),
        Some(_) | None => return Ok(text.into()),
    };
    #[expect(clippy::cast_precision_loss, reason = "as Go's conversion rounds")]
    match resolve(text) {
        Value::Int(number) if wanted == "!!float" => Ok(Value::Float64(number as f64)),
        value if tag(&value) == wanted => Ok(value),
        value if wanted == "!!timestamp" && timestamp(text).is_some() => Ok(value),
        value => Err(Problem::Scalar { found: tag(&value), text: text.to_owned(), wanted }),
    }
}

/// The name of a tag of YAML's own.
fn core(tag: &Tag) -> Option<Cow<'_, str>> {
    tag.suffix_in_namespace("tag:yaml.org,2002:")
}

/// What is left of a scalar once it was JSON.
#[expect(clippy::cast_precision_loss, reason = "every number of JSON is a float")]
fn through_json(value: Value) -> Result<Value, Problem> {
    Ok(match value {
        Value::Int(number) => Value::Float64(number as f64),
        Value::Uint64(number) => Value::Float64(number as f64),
        Value::Float64(number) if !number.is_finite() => {
            return wrong(&format!("json: unsupported value: {}", float_of_32_bits(number)));
        }
        Value::String(text) if str::from_utf8(&text).is_err() => text.runes().into_owned().as_str().into(),
        value => value,
    })
}
