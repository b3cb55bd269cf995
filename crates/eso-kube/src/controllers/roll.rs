//! Names that a watch tells, so that those are known that went while it was broken.

use std::collections::BTreeSet;

use eso_core::api::push_secret::PushSecret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use parking_lot::Mutex;

use super::cluster::Roster;
use crate::watch::{Item, Watched};

/// Namespace and name.
pub(super) type Name = (String, String);

/// Names that were told, and those of them that a list has not shown yet.
#[derive(Debug, Default)]
pub(super) struct Roll {
    told: BTreeSet<Name>,
    unlisted: BTreeSet<Name>,
}

impl Roll {
    /// A list begins.
    pub(super) fn begin(&mut self) {
        self.unlisted = self.told.clone();
    }

    /// One is there.
    pub(super) fn meet(&mut self, name: Name) {
        self.unlisted.remove(&name);
        self.told.insert(name);
    }

    /// One is gone.
    pub(super) fn lose(&mut self, name: &Name) {
        self.unlisted.remove(name);
        self.told.remove(name);
    }

    /// The list has ended: gives those that it did not show.
    pub(super) fn end(&mut self) -> BTreeSet<Name> {
        let gone = std::mem::take(&mut self.unlisted);
        self.told.retain(|name| !gone.contains(name));
        gone
    }

    /// Whether it is there.
    pub(super) fn contains(&self, name: &Name) -> bool {
        self.told.contains(name)
    }
}

/// The names of the PushSecrets that are there.
#[derive(Debug, Default)]
pub(super) struct PushSecretNames(Mutex<Roll>);

impl Roster for PushSecretNames {
    fn contains(&self, namespace: &str, name: &str) -> bool {
        self.0.lock().contains(&(namespace.to_owned(), name.to_owned()))
    }
}

impl Watched<Item<PushSecret>> for PushSecretNames {
    fn begin(&self) {
        self.0.lock().begin();
    }

    fn meet(&self, object: Item<PushSecret>) {
        self.0.lock().meet(name_of(object.metadata()));
    }

    fn lose(&self, object: Item<PushSecret>) {
        self.0.lock().lose(&name_of(object.metadata()));
    }

    fn end(&self) {
        self.0.lock().end();
    }
}

/// The name of an object.
pub(super) fn name_of(metadata: &ObjectMeta) -> Name {
    (metadata.namespace.clone().unwrap_or_default(), metadata.name.clone().unwrap_or_default())
}

#[cfg(test)]
mod tests;
