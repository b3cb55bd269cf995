//! Who must look again when something happens: from watches and stores to the engine.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use eso_core::api::{
    conditions::{Condition, READY},
    external_secret::ExternalSecret,
};
use eso_plan::template::SourceKind;
use eso_sync::{
    engine::{Cause, Handle},
    ports::ObjectId,
};
use k8s_openapi::{
    api::core::v1::{ConfigMap, Secret},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use parking_lot::Mutex;

use crate::{
    controllers::watches::Metadata,
    index::{Family, Forgotten, Index, Met, Named, News},
    stores::{Dependents, StoreChange, StoreKey},
    telemetry::{Ready, Subject, Telemetry},
    watch::{Item, Object, Watched},
};

/// Takes what happens, keeps the index, and wakes the objects that it matters to.
#[derive(Debug)]
pub(in crate::controllers) struct Router {
    index: Arc<Mutex<Index>>,
    telemetry: Arc<dyn Telemetry>,
    engine: OnceLock<Handle>,
    /// Whether all ExternalSecrets have been listed once.
    listed: AtomicBool,
}

impl Router {
    /// Nobody is woken before [`connect`](Self::connect).
    pub(in crate::controllers) fn new(index: Arc<Mutex<Index>>, telemetry: Arc<dyn Telemetry>) -> Self {
        Self { index, telemetry, engine: OnceLock::new(), listed: AtomicBool::new(false) }
    }

    /// Wakes objects through this handle. Only the first one counts.
    pub(in crate::controllers) fn connect(&self, engine: Handle) {
        self.engine.get_or_init(|| engine);
    }

    /// Has objects looked at.
    pub(in crate::controllers) fn wake(&self, objects: impl IntoIterator<Item = Named>, cause: Cause) {
        let Some(engine) = self.engine.get() else { return };
        objects.into_iter().for_each(|Named { id, group }| engine.wake(id, group, cause));
    }

    /// A namespace is there: what is in it looks whether it holds it up, once it is being deleted.
    pub(in crate::controllers) fn meet_namespace(&self, namespace: &ObjectMeta) {
        let inside = self.index.lock().meet_namespace(namespace);
        self.wake(inside, Cause::Changed);
    }

    /// A namespace is gone.
    pub(in crate::controllers) fn lose_namespace(&self, name: &str) {
        self.index.lock().lose_namespace(name);
    }

    /// An object is not there any more.
    pub(in crate::controllers) fn forget(&self, forgotten: &Forgotten) {
        let Forgotten { id, family, fills, namespace, name } = forgotten;
        self.forget_runs(fills.iter().chain([id]));
        if let Some(kind) = family.counted() {
            self.telemetry.forgotten(Subject { kind, namespace, name });
        }
    }

    /// Nothing is to be done for these any more.
    pub(in crate::controllers) fn forget_runs<'a>(&self, ids: impl IntoIterator<Item = &'a ObjectId>) {
        let Some(engine) = self.engine.get() else { return };
        ids.into_iter().for_each(|id| engine.forget(*id));
    }

    /// An object was met whose status says this.
    pub(in crate::controllers) fn count(&self, family: Family, metadata: &ObjectMeta, ready: Ready) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (namespace, name) = (text(&metadata.namespace), text(&metadata.name));
        if let Some(kind) = family.counted() {
            let subject = Subject { kind, namespace: &namespace, name: &name };
            self.telemetry.condition(subject, ready);
        }
    }

    /// The index that it keeps.
    pub(in crate::controllers) fn index(&self) -> &Mutex<Index> {
        &self.index
    }
}

impl Watched<Item<ExternalSecret>> for Router {
    fn begin(&self) {
        self.index.lock().begin_objects();
    }

    fn meet(&self, item: Item<ExternalSecret>) {
        let object = Object::from(item);
        let ready = ready_in(&object);
        let metadata = object.metadata.clone();
        let Met { object, news, replaced } = self.index.lock().meet_object(object);
        replaced.iter().for_each(|forgotten| self.forget(forgotten));
        if let (News::New, Some(ready)) = (news, ready) {
            self.count(Family::Newer, &metadata, ready);
        }
        match news {
            News::New if !self.listed.load(Ordering::Relaxed) => self.wake([object], Cause::Listed),
            News::New | News::Edited => self.wake([object], Cause::Changed),
            News::Nothing => {}
        }
    }

