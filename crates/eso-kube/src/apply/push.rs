//! Reads and writes for PushSecrets: the Secrets that they push, their status, and the finalizers of them and their stores.

use eso_core::{
    api::push_secret::{PushSecret, PushSecretStatus},
    labels::Selector,
    value::SecretBytes,
};
use eso_plan::{
    plan::WriteError,
    push::{SourceError, SourceSecret},
};
use k8s_openapi::{api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::{
    Api, Resource,
    api::{ListParams, Patch},
    core::Request,
};
use serde_json::json;

use super::{Writer, as_operator, store_status, within};
use crate::{metadata, stores::StoreKey, watch::Item};

/// How many Secrets one selector may choose.
const MOST_SECRETS: usize = 500;

/// How much they may hold together, in bytes: four times what one can.
const MOST_BYTES: usize = 4 << 20;

/// How many of them are asked for at once: each is read whole, and may hold 1 MiB.
const PAGE: u32 = 10;

impl Writer {
    /// Reads a Secret that is pushed, and its version.
    pub(crate) async fn read_named(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<(SourceSecret, u64), SourceError> {
        let api: Api<Item<Secret>> = Api::namespaced(self.client.clone(), namespace);
        let found = within(api.get_opt(name)).await.map_err(SourceError::Unreadable)?;
        found.map(pushed).ok_or_else(|| SourceError::Missing(name.to_owned()))
    }

    /// Reads the Secrets that a selector chooses, with the version of each, in the order of their names. They are those of
    /// one namespace, whatever it says (GHSA-fcxq-v2r3-cc8h).
    ///
    /// Fails where they are too many, or hold too much: what is read stays small, whoever writes the selector.
    pub(crate) async fn read_labelled(
        &self,
        namespace: &str,
        selector: &Selector,
    ) -> Result<Vec<(SourceSecret, u64)>, SourceError> {
        let api: Api<Item<Secret>> = Api::namespaced(self.client.clone(), namespace);
        let mut params = ListParams::default().labels(&selector.to_string()).limit(PAGE);
        let mut chosen = Chosen::default();
        loop {
            let page = within(api.list(&params)).await.map_err(SourceError::Unreadable)?;
            chosen.add(page.items).map_err(SourceError::Unreadable)?;
            params.continue_token = page.metadata.continue_.filter(|next| !next.is_empty());
            if params.continue_token.is_none() {
                return Ok(chosen.sorted());
            }
        }
    }

    /// Writes the status of a PushSecret, as [`report`](Self::report) does that of an ExternalSecret.
    pub(crate) async fn report_push(
        &self,
        object: &ObjectMeta,
        status: &PushSecretStatus,
    ) -> Result<Option<u64>, WriteError> {
        self.report_of(push_secrets, object, status).await
    }

    /// Gives a PushSecret of this version these finalizers, and gives its metadata then; `None` where it is gone.
    pub(crate) async fn finalize_push(
        &self,
        object: &ObjectMeta,
        finalizers: &[String],
    ) -> Result<Option<ObjectMeta>, WriteError> {
        self.finalize(push_secrets(object.namespace.as_deref()), object, finalizers).await
    }

    /// Gives a store of this version these finalizers, and gives its metadata then; `None` where it is gone.
    pub(crate) async fn finalize_store(
        &self,
        store: &StoreKey,
        object: &ObjectMeta,
        finalizers: &[String],
    ) -> Result<Option<ObjectMeta>, WriteError> {
        let Some(resource) = store_status::resource(store.kind) else { return Ok(None) };
        let path = kube::api::DynamicObject::url_path(&resource, store.namespace.as_deref());
        self.finalize(Request::new(path), object, finalizers).await
    }

    async fn finalize(
        &self,
        objects: Request,
        object: &ObjectMeta,
        finalizers: &[String],
    ) -> Result<Option<ObjectMeta>, WriteError> {
        let name = object.name.as_deref().unwrap_or_default();
        let metadata = json!({ "resourceVersion": object.resource_version, "finalizers": finalizers });
        let patch = json!({ "metadata": metadata });
        self.send(objects.patch(name, &as_operator(), &Patch::Merge(patch))).await
    }
}

/// The Secrets that a selector chooses.
#[derive(Default)]
struct Chosen {
    secrets: Vec<(SourceSecret, u64)>,
    bytes: usize,
}

impl Chosen {
    fn add(&mut self, page: Vec<Item<Secret>>) -> Result<(), WriteError> {
        for secret in page {
            let sizes = secret.entries().into_iter().map(|(key, value)| key.len() + value.len());
            self.bytes += sizes.sum::<usize>();
            self.secrets.push(pushed(secret));
        }
        if self.secrets.len() > MOST_SECRETS {
            let problem = format!("the selector chooses more than {MOST_SECRETS} Secrets: choose fewer");
            return Err(WriteError::Invalid(problem));
        }
        if self.bytes > MOST_BYTES {
            let most = MOST_BYTES >> 20;
            let problem = format!("the selector chooses Secrets of more than {most} MiB: choose fewer");
            return Err(WriteError::Invalid(problem));
        }
        Ok(())
    }

    fn sorted(mut self) -> Vec<(SourceSecret, u64)> {
        self.secrets.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
        self.secrets
    }
}

fn push_secrets(namespace: Option<&str>) -> Request {
    Request::new(PushSecret::url_path(&(), namespace))
}

fn pushed(secret: Item<Secret>) -> (SourceSecret, u64) {
    let version = metadata::version(secret.metadata());
    let name = secret.metadata().name.clone().unwrap_or_default();
    let entries = secret.entries().into_iter().map(|(key, value)| (key, SecretBytes::new(value)));
    (SourceSecret { name, entries: entries.collect() }, version)
}
