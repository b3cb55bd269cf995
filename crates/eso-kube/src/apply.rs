//! The only writer of targets and statuses.
//!
//! Every write names the version that it is meant for, and fails with [`WriteError::Conflict`] on any other. Answers
//! are asked for as metadata, so that no value comes back.

pub(crate) mod cluster;
pub(crate) mod filled;
pub mod generic;
pub(crate) mod older;
pub(crate) mod push;
pub mod store_status;

mod body;
mod call;
mod status;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use eso_core::{
    api::external_secret::{ExternalSecret, ExternalSecretStatus},
    value::SecretBytes,
};
use eso_plan::{
    desired::Entries,
    digest::Digest,
    plan::WriteError,
    template::{SourceKind, SourceName},
};
use http::{HeaderValue, header::ACCEPT};
use k8s_openapi::{
    api::core::v1::{ConfigMap, Secret},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{
    Api, Client, Resource,
    api::{GetParams, ListParams, Patch, PatchParams, PostParams},
    core::{PartialObjectMeta, Request},
};
use serde::Serialize;
use serde_json::json;

use crate::{
    marks::{CLEANUP_FINALIZER, CREATED_BY_LABEL, Marks},
    metadata::{self, Claim, Data, Keys, Seen},
    watch::Item,
};

pub use call::{CALL_TIMEOUT, FIELD_MANAGER, within};

use call::{delete_of, unless_gone};
pub use status::status;
pub(crate) use status::{conditions, in_seconds};

/// What the API server sends back: never the object itself, which holds values.
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// Writes Secrets and statuses.
#[derive(Clone)]
pub struct Writer {
    client: Client,
}

/// A Secret by name, and what its ExternalSecret puts on it.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The namespace of both.
    pub namespace: &'a str,
    /// The name of the Secret.
    pub name: &'a str,
    /// What the ExternalSecret puts on it.
    pub marks: &'a Marks,
}

/// A Secret as it is after a write.
#[derive(Clone, Debug)]
pub struct Stored {
    /// What its metadata tells the ExternalSecret.
    pub seen: Seen,
    /// The digest of the entries that are ours.
    pub digest: Digest,
    /// The keys that are ours, where it is shared; else all keys.
    pub keys: Keys,
    /// Whether the write changed anything.
    pub changed: bool,
}

/// A Secret with its values.
#[derive(Debug)]
pub struct Contents {
    /// What its metadata tells the ExternalSecret.
    pub seen: Seen,
    /// All its entries.
    pub entries: Entries,
    /// The digest that is written beside them.
    pub digest: Option<Digest>,
    /// The keys that our field manager wrote.
    ours: BTreeSet<String>,
}

/// An object that templates stand in.
#[derive(Debug)]
pub struct Source {
    /// Its resourceVersion.
    pub version: u64,
    /// What it holds.
    pub entries: BTreeMap<String, SecretBytes>,
}

impl Writer {
    /// Writes with this client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Looks at a Secret's metadata; `None` where there is no such Secret.
    pub async fn look(&self, namespace: &str, name: &str) -> Result<Option<ObjectMeta>, WriteError> {
        let api: Api<Item<PartialObjectMeta<Secret>>> = Api::namespaced(self.client.clone(), namespace);
        Ok(within(api.get_opt(name)).await?.map(Item::into_metadata))
    }

    /// Looks at the metadata of the Secrets in a place that carry the label of the same owner.
    pub async fn look_at_owned(&self, place: Place<'_>) -> Result<Vec<ObjectMeta>, WriteError> {
        let Some(owner) = place.marks.labels.get(CREATED_BY_LABEL) else { return Ok(Vec::new()) };
        let params = ListParams::default().labels(&format!("{CREATED_BY_LABEL}={owner}"));
        let api: Api<Item<PartialObjectMeta<Secret>>> = Api::namespaced(self.client.clone(), place.namespace);
        let found = within(api.list(&params)).await?;
        Ok(found.items.into_iter().map(Item::into_metadata).collect())
    }

    /// Reads a Secret whole; `None` where there is no such Secret.
    pub async fn read(&self, place: Place<'_>) -> Result<Option<Contents>, WriteError> {
        let api: Api<Item<Secret>> = Api::namespaced(self.client.clone(), place.namespace);
        Ok(within(api.get_opt(place.name)).await?.map(|secret| Contents::of(secret, place.marks)))
    }

    /// Reads what an object of a namespace holds that templates stand in; `None` where there is no such object.
    pub async fn read_source(
        &self,
        namespace: &str,
        source: &SourceName,
    ) -> Result<Option<Source>, WriteError> {
        Ok(match source.kind {
            SourceKind::Secret => {
                let api: Api<Item<Secret>> = Api::namespaced(self.client.clone(), namespace);
                let secret = within(api.get_opt(&source.name)).await?;
                secret.map(|secret| Source::new(secret.entries(), &secret.into_metadata()))
            }
            SourceKind::ConfigMap => {
                let api: Api<Item<ConfigMap>> = Api::namespaced(self.client.clone(), namespace);
                let map = within(api.get_opt(&source.name)).await?;
                map.map(|map| Source::new(map.entries(), &map.into_metadata()))
            }
        })
    }

