//! The first document of a text of YAML as a map.

use std::{borrow::Cow, collections::BTreeMap};

use granit_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

use super::resolve::{resolve, tag};
use crate::{
    Fault, Scope, Text, Value,
    funcs::encoding::base64,
    unicode,
    value::{List, Map},
};

type Entries = BTreeMap<Text, Value>;

/// The entries of the map, and what is wrong with the text, as go-yaml says it.
pub(super) fn read(scope: &mut Scope<'_>, text: &[u8]) -> Result<(Entries, Option<String>), Fault> {
    let Ok(text) = str::from_utf8(text) else {
        return Ok((Entries::new(), Some("yaml: invalid UTF-8".to_owned())));
    };
    scope.spend(text.len() as u64)?;
    let options = granit_parser::options! { block_scalar_eof_without_line_feed: true, emit_comments: false };
    let parser = Parser::new_from_str_with_options(text, options);
    let mut reader = Reader { scope, parser, anchors: BTreeMap::new(), depth: 0, twice: Vec::new() };
    match reader.document() {
        Ok(entries) if reader.twice.is_empty() => Ok((entries, None)),
        Ok(_) => {
            let lines: String = reader.twice.iter().map(|line| format!("\n  {line}")).collect();
            Ok((Entries::new(), Some(format!("yaml: unmarshal errors:{lines}"))))
        }
        Err(Stop::Wrong(error)) => Ok((Entries::new(), Some(format!("yaml: {error}")))),
        Err(Stop::Fault(fault)) => Err(fault),
    }
}

