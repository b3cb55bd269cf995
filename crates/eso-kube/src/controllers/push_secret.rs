//! PushSecrets as the objects of the engine that pushes: looks at them through the view, reads the Secrets, and writes
//! through [`Writer`].

mod finalizers;
mod view;
mod watched;

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use eso_core::api::push_secret::{PushSecret, PushSecretStatus};
use eso_plan::{
    convert::push as convert,
    plan::WriteError,
    push::{
        Observation, Observed, Source, SourceError, SourceSecret,
        status::{Outcome, Report},
    },
    template::{SourceKind, SourceName, Sources},
};
use eso_sync::{
    engine::{Cause, Clock, Handle},
    ports::ObjectId,
    push::{Objects, Observer},
};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use k8s_openapi::{api::core::v1::ObjectReference, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::Resource;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use self::{
    finalizers::{Due, OF_OBJECTS, changed},
    view::{Entry, View, has},
};
use super::external_secret::ready;
use crate::{
    apply::{self, Writer},
    events::Events,
    index::Named,
    stores::{StoreKey, StoreRegistry},
    telemetry::{Kind, Subject, Telemetry},
};

pub(super) use watched::{Dependent, PushWatch};

/// So many objects that one PushSecret points to are read at once.
const READS_AT_ONCE: usize = 8;

/// The PushSecrets of the cluster.
pub(super) struct Pushes {
    view: Mutex<View>,
    stores: Arc<StoreRegistry>,
    writer: Writer,
    events: Events,
    telemetry: Arc<dyn Telemetry>,
    clock: Clock,
    engine: OnceLock<Handle>,
    /// The stores whose finalizer is to be looked at.
    due: Due,
    /// Whether PushSecrets of all namespaces are watched.
    watches_all: bool,
    /// A selector may choose much: one is read at a time.
    selecting: Semaphore,
}

/// What [`Pushes`] are made of.
pub(super) struct Parts {
    pub(super) stores: Arc<StoreRegistry>,
    pub(super) writer: Writer,
    pub(super) events: Events,
    pub(super) telemetry: Arc<dyn Telemetry>,
    pub(super) clock: Clock,
    /// Whether PushSecrets of all namespaces are watched.
    pub(super) watches_all: bool,
}

impl fmt::Debug for Pushes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pushes")
    }
}

impl Pushes {
    /// Those of which nothing is known yet. Nobody is woken before [`connect`](Self::connect).
    pub(super) fn new(parts: Parts) -> Arc<Self> {
        let Parts { stores, writer, events, telemetry, clock, watches_all } = parts;
        Arc::new(Self {
            view: Mutex::default(),
            stores,
            writer,
            events,
            telemetry,
            clock,
            engine: OnceLock::new(),
            due: Due::default(),
            watches_all,
            selecting: Semaphore::new(1),
        })
    }

    /// Wakes objects through this handle. Only the first one counts.
    pub(super) fn connect(&self, engine: Handle) {
        self.engine.get_or_init(|| engine);
    }

    fn wake(&self, objects: impl IntoIterator<Item = Named>, cause: Cause) {
        let Some(engine) = self.engine.get() else { return };
        objects.into_iter().for_each(|Named { id, group }| engine.wake(id, group, cause));
    }

    fn entry(&self, id: ObjectId) -> Option<Entry> {
        self.view.lock().entry(id).cloned()
    }

    /// Whether an object is ours to serve: not where all its stores are of another class.
    fn is_ours(&self, entry: &Entry) -> bool {
        let mut stores = self.stores_of(entry);
        if entry.desired.is_err() {
            stores.extend(convert::named_stores(&entry.object).map(|store| StoreKey::of(&store)));
        }
        stores.is_empty() || stores.iter().any(|store| self.stores.serves_key(store))
    }

