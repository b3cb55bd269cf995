//! What is known of the ExternalSecrets and of the Secrets that they name, kept small: 50,000 of them fit in 60 MB.
//!
//! Pure data: the watches tell it what they see, the controller what it wrote. Older news than what is known changes
//! nothing, so neither the echo of an own write nor a watch that lags behind does harm.
//! Of a Secret that nobody names, eight bytes are kept: that it is there.

mod entry;
mod maps;
mod names;
mod older;
mod packed;
mod sources;
mod strays;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use eso_plan::template::{SourceKind, SourceName};
use eso_sync::ports::{GroupId, ObjectId};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;

use crate::{
    apply::{Stored, generic::Left},
    marks, metadata,
    metadata::Seen,
    stores::StoreKey,
    watch::Object,
};
use entry::Entry;
use maps::Maps;
use names::{Groups, Interned, Names};
use sources::Sources;
use strays::Strays;

pub use entry::{Edition, Family, Kin, Known, Lineage, Sight, Snapshot};
pub use older::Filled;

/// The ExternalSecrets, and what is seen of the Secrets that they name.
#[derive(Debug, Default)]
pub struct Index {
    entries: HashMap<ObjectId, Box<Entry>>,
    objects: Names,
    /// What objects of the older group fill besides their own Secrets, by the name of the Secret.
    fills: BTreeMap<(ObjectId, Box<str>), ObjectId>,
    targets: Names,
    groups: Groups,
    namespaces: Interned,
    strays: Strays,
    sources: Sources,
    maps: Maps,
    /// The namespaces that are being deleted.
    leaving: BTreeSet<String>,
    /// The Secrets that are there, by a hash of their names.
    secrets: BTreeSet<u64>,
    /// As `secrets`, of a list that is under way.
    listing: Option<BTreeSet<u64>>,
    hasher: RandomState,
    last: u64,
}

/// An ExternalSecret, and the line that it waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Its number.
    pub id: ObjectId,
    /// The line of its store.
    pub group: GroupId,
}

/// What became of an ExternalSecret that was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Met {
    /// Which one.
    pub object: Named,
    /// What is new.
    pub news: News,
    /// The one of the same name that is gone therefore.
    pub replaced: Option<Forgotten>,
}

/// What is new about an ExternalSecret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It was not known.
    New,
    /// Its spec, labels, annotations or marks of deletion changed.
    Edited,
    /// Nothing, or its status only.
    Nothing,
}

/// An ExternalSecret that is not there any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// Its number.
    pub id: ObjectId,
    /// What it was.
    pub family: Family,
    /// What it filled besides, which is forgotten with it.
    pub fills: Vec<ObjectId>,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Box<str>,
}

/// ExternalSecrets.
impl Index {
    /// A list of all ExternalSecrets begins: what it does not show is gone when it ends.
    pub fn begin_objects(&mut self) {
        self.unlist(Family::Newer);
    }

    /// An ExternalSecret is there.
    pub fn meet_object(&mut self, object: Object) -> Met {
        self.meet(Lineage::Newer, object)
    }

    /// Whether there is an ExternalSecret of this name.
    pub fn contains(&self, namespace: &str, name: &str) -> bool {
        self.find(Family::Newer, namespace, name).is_some()
    }

    /// An ExternalSecret is gone.
    pub fn lose_object(&mut self, namespace: &str, name: &str) -> Option<Forgotten> {
        self.find(Family::Newer, namespace, name).and_then(|id| self.forget(id))
    }

    /// The list has ended: gives those that it did not show.
    pub fn end_objects(&mut self) -> Vec<Forgotten> {
        self.forget_unlisted(Family::Newer)
    }

    /// Everything that is known of an ExternalSecret, at the beginning of a run.
    pub fn observe(&mut self, id: ObjectId) -> Option<Snapshot> {
        let entry = self.entries.get_mut(&id)?;
        entry.observed = entry.changes;
        self.snapshot(id)
    }

