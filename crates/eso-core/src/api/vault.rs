//! `provider.vault`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::selectors::CaProvider;

mod auth;

pub use auth::{
    GcpSecretRef, GcpWorkloadIdentity, VaultAppRole, VaultAuth, VaultAwsJwt, VaultAwsSecretRef,
    VaultCertificateAuth, VaultGcpAuth, VaultIamAuth, VaultJwtAuth, VaultKubernetesAuth,
    VaultKubernetesServiceAccountToken, VaultLdapAuth, VaultUserPassAuth,
};

/// The KV secrets engine of HashiCorp Vault or OpenBao.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultProvider {
    /// The address of the server, such as `https://vault.example.com:8200`.
    pub server: String,
    /// The mount path of the KV engine, such as `secret`; where it is not said, remote keys begin with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The version of the KV engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "v2"))]
    pub version: Option<KvVersion>,
    /// The Vault namespace of the mount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// PEM certificates, in base64, that sign the server's; the system's roots where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "byte"))]
    pub ca_bundle: Option<String>,
    /// An object that holds those certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_provider: Option<CaProvider>,
    /// How to log in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<VaultAuth>,
    /// Fields that are not served by this version.
    #[serde(flatten)]
    pub unserved: BTreeMap<String, Value>,
}

/// The versions of the KV engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KvVersion {
    /// Without versions of values.
    V1,
    /// With versions of values.
    #[default]
    V2,
}
