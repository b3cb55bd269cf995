//! Which values go to which stores, out of what the Secrets hold.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use eso_core::key::{RemoteKey, StoreReference};

use super::{Candidate, Conversion, Data, DataTo, Desired, Place, SourceSecret, content::Content};
use crate::{
    desired::Entries,
    naming::{self, NamingError},
};

/// A value that goes to a place in a store.
#[derive(Clone, Debug, PartialEq)]
pub struct Pushed {
    /// Why, and where it goes.
    pub data: Data,
    /// What is written there.
    pub content: Content,
}

/// What goes to each store, in the order in which later ones win over earlier ones.
pub type Asked = BTreeMap<StoreReference, Vec<Pushed>>;

/// Why it cannot be said what goes where: in the original's words, where it has some. They name keys, and hold no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// The Secret has no such key.
    #[error("secret key {key} does not exist in Secret {secret:?}")]
    NoKey {
        /// The key.
        key: String,
        /// The Secret.
        secret: String,
    },
    /// Two keys are converted to one.
    #[error("could not apply conversion strategy to keys: secret name collision during conversion: {0}")]
    Collision(String),
    /// The names of keys cannot be rewritten.
    #[error("failed to expand dataTo: dataTo[{index}]: rewrite failed: {cause}")]
    Rewrite {
        /// The entry of `dataTo`.
        index: usize,
        /// What failed.
        #[source]
        cause: NamingError,
    },
    /// A pattern of keys takes too long to match.
    #[error("failed to expand dataTo: dataTo[{0}]: match failed: it takes too long to match the keys")]
    Match(usize),
    /// A key becomes the name of no value.
    #[error("failed to expand dataTo: dataTo[{index}]: empty remote key produced for source key {key:?}")]
    NoName {
        /// The entry of `dataTo`.
        index: usize,
        /// The key.
        key: String,
    },
    /// Two values go to one place.
    #[error(
        "failed to merge data entries: duplicate remote key {}: {one} and {other} both map to the same destination",
        twice(place)
    )]
    Twice {
        /// The place.
        place: Place,
        /// Where one comes from.
        one: String,
        /// Where the other comes from.
        other: String,
    },
    /// They are more than the object's status can name.
    #[error(
        "the status, which names each value that is pushed, would have more than {most} KiB: push fewer values, or all as \
         one with dataTo[].remoteKey"
    )]
    Unnameable {
        /// How large it may be, in KiB.
        most: usize,
    },
}

fn twice(place: &Place) -> String {
    match &place.property {
        None => format!("{:?}", place.key.as_str()),
        Some(property) => format!("{:?} with property {property:?}", place.key.as_str()),
    }
}

/// What goes to each of the stores that an object chooses, each of which has a place in the answer.
///
/// # Errors
/// See [`ExpandError`]: the first that is met. Then nothing should be written at all.
pub fn expand(
    desired: &Desired,
    stores: &[Candidate],
    sources: &[SourceSecret],
) -> Result<Asked, ExpandError> {
    let mut asked = Asked::new();
    for store in stores {
        let mut from: BTreeMap<Place, String> = BTreeMap::new();
        let pushed = asked.entry(store.reference.clone()).or_default();
        for source in sources {
            for one in of_source(desired, store, source)? {
                let origin = origin(&one.data, &source.name, sources.len() > 1);
                if let Some(other) = from.insert(one.data.place.clone(), origin.clone()) {
                    return Err(ExpandError::Twice { place: one.data.place, one: other, other: origin });
                }
                pushed.push(one);
            }
        }
    }
    Ok(asked)
}

fn origin(data: &Data, secret: &str, is_one_of_many: bool) -> String {
    let key = format!("source key {:?}", data.secret_key.as_deref().unwrap_or_default());
    if is_one_of_many { format!("{key} of Secret {secret:?}") } else { key }
}

