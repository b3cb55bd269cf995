//! A world in memory for the engine that pushes: objects that remember what was said of them, Secrets, and stores.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use eso_core::{
    key::{StoreKind, StoreReference},
    provider::{Fetch, PropertySyntax, SecretProvider, Value},
};
use eso_plan::{
    plan::WriteError,
    push::{
        By, Candidate, Choice, Conversion, Data, Desired, Observation, Observed, Place, Record, Source,
        SourceError, SourceSecret, Update,
        status::{Outcome, Report},
    },
    template::{SourceName, Sources},
};
use eso_testkit::memory::{Call, MemoryProvider};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tokio::{sync::watch, task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use super::super::{Engine, Objects, Observer};
use crate::{
    dispatch::{Cause, Handle},
    engine::{Settings, tests::world::Named},
    ports::{GroupId, ObjectId},
    store::{Store, StoreSettings},
};

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MINUTE: Duration = Duration::from_secs(60);

pub(super) struct World {
    pub(super) things: Arc<Things>,
    pub(super) stores: Arc<Named>,
    pub(super) handle: Handle,
    pub(super) stop: CancellationToken,
    pub(super) engine: JoinHandle<()>,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(Arc::new(Things::new()), Arc::default())
    }

    /// An engine that starts over what is there.
    pub(super) fn with(things: Arc<Things>, stores: Arc<Named>) -> Self {
        let clock = Arc::clone(&things);
        let settings = Settings { clock: Arc::new(move || clock.now()), ..Settings::default() };
        let objects = Arc::clone(&things) as _;
        let (engine, handle) =
            Engine::new(objects, Arc::clone(&stores) as _, Arc::clone(&things) as _, settings);
        let stop = CancellationToken::new();
        let engine = tokio::spawn(engine.run(stop.clone()));
        Self { things, stores, handle, stop, engine }
    }

    /// A store of texts that can be written.
    pub(super) fn store(&self, name: &str) -> Arc<MemoryProvider> {
        let provider = MemoryProvider::new();
        provider.set_writable(PropertySyntax::Path);
        let store = Store::new(Arc::clone(&provider) as _, StoreSettings::default(), &self.stores.backends);
        self.stores.stores.lock().insert(name.to_owned(), store);
        provider
    }

    pub(super) fn secret(&self, name: &str, entries: &[(&str, &str)]) {
        let entries = entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
        let secret = SourceSecret { name: name.to_owned(), entries };
        self.things.secrets.lock().insert(name.to_owned(), secret);
    }

    /// The object is there, and the engine is told so.
    pub(super) fn add(&self, desired: Desired) {
        self.things.things.lock().insert(1, Thing { desired: Some(desired), ..Thing::default() });
        self.wake(Cause::Changed);
    }

    /// One more object is there.
    pub(super) fn add_another(&self, number: u64, desired: Desired) {
        self.things.things.lock().insert(number, Thing { desired: Some(desired), ..Thing::default() });
        self.handle.wake(ObjectId(number), GroupId(1), Cause::Changed);
    }

    pub(super) fn wake(&self, cause: Cause) {
        self.handle.wake(ObjectId(1), GroupId(1), cause);
    }

    pub(super) fn thing<T>(&self, of: impl FnOnce(&mut Thing) -> T) -> T {
        of(self.things.things.lock().get_mut(&1).expect("the object must be there"))
    }

    /// Ends when it holds, and fails the test where it does not within an hour of the paused clock.
    pub(super) async fn until(&self, holds: impl Fn(&Thing) -> bool) {
        let met = async {
            let mut changes = self.things.changes.subscribe();
            while !self.thing(|thing| holds(thing)) {
                changes.changed().await.expect("the world must outlive the wait");
            }
        };
        tokio::time::timeout(60 * MINUTE, met).await.expect("it must come to hold");
    }

    pub(super) async fn synced(&self) {
        self.until(|thing| thing.reason() == "Synced").await;
    }

    /// What the condition says, as `reason: message`.
    pub(super) fn said(&self) -> String {
        self.thing(|thing| {
            let (_, reason, message) = thing.record.condition.clone().unwrap_or_default();
            format!("{reason}: {message}")
        })
    }

    /// The names of the places that the status says, of the store `main`.
    pub(super) fn places(&self) -> Vec<String> {
        self.thing(|thing| {
            thing
                .record
                .synced
                .get(&reference("main"))
                .map(|it| it.keys().cloned().collect())
                .unwrap_or_default()
        })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// What a store holds under a key.
pub(super) async fn held(provider: &MemoryProvider, key: &str) -> Option<String> {
    let fetched = provider.fetch(&Fetch::new(key)).await.ok()?;
    let (Value::Bytes(bytes) | Value::Document(bytes)) = fetched.value;
    bytes.expose_str().map(str::to_owned)
}

/// What was done to a store that changes it, in order.
pub(super) fn writes(provider: &MemoryProvider) -> Vec<String> {
    let shown = |call: Call| match call {
        Call::Put(put) => Some(format!("put {}", put.key)),
        Call::Delete(delete) => Some(format!("delete {}", delete.key)),
        _ => None,
    };
    provider.calls().into_iter().filter_map(shown).collect()
}

pub(super) fn looks(provider: &MemoryProvider) -> usize {
    provider.calls().iter().filter(|call| matches!(call, Call::Inspect(_))).count()
}

pub(super) fn reference(name: &str) -> StoreReference {
    StoreReference { kind: StoreKind::SecretStore, namespace: "demo".to_owned(), name: name.to_owned() }
}

/// The Secret `app` to the store `main`, each minute: `key` to `place`, which is `remote` or `remote/property`.
pub(super) fn wants<const COUNT: usize>(data: [(&str, &str); COUNT]) -> Desired {
    let data = data.into_iter().map(|(key, place)| {
        let (key_of_store, property) = place.split_once('/').map_or((place, None), |(a, b)| (a, Some(b)));
        Data {
            secret_key: Some(key.to_owned()),
            place: Place { key: key_of_store.into(), property: property.map(str::to_owned) },
            metadata: None,
            conversion: Conversion::None,
        }
    });
    Desired {
        revision: "1".to_owned(),
        refresh: Some(MINUTE),
        source: Source::Named("app".to_owned()),
        stores: vec![Choice { kind: StoreKind::SecretStore, by: By::Name("main".to_owned()) }],
        data: data.collect(),
        data_to: Vec::new(),
        template: None,
        update: Update::Replace,
        cleans_up: false,
    }
}

/// The same, which deletes what is not asked for any more.
pub(super) fn cleans<const COUNT: usize>(data: [(&str, &str); COUNT]) -> Desired {
    Desired { cleans_up: true, ..wants(data) }
}

#[derive(Debug)]
pub(super) struct Things {
    pub(super) things: Mutex<BTreeMap<u64, Thing>>,
    pub(super) secrets: Mutex<BTreeMap<String, SourceSecret>>,
    pub(super) sources: Mutex<Sources>,
    /// What was read of them, in order.
    pub(super) sources_read: Mutex<Vec<SourceName>>,
    /// Reading them fails so.
    pub(super) sources_unreadable: Mutex<Option<WriteError>>,
    /// How runs ended, in order.
    pub(super) outcomes: Mutex<Vec<Option<Outcome>>>,
    changes: watch::Sender<u64>,
    origin: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Thing {
    /// What it asks for; `None` where it cannot be understood.
    pub(super) desired: Option<Desired>,
    pub(super) is_leaving: bool,
    /// The stores that are left alone.
    pub(super) resting: BTreeSet<StoreReference>,
    pub(super) is_held: bool,
    /// Whether it is let go.
    pub(super) is_gone: bool,
    pub(super) record: Record,
    pub(super) refreshed: Option<Timestamp>,
    pub(super) reports: Vec<Report>,
    /// What the next calls that hold it or let it go fail with.
    pub(super) faults: Vec<WriteError>,
    /// What the next statuses fail with.
    pub(super) unreportable: Vec<WriteError>,
    /// Reading the Secret fails so.
    pub(super) unreadable: Option<WriteError>,
}

impl Thing {
    pub(super) fn reason(&self) -> &str {
        self.record.condition.as_ref().map_or("", |(_, reason, _)| reason)
    }

    pub(super) fn message(&self) -> &str {
        self.record.condition.as_ref().map_or("", |(_, _, message)| message)
    }
}

impl Things {
    pub(super) fn new() -> Self {
        Self {
            things: Mutex::default(),
            secrets: Mutex::default(),
            sources: Mutex::default(),
            sources_read: Mutex::default(),
            sources_unreadable: Mutex::default(),
            outcomes: Mutex::default(),
            changes: watch::Sender::default(),
            origin: Instant::now(),
        }
    }

    /// The wall clock, which goes as tokio's.
    pub(super) fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.origin.elapsed()).expect("the test must be short");
        Timestamp::constant(1_800_000_000, 0) + passed
    }

    fn with<T>(&self, object: ObjectId, of: impl FnOnce(&mut Thing) -> T) -> T {
        let result = of(self.things.lock().get_mut(&object.0).expect("the object must be there"));
        self.changes.send_modify(|count| *count += 1);
        result
    }
}

#[async_trait]
impl Objects for Things {
    async fn observe(&self, object: ObjectId) -> Observation {
        let things = self.things.lock();
        let Some(thing) = things.get(&object.0).filter(|thing| !thing.is_gone) else {
            return Observation::Gone;
        };
        let record = thing.record.clone();
        match &thing.desired {
            _ if thing.is_leaving => {
                let cleans_up = thing.desired.as_ref().is_some_and(|desired| desired.cleans_up);
                Observation::Leaving { record, cleans_up }
            }
            None => Observation::Malformed { record, problem: "no such field".to_owned() },
            Some(desired) => Observation::Present(Box::new(Observed {
                stores: desired
                    .chosen("demo", &[Candidate { reference: reference("main"), labels: BTreeMap::new() }])
                    .into_iter()
                    .filter(|store| !thing.resting.contains(&store.reference))
                    .collect(),
                resting: thing.resting.clone(),
                desired: desired.clone(),
                record,
                refreshed: thing.refreshed,
            })),
        }
    }

    async fn read(&self, object: ObjectId, source: &Source) -> Result<Vec<SourceSecret>, SourceError> {
        if let Some(error) = self.things.lock()[&object.0].unreadable.clone() {
            return Err(SourceError::Unreadable(error));
        }
        let secrets = self.secrets.lock();
        match source {
            Source::Named(name) => secrets
                .get(name)
                .map(|secret| vec![secret.clone()])
                .ok_or_else(|| SourceError::Missing(name.clone())),
            Source::Labelled(_) => Ok(secrets.values().cloned().collect()),
        }
    }

    async fn sources(&self, _object: ObjectId, wanted: &BTreeSet<SourceName>) -> Result<Sources, WriteError> {
        self.sources_read.lock().extend(wanted.iter().cloned());
        if let Some(error) = self.sources_unreadable.lock().clone() {
            return Err(error);
        }
        let sources = self.sources.lock();
        Ok(wanted.iter().map(|name| (name.clone(), sources.get(name).cloned().flatten())).collect())
    }

    async fn hold(&self, object: ObjectId, is_held: bool) -> Result<(), WriteError> {
        self.with(object, |thing| {
            if let Some(fault) = thing.faults.pop() {
                return Err(fault);
            }
            thing.is_gone = thing.is_leaving && !is_held;
            thing.is_held = is_held;
            Ok(())
        })
    }

    async fn report(&self, object: ObjectId, report: &Report) -> Result<(), WriteError> {
        self.with(object, |thing| {
            if let Some(fault) = thing.unreportable.pop() {
                return Err(fault);
            }
            thing.reports.push(report.clone());
            if report.write {
                thing.record = report.record.clone();
            }
            Ok(())
        })
    }

    fn refreshed(&self, object: ObjectId, at: Timestamp) {
        self.with(object, |thing| thing.refreshed = Some(at));
    }
}

impl Observer for Things {
    fn ran(&self, _object: ObjectId, outcome: Option<&Outcome>, _took: Duration) {
        self.outcomes.lock().push(outcome.cloned());
        self.changes.send_modify(|count| *count += 1);
    }
}
