//! A world in memory for the engine: targets that remember what was done to them, and stores by name.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use eso_core::{
    key::{StoreKind, StoreReference},
    provider::Fetch,
};
use eso_plan::{
    decoding::{Decoding, NullBytes},
    desired::{Absence, Ask, Desired, Destination, Entries, Entry, Origin, Ownership, Refresh},
    digest::Digest,
    fence::KeyPatterns,
    observed::{Held, Observation, Observed, Record},
    plan::{Outcome, Step, WriteError},
    status::{Report, Written},
    template::{SourceName, Sources},
};
use eso_testkit::memory::MemoryProvider;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tokio::{sync::watch, task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    engine::{Cause, Engine, Handle, Settings, Shared},
    ports::{Granted, GroupId, ObjectId, Observer, ReadSources, Stores, Target},
    store::{Backends, Store, StoreSettings},
};

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MINUTE: Duration = Duration::from_secs(60);

/// Everything that an engine needs, and the engine, which runs until the world is dropped.
pub(super) struct World {
    pub(super) target: Arc<Memory>,
    pub(super) stores: Arc<Named>,
    pub(super) handle: Handle,
    pub(super) shared: Arc<Shared>,
    pub(super) stop: CancellationToken,
    pub(super) engine: JoinHandle<()>,
    pub(super) began: Instant,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(Arc::new(Memory::new()), Arc::default())
    }

    /// An engine that starts over what is there.
    pub(super) fn with(target: Arc<Memory>, stores: Arc<Named>) -> Self {
        let clock = Arc::clone(&target);
        let settings = Settings { clock: Arc::new(move || clock.now()), ..Settings::default() };
        let (engine, handle) = Engine::new(
            Arc::clone(&target) as _,
            Arc::clone(&stores) as _,
            Arc::clone(&target) as _,
            settings,
        );
        let stop = CancellationToken::new();
        let shared = Arc::clone(&engine.shared);
        let engine = tokio::spawn(engine.run(stop.clone()));
        Self { target, stores, handle, shared, stop, engine, began: Instant::now() }
    }

    /// A store with a provider of its own, which holds `k0` to `k99`.
    pub(super) fn store(&self, name: &str) -> Arc<MemoryProvider> {
        self.store_with(name, StoreSettings::default())
    }

    /// The same, asked by these settings.
    pub(super) fn store_with(&self, name: &str, settings: StoreSettings) -> Arc<MemoryProvider> {
        let provider = MemoryProvider::new();
        for number in 0..100 {
            provider.put(&format!("k{number}"), format!("first of k{number}"));
        }
        let store = Store::new(Arc::clone(&provider) as _, settings, &self.stores.backends);
        self.stores.stores.lock().insert(name.to_owned(), store);
        provider
    }

    /// An object is there, and the engine is told so.
    pub(super) fn add(&self, object: u64, group: u32, desired: Desired) {
        self.target.objects.lock().insert(object, Thing::new(desired));
        self.handle.wake(ObjectId(object), GroupId(group), Cause::Changed);
    }

    /// Many objects are there, and were met in a list.
    pub(super) fn list(&self, group: u32, objects: impl IntoIterator<Item = (u64, Desired)>) {
        for (object, desired) in objects {
            self.target.objects.lock().insert(object, Thing::new(desired));
            self.handle.wake(ObjectId(object), GroupId(group), Cause::Listed);
        }
    }

    pub(super) fn wake(&self, object: u64, cause: Cause) {
        self.handle.wake(ObjectId(object), GroupId(1), cause);
    }

    /// What one thing says now.
    pub(super) fn thing<T>(&self, object: u64, of: impl FnOnce(&mut Thing) -> T) -> T {
        of(self.target.objects.lock().get_mut(&object).expect("the object must be there"))
    }

    /// Ends when it holds for every object, and fails the test where it does not within an hour of the paused clock.
    pub(super) async fn until(&self, holds: impl Fn(&Thing) -> bool) {
        let met = async {
            let mut changes = self.target.changes.subscribe();
            while !self.target.objects.lock().values().all(&holds) {
                changes.changed().await.expect("the world must outlive the wait");
            }
        };
        tokio::time::timeout(60 * MINUTE, met).await.expect("it must come to hold");
    }

    /// Ends when all are in step.
    pub(super) async fn synced(&self) {
        self.until(|thing| thing.is_ready()).await;
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Stores by name, whoever asks.
#[derive(Debug, Default)]
pub(crate) struct Named {
    pub(crate) backends: Backends,
    pub(crate) stores: Mutex<BTreeMap<String, Arc<Store>>>,
    /// What whoever asks may see of each store.
    pub(crate) keys: Mutex<Option<KeyPatterns>>,
    /// Whether whoever asks for a store waits.
    pub(super) hold: watch::Sender<bool>,
}

#[async_trait]
impl Stores for Named {
    async fn store(&self, reference: &StoreReference) -> Result<Granted, String> {
        let mut held = self.hold.subscribe();
        held.wait_for(|held| !held).await.expect("the world must outlive its stores");
        let store = self.stores.lock().get(&reference.name).cloned();
        let keys = self.keys.lock().clone();
        store.map(|store| Granted { store, keys }).ok_or_else(|| format!("could not get {reference}"))
    }
}

/// Objects with their targets.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) objects: Mutex<BTreeMap<u64, Thing>>,
    /// How runs ended that were due, in order.
    pub(super) outcomes: Mutex<Vec<(u64, Option<Outcome>)>>,
    /// Whether writes wait.
    pub(super) hold_writes: watch::Sender<bool>,
    pub(super) started: Mutex<Timestamp>,
    /// What is stopped as soon as an object was looked at.
    pub(super) stops: Mutex<Option<CancellationToken>>,
    changes: watch::Sender<u64>,
    origin: Instant,
}

