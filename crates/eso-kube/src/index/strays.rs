//! Secrets that an ExternalSecret may own beside its target: those that it wrote before the target was renamed.

use std::collections::BTreeSet;

use eso_sync::ports::ObjectId;

/// Objects with the hashes of the names of such Secrets. Mostly there are none.
#[derive(Debug, Default)]
pub(super) struct Strays(BTreeSet<(ObjectId, u64)>);

impl Strays {
    pub(super) fn insert(&mut self, id: ObjectId, secret: u64) {
        self.0.insert((id, secret));
    }

    /// The Secret is the object's target now.
    pub(super) fn remove(&mut self, id: ObjectId, secret: u64) {
        self.0.remove(&(id, secret));
    }

    /// The Secret is gone.
    pub(super) fn lose(&mut self, secret: u64) {
        self.0.retain(|(_, stray)| *stray != secret);
    }

    /// The object is gone, or it has none of them any more.
    pub(super) fn forget(&mut self, id: ObjectId) {
        self.0.retain(|(object, _)| *object != id);
    }

    /// Whether an object has any.
    pub(super) fn any(&self, id: ObjectId) -> bool {
        self.0.range((id, 0)..=(id, u64::MAX)).next().is_some()
    }
}
