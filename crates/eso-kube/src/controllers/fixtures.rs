//! What tests of the controllers and the stores need.

use std::sync::Arc;

use async_trait::async_trait;
use eso_core::{
    api::secret_store::Provider,
    provider::{Connection, SecretProvider},
};

use crate::stores::{Connect, ConnectError};

/// Knows no provider.
#[derive(Debug)]
pub(crate) struct ToNothing;

#[async_trait]
impl Connect for ToNothing {
    async fn connect(
        &self,
        _provider: &Provider,
        _connection: Connection,
    ) -> Result<Arc<dyn SecretProvider>, ConnectError> {
        Err(ConnectError::Unknown("none".to_owned()))
    }
}