    /// Everything that is known of an ExternalSecret.
    pub fn snapshot(&self, id: ObjectId) -> Option<Snapshot> {
        let snapshot = self.entries.get(&id)?.snapshot();
        let namespace = snapshot.object.metadata.namespace.as_deref().unwrap_or_default();
        Some(Snapshot {
            namespace_leaves: self.leaving.contains(namespace),
            has_strays: self.strays.any(id),
            sources: self.sources.fingerprint(id),
            ..snapshot
        })
    }

    /// Its namespace and its name.
    pub fn name(&self, id: ObjectId) -> Option<(Arc<str>, Box<str>)> {
        self.entries.get(&id).map(|entry| (Arc::clone(&entry.namespace), entry.name.clone()))
    }

    /// The ExternalSecrets that name a store, those of one namespace where that is given, and whether each is in step.
    pub fn users(&self, store: &StoreKey, namespace: Option<&str>) -> Vec<(Named, bool)> {
        let ids = self.groups.users(store);
        let named = ids.filter_map(|id| self.entries.get(&id).map(|entry| (id, entry)));
        named
            .filter(|(_, entry)| namespace.is_none_or(|namespace| *entry.namespace == *namespace))
            .map(|(id, entry)| (entry.named(id), entry.ready))
            .collect()
    }

    /// All of them that are not of the older group, with their namespaces and names, in the order of these.
    pub fn all(&self) -> Vec<(ObjectId, String, String)> {
        let newer = self.entries.iter().filter(|(_, entry)| entry.family() == Family::Newer);
        let mut all: Vec<_> =
            newer.map(|(id, entry)| (*id, entry.namespace.to_string(), entry.name.to_string())).collect();
        all.sort_by(|(_, one_namespace, one), (_, other_namespace, other)| {
            (one_namespace, one).cmp(&(other_namespace, other))
        });
        all
    }

    /// A namespace is there. Gives its ExternalSecrets once it is being deleted.
    pub fn meet_namespace(&mut self, namespace: &ObjectMeta) -> Vec<Named> {
        let name = namespace.name.as_deref().unwrap_or_default();
        if namespace.deletion_timestamp.is_none() {
            self.leaving.remove(name);
            return Vec::new();
        }
        if !self.leaving.insert(name.to_owned()) {
            return Vec::new();
        }
        let inside = self.entries.iter().filter(|(_, entry)| *entry.namespace == *name);
        inside.map(|(id, entry)| entry.named(*id)).collect()
    }

