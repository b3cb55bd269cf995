//! What the watch of Secrets and the stores tell of filled Secrets, and who is woken by it.

use std::sync::{Arc, atomic::Ordering};

use eso_sync::engine::Cause;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{
    FilledSecrets, subject, tell_condition,
    view::{Entry, News},
};
use crate::{
    index::Named,
    stores::{Dependents, StoreChange, StoreKey},
};

impl FilledSecrets {
    /// Takes the key of their records as it is, and as it becomes.
    pub(in crate::controllers) async fn follow_key(self: Arc<Self>) {
        let mut key = self.parts.key.clone();
        loop {
            let now = key.borrow_and_update().clone();
            let all = self.view.lock().rekey(now);
            self.wake(all, Cause::Listed);
            if key.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// A list of Secrets begins.
    pub(in crate::controllers) fn begin(&self) {
        self.view.lock().begin();
    }

    /// A Secret is there. Of one that was not filled nothing is kept.
    pub(in crate::controllers) fn meet(&self, metadata: &ObjectMeta) {
        let news = self.view.lock().meet(metadata);
        self.tell(news);
    }

    /// A Secret is gone.
    pub(in crate::controllers) fn lose(&self, metadata: &ObjectMeta) {
        let news = self.view.lock().lose(metadata);
        self.tell(news);
    }

    /// The list has ended.
    pub(in crate::controllers) fn end(&self) {
        let gone = self.view.lock().end();
        gone.iter().for_each(|entry| self.forget(entry));
        self.listed.store(true, Ordering::Relaxed);
    }

    pub(super) fn tell(&self, news: News) {
        match news {
            News::Nothing => {}
            News::New(named, before) => {
                before.iter().for_each(|before| self.forget(before));
                self.while_there(named.id, |subject, entry| {
                    tell_condition(&*self.parts.telemetry, subject, entry);
                });
                let is_listed = self.listed.load(Ordering::Relaxed);
                self.wake([named], if is_listed { Cause::Changed } else { Cause::Listed });
            }
            News::Edited(named) => self.wake([named], Cause::Changed),
            News::Gone(entry) => self.forget(&entry),
        }
    }

    fn forget(&self, entry: &Entry) {
        self.engine.get().into_iter().for_each(|engine| engine.forget(entry.id));
        self.parts.telemetry.forgotten(subject(entry));
    }

    fn wake(&self, objects: impl IntoIterator<Item = Named>, cause: Cause) {
        let Some(engine) = self.engine.get() else { return };
        objects.into_iter().for_each(|Named { id, group }| engine.wake(id, group, cause));
    }
}

impl Dependents for FilledSecrets {
    fn store_changed(&self, store: &StoreKey, asking: Option<&str>, change: StoreChange) {
        let users = self.view.lock().users_of(store, asking).into_iter();
        match change {
            StoreChange::Edited => self.wake(users.map(|(object, _)| object), Cause::SourceChanged),
            StoreChange::Ready => {
                let waiting = users.filter(|(_, is_ready)| !is_ready);
                self.wake(waiting.map(|(object, _)| object), Cause::SourceReady);
            }
            // They find that out when they are next due.
            StoreChange::Lost => {}
        }
    }
}
