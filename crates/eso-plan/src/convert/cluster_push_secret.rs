//! `ClusterPushSecret`: which PushSecrets it asks for, and where, and what its status says.

use std::collections::BTreeMap;

use eso_core::{
    api::{
        cluster_push_secret::{ClusterPushSecretSpec, ClusterPushSecretStatus},
        conditions::{Condition, READY},
    },
    labels::Selector,
};
use jiff::Timestamp;
use serde_json::Value;

use super::{Malformed, cluster};
use crate::cluster::{Asked, Choice, Copy, CopyKind, Report};

/// The original's message where it does not know which namespaces are chosen, with its reason for that.
const NO_NAMESPACES: &str = "failed to get target Namespaces: unable to convert label selector";

/// The original's reason where it could not begin. It has none where namespaces failed, nor where all is well.
const ERRORED: &str = "Errored";

/// What an object of this name and spec asks for. The spec is as the API server sent it: that of the PushSecrets is
/// passed on as it is, with nothing added and nothing lost.
///
/// Fails where a field is missing or of the wrong type, a selector cannot be read, or a name is none.
pub fn asked(name: &str, spec: &Value) -> Result<Asked, Malformed> {
    let ClusterPushSecretSpec {
        push_secret_spec: _,
        push_secret_name,
        push_secret_metadata,
        namespace_selectors,
        refresh_time: _,
    } = cluster::parse("clusterpushsecret", spec)?;
    let metadata = push_secret_metadata.unwrap_or_default();
    Ok(Asked {
        name: cluster::named("spec.pushSecretName", push_secret_name.as_deref().unwrap_or(name))?,
        choice: Choice {
            selectors: cluster::selectors(NO_NAMESPACES, namespace_selectors.iter().map(Selector::parse))?,
            ..Choice::default()
        },
        copy: Copy {
            kind: CopyKind::PushSecret,
            labels: metadata.labels,
            annotations: metadata.annotations,
            spec: spec["pushSecretSpec"].clone(),
        },
    })
}

/// That the object cannot be understood. What there is stays as it is.
pub fn refused(problem: &str) -> Report {
    Report { name: None, provisioned: None, failed: BTreeMap::new(), problem: Some(problem.to_owned()) }
}

/// The status that says what a report says, after the status `before`.
pub fn status(before: &ClusterPushSecretStatus, report: &Report, now: Timestamp) -> ClusterPushSecretStatus {
    let Report { name, provisioned, failed, problem } = report;
    let ready = match (provisioned, problem) {
        (None, Some(problem)) => errored(before, problem, now),
        (_, problem) => condition(problem.as_deref()),
    };
    let others = before.conditions.iter().filter(|condition| condition.kind != READY).cloned();
    ClusterPushSecretStatus {
        push_secret_name: name.clone().or_else(|| before.push_secret_name.clone()),
        failed_namespaces: match provisioned {
            Some(_) => cluster::failures(failed),
            None => before.failed_namespaces.clone(),
        },
        provisioned_namespaces: match provisioned {
            Some(provisioned) => provisioned.iter().cloned().collect(),
            None => before.provisioned_namespaces.clone(),
        },
        conditions: others.chain([ready]).collect(),
    }
}

/// The condition of an object that was understood. It has neither a reason nor a time, as in the original.
fn condition(problem: Option<&str>) -> Condition {
    Condition {
        kind: READY.to_owned(),
        status: if problem.is_none() { "True" } else { "False" }.to_owned(),
        reason: None,
        message: problem.map(str::to_owned),
        last_transition_time: None,
    }
}

/// The condition of an object that cannot be understood: since when, as in the original.
fn errored(before: &ClusterPushSecretStatus, problem: &str, now: Timestamp) -> Condition {
    let unready = before.conditions.iter().find(|other| other.kind == READY && other.status == "False");
    Condition {
        reason: Some(ERRORED.to_owned()),
        last_transition_time: unready.and_then(|other| other.last_transition_time).or(Some(now)),
        ..condition(Some(problem))
    }
}

#[cfg(test)]
mod tests;
