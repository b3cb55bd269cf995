//! The types that functions take, by Go's names, and how an argument becomes one.

use crate::{
    Text, Value,
    funcs::dates::Time,
    value::{Element, List, Map},
};

/// A type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `interface {}`: any value, and nil.
    Any,
    /// `bool`.
    Bool,
    /// `int`.
    Int,
    /// `int64`.
    Int64,
    /// `uint32`: only a constant can be one, and it comes as a `uint64`.
    Uint32,
    /// `float64`.
    Float64,
    /// `string`.
    String,
    /// `[]string`.
    Strings,
    /// `[]interface {}`.
    List,
    /// `map[string]interface {}`.
    Map,
    /// `time.Time`.
    Time,
}

impl Kind {
    /// The type as Go prints it in errors.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Int64 => "int64",
            Self::Uint32 => "uint32",
            Self::Float64 => "float64",
            Self::String => "string",
            Self::Strings => "[]string",
            Self::List => "[]interface {}",
            Self::Map => "map[string]interface {}",
            Self::Time => "time.Time",
        }
    }

    /// Whether a value is of the type. Constants are fitted before: see the evaluator.
    pub(crate) fn takes(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Any, _)
            | (Self::Bool, Value::Bool(_))
            | (Self::Int, Value::Int(_))
            | (Self::Int64, Value::Int64(_))
            | (Self::Float64, Value::Float64(_))
            | (Self::String, Value::String(_)) => true,
            // Nil is the zero value of what can be nil.
            (Self::Strings | Self::List | Self::Map, Value::Nil) => true,
            (Self::Strings, Value::List(list)) => list.element() == Element::String,
            (Self::List, Value::List(list)) => list.element() == Element::Any,
            (Self::Map, Value::Map(map)) => map.element() == Element::Any,
            (Self::Time, value) => value.type_name() == "time.Time",
            _ => false,
        }
    }
}

/// A Rust type that stands for one of Go's as a parameter.
pub(crate) trait Parameter: Sized {
    /// Go's.
    const KIND: Kind;

    /// Of a value that is of that type.
    fn of(value: Value) -> Self;
}

/// Go's `int`, where `i64` is its `int64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Int(pub(crate) i64);

/// Any number of arguments, as the last parameter.
#[derive(Debug)]
pub(crate) struct Rest<T>(pub(crate) Vec<T>);

/// What a checked argument cannot be.
fn never<T>(kind: Kind) -> T {
    unreachable!("an argument must have been checked to be {}", kind.type_name())
}

impl Parameter for Value {
    const KIND: Kind = Kind::Any;

    fn of(value: Value) -> Self {
        value
    }
}

impl Parameter for bool {
    const KIND: Kind = Kind::Bool;

    fn of(value: Value) -> Self {
        match value {
            Value::Bool(value) => value,
            _ => never(Self::KIND),
        }
    }
}

impl Parameter for Int {
    const KIND: Kind = Kind::Int;

    fn of(value: Value) -> Self {
        match value {
            Value::Int(value) => Self(value),
            _ => never(Self::KIND),
        }
    }
}

impl Parameter for i64 {
    const KIND: Kind = Kind::Int64;

    fn of(value: Value) -> Self {
        match value {
            Value::Int64(value) => value,
            _ => never(Self::KIND),
        }
    }
}

impl Parameter for u32 {
    const KIND: Kind = Kind::Uint32;

    fn of(value: Value) -> Self {
        match value {
            Value::Uint64(value) => Self::try_from(value).unwrap_or_else(|_| never(Self::KIND)),
            _ => never(Self::KIND),
        }
    }
}

impl Parameter for f64 {
    const KIND: Kind = Kind::Float64;

    fn of(value: Value) -> Self {
        match value {
            Value::Float64(value) => value,
            _ => never(Self::KIND),
        }
    }
}

impl Parameter for Text {
    const KIND: Kind = Kind::String;

    fn of(value: Value) -> Self {
        match value {
            Value::String(text) => text,
            _ => never(Self::KIND),
        }
    }
}

/// `[]string`.
impl Parameter for Vec<Text> {
    const KIND: Kind = Kind::Strings;

    fn of(value: Value) -> Self {
        match value {
            Value::List(list) => list.items().iter().cloned().map(Text::of).collect(),
            Value::Nil => Self::new(),
            _ => never(Self::KIND),
        }
    }
}

/// `[]interface {}`.
impl Parameter for Option<List> {
    const KIND: Kind = Kind::List;

    fn of(value: Value) -> Self {
        match value {
            Value::List(list) => Some(list),
            Value::Nil => None,
            _ => never(Self::KIND),
        }
    }
}

/// `map[string]interface {}`; nil is a map that is empty and cannot be written to.
impl Parameter for Option<Map> {
    const KIND: Kind = Kind::Map;

    fn of(value: Value) -> Self {
        match value {
            Value::Map(map) => Some(map),
            Value::Nil => None,
            _ => never(Self::KIND),
        }
    }
}

/// `time.Time`.
impl Parameter for Time {
    const KIND: Kind = Kind::Time;

    fn of(value: Value) -> Self {
        value.downcast::<Self>().map_or_else(|| never(Self::KIND), Self::clone)
    }
}
