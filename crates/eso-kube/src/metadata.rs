//! What a Secret's metadata says about who holds it and who wrote its data: drift is found without reading a value.
//!
//! `managedFields` name, for each writer, the keys that it wrote last. While our field manager alone owns them all, and
//! the digest beside them, nobody else wrote the data.

pub(crate) mod sent;

use std::{
    collections::{BTreeSet, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};

use eso_plan::{desired::Ownership, digest::Digest, observed::Holder};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta, Time};

use crate::marks::{self, DATA_HASH_ANNOTATION, Leftover, MANAGED_LABEL, Marks, Worn};

/// The annotation of a token that says whose it is.
pub(crate) const SERVICE_ACCOUNT_ANNOTATION: &str = "kubernetes.io/service-account.name";

/// A Secret that is there, as one ExternalSecret that names it sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its uid.
    pub uid: Box<str>,
    /// Its resourceVersion.
    pub version: u64,
    /// Who holds it.
    pub claim: Claim,
    /// Who wrote its data.
    pub data: Data,
    /// The keys that are ours, where it is shared; else all keys.
    pub keys: Keys,
    /// Whether all that we put beside the data is there, and nothing of it that must go.
    pub marked: bool,
    /// What we put beside the data and must go.
    pub leftover: Option<Box<Leftover>>,
    /// What we put there for a template, where there is one.
    pub worn: Option<Box<Worn>>,
    /// Whether we made it immutable.
    pub frozen: bool,
}

impl Seen {
    /// The same, held against what a template rendered.
    #[must_use]
    pub fn against(&self, marks: &Marks) -> Self {
        let mut seen = self.clone();
        if let Some(leftover) = self.worn.as_ref().and_then(|worn| marks.differ_from(worn)) {
            seen.marked = false;
            seen.leftover = (leftover != Leftover::default()).then(|| Box::new(leftover));
        }
        seen
    }
}

/// Who holds a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The ExternalSecret controls it.
    Ours,
    /// Nobody who would lose it. `known`: we have written it before.
    Free {
        /// Whether our field manager owns any of its data.
        known: bool,
    },
    /// Somebody who must not lose it.
    Held(Box<Holder>),
}

/// Who wrote a Secret's data, as far as metadata tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// We did, all of it, and this is its digest.
    Ours(Digest),
    /// We wrote our keys, and others wrote other keys.
    Shared {
        /// Whether one of them wrote after us.
        later: bool,
    },
    /// It looks like ours, and only a read can tell.
    Doubtful,
    /// Somebody else did, or it never was ours.
    Foreign,
}

/// A set of keys, as a fingerprint: equal sets are equal, and different ones are different but by a rare chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys(u64);

impl Keys {
    /// The fingerprint of these names, in any order.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: BTreeSet<&str> = names.into_iter().collect();
        let mut hasher = DefaultHasher::new();
        names.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// What the metadata of a Secret tells the ExternalSecret with these marks.
pub fn seen(metadata: &ObjectMeta, marks: &Marks) -> Seen {
    let fields = Fields::of(metadata, &marks.manager);
    let shared = matches!(marks.ownership, Ownership::Share { .. });
    let keys = if shared { Keys::of(fields.ours()) } else { Keys::of(fields.all()) };
    let leftover = marks.left_on(metadata);
    Seen {
        uid: metadata.uid.as_deref().unwrap_or_default().into(),
        version: version(metadata),
        claim: claim(metadata, marks, !fields.our_keys.is_empty()),
        data: data(metadata, &fields, shared),
        keys,
        marked: marks.are_on(metadata) && leftover.is_none(),
        leftover,
        worn: marks.worn_by(metadata),
        frozen: marks.froze(metadata),
    }
}

/// The resourceVersion as a number, which Kubernetes promises since 1.35 and etcd always gave: a greater one is newer.
pub fn version(metadata: &ObjectMeta) -> u64 {
    metadata.resource_version.as_deref().and_then(|version| version.parse().ok()).unwrap_or_default()
}

/// The digest that is written beside the data.
pub fn digest(metadata: &ObjectMeta) -> Option<Digest> {
    metadata.annotations.as_ref()?.get(DATA_HASH_ANNOTATION).map(Digest::written)
}

/// The keys of the data that a field manager wrote.
pub fn keys_of(metadata: &ObjectMeta, manager: &str) -> BTreeSet<String> {
    Fields::of(metadata, manager).our_keys.into_iter().map(str::to_owned).collect()
}

fn claim(metadata: &ObjectMeta, marks: &Marks, known: bool) -> Claim {
    let held = |holder| Claim::Held(Box::new(holder));
    match marks::controller(metadata) {
        Some(owner) if owner.uid == marks.uid => Claim::Ours,
        Some(owner) if owner.kind == "ExternalSecret" && of_our_group(&owner.api_version) => {
            held(Holder::Peer(owner.name.clone()))
        }
        Some(owner) if marks.ownership == Ownership::Own => {
            held(Holder::Stranger(format!("{}/{}", owner.kind, owner.name)))
        }
        Some(_) => Claim::Free { known },
        None => match service_account(metadata, marks) {
            Some(name) => held(Holder::Stranger(format!("ServiceAccount/{name}"))),
            None => Claim::Free { known },
        },
    }
}

fn of_our_group(api_version: &str) -> bool {
    api_version.split('/').next() == Some(eso_core::api::GROUP)
}

/// A service account's token has no owner reference, and is known by the annotation that Kubernetes itself requires.
/// Whoever writes its data takes the account's identity away. One that we put there ourselves, as the ExternalSecret has
/// it, says nothing of the kind.
fn service_account<'a>(metadata: &'a ObjectMeta, marks: &Marks) -> Option<&'a String> {
    let name = metadata.annotations.as_ref()?.get(SERVICE_ACCOUNT_ANNOTATION)?;
    (!marks.annotated(metadata, SERVICE_ACCOUNT_ANNOTATION)).then_some(name)
}