    /// An object that is there, and the stores that it chooses: those of another class rest, and those that are being
    /// deleted.
    fn look_at(&self, entry: &Entry) -> Observation {
        let record = convert::record(&entry.object);
        let desired = match &*entry.desired {
            Ok(desired) => desired.clone(),
            Err(_) if !self.is_ours(entry) => return Observation::Gone,
            Err(problem) => return Observation::Malformed { record, problem: problem.clone() },
        };
        let namespace = entry.object.metadata.namespace.as_deref().unwrap_or_default();
        let chosen = desired.chosen(namespace, &self.view.lock().candidates(namespace, &desired));
        let (served, theirs): (Vec<_>, Vec<_>) =
            chosen.into_iter().partition(|store| self.stores.serves(&store.reference));
        if served.is_empty() && !theirs.is_empty() {
            return Observation::Gone;
        }
        let view = self.view.lock();
        let (leaving, stores): (Vec<_>, Vec<_>) =
            served.into_iter().partition(|store| view.is_leaving(&store.reference));
        let resting = leaving.into_iter().chain(theirs).map(|store| store.reference).collect();
        Observation::Present(Box::new(Observed {
            desired,
            stores,
            resting,
            record,
            refreshed: entry.refreshed,
        }))
    }

    /// The stores that an object chooses, and those that it wrote to.
    fn stores_of(&self, entry: &Entry) -> BTreeSet<StoreKey> {
        let namespace = entry.object.metadata.namespace.as_deref().unwrap_or_default();
        let written = convert::written_stores(&entry.object);
        let chosen = match &*entry.desired {
            Ok(desired) => desired.chosen(namespace, &self.view.lock().candidates(namespace, desired)),
            Err(_) => Vec::new(),
        };
        let chosen = chosen.into_iter().map(|store| store.reference);
        written.chain(chosen).map(|reference| StoreKey::of(&reference)).collect()
    }

    async fn read_source(
        &self,
        namespace: &str,
        source: &Source,
    ) -> Result<Vec<(SourceSecret, u64)>, SourceError> {
        match source {
            Source::Named(name) => Ok(vec![self.writer.read_named(namespace, name).await?]),
            Source::Labelled(selector) => {
                let _turn = self.selecting.acquire().await.expect("nobody must close it");
                self.writer.read_labelled(namespace, selector).await
            }
        }
    }

    async fn write_status(&self, id: ObjectId, entry: &Entry, report: &Report) -> Result<(), WriteError> {
        let before = entry.object.status.clone().unwrap_or_default();
        let record = &report.record;
        let status = PushSecretStatus {
            refresh_time: record.refreshed.map(apply::in_seconds),
            synced_resource_version: record.revision.clone(),
            synced_push_secrets: convert::written(&record.synced),
            conditions: apply::conditions(&before.conditions, record.condition.as_ref(), (self.clock)()),
        };
        let version = self.writer.report_push(&entry.object.metadata, &status).await?;
        let mut view = self.view.lock();
        if let Some(version) = version {
            view.reported(id, &status, version);
        }
        if let (Some(ready), Some(entry)) = (ready(&status.conditions), view.entry(id)) {
            self.telemetry.condition(subject(&entry.object.metadata), ready);
        }
        drop(view);
        if before.synced_push_secrets.keys().ne(status.synced_push_secrets.keys()) {
            self.due.look_at(self.entry(id).iter().chain([entry]).flat_map(|entry| self.stores_of(entry)));
        }
        Ok(())
    }
}

#[async_trait]
impl Objects for Pushes {
    async fn observe(&self, object: ObjectId) -> Observation {
        let Some(entry) = self.entry(object) else { return Observation::Gone };
        match (entry.object.metadata.deletion_timestamp.is_some(), has(&entry.object.metadata, OF_OBJECTS)) {
            (true, false) => Observation::Gone,
            (true, true) if !self.is_ours(&entry) => Observation::Gone,
            (true, true) => Observation::Leaving {
                record: convert::record(&entry.object),
                // What cannot be understood was once, when it was given its finalizer.
                cleans_up: entry.desired.is_err() || convert::cleans_up(&entry.object),
            },
            (false, _) => self.look_at(&entry),
        }
    }

