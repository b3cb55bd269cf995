//! What an object names, whether or not it is well formed otherwise: for indexes.

use std::collections::BTreeSet;

use eso_core::{
    api::external_secret::{ExternalSecret, SecretStoreRefKind},
    key::{StoreKind, StoreReference},
};

/// The name of the Secret that an ExternalSecret writes.
pub fn target(object: &ExternalSecret) -> &str {
    let named = object.spec.target.as_ref().and_then(|target| target.name.as_deref()).unwrap_or_default();
    match named {
        "" => object.metadata.name.as_deref().unwrap_or_default(),
        name => name,
    }
}

/// The stores that an ExternalSecret names.
pub fn stores(object: &ExternalSecret) -> BTreeSet<StoreReference> {
    default_store(object).into_iter().collect()
}

/// The store of all entries that name none of their own.
pub(super) fn default_store(object: &ExternalSecret) -> Option<StoreReference> {
    let reference = object.spec.secret_store_ref.as_ref()?;
    let kind = match reference.kind {
        None | Some(SecretStoreRefKind::SecretStore) => StoreKind::SecretStore,
        Some(SecretStoreRefKind::ClusterSecretStore) => StoreKind::ClusterSecretStore,
    };
    let name = reference.name.clone().filter(|name| !name.is_empty())?;
    Some(StoreReference { kind, namespace: object.metadata.namespace.clone().unwrap_or_default(), name })
}

#[cfg(test)]
mod tests;
