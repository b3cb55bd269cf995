//! What stores are told by the watches: the stores themselves, and the objects that hold their credentials.
//!
//! The registry hears of each thing that is gone, also of one that went while a watch was broken: of stores and
//! namespaces each source keeps the names that it told; of credentials it asks which ones are in use when a list ends.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use eso_core::key::StoreKind;
use eso_plan::template::SourceKind;
use k8s_openapi::{
    api::core::v1::{ConfigMap, Namespace, Secret, ServiceAccount},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use parking_lot::Mutex;

use super::{
    cluster::NamespaceFollower,
    external_secret::Router,
    filled::FilledSecrets,
    push_secret::Pushes,
    roll::{Name, Roll, name_of},
    watches::Metadata,
};
use crate::{
    credentials::{AccountWatch, CredentialKind, CredentialObject},
    stores::{StoreKey, StoreRegistry},
    watch::{Item, Watched},
};

/// SecretStores, or ClusterSecretStores.
#[derive(Debug)]
pub(super) struct StoreObjects {
    kind: StoreKind,
    stores: Arc<StoreRegistry>,
    pushes: Option<Arc<Pushes>>,
    roll: Mutex<Roll>,
}

impl StoreObjects {
    /// For the stores, and for PushSecrets where they are served.
    pub(super) fn new(
        kind: StoreKind,
        stores: &Arc<StoreRegistry>,
        pushes: Option<Arc<Pushes>>,
    ) -> Arc<Self> {
        Arc::new(Self { kind, stores: Arc::clone(stores), pushes, roll: Mutex::default() })
    }

    fn delete(&self, (namespace, name): &Name) {
        let namespace = match self.kind {
            StoreKind::SecretStore => Some(namespace.as_str()),
            StoreKind::ClusterSecretStore | StoreKind::Environment => None,
        };
        self.stores.delete_store(self.kind, namespace, name);
        let key = StoreKey { kind: self.kind, namespace: namespace.map(str::to_owned), name: name.clone() };
        self.pushes.iter().for_each(|pushes| pushes.lose_store(&key));
    }
}

impl<K> Watched<Item<K>> for StoreObjects {
    fn begin(&self) {
        self.roll.lock().begin();
    }

    fn meet(&self, store: Item<K>) {
        let metadata = store.metadata().clone();
        self.roll.lock().meet(name_of(&metadata));
        self.stores.apply_store(self.kind, store.into());
        self.pushes.iter().for_each(|pushes| pushes.meet_store(self.kind, &metadata));
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

/// The objects of one kind that stores log in with.
#[derive(Debug)]
struct Credentials {
    kind: CredentialKind,
    /// The one namespace that is watched; `None` for all. Nothing is known of the others.
    namespace: Option<String>,
    stores: Arc<StoreRegistry>,
    /// What the list that is under way has shown, as hashes: it shows everything there is, and little of it is in use.
    shown: Mutex<Option<HashSet<u64>>>,
    hasher: RandomState,
}

impl Credentials {
    fn new(kind: CredentialKind, namespace: Option<&str>, stores: &Arc<StoreRegistry>) -> Self {
        Self {
            kind,
            namespace: namespace.map(str::to_owned),
            stores: Arc::clone(stores),
            shown: Mutex::default(),
            hasher: RandomState::new(),
        }
    }

    fn begin(&self) {
        *self.shown.lock() = Some(HashSet::new());
    }

    fn meet(&self, metadata: &ObjectMeta) {
        let object = self.object(metadata);
        if let Some(shown) = &mut *self.shown.lock() {
            shown.insert(self.hasher.hash_one(&object));
        }
        self.stores.credential_changed(&object, Some(metadata));
    }

    fn lose(&self, metadata: &ObjectMeta) {
        self.stores.credential_changed(&self.object(metadata), None);
    }

    /// What is in use and was not shown is gone. It may have been there since before its store was: no event told of
    /// it. One that came while the list was under way is told of next, and read again.
    fn end(&self) {
        let Some(shown) = self.shown.lock().take() else { return };
        let in_use = self.stores.credentials_in_use(self.kind).into_iter();
        let gone = in_use.filter(|object| {
            self.is_watched(&object.namespace) && !shown.contains(&self.hasher.hash_one(object))
        });
        gone.for_each(|object| self.stores.credential_changed(&object, None));
    }

    fn is_watched(&self, namespace: &str) -> bool {
        self.namespace.as_deref().is_none_or(|watched| watched == namespace)
    }

    fn object(&self, metadata: &ObjectMeta) -> CredentialObject {
        let (namespace, name) = name_of(metadata);
        CredentialObject { kind: self.kind, namespace, name }
    }
}

/// Secrets: targets of objects, credentials of stores, what is pushed, and what was filled.
#[derive(Debug)]
pub(super) struct Secrets {
    router: Arc<Router>,
    credentials: Credentials,
    pushes: Option<Arc<Pushes>>,
    filled: Option<Arc<FilledSecrets>>,
}

impl Secrets {
    /// Those of one namespace, or of all.
    pub(super) fn new(
        router: Arc<Router>,
        stores: &Arc<StoreRegistry>,
        namespace: Option<&str>,
        (pushes, filled): (Option<Arc<Pushes>>, Option<Arc<FilledSecrets>>),
    ) -> Arc<Self> {
        let credentials = Credentials::new(CredentialKind::Secret, namespace, stores);
        Arc::new(Self { router, credentials, pushes, filled })
    }
}

impl Watched<Metadata<Secret>> for Secrets {
    fn begin(&self) {
        Watched::<Metadata<Secret>>::begin(&*self.router);
        self.credentials.begin();
        self.pushes.iter().for_each(|pushes| pushes.begin_sources(SourceKind::Secret));
        self.filled.iter().for_each(|filled| filled.begin());
    }

    fn meet(&self, secret: Metadata<Secret>) {
        self.credentials.meet(secret.metadata());
        self.pushes.iter().for_each(|pushes| pushes.meet_source(SourceKind::Secret, secret.metadata()));
        self.filled.iter().for_each(|filled| filled.meet(secret.metadata()));
        self.router.meet(secret);
    }

    fn lose(&self, secret: Metadata<Secret>) {
        self.credentials.lose(secret.metadata());
        self.pushes.iter().for_each(|pushes| pushes.lose_source(SourceKind::Secret, secret.metadata()));
        self.filled.iter().for_each(|filled| filled.lose(secret.metadata()));
        self.router.lose(secret);
    }

    fn end(&self) {
        self.credentials.end();
        self.pushes.iter().for_each(|pushes| pushes.end_sources(SourceKind::Secret));
        self.filled.iter().for_each(|filled| filled.end());
        Watched::<Metadata<Secret>>::end(&*self.router);
    }
}

/// ConfigMaps: certificate authorities of stores, templates of objects, and policies of what is pushed.
#[derive(Debug)]
pub(super) struct ConfigMaps {
    router: Arc<Router>,
    credentials: Credentials,
    pushes: Option<Arc<Pushes>>,
}

impl ConfigMaps {
    /// Those of one namespace, or of all.
    pub(super) fn new(
        router: Arc<Router>,
        stores: &Arc<StoreRegistry>,
        namespace: Option<&str>,
        pushes: Option<Arc<Pushes>>,
    ) -> Arc<Self> {
        let credentials = Credentials::new(CredentialKind::ConfigMap, namespace, stores);
        Arc::new(Self { router, credentials, pushes })
    }
}

impl Watched<Metadata<ConfigMap>> for ConfigMaps {
    fn begin(&self) {
        Watched::<Metadata<ConfigMap>>::begin(&*self.router);
        self.credentials.begin();
        self.pushes.iter().for_each(|pushes| pushes.begin_sources(SourceKind::ConfigMap));
    }

    fn meet(&self, map: Metadata<ConfigMap>) {
        self.credentials.meet(map.metadata());
        self.pushes.iter().for_each(|pushes| pushes.meet_source(SourceKind::ConfigMap, map.metadata()));
        self.router.meet(map);
    }

    fn lose(&self, map: Metadata<ConfigMap>) {
        self.credentials.lose(map.metadata());
        self.pushes.iter().for_each(|pushes| pushes.lose_source(SourceKind::ConfigMap, map.metadata()));
        self.router.lose(map);
    }

    fn end(&self) {
        self.credentials.end();
        self.pushes.iter().for_each(|pushes| pushes.end_sources(SourceKind::ConfigMap));
        Watched::<Metadata<ConfigMap>>::end(&*self.router);
    }
}

/// Service accounts: what stores log in as.
#[derive(Debug)]
pub(super) struct ServiceAccounts {
    credentials: Credentials,
    watch: Arc<AccountWatch>,
}

impl ServiceAccounts {
    /// Those of one namespace, or of all.
    pub(super) fn new(stores: &Arc<StoreRegistry>, namespace: Option<&str>) -> Arc<Self> {
        let credentials = Credentials::new(CredentialKind::ServiceAccount, namespace, stores);
        Arc::new(Self { credentials, watch: Arc::clone(stores.accounts()) })
    }
}

impl Watched<Metadata<ServiceAccount>> for ServiceAccounts {
    fn begin(&self) {
        self.credentials.begin();
    }

    fn meet(&self, account: Metadata<ServiceAccount>) {
        self.watch.told();
        self.credentials.meet(account.metadata());
    }

    fn lose(&self, account: Metadata<ServiceAccount>) {
        self.watch.told();
        self.credentials.lose(account.metadata());
    }

    fn end(&self) {
        self.watch.told();
        self.credentials.end();
    }

    fn refused(&self) {
        self.watch.refused();
    }
}

/// Namespaces: which ones there are, whose credentials are logged in with, and their labels, which conditions of
/// ClusterSecretStores and the selectors of objects that are spread ask for.
#[derive(Debug)]
pub(super) struct Namespaces {
    router: Arc<Router>,
    stores: Arc<StoreRegistry>,
    followers: Vec<Arc<dyn NamespaceFollower>>,
    roll: Mutex<Roll>,
}

impl Namespaces {
    /// For the objects, the stores, and for whoever else goes by namespaces.
    pub(super) fn new(
        router: &Arc<Router>,
        stores: &Arc<StoreRegistry>,
        followers: Vec<Arc<dyn NamespaceFollower>>,
    ) -> Arc<Self> {
        let (router, stores) = (Arc::clone(router), Arc::clone(stores));
        Arc::new(Self { router, stores, followers, roll: Mutex::default() })
    }

    fn delete(&self, name: &str) {
        self.router.lose_namespace(name);
        self.stores.namespace_deleted(name);
        self.followers.iter().for_each(|follower| follower.lose_namespace(name));
    }
}

impl Watched<Metadata<Namespace>> for Namespaces {
    fn begin(&self) {
        self.roll.lock().begin();
    }

    fn meet(&self, namespace: Metadata<Namespace>) {
        let name = name_of(namespace.metadata());
        self.router.meet_namespace(namespace.metadata());
        let ObjectMeta { uid, labels, .. } = namespace.metadata().clone();
        self.stores.namespace_changed(&name.1, &uid.unwrap_or_default(), &labels.unwrap_or_default());
        self.followers.iter().for_each(|follower| follower.meet_namespace(namespace.metadata()));
        self.roll.lock().meet(name);
    }

    fn lose(&self, namespace: Metadata<Namespace>) {
        let name = name_of(namespace.metadata());
        self.roll.lock().lose(&name);
        self.delete(&name.1);
    }

    fn end(&self) {
        let gone = self.roll.lock().end();
        gone.iter().for_each(|name| self.delete(&name.1));
    }

    fn refused(&self) {
        self.followers.iter().for_each(|follower| follower.refused());
    }
}

#[cfg(test)]
mod tests;
