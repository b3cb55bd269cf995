//! What the watches have shown of objects that are spread, of namespaces and of copies, and whom it matters to.
//! Plain data.

mod copies;

use std::collections::{BTreeMap, BTreeSet};

use eso_plan::cluster::{Asked, Namespace};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;

use super::finalizers;
use crate::{
    apply::cluster::Bound,
    metadata,
    spread::Spread,
    watch::{Item, Object, UNREADABLE_SPEC},
};

pub(super) use copies::Copies;

/// Names of objects that have a reason to look again.
pub(super) type Woken = BTreeSet<String>;

/// What is known of the cluster.
pub(super) struct View<K: Spread> {
    objects: BTreeMap<String, ClusterObject<K::Status>>,
    /// Those that a list under way has not shown yet.
    unlisted: BTreeSet<String>,
    pub(super) namespaces: BTreeMap<String, Namespace>,
    /// The namespaces that carry a finalizer of the original's, by name.
    pub(super) bound: BTreeMap<String, Bound>,
    pub(super) copies: Copies<K>,
}

impl<K: Spread> Default for View<K> {
    fn default() -> Self {
        Self {
            objects: BTreeMap::default(),
            unlisted: BTreeSet::default(),
            namespaces: BTreeMap::default(),
            bound: BTreeMap::default(),
            copies: Copies::default(),
        }
    }
}

/// An object that is there.
#[derive(Clone, Debug)]
pub(super) struct ClusterObject<Status> {
    /// Its metadata.
    pub(super) metadata: ObjectMeta,
    /// What it asks for, or what is wrong with it.
    pub(super) asked: Result<Asked, String>,
    /// What its status says, as we saw or wrote it last.
    pub(super) status: Status,
    /// The version in which it says that.
    reported: u64,
}

impl<Status> ClusterObject<Status> {
    /// Whether it is being deleted.
    pub(super) fn is_leaving(&self) -> bool {
        self.metadata.deletion_timestamp.is_some()
    }

    fn is(&self, uid: &str) -> bool {
        self.metadata.uid.as_deref() == Some(uid)
    }

    fn names(&self, copy: &str) -> bool {
        self.asked.as_ref().is_ok_and(|asked| asked.name == copy)
    }

    fn chooses(&self, name: &str, namespace: &Namespace) -> bool {
        self.asked.as_ref().is_ok_and(|asked| asked.choice.holds(name, &namespace.labels))
    }

    /// Whether the other is the same edit of the same object, and says the same.
    fn is_same(&self, other: &Self) -> bool
    where
        Status: PartialEq,
    {
        let marks = |metadata: &ObjectMeta| {
            let ObjectMeta { uid, generation, annotations, finalizers, deletion_timestamp, .. } = metadata;
            (uid.clone(), *generation, annotations.clone(), finalizers.clone(), deletion_timestamp.clone())
        };
        marks(&self.metadata) == marks(&other.metadata) && self.status == other.status
    }
}

/// What is known of an object that is there.
fn known<K: Spread>(object: Object) -> ClusterObject<K::Status> {
    let Object { metadata, spec, status } = object;
    let name = metadata.name.as_deref().unwrap_or_default();
    let asked = spec.ok_or_else(|| UNREADABLE_SPEC.to_owned()).and_then(|spec: Value| {
        let asked = K::asked(name, metadata.annotations.as_ref(), &spec);
        asked.map_err(|malformed| malformed.to_string())
    });
    ClusterObject {
        reported: metadata::version(&metadata),
        status: serde_json::from_value(status).unwrap_or_default(),
        asked,
        metadata,
    }
}

/// Objects.
impl<K: Spread> View<K> {
    /// A list of them begins.
    pub(super) fn begin_objects(&mut self) {
        self.unlisted = self.objects.keys().cloned().collect();
    }

    /// One is there.
    pub(super) fn meet_object(&mut self, object: Object) -> Option<String> {
        let name = object.metadata.name.clone().unwrap_or_default();
        self.unlisted.remove(&name);
        let mut object = known::<K>(object);
        let known = self.objects.get(&name);
        // What we wrote since is not undone by an event of before.
        if let Some(known) = known.filter(|known| known.metadata.uid == object.metadata.uid)
            && known.reported > object.reported
        {
            (object.status, object.reported) = (known.status.clone(), known.reported);
        }
        let is_news = known.is_none_or(|known| !known.is_same(&object));
        self.objects.insert(name.clone(), object);
        is_news.then_some(name)
    }

    /// One is gone.
    pub(super) fn lose_object(&mut self, name: &str) {
        self.unlisted.remove(name);
        self.objects.remove(name);
    }