/// Why reading ends before the end.
enum Stop {
    /// The text is wrong, as go-yaml says it.
    Wrong(Cow<'static, str>),
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

fn wrong<T>(error: impl Into<Cow<'static, str>>) -> Result<T, Stop> {
    Err(Stop::Wrong(error.into()))
}

struct Reader<'r, 's, 't> {
    scope: &'r mut Scope<'s>,
    parser: Parser<'t, StrInput<'t>>,
    /// What aliases stand for.
    anchors: BTreeMap<usize, Value>,
    depth: usize,
    /// Keys that stand twice in a map, as go-yaml tells of them.
    twice: Vec<String>,
}

/// A key of a map.
enum Key {
    Name(Text),
    /// `<<`: the entries of other maps.
    Merge,
    /// Nothing, which is the name of no entry.
    None,
}

impl<'t> Reader<'_, '_, 't> {
    fn next(&mut self) -> Result<(Event<'t>, Span), Stop> {
        self.scope.spend(4)?;
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(_)) | None => wrong("this is no YAML"),
        }
    }

    fn document(&mut self) -> Result<Entries, Stop> {
        loop {
            let (event, span) = self.next()?;
            let (shown, value) = match event {
                Event::StreamStart | Event::DocumentStart(..) => continue,
                Event::StreamEnd | Event::DocumentEnd => return Ok(Entries::new()),
                Event::MappingStart(..) => return self.entries(true),
                Event::Scalar(text, style, _, tagged) => {
                    let value = self.scalar(&text, style, tagged.as_deref())?;
                    let binary = tagged.is_some_and(|tagged| is_binary(&tagged));
                    (Some((text, if binary { "!!binary" } else { tag(&value) })), value)
                }
                event => (None, self.node(event)?),
            };
            return match (value, shown) {
                (Value::Nil, _) => Ok(Entries::new()),
                (value, shown) => wrong(not_a_map(&value, shown, span.start.line())),
            };
        }
    }

    /// What an event begins.
    fn node(&mut self, event: Event<'t>) -> Result<Value, Stop> {
        let (value, anchor) = match event {
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned();
                let Some(value) = value else { return wrong("an anchor contains itself") };
                return self.copy(&value);
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.scope.hold(text.len())?;
                (self.scalar(&text, style, tag.as_deref())?, anchor)
            }
            Event::SequenceStart(_, anchor, _) => (self.deeper(Self::list)?, anchor),
            Event::MappingStart(_, anchor, _) => {
                let entries = self.deeper(|reader| reader.entries(false))?;
                (self.scope.map(entries)?, anchor)
            }
            _ => return wrong("this is no YAML"),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Stop>) -> Result<T, Stop> {
        if self.depth >= self.scope.nesting() {
            return Err(Stop::Fault(Fault::Limit("nesting")));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn list(&mut self) -> Result<Value, Stop> {
        let mut items = Vec::new();
        loop {
            match self.next()?.0 {
                Event::SequenceEnd => return Ok(self.scope.list(items)?),
                event => items.push(self.node(event)?),
            }
        }
    }

    /// The entries of a map. In the outermost, a key that is nothing is left out.
    fn entries(&mut self, outermost: bool) -> Result<Entries, Stop> {
        let mut entries = Entries::new();
        let mut lines: BTreeMap<Text, usize> = BTreeMap::new();
        let mut merged = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                break;
            }
            let line = span.start.line();
            let key = self.key(event, outermost, line)?;
            let event = self.next()?.0;
            let value = self.node(event)?;
            match key {
                Key::Merge => merged.push(value),
                Key::None => {}
                Key::Name(name) => {
                    if let Some(first) = lines.get(&name) {
                        let shown = String::from_utf8_lossy(&unicode::quote(&name)).into_owned();
                        self.twice.push(format!(
                            "line {line}: mapping key {shown} already defined at line {first}"
                        ));
                    }
                    lines.insert(name.clone(), line);
                    entries.insert(name, value);
                }
            }
        }
        for value in &merged {
            merge(&mut entries, value)?;
        }
        Ok(entries)
    }

    fn key(&mut self, event: Event<'t>, outermost: bool, line: usize) -> Result<Key, Stop> {
        let Event::Scalar(text, style, anchor, tagged) = event else {
            let value = self.node(event)?;
            return match value {
                Value::String(name) => Ok(Key::Name(name)),
                value if outermost => wrong(format!(
                    "unmarshal errors:\n  line {line}: cannot unmarshal {} into string",
                    tag(&value)
                )),
                _ => wrong("invalid map key"),
            };
        };
        if &*text == "<<" && style == ScalarStyle::Plain && tagged.is_none() {
            return Ok(Key::Merge);
        }
        let value = self.scalar(&text, style, tagged.as_deref())?;
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(match value {
            Value::String(name) => Key::Name(name),
            Value::Nil if outermost => Key::None,
            Value::Nil => Key::Name("<nil>".into()),
            _ => Key::Name((*text).into()),
        })
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tagged: Option<&Tag>) -> Result<Value, Stop> {
        let Some(tagged) = tagged.filter(|tagged| tagged.original_parts() != ("", "!")) else {
            return Ok(if style == ScalarStyle::Plain { resolve(text) } else { text.into() });
        };
        if is_binary(tagged) {
            return match base64(text.as_bytes()) {
                Ok(decoded) => Ok(Value::String(decoded.into())),
                Err(_) => wrong("!!binary value contains invalid base64 data"),
            };
        }
        let wanted = match tagged.suffix_in_namespace("tag:yaml.org,2002:").as_deref() {
            Some("str") => return Ok(text.into()),
            Some(name @ ("int" | "float" | "bool" | "null" | "timestamp")) => format!("!!{name}"),
            Some(_) | None => return Ok(resolve(text)),
        };
        match resolve(text) {
            value if tag(&value) == wanted => Ok(value),
            Value::Int(number) if wanted == "!!float" => Ok(Value::Float64(number as f64)),
            Value::Uint64(number) if wanted == "!!float" => Ok(Value::Float64(number as f64)),
            value => wrong(format!("cannot decode {} `{text}` as a {wanted}", tag(&value))),
        }
    }

    /// A value whose maps can be changed without the other's.
    fn copy(&mut self, value: &Value) -> Result<Value, Stop> {
        self.scope.spend(1)?;
        match value {
            Value::List(list) => {
                let copies: Result<Vec<_>, _> =
                    List::items(list).iter().map(|item| self.copy(item)).collect();
                Ok(self.scope.list(copies?)?)
            }
            Value::Map(map) => {
                let copy = |(name, value): (&Text, &Value)| Ok((name.clone(), self.copy(value)?));
                let copies: Result<Entries, Stop> = Map::entries(map).iter().map(copy).collect();
                Ok(self.scope.map(copies?)?)
            }
            value => Ok(value.clone()),
        }
    }
}

fn is_binary(tag: &Tag) -> bool {
    tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref() == Some("binary")
}

/// Adds the entries of a map, or of each of a list of maps, whose names are not there yet.
fn merge(entries: &mut Entries, value: &Value) -> Result<(), Stop> {
    let maps = match value {
        Value::Map(_) => std::slice::from_ref(value),
        Value::List(list) => list.items(),
        _ => &[Value::Nil],
    };
    for map in maps {
        let Value::Map(map) = map else {
            return wrong("map merge requires map or sequence of maps as the value");
        };
        for (name, value) in map.entries().iter() {
            entries.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    Ok(())
}

/// What go-yaml says of a document that is no map. Of a scalar it shows the begin, as all of the document is shown
/// by whoever prints what `fromYaml` answers.
fn not_a_map(value: &Value, scalar: Option<(Cow<'_, str>, &'static str)>, line: usize) -> String {
    let (tag, shown) = match scalar {
        None => (tag(value), String::new()),
        Some((text, tag)) if text.len() > 10 => {
            let length = (0..=7).rev().find(|length| text.is_char_boundary(*length)).unwrap_or(0);
            (tag, format!(" `{}...`", &text[..length]))
        }
        Some((text, tag)) => (tag, format!(" `{text}`")),
    };
    format!("unmarshal errors:\n  line {line}: cannot unmarshal {tag}{shown} into map[string]interface {{}}")
}
