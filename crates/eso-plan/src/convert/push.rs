//! `PushSecret`: what it asks for, what it names, and what its status says.

use std::{collections::BTreeSet, time::Duration};

use eso_core::{
    api::{
        conditions::READY,
        external_secret::SecretStoreRefKind,
        push_secret::{
            PushSecret, PushSecretConversionStrategy, PushSecretData, PushSecretDataTo,
            PushSecretDeletionPolicy, PushSecretMatch, PushSecretRemoteRef, PushSecretRewrite,
            PushSecretSelector, PushSecretStoreRef, PushSecretUpdatePolicy, SyncedPushSecrets,
        },
        refusals,
    },
    duration,
    key::{StoreKind, StoreReference},
    labels::Selector,
};
use serde::Deserializer;

use super::{Malformed, external_secret, references, template};
use crate::{
    naming::{Pattern, Rewrite},
    observed::Kind,
    push::{By, Choice, Conversion, Data, DataTo, Desired, Place, Record, Source, Synced, Update},
    template::{SourceName, Template},
};

/// What stands for a refresh interval where nothing is said.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(3600);

/// Reads an object, as the API server sent it: a text, or a `Value`.
///
/// Fails where a field is missing, has the wrong type, or an enum an unknown word: the message names the field, and
/// quotes nothing.
pub fn parse<'de>(object: impl Deserializer<'de>) -> Result<PushSecret, Malformed> {
    serde_path_to_error::deserialize(object).map_err(|error| {
        // serde_json's own text quotes the input.
        let path = error.path();
        Malformed(format!(
            "{path} cannot be read: a field is missing, of the wrong type, or has an unknown word; \
             see kubectl explain pushsecret.{path}"
        ))
    })
}

/// What an object asks for.
///
/// Fails where the original refuses it, in the words of that, where an expression, a path or a rewrite in it cannot be
/// read, and where it asks for what this version does not serve.
pub fn desired(object: &PushSecret) -> Result<Desired, Malformed> {
    let spec = &object.spec;
    let metadata = &object.metadata;
    let (labels, annotations) = (metadata.labels.as_ref(), metadata.annotations.as_ref());
    let data_to = spec.data_to.iter().enumerate().map(|(index, entry)| {
        data_to(entry, &spec.secret_store_refs)
            .map_err(|problem| Malformed(format!("dataTo[{index}]: {problem}")))
    });
    Ok(Desired {
        revision: external_secret::revision(metadata.generation, labels, annotations),
        refresh: refresh(spec.refresh_interval.as_deref())?,
        source: source(&spec.selector)?,
        stores: spec.secret_store_refs.iter().map(by_labels_first).collect::<Result<_, _>>()?,
        data: spec.data.iter().map(data).collect(),
        data_to: data_to.collect::<Result<_, _>>()?,
        template: spec.template.as_ref().map(adding).transpose()?,
        update: match spec.update_policy {
            None | Some(PushSecretUpdatePolicy::Replace) => Update::Replace,
            Some(PushSecretUpdatePolicy::IfNotExists) => Update::Keep,
        },
        cleans_up: cleans_up(object),
    })
}

/// Whether what an object wrote is deleted when it is not asked for any more.
pub fn cleans_up(object: &PushSecret) -> bool {
    object.spec.deletion_policy == Some(PushSecretDeletionPolicy::Delete)
}

/// The objects of its namespace that the templates of an object stand in.
pub fn sources(object: &PushSecret) -> BTreeSet<SourceName> {
    object.spec.template.iter().flat_map(references::sources_of).collect()
}

/// What an object's status says. Stores of kinds that are not known are left out.
pub fn record(object: &PushSecret) -> Record {
    let Some(status) = &object.status else { return Record::default() };
    let condition = status.conditions.iter().find(|condition| condition.kind == READY).map(|condition| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        (condition.is_ready(), text(&condition.reason), text(&condition.message))
    });
    Record {
        refreshed: status.refresh_time,
        revision: status.synced_resource_version.clone().filter(|revision| !revision.is_empty()),
        condition,
        synced: synced(&status.synced_push_secrets, object.metadata.namespace.as_deref().unwrap_or_default()),
    }
}

/// The stores that an object's status says it wrote to, those of kinds that are not known left out.
pub fn written_stores(object: &PushSecret) -> impl Iterator<Item = StoreReference> {
    let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
    let stores = object.status.iter().flat_map(|status| status.synced_push_secrets.keys());
    stores.filter_map(move |store| reference(store, namespace))
}

