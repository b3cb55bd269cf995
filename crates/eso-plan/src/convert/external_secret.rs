//! `ExternalSecret`: what it asks for, and what its status says.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use eso_core::{
    api::{
        conditions::READY,
        external_secret::{
            CreationPolicy, Data, DataFrom, DeletionPolicy, ExternalSecret, ExternalSecretSpec,
            RefreshPolicy, RemoteRef, Target,
        },
    },
    duration,
    key::StoreReference,
    provider::Fetch,
};
use serde::Deserializer;

use super::{Malformed, references, unserved};
use crate::{
    desired::{Absence, Desired, Destination, Entry, Origin, Ownership, Refresh},
    digest, names,
    observed::Record,
};

/// What stands for a refresh interval where nothing is said.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(3600);

/// The shortest interval between two reads: a shorter one would ask the store without a pause.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

/// The longest interval between two reads; it keeps every time that is computed within the calendar.
const LONGEST_INTERVAL: Duration = Duration::from_secs(366 * 24 * 3600);

/// Reads an object, as the API server sent it: a text, or a `Value`.
///
/// Fails where a field is missing, has the wrong type, or an enum an unknown word: the message names the field, and
/// quotes nothing.
pub fn parse<'de>(object: impl Deserializer<'de>) -> Result<ExternalSecret, Malformed> {
    serde_path_to_error::deserialize(object).map_err(|error| {
        // serde_json's own text quotes the input.
        let path = error.path();
        Malformed(format!(
            "{path} cannot be read: a field is missing, of the wrong type, or has an unknown word; \
             see kubectl explain externalsecret.{path}"
        ))
    })
}

/// What an object asks for.
///
/// Fails where the original's webhook would refuse it, in the words of that, and where it asks for what this version
/// does not serve.
pub fn desired(object: &ExternalSecret) -> Result<Desired, Malformed> {
    let spec = &object.spec;
    let target = spec.target.clone().unwrap_or_default();
    unserved::check_spec(spec)?;
    let absence = absence(&target);
    check_policies(&target)?;
    check_entries(spec, absence)?;
    let store = references::default_store(object).ok_or_else(|| {
        Malformed("spec.secretStoreRef.name is missing: name the store that the values are in".to_owned())
    })?;
    let metadata = &object.metadata;
    Ok(Desired {
        revision: revision(metadata.generation, metadata.labels.as_ref(), metadata.annotations.as_ref()),
        target: references::target(object).to_owned(),
        ownership: ownership(&target),
        absence,
        refresh: refresh(spec)?,
        entries: entries(spec, &store),
    })
}

/// What an object's status says.
pub fn record(object: &ExternalSecret) -> Record {
    let Some(status) = &object.status else {
        return Record::default();
    };
    let condition = status.conditions.iter().find(|condition| condition.kind == READY).map(|condition| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        (condition.is_ready(), text(&condition.reason), text(&condition.message))
    });
    Record {
        refreshed: status.refresh_time,
        revision: status.synced_resource_version.clone().filter(|revision| !revision.is_empty()),
        condition,
    }
}

/// What a state of an object is called, as the original's `syncedResourceVersion`: any change of the spec, a label or
/// an annotation gives another. It needs nothing but metadata, so that a malformed object has one too.
pub fn revision(
    generation: Option<i64>,
    labels: Option<&BTreeMap<String, String>>,
    annotations: Option<&BTreeMap<String, String>>,
) -> String {
    let text = format!("{{annotations:{} labels:{}}}", go_map(annotations), go_map(labels));
    format!("{}-{}", generation.unwrap_or_default(), digest::of_text(&text))
}

/// A map as Go's `%+v` prints it.
fn go_map(map: Option<&BTreeMap<String, String>>) -> String {
    let pairs: Vec<String> = map.into_iter().flatten().map(|(key, value)| format!("{key}:{value}")).collect();
    format!("map[{}]", pairs.join(" "))
}

fn ownership(target: &Target) -> Ownership {
    match target.creation_policy {
        None | Some(CreationPolicy::Owner) => Ownership::Own,
        Some(CreationPolicy::Orphan) => Ownership::Leave,
        Some(CreationPolicy::Merge) => Ownership::Share { create: false },
        Some(CreationPolicy::CreateOrMerge) => Ownership::Share { create: true },
        Some(CreationPolicy::None) => Ownership::Read,
    }
}

