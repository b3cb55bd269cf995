//! What the targets with templates were made of, so that the same is not rendered again: functions of time and chance
//! would give another Secret each time. 32 bytes for an object with templates.
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
    of: Mutex<HashMap<ObjectId, MadeOf>>,
}

/// What a target is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MadeOf {
    /// The state of the object, and what the stores gave, as a number.
    pub(super) values: u64,
    /// The versions of what its templates stand in, as they were read.
    pub(super) sources: u64,
}

impl Made {
    /// What a target would be made of, were its sources as they are observed; `None` where it has no templates, or its
    /// stores failed.
    pub(super) fn would_be_of(&self, observed: &Observed, answers: &[Answer]) -> Option<MadeOf> {
        observed.desired.template.as_ref()?;
        let values = render::fingerprint(&observed.desired, answers, &self.hasher)?;
        Some(MadeOf { values, sources: observed.sources })
    }

    /// Whether the target was last made of this.
    pub(super) fn is_of(&self, object: ObjectId, made_of: Option<MadeOf>) -> bool {
        made_of.is_some_and(|made_of| self.of.lock().get(&object) == Some(&made_of))
    }

    /// The target is made of this now; `None` where nobody knows.
    pub(super) fn note(&self, object: ObjectId, made_of: Option<MadeOf>) {
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
