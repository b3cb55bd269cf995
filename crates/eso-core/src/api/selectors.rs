//! How a store names the objects that hold its credentials.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::names::{KEY, LABEL, SUBDOMAIN};

/// A reference to one key of a Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeySelector {
    /// The name of the Secret.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(min = 1, max = 253), regex(pattern = SUBDOMAIN))]
    pub name: String,
    /// The namespace of the Secret, for a ClusterSecretStore only; left empty there, the namespace of the object that
    /// asks. A SecretStore reads in its own namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = LABEL))]
    pub namespace: Option<String>,
    /// The key in the Secret's data. Some uses have a default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = KEY))]
    pub key: Option<String>,
}

impl SecretKeySelector {
    /// Whether it names no Secret: the schema lets a selector be left out, and empty.
    pub fn names_nothing(&self) -> bool {
        self.name.is_empty()
    }
}

/// A reference to a service account, of which a token is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccountSelector {
    /// The name of the service account.
    #[schemars(length(min = 1, max = 253), regex(pattern = SUBDOMAIN))]
    pub name: String,
    /// The namespace of the service account, for a ClusterSecretStore only; left empty there, the namespace of the
    /// object that asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = LABEL))]
    pub namespace: Option<String>,
    /// Audiences that the token is made for, beside the default ones of the use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
}

/// Where to find the certificate authority of a server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaProvider {
    /// The kind of the object.
    #[serde(rename = "type")]
    pub kind: CaProviderKind,
    /// The name of the object.
    #[schemars(length(min = 1, max = 253), regex(pattern = SUBDOMAIN))]
    pub name: String,
    /// The key where the PEM text is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = KEY))]
    pub key: Option<String>,
    /// The namespace of the object; a ClusterSecretStore must say it, a SecretStore may only say its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = LABEL))]
    pub namespace: Option<String>,
}

/// The kinds of object that can hold a certificate authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize, JsonSchema)]
pub enum CaProviderKind {
    /// A Secret.
    Secret,
    /// A ConfigMap.
    ConfigMap,
}
