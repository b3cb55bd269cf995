//! `ExternalSecret`: what it asks for, and what its status says.

use std::collections::BTreeMap;

use eso_core::api::external_secret::ExternalSecret;
use serde_json::Value;

use super::Malformed;
use crate::{desired::Desired, observed::Record};

/// Reads an object, as the API server sent it.
///
/// Fails where a field has the wrong type or an enum an unknown word: the message names the field, and quotes nothing.
pub fn parse(_object: Value) -> Result<ExternalSecret, Malformed> {
    todo!()
}

/// What an object asks for.
pub fn desired(_object: &ExternalSecret) -> Result<Desired, Malformed> {
    todo!()
}

/// What an object's status says.
pub fn record(_object: &ExternalSecret) -> Record {
    todo!()
}

/// What a state of an object is called, as the original's `syncedResourceVersion`: any change of the spec, a label or
/// an annotation gives another. It needs nothing but metadata, so that a malformed object has one too.
pub fn revision(
    _generation: Option<i64>,
    _labels: Option<&BTreeMap<String, String>>,
    _annotations: Option<&BTreeMap<String, String>>,
) -> String {
    todo!()
}
