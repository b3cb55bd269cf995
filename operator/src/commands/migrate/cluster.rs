//! The objects of a cluster that are migrated, and what is known beside them. Nothing is written.

use std::collections::BTreeSet;

use anyhow::Context as _;
use eso_core::api::{GROUP, legacy};
use eso_plan::convert::legacy::FILLED_BY;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use kube::{
    Api, Client, ResourceExt as _,
    api::{ListParams, ObjectList},
    core::{ApiResource, DynamicObject, GroupVersionKind, PartialObjectMeta},
};
use serde_json::{Value, json};

use super::input::Input;

/// How many objects are asked for at once.
const PAGE: u32 = 500;

/// The kinds of `external-secrets.io` that have older versions, and how the API server calls them.
const KINDS: [(&str, &str); 4] = [
    ("ClusterSecretStore", "clustersecretstores"),
    ("SecretStore", "secretstores"),
    ("ClusterExternalSecret", "clusterexternalsecrets"),
    ("ExternalSecret", "externalsecrets"),
];

/// Reads a cluster.
pub(super) struct Reader {
    pub(super) client: Client,
    /// The one namespace that is read; all of them where it is empty.
    pub(super) namespace: String,
}

impl Reader {
    /// All objects that are migrated.
    pub(super) async fn all(&self) -> anyhow::Result<Input> {
        let mut input = self.of_older_group().await?;
        input.documents.extend(self.of_older_versions().await?);
        Ok(input)
    }

    /// Those of `kubernetes-client.io`.
    pub(super) async fn of_older_group(&self) -> anyhow::Result<Input> {
        let mut input = Input { sees_all: true, ..Input::default() };
        if self.served(&format!("{}/v1", legacy::GROUP)).await?.is_empty() {
            return Ok(input);
        }
        let kind = GroupVersionKind::gvk(legacy::GROUP, "v1", "ExternalSecret");
        input.documents = self.list(&kind, "externalsecrets").await?;
        self.note_namespaces(&mut input).await?;
        self.note_filled(&mut input).await?;
        Ok(input)
    }

    /// Those of `external-secrets.io` that somebody wrote in an older version, in that version.
    async fn of_older_versions(&self) -> anyhow::Result<Vec<Value>> {
        for version in ["v1beta1", "v1alpha1"] {
            let served = self.served(&format!("{GROUP}/{version}")).await?;
            let kinds: Vec<_> = KINDS.iter().filter(|(_, plural)| served.contains(*plural)).collect();
            if kinds.is_empty() {
                continue;
            }
            let mut found = Vec::new();
            for (kind, plural) in kinds {
                found.extend(self.list(&GroupVersionKind::gvk(GROUP, version, kind), plural).await?);
            }
            found.retain(is_of_older_version);
            return Ok(found);
        }
        Ok(Vec::new())
    }

    /// The kinds that the API server has of a version, by their plurals.
    async fn served(&self, version: &str) -> anyhow::Result<BTreeSet<String>> {
        match self.client.list_api_group_resources(version).await {
            Ok(list) => Ok(list.resources.into_iter().map(|resource| resource.name).collect()),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(BTreeSet::new()),
            Err(error) => Err(error).context("the API server cannot be asked what it serves"),
        }
    }

    async fn list(&self, kind: &GroupVersionKind, plural: &str) -> anyhow::Result<Vec<Value>> {
        let resource = ApiResource::from_gvk_with_plural(kind, plural);
        let in_namespaces = !kind.kind.starts_with("Cluster");
        let api: Api<DynamicObject> = match in_namespaces && !self.namespace.is_empty() {
            true => Api::namespaced_with(self.client.clone(), &self.namespace, &resource),
            false => Api::all_with(self.client.clone(), &resource),
        };
        let failed = || format!("{plural} of {} cannot be listed", kind.api_version());
        let mut found = Vec::new();
        let mut params = ListParams::default().limit(PAGE);
        loop {
            let ObjectList { items, metadata, .. } = api.list(&params).await.with_context(failed)?;
            for object in items {
                let mut document = serde_json::to_value(object).context("an object must be JSON")?;
                document["apiVersion"] = json!(resource.api_version);
                document["kind"] = json!(resource.kind);
                found.push(document);
            }
            match metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params = ListParams::default().limit(PAGE).continue_token(&token),
                None => return Ok(found),
            }
        }
    }

    async fn note_namespaces(&self, input: &mut Input) -> anyhow::Result<()> {
        let api: Api<Namespace> = Api::all(self.client.clone());
        let only = format!("metadata.name={}", self.namespace);
        let params = ListParams::default();
        let params = if self.namespace.is_empty() { params } else { params.fields(&only) };
        let namespaces = api.list_metadata(&params).await.context("Namespaces cannot be listed")?;
        for namespace in namespaces {
            input.namespaces.insert(namespace.name_any(), namespace.annotations().clone());
        }
        Ok(())
    }

    /// The Secrets that one of the objects filled.
    async fn note_filled(&self, input: &mut Input) -> anyhow::Result<()> {
        let uids: BTreeSet<&str> =
            input.documents.iter().filter_map(|document| document["metadata"]["uid"].as_str()).collect();
        let api: Api<Secret> = match self.namespace.is_empty() {
            true => Api::all(self.client.clone()),
            false => Api::namespaced(self.client.clone(), &self.namespace),
        };
        let secrets = api.list_metadata(&ListParams::default()).await.context("Secrets cannot be listed")?;
        let is_filled = |secret: &PartialObjectMeta<Secret>| {
            secret.annotations().get(FILLED_BY).is_some_and(|uid| uids.contains(uid.as_str()))
        };
        let filled = secrets.into_iter().filter(is_filled);
        input.filled =
            filled.map(|secret| (secret.namespace().unwrap_or_default(), secret.name_any())).collect();
        Ok(())
    }
}

/// Whether somebody wrote it in an older version; where nobody knows, it is one.
fn is_of_older_version(document: &Value) -> bool {
    let newer = format!("{GROUP}/v1");
    let writes = document["metadata"]["managedFields"].as_array();
    let mut writes = writes.into_iter().flatten().filter(|write| write["subresource"].is_null()).peekable();
    writes.peek().is_none() || writes.any(|write| write["apiVersion"] != newer.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::is_of_older_version;

    #[track_caller]
    fn check(writes: Value, expected: bool) {
        assert_eq!(is_of_older_version(&json!({ "metadata": { "managedFields": writes } })), expected);
    }

    #[test]
    fn an_object_is_older_where_somebody_wrote_it_so() {
        let older = json!({ "apiVersion": "external-secrets.io/v1beta1" });
        let newer = json!({ "apiVersion": "external-secrets.io/v1" });
        let status = json!({ "apiVersion": "external-secrets.io/v1beta1", "subresource": "status" });
        check(json!([older, newer]), true);
        check(json!([newer, status]), false);
        check(json!([]), true);
        check(Value::Null, true);
    }
}
