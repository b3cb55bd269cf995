//! The functions that Go's `text/template` has by itself.
//!
//! Not here is `slice`: sprig's own takes its place. `and` and `or` are called by the evaluator, which gives them no
//! more arguments than they need.

mod comparison;
mod escaping;

use crate::{
    Fault, List, Scope, Text, Value,
    eval::zero,
    format,
    function::{Function, Int, Rest, function},
    value::truth,
};

pub(super) fn functions() -> Vec<Function> {
    let mut functions = vec![
        function("and", |_: &mut Scope<'_>, first: Value, rest: Rest<Value>| last(first, rest))
            .example(r#"{{ and 1 "" "never" }}"#, ""),
        function("or", |_: &mut Scope<'_>, first: Value, rest: Rest<Value>| last(first, rest))
            .example(r#"{{ or "" "b" "never" }}"#, "b"),
        function("not", |value: Value| !truth(&value)).example(r#"{{ not "" }}"#, "true"),
        function("len", length).example(r#"{{ len "four" }}"#, "4"),
        function("index", index).example(r#"{{ index (list "a" "b") 1 }}"#, "b"),
        function("call", call),
        function("print", |scope: &mut Scope<'_>, values: Rest<Value>| format::print(scope, &values.0))
            .copies()
            .example(r#"{{ print 1 2 "a" }}"#, "1 2a"),
        function("println", |scope: &mut Scope<'_>, values: Rest<Value>| {
            format::print_line(scope, &values.0)
        })
        .copies()
        .example(r#"{{ println 1 "a" | quote }}"#, r#""1 a\n""#),
        function("printf", |scope: &mut Scope<'_>, format: Text, values: Rest<Value>| {
            format::print_with(scope, &format, &values.0)
        })
        .copies()
        .example(r#"{{ printf "%05.1f|%-4s|%q" 3.14159 "a" "b" }}"#, r#"003.1|a   |"b""#),
    ];
    functions.extend(comparison::functions());
    functions.extend(escaping::functions());
    functions
}

fn last(first: Value, rest: Rest<Value>) -> Value {
    rest.0.into_iter().next_back().unwrap_or(first)
}

fn length(value: Value) -> Result<Int, Fault> {
    let length = match &value {
        Value::String(text) => text.len(),
        Value::List(list) => list.items().len(),
        Value::Map(map) => map.entries().len(),
        Value::Nil => return Err(Fault::wrong("len of nil pointer")),
        _ => return Err(Fault::wrong(format!("len of type {}", value.type_name()))),
    };
    Ok(Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

/// An item of a list, a byte of a text, an entry of a map: of that, and so on for each further index.
fn index(_scope: &mut Scope<'_>, mut value: Value, indices: Rest<Value>) -> Result<Value, Fault> {
    if matches!(value, Value::Nil) {
        return Err(Fault::wrong("index of untyped nil"));
    }
    for index in indices.0 {
        value = match &value {
            Value::List(list) => item(list, &index)?,
            Value::String(text) => Value::Uint8(text[place(&index, text.len())?]),
            Value::Map(map) => match &index {
                Value::String(name) => {
                    let entry = map.entries().get(name).cloned();
                    entry.unwrap_or_else(|| zero(map.element()))
                }
                _ => {
                    return Err(Fault::wrong(format!(
                        "value has type {}; should be string",
                        index.type_name()
                    )));
                }
            },
            Value::Nil => return Err(Fault::wrong("index of nil pointer")),
            _ => return Err(Fault::wrong(format!("can't index item of type {}", value.type_name()))),
        };
    }
    Ok(value)
}

fn item(list: &List, index: &Value) -> Result<Value, Fault> {
    Ok(list.items()[place(index, list.items().len())?].clone())
}

/// A place in something of that length.
fn place(index: &Value, length: usize) -> Result<usize, Fault> {
    let place = match index {
        Value::Int(place) | Value::Int64(place) => usize::try_from(*place).ok(),
        Value::Uint8(place) => Some(usize::from(*place)),
        Value::Uint64(place) => usize::try_from(*place).ok(),
        Value::Object(object) => match object.integer() {
            Some(place) => usize::try_from(place).ok(),
            None => return Err(no_index(index)),
        },
        Value::Nil => return Err(Fault::wrong("cannot index slice/array with nil")),
        _ => return Err(no_index(index)),
    };
    place.filter(|place| *place < length).ok_or_else(|| Fault::wrong("index out of range"))
}

fn no_index(index: &Value) -> Fault {
    Fault::wrong(format!("cannot index slice/array with type {}", index.type_name()))
}

/// No value is a function.
fn call(_scope: &mut Scope<'_>, function: Value, _arguments: Rest<Value>) -> Result<Value, Fault> {
    Err(Fault::wrong(format!("a value of type {} is no function", function.type_name())))
}

#[cfg(test)]
mod tests;
