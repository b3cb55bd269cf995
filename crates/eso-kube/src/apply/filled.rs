//! Reads and writes of Secrets that say themselves what they want: their values, and what is written down beside them.

use std::collections::BTreeMap;

use eso_core::value::SecretBytes;
use eso_plan::{
    desired::Entries,
    filled::{Place, is_left_alone},
    plan::WriteError,
};
use k8s_openapi::{api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::{Api, api::Patch};
use serde::{Deserialize, Serialize};

use super::{Writer, as_operator, body::Values, secrets, within};
use crate::watch::Item;

/// A filled Secret as it is.
#[derive(Debug)]
pub(crate) struct FilledSecret {
    /// Its metadata.
    pub(crate) metadata: ObjectMeta,
    /// What it holds.
    pub(crate) entries: Entries,
}

/// What is written to a filled Secret of one uid and version.
#[derive(Serialize)]
pub(crate) struct Refill<'a> {
    metadata: Metadata<'a>,
    #[serde(skip_serializing_if = "Values::is_empty")]
    data: Values<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    uid: &'a str,
    resource_version: String,
    annotations: BTreeMap<&'static str, Option<String>>,
}

impl<'a> Refill<'a> {
    /// Sets these values and annotations of the Secret of this uid and version, and takes out those that are `None`.
    pub(crate) fn new(
        (uid, version): (&'a str, u64),
        annotations: impl IntoIterator<Item = (&'static str, Option<String>)>,
        values: &'a Entries,
    ) -> Self {
        let annotations = annotations.into_iter().collect();
        let metadata = Metadata { uid, resource_version: version.to_string(), annotations };
        Self { metadata, data: Values(values) }
    }
}

impl Writer {
    /// Reads a filled Secret whole; `None` where there is no such Secret.
    ///
    /// # Errors
    /// Where it is of a type that is left alone, too.
    pub(crate) async fn read_filled(&self, place: &Place) -> Result<Option<FilledSecret>, WriteError> {
        #[derive(Default, Deserialize)]
        struct Typed {
            #[serde(default, rename = "type")]
            kind: String,
        }
        let api: Api<Item<Secret>> = Api::namespaced(self.client.clone(), &place.namespace);
        let Some(secret) = within(api.get_opt(&place.name)).await? else { return Ok(None) };
        let Typed { kind } = secret.read().unwrap_or_default();
        if is_left_alone(&kind, &BTreeMap::new()) {
            return Err(WriteError::Invalid("a Secret of this type is never filled".to_owned()));
        }
        let entries = secret.entries().into_iter().map(|(name, value)| (name, SecretBytes::new(value)));
        Ok(Some(FilledSecret { entries: entries.collect(), metadata: secret.into_metadata() }))
    }

    /// Writes to a filled Secret, and gives its metadata then.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] where it is not there, or not at that version any more.
    pub(crate) async fn refill(&self, place: &Place, refill: &Refill<'_>) -> Result<ObjectMeta, WriteError> {
        let request = secrets(&place.namespace).patch(&place.name, &as_operator(), &Patch::Merge(refill));
        match self.send(request).await {
            Ok(written) => written.ok_or(WriteError::Conflict),
            Err(WriteError::Immutable(_)) => {
                Err(WriteError::Immutable("delete the Secret and apply it again".to_owned()))
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
