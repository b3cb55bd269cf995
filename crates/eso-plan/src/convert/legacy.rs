//! `kubernetes-client.io/v1` `ExternalSecret`: what it asks for, in the words of `external-secrets.io/v1`.
//!
//! There is one translation. What is served is what [`translate`] gives, with what only the operator can do about it
//! ([`desired`]); what a migration prints is what [`translate`] gives, with what that does otherwise ([`Note`]).

mod entries;
mod environment;
mod fill;
mod keys;
mod manifest;
mod path;
mod permission;
mod status;
mod store;

mod lodash;

use eso_core::{
    api::{
        external_secret::{
            ExternalSecret as Newer, ExternalSecretSpec, RefreshPolicy, SecretStoreRef, SecretStoreRefKind,
            Target,
        },
        legacy::{BackendType, ExternalSecret},
    },
    duration,
    key::{StoreKind, StoreReference},
    provider::{Dialect, Documents, Lookup, MissingProperty},
};
use serde::Deserializer;

use super::{Malformed, external_secret};
use crate::{
    decoding::Decoding,
    desired::{Desired, Entry},
};
pub use entries::Fill;
use entries::Place;
pub use environment::{Annotations, Environment};
pub use fill::{FILLED_BY, Fillable, desired_of_fill, is_to_be_filled};
pub use lodash::{Unserved, template};
pub use permission::{Refusal, permitted};
pub use status::{record, status};
pub use store::{Backend, LegacyStore, Service};

/// An annotation of ours: how often this object's values are read, in place of the interval of all.
pub const REFRESH_INTERVAL: &str = "external-secrets.io/refresh-interval";

/// How the older controller reads values.
pub const DIALECT: Dialect = Dialect {
    lookup: Lookup::KeyThenPath,
    documents: Documents::Compact,
    missing_property: MissingProperty::NotInSecret,
};

/// What an object asks for, in newer words.
#[derive(Clone, Debug, PartialEq)]
pub struct Translated {
    /// What an ExternalSecret of `external-secrets.io/v1` asks for that is of the same name; it names the store by
    /// [`LegacyStore::name`], as one of the cluster.
    pub spec: ExternalSecretSpec,
    /// Where its values are.
    pub store: LegacyStore,
    /// Secrets that are filled besides, where they are there and empty.
    pub fills: Vec<Fill>,
    /// What is not as the object says it.
    pub notes: Vec<Note>,
    /// Where in the object the entries of `spec` stand, in the order in which later ones win.
    places: Vec<Place>,
}

/// Something that is not as an object says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The field.
    pub field: String,
    /// What becomes of it: a phrase without a full stop. It quotes no value.
    pub says: String,
    /// Whom it is for.
    pub about: About,
}

/// Whom a note is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Everybody: the field has no effect.
    NoEffect,
    /// Who takes the newer object in place of the older: it does otherwise.
    Newer,
}

/// Reads an object, as the API server sent it: a text, or a `Value`.
///
/// Fails where a field is missing, has the wrong type, or an enum an unknown word: the message names the field, and
/// quotes nothing.
pub fn parse<'de>(object: impl Deserializer<'de>) -> Result<ExternalSecret, Malformed> {
    serde_path_to_error::deserialize(object).map_err(|error| {
        // serde_json's own text quotes the input.
        Malformed(format!(
            "{} cannot be read: a field is missing, of the wrong type, or has an unknown word",
            error.path()
        ))
    })
}

/// Whether an object is for this controller: both name the same id, or neither names one, and its namespace is one of those
/// that are served.
pub fn is_served(object: &ExternalSecret, environment: &Environment) -> bool {
    let given = |id: &Option<String>| id.clone().filter(|id| !id.is_empty());
    let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
    let watched = &environment.watched_namespaces;
    given(&object.spec.controller_id) == given(&environment.instance_id)
        && (watched.is_empty() || watched.contains(namespace))
}

/// The store of an object, as its entries name it.
pub fn reference(object: &ExternalSecret, store: &LegacyStore) -> StoreReference {
    let namespace = object.metadata.namespace.clone().unwrap_or_default();
    StoreReference { kind: StoreKind::Environment, namespace, name: store.name() }
}

