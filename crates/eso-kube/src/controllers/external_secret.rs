//! ExternalSecrets as the targets of the engine: looks at them through the index, and writes through [`Writer`].

mod generic;
mod held;
mod observer;
mod older;
mod router;

use std::{
    collections::BTreeSet,
    fmt,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    sync::Arc,
};

use async_trait::async_trait;
use eso_core::api::external_secret::ExternalSecret;
use eso_plan::{
    convert::{external_secret, references},
    desired::{Content, Desired, Entries, Manifest, Ownership},
    observed::{Kind, Observation, Observed},
    plan::{Step, WriteError},
    status::{self, Report, Written},
    template::SourceName,
};
use eso_sync::{
    engine::Clock,
    ports::{ObjectId, ReadSources, Target},
};
use futures::future::try_join_all;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use parking_lot::Mutex;

use crate::{
    apply::{self, Place, Source, Stored, Writer, generic::GenericWriter},
    events::Events,
    index::{Family, Index, Kin, Sight, Snapshot},
    lease::Leadership,
    marks::{CLEANUP_FINALIZER, Marks},
    metadata::{self, Claim, Seen},
    stores::StoreRegistry,
    telemetry::{Subject, Telemetry},
};

use super::legacy::Permits;
pub(super) use observer::{RunObserver, succeeded};
pub(super) use older::ready as ready_of_older;
pub(super) use router::{Router, ready};

/// The ExternalSecrets of the cluster, and the Secrets that they write.
pub(super) struct KubeTarget {
    pub(super) index: Arc<Mutex<Index>>,
    pub(super) stores: Arc<StoreRegistry>,
    pub(super) writer: Writer,
    /// Writes what is no Secret; `allows_generic` says whether anything is written so.
    pub(super) generic: GenericWriter,
    pub(super) allows_generic: bool,
    pub(super) events: Events,
    pub(super) telemetry: Arc<dyn Telemetry>,
    pub(super) clock: Clock,
    /// When this process first saw the cluster.
    pub(super) started: Timestamp,
    pub(super) leadership: Leadership,
    /// What namespaces let objects of the older group ask for.
    pub(super) permits: Arc<Permits>,
}

impl fmt::Debug for KubeTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KubeTarget")
    }
}

#[async_trait]
impl Target for KubeTarget {
    async fn observe(&self, id: ObjectId) -> Observation {
        let Some(snapshot) = self.index.lock().observe(id) else { return Observation::Gone };
        if let Some(leaving) = leaving(&snapshot) {
            return leaving;
        }
        if let Some(withheld) = self.withheld(&snapshot) {
            return withheld;
        }
        match snapshot.desired() {
            Err(problem) => malformed(&snapshot, problem),
            Ok(_) if !self.serves(&snapshot) => Observation::Gone,
            Ok(desired) if desired.manifest.is_some() && !self.allows_generic => {
                malformed(&snapshot, generic::DISABLED.to_owned())
            }
            Ok(desired) => match snapshot.kin {
                Kin::Newer | Kin::Older { .. } => self.look_at(id, &snapshot, desired).await,
                Kin::Fill(_) => self.look_at_fill(id, &snapshot, desired).await,
            },
        }
    }

    async fn sources(&self, id: ObjectId, wanted: &BTreeSet<SourceName>) -> Result<ReadSources, WriteError> {
        let Some((namespace, _)) = self.index.lock().name(id) else { return Err(WriteError::Conflict) };
        let reads = wanted.iter().map(async |source| {
            let read = self.writer.read_source(&namespace, source).await?;
            Ok::<_, WriteError>((source.clone(), read))
        });
        let read: Vec<(SourceName, Option<Source>)> = try_join_all(reads).await?;
        let versions = read.iter().map(|(name, read)| (name.clone(), read.as_ref().map(|read| read.version)));
        let fingerprint = self.index.lock().read_sources(id, versions);
        let held = read.into_iter().map(|(name, read)| (name, read.map(|read| read.entries)));
        Ok(ReadSources { held: held.collect(), fingerprint })
    }

    async fn write(&self, id: ObjectId, step: &Step) -> Result<Written, WriteError> {
        match step {
            Step::Keep => Ok(Written::Nothing),
            Step::Write { content, ownership } => {
                let run = self.run(id, *ownership)?.dressed(content);
                match run.kind() {
                    Some(kind) => self.generic_put(&run, &kind, content).await,
                    None => self.put(&run, &content.entries).await,
                }
            }
            Step::Delete => {
                let run = self.run(id, Ownership::Own)?;
                match run.kind() {
                    Some(kind) => self.generic_delete(&run, &kind).await,
                    None => self.delete(&run).await,
                }
            }
            Step::Release => self.release(id).await,
        }
    }

