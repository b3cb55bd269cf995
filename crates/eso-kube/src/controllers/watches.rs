//! The watches of one controller, each on a task of its own.

use std::{any::Any, sync::Arc};

use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope, api::core::v1::Namespace};
use kube::{Api, Client, Resource, core::PartialObjectMeta};
use tokio::{
    sync::watch::{Receiver, Sender},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{
    cluster::{Clusters, NamespaceFollower},
    external_secret::Router,
    legacy::LegacyObjects,
    sources::Namespaces,
};
use crate::{
    lease::Leadership,
    spread::Spread,
    stores::StoreRegistry,
    watch::{Item, Watched, follow, follow_named},
};

/// An object without its content.
pub(super) type Metadata<K> = Item<PartialObjectMeta<K>>;

/// Watches of one namespace, or of all. They end when this is dropped.
///
/// None ends by itself: one that panics stops everything, for what it saw would never be told again.
pub(super) struct Watches {
    client: Client,
    namespace: Option<String>,
    leadership: Leadership,
    stop: CancellationToken,
    tasks: JoinSet<()>,
    /// Those that have not listed everything yet.
    listing: Vec<Receiver<bool>>,
}

impl Watches {
    /// `stop` is cancelled when a watch ends.
    pub(super) fn new(
        client: Client,
        namespace: Option<String>,
        leadership: Leadership,
        stop: CancellationToken,
    ) -> Self {
        Self { client, namespace, leadership, stop, tasks: JoinSet::new(), listing: Vec::new() }
    }

    /// What all of them ask.
    pub(super) fn client(&self) -> &Client {
        &self.client
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

    /// Follows objects: gives whether it has listed everything once.
    pub(super) fn follow<K: Resource + 'static>(
        &mut self,
        api: Api<Item<K>>,
        watched: Arc<dyn Watched<Item<K>>>,
    ) -> Receiver<bool> {
        let listed = self.follow_apart(api, watched);
        self.listing.push(listed.clone());
        listed
    }

    /// As [`follow`](Self::follow), of what not everybody waits for.
    pub(super) fn follow_apart<K: Resource + 'static>(
        &mut self,
        api: Api<Item<K>>,
        watched: Arc<dyn Watched<Item<K>>>,
    ) -> Receiver<bool> {
        let listed = Sender::new(false);
        let listing = listed.subscribe();
        self.spawn(async move { follow(api, &*watched, &listed).await });
        listing
    }

    /// As [`follow_apart`](Self::follow_apart), after something else.
    pub(super) fn follow_after<K: Resource + 'static>(
        &mut self,
        api: Api<Item<K>>,
        watched: Arc<dyn Watched<Item<K>>>,
        before: impl Future<Output = ()> + Send + 'static,
    ) {
        self.spawn(async move {
            before.await;
            follow(api, &*watched, &Sender::new(false)).await;
        });
    }

    /// As [`follow_apart`](Self::follow_apart), from when somebody wants it.
    pub(super) fn follow_wanted<K: Resource + 'static>(
        &mut self,
        api: Api<Item<K>>,
        watched: Arc<dyn Watched<Item<K>>>,
        wanted: Receiver<bool>,
    ) -> Receiver<bool> {
        let listed = Sender::new(false);
        let listing = listed.subscribe();
        self.spawn(from_when(wanted, async move { follow(api, &*watched, &listed).await }));
        listing
    }

    /// Follows namespaces, or the one that is served: from when a store asks for their labels, or an object goes by their
    /// annotations, and at once where somebody else goes by them. Gives whether all have been listed once.
    pub(super) fn follow_namespaces(
        &mut self,
        router: &Arc<Router>,
        stores: &Arc<StoreRegistry>,
        followers: Vec<Arc<dyn NamespaceFollower>>,
        legacy: Option<Arc<LegacyObjects>>,
    ) -> Receiver<bool> {
        let api: Api<Metadata<Namespace>> = Api::all(self.client.clone());
        let at_once = !followers.is_empty();
        let legacy = legacy.map(|legacy| legacy as Arc<dyn NamespaceFollower>);
        let watched = Namespaces::new(router, stores, followers.into_iter().chain(legacy).collect());
        let wanted = stores.namespaces_wanted();
        match (self.namespace.clone(), at_once) {
            (_, true) => self.follow_apart(api, watched),
            (None, false) => self.follow_wanted(api, watched, wanted),
            (Some(namespace), false) => {
                let listed = Sender::new(false);
                let listing = listed.subscribe();
                self.spawn(from_when(wanted, async move {
                    follow_named(api, &namespace, &*watched, &listed).await;
                }));
                listing
            }
        }
    }

    /// Follows objects that are spread, and has them take their turns once they are listed, and what they go by too.
    /// Gives whether all that is.
    pub(super) fn follow_spread<K: Spread>(
        &mut self,
        clusters: Arc<Clusters<K>>,
        mut listed: Vec<Receiver<bool>>,
    ) -> Vec<Receiver<bool>> {
        let objects = self.cluster_objects::<K>();
        listed.push(self.follow_apart(objects, Arc::clone(&clusters) as _));
        self.spawn_writer(clusters.run(listed.clone(), self.stop.clone()));
        listed
    }

    /// Waits until each that is followed so far has listed everything once.
    pub(super) async fn listed(&mut self) {
        all_listed(self.listing.drain(..)).await;
    }

    /// Ends them. Gives the panic in which one has ended already.
    pub(super) async fn end(mut self) -> Option<Box<dyn Any + Send>> {
        self.tasks.abort_all();
        let mut panic = None;
        while let Some(ended) = self.tasks.join_next().await {
            panic = ended.err().and_then(|error| error.try_into_panic().ok()).or(panic);
        }
        panic
    }

    /// Returns when this process leads.
    pub(super) async fn led(&self) {
        self.leadership.led().await;
    }

    /// As [`spawn`](Self::spawn), of what writes: it begins when this process leads.
    pub(super) fn spawn_writer(&mut self, writer: impl Future<Output = ()> + Send + 'static) {
        let leadership = self.leadership.clone();
        self.spawn(async move {
            leadership.led().await;
            writer.await;
        });
    }

    /// Runs what goes by the watches, and ends with them.
    pub(super) fn spawn(&mut self, watch: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone().drop_guard();
        self.tasks.spawn(async move {
            watch.await;
            drop(stop);
        });
    }
}

