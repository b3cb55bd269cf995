//! Which providers there are: one exhaustive match over the CRD's union, and those that a program adds.

mod added;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use eso_aws::{Aws, Endpoints};
use eso_core::{
    api::secret_store::Provider,
    error::{ErrorKind, ProviderError, Reason},
    provider::{Connection, SecretProvider},
};
use eso_kube::stores::{Connect, ConnectError};
use eso_vault::Vault;
use serde::de::DeserializeOwned;

use added::Added;

/// The names of those that are built in, which are the fields of the CRD's union.
const BUILT_IN: [&str; 3] = ["aws", "vault", "fake"];

/// The providers: those that are built in, with what all stores of one share, and those that were added.
#[derive(Debug)]
pub struct Providers {
    aws: Aws,
    vault: Vault,
    added: BTreeMap<String, Added>,
}

impl Providers {
    /// Those that are built in, with the addresses of AWS where they are not the regions' own.
    pub fn new(endpoints: Endpoints) -> Self {
        Self { aws: Aws::new(endpoints), vault: Vault::new(), added: BTreeMap::new() }
    }

    /// One more provider, for the stores that say `spec.provider.<name>`. The definitions admit such stores as they are.
    ///
    /// What a store says there is read as a `Spec`. Where that cannot be, the store's condition names the field, and
    /// quotes nothing of it; `#[serde(deny_unknown_fields)]` has it name a misspelt one, which the API server does not.
    /// `connect` is called when a store is new, edited, or a credential that it names is, and for a `ClusterSecretStore`
    /// with credentials of whoever asks, once for each such namespace. It may log in, or leave that to the first call.
    ///
    /// # Panics
    /// Where there is a provider of that name already.
    #[must_use]
    pub fn with<Spec, Connecting>(
        mut self,
        name: &str,
        connect: impl Fn(Spec, Connection) -> Connecting + Send + Sync + 'static,
    ) -> Self
    where
        Spec: DeserializeOwned,
        Connecting: Future<Output = Result<Arc<dyn SecretProvider>, ProviderError>> + Send + 'static,
    {
        let added = Added::new(name, connect);
        let is_new = !BUILT_IN.contains(&name) && self.added.insert(name.to_owned(), added).is_none();
        assert!(is_new, "there must be one provider of the name {name:?}");
        self
    }

    /// With the operator's own service-account token at this path, with which stores of Vault log in that name no other.
    #[must_use]
    pub fn with_own_token(self, path: impl Into<PathBuf>) -> Self {
        Self { vault: self.vault.with_own_token(path), ..self }
    }

    /// With the address of AWS's Security Token Service for stores of Vault that log in by AWS, where it is not the
    /// region's own.
    #[must_use]
    pub fn with_sts_of_vault(self, url: Option<String>) -> Self {
        Self { vault: self.vault.with_sts_endpoint(url), ..self }
    }
}

#[async_trait]
impl Connect for Providers {
    async fn connect(
        &self,
        provider: &Provider,
        connection: Connection,
    ) -> Result<Arc<dyn SecretProvider>, ConnectError> {
        let Provider { aws, vault, fake, others } = provider;
        let connected = match (aws, vault, fake, others.iter().next()) {
            (Some(aws), None, None, None) => self.aws.connect(aws, connection).await,
            (None, Some(vault), None, None) => self.vault.connect(vault, connection).await,
            (None, None, Some(fake), None) => Ok(eso_fake::connect(fake)),
            (None, None, None, Some((name, spec))) if others.len() == 1 => match self.added.get(name) {
                Some(added) => added.connect(spec, connection).await,
                None => return Err(ConnectError::Unknown(name.clone())),
            },
            (Some(_) | None, Some(_) | None, Some(_) | None, Some(_) | None) => Err(not_one()),
        };
        connected.map_err(ConnectError::Provider)
    }

    fn is_of_namespace(&self, provider: &Provider) -> bool {
        provider.aws.as_ref().is_some_and(eso_aws::is_of_namespace)
    }

    fn knows(&self, provider: &str) -> bool {
        BUILT_IN.contains(&provider) || self.added.contains_key(provider)
    }

    async fn settled(&self) {
        self.vault.settled().await;
    }
}

/// The CRD admits no such store; one can still be there from before the CRD was ours.
fn not_one() -> ProviderError {
    let reason = Reason::new("exactly one provider must be specified, in spec.provider");
    ProviderError::new(ErrorKind::Invalid, "storeConfig").with_reason(reason)
}

#[cfg(test)]
mod tests;
