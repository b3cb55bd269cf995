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
    sync::{Notify, watch::Receiver},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Pushes, view::has};
use crate::{controllers::watches::all_listed, stores::StoreKey};

/// The finalizer of a PushSecret.
pub(super) const OF_OBJECTS: &str = "pushsecret.externalsecrets.io/finalizer";

/// The finalizer of a store.
pub(super) const OF_STORES: &str = "secretstore.externalsecrets.io/finalizer";

/// How long after its first failure in a row a store is looked at again; it doubles.
const FIRST_WAIT: Duration = Duration::from_secs(2);

/// The longest such wait: a right that is granted shows within it.
const LONGEST_WAIT: Duration = Duration::from_secs(128);

/// The stores that are to be looked at, and when.
#[derive(Debug, Default)]
pub(super) struct Due {
    times: parking_lot::Mutex<Times>,
    woken: Notify,
}

#[derive(Debug, Default)]
struct Times {
    due: BTreeMap<StoreKey, Instant>,
    /// How long each that failed waits the next time.
    waits: BTreeMap<StoreKey, Duration>,
}

impl Due {
    /// Looks at these stores soon.
    pub(super) fn look_at(&self, stores: impl IntoIterator<Item = StoreKey>) {
        let now = Instant::now();
        // They may be looked up behind a lock of their own: no other is held meanwhile.
        let stores: Vec<_> = stores.into_iter().map(|store| (store, now)).collect();
        self.times.lock().due.extend(stores);
        self.woken.notify_one();
    }

    fn take(&self, now: Instant) -> BTreeSet<StoreKey> {
        let due = self.times.lock().due.extract_if(.., |_, at| *at <= now).collect::<BTreeMap<_, _>>();
        due.into_keys().collect()
    }

    fn succeeded(&self, store: &StoreKey) {
        self.times.lock().waits.remove(store);
    }

    /// Looks at a store again, each time after twice as long.
    fn failed(&self, store: StoreKey, now: Instant) {
        let Times { due, waits } = &mut *self.times.lock();
        let wait = waits.entry(store.clone()).or_insert(FIRST_WAIT);
        // Whoever asked for it meanwhile is served first.
        due.entry(store).or_insert(now + *wait);
        *wait = LONGEST_WAIT.min(*wait * 2);
    }

    fn next(&self) -> Option<Instant> {
        self.times.lock().due.values().min().copied()
    }

    async fn wait(&self) {
        let next = self.next();
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
    /// Keeps the finalizers of stores as they should be, from when each of these watches, that of PushSecrets and those of
    /// stores, has listed everything once, until it is stopped. No write is begun after that.
    pub(in crate::controllers) async fn keep_stores(
        self: Arc<Self>,
        listed: Vec<Receiver<bool>>,
        stop: CancellationToken,
    ) {
        stop.run_until_cancelled(async {
            all_listed(listed).await;
            loop {
                for store in self.due.take(Instant::now()) {
                    match self.keep_store(&store).await {
                        Ok(()) => self.due.succeeded(&store),
                        Err(error) => {
                            // The watch tells of whoever wrote in between.
                            if error != WriteError::Conflict {
                                warn!(%store, %error, "the finalizer of a store could not be written");
                            }
                            self.due.failed(store, Instant::now());
                        }
                    }
                }
                self.due.wait().await;
            }
        })
        .await;
    }

    /// Gives a store the finalizer that it should have, or none.
    async fn keep_store(&self, store: &StoreKey) -> Result<(), WriteError> {
        // One of another class has its finalizer from the operator of that class.
        if !self.stores.serves_key(store) {
            return Ok(());
        }
        let (metadata, is_needed) = {
            let view = self.view.lock();
            let Some(metadata) = view.store(store) else { return Ok(()) };
            (metadata, view.needs(store))
        };
        // PushSecrets that are not watched may need it.
        if !is_needed && store.namespace.is_none() && !self.watches_all {
            return Ok(());
        }
        self.finalize_store(store, &metadata, is_needed).await
    }

    /// Gives a store the finalizer, for one who needs it. It is never taken away here: that others do not need it is not
    /// known before all are listed.
    pub(super) async fn hold_store(&self, store: &StoreKey) -> Result<(), WriteError> {
        let Some(metadata) = self.view.lock().store(store) else { return Ok(()) };
        if !self.stores.serves_key(store) {
            return Ok(());
        }
        self.finalize_store(store, &metadata, true).await.map_err(|error| about(store, error))
    }

    async fn finalize_store(
        &self,
        store: &StoreKey,
        metadata: &ObjectMeta,
        is_needed: bool,
    ) -> Result<(), WriteError> {
        // One that is being deleted takes no finalizer any more.
        let is_wanted = is_needed && (metadata.deletion_timestamp.is_none() || has(metadata, OF_STORES));
        let Some(finalizers) = changed(metadata, OF_STORES, is_wanted) else { return Ok(()) };
        let written = self.writer.finalize_store(store, metadata, &finalizers).await?;
        if let Some(written) = written {
            let users = self.view.lock().meet_store(store, written);
            drop(users);
        }
        Ok(())
    }
}

/// The same failure, and of which store.
fn about(store: &StoreKey, error: WriteError) -> WriteError {
    match error {
        WriteError::Immutable(problem) => WriteError::Immutable(format!("{store}: {problem}")),
        WriteError::Invalid(problem) => WriteError::Invalid(format!("{store}: {problem}")),
        WriteError::Forbidden(problem) => WriteError::Forbidden(format!("{store}: {problem}")),
        WriteError::Unavailable(problem) => WriteError::Unavailable(format!("{store}: {problem}")),
        WriteError::Conflict | WriteError::Contested(_) | WriteError::Uncleaned(_) | WriteError::Stopped => {
            error
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use eso_core::key::StoreKind;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
    use tokio::time::Instant;

    use super::{Due, changed};
    use crate::stores::StoreKey;

    fn main_store() -> StoreKey {
        StoreKey { kind: StoreKind::ClusterSecretStore, namespace: None, name: "main".to_owned() }
    }

    #[test]
    fn a_store_that_fails_waits_twice_as_long_each_time_and_anew_after_a_success() {
        let (due, now) = (Due::default(), Instant::now());
        let wait = || {
            due.failed(main_store(), now);
            let next = due.next().unwrap();
            assert_eq!(due.take(next).len(), 1);
            next - now
        };
        let waits: Vec<u64> = (0..8).map(|_| wait().as_secs()).collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 128]);
        due.succeeded(&main_store());
        assert_eq!(wait(), Duration::from_secs(2));
    }

    #[test]
    fn a_store_that_waits_is_looked_at_as_soon_as_somebody_asks_for_it() {
        let due = Due::default();
        let now = Instant::now();
        due.failed(main_store(), now);
        assert_eq!(due.take(now).len(), 0);
        due.look_at([main_store()]);
        assert_eq!(due.take(Instant::now()).len(), 1);
        due.look_at([main_store()]);
        due.failed(main_store(), now);
        assert_eq!(due.take(Instant::now()).len(), 1, "a failure does not put it off");
    }

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