/// Follows something from when somebody wants it.
async fn from_when(mut wanted: Receiver<bool>, following: impl Future<Output = ()>) {
    if wanted.wait_for(|wanted| *wanted).await.is_ok() {
        following.await;
    }
}

/// Waits until each of these watches has listed everything once.
pub(super) async fn all_listed(listing: impl IntoIterator<Item = Receiver<bool>>) {
    for mut listing in listing {
        // A watch that is gone will list nothing any more: its task was ended.
        let _ = listing.wait_for(|listed| *listed).await;
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, time::Duration};

    use kube::{Client, Config};
    use tokio::time::timeout;
    use tokio_util::sync::CancellationToken;

    use super::{Leadership, Watches};

    fn watches(stop: &CancellationToken) -> Watches {
        let nobody = Client::try_from(Config::new("http://127.0.0.1:1".parse().unwrap())).unwrap();
        Watches::new(nobody, None, Leadership::always(), stop.clone())
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_that_panics_stops_everything_and_its_panic_is_kept() {
        let stop = CancellationToken::new();
        let mut watches = watches(&stop);
        watches.spawn(pending());
        watches.spawn(async { panic!("a test's") });
        timeout(Duration::from_secs(600), stop.cancelled()).await.expect("everything must stop");
        assert_eq!(watches.end().await.unwrap().downcast_ref(), Some(&"a test's"));
    }

    #[tokio::test]
    async fn watches_that_are_ended_leave_no_panic() {
        let mut watches = watches(&CancellationToken::new());
        watches.spawn(pending());
        assert!(watches.end().await.is_none());
    }
}
