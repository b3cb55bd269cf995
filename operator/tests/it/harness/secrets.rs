//! What Secrets hold.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;

/// The entries of a Secret, as text.
pub(crate) fn entries(secret: &Value) -> BTreeMap<String, String> {
    let data = secret["data"].as_object().into_iter().flatten();
    data.map(|(name, value)| (name.clone(), decoded(value.as_str().unwrap_or_default()))).collect()
}

/// A text as a Secret's data has it.
pub(crate) fn encoded(text: &str) -> String {
    BASE64_STANDARD.encode(text)
}

fn decoded(encoded: &str) -> String {
    let bytes = BASE64_STANDARD.decode(encoded).expect("a Secret's data must be base64");
    String::from_utf8_lossy(&bytes).into_owned()
}
