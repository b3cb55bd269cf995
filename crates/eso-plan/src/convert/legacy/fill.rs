//! Secrets that an object fills besides its own: what they ask for, and which Secrets these may be.

use std::collections::BTreeMap;

use eso_core::{
    api::{
        external_secret::{
            CreationPolicy, DataFrom, ExternalSecret as Newer, ExternalSecretSpec, RemoteRef, Target,
        },
        legacy::ExternalSecret,
    },
    key::{StoreKind, StoreReference},
};

use super::{DIALECT, Malformed, Translated, entries::Fill, external_secret, revision};
use crate::desired::{Desired, Entry};

/// The annotation of a Secret that says which object filled it, by its uid.
pub const FILLED_BY: &str = "external-secrets.io/filled-by";

impl Fill {
    /// What fills the Secret, in newer words: an ExternalSecret that has the name of the object, and merges the members of
    /// the value into the Secret.
    pub fn asks(&self, object: &ExternalSecret, translated: &Translated) -> Newer {
        let Self { secret, key, version } = self;
        let ExternalSecretSpec { secret_store_ref, refresh_policy, refresh_interval, .. } = &translated.spec;
        let remote = RemoteRef {
            key: key.as_str().to_owned(),
            version: version.as_ref().map(|version| version.as_str().to_owned()),
            ..RemoteRef::default()
        };
        let spec = ExternalSecretSpec {
            secret_store_ref: secret_store_ref.clone(),
            target: Some(Target {
                name: Some(secret.clone()),
                creation_policy: Some(CreationPolicy::Merge),
                ..Target::default()
            }),
            refresh_policy: *refresh_policy,
            refresh_interval: refresh_interval.clone(),
            sync_windows: None,
            data: Vec::new(),
            data_from: vec![DataFrom { extract: Some(remote), ..DataFrom::default() }],
        };
        Newer { metadata: object.metadata.clone(), spec, status: None }
    }
}

/// What an object asks for that [`Fill::asks`] gave.
pub fn desired_of_fill(fill: &Newer) -> Result<Desired, Malformed> {
    let desired = external_secret::desired(fill)?;
    let entries = desired.entries.into_iter().map(|entry| {
        let store = StoreReference { kind: StoreKind::Environment, ..entry.store };
        Entry { store, dialect: Some(DIALECT), ..entry }
    });
    Ok(Desired { revision: revision(fill.metadata.generation), entries: entries.collect(), ..desired })
}

/// Whether a Secret is one that the object of this uid may fill: an Opaque one of nobody that it filled before, or that
/// is empty.
pub fn is_to_be_filled(secret: &Fillable<'_>, uid: &str) -> bool {
    let Fillable { secret_type, is_owned, is_empty, annotations } = secret;
    let filled_by = annotations.and_then(|annotations| annotations.get(FILLED_BY));
    let is_ours = filled_by.is_some_and(|filled_by| filled_by == uid);
    *secret_type == "Opaque" && !is_owned && (*is_empty || is_ours)
}

/// A Secret, as far as it matters to who would fill it.
#[derive(Clone, Copy, Debug)]
pub struct Fillable<'a> {
    /// Its type.
    pub secret_type: &'a str,
    /// Whether it has an owner.
    pub is_owned: bool,
    /// Whether it holds nothing.
    pub is_empty: bool,
    /// Its annotations.
    pub annotations: Option<&'a BTreeMap<String, String>>,
}

#[cfg(test)]
mod tests;
