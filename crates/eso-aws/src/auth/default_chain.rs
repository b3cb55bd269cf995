//! The operator's own credentials: whatever the SDK finds in the process's environment and around it.

use async_trait::async_trait;
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider},
};
use eso_core::error::ProviderError;

use super::Login;
use crate::error::Call;

pub(super) struct DefaultChain {
    pub(super) chain: SharedCredentialsProvider,
    pub(super) region: String,
}

#[async_trait]
impl Login for DefaultChain {
    async fn log_in(&self) -> Result<Credentials, ProviderError> {
        let call = Call::default_chain(&self.region);
        self.chain.provide_credentials().await.map_err(|error| call.without_credentials(&error))
    }
}
