//! When values are the same, through all that they hold, as Go's `reflect.DeepEqual` has it.

use crate::{
    Fault, List, Map, Scope, Value,
    function::{Function, function},
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("deepEqual", |scope: &mut Scope<'_>, one: Value, other: Value| {
            deep_equal(scope, &one, &other)
        })
        .example(r#"{{ deepEqual (list 1 2) (list 1 2) }}"#, "true"),
    ]
}

/// Whether two values are of the same type and hold the same.
pub(super) fn deep_equal(scope: &mut Scope<'_>, one: &Value, other: &Value) -> Result<bool, Fault> {
    Comparison { scope, comparing: Vec::new() }.same(one, other)
}

struct Comparison<'a, 'b> {
    scope: &'a mut Scope<'b>,
    /// The maps that are being compared: those that lie in themselves are the same if all else is.
    comparing: Vec<(Map, Map)>,
}

impl Comparison<'_, '_> {
    fn same(&mut self, one: &Value, other: &Value) -> Result<bool, Fault> {
        self.scope.spend(1)?;
        Ok(match (one, other) {
            (Value::Nil, Value::Nil) => true,
            (Value::Bool(one), Value::Bool(other)) => one == other,
            (Value::Int(one), Value::Int(other)) | (Value::Int64(one), Value::Int64(other)) => one == other,
            (Value::Uint8(one), Value::Uint8(other)) => one == other,
            (Value::Uint64(one), Value::Uint64(other)) => one == other,
            (Value::Float64(one), Value::Float64(other)) => one == other,
            (Value::Complex128(real, imaginary), Value::Complex128(other_real, other_imaginary)) => {
                real == other_real && imaginary == other_imaginary
            }
            (Value::String(one), Value::String(other)) => {
                self.scope.spend(one.len().min(other.len()) as u64 / 256)?;
                one == other
            }
            (Value::List(one), Value::List(other)) => return self.same_lists(one, other),
            (Value::Map(one), Value::Map(other)) => return self.same_maps(one, other),
            (Value::Object(one), Value::Object(other)) => {
                one.type_name() == other.type_name() && one.show() == other.show()
            }
            _ => false,
        })
    }

    fn same_lists(&mut self, one: &List, other: &List) -> Result<bool, Fault> {
        let alike = one.element() == other.element()
            && one.is_nil() == other.is_nil()
            && one.items().len() == other.items().len();
        if !alike {
            return Ok(false);
        }
        for (one, other) in one.items().iter().zip(other.items()) {
            if !self.same(one, other)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn same_maps(&mut self, one: &Map, other: &Map) -> Result<bool, Fault> {
        let before = self.comparing.iter().any(|(first, second)| first.is(one) && second.is(other));
        if one.element() != other.element() {
            return Ok(false);
        }
        if one.is(other) || before {
            return Ok(true);
        }
        if self.comparing.len() >= self.scope.nesting() {
            return Err(Fault::Limit("nesting of maps"));
        }
        self.comparing.push((one.clone(), other.clone()));
        let same = self.same_entries(one, other);
        self.comparing.pop();
        same
    }

    fn same_entries(&mut self, one: &Map, other: &Map) -> Result<bool, Fault> {
        let (one, other) = (one.entries(), other.entries());
        if one.len() != other.len() {
            return Ok(false);
        }
        for ((name, value), (other_name, other_value)) in one.iter().zip(other.iter()) {
            if name != other_name || !self.same(value, other_value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
