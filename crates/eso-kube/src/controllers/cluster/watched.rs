//! What the watches tell of: objects, the copies that they control, and namespaces.

use std::{fmt, sync::Arc};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Clusters, subject};
use crate::{
    spread::Spread,
    watch::{Item, Watched},
};

impl<K: Spread> Watched<Item<K>> for Clusters<K> {
    fn begin(&self) {
        self.view.lock().begin_objects();
    }

    fn meet(&self, object: Item<K>) {
        let woken = self.view.lock().meet_object(object.into());
        self.wake(woken);
    }

    fn lose(&self, object: Item<K>) {
        let name = object.metadata().name.clone().unwrap_or_default();
        let mut view = self.view.lock();
        view.lose_object(&name);
        self.telemetry.forgotten(subject::<K>(&name));
        drop(view);
        self.wake([name]);
    }

    fn end(&self) {
        let mut view = self.view.lock();
        let gone = view.end_objects();
        gone.iter().for_each(|name| self.telemetry.forgotten(subject::<K>(name)));
        drop(view);
        self.wake(gone);
    }
}

/// Is told of namespaces.
pub(in crate::controllers) trait NamespaceFollower: fmt::Debug + Send + Sync {
    /// One is there.
    fn meet_namespace(&self, metadata: &ObjectMeta);
    /// One is gone.
    fn lose_namespace(&self, name: &str);
    /// They may not be looked at.
    fn refused(&self) {}
}

impl<K: Spread> NamespaceFollower for Clusters<K> {
    fn meet_namespace(&self, metadata: &ObjectMeta) {
        let woken = self.view.lock().meet_namespace(metadata);
        self.wake(woken);
    }

    fn lose_namespace(&self, name: &str) {
        let woken = self.view.lock().lose_namespace(name);
        self.wake(woken);
    }
}

/// Objects of the kind of the copies: they are something by themselves, and copies of an object that is spread.
pub(in crate::controllers) struct Copies<K: Spread> {
    themselves: Arc<dyn Watched<Item<K::Copy>>>,
    clusters: Arc<Clusters<K>>,
}

impl<K: Spread> Copies<K> {
    /// Tells both, and wakes nobody before `themselves` knows: whoever is woken finds the roster up to date.
    pub(in crate::controllers) fn new(
        themselves: Arc<dyn Watched<Item<K::Copy>>>,
        clusters: &Arc<Clusters<K>>,
    ) -> Arc<Self> {
        Arc::new(Self { themselves, clusters: Arc::clone(clusters) })
    }
}

impl<K: Spread> Watched<Item<K::Copy>> for Copies<K> {
    fn begin(&self) {
        self.themselves.begin();
        self.clusters.view.lock().copies.begin();
    }

    fn meet(&self, object: Item<K::Copy>) {
        let woken = self.clusters.view.lock().meet_copy(&object);
        self.themselves.meet(object);
        self.clusters.wake(woken);
    }

    fn lose(&self, object: Item<K::Copy>) {
        let woken = self.clusters.view.lock().lose_copy(object.metadata());
        self.themselves.lose(object);
        self.clusters.wake(woken);
    }

    fn end(&self) {
        let woken = self.clusters.view.lock().end_copies();
        self.themselves.end();
        self.clusters.wake(woken);
    }
}