    fn lose(&self, object: Item<ExternalSecret>) {
        let metadata = object.metadata();
        let [namespace, name] =
            [&metadata.namespace, &metadata.name].map(|text| text.as_deref().unwrap_or_default());
        let forgotten = self.index.lock().lose_object(namespace, name);
        forgotten.iter().for_each(|forgotten| self.forget(forgotten));
    }

    fn end(&self) {
        let forgotten = self.index.lock().end_objects();
        forgotten.iter().for_each(|forgotten| self.forget(forgotten));
        self.listed.store(true, Ordering::Relaxed);
    }
}

impl Watched<Metadata<Secret>> for Router {
    fn begin(&self) {
        self.index.lock().begin_secrets();
        self.begin_sources(SourceKind::Secret);
    }

    fn meet(&self, secret: Metadata<Secret>) {
        self.meet_source(SourceKind::Secret, secret.metadata());
        let objects = self.index.lock().meet_secret(&secret.into_metadata());
        self.wake(objects, Cause::Changed);
    }

    fn lose(&self, secret: Metadata<Secret>) {
        self.lose_source(SourceKind::Secret, secret.metadata());
        let objects = self.index.lock().lose_secret(secret.metadata());
        self.wake(objects, Cause::Changed);
    }

    fn end(&self) {
        self.end_sources(SourceKind::Secret);
        let objects = self.index.lock().end_secrets();
        self.wake(objects, Cause::Changed);
    }
}

impl Watched<Metadata<ConfigMap>> for Router {
    fn begin(&self) {
        self.begin_sources(SourceKind::ConfigMap);
    }

    fn meet(&self, map: Metadata<ConfigMap>) {
        self.meet_source(SourceKind::ConfigMap, map.metadata());
        self.wake_writers(map.metadata());
    }

    fn lose(&self, map: Metadata<ConfigMap>) {
        self.lose_source(SourceKind::ConfigMap, map.metadata());
        // It is gone at another version than the one that was left.
        self.wake_writers(map.metadata());
    }

    fn end(&self) {
        self.end_sources(SourceKind::ConfigMap);
    }
}

/// What templates stand in.
impl Router {
    fn begin_sources(&self, kind: SourceKind) {
        self.index.lock().begin_sources(kind);
    }

    fn meet_source(&self, kind: SourceKind, metadata: &ObjectMeta) {
        let readers = self.index.lock().meet_source(kind, metadata);
        self.wake(readers, Cause::SourceChanged);
    }

    fn lose_source(&self, kind: SourceKind, metadata: &ObjectMeta) {
        let readers = self.index.lock().lose_source(kind, metadata);
        self.wake(readers, Cause::SourceChanged);
    }

    /// Those whose target is this ConfigMap look whether it is what they left.
    fn wake_writers(&self, map: &ObjectMeta) {
        let writers = self.index.lock().writers_of_map(map);
        self.wake(writers, Cause::Changed);
    }

    fn end_sources(&self, kind: SourceKind) {
        let readers = self.index.lock().end_sources(kind);
        self.wake(readers, Cause::SourceChanged);
    }
}

impl Dependents for Router {
    fn store_changed(&self, store: &StoreKey, asking: Option<&str>, change: StoreChange) {
        let users = self.index.lock().users(store, asking).into_iter();
        match change {
            StoreChange::Edited => self.wake(users.map(|(object, _)| object), Cause::SourceChanged),
            // One that is under way with it just now is not read twice.
            StoreChange::Ready => {
                let waiting = users.filter(|(_, ready)| !ready);
                self.wake(waiting.map(|(object, _)| object), Cause::SourceReady);
            }
            // They find that out when they are next due.
            StoreChange::Lost => {}
        }
    }
}

/// What the `Ready` condition says.
pub(in crate::controllers) fn ready(conditions: &[Condition]) -> Option<Ready> {
    let condition = conditions.iter().find(|condition| condition.kind == READY)?;
    Some(match condition.status.as_str() {
        "True" => Ready::True,
        "False" => Ready::False,
        _ => Ready::Unknown,
    })
}

fn ready_in(object: &Object) -> Option<Ready> {
    let conditions = serde_json::from_value::<Vec<Condition>>(object.status["conditions"].clone());
    ready(&conditions.ok()?)
}

#[cfg(test)]
mod tests;
