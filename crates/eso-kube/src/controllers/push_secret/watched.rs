//! What the watches and the stores tell of PushSecrets, and who is woken by it.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use eso_core::{api::push_secret::PushSecret, key::StoreKind};
use eso_plan::template::SourceKind;
use eso_sync::engine::Cause;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{
    Pushes, subject,
    view::{Entry, Met, key_of},
};
use crate::{
    controllers::{
        cluster::Roster,
        external_secret::{Router, ready},
        filled::FilledSecrets,
    },
    stores::{Dependents, StoreChange, StoreKey},
    watch::{Item, Object, Watched},
};

/// What the watch of PushSecrets tells.
pub(in crate::controllers) struct PushWatch {
    pushes: Arc<Pushes>,
    /// Whether all have been listed once.
    listed: AtomicBool,
}

impl PushWatch {
    pub(in crate::controllers) fn new(pushes: &Arc<Pushes>) -> Arc<Self> {
        Arc::new(Self { pushes: Arc::clone(pushes), listed: false.into() })
    }

    fn is_listed(&self) -> bool {
        self.listed.load(Ordering::Relaxed)
    }
}

impl Watched<Item<PushSecret>> for PushWatch {
    fn begin(&self) {
        self.pushes.view.lock().begin();
    }

    fn meet(&self, item: Item<PushSecret>) {
        self.pushes.meet_object(item.into(), self.is_listed());
    }

    fn lose(&self, item: Item<PushSecret>) {
        let gone = self.pushes.view.lock().lose(item.metadata());
        gone.iter().for_each(|entry| self.pushes.forget(entry));
    }

    fn end(&self) {
        let gone = self.pushes.view.lock().end();
        gone.iter().for_each(|entry| self.pushes.forget(entry));
        self.listed.store(true, Ordering::Relaxed);
    }
}

impl Roster for Pushes {
    fn contains(&self, namespace: &str, name: &str) -> bool {
        self.view.lock().contains(namespace, name)
    }
}

impl Pushes {
    fn meet_object(&self, object: Object, is_listed: bool) {
        let mut view = self.view.lock();
        let Met { object: named, is_news, replaced, before } = view.meet(object);
        let entry = view.entry(named.id).cloned();
        drop(view);
        if let (Some(engine), Some(replaced)) = (self.engine.get(), replaced) {
            engine.forget(replaced);
        }
        let Some(entry) = entry.filter(|_| is_news) else { return };
        self.due.look_at(before.iter().chain([&entry]).flat_map(|entry| self.stores_of(entry)));
        let conditions = entry.object.status.as_ref().map(|status| status.conditions.as_slice());
        if let Some(ready) = conditions.and_then(ready) {
            self.telemetry.condition(subject(&entry.object.metadata), ready);
        }
        let cause = if is_listed { Cause::Changed } else { Cause::Listed };
        self.wake([named], cause);
    }

    fn forget(&self, entry: &Entry) {
        self.engine.get().into_iter().for_each(|engine| engine.forget(entry.id));
        self.telemetry.forgotten(subject(&entry.object.metadata));
        self.due.look_at(self.stores_of(entry));
    }

    /// A list of a kind that values come from begins.
    pub(in crate::controllers) fn begin_sources(&self, kind: SourceKind) {
        self.view.lock().begin_sources(kind);
    }

    /// An object of such a kind is there.
    pub(in crate::controllers) fn meet_source(&self, kind: SourceKind, metadata: &ObjectMeta) {
        let readers = self.view.lock().meet_source(kind, metadata);
        self.wake(readers, Cause::SourceChanged);
    }

    /// An object of such a kind is gone.
    pub(in crate::controllers) fn lose_source(&self, kind: SourceKind, metadata: &ObjectMeta) {
        let readers = self.view.lock().lose_source(kind, metadata);
        self.wake(readers, Cause::SourceChanged);
    }

    /// The list has ended.
    pub(in crate::controllers) fn end_sources(&self, kind: SourceKind) {
        let readers = self.view.lock().end_sources(kind);
        self.wake(readers, Cause::SourceChanged);
    }

    /// A store is there.
    pub(in crate::controllers) fn meet_store(&self, kind: StoreKind, metadata: &ObjectMeta) {
        let key = key_of(kind, metadata);
        let users = self.view.lock().meet_store(&key, metadata.clone());
        self.due.look_at([key]);
        self.wake(users, Cause::SourceChanged);
    }

    /// A store is gone.
    pub(in crate::controllers) fn lose_store(&self, key: &StoreKey) {
        self.view.lock().lose_store(key);
    }
}

/// Tells ExternalSecrets, PushSecrets and filled Secrets what happens to stores.
#[derive(Debug)]
pub(in crate::controllers) struct Dependent {
    pub(in crate::controllers) router: Arc<Router>,
    pub(in crate::controllers) pushes: OnceLock<Arc<Pushes>>,
    pub(in crate::controllers) filled: OnceLock<Arc<FilledSecrets>>,
}

impl Dependents for Dependent {
    fn store_changed(&self, store: &StoreKey, asking: Option<&str>, change: StoreChange) {
        self.router.store_changed(store, asking, change);
        self.filled.get().into_iter().for_each(|filled| filled.store_changed(store, asking, change));
        let Some(pushes) = self.pushes.get() else { return };
        let users = pushes.view.lock().users_of(store, asking).into_iter();
        match change {
            StoreChange::Edited => pushes.wake(users.map(|(object, _)| object), Cause::SourceChanged),
            StoreChange::Ready => {
                let waiting = users.filter(|(_, is_ready)| !is_ready);
                pushes.wake(waiting.map(|(object, _)| object), Cause::SourceReady);
            }
            // They find that out when they are next due.
            StoreChange::Lost => {}
        }
    }
}
