//! Statuses, in the older controller's words: people have alerts on them.

use eso_core::api::legacy::{ExternalSecret, ExternalSecretStatus};
use jiff::Timestamp;

use crate::{
    observed::{Kind, Record},
    status::{Report, UNREADABLE, failed_condition, synced_condition},
};

const SUCCESS: &str = "SUCCESS";
const ERROR: &str = "ERROR, ";

/// The status that says a report, which was made at this time of this generation.
pub fn status(report: &Report, at: Timestamp, generation: Option<i64>) -> ExternalSecretStatus {
    let status = report.record.condition.as_ref().map(|(is_good, _, message)| match is_good {
        true => SUCCESS.to_owned(),
        false => format!("{ERROR}{}", one_line(bare(message))),
    });
    ExternalSecretStatus {
        last_sync: Some(at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()),
        status,
        observed_generation: generation,
    }
}

/// What an object's status says. The time of an attempt that failed is no time at which the store was read.
pub fn record(object: &ExternalSecret) -> Record {
    let Some(status) = &object.status else { return Record::default() };
    let said = status.status.as_deref().unwrap_or_default();
    let synced = said == SUCCESS;
    let failure = said.strip_prefix(ERROR).map(failed_condition);
    let last_sync = status.last_sync.as_deref().and_then(|text| text.parse().ok());
    Record {
        refreshed: last_sync.filter(|_| synced),
        revision: status.observed_generation.filter(|_| synced).map(|generation| generation.to_string()),
        condition: failure.or_else(|| synced.then(synced_condition)),
        kind: Kind::Secret,
    }
}

/// A message without the newer controller's beginning of it, where that says no more than the status itself.
fn bare(message: &str) -> &str {
    message.strip_prefix(UNREADABLE).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(message)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
