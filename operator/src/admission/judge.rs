//! Judges objects of ours by what is known of the cluster.

use std::sync::Arc;

use eso_admission::{
    answer::Response,
    review::Review,
    validate::{self, Known, Named, Standing},
};
use eso_core::key::StoreReference;
use eso_kube::{
    controllers::Targets,
    stores::{Connect, Presence, StoreRegistry},
};
use eso_plan::template::Delimiters;
use tokio::sync::watch;

/// Judges objects.
pub(crate) struct Judge {
    sight: Option<Sight>,
}

/// What is seen of the cluster.
pub(super) struct Sight {
    pub(super) stores: Arc<StoreRegistry>,
    pub(super) targets: Targets,
    pub(super) synced: watch::Receiver<bool>,
    pub(super) delimiters: Delimiters,
}

impl Judge {
    /// One that sees the cluster.
    pub(super) fn seeing(sight: Sight) -> Self {
        Self { sight: Some(sight) }
    }

    /// One that goes by the objects alone.
    pub(crate) fn blind() -> Self {
        Self { sight: None }
    }

    /// What is said of an ExternalSecret.
    pub(super) fn external_secret(&self, review: &Review<'_>) -> Response {
        let Some(object) = review.object() else { return Response::allow(&review.uid) };
        let known = self.sight.as_ref().map(|sight| sight.known(object, review)).unwrap_or_default();
        validate::external_secret(object, review.old_object(), &known).answer(&review.uid)
    }
}

/// What is said of a store.
pub(super) fn store(review: &Review<'_>, connect: &dyn Connect) -> Response {
    let Some(object) = review.object() else { return Response::allow(&review.uid) };
    validate::store(object, |provider| connect.knows(provider)).answer(&review.uid)
}

impl Sight {
    fn known(&self, object: &str, review: &Review<'_>) -> Known {
        let delimiters = self.delimiters.clone();
        if !*self.synced.borrow() {
            return Known { delimiters, ..Known::default() };
        }
        let Named { stores, secret } = validate::named(object);
        let standing = |store: StoreReference| {
            let standing = match self.stores.presence(&store) {
                Presence::There => Standing::There,
                Presence::Missing => Standing::Missing,
                Presence::Unknown(provider) => Standing::Unknown(provider),
            };
            (store, standing)
        };
        let writers = secret.map(|secret| self.targets.names(&review.place.namespace, &secret));
        let others = writers.into_iter().flatten().filter(|name| *name != review.place.name);
        Known {
            stores: stores.into_iter().map(standing).collect(),
            writers: others.map(|name| format!("ExternalSecret {name:?}")).collect(),
            delimiters,
        }
    }
}
