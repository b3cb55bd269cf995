//! `ClusterExternalSecret`: which ExternalSecrets it asks for, and where, and what its status says.

use std::collections::BTreeMap;

use eso_core::{
    api::{
        cluster_external_secret::{
            ClusterExternalSecretCondition, ClusterExternalSecretSpec, ClusterExternalSecretStatus,
            NamespaceFailure,
        },
        conditions::READY,
    },
    labels::Selector,
};
use serde_json::Value;

use super::Malformed;
use crate::cluster::{Asked, Choice, Copy, Report};

/// The annotation that has an ExternalSecret read its store at once; the ExternalSecrets have it as their
/// ClusterExternalSecret has it.
const FORCE_SYNC: &str = "external-secrets.io/force-sync";

/// The longest name of an object.
const LONGEST_NAME: usize = 253;

/// What an object of this name, with these annotations and this spec, asks for. The spec is as the API server sent it:
/// that of the ExternalSecrets is passed on as it is, with nothing added and nothing lost.
///
/// Fails where a field is missing or of the wrong type, a selector cannot be read, or a name is none.
pub fn asked(
    name: &str,
    annotations: Option<&BTreeMap<String, String>>,
    spec: &Value,
) -> Result<Asked, Malformed> {
    let ClusterExternalSecretSpec {
        external_secret_spec: _,
        external_secret_name,
        external_secret_metadata,
        namespace_selector,
        namespace_selectors,
        namespaces,
        refresh_time: _,
    } = parse(spec)?;
    let selectors = namespace_selector.iter().chain(&namespace_selectors).map(Selector::parse);
    let metadata = external_secret_metadata.unwrap_or_default();
    let force_sync = annotations.and_then(|annotations| annotations.get_key_value(FORCE_SYNC));
    let mut annotations = metadata.annotations;
    annotations.remove(FORCE_SYNC);
    annotations.extend(force_sync.map(|(name, value)| (name.clone(), value.clone())));
    Ok(Asked {
        name: named(external_secret_name.as_deref().unwrap_or(name))?,
        choice: Choice {
            names: namespaces.into_iter().collect(),
            selectors: selectors
                .collect::<Result<_, _>>()
                .map_err(|problem| Malformed(format!("unable to convert labelselector: {problem}")))?,
        },
        copy: Copy { labels: metadata.labels, annotations, spec: spec["externalSecretSpec"].clone() },
    })
}

/// The status that says what a report says, after the status `before`.
pub fn status(before: &ClusterExternalSecretStatus, report: &Report) -> ClusterExternalSecretStatus {
    let Report { name, provisioned, failed, problem } = report;
    let ready = ClusterExternalSecretCondition {
        kind: READY.to_owned(),
        status: if problem.is_none() { "True" } else { "False" }.to_owned(),
        message: problem.clone(),
    };
    let others = before.conditions.iter().filter(|condition| condition.kind != READY).cloned();
    let failure = |(namespace, reason): (&String, &String)| NamespaceFailure {
        namespace: namespace.clone(),
        reason: Some(reason.clone()),
    };
    ClusterExternalSecretStatus {
        external_secret_name: name.clone().or_else(|| before.external_secret_name.clone()),
        failed_namespaces: failed.iter().map(failure).collect(),
        provisioned_namespaces: match provisioned {
            Some(provisioned) => provisioned.iter().cloned().collect(),
            None => before.provisioned_namespaces.clone(),
        },
        conditions: others.chain([ready]).collect(),
    }
}

fn parse(spec: &Value) -> Result<ClusterExternalSecretSpec, Malformed> {
    serde_path_to_error::deserialize(spec).map_err(|error| {
        // serde_json's own text quotes the input.
        let path = error.path();
        Malformed(format!(
            "spec.{path} cannot be read: a field is missing, of the wrong type, or has an unknown word; \
             see kubectl explain clusterexternalsecret.spec.{path}"
        ))
    })
}

/// A name that an object may have: a DNS subdomain.
fn named(name: &str) -> Result<String, Malformed> {
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
    Err(Malformed(
        "spec.externalSecretName is no name of an object: lower-case letters, digits, '-' and '.', \
         beginning and ending with a letter or digit"
            .to_owned(),
    ))
}

#[cfg(test)]
mod tests;
