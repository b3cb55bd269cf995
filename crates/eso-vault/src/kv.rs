//! The KV engine: from a remote key to a path that cannot leave its mount, and from an answer to a document.

use std::{collections::HashMap, fmt};

use eso_core::{
    api::vault::KvVersion,
    key::{RemoteKey, Version},
    provider::{Fetched, Value},
    value::SecretBytes,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::http::Reply;

/// A KV engine, as a store names it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Engine {
    version: KvVersion,
    mount: Option<Path>,
}

/// Where a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) mount: Path,
    pub(crate) path: Path,
    pub(crate) version: KvVersion,
    /// Whether the key chose the mount.
    chosen: bool,
}

/// Where to look for values: a mount, and a folder in it, which is empty or ends in a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folder {
    pub(crate) mount: Path,
    pub(crate) path: String,
    pub(crate) version: KvVersion,
    /// Whether the query chose the mount: keys then begin with it.
    pub(crate) chosen: bool,
}

/// Segments that lead down, joined by `/`: none is empty, none leads up, and none is read as anything else by a server
/// or a proxy on the way. rustify encodes each as it must be in a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path(String);

/// Why a path is refused before a server is asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PathError {
    #[error("the key names no value below the mount")]
    Empty,
    #[error("a path must have no empty segment (//)")]
    EmptySegment,
    #[error("a path must have no . or .. segment")]
    Dots,
    #[error("a path must have no encoded dot, slash, backslash or null in it: write it plain")]
    Encoded,
    #[error("a path must have no {0:?} in it")]
    Character(char),
    #[error("{0}/ belongs to Vault itself and is no KV mount")]
    Reserved(String),
    #[error("the key must begin with the mount, because the store has no path")]
    NoMount,
    #[error("find.path must begin with the mount, because the store has no path")]
    NoMountToSearch,
}

/// Why an answer gives no document.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoDocument {
    /// The store says that the value is gone.
    #[error("the value is deleted")]
    Deleted,
    /// The words are the original's.
    #[error("failed to find data field: is the mount of another KV version than the store says?")]
    NoData,
    /// Not Vault's JSON.
    #[error("an answer that is not understood: is there a Vault at this address, and is it https or http?")]
    NotUnderstood,
}

/// What Vault keeps for itself in each of its namespaces, and what no key must reach: `auth/token/lookup-self` would
/// answer with the store's own token.
const RESERVED: [&str; 4] = ["auth", "cubbyhole", "identity", "sys"];

impl Engine {
    /// `mount` is the store's path; `/data` at the end of it, as many write for version 2, is left out.
    pub(crate) fn new(version: KvVersion, mount: Option<&str>) -> Result<Self, PathError> {
        let mount = mount.map(|mount| mount.trim_matches('/')).filter(|mount| !mount.is_empty());
        let mount = match version {
            KvVersion::V1 => mount,
            KvVersion::V2 => mount.map(|mount| mount.strip_suffix("/data").unwrap_or(mount)),
        };
        Ok(Self { version, mount: mount.map(Path::of_mount).transpose()? })
    }

    /// The mount, where the store names one.
    pub(crate) fn mount(&self) -> Option<&Path> {
        self.mount.as_ref()
    }

    /// Where the value of a key is, by the original's rules.
    pub(crate) fn locate(&self, key: &RemoteKey) -> Result<Location, PathError> {
        let (mount, path) = match &self.mount {
            Some(mount) => (mount.clone(), Path::new(self.below(mount, key.as_str()))?),
            None => self.split(key.as_str())?,
        };
        Ok(Location { mount, path, version: self.version, chosen: self.mount.is_none() })
    }

    /// Where values are looked for below a path; the original takes it as it is, and cuts no mount from it.
    pub(crate) fn folder(&self, path: Option<&str>) -> Result<Folder, PathError> {
        let path = path.map(|path| path.trim_matches('/')).filter(|path| !path.is_empty());
        let (mount, below, chosen) = match (&self.mount, path) {
            (Some(mount), path) => (mount.clone(), path.unwrap_or_default(), false),
            (None, None) => return Err(PathError::NoMountToSearch),
            (None, Some(path)) => {
                let (mount, below) = self.halves(path).unwrap_or((path, ""));
                (Path::of_mount(mount)?, below, true)
            }
        };
        let path = match below {
            "" => String::new(),
            below => format!("{}/", Path::new(below)?.0),
        };
        Ok(Folder { mount, path, version: self.version, chosen })
    }

    /// The shortest key of a location: every key that leads there has this one.
    pub(crate) fn canonical(&self, location: &Location) -> RemoteKey {
        match self.mount {
            Some(_) => RemoteKey::from(location.path.as_str()),
            None => Self::place(location),
        }
    }

    /// The mount and what is below it: all keys that lead there have this in common, through whichever store.
    pub(crate) fn place(location: &Location) -> RemoteKey {
        RemoteKey::from(format!("{}/{}", location.mount.as_str(), location.path.as_str()))
    }

    /// Where the original's releases up to 2.9 keep what is beside the value of this key under version 2: below the mount,
    /// with the mount once more. `None` where that is where it belongs.
    pub(crate) fn former(&self, key: &RemoteKey) -> Option<Location> {
        let mount = self.mount.as_ref().filter(|_| self.version == KvVersion::V2)?;
        if self.below(mount, key.as_str()) == key.as_str() {
            return None;
        }
        let path = Path::new(key.as_str()).ok()?;
        Some(Location { mount: mount.clone(), path, version: self.version, chosen: false })
    }

