//! Targets that are no Secrets. What a watch tells of one is only that it changed: each look at one is a read of its
//! metadata, and each write reads it whole before.

use eso_plan::{
    desired::{Content, Desired, Manifest, Ownership},
    digest::Digest,
    observed::Held,
    plan::WriteError,
    status::Written,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::DynamicObject;

use super::{KubeTarget, Run, regarding, status};
use crate::{
    apply::{
        Place,
        generic::{Body, shape, wanted},
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
        Ok(held(&found, snapshot.known.as_ref(), &marks))
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
        let known = Known {
            version: shape(&stored),
            digest: Some(Digest::of(&content.entries)),
            keys: Keys::of([]),
            worn: None,
        };
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
    ) -> Result<ObjectMeta, WriteError> {
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
        mut before: DynamicObject,
    ) -> Result<(ObjectMeta, Written), WriteError> {
        let seen = metadata::seen(&before.metadata, &run.marks).against(&run.marks);
        if let Claim::Held(holder) = seen.claim {
            return Err(WriteError::Contested(*holder));
        }
        let is_known = wrote(&before.metadata, &run.marks);
        before.metadata.managed_fields = None;
        let body = Body { kind, place: run.place(), content, leftover: seen.leftover.as_deref() };
        let object = wanted(body, Some(before.clone()))?;
        if (&object.metadata, &object.data) == (&before.metadata, &before.data) {
            return Ok((before.metadata, Written::Nothing));
        }
        let stored = self.generic.replace(kind, run.place(), &object).await?;
        let written = match seen.claim {
            _ if stored.resource_version == before.metadata.resource_version => Written::Nothing,
            Claim::Free { .. } if run.marks.ownership == Ownership::Own && !is_known => Written::TakenOver,
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
    /// under other names. Only where a target is made can the object have had another one.
    async fn generic_sweep(&self, run: &Run, kind: &Manifest, written: Written) -> Result<(), WriteError> {
        if run.snapshot.has_strays {
            self.sweep(run, None).await?;
        }
        if written != Written::Created {
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

/// What a target holds, told by its metadata and by what we left there.
fn held(found: &ObjectMeta, known: Option<&Known>, marks: &Marks) -> Held {
    if let Claim::Held(holder) = metadata::seen(found, marks).claim {
        return Held::Contested(*holder);
    }
    match known {
        Some(known) if known.version == shape(found) => Held::Intact { digest: known.digest.clone() },
        Some(_) => Held::Drifted,
        // Only a comparison tells, once it is time to read the store.
        None if wrote(found, marks) => Held::Intact { digest: None },
        None => Held::Drifted,
    }
}

/// Whether our field manager wrote to an object.
fn wrote(found: &ObjectMeta, marks: &Marks) -> bool {
    let mut entries = found.managed_fields.iter().flatten();
    entries.any(|entry| entry.manager.as_deref() == Some(&marks.manager))
}

#[cfg(test)]
mod tests;
