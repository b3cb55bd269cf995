//! `data`, `dataFrom` and `dataFromWithOptions`: what they ask for, in newer words, and in which order they win.

use std::collections::BTreeSet;

use eso_core::{
    api::{
        external_secret::{
            self as newer, DataFrom, DecodingStrategy, Find, FindName, RemoteRef, Rewrite, RewriteRegexp,
        },
        legacy::{Data, DataFromWithOptions, ExternalSecretSpec},
    },
    key::{RemoteKey, Version},
};

use super::{
    Malformed, Note, Served,
    keys::{self, Mounts},
    path,
};
use crate::desired::Origin;

/// The stage that is read where none is named.
const CURRENT: &str = "AWSCURRENT";

/// A Secret that is filled with the members of a value, where it is there, and empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fill {
    /// Its name, in the namespace of the object.
    pub secret: String,
    /// Where the value is.
    pub key: RemoteKey,
    /// Its version; `None` is the newest.
    pub version: Option<Version>,
}

/// Where in an object an entry stands, and where in the newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// In the older one.
    pub(super) origin: Origin,
    /// In the newer one: in `data`, or in `dataFrom`.
    at: At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Data(usize),
    DataFrom(usize),
}

impl Place {
    /// Which of the entries of the newer object it is, where so many are of `dataFrom`, which come first.
    pub(super) fn index(&self, many: usize) -> usize {
        match self.at {
            At::Data(index) => many + index,
            At::DataFrom(index) => index,
        }
    }
}

/// The entries of an object, in the order in which later ones win.
#[derive(Debug, Default)]
pub(super) struct Built {
    items: Vec<(Origin, Item)>,
}

#[derive(Debug)]
enum Item {
    Single(newer::Data),
    Many(DataFrom),
}

impl Built {
    /// The names of the keys that are known before anything is read.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        self.singles().map(|data| data.secret_key.as_str()).collect()
    }

    /// Whether there are more keys than these, whatever they are called.
    pub(super) fn has_others(&self) -> bool {
        self.items.iter().any(|(_, item)| matches!(item, Item::Many(_)))
    }

    /// `dataFrom` and `data` of the newer object, and where their entries stand in the older one.
    pub(super) fn into_parts(self) -> (Vec<DataFrom>, Vec<newer::Data>, Vec<Place>) {
        let (mut many, mut single, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (origin, item) in self.items {
            let at = match item {
                Item::Single(data) => {
                    single.push(data);
                    At::Data(single.len() - 1)
                }
                Item::Many(from) => {
                    many.push(from);
                    At::DataFrom(many.len() - 1)
                }
            };
            places.push(Place { origin, at });
        }
        (many, single, places)
    }

    fn singles(&self) -> impl Iterator<Item = &newer::Data> {
        self.items.iter().filter_map(|(_, item)| match item {
            Item::Single(data) => Some(data),
            Item::Many(_) => None,
        })
    }
}

/// All keys of an object, and the fields where they stand.
pub(super) fn keys(spec: &ExternalSecretSpec) -> Vec<(String, &str)> {
    let from = spec.data_from.iter().flatten().map(String::as_str);
    let with_options = spec.data_from_with_options.iter().flatten().map(|from| from.key.as_str());
    let data = spec.data.iter().flatten().enumerate();
    let data = data.filter_map(|(index, data)| Some((field(index, "key"), data.key.as_deref()?)));
    let from = from.enumerate().map(|(index, key)| (format!("spec.dataFrom[{index}]"), key));
    let with_options =
        with_options.enumerate().map(|(index, key)| (format!("spec.dataFromWithOptions[{index}].key"), key));
    from.chain(with_options).chain(data).collect()
}

/// The Secrets that an object fills besides its own: one for each entry that is a whole value.
pub(super) fn fills(built: &Built, own: &str) -> Vec<Fill> {
    let whole = built.singles().filter(|data| {
        let remote = &data.remote_ref;
        remote.property.is_none() && remote.decoding_strategy.is_none() && data.secret_key != own
    });
    let named = whole.filter(|data| super::super::cluster::named("", &data.secret_key).is_ok());
    named
        .map(|newer::Data { secret_key, remote_ref, .. }| Fill {
            secret: secret_key.clone(),
            key: RemoteKey::from(remote_ref.key.as_str()),
            version: remote_ref.version.clone().map(Version::from),
        })
        .collect()
}

