//! Targets that are no Secrets. What a watch tells of one is only that it changed: each look at one is a read of its
//! metadata, and each write reads it whole before.

use eso_core::api::external_secret::ExternalSecret;
use eso_plan::{
    convert::external_secret,
    desired::{Content, Desired, Manifest, Ownership},
    digest::Digest,
    observed::Held,
    plan::WriteError,
    status::Written,
};
use eso_sync::ports::ObjectId;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::DynamicObject;

use super::{KubeTarget, Run, regarding, status};
use crate::{
    apply::{
        Place,
        generic::{Body, held, shape, wanted},
    },
    index::{Known, Snapshot},
    marks::Marks,
    metadata::{self, Claim, Keys},
};

/// What is said of an object whose target is no Secret, where that is not allowed: the original's words.
pub(super) const DISABLED: &str =
    "generic targets are disabled. Enable with --unsafe-allow-generic-targets flag";

impl KubeTarget {
    /// What the object's target of this kind holds.
    pub(super) async fn generic_held(
        &self,
        id: ObjectId,
        snapshot: &Snapshot,
        desired: &Desired,
        kind: &Manifest,
    ) -> Result<Held, WriteError> {
        if desired.ownership == Ownership::Read {
            return Ok(Held::Nothing);
        }
        let marks = Marks::wanted_by(&snapshot.object, desired.ownership);
        let namespace = snapshot.object.metadata.namespace.as_deref().unwrap_or_default();
        let place = Place { namespace, name: &desired.target, marks: &marks };
        let Some(found) = self.generic.look(kind, place).await? else { return Ok(Held::Nothing) };
        match told(&found, snapshot.known.as_ref(), &marks) {
            Some(held) => Ok(held),
            None => self.generic_compare(id, snapshot, kind, place).await,
        }
    }

    /// Reads a target that changed since it was left: others may have put something beside what is ours.
    async fn generic_compare(
        &self,
        id: ObjectId,
        snapshot: &Snapshot,
        kind: &Manifest,
        place: Place<'_>,
    ) -> Result<Held, WriteError> {
        let Some(object) = self.generic.read(kind, place).await? else { return Ok(Held::Nothing) };
        let now = known(&object, place.marks, None);
        let before = snapshot.known.as_ref().filter(|before| before.worn == now.worn);
        let Some(before) = before.filter(|_| place.marks.are_on(&object.metadata)) else {
            return Ok(Held::Drifted);
        };
        let digest = before.digest.clone();
        self.index.lock().know(id, snapshot.edition, Known { digest: digest.clone(), ..now });
        Ok(Held::Intact { digest })
    }

    /// Makes the target hold this, unless it does already.
    pub(super) async fn generic_put(
        &self,
        run: &Run,
        kind: &Manifest,
        content: &Content,
    ) -> Result<Written, WriteError> {
        let before = self.generic.read(kind, run.place()).await?;
        let (stored, written) = match before {
            None => (self.generic_create(run, kind, content).await?, Written::Created),
            Some(before) => self.generic_change(run, kind, content, before).await?,
        };
        let known = known(&stored, &run.marks, Some(Digest::of(&content.entries)));
        self.index.lock().know(run.id, run.snapshot.edition, known);
        if run.marks.ownership == Ownership::Own {
            self.generic_sweep(run, kind, written).await.map_err(WriteError::uncleaned)?;
        }
        Ok(written)
    }

    async fn generic_create(
        &self,
        run: &Run,
        kind: &Manifest,
        content: &Content,
    ) -> Result<DynamicObject, WriteError> {
        if run.marks.ownership == (Ownership::Share { create: false }) {
            return Err(WriteError::Conflict);
        }
        let object = wanted(Body { kind, place: run.place(), content, leftover: None }, None)?;
        self.generic.create(kind, run.place(), &object).await
    }

