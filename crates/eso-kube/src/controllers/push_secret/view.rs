//! What is known of PushSecrets, and of the stores that they may choose. Pure data: the watches tell it what they see, the
//! controller what it wrote; older news than what is known changes nothing.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    sync::Arc,
};

use eso_core::api::push_secret::{PushSecret, PushSecretStatus};
use eso_plan::{
    convert::push as convert,
    push::{Desired, Source},
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

mod stores;

pub(super) use stores::key_of;

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
    /// The stores that its status says it wrote to.
    wrote_to: Arc<BTreeSet<StoreKey>>,
    /// The Secrets that it was last pushed from.
    secrets: Arc<Versions>,
    /// What its templates last stood in, and what its metadata pointed to.
    sources: Arc<Versions>,
}

/// What was read, at which version; `None` is what was not there.
pub(super) type Versions = BTreeMap<SourceName, Option<u64>>;

/// Older than any version.
const UNREAD: Option<u64> = Some(0);

/// What became of a PushSecret that was met.
#[derive(Debug)]
pub(super) struct Met {
    pub(super) object: Named,
    /// Whether it asks for something else than before, or is new.
    pub(super) is_news: bool,
    /// The one of the same name that is gone therefore.
    pub(super) replaced: Option<ObjectId>,
    /// What was known of that name before, where that is news.
    pub(super) before: Option<Entry>,
}

impl Entry {
    fn new(id: ObjectId, object: Object) -> Self {
        let version = metadata::version(&object.metadata);
        let (object, desired) = read(object);
        Self {
            id,
            group: group(&object, desired.as_ref().ok()),
            wrote_to: Arc::new(wrote_to(&object)),
            desired: Arc::new(desired),
            object: Arc::new(object),
            version,
            refreshed: None,
            secrets: Arc::default(),
            sources: Arc::default(),
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
        self.known(source).is_some()
            || self.desired.as_ref().as_ref().is_ok_and(|desired| selects(desired) || stands_in(desired))
    }

    /// The oldest version of something that its values come from.
    fn known(&self, source: &SourceName) -> Option<Option<u64>> {
        [&self.secrets, &self.sources].into_iter().filter_map(|read| read.get(source)).min().copied()
    }

    /// Whether something that its values come from was there.
    fn found(&self, source: &SourceName) -> bool {
        let mut read = [&self.secrets, &self.sources].into_iter();
        read.any(|read| read.get(source).is_some_and(Option::is_some))
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

/// The line that it waits in: that of the first store which it names, whoever else does; else that of all that name none in
/// its namespace.
fn group(object: &PushSecret, desired: Option<&Desired>) -> GroupId {
    let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
    let names = desired.into_iter().flat_map(|desired| &desired.stores);
    let first = names.filter_map(|choice| stores::named(choice, namespace)).next();
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let hash = match first {
        Some(store) => hasher.hash_one(store),
        None => hasher.hash_one(namespace),
    };
    GroupId(u32::try_from(hash >> 32).expect("the upper half of 64 bits must fit in 32"))
}

fn wrote_to(object: &PushSecret) -> BTreeSet<StoreKey> {
    convert::written_stores(object).map(|store| StoreKey::of(&store)).collect()
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
        match self.objects.get_mut(&name) {
            Some(known) if known.object.metadata.uid == object.metadata.uid => known.update(object),
            Some(_) | None => self.insert(name, object),
        }
    }

    fn insert(&mut self, name: Name, object: Object) -> Met {
        self.last += 1;
        let entry = Entry::new(ObjectId(self.last), object);
        let named = entry.named();
        self.names.insert(entry.id, name.clone());
        let before = self.objects.insert(name, entry);
        let replaced = before.as_ref().map(|before| before.id);
        replaced.iter().for_each(|id| drop(self.names.remove(id)));
        Met { object: named, is_news: true, replaced, before }
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
            entry.wrote_to = Arc::new(wrote_to(&entry.object));
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

    /// The values of one come from these Secrets and from nothing else.
    pub(super) fn read_secrets(&mut self, id: ObjectId, read: Versions) {
        self.change(id, |entry| {
            entry.secrets = Arc::new(read);
            entry.sources = Arc::default();
        });
    }

    /// It is about to read these, in which its templates or what its metadata points to stand: what is told of them before
    /// it [has](Self::read_sources) is news.
    pub(super) fn reads_sources(&mut self, id: ObjectId, sources: &BTreeSet<SourceName>) {
        self.change(id, |entry| {
            let known = Arc::make_mut(&mut entry.sources);
            for source in sources {
                known.entry(source.clone()).or_insert(UNREAD);
            }
        });
    }

    /// It has read these too.
    pub(super) fn read_sources(&mut self, id: ObjectId, read: Versions) {
        self.change(id, |entry| {
            let known = Arc::make_mut(&mut entry.sources);
            for (source, version) in read {
                let oldest = known.entry(source).or_insert(UNREAD);
                *oldest = if *oldest == UNREAD { version } else { version.min(*oldest) };
            }
        });
    }
}

impl Entry {
    /// What is known of the same one now.
    fn update(&mut self, object: Object) -> Met {
        let is_newer = metadata::version(&object.metadata) > self.version;
        let is_news = is_newer && is_edit(&self.object.metadata, &object.metadata);
        let named = self.named();
        if !is_newer {
            return Met { object: named, is_news, replaced: None, before: None };
        }
        let mut now = Self::new(self.id, object);
        now.refreshed = self.refreshed;
        (now.secrets, now.sources) = (Arc::clone(&self.secrets), Arc::clone(&self.sources));
        let before = std::mem::replace(self, now);
        Met { object: named, is_news, replaced: None, before: is_news.then_some(before) }
    }

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
            let read = entry.secrets.iter().chain(entry.sources.iter());
            let there = read.filter(|(source, version)| source.kind == kind && version.is_some());
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
                && entry.known(&source).is_none_or(|known| known < version)
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
        let readers = self.of(namespace).filter(|entry| entry.found(source));
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
