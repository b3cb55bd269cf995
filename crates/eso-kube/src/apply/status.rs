//! The status of an ExternalSecret, exactly as the original writes it.

use eso_core::api::{
    conditions::{Condition, READY},
    external_secret::{Binding, ExternalSecretStatus},
};
use eso_plan::status::Report;
use jiff::Timestamp;

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

fn conditions(
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
fn in_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
mod tests;
