//! Which objects show the same value: when it is read for one that is due, those that are due soon come along.
//!
//! About 100 bytes for an object with one value.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    time::Duration,
};

use eso_core::provider::Fetch;
use eso_plan::desired::{Desired, Refresh};

use crate::{ports::ObjectId, store::Store};

/// A value of a store, as a hash: two that meet by chance cost a read that comes a little early, and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source(u64);

impl Source {
    pub(super) fn new(store: &Store, fetch: &Fetch) -> Self {
        Self(BuildHasherDefault::<DefaultHasher>::default().hash_one((store.number(), fetch)))
    }

    /// An object may show a thousand properties of one value, and a thousand others may too: each value counts once.
    pub(super) fn each_once(shown: impl IntoIterator<Item = Self>) -> Box<[Self]> {
        shown.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// How much earlier than its time an object may be read, to share a read: a tenth of its interval, at most 30 s; not at
/// all where windows say when it may be read.
pub(super) fn slack(desired: &Desired) -> Duration {
    match (desired.refresh, &desired.windows) {
        (Refresh::Every(interval), None) => (interval / 10).min(Duration::from_secs(30)),
        (Refresh::Every(_), Some(_)) | (Refresh::OnChange | Refresh::Once, _) => Duration::ZERO,
    }
}

#[derive(Debug, Default)]
pub(super) struct Company {
    by_source: BTreeSet<(Source, ObjectId)>,
    members: HashMap<ObjectId, Member>,
}

#[derive(Debug)]
struct Member {
    sources: Box<[Source]>,
    slack: Duration,
}

impl Company {
    /// Notes what an object shows.
    pub(super) fn note(&mut self, object: ObjectId, sources: &[Source], slack: Duration) {
        let same = self.members.get_mut(&object).filter(|member| *member.sources == *sources);
        if let Some(member) = same {
            member.slack = slack;
            return;
        }
        self.forget(object);
        self.by_source.extend(sources.iter().map(|source| (*source, object)));
        self.members.insert(object, Member { sources: sources.into(), slack });
    }

    /// Drops an object.
    pub(super) fn forget(&mut self, object: ObjectId) {
        let Some(member) = self.members.remove(&object) else { return };
        for source in member.sources {
            self.by_source.remove(&(source, object));
        }
    }

    /// The objects that show one of these values, and how early each may be read. The same object may come twice.
    pub(super) fn of(&self, sources: &[Source]) -> impl Iterator<Item = (ObjectId, Duration)> {
        let range = |source: &Source| (*source, ObjectId(0))..=(*source, ObjectId(u64::MAX));
        let objects = sources.iter().flat_map(move |source| self.by_source.range(range(source)));
        objects.filter_map(|(_, object)| self.members.get(object).map(|member| (*object, member.slack)))
    }
}

#[cfg(test)]
impl Company {
    pub(super) fn is_empty(&self) -> bool {
        self.by_source.is_empty() && self.members.is_empty()
    }
}

#[cfg(test)]
mod tests;
