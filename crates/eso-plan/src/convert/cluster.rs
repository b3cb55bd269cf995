//! What the specs and statuses of ClusterExternalSecrets and ClusterPushSecrets have in common.

use std::collections::BTreeMap;

use eso_core::{api::cluster_external_secret::NamespaceFailure, labels::Selector};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Malformed;

/// The longest name of an object.
const LONGEST_NAME: usize = 253;

/// The spec of an object of this kind, which is written as for kubectl. Fails where a field is missing or of the wrong
/// type.
pub(super) fn parse<Spec: DeserializeOwned>(kind: &str, spec: &Value) -> Result<Spec, Malformed> {
    serde_path_to_error::deserialize(spec).map_err(|error| {
        // serde_json's own text quotes the input.
        let path = error.path();
        Malformed(format!(
            "spec.{path} cannot be read: a field is missing, of the wrong type, or has an unknown word; \
             see kubectl explain {kind}.spec.{path}"
        ))
    })
}

/// The selectors, where each could be read. What is said of one that could not begins with `failed`.
pub(super) fn selectors(
    failed: &str,
    read: impl Iterator<Item = Result<Selector, String>>,
) -> Result<Vec<Selector>, Malformed> {
    let selectors: Result<_, _> = read.collect();
    selectors.map_err(|problem| Malformed(format!("{failed}: {problem}")))
}

/// A name that an object may have: a DNS subdomain. `field` is where it stands.
pub(super) fn named(field: &str, name: &str) -> Result<String, Malformed> {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        let ends = [bytes.first(), bytes.last()];
        ends.into_iter().all(|end| end.copied().is_some_and(is_inner))
            && bytes.iter().all(|byte| is_inner(*byte) || *byte == b'-')
    };
    if name.len() <= LONGEST_NAME && name.split('.').all(is_label) {
        return Ok(name.to_owned());
    }
    Err(Malformed(format!(
        "{field} is no name of an object: lower-case letters, digits, '-' and '.', \
         beginning and ending with a letter or digit"
    )))
}

/// The namespaces that are not as they should be, and why, as a status has them.
pub(super) fn failures(failed: &BTreeMap<String, String>) -> Vec<NamespaceFailure> {
    let failure = |(namespace, reason): (&String, &String)| NamespaceFailure {
        namespace: namespace.clone(),
        reason: Some(reason.clone()),
    };
    failed.iter().map(failure).collect()
}
