//! `provider.aws`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::selectors::SecretKeySelector;

/// AWS Secrets Manager in one region.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AwsProvider {
    /// Which service.
    pub service: AwsService,
    /// Which region, such as `us-east-1`.
    pub region: String,
    /// Where the credentials come from; the SDK's default chain where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<AwsAuth>,
    /// The ARN of a role that is assumed with those credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The external id that the role asks for.
    #[serde(default, rename = "externalID", skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Whether the session is tagged with who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "None"))]
    pub session_tags_policy: Option<SessionTagsPolicy>,
    /// Fields that are not served by this version.
    #[serde(flatten)]
    pub unserved: BTreeMap<String, Value>,
}

/// The services of AWS that keep secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum AwsService {
    /// Secrets Manager.
    SecretsManager,
    /// The Parameter Store of Systems Manager.
    ParameterStore,
    /// The Certificate Manager.
    CertificateManager,
}

/// Whether the session is tagged with who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum SessionTagsPolicy {
    /// No tags but those of `sessionTags`.
    None,
    /// Namespace, name and kind of the store.
    Simple,
    /// Those, and `customSessionTags`.
    Custom,
}

/// Where AWS credentials come from.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AwsAuth {
    /// Static keys, in Secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<AwsAuthSecretRef>,
    /// Fields that are not served by this version.
    #[serde(flatten)]
    pub unserved: BTreeMap<String, Value>,
}

/// Static keys, in Secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AwsAuthSecretRef {
    /// The access key id.
    #[serde(
        rename = "accessKeyIDSecretRef",
        default,
        skip_serializing_if = "SecretKeySelector::names_nothing"
    )]
    pub access_key_id: SecretKeySelector,
    /// The secret access key.
    #[serde(
        rename = "secretAccessKeySecretRef",
        default,
        skip_serializing_if = "SecretKeySelector::names_nothing"
    )]
    pub secret_access_key: SecretKeySelector,
    /// The session token, for temporary keys.
    #[serde(rename = "sessionTokenSecretRef", default, skip_serializing_if = "Option::is_none")]
    pub session_token: Option<SecretKeySelector>,
}
