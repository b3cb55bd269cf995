//! What the demo reads off objects.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;

/// Whether an object's Ready condition is True.
pub(super) fn is_ready(object: &Value) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

/// The text under one key of a Secret.
pub(super) fn value_of(secret: &Value, key: &str) -> Option<String> {
    decoded(secret["data"][key].as_str()?)
}

/// The text that a base64 text means.
pub(super) fn decoded(encoded: &str) -> Option<String> {
    String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()
}
