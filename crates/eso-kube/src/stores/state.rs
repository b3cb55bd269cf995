//! What is known of the stores, and who keeps each connected.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use eso_core::api::secret_store::SecretStoreStatus;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use tokio::{sync::watch, time::Instant};

use super::{StoreChange, StoreKey, conditions::Access, connection::Standing, parsed::Parsed};
use crate::{
    controllers::secret_store::{Assignment, Keeper, Shared},
    credentials::{CredentialKind, CredentialObject},
};

/// For how long a deleted store is remembered: one that comes back within it, as after `kubectl replace --force`, has
/// its objects read again whatever their interval says.
const REMEMBERED_DELETION: Duration = Duration::from_secs(3600);

/// How long a login with a namespace's credentials is kept when no object of that namespace asks.
const LONGEST_IDLE: Duration = Duration::from_secs(3600);

#[derive(Debug, Default)]
pub(super) struct State {
    stores: HashMap<StoreKey, Entry>,
    /// Who logs in with an object.
    users: HashMap<CredentialObject, HashSet<Identity>>,
    /// Namespaces, once it matters to some store which ones there are.
    namespaces: HashMap<String, Namespace>,
    /// Stores that were deleted, and when: one that comes back may be another.
    deleted: HashMap<StoreKey, Instant>,
}

#[derive(Debug)]
pub(super) struct Entry {
    parsed: Arc<Parsed>,
    /// By the namespace that asks; `None` is the store itself.
    keepers: HashMap<Option<String>, Keeper>,
}

/// What is known of a namespace.
#[derive(Debug)]
struct Namespace {
    /// Another one of the same name has another.
    uid: String,
    labels: BTreeMap<String, String>,
}

/// A store, logged in as somebody.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Identity {
    store: StoreKey,
    asking: Option<String>,
}

impl State {
    /// The objects of a kind that stores log in with.
    pub(super) fn credentials_in_use(&self, kind: CredentialKind) -> Vec<CredentialObject> {
        self.users.keys().filter(|object| object.kind == kind).cloned().collect()
    }

    /// The labels of a namespace, where they were seen.
    pub(super) fn labels(&self, namespace: &str) -> Option<&BTreeMap<String, String>> {
        self.namespaces.get(namespace).map(|namespace| &namespace.labels)
    }

    /// How every store stands itself.
    pub(super) fn standings(&self) -> Vec<watch::Receiver<Standing>> {
        let keepers = self.stores.values().filter_map(|entry| entry.keepers.get(&None));
        keepers.map(Keeper::standing).collect()
    }

    pub(super) fn apply(&mut self, shared: &Arc<Shared>, parsed: &Arc<Parsed>, version: Option<&str>) {
        let known = self.stores.get(&parsed.key);
        if let Some(entry) = known.filter(|entry| entry.parsed.is_same_edit(parsed)) {
            entry.saw(version, &parsed.status);
            return;
        }
        let is_another = known.is_some() || self.deleted.remove(&parsed.key).is_some();
        let change = if is_another { StoreChange::Edited } else { StoreChange::Ready };
        self.remove(&parsed.key);
        let entry = Entry { parsed: Arc::clone(parsed), keepers: HashMap::new() };
        self.stores.insert(parsed.key.clone(), entry);
        if parsed.is_of_class(&shared.settings.class) {
            self.keep(shared, Assignment { parsed: Arc::clone(parsed), asking: None, change });
        } else {
            let subject = parsed.key.subject();
            subject.into_iter().for_each(|subject| shared.settings.telemetry.forgotten(subject));
        }
    }

    pub(super) fn delete(&mut self, key: &StoreKey) -> bool {
        let was_there = self.remove(key);
        if was_there {
            self.deleted.retain(|_, at| at.elapsed() < REMEMBERED_DELETION);
            self.deleted.insert(key.clone(), Instant::now());
        }
        was_there
    }

    fn remove(&mut self, key: &StoreKey) -> bool {
        if self.stores.remove(key).is_none() {
            return false;
        }
        self.users.retain(|_, users| {
            users.retain(|identity| identity.store != *key);
            !users.is_empty()
        });
        true
    }

    fn keep(&mut self, shared: &Arc<Shared>, assignment: Assignment) {
        let Assignment { parsed, asking, change: _ } = &assignment;
        let identity = Identity { store: parsed.key.clone(), asking: asking.clone() };
        if let Ok(specification) = &parsed.specification {
            for object in specification.credential_objects(&parsed.scope(asking.as_deref())) {
                self.users.entry(object).or_default().insert(identity.clone());
            }
        }
        if let Some(entry) = self.stores.get_mut(&identity.store) {
            entry.keepers.insert(identity.asking, Keeper::start(shared, assignment));
        }
    }

