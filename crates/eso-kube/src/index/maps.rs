//! ConfigMaps that are targets: the one kind beside Secrets that is watched, so that their drift is seen at once.

use std::collections::HashMap;

use eso_sync::ports::ObjectId;

use super::names::Names;

/// Who writes which ConfigMap, by the hash of its name. Mostly there are none.
#[derive(Debug, Default)]
pub(super) struct Maps {
    writers: Names,
    of: HashMap<ObjectId, u64>,
}

impl Maps {
    /// An object writes this ConfigMap, or none.
    pub(super) fn connect(&mut self, id: ObjectId, map: Option<u64>) {
        self.forget(id);
        if let Some(map) = map {
            self.writers.insert(map, id);
            self.of.insert(id, map);
        }
    }

    /// An object is gone.
    pub(super) fn forget(&mut self, id: ObjectId) {
        if let Some(map) = self.of.remove(&id) {
            self.writers.remove(map, id);
        }
    }

    /// Who writes a ConfigMap.
    pub(super) fn writers(&self, map: u64) -> impl Iterator<Item = ObjectId> {
        self.writers.of(map)
    }
}
