//! Who is called what: names as hashes, namespaces once each, and the lines of stores.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use eso_sync::ports::{GroupId, ObjectId};

use crate::stores::StoreKey;

/// Objects by the hash of a name. Two names may share a hash: whoever asks compares the name itself.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeSet<(u64, ObjectId)>);

impl Names {
    pub(super) fn insert(&mut self, hash: u64, id: ObjectId) {
        self.0.insert((hash, id));
    }

    pub(super) fn remove(&mut self, hash: u64, id: ObjectId) {
        self.0.remove(&(hash, id));
    }

    pub(super) fn of(&self, hash: u64) -> impl Iterator<Item = ObjectId> {
        self.0.range((hash, ObjectId(0))..=(hash, ObjectId(u64::MAX))).map(|(_, id)| *id)
    }
}

/// Texts that many entries share.
#[derive(Debug, Default)]
pub(super) struct Interned(HashSet<Arc<str>>);

impl Interned {
    pub(super) fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let text: Arc<str> = text.into();
        self.0.insert(Arc::clone(&text));
        text
    }

    /// Lets go of a text that the caller is the last one to hold.
    pub(super) fn release(&mut self, text: &Arc<str>) {
        if Arc::strong_count(text) == 2 {
            self.0.remove(text);
        }
    }
}

/// The lines that objects wait in: one for each store that is named, whether or not it is there.
#[derive(Debug, Default)]
pub(super) struct Groups {
    numbers: HashMap<StoreKey, GroupId>,
    members: BTreeSet<(GroupId, ObjectId)>,
    last: u32,
}

/// The line of objects that name no store.
pub(super) const NO_STORE: GroupId = GroupId(0);

impl Groups {
    pub(super) fn join(&mut self, store: StoreKey, id: ObjectId) -> GroupId {
        let group = *self.numbers.entry(store).or_insert_with(|| {
            self.last += 1;
            GroupId(self.last)
        });
        self.members.insert((group, id));
        group
    }

    pub(super) fn leave(&mut self, group: GroupId, id: ObjectId) {
        self.members.remove(&(group, id));
        if self.of(group).next().is_none() {
            self.numbers.retain(|_, number| *number != group);
        }
    }

    pub(super) fn users(&self, store: &StoreKey) -> impl Iterator<Item = ObjectId> {
        self.numbers.get(store).into_iter().flat_map(|group| self.of(*group))
    }

    fn of(&self, group: GroupId) -> impl Iterator<Item = ObjectId> {
        self.members.range((group, ObjectId(0))..=(group, ObjectId(u64::MAX))).map(|(_, id)| *id)
    }
}
