//! Lists: made, taken apart, searched. Whatever is no list is an error, also without `must`.

use std::collections::BTreeSet;

use crate::{
    Fault, List, Scope, Value,
    function::{Function, Int, Rest, function},
    number::to_integer,
    value::Element,
};

use super::{defaults::is_empty, equality::deep_equal};

pub(super) fn functions() -> Vec<Function> {
    let functions = [made(), taken_apart(), filtered()];
    functions.into_iter().flatten().collect()
}

fn made() -> Vec<Function> {
    vec![
        function("list", list).example(r#"{{ list 1 "a" }}"#, "[1 a]"),
        function("tuple", list).example(r#"{{ tuple 1 "a" }}"#, "[1 a]"),
        function("append", append).example("{{ append (list 1 2) 3 }}", "[1 2 3]"),
        function("push", append).example("{{ push (list 1 2) 3 }}", "[1 2 3]"),
        function("mustAppend", append).example("{{ mustAppend (list 1) 2 }}", "[1 2]"),
        function("mustPush", append).example("{{ mustPush (list 1) 2 }}", "[1 2]"),
        function("prepend", prepend).example("{{ prepend (list 1 2) 0 }}", "[0 1 2]"),
        function("mustPrepend", prepend).example("{{ mustPrepend (list 1) 0 }}", "[0 1]"),
        function("concat", concat).example("{{ concat (list 1) (list 2 3) }}", "[1 2 3]"),
        function("reverse", reverse).example("{{ reverse (list 1 2 3) }}", "[3 2 1]"),
        function("mustReverse", reverse).example("{{ mustReverse (list 1 2) }}", "[2 1]"),
        function("chunk", chunk).example("{{ chunk 2 (list 1 2 3) }}", "[[1 2] [3]]"),
        function("mustChunk", chunk).example("{{ mustChunk 1 (list 1 2) }}", "[[1] [2]]"),
    ]
}

fn taken_apart() -> Vec<Function> {
    vec![
        function("first", first).example("{{ first (list 1 2 3) }}", "1"),
        function("mustFirst", first).example("{{ mustFirst (list 1 2) }}", "1"),
        function("last", last).example("{{ last (list 1 2 3) }}", "3"),
        function("mustLast", last).example("{{ mustLast (list 1 2) }}", "2"),
        function("rest", rest).example("{{ rest (list 1 2 3) }}", "[2 3]"),
        function("mustRest", rest).example("{{ mustRest (list 1 2) }}", "[2]"),
        function("initial", initial).example("{{ initial (list 1 2 3) }}", "[1 2]"),
        function("mustInitial", initial).example("{{ mustInitial (list 1 2) }}", "[1]"),
        function("slice", slice).example("{{ slice (list 1 2 3) 1 2 }}", "[2]"),
        function("mustSlice", slice).example("{{ mustSlice (list 1 2 3) 1 }}", "[2 3]"),
    ]
}

fn filtered() -> Vec<Function> {
    vec![
        function("uniq", unique).example("{{ uniq (list 1 2 1) }}", "[1 2]"),
        function("mustUniq", unique).example("{{ mustUniq (list 1 1) }}", "[1]"),
        function("without", without).example("{{ without (list 1 2 3) 2 }}", "[1 3]"),
        function("mustWithout", without).example("{{ mustWithout (list 1 2) 1 2 }}", "[]"),
        function("has", has).example("{{ has 2 (list 1 2) }}", "true"),
        function("mustHas", has).example("{{ mustHas 3 (list 1 2) }}", "false"),
        function("compact", compact).example(r#"{{ compact (list 0 1 "" "a" nil) }}"#, "[1 a]"),
        function("mustCompact", compact).example("{{ mustCompact (list 0 1) }}", "[1]"),
    ]
}

/// A list that a function was given.
fn of(value: &Value) -> Result<&List, Fault> {
    match value {
        Value::List(list) => Ok(list),
        other => Err(Fault::wrong(format!("a list is wanted, and not {}", other.kind()))),
    }
}

/// Asks for the memory of a list that is about to be made.
fn ask(scope: &Scope<'_>, items: usize) -> Result<(), Fault> {
    scope.afford(items.saturating_mul(size_of::<Value>()))
}

fn nil() -> Value {
    Value::List(List::nil(Element::Any))
}

fn list(scope: &mut Scope<'_>, Rest(items): Rest<Value>) -> Result<Value, Fault> {
    scope.list(items)
}

fn append(scope: &mut Scope<'_>, value: Value, item: Value) -> Result<Value, Fault> {
    let items = of(&value)?.items();
    ask(scope, items.len() + 1)?;
    scope.list(items.iter().cloned().chain([item]).collect())
}

fn prepend(scope: &mut Scope<'_>, value: Value, item: Value) -> Result<Value, Fault> {
    let items = of(&value)?.items();
    ask(scope, items.len() + 1)?;
    scope.list([item].into_iter().chain(items.iter().cloned()).collect())
}

fn concat(scope: &mut Scope<'_>, Rest(values): Rest<Value>) -> Result<Value, Fault> {
    let lists: Vec<_> = values.iter().map(of).collect::<Result<_, _>>()?;
    let length = lists.iter().map(|list| list.items().len()).sum();
    ask(scope, length)?;
    match length {
        0 => Ok(nil()),
        _ => scope.list(lists.iter().flat_map(|list| list.items()).cloned().collect()),
    }
}

fn reverse(scope: &mut Scope<'_>, value: Value) -> Result<Value, Fault> {
    let items = of(&value)?.items();
    ask(scope, items.len())?;
    scope.list(items.iter().rev().cloned().collect())
}

/// Lists of so many items each, and of what is left.
fn chunk(scope: &mut Scope<'_>, Int(size): Int, value: Value) -> Result<Value, Fault> {
    let items = of(&value)?.items();
    let size = match usize::try_from(size) {
        Ok(size @ 1..) => size,
        Ok(0) | Err(_) => return chunk_by_nothing(scope, size, items),
    };
    let chunks: Vec<_> =
        items.chunks(size).map(|chunk| scope.list(chunk.to_vec())).collect::<Result<_, _>>()?;
    scope.list_of(Element::Lists, chunks)
}

/// What sprig's count of chunks comes to where the size is not positive: mostly a failure.
fn chunk_by_nothing(scope: &mut Scope<'_>, size: i64, items: &[Value]) -> Result<Value, Fault> {
    let size = usize::try_from(size.unsigned_abs()).unwrap_or(usize::MAX);
    let chunks = match items {
        [_] if size > 1 => vec![scope.list(items.to_vec())?],
        [_, others @ ..] if (1..=size).contains(&others.len()) => Vec::new(),
        _ => return Err(Fault::wrong("chunk: the size must be positive")),
    };
    scope.list_of(Element::Lists, chunks)
}

fn first(value: Value) -> Result<Value, Fault> {
    Ok(of(&value)?.items().first().cloned().unwrap_or(Value::Nil))
}

fn last(value: Value) -> Result<Value, Fault> {
    Ok(of(&value)?.items().last().cloned().unwrap_or(Value::Nil))
}

/// All but the first.
fn rest(scope: &mut Scope<'_>, value: Value) -> Result<Value, Fault> {
    match of(&value)?.items() {
        [] => Ok(nil()),
        [_, rest @ ..] => {
            ask(scope, rest.len())?;
            scope.list(rest.to_vec())
        }
    }
}

/// All but the last.
fn initial(scope: &mut Scope<'_>, value: Value) -> Result<Value, Fault> {
    match of(&value)?.items() {
        [] => Ok(nil()),
        [initial @ .., _] => {
            ask(scope, initial.len())?;
            scope.list(initial.to_vec())
        }
    }
}

/// The items from one place to before another; nil of an empty list.
fn slice(scope: &mut Scope<'_>, value: Value, Rest(places): Rest<Value>) -> Result<Value, Fault> {
    let list = of(&value)?;
    if list.items().is_empty() {
        return Ok(Value::Nil);
    }
    let place = |at: usize| places.get(at).map(|place| usize::try_from(to_integer(place)));
    let range = place(0).unwrap_or(Ok(0)).ok().zip(place(1).unwrap_or(Ok(list.items().len())).ok());
    let items = range.and_then(|(start, end)| list.items().get(start..end));
    let items = items.ok_or_else(|| Fault::wrong("slice: the places are outside of the list"))?;
    ask(scope, items.len())?;
    scope.list_of(list.element(), items.to_vec())
}

fn unique(scope: &mut Scope<'_>, value: Value) -> Result<Value, Fault> {
    let items = of(&value)?.items();
    ask(scope, items.len())?;
    // Scalars are looked up, and the others compared with each of their like.
    let (mut seen, mut others) = (BTreeSet::new(), Vec::<Value>::new());
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        let is_new = match Scalar::of(item) {
            Some(scalar) => {
                scope.hold(2 * size_of::<Scalar<'_>>())?;
                scope.spend(scalar.comparison() * u64::from(kept.len().max(2).ilog2()))?;
                seen.insert(scalar)
            }
            None => {
                let is_new = !contains(scope, &others, item)?;
                others.extend(is_new.then(|| item.clone()));
                is_new
            }
        };
        kept.extend(is_new.then(|| item.clone()));
    }
    scope.list(kept)
}

/// A value that is the same as another where both are equal here.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Scalar<'a> {
    Nil,
    Bool(bool),
    Int(i64),
    Int64(i64),
    Uint8(u8),
    Uint64(u64),
    /// By its bits: there is one zero, and no number that is none, which is not even the same as itself.
    Float64(u64),
    String(&'a [u8]),
}

impl<'a> Scalar<'a> {
    fn of(value: &'a Value) -> Option<Self> {
        Some(match value {
            Value::Nil => Self::Nil,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Int(*value),
            Value::Int64(value) => Self::Int64(*value),
            Value::Uint8(value) => Self::Uint8(*value),
            Value::Uint64(value) => Self::Uint64(*value),
            Value::Float64(value) if !value.is_nan() => Self::Float64((value + 0.0).to_bits()),
            Value::String(text) => Self::String(text),
            Value::Float64(_) | Value::Complex128(..) | Value::List(_) | Value::Map(_) | Value::Object(_) => {
                return None;
            }
        })
    }

    /// The steps that a comparison takes.
    fn comparison(&self) -> u64 {
        match self {
            Self::String(text) => 1 + text.len() as u64 / 256,
            _ => 1,
        }
    }
}

fn without(scope: &mut Scope<'_>, value: Value, Rest(unwanted): Rest<Value>) -> Result<Value, Fault> {
    let items = of(&value)?.items();
    ask(scope, items.len())?;
    let mut kept = Vec::new();
    for item in items {
        if !contains(scope, &unwanted, item)? {
            kept.push(item.clone());
        }
    }
    scope.list(kept)
}

fn has(scope: &mut Scope<'_>, item: Value, value: Value) -> Result<bool, Fault> {
    match value {
        Value::Nil => Ok(false),
        value => contains(scope, of(&value)?.items(), &item),
    }
}

fn contains(scope: &mut Scope<'_>, items: &[Value], wanted: &Value) -> Result<bool, Fault> {
    for item in items {
        if deep_equal(scope, wanted, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What is not empty.
fn compact(scope: &mut Scope<'_>, value: Value) -> Result<Value, Fault> {
    let items = of(&value)?.items();
    ask(scope, items.len())?;
    scope.list(items.iter().filter(|item| !is_empty(item)).cloned().collect())
}

#[cfg(test)]
mod tests;