/// What the entries of an object ask for.
pub(super) fn entries(
    spec: &ExternalSecretSpec,
    backend: Served,
    mounts: &Mounts,
    notes: &mut Vec<Note>,
) -> Result<Built, Malformed> {
    let mut reader = Reader { backend, mounts, notes, built: Built::default() };
    spec.data_from.iter().flatten().enumerate().try_for_each(|(index, key)| reader.members(index, key))?;
    let before = reader.built.items.len();
    let with_options = spec.data_from_with_options.iter().flatten().enumerate();
    with_options.into_iter().try_for_each(|(index, from)| reader.members_at_version(before, index, from))?;
    let data: Vec<&Data> = spec.data.iter().flatten().collect();
    (0..data.len()).try_for_each(|index| reader.data(&data, index))?;
    match reader.built.items.is_empty() {
        true => Err(Malformed(
            "spec asks for nothing: name keys in data, dataFrom or dataFromWithOptions".to_owned(),
        )),
        false => Ok(reader.built),
    }
}

struct Reader<'a> {
    backend: Served,
    mounts: &'a Mounts,
    notes: &'a mut Vec<Note>,
    built: Built,
}

impl Reader<'_> {
    fn members(&mut self, index: usize, key: &str) -> Result<(), Malformed> {
        let remote = self.remote(key, &format!("spec.dataFrom[{index}]"))?;
        self.extract(index, remote);
        Ok(())
    }

    fn members_at_version(
        &mut self,
        before: usize,
        index: usize,
        from: &DataFromWithOptions,
    ) -> Result<(), Malformed> {
        let DataFromWithOptions { key, is_binary, version_stage, version_id } = from;
        let field = format!("spec.dataFromWithOptions[{index}]");
        if *is_binary == Some(true) {
            let says = "it has no effect, as it never had: the members of an object are stored as they are";
            self.notes.push(Note::no_effect(format!("{field}.isBinary"), says));
        }
        let mut remote = self.remote(key, &format!("{field}.key"))?;
        self.put_version(&mut remote, version_stage.as_deref(), version_id.as_deref(), &field);
        self.extract(before + index, remote);
        Ok(())
    }

    fn extract(&mut self, index: usize, remote: RemoteRef) {
        let from = DataFrom { extract: Some(remote), ..DataFrom::default() };
        self.built.items.push((Origin::Extract(index), Item::Many(from)));
    }

    fn data(&mut self, all: &[&Data], index: usize) -> Result<(), Malformed> {
        let data = all[index];
        self.note_others(data, index);
        match (&data.key, &data.name, &data.path) {
            (Some(key), Some(name), None) => {
                let later = all.iter().skip(index + 1).position(|later| later.name.as_ref() == Some(name));
                match later {
                    Some(later) => {
                        let says = format!("spec.data[{}] has the same name, and wins", index + 1 + later);
                        self.notes.push(Note::no_effect(format!("spec.data[{index}]"), says));
                        Ok(())
                    }
                    None => self.single(data, index, key, name),
                }
            }
            (_, _, Some(path)) => self.path(data, index, path),
            (_, _, None) => Err(Malformed(format!("spec.data[{index}] needs key and name, or path"))),
        }
    }

    fn single(&mut self, data: &Data, index: usize, key: &str, name: &str) -> Result<(), Malformed> {
        let mut remote = self.remote(key, &field(index, "key"))?;
        let at = format!("spec.data[{index}]");
        self.put_version(&mut remote, data.version_stage.as_deref(), data.version_id.as_deref(), &at);
        if let Some(property) = &data.property {
            let said = path::property(property);
            let said = said.ok_or_else(|| {
                Malformed(format!("{} has an empty name in it: name each part", field(index, "property")))
            })?;
            remote.property = Some(said);
        } else if self.backend == Served::Vault {
            let says =
                "the whole secret is written as JSON with <, > and & escaped (\\u003c), and names sorted";
            self.notes.push(Note::newer(at, says));
        }
        if data.is_binary == Some(true) {
            remote.decoding_strategy = Some(DecodingStrategy::Base64);
            let says =
                "the value must be standard base64 with padding; one that the store keeps as bytes is none";
            self.notes.push(Note::newer(field(index, "isBinary"), says));
        }
        let data = newer::Data { secret_key: name.to_owned(), remote_ref: remote, source_ref: None };
        self.built.items.push((Origin::Data(index), Item::Single(data)));
        Ok(())
    }

    /// Each parameter below a path, by the last part of its name.
    fn path(&mut self, data: &Data, index: usize, path: &str) -> Result<(), Malformed> {
        let at = field(index, "path");
        if self.backend != Served::ParameterStore {
            return Err(Malformed(format!(
                "{at} is of systemManager alone: name keys of {}",
                self.backend.as_str()
            )));
        }
        if !path.starts_with('/') {
            return Err(Malformed(format!("{at} must begin with /")));
        }
        if self.built.singles().next().is_some() {
            let says = "keys of data win over those of a path, also where they stand before it";
            self.notes.push(Note::newer(at, says));
        }
        let below = path.trim_end_matches('/');
        let rest = if data.recursive == Some(true) { "/" } else { "/[^/]+$" };
        let regexp = format!("^{}{rest}", quoted(below));
        let find = Find {
            path: Some(if below.is_empty() { "/".to_owned() } else { below.to_owned() }),
            name: Some(FindName { regexp: Some(regexp) }),
            ..Find::default()
        };
        let last_part = RewriteRegexp { source: "^.*/".to_owned(), target: String::new() };
        let rewrite = vec![Rewrite { regexp: Some(last_part), ..Rewrite::default() }];
        let from = DataFrom { find: Some(find), rewrite, ..DataFrom::default() };
        self.built.items.push((Origin::Data(index), Item::Many(from)));
        Ok(())
    }

    fn remote(&self, key: &str, field: &str) -> Result<RemoteRef, Malformed> {
        let keys::Key { key, version } = keys::key(key, self.backend, self.mounts, field)?;
        Ok(RemoteRef { key, version, ..RemoteRef::default() })
    }

    /// An id wins over a stage; the current stage is what is read anyway.
    fn put_version(&mut self, remote: &mut RemoteRef, stage: Option<&str>, id: Option<&str>, field: &str) {
        match (self.backend, stage, id) {
            (Served::SecretsManager, _, Some(id)) if !id.is_empty() => {
                remote.version = Some(format!("uuid/{id}"))
            }
            (Served::SecretsManager, Some(stage), _) if !stage.is_empty() && stage != CURRENT => {
                remote.version = Some(stage.to_owned());
            }
            (Served::SecretsManager, _, _) => {}
            (Served::ParameterStore | Served::Vault, stage, id) => {
                for (name, is_said) in [("versionStage", stage.is_some()), ("versionId", id.is_some())] {
                    if is_said {
                        self.foreign(format!("{field}.{name}"));
                    }
                }
            }
        }
    }

    /// What an entry says of another backend, or of another sort of entry.
    fn note_others(&mut self, data: &Data, index: usize) {
        let is_path = data.path.is_some();
        let foreign = [("secretType", data.secret_type.is_some()), ("version", data.version.is_some())];
        let of_keys = [
            ("name", data.name.is_some()),
            ("property", data.property.is_some()),
            ("isBinary", data.is_binary == Some(true)),
        ];
        for (name, _) in foreign.iter().filter(|(_, is_said)| *is_said) {
            self.foreign(field(index, name));
        }
        for (name, _) in of_keys.iter().filter(|(_, is_said)| *is_said && is_path) {
            self.notes.push(Note::no_effect(field(index, name), "it is not of an entry with a path"));
        }
        if data.recursive.is_some() && !is_path {
            self.notes.push(Note::no_effect(field(index, "recursive"), "it is of an entry with a path"));
        }
    }

    fn foreign(&mut self, field: String) {
        self.notes.push(Note::no_effect(field, format!("it is not of {}", self.backend.as_str())));
    }
}

fn field(index: usize, name: &str) -> String {
    format!("spec.data[{index}].{name}")
}

/// A text as a regular expression of itself.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests;
