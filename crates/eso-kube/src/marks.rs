//! What a target carries of us beside its data: labels, annotations, the owner reference and the field manager.
//!
//! All of it is as the original writes it, byte for byte, so that switching over rewrites nothing.

use std::{
    collections::{BTreeMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};

use eso_core::api::{external_secret::ExternalSecret, legacy};
use eso_plan::{
    convert::legacy::FILLED_BY,
    desired::{Dress, Ownership},
    digest,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::Resource;
use serde_json::Value;

/// The label of every Secret that is kept.
pub const MANAGED_LABEL: &str = "reconcile.external-secrets.io/managed";

/// The label that names the owner of a Secret by a hash; only where it is owned.
pub const CREATED_BY_LABEL: &str = "reconcile.external-secrets.io/created-by";

/// The annotation that holds the digest of all entries of a Secret.
pub const DATA_HASH_ANNOTATION: &str = "reconcile.external-secrets.io/data-hash";

/// The finalizer that the original adds to ExternalSecrets. It is never added here, and removed where it is met on
/// an object that is being deleted.
pub const CLEANUP_FINALIZER: &str = "externalsecrets.external-secrets.io/externalsecret-cleanup";

/// The labels that say that a Secret is kept, and for whom.
const OUR_LABELS: [&str; 2] = [MANAGED_LABEL, CREATED_BY_LABEL];

const MANAGER_PREFIX: &str = "externalsecrets.external-secrets.io/";

/// As [`MANAGER_PREFIX`], for objects of the older group.
const OLDER_MANAGER_PREFIX: &str = "externalsecrets.kubernetes-client.io/";

/// The longest field manager that the original uses; a longer one is hashed.
const MANAGER_LENGTH: usize = 63;

/// What one ExternalSecret puts on its target.
#[derive(Clone, Debug, PartialEq)]
pub struct Marks {
    /// The field manager of the target's writes.
    pub manager: String,
    /// The uid of the ExternalSecret.
    pub uid: String,
    /// Who the target belongs to.
    pub ownership: Ownership,
    /// Labels that must be there.
    pub labels: BTreeMap<String, String>,
    /// Annotations that must be there, beside the digest.
    pub annotations: BTreeMap<String, String>,
    /// The owner reference that must be there; `None`: there must be none of this ExternalSecret.
    pub owner: Option<OwnerReference>,
    /// Whether a template says what else is there: which labels and annotations these are is known when it is rendered.
    pub templated: bool,
    /// The type of the Secret; `None` leaves it as it is.
    pub secret_type: Option<String>,
    /// Finalizers that are put on it, and never taken off.
    pub finalizers: Vec<String>,
    /// Whether it must never change again.
    pub immutable: bool,
    /// Whether the digest of its data is written beside them. Without it only a read tells what it holds.
    pub hashed: bool,
}

/// What our field manager put on a target for a template, beside our own labels and annotations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worn {
    /// The names of it.
    pub names: Leftover,
    /// The names and values, as a fingerprint: equal ones are equal, and different ones are different but by a rare chance.
    pub fingerprint: u64,
}

/// Names of labels and annotations that an ExternalSecret put on its target, and has no more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leftover {
    /// Names of labels.
    pub labels: Vec<String>,
    /// Names of annotations.
    pub annotations: Vec<String>,
}

impl Marks {
    /// What an ExternalSecret puts on its target, but for what a template renders.
    pub fn wanted_by(object: &ExternalSecret, ownership: Ownership) -> Self {
        let target = object.spec.target.as_ref();
        let immutable = target.is_some_and(|target| target.immutable == Some(true));
        let Some(template) = target.and_then(|target| target.template.as_ref()) else {
            return Self { immutable, ..Self::of(&object.metadata, ownership) };
        };
        // With a template, nothing of the object's own is copied.
        let bare = ObjectMeta { labels: None, annotations: None, ..object.metadata.clone() };
        let finalizers = template.metadata.iter().flat_map(|metadata| metadata.finalizers.clone());
        Self {
            templated: true,
            secret_type: template.secret_type.clone().filter(|kind| !kind.is_empty()),
            finalizers: finalizers.collect(),
            immutable,
            ..Self::of(&bare, ownership)
        }
    }

    /// The same with what a template rendered. A name that is ours stays what we make of it.
    #[must_use]
    pub fn dressed(&self, dress: Option<&Dress>) -> Self {
        let mut dressed = self.clone();
        let Some(Dress { labels, annotations, fields: _ }) = dress else { return dressed };
        for (name, value) in labels.iter().filter(|(name, _)| !OUR_LABELS.contains(&name.as_str())) {
            dressed.labels.insert(name.clone(), value.clone());
        }
        for (name, value) in annotations.iter().filter(|(name, _)| *name != DATA_HASH_ANNOTATION) {
            dressed.annotations.insert(name.clone(), value.clone());
        }
        dressed
    }

