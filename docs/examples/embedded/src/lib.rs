//! Files that are kept equal to values of a store: a target of one's own for the engine.

mod disk;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use eso_core::value::SecretBytes;
use eso_plan::{
    desired::{Desired, Manifest},
    digest::Digest,
    observed::{Held, Kind, Observation, Observed, Record},
    plan::{Step, WriteError},
    status::{Report, Written},
};
use eso_sync::ports::{ObjectId, Target};
use jiff::Timestamp;
use parking_lot::Mutex;

/// The name of the one entry that a file holds.
pub const CONTENT: &str = "content";

/// Files below a folder. The target of each object is one of them.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    started: Timestamp,
    known: Mutex<BTreeMap<ObjectId, File>>,
}

/// What is known of a file, beside what it holds.
#[derive(Clone, Debug)]
struct File {
    desired: Desired,
    record: Record,
    refreshed: Option<Timestamp>,
    written: Option<Digest>,
}

impl Files {
    /// No file yet. `started` is when the program began.
    pub fn new(folder: PathBuf, started: Timestamp) -> Self {
        Self { folder, started, known: Mutex::default() }
    }

    /// From now on an object wants its file so: the one of the target's name, with what is asked for as [`CONTENT`].
    pub fn keep(&self, object: ObjectId, desired: Desired) {
        let manifest = Manifest { api_version: "v1".to_owned(), kind: "File".to_owned() };
        let desired = Desired { manifest: Some(manifest), ..desired };
        let record = Record { kind: Kind::Resource, ..Record::default() };
        let new = File { desired: desired.clone(), record, refreshed: None, written: None };
        self.known.lock().entry(object).or_insert(new).desired = desired;
    }

    /// What is known of an object's file, and where that is.
    fn file(&self, object: ObjectId) -> Option<(File, PathBuf)> {
        let file = self.known.lock().get(&object)?.clone();
        let path = self.folder.join(&file.desired.target);
        Some((file, path))
    }

    fn note(&self, object: ObjectId, note: impl FnOnce(&mut File)) {
        self.known.lock().get_mut(&object).map(note);
    }
}

#[async_trait]
impl Target for Files {
    async fn observe(&self, object: ObjectId) -> Observation {
        let Some((file, path)) = self.file(object) else { return Observation::Gone };
        let File { desired, record, refreshed, written } = file;
        let held = match held(&path).await {
            Ok(None) => Held::Nothing,
            Ok(digest) if digest == written => Held::Intact { digest },
            Ok(Some(_)) => Held::Drifted,
            Err(error) => return Observation::Unseen { record, error },
        };
        let observed = Observed::new(desired, held, self.started);
        Observation::Present(Box::new(Observed { record, refreshed, ..observed }))
    }

    async fn write(&self, object: ObjectId, step: &Step) -> Result<Written, WriteError> {
        let Some((_, path)) = self.file(object) else { return Ok(Written::Nothing) };
        let value = match step {
            Step::Keep => return Ok(Written::Nothing),
            Step::Write { content, ownership: _ } => content.entries.get(CONTENT),
            Step::Delete | Step::Release => None,
        };
        let (before, after) = (held(&path).await?, value.map(digest));
        let written = match (&before, value) {
            _ if before == after => Ok(Written::Nothing),
            (_, None) => disk::remove(&path).await.map(|()| Written::Deleted),
            (None, Some(value)) => disk::put(&path, value).await.map(|()| Written::Created),
            (Some(_), Some(value)) => disk::put(&path, value).await.map(|()| Written::Updated),
        }?;
        self.note(object, |file| file.written = after);
        Ok(written)
    }

    async fn report(&self, object: ObjectId, report: &Report) -> Result<(), WriteError> {
        for event in &report.events {
            tracing::info!(object = object.0, warning = event.warning, "{}", event.message);
        }
        self.note(object, |file| file.record = report.record.clone());
        Ok(())
    }

    fn refreshed(&self, object: ObjectId, at: Timestamp) {
        self.note(object, |file| file.refreshed = Some(at));
    }
}

/// The digest of what a file holds; `None` where there is no file.
async fn held(path: &Path) -> Result<Option<Digest>, WriteError> {
    Ok(disk::read(path).await?.as_ref().map(digest))
}

/// The digest that the engine makes of the one entry.
fn digest(value: &SecretBytes) -> Digest {
    Digest::of([(&CONTENT.to_owned(), value)])
}

#[cfg(test)]
mod tests;
