//! Fields of a manifest that its kind does not have.

use serde_json::Value;

/// The paths of the fields that a manifest has, and that are lost where it is read and written again. What is empty is not
/// told apart from what is not there.
pub(super) fn fields(given: &Value, read: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", given, read, &mut found);
    found
}

fn compare(path: &str, given: &Value, read: &Value, found: &mut Vec<String>) {
    match (given, read) {
        (Value::Object(given), read) => {
            for (name, value) in given.iter().filter(|(_, value)| !is_empty(value)) {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match read.get(name) {
                    Some(read) => compare(&path, value, read, found),
                    None => found.push(path),
                }
            }
        }
        (Value::Array(given), read) => {
            for (index, value) in given.iter().enumerate() {
                compare(&format!("{path}[{index}]"), value, &read[index], found);
            }
        }
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests;
