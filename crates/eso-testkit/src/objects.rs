//! A vocabulary of objects: `object("app").store("main").key("password", "db#property")`.
//!
//! An object is built as the JSON that a user writes, so that a field that is not typed can be said too, and is read
//! into its type at the end.

use eso_core::api::{
    external_secret::ExternalSecret,
    secret_store::{ClusterSecretStore, SecretStore},
};
use serde_json::{Value, json};

/// An ExternalSecret of this name, in the namespace `demo`, that names the SecretStore `main`.
pub fn object(name: &str) -> ObjectBuilder {
    ObjectBuilder(json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": { "name": name, "namespace": "demo" },
        "spec": { "secretStoreRef": { "kind": "SecretStore", "name": "main" } },
    }))
}

/// A SecretStore of this name, in the namespace `demo`, with a fake provider that holds nothing.
pub fn store(name: &str) -> StoreBuilder {
    StoreBuilder(json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": { "name": name, "namespace": "demo" },
        "spec": { "provider": { "fake": { "data": [] } } },
    }))
}

/// An ExternalSecret in the making.
#[derive(Clone, Debug)]
#[must_use]
pub struct ObjectBuilder(Value);

impl ObjectBuilder {
    /// In this namespace.
    pub fn namespace(self, namespace: &str) -> Self {
        self.with("/metadata/namespace", json!(namespace))
    }

    /// With this label.
    pub fn label(self, name: &str, value: &str) -> Self {
        self.with_member("/metadata/labels", name, json!(value))
    }

    /// With this annotation.
    pub fn annotation(self, name: &str, value: &str) -> Self {
        self.with_member("/metadata/annotations", name, json!(value))
    }

    /// With this uid and generation, as if the API server had it.
    pub fn stored(self, uid: &str, generation: i64) -> Self {
        self.with("/metadata/uid", json!(uid)).with("/metadata/generation", json!(generation))
    }

    /// From this SecretStore.
    pub fn store(self, name: &str) -> Self {
        self.with("/spec/secretStoreRef", json!({ "kind": "SecretStore", "name": name }))
    }

    /// From this ClusterSecretStore.
    pub fn cluster_store(self, name: &str) -> Self {
        self.with("/spec/secretStoreRef", json!({ "kind": "ClusterSecretStore", "name": name }))
    }

    /// One key of the Secret, from `remote`: `db`, `db#property`, `db@version` or `db@version#property`.
    pub fn key(self, secret_key: &str, remote: &str) -> Self {
        let entry = json!({ "secretKey": secret_key, "remoteRef": remote_ref(remote) });
        self.with_item("/spec/data", entry)
    }

    /// All members of `remote`, written as in [`key`](Self::key).
    pub fn extract(self, remote: &str) -> Self {
        self.with_item("/spec/dataFrom", json!({ "extract": remote_ref(remote) }))
    }

    /// Into the Secret of this name.
    pub fn target(self, name: &str) -> Self {
        self.with("/spec/target/name", json!(name))
    }

    /// With this creation policy.
    pub fn creation(self, policy: &str) -> Self {
        self.with("/spec/target/creationPolicy", json!(policy))
    }

    /// With this deletion policy.
    pub fn deletion(self, policy: &str) -> Self {
        self.with("/spec/target/deletionPolicy", json!(policy))
    }

    /// Read again after this Go duration.
    pub fn every(self, interval: &str) -> Self {
        self.with("/spec/refreshInterval", json!(interval))
    }

    /// With this refresh policy.
    pub fn refreshed(self, policy: &str) -> Self {
        self.with("/spec/refreshPolicy", json!(policy))
    }

    /// With any other field, by its JSON pointer; objects on the way are made.
    pub fn with(mut self, pointer: &str, value: Value) -> Self {
        set(&mut self.0, pointer, value);
        self
    }

    /// The object as its type.
    ///
    /// # Panics
    /// Where what was said is not an ExternalSecret.
    #[track_caller]
    pub fn build(self) -> ExternalSecret {
        serde_json::from_value(self.0).expect("it must be an ExternalSecret")
    }

    /// The object as a user writes it.
    pub fn json(self) -> Value {
        self.0
    }

    fn with_item(mut self, pointer: &str, item: Value) -> Self {
        match self.0.pointer_mut(pointer) {
            Some(list) => list.as_array_mut().expect("it must be a list").push(item),
            None => set(&mut self.0, pointer, json!([item])),
        }
        self
    }

    fn with_member(mut self, pointer: &str, name: &str, value: Value) -> Self {
        match self.0.pointer_mut(pointer) {
            Some(object) => object[name] = value,
            None => set(&mut self.0, pointer, json!({ name: value })),
        }
        self
    }
}

/// A store in the making.
#[derive(Clone, Debug)]
#[must_use]
pub struct StoreBuilder(Value);

impl StoreBuilder {
    /// In this namespace.
    pub fn namespace(self, namespace: &str) -> Self {
        self.with("/metadata/namespace", json!(namespace))
    }

    /// With this uid and generation, as if the API server had it.
    pub fn stored(self, uid: &str, generation: i64) -> Self {
        self.with("/metadata/uid", json!(uid)).with("/metadata/generation", json!(generation))
    }

    /// A ClusterSecretStore in place of a SecretStore.
    pub fn for_cluster(mut self) -> Self {
        self.0["metadata"].as_object_mut().expect("metadata must be an object").remove("namespace");
        self.with("/kind", json!("ClusterSecretStore"))
    }

    /// With one more value of the fake provider.
    pub fn value(mut self, key: &str, value: &str) -> Self {
        let data = self.0.pointer_mut("/spec/provider/fake/data").and_then(Value::as_array_mut);
        data.expect("the provider must be fake").push(json!({ "key": key, "value": value }));
        self
    }

    /// With this provider, by its name in the union.
    pub fn provider(self, name: &str, spec: &Value) -> Self {
        self.with("/spec/provider", json!({ name: spec }))
    }

    /// With any other field, by its JSON pointer; objects on the way are made.
    pub fn with(mut self, pointer: &str, value: Value) -> Self {
        set(&mut self.0, pointer, value);
        self
    }

    /// The store as its type.
    ///
    /// # Panics
    /// Where what was said is not a SecretStore.
    #[track_caller]
    pub fn build(self) -> SecretStore {
        serde_json::from_value(self.0).expect("it must be a SecretStore")
    }

    /// The store as its type.
    ///
    /// # Panics
    /// Where what was said is not a ClusterSecretStore.
    #[track_caller]
    pub fn build_for_cluster(self) -> ClusterSecretStore {
        serde_json::from_value(self.0).expect("it must be a ClusterSecretStore")
    }

    /// The store as a user writes it.
    pub fn json(self) -> Value {
        self.0
    }
}

/// `key@version#property`, of which version and property may be missing.
fn remote_ref(remote: &str) -> Value {
    let (rest, property) = remote.split_once('#').map_or((remote, None), |(rest, part)| (rest, Some(part)));
    let (key, version) = rest.split_once('@').map_or((rest, None), |(key, part)| (key, Some(part)));
    let mut reference = json!({ "key": key });
    for (name, part) in [("version", version), ("property", property)] {
        if let Some(part) = part {
            reference[name] = json!(part);
        }
    }
    reference
}

fn set(object: &mut Value, pointer: &str, value: Value) {
    let place = pointer.split('/').skip(1).fold(object, |place, member| &mut place[member]);
    *place = value;
}

#[cfg(test)]
mod tests;
