//! Reads and writes for PushSecrets: the Secrets that they push, their status, and the finalizers of them and their stores.

use eso_core::{
    api::push_secret::{PushSecret, PushSecretStatus},
    value::SecretBytes,
};
use eso_plan::{
    plan::WriteError,
    push::{Source, SourceError, SourceSecret},
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

/// How many Secrets one selector may choose: each is read whole.
const MOST_SECRETS: u32 = 500;

impl Writer {
    /// Reads the Secrets that are pushed, with the version of each, in the order of their names. They are those of one
    /// namespace, whatever a selector says (GHSA-fcxq-v2r3-cc8h).
    pub(crate) async fn read_pushed(
        &self,
        namespace: &str,
        source: &Source,
    ) -> Result<Vec<(SourceSecret, u64)>, SourceError> {
        let api: Api<Item<Secret>> = Api::namespaced(self.client.clone(), namespace);
        match source {
            Source::Named(name) => {
                let found = within(api.get_opt(name)).await.map_err(SourceError::Unreadable)?;
                found.map(|secret| vec![pushed(secret)]).ok_or_else(|| SourceError::Missing(name.clone()))
            }
            Source::Labelled(selector) => {
                let params = ListParams::default().labels(&selector.to_string()).limit(MOST_SECRETS);
                let found = within(api.list(&params)).await.map_err(SourceError::Unreadable)?;
                if found.metadata.continue_.is_some_and(|more| !more.is_empty()) {
                    let problem =
                        format!("the selector chooses more than {MOST_SECRETS} Secrets: choose fewer");
                    return Err(SourceError::Unreadable(WriteError::Invalid(problem)));
                }
                let mut found: Vec<_> = found.items.into_iter().map(pushed).collect();
                found.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
                Ok(found)
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
        let resource = store_status::resource(store.kind);
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

fn push_secrets(namespace: Option<&str>) -> Request {
    Request::new(PushSecret::url_path(&(), namespace))
}

fn pushed(secret: Item<Secret>) -> (SourceSecret, u64) {
    let version = metadata::version(secret.metadata());
    let name = secret.metadata().name.clone().unwrap_or_default();
    let entries = secret.entries().into_iter().map(|(key, value)| (key, SecretBytes::new(value)));
    (SourceSecret { name, entries: entries.collect() }, version)
}
