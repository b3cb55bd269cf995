//! The stores that PushSecrets may choose, and who uses them.

use std::{collections::BTreeMap, sync::Arc};

use eso_core::key::{StoreKind, StoreReference};
use eso_plan::push::{By, Candidate, Choice, Desired};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{super::finalizers::OF_OBJECTS, Entry, View, has};
use crate::{index::Named, metadata, stores::StoreKey};

static NO_LABELS: BTreeMap<String, String> = BTreeMap::new();

impl View {
    /// A store is there: gives those who choose it now, or do not any more, or wrote to it, where its labels changed or it
    /// is being deleted.
    pub(in super::super) fn meet_store(&mut self, key: &StoreKey, metadata: ObjectMeta) -> Vec<Named> {
        let before = self.stores.get(key).cloned();
        let is_older = before.as_ref().is_some_and(|before| {
            before.uid == metadata.uid && metadata::version(before) > metadata::version(&metadata)
        });
        if is_older {
            return Vec::new();
        }
        let now = Arc::new(metadata);
        self.stores.insert(key.clone(), Arc::clone(&now));
        let is_same = before.as_ref().is_some_and(|before| {
            before.labels == now.labels && before.deletion_timestamp == now.deletion_timestamp
        });
        if is_same {
            return Vec::new();
        }
        let is_told = |entry: &&Entry| {
            entry.uses(key, &now) || before.as_ref().is_some_and(|before| entry.uses(key, before))
        };
        self.near(key).filter(is_told).map(Entry::named).collect()
    }

    /// A store is gone.
    pub(in super::super) fn lose_store(&mut self, key: &StoreKey) {
        self.stores.remove(key);
    }

    /// The PushSecrets that use a store, those of one namespace where that is given, and whether each is in step.
    pub(in super::super) fn users_of(&self, key: &StoreKey, asking: Option<&str>) -> Vec<(Named, bool)> {
        let metadata = self.stores.get(key).cloned().unwrap_or_default();
        let users = self.near(key).filter(|entry| {
            asking.is_none_or(|asking| asking == entry.namespace()) && entry.uses(key, &metadata)
        });
        users.map(|entry| (entry.named(), entry.is_ready())).collect()
    }

    /// The PushSecrets that may use a store.
    fn near(&self, key: &StoreKey) -> impl Iterator<Item = &Entry> {
        let (its_own, all) = match &key.namespace {
            Some(namespace) => (Some(self.of(namespace)), None),
            None => (None, Some(self.objects.values())),
        };
        its_own.into_iter().flatten().chain(all.into_iter().flatten())
    }

    /// The stores that an object of a namespace chooses, of those that are there.
    pub(in super::super) fn candidates(&self, namespace: &str, desired: &Desired) -> Vec<Candidate> {
        let candidate = |(key, metadata): (&StoreKey, &Arc<ObjectMeta>)| Candidate {
            reference: StoreReference {
                kind: key.kind,
                namespace: namespace.to_owned(),
                name: key.name.clone(),
            },
            labels: metadata.labels.clone().unwrap_or_default(),
        };
        if desired.asks_for_labels() {
            let is_meant = |(key, metadata): &(&StoreKey, &Arc<ObjectMeta>)| means(desired, key, metadata);
            let stores = self.stores_near(namespace);
            return stores.filter(is_meant).map(candidate).collect();
        }
        let named = desired.stores.iter().filter_map(|choice| named(choice, namespace));
        named.filter_map(|key| self.stores.get_key_value(&key)).map(candidate).collect()
    }

    /// The stores that objects of a namespace may choose.
    fn stores_near(&self, namespace: &str) -> impl Iterator<Item = (&StoreKey, &Arc<ObjectMeta>)> {
        let stores = |kind, namespace: Option<&str>| {
            let first = StoreKey { kind, namespace: namespace.map(str::to_owned), name: String::new() };
            let of = first.namespace.clone();
            let all = self.stores.range(first..);
            all.take_while(move |(key, _)| key.kind == kind && key.namespace == of)
        };
        let here = stores(StoreKind::SecretStore, Some(namespace));
        here.chain(stores(StoreKind::ClusterSecretStore, None))
    }

    /// Whether a store is there and being deleted.
    pub(in super::super) fn is_leaving(&self, store: &StoreReference) -> bool {
        let metadata = self.stores.get(&StoreKey::of(store));
        metadata.is_some_and(|metadata| metadata.deletion_timestamp.is_some())
    }

    pub(in super::super) fn store(&self, key: &StoreKey) -> Option<Arc<ObjectMeta>> {
        self.stores.get(key).cloned()
    }

    /// Whether a PushSecret that deletes what it wrote needs a store: it wrote to it, or will.
    pub(in super::super) fn needs(&self, key: &StoreKey) -> bool {
        let Some(metadata) = self.stores.get(key) else { return false };
        let is_leaving = metadata.deletion_timestamp.is_some();
        // Nothing is written any more to a store that is being deleted, or by an object that is.
        let will_write = |entry: &Entry| {
            !is_leaving
                && entry.object.metadata.deletion_timestamp.is_none()
                && entry.desired.as_ref().as_ref().is_ok_and(|desired| means(desired, key, metadata))
        };
        self.near(key).any(|entry| entry.deletes() && (entry.wrote_to.contains(key) || will_write(entry)))
    }
}

impl Entry {
    /// Whether it chooses a store, or wrote something to it.
    fn uses(&self, key: &StoreKey, metadata: &ObjectMeta) -> bool {
        self.desired.as_ref().as_ref().is_ok_and(|desired| means(desired, key, metadata))
            || self.wrote_to.contains(key)
    }

    /// Whether it deletes what it wrote.
    fn deletes(&self) -> bool {
        has(&self.object.metadata, OF_OBJECTS)
            || self.desired.as_ref().as_ref().is_ok_and(|desired| desired.cleans_up)
    }
}

/// Whether a store that may be chosen is.
fn means(desired: &Desired, key: &StoreKey, metadata: &ObjectMeta) -> bool {
    let labels = metadata.labels.as_ref().unwrap_or(&NO_LABELS);
    desired.stores.iter().any(|choice| choice.means(key.kind, &key.name, labels))
}

/// The store that an object of a namespace chooses by name.
pub(super) fn named(choice: &Choice, namespace: &str) -> Option<StoreKey> {
    let namespace = match choice.kind {
        StoreKind::SecretStore => Some(namespace.to_owned()),
        StoreKind::ClusterSecretStore | StoreKind::Environment => None,
    };
    match &choice.by {
        By::Name(name) => Some(StoreKey { kind: choice.kind, namespace, name: name.clone() }),
        By::Labels(_) => None,
    }
}

/// The key of a store of a kind.
pub(in super::super) fn key_of(kind: StoreKind, metadata: &ObjectMeta) -> StoreKey {
    let namespace = match kind {
        StoreKind::SecretStore => Some(metadata.namespace.clone().unwrap_or_default()),
        StoreKind::ClusterSecretStore | StoreKind::Environment => None,
    };
    StoreKey { kind, namespace, name: metadata.name.clone().unwrap_or_default() }
}
