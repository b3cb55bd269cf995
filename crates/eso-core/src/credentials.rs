//! How a provider gets the credentials that its store names, without seeing the cluster.

use std::{collections::BTreeMap, fmt, time::Duration};

use async_trait::async_trait;

use crate::{
    api::selectors::{CaProvider, SecretKeySelector, ServiceAccountSelector},
    error::{ErrorKind, ProviderError, Reason},
    value::SecretBytes,
};

/// Hands out one secret key, one CA, or one service-account token, when a provider connects and at each renewal.
///
/// It is made for one identity, with that store's namespace rule inside: whatever a selector says, a provider cannot
/// read in a namespace that its store may not.
#[async_trait]
pub trait CredentialSource: fmt::Debug + Send + Sync + 'static {
    /// The value of one key of a Secret, byte for byte: trimming is the provider's.
    async fn secret_key(&self, selector: &SecretKeySelector) -> Result<SecretBytes, CredentialError>;

    /// The PEM text that a `caProvider` names, in a Secret or a ConfigMap.
    async fn certificate_authority(&self, provider: &CaProvider) -> Result<Vec<u8>, CredentialError>;

    /// A new token of a service account, bound to `audiences` (none: the API server's own) beside those that the
    /// selector names, and valid for about `lifetime`.
    async fn service_account_token(
        &self,
        selector: &ServiceAccountSelector,
        audiences: &[String],
        lifetime: Duration,
    ) -> Result<SecretBytes, CredentialError>;

    /// Those of these annotations that a service account has, by name: clouds say there which role it may take.
    ///
    /// An edit of one that was asked for makes the store connect anew where somebody tells of it, and an edit of any
    /// other does not.
    async fn service_account_annotations(
        &self,
        selector: &ServiceAccountSelector,
        names: &[&str],
    ) -> Result<BTreeMap<String, String>, CredentialError>;

    /// Whether the store may log in as the operator itself, with the token of the operator's own service account.
    ///
    /// A store that somebody of a namespace wrote must not: its server, which they choose, would be shown a token that
    /// can read every Secret.
    fn lends_own_identity(&self) -> bool {
        false
    }
}

/// Why a credential could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// The object or its key is not there, or may not be read. The text names the object and holds no value.
    #[error("{0}")]
    Missing(String),
    /// The store may not look there: a namespaced store names another namespace.
    #[error("{0}")]
    Forbidden(String),
    /// The cluster did not answer; the same question may succeed later.
    #[error("{0}")]
    Unavailable(String),
}

impl CredentialError {
    /// The failure as the provider's own, of its `operation` (such as `Login`).
    ///
    /// A missing credential is `Unauthenticated` and one out of bounds `Invalid`: neither is ever taken for a
    /// missing value.
    pub fn into_provider_error(self, operation: &'static str) -> ProviderError {
        let kind = match self {
            Self::Missing(_) => ErrorKind::Unauthenticated,
            Self::Forbidden(_) => ErrorKind::Invalid,
            Self::Unavailable(_) => ErrorKind::Unavailable,
        };
        ProviderError::new(kind, operation).with_reason(Reason::new(self.to_string()))
    }
}
