//! What tests of the controllers and the stores need.

use std::sync::Arc;

use async_trait::async_trait;
use eso_core::{
    api::secret_store::Provider,
    provider::{Connection, SecretProvider},
};

use kube::Client;
use tokio_util::sync::CancellationToken;

use crate::{
    events::Events,
    lease::Leadership,
    stores::{Connect, ConnectError, Dependents, Standby, StoreRegistry, StoreRegistrySettings},
};

/// Stores that a standby knows of, and connects none of.
pub(crate) fn registry(client: Client, dependents: Arc<dyn Dependents>) -> Arc<StoreRegistry> {
    let (events, _) = Events::new(client.clone(), 0, Arc::new(()));
    StoreRegistry::new(StoreRegistrySettings {
        client,
        connect: Arc::new(ToNothing),
        dependents,
        events,
        telemetry: Arc::new(()),
        class: "default".to_owned(),
        cluster_stores: true,
        standby: Standby::default(),
        requeue_interval: None,
        leadership: Leadership::standby(),
        stop: CancellationToken::new(),
    })
}

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
