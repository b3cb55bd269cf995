//! Secrets that say themselves what they want, as targets of an engine of their own: each is both the object and its
//! target. What was asked for is in its sealed record, how it stands in its annotations, and nothing anywhere else.

mod view;
mod watched;

use std::{
    fmt,
    sync::{Arc, OnceLock, atomic::AtomicBool},
    time::Duration,
};

use async_trait::async_trait;
use eso_plan::{
    desired::{Desired, Entries},
    filled::{
        self,
        annotations::{RECORD, STATUS},
        record::{Record, SealKey},
        refresh::{Change, Filled},
        status::Status,
    },
    observed::{Held, Observation, Observed},
    plan::{Outcome, Step, WriteError},
    status::{Event, Report, Written},
    template::Delimiters,
};
use eso_sync::{
    engine::{Engine, Handle},
    ports::{ObjectId, Observer, Target},
};
use jiff::Timestamp;
use k8s_openapi::{
    api::core::v1::{ObjectReference, Secret},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::Resource;
use parking_lot::Mutex;
use tokio::sync::watch::Receiver;

use self::view::{Entry, Said, Sight, View};
use super::{
    external_secret::{spread, succeeded},
    shared::Shared,
};
use crate::{
    apply::{
        Writer,
        filled::{FilledSecret, Refill},
    },
    events::Events,
    lease::Leadership,
    stores::StoreRegistry,
    telemetry::{Kind, Ready, Subject, Telemetry},
};

/// The filled Secrets of the cluster.
pub(super) struct FilledSecrets {
    view: Mutex<View>,
    parts: Parts,
    /// When this process first saw the cluster.
    started: Timestamp,
    engine: OnceLock<Handle>,
    /// Whether all Secrets have been listed once.
    listed: AtomicBool,
}

/// What [`FilledSecrets`] are made of.
struct Parts {
    /// The key that their records are sealed with, once it is known.
    key: Receiver<Option<SealKey>>,
    stores: Arc<StoreRegistry>,
    writer: Writer,
    events: Events,
    telemetry: Arc<dyn Telemetry>,
    delimiters: Delimiters,
    leadership: Leadership,
}

impl fmt::Debug for FilledSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FilledSecrets")
    }
}

impl FilledSecrets {
    /// Those whose records are sealed with this key, once it is known, and the engine that refreshes them.
    pub(super) fn new(shared: &Shared, key: Receiver<Option<SealKey>>) -> (Arc<Self>, (Engine, Handle)) {
        let parts = Parts {
            key,
            stores: Arc::clone(&shared.stores),
            writer: Writer::new(shared.client.clone()),
            events: shared.events.clone(),
            telemetry: Arc::clone(&shared.telemetry),
            delimiters: shared.settings.delimiters.clone(),
            leadership: shared.leadership.clone(),
        };
        let settings = shared.settings.clone();
        let filled = Arc::new(Self {
            view: Mutex::default(),
            started: (settings.clock)(),
            engine: OnceLock::new(),
            listed: AtomicBool::new(false),
            parts,
        });
        let stores = Arc::clone(&filled.parts.stores) as _;
        let (engine, handle) =
            Engine::new(Arc::clone(&filled) as _, stores, Arc::clone(&filled) as _, settings);
        filled.engine.get_or_init(|| handle.clone());
        (filled, (engine, handle))
    }

    fn entry(&self, id: ObjectId) -> Option<Entry> {
        self.view.lock().entry(id).cloned()
    }

    /// What it asks for, by a record that is good.
    fn desired(&self, entry: &Entry, record: &Record) -> Result<Desired, String> {
        let desired = filled::desired(&entry.place, record, &self.parts.delimiters);
        let desired = desired.map_err(|refusal| format!("its record cannot be served: {refusal}"))?;
        Ok(Desired { revision: entry.said.revision.clone(), ..desired })
    }

