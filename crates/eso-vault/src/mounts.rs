//! What is known of a server's mounts: which are KV at all, and which of those are version 2.
//!
//! Vault routes a path by rules of its own, with its namespaces as prefixes of any depth, so only Vault can say where a
//! key leads that chooses its mount. And only on version 2 is "nothing there" the word of a value: a version 1 mount
//! answers the same to a version 2 question whatever it holds, and must not empty a Secret by it.

use std::collections::{HashMap, HashSet};

use eso_core::api::vault::KvVersion;
use parking_lot::Mutex;
use rustify_derive::Endpoint;
use serde::Deserialize;

use crate::{http::Reply, kv::Location};

/// The mounts that one store has learnt about. It forgets nothing: a mount that is replaced by another engine is seen
/// when the store connects anew.
#[derive(Debug)]
pub(crate) struct Mounts {
    /// The store's Vault namespace with a slash at the end, or nothing.
    namespace: String,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Mounts of version 2, as the store names them.
    versioned: HashSet<String>,
    /// Mounts of KV, as the server names them, with a slash at the end.
    kv: HashMap<String, KvVersion>,
}

/// Why a place is not read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoKv {
    /// Vault's own, or another engine: reading there may mint credentials, or show the store's own token.
    #[error(
        "the key leads out of KV: only a KV mount is read, so begin the key with one, or set the store's path"
    )]
    OtherEngine,
    /// The store does not say which version its mount is, so it means KV.
    #[error("path leads to no KV mount")]
    ForeignPath,
    /// There is nothing to go by.
    #[error("the server does not say what is mounted there: set the store's path")]
    Unknown,
}

impl Mounts {
    /// Knows nothing yet of the mounts in this Vault namespace, and in those below it.
    pub(crate) fn new(namespace: Option<&str>) -> Self {
        let namespace = namespace.map(|namespace| namespace.trim_matches('/')).unwrap_or_default();
        let slash = if namespace.is_empty() { "" } else { "/" };
        Self { namespace: format!("{namespace}{slash}"), known: Mutex::default() }
    }

    /// Notes that a mount answers as version 2 does.
    pub(crate) fn note_versioned(&self, mount: &str) {
        let mut known = self.known.lock();
        if !known.versioned.contains(mount) {
            known.versioned.insert(mount.to_owned());
        }
    }

    /// Whether a mount is known to be of version 2.
    pub(crate) fn are_versioned(&self, mount: &str) -> bool {
        self.known.lock().versioned.contains(mount)
    }

    /// Whether the server must be asked what is mounted at a location before it is read.
    ///
    /// No mount is below another one, so what was learnt of one holds for all that is below it.
    pub(crate) fn doubt(&self, location: &Location) -> bool {
        location.is_doubtful() && self.version_at(location).is_none()
    }

    /// Of which version the KV mount is that a location leads to, where the server has said so.
    pub(crate) fn version_at(&self, location: &Location) -> Option<KvVersion> {
        let place = location.to_string();
        let known = self.known.lock();
        known.kv.iter().find(|(mount, _)| place.starts_with(mount.as_str())).map(|(_, version)| *version)
    }

    /// Learns from the server's successful answer what is mounted at a location, and fails where that is not KV.
    pub(crate) fn learn(&self, location: &Location, reply: &Reply) -> Result<(), NoKv> {
        let mount = reply.parse::<Answer>().ok_or(NoKv::Unknown)?.data;
        let path = mount.path.as_ref().filter(|_| mount.engine.is_some()).ok_or(NoKv::Unknown)?;
        let place = self.leading_to(location, path).filter(|_| mount.is_kv()).ok_or(NoKv::OtherEngine)?;
        self.known.lock().kv.insert(place.to_owned(), mount.version());
        Ok(())
    }

    /// A mount's path, which ends in a slash, where it is the one that a location begins with. Vault tells it from the
    /// root where the mount is in a namespace below the store's.
    fn leading_to<'path>(&self, location: &Location, path: &'path str) -> Option<&'path str> {
        let place = location.to_string();
        let candidates = [Some(path), path.strip_prefix(&self.namespace)];
        candidates.into_iter().flatten().find(|path| path.ends_with('/') && place.starts_with(path))
    }
}

/// The question that Vault's own command line asks before it reads a value; any token that may read below a mount may
/// ask it about that mount, and about any path there.
#[derive(Debug, Endpoint)]
#[endpoint(path = "sys/internal/ui/mounts/{self.path}")]
pub(crate) struct MountRequest {
    #[endpoint(skip)]
    pub(crate) path: String,
}

#[derive(Deserialize)]
struct Answer {
    data: Mount,
}

#[derive(Deserialize)]
struct Mount {
    path: Option<String>,
    #[serde(rename = "type")]
    engine: Option<String>,
    options: Option<Options>,
}

#[derive(Deserialize)]
struct Options {
    version: Option<String>,
}

/// Whether the answer says that the mount is of another version than 2. `false` where it says nothing: an old server,
/// or a policy that keeps the question from being answered.
pub(crate) fn is_another_version(reply: &Reply) -> bool {
    mount(reply).is_some_and(|mount| mount.version() != KvVersion::V2)
}

/// Which version of KV the answer says that a mount is: `None` where it says nothing, and a failure where the mount is
/// no KV.
pub(crate) fn version_of(reply: &Reply) -> Result<Option<KvVersion>, NoKv> {
    match mount(reply) {
        None => Ok(None),
        Some(mount) if mount.is_kv() => Ok(Some(mount.version())),
        Some(_) => Err(NoKv::ForeignPath),
    }
}

fn mount(reply: &Reply) -> Option<Mount> {
    reply.parse::<Answer>().filter(|_| reply.is_success()).map(|answer| answer.data)
}

impl Mount {
    fn is_kv(&self) -> bool {
        // `generic` is what Vault called version 1 before it had a second.
        matches!(self.engine.as_deref(), Some("kv" | "generic"))
    }

    fn version(&self) -> KvVersion {
        match self.options.as_ref().and_then(|options| options.version.as_deref()) {
            Some("2") => KvVersion::V2,
            Some(_) | None => KvVersion::V1,
        }
    }
}

#[cfg(test)]
mod tests;
