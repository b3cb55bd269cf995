//! Tags as AWS's JSON has them: a list of keys and values.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// What a request says.
pub(super) fn asked(list: &Value) -> impl Iterator<Item = (String, String)> {
    list.as_array().into_iter().flatten().filter_map(|tag| {
        let text = |name: &str| tag[name].as_str().map(str::to_owned);
        Some((text("Key")?, text("Value").unwrap_or_default()))
    })
}

/// What an answer says.
pub(super) fn answer(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

/// The texts of a list.
pub(super) fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}
