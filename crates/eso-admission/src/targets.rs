//! A Secret that some object writes: what it is filled with, and what is said where it is not. Pure.

use std::collections::BTreeMap;

use eso_core::value::SecretBytes;
use eso_plan::{
    desired::Ownership,
    render::{RenderError, Rendered},
};

use crate::{
    ports::Target,
    review::{Owner, Secret},
};

/// Whether an object would write the Secret.
pub fn writes(target: &Target, secret: &Secret) -> bool {
    let is_secret = target.desired.manifest.is_none();
    is_secret && target.desired.ownership != Ownership::Read && is_free_for(target, secret)
}

/// Whether the Secret is nobody's to whom it would be lost.
fn is_free_for(target: &Target, secret: &Secret) -> bool {
    // What is filled besides is nobody's: it carries who filled it in the place of an owner.
    if !target.annotations.is_empty() {
        return secret.owners.is_empty();
    }
    match secret.controller() {
        None => true,
        Some(owner) if owner.uid == target.uid => true,
        Some(owner) => target.desired.ownership != Ownership::Own && !is_peer(owner),
    }
}

/// Whether it is an ExternalSecret, which keeps what it controls whatever another one says.
fn is_peer(owner: &Owner) -> bool {
    owner.kind == "ExternalSecret" && owner.api_version.split('/').next() == Some(eso_core::api::GROUP)
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
