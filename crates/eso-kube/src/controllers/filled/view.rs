//! What is known of the Secrets that were filled, and of no others. Pure data: the watch tells it what it sees, the target
//! what it read and wrote; older news than what is known changes nothing.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    sync::Arc,
};

use eso_plan::filled::{
    self, Place,
    annotations::{RECORD, STATUS, STORE},
    record::{Record, SealError, SealKey, open},
    status::{Status, revision},
};
use eso_sync::ports::{GroupId, ObjectId};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::{index::Named, metadata, stores::StoreKey};

/// Namespace and name.
type Name = (String, String);

/// The Secrets that were filled.
#[derive(Debug, Default)]
pub(super) struct View {
    /// The key that their records are sealed with; `None`: it is not known yet, and nothing is made of them.
    key: Option<SealKey>,
    objects: BTreeMap<Name, Entry>,
    names: HashMap<ObjectId, Name>,
    /// Those that a list has not shown yet.
    unlisted: BTreeSet<Name>,
    last: u64,
}

/// A Secret that was filled.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: ObjectId,
    pub(super) place: Place,
    pub(super) uid: String,
    pub(super) said: Said,
    /// When this process last read its store for it with success.
    pub(super) refreshed: Option<Timestamp>,
    /// Whether somebody else may have changed its data since it was last looked at.
    pub(super) is_doubted: bool,
    writing: Writing,
}

/// What a Secret says at one version.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) version: u64,
    /// What this state of it is called.
    pub(super) revision: String,
    /// What it was asked to hold, or why nobody knows; `None` without a key.
    pub(super) asked: Option<Result<Arc<Record>, SealError>>,
    sealed: Arc<str>,
    pub(super) status: Status,
    store: Option<StoreKey>,
}

/// Whether a write of ours is under way: what is seen meanwhile may be what it comes to.
#[derive(Clone, Debug)]
enum Writing {
    No,
    /// What was last seen meanwhile.
    Yes(Option<Box<ObjectMeta>>),
}

/// What is seen of a Secret by who reads and writes it.
#[derive(Clone, Debug)]
pub(super) enum Sight {
    /// All of it, and it is as it was left.
    Whole(ObjectMeta),
    /// Its metadata: what became of the rest is not known.
    Metadata(ObjectMeta),
    /// It changed in between.
    Changed(ObjectMeta),
    /// Nothing.
    Nothing,
}

/// What somebody should hear.
#[derive(Debug)]
pub(super) enum News {
    /// Nothing.
    Nothing,
    /// There is one more; and one of the same name is gone.
    New(Named, Option<Entry>),
    /// Somebody changed it.
    Edited(Named),
    /// It is gone, or not one that was filled any more.
    Gone(Entry),
}

impl View {
    /// The key that records are sealed with.
    pub(super) fn key(&self) -> Option<&SealKey> {
        self.key.as_ref()
    }

    /// This is the key from now on: gives those that may be made something else of.
    pub(super) fn rekey(&mut self, key: Option<SealKey>) -> Vec<Named> {
        self.key = key;
        let objects = self.objects.values_mut();
        objects
            .map(|entry| {
                entry.said = entry.said.clone().opened(&entry.place, self.key.as_ref());
                entry.named()
            })
            .collect()
    }

    /// A list of all begins: what it does not show is gone when it ends.
    pub(super) fn begin(&mut self) {
        self.unlisted = self.objects.keys().cloned().collect();
    }

    /// A Secret is there.
    pub(super) fn meet(&mut self, metadata: &ObjectMeta) -> News {
        if !is_filled(metadata) {
            return self.lose(metadata);
        }
        let name = name_of(metadata);
        self.unlisted.remove(&name);
        match self.objects.get_mut(&name) {
            Some(known) if Some(&known.uid) == metadata.uid.as_ref() => {
                known.meet(metadata, self.key.as_ref())
            }
            Some(_) | None => self.insert(name, metadata),
        }
    }

    fn insert(&mut self, name: Name, metadata: &ObjectMeta) -> News {
        self.last += 1;
        let entry = Entry::new(ObjectId(self.last), metadata, self.key.as_ref());
        let named = entry.named();
        self.names.insert(entry.id, name.clone());
        let before = self.objects.insert(name, entry);
        before.iter().for_each(|before| drop(self.names.remove(&before.id)));
        News::New(named, before)
    }

    /// A Secret is gone, or is none that was filled.
    pub(super) fn lose(&mut self, metadata: &ObjectMeta) -> News {
        if self.objects.is_empty() {
            return News::Nothing;
        }
        let name = name_of(metadata);
        self.unlisted.remove(&name);
        self.remove(&name).map_or(News::Nothing, News::Gone)
    }

    /// The list has ended: gives those that it did not show.
    pub(super) fn end(&mut self) -> Vec<Entry> {
        let gone = std::mem::take(&mut self.unlisted);
        gone.iter().filter_map(|name| self.remove(name)).collect()
    }

    fn remove(&mut self, name: &Name) -> Option<Entry> {
        let entry = self.objects.remove(name)?;
        self.names.remove(&entry.id);
        Some(entry)
    }

    pub(super) fn entry(&self, id: ObjectId) -> Option<&Entry> {
        self.objects.get(self.names.get(&id)?)
    }

    fn entry_mut(&mut self, id: ObjectId) -> Option<&mut Entry> {
        self.objects.get_mut(self.names.get(&id)?)
    }

    pub(super) fn refreshed(&mut self, id: ObjectId, at: Timestamp) {
        self.entry_mut(id).into_iter().for_each(|entry| entry.refreshed = Some(at));
    }

