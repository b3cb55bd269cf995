//! Stores that somebody connects by hand, by name.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use eso_core::key::StoreReference;
use parking_lot::Mutex;

use super::{Granted, Stores};
use crate::store::Store;

/// Stores out of a map: whoever names one may ask it for every key.
#[derive(Debug, Default)]
pub struct StoreMap(Mutex<BTreeMap<StoreReference, Arc<Store>>>);

impl StoreMap {
    /// Puts a store under a name, and gives back the one that it takes the place of: that should be closed once no run can
    /// use it any more, and the objects that name it be woken with [`Cause::SourceChanged`](crate::engine::Cause).
    pub fn put(&self, reference: StoreReference, store: Arc<Store>) -> Option<Arc<Store>> {
        self.0.lock().insert(reference, store)
    }
}

#[async_trait]
impl Stores for StoreMap {
    async fn store(&self, reference: &StoreReference) -> Result<Granted, String> {
        let store = self.0.lock().get(reference).cloned();
        store
            .map(Granted::whole)
            .ok_or_else(|| format!("could not get {reference}, no store of that name is connected"))
    }
}

#[cfg(test)]
mod tests;
