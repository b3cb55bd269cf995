//! What the watches tell of: ClusterExternalSecrets, the ExternalSecrets that they control, and namespaces.

use std::sync::Arc;

use eso_core::api::{cluster_external_secret::ClusterExternalSecret, external_secret::ExternalSecret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{Clusters, subject};
use crate::{
    controllers::external_secret::Router,
    watch::{Item, Watched},
};

impl Watched<Item<ClusterExternalSecret>> for Clusters {
    fn begin(&self) {
        self.view.lock().begin_objects();
    }

    fn meet(&self, object: Item<ClusterExternalSecret>) {
        let woken = self.view.lock().meet_object(object.into());
        self.wake(woken);
    }

    fn lose(&self, object: Item<ClusterExternalSecret>) {
        let name = object.metadata().name.clone().unwrap_or_default();
        let mut view = self.view.lock();
        view.lose_object(&name);
        self.telemetry.forgotten(subject(&name));
        drop(view);
        self.wake([name]);
    }

    fn end(&self) {
        let mut view = self.view.lock();
        let gone = view.end_objects();
        gone.iter().for_each(|name| self.telemetry.forgotten(subject(name)));
        drop(view);
        self.wake(gone);
    }
}

/// Namespaces.
impl Clusters {
    /// One is there.
    pub(in crate::controllers) fn meet_namespace(&self, metadata: &ObjectMeta) {
        let woken = self.view.lock().meet_namespace(metadata);
        self.wake(woken);
    }

    /// One is gone.
    pub(in crate::controllers) fn lose_namespace(&self, name: &str) {
        let woken = self.view.lock().lose_namespace(name);
        self.wake(woken);
    }
}

/// ExternalSecrets: objects themselves, and copies of ClusterExternalSecrets.
#[derive(Debug)]
pub(in crate::controllers) struct Objects {
    router: Arc<Router>,
    clusters: Arc<Clusters>,
}

impl Objects {
    /// Tells both, the router first: whoever is woken finds the index up to date.
    pub(in crate::controllers) fn new(router: &Arc<Router>, clusters: &Arc<Clusters>) -> Arc<Self> {
        Arc::new(Self { router: Arc::clone(router), clusters: Arc::clone(clusters) })
    }
}

impl Watched<Item<ExternalSecret>> for Objects {
    fn begin(&self) {
        Watched::<Item<ExternalSecret>>::begin(&*self.router);
        self.clusters.view.lock().copies.begin();
    }

    fn meet(&self, object: Item<ExternalSecret>) {
        let woken = self.clusters.view.lock().meet_copy(&object);
        self.router.meet(object);
        self.clusters.wake(woken);
    }

    fn lose(&self, object: Item<ExternalSecret>) {
        let woken = self.clusters.view.lock().lose_copy(object.metadata());
        self.router.lose(object);
        self.clusters.wake(woken);
    }

    fn end(&self) {
        let woken = self.clusters.view.lock().end_copies();
        Watched::<Item<ExternalSecret>>::end(&*self.router);
        self.clusters.wake(woken);
    }
}
