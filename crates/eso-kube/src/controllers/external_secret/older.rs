//! What is done otherwise for objects of the older group: their namespaces say what they may ask for, their Secrets carry no
//! digest, they have statuses of their own, and they fill Secrets besides.

use eso_core::api::{
    external_secret::ExternalSecret,
    legacy::{ExternalSecret as Older, ExternalSecretStatus},
};
use eso_plan::{
    convert::legacy,
    desired::{Desired, Entries},
    digest::Digest,
    observed::Observation,
    plan::WriteError,
    status::Report,
};
use eso_sync::ports::ObjectId;
use jiff::Timestamp;

use super::{KubeTarget, Run, malformed, while_there};
use crate::{
    apply::{self, Place},
    controllers::legacy::Permit,
    index::{Kin, Sight, Snapshot},
    metadata::Seen,
    telemetry::Ready,
};

impl KubeTarget {
    /// What is seen of an object whose namespace does not let it ask for what it asks for.
    pub(super) fn withheld(&self, snapshot: &Snapshot) -> Option<Observation> {
        match &snapshot.kin {
            Kin::Newer => None,
            Kin::Older { object, environment } => match self.permits.of(object, environment) {
                Permit::Given => None,
                Permit::Unknown => Some(Observation::Gone),
                Permit::Refused(problem) => Some(malformed(snapshot, problem)),
            },
            // The object itself says why.
            Kin::Fill(of) => {
                let of = self.index.lock().snapshot(*of);
                of.is_none_or(|of| self.withheld(&of).is_some()).then_some(Observation::Gone)
            }
        }
    }

    /// A Secret that may be filled; one that is not there or may not be is nobody's business.
    pub(super) async fn look_at_fill(
        &self,
        id: ObjectId,
        snapshot: &Snapshot,
        desired: Desired,
    ) -> Observation {
        match self.may_fill(id, snapshot, &desired).await {
            Ok(true) => self.look_at(id, snapshot, desired).await,
            Ok(false) => Observation::Gone,
            Err(error) => Observation::Unseen { record: snapshot.record(), error },
        }
    }

    async fn may_fill(
        &self,
        id: ObjectId,
        snapshot: &Snapshot,
        desired: &Desired,
    ) -> Result<bool, WriteError> {
        let marks = snapshot.marks(desired.ownership);
        let namespace = snapshot.object.metadata.namespace.as_deref().unwrap_or_default();
        let place = Place { namespace, name: &desired.target, marks: &marks };
        match &snapshot.sight {
            Sight::Absent => Ok(false),
            Sight::Seen(seen) if seen.marked => Ok(true),
            Sight::Seen(seen) => {
                let filled = self.writer.may_fill(place, seen).await;
                self.believed(id, filled)
            }
            Sight::Unseen => {
                self.look(super::held::Question { id, about: snapshot.edition, place }).await?;
                // It is known now, and is looked at as such.
                Err(WriteError::Conflict)
            }
        }
    }

    /// Whether a Secret without a digest is as it should be. It is read, unless it is known to hold something else.
    pub(super) async fn is_already(
        &self,
        run: &Run,
        seen: &Seen,
        entries: &Entries,
    ) -> Result<bool, WriteError> {
        let known = run.snapshot.known.as_ref().filter(|known| known.version == seen.version);
        let differs = known.is_some_and(|known| known.digest.as_ref() != Some(&Digest::of(entries)));
        if differs || seen.leftover.is_some() {
            return Ok(false);
        }
        self.writer.is_already(run.place(), seen, entries).await
    }

    pub(super) async fn write_older_status(
        &self,
        id: ObjectId,
        object: &Older,
        report: &Report,
    ) -> Result<(), WriteError> {
        let status = legacy::status(report, (self.clock)(), object.metadata.generation);
        let version = self.writer.report_older(&object.metadata, &status).await?;
        let mut index = self.index.lock();
        if let Some(version) = version {
            index.reported(id, &status, version);
        }
        if let Some(ready) = ready(&status) {
            while_there(&index, id, |subject| self.telemetry.condition(subject, ready));
        }
        Ok(())
    }

    pub(super) fn note_status(&self, id: ObjectId, fill: &ExternalSecret, report: &Report) {
        let before = fill.status.clone().unwrap_or_default();
        self.index.lock().filled(id, &apply::status(&before, report, (self.clock)()));
    }
}

/// What a status of the older group says.
pub(in crate::controllers) fn ready(status: &ExternalSecretStatus) -> Option<Ready> {
    let said = status.status.as_deref()?;
    Some(if said == "SUCCESS" { Ready::True } else { Ready::False })
}

/// Whether a failure is written down already: the words of such a status are not those of the report.
pub(super) fn is_no_news(object: &Older, report: &Report) -> bool {
    let is_failure = report.record.condition.as_ref().is_some_and(|(is_good, _, _)| !is_good);
    let said = object.status.clone().unwrap_or_default();
    let now = legacy::status(report, Timestamp::UNIX_EPOCH, object.metadata.generation);
    is_failure && ExternalSecretStatus { last_sync: now.last_sync.clone(), ..said } == now
}

/// A Secret that was found to be as it should be, whoever made it so.
pub(super) fn as_wanted(seen: &Seen) -> Seen {
    Seen { marked: true, leftover: None, ..seen.clone() }
}

#[cfg(test)]
mod tests;
