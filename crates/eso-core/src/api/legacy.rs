//! The `ExternalSecret` of `kubernetes-client.io/v1`, as the older controller of that group defined it.
//!
//! The fields are those of its last release, 8.5.5, of all its backends: an object of one that is not served is read, and
//! can be told so by name.

#![expect(clippy::duplicated_attributes, reason = "each printed column has a type and a path of its own")]

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::CustomResource;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The API group of the kind here.
pub const GROUP: &str = "kubernetes-client.io";

/// The desired state of an ExternalSecret.
#[derive(Clone, Debug, Default, PartialEq, CustomResource, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "kubernetes-client.io",
    version = "v1",
    kind = "ExternalSecret",
    plural = "externalsecrets",
    shortname = "es",
    namespaced,
    status = "ExternalSecretStatus",
    doc = "An ExternalSecret names values of a backend that are kept in the Secret of its own name.",
    printcolumn(name = "Last Sync", type_ = "date", json_path = ".status.lastSync"),
    printcolumn(name = "status", type_ = "string", json_path = ".status.status"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct ExternalSecretSpec {
    /// The controller that serves this object, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller_id: Option<String>,
    /// The type of the Secret; `template.type` says it too, and wins.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub secret_type: Option<String>,
    /// What the Secret holds beside the values: any fields of a Secret, whose texts may hold `<%= … %>` expressions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_object")]
    pub template: Option<Map<String, Value>>,
    /// Where the values are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_type: Option<BackendType>,
    /// The role of Vault to log in as. For `vault`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vault_role: Option<String>,
    /// Where the Kubernetes method of logging in to Vault is mounted. For `vault`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vault_mount_point: Option<String>,
    /// The version of Vault's KV engine, 2 by default. For `vault`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "kv_version")]
    pub kv_version: Option<u8>,
    /// The name of the vault. For `azureKeyVault`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_vault_name: Option<String>,
    /// Keys of the backend whose values are JSON objects: each member becomes a key of the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_from: Option<Vec<String>>,
    /// The same, each at a version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_from_with_options: Option<Vec<DataFromWithOptions>>,
    /// One key of the Secret for each entry, or many of a path; they win over the other two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Vec<Data>>,
    /// The ARN of the role to assume. For `secretsManager`, `systemManager` and `alicloudSecretsManager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// The region of AWS. For `secretsManager` and `systemManager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The project. For `gcpSecretsManager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// Whether keys are names, and not ids. For `ibmcloudSecretsManager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_by_name: Option<bool>,
}

/// Where values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BackendType {
    /// AWS Secrets Manager.
    SecretsManager,
    /// The Parameter Store of AWS Systems Manager.
    SystemManager,
    /// The KV engine of Vault.
    Vault,
    /// Azure Key Vault.
    AzureKeyVault,
    /// The Secret Manager of Google Cloud.
    GcpSecretsManager,
    /// The Secrets Manager of Alibaba Cloud.
    AlicloudSecretsManager,
    /// The Secrets Manager of IBM Cloud.
    IbmcloudSecretsManager,
    /// Akeyless.
    Akeyless,
}

/// A key of the backend whose value is a JSON object, at a version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataFromWithOptions {
    /// The key in the backend.
    pub key: String,
    /// Taken, and without effect, as it ever was: the members of an object are no base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_binary: Option<bool>,
    /// The stage of the version. For `secretsManager` and `alicloudSecretsManager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_stage: Option<String>,
    /// The id of the version, which wins over the stage. For `secretsManager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
}

/// One key of the Secret (`key` and `name`), or many (`path`).
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Data {
    /// The key in the backend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The key in the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A part of the value, which is JSON then: a name, or a path such as `a.b[0].c`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// Whether the value is base64 of what is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_binary: Option<bool>,
    /// The path of parameters, each of which becomes a key of the Secret by the last part of its name. For
    /// `systemManager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Whether parameters of paths below count too. For `systemManager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recursive: Option<bool>,
    /// What sort of secret it is. For `ibmcloudSecretsManager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_type: Option<String>,
    /// The version. For `gcpSecretsManager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<IntOrString>,
    /// The stage of the version, `AWSCURRENT` by default. For `secretsManager` and `alicloudSecretsManager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_stage: Option<String>,
    /// The id of the version, which wins over the stage. For `secretsManager`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
}

/// What was last done for an ExternalSecret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExternalSecretStatus {
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sync: Option<String>,
    /// `SUCCESS`, or `ERROR, ` and what is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Which state of the object that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_number")]
    pub observed_generation: Option<i64>,
}

fn any_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })
}

fn any_number(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "number" })
}

fn kv_version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "minimum": 1, "maximum": 2 })
}

impl BackendType {
    /// As an object names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SecretsManager => "secretsManager",
            Self::SystemManager => "systemManager",
            Self::Vault => "vault",
            Self::AzureKeyVault => "azureKeyVault",
            Self::GcpSecretsManager => "gcpSecretsManager",
            Self::AlicloudSecretsManager => "alicloudSecretsManager",
            Self::IbmcloudSecretsManager => "ibmcloudSecretsManager",
            Self::Akeyless => "akeyless",
        }
    }
}
