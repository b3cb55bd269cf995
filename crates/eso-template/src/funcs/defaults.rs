//! What stands in for what is empty; and choices.

use crate::{
    Fault, Scope, Text, Value,
    function::{Function, Rest, function},
    value::truth,
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("default", default).example(r#"{{ "" | default "none" }}"#, "none"),
        function("empty", |value: Value| is_empty(&value))
            .example(r#"{{ empty "" }} {{ empty 1 }}"#, "true false"),
        function("coalesce", coalesce).example(r#"{{ coalesce 0 "" "a" "b" }}"#, "a"),
        function("all", all).example(r#"{{ all 1 "a" }}"#, "true"),
        function("any", any).example(r#"{{ any 0 "" }}"#, "false"),
        function("ternary", ternary).example(r#"{{ ternary "yes" "no" true }}"#, "yes"),
        function("fail", fail).example(r#"{{ if false }}{{ fail "no user" }}{{ end }}"#, ""),
    ]
}

/// Whether sprig takes a value for none: what has no length, is zero, false or nil.
pub(super) fn is_empty(value: &Value) -> bool {
    !truth(value)
}

fn default(_: &mut Scope<'_>, default: Value, Rest(given): Rest<Value>) -> Value {
    given.into_iter().next().filter(|given| !is_empty(given)).unwrap_or(default)
}

/// The first that is not empty; nil where all are.
fn coalesce(_: &mut Scope<'_>, Rest(values): Rest<Value>) -> Value {
    values.into_iter().find(|value| !is_empty(value)).unwrap_or(Value::Nil)
}

fn all(_: &mut Scope<'_>, Rest(values): Rest<Value>) -> bool {
    !values.iter().any(is_empty)
}

fn any(_: &mut Scope<'_>, Rest(values): Rest<Value>) -> bool {
    values.iter().any(|value| !is_empty(value))
}

fn ternary(yes: Value, no: Value, condition: bool) -> Value {
    if condition { yes } else { no }
}

/// Fails, and does not say with what: it may be a password.
fn fail(_: Text) -> Result<Text, Fault> {
    Err(Fault::wrong("the template itself calls fail"))
}

#[cfg(test)]
mod tests;
