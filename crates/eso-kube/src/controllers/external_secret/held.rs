//! What a target holds: told by its metadata and by what we did to it, and by one read where these do not tell.

use eso_plan::{
    desired::{Absence, Desired, Destination, Ownership},
    digest::Digest,
    observed::{Held, Record},
    plan::WriteError,
};
use eso_sync::ports::ObjectId;

use super::KubeTarget;
use crate::{
    apply::{self, Contents, Place},
    index::{Edition, Known, Sight, Snapshot},
    metadata::{self, Claim, Data, Keys, Seen},
};

/// What is asked about a target, for one edition of its object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) id: ObjectId,
    pub(super) about: Edition,
    pub(super) place: Place<'a>,
}

impl KubeTarget {
    /// What the object's target holds.
    pub(super) async fn held(
        &self,
        id: ObjectId,
        snapshot: &Snapshot,
        desired: &Desired,
    ) -> Result<Held, WriteError> {
        let marks = snapshot.marks(desired.ownership);
        let namespace = snapshot.object.metadata.namespace.as_deref().unwrap_or_default();
        let place = Place { namespace, name: &desired.target, marks: &marks };
        let question = Question { id, about: snapshot.edition, place };
        if desired.ownership == Ownership::Read {
            return Ok(Held::Nothing);
        }
        if let Some(kind) = &desired.manifest {
            return self.generic_held(question, kind, snapshot.left.as_deref()).await;
        }
        let seen = match &snapshot.sight {
            Sight::Absent => None,
            Sight::Seen(seen) => Some(seen.clone()),
            Sight::Unseen => self.look(question).await?,
        };
        let Some(seen) = seen else { return Ok(Held::Nothing) };
        let expected = snapshot
            .known
            .as_ref()
            .map(|known| known.keys)
            .or_else(|| promised(desired).filter(|_| is_unedited(&snapshot.record(), desired)));
        let moved = snapshot.has_strays && desired.ownership == Ownership::Own;
        match told(&seen, snapshot.known.as_ref(), expected, moved) {
            Some(held) => Ok(held),
            None => self.compare(question, &seen, expected, moved).await,
        }
    }

    pub(super) async fn look(&self, question: Question<'_>) -> Result<Option<Seen>, WriteError> {
        let Question { id, about, place } = question;
        let found = self.writer.look(place.namespace, place.name).await?;
        let seen = found.map(|metadata| metadata::seen(&metadata, place.marks));
        match self.index.lock().looked(id, about, seen.clone()) {
            true => Ok(seen),
            false => Err(WriteError::Conflict),
        }
    }

    /// Reads the target, once for this version of it.
    async fn compare(
        &self,
        question: Question<'_>,
        seen: &Seen,
        expected: Option<Keys>,
        moved: bool,
    ) -> Result<Held, WriteError> {
        let Question { id, about, place } = question;
        let contents = self.writer.read(place).await?;
        let Some(contents) = contents.filter(|contents| contents.seen.version == seen.version) else {
            self.index.lock().doubt(id);
            return Err(WriteError::Conflict);
        };
        let known = intact(&contents, expected);
        if !self.index.lock().compared(id, about, seen.version, known.clone()) {
            return Err(WriteError::Conflict);
        }
        let held = known.and_then(|known| told(seen, Some(&known), expected, moved));
        Ok(held.unwrap_or(Held::Drifted))
    }
}

/// What can be told without a read; `None` where a read is needed.
///
/// `expected` are the keys that should be there, where anybody knows; `moved` means that an older target is left to
/// delete. Where the data is right and something else is not, the digest is withheld: the next refresh then writes.
fn told(seen: &Seen, known: Option<&Known>, expected: Option<Keys>, moved: bool) -> Option<Held> {
    if let Claim::Held(holder) = &seen.claim {
        return Some(Held::Contested((**holder).clone()));
    }
    let wore = known.and_then(|known| known.worn);
    if seen.worn.as_ref().zip(wore).is_some_and(|(worn, wore)| worn.fingerprint != wore) {
        return Some(Held::Drifted);
    }
    let compared = known.filter(|known| known.version == seen.version);
    let digest = match (&seen.data, compared, known) {
        (_, Some(Known { digest: Some(digest), .. }), _) | (Data::Ours(digest), _, _) => Some(digest.clone()),
        (Data::Foreign, _, _) => return Some(Held::Drifted),
        (Data::Doubtful, _, _) => return None,
        (Data::Shared { later: false }, _, Some(known)) => known.digest.clone(),
        (Data::Shared { .. }, _, _) => None,
    };
    match expected {
        Some(keys) if keys != seen.keys && compared.is_none() => Some(Held::Drifted),
        Some(_) if seen.marked && !moved => Some(Held::Intact { digest }),
        Some(_) | None => Some(Held::Intact { digest: None }),
    }
}

/// Whether the values are those that the digest beside them was made of, and all that should be there.
fn intact(contents: &Contents, expected: Option<Keys>) -> Option<Known> {
    let digest = Digest::of(&contents.entries);
    let keys = apply::keys_of(&contents.entries);
    let whole = expected.is_none_or(|expected| expected == keys);
    let written = contents.digest.as_ref() == Some(&digest);
    let known = Known { version: contents.seen.version, digest: Some(digest), keys, worn: None };
    (whole && written).then_some(known)
}

/// Whether the object is as it was when its target was written: an edit of it is no drift of the target.
fn is_unedited(record: &Record, desired: &Desired) -> bool {
    record.revision.as_ref() == Some(&desired.revision)
}

/// The keys that the object names itself, where these are all that its target can hold.
fn promised(desired: &Desired) -> Option<Keys> {
    if desired.absence != Absence::Retain {
        return None;
    }
    let names: Option<Vec<&str>> = match &desired.template {
        None => desired.entries.iter().map(|entry| named(&entry.into)).collect(),
        Some(template) => template.made_names(),
    };
    names.map(Keys::of)
}

fn named(destination: &Destination) -> Option<&str> {
    match destination {
        Destination::Entry(name) => Some(name),
        Destination::Many(_) => None,
    }
}

#[cfg(test)]
mod tests;
