//! Writes for ClusterExternalSecrets: their ExternalSecrets, their status, and the original's finalizers that go.

use eso_core::api::{
    cluster_external_secret::{ClusterExternalSecret, ClusterExternalSecretStatus},
    external_secret::ExternalSecret,
};
use eso_plan::{cluster::Copy, plan::WriteError};
use http::{HeaderValue, header::ACCEPT};
use k8s_openapi::{
    api::core::v1::Namespace,
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference},
};
use kube::{
    Client, Resource,
    api::{Patch, PostParams},
    core::Request,
};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{Built, FIELD_MANAGER, METADATA, as_operator, delete_of, status, within};
use crate::{metadata, watch::Item};

/// Writes for ClusterExternalSecrets. Nothing here holds a value.
#[derive(Clone)]
pub(crate) struct ClusterWriter {
    client: Client,
}

/// An ExternalSecret by name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// Its namespace.
    pub(crate) namespace: &'a str,
    /// Its name.
    pub(crate) name: &'a str,
}

/// One version of an object: what is written is meant for this one, and for no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// The object's uid.
    pub(crate) uid: String,
    /// Its resourceVersion.
    pub(crate) version: u64,
}

/// An object that carries a finalizer, and all that it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    /// Its name.
    pub(crate) name: String,
    /// Its resourceVersion.
    pub(crate) version: u64,
    /// Its finalizers.
    pub(crate) finalizers: Vec<String>,
}

impl ClusterWriter {
    /// Writes with this client.
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Makes an ExternalSecret that a ClusterExternalSecret controls, and gives it as it is then.
    pub(crate) async fn create(
        &self,
        place: Place<'_>,
        owner: &ObjectMeta,
        copy: &Copy,
    ) -> Result<Item<ExternalSecret>, WriteError> {
        let Copy { labels, annotations, spec } = copy;
        let body = json!({
            "apiVersion": ExternalSecret::api_version(&()),
            "kind": ExternalSecret::kind(&()),
            "metadata": {
                "name": place.name,
                "namespace": place.namespace,
                "labels": labels,
                "annotations": annotations,
                "ownerReferences": [owner_reference(owner)],
            },
            "spec": spec,
        });
        let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), dry_run: false };
        let request = external_secrets(place).create(&params, body.to_string().into_bytes());
        self.send(request).await
    }

    /// Gives an ExternalSecret of this version the labels, annotations and spec of a copy: these, and no others.
    pub(crate) async fn update(
        &self,
        place: Place<'_>,
        version: &Version,
        copy: &Copy,
    ) -> Result<Item<ExternalSecret>, WriteError> {
        let operations = json!([
            { "op": "replace", "path": "/metadata/resourceVersion", "value": version.version.to_string() },
            { "op": "add", "path": "/metadata/labels", "value": copy.labels },
            { "op": "add", "path": "/metadata/annotations", "value": copy.annotations },
            { "op": "add", "path": "/spec", "value": copy.spec },
        ]);
        let patch: Patch<()> =
            Patch::Json(serde_json::from_value(operations).expect("four operations must be a JSON patch"));
        self.send(external_secrets(place).patch(place.name, &as_operator(), &patch)).await
    }

    /// Deletes an ExternalSecret of this version. That it is gone already is as good.
    pub(crate) async fn delete(&self, place: Place<'_>, version: &Version) -> Result<(), WriteError> {
        let params = delete_of(version.uid.clone(), version.version.to_string());
        self.done(external_secrets(place).delete(place.name, &params)).await
    }

    /// Takes a finalizer off a namespace.
    pub(crate) async fn release_namespace(&self, bound: &Bound, finalizer: &str) -> Result<(), WriteError> {
        self.release(Request::new(Namespace::url_path(&(), None)), bound, finalizer).await
    }

    /// Takes a finalizer off a ClusterExternalSecret.
    pub(crate) async fn release_object(&self, bound: &Bound, finalizer: &str) -> Result<(), WriteError> {
        self.release(cluster_external_secrets(), bound, finalizer).await
    }

    /// Writes the status of a ClusterExternalSecret, and gives the object's new version.
    pub(crate) async fn report(
        &self,
        object: &ObjectMeta,
        status: &ClusterExternalSecretStatus,
    ) -> Result<u64, WriteError> {
        let name = object.name.as_deref().unwrap_or_default();
        let patch = status::patch(object.uid.as_deref(), status);
        let request = cluster_external_secrets().patch_subresource("status", name, &as_operator(), &patch);
        let written: Item<ClusterExternalSecret> = self.send(as_metadata(request)).await?;
        Ok(metadata::version(written.metadata()))
    }

    async fn release(&self, objects: Request, bound: &Bound, finalizer: &str) -> Result<(), WriteError> {
        let Bound { name, version, finalizers } = bound;
        let others: Vec<&String> = finalizers.iter().filter(|other| *other != finalizer).collect();
        let patch = json!({ "metadata": { "resourceVersion": version.to_string(), "finalizers": others } });
        self.done(as_metadata(objects.patch(name, &as_operator(), &Patch::Merge(patch)))).await
    }

    /// Sends a request whose answer does not matter, nor that the object is gone.
    async fn done(&self, request: Built) -> Result<(), WriteError> {
        within(async {
            match self.client.request_text(request.map_err(kube::Error::BuildRequest)?).await {
                Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
                other => other.map(drop),
            }
        })
        .await
    }

    async fn send<T: DeserializeOwned>(&self, request: Built) -> Result<T, WriteError> {
        within(async { self.client.request(request.map_err(kube::Error::BuildRequest)?).await }).await
    }
}

/// The reference that makes a ClusterExternalSecret the controller of its ExternalSecrets, as the original's.
fn owner_reference(owner: &ObjectMeta) -> OwnerReference {
    OwnerReference {
        api_version: ClusterExternalSecret::api_version(&()).into_owned(),
        kind: ClusterExternalSecret::kind(&()).into_owned(),
        name: owner.name.clone().unwrap_or_default(),
        uid: owner.uid.clone().unwrap_or_default(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

fn external_secrets(place: Place<'_>) -> Request {
    Request::new(ExternalSecret::url_path(&(), Some(place.namespace)))
}

fn cluster_external_secrets() -> Request {
    Request::new(ClusterExternalSecret::url_path(&(), None))
}

fn as_metadata(request: Built) -> Built {
    let mut request = request?;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static(METADATA));
    Ok(request)
}
