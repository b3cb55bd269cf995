//! Secrets that say themselves what they want: references in their values, and what these ask the stores for.
//!
//! ```text
//! value ─► Source (grammar, docker) ─► Record (what is kept, sealed) ─► desired ─► [read and rendered as anything else]
//!                                                                                  └─► refresh (what follows the store)
//! ```

use std::{collections::BTreeMap, fmt, time::Duration};

use eso_core::{
    duration,
    key::{StoreKind, StoreReference},
    value::SecretBytes,
};

pub mod annotations;
pub mod grammar;
pub mod record;
pub mod token;

pub mod refresh;
pub mod status;

mod docker;
mod expression;
mod fingerprints;

use self::{
    expression::Names,
    grammar::{Piece, Problem, Reference},
    record::Record,
};
use crate::{
    convert::external_secret::{DEFAULT_INTERVAL, LONGEST_INTERVAL, SHORTEST_INTERVAL},
    decoding::{Decoding, NullBytes},
    desired::{Absence, Ask, Desired, Destination, Entry, Origin, Ownership, Refresh},
    template::{Delimiters, Template},
};

/// The key whose value holds credentials of registries, as JSON.
const DOCKER: &str = ".dockerconfigjson";

/// How many references one Secret may hold: each may be a call of its own, and all are made while somebody waits.
pub const MOST_REFERENCES: usize = 500;

/// How many bytes a record may take, in which the values that hold references are kept. It is an annotation, and all
/// annotations of an object may take 256 KiB (`TotalAnnotationSizeLimitB` of Kubernetes).
pub const LARGEST_RECORD: usize = 128 << 10;

/// Where a Secret is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// Types of Secrets that are never touched: others make them and check them.
const UNTOUCHED: [&str; 3] =
    ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1"];

/// Whether a Secret of this type and these labels is left alone, whatever it asks for.
pub fn is_left_alone(kind: &str, labels: &BTreeMap<String, String>) -> bool {
    let is_helms = labels.get("owner").is_some_and(|owner| owner == "helm");
    is_helms || UNTOUCHED.contains(&kind)
}

/// Why what a Secret asks for is refused: in words that say what to do, and hold nothing of a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A value.
    #[error("data {key:?}: {problem}")]
    Value {
        /// Its key.
        key: String,
        /// What is wrong with it.
        #[source]
        problem: Problem,
    },
    /// There are too many references.
    #[error("it holds more than {MOST_REFERENCES} references: make several Secrets of it")]
    Count,
    /// They take too much.
    #[error(
        "the values that hold references take more than 128 KiB as JSON, and are kept in an annotation: make several \
         Secrets of it"
    )]
    Size,
    /// The store that it names is none.
    #[error(
        "the store is named by KIND/NAME, as SecretStore/main or ClusterSecretStore/main, and by nothing else"
    )]
    Store,
    /// Its interval is none.
    #[error("the interval is {0}")]
    Interval(#[source] duration::NoDuration),
}

/// A value that holds references. `Debug` shows no text around them.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    text: String,
    parts: Vec<Part>,
}

/// A part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    pieces: Vec<Piece>,
    manner: Manner,
}

/// How a part is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// As it is.
    Plain,
    /// As a string of JSON.
    Json,
    /// As a string of JSON, in base64.
    JsonOfBase64,
}

impl Source {
    /// What the value of a key asks for; `None` where it holds no references, as one that is no UTF-8.
    ///
    /// # Errors
    /// Where there is a reference that is not served, or none although it begins as one: such a text is no password.
    pub fn of(key: &str, value: &SecretBytes) -> Result<Option<Self>, Refusal> {
        value.expose_str().map_or(Ok(None), |text| Self::of_text(key, text))
    }

