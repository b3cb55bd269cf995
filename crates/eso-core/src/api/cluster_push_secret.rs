//! `ClusterPushSecret`: one PushSecret for each of many namespaces.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    cluster_external_secret::{CopyMetadata, NamespaceFailure},
    conditions::Condition,
    names::SUBDOMAIN,
    push_secret::PushSecretSpec,
};

/// The desired state of a ClusterPushSecret.
#[derive(Clone, Debug, Default, PartialEq, CustomResource, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "external-secrets.io",
    version = "v1alpha1",
    kind = "ClusterPushSecret",
    plural = "clusterpushsecrets",
    category = "external-secrets",
    status = "ClusterPushSecretStatus",
    doc = "A ClusterPushSecret keeps a PushSecret in each of the namespaces that it chooses.",
    printcolumn(name = "AGE", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Status",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#
    )
)]
#[serde(rename_all = "camelCase")]
pub struct ClusterPushSecretSpec {
    /// What each of the PushSecrets asks for.
    pub push_secret_spec: PushSecretSpec,
    /// The name of the PushSecrets; the ClusterPushSecret's own by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = SUBDOMAIN))]
    pub push_secret_name: Option<String>,
    /// The labels and annotations of the PushSecrets: these, and no others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_secret_metadata: Option<CopyMetadata>,
    /// Namespaces whose labels one of these selects; an empty one selects all namespaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespace_selectors: Vec<LabelSelector>,
    /// Taken for the original's sake, and without effect: namespaces and PushSecrets are watched, and each change of
    /// them is acted on at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_time: Option<String>,
}

/// What was last done for a ClusterPushSecret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterPushSecretStatus {
    /// The name of the PushSecrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_secret_name: Option<String>,
    /// The namespaces that were chosen and are not as they should be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed_namespaces: Vec<NamespaceFailure>,
    /// The namespaces that have their PushSecret, in the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provisioned_namespaces: Vec<String>,
    /// Whether all namespaces that were chosen have their PushSecret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}
