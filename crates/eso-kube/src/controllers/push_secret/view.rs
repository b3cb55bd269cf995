//! What is known of PushSecrets, and of the stores that they may choose. Pure data: the watches tell it what they see, the
//! controller what it wrote; older news than what is known changes nothing.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    sync::Arc,
};

use eso_core::{
    api::push_secret::{PushSecret, PushSecretStatus},
    key::{StoreKind, StoreReference},
};
use eso_plan::{
    convert::push as convert,
    push::{Candidate, Desired, Source},
    template::{SourceKind, SourceName},
};
use eso_sync::ports::{GroupId, ObjectId};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::json;

use crate::{
    index::Named,
    metadata,
    stores::StoreKey,
    watch::{Object, UNREADABLE_SPEC},
};

/// Namespace and name.
type Name = (String, String);

/// The PushSecrets and the stores.
#[derive(Debug, Default)]
pub(super) struct View {
    objects: BTreeMap<Name, Entry>,
    names: HashMap<ObjectId, Name>,
    /// Those that a list has not shown yet.
    unlisted: BTreeSet<Name>,
    stores: BTreeMap<StoreKey, Arc<ObjectMeta>>,
    /// What was read by somebody, by namespace, and a list that is under way has not shown yet.
    unseen: BTreeSet<(SourceKind, String, SourceName)>,
    last: u64,
}

/// A PushSecret.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: ObjectId,
    group: GroupId,
    pub(super) object: Arc<PushSecret>,
    /// What it asks for, or why that cannot be understood.
    pub(super) desired: Arc<Result<Desired, String>>,
    /// The resourceVersion that is known.
    version: u64,
    /// When this process last found or made its stores as they should be.
    pub(super) refreshed: Option<Timestamp>,
    /// What it was last pushed from, at these versions; `None` is what was not there.
    read: BTreeMap<SourceName, Option<u64>>,
}

/// What became of a PushSecret that was met.
#[derive(Debug)]
pub(super) struct Met {
    pub(super) object: Named,
    /// Whether it asks for something else than before, or is new.
    pub(super) is_news: bool,
    /// The one of the same name that is gone therefore.
    pub(super) replaced: Option<ObjectId>,
    /// What was known of that name before.
    pub(super) before: Option<Entry>,
}

impl Entry {
    fn new(id: ObjectId, object: Object) -> Self {
        let version = metadata::version(&object.metadata);
        let (object, desired) = read(object);
        let group = group(&object);
        Self {
            id,
            group,
            desired: Arc::new(desired),
            object: Arc::new(object),
            version,
            refreshed: None,
            read: BTreeMap::new(),
        }
    }

    fn named(&self) -> Named {
        Named { id: self.id, group: self.group }
    }

    /// Whether the values of an object come from this, or did: an object of this kind, name and labels.
    fn reads(&self, source: &SourceName, labels: Option<&BTreeMap<String, String>>) -> bool {
        let empty = BTreeMap::new();
        let selects = |desired: &Desired| match &desired.source {
            Source::Named(name) => source.kind == SourceKind::Secret && *name == source.name,
            Source::Labelled(selector) => {
                source.kind == SourceKind::Secret && selector.selects(labels.unwrap_or(&empty))
            }
        };
        let stands_in = |desired: &Desired| {
            desired.template.iter().any(|template| template.sources().any(|named| named == source))
        };
        self.read.contains_key(source)
            || self.desired.as_ref().as_ref().is_ok_and(|desired| selects(desired) || stands_in(desired))
    }

    /// Whether it chooses a store, or wrote something to it.
    fn uses(&self, store: &Candidate) -> bool {
        let chooses = |desired: &Desired| desired.stores.iter().any(|choice| choice.holds(store));
        self.desired.as_ref().as_ref().is_ok_and(chooses) || self.wrote_to(&store.reference)
    }

    fn wrote_to(&self, store: &StoreReference) -> bool {
        let written = self.object.status.as_ref().map(|status| &status.synced_push_secrets);
        written.is_some_and(|written| written.contains_key(&format!("{}/{}", store.kind, store.name)))
    }

    fn is_ready(&self) -> bool {
        let conditions = self.object.status.iter().flat_map(|status| &status.conditions);
        conditions.into_iter().any(eso_core::api::conditions::Condition::is_ready)
    }

    fn namespace(&self) -> &str {
        self.object.metadata.namespace.as_deref().unwrap_or_default()
    }
}