/// One object with its target.
#[derive(Debug)]
pub(super) struct Thing {
    pub(super) desired: Desired,
    pub(super) is: State,
    pub(super) record: Record,
    pub(super) entries: Option<Entries>,
    /// What its templates stand in.
    pub(super) sources: Sources,
    /// The version of that.
    pub(super) version: u64,
    /// The version of that which was seen or read last.
    pub(super) version_seen: u64,
    /// How often that was read.
    pub(super) source_reads: usize,
    /// Somebody else wrote to the target.
    pub(super) drifted: bool,
    /// The next write has something to put right beside the entries.
    pub(super) unmarked: bool,
    pub(super) refreshed: Option<Timestamp>,
    /// What goes wrong with the next calls.
    pub(super) faults: VecDeque<Fault>,
    pub(super) observed: usize,
    pub(super) steps: Vec<String>,
    pub(super) reports: Vec<Report>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Present,
    Malformed,
    Leaving,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Looking at it panics.
    Crash,
    /// Its target may not be read.
    Unseen,
    /// Its target changes while it is read.
    Changing,
    /// Somebody wrote just before the write.
    Conflict,
    /// The write gets no answer.
    NoAnswer,
}

impl Thing {
    pub(super) fn new(desired: Desired) -> Self {
        Self {
            desired,
            is: State::Present,
            record: Record::default(),
            entries: None,
            sources: Sources::new(),
            version: 0,
            version_seen: 0,
            source_reads: 0,
            drifted: false,
            unmarked: false,
            refreshed: None,
            faults: VecDeque::new(),
            observed: 0,
            steps: Vec::new(),
            reports: Vec::new(),
        }
    }

    /// One entry of the target, as text.
    pub(super) fn entry(&self, name: &str) -> Option<&str> {
        self.entries.as_ref()?.get(name)?.expose_str()
    }

    pub(super) fn is_ready(&self) -> bool {
        self.record.condition.as_ref().is_some_and(|(ready, _, _)| *ready)
    }

    /// The message of the condition.
    pub(super) fn message(&self) -> &str {
        self.record.condition.as_ref().map_or("", |(_, _, message)| message)
    }

    fn observed(&self, started: Timestamp) -> Observed {
        let held = match &self.entries {
            None => Held::Nothing,
            Some(_) if self.drifted => Held::Drifted,
            Some(_) if self.unmarked => Held::Intact { digest: None },
            Some(entries) => Held::Intact { digest: Some(Digest::of(entries)) },
        };
        Observed {
            desired: self.desired.clone(),
            record: self.record.clone(),
            held,
            sources: self.version_seen,
            refreshed: self.refreshed,
            started,
            spread: 0,
        }
    }

    /// Why its target cannot be looked at this time.
    fn unseen(&mut self) -> Option<WriteError> {
        let forbidden = self.take(Fault::Unseen).then(|| WriteError::Forbidden("ask for it".to_owned()));
        forbidden.or_else(|| self.take(Fault::Changing).then_some(WriteError::Conflict))
    }

    fn take(&mut self, fault: Fault) -> bool {
        let is_next = self.faults.front() == Some(&fault);
        if is_next {
            self.faults.pop_front();
        }
        is_next
    }

    fn apply(&mut self, step: &Step) -> Result<Written, WriteError> {
        if self.take(Fault::Conflict) {
            return Err(WriteError::Conflict);
        }
        if self.take(Fault::NoAnswer) {
            return Err(WriteError::Unavailable("no answer".to_owned()));
        }
        self.steps.push(step.to_string());
        (self.drifted, self.unmarked) = (false, false);
        match step {
            Step::Keep | Step::Release => Ok(Written::Nothing),
            Step::Write { content, ownership: _ } => {
                let before = self.entries.replace(content.entries.clone());
                Ok(if before.is_some() { Written::Updated } else { Written::Created })
            }
            Step::Delete => {
                self.entries = None;
                Ok(Written::Deleted)
            }
        }
    }
}