    /// The marks of the ExternalSecret with this metadata, and without a template.
    pub fn of(metadata: &ObjectMeta, ownership: Ownership) -> Self {
        let name = metadata.name.as_deref().unwrap_or_default();
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let uid = metadata.uid.clone().unwrap_or_default();
        let owned = ownership == Ownership::Own;

        let mut labels = metadata.labels.clone().unwrap_or_default();
        labels.insert(MANAGED_LABEL.to_owned(), "true".to_owned());
        labels.remove(CREATED_BY_LABEL);
        if owned {
            labels.insert(CREATED_BY_LABEL.to_owned(), digest::of_text(&format!("{namespace}/{name}")));
        }
        let mut annotations = metadata.annotations.clone().unwrap_or_default();
        annotations.remove(DATA_HASH_ANNOTATION);
        Self {
            manager: field_manager(MANAGER_PREFIX, name),
            ownership,
            labels,
            annotations,
            owner: owned.then(|| owner_reference(name, &uid)),
            uid,
            templated: false,
            secret_type: None,
            finalizers: Vec::new(),
            immutable: false,
            hashed: true,
        }
    }

    /// What an object of the older group puts on its Secret, of which this is the same in newer words: what its template says
    /// and the owner, as its controller did, and nothing else. A Secret that this left behind needs no write.
    pub fn wanted_by_older(object: &ExternalSecret, ownership: Ownership) -> Self {
        let marks = Self::wanted_by(object, ownership);
        let name = object.metadata.name.as_deref().unwrap_or_default();
        let owner = marks.owner.map(|owner| OwnerReference {
            api_version: legacy::ExternalSecret::api_version(&()).into_owned(),
            block_owner_deletion: None,
            ..owner
        });
        Self {
            manager: field_manager(OLDER_MANAGER_PREFIX, name),
            labels: BTreeMap::new(),
            owner,
            hashed: false,
            ..marks
        }
    }

    /// What an object of the older group puts on a Secret that it fills besides its own: who filled it.
    pub fn wanted_by_fill(object: &ExternalSecret, ownership: Ownership) -> Self {
        let bare = ObjectMeta { labels: None, annotations: None, ..object.metadata.clone() };
        let marks = Self::of(&bare, ownership);
        let name = object.metadata.name.as_deref().unwrap_or_default();
        Self {
            manager: field_manager(OLDER_MANAGER_PREFIX, name),
            annotations: [(FILLED_BY.to_owned(), marks.uid.clone())].into(),
            ..marks
        }
    }

    /// Whether all of them are on an object. Whatever else is there is none of our business.
    pub fn are_on(&self, metadata: &ObjectMeta) -> bool {
        let labelled = metadata.labels.as_ref().is_some_and(|labels| labels.contains_key(CREATED_BY_LABEL));
        self.are_worn_by(metadata)
            && labelled == self.labels.contains_key(CREATED_BY_LABEL)
            && (!self.immutable || self.froze(metadata))
    }

    /// Whether all of them are on an object, whoever put them there.
    pub fn are_worn_by(&self, metadata: &ObjectMeta) -> bool {
        includes(metadata.labels.as_ref(), &self.labels)
            && includes(metadata.annotations.as_ref(), &self.annotations)
            && self.own(metadata) == self.owner.is_some()
            && has_all(metadata.finalizers.as_ref(), &self.finalizers)
    }

    /// Whether our field manager made an object immutable.
    pub fn froze(&self, metadata: &ObjectMeta) -> bool {
        fields(metadata, &self.manager).any(|fields| fields.get("f:immutable").is_some())
    }

    /// What our field manager put on an object for a template; `None` where there is no template.
    pub fn worn_by(&self, metadata: &ObjectMeta) -> Option<Box<Worn>> {
        if !self.templated {
            return None;
        }
        let mut names = Leftover {
            labels: written(metadata, &self.manager, "f:labels", metadata.labels.as_ref()),
            annotations: written(metadata, &self.manager, "f:annotations", metadata.annotations.as_ref()),
        };
        names.labels.retain(|name| !OUR_LABELS.contains(&name.as_str()));
        names.annotations.retain(|name| name != DATA_HASH_ANNOTATION);
        let value = |map: Option<&BTreeMap<String, String>>, name: &String| {
            map.and_then(|map| map.get(name)).cloned()
        };
        let fingerprint = fingerprint(
            names.labels.iter().map(|name| (name.clone(), value(metadata.labels.as_ref(), name))),
            names.annotations.iter().map(|name| (name.clone(), value(metadata.annotations.as_ref(), name))),
        );
        Some(Box::new(Worn { names, fingerprint }))
    }

