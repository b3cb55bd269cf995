//! A Secret that some object writes: what it is filled with, and what is said where it is not. Pure.

use std::collections::BTreeMap;

use eso_core::value::SecretBytes;
use eso_plan::{
    desired::Ownership,
    render::{RenderError, Rendered},
};

use crate::ports::Target;

/// Whether an object would write the Secret.
pub fn writes(target: &Target) -> bool {
    let is_secret = target.desired.manifest.is_none();
    is_secret && target.desired.ownership != Ownership::Read
}

/// What the Secret is filled with; or why it is stored empty, in words that say that it is not for long.
///
/// # Errors
/// Where the stores gave nothing.
pub fn content(
    target: &Target,
    rendered: Result<Rendered, RenderError>,
) -> Result<BTreeMap<String, SecretBytes>, String> {
    match rendered {
        Ok(Rendered::Content { content, gone: _ }) => Ok(content.entries),
        Ok(Rendered::Empty | Rendered::Gone(_)) => Err(stored_empty(target, "its store gives nothing")),
        Err(error) => Err(stored_empty(target, &error.to_string())),
    }
}

/// What is said of a Secret that is stored as it is.
pub fn stored_empty(target: &Target, problem: &str) -> String {
    format!("stored empty, and left to {}: {problem}", target.object)
}

#[cfg(test)]
mod tests;
