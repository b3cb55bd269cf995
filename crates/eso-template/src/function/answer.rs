//! The types that functions answer.

use crate::{
    Fault, Text, Value,
    value::{List, Map},
};

use super::Int;

/// A Rust type that stands for a value, or for a failure to make one.
pub(crate) trait Answer {
    /// As a value.
    fn value(self) -> Result<Value, Fault>;
}

impl<T: Answer> Answer for Result<T, Fault> {
    fn value(self) -> Result<Value, Fault> {
        self.and_then(T::value)
    }
}

/// Each of these is a value by itself.
macro_rules! answers {
    ($($name:ty: $variable:ident => $value:expr,)*) => {
        $(impl Answer for $name {
            fn value(self) -> Result<Value, Fault> {
                let $variable = self;
                Ok($value)
            }
        })*
    };
}

answers! {
    Value: value => value,
    bool: value => Value::Bool(value),
    Int: value => Value::Int(value.0),
    i64: value => Value::Int64(value),
    f64: value => Value::Float64(value),
    Text: text => Value::String(text),
    String: text => Value::String(text.into()),
    &'static str: text => Value::String(text.into()),
    Vec<u8>: bytes => Value::String(bytes.into()),
    List: list => Value::List(list),
    Map: map => Value::Map(map),
}
