//! A target as a manifest.

use std::collections::BTreeMap;

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use eso_core::{api::external_secret::ExternalSecret, value::SecretBytes};
use eso_kube::{
    apply::{
        Place,
        generic::{Body, wanted},
    },
    marks::{DATA_HASH_ANNOTATION, Marks},
};
use eso_plan::{
    desired::{Content, Desired, Manifest as Kind},
    digest::Digest,
};
use serde::Serialize;

/// A Secret, in the order in which people write it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    #[serde(rename = "type")]
    secret_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    immutable: Option<bool>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    string_data: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    data: BTreeMap<&'a str, String>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    labels: &'a BTreeMap<String, String>,
    annotations: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    finalizers: &'a [String],
}

/// The target that is written, as YAML. The owner reference is left out, for an object that is in no cluster has no uid.
pub(super) fn yaml(object: &ExternalSecret, desired: &Desired, content: &Content) -> anyhow::Result<String> {
    let marks = Marks::wanted_by(object, desired.ownership).dressed(content.dress.as_ref());
    match &desired.manifest {
        None => secret(object, desired, content, &marks),
        Some(kind) => resource(object, desired, content, &Marks { owner: None, ..marks }, kind),
    }
}

fn resource(
    object: &ExternalSecret,
    desired: &Desired,
    content: &Content,
    marks: &Marks,
    kind: &Kind,
) -> anyhow::Result<String> {
    let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
    let place = Place { namespace, name: &desired.target, marks };
    let resource = wanted(Body { kind, place, content, leftover: None }, None)?;
    serde_saphyr::to_string(&resource).context("the target cannot be written as YAML")
}

/// A Secret: texts as `stringData`, other bytes as `data`.
fn secret(
    object: &ExternalSecret,
    desired: &Desired,
    content: &Content,
    marks: &Marks,
) -> anyhow::Result<String> {
    let digest = Digest::of(&content.entries);
    let mut annotations: BTreeMap<&str, &str> =
        marks.annotations.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    annotations.insert(DATA_HASH_ANNOTATION, digest.as_str());
    let is_text = |(_, value): &(&String, &SecretBytes)| value.expose_str().is_some();
    let (texts, others): (Vec<_>, Vec<_>) = content.entries.iter().partition(is_text);
    let manifest = Manifest {
        api_version: "v1",
        kind: "Secret",
        metadata: Metadata {
            name: &desired.target,
            namespace: object.metadata.namespace.as_deref(),
            labels: &marks.labels,
            annotations,
            finalizers: &marks.finalizers,
        },
        secret_type: marks.secret_type.as_deref().unwrap_or("Opaque"),
        immutable: marks.immutable.then_some(true),
        string_data: texts
            .into_iter()
            .map(|(name, value)| (name.as_str(), value.expose_str().unwrap_or_default()))
            .collect(),
        data: others
            .into_iter()
            .map(|(name, value)| (name.as_str(), STANDARD.encode(value.expose())))
            .collect(),
    };
    serde_saphyr::to_string(&manifest).context("the target cannot be written as YAML")
}