    /// One is read and written from now on.
    pub(super) fn begin_write(&mut self, id: ObjectId) {
        if let Some(entry) = self.entry_mut(id)
            && matches!(entry.writing, Writing::No)
        {
            entry.writing = Writing::Yes(None);
        }
    }

    /// That has ended, and this was seen of it last.
    pub(super) fn end_write(&mut self, id: ObjectId, sight: Sight) -> News {
        let key = self.key.clone();
        let Some(entry) = self.entry_mut(id) else { return News::Nothing };
        let seen = match sight {
            Sight::Nothing => None,
            Sight::Whole(metadata) => Some((metadata, false)),
            Sight::Metadata(metadata) => Some((metadata, entry.is_doubted)),
            Sight::Changed(metadata) => Some((metadata, true)),
        };
        if let Some((metadata, is_doubted)) = seen {
            if !is_filled(&metadata) {
                return self.lose(&metadata);
            }
            entry.saw(&metadata, key.as_ref());
            entry.is_doubted = is_doubted;
        }
        match std::mem::replace(&mut entry.writing, Writing::No) {
            Writing::Yes(Some(meanwhile)) => entry.meet(&meanwhile, key.as_ref()),
            Writing::Yes(None) | Writing::No => News::Nothing,
        }
    }

    /// One is filled with what these fingerprints say, which nobody has written down yet.
    pub(super) fn filled_with(&mut self, id: ObjectId, fingerprints: String) {
        let entry = self.entry_mut(id);
        entry.into_iter().for_each(|entry| entry.said.status.fingerprints = Some(fingerprints.clone()));
    }

    /// Those that a store fills, of one namespace where that is given, and whether each is in step.
    pub(super) fn users_of(&self, store: &StoreKey, asking: Option<&str>) -> Vec<(Named, bool)> {
        let users = self.objects.values().filter(|entry| {
            entry.said.store.as_ref() == Some(store)
                && asking.is_none_or(|asking| asking == entry.place.namespace)
        });
        users.map(|entry| (entry.named(), entry.is_ready() == Some(true))).collect()
    }
}

impl Entry {
    fn new(id: ObjectId, metadata: &ObjectMeta, key: Option<&SealKey>) -> Self {
        let (namespace, name) = name_of(metadata);
        let place = Place { namespace, name };
        let uid = metadata.uid.clone().unwrap_or_default();
        let said = Said::of(&place, &uid, metadata, key);
        Self { id, said, place, uid, refreshed: None, is_doubted: false, writing: Writing::No }
    }

    /// It was seen by the watch.
    fn meet(&mut self, metadata: &ObjectMeta, key: Option<&SealKey>) -> News {
        if metadata::version(metadata) <= self.said.version {
            return News::Nothing;
        }
        if let Writing::Yes(meanwhile) = &mut self.writing {
            *meanwhile = Some(Box::new(metadata.clone()));
            return News::Nothing;
        }
        self.saw(metadata, key);
        self.is_doubted = true;
        News::Edited(self.named())
    }

    fn saw(&mut self, metadata: &ObjectMeta, key: Option<&SealKey>) {
        if metadata::version(metadata) >= self.said.version {
            self.said = Said::of(&self.place, &self.uid, metadata, key);
        }
    }

    pub(super) fn named(&self) -> Named {
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let hash = hasher.hash_one(&self.said.store);
        let group = GroupId(u32::try_from(hash >> 32).expect("the upper half of 64 bits must fit in 32"));
        Named { id: self.id, group }
    }

    /// What its condition says, where it has one.
    pub(super) fn is_ready(&self) -> Option<bool> {
        self.said.status.record.condition.as_ref().map(|(ready, _, _)| *ready)
    }
}

impl Said {
    /// What the metadata of a Secret says.
    pub(super) fn of(place: &Place, uid: &str, metadata: &ObjectMeta, key: Option<&SealKey>) -> Self {
        let annotation = |name| metadata.annotations.as_ref().and_then(|all| all.get(name));
        let sealed = annotation(RECORD).map(String::as_str).unwrap_or_default();
        let said = Self {
            version: metadata::version(metadata),
            revision: revision(metadata.labels.as_ref(), metadata.annotations.as_ref()),
            status: Status::read(annotation(STATUS).map(String::as_str), uid),
            asked: None,
            sealed: sealed.into(),
            store: None,
        };
        said.opened(place, key)
    }

    /// The same, its record opened with this key.
    fn opened(self, place: &Place, key: Option<&SealKey>) -> Self {
        let asked = key.map(|key| open(key, place, &self.sealed).map(Arc::new));
        let record = asked.iter().flatten().next();
        let store = record.map(|record| StoreKey::of(&record.store_of(&place.namespace)));
        Self { asked, store, ..self }
    }
}

/// Whether a Secret says that it was filled, and still wants to be.
fn is_filled(metadata: &ObjectMeta) -> bool {
    let has = |name| metadata.annotations.as_ref().is_some_and(|all| all.contains_key(name));
    let empty = BTreeMap::new();
    let is_left_alone = filled::is_left_alone("", metadata.labels.as_ref().unwrap_or(&empty))
        || has(metadata::SERVICE_ACCOUNT_ANNOTATION);
    has(RECORD) && has(STORE) && metadata.deletion_timestamp.is_none() && !is_left_alone
}

fn name_of(metadata: &ObjectMeta) -> Name {
    (metadata.namespace.clone().unwrap_or_default(), metadata.name.clone().unwrap_or_default())
}

#[cfg(test)]
mod tests;
