//! Values as Go's `fmt` prints them.

use crate::{Fault, Scope, Value};

/// What `%v` prints.
pub(crate) fn show(scope: &mut Scope<'_>, value: &Value) -> Result<Vec<u8>, Fault> {
    let mut written = Vec::new();
    write(scope, value, &mut written, 0)?;
    Ok(written)
}

fn write(scope: &mut Scope<'_>, value: &Value, written: &mut Vec<u8>, depth: usize) -> Result<(), Fault> {
    scope.spend(1)?;
    if depth > scope.nesting() {
        return Err(Fault::Limit("nesting"));
    }
    match value {
        Value::Nil => written.extend_from_slice(b"<nil>"),
        Value::Bool(value) => written.extend_from_slice(value.to_string().as_bytes()),
        Value::Int(value) | Value::Int64(value) => written.extend_from_slice(value.to_string().as_bytes()),
        Value::Uint8(value) => written.extend_from_slice(value.to_string().as_bytes()),
        Value::Uint64(value) => written.extend_from_slice(value.to_string().as_bytes()),
        Value::Float64(value) => written.extend_from_slice(value.to_string().as_bytes()),
        Value::Complex128(real, imaginary) => {
            written.extend_from_slice(format!("({real}{imaginary:+}i)").as_bytes());
        }
        Value::String(text) => written.extend_from_slice(text),
        Value::List(list) => {
            written.push(b'[');
            for (place, item) in list.items().iter().enumerate() {
                if place > 0 {
                    written.push(b' ');
                }
                write(scope, item, written, depth + 1)?;
            }
            written.push(b']');
        }
        Value::Map(map) => {
            written.extend_from_slice(b"map[");
            for (place, (name, value)) in map.entries().iter().enumerate() {
                if place > 0 {
                    written.push(b' ');
                }
                written.extend_from_slice(name);
                written.push(b':');
                write(scope, value, written, depth + 1)?;
            }
            written.push(b']');
        }
        Value::Object(object) => written.extend_from_slice(&object.show()),
    }
    Ok(())
}
