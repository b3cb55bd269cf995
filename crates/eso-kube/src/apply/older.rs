//! Reads and writes for the older group: whether a Secret without a digest is as it should be, which Secrets may be filled,
//! and statuses.

use eso_core::{
    api::legacy::{ExternalSecret, ExternalSecretStatus},
    value::SecretBytes,
};
use eso_plan::{
    convert::legacy::{Fillable, is_to_be_filled},
    desired::Entries,
    plan::WriteError,
};
use k8s_openapi::{api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::{Api, Resource, core::Request};
use serde::Deserialize;

use super::{Place, Writer, within};
use crate::{
    marks::Marks,
    metadata::{self, Seen},
    watch::Item,
};

/// What a Secret is beside its metadata and its data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct Shape {
    #[serde(default, rename = "type")]
    secret_type: String,
    #[serde(default)]
    immutable: bool,
}

impl Writer {
    /// Whether a Secret of this version is already as a write of these entries would make it. It is read.
    pub(crate) async fn is_already(
        &self,
        place: Place<'_>,
        seen: &Seen,
        entries: &Entries,
    ) -> Result<bool, WriteError> {
        let secret = self.read_at(place, seen).await?;
        let held = secret.entries().into_iter().map(|(name, value)| (name, SecretBytes::new(value)));
        let held: Entries = held.collect();
        let shape = secret.read::<Shape>().unwrap_or_default();
        Ok(held == *entries && is_as_wanted(secret.metadata(), &shape, place.marks))
    }

    /// Whether a Secret of this version is one that may be filled. It is read.
    pub(crate) async fn may_fill(&self, place: Place<'_>, seen: &Seen) -> Result<bool, WriteError> {
        let secret = self.read_at(place, seen).await?;
        let shape = secret.read::<Shape>().unwrap_or_default();
        let ObjectMeta { owner_references, annotations, .. } = secret.metadata();
        let fillable = Fillable {
            secret_type: &shape.secret_type,
            is_owned: owner_references.as_ref().is_some_and(|owners| !owners.is_empty()),
            is_empty: secret.entries().is_empty(),
            annotations: annotations.as_ref(),
        };
        Ok(!shape.immutable && is_to_be_filled(&fillable, &place.marks.uid))
    }

    /// Writes the status of an object of the older group, as [`report`](Self::report) does that of a newer one.
    pub(crate) async fn report_older(
        &self,
        object: &ObjectMeta,
        status: &ExternalSecretStatus,
    ) -> Result<Option<u64>, WriteError> {
        self.report_of(older, object, status).await
    }

    /// A Secret, of this version and no other.
    async fn read_at(&self, place: Place<'_>, seen: &Seen) -> Result<Item<Secret>, WriteError> {
        let api: Api<Item<Secret>> = Api::namespaced(self.client.clone(), place.namespace);
        let secret = within(api.get_opt(place.name)).await?;
        let secret = secret.filter(|secret| metadata::version(secret.metadata()) == seen.version);
        secret.ok_or(WriteError::Conflict)
    }
}

/// Whether a Secret is as these marks want it. As ever, nobody minds what type it has where none is wanted.
fn is_as_wanted(metadata: &ObjectMeta, shape: &Shape, marks: &Marks) -> bool {
    let is_of_type = marks.secret_type.as_ref().is_none_or(|wanted| *wanted == shape.secret_type);
    marks.are_worn_by(metadata) && is_of_type && (shape.immutable || !marks.immutable)
}

fn older(namespace: Option<&str>) -> Request {
    Request::new(ExternalSecret::url_path(&(), namespace))
}

#[cfg(test)]
mod tests;
