//! What is served: which watches follow it, in which order they begin, and who is told what they see.

use std::{sync::Arc, time::Duration};

use eso_core::{
    api::{
        cluster_external_secret::ClusterExternalSecret,
        cluster_push_secret::ClusterPushSecret,
        external_secret::ExternalSecret,
        push_secret::PushSecret,
        secret_store::{ClusterSecretStore, SecretStore},
    },
    key::StoreKind,
};
use futures::future::join;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, ServiceAccount};
use tokio::{
    sync::watch::{Receiver, Sender},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    cluster::{Clusters, Copies, NamespaceFollower, Roster},
    external_secret::Router,
    filled::FilledSecrets,
    legacy::LegacyObjects,
    push_secret::{PushWatch, Pushes},
    roll::PushSecretNames,
    sources::{ConfigMaps, Secrets, ServiceAccounts, StoreObjects},
    watches::{Watches, all_listed},
};
use crate::{
    spread::Spread,
    stores::StoreRegistry,
    watch::{Item, Watched},
};

/// How long the beginning waits for the lists of objects that are spread.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who is told what the watches see.
pub(super) struct Served {
    pub(super) router: Arc<Router>,
    pub(super) stores: Arc<StoreRegistry>,
    pub(super) cluster_stores: bool,
    pub(super) cluster_external_secrets: Option<Arc<Clusters<ClusterExternalSecret>>>,
    pub(super) cluster_push_secrets: Option<Arc<Clusters<ClusterPushSecret>>>,
    pub(super) push_secrets: PushObjects,
    pub(super) filled: Option<Arc<FilledSecrets>>,
    pub(super) legacy: Option<Arc<LegacyObjects>>,
}

/// The PushSecrets that are there.
pub(super) enum PushObjects {
    /// They are served.
    Served(Arc<Pushes>),
    /// They are not, and are known by name for the sake of those that are copies.
    Known(Arc<PushSecretNames>),
}

impl PushObjects {
    pub(super) fn served(&self) -> Option<&Arc<Pushes>> {
        match self {
            Self::Served(pushes) => Some(pushes),
            Self::Known(_) => None,
        }
    }

    pub(super) fn roster(&self) -> Arc<dyn Roster> {
        match self {
            Self::Served(pushes) => Arc::clone(pushes) as _,
            Self::Known(names) => Arc::clone(names) as _,
        }
    }

    fn watched(&self) -> Arc<dyn Watched<Item<PushSecret>>> {
        match self {
            Self::Served(pushes) => PushWatch::new(pushes),
            Self::Known(names) => Arc::clone(names) as _,
        }
    }
}

/// Lists everything once, and returns when this process leads. Objects and stores come first: then each Secret that is
/// met is known to be named, or not.
pub(super) async fn begin(
    watches: &mut Watches,
    served: Served,
    synced: &Sender<bool>,
    stop: &CancellationToken,
) {
    let pushing = follow_push_secrets(watches, &served);
    follow_stores(watches, &served, pushing.clone(), stop);
    let Served {
        router,
        stores,
        cluster_external_secrets,
        cluster_push_secrets,
        push_secrets,
        filled,
        legacy,
        ..
    } = served;
    let pushes = push_secrets.served();
    let objects = watches.objects::<ExternalSecret>();
    let external_secrets = match &cluster_external_secrets {
        Some(clusters) => Copies::new(Arc::clone(&router) as _, clusters) as _,
        None => Arc::clone(&router) as _,
    };
    watches.follow(objects, external_secrets);
    let older = LegacyObjects::follow(legacy.as_ref(), watches).await;
    // Nobody else waits for ever where their definition is not there.
    let apart: Vec<_> = pushing.iter().cloned().chain(older.clone()).collect();
    let (_, ()) = join(timeout(PATIENCE, all_listed(apart)), watches.listed()).await;
    let secrets = Secrets::new(Arc::clone(&router), &stores, watches.namespace(), (pushes.cloned(), filled));
    watches.follow(watches.metadata::<Secret>(), secrets);
    let maps = ConfigMaps::new(Arc::clone(&router), &stores, watches.namespace(), pushes.cloned());
    watches.follow(watches.metadata::<ConfigMap>(), maps);
    watches.listed().await;
    let accounts = ServiceAccounts::new(&stores, watches.namespace());
    // Nobody waits for it: without the right to it, everything else goes on.
    watches.follow_wanted(watches.metadata::<ServiceAccount>(), accounts, stores.accounts().wanted());
    let followers = [follower(&cluster_external_secrets), follower(&cluster_push_secrets)];
    let followers = followers.into_iter().flatten().collect();
    let namespaces = watches.follow_namespaces(&router, &stores, followers, legacy);
    let mut listed = Vec::new();
    // Without their namespaces, objects of the older group are not looked at.
    listed.extend(older.filter(|_| *stores.namespaces_wanted().borrow()).map(|_| namespaces.clone()));
    if let Some(clusters) = cluster_external_secrets {
        listed.extend(watches.follow_spread(clusters, vec![namespaces.clone()]));
    }
    if let Some(clusters) = cluster_push_secrets {
        let copies = pushing.into_iter().chain([namespaces]);
        listed.extend(watches.follow_spread(clusters, copies.collect()));
    }
    // Nobody else waits for ever where their definition is not there, or namespaces may not be listed.
    let _ = timeout(PATIENCE, all_listed(listed)).await;
    synced.send_replace(true);
    watches.led().await;
    stores.settled().await;
}

/// Follows PushSecrets, where they are served or are copies: gives whether all have been listed once.
fn follow_push_secrets(watches: &mut Watches, served: &Served) -> Option<Receiver<bool>> {
    let Served { cluster_push_secrets, push_secrets, .. } = served;
    let watched = match (cluster_push_secrets, push_secrets) {
        (Some(clusters), _) => Copies::new(push_secrets.watched(), clusters),
        (None, PushObjects::Served(_)) => push_secrets.watched(),
        (None, PushObjects::Known(_)) => return None,
    };
    Some(watches.follow_apart(watches.objects::<PushSecret>(), watched))
}

/// Follows stores, and keeps their finalizers once they and PushSecrets have been listed, however long that takes: a store
/// that nobody seems to need may be needed by what is not known yet.
fn follow_stores(
    watches: &mut Watches,
    served: &Served,
    pushing: Option<Receiver<bool>>,
    stop: &CancellationToken,
) {
    let Served { stores, cluster_stores, push_secrets, .. } = served;
    let pushes = push_secrets.served();
    let of_kind = |kind| StoreObjects::new(kind, stores, pushes.cloned());
    let mut listed: Vec<_> = pushing.into_iter().collect();
    listed.push(watches.follow(watches.objects::<SecretStore>(), of_kind(StoreKind::SecretStore)));
    if *cluster_stores {
        let objects = watches.cluster_objects::<ClusterSecretStore>();
        listed.push(watches.follow(objects, of_kind(StoreKind::ClusterSecretStore)));
    }
    if let Some(pushes) = pushes {
        watches.spawn_writer(Arc::clone(pushes).keep_stores(listed, stop.clone()));
    }
}

fn follower<K: Spread>(clusters: &Option<Arc<Clusters<K>>>) -> Option<Arc<dyn NamespaceFollower>> {
    clusters.as_ref().map(|clusters| Arc::clone(clusters) as _)
}