    /// The list has ended: gives those that it did not show.
    pub(super) fn end_objects(&mut self) -> Woken {
        let gone = std::mem::take(&mut self.unlisted);
        self.objects.retain(|name, _| !gone.contains(name));
        gone
    }

    /// One by name.
    pub(super) fn object(&self, name: &str) -> Option<&ClusterObject<K::Status>> {
        self.objects.get(name)
    }

    /// This status was written, which made that version.
    pub(super) fn reported(&mut self, metadata: &ObjectMeta, status: K::Status, version: u64) {
        let name = metadata.name.as_deref().unwrap_or_default();
        let written = self.objects.get_mut(name).filter(|object| object.metadata.uid == metadata.uid);
        if let Some(object) = written.filter(|object| object.reported < version) {
            (object.status, object.reported) = (status, version);
        }
    }

    /// Those of this uid, and those whose copies have this name.
    fn concerned(&self, owner: Option<&str>, copy: &str) -> Woken {
        let concerned =
            |object: &ClusterObject<K::Status>| owner.is_some_and(|uid| object.is(uid)) || object.names(copy);
        let objects = self.objects.iter().filter(|(_, object)| concerned(object));
        objects.map(|(name, _)| name.clone()).collect()
    }
}

/// Namespaces.
impl<K: Spread> View<K> {
    /// One is there.
    pub(super) fn meet_namespace(&mut self, metadata: &ObjectMeta) -> Woken {
        let name = metadata.name.clone().unwrap_or_default();
        let namespace = Namespace {
            labels: metadata.labels.clone().unwrap_or_default(),
            leaving: metadata.deletion_timestamp.is_some(),
        };
        let finalizers = self.bind(&name, metadata);
        let before = self.namespaces.get(&name);
        if before == Some(&namespace) {
            return finalizers;
        }
        let chooses = |object: &ClusterObject<K::Status>| {
            [Some(&namespace), before].into_iter().flatten().any(|seen| object.chooses(&name, seen))
        };
        let owners = self.copies.owners(&name);
        let concerned = self.objects.iter().filter(|(_, object)| {
            chooses(object) || object.metadata.uid.as_ref().is_some_and(|uid| owners.contains(uid.as_str()))
        });
        let woken = concerned.map(|(name, _)| name.clone()).chain(finalizers).collect();
        self.namespaces.insert(name, namespace);
        woken
    }

    /// One is gone.
    pub(super) fn lose_namespace(&mut self, name: &str) -> Woken {
        self.bound.remove(name);
        let Some(namespace) = self.namespaces.remove(name) else { return Woken::new() };
        let concerned = self.objects.iter().filter(|(_, object)| object.chooses(name, &namespace));
        concerned.map(|(name, _)| name.clone()).collect()
    }

    /// Keeps the finalizers of a namespace, where one is the original's: gives the objects whose these are, where there
    /// are others than before.
    fn bind(&mut self, name: &str, metadata: &ObjectMeta) -> Woken {
        let finalizers = metadata.finalizers.clone().unwrap_or_default();
        let objects: Woken = finalizers::objects::<K>(&finalizers).map(str::to_owned).collect();
        if objects.is_empty() {
            self.bound.remove(name);
            return objects;
        }
        let bound = Bound { name: name.to_owned(), version: metadata::version(metadata), finalizers };
        match self.bound.insert(name.to_owned(), bound.clone()) {
            Some(before) if before.finalizers == bound.finalizers => Woken::new(),
            Some(_) | None => objects,
        }
    }
}

/// Copies.
impl<K: Spread> View<K> {
    /// One is there, of which an event or a list tells.
    pub(super) fn meet_copy(&mut self, item: &Item<K::Copy>) -> Woken {
        match self.copies.meet(item) {
            Some(owners) => self.concerned_by(item.metadata(), &owners),
            None => Woken::new(),
        }
    }

    /// One is gone.
    pub(super) fn lose_copy(&mut self, metadata: &ObjectMeta) -> Woken {
        let owners = self.copies.lose(metadata);
        self.concerned_by(metadata, &owners)
    }

    /// The list has ended.
    pub(super) fn end_copies(&mut self) -> Woken {
        let gone = self.copies.end();
        gone.iter().flat_map(|(name, owner)| self.concerned(Some(owner), name)).collect()
    }

    fn concerned_by(&self, metadata: &ObjectMeta, owners: &[String]) -> Woken {
        let name = metadata.name.as_deref().unwrap_or_default();
        let owned = owners.iter().flat_map(|owner| self.concerned(Some(owner), name));
        owned.chain(self.concerned(None, name)).collect()
    }
}

#[cfg(test)]
mod tests;
