//! HashiCorp Vault and OpenBao: their KV engines, version 1 and 2, as a [`SecretProvider`].
//!
//! [`Vault`] is made once; each [`connect`](Vault::connect) gives one store, logged in as one identity.

use std::{path::PathBuf, sync::Arc};

use eso_core::{
    api::vault::VaultProvider,
    error::{ErrorKind, ProviderError, Reason},
    provider::{Connection, SecretProvider},
};

/// What all Vault stores of a process share.
#[derive(Debug)]
pub struct Vault {
    own_token: PathBuf,
}

impl Vault {
    /// Where Kubernetes mounts the token of a pod's own service account.
    pub const OWN_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

    /// Shares nothing yet.
    pub fn new() -> Self {
        Self { own_token: Self::OWN_TOKEN.into() }
    }

    /// Reads the operator's own service-account token at another path than [`OWN_TOKEN`](Self::OWN_TOKEN).
    #[must_use]
    pub fn with_own_token(mut self, path: impl Into<PathBuf>) -> Self {
        self.own_token = path.into();
        self
    }

    /// Logs in to a store.
    ///
    /// Fails with `Invalid` where the specification can never work, `Unauthenticated` where the login is refused or a
    /// credential is missing, and `Unavailable` where the server does not answer.
    pub async fn connect(
        &self,
        _spec: &VaultProvider,
        _connection: Connection,
    ) -> Result<Arc<dyn SecretProvider>, ProviderError> {
        let reason = Reason::new(format!("not served yet (own token at {})", self.own_token.display()));
        Err(ProviderError::new(ErrorKind::Invalid, "cannot initialize Vault client").with_reason(reason))
    }
}

impl Default for Vault {
    fn default() -> Self {
        Self::new()
    }
}
