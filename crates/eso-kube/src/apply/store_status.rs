//! Writes the status of a store.

use eso_core::{
    api::{GROUP, secret_store::SecretStoreStatus},
    key::StoreKind,
};
use eso_plan::plan::WriteError;
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, PatchParams},
    core::{GroupVersionKind, PartialObjectMeta},
};

use super::{FIELD_MANAGER, status, within};
use crate::{stores::StoreKey, watch::Item};

/// Writes the status, and nothing else, and says the resource version that this made; nothing for a store that is no object.
///
/// The uid goes with it: a store that was deleted and made again is not given the status of the one before.
pub(crate) async fn write(
    client: &Client,
    store: &StoreKey,
    uid: &str,
    status: &SecretStoreStatus,
) -> Result<Option<String>, WriteError> {
    let StoreKey { kind, namespace, name } = store;
    let Some(resource) = resource(*kind) else { return Ok(None) };
    let stores: Api<Item<PartialObjectMeta<DynamicObject>>> = match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let patch = status::patch(Some(uid), status);
    let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    let written = within(stores.patch_status(name, &params, &patch)).await?;
    Ok(written.metadata().resource_version.clone())
}

/// The resource of a kind of store; `None` of one that is no object.
pub(crate) fn resource(kind: StoreKind) -> Option<ApiResource> {
    let plural = match kind {
        StoreKind::SecretStore => "secretstores",
        StoreKind::ClusterSecretStore => "clustersecretstores",
        StoreKind::Environment => return None,
    };
    let kind = GroupVersionKind::gvk(GROUP, "v1", &kind.to_string());
    Some(ApiResource::from_gvk_with_plural(&kind, plural))
}