    async fn report(&self, id: ObjectId, report: &Report) -> Result<(), WriteError> {
        let Some(snapshot) = self.index.lock().snapshot(id) else { return Ok(()) };
        match &snapshot.kin {
            Kin::Older { object, .. } if older::is_no_news(object, report) => return Ok(()),
            Kin::Older { object, .. } if report.write => self.write_older_status(id, object, report).await?,
            Kin::Newer if report.write => self.write_status(id, &snapshot.object, report).await?,
            Kin::Fill(_) => self.note_status(id, &snapshot.object, report),
            Kin::Newer | Kin::Older { .. } => {}
        }
        for event in &report.events {
            self.events.publish(snapshot.reference(), event.clone());
        }
        Ok(())
    }

    fn refreshed(&self, id: ObjectId, at: Timestamp) {
        let mut index = self.index.lock();
        index.refreshed(id, at);
        while_there(&index, id, |subject| self.telemetry.refreshed(subject, at));
    }
}

/// One run for an object: what it writes, and where.
struct Run {
    id: ObjectId,
    snapshot: Snapshot,
    marks: Marks,
    target: String,
}

impl Run {
    /// The same, with what a template rendered beside the entries.
    fn dressed(mut self, content: &Content) -> Self {
        self.marks = self.marks.dressed(content.dress.as_ref());
        if let Sight::Seen(seen) = &mut self.snapshot.sight {
            *seen = seen.against(&self.marks);
        }
        self
    }

    /// The kind of the target, where it is no Secret.
    fn kind(&self) -> Option<Manifest> {
        external_secret::kind(&self.snapshot.object)
    }

    fn place(&self) -> Place<'_> {
        let namespace = self.snapshot.object.metadata.namespace.as_deref().unwrap_or_default();
        Place { namespace, name: &self.target, marks: &self.marks }
    }
}

impl KubeTarget {
    /// Whether the object's stores are ours: another operator may serve another class of them.
    fn serves(&self, snapshot: &Snapshot) -> bool {
        snapshot.named_stores().all(|store| self.stores.serves(&store))
    }

    /// An object that is there, and its target.
    async fn look_at(&self, id: ObjectId, snapshot: &Snapshot, desired: Desired) -> Observation {
        let record = snapshot.record();
        match self.held(id, snapshot, &desired).await {
            Err(error) => Observation::Unseen { record, error },
            Ok(held) => Observation::Present(Box::new(Observed {
                spread: spread(&snapshot.object.metadata),
                sources: snapshot.sources,
                // While it waited, another one refreshed.
                started: self.leadership.since().unwrap_or(self.started),
                refreshed: snapshot.refreshed,
                record,
                held,
                desired,
            })),
        }
    }

    /// What a write for the object is about; a conflict where anything changed since the object was observed.
    fn run(&self, id: ObjectId, ownership: Ownership) -> Result<Run, WriteError> {
        let index = self.index.lock();
        let snapshot = index.snapshot(id).filter(|_| index.is_as_observed(id)).ok_or(WriteError::Conflict)?;
        drop(index);
        let target = references::target(&snapshot.object).to_owned();
        let marks = snapshot.marks(ownership);
        Ok(Run { id, snapshot, marks, target })
    }

    async fn put(&self, run: &Run, entries: &Entries) -> Result<Written, WriteError> {
        let result = match &run.snapshot.sight {
            Sight::Absent => {
                self.writer.create(run.place(), entries).await.map(|stored| (stored, Written::Created))
            }
            Sight::Unseen => Err(WriteError::Conflict),
            Sight::Seen(seen) => self.change(run, seen, entries).await,
        };
        let (stored, written) = self.believed(run.id, result)?;
        if !self.index.lock().wrote(run.id, run.snapshot.edition, stored) {
            return Err(WriteError::Conflict);
        }
        if run.snapshot.has_strays && run.marks.ownership == Ownership::Own {
            self.sweep(run, Some(&run.target)).await.map_err(WriteError::uncleaned)?;
        }
        Ok(written)
    }

    async fn change(
        &self,
        run: &Run,
        seen: &Seen,
        entries: &Entries,
    ) -> Result<(Stored, Written), WriteError> {
        if let Claim::Held(holder) = &seen.claim {
            return Err(WriteError::Contested((**holder).clone()));
        }
        let kept = self.kept(run, seen).await?;
        let entries = kept.as_ref().unwrap_or(entries);
        let stored = match run.marks.ownership {
            // The type of a Secret is told by nobody but the API server, which takes no other.
            _ if Stored::would_be(seen, entries) && run.marks.secret_type.is_none() => {
                Stored::unchanged(seen.clone(), entries)
            }
            _ if !run.marks.hashed && self.is_already(run, seen, entries).await? => {
                Stored::unchanged(older::as_wanted(seen), entries)
            }
            Ownership::Share { .. } => self.writer.merge(run.place(), seen, entries).await?,
            Ownership::Own | Ownership::Leave | Ownership::Read => {
                self.writer.replace(run.place(), seen, entries).await?
            }
        };
        let written = match seen.claim {
            _ if !stored.changed => Written::Nothing,
            Claim::Free { known: false } if run.marks.ownership == Ownership::Own => Written::TakenOver,
            Claim::Ours | Claim::Free { .. } | Claim::Held(_) => Written::Updated,
        };
        Ok((stored, written))
    }