    fn look_at(&self, entry: Entry, desired: Desired) -> Observed {
        Observed {
            desired,
            // Whether the values are those that it was filled with is told by their fingerprints, once they are rendered.
            held: if entry.is_doubted { Held::Drifted } else { Held::Intact { digest: None } },
            sources: 0,
            refreshed: entry.refreshed,
            started: self.parts.leadership.since().unwrap_or(self.started),
            spread: spread(&ObjectMeta { uid: Some(entry.uid), ..ObjectMeta::default() }),
            record: entry.said.status.record,
        }
    }

    /// Has a Secret hold these values, as far as they are ours.
    async fn fill(&self, id: ObjectId, entry: &Entry, wanted: &Entries) -> Result<Written, WriteError> {
        let key = self.view.lock().key().cloned().ok_or(WriteError::Conflict)?;
        let Some(Ok(record)) = &entry.said.asked else { return Err(WriteError::Conflict) };
        let fingerprints = entry.said.status.fingerprints.as_deref();
        let filled = Filled { key: &key, place: &entry.place, record, fingerprints };
        if !entry.is_doubted && filled.is_filled_with(wanted) {
            return Ok(Written::Nothing);
        }
        self.view.lock().begin_write(id);
        let (sight, change) = match self.parts.writer.read_filled(&entry.place).await {
            Ok(Some(secret)) => self.refill(entry, filled, secret, wanted).await,
            Ok(None) => (Sight::Nothing, Err(WriteError::Conflict)),
            Err(error) => (Sight::Nothing, Err(error)),
        };
        self.end_write(id, sight);
        let change = change?;
        // What was written says so already; else the next status will.
        self.view.lock().filled_with(id, change.fingerprints.clone());
        if !change.released.is_empty() {
            self.parts.events.publish(regarding(entry), released(&change));
        }
        Ok(if change.values.is_empty() { Written::Nothing } else { Written::Updated })
    }

    /// Changes what must be changed of a Secret that was read.
    async fn refill(
        &self,
        entry: &Entry,
        filled: Filled<'_>,
        secret: FilledSecret,
        wanted: &Entries,
    ) -> (Sight, Result<Change, WriteError>) {
        let FilledSecret { metadata, entries: held } = secret;
        if metadata.uid.as_ref() != Some(&entry.uid) {
            return (Sight::Nothing, Err(WriteError::Conflict));
        }
        let said = Said::of(&entry.place, &entry.uid, &metadata, None);
        if said.revision != entry.said.revision {
            return (Sight::Changed(metadata), Err(WriteError::Conflict));
        }
        let Status { record: status, fingerprints } = said.status;
        let filled = Filled { fingerprints: fingerprints.as_deref(), ..filled };
        let change = filled.change(&held, wanted);
        if !change.is_needed() {
            return (Sight::Whole(metadata), Ok(change));
        }
        let status = Status { record: status, fingerprints: Some(change.fingerprints.clone()) };
        let status = change.sealed.as_ref().map(|_| status.write(&entry.uid));
        let sealed = (!change.released.is_empty()).then(|| (RECORD, change.sealed.clone()));
        let annotations = sealed.into_iter().chain([(STATUS, status)]);
        let refill = Refill::new((&entry.uid, said.version), annotations, &change.values);
        match self.parts.writer.refill(&entry.place, &refill).await {
            Ok(written) => (Sight::Whole(written), Ok(change)),
            Err(error) => (Sight::Nothing, Err(error)),
        }
    }

    async fn write_status(&self, id: ObjectId, entry: &Entry, report: &Report) -> Result<(), WriteError> {
        let fingerprints = entry.said.status.fingerprints.clone();
        let status = Status { record: report.record.clone(), fingerprints }.write(&entry.uid);
        let nothing = Entries::new();
        let refill = Refill::new((&entry.uid, entry.said.version), [(STATUS, Some(status))], &nothing);
        self.view.lock().begin_write(id);
        let written = self.parts.writer.refill(&entry.place, &refill).await;
        let (sight, written) = match written {
            Ok(metadata) => (Sight::Metadata(metadata), Ok(())),
            Err(error) => (Sight::Nothing, Err(error)),
        };
        self.end_write(id, sight);
        written
    }

    fn end_write(&self, id: ObjectId, sight: Sight) {
        let news = self.view.lock().end_write(id, sight);
        self.tell(news);
    }