    /// Makes a Secret that holds these entries.
    pub async fn create(&self, place: Place<'_>, entries: &Entries) -> Result<Stored, WriteError> {
        let digest = Digest::of(entries);
        let body = body::Body::creation(place.name, place.marks, entries, &digest);
        let params = PostParams { field_manager: Some(place.marks.manager.clone()), dry_run: false };
        let request = secrets(place.namespace).create(&params, serialized(&body));
        let metadata = self.send(request).await?.ok_or_else(no_namespace)?;
        Ok(Stored::new(&metadata, place, entries, 0))
    }

    /// Makes a Secret of this version hold exactly these entries.
    pub async fn replace(
        &self,
        place: Place<'_>,
        seen: &Seen,
        entries: &Entries,
    ) -> Result<Stored, WriteError> {
        let digest = Digest::of(entries);
        let held = self.held(place, seen).await?;
        let body = body::Body::replacement(of(seen), place.marks, held, entries, &digest);
        let metadata = self.patch(place, &body).await?;
        Ok(Stored::new(&metadata, place, entries, seen.version))
    }

    /// Whether a Secret of this version holds anything. Where nobody is said to have written an entry, it is read: the
    /// record of who wrote what can be removed.
    async fn held(&self, place: Place<'_>, seen: &Seen) -> Result<body::Held, WriteError> {
        if seen.keys != Keys::of([]) {
            return Ok(body::Held::Something);
        }
        match self.read(place).await? {
            Some(contents) if contents.seen.version != seen.version => Err(WriteError::Conflict),
            Some(contents) if contents.entries.is_empty() => Ok(body::Held::Nothing),
            Some(_) => Ok(body::Held::Something),
            None => Err(WriteError::Conflict),
        }
    }

    /// Makes a Secret of this version hold these entries among others. It is read before, once: the digest that is
    /// written beside the data is over all entries, those of others included.
    pub async fn merge(
        &self,
        place: Place<'_>,
        seen: &Seen,
        entries: &Entries,
    ) -> Result<Stored, WriteError> {
        let contents = self.read(place).await?.ok_or(WriteError::Conflict)?;
        if contents.seen.version != seen.version {
            return Err(WriteError::Conflict);
        }
        let all = contents.with(entries);
        let digest = Digest::of(&all);
        if all == contents.entries && seen.marked && contents.digest.as_ref() == Some(&digest) {
            return Ok(Stored::unchanged(contents.seen, entries));
        }
        let removed = contents.no_longer(entries);
        let body = body::Body::addition(of(seen), place.marks, entries, removed, &digest);
        let metadata = self.patch(place, &body).await?;
        Ok(Stored::new(&metadata, place, entries, seen.version))
    }

    /// Deletes a Secret of this version.
    pub async fn delete(&self, namespace: &str, name: &str, seen: &Seen) -> Result<(), WriteError> {
        let api: Api<Item<Secret>> = Api::namespaced(self.client.clone(), namespace);
        let params = delete_of(seen.uid.to_string(), seen.version.to_string());
        within(unless_gone(api.delete(name, &params))).await
    }

    /// Removes the original's finalizer from an ExternalSecret of this version.
    pub async fn release(&self, object: &ObjectMeta) -> Result<(), WriteError> {
        let (namespace, name) = (object.namespace.as_deref(), object.name.as_deref().unwrap_or_default());
        let others: Vec<&String> =
            object.finalizers.iter().flatten().filter(|finalizer| *finalizer != CLEANUP_FINALIZER).collect();
        let patch =
            json!({ "metadata": { "resourceVersion": object.resource_version, "finalizers": others } });
        let request = external_secrets(namespace).patch(name, &as_operator(), &Patch::Merge(patch));
        self.send(request).await.map(|_| ())
    }

    /// Writes the status of an ExternalSecret, and gives the object's new version; `None` where it is gone, and where
    /// another one has its name.
    ///
    /// It names no version: nobody else writes it, and a status must not be lost to somebody's edit of the spec.
    pub async fn report(
        &self,
        object: &ObjectMeta,
        status: &ExternalSecretStatus,
    ) -> Result<Option<u64>, WriteError> {
        self.report_of(external_secrets, object, status).await
    }

    /// As [`report`](Self::report), of an object of another kind.
    async fn report_of(
        &self,
        kind: fn(Option<&str>) -> Request,
        object: &ObjectMeta,
        status: &impl Serialize,
    ) -> Result<Option<u64>, WriteError> {
        let (namespace, name) = (object.namespace.as_deref(), object.name.as_deref().unwrap_or_default());
        let patch = status::patch(object.uid.as_deref(), status);
        let request = kind(namespace).patch_subresource("status", name, &as_operator(), &patch);
        match self.send(request).await {
            Ok(written) => Ok(written.as_ref().map(metadata::version)),
            // That is how another uid is refused, and not only that.
            Err(refusal @ (WriteError::Conflict | WriteError::Invalid(_))) => {
                if self.is_there(kind(namespace), object).await? { Err(refusal) } else { Ok(None) }
            }
            Err(error) => Err(error),
        }
    }

