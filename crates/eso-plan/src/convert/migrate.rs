//! From manifests of `kubernetes-client.io/v1`, and of older versions of `external-secrets.io`, to those of
//! `external-secrets.io/v1`.
//!
//! What has no equivalent, or means something else afterwards, is a [`Remark`]. An object that cannot be said truly is not
//! said at all, and its remark tells why: nothing is dropped in silence, and nothing wrong is written.

mod engine;
mod group;
mod lost;
mod metadata;
mod store_name;
mod unknown;
mod version;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use eso_core::api::{external_secret::ExternalSecret, legacy, secret_store::ClusterSecretStore};
use serde_json::Value;

use super::legacy::Environment;
use version::Kind;

/// What becomes of a manifest.
#[derive(Clone, Debug)]
pub struct Migrated {
    /// Which object it is.
    pub object: ObjectName,
    /// What takes its place.
    pub newer: Newer,
    /// What is to be known about it.
    pub remarks: Vec<Remark>,
}

/// What takes the place of a manifest.
#[derive(Clone, Debug)]
pub enum Newer {
    /// What an object of `kubernetes-client.io` becomes.
    Parts(Box<Parts>),
    /// The same object, in the newer version.
    Object(Value),
    /// Nothing: it cannot be said truly, and a remark says why.
    Unwritten,
    /// Nothing: it is of none of these kinds.
    LeftOut,
}

/// What an object of `kubernetes-client.io` becomes.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The store. Two objects of a namespace that mean the same store have the same.
    pub store: ClusterSecretStore,
    /// The object of the same name.
    pub object: ExternalSecret,
    /// One for each Secret that the older object fills besides its own.
    pub fills: Vec<ExternalSecret>,
}

/// Something that has no equivalent, or means something else afterwards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// Of which object.
    pub object: ObjectName,
    /// Which field of it; empty where it is about all of it.
    pub field: String,
    /// What is to be known about it: a phrase without a full stop, which quotes no value.
    pub what: String,
}

/// An object, as people name it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectName {
    /// Its kind.
    pub kind: String,
    /// Its namespace; empty where it says none.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// What is known of the cluster, or of the files, that a manifest comes from.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// What the older controller was told.
    pub environment: &'a Environment,
    /// The annotations of the Namespaces that are known, by their names.
    pub namespaces: &'a BTreeMap<String, BTreeMap<String, String>>,
    /// The Secrets that are filled besides, or wait for it: by the namespace of who fills them, and their names.
    pub filled: &'a BTreeSet<(String, String)>,
    /// Whether these are all that there are.
    pub sees_all: bool,
    /// The class of the operator that stores are for; any, where none is said.
    pub class: Option<&'a str>,
    /// Whether objects are written whose Namespace binds them by annotations, which bind no newer ones.
    pub without_permits: bool,
}

/// What becomes of a manifest.
pub fn migrate(document: &Value, surroundings: &Surroundings<'_>) -> Migrated {
    let object = ObjectName::of(document);
    let (group, version) =
        document["apiVersion"].as_str().unwrap_or_default().split_once('/').unwrap_or_default();
    let mut remarks = Remarks { object: object.clone(), remarks: Vec::new() };
    let is_leaving = !document["metadata"]["deletionTimestamp"].is_null();
    let newer = match (group, version, Kind::named(&object.kind)) {
        (legacy::GROUP | eso_core::api::GROUP, _, _) if is_leaving => {
            remarks.unwritten("it is being deleted")
        }
        (legacy::GROUP, "v1", Some(Kind::ExternalSecret)) => {
            group::parts(document, surroundings, &mut remarks)
        }
        (eso_core::api::GROUP, "v1beta1", Some(kind)) => version::object(document, kind, false, &mut remarks),
        (eso_core::api::GROUP, "v1alpha1", Some(kind)) => version::object(document, kind, true, &mut remarks),
        (eso_core::api::GROUP | GENERATORS, _, _) => Newer::Object(document.clone()),
        _ => {
            remarks.all("it is of none of these groups, and is left out");
            Newer::LeftOut
        }
    };
    Migrated { object, newer, remarks: remarks.remarks }
}

/// The group of generators, whose manifests are as they should be.
const GENERATORS: &str = "generators.external-secrets.io";

/// The remarks on one object.
struct Remarks {
    object: ObjectName,
    remarks: Vec<Remark>,
}

impl Remarks {
    fn on(&mut self, field: impl Into<String>, what: impl Into<String>) {
        self.remarks.push(Remark { object: self.object.clone(), field: field.into(), what: what.into() });
    }

    /// On the whole object.
    fn all(&mut self, what: impl Into<String>) {
        self.on("", what);
    }

    /// On the whole object, which is not said.
    fn unwritten(&mut self, why: impl fmt::Display) -> Newer {
        self.all(format!("it is not written: {why}"));
        Newer::Unwritten
    }
}

impl ObjectName {
    /// That of a manifest.
    pub fn of(document: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &document["metadata"];
        Self {
            kind: text(&document["kind"]),
            namespace: text(&metadata["namespace"]),
            name: text(&metadata["name"]),
        }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, namespace, name } = self;
        match namespace.is_empty() {
            true => write!(f, "{kind} {name}"),
            false => write!(f, "{kind} {namespace}/{name}"),
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { object, field, what } = self;
        match field.is_empty() {
            true => write!(f, "{object}: {what}"),
            false => write!(f, "{object}: {field}: {what}"),
        }
    }
}

#[cfg(test)]
mod tests;
