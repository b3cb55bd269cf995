//! Writes for objects that are spread: their copies, their status, and the original's finalizers that go.

use std::marker::PhantomData;

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
use crate::{metadata, spread::Spread, watch::Item};

/// Writes for objects of the kind `K`. Nothing here holds a value.
pub(crate) struct ClusterWriter<K> {
    client: Client,
    kind: PhantomData<fn() -> K>,
}

/// A copy by name.
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

impl<K: Spread> ClusterWriter<K> {
    /// Writes with this client.
    pub(crate) fn new(client: Client) -> Self {
        Self { client, kind: PhantomData }
    }

    /// Makes a copy that an object controls, and gives it as it is then.
    pub(crate) async fn create(
        &self,
        place: Place<'_>,
        owner: &ObjectMeta,
        copy: &Copy,
    ) -> Result<Item<K::Copy>, WriteError> {
        let Copy { kind: _, labels, annotations, spec } = copy;
        let body = json!({
            "apiVersion": K::Copy::api_version(&()),
            "kind": K::Copy::kind(&()),
            "metadata": {
                "name": place.name,
                "namespace": place.namespace,
                "labels": labels,
                "annotations": annotations,
                "ownerReferences": [owner_reference::<K>(owner)],
            },
            "spec": spec,
        });
        let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), dry_run: false };
        let request = copies::<K>(place).create(&params, body.to_string().into_bytes());
        self.send(request).await
    }

    /// Gives a copy of this version the labels, annotations and spec that are asked for: these, and no others.
    pub(crate) async fn update(
        &self,
        place: Place<'_>,
        version: &Version,
        copy: &Copy,
    ) -> Result<Item<K::Copy>, WriteError> {
        let operations = json!([
            { "op": "replace", "path": "/metadata/resourceVersion", "value": version.version.to_string() },
            { "op": "add", "path": "/metadata/labels", "value": copy.labels },
            { "op": "add", "path": "/metadata/annotations", "value": copy.annotations },
            { "op": "add", "path": "/spec", "value": copy.spec },
        ]);
        let patch: Patch<()> =
            Patch::Json(serde_json::from_value(operations).expect("four operations must be a JSON patch"));
        self.send(copies::<K>(place).patch(place.name, &as_operator(), &patch)).await
    }

    /// Deletes a copy of this version. That it is gone already is as good.
    pub(crate) async fn delete(&self, place: Place<'_>, version: &Version) -> Result<(), WriteError> {
        let params = delete_of(version.uid.clone(), version.version.to_string());
        self.done(copies::<K>(place).delete(place.name, &params)).await
    }

    /// Takes a finalizer off a namespace.
    pub(crate) async fn release_namespace(&self, bound: &Bound, finalizer: &str) -> Result<(), WriteError> {
        self.release(Request::new(Namespace::url_path(&(), None)), bound, finalizer).await
    }

    /// Takes a finalizer off an object.
    pub(crate) async fn release_object(&self, bound: &Bound, finalizer: &str) -> Result<(), WriteError> {
        self.release(objects::<K>(), bound, finalizer).await
    }

    /// Writes the status of an object, and gives the object's new version.
    pub(crate) async fn report(&self, object: &ObjectMeta, status: &K::Status) -> Result<u64, WriteError> {
        let name = object.name.as_deref().unwrap_or_default();
        let patch = status::patch(object.uid.as_deref(), status);
        let request = objects::<K>().patch_subresource("status", name, &as_operator(), &patch);
        let written: Item<K> = self.send(as_metadata(request)).await?;
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

/// The reference that makes an object the controller of its copies, as the original's.
fn owner_reference<K: Spread>(owner: &ObjectMeta) -> OwnerReference {
    OwnerReference {
        api_version: K::api_version(&()).into_owned(),
        kind: K::kind(&()).into_owned(),
        name: owner.name.clone().unwrap_or_default(),
        uid: owner.uid.clone().unwrap_or_default(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

fn copies<K: Spread>(place: Place<'_>) -> Request {
    Request::new(K::Copy::url_path(&(), Some(place.namespace)))
}

fn objects<K: Spread>() -> Request {
    Request::new(K::url_path(&(), None))
}

fn as_metadata(request: Built) -> Built {
    let mut request = request?;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static(METADATA));
    Ok(request)
}