    /// Counts for a Secret that is there. The view stays locked meanwhile: one that was forgotten would have its series
    /// back, for ever.
    fn while_there(&self, id: ObjectId, count: impl FnOnce(Subject<'_>, &Entry)) {
        let view = self.view.lock();
        if let Some(entry) = view.entry(id) {
            count(subject(entry), entry);
        }
    }
}

#[async_trait]
impl Target for FilledSecrets {
    async fn observe(&self, object: ObjectId) -> Observation {
        let Some(entry) = self.entry(object) else { return Observation::Gone };
        let desired = match &entry.said.asked {
            None => return Observation::Gone,
            Some(Err(error)) => {
                Err(format!("the annotation {RECORD} is not of this Secret: {error}; {AGAIN}"))
            }
            Some(Ok(record)) if !self.parts.stores.serves(&record.store_of(&entry.place.namespace)) => {
                return Observation::Gone;
            }
            Some(Ok(record)) => self.desired(&entry, record),
        };
        match desired {
            Ok(desired) => Observation::Present(Box::new(self.look_at(entry, desired))),
            Err(problem) => Observation::Malformed {
                record: entry.said.status.record,
                problem,
                revision: entry.said.revision,
            },
        }
    }

    async fn write(&self, object: ObjectId, step: &Step) -> Result<Written, WriteError> {
        match step {
            Step::Write { content, ownership: _ } => {
                let entry = self.entry(object).ok_or(WriteError::Conflict)?;
                self.fill(object, &entry, &content.entries).await
            }
            // It is its user's: it is not made, not deleted, and carries no mark that only we may take off.
            Step::Keep | Step::Delete | Step::Release => Ok(Written::Nothing),
        }
    }

    async fn report(&self, object: ObjectId, report: &Report) -> Result<(), WriteError> {
        let Some(entry) = self.entry(object) else { return Ok(()) };
        if report.write {
            self.write_status(object, &entry, report).await?;
            self.while_there(object, |subject, entry| tell_condition(&*self.parts.telemetry, subject, entry));
        }
        report.events.iter().for_each(|event| self.parts.events.publish(regarding(&entry), event.clone()));
        Ok(())
    }

    fn refreshed(&self, object: ObjectId, at: Timestamp) {
        self.view.lock().refreshed(object, at);
        self.while_there(object, |subject, _| self.parts.telemetry.refreshed(subject, at));
    }
}

impl Observer for FilledSecrets {
    fn ran(&self, object: ObjectId, outcome: Option<&Outcome>, took: Duration) {
        let succeeded = outcome.is_none_or(succeeded);
        self.while_there(object, |subject, _| self.parts.telemetry.reconciled(subject, succeeded, took));
    }
}

/// What to do about a record that cannot be used.
const AGAIN: &str = "apply the Secret again with its references, and it is written anew";

/// That keys are somebody else's now.
fn released(change: &Change) -> Event {
    let keys: Vec<&str> = change.released.iter().map(String::as_str).collect();
    let message = format!("not refreshed any more, for somebody else set or deleted it: {}", keys.join(", "));
    Event { warning: false, reason: "Updated", message }
}

fn tell_condition(telemetry: &dyn Telemetry, subject: Subject<'_>, entry: &Entry) {
    let ready = entry.is_ready().map(|ready| if ready { Ready::True } else { Ready::False });
    ready.into_iter().for_each(|ready| telemetry.condition(subject, ready));
}

fn subject(entry: &Entry) -> Subject<'_> {
    Subject { kind: Kind::FilledSecret, namespace: &entry.place.namespace, name: &entry.place.name }
}

fn regarding(entry: &Entry) -> ObjectReference {
    ObjectReference {
        api_version: Some(Secret::api_version(&()).into_owned()),
        kind: Some(Secret::kind(&()).into_owned()),
        namespace: Some(entry.place.namespace.clone()),
        name: Some(entry.place.name.clone()),
        uid: Some(entry.uid.clone()),
        resource_version: Some(entry.said.version.to_string()),
        field_path: None,
    }
}
