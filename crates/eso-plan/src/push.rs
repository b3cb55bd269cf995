//! Values that are pushed to stores: what of which Secrets goes where, what a store holds then, and what is said of it.
//!
//! ```text
//! convert (CRD object → Desired) ─► due ─► [the caller reads the Secrets] ─► expand ─► goals
//!     ─► for each value: [the caller reads its documents] ─► [and inspects it] ─► decide ─► [the caller writes it] ─► status
//! ```

pub mod bound;
pub mod content;
pub mod decide;
pub mod documents;
pub mod due;
pub mod expand;
pub mod goals;
pub mod seed;
pub mod status;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use eso_core::{
    key::{RemoteKey, StoreKind, StoreReference},
    labels::Selector,
};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    desired::Entries,
    naming::{Pattern, Rewrite},
    plan::WriteError,
    template::Template,
};

/// What an object asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Desired {
    /// What this state of the object is called: two states with the same revision ask for the same.
    /// For Kubernetes the original's `syncedResourceVersion`.
    pub revision: String,
    /// The time between two looks at the stores; `None`: they are looked at when something changes.
    pub refresh: Option<Duration>,
    /// Where the values come from.
    pub source: Source,
    /// The stores that are written to.
    pub stores: Vec<Choice>,
    /// Single values.
    pub data: Vec<Data>,
    /// Many values.
    pub data_to: Vec<DataTo>,
    /// What is made of the values before they are written; it adds to them.
    pub template: Option<Template>,
    /// What becomes of a value that a store holds already.
    pub update: Update,
    /// Whether what is no longer asked for is deleted (`deletionPolicy: Delete`).
    pub cleans_up: bool,
}

/// Where values come from: Secrets of the object's own namespace, and of no other (GHSA-fcxq-v2r3-cc8h).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The one of this name.
    Named(String),
    /// Those with these labels.
    Labelled(Selector),
}

/// What becomes of a value that a store holds already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// It is replaced where it differs.
    Replace,
    /// It stays (`IfNotExists`).
    Keep,
}

/// Which stores are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Their kind.
    pub kind: StoreKind,
    /// How they are told.
    pub by: By,
}

/// How stores are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// By name.
    Name(String),
    /// By their labels.
    Labels(Selector),
}

/// A store that may be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which one.
    pub reference: StoreReference,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// One value that is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// The key in the Secret; `None`: all keys, as one JSON object.
    pub secret_key: Option<String>,
    /// Where it goes.
    pub place: Place,
    /// What is wanted beside it, in the provider's terms.
    pub metadata: Option<Value>,
    /// How the keys of the Secret are converted before.
    pub conversion: Conversion,
}

/// A place in a store. `Display` is its name in a status, as the original's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The name of the value.
    pub key: RemoteKey,
    /// A part of it; `None` is the whole.
    pub property: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.property {
            None => write!(f, "{}", self.key),
            Some(property) => write!(f, "{}/{property}", self.key),
        }
    }
}

/// How the keys of a Secret are converted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conversion {
    /// Not at all.
    #[default]
    None,
    /// `_U002f_` becomes the character of that number.
    ReverseUnicode,
}

/// Many values that are written.
#[derive(Clone, Debug, PartialEq)]
pub struct DataTo {
    /// Which of the object's stores.
    pub stores: Choice,
    /// The one value that all keys go to, as one JSON object; `None`: each to a value of its own.
    pub bundle: Option<RemoteKey>,
    /// Which keys; `None` is all.
    pub keys: Option<Pattern>,
    /// How their names become those of values, one step after the other.
    pub rewrites: Vec<Rewrite>,
    /// What is wanted beside each value, in the provider's terms.
    pub metadata: Option<Value>,
    /// How the keys of the Secret are converted before.
    pub conversion: Conversion,
}

/// What was written: by store, and by the names of the places in it.
pub type Synced = BTreeMap<StoreReference, BTreeMap<String, Data>>;

/// One look at an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Observation {
    /// It is not there, or it is not ours to serve.
    Gone,
    /// It is being deleted, and waits for what it wrote to be deleted; or only for us to let it go, where nothing is to be
    /// deleted.
    Leaving {
        /// What its status says now.
        record: Record,
        /// Whether what it wrote is deleted first.
        cleans_up: bool,
    },
    /// It cannot be understood. Nothing is done until it changes.
    Malformed {
        /// What its status says now.
        record: Record,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// It is there.
    Present(Box<Observed>),
}

/// An object that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// What it asks for.
    pub desired: Desired,
    /// The stores that it chooses and that are written to, each once.
    pub stores: Vec<Candidate>,
    /// Others that it chooses, which are left alone for now: one that is being deleted, or somebody else's to serve. What was written
    /// there stays there.
    pub resting: BTreeSet<StoreReference>,
    /// What its status says.
    pub record: Record,
    /// When this process last found or made the stores as they should be.
    pub refreshed: Option<Timestamp>,
}

/// What an object's status says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// When the stores were last as they should be.
    pub refreshed: Option<Timestamp>,
    /// The revision that was last brought into step.
    pub revision: Option<String>,
    /// The condition: whether it is in step, the reason and the message. `None`: nothing was said yet.
    pub condition: Option<(bool, String, String)>,
    /// What was written.
    pub synced: Synced,
}

/// A Secret whose values are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSecret {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub entries: Entries,
}

/// Why Secrets could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// There is no Secret of the name.
    #[error("there is no Secret {0:?}")]
    Missing(String),
    /// The cluster did not give it.
    #[error("{0}")]
    Unreadable(#[source] WriteError),
}

impl Choice {
    /// Whether a store is meant.
    pub fn holds(&self, store: &Candidate) -> bool {
        self.means(store.reference.kind, &store.reference.name, &store.labels)
    }

    /// Whether a store of this kind, name and labels is meant.
    pub fn means(&self, kind: StoreKind, name: &str, labels: &BTreeMap<String, String>) -> bool {
        self.kind == kind
            && match &self.by {
                By::Name(wanted) => wanted == name,
                By::Labels(selector) => selector.selects(labels),
            }
    }
}

impl Desired {
    /// Whether stores are told by their labels: then all must be known.
    pub fn asks_for_labels(&self) -> bool {
        self.stores.iter().any(|choice| matches!(choice.by, By::Labels(_)))
    }

    /// The stores that an object of a namespace chooses out of those that there are, each once. One that is named is
    /// chosen whether or not it is there: that it is not is said where it is asked for.
    pub fn chosen(&self, namespace: &str, there_are: &[Candidate]) -> Vec<Candidate> {
        let named = self.stores.iter().filter_map(|choice| match &choice.by {
            By::Name(name) => Some(StoreReference {
                kind: choice.kind,
                namespace: namespace.to_owned(),
                name: name.clone(),
            }),
            By::Labels(_) => None,
        });
        let chosen = there_are.iter().filter(|store| self.stores.iter().any(|choice| choice.holds(store)));
        let references: BTreeSet<StoreReference> =
            chosen.map(|store| store.reference.clone()).chain(named).collect();
        let labels = |reference: &StoreReference| {
            there_are.iter().find(|store| store.reference == *reference).map(|store| store.labels.clone())
        };
        references
            .into_iter()
            .map(|reference| Candidate { labels: labels(&reference).unwrap_or_default(), reference })
            .collect()
    }
}

#[cfg(test)]
mod fixtures;

#[cfg(test)]
mod tests;
