//! What an object names, whether or not it is well formed otherwise: for indexes.

use std::collections::BTreeSet;

use eso_core::{
    api::external_secret::{
        ExternalSecret, ExternalSecretSpec, SecretStoreRef, SecretStoreRefKind, SourceRef, Template,
        TemplateFrom, TemplateRef,
    },
    key::{StoreKind, StoreReference},
};

use crate::template::{SourceKind, SourceName};

/// The name of the Secret that an ExternalSecret writes; `None` where it writes an object of another kind.
pub fn secret(object: &ExternalSecret) -> Option<&str> {
    let manifest = object.spec.target.as_ref().and_then(|target| target.manifest.as_ref());
    manifest.is_none().then(|| target(object))
}

/// The name of what an ExternalSecret writes.
pub fn target(object: &ExternalSecret) -> &str {
    let named = object.spec.target.as_ref().and_then(|target| target.name.as_deref()).unwrap_or_default();
    match named {
        "" => object.metadata.name.as_deref().unwrap_or_default(),
        name => name,
    }
}

/// The stores that an ExternalSecret names: the one of all entries, and those of single ones.
pub fn stores(object: &ExternalSecret) -> BTreeSet<StoreReference> {
    let ExternalSecretSpec { data, data_from, .. } = &object.spec;
    let of_data = data.iter().map(|data| data.source_ref.as_ref());
    let of_data_from = data_from.iter().map(|from| from.source_ref.as_ref());
    of_data.chain(of_data_from).chain([None]).filter_map(|source| store_of(object, source)).collect()
}

/// The objects of its namespace that the templates of an ExternalSecret stand in.
pub fn sources(object: &ExternalSecret) -> BTreeSet<SourceName> {
    let template = object.spec.target.as_ref().and_then(|target| target.template.as_ref());
    template.into_iter().flat_map(sources_of).collect()
}

/// The objects of a namespace that a template stands in.
pub(super) fn sources_of(template: &Template) -> BTreeSet<SourceName> {
    let named = |kind, reference: &Option<TemplateRef>| {
        reference.as_ref().map(|reference| SourceName { kind, name: reference.name.clone() })
    };
    let from = template.template_from.iter().flat_map(|TemplateFrom { config_map, secret, .. }| {
        [named(SourceKind::ConfigMap, config_map), named(SourceKind::Secret, secret)]
    });
    from.flatten().collect()
}

/// The store of an entry with this source: the one that it names, or else the object's.
pub(super) fn store_of(object: &ExternalSecret, source: Option<&SourceRef>) -> Option<StoreReference> {
    let own = source.and_then(|source| source.store_ref.as_ref());
    let SecretStoreRef { name, kind } = own.or(object.spec.secret_store_ref.as_ref())?;
    let kind = match kind {
        None | Some(SecretStoreRefKind::SecretStore) => StoreKind::SecretStore,
        Some(SecretStoreRefKind::ClusterSecretStore) => StoreKind::ClusterSecretStore,
    };
    let name = name.clone().filter(|name| !name.is_empty())?;
    Some(StoreReference { kind, namespace: object.metadata.namespace.clone().unwrap_or_default(), name })
}

#[cfg(test)]
mod tests;