/// The object as it can be read, and what it asks for.
fn read(object: Object) -> (PushSecret, Result<Desired, String>) {
    let Object { metadata, spec, status } = object;
    let bare = |status| PushSecret { metadata: metadata.clone(), spec: Default::default(), status };
    let status: Option<PushSecretStatus> = serde_json::from_value(status).ok();
    let Some(spec) = spec else { return (bare(status), Err(UNREADABLE_SPEC.to_owned())) };
    let parsed = convert::parse(json!({ "metadata": {}, "spec": spec }));
    match parsed {
        Err(malformed) => (bare(status), Err(malformed.to_string())),
        Ok(parsed) => {
            let object = PushSecret { metadata, status, ..parsed };
            let desired = convert::desired(&object).map_err(|malformed| malformed.to_string());
            (object, desired)
        }
    }
}

/// The line that it waits in: that of the namespace and its first store.
fn group(object: &PushSecret) -> GroupId {
    let store = object.spec.secret_store_refs.first();
    let name = store.map(|store| (store.kind.map(|kind| kind as u8), store.name.clone()));
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one((&object.metadata.namespace, name));
    GroupId(u32::try_from(hash >> 32).expect("the upper half of 64 bits must fit in 32"))
}

/// PushSecrets.
impl View {
    /// A list of all begins: what it does not show is gone when it ends.
    pub(super) fn begin(&mut self) {
        self.unlisted = self.objects.keys().cloned().collect();
    }

    /// One is there.
    pub(super) fn meet(&mut self, object: Object) -> Met {
        let name = name_of(&object.metadata);
        self.unlisted.remove(&name);
        let before = self.objects.get(&name).cloned();
        match before {
            Some(before) if before.object.metadata.uid == object.metadata.uid => {
                self.update(name, before, object)
            }
            Some(_) | None => self.insert(name, before, object),
        }
    }

    fn insert(&mut self, name: Name, before: Option<Entry>, object: Object) -> Met {
        self.last += 1;
        let entry = Entry::new(ObjectId(self.last), object);
        let replaced = before.as_ref().map(|before| before.id);
        replaced.iter().for_each(|id| drop(self.names.remove(id)));
        let met = Met { object: entry.named(), is_news: true, replaced, before };
        self.names.insert(entry.id, name.clone());
        self.objects.insert(name, entry);
        met
    }

    fn update(&mut self, name: Name, before: Entry, object: Object) -> Met {
        let is_newer = metadata::version(&object.metadata) > before.version;
        let is_news = is_newer && is_edit(&before.object.metadata, &object.metadata);
        let met = Met { object: before.named(), is_news, replaced: None, before: Some(before.clone()) };
        if is_newer {
            let Entry { id, refreshed, read, .. } = before;
            self.objects.insert(name, Entry { refreshed, read, ..Entry::new(id, object) });
        }
        met
    }

    /// One is gone.
    pub(super) fn lose(&mut self, metadata: &ObjectMeta) -> Option<Entry> {
        let name = name_of(metadata);
        self.unlisted.remove(&name);
        let entry = self.objects.remove(&name)?;
        self.names.remove(&entry.id);
        Some(entry)
    }

    /// The list has ended: gives those that it did not show.
    pub(super) fn end(&mut self) -> Vec<Entry> {
        let gone = std::mem::take(&mut self.unlisted);
        let entries: Vec<Entry> = gone.iter().filter_map(|name| self.objects.remove(name)).collect();
        entries.iter().for_each(|entry| drop(self.names.remove(&entry.id)));
        entries
    }

    /// Whether there is one of this name.
    pub(super) fn contains(&self, namespace: &str, name: &str) -> bool {
        self.objects.contains_key(&(namespace.to_owned(), name.to_owned()))
    }

    pub(super) fn entry(&self, id: ObjectId) -> Option<&Entry> {
        self.objects.get(self.names.get(&id)?)
    }

    fn change(&mut self, id: ObjectId, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.names.get(&id).and_then(|name| self.objects.get_mut(name)) {
            change(entry);
        }
    }

    /// The status of one was written, and it has this version now.
    pub(super) fn reported(&mut self, id: ObjectId, status: &PushSecretStatus, version: u64) {
        self.change(id, |entry| {
            Arc::make_mut(&mut entry.object).status = Some(status.clone());
            entry.saw(version);
        });
    }

    /// The finalizers of one were written, and this is its metadata now.
    pub(super) fn finalized(&mut self, id: ObjectId, metadata: &ObjectMeta) {
        self.change(id, |entry| {
            Arc::make_mut(&mut entry.object).metadata.finalizers.clone_from(&metadata.finalizers);
            entry.saw(metadata::version(metadata));
        });
    }

