//! The objects that templates stand in, with the version of each that is read by somebody. Of others nothing is kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use eso_plan::template::{SourceKind, SourceName};
use eso_sync::ports::ObjectId;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::names::Names;
use crate::metadata;

/// An object that templates stand in, as a hash of its kind and name. Two that share one cost a rendering too many.
type Hash = u64;

#[derive(Debug, Default)]
pub(super) struct Sources {
    readers: Names,
    read: BTreeMap<ObjectId, Box<[Hash]>>,
    /// The last version of each that was seen, or at which it went. None: it was not seen since somebody reads it.
    versions: BTreeMap<Hash, Version>,
    /// The kinds whose first list has ended: what is met from then on is news.
    listed: BTreeSet<SourceKind>,
    hasher: RandomState,
}

#[derive(Clone, Copy, Debug)]
struct Version {
    kind: SourceKind,
    number: u64,
    is_there: bool,
    is_listed: bool,
}

impl Sources {
    /// An object reads these, and no others.
    pub(super) fn connect(
        &mut self,
        id: ObjectId,
        sources: impl IntoIterator<Item = (Arc<str>, SourceName)>,
    ) {
        self.forget(id);
        let hashes: Box<[Hash]> = sources
            .into_iter()
            .map(|(namespace, source)| self.hash(source.kind, &namespace, &source.name))
            .collect();
        if hashes.is_empty() {
            return;
        }
        hashes.iter().for_each(|hash| self.readers.insert(*hash, id));
        self.read.insert(id, hashes);
    }

    /// An object is gone.
    pub(super) fn forget(&mut self, id: ObjectId) {
        for hash in self.read.remove(&id).into_iter().flatten() {
            self.readers.remove(hash, id);
            if self.readers.of(hash).next().is_none() {
                self.versions.remove(&hash);
            }
        }
    }

    /// The versions of what an object reads, as one number.
    pub(super) fn fingerprint(&self, id: ObjectId) -> u64 {
        let Some(hashes) = self.read.get(&id) else { return 0 };
        let version = |hash: &Hash| self.versions.get(hash).map(|version| (version.number, version.is_there));
        self.hasher.hash_one(hashes.iter().map(version).collect::<Vec<_>>())
    }

    /// A list of a kind begins.
    pub(super) fn begin(&mut self, kind: SourceKind) {
        self.versions
            .values_mut()
            .filter(|version| version.kind == kind)
            .for_each(|version| version.is_listed = false);
    }

    /// One is there. Gives its readers where it is news to them.
    pub(super) fn meet(&mut self, kind: SourceKind, metadata: &ObjectMeta) -> Vec<ObjectId> {
        let number = metadata::version(metadata);
        let version = Version { kind, number, is_there: true, is_listed: true };
        let is_news = self.listed.contains(&kind);
        self.tell(metadata, version).filter(|_| is_news).unwrap_or_default()
    }

    /// One is gone.
    pub(super) fn lose(&mut self, kind: SourceKind, metadata: &ObjectMeta) -> Vec<ObjectId> {
        let number = metadata::version(metadata);
        let version = Version { kind, number, is_there: false, is_listed: true };
        self.tell(metadata, version).unwrap_or_default()
    }

    /// A list of a kind has ended: what it did not show is gone.
    pub(super) fn end(&mut self, kind: SourceKind) -> Vec<ObjectId> {
        self.listed.insert(kind);
        let unlisted = self.versions.iter_mut();
        let unlisted =
            unlisted.filter(|(_, version)| version.kind == kind && version.is_there && !version.is_listed);
        let gone: Vec<Hash> = unlisted
            .map(|(hash, version)| {
                version.is_there = false;
                *hash
            })
            .collect();
        gone.into_iter().flat_map(|hash| self.readers.of(hash)).collect()
    }

    /// Notes a version of one that somebody reads; gives the readers where it is another one than before.
    fn tell(&mut self, metadata: &ObjectMeta, version: Version) -> Option<Vec<ObjectId>> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let hash = self.hash(version.kind, &text(&metadata.namespace), &text(&metadata.name));
        let readers: Vec<ObjectId> = self.readers.of(hash).collect();
        if readers.is_empty() {
            return None;
        }
        let before = self.versions.insert(hash, version);
        let is_same = before
            .is_some_and(|before| (before.number, before.is_there) == (version.number, version.is_there));
        (!is_same).then_some(readers)
    }

    fn hash(&self, kind: SourceKind, namespace: &str, name: &str) -> Hash {
        self.hasher.hash_one((kind, namespace, name))
    }
}

#[cfg(test)]
mod tests;