    /// What is still to be done to an object that wears this: what it must lose, if anything; or nothing at all.
    pub fn differ_from(&self, worn: &Worn) -> Option<Leftover> {
        let pairs = |map: &BTreeMap<String, String>, ours: &[&str]| {
            let others = map.iter().filter(|(name, _)| !ours.contains(&name.as_str()));
            others.map(|(name, value)| (name.clone(), Some(value.clone()))).collect::<Vec<_>>()
        };
        let wanted =
            fingerprint(pairs(&self.labels, &OUR_LABELS), pairs(&self.annotations, &[DATA_HASH_ANNOTATION]));
        if wanted == worn.fingerprint {
            return None;
        }
        let mut leftover = worn.names.clone();
        leftover.labels.retain(|name| !self.labels.contains_key(name));
        leftover.annotations.retain(|name| !self.annotations.contains_key(name));
        Some(leftover)
    }

    /// What our field manager put on an object and is no mark any more; `None` where that is nothing.
    ///
    /// As in the original, what somebody else put there stays, and so does what they have changed since.
    pub fn left_on(&self, metadata: &ObjectMeta) -> Option<Box<Leftover>> {
        if self.templated {
            return None;
        }
        let mut leftover = Leftover {
            labels: written(metadata, &self.manager, "f:labels", metadata.labels.as_ref()),
            annotations: written(metadata, &self.manager, "f:annotations", metadata.annotations.as_ref()),
        };
        leftover.labels.retain(|name| !self.labels.contains_key(name));
        leftover
            .annotations
            .retain(|name| name != DATA_HASH_ANNOTATION && !self.annotations.contains_key(name));
        (leftover != Leftover::default()).then(|| Box::new(leftover))
    }

    /// Whether an object has an annotation that our field manager put there.
    pub fn annotated(&self, metadata: &ObjectMeta, name: &str) -> bool {
        let annotations = written(metadata, &self.manager, "f:annotations", metadata.annotations.as_ref());
        annotations.iter().any(|annotation| annotation == name)
    }

    /// Whether a label or an annotation of these is not among others.
    pub fn exceed(&self, others: &Self) -> bool {
        let has_more = |these: &BTreeMap<_, _>, others: &BTreeMap<_, _>| {
            these.keys().any(|name: &String| !others.contains_key(name))
        };
        has_more(&self.labels, &others.labels) || has_more(&self.annotations, &others.annotations)
    }

    /// Whether the ExternalSecret is the object's controller.
    pub fn own(&self, metadata: &ObjectMeta) -> bool {
        controller(metadata).is_some_and(|owner| owner.uid == self.uid)
    }
}

/// The owner that controls an object.
pub fn controller(metadata: &ObjectMeta) -> Option<&OwnerReference> {
    metadata.owner_references.iter().flatten().find(|owner| owner.controller == Some(true))
}

/// The field manager of a target's writes, for an ExternalSecret of this name.
fn field_manager(prefix: &str, name: &str) -> String {
    let plain = format!("{prefix}{name}");
    if plain.len() <= MANAGER_LENGTH {
        return plain;
    }
    format!("{prefix}sha3/{}", digest::of_text(name))
}

fn owner_reference(name: &str, uid: &str) -> OwnerReference {
    OwnerReference {
        api_version: ExternalSecret::api_version(&()).into_owned(),
        kind: ExternalSecret::kind(&()).into_owned(),
        name: name.to_owned(),
        uid: uid.to_owned(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

/// What a field manager wrote.
pub(crate) fn fields<'a>(metadata: &'a ObjectMeta, manager: &str) -> impl Iterator<Item = &'a Value> {
    let entries = metadata.managed_fields.iter().flatten();
    let ours = entries.filter(move |entry| entry.manager.as_deref() == Some(manager));
    ours.filter_map(|entry| entry.fields_v1.as_ref().map(|fields| &fields.0))
}

/// The names of these labels or annotations that a field manager wrote.
fn written(
    metadata: &ObjectMeta,
    manager: &str,
    field: &str,
    found: Option<&BTreeMap<String, String>>,
) -> Vec<String> {
    let ours: Vec<&Value> =
        fields(metadata, manager).filter_map(|fields| fields.get("f:metadata")?.get(field)).collect();
    let is_ours = |name: &&String| ours.iter().any(|fields| fields.get(format!("f:{name}")).is_some());
    found.into_iter().flat_map(BTreeMap::keys).filter(is_ours).cloned().collect()
}

/// Labels and annotations by name and value. It is the same in each process of one version, and kept in none.
fn fingerprint(
    labels: impl IntoIterator<Item = (String, Option<String>)>,
    annotations: impl IntoIterator<Item = (String, Option<String>)>,
) -> u64 {
    let (labels, annotations): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (labels.into_iter().collect(), annotations.into_iter().collect());
    let mut hasher = DefaultHasher::new();
    (labels, annotations).hash(&mut hasher);
    hasher.finish()
}

fn has_all(found: Option<&Vec<String>>, wanted: &[String]) -> bool {
    wanted.iter().all(|name| found.is_some_and(|found| found.contains(name)))
}

fn includes(found: Option<&BTreeMap<String, String>>, wanted: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(name, value)| found.and_then(|found| found.get(name)) == Some(value))
}

#[cfg(test)]
mod tests;
