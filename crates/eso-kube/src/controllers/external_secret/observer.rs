//! Counts the runs of ExternalSecrets.

use std::{sync::Arc, time::Duration};

use eso_plan::plan::Outcome;
use eso_sync::ports::{ObjectId, Observer};
use parking_lot::Mutex;

use super::while_there;
use crate::{index::Index, telemetry::Telemetry};

/// Tells the telemetry about each run, by the object's name.
#[derive(Debug)]
pub(in crate::controllers) struct RunObserver {
    pub(in crate::controllers) index: Arc<Mutex<Index>>,
    pub(in crate::controllers) telemetry: Arc<dyn Telemetry>,
}

impl Observer for RunObserver {
    fn ran(&self, object: ObjectId, outcome: Option<&Outcome>, took: Duration) {
        let succeeded = outcome.is_none_or(succeeded);
        while_there(&self.index.lock(), object, |subject| {
            self.telemetry.reconciled(subject, succeeded, took)
        });
    }
}

/// Whether nothing is left to be done for the object.
pub(in crate::controllers) fn succeeded(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Synced | Outcome::Retained | Outcome::Deleted | Outcome::Waiting => true,
        Outcome::Malformed(_)
        | Outcome::Empty
        | Outcome::Unreadable(_)
        | Outcome::Contested(_)
        | Outcome::Unwritable(_, _) => false,
    }
}