/// The stores that an object names, also where it cannot be understood otherwise.
pub fn named_stores(object: &PushSecret) -> impl Iterator<Item = StoreReference> {
    let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
    object.spec.secret_store_refs.iter().filter_map(move |store| {
        let name = given(store.name.as_ref())?;
        Some(StoreReference { kind: kind(store.kind), namespace: namespace.to_owned(), name })
    })
}

fn synced(written: &SyncedPushSecrets, namespace: &str) -> Synced {
    let stores = written.iter().filter_map(|(store, places)| {
        let places = places.iter().map(|(name, entry)| (name.clone(), data(entry)));
        Some((reference(store, namespace)?, places.collect()))
    });
    stores.collect()
}

/// The store that a status calls `Kind/name`.
fn reference(text: &str, namespace: &str) -> Option<StoreReference> {
    let (kind, name) = text.split_once('/')?;
    let kind = [StoreKind::SecretStore, StoreKind::ClusterSecretStore]
        .into_iter()
        .find(|known| known.to_string() == kind)?;
    Some(StoreReference { kind, namespace: namespace.to_owned(), name: name.to_owned() })
}

/// What was written, as a status says it: byte for byte as the original's.
pub fn written(synced: &Synced) -> SyncedPushSecrets {
    let entry = |data: &Data| PushSecretData {
        matched: PushSecretMatch {
            secret_key: data.secret_key.clone(),
            remote_ref: PushSecretRemoteRef {
                remote_key: data.place.key.to_string(),
                property: data.place.property.clone(),
            },
        },
        metadata: data.metadata.clone(),
        conversion_strategy: Some(match data.conversion {
            Conversion::None => PushSecretConversionStrategy::None,
            Conversion::ReverseUnicode => PushSecretConversionStrategy::ReverseUnicode,
        }),
    };
    let stores = synced.iter().map(|(store, places)| {
        let places = places.iter().map(|(name, data)| (name.clone(), entry(data)));
        (format!("{}/{}", store.kind, store.name), places.collect())
    });
    stores.collect()
}

/// As in the original, nothing is looked at by the clock where the interval is 0.
fn refresh(interval: Option<&str>) -> Result<Option<Duration>, Malformed> {
    let interval = match interval {
        None | Some("") => Some(DEFAULT_INTERVAL),
        // What is negative is no `Duration`, and means the same as 0.
        Some(text) => duration::parse(text)
            .map(|interval| Duration::try_from(interval).ok())
            .map_err(|error| Malformed(format!("spec.refreshInterval is {error}")))?,
    };
    let within = |interval: Duration| {
        interval.clamp(external_secret::SHORTEST_INTERVAL, external_secret::LONGEST_INTERVAL)
    };
    Ok(interval.filter(|interval| !interval.is_zero()).map(within))
}

fn source(selector: &PushSecretSelector) -> Result<Source, Malformed> {
    let PushSecretSelector { secret, generator_ref } = selector;
    if let Some(generator) = generator_ref {
        return Err(Malformed(format!(
            "spec.selector.generatorRef: the generator {} is not served yet: select a Secret",
            generator.kind
        )));
    }
    let secret = secret.as_ref().ok_or_else(|| Malformed("no secret selector provided".to_owned()))?;
    match (given(secret.name.as_ref()), &secret.selector) {
        (Some(name), _) => Ok(Source::Named(name)),
        (None, Some(selector)) => {
            let selector = Selector::parse(selector).map_err(unconverted)?;
            if selector.requires_nothing() {
                return Err(Malformed("secret selector is empty: it would select every Secret".to_owned()));
            }
            Ok(Source::Labelled(selector))
        }
        (None, None) => Err(Malformed("no secret selector provided".to_owned())),
    }
}

fn unconverted(problem: String) -> Malformed {
    Malformed(format!("could not convert labels: {problem}"))
}

fn kind(kind: Option<SecretStoreRefKind>) -> StoreKind {
    match kind {
        None | Some(SecretStoreRefKind::SecretStore) => StoreKind::SecretStore,
        Some(SecretStoreRefKind::ClusterSecretStore) => StoreKind::ClusterSecretStore,
    }
}

