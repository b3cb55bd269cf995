//! How the refreshing of a filled Secret stands, as an annotation of the Secret says it: JSON, of which anything may have
//! become in other hands, and which can do nothing worse there than to have the Secret refreshed once more, or later.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::annotations::STATUS;
use crate::{convert::external_secret, observed};

/// What is written down of a filled Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// As the status of an ExternalSecret.
    pub record: observed::Record,
    /// What it was last filled with ([`Change::fingerprints`](super::refresh::Change::fingerprints)).
    pub fingerprints: Option<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
struct Written {
    ready: bool,
    reason: String,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprints: Option<String>,
    uid: String,
}

impl Status {
    /// What is written down of the Secret of this uid. A text that is none, or was written of another Secret, says nothing.
    pub fn read(text: Option<&str>, uid: &str) -> Self {
        let written = text.and_then(|text| serde_json::from_str::<Written>(text).ok());
        let Some(written) = written.filter(|written| written.uid == uid) else { return Self::default() };
        let Written { ready, reason, message, refresh_time, revision, fingerprints, uid: _ } = written;
        let condition = (!reason.is_empty()).then_some((ready, reason, message));
        let kind = observed::Kind::Secret;
        Self { record: observed::Record { refreshed: refresh_time, revision, condition, kind }, fingerprints }
    }

    /// The text for the annotation of the Secret of this uid; its time is in whole seconds.
    pub fn write(&self, uid: &str) -> String {
        let Self { record, fingerprints } = self.clone();
        let (ready, reason, message) = record.condition.unwrap_or_default();
        let seconds = |time: Timestamp| Timestamp::from_second(time.as_second()).unwrap_or(time);
        let refresh_time = record.refreshed.map(seconds);
        let (revision, uid) = (record.revision, uid.to_owned());
        let written = Written { ready, reason, message, refresh_time, revision, fingerprints, uid };
        serde_json::to_string(&written).expect("a status of texts must be JSON")
    }
}

/// What a state of a filled Secret is called: any change of a label or an annotation gives another, as of an
/// ExternalSecret, but for the annotation that says how it stands.
pub fn revision(
    labels: Option<&BTreeMap<String, String>>,
    annotations: Option<&BTreeMap<String, String>>,
) -> String {
    let mut asked = annotations.cloned().unwrap_or_default();
    asked.remove(STATUS);
    external_secret::revision(None, labels, Some(&asked))
}

#[cfg(test)]
mod tests;