fn data(metadata: &ObjectMeta, fields: &Fields<'_>, shared: bool) -> Data {
    let managed = metadata.labels.as_ref().and_then(|labels| labels.get(MANAGED_LABEL));
    let (Some("true"), Some(digest)) = (managed.map(String::as_str), digest(metadata)) else {
        return Data::Foreign;
    };
    let digest_is_ours = fields.our_digest && !fields.their_digest;
    let ours_alone = fields.their_keys.is_empty() && !fields.unreadable;
    let apart = fields.our_keys.is_disjoint(&fields.their_keys) && !fields.unreadable;
    match (shared, ours_alone) {
        (_, true) if digest_is_ours => Data::Ours(digest),
        (false, _) => Data::Doubtful,
        (true, _) if apart && !fields.our_keys.is_empty() => Data::Shared { later: fields.later },
        (true, _) => Data::Foreign,
    }
}

/// What `managedFields` say about data and digest.
#[derive(Debug, Default)]
struct Fields<'a> {
    our_keys: BTreeSet<&'a str>,
    their_keys: BTreeSet<&'a str>,
    our_digest: bool,
    their_digest: bool,
    /// Whether one of them wrote data after us, or nobody can tell when.
    later: bool,
    /// Whether somebody wrote what cannot be read.
    unreadable: bool,
}

impl<'a> Fields<'a> {
    fn of(metadata: &'a ObjectMeta, manager: &str) -> Self {
        let (ours, theirs): (Vec<_>, Vec<_>) = metadata
            .managed_fields
            .iter()
            .flatten()
            .partition(|entry| entry.manager.as_deref() == Some(manager));
        let written: Option<Vec<&Time>> = ours.iter().map(|entry| entry.time.as_ref()).collect();
        let written = written.and_then(|times| times.into_iter().max());
        let wrote_data_later = |entry: &ManagedFieldsEntry| {
            keys(entry).next().is_some() && is_later(entry.time.as_ref(), written)
        };
        Self {
            later: theirs.iter().any(|entry| wrote_data_later(entry)),
            unreadable: ours.iter().chain(&theirs).any(|entry| is_unreadable(entry)),
            our_digest: ours.iter().any(|entry| has_digest(entry)),
            their_digest: theirs.iter().any(|entry| has_digest(entry)),
            our_keys: ours.into_iter().flat_map(keys).collect(),
            their_keys: theirs.into_iter().flat_map(keys).collect(),
        }
    }

    fn ours(&self) -> impl Iterator<Item = &'a str> {
        self.our_keys.iter().copied()
    }

    fn all(&self) -> impl Iterator<Item = &'a str> {
        self.our_keys.union(&self.their_keys).copied()
    }
}

/// Whether one time is after another; a time that is not known may be any.
fn is_later(one: Option<&Time>, other: Option<&Time>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one > other,
        (None, _) | (_, None) => true,
    }
}

fn is_unreadable(entry: &ManagedFieldsEntry) -> bool {
    entry.fields_v1.as_ref().is_some_and(|fields| fields.0 == sent::UNREADABLE)
}

fn keys(entry: &ManagedFieldsEntry) -> impl Iterator<Item = &str> {
    let data =
        entry.fields_v1.as_ref().and_then(|fields| fields.0.get("f:data")).and_then(|data| data.as_object());
    data.into_iter().flat_map(|data| data.keys()).filter_map(|key| key.strip_prefix("f:"))
}

fn has_digest(entry: &ManagedFieldsEntry) -> bool {
    let field = format!("f:{DATA_HASH_ANNOTATION}");
    let annotations = entry.fields_v1.as_ref().map(|fields| &fields.0["f:metadata"]["f:annotations"]);
    annotations.is_some_and(|annotations| annotations.get(field).is_some())
}

#[cfg(test)]
mod tests;