    /// Whether an object is there: one of its uid, and not just of its name.
    async fn is_there(&self, objects: Request, object: &ObjectMeta) -> Result<bool, WriteError> {
        let name = object.name.as_deref().unwrap_or_default();
        let request = objects.get(name, &GetParams::default());
        Ok(self.send(request).await?.is_some_and(|found| found.uid == object.uid))
    }

    async fn patch(&self, place: Place<'_>, body: &body::Body<'_>) -> Result<ObjectMeta, WriteError> {
        let params =
            PatchParams { field_manager: Some(place.marks.manager.clone()), ..PatchParams::default() };
        let request = secrets(place.namespace).patch(place.name, &params, &Patch::Strategic(body));
        // It was there when it was looked at.
        self.send(request).await?.ok_or(WriteError::Conflict)
    }

    /// Sends a request for one object and gives its metadata afterwards; `None` where the object is not there.
    async fn send(&self, request: Built) -> Result<Option<ObjectMeta>, WriteError> {
        within(async {
            let mut request = request.map_err(kube::Error::BuildRequest)?;
            request.headers_mut().insert(ACCEPT, HeaderValue::from_static(METADATA));
            match self.client.request::<Item<Secret>>(request).await {
                Ok(answer) => Ok(Some(answer.into_metadata())),
                Err(kube::Error::Api(status)) if status.is_not_found() => Ok(None),
                Err(error) => Err(error),
            }
        })
        .await
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl Stored {
    /// Whether a Secret is already as a write of these entries would make it.
    pub fn would_be(seen: &Seen, entries: &Entries) -> bool {
        seen.marked && seen.keys == keys_of(entries) && seen.data == Data::Ours(Digest::of(entries))
    }

    /// A Secret that needed no write.
    pub fn unchanged(seen: Seen, entries: &Entries) -> Self {
        Self { seen, digest: Digest::of(entries), keys: keys_of(entries), changed: false }
    }

    fn new(metadata: &ObjectMeta, place: Place<'_>, entries: &Entries, before: u64) -> Self {
        let seen = metadata::seen(metadata, place.marks);
        Self { changed: seen.version != before, seen, digest: Digest::of(entries), keys: keys_of(entries) }
    }
}

impl Source {
    fn new(entries: BTreeMap<String, Vec<u8>>, metadata: &ObjectMeta) -> Self {
        let secret = |(name, value): (String, Vec<u8>)| (name, SecretBytes::new(value));
        Self { version: metadata::version(metadata), entries: entries.into_iter().map(secret).collect() }
    }
}

impl Contents {
    fn of(secret: Item<Secret>, marks: &Marks) -> Self {
        let entries = secret.entries();
        let metadata = secret.into_metadata();
        Self {
            seen: metadata::seen(&metadata, marks),
            digest: metadata::digest(&metadata),
            ours: metadata::keys_of(&metadata, &marks.manager),
            entries: entries.into_iter().map(|(name, value)| (name, SecretBytes::new(value))).collect(),
        }
    }

    /// All entries as they are once these are among them.
    fn with(&self, entries: &Entries) -> Entries {
        let removed = self.no_longer(entries);
        let mut all = self.entries.clone();
        all.retain(|name, _| !removed.contains(name.as_str()));
        all.extend(entries.clone());
        all
    }

    /// The keys that we wrote and that are not among these entries.
    fn no_longer(&self, entries: &Entries) -> BTreeSet<&str> {
        self.ours.iter().filter(|name| !entries.contains_key(*name)).map(String::as_str).collect()
    }
}

/// The keys of entries, as a fingerprint.
pub fn keys_of(entries: &Entries) -> Keys {
    Keys::of(entries.keys().map(String::as_str))
}

type Built = Result<http::Request<Vec<u8>>, kube::core::request::Error>;

fn secrets(namespace: &str) -> Request {
    Request::new(Secret::url_path(&(), Some(namespace)))
}

fn external_secrets(namespace: Option<&str>) -> Request {
    Request::new(ExternalSecret::url_path(&(), namespace))
}

fn as_operator() -> PatchParams {
    PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() }
}

fn serialized(body: &body::Body<'_>) -> Vec<u8> {
    serde_json::to_vec(body).expect("a body of texts must serialise")
}

fn no_namespace() -> WriteError {
    WriteError::Forbidden("the namespace is not there".to_owned())
}

fn of(seen: &Seen) -> body::Version<'_> {
    body::Version {
        uid: &seen.uid,
        version: seen.version,
        owned: seen.claim == Claim::Ours,
        leftover: seen.leftover.as_deref(),
    }
}

#[cfg(test)]
mod tests;