    /// A namespace is gone.
    pub fn lose_namespace(&mut self, name: &str) {
        self.leaving.remove(name);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn meet(&mut self, lineage: Lineage, object: Object) -> Met {
        let namespace = object.metadata.namespace.clone().unwrap_or_default();
        let name = object.metadata.name.clone().unwrap_or_default();
        match self.find(lineage.family(), &namespace, &name) {
            Some(id) if self.entries[&id].is(&object) => self.update(id, object),
            Some(id) => Met { replaced: self.forget(id), ..self.insert(lineage, object) },
            None => self.insert(lineage, object),
        }
    }

    fn unlist(&mut self, family: Family) {
        let entries = self.entries.values_mut().filter(|entry| entry.family() == family);
        entries.for_each(|entry| entry.listed = false);
    }

    fn forget_unlisted(&mut self, family: Family) -> Vec<Forgotten> {
        let unlisted = self.entries.iter().filter(|(_, entry)| entry.family() == family && !entry.listed);
        let unlisted: Vec<ObjectId> = unlisted.map(|(id, _)| *id).collect();
        unlisted.into_iter().filter_map(|id| self.forget(id)).collect()
    }

    fn insert(&mut self, lineage: Lineage, object: Object) -> Met {
        self.last += 1;
        let id = ObjectId(self.last);
        let namespace = self.namespaces.intern(object.metadata.namespace.as_deref().unwrap_or_default());
        let entry = Entry::new(namespace, lineage, object);
        if entry.family() != Family::Fill {
            self.objects.insert(self.hash_of(&entry), id);
        }
        self.entries.insert(id, Box::new(entry));
        let object = self.connect(id);
        Met { object, news: News::New, replaced: None }
    }

    fn update(&mut self, id: ObjectId, object: Object) -> Met {
        let entry = self.entries.get_mut(&id).expect("an object that was found must have an entry");
        entry.listed = true;
        let (target, groups) = (entry.target.clone(), entry.groups.clone());
        let edited = entry.update(object);
        if !edited {
            return Met { object: entry.named(id), news: News::Nothing, replaced: None };
        }
        if entry.target != target {
            self.move_target(id, target.as_deref());
        }
        let object = self.connect(id);
        let now = &self.entries[&id].groups;
        groups.iter().filter(|group| !now.contains(group)).for_each(|group| self.groups.leave(*group, id));
        Met { object, news: News::Edited, replaced: None }
    }

    fn forget(&mut self, id: ObjectId) -> Option<Forgotten> {
        let target = self.entries.get(&id)?.target.clone();
        let fills = self.forget_fills(id, |_| true);
        self.leave_target(id, target.as_deref());
        self.strays.forget(id);
        self.sources.forget(id);
        self.maps.forget(id);
        let entry = self.entries.remove(&id)?;
        entry.groups.iter().for_each(|group| self.groups.leave(*group, id));
        self.objects.remove(self.hash_of(&entry), id);
        let family = entry.family();
        let Entry { namespace, name, .. } = *entry;
        self.namespaces.release(&namespace);
        Some(Forgotten { id, family, fills, namespace, name })
    }

    /// Notes which Secret and which stores an object names.
    fn connect(&mut self, id: ObjectId) -> Named {
        let entry = self.entries.get_mut(&id).expect("an object that is connected must have an entry");
        entry.groups = entry.stores().into_iter().map(|store| self.groups.join(store, id)).collect();
        self.sources
            .connect(id, entry.sources().into_iter().map(|source| (Arc::clone(&entry.namespace), source)));
        let map = entry.map();
        self.maps.connect(id, map.map(|map| self.hasher.hash_one((&*entry.namespace, &*map))));
        if let Some(target) = &entry.target {
            let hash = self.hasher.hash_one((&*entry.namespace, &**target));
            self.targets.insert(hash, id);
            if entry.sight == Sight::Absent && self.secrets.contains(&hash) {
                entry.sight = Sight::Unseen;
            }
        }
        entry.named(id)
    }

    /// The object names another Secret than this one, which may be left.
    fn move_target(&mut self, id: ObjectId, before: Option<&str>) {
        self.leave_target(id, before);
        let Some(entry) = self.entries.get(&id) else { return };
        let hash = |name: &str| self.hasher.hash_one((&*entry.namespace, name));
        let left = before.map(hash).filter(|secret| self.secrets.contains(secret));
        let now = entry.target.as_deref().map(hash);
        left.into_iter().for_each(|secret| self.strays.insert(id, secret));
        now.into_iter().for_each(|secret| self.strays.remove(id, secret));
    }

    fn leave_target(&mut self, id: ObjectId, target: Option<&str>) {
        if let (Some(entry), Some(target)) = (self.entries.get(&id), target) {
            self.targets.remove(self.hasher.hash_one((&*entry.namespace, target)), id);
        }
    }

    fn find(&self, family: Family, namespace: &str, name: &str) -> Option<ObjectId> {
        let mut ids = self.objects.of(self.hasher.hash_one((family, namespace, name)));
        ids.find(|id| self.entries.get(id).is_some_and(|entry| entry.is_called(family, namespace, name)))
    }

    fn hash_of(&self, entry: &Entry) -> u64 {
        self.hasher.hash_one((entry.family(), &*entry.namespace, &*entry.name))
    }

    fn hash(&self, namespace: &str, name: &str) -> u64 {
        self.hasher.hash_one((namespace, name))
    }
}

/// The Secrets that they name.
impl Index {
    /// A list of all Secrets begins.
    pub fn begin_secrets(&mut self) {
        self.listing = Some(BTreeSet::new());
        self.entries.values_mut().for_each(|entry| entry.target_listed = entry.target.is_none());
    }

