//! Templates of the engine `v1`, which `external-secrets.io/v1` has no more: what means the same in `v2` is taken.
//!
//! The older engine had bytes where the newer one has texts, and other functions. The one form that means the same in both
//! is the whole value as text: `{{ .name | toString }}`.

use serde_json::Value;

/// Whether a template of the engine `v1` means the same in `v2`.
pub(super) fn means_the_same(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("{{") {
        let Some((action, behind)) = after.split_once("}}") else { return false };
        if !is_a_whole_value(action) {
            return false;
        }
        rest = behind;
    }
    true
}

/// `.name | toString`, with or without the marks that trim.
fn is_a_whole_value(action: &str) -> bool {
    let action = action.strip_prefix("- ").unwrap_or(action);
    let action = action.strip_suffix(" -").unwrap_or(action);
    let Some((value, function)) = action.split_once('|') else { return false };
    let is_name = |name: &str| {
        name.starts_with(|first: char| first == '_' || first.is_ascii_alphabetic())
            && name.chars().all(|one| one == '_' || one.is_ascii_alphanumeric())
    };
    function.trim() == "toString" && value.trim().strip_prefix('.').is_some_and(is_name)
}

/// What of a template of the engine `v1` cannot be said in `v2`: its fields, below the template.
pub(super) fn otherwise(template: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in template["data"].as_object().into_iter().flatten() {
        if !text.as_str().is_some_and(means_the_same) {
            found.push(format!("data.{name}"));
        }
    }
    // These were no templates for the older engine, and are for the newer one.
    for field in ["labels", "annotations"] {
        for (name, text) in template["metadata"][field].as_object().into_iter().flatten() {
            if text.as_str().is_some_and(|text| text.contains("{{")) {
                found.push(format!("metadata.{field}.{name}"));
            }
        }
    }
    // What stands in other objects is not seen here.
    let from = template["templateFrom"].as_array().map_or(0, Vec::len);
    found.extend((0..from).map(|index| format!("templateFrom[{index}]")));
    found
}

#[cfg(test)]
mod tests;
