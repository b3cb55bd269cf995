//! Writes targets that are no Secrets: ConfigMaps, and objects of other kinds.

mod body;

use std::{
    collections::HashMap,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash},
};

use eso_plan::{desired::Manifest, digest::Digest, plan::WriteError};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, Client,
    api::{DynamicObject, ListParams, PostParams},
    core::GroupVersion,
    discovery::{self, ApiResource, Scope},
};
use parking_lot::Mutex;

use super::{
    Place,
    call::{delete_of, unless_gone, within_quietly},
};
use crate::{
    marks::{CREATED_BY_LABEL, Marks},
    metadata,
};

pub use body::{Body, wanted};

/// Writes objects of any kind in the namespace of their ExternalSecret.
pub struct GenericWriter {
    client: Client,
    /// The kinds that were asked for before, as the API server serves them.
    kinds: Mutex<HashMap<Manifest, ApiResource>>,
}

impl GenericWriter {
    /// Writes with this client.
    pub fn new(client: Client) -> Self {
        Self { client, kinds: Mutex::default() }
    }

    /// Looks at an object's metadata; `None` where there is no such object.
    pub async fn look(&self, kind: &Manifest, place: Place<'_>) -> Result<Option<ObjectMeta>, WriteError> {
        let api = self.api(kind, place.namespace).await?;
        let found = self.known(kind, within_quietly(api.get_metadata_opt(place.name)).await)?;
        Ok(found.map(|found| found.metadata))
    }

    /// Looks at the metadata of the objects of a kind that carry the label of the same owner.
    pub async fn look_at_owned(
        &self,
        kind: &Manifest,
        place: Place<'_>,
    ) -> Result<Vec<ObjectMeta>, WriteError> {
        let Some(owner) = place.marks.labels.get(CREATED_BY_LABEL) else { return Ok(Vec::new()) };
        let api = self.api(kind, place.namespace).await?;
        let params = ListParams::default().labels(&format!("{CREATED_BY_LABEL}={owner}"));
        let found = within_quietly(api.list_metadata(&params)).await?;
        Ok(found.items.into_iter().map(|found| found.metadata).collect())
    }

    /// Reads an object whole; `None` where there is no such object.
    pub async fn read(&self, kind: &Manifest, place: Place<'_>) -> Result<Option<DynamicObject>, WriteError> {
        let api = self.api(kind, place.namespace).await?;
        self.known(kind, within_quietly(api.get_opt(place.name)).await)
    }

    /// Makes an object, or makes the one of the version that it names like it, and gives it as it is stored.
    pub async fn put(
        &self,
        kind: &Manifest,
        place: Place<'_>,
        object: &DynamicObject,
    ) -> Result<DynamicObject, WriteError> {
        let api = self.api(kind, place.namespace).await?;
        let params = PostParams { field_manager: Some(place.marks.manager.clone()), dry_run: false };
        match &object.metadata.resource_version {
            None => within_quietly(api.create(&params, object)).await,
            Some(_) => within_quietly(api.replace(place.name, &params, object)).await,
        }
    }

    /// Deletes an object of this version.
    pub async fn delete(
        &self,
        kind: &Manifest,
        namespace: &str,
        object: &ObjectMeta,
    ) -> Result<(), WriteError> {
        let api = self.api(kind, namespace).await?;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let params = delete_of(text(&object.uid), text(&object.resource_version));
        within_quietly(unless_gone(api.delete(&text(&object.name), &params))).await
    }

    async fn api(&self, kind: &Manifest, namespace: &str) -> Result<Api<DynamicObject>, WriteError> {
        let resource = self.resource(kind).await?;
        Ok(Api::namespaced_with(self.client.clone(), namespace, &resource))
    }

    /// How the API server serves a kind.
    async fn resource(&self, kind: &Manifest) -> Result<ApiResource, WriteError> {
        if let Some(known) = self.kinds.lock().get(kind) {
            return Ok(known.clone());
        }
        let Manifest { api_version, kind: name } = kind;
        let none = || WriteError::Invalid(format!("the API server serves no {name} of {api_version}"));
        let version: GroupVersion = api_version.parse().map_err(|_error| none())?;
        let version = version.with_kind(name);
        let found = within_quietly(async {
            match discovery::pinned_kind(&self.client, &version).await {
                Err(kube::Error::Discovery(_)) => Ok(None),
                // A group that is not served is answered in plain text, which has no reason.
                Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
                other => other.map(Some),
            }
        });
        let (resource, capabilities) = found.await?.ok_or_else(none)?;
        if capabilities.scope != Scope::Namespaced {
            return Err(WriteError::Invalid(format!(
                "{name} of {api_version} has no namespace: only objects of the ExternalSecret's own are written"
            )));
        }
        self.kinds.lock().insert(kind.clone(), resource.clone());
        Ok(resource)
    }

    /// Where an object is not found, its kind may be gone, or served otherwise: it is asked for anew.
    fn known<T>(
        &self,
        kind: &Manifest,
        found: Result<Option<T>, WriteError>,
    ) -> Result<Option<T>, WriteError> {
        if !matches!(found, Ok(Some(_))) {
            self.kinds.lock().remove(kind);
        }
        found
    }
}

impl std::fmt::Debug for GenericWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GenericWriter").field("kinds", &*self.kinds.lock()).finish_non_exhaustive()
    }
}

/// A target as it was left: what it is compared with when it is looked at again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// What its metadata told.
    shape: u64,
    /// What its fields held, and what we put on it for a template.
    held: u64,
    /// The digest of the entries that it was made of.
    pub digest: Digest,
}

impl Left {
    /// An object that was made of entries with this digest.
    pub fn new(object: &DynamicObject, marks: &Marks, digest: Digest) -> Self {
        let worn = marks.worn_by(&object.metadata).map(|worn| worn.fingerprint);
        let fields = object.data.as_object().into_iter().flatten().filter(|(name, _)| *name != "status");
        let fields: Vec<(&String, String)> = fields.map(|(name, value)| (name, value.to_string())).collect();
        Self { shape: shape(&object.metadata), held: hash(&(fields, worn)), digest }
    }

    /// Whether nobody has changed it since, as far as its metadata tell.
    pub fn is(&self, found: &ObjectMeta) -> bool {
        self.shape == shape(found)
    }

    /// Whether what was changed since is none of ours.
    pub fn holds_the_same(&self, now: &Self) -> bool {
        self.held == now.held
    }
}

/// A number that is another one once somebody changed the object. A generation counts the changes of the spec; where a
/// kind has none, each write counts.
fn shape(metadata: &ObjectMeta) -> u64 {
    let ObjectMeta { uid, generation, labels, annotations, owner_references, finalizers, .. } = metadata;
    let version = generation.map_or_else(|| metadata::version(metadata), i64::unsigned_abs);
    let owners = owner_references.iter().flatten().map(|owner| (&owner.uid, owner.controller));
    hash(&(uid, version, labels, annotations, owners.collect::<Vec<_>>(), finalizers))
}

fn hash(value: &impl Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(value)
}
