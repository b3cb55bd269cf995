//! Which providers are built in: one exhaustive match over the CRD's union.

use std::sync::Arc;

use async_trait::async_trait;
use eso_aws::{Aws, Endpoints};
use eso_core::{
    api::secret_store::Provider,
    error::{ErrorKind, ProviderError, Reason},
    provider::{Connection, SecretProvider},
};
use eso_kube::stores::{Connect, ConnectError};
use eso_vault::Vault;

/// The providers that are built in, and what all stores of one share.
#[derive(Debug)]
pub struct Providers {
    aws: Aws,
    vault: Vault,
}

impl Providers {
    /// The providers, with the addresses of AWS where they are not the regions' own.
    pub fn new(endpoints: Endpoints) -> Self {
        Self { aws: Aws::new(endpoints), vault: Vault::new() }
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
        let connected = match (aws, vault, fake, others.keys().next()) {
            (Some(aws), None, None, None) => self.aws.connect(aws, connection).await,
            (None, Some(vault), None, None) => self.vault.connect(vault, connection).await,
            (None, None, Some(fake), None) => Ok(eso_fake::connect(fake)),
            (None, None, None, Some(name)) if others.len() == 1 => {
                return Err(ConnectError::Unknown(name.clone()));
            }
            (Some(_) | None, Some(_) | None, Some(_) | None, Some(_) | None) => Err(not_one()),
        };
        connected.map_err(ConnectError::Provider)
    }

    fn is_of_namespace(&self, provider: &Provider) -> bool {
        provider.aws.as_ref().is_some_and(eso_aws::is_of_namespace)
    }
}

/// The CRD admits no such store; one can still be there from before the CRD was ours.
fn not_one() -> ProviderError {
    let reason = Reason::new("exactly one provider must be specified, in spec.provider");
    ProviderError::new(ErrorKind::Invalid, "storeConfig").with_reason(reason)
}

#[cfg(test)]
mod tests;