    pub(super) fn refreshed(&mut self, id: ObjectId, at: Timestamp) {
        self.change(id, |entry| entry.refreshed = Some(at));
    }

    /// The values of one come from these, at these versions, and of this kind from no others.
    pub(super) fn read(
        &mut self,
        id: ObjectId,
        read: impl IntoIterator<Item = (SourceName, Option<u64>)>,
        begins: bool,
    ) {
        self.change(id, |entry| {
            if begins {
                entry.read.clear();
            }
            entry.read.extend(read);
        });
    }
}

impl Entry {
    fn saw(&mut self, version: u64) {
        self.version = self.version.max(version);
        Arc::make_mut(&mut self.object).metadata.resource_version = Some(self.version.to_string());
    }
}

/// What values come from.
impl View {
    /// A list of a kind begins.
    pub(super) fn begin_sources(&mut self, kind: SourceKind) {
        self.unseen.retain(|(of, _, _)| *of != kind);
        for ((namespace, _), entry) in &self.objects {
            let there =
                entry.read.iter().filter(|(source, version)| source.kind == kind && version.is_some());
            self.unseen.extend(there.map(|(source, _)| (kind, namespace.clone(), source.clone())));
        }
    }

    /// One is there: gives those whose values come from it and who do not know this version.
    pub(super) fn meet_source(&mut self, kind: SourceKind, metadata: &ObjectMeta) -> Vec<Named> {
        let (namespace, name) = name_of(metadata);
        let (source, version) = (SourceName { kind, name }, Some(metadata::version(metadata)));
        self.unseen.remove(&(kind, namespace.clone(), source.clone()));
        let readers = self.of(&namespace).filter(|entry| {
            entry.reads(&source, metadata.labels.as_ref())
                && entry.read.get(&source).is_none_or(|known| *known < version)
        });
        readers.map(Entry::named).collect()
    }

    /// One is gone: gives those whose values came from it.
    pub(super) fn lose_source(&mut self, kind: SourceKind, metadata: &ObjectMeta) -> Vec<Named> {
        let (namespace, name) = name_of(metadata);
        let source = SourceName { kind, name };
        let readers = self.readers(&namespace, &source);
        self.unseen.remove(&(kind, namespace, source));
        readers
    }

    /// The list of a kind has ended: gives those whose values came from what it did not show.
    pub(super) fn end_sources(&mut self, kind: SourceKind) -> Vec<Named> {
        let gone: Vec<_> = self.unseen.extract_if(.., |(of, _, _)| *of == kind).collect();
        gone.iter().flat_map(|(_, namespace, source)| self.readers(namespace, source)).collect()
    }

    fn readers(&self, namespace: &str, source: &SourceName) -> Vec<Named> {
        let readers = self.of(namespace).filter(|entry| matches!(entry.read.get(source), Some(Some(_))));
        readers.map(Entry::named).collect()
    }

    /// The PushSecrets of a namespace.
    fn of(&self, namespace: &str) -> impl Iterator<Item = &Entry> {
        let from = (namespace.to_owned(), String::new());
        let namespace = namespace.to_owned();
        let here = self.objects.range(from..).take_while(move |((other, _), _)| *other == namespace);
        here.map(|(_, entry)| entry)
    }
}

/// Stores.
impl View {
    /// A store is there: gives those who choose it now, or do not any more, or wrote to it, where its labels changed or it
    /// is being deleted.
    pub(super) fn meet_store(&mut self, key: &StoreKey, metadata: ObjectMeta) -> Vec<Named> {
        let before = self.stores.get(key).cloned();
        let is_older = before.as_ref().is_some_and(|before| {
            before.uid == metadata.uid && metadata::version(before) > metadata::version(&metadata)
        });
        if is_older {
            return Vec::new();
        }
        let now = Arc::new(metadata);
        self.stores.insert(key.clone(), Arc::clone(&now));
        let is_same = before.as_ref().is_some_and(|before| {
            before.labels == now.labels && before.deletion_timestamp == now.deletion_timestamp
        });
        if is_same {
            return Vec::new();
        }
        let mut users: BTreeSet<Named> = before.iter().flat_map(|before| self.users(key, before)).collect();
        users.extend(self.users(key, &now));
        users.into_iter().collect()
    }

    /// A store is gone.
    pub(super) fn lose_store(&mut self, key: &StoreKey) {
        self.stores.remove(key);
    }

