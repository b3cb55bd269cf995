//! `provider.aws`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::selectors::{SecretKeySelector, ServiceAccountSelector};

/// A service of AWS that keeps secrets, in one region.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
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
    /// The ARNs of roles that are assumed one after the other before `role` is, each with the credentials of the one
    /// before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub additional_roles: Vec<String>,
    /// The external id that the role asks for.
    #[serde(default, rename = "externalID", skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Tags of the session in which `role` is assumed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub session_tags: Vec<AwsTag>,
    /// Which of these tags the sessions of further roles keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitive_tag_keys: Vec<String>,
    /// Whether the session is tagged with who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "None"))]
    pub session_tags_policy: Option<SessionTagsPolicy>,
    /// Further tags of the session under the policy `Custom`. Those without a name or a value are left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom_session_tags: BTreeMap<String, String>,
    /// How secrets of Secrets Manager are deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets_manager: Option<SecretsManagerSettings>,
    /// What every key begins with: it is put before the keys that are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
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
    /// `esoNamespace`, the namespace of the object that asks, `esoStoreName` and `esoStoreKind`, in place of
    /// `sessionTags`. A ClusterSecretStore logs in anew for each namespace.
    Simple,
    /// Those, and `customSessionTags`.
    Custom,
}

/// A tag of a session.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub struct AwsTag {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// How secrets of Secrets Manager are deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretsManagerSettings {
    /// Whether they are gone at once, without a time in which they can be restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub force_delete_without_recovery: Option<bool>,
    /// For how many days they can be restored, 7 to 30; 30 where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_window_in_days: Option<i64>,
}

/// Where AWS credentials come from: `jwt` comes before `secretRef`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AwsAuth {
    /// Static keys, in Secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<AwsAuthSecretRef>,
    /// A token of a service account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<AwsJwtAuth>,
}

/// A token of a service account, for which STS gives the credentials of a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AwsJwtAuth {
    /// The service account. Its annotation `eks.amazonaws.com/role-arn` names the role, and
    /// `eks.amazonaws.com/audience` the audience of the token, `sts.amazonaws.com` where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_ref: Option<ServiceAccountSelector>,
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