/// As in the original, the labels count where there are both.
fn by_labels_first(store: &PushSecretStoreRef) -> Result<Choice, Malformed> {
    let by = match (&store.label_selector, given(store.name.as_ref())) {
        (Some(selector), _) => By::Labels(Selector::parse(selector).map_err(unconverted)?),
        (None, Some(name)) => By::Name(name),
        (None, None) => return Err(Malformed("refStore Name must be provided".to_owned())),
    };
    Ok(Choice { kind: kind(store.kind), by })
}

fn data(entry: &PushSecretData) -> Data {
    let PushSecretData { matched, metadata, conversion_strategy } = entry;
    let PushSecretMatch { secret_key, remote_ref } = matched;
    Data {
        secret_key: given(secret_key.as_ref()),
        place: Place {
            key: remote_ref.remote_key.as_str().into(),
            property: given(remote_ref.property.as_ref()),
        },
        metadata: metadata.clone(),
        conversion: conversion(*conversion_strategy),
    }
}

fn data_to(entry: &PushSecretDataTo, stores: &[PushSecretStoreRef]) -> Result<DataTo, String> {
    let PushSecretDataTo { store_ref, remote_key, matched, rewrite, metadata, conversion_strategy } = entry;
    let store = store_ref.as_ref().ok_or("storeRef is required")?;
    let bundle = given(remote_key.as_ref());
    if bundle.is_some() && !rewrite.is_empty() {
        return Err(refusals::REWRITE_OF_BUNDLE.to_owned());
    }
    let pattern = matched.as_ref().and_then(|matched| given(matched.regexp.as_ref()));
    let pattern = pattern.map(|text| {
        Pattern::new(&text)
            .map_err(|error| format!("match failed: failed to compile regexp pattern {text:?}: {error}"))
    });
    let rewrites = rewrite.iter().enumerate().map(|(step, rewrite)| {
        rewritten(rewrite).map_err(|problem| format!("rewrite failed: rewrite[{step}]: {problem}"))
    });
    Ok(DataTo {
        stores: among(store, stores)?,
        bundle: bundle.map(Into::into),
        keys: pattern.transpose()?,
        rewrites: rewrites.collect::<Result<_, _>>()?,
        metadata: metadata.clone(),
        conversion: conversion(*conversion_strategy),
    })
}

/// The stores that an entry of `dataTo` means: those of the object's that it names, or else that have its labels.
fn among(store: &PushSecretStoreRef, stores: &[PushSecretStoreRef]) -> Result<Choice, String> {
    let PushSecretStoreRef { name, label_selector, kind: of } = store;
    let of = kind(*of);
    let by = match (given(name.as_ref()), label_selector) {
        (Some(name), _) => {
            let is_chosen = stores.iter().any(|chosen| {
                kind(chosen.kind) == of
                    && (chosen.label_selector.is_some() || chosen.name.as_deref() == Some(&name))
            });
            if !is_chosen {
                return Err(format!("storeRef {name:?} not found in secretStoreRefs"));
            }
            By::Name(name)
        }
        (None, Some(selector)) => By::Labels(
            Selector::parse(selector).map_err(|problem| format!("invalid labelSelector: {problem}"))?,
        ),
        (None, None) => return Err("storeRef must have name or labelSelector".to_owned()),
    };
    Ok(Choice { kind: of, by })
}

fn rewritten(rewrite: &PushSecretRewrite) -> Result<Rewrite, String> {
    let PushSecretRewrite { regexp, transform } = rewrite;
    match (regexp, transform) {
        (Some(regexp), None) => Rewrite::regexp(&regexp.source, &regexp.target),
        (None, Some(transform)) => Rewrite::transform(&transform.template),
        (Some(_), Some(_)) | (None, None) => Err(refusals::NO_ONE_REWRITE.to_owned()),
    }
}

fn conversion(strategy: Option<PushSecretConversionStrategy>) -> Conversion {
    match strategy {
        None | Some(PushSecretConversionStrategy::None) => Conversion::None,
        Some(PushSecretConversionStrategy::ReverseUnicode) => Conversion::ReverseUnicode,
    }
}

/// As in the original, what templates make is added to what the Secret holds, whatever its `mergePolicy`.
fn adding(asked: &eso_core::api::external_secret::Template) -> Result<Template, Malformed> {
    Ok(Template { keeps_values: true, ..template::template(asked, Kind::Secret)? })
}

fn given(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.is_empty()).cloned()
}

#[cfg(test)]
mod tests;
