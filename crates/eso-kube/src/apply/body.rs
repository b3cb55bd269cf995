//! The bodies of writes to Secrets: one of the few places where values leave this process.

use std::collections::{BTreeMap, BTreeSet};

use base64::{display::Base64Display, engine::general_purpose::STANDARD};
use eso_core::value::SecretBytes;
use eso_plan::{
    desired::{Entries, Ownership},
    digest::Digest,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::marks::{CREATED_BY_LABEL, DATA_HASH_ANNOTATION, Leftover, Marks};

/// A Secret to make, or a strategic merge patch of one that is there.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a> {
    api_version: &'static str,
    kind: &'static str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    secret_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    immutable: Option<bool>,
    metadata: Metadata<'a>,
    data: Data<'a>,
}

/// How a body treats the keys that it does not name.
#[derive(Clone, Copy)]
enum Others {
    Keep,
    Remove,
}

/// What a Secret holds before it is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// One entry at least.
    Something,
    /// No entry. There is no `data` then that could be replaced: the API server drops the whole of such a patch, the
    /// new entries with it.
    Nothing,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_version: Option<String>,
    labels: BTreeMap<&'a str, Option<&'a str>>,
    annotations: BTreeMap<&'a str, Option<&'a str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    owner_references: Vec<Owner<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    finalizers: &'a [String],
}

#[derive(Serialize)]
#[serde(untagged)]
enum Owner<'a> {
    Wanted(&'a OwnerReference),
    Unwanted {
        #[serde(rename = "$patch")]
        directive: &'static str,
        uid: &'a str,
    },
}

struct Data<'a> {
    others: Others,
    entries: &'a Entries,
    removed: BTreeSet<&'a str>,
}

/// The version of a Secret that a patch is meant for.
#[derive(Clone, Copy)]
pub(super) struct Version<'a> {
    pub(super) uid: &'a str,
    pub(super) version: u64,
    /// Whether the ExternalSecret controls it now.
    pub(super) owned: bool,
    /// What the ExternalSecret put on it, and has no more.
    pub(super) leftover: Option<&'a Leftover>,
}

impl<'a> Body<'a> {
    /// A new Secret that holds exactly these entries.
    pub(super) fn creation(
        name: &'a str,
        marks: &'a Marks,
        entries: &'a Entries,
        digest: &'a Digest,
    ) -> Self {
        let metadata = Metadata { name: Some(name), ..Metadata::new(marks, digest) };
        let data = Data { others: Others::Keep, entries, removed: BTreeSet::new() };
        let body = Self::new(metadata, marks, data);
        Self { secret_type: body.secret_type.or(Some("Opaque")), ..body }
    }

    /// Makes a Secret hold exactly these entries.
    pub(super) fn replacement(
        of: Version<'a>,
        marks: &'a Marks,
        held: Held,
        entries: &'a Entries,
        digest: &'a Digest,
    ) -> Self {
        let others = match held {
            Held::Something => Others::Remove,
            Held::Nothing => Others::Keep,
        };
        let data = Data { others, entries, removed: BTreeSet::new() };
        Self::new(Metadata::new(marks, digest).for_version(of, marks), marks, data)
    }

    /// Makes a Secret hold these entries among others, and no more those of `removed`.
    pub(super) fn addition(
        to: Version<'a>,
        marks: &'a Marks,
        entries: &'a Entries,
        removed: BTreeSet<&'a str>,
        digest: &'a Digest,
    ) -> Self {
        let data = Data { others: Others::Keep, entries, removed };
        Self::new(Metadata::new(marks, digest).for_version(to, marks), marks, data)
    }

    fn new(metadata: Metadata<'a>, marks: &'a Marks, data: Data<'a>) -> Self {
        Self {
            api_version: "v1",
            kind: "Secret",
            secret_type: marks.secret_type.as_deref(),
            immutable: marks.immutable.then_some(true),
            metadata,
            data,
        }
    }
}

impl<'a> Metadata<'a> {
    fn new(marks: &'a Marks, digest: &'a Digest) -> Self {
        let pairs =
            |map: &'a BTreeMap<String, String>| map.iter().map(|(name, value)| (&**name, Some(&**value)));
        let mut annotations: BTreeMap<_, _> = pairs(&marks.annotations).collect();
        if marks.hashed {
            annotations.insert(DATA_HASH_ANNOTATION, Some(digest.as_str()));
        }
        Self {
            name: None,
            uid: None,
            resource_version: None,
            labels: pairs(&marks.labels).collect(),
            annotations,
            owner_references: marks.owner.iter().map(Owner::Wanted).collect(),
            finalizers: &marks.finalizers,
        }
    }

    /// The same as a patch: the API server refuses it on any other version, and takes off what must not be there.
    fn for_version(mut self, of: Version<'a>, marks: &'a Marks) -> Self {
        self.uid = Some(of.uid);
        self.resource_version = Some(of.version.to_string());
        if let Some(Leftover { labels, annotations }) = of.leftover {
            self.labels.extend(labels.iter().map(|name| (&**name, None)));
            self.annotations.extend(annotations.iter().map(|name| (&**name, None)));
        }
        if marks.ownership != Ownership::Own {
            self.labels.insert(CREATED_BY_LABEL, None);
            if of.owned {
                self.owner_references.push(Owner::Unwanted { directive: "delete", uid: &marks.uid });
            }
        }
        self
    }
}

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.others {
            Others::Keep => {}
            Others::Remove => map.serialize_entry("$patch", "replace")?,
        }
        for (name, value) in self.entries {
            map.serialize_entry(name, &Encoded(value))?;
        }
        for name in &self.removed {
            map.serialize_entry(name, &None::<()>)?;
        }
        map.end()
    }
}

/// Values as they are set in the data of a Secret.
#[derive(Clone, Copy)]
pub(super) struct Values<'a>(pub(super) &'a Entries);

impl Values<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, Encoded(value))))
    }
}

/// Encodes a value straight into the body: no copy of it is left behind.
struct Encoded<'a>(&'a SecretBytes);

impl Serialize for Encoded<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(self.0.expose(), &STANDARD))
    }
}

#[cfg(test)]
mod tests;