    /// The same of a text.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn of_text(key: &str, text: &str) -> Result<Option<Self>, Refusal> {
        let parts = match key {
            DOCKER => docker::parse(text),
            _ => grammar::parse(text)
                .map(|pieces| pieces.map(|pieces| vec![Part { pieces, manner: Manner::Plain }])),
        };
        match parts {
            Ok(parts) => Ok(parts.map(|parts| Self { text: text.to_owned(), parts })),
            Err(Problem::TooMany) => Err(Refusal::Count),
            Err(problem) => Err(Refusal::Value { key: key.to_owned(), problem }),
        }
    }

    /// The value as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it refers to, in the order in which it stands there.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.parts.iter().flat_map(|part| &part.pieces).filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Reference(reference) => Some(reference),
        })
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let references: Vec<_> = self.references().collect();
        f.debug_struct("Source").field("references", &references).finish_non_exhaustive()
    }
}

/// The store that `KIND/NAME` means to a Secret of this namespace.
///
/// # Errors
/// Where it names none: nothing else is taken, no address above all.
pub fn store(text: &str, namespace: &str) -> Result<StoreReference, Refusal> {
    let (kind, name) = text.split_once('/').ok_or(Refusal::Store)?;
    let kind = match kind {
        "SecretStore" => StoreKind::SecretStore,
        "ClusterSecretStore" => StoreKind::ClusterSecretStore,
        _ => return Err(Refusal::Store),
    };
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    if name.is_empty() || name.len() > 253 || !name.bytes().all(is_name) {
        return Err(Refusal::Store);
    }
    Ok(StoreReference { kind, namespace: namespace.to_owned(), name: name.to_owned() })
}

/// How often a Secret that says so is refreshed, in whole seconds; zero is: when it changes. Nothing said is an hour, as
/// for an ExternalSecret.
///
/// # Errors
/// Where it is no duration as Go writes it.
pub fn interval(text: Option<&str>) -> Result<Duration, Refusal> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(DEFAULT_INTERVAL) };
    let interval = duration::parse(text).map_err(Refusal::Interval)?;
    let interval = Duration::try_from(interval).unwrap_or_default();
    Ok(match interval.is_zero() {
        true => interval,
        false => Duration::from_secs(interval.clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL).as_secs()),
    })
}

/// What a Secret asks for by its record: each reference is read once, each value is a template over them. The entries of
/// the Secret that the record does not name are somebody else's.
///
/// Its revision is empty, and the caller's to set.
///
/// # Errors
/// Where a text in the record is none that is served: another version may have written it.
pub fn desired(place: &Place, record: &Record, delimiters: &Delimiters) -> Result<Desired, Refusal> {
    let sources = record.sources()?;
    let names = Names::of(sources.values().flat_map(Source::references));
    let entries = names.iter().enumerate().map(|(index, (reference, name))| Entry {
        origin: Origin::Reference(index),
        store: record.store_of(&place.namespace),
        ask: Ask::Read(reference.fetch()),
        property: reference.property.clone(),
        into: Destination::Entry(name.to_owned()),
        decoding: Decoding::None,
        null_bytes: NullBytes::Ignore,
        dialect: None,
    });
    let templates =
        sources.iter().map(|(key, source)| (key.clone(), expression::template(source, &names, delimiters)));
    Ok(Desired {
        entries: entries.collect(),
        ownership: Ownership::Share { create: false },
        absence: Absence::Retain,
        refresh: match record.interval {
            Duration::ZERO => Refresh::OnChange,
            interval => Refresh::Every(interval),
        },
        template: Some(Template { data: templates.collect(), ..Template::default() }),
        ..Desired::owned(place.name.clone())
    })
}

/// Whether all sources of one Secret refer to no more than it may.
fn check_count(sources: &BTreeMap<String, Source>) -> Result<(), Refusal> {
    match sources.values().flat_map(Source::references).count() {
        0..=MOST_REFERENCES => Ok(()),
        _ => Err(Refusal::Count),
    }
}

#[cfg(test)]
mod tests;
