//! The copies that some object controls. Of each no more is kept than tells whether it is as it should be.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash},
    marker::PhantomData,
};

use eso_core::api::GROUP;
use eso_plan::cluster::{Copy, Found, Standing};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;
use serde_json::Value;

use crate::{apply::cluster::Version, marks, metadata, spread::Spread, watch::Item};

/// Namespace and name.
type Name = (String, String);

/// The copies that objects of the kind `K` control.
pub(in super::super) struct Copies<K> {
    known: BTreeMap<Name, Known>,
    /// Those that a list under way has not shown yet.
    unlisted: BTreeSet<Name>,
    /// How many turns are under way, and the uids of what was lost meanwhile: an answer to a write may be read after the
    /// event that its object is gone.
    turns: usize,
    lost: BTreeSet<String>,
    kind: PhantomData<fn() -> K>,
}

/// One that is controlled.
#[derive(Clone, Debug)]
struct Known {
    owner: String,
    version: Version,
    generation: Option<i64>,
    is_leaving: bool,
    /// Its labels and annotations, and its spec, as hashes: equal ones are equal, and different ones are different but by
    /// a rare chance.
    marks: u64,
    spec: u64,
}

impl<K> Default for Copies<K> {
    fn default() -> Self {
        Self {
            known: BTreeMap::default(),
            unlisted: BTreeSet::default(),
            turns: 0,
            lost: BTreeSet::default(),
            kind: PhantomData,
        }
    }
}

impl<K: Spread> Copies<K> {
    /// A list of all objects of their kind begins.
    pub(in super::super) fn begin(&mut self) {
        self.unlisted = self.known.keys().cloned().collect();
    }

    /// One is there: gives those who control it or did, where they have a reason to look. `None`: nobody has.
    pub(super) fn meet(&mut self, item: &Item<K::Copy>) -> Option<Vec<String>> {
        let metadata = item.metadata();
        let name = name_of(metadata);
        self.unlisted.remove(&name);
        let before = self.known.get(&name);
        let Some(owner) = owner::<K>(metadata) else {
            let before = self.known.remove(&name);
            return Some(before.map(|known| known.owner).into_iter().collect());
        };
        if before.is_some_and(|known| known.version.version > metadata::version(metadata)) {
            return None;
        }
        let known = Known::of(item, owner, before);
        let owners = match before {
            Some(before) if before.is_same(&known) => None,
            Some(before) if before.owner != owner => Some(vec![before.owner.clone(), owner.to_owned()]),
            Some(_) | None => Some(vec![owner.to_owned()]),
        };
        self.known.insert(name, known);
        owners
    }

    /// One is gone: gives those who controlled it.
    pub(super) fn lose(&mut self, metadata: &ObjectMeta) -> Vec<String> {
        let name = name_of(metadata);
        self.unlisted.remove(&name);
        if self.turns > 0 {
            self.lost.extend(metadata.uid.clone());
        }
        self.known.remove(&name).map(|known| known.owner).into_iter().collect()
    }

    /// The list has ended: gives the names of those that it did not show, and who controlled them.
    pub(super) fn end(&mut self) -> Vec<(String, String)> {
        let gone = std::mem::take(&mut self.unlisted);
        let lost = gone.into_iter().filter_map(|name| {
            let known = self.known.remove(&name)?;
            Some((name.1, known.owner))
        });
        lost.collect()
    }

    /// Those who control a copy in a namespace.
    pub(super) fn owners(&self, namespace: &str) -> BTreeSet<&str> {
        let from = (namespace.to_owned(), String::new());
        let here = self.known.range(from..).take_while(|((other, _), _)| other == namespace);
        here.map(|(_, known)| known.owner.as_str()).collect()
    }

