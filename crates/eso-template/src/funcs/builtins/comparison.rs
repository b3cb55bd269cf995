//! `eq`, `lt` and their like: of numbers of one kind, of texts, and of what can be compared with nil.

use std::{cmp::Ordering, rc::Rc};

use crate::{
    Fault, Scope, Value,
    function::{Function, Rest, function},
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("eq", equals_any).example(r#"{{ eq "b" "a" "b" }}"#, "true"),
        function("ne", |one: Value, other: Value| equals(&one, &other).map(|equal| !equal))
            .example("{{ ne 1 2 }}", "true"),
        function("lt", |one: Value, other: Value| is_less(&one, &other)).example("{{ lt 1 2 }}", "true"),
        function("le", |one: Value, other: Value| is_at_most(&one, &other)).example("{{ le 2 2 }}", "true"),
        function("gt", |one: Value, other: Value| is_at_most(&one, &other).map(|at_most| !at_most))
            .example("{{ gt 1 2 }}", "false"),
        function("ge", |one: Value, other: Value| is_less(&one, &other).map(|less| !less))
            .example(r#"{{ ge "b" "a" }}"#, "true"),
    ]
}

/// A value as what it is compared by.
enum Basic<'a> {
    Bool(bool),
    /// An integer, whether its type has a sign or not.
    Integer(i128),
    Float(f64),
    Complex(f64, f64),
    String(&'a [u8]),
    /// Anything else.
    Other,
}

fn basic(value: &Value) -> Basic<'_> {
    match value {
        Value::Bool(truth) => Basic::Bool(*truth),
        Value::Int(integer) | Value::Int64(integer) => Basic::Integer(i128::from(*integer)),
        Value::Uint8(integer) => Basic::Integer(i128::from(*integer)),
        Value::Uint64(integer) => Basic::Integer(i128::from(*integer)),
        Value::Float64(float) => Basic::Float(*float),
        Value::Complex128(real, imaginary) => Basic::Complex(*real, *imaginary),
        Value::String(text) => Basic::String(text),
        Value::Object(object) => {
            object.integer().map_or(Basic::Other, |integer| Basic::Integer(integer.into()))
        }
        Value::Nil | Value::List(_) | Value::Map(_) => Basic::Other,
    }
}

fn equals_any(scope: &mut Scope<'_>, one: Value, others: Rest<Value>) -> Result<bool, Fault> {
    if others.0.is_empty() {
        return Err(Fault::wrong("missing argument for comparison"));
    }
    for other in &others.0 {
        scope.spend(1)?;
        if equals(&one, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[expect(clippy::float_cmp, reason = "it is what eq does")]
fn equals(one: &Value, other: &Value) -> Result<bool, Fault> {
    match (basic(one), basic(other)) {
        (Basic::Bool(one), Basic::Bool(other)) => Ok(one == other),
        (Basic::Integer(one), Basic::Integer(other)) => Ok(one == other),
        (Basic::Float(one), Basic::Float(other)) => Ok(one == other),
        (Basic::Complex(one, first), Basic::Complex(other, second)) => Ok(one == other && first == second),
        (Basic::String(one), Basic::String(other)) => Ok(one == other),
        (Basic::Other, Basic::Other) => equals_other(one, other),
        _ if matches!(one, Value::Nil) || matches!(other, Value::Nil) => Ok(false),
        _ => Err(incomparable(one, other)),
    }
}

/// What is no number and no text: only with nil, or as an object of the same type.
fn equals_other(one: &Value, other: &Value) -> Result<bool, Fault> {
    let differ = || Fault::wrong(format!("non-comparable types {}, {}", one.type_name(), other.type_name()));
    match (one, other) {
        (Value::Nil, other) => Ok(is_nil(other)),
        (one, Value::Nil) => Ok(is_nil(one)),
        (Value::Object(one), Value::Object(other)) if one.kind() == other.kind() => {
            let same = match one.kind() {
                "ptr" => Rc::ptr_eq(one, other),
                _ => one.type_name() == other.type_name() && one.show() == other.show(),
            };
            Ok(same)
        }
        _ if one.kind() == other.kind() && (is_nil(one) || is_nil(other)) => Ok(is_nil(one) == is_nil(other)),
        _ => Err(differ()),
    }
}

fn is_nil(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::List(list) => list.is_nil(),
        _ => false,
    }
}

fn is_less(one: &Value, other: &Value) -> Result<bool, Fault> {
    let ordering = match (basic(one), basic(other)) {
        (Basic::Integer(one), Basic::Integer(other)) => Some(one.cmp(&other)),
        (Basic::Float(one), Basic::Float(other)) => one.partial_cmp(&other),
        (Basic::String(one), Basic::String(other)) => Some(one.cmp(other)),
        _ => return Err(incomparable(one, other)),
    };
    Ok(ordering == Some(Ordering::Less))
}

fn is_at_most(one: &Value, other: &Value) -> Result<bool, Fault> {
    Ok(is_less(one, other)? || equals(one, other)?)
}

fn incomparable(one: &Value, other: &Value) -> Fault {
    let (one, other) = (one.type_name(), other.type_name());
    Fault::wrong(format!("incompatible types for comparison: {one} and {other}"))
}