    /// The key without the mount, and under version 2 without the `data` after it, which people copy from Vault's API.
    fn below<'key>(&self, mount: &Path, key: &'key str) -> &'key str {
        let cut = key.strip_prefix(mount.as_str()).and_then(|rest| rest.strip_prefix('/'));
        match (cut, self.version) {
            (None, _) => key,
            (Some(rest), KvVersion::V1) => rest,
            (Some(rest), KvVersion::V2) => rest.strip_prefix("data/").unwrap_or(rest),
        }
    }

    /// A key that begins with its mount: up to `/data/` where that is in it, else its first segment.
    fn split(&self, key: &str) -> Result<(Path, Path), PathError> {
        let Path(whole) = Path::new(key)?;
        let (mount, path) = self.halves(&whole).ok_or(PathError::NoMount)?;
        Ok((Path::of_mount(mount)?, Path::new(path)?))
    }

    fn halves<'path>(&self, whole: &'path str) -> Option<(&'path str, &'path str)> {
        match self.version {
            KvVersion::V1 => whole.split_once('/'),
            KvVersion::V2 => whole.split_once("/data/").or_else(|| whole.split_once('/')),
        }
    }
}

impl Path {
    /// Checks a path. One slash before it and one behind it mean nothing, as in the original.
    pub(crate) fn new(text: &str) -> Result<Self, PathError> {
        let text = text.strip_prefix('/').unwrap_or(text);
        let text = text.strip_suffix('/').unwrap_or(text);
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        text.split('/').try_for_each(check_segment)?;
        Ok(Self(text.to_owned()))
    }

    fn of_mount(text: &str) -> Result<Self, PathError> {
        let path = Self::new(text)?;
        let first = path.0.split('/').next().filter(|first| RESERVED.contains(first));
        first.map_or(Ok(()), |first| Err(PathError::Reserved(first.to_owned())))?;
        Ok(path)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a key can say what is listed by this name, behind which a folder has a slash.
pub(crate) fn can_be_said(name: &str) -> bool {
    let segment = name.strip_suffix('/').unwrap_or(name);
    !segment.contains('/') && check_segment(segment).is_ok()
}

fn check_segment(segment: &str) -> Result<(), PathError> {
    let lower = segment.to_ascii_lowercase();
    let forbidden = |character: &char| "?#\\".contains(*character) || character.is_control();
    match segment {
        "" => Err(PathError::EmptySegment),
        "." | ".." => Err(PathError::Dots),
        _ if ["%2e", "%2f", "%5c", "%00"].iter().any(|code| lower.contains(code)) => Err(PathError::Encoded),
        _ => segment.chars().find(forbidden).map_or(Ok(()), |character| Err(PathError::Character(character))),
    }
}

impl Location {
    /// Where what is known about the value is, under version 2.
    pub(crate) fn beside(&self) -> String {
        format!("{}/metadata/{}", self.mount.as_str(), self.path.as_str())
    }

    /// Whether only the server can say that this leads to a KV mount: the key chose the mount, or there is a word of
    /// Vault's own in it, and all that comes before may be a Vault namespace.
    pub(crate) fn is_doubtful(&self) -> bool {
        let segments = || self.mount.0.split('/').chain(self.path.0.split('/'));
        self.chosen || segments().any(|segment| RESERVED.contains(&segment))
    }
}

impl Folder {
    /// A value by its path below the mount.
    pub(crate) fn location(&self, path: &str) -> Result<Location, PathError> {
        Ok(Location {
            mount: self.mount.clone(),
            path: Path::new(path)?,
            version: self.version,
            chosen: self.chosen,
        })
    }

    /// What the value at a path below the mount is asked for by.
    pub(crate) fn key(&self, path: &str) -> String {
        match self.chosen {
            true => format!("{}/{path}", self.mount.as_str()),
            false => path.to_owned(),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = match self.version {
            KvVersion::V1 => "",
            KvVersion::V2 => "data/",
        };
        write!(f, "{}/{data}{}", self.mount.as_str(), self.path.as_str())
    }
}

/// A version as KV v2 counts them; `None` where the text is no such number.
pub(crate) fn version_number(version: &Version) -> Option<u64> {
    version.as_str().parse().ok()
}

#[derive(Deserialize)]
struct Metadata {
    version: u64,
}

type Fields<'body> = HashMap<String, &'body RawValue>;

/// The document in a successful answer: the very text that the store sent.
pub(crate) fn document(version: KvVersion, reply: &Reply) -> Result<Fetched, NoDocument> {
    let fields: Fields<'_> = reply.parse().ok_or(NoDocument::NotUnderstood)?;
    let data = fields.get("data").ok_or(NoDocument::NotUnderstood)?;
    // Not an absence, though the original takes version 1's for one: Vault says 404 to what is not there.
    if data.get() == "null" {
        return Err(NoDocument::NoData);
    }
    match version {
        KvVersion::V1 => object(data),
        KvVersion::V2 => versioned(data),
    }
}

fn versioned(data: &RawValue) -> Result<Fetched, NoDocument> {
    let fields: Fields<'_> = serde_json::from_str(data.get()).map_err(|_| NoDocument::NotUnderstood)?;
    let data = fields.get("data").ok_or(NoDocument::NoData)?;
    let fetched = if data.get() == "null" { Err(NoDocument::Deleted) } else { object(data) }?;
    let metadata = fields.get("metadata").and_then(|metadata| serde_json::from_str(metadata.get()).ok());
    Ok(match metadata {
        Some(Metadata { version }) => fetched.at_version(version.to_string()),
        None => fetched,
    })
}

fn object(data: &RawValue) -> Result<Fetched, NoDocument> {
    match data.get() {
        text if text.starts_with('{') => Ok(Fetched::new(Value::Document(SecretBytes::from(text)))),
        _ => Err(NoDocument::NotUnderstood),
    }
}

#[cfg(test)]
mod tests;
