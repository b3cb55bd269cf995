//! What an object asks for, whatever kind of object it is.

use std::{collections::BTreeMap, fmt, time::Duration};

use eso_core::{
    key::{RemoteKey, StoreReference},
    provider::{Dialect, Fetch, Query},
    value::SecretBytes,
};

use crate::{
    decoding::{Decoding, NullBytes},
    fields::Fields,
    naming::Naming,
    template::Template,
    windows::Windows,
};

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
    /// The kind of the target, where it is no Secret.
    pub manifest: Option<Manifest>,
    /// Who the target belongs to.
    pub ownership: Ownership,
    /// What becomes of the target when the store says that its values are gone.
    pub absence: Absence,
    /// When the store is read again.
    pub refresh: Refresh,
    /// When the timer may have the store read; `None` is at any time.
    pub windows: Option<Windows>,
    /// What to read, in the order in which later entries win over earlier ones.
    pub entries: Vec<Entry>,
    /// What the target is made of; `None`: of the entries themselves.
    pub template: Option<Template>,
    /// Whether the target keeps its entries for good once it is made (`immutable`).
    pub immutable: bool,
}

impl Desired {
    /// A target of this name that belongs to the object, made of the values that [`with_value`](Self::with_value) adds,
    /// kept where these are gone, and read when the object changes.
    ///
    /// For whoever has objects of their own. What is wished otherwise is a field, and one must be set where an object may
    /// come to ask for something else: its [`revision`](Self::revision), which is empty.
    pub fn owned(target: impl Into<String>) -> Self {
        Self {
            revision: String::new(),
            target: target.into(),
            manifest: None,
            ownership: Ownership::Own,
            absence: Absence::Retain,
            refresh: Refresh::OnChange,
            windows: None,
            entries: Vec::new(),
            template: None,
            immutable: false,
        }
    }

    /// With one more entry: the newest value of a key of a store, whole and as it is.
    #[must_use]
    pub fn with_value(
        mut self,
        name: impl Into<String>,
        store: &StoreReference,
        key: impl Into<RemoteKey>,
    ) -> Self {
        self.entries.push(Entry {
            origin: Origin::Data(self.entries.len()),
            store: store.clone(),
            ask: Ask::Read(Fetch::new(key)),
            property: None,
            into: Destination::Entry(name.into()),
            decoding: Decoding::None,
            null_bytes: NullBytes::Ignore,
            dialect: None,
        });
        self
    }

    /// Whether somebody tells when the target changes: of a Secret and of a ConfigMap a watch does.
    pub fn is_watched(&self) -> bool {
        self.manifest.as_ref().is_none_or(Manifest::is_config_map)
    }
}

/// A kind of object other than a Secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Manifest {
    /// Its group and version, such as `v1` or `argoproj.io/v1alpha1`.
    pub api_version: String,
    /// Its kind, such as `ConfigMap`.
    pub kind: String,
}

impl Manifest {
    /// Whether it is a ConfigMap.
    pub fn is_config_map(&self) -> bool {
        (self.api_version.as_str(), self.kind.as_str()) == ("v1", "ConfigMap")
    }
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

/// One or many values to read, and what to make of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where the object says so.
    pub origin: Origin,
    /// The store to ask.
    pub store: StoreReference,
    /// What to ask.
    pub ask: Ask,
    /// A part of the value; `None` is the whole.
    pub property: Option<String>,
    /// What it becomes.
    pub into: Destination,
    /// How the values are decoded.
    pub decoding: Decoding,
    /// What becomes of a value with a null byte.
    pub null_bytes: NullBytes,
    /// How the value is read, where that is the object's to say and not its store's.
    pub dialect: Option<Dialect>,
}

/// What a store is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// One value.
    Read(Fetch),
    /// Which values there are, and what they hold.
    Find(Query),
}

impl Ask {
    /// The one key that is asked for.
    pub fn key(&self) -> Option<&RemoteKey> {
        match self {
            Self::Read(fetch) => Some(&fetch.key),
            Self::Find(_) => None,
        }
    }
}

/// Where in an object an entry stands, as the original's messages say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// `spec.data[n]`.
    Data(usize),
    /// `spec.dataFrom[n].extract`.
    Extract(usize),
    /// `spec.dataFrom[n].find`.
    Find(usize),
    /// In a value of a Secret that says itself what it wants: the n-th of what it refers to.
    Reference(usize),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(index) => write!(f, "spec.data[{index}]"),
            Self::Extract(index) => write!(f, "spec.dataFrom[{index}].extract"),
            Self::Find(index) => write!(f, "spec.dataFrom[{index}].find"),
            Self::Reference(_) => f.write_str("a reference"),
        }
    }
}

/// What a value becomes in the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// One entry of this name.
    Entry(String),
    /// Many entries: the members of the JSON object that it is (`extract`), or one for each value that was found
    /// (`find`).
    Many(Naming),
}

/// What a target must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Its entries.
    pub entries: Entries,
    /// What it carries beside them, where a template says so; `None`: what the object itself carries.
    pub dress: Option<Dress>,
}

/// What a template puts on a target beside its entries. Values may be secret: `Debug` shows names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Dress {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Its other fields, where it is no Secret.
    pub fields: Fields,
}

impl fmt::Debug for Dress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { labels, annotations, fields } = self;
        let mut dress = f.debug_struct("Dress");
        dress.field("labels", &labels.keys()).field("annotations", &annotations.keys());
        dress.field("fields", fields).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Desired, Refresh};
    use crate::fixtures::{self, data, store};

    #[test]
    fn a_target_of_ones_own_is_what_an_external_secret_with_defaults_asks_for() {
        let desired = Desired {
            revision: "1-a".to_owned(),
            refresh: Refresh::Every(Duration::from_secs(3600)),
            ..Desired::owned("app").with_value("password", &store(), "db")
        };
        assert_eq!(desired, fixtures::desired());
    }

    #[test]
    fn its_entries_are_numbered_in_their_order() {
        let desired = Desired::owned("app").with_value("a", &store(), "x").with_value("b", &store(), "y");
        assert_eq!(desired.entries, [data(0, "a", "x"), data(1, "b", "y")]);
    }
}
