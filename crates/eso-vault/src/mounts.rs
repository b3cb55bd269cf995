//! Which mounts are known to be KV version 2: only there is Vault's "nothing there" the word of a value.
//!
//! A version 1 mount answers the same to a version 2 question whatever it holds, and must not empty a Secret by it.

use std::collections::HashSet;

use parking_lot::Mutex;
use rustify_derive::Endpoint;
use serde::Deserialize;

use crate::http::Reply;

/// The mounts of one store that are known to be of version 2, by their paths.
#[derive(Debug, Default)]
pub(crate) struct Mounts(Mutex<HashSet<String>>);

impl Mounts {
    pub(crate) fn note(&self, mount: &str) {
        let mut known = self.0.lock();
        if !known.contains(mount) {
            known.insert(mount.to_owned());
        }
    }

    pub(crate) fn knows(&self, mount: &str) -> bool {
        self.0.lock().contains(mount)
    }
}

/// The question that Vault's own pages ask about a mount; any token that may read below the mount may ask it.
#[derive(Debug, Endpoint)]
#[endpoint(path = "sys/internal/ui/mounts/{self.mount}")]
pub(crate) struct MountRequest {
    #[endpoint(skip)]
    pub(crate) mount: String,
}

#[derive(Deserialize)]
struct Answer {
    data: Mount,
}

#[derive(Deserialize)]
struct Mount {
    options: Option<Options>,
}

#[derive(Deserialize)]
struct Options {
    version: Option<String>,
}

/// Whether the answer says that the mount is of another version than 2. `false` where it says nothing: an old server,
/// or a policy that keeps the question from being answered.
pub(crate) fn is_another_version(reply: &Reply) -> bool {
    let answer = reply.parse::<Answer>().filter(|_| reply.is_success());
    answer
        .is_some_and(|answer| answer.data.options.and_then(|options| options.version).as_deref() != Some("2"))
}

#[cfg(test)]
mod tests;