    /// The entries of a target that we made immutable: whatever it should hold, it holds these for good.
    async fn kept(&self, run: &Run, seen: &Seen) -> Result<Option<Entries>, WriteError> {
        if !(run.marks.immutable && seen.frozen) {
            return Ok(None);
        }
        let contents = self.writer.read(run.place()).await?.ok_or(WriteError::Conflict)?;
        if contents.seen.version != seen.version {
            return Err(WriteError::Conflict);
        }
        Ok(Some(contents.entries))
    }

    async fn delete(&self, run: &Run) -> Result<Written, WriteError> {
        match &run.snapshot.sight {
            Sight::Seen(seen) if seen.claim == Claim::Ours => {
                let Place { namespace, name, .. } = run.place();
                let deleted = self.writer.delete(namespace, name, seen).await;
                self.believed(run.id, deleted)?;
                self.index.lock().deleted(run.id, run.snapshot.edition);
                Ok(Written::Deleted)
            }
            Sight::Absent | Sight::Seen(_) => Ok(Written::Nothing),
            Sight::Unseen => Err(WriteError::Conflict),
        }
    }

    /// Deletes the Secrets that the object owns under other names than that of its target, if that is a Secret.
    ///
    /// The original goes by the label alone; a Secret that has it and is not controlled by the object is a copy that
    /// somebody made.
    async fn sweep(&self, run: &Run, target: Option<&str>) -> Result<(), WriteError> {
        let place = run.place();
        for metadata in self.writer.look_at_owned(place).await? {
            let seen = metadata::seen(&metadata, place.marks);
            match metadata.name {
                Some(name) if Some(name.as_str()) != target && seen.claim == Claim::Ours => {
                    self.writer.delete(place.namespace, &name, &seen).await?;
                    self.events.publish(run.snapshot.reference(), status::orphan_deleted(Kind::Secret));
                }
                Some(_) | None => {}
            }
        }
        self.index.lock().swept(run.id, run.snapshot.edition);
        Ok(())
    }

    async fn release(&self, id: ObjectId) -> Result<Written, WriteError> {
        let Some(snapshot) = self.index.lock().snapshot(id) else { return Ok(Written::Nothing) };
        self.writer.release(&snapshot.object.metadata).await?;
        Ok(Written::Nothing)
    }

    /// After a conflict, what is known of the target is old: it is looked at before the next try.
    fn believed<T>(&self, id: ObjectId, result: Result<T, WriteError>) -> Result<T, WriteError> {
        if let Err(WriteError::Conflict) = result {
            self.index.lock().doubt(id);
        }
        result
    }

    async fn write_status(
        &self,
        id: ObjectId,
        before: &ExternalSecret,
        report: &Report,
    ) -> Result<(), WriteError> {
        let old = before.status.clone().unwrap_or_default();
        let status = apply::status(&old, report, (self.clock)());
        let version = self.writer.report(&before.metadata, &status).await?;
        let mut index = self.index.lock();
        if let Some(version) = version {
            index.reported(id, &status, version);
        }
        if let Some(ready) = router::ready(&status.conditions) {
            while_there(&index, id, |subject| self.telemetry.condition(subject, ready));
        }
        Ok(())
    }
}

/// An object that is being deleted, or will be with its namespace: whether it waits for us.
///
/// Kubernetes looks 5 s after the deletion of a namespace whether anything holds it up, and only 5 s later again.
fn leaving(snapshot: &Snapshot) -> Option<Observation> {
    let ObjectMeta { deletion_timestamp, finalizers, .. } = &snapshot.object.metadata;
    let waits = finalizers.iter().flatten().any(|finalizer| finalizer == CLEANUP_FINALIZER);
    match (deletion_timestamp.is_some(), snapshot.namespace_leaves) {
        (true, _) | (_, true) if waits => Some(Observation::Leaving),
        (true, _) => Some(Observation::Gone),
        (false, _) => None,
    }
}

/// An object that cannot be understood.
fn malformed(snapshot: &Snapshot, problem: String) -> Observation {
    Observation::Malformed { record: snapshot.record(), problem, revision: snapshot.revision() }
}

/// A number of the object's own, evenly spread and the same in every process.
pub(super) fn spread(metadata: &ObjectMeta) -> u32 {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(metadata.uid.as_deref());
    u32::try_from(hash >> 32).expect("the upper half of 64 bits must fit in 32")
}

/// Counts for an object that is there. The index must stay locked until it is counted: an object that was forgotten
/// meanwhile would have its series back, for ever.
fn while_there(index: &Index, id: ObjectId, count: impl FnOnce(Subject<'_>)) {
    let kind = index.family(id).and_then(Family::counted);
    if let (Some(kind), Some((namespace, name))) = (kind, index.name(id)) {
        count(Subject { kind, namespace: &namespace, name: &name });
    }
}

#[cfg(test)]
mod tests;
