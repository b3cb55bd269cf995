//! The watches of one controller, each on a task of its own.

use std::sync::Arc;

use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope, api::core::v1::Namespace};
use kube::{Api, Client, Resource, core::PartialObjectMeta};
use tokio::{
    sync::watch::{Receiver, Sender},
    task::JoinSet,
};

use super::sources::Namespaces;
use crate::{
    stores::StoreRegistry,
    watch::{Item, Watched, follow},
};

/// An object without its content.
pub(super) type Metadata<K> = Item<PartialObjectMeta<K>>;

/// Watches of one namespace, or of all. They end when this is dropped.
pub(super) struct Watches {
    client: Client,
    namespace: Option<String>,
    tasks: JoinSet<()>,
    /// Those that have not listed everything yet.
    listing: Vec<Receiver<bool>>,
}

impl Watches {
    pub(super) fn new(client: Client, namespace: Option<String>) -> Self {
        Self { client, namespace, tasks: JoinSet::new(), listing: Vec::new() }
    }

    /// The one namespace that is watched; `None` for all.
    pub(super) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The objects of a kind.
    pub(super) fn objects<K>(&self) -> Api<Item<K>>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        match &self.namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        }
    }

    /// As [`objects`](Self::objects), of a kind that has no namespace.
    pub(super) fn cluster_objects<K>(&self) -> Api<Item<K>>
    where
        K: Resource<DynamicType = (), Scope = ClusterResourceScope>,
    {
        Api::all(self.client.clone())
    }

    /// What is known of objects beside their content, which is not even asked for.
    pub(super) fn metadata<K>(&self) -> Api<Metadata<K>>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        self.objects()
    }

    pub(super) fn follow<K: Resource + 'static>(
        &mut self,
        api: Api<Item<K>>,
        watched: Arc<dyn Watched<Item<K>>>,
    ) {
        let listed = Sender::new(false);
        self.listing.push(listed.subscribe());
        self.tasks.spawn(async move { follow(api, &*watched, &listed).await });
    }

    /// Follows the labels of namespaces, from when a store asks for some.
    pub(super) fn follow_namespaces(&mut self, stores: &Arc<StoreRegistry>) {
        let api: Api<Metadata<Namespace>> = Api::all(self.client.clone());
        let mut wanted = stores.namespaces_wanted();
        let watched = Namespaces::new(stores);
        self.tasks.spawn(async move {
            if wanted.wait_for(|wanted| *wanted).await.is_ok() {
                follow(api, &*watched, &Sender::new(false)).await;
            }
        });
    }

    /// Waits until each that is followed so far has listed everything once.
    pub(super) async fn listed(&mut self) {
        for mut listing in self.listing.drain(..) {
            // A watch that is gone will list nothing any more: its task was ended.
            let _ = listing.wait_for(|listed| *listed).await;
        }
    }
}
