//! The objects of one lane that are due: first in, first out inside a group, and groups in turns.

use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
};

use super::PATIENCE;
use crate::ports::{GroupId, ObjectId};

/// One lane. A group without objects takes no memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    groups: BTreeMap<GroupId, BTreeMap<u64, ObjectId>>,
    objects: usize,
    /// The group that was served last: its successor is next.
    served: Option<GroupId>,
    /// How often another lane was served in turn while this one had something to serve.
    passed_over: usize,
}

impl Line {
    pub(super) fn insert(&mut self, group: GroupId, ticket: u64, object: ObjectId) {
        self.groups.entry(group).or_default().insert(ticket, object);
        self.objects += 1;
    }

    pub(super) fn remove(&mut self, group: GroupId, ticket: u64) {
        let objects = self.groups.get_mut(&group).expect("the group of an object in line must be there");
        objects.remove(&ticket).expect("an object in line must hold its ticket");
        if objects.is_empty() {
            self.groups.remove(&group);
        }
        self.objects -= 1;
    }

    /// The group whose turn it is, among those that have room.
    pub(super) fn next_group(&self, has_room: impl Fn(GroupId) -> bool) -> Option<GroupId> {
        let after = match self.served {
            Some(served) => self.groups.range((Excluded(served), Unbounded)),
            None => self.groups.range(..),
        };
        after.chain(&self.groups).map(|(group, _)| *group).find(|group| has_room(*group))
    }

    /// Takes the first object of a group out.
    pub(super) fn serve(&mut self, group: GroupId) -> ObjectId {
        let first = self.groups.get(&group).and_then(|objects| objects.first_key_value());
        let (ticket, object) =
            first.map(|(ticket, object)| (*ticket, *object)).expect("a group in line must wait");
        self.remove(group, ticket);
        self.served = Some(group);
        self.passed_over = 0;
        object
    }

    pub(super) fn passed_over(&mut self) {
        self.passed_over += 1;
    }

    /// Two weaker lanes may reach the limit at once, and one then waits a turn more: hence two less than promised.
    pub(super) fn is_out_of_patience(&self) -> bool {
        self.passed_over >= PATIENCE - 2
    }

    pub(super) fn len(&self) -> usize {
        self.objects
    }

    /// The first object of each group.
    pub(super) fn firsts(&self) -> impl Iterator<Item = ObjectId> {
        self.groups.values().filter_map(|objects| objects.first_key_value()).map(|(_, object)| *object)
    }

    pub(super) fn objects(&self) -> impl Iterator<Item = ObjectId> {
        self.groups.values().flat_map(|objects| objects.values().copied())
    }
}
