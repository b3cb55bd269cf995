//! What one identity has read of the cluster to log in, and whether what is told of it since is news.
//!
//! Of a Secret and a ConfigMap every other version may be news: whether what was read of it is another is told by a look at
//! it, for others write labels and annotations to them too. Of a service account only another one of its name is, and
//! another value of an annotation that was asked for: controllers write to service accounts too, and no login should be
//! made anew for that.

use std::{
    collections::BTreeMap,
    hash::{BuildHasher as _, RandomState},
};

use eso_core::{api::selectors::CaProviderKind, credentials::CredentialError};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use parking_lot::Mutex;

/// An object that a login is made with, and whose edit matters to whoever read it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialObject {
    /// Its kind.
    pub kind: CredentialKind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// What a login is made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CredentialKind {
    /// A Secret.
    Secret,
    /// A ConfigMap with a certificate authority.
    ConfigMap,
    /// A service account, whose token or annotations are asked for.
    ServiceAccount,
}

impl From<CaProviderKind> for CredentialKind {
    fn from(kind: CaProviderKind) -> Self {
        match kind {
            CaProviderKind::Secret => Self::Secret,
            CaProviderKind::ConfigMap => Self::ConfigMap,
        }
    }
}

/// What was read so far: how each object was, and whether anything could not be had.
#[derive(Debug, Default)]
pub struct Reads {
    state: Mutex<ReadState>,
    /// Values are kept as hashes of this process alone.
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct ReadState {
    /// `None` is one that could not be read.
    read: BTreeMap<CredentialObject, Option<Read>>,
    /// The versions that were told of since, whether or not the objects had been read by then; `None` is one that is gone.
    told: BTreeMap<CredentialObject, Option<String>>,
    failed: bool,
    /// Something failed that no watch tells of when it is there.
    failed_unseen: bool,
    /// Something was read that no watch tells of when it is another.
    unwatched: bool,
}

/// How an object was when it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Read {
    /// `None` is one that was used without being shown: a service account whose token was asked for.
    version: Option<String>,
    /// What matters of it, of a service account.
    account: Option<Account>,
    /// What was read of it, of others: keys, and hashes of their values; `None` is one that was read twice and was another
    /// the second time.
    values: BTreeMap<String, Option<u64>>,
}

/// What matters of a service account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Account {
    /// Another one of its name has another.
    uid: Option<String>,
    /// The annotations that were asked for.
    annotations: BTreeMap<String, Option<String>>,
}

impl Reads {
    /// Whether an object that was read is another now; `None` is one that is gone.
    ///
    /// An older version than the one that was read is the watch lagging behind, and no news.
    pub fn is_news(&self, object: &CredentialObject, now: Option<&ObjectMeta>) -> bool {
        let mut state = self.state.lock();
        state.told.insert(object.clone(), now.and_then(|now| now.resource_version.clone()));
        match (state.read.get_mut(object), now) {
            (None, _) => false,
            (Some(None), now) => now.is_some(),
            (Some(Some(_)), None) => true,
            (Some(Some(read)), Some(now)) => !read.keeps_up_with(now),
        }
    }

    /// Whether a credential could not be had.
    pub fn failed(&self) -> bool {
        self.state.lock().failed
    }

    /// Whether something was read of which nobody will tell when it is another.
    pub(crate) fn are_partly_unwatched(&self) -> bool {
        self.state.lock().unwatched
    }

    /// Whether nothing is missing but objects of which [`is_news`](Self::is_news) will tell when they are there.
    pub(crate) fn will_be_told(&self) -> bool {
        let state = self.state.lock();
        state.failed && !state.failed_unseen && !state.is_behind()
    }

    /// Whether an object was told of while it was read, in another version than was read: it will not be told again.
    pub(crate) fn are_behind(&self) -> bool {
        self.state.lock().is_behind()
    }

    /// The objects that were told of in another version than was read, where a look at them tells whether they still hold
    /// what was read; `None` where one is told of of which it does not.
    pub(super) fn doubted(&self) -> Option<Vec<CredentialObject>> {
        let state = self.state.lock();
        let others = state.told.iter().filter(|(object, told)| state.is_another(object, told));
        others.map(|(object, told)| state.is_comparable(object, told).then(|| object.clone())).collect()
    }

    /// Whether an object that holds this now still gives all that was read of it. Then it counts as read in this version.
    pub(super) fn is_as_read(
        &self,
        object: &CredentialObject,
        now: &ObjectMeta,
        entries: &BTreeMap<String, Vec<u8>>,
    ) -> bool {
        let mut state = self.state.lock();
        let Some(Some(read)) = state.read.get_mut(object) else { return false };
        let is_same = read.values.iter().all(|(key, then)| {
            let now = entries.get(key).map(|value| self.hasher.hash_one(value.as_slice()));
            then.is_some() && *then == now
        });
        if is_same {
            read.version.clone_from(&now.resource_version);
        }
        is_same
    }

    /// A value of an object that was read.
    pub(super) fn record_value(
        &self,
        object: &CredentialObject,
        metadata: &ObjectMeta,
        (key, value): (&str, Option<&Vec<u8>>),
    ) {
        let hash = value.map(|value| self.hasher.hash_one(value.as_slice()));
        let values = BTreeMap::from([(key.to_owned(), hash)]);
        self.record(object.clone(), Read { values, ..Read::whole(metadata) });
    }