    async fn generic_change(
        &self,
        run: &Run,
        kind: &Manifest,
        content: &Content,
        before: DynamicObject,
    ) -> Result<(DynamicObject, Written), WriteError> {
        let seen = metadata::seen(&before.metadata, &run.marks).against(&run.marks);
        if let Claim::Held(holder) = seen.claim {
            return Err(WriteError::Contested(*holder));
        }
        if before.metadata.deletion_timestamp.is_some() {
            return Err(WriteError::Unavailable(
                "it is being deleted: it is made anew when it is gone".to_owned(),
            ));
        }
        let body = Body { kind, place: run.place(), content, leftover: seen.leftover.as_deref() };
        let object = wanted(body, Some(before.clone()))?;
        let unmanaged = ObjectMeta { managed_fields: None, ..before.metadata.clone() };
        if (&object.metadata, &object.data) == (&unmanaged, &before.data) {
            return Ok((before, Written::Nothing));
        }
        let stored = self.generic.replace(kind, run.place(), &object).await?;
        let written = match seen.claim {
            _ if stored.metadata.resource_version == before.metadata.resource_version => Written::Nothing,
            Claim::Free { .. }
                if run.marks.ownership == Ownership::Own && !wrote(&before.metadata, &run.marks) =>
            {
                Written::TakenOver
            }
            Claim::Ours | Claim::Free { .. } | Claim::Held(_) => Written::Updated,
        };
        Ok((stored, written))
    }

    pub(super) async fn generic_delete(&self, run: &Run, kind: &Manifest) -> Result<Written, WriteError> {
        let Some(found) = self.generic.look(kind, run.place()).await? else { return Ok(Written::Nothing) };
        if !run.marks.own(&found) {
            return Ok(Written::Nothing);
        }
        self.generic.delete(kind, run.place().namespace, &found).await?;
        Ok(Written::Deleted)
    }

    /// Deletes what the object owns beside its target: Secrets, where it wrote one before, and objects of the same kind
    /// under other names. Only an object that was edited since it was last in step can have had another target.
    async fn generic_sweep(&self, run: &Run, kind: &Manifest, written: Written) -> Result<(), WriteError> {
        if run.snapshot.has_strays {
            self.sweep(run, None).await?;
        }
        if written != Written::Created && is_in_step(&run.snapshot.object) {
            return Ok(());
        }
        let place = run.place();
        for found in self.generic.look_at_owned(kind, place).await? {
            if found.name.as_deref() != Some(place.name) && run.marks.own(&found) {
                self.generic.delete(kind, place.namespace, &found).await?;
                self.events.publish(regarding(&run.snapshot.object), status::orphan_deleted());
            }
        }
        Ok(())
    }
}

/// What a target holds, told by its metadata and by what we left there; `None` where it must be read.
fn told(found: &ObjectMeta, known: Option<&Known>, marks: &Marks) -> Option<Held> {
    if let Claim::Held(holder) = metadata::seen(found, marks).claim {
        return Some(Held::Contested(*holder));
    }
    match known {
        Some(known) if known.version == shape(found) => Some(Held::Intact { digest: known.digest.clone() }),
        Some(_) => None,
        // Only a comparison tells, once it is time to read the store.
        None if wrote(found, marks) => Some(Held::Intact { digest: None }),
        None => Some(Held::Drifted),
    }
}

/// What is known of a target that holds these entries: `worn` is all of it that is ours, and what else its fields hold.
fn known(object: &DynamicObject, marks: &Marks, digest: Option<Digest>) -> Known {
    let worn = marks.worn_by(&object.metadata).map_or(0, |worn| worn.fingerprint);
    Known { version: shape(&object.metadata), digest, keys: Keys::of([]), worn: Some(held(object) ^ worn) }
}

/// Whether the status says that the object is in step as it is now.
fn is_in_step(object: &ExternalSecret) -> bool {
    let metadata = &object.metadata;
    let (labels, annotations) = (metadata.labels.as_ref(), metadata.annotations.as_ref());
    let record = external_secret::record(object);
    let is_ready = record.condition.is_some_and(|(ready, _, _)| ready);
    is_ready && record.revision == Some(external_secret::revision(metadata.generation, labels, annotations))
}

/// Whether our field manager wrote to an object.
fn wrote(found: &ObjectMeta, marks: &Marks) -> bool {
    let mut entries = found.managed_fields.iter().flatten();
    entries.any(|entry| entry.manager.as_deref() == Some(&marks.manager))
}

#[cfg(test)]
mod tests;
