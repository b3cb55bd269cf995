//! What an object asks for, whatever kind of object it is.

use std::{collections::BTreeMap, fmt, time::Duration};

use eso_core::{key::StoreReference, provider::Fetch, value::SecretBytes};

/// The entries of a target: name → bytes, in the order of their names.
pub type Entries = BTreeMap<String, SecretBytes>;

/// What an object asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired {
    /// What this state of the object is called: two states with the same revision ask for the same.
    /// For Kubernetes the original's `syncedResourceVersion`.
    pub revision: String,
    /// The target's name, for messages.
    pub target: String,
    /// Who the target belongs to.
    pub ownership: Ownership,
    /// What becomes of the target when the store says that its values are gone.
    pub absence: Absence,
    /// When the store is read again.
    pub refresh: Refresh,
    /// What to read, in the order in which later entries win over earlier ones.
    pub entries: Vec<Entry>,
}

/// Who a target belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ownership {
    /// The object: it holds exactly these entries, and goes with the object (`creationPolicy: Owner`).
    Own,
    /// Nobody: it holds exactly these entries, and stays when the object goes (`Orphan`).
    Leave,
    /// Somebody else: it holds these entries among others. A missing one is waited for (`Merge`), or made
    /// (`CreateOrMerge`).
    Share {
        /// Whether a missing target is made.
        create: bool,
    },
    /// There is no target: the store is read, and nothing is written (`None`).
    Read,
}

/// What becomes of a target when the store says that its values are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Absence {
    /// It stays, and the object fails (`deletionPolicy: Retain`).
    Retain,
    /// It loses the entries that are gone (`Merge`).
    Drop,
    /// It loses the entries that are gone, and is deleted when all are (`Delete`).
    Delete,
}

/// When the store is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refresh {
    /// After each interval, and when the object changes.
    Every(Duration),
    /// When the object changes (`OnChange`, or an interval of 0).
    OnChange,
    /// Once (`CreatedOnce`).
    Once,
}

/// One value to read, and what to make of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where the object says so.
    pub origin: Origin,
    /// The store to ask.
    pub store: StoreReference,
    /// What to ask.
    pub fetch: Fetch,
    /// A part of the value; `None` is the whole.
    pub property: Option<String>,
    /// What it becomes.
    pub into: Destination,
}

/// Where in an object an entry stands, as the original's messages say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// `spec.data[n]`.
    Data(usize),
    /// `spec.dataFrom[n]`.
    DataFrom(usize),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(index) => write!(f, "spec.data[{index}]"),
            Self::DataFrom(index) => write!(f, "spec.dataFrom[{index}]"),
        }
    }
}

/// What a value becomes in the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// One entry of this name.
    Entry(String),
    /// One entry for each member of the JSON object that it is (`extract`).
    Members,
}
