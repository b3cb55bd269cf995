//! The objects that templates stand in, with the version of each that is read by somebody. Of others nothing is kept.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
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
    /// The last version of each that was seen or read, or at which it went. None: neither since somebody reads it.
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

impl Version {
    /// What templates can tell of it: nothing of one that is gone.
    fn shown(&self) -> Option<u64> {
        self.is_there.then_some(self.number)
    }
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
        self.fingerprint_with(id, &HashMap::new())
    }

    /// An object has read these, at these versions; `None` is one that is not there. Gives the fingerprint of what it
    /// read: a watch may be ahead of it already, and tells of what is newer.
    pub(super) fn note_read(
        &mut self,
        id: ObjectId,
        namespace: &str,
        read: impl IntoIterator<Item = (SourceName, Option<u64>)>,
    ) -> u64 {
        let read = read.into_iter().map(|(source, number)| {
            let hash = self.hash(source.kind, namespace, &source.name);
            (
                hash,
                number.map(|number| Version { kind: source.kind, number, is_there: true, is_listed: true }),
            )
        });
        let read: HashMap<Hash, Option<Version>> = read.collect();
        for (hash, version) in
            read.iter().filter_map(|(hash, version)| version.map(|version| (*hash, version)))
        {
            let is_news = self.versions.get(&hash).is_none_or(|known| known.number < version.number);
            if is_news && self.readers.of(hash).any(|reader| reader == id) {
                self.versions.insert(hash, version);
            }
        }
        self.fingerprint_with(id, &read)
    }

    fn fingerprint_with(&self, id: ObjectId, read: &HashMap<Hash, Option<Version>>) -> u64 {
        let Some(hashes) = self.read.get(&id) else { return 0 };
        let version = |hash: &Hash| match read.get(hash) {
            Some(version) => version.as_ref(),
            None => self.versions.get(hash),
        };
        let shown = |hash: &Hash| version(hash).and_then(Version::shown);
        self.hasher.hash_one(hashes.iter().map(shown).collect::<Vec<_>>())
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
        self.tell(metadata, Version { kind, number, is_there: true, is_listed: true })
    }

    /// One is gone.
    pub(super) fn lose(&mut self, kind: SourceKind, metadata: &ObjectMeta) -> Vec<ObjectId> {
        let number = metadata::version(metadata);
        let version = Version { kind, number, is_there: false, is_listed: true };
        self.tell(metadata, version)
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

    /// Notes a version of one that somebody reads; gives the readers where it is news to them: another one than before,
    /// or the first one, once its kind was listed.
    fn tell(&mut self, metadata: &ObjectMeta, version: Version) -> Vec<ObjectId> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let hash = self.hash(version.kind, &text(&metadata.namespace), &text(&metadata.name));
        let readers: Vec<ObjectId> = self.readers.of(hash).collect();
        if readers.is_empty() {
            return readers;
        }
        let is_news = match self.versions.get(&hash) {
            // A watch that lags behind what was read; a list begins anew.
            Some(known) if known.is_listed && version.number < known.number => return Vec::new(),
            Some(known) => known.shown() != version.shown(),
            None => self.listed.contains(&version.kind) || !version.is_there,
        };
        self.versions.insert(hash, version);
        if is_news { readers } else { Vec::new() }
    }

    fn hash(&self, kind: SourceKind, namespace: &str, name: &str) -> Hash {
        self.hasher.hash_one((kind, namespace, name))
    }
}

#[cfg(test)]
mod tests;
