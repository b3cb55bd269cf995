//! Metadata as the API server sends it, read so that no tenant can make it unreadable.
//!
//! The API server vouches for the types of names, labels, annotations and owners. It takes any JSON as a managed field,
//! and times (9999-12-31) that are none here: each of these is read by itself.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    FieldsV1, ManagedFieldsEntry, ObjectMeta, OwnerReference, Time,
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

#[derive(Deserialize)]
struct Object<Metadata> {
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vouched {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
    owner_references: Option<Vec<OwnerReference>>,
    finalizers: Option<Vec<String>>,
    deletion_timestamp: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Managed<'a> {
    #[serde(borrow)]
    managed_fields: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Writer<'a> {
    manager: Option<String>,
    time: Option<String>,
    #[serde(borrow)]
    fields_v1: Option<&'a RawValue>,
}

/// The metadata of an object that was sent as this text, without the managed fields. Of the times only that of the
/// deletion is read: whether there is one matters, and one that cannot be read is the latest of all.
pub(crate) fn metadata(text: &str) -> serde_json::Result<ObjectMeta> {
    let Object { metadata: sent } = serde_json::from_str::<Object<Vouched>>(text)?;
    let deleted = sent.deletion_timestamp.map(|text| text.parse().unwrap_or(Timestamp::MAX));
    Ok(ObjectMeta {
        name: sent.name,
        namespace: sent.namespace,
        uid: sent.uid,
        resource_version: sent.resource_version,
        generation: sent.generation,
        labels: sent.labels,
        annotations: sent.annotations,
        owner_references: sent.owner_references,
        finalizers: sent.finalizers,
        deletion_timestamp: deleted.map(Time),
        ..ObjectMeta::default()
    })
}

/// The managed fields of an object that was sent as this text: manager, time and fields of each. A time that cannot be
/// read is left out, and fields that cannot be read are [`UNREADABLE`].
pub(crate) fn managed_fields(text: &str) -> Option<Vec<ManagedFieldsEntry>> {
    let Object { metadata } = serde_json::from_str::<Object<Managed<'_>>>(text).ok()?;
    Some(metadata.managed_fields?.into_iter().map(entry).collect())
}

/// What stands for fields that cannot be read: the writer may have written anything.
pub(crate) const UNREADABLE: Value = Value::Null;

fn entry(text: &RawValue) -> ManagedFieldsEntry {
    let Some(Writer { manager, time, fields_v1 }) = serde_json::from_str(text.get()).ok() else {
        return ManagedFieldsEntry { fields_v1: Some(FieldsV1(UNREADABLE)), ..ManagedFieldsEntry::default() };
    };
    ManagedFieldsEntry {
        manager,
        time: time.and_then(|text| text.parse().ok()).map(Time),
        fields_v1: fields_v1.map(|text| FieldsV1(serde_json::from_str(text.get()).unwrap_or(UNREADABLE))),
        ..ManagedFieldsEntry::default()
    }
}

#[cfg(test)]
mod tests;