    pub(super) fn parsed(&self, key: &StoreKey) -> Option<Arc<Parsed>> {
        self.stores.get(key).map(|entry| Arc::clone(&entry.parsed))
    }

    /// How an identity of the store stands; one that nobody asked for before is connected. `None` where the store was
    /// edited meanwhile: what was checked of `parsed` says nothing of the store that is there now.
    pub(super) fn standing(
        &mut self,
        shared: &Arc<Shared>,
        parsed: &Arc<Parsed>,
        asking: Option<String>,
    ) -> Option<watch::Receiver<Standing>> {
        let key = &parsed.key;
        let entry = self.stores.get_mut(key).filter(|entry| Arc::ptr_eq(&entry.parsed, parsed))?;
        if asking.is_some() && !entry.keepers.contains_key(&asking) {
            let parsed = Arc::clone(&entry.parsed);
            self.drop_keepers(key, |_, keeper| keeper.idle() > LONGEST_IDLE);
            self.keep(shared, Assignment { parsed, asking: asking.clone(), change: StoreChange::Ready });
        }
        let keeper = self.stores.get_mut(key)?.keepers.get_mut(&asking)?;
        keeper.ask();
        Some(keeper.standing())
    }

    /// Drops the keepers of namespaces that meet a test, and says whether there was any; that of the store itself stays.
    fn drop_keepers(&mut self, key: &StoreKey, ends: impl Fn(&str, &Keeper) -> bool) -> bool {
        let Some(entry) = self.stores.get_mut(key) else { return false };
        let ended = entry
            .keepers
            .extract_if(|asking, keeper| asking.as_ref().is_some_and(|asking| ends(asking, keeper)));
        let ended: Vec<Option<String>> = ended.map(|(asking, _)| asking).collect();
        for asking in &ended {
            let identity = Identity { store: key.clone(), asking: asking.clone() };
            self.users.retain(|_, users| {
                users.remove(&identity);
                !users.is_empty()
            });
        }
        !ended.is_empty()
    }

    pub(super) fn credential_changed(&self, object: &CredentialObject, now: Option<&ObjectMeta>) {
        for Identity { store, asking } in self.users.get(object).into_iter().flatten() {
            if let Some(keeper) = self.stores.get(store).and_then(|entry| entry.keepers.get(asking)) {
                keeper.credential_changed(object, now);
            }
        }
    }

    /// A namespace is there. What changed for its objects: that a store lets them in or out, or is logged in anew.
    pub(super) fn meet_namespace(
        &mut self,
        name: &str,
        uid: &str,
        labels: &BTreeMap<String, String>,
    ) -> Vec<(StoreKey, StoreChange)> {
        let namespace = Namespace { uid: uid.to_owned(), labels: labels.clone() };
        let Some(before) = self.namespaces.insert(name.to_owned(), namespace) else { return Vec::new() };
        let mut changes = self.relabelled(name, &before.labels, labels);
        if before.uid != uid {
            let ended = self.end_logins(name);
            changes.extend(ended.into_iter().map(|store| (store, StoreChange::Edited)));
        }
        changes
    }

    fn relabelled(
        &self,
        namespace: &str,
        before: &BTreeMap<String, String>,
        labels: &BTreeMap<String, String>,
    ) -> Vec<(StoreKey, StoreChange)> {
        if before == labels {
            return Vec::new();
        }
        let changes = self.stores.values().filter_map(|entry| {
            let conditions = &entry.parsed.specification.as_ref().ok()?.conditions;
            let access = conditions.access(namespace, labels);
            let change = match access {
                Access::Keys(_) | Access::Whole => StoreChange::Ready,
                Access::Denied | Access::Undecided(_) => StoreChange::Lost,
            };
            (conditions.access(namespace, before) != access).then(|| (entry.parsed.key.clone(), change))
        });
        changes.collect()
    }

    pub(super) fn forget_namespace(&mut self, namespace: &str) {
        self.namespaces.remove(namespace);
        self.end_logins(namespace);
    }

    /// Ends what was logged in with a namespace's credentials: gives the stores.
    fn end_logins(&mut self, namespace: &str) -> Vec<StoreKey> {
        let mut keys: Vec<StoreKey> = self.stores.keys().cloned().collect();
        keys.retain(|key| self.drop_keepers(key, |asking, _| asking == namespace));
        keys
    }
}

impl Entry {
    fn saw(&self, version: Option<&str>, status: &SecretStoreStatus) {
        if let Some(keeper) = self.keepers.get(&None) {
            keeper.saw(version, status);
        }
    }
}
