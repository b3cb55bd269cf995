//! Keys: of Vault as paths of its API, of parameters with a version behind them.

use super::{Malformed, Served};

/// The mounts that the keys of an object begin with: taken off them where it is one alone.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Mounts {
    /// The version of the KV engine, of Vault.
    pub(super) kv: Option<u8>,
    /// The one mount of all keys.
    pub(super) one: Option<String>,
}

/// A key as a store takes it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) key: String,
    pub(super) version: Option<String>,
}

/// The mounts of these keys of Vault, which stand at these fields.
pub(super) fn mounts<'a>(keys: impl Iterator<Item = (String, &'a str)>, kv: u8) -> Result<Mounts, Malformed> {
    let mut mounts = Vec::new();
    for (field, key) in keys {
        let (mount, _) = halves(key, kv, &field)?;
        if !mounts.contains(&mount) {
            mounts.push(mount);
        }
    }
    let one = if let [one] = mounts.as_slice() { Some((*one).to_owned()) } else { None };
    Ok(Mounts { kv: Some(kv), one })
}

/// A path of Vault's API as a mount and what is below it.
fn halves<'a>(key: &'a str, kv: u8, field: &str) -> Result<(&'a str, &'a str), Malformed> {
    let key = key.trim_matches('/');
    let (halves, shape) = match kv {
        1 => (key.split_once('/'), "MOUNT/PATH"),
        _ => (
            key.split_once("/data/"),
            "MOUNT/data/PATH; set kvVersion to 1 where that is the engine's version",
        ),
    };
    let halves = halves.filter(|(mount, path)| !mount.is_empty() && !path.is_empty());
    halves.ok_or_else(|| {
        Malformed(format!("{field} is no path of version {kv} of Vault's KV engine: write it as {shape}"))
    })
}

/// A key as the store takes it that is made for these mounts.
pub(super) fn key(text: &str, backend: Served, mounts: &Mounts, field: &str) -> Result<Key, Malformed> {
    if text.is_empty() {
        return Err(Malformed(format!("{field} is empty: name the value in the backend")));
    }
    match backend {
        Served::SecretsManager => Ok(Key { key: text.to_owned(), version: None }),
        Served::ParameterStore => Ok(parameter(text)),
        Served::Vault => {
            let (mount, path) = halves(text, mounts.kv.unwrap_or(2), field)?;
            let key = match mounts.one {
                Some(_) => path.to_owned(),
                None => format!("{mount}/{path}"),
            };
            Ok(Key { key, version: None })
        }
    }
}

/// `name`, `name:version` or `name:label`; an ARN has colons of its own before the name.
fn parameter(text: &str) -> Key {
    let name = text.starts_with("arn:").then(|| text.find(":parameter")).flatten().map_or(0, |at| at + 1);
    match text[name..].split_once(':') {
        Some((before, version)) if !version.is_empty() => {
            Key { key: text[..name + before.len()].to_owned(), version: Some(version.to_owned()) }
        }
        Some(_) | None => Key { key: text.to_owned(), version: None },
    }
}

#[cfg(test)]
mod tests;