/// What goes to a store out of one Secret: `data` wins over `dataTo` for the same key.
fn of_source(
    desired: &Desired,
    store: &Candidate,
    source: &SourceSecret,
) -> Result<Vec<Pushed>, ExpandError> {
    let explicit: BTreeSet<&str> =
        desired.data.iter().filter_map(|data| data.secret_key.as_deref()).collect();
    let mut pushed = Vec::new();
    for (index, data_to) in desired.data_to.iter().enumerate() {
        if data_to.stores.holds(store) {
            let expanded = expanded(index, data_to, &source.entries)?;
            pushed.extend(
                expanded
                    .into_iter()
                    .filter(|one| one.data.secret_key.as_deref().is_none_or(|key| !explicit.contains(key))),
            );
        }
    }
    for data in &desired.data {
        pushed.push(Pushed { content: content(data, source)?, data: data.clone() });
    }
    Ok(pushed)
}

fn content(data: &Data, source: &SourceSecret) -> Result<Content, ExpandError> {
    let entries = converted(&source.entries, data.conversion)?;
    match &data.secret_key {
        None => Ok(Content::Secret(entries.into_owned())),
        Some(key) => entries
            .get(key)
            .cloned()
            .map(Content::Value)
            .ok_or_else(|| ExpandError::NoKey { key: key.clone(), secret: source.name.clone() }),
    }
}

fn expanded(index: usize, data_to: &DataTo, entries: &Entries) -> Result<Vec<Pushed>, ExpandError> {
    let DataTo { stores: _, bundle, keys, rewrites, metadata, conversion } = data_to;
    let mut entries = converted(entries, *conversion)?.into_owned();
    if let Some(pattern) = keys {
        let matched = pattern.matching(entries.keys()).map_err(|_| ExpandError::Match(index))?;
        entries.retain(|key, _| matched.contains(key));
    }
    let data = |secret_key: Option<String>, key: RemoteKey| Data {
        secret_key,
        place: Place { key, property: None },
        metadata: metadata.clone(),
        conversion: *conversion,
    };
    match bundle {
        _ if entries.is_empty() => Ok(Vec::new()),
        Some(key) => Ok(vec![Pushed { data: data(None, key.clone()), content: Content::Secret(entries) }]),
        None => {
            let names = naming::renamed(rewrites, entries.keys().cloned().collect())
                .map_err(|cause| ExpandError::Rewrite { index, cause })?;
            let pushed = entries.into_iter().zip(names).map(|((key, value), name)| match name.is_empty() {
                true => Err(ExpandError::NoName { index, key }),
                false => Ok(Pushed { content: Content::Value(value), data: data(Some(key), name.into()) }),
            });
            pushed.collect()
        }
    }
}

/// The values under their converted keys.
fn converted(entries: &Entries, conversion: Conversion) -> Result<Cow<'_, Entries>, ExpandError> {
    match conversion {
        Conversion::None => Ok(Cow::Borrowed(entries)),
        Conversion::ReverseUnicode => {
            let mut converted = Entries::new();
            for (key, value) in entries {
                let key = reversed(key);
                if converted.contains_key(&key) {
                    return Err(ExpandError::Collision(key));
                }
                converted.insert(key, value.clone());
            }
            Ok(Cow::Owned(converted))
        }
    }
}

/// The key with each `_U` and four or five hexadecimal digits and `_` as the character of that number.
fn reversed(key: &str) -> String {
    let (mut reversed, mut rest) = (String::with_capacity(key.len()), key);
    while let Some((before, after)) = rest.split_once("_U") {
        reversed.push_str(before);
        match coded(after) {
            Some((character, behind)) => {
                reversed.push(character);
                rest = behind;
            }
            None => {
                reversed.push_str("_U");
                rest = after;
            }
        }
    }
    reversed.push_str(rest);
    reversed
}

fn coded(text: &str) -> Option<(char, &str)> {
    let (digits, behind) = text.split_once('_')?;
    let is_number = (4..=5).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = is_number.then(|| u32::from_str_radix(digits, 16).ok()).flatten()?;
    // What Go makes of a number that is no character.
    Some((char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER), behind))
}

#[cfg(test)]
mod tests;
