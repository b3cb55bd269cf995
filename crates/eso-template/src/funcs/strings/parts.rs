//! Texts in parts: split, joined, sorted; and any value as a text.

use std::{collections::BTreeMap, iter};

use memchr::memmem;

use crate::{
    Fault, List, Scope, Text, Value,
    format::show,
    function::{Function, Int, Rest, function},
    unicode,
    value::Element,
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("split", split_to_map).example(r#"{{ (split "/" "a/b")._1 }}"#, "b"),
        function("splitn", split_to_some).example(r#"{{ (splitn "/" 2 "a/b/c")._1 }}"#, "b/c"),
        function("splitList", split_list).example(r#"{{ splitList "," "a,b" }}"#, "[a b]"),
        function("join", join).example(r#"{{ list 1 "a" true | join "-" }}"#, "1-a-true"),
        function("sortAlpha", sort_alpha).example(r#"{{ list "b" "a" | sortAlpha }}"#, "[a b]"),
        function("toStrings", to_strings)
            .example("{{ range toStrings (list 1 2) }}<{{ . }}>{{ end }}", "<1><2>"),
        function("toString", to_string).example(r#"{{ toString 1 | printf "%q" }}"#, r#""1""#),
        function("cat", cat).copies().example(r#"{{ cat "a" 1 "b" }}"#, "a 1 b"),
        function("quote", quote).example(r#"{{ quote "a\"b" 1 }}"#, r#""a\"b" "1""#),
        function("squote", squote).example(r#"{{ squote "a" 1 }}"#, "'a' '1'"),
    ]
}

/// The parts between what separates them; the runes, where that is nothing.
pub(super) fn split<'a>(text: &'a [u8], separator: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    split_at_most(text, separator, usize::MAX)
}

/// As [`split`], with the rest in the last part where there are more.
fn split_at_most<'a>(text: &'a [u8], separator: &'a [u8], parts: usize) -> impl Iterator<Item = &'a [u8]> {
    let finder = memmem::Finder::new(separator);
    let mut rest = (parts > 0 && !(separator.is_empty() && text.is_empty())).then_some(text);
    let mut left = parts;
    iter::from_fn(move || {
        let text = rest?;
        left -= 1;
        let (end, begin) = match separator.is_empty() {
            _ if left == 0 => (text.len(), None),
            true => unicode::first(text).map_or((0, None), |(_, length)| (length, Some(length))),
            false => finder.find(text).map_or((text.len(), None), |at| (at, Some(at + separator.len()))),
        };
        // Runes end with the last one, and not with a part of nothing behind it.
        rest = begin.map(|begin| &text[begin..]).filter(|rest| !(separator.is_empty() && rest.is_empty()));
        Some(&text[..end])
    })
}

fn split_list(scope: &mut Scope<'_>, separator: Text, text: Text) -> Result<Value, Fault> {
    scope.strings(split(&text, &separator).map(Text::from))
}

fn split_to_map(scope: &mut Scope<'_>, separator: Text, text: Text) -> Result<Value, Fault> {
    map(scope, split(&text, &separator))
}

fn split_to_some(
    scope: &mut Scope<'_>,
    separator: Text,
    Int(parts): Int,
    text: Text,
) -> Result<Value, Fault> {
    map(scope, split_at_most(&text, &separator, usize::try_from(parts).unwrap_or(usize::MAX)))
}

/// A `map[string]string` with the parts by `_` and their place.
fn map<'a>(scope: &mut Scope<'_>, parts: impl Iterator<Item = &'a [u8]>) -> Result<Value, Fault> {
    /// Two texts with their counts.
    const ENTRY: usize = 160;
    let mut entries = BTreeMap::new();
    for (place, part) in parts.enumerate() {
        scope.hold(ENTRY + part.len())?;
        entries.insert(format!("_{place}").into(), Value::String(part.into()));
    }
    scope.map_of(Element::String, entries)
}

fn join(scope: &mut Scope<'_>, separator: Text, value: Value) -> Result<Vec<u8>, Fault> {
    let texts = texts(scope, &value)?;
    let length = texts.iter().map(|text| text.len()).fold(0, usize::saturating_add);
    scope.afford(texts.len().saturating_mul(separator.len()).saturating_add(length))?;
    Ok(super::joined(texts.iter().map(|text| &text[..]), &separator))
}

/// Sorts the texts of a list; anything else is a list of its text.
fn sort_alpha(scope: &mut Scope<'_>, value: Value) -> Result<Value, Fault> {
    let mut texts = match value {
        Value::List(_) => texts(scope, &value)?,
        _ => vec![text(scope, &value)?],
    };
    // Each comparison may look at whole texts.
    let longest = texts.iter().map(|text| text.len()).max().unwrap_or(0) as u64;
    scope.spend(texts.len() as u64 * u64::from(texts.len().max(1).ilog2()) * (1 + longest / 256))?;
    texts.sort();
    scope.strings(texts)
}

fn to_strings(scope: &mut Scope<'_>, value: Value) -> Result<Value, Fault> {
    match value {
        Value::List(list) if list.element() == Element::String => Ok(Value::List(list)),
        value => {
            let texts = texts(scope, &value)?;
            scope.strings(texts)
        }
    }
}

fn to_string(scope: &mut Scope<'_>, value: Value) -> Result<Text, Fault> {
    text(scope, &value)
}

fn cat(scope: &mut Scope<'_>, Rest(values): Rest<Value>) -> Result<Vec<u8>, Fault> {
    spaced(scope, &values, |_, text| text)
}

fn quote(scope: &mut Scope<'_>, Rest(values): Rest<Value>) -> Result<Vec<u8>, Fault> {
    spaced(scope, &values, |_, text| unicode::quote(&text))
}

fn squote(scope: &mut Scope<'_>, Rest(values): Rest<Value>) -> Result<Vec<u8>, Fault> {
    spaced(scope, &values, |_, text| [b"'", &text[..], b"'"].concat())
}

/// What is not nil, each as a text, with spaces between.
fn spaced(
    scope: &mut Scope<'_>,
    values: &[Value],
    mut written: impl FnMut(&Value, Vec<u8>) -> Vec<u8>,
) -> Result<Vec<u8>, Fault> {
    let mut line = Vec::new();
    for (place, value) in values.iter().filter(|value| !matches!(value, Value::Nil)).enumerate() {
        if place > 0 {
            line.push(b' ');
        }
        let shown = show(scope, value)?;
        // A byte takes up to four in quotes, and what has no sign of its own ten.
        scope.afford(line.len().saturating_add(shown.len().saturating_mul(4)))?;
        line.extend_from_slice(&written(value, shown));
    }
    Ok(line)
}

/// What sprig takes for texts: those of a list without nil; nothing of nil; anything else as one.
fn texts(scope: &mut Scope<'_>, value: &Value) -> Result<Vec<Text>, Fault> {
    match value {
        Value::List(list) => of_list(scope, list),
        Value::Nil => Ok(Vec::new()),
        value => Ok(vec![text(scope, value)?]),
    }
}

fn of_list(scope: &mut Scope<'_>, list: &List) -> Result<Vec<Text>, Fault> {
    scope.hold(size_of_val(list.items()))?;
    let present = list.items().iter().filter(|item| !matches!(item, Value::Nil));
    present.map(|item| text(scope, item)).collect()
}

/// A value as a text.
pub(in crate::funcs) fn text(scope: &mut Scope<'_>, value: &Value) -> Result<Text, Fault> {
    scope.spend(1)?;
    match value {
        Value::String(text) => Ok(text.clone()),
        value => {
            let shown = show(scope, value)?;
            scope.hold(shown.len() + size_of::<Text>())?;
            Ok(shown.into())
        }
    }
}