    async fn read(&self, object: ObjectId, source: &Source) -> Result<Vec<SourceSecret>, SourceError> {
        let Some(entry) = self.entry(object) else {
            return Err(SourceError::Unreadable(WriteError::Conflict));
        };
        let namespace = entry.object.metadata.namespace.as_deref().unwrap_or_default();
        let secret = |name: &String| SourceName { kind: SourceKind::Secret, name: name.clone() };
        match self.read_source(namespace, source).await {
            Ok(read) => {
                let versions = read.iter().map(|(read, version)| (secret(&read.name), Some(*version)));
                self.view.lock().read_secrets(object, versions.collect());
                Ok(read.into_iter().map(|(secret, _)| secret).collect())
            }
            Err(SourceError::Missing(name)) => {
                self.view.lock().read_secrets(object, [(secret(&name), None)].into());
                Err(SourceError::Missing(name))
            }
            Err(error) => Err(error),
        }
    }

    async fn sources(&self, object: ObjectId, wanted: &BTreeSet<SourceName>) -> Result<Sources, WriteError> {
        let entry = self.entry(object).ok_or(WriteError::Conflict)?;
        let namespace = entry.object.metadata.namespace.as_deref().unwrap_or_default();
        self.view.lock().reads_sources(object, wanted);
        let reads = wanted.iter().map(async |source| {
            Ok::<_, WriteError>((source.clone(), self.writer.read_source(namespace, source).await?))
        });
        let reads: Vec<_> = reads.collect();
        let read: Vec<_> = stream::iter(reads).buffered(READS_AT_ONCE).try_collect().await?;
        let versions = read.iter().map(|(name, read)| (name.clone(), read.as_ref().map(|read| read.version)));
        self.view.lock().read_sources(object, versions.collect());
        Ok(read.into_iter().map(|(name, read)| (name, read.map(|read| read.entries))).collect())
    }

    async fn hold(&self, object: ObjectId, is_held: bool) -> Result<(), WriteError> {
        let Some(entry) = self.entry(object) else { return Ok(()) };
        if is_held {
            for store in self.stores_of(&entry) {
                self.hold_store(&store).await?;
            }
        }
        let metadata = &entry.object.metadata;
        let Some(finalizers) = changed(metadata, OF_OBJECTS, is_held) else { return Ok(()) };
        if let Some(written) = self.writer.finalize_push(metadata, &finalizers).await? {
            self.view.lock().finalized(object, &written);
        }
        self.due.look_at(self.stores_of(&entry));
        Ok(())
    }

    async fn report(&self, object: ObjectId, report: &Report) -> Result<(), WriteError> {
        let Some(entry) = self.entry(object) else { return Ok(()) };
        let written = match report.write {
            true => self.write_status(object, &entry, report).await,
            false => Ok(()),
        };
        let says_nothing = matches!(written, Err(WriteError::Conflict | WriteError::Stopped));
        // Where no status can be written, only an event tells what is wrong.
        let told = report.events.iter().filter(|event| written.is_ok() || event.warning && !says_nothing);
        told.for_each(|event| self.events.publish(regarding(&entry.object), event.clone()));
        written
    }

    fn refreshed(&self, object: ObjectId, at: Timestamp) {
        self.view.lock().refreshed(object, at);
    }
}

impl Observer for Pushes {
    fn ran(&self, object: ObjectId, outcome: Option<&Outcome>, took: Duration) {
        let succeeded = outcome.is_none_or(|outcome| *outcome == Outcome::Synced);
        let view = self.view.lock();
        // It stays locked meanwhile: one that was forgotten would have its series back, for ever.
        if let Some(entry) = view.entry(object) {
            self.telemetry.reconciled(subject(&entry.object.metadata), succeeded, took);
        }
    }
}

fn regarding(object: &PushSecret) -> ObjectReference {
    let metadata = &object.metadata;
    ObjectReference {
        api_version: Some(PushSecret::api_version(&()).into_owned()),
        kind: Some(PushSecret::kind(&()).into_owned()),
        namespace: metadata.namespace.clone(),
        name: metadata.name.clone(),
        uid: metadata.uid.clone(),
        resource_version: metadata.resource_version.clone(),
        field_path: None,
    }
}

fn subject(metadata: &ObjectMeta) -> Subject<'_> {
    Subject {
        kind: Kind::PushSecret,
        namespace: metadata.namespace.as_deref().unwrap_or_default(),
        name: metadata.name.as_deref().unwrap_or_default(),
    }
}