fn absence(target: &Target) -> Absence {
    match target.deletion_policy {
        None | Some(DeletionPolicy::Retain) => Absence::Retain,
        Some(DeletionPolicy::Merge) => Absence::Drop,
        Some(DeletionPolicy::Delete) => Absence::Delete,
    }
}

fn refresh(spec: &ExternalSecretSpec) -> Result<Refresh, Malformed> {
    let interval = match spec.refresh_interval.as_deref() {
        None | Some("") => Ok(Some(DEFAULT_INTERVAL)),
        // What is negative is no `Duration`, and means the same as 0.
        Some(text) => duration::parse(text).map(|interval| Duration::try_from(interval).ok()),
    };
    let interval = interval.map_err(|error| Malformed(format!("spec.refreshInterval is {error}")))?;
    Ok(match (spec.refresh_policy, interval.filter(|interval| !interval.is_zero())) {
        (Some(RefreshPolicy::CreatedOnce), _) => Refresh::Once,
        (Some(RefreshPolicy::OnChange), _) | (None | Some(RefreshPolicy::Periodic), None) => {
            Refresh::OnChange
        }
        (None | Some(RefreshPolicy::Periodic), Some(interval)) => {
            Refresh::Every(interval.clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL))
        }
    })
}

fn check_policies(target: &Target) -> Result<(), Malformed> {
    let problem = match (ownership(target), absence(target)) {
        (Ownership::Share { .. } | Ownership::Read, Absence::Delete) => {
            "deletionPolicy=Delete must not be used when the controller doesn't own the secret. \
             Please set creationPolicy=Owner"
        }
        (Ownership::Leave, Absence::Delete) => {
            "deletionPolicy=Delete must not be used with creationPolicy=Orphan: an orphaned secret is not deleted. \
             Please set creationPolicy=Owner"
        }
        (Ownership::Read, Absence::Drop) => {
            "deletionPolicy=Merge must not be used with creationPolicy=None. There is no Secret to merge with"
        }
        (Ownership::Own, _)
        | (Ownership::Leave | Ownership::Share { .. }, Absence::Retain | Absence::Drop)
        | (Ownership::Read, Absence::Retain) => return Ok(()),
    };
    Err(Malformed(problem.to_owned()))
}

fn check_entries(spec: &ExternalSecretSpec, absence: Absence) -> Result<(), Malformed> {
    if spec.data.is_empty() && spec.data_from.is_empty() {
        return Err(Malformed("either data or dataFrom should be specified".to_owned()));
    }
    let mut seen = BTreeSet::new();
    for (index, Data { secret_key, .. }) in spec.data.iter().enumerate() {
        if !seen.insert(secret_key) && absence == Absence::Retain {
            return Err(Malformed(format!("duplicate secretKey found: {secret_key}")));
        }
        match names::check(secret_key) {
            Err(error) => return Err(Malformed(format!("spec.data[{index}].secretKey: {error}"))),
            Ok(()) if secret_key.is_empty() => {
                return Err(Malformed(format!(
                    "spec.data[{index}].secretKey is empty: name the key of the Secret"
                )));
            }
            Ok(()) => {}
        }
    }
    Ok(())
}

/// `dataFrom` comes first, for `data` wins over it.
fn entries(spec: &ExternalSecretSpec, store: &StoreReference) -> Vec<Entry> {
    let members = spec.data_from.iter().enumerate().filter_map(|(index, DataFrom { extract, .. })| {
        Some(entry(Origin::DataFrom(index), store, extract.as_ref()?, Destination::Members))
    });
    let single = spec.data.iter().enumerate().map(|(index, Data { secret_key, remote_ref, .. })| {
        entry(Origin::Data(index), store, remote_ref, Destination::Entry(secret_key.clone()))
    });
    members.chain(single).collect()
}

fn entry(origin: Origin, store: &StoreReference, remote: &RemoteRef, into: Destination) -> Entry {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let fetch = Fetch::new(remote.key.clone());
    let fetch = match given(&remote.version) {
        Some(version) => fetch.at_version(version),
        None => fetch,
    };
    Entry { origin, store: store.clone(), fetch, property: given(&remote.property), into }
}

#[cfg(test)]
mod tests;
