//! The status of an ExternalSecret, exactly as the original writes it.

use eso_core::api::{
    conditions::{Condition, READY},
    external_secret::{Binding, ExternalSecretStatus},
};
use eso_plan::status::Report;
use jiff::Timestamp;
use kube::api::Patch;
use serde::Serialize;
use serde_json::json;

/// The status that says what a report says, after the status `before`, at the time `now`.
///
/// What the report does not know stays as it was: other conditions, and the time at which a condition last changed.
pub fn status(before: &ExternalSecretStatus, report: &Report, now: Timestamp) -> ExternalSecretStatus {
    let record = &report.record;
    let binding = report.binding.clone().map(|name| Binding { name });
    ExternalSecretStatus {
        refresh_time: record.refreshed.map(in_seconds),
        synced_resource_version: record.revision.clone(),
        conditions: conditions(&before.conditions, record.condition.as_ref(), now),
        binding: binding.or_else(|| before.binding.clone()),
    }
}

/// Gives an object of this uid a status, and is refused as invalid by any other of its name.
///
/// A merge patch would not do: the API server ignores all metadata in a status that it is sent, the uid included.
pub(super) fn patch(uid: Option<&str>, status: &impl Serialize) -> Patch<()> {
    let operations = json!([
        { "op": "test", "path": "/metadata/uid", "value": uid },
        { "op": "add", "path": "/status", "value": status },
    ]);
    Patch::Json(serde_json::from_value(operations).expect("two operations must be a JSON patch"))
}

/// The conditions with what `Ready` says now; the time at which that last changed stays.
pub(crate) fn conditions(
    before: &[Condition],
    ready: Option<&(bool, String, String)>,
    now: Timestamp,
) -> Vec<Condition> {
    let Some((holds, reason, message)) = ready else { return before.to_vec() };
    let status = if *holds { "True" } else { "False" };
    let (was_ready, others): (Vec<_>, Vec<_>) =
        before.iter().cloned().partition(|condition| condition.kind == READY);
    let unchanged = was_ready.first().filter(|condition| condition.status == status);
    let ready = Condition {
        kind: READY.to_owned(),
        status: status.to_owned(),
        reason: Some(reason.clone()),
        message: Some(message.clone()),
        last_transition_time: unchanged
            .and_then(|condition| condition.last_transition_time)
            .or_else(|| Some(in_seconds(now))),
    };
    others.into_iter().chain([ready]).collect()
}

/// Kubernetes keeps times in seconds.
pub(crate) fn in_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
mod tests;