/// What an object asks for, in newer words.
///
/// Fails where it asks for a backend that is not served, and where it cannot be understood: the message names the field,
/// or the expression.
pub fn translate(object: &ExternalSecret, environment: &Environment) -> Result<Translated, Malformed> {
    let spec = &object.spec;
    let backend = backend(spec.backend_type)?;
    let mut notes = Vec::new();
    let (store, mounts) = store::store(spec, backend, environment, &mut notes)?;
    let built = entries::entries(spec, backend, &mounts, &mut notes)?;
    let made = manifest::manifest(spec, &built, environment, &mut notes)?;
    let fills = entries::fills(&built, object.metadata.name.as_deref().unwrap_or_default());
    let (data_from, data, places) = built.into_parts();
    let (refresh_policy, refresh_interval) = refresh(object, environment)?;
    Ok(Translated {
        spec: ExternalSecretSpec {
            secret_store_ref: Some(SecretStoreRef {
                name: Some(store.name()),
                kind: Some(SecretStoreRefKind::ClusterSecretStore),
            }),
            target: Some(Target {
                immutable: made.immutable,
                template: Some(made.template),
                ..Target::default()
            }),
            refresh_policy,
            refresh_interval,
            sync_windows: None,
            data,
            data_from,
        },
        store,
        fills,
        notes,
        places,
    })
}

/// What an object asks for.
///
/// It is what its newer words ask for, and what these cannot say: values are read and decoded as by the older controller,
/// and entries win over each other in its order. Its revision is its generation.
pub fn desired(object: &ExternalSecret, environment: &Environment) -> Result<Desired, Malformed> {
    let Translated { spec, places, .. } = translate(object, environment)?;
    let newer = Newer { metadata: object.metadata.clone(), spec, status: None };
    let desired = external_secret::desired(&newer)?;
    let many = newer.spec.data_from.len();
    let entries = places.iter().map(|place| served(&desired.entries[place.index(many)], place)).collect();
    Ok(Desired { revision: revision(object.metadata.generation), entries, ..desired })
}

/// What a state of an object is called: its generation, for its status knows no other.
pub fn revision(generation: Option<i64>) -> String {
    generation.unwrap_or_default().to_string()
}

/// An entry as the older controller reads it.
fn served(entry: &Entry, place: &Place) -> Entry {
    let decoding = match entry.decoding {
        Decoding::None => Decoding::None,
        Decoding::Base64 | Decoding::Base64Url | Decoding::Auto | Decoding::Tolerant => Decoding::Tolerant,
    };
    let store = StoreReference { kind: StoreKind::Environment, ..entry.store.clone() };
    Entry { origin: place.origin, store, decoding, dialect: Some(DIALECT), ..entry.clone() }
}

fn backend(backend: Option<BackendType>) -> Result<Served, Malformed> {
    match backend {
        Some(BackendType::SecretsManager) => Ok(Served::SecretsManager),
        Some(BackendType::SystemManager) => Ok(Served::ParameterStore),
        Some(BackendType::Vault) => Ok(Served::Vault),
        Some(
            other @ (BackendType::AzureKeyVault
            | BackendType::GcpSecretsManager
            | BackendType::AlicloudSecretsManager
            | BackendType::IbmcloudSecretsManager
            | BackendType::Akeyless),
        ) => Err(Malformed(format!("backendType {} is not supported", other.as_str()))),
        None => Err(Malformed("spec.backendType is missing: say where the values are".to_owned())),
    }
}

/// The backends that are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Served {
    SecretsManager,
    ParameterStore,
    Vault,
}

impl Served {
    fn as_str(self) -> &'static str {
        match self {
            Self::SecretsManager => BackendType::SecretsManager.as_str(),
            Self::ParameterStore => BackendType::SystemManager.as_str(),
            Self::Vault => BackendType::Vault.as_str(),
        }
    }
}

/// The refresh policy and the interval, as the newer object says them.
fn refresh(
    object: &ExternalSecret,
    environment: &Environment,
) -> Result<(Option<RefreshPolicy>, Option<String>), Malformed> {
    let own = object.metadata.annotations.as_ref().and_then(|held| held.get(REFRESH_INTERVAL));
    match own {
        Some(own) if duration::parse(own).is_ok() => Ok((None, Some(own.clone()))),
        Some(_) => {
            Err(Malformed(format!("the annotation {REFRESH_INTERVAL} is not a duration such as 1m or 30s")))
        }
        None if !environment.polls => Ok((Some(RefreshPolicy::OnChange), None)),
        None => Ok((None, Some(written(environment.interval)))),
    }
}

fn written(interval: std::time::Duration) -> String {
    match interval.subsec_millis() {
        0 => format!("{}s", interval.as_secs()),
        _ => format!("{}ms", interval.as_millis()),
    }
}

impl Note {
    fn no_effect(field: impl Into<String>, says: impl Into<String>) -> Self {
        Self { field: field.into(), says: says.into(), about: About::NoEffect }
    }

    fn newer(field: impl Into<String>, says: impl Into<String>) -> Self {
        Self { field: field.into(), says: says.into(), about: About::Newer }
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.says)
    }
}

#[cfg(test)]
mod tests;
