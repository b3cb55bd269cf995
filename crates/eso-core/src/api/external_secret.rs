//! `ExternalSecret`: which remote values become which keys of a Secret.

#![expect(clippy::duplicated_attributes, reason = "each printed column has a type and a path of its own")]

use std::collections::BTreeMap;

use jiff::Timestamp;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    conditions::Condition,
    names::{KEY, SUBDOMAIN},
};

mod rewrite;
mod template;

pub use rewrite::{
    ConflictPolicy, MergeStrategy, PriorityPolicy, Rewrite, RewriteMerge, RewriteRegexp, RewriteTransform,
};
pub use template::{
    EngineVersion, Template, TemplateFrom, TemplateMergePolicy, TemplateMetadata, TemplateRef,
    TemplateRefItem, TemplateScope,
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
    /// When the timer may have the store read; changes of the object are acted on at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_windows: Option<SyncWindows>,
    /// One key of the Secret for each entry; they win over `dataFrom`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<Data>,
    /// Many keys of the Secret for each entry; later entries win over earlier ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_from: Vec<DataFrom>,
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
    /// Whether the Secret may never change again once it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,
    /// Another kind of object to write in place of a Secret, where the operator's flags allow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Manifest>,
    /// What the target is made of, out of the values; without it, it holds the values themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Template>,
}

/// A kind of object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Its group and version, such as `v1` or `argoproj.io/v1alpha1`.
    #[schemars(length(min = 1))]
    pub api_version: String,
    /// Its kind, such as `ConfigMap`.
    #[schemars(length(min = 1))]
    pub kind: String,
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
    /// The store of this entry, where it is not the object's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ref: Option<SourceRef>,
}

/// Where the values of an entry come from: exactly one of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct SourceRef {
    /// A store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_ref: Option<SecretStoreRef>,
    /// A generator; none is served yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator_ref: Option<GeneratorRef>,
}

/// A generator of values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GeneratorRef {
    /// Its group and version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "generators.external-secrets.io/v1alpha1"))]
    pub api_version: Option<String>,
    /// Its kind.
    #[schemars(extend("enum" = GENERATORS))]
    pub kind: String,
    /// Its name.
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = SUBDOMAIN)
    )]
    pub name: String,
}

/// The kinds of generator that the original knows.
const GENERATORS: [&str; 18] = [
    "ACRAccessToken",
    "BeyondtrustWorkloadCredentialsDynamicSecret",
    "ClusterGenerator",
    "CloudsmithAccessToken",
    "ECRAuthorizationToken",
    "Fake",
    "GCRAccessToken",
    "GithubAccessToken",
    "GitlabDeployToken",
    "QuayAccessToken",
    "Password",
    "SSHKey",
    "STSSessionToken",
    "UUID",
    "VaultDynamicSecret",
    "Webhook",
    "Grafana",
    "MFA",
];

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
    /// Whether the value is read (`None`, the default), or what is known about it, such as its tags (`Fetch`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_policy: Option<MetadataPolicy>,
    /// How names that Kubernetes does not take are converted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion_strategy: Option<ConversionStrategy>,
    /// How values are decoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoding_strategy: Option<DecodingStrategy>,
    /// What becomes of a value with a byte 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_byte_policy: Option<NullBytePolicy>,
}

/// Whether a value is read, or what is known about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum MetadataPolicy {
    /// The value.
    None,
    /// What is known about it.
    Fetch,
}

/// How names that Kubernetes does not take are converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum ConversionStrategy {
    /// What Kubernetes does not take becomes `_`.
    Default,
    /// It becomes `_U` and the number of the character in hexadecimal digits, and `_`.
    Unicode,
}

/// How values are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum DecodingStrategy {
    /// As Base64 or Base64URL where they can be, else not at all.
    Auto,
    /// As standard base64.
    Base64,
    /// As base64 with `-` and `_`.
    Base64URL,
    /// Not at all.
    None,
}

/// What becomes of a value with a byte 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum NullBytePolicy {
    /// It is taken as any other.
    Ignore,
    /// The object fails.
    Fail,
}

/// Many keys of the Secret.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataFrom {
    /// A value that is a JSON object: each of its members becomes a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extract: Option<RemoteRef>,
    /// Many values of the store: each becomes a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub find: Option<Find>,
    /// How the names of the keys are written anew, one step after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewrite: Vec<Rewrite>,
    /// The store of this entry, where it is not the object's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ref: Option<SourceRef>,
}

/// Which values of a store are meant: all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Find {
    /// Where to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Which names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<FindName>,
    /// Which tags they must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// How names that Kubernetes does not take are converted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion_strategy: Option<ConversionStrategy>,
    /// How values are decoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoding_strategy: Option<DecodingStrategy>,
    /// What becomes of a value with a byte 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_byte_policy: Option<NullBytePolicy>,
}

/// Which names are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct FindName {
    /// A regular expression (Go's syntax, not anchored).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regexp: Option<String>,
}

/// When the timer may have the store read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct SyncWindows {
    /// Whether it may within the windows only (`allow`), or outside them only (`deny`).
    pub kind: SyncWindowKind,
    /// The windows.
    #[schemars(length(min = 1))]
    pub windows: Vec<SyncWindow>,
}

/// What windows are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SyncWindowKind {
    /// Within them the timer may.
    Allow,
    /// Within them it may not.
    Deny,
}

/// A window of time that comes again and again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct SyncWindow {
    /// When it begins, in UTC: a cron schedule of five fields, or `@daily`, `@every 6h` and their like.
    pub schedule: String,
    /// How long it lasts, as a Go duration.
    pub duration: String,
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