    /// The PushSecrets that use a store, those of one namespace where that is given, and whether each is in step.
    pub(super) fn users_of(&self, key: &StoreKey, asking: Option<&str>) -> Vec<(Named, bool)> {
        let metadata = self.stores.get(key).cloned().unwrap_or_default();
        let users = self.users_entries(key, &metadata);
        let users = users.filter(|entry| asking.is_none_or(|asking| asking == entry.namespace()));
        users.map(|entry| (entry.named(), entry.is_ready())).collect()
    }

    fn users(&self, key: &StoreKey, metadata: &ObjectMeta) -> Vec<Named> {
        self.users_entries(key, metadata).map(Entry::named).collect()
    }

    fn users_entries(&self, key: &StoreKey, metadata: &ObjectMeta) -> impl Iterator<Item = &Entry> {
        let labels = metadata.labels.clone().unwrap_or_default();
        let key = key.clone();
        self.objects.values().filter(move |entry| {
            let is_near = key.namespace.as_deref().is_none_or(|namespace| namespace == entry.namespace());
            is_near && entry.uses(&candidate(&key, entry.namespace(), labels.clone()))
        })
    }

    /// The stores that objects of a namespace may choose.
    pub(super) fn candidates(&self, namespace: &str) -> Vec<Candidate> {
        let near =
            self.stores.iter().filter(|(key, _)| key.namespace.as_deref().is_none_or(|of| of == namespace));
        near.map(|(key, metadata)| candidate(key, namespace, metadata.labels.clone().unwrap_or_default()))
            .collect()
    }

    /// Whether a store is there and being deleted.
    pub(super) fn is_leaving(&self, store: &StoreReference) -> bool {
        let metadata = self.stores.get(&StoreKey::of(store));
        metadata.is_some_and(|metadata| metadata.deletion_timestamp.is_some())
    }

    pub(super) fn store(&self, key: &StoreKey) -> Option<Arc<ObjectMeta>> {
        self.stores.get(key).cloned()
    }

    /// Whether a PushSecret that deletes what it wrote needs a store: it wrote to it, or will.
    pub(super) fn needs(&self, key: &StoreKey) -> bool {
        let Some(metadata) = self.stores.get(key) else { return false };
        let deletes = |entry: &&Entry| {
            let has_mark = has(&entry.object.metadata, super::finalizers::OF_OBJECTS);
            let cleans_up = entry.desired.as_ref().as_ref().is_ok_and(|desired| desired.cleans_up);
            has_mark || cleans_up
        };
        let mut users = self.users_entries(key, metadata).filter(deletes);
        let is_leaving = metadata.deletion_timestamp.is_some();
        users.any(|entry| {
            let reference = candidate(key, entry.namespace(), BTreeMap::new()).reference;
            // Nothing is written any more to a store that is being deleted, or by an object that is.
            entry.wrote_to(&reference) || !(is_leaving || entry.object.metadata.deletion_timestamp.is_some())
        })
    }
}

fn candidate(key: &StoreKey, namespace: &str, labels: BTreeMap<String, String>) -> Candidate {
    let reference =
        StoreReference { kind: key.kind, namespace: namespace.to_owned(), name: key.name.clone() };
    Candidate { reference, labels }
}

/// The key of a store of a kind.
pub(super) fn key_of(kind: StoreKind, metadata: &ObjectMeta) -> StoreKey {
    let namespace = match kind {
        StoreKind::SecretStore => Some(metadata.namespace.clone().unwrap_or_default()),
        StoreKind::ClusterSecretStore => None,
    };
    StoreKey { kind, namespace, name: metadata.name.clone().unwrap_or_default() }
}

/// Whether an object has a finalizer.
pub(super) fn has(metadata: &ObjectMeta, finalizer: &str) -> bool {
    metadata.finalizers.iter().flatten().any(|name| name == finalizer)
}

/// Whether an object asks for something else: its spec, labels, annotations or marks of deletion changed.
fn is_edit(before: &ObjectMeta, now: &ObjectMeta) -> bool {
    let asked = |metadata: &ObjectMeta| {
        (
            metadata.generation,
            metadata.labels.clone(),
            metadata.annotations.clone(),
            metadata.deletion_timestamp.clone(),
            has(metadata, super::finalizers::OF_OBJECTS),
        )
    };
    asked(before) != asked(now)
}

fn name_of(metadata: &ObjectMeta) -> Name {
    (metadata.namespace.clone().unwrap_or_default(), metadata.name.clone().unwrap_or_default())
}

#[cfg(test)]
mod tests;
