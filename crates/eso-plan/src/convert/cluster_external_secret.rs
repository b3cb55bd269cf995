//! `ClusterExternalSecret`: which ExternalSecrets it asks for, and where, and what its status says.

use std::collections::BTreeMap;

use eso_core::{
    api::{
        cluster_external_secret::{
            ClusterExternalSecretCondition, ClusterExternalSecretSpec, ClusterExternalSecretStatus,
        },
        conditions::READY,
    },
    labels::Selector,
};
use serde_json::Value;

use super::{Malformed, cluster};
use crate::cluster::{Asked, Choice, Copy, CopyKind, Report};

/// The annotation that has an ExternalSecret read its store at once; the ExternalSecrets have it as their
/// ClusterExternalSecret has it.
const FORCE_SYNC: &str = "external-secrets.io/force-sync";

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
    } = cluster::parse("clusterexternalsecret", spec)?;
    let selectors = namespace_selector.iter().chain(&namespace_selectors).map(Selector::parse);
    let metadata = external_secret_metadata.unwrap_or_default();
    let force_sync = annotations.and_then(|annotations| annotations.get_key_value(FORCE_SYNC));
    let mut annotations = metadata.annotations;
    annotations.remove(FORCE_SYNC);
    annotations.extend(force_sync.map(|(name, value)| (name.clone(), value.clone())));
    Ok(Asked {
        name: cluster::named("spec.externalSecretName", external_secret_name.as_deref().unwrap_or(name))?,
        choice: Choice {
            names: namespaces.into_iter().collect(),
            selectors: cluster::selectors("unable to convert labelselector", selectors)?,
        },
        copy: Copy {
            kind: CopyKind::ExternalSecret,
            labels: metadata.labels,
            annotations,
            spec: spec["externalSecretSpec"].clone(),
        },
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
    ClusterExternalSecretStatus {
        external_secret_name: name.clone().or_else(|| before.external_secret_name.clone()),
        failed_namespaces: cluster::failures(failed),
        provisioned_namespaces: match provisioned {
            Some(provisioned) => provisioned.iter().cloned().collect(),
            None => before.provisioned_namespaces.clone(),
        },
        conditions: others.chain([ready]).collect(),
    }
}

#[cfg(test)]
mod tests;