impl Memory {
    pub(super) fn new() -> Self {
        let memory = Self {
            objects: Mutex::default(),
            outcomes: Mutex::default(),
            hold_writes: watch::Sender::default(),
            started: Mutex::default(),
            stops: Mutex::default(),
            changes: watch::Sender::default(),
            origin: Instant::now(),
        };
        *memory.started.lock() = memory.now();
        memory
    }

    /// The wall clock, which goes as tokio's.
    pub(super) fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.origin.elapsed()).expect("the test must be short");
        Timestamp::constant(1_800_000_000, 0) + passed
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

#[async_trait]
impl Target for Memory {
    async fn observe(&self, object: ObjectId) -> Observation {
        let started = *self.started.lock();
        let mut objects = self.objects.lock();
        let Some(thing) = objects.get_mut(&object.0) else { return Observation::Gone };
        thing.observed += 1;
        if let Some(stop) = self.stops.lock().take() {
            stop.cancel();
        }
        let crashes = thing.take(Fault::Crash);
        assert!(!crashes, "canary-in-a-panic");
        if let Some(error) = thing.unseen() {
            return Observation::Unseen { record: thing.record.clone(), error };
        }
        match thing.is {
            State::Present => Observation::Present(Box::new(thing.observed(started))),
            State::Leaving => Observation::Leaving,
            State::Malformed => Observation::Malformed {
                record: thing.record.clone(),
                problem: "no such field".to_owned(),
                revision: "1".to_owned(),
            },
        }
    }

    async fn sources(
        &self,
        object: ObjectId,
        wanted: &BTreeSet<SourceName>,
    ) -> Result<ReadSources, WriteError> {
        let mut objects = self.objects.lock();
        let thing = objects.get_mut(&object.0).expect("it must be there");
        thing.source_reads += 1;
        if thing.take(Fault::NoAnswer) {
            return Err(WriteError::Unavailable("no answer".to_owned()));
        }
        let held = |name: &SourceName| (name.clone(), thing.sources.get(name).cloned().flatten());
        let held = wanted.iter().map(held).collect();
        thing.version_seen = thing.version;
        Ok(ReadSources { held, fingerprint: thing.version })
    }

    async fn write(&self, object: ObjectId, step: &Step) -> Result<Written, WriteError> {
        let mut held = self.hold_writes.subscribe();
        held.wait_for(|held| !held).await.expect("the world must outlive its writes");
        let written = self.objects.lock().get_mut(&object.0).expect("it must be there").apply(step);
        self.changed();
        written
    }

    async fn report(&self, object: ObjectId, report: &Report) -> Result<(), WriteError> {
        if let Some(thing) = self.objects.lock().get_mut(&object.0) {
            thing.reports.push(report.clone());
            if report.write {
                thing.record = report.record.clone();
            }
        }
        self.changed();
        Ok(())
    }

    fn refreshed(&self, object: ObjectId, at: Timestamp) {
        if let Some(thing) = self.objects.lock().get_mut(&object.0) {
            thing.refreshed = Some(at);
        }
    }
}

impl Observer for Memory {
    fn ran(&self, object: ObjectId, outcome: Option<&Outcome>, _took: Duration) {
        self.outcomes.lock().push((object.0, outcome.cloned()));
        self.changed();
    }
}

/// An object that owns a target with one entry for each key, `e0` and on, and is read every minute.
pub(in crate::engine) fn wants<const COUNT: usize>(store: &str, keys: [&str; COUNT]) -> Desired {
    let entries = keys.into_iter().enumerate().map(|(index, key)| entry(index, store, key));
    Desired {
        revision: "1".to_owned(),
        target: "target".to_owned(),
        manifest: None,
        ownership: Ownership::Own,
        absence: Absence::Retain,
        refresh: Refresh::Every(MINUTE),
        windows: None,
        entries: entries.collect(),
        template: None,
        immutable: false,
    }
}

pub(super) fn entry(index: usize, store: &str, key: &str) -> Entry {
    Entry {
        origin: Origin::Data(index),
        store: StoreReference {
            kind: StoreKind::SecretStore,
            namespace: "demo".to_owned(),
            name: store.to_owned(),
        },
        ask: Ask::Read(Fetch::new(key)),
        property: None,
        into: Destination::Entry(format!("e{index}")),
        decoding: Decoding::None,
        null_bytes: NullBytes::Ignore,
        dialect: None,
    }
}
