//! Targets that are no Secrets. What a watch tells of one is only that it changed: each look at one is a read of its
//! metadata, and each write reads it whole before.

use eso_plan::{
    desired::{Content, Manifest, Ownership},
    digest::Digest,
    observed::{Held, Kind},
    plan::WriteError,
    status::Written,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::DynamicObject;

use super::{KubeTarget, Run, held::Question, status};
use crate::{
    apply::generic::{Body, Left, wanted},
    marks::Marks,
    metadata::{self, Claim},
};

/// What is said of an object whose target is no Secret, where that is not allowed: the original's words.
pub(super) const DISABLED: &str =
    "generic targets are disabled. Enable with --unsafe-allow-generic-targets flag";

impl KubeTarget {
    /// What the object's target of this kind holds.
    pub(super) async fn generic_held(
        &self,
        question: Question<'_>,
        kind: &Manifest,
        left: Option<&Left>,
    ) -> Result<Held, WriteError> {
        let Question { id, about, place } = question;
        let Some(found) = self.generic.look(kind, place).await? else { return Ok(Held::Nothing) };
        if let Some(held) = told(&found, left, place.marks) {
            return Ok(held);
        }
        // It was changed since it was left: others may have put something beside what is ours.
        let Some(object) = self.generic.read(kind, place).await? else { return Ok(Held::Nothing) };
        let now = left.map(|left| Left::new(&object, place.marks, left.digest.clone()));
        match left.zip(now).filter(|(left, now)| left.holds_the_same(now)) {
            Some((left, now)) if place.marks.are_on(&object.metadata) => {
                self.index.lock().leave(id, about, now);
                Ok(Held::Intact { digest: Some(left.digest.clone()) })
            }
            Some(_) | None => Ok(Held::Drifted),
        }
    }

    /// Makes the target hold this, unless it does already.
    pub(super) async fn generic_put(
        &self,
        run: &Run,
        kind: &Manifest,
        content: &Content,
    ) -> Result<Written, WriteError> {
        let (stored, written) = match self.generic.read(kind, run.place()).await? {
            None if run.marks.ownership == (Ownership::Share { create: false }) => {
                return Err(WriteError::Conflict);
            }
            None => {
                let object = wanted(Body { kind, place: run.place(), content, leftover: None }, None)?;
                (self.generic.put(kind, run.place(), &object).await?, Written::Created)
            }
            Some(before) => self.generic_change(run, kind, content, before).await?,
        };
        if run.snapshot.left.is_none() && run.marks.ownership == Ownership::Own {
            self.generic_sweep(run, kind).await.map_err(WriteError::uncleaned)?;
        }
        let left = Left::new(&stored, &run.marks, Digest::of(&content.entries));
        self.index.lock().leave(run.id, run.snapshot.edition, left);
        Ok(written)
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
        let stored = self.generic.put(kind, run.place(), &object).await?;
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
    /// under other names. Only an object that was edited since its target was left can have had another one.
    async fn generic_sweep(&self, run: &Run, kind: &Manifest) -> Result<(), WriteError> {
        if run.snapshot.has_strays {
            self.sweep(run, None).await?;
        }
        let place = run.place();
        for found in self.generic.look_at_owned(kind, place).await? {
            if found.name.as_deref() != Some(place.name) && run.marks.own(&found) {
                self.generic.delete(kind, place.namespace, &found).await?;
                self.events.publish(run.snapshot.reference(), status::orphan_deleted(Kind::Resource));
            }
        }
        Ok(())
    }
}

/// What a target holds, told by its metadata and by how it was left; `None` where it must be read.
fn told(found: &ObjectMeta, left: Option<&Left>, marks: &Marks) -> Option<Held> {
    if let Claim::Held(holder) = metadata::seen(found, marks).claim {
        return Some(Held::Contested(*holder));
    }
    match left {
        Some(left) if left.is(found) => Some(Held::Intact { digest: Some(left.digest.clone()) }),
        Some(_) => None,
        // Only a comparison tells, once it is time to read the store.
        None if wrote(found, marks) => Some(Held::Intact { digest: None }),
        None => Some(Held::Drifted),
    }
}

/// Whether our field manager wrote to an object.
fn wrote(found: &ObjectMeta, marks: &Marks) -> bool {
    let mut entries = found.managed_fields.iter().flatten();
    entries.any(|entry| entry.manager.as_deref() == Some(&marks.manager))
}

#[cfg(test)]
mod tests;