    /// A Secret is there. Gives the ExternalSecrets that should have a look at it.
    pub fn meet_secret(&mut self, metadata: &ObjectMeta) -> Vec<Named> {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let name = metadata.name.as_deref().unwrap_or_default();
        let hash = self.hash(namespace, name);
        self.note(hash);
        self.note_stray(hash, metadata);
        self.for_target(hash, namespace, name, |entry| entry.meet_target(metadata))
    }

    /// A Secret is gone. Gives the ExternalSecrets that should know.
    pub fn lose_secret(&mut self, metadata: &ObjectMeta) -> Vec<Named> {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let name = metadata.name.as_deref().unwrap_or_default();
        let hash = self.hash(namespace, name);
        self.secrets.remove(&hash);
        self.strays.lose(hash);
        if let Some(listing) = &mut self.listing {
            listing.remove(&hash);
        }
        let version = metadata::version(metadata);
        self.for_target(hash, namespace, name, |entry| entry.lose_target(version))
    }

    /// The list has ended: gives the ExternalSecrets whose Secret it did not show.
    pub fn end_secrets(&mut self) -> Vec<Named> {
        self.secrets = self.listing.take().unwrap_or_default();
        let unlisted = self.entries.iter_mut().filter(|(_, entry)| !entry.target_listed);
        unlisted.filter_map(|(id, entry)| entry.lose_target(u64::MAX).then(|| entry.named(*id))).collect()
    }

    /// A list of all objects of a kind that templates may stand in begins.
    pub fn begin_sources(&mut self, kind: SourceKind) {
        self.sources.begin(kind);
    }

    /// An object that templates may stand in is there. Gives the ExternalSecrets that read it and have not seen this
    /// version of it.
    pub fn meet_source(&mut self, kind: SourceKind, metadata: &ObjectMeta) -> Vec<Named> {
        let readers = self.sources.meet(kind, metadata);
        self.named(readers)
    }

    /// It is gone. Gives the ExternalSecrets that read it.
    pub fn lose_source(&mut self, kind: SourceKind, metadata: &ObjectMeta) -> Vec<Named> {
        let readers = self.sources.lose(kind, metadata);
        self.named(readers)
    }

    /// The list has ended: gives the ExternalSecrets that read what it did not show.
    pub fn end_sources(&mut self, kind: SourceKind) -> Vec<Named> {
        let readers = self.sources.end(kind);
        self.named(readers)
    }

    /// An ExternalSecret has read these, at these versions; `None` is one that is not there. Gives what
    /// [`Snapshot::sources`] is as long as none of them changes.
    pub fn read_sources(
        &mut self,
        id: ObjectId,
        read: impl IntoIterator<Item = (SourceName, Option<u64>)>,
    ) -> u64 {
        let Some(namespace) = self.entries.get(&id).map(|entry| Arc::clone(&entry.namespace)) else {
            return 0;
        };
        self.sources.note_read(id, &namespace, read)
    }

    /// The ExternalSecrets whose target is this ConfigMap, and was another when they last knew it.
    pub fn writers_of_map(&self, map: &ObjectMeta) -> Vec<Named> {
        let name = |name: &Option<String>| name.clone().unwrap_or_default();
        let hash = self.hash(&name(&map.namespace), &name(&map.name));
        let news = |id: &ObjectId| self.entries.get(id).is_some_and(|entry| !entry.left_as(map));
        self.named(self.maps.writers(hash).filter(news).collect())
    }

    /// The ExternalSecrets whose target is this Secret, in no order.
    pub fn writers(&self, namespace: &str, secret: &str) -> Vec<ObjectId> {
        let is_target = |id: &ObjectId| {
            let entry = self.entries.get(id);
            entry.is_some_and(|entry| {
                *entry.namespace == *namespace && entry.target.as_deref() == Some(secret)
            })
        };
        self.targets.of(self.hash(namespace, secret)).filter(is_target).collect()
    }

    fn named(&self, ids: Vec<ObjectId>) -> Vec<Named> {
        ids.into_iter().filter_map(|id| self.entries.get(&id).map(|entry| entry.named(id))).collect()
    }

