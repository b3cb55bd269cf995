//! A store on AWS as the contract has it, whichever service keeps its values.

use std::{fmt, num::NonZeroUsize};

use async_trait::async_trait;
use eso_core::{
    error::ProviderError,
    key::RemoteKey,
    provider::{Backend, Fetch, Notice, SecretFinder, SecretProvider, SecretWriter},
};

use crate::batch::{self, Batched, Read};

/// One store, logged in as one identity.
pub(crate) struct Store<S>(pub(crate) S);

#[async_trait]
impl<S> SecretProvider for Store<S>
where
    S: Batched + SecretFinder + SecretWriter + 'static,
{
    async fn fetch(&self, request: &Fetch) -> Read {
        batch::fetch(&self.0, request).await
    }

    async fn check(&self) -> Result<(), ProviderError> {
        self.0.access().check().await
    }

    async fn fetch_all(&self, requests: &[Fetch]) -> Vec<Read> {
        batch::fetch_all(&self.0, requests).await
    }

    fn batch_size(&self, request: &Fetch) -> NonZeroUsize {
        batch::batch_size(&self.0, request)
    }

    fn backend(&self) -> Option<Backend> {
        Some(self.0.access().backend.clone())
    }

    fn canonical(&self, key: &RemoteKey) -> Option<RemoteKey> {
        self.0.access().canonical(key)
    }

    fn notice(&self) -> Option<Notice> {
        self.0.batches().notice()
    }

    fn finder(&self) -> Option<&dyn SecretFinder> {
        Some(&self.0)
    }

    fn writer(&self) -> Option<&dyn SecretWriter> {
        Some(&self.0)
    }
}

/// As the metrics of the original name it.
impl<S: Batched> fmt::Display for Store<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.access().provider())
    }
}

impl<S: Batched> fmt::Debug for Store<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let access = self.0.access();
        f.debug_struct(access.provider()).field("backend", &access.backend.id).finish_non_exhaustive()
    }
}
