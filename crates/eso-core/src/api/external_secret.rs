//! `ExternalSecret`: which remote values become which keys of a Secret.

#![expect(clippy::duplicated_attributes, reason = "each printed column has a type and a path of its own")]

use std::collections::BTreeMap;

use jiff::Timestamp;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    conditions::Condition,
    names::{KEY, SUBDOMAIN},
};

/// The desired state of an ExternalSecret.
#[derive(Clone, Debug, Default, PartialEq, CustomResource, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "external-secrets.io",
    version = "v1",
    kind = "ExternalSecret",
    plural = "externalsecrets",
    shortname = "es",
    category = "external-secrets",
    namespaced,
    status = "ExternalSecretStatus",
    doc = "An ExternalSecret names values of a store that are kept in a Secret.",
    selectable = ".spec.secretStoreRef.name",
    selectable = ".spec.secretStoreRef.kind",
    selectable = ".spec.target.name",
    selectable = ".spec.refreshInterval",
    printcolumn(name = "StoreType", type_ = "string", json_path = ".spec.secretStoreRef.kind"),
    printcolumn(name = "Store", type_ = "string", json_path = ".spec.secretStoreRef.name"),
    printcolumn(name = "Refresh Interval", type_ = "string", json_path = ".spec.refreshInterval"),
    printcolumn(
        name = "Status",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(name = "Last Sync", type_ = "date", json_path = ".status.refreshTime")
)]
#[serde(rename_all = "camelCase")]
pub struct ExternalSecretSpec {
    /// The store of all entries that name no store of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_store_ref: Option<SecretStoreRef>,
    /// The Secret to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = { "creationPolicy": "Owner", "deletionPolicy": "Retain" }))]
    pub target: Option<Target>,
    /// When the store is read again: `Periodic` (the default), `CreatedOnce` or `OnChange`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_policy: Option<RefreshPolicy>,
    /// The time between two reads of the store, as a Go duration (`1h`, `30s`). 0 reads it once, and when the object
    /// changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "1h0m0s"))]
    pub refresh_interval: Option<String>,
    /// One key of the Secret for each entry; they win over `dataFrom`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<Data>,
    /// Many keys of the Secret for each entry; later entries win over earlier ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_from: Vec<DataFrom>,
    /// Fields that are not served by this version.
    #[serde(flatten)]
    pub unserved: BTreeMap<String, Value>,
}

/// A reference to a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretStoreRef {
    /// The name of the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = SUBDOMAIN)
    )]
    pub name: Option<String>,
    /// `SecretStore` (the default) or `ClusterSecretStore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<SecretStoreRefKind>,
}

/// The kinds of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum SecretStoreRefKind {
    /// A store of the object's own namespace.
    SecretStore,
    /// A store of the cluster.
    ClusterSecretStore,
}

/// The Secret to write.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The name of the Secret; the ExternalSecret's own by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = SUBDOMAIN)
    )]
    pub name: Option<String>,
    /// How the Secret is made and owned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "Owner"))]
    pub creation_policy: Option<CreationPolicy>,
    /// What becomes of the Secret when the store says that its values are gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "Retain"))]
    pub deletion_policy: Option<DeletionPolicy>,
    /// Fields that are not served by this version.
    #[serde(flatten)]
    pub unserved: BTreeMap<String, Value>,
}

/// How the Secret is made and owned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum CreationPolicy {
    /// Made, owned, and deleted with the ExternalSecret.
    Owner,
    /// Made, and left when the ExternalSecret goes.
    Orphan,
    /// Keys are written into a Secret that somebody else makes.
    Merge,
    /// As Merge, and made where it is missing.
    CreateOrMerge,
    /// The store is read, and no Secret is written.
    None,
}

/// What becomes of the Secret when the store says that its values are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum DeletionPolicy {
    /// It is deleted when all values are gone.
    Delete,
    /// It loses the keys whose values are gone.
    Merge,
    /// It stays as it is.
    Retain,
}

/// When the store is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum RefreshPolicy {
    /// Once, when the object is made.
    CreatedOnce,
    /// After each refresh interval, and when the object changes.
    Periodic,
    /// When the object changes.
    OnChange,
}

/// One key of the Secret.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Data {
    /// The key in the Secret.
    #[schemars(length(min = 1, max = 253), regex(pattern = KEY))]
    pub secret_key: String,
    /// The value in the store.
    pub remote_ref: RemoteRef,
    /// Fields that are not served by this version.
    #[serde(flatten)]
    pub unserved: BTreeMap<String, Value>,
}

/// A value in a store.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemoteRef {
    /// The name of the value in the store.
    pub key: String,
    /// A part of the value, as a key or a gjson path; the whole value by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// The version of the value; the newest by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Fields that are not served by this version.
    #[serde(flatten)]
    pub unserved: BTreeMap<String, Value>,
}

/// Many keys of the Secret.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataFrom {
    /// A value that is a JSON object: each of its members becomes a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extract: Option<RemoteRef>,
    /// Fields that are not served by this version.
    #[serde(flatten)]
    pub unserved: BTreeMap<String, Value>,
}

/// What was last done for an ExternalSecret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExternalSecretStatus {
    /// When the store was last read with success. It is written when it is older than the operator's
    /// `--status-heartbeat`, and with every other change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<k8s_openapi::apimachinery::pkg::apis::meta::v1::Time>")]
    pub refresh_time: Option<Timestamp>,
    /// The generation and the hash of labels and annotations that were last synced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synced_resource_version: Option<String>,
    /// Whether it is in step, and if not, why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The Secret that is kept, for the Service Binding specification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,
}

/// The Secret that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct Binding {
    /// Its name.
    #[serde(default)]
    pub name: String,
}
