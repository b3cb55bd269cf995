//! What the engine needs from outside: targets to look at and write, and stores to read.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use eso_core::key::{RemoteKey, StoreReference};
use eso_plan::{
    fence::KeyPatterns,
    observed::Observation,
    plan::{Outcome, Step, WriteError},
    status::{Report, Written},
    template::{SourceName, Sources},
};

use crate::store::Store;

mod store_map;

pub use store_map::StoreMap;

/// An object, as its target numbers it. A number is never given to another object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub u64);

/// Objects that wait in one line: those of one store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

/// What the templates of an object stand in, as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadSources {
    /// What they hold.
    pub held: Sources,
    /// What [`Observed::sources`](eso_plan::observed::Observed::sources) is as long as none of them changes.
    pub fingerprint: u64,
}

/// Objects and their targets.
///
/// The engine never runs two calls for one object at once.
#[async_trait]
pub trait Target: fmt::Debug + Send + Sync + 'static {
    /// Looks at an object and its target. It may read the target, once for each version of it that somebody else wrote.
    async fn observe(&self, object: ObjectId) -> Observation;

    /// Reads what the templates of an object stand in: all that `wanted` names, those that are not there as `None`.
    /// It is asked only before a template is rendered. Where no template stands in another object, it need not be written.
    async fn sources(
        &self,
        _object: ObjectId,
        _wanted: &BTreeSet<SourceName>,
    ) -> Result<ReadSources, WriteError> {
        Err(WriteError::Invalid("there are no objects here for templates to stand in".to_owned()))
    }

    /// Does one step to the target. A step is done whole or not at all, and never on a target that changed since it
    /// was observed: that is a [`WriteError::Conflict`].
    async fn write(&self, object: ObjectId, step: &Step) -> Result<Written, WriteError>;

    /// Writes down what a run came to: the status where [`Report::write`] says so, and the event if there is one.
    async fn report(&self, object: ObjectId, report: &Report) -> Result<(), WriteError>;

    /// Told that the store was read with success for this object at that time, whether or not it is written down.
    fn refreshed(&self, object: ObjectId, at: jiff::Timestamp);
}

/// Told about each run, for metrics.
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// A run for an object ended; `outcome` is `None` where it was not due.
    fn ran(&self, object: ObjectId, outcome: Option<&Outcome>, took: Duration);
}

/// Counts nothing.
impl Observer for () {
    fn ran(&self, _object: ObjectId, _outcome: Option<&Outcome>, _took: Duration) {}
}

/// A store that an object may use.
#[derive(Clone, Debug)]
pub struct Granted {
    /// The store.
    pub store: Arc<Store>,
    /// The keys that it may ask for there; `None` is any.
    pub keys: Option<KeyPatterns>,
}

impl Granted {
    /// A store with all its keys.
    pub fn whole(store: Arc<Store>) -> Self {
        Self { store, keys: None }
    }

    /// Whether its user may ask for a key. It is judged as its store reads it, so that all spellings of it are judged
    /// alike: `kv/data/hr` must not pass as `k*`, where it is `hr`.
    pub fn allows(&self, key: &RemoteKey) -> bool {
        self.keys.as_ref().is_none_or(|keys| {
            let canonical = self.store.provider().canonical(key);
            keys.allows(key.as_str(), canonical.as_ref().map(RemoteKey::as_str))
        })
    }
}

/// Stores by name.
#[async_trait]
pub trait Stores: fmt::Debug + Send + Sync + 'static {
    /// The store, connected as the identity that the reference means, and what of it its user may see; or why it cannot
    /// be used, in words that begin with the original's. It may wait a moment for a store that is just being connected,
    /// so that objects made together with their store do not fail over it, and for no other.
    async fn store(&self, reference: &StoreReference) -> Result<Granted, String>;
}

#[cfg(test)]
mod tests;
