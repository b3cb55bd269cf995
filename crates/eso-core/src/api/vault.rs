//! `provider.vault`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::selectors::{CaProvider, SecretKeySelector};

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
    /// The certificate that the operator shows the server, where the server asks for one. It is not shown without TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<VaultClientTls>,
    /// Whether each request names the newest state of the server that this store has seen, so that no replica answers
    /// from before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_your_writes: Option<bool>,
    /// Whether a replica that has not seen that state is asked to hand the request on. It works together with
    /// `readYourWrites`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_inconsistent: Option<bool>,
    /// Headers that are sent with each request, such as those that a proxy before Vault asks for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// How values are written under version 2: always against the version that was looked at, whatever this says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_and_set: Option<VaultCheckAndSet>,
    /// How to log in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<VaultAuth>,
}

/// A client certificate for TLS: both of its parts, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultClientTls {
    /// The certificate, as PEM; its key is `tls.crt` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<SecretKeySelector>,
    /// The private key, as PEM; its key is `tls.key` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_secret_ref: Option<SecretKeySelector>,
}

/// Whether a write must name the version that it replaces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultCheckAndSet {
    /// Whether the mount refuses a write that does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
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
