//! JSON as Go's `encoding/json` reads and writes it.

mod read;
mod write;

use crate::{
    Fault, Scope, Text, Value,
    function::{Function, function},
};

pub(crate) use read::read;
use write::{Form, write};
pub(super) use write::{float, shortest};

pub(super) fn functions() -> Vec<Function> {
    let pretty = "{\n  \"a\": 1\n}";
    vec![
        function("fromJson", from_json).example(r#"{{ (fromJson "{\"a\": [1, 2]}").a }}"#, "[1 2]"),
        function("mustFromJson", must_from_json).example(r#"{{ mustFromJson "1e3" }}"#, "1000"),
        function("toJson", to_json).example(r#"{{ dict "a" "<b>" | toJson }}"#, r#"{"a":"\u003cb\u003e"}"#),
        function("mustToJson", must_to_json)
            .example(r#"{{ list 1 "a" nil | mustToJson }}"#, r#"[1,"a",null]"#),
        function("toPrettyJson", to_pretty_json).example(r#"{{ dict "a" 1 | toPrettyJson }}"#, pretty),
        function("mustToPrettyJson", must_to_pretty_json)
            .example(r#"{{ dict "a" 1 | mustToPrettyJson }}"#, pretty),
        function("toRawJson", must_to_raw_json)
            .example(r#"{{ dict "a" "<b>" | toRawJson }}"#, r#"{"a":"<b>"}"#),
        function("mustToRawJson", must_to_raw_json).example(r#"{{ mustToRawJson "&" }}"#, r#""&""#),
    ]
}

/// What is no JSON is nil; what has a number that does not fit has nil in its place.
fn from_json(scope: &mut Scope<'_>, text: Text) -> Result<Value, Fault> {
    Ok(read(scope, &text)?.map_or(Value::Nil, |read| read.value))
}

fn must_from_json(scope: &mut Scope<'_>, text: Text) -> Result<Value, Fault> {
    match read(scope, &text)? {
        Some(read) if read.fits => Ok(read.value),
        Some(_) => Err(Fault::wrong("a number of the JSON does not fit")),
        None => Err(Fault::wrong("this is no JSON")),
    }
}

/// What cannot be written is empty.
fn to_json(scope: &mut Scope<'_>, value: Value) -> Result<Vec<u8>, Fault> {
    empty_if_wrong(must_to_json(scope, value))
}

fn must_to_json(scope: &mut Scope<'_>, value: Value) -> Result<Vec<u8>, Fault> {
    compact(scope, &value)
}

/// A value in one line.
pub(super) fn compact(scope: &mut Scope<'_>, value: &Value) -> Result<Vec<u8>, Fault> {
    write(scope, value, Form { pretty: false, html_safe: true })
}

fn to_pretty_json(scope: &mut Scope<'_>, value: Value) -> Result<Vec<u8>, Fault> {
    empty_if_wrong(must_to_pretty_json(scope, value))
}

fn must_to_pretty_json(scope: &mut Scope<'_>, value: Value) -> Result<Vec<u8>, Fault> {
    write(scope, &value, Form { pretty: true, html_safe: true })
}

fn must_to_raw_json(scope: &mut Scope<'_>, value: Value) -> Result<Vec<u8>, Fault> {
    raw(scope, &value)
}

/// A value in one line, with `<`, `>` and `&` as they are.
pub(super) fn raw(scope: &mut Scope<'_>, value: &Value) -> Result<Vec<u8>, Fault> {
    write(scope, value, Form { pretty: false, html_safe: false })
}

fn empty_if_wrong(written: Result<Vec<u8>, Fault>) -> Result<Vec<u8>, Fault> {
    match written {
        Err(Fault::Wrong(_)) => Ok(Vec::new()),
        written => written,
    }
}

#[cfg(test)]
mod tests;
