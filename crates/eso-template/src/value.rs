//! The values that a template works on: those of Go that can come to be in one.
//!
//! They print nothing in `Debug`, and texts are wiped when they go: a value is somebody's password.

mod list;
mod map;
mod text;

use std::{fmt, rc::Rc};

pub use list::List;
pub use map::Map;
pub use text::Text;

use crate::{Fault, function::Scope};

/// A value. Clones share what they hold, as in Go: a map that `set` changes is changed for all who hold it.
#[derive(Clone)]
#[non_exhaustive]
pub enum Value {
    /// Go's untyped nil, and what a missing entry of a map of anything is.
    Nil,
    /// `bool`.
    Bool(bool),
    /// `int`: constants, lengths, indices.
    Int(i64),
    /// `int64`.
    Int64(i64),
    /// `uint8`: what the index of a string gives.
    Uint8(u8),
    /// `uint64`.
    Uint64(u64),
    /// `float64`: every number of JSON.
    Float64(f64),
    /// `complex128`: only a constant such as `1i`.
    Complex128(f64, f64),
    /// `string`: any bytes.
    String(Text),
    /// A slice.
    List(List),
    /// A map whose keys are strings.
    Map(Map),
    /// A value with fields and methods of its own.
    Object(Rc<dyn Object>),
}

/// What the elements of a list, or the values of a map, are by type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// `interface {}`: anything.
    Any,
    /// `string`.
    String,
    /// `int`.
    Int,
    /// `[]interface {}`.
    Lists,
}

/// A value with fields and methods: a time, a version, a certificate with its key.
pub trait Object: 'static {
    /// Its type as `%T` prints it, such as `time.Time`.
    fn type_name(&self) -> &'static str;

    /// Its kind, such as `struct`, `ptr` or `int64`.
    fn kind(&self) -> &'static str;

    /// The number that it is, where its kind is one of an integer: a duration's nanoseconds, a month's place.
    fn integer(&self) -> Option<i64> {
        match (self.kind(), self.plain()) {
            ("int" | "int64", Value::Int(integer) | Value::Int64(integer)) => Some(integer),
            _ => None,
        }
    }

    /// What `%v` prints.
    fn show(&self) -> Text;

    /// What it is to JSON, and to whoever asks for a number: an integer, a text, or a map. What it shows, if nothing
    /// else.
    fn plain(&self) -> Value {
        Value::String(self.show())
    }

    /// What `%#v` prints where it has a word of its own for that, as `time.Date(…)`.
    fn go_string(&self) -> Option<Text> {
        None
    }

    /// What it holds by name, where all of that can be told: verbs that it has no text for print that.
    fn fields(&self) -> Option<Vec<(&'static str, Value)>> {
        None
    }

    /// A field, or what a method answers to these arguments; `None` where there is neither.
    fn get(&self, scope: &mut Scope<'_>, name: &str, arguments: &[Value]) -> Option<Result<Value, Fault>>;

    /// Itself, to be told apart by type.
    fn as_any(&self) -> &dyn std::any::Any;
}

impl Value {
    /// Texts by name: what a Secret's data is to its template, a Go `map[string]string`. A name that is not there is
    /// an error in `.name`, and empty in `index . "name"`.
    pub fn strings<K: Into<Text>, V: Into<Text>>(entries: impl IntoIterator<Item = (K, V)>) -> Self {
        let entries = entries.into_iter().map(|(name, text)| (name.into(), Self::String(text.into())));
        Self::Map(Map::new(Element::String, entries.collect()))
    }

    /// A value with fields and methods.
    pub(crate) fn object(object: impl Object) -> Self {
        Self::Object(Rc::new(object))
    }

    /// The object within, where it is one of that Rust type.
    pub(crate) fn downcast<T: 'static>(&self) -> Option<&T> {
        match self {
            Self::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// The type as Go's `%T` prints it; `<nil>` for nil.
    pub(crate) fn type_name(&self) -> String {
        match self {
            Self::Nil => "<nil>".to_owned(),
            Self::Bool(_) => "bool".to_owned(),
            Self::Int(_) => "int".to_owned(),
            Self::Int64(_) => "int64".to_owned(),
            Self::Uint8(_) => "uint8".to_owned(),
            Self::Uint64(_) => "uint64".to_owned(),
            Self::Float64(_) => "float64".to_owned(),
            Self::Complex128(..) => "complex128".to_owned(),
            Self::String(_) => "string".to_owned(),
            Self::List(list) => format!("[]{}", list.element().type_name()),
            Self::Map(map) => format!("map[string]{}", map.element().type_name()),
            Self::Object(object) => object.type_name().to_owned(),
        }
    }

    /// The kind as Go's `reflect` names it; `invalid` for nil.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "invalid",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) => "int64",
            Self::Uint8(_) => "uint8",
            Self::Uint64(_) => "uint64",
            Self::Float64(_) => "float64",
            Self::Complex128(..) => "complex128",
            Self::String(_) => "string",
            Self::List(_) => "slice",
            Self::Map(_) => "map",
            Self::Object(object) => object.kind(),
        }
    }
}

/// Whether a value is true: not the zero value of its type, and not empty.
pub(crate) fn truth(value: &Value) -> bool {
    match value {
        Value::Nil => false,
        Value::Bool(truth) => *truth,
        Value::Int(integer) | Value::Int64(integer) => *integer != 0,
        Value::Uint8(integer) => *integer != 0,
        Value::Uint64(integer) => *integer != 0,
        Value::Float64(float) => *float != 0.0,
        Value::Complex128(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
        Value::String(text) => !text.is_empty(),
        Value::List(list) => !list.items().is_empty(),
        Value::Map(map) => !map.entries().is_empty(),
        Value::Object(object) => object.integer() != Some(0),
    }
}

impl Element {
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::String => "string",
            Self::Int => "int",
            Self::Lists => "[]interface {}",
        }
    }
}

/// The type alone.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({})", self.type_name())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::String(text)
    }
}
