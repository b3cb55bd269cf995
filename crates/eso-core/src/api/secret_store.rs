//! `SecretStore` and `ClusterSecretStore`: which store, and how to log in.

#![expect(clippy::duplicated_attributes, reason = "each printed column has a type and a path of its own")]

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::{apis::meta::v1::LabelSelector, util::intstr::IntOrString};
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    aws::AwsProvider, conditions::Condition, fake::FakeProvider, names::LABEL, vault::VaultProvider,
};

/// A store of one namespace.
#[derive(Clone, Debug, PartialEq, CustomResource, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "external-secrets.io",
    version = "v1",
    kind = "SecretStore",
    plural = "secretstores",
    shortname = "ss",
    category = "external-secrets",
    namespaced,
    status = "SecretStoreStatus",
    doc = "A SecretStore names an external store, and how to log in, for the objects of its namespace.",
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Status",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#
    ),
    printcolumn(name = "Capabilities", type_ = "string", json_path = ".status.capabilities"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    )
)]
#[serde(rename_all = "camelCase")]
pub struct SecretStoreSpec {
    /// The class of the operator that serves this store; empty for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller: Option<String>,
    /// Exactly one provider.
    pub provider: Provider,
    /// How often one read is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_settings: Option<RetrySettings>,
    /// The time between two validations of the store, in seconds or as a Go duration; 0 for the operator's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_interval: Option<IntOrString>,
    /// Which namespaces may use a ClusterSecretStore; empty for all. One that holds is enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<NamespaceCondition>,
}

/// A store of the cluster.
#[derive(Clone, Debug, PartialEq, CustomResource, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "external-secrets.io",
    version = "v1",
    kind = "ClusterSecretStore",
    plural = "clustersecretstores",
    shortname = "css",
    category = "external-secrets",
    status = "SecretStoreStatus",
    doc = "A ClusterSecretStore names an external store, and how to log in, for the namespaces that it allows.",
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Status",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#
    ),
    printcolumn(name = "Capabilities", type_ = "string", json_path = ".status.capabilities"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    )
)]
pub struct ClusterSecretStoreSpec {
    /// The same as a SecretStore's.
    #[serde(flatten)]
    pub store: SecretStoreSpec,
}

/// The union of providers: exactly one is set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct Provider {
    /// AWS Secrets Manager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws: Option<AwsProvider>,
    /// HashiCorp Vault, or OpenBao.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vault: Option<VaultProvider>,
    /// Values written in the store itself, for trying things out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fake: Option<FakeProvider>,
    /// Providers that are not known here, by name.
    #[serde(flatten)]
    pub others: BTreeMap<String, Value>,
}

/// How often one read is tried again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetrySettings {
    /// How many times after the first; 3 for AWS and 0 for Vault by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<i32>,
    /// The time between two tries, as a Go duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_interval: Option<String>,
}

/// A rule for which namespaces may use a ClusterSecretStore. All that is given is tried; one that holds is enough.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceCondition {
    /// Namespaces with these labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
    /// Namespaces of these names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(min = 1, max = 63), regex(pattern = LABEL)))]
    pub namespaces: Vec<String>,
    /// Namespaces whose names match one of these regular expressions (Go's syntax). It is not anchored: `team-a` lets
    /// `not-team-a` in too, so begin it with `^` and end it with `$`. The store has a Warning event where one is not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespace_regexes: Vec<String>,
    /// The remote keys that these namespaces may ask for. Left out, all; an empty list, none. `*` stands for any
    /// characters, `/` among them; all else stands for itself, and a pattern is held against the whole key, as the store
    /// reads it: of Vault that is the path below the store's `path`, without `data/`, however the key is written; where
    /// the store has no `path`, with the mount before it. A namespace that several conditions let in may ask for what any
    /// of them allows: all, where one of them has no `keys`. For a ClusterSecretStore only: a SecretStore that has them
    /// is refused.
    #[serde(default, deserialize_with = "listed", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("nullable" = true))]
    pub keys: Option<Vec<String>>,
}

/// `null` is a list that was emptied, and no list that was left out: `keys:` with nothing behind it opens nothing.
fn listed<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    Option::deserialize(deserializer).map(|keys: Option<Vec<String>>| Some(keys.unwrap_or_default()))
}

/// What is known about a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretStoreStatus {
    /// Whether it can be used, and if not, why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// What its provider can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
}

/// What a provider can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Capabilities {
    /// Values can be read.
    ReadOnly,
    /// Values can be written.
    WriteOnly,
    /// Both.
    ReadWrite,
}
