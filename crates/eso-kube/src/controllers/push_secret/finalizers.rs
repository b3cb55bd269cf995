//! The original's finalizers: a PushSecret that deletes what it wrote stays until that is done, and a store that it needs
//! for that stays with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use eso_plan::plan::WriteError;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{Pushes, view::has};
use crate::stores::StoreKey;

/// The finalizer of a PushSecret.
pub(super) const OF_OBJECTS: &str = "pushsecret.externalsecrets.io/finalizer";

/// The finalizer of a store.
pub(super) const OF_STORES: &str = "secretstore.externalsecrets.io/finalizer";

/// How long after a failure a store is looked at again.
const RETRY: Duration = Duration::from_secs(2);

/// The stores that are to be looked at, and when.
#[derive(Debug, Default)]
pub(super) struct Due {
    stores: parking_lot::Mutex<BTreeMap<StoreKey, Instant>>,
    woken: Notify,
}

impl Due {
    /// Looks at these stores soon.
    pub(super) fn look_at(&self, stores: impl IntoIterator<Item = StoreKey>) {
        let now = Instant::now();
        self.stores.lock().extend(stores.into_iter().map(|store| (store, now)));
        self.woken.notify_one();
    }

    fn take(&self, now: Instant) -> BTreeSet<StoreKey> {
        let due = self.stores.lock().extract_if(.., |_, at| *at <= now).collect::<BTreeMap<_, _>>();
        due.into_keys().collect()
    }

    async fn wait(&self) {
        let next = self.stores.lock().values().min().copied();
        let comes = async {
            match next {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.woken.notified() => {}
            () = comes => {}
        }
    }
}

/// The finalizers with one more, or one less; `None` where that changes nothing.
pub(super) fn changed(metadata: &ObjectMeta, finalizer: &str, is_wanted: bool) -> Option<Vec<String>> {
    if has(metadata, finalizer) == is_wanted {
        return None;
    }
    let others = metadata.finalizers.iter().flatten().filter(|name| *name != finalizer).cloned();
    Some(others.chain(is_wanted.then(|| finalizer.to_owned())).collect())
}

impl Pushes {
    /// Keeps the finalizers of stores as they should be, until it is stopped. No write is begun after that.
    pub(in crate::controllers) async fn keep_stores(self: Arc<Self>, stop: CancellationToken) {
        stop.run_until_cancelled(async {
            loop {
                for store in self.due.take(Instant::now()) {
                    if let Err(error) = self.keep_store(&store).await {
                        debug!(%store, %error, "the finalizer of a store could not be written");
                        self.due.stores.lock().insert(store, Instant::now() + RETRY);
                    }
                }
                self.due.wait().await;
            }
        })
        .await;
    }

    /// Gives a store the finalizer that it should have, or none.
    pub(super) async fn keep_store(&self, store: &StoreKey) -> Result<(), WriteError> {
        let (metadata, is_needed) = {
            let view = self.view.lock();
            let Some(metadata) = view.store(store) else { return Ok(()) };
            (metadata, view.needs(store) && self.stores.serves_key(store))
        };
        // One that is being deleted takes no finalizer any more.
        let is_wanted = is_needed && (metadata.deletion_timestamp.is_none() || has(&metadata, OF_STORES));
        let Some(finalizers) = changed(&metadata, OF_STORES, is_wanted) else { return Ok(()) };
        let written = self.writer.finalize_store(store, &metadata, &finalizers).await?;
        if let Some(written) = written {
            let users = self.view.lock().meet_store(store, written);
            drop(users);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

    use super::changed;

    #[track_caller]
    fn check(before: &[&str], is_wanted: bool, after: Option<&[&str]>) {
        let finalizers = before.iter().map(|name| (*name).to_owned()).collect();
        let metadata = ObjectMeta { finalizers: Some(finalizers), ..ObjectMeta::default() };
        let after = after.map(|names| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(changed(&metadata, "ours", is_wanted), after);
    }

    #[test]
    fn one_finalizer_comes_or_goes_and_the_others_stay() {
        check(&[], true, Some(&["ours"]));
        check(&["theirs"], true, Some(&["theirs", "ours"]));
        check(&["ours"], true, None);
        check(&["a", "ours", "b"], false, Some(&["a", "b"]));
        check(&["a"], false, None);
    }
}
