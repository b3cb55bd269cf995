//! What the targets with templates were made of, so that the same is not rendered again: functions of time and chance
//! would give another Secret each time. 24 bytes for an object with templates.
//!
//! It is kept by this process alone, as a number that says nothing elsewhere: after a restart such a target is rendered
//! once, when its time comes (docs/decisions/0007).

use std::{collections::HashMap, hash::RandomState};

use eso_plan::{
    observed::Observed,
    render::{self, Answer},
};
use parking_lot::Mutex;

use crate::ports::ObjectId;

#[derive(Debug, Default)]
pub(super) struct Made {
    hasher: RandomState,
    of: Mutex<HashMap<ObjectId, u64>>,
}

impl Made {
    /// What a target would be made of; `None` where it has no templates, or its stores failed.
    pub(super) fn fingerprint(&self, observed: &Observed, answers: &[Answer]) -> Option<u64> {
        observed.desired.template.as_ref()?;
        render::fingerprint(observed, answers, &self.hasher)
    }

    /// Whether the target was last made of this.
    pub(super) fn is_of(&self, object: ObjectId, made_of: Option<u64>) -> bool {
        made_of.is_some_and(|made_of| self.of.lock().get(&object) == Some(&made_of))
    }

    /// The target is made of this now; `None` where nobody knows.
    pub(super) fn note(&self, object: ObjectId, made_of: Option<u64>) {
        match made_of {
            Some(made_of) => drop(self.of.lock().insert(object, made_of)),
            None => self.forget(object),
        }
    }

    /// Drops an object.
    pub(super) fn forget(&self, object: ObjectId) {
        self.of.lock().remove(&object);
    }
}