    /// Something is read of which no watch tells when it is another.
    pub(crate) fn depend_on_unwatched(&self) {
        self.state.lock().unwatched = true;
    }

    /// An object could not be read; `will_be_told` says whether a watch tells of it when it can be.
    pub(super) fn missed(&self, object: CredentialObject, will_be_told: bool) {
        self.state.lock().read.insert(object, None);
        if !will_be_told {
            self.fail_unseen();
        }
    }

    pub(super) fn fail_unseen(&self) {
        self.state.lock().failed_unseen = true;
    }

    /// Of an object that is read more than once, for another key of it each time, the oldest version counts: it was
    /// edited in between, and what was read of it may not belong together.
    pub(super) fn record(&self, object: CredentialObject, read: Read) {
        let mut state = self.state.lock();
        match state.read.get_mut(&object) {
            Some(Some(known)) => known.add(read),
            Some(None) | None => drop(state.read.insert(object, Some(read))),
        }
    }

    pub(super) fn watched<T>(&self, result: Result<T, CredentialError>) -> Result<T, CredentialError> {
        self.state.lock().failed |= result.is_err();
        result
    }
}

impl ReadState {
    /// What was told while its read was under way was no news yet. What matters of a service account was not known then:
    /// any newer version of it may be news.
    fn is_behind(&self) -> bool {
        self.told.iter().any(|(object, told)| self.is_another(object, told))
    }

    /// Whether an object was told of in another version than was read.
    fn is_another(&self, object: &CredentialObject, told: &Option<String>) -> bool {
        match (self.read.get(object), told) {
            (None, _) => false,
            (Some(None), told) => told.is_some(),
            (Some(Some(_)), None) => true,
            (Some(Some(read)), Some(told)) => read.version.is_some() && !read.is_of(told),
        }
    }

    /// Whether a look at an object tells whether it is as it was read.
    fn is_comparable(&self, object: &CredentialObject, told: &Option<String>) -> bool {
        let read = self.read.get(object).and_then(Option::as_ref);
        told.is_some() && read.is_some_and(|read| read.account.is_none())
    }
}

impl Read {
    /// An object of which every version counts.
    pub(super) fn whole(metadata: &ObjectMeta) -> Self {
        Self { version: metadata.resource_version.clone(), ..Self::default() }
    }

    /// A service account, of which these annotations were asked for.
    pub(super) fn annotations(metadata: &ObjectMeta, names: &[&str]) -> Self {
        let annotations = names.iter().map(|name| ((*name).to_owned(), annotation(metadata, name).cloned()));
        let account = Account { uid: metadata.uid.clone(), annotations: annotations.collect() };
        Self { account: Some(account), ..Self::whole(metadata) }
    }

    /// A service account whose token is asked for. Which one of its name gave it is not said.
    pub(super) fn token() -> Self {
        Self { account: Some(Account::default()), ..Self::default() }
    }

    /// Whether what was read is still so in this version, or in one that is older. Then it counts as read in the newer
    /// one of the two.
    fn keeps_up_with(&mut self, now: &ObjectMeta) -> bool {
        if now.resource_version.as_deref().is_some_and(|version| self.is_of(version)) {
            return true;
        }
        let Some(account) = self.account.as_mut().filter(|account| account.is_as(now)) else { return false };
        account.uid.clone_from(&now.uid);
        self.version.clone_from(&now.resource_version);
        true
    }

    /// Whether this version is the one that was read, or is older.
    fn is_of(&self, version: &str) -> bool {
        self.version.as_deref().is_some_and(|read| read == version || is_older(version, read))
    }

    /// It was read again.
    fn add(&mut self, again: Self) {
        let Self { version, account, values } = again;
        let is_newer = self.version.as_deref().zip(version.as_deref()).is_some_and(|(a, b)| is_older(a, b));
        if let (Some(known), Some(account)) = (&mut self.account, account) {
            known.add(account, is_newer);
        }
        for (key, value) in values {
            let known = self.values.entry(key).or_insert(value);
            *known = known.filter(|known| Some(*known) == value);
        }
        if !is_newer {
            self.version = version.or_else(|| self.version.take());
        }
    }
}

impl Account {
    fn is_as(&self, now: &ObjectMeta) -> bool {
        let is_same_one = self.uid.is_none() || self.uid == now.uid;
        is_same_one && self.annotations.iter().all(|(name, value)| annotation(now, name) == value.as_ref())
    }

    fn add(&mut self, again: Self, is_newer: bool) {
        let Self { uid, annotations } = again;
        for (name, value) in annotations {
            if !(is_newer && self.annotations.contains_key(&name)) {
                self.annotations.insert(name, value);
            }
        }
        if !is_newer {
            self.uid = uid.or_else(|| self.uid.take());
        }
    }
}

fn annotation<'a>(metadata: &'a ObjectMeta, name: &str) -> Option<&'a String> {
    metadata.annotations.as_ref()?.get(name)
}

/// Resource versions of one kind are numbers that grow (KEP-5504); where one is not, it is not called older.
pub(crate) fn is_older(one: &str, other: &str) -> bool {
    matches!((one.parse::<u64>(), other.parse::<u64>()), (Ok(one), Ok(other)) if one < other)
}

#[cfg(test)]
mod tests;
