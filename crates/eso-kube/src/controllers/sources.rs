//! What stores are told by the watches: the stores themselves, and the objects that hold their credentials.
//!
//! The registry hears of each thing that is gone, also of one that went while a watch was broken: each source keeps
//! the names that it told, and no more.

use std::{collections::BTreeSet, sync::Arc};

use eso_core::key::StoreKind;
use k8s_openapi::{
    api::core::v1::{ConfigMap, Namespace, Secret},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use parking_lot::Mutex;

use super::{external_secret::Router, watches::Metadata};
use crate::{
    stores::StoreRegistry,
    watch::{Item, Watched},
};

/// Namespace and name.
type Name = (String, String);

/// Names that were told, and those of them that a list has not shown yet.
#[derive(Debug, Default)]
struct Roll {
    told: BTreeSet<Name>,
    unlisted: BTreeSet<Name>,
}

impl Roll {
    fn begin(&mut self) {
        self.unlisted = self.told.clone();
    }

    fn meet(&mut self, name: Name) {
        self.unlisted.remove(&name);
        self.told.insert(name);
    }

    fn lose(&mut self, name: &Name) {
        self.unlisted.remove(name);
        self.told.remove(name);
    }

    /// Those that the list did not show.
    fn end(&mut self) -> BTreeSet<Name> {
        let gone = std::mem::take(&mut self.unlisted);
        self.told.retain(|name| !gone.contains(name));
        gone
    }
}

/// SecretStores, or ClusterSecretStores.
#[derive(Debug)]
pub(super) struct StoreObjects {
    kind: StoreKind,
    stores: Arc<StoreRegistry>,
    roll: Mutex<Roll>,
}

impl StoreObjects {
    pub(super) fn new(kind: StoreKind, stores: &Arc<StoreRegistry>) -> Arc<Self> {
        Arc::new(Self { kind, stores: Arc::clone(stores), roll: Mutex::default() })
    }

    fn delete(&self, (namespace, name): &Name) {
        let namespace = match self.kind {
            StoreKind::SecretStore => Some(namespace.as_str()),
            StoreKind::ClusterSecretStore => None,
        };
        self.stores.delete_store(self.kind, namespace, name);
    }
}

impl<K> Watched<Item<K>> for StoreObjects {
    fn begin(&self) {
        self.roll.lock().begin();
    }

    fn meet(&self, store: Item<K>) {
        self.roll.lock().meet(name_of(store.metadata()));
        self.stores.apply_store(self.kind, store.into());
    }

    fn lose(&self, store: Item<K>) {
        let name = name_of(store.metadata());
        self.roll.lock().lose(&name);
        self.delete(&name);
    }

    fn end(&self) {
        let gone = self.roll.lock().end();
        gone.iter().for_each(|name| self.delete(name));
    }
}

/// Secrets: targets of objects, and credentials of stores.
#[derive(Debug)]
pub(super) struct Secrets {
    router: Arc<Router>,
    stores: Arc<StoreRegistry>,
    roll: Mutex<Roll>,
}

impl Secrets {
    pub(super) fn new(router: Arc<Router>, stores: &Arc<StoreRegistry>) -> Arc<Self> {
        Arc::new(Self { router, stores: Arc::clone(stores), roll: Mutex::default() })
    }
}

impl Watched<Metadata<Secret>> for Secrets {
    fn begin(&self) {
        Watched::<Metadata<Secret>>::begin(&*self.router);
        self.roll.lock().begin();
    }

    fn meet(&self, secret: Metadata<Secret>) {
        let name = name_of(secret.metadata());
        if self.stores.cares_about_secret(&name.0, &name.1) {
            self.stores.secret_changed(&name.0, &name.1, secret.metadata().resource_version.as_deref());
            self.roll.lock().meet(name);
        }
        self.router.meet(secret);
    }

    fn lose(&self, secret: Metadata<Secret>) {
        let name = name_of(secret.metadata());
        self.roll.lock().lose(&name);
        self.stores.secret_changed(&name.0, &name.1, None);
        self.router.lose(secret);
    }

    fn end(&self) {
        let gone = self.roll.lock().end();
        gone.iter().for_each(|name| self.stores.secret_changed(&name.0, &name.1, None));
        Watched::<Metadata<Secret>>::end(&*self.router);
    }
}

/// ConfigMaps: certificate authorities of stores.
#[derive(Debug)]
pub(super) struct ConfigMaps {
    stores: Arc<StoreRegistry>,
    roll: Mutex<Roll>,
}

impl ConfigMaps {
    pub(super) fn new(stores: &Arc<StoreRegistry>) -> Arc<Self> {
        Arc::new(Self { stores: Arc::clone(stores), roll: Mutex::default() })
    }
}

impl Watched<Metadata<ConfigMap>> for ConfigMaps {
    fn begin(&self) {
        self.roll.lock().begin();
    }

    fn meet(&self, map: Metadata<ConfigMap>) {
        let name = name_of(map.metadata());
        if self.stores.cares_about_config_map(&name.0, &name.1) {
            self.stores.config_map_changed(&name.0, &name.1, map.metadata().resource_version.as_deref());
            self.roll.lock().meet(name);
        }
    }

    fn lose(&self, map: Metadata<ConfigMap>) {
        let name = name_of(map.metadata());
        self.roll.lock().lose(&name);
        self.stores.config_map_changed(&name.0, &name.1, None);
    }

    fn end(&self) {
        let gone = self.roll.lock().end();
        gone.iter().for_each(|name| self.stores.config_map_changed(&name.0, &name.1, None));
    }
}

/// Namespaces: their labels, which conditions of ClusterSecretStores ask for.
#[derive(Debug)]
pub(super) struct Namespaces {
    stores: Arc<StoreRegistry>,
    roll: Mutex<Roll>,
}

impl Namespaces {
    pub(super) fn new(stores: &Arc<StoreRegistry>) -> Arc<Self> {
        Arc::new(Self { stores: Arc::clone(stores), roll: Mutex::default() })
    }
}

impl Watched<Metadata<Namespace>> for Namespaces {
    fn begin(&self) {
        self.roll.lock().begin();
    }

    fn meet(&self, namespace: Metadata<Namespace>) {
        let name = name_of(namespace.metadata());
        let labels = namespace.metadata().labels.clone().unwrap_or_default();
        self.stores.namespace_changed(&name.1, &labels);
        self.roll.lock().meet(name);
    }

    fn lose(&self, namespace: Metadata<Namespace>) {
        let name = name_of(namespace.metadata());
        self.roll.lock().lose(&name);
        self.stores.namespace_deleted(&name.1);
    }

    fn end(&self) {
        let gone = self.roll.lock().end();
        gone.iter().for_each(|name| self.stores.namespace_deleted(&name.1));
    }
}

fn name_of(metadata: &ObjectMeta) -> Name {
    (metadata.namespace.clone().unwrap_or_default(), metadata.name.clone().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Roll;

    #[test]
    fn a_roll_gives_what_a_list_did_not_show() {
        let name = |name: &str| ("namespace".to_owned(), name.to_owned());
        let mut roll = Roll::default();
        ["stays", "goes unseen", "goes"].map(name).into_iter().for_each(|name| roll.meet(name));
        roll.lose(&name("goes"));
        roll.begin();
        roll.meet(name("stays"));
        roll.meet(name("new"));
        assert_eq!(roll.end(), BTreeSet::from([name("goes unseen")]));
        roll.begin();
        assert_eq!(roll.end(), BTreeSet::from([name("new"), name("stays")]));
        assert_eq!(roll.end(), BTreeSet::new());
    }
}
