//! A Secret of the operator's own, by name: followed, and written by whichever replica is first.

use std::{collections::BTreeMap, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use eso_plan::plan::WriteError;
use k8s_openapi::{api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::{
    Api, Client,
    api::{Patch, PatchParams, PostParams},
    core::PartialObjectMeta,
};
use serde_json::{Value, json};
use tokio::sync::watch;
use zeroize::Zeroizing;

use crate::{
    apply::{FIELD_MANAGER, within},
    watch::{Item, Seen, follow_one},
};

/// What such a Secret holds. `Debug` shows no value.
pub(crate) type Entries = BTreeMap<String, Zeroizing<Vec<u8>>>;

/// A Secret of the operator's own.
#[derive(Clone)]
pub(crate) struct OwnSecret {
    secrets: Api<Item<Secret>>,
    namespace: String,
    name: String,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// It was done.
    Done,
    /// Somebody else was faster: what they wrote is heard of soon.
    Outrun,
}

impl OwnSecret {
    /// The one of this name. `client` is one that sends writes whether or not this process leads: each replica needs it.
    pub(crate) fn new(client: Client, namespace: &str, name: &str) -> Self {
        let secrets = Api::namespaced(client, namespace);
        Self { secrets, namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// Tells how it is, over and over.
    pub(crate) async fn follow(&self, told: &watch::Sender<Seen<Secret>>) {
        follow_one(self.secrets.clone(), &self.name, told).await;
    }

    /// Makes it hold these entries among others: one of this version, or where that is `None`, one that is not there yet.
    pub(crate) async fn write(
        &self,
        seen: Option<&ObjectMeta>,
        entries: &Entries,
    ) -> Result<Written, WriteError> {
        let data: BTreeMap<&String, Zeroizing<String>> =
            entries.iter().map(|(key, value)| (key, Zeroizing::new(STANDARD.encode(value)))).collect();
        let data: BTreeMap<&&String, &str> = data.iter().map(|(key, value)| (key, value.as_str())).collect();
        let written = match seen {
            Some(seen) => {
                let metadata = json!({ "uid": seen.uid, "resourceVersion": seen.resource_version });
                self.patch(&json!({ "metadata": metadata, "data": data })).await
            }
            None => {
                let labels = json!({ "external-secrets.io/component": "webhook" });
                let metadata = json!({ "name": self.name, "labels": labels });
                self.create(&json!({ "type": "Opaque", "metadata": metadata, "data": data })).await
            }
        };
        match written {
            Ok(()) => Ok(Written::Done),
            Err(WriteError::Conflict) => Ok(Written::Outrun),
            Err(problem) => Err(problem),
        }
    }

    async fn patch(&self, patch: &Value) -> Result<(), WriteError> {
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        // The API server answers a patch of another uid with a conflict, as one of another version.
        within(self.secrets.patch_metadata(&self.name, &params, &Patch::Merge(patch))).await.map(|_| ())
    }

    async fn create(&self, body: &Value) -> Result<(), WriteError> {
        let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        let bytes = serde_json::to_vec(body).expect("a body of texts must be JSON");
        let request = kube::core::Request::new(self.secrets.resource_url()).create(&params, bytes);
        let client = self.secrets.clone().into_client();
        within(async {
            let request = request.map_err(kube::Error::BuildRequest)?;
            client.request::<Item<PartialObjectMeta<Secret>>>(request).await.map(|_| ())
        })
        .await
    }
}

impl fmt::Display for OwnSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret {}/{}", self.namespace, self.name)
    }
}

/// What a Secret holds.
pub(crate) fn entries(secret: &Item<Secret>) -> Entries {
    secret.entries().into_iter().map(|(key, value)| (key, Zeroizing::new(value))).collect()
}