    /// Those of an owner, and how each stands beside what it should be.
    pub(in super::super) fn of(&self, owner: &str, name: &str, copy: &Copy) -> Found {
        let (marks, spec) = (marks_of(&copy.labels, &copy.annotations), hash(&copy.spec));
        let mut found = Found::new();
        for ((namespace, copy), known) in self.known.iter().filter(|(_, known)| known.owner == owner) {
            let standing = match (known.is_leaving, known.marks == marks && known.spec == spec) {
                (true, _) => Standing::Leaving,
                (false, true) if copy == name => Standing::Current,
                (false, _) => Standing::Outdated,
            };
            found.entry(namespace.clone()).or_default().insert(copy.clone(), standing);
        }
        found
    }

    /// The version of one of an owner's, as it was last seen.
    pub(in super::super) fn version(&self, owner: &str, namespace: &str, name: &str) -> Option<&Version> {
        let known = self.known.get(&(namespace.to_owned(), name.to_owned()));
        known.filter(|known| known.owner == owner).map(|known| &known.version)
    }

    /// A turn begins, in which some are written.
    pub(in super::super) fn begin_turn(&mut self) {
        self.turns += 1;
    }

    /// A turn ends.
    pub(in super::super) fn end_turn(&mut self) {
        self.turns -= 1;
        if self.turns == 0 {
            self.lost.clear();
        }
    }

    /// One was written, and this was the answer.
    pub(in super::super) fn wrote(&mut self, item: &Item<K::Copy>) {
        let is_lost = item.metadata().uid.as_ref().is_some_and(|uid| self.lost.contains(uid));
        if !is_lost {
            self.meet(item);
        }
    }

    /// One of this uid was deleted.
    pub(in super::super) fn deleted(&mut self, namespace: &str, name: &str, version: &Version) {
        let name = (namespace.to_owned(), name.to_owned());
        let is_it = self.known.get(&name).is_some_and(|known| known.version.uid == version.uid);
        if is_it {
            self.known.remove(&name);
        }
    }
}

impl Known {
    /// What an object is; its spec is read only where it is not that of before.
    fn of<C>(item: &Item<C>, owner: &str, before: Option<&Self>) -> Self {
        let metadata = item.metadata();
        let empty = BTreeMap::new();
        let labels = metadata.labels.as_ref().unwrap_or(&empty);
        let annotations = metadata.annotations.as_ref().unwrap_or(&empty);
        let uid = metadata.uid.clone().unwrap_or_default();
        let same = before.filter(|known| known.version.uid == uid && known.generation == metadata.generation);
        Self {
            owner: owner.to_owned(),
            version: Version { uid, version: metadata::version(metadata) },
            generation: metadata.generation,
            is_leaving: metadata.deletion_timestamp.is_some(),
            marks: marks_of(labels, annotations),
            spec: same.map_or_else(|| spec_of(item), |known| known.spec),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        let all = |known: &Self| {
            let Self { owner, version, generation: _, is_leaving, marks, spec } = known;
            (owner.clone(), version.uid.clone(), *is_leaving, *marks, *spec)
        };
        all(self) == all(other)
    }
}

/// The uid of the object of the kind that controls a copy.
fn owner<K: Spread>(metadata: &ObjectMeta) -> Option<&str> {
    let owner = marks::controller(metadata)?;
    let group = owner.api_version.split('/').next();
    (owner.kind == K::kind(&()) && group == Some(GROUP)).then_some(&owner.uid)
}

fn marks_of(labels: &BTreeMap<String, String>, annotations: &BTreeMap<String, String>) -> u64 {
    hash((labels, annotations))
}

/// One that is nested too deeply to be read is none that we made.
fn spec_of<C>(item: &Item<C>) -> u64 {
    #[derive(Deserialize)]
    struct Asked {
        #[serde(default)]
        spec: Value,
    }
    hash(item.read().map_or(Value::Null, |Asked { spec }| spec))
}

fn hash(value: impl Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(value)
}

fn name_of(metadata: &ObjectMeta) -> Name {
    (metadata.namespace.clone().unwrap_or_default(), metadata.name.clone().unwrap_or_default())
}