    fn note(&mut self, hash: u64) {
        self.secrets.insert(hash);
        if let Some(listing) = &mut self.listing {
            listing.insert(hash);
        }
    }

    fn note_stray(&mut self, hash: u64, metadata: &ObjectMeta) {
        let Some(owner) = marks::controller(metadata) else { return };
        let owner = self.find(Family::Newer, metadata.namespace.as_deref().unwrap_or_default(), &owner.name);
        let owner = owner.filter(|id| self.entries[id].strays(metadata));
        owner.into_iter().for_each(|id| self.strays.insert(id, hash));
    }

    fn for_target(
        &mut self,
        hash: u64,
        namespace: &str,
        name: &str,
        mut tell: impl FnMut(&mut Entry) -> bool,
    ) -> Vec<Named> {
        let Self { targets, entries, .. } = self;
        let mut wanted = Vec::new();
        for id in targets.of(hash) {
            let Some(entry) = entries.get_mut(&id) else { continue };
            let same = *entry.namespace == *namespace && entry.target.as_deref() == Some(name);
            if same && tell(entry) {
                wanted.push(entry.named(id));
            }
        }
        wanted
    }
}

/// What the controller itself learned or did. Each call is nothing where the object is gone meanwhile.
///
/// Answers take their time, and the watches go on: each call says what it is about (the edition of the snapshot that it
/// follows from), and gives `false` where its answer says nothing certain any more. The object must be looked at again
/// then.
impl Index {
    /// A look at the target's metadata found this.
    pub fn looked(&mut self, id: ObjectId, about: Edition, seen: Option<Seen>) -> bool {
        self.entries.get_mut(&id).is_some_and(|entry| entry.looked(about, seen))
    }

    /// The target's values were compared: at this version they are, or are not, what we wrote.
    pub fn compared(&mut self, id: ObjectId, about: Edition, version: u64, known: Option<Known>) -> bool {
        self.entries.get_mut(&id).is_some_and(|entry| entry.compared(about, version, known))
    }

    /// What is known of the target turned out to be old: it must be looked at.
    pub fn doubt(&mut self, id: ObjectId) {
        self.change(id, |entry| entry.sight = Sight::Unseen);
    }

    /// The target was written.
    pub fn wrote(&mut self, id: ObjectId, about: Edition, stored: Stored) -> bool {
        let Some(entry) = self.entries.get_mut(&id) else { return false };
        let certain = entry.wrote(about, stored);
        let target = entry.target.as_deref().filter(|_| certain);
        let hash = target.map(|target| self.hasher.hash_one((&*entry.namespace, target)));
        hash.into_iter().for_each(|hash| self.note(hash));
        certain
    }

    /// The target, which is no Secret, was written or compared, and is so.
    pub fn leave(&mut self, id: ObjectId, about: Edition, left: Left) {
        self.change(id, |entry| entry.leave(about, left));
    }

    /// The target was deleted.
    pub fn deleted(&mut self, id: ObjectId, about: Edition) {
        self.change(id, |entry| entry.deleted(about));
    }

    /// The object owns no Secret any more but its target, which had not been renamed again meanwhile.
    pub fn swept(&mut self, id: ObjectId, about: Edition) {
        if self.entries.get(&id).is_some_and(|entry| entry.edition == about) {
            self.strays.forget(id);
        }
    }

    /// The status was written, and the object has this version now.
    pub fn reported(&mut self, id: ObjectId, status: &impl Serialize, version: u64) {
        self.change(id, |entry| entry.reported(status, version));
    }

    /// The store was read with success.
    pub fn refreshed(&mut self, id: ObjectId, at: Timestamp) {
        self.change(id, |entry| entry.refreshed = Some(at));
    }

    /// Whether nothing happened to the object or its target since it was observed, but what the observer itself learned.
    pub fn is_as_observed(&self, id: ObjectId) -> bool {
        self.entries.get(&id).is_some_and(|entry| entry.observed == entry.changes)
    }

    fn change(&mut self, id: ObjectId, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entries.get_mut(&id) {
            change(entry);
        }
    }
}

#[cfg(test)]
mod tests;
