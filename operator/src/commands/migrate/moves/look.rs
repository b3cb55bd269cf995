//! What is seen of one older object, and of all that takes its place.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use eso_core::api::{conditions::READY, external_secret::ExternalSecret};
use eso_kube::marks::controller;
use k8s_openapi::{ByteString, api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::OwnerReference};
use kube::{Api, ResourceExt, core::DynamicObject};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{
    super::{
        backup::manifest,
        step::{Fills, Holder, Look, Older, Ready, There, Trial},
    },
    Failure, Move, within,
};

/// What a run remembers of one object.
#[derive(Default)]
pub(super) struct Memory {
    /// Whether it handed the Secret over.
    pub(super) handed_over: bool,
    /// Since when the Secret is the newer object's.
    pub(super) newers_since: Option<Instant>,
    /// The Secret as it was when it was the older object's last, or when it was first seen.
    before: Option<Secret>,
}

/// What is seen.
pub(super) struct Seen {
    pub(super) look: Look,
    pub(super) secret: Option<Secret>,
    pub(super) newer: Option<ExternalSecret>,
    /// The uid of the trial.
    pub(super) trial: Option<String>,
    /// The version of the older object.
    pub(super) older_version: Option<String>,
}

impl Move<'_> {
    /// Looks at all of it. The Secret is looked at before the newer object, which says later whether it is in step.
    pub(super) async fn see(&self, memory: &mut Memory) -> anyhow::Result<Seen> {
        let secret = got(&self.secrets, &self.name).await?;
        let newer = got(&self.newer, &self.name).await?;
        let made = got(&self.secrets, &self.trial.name_any()).await?;
        let trial = got(&self.newer, &self.trial.name_any()).await?;
        let store = got(&self.stores, &self.wanted.store.name_any()).await?;
        let older = got(&self.older, &self.name).await?;
        let newer_uid = newer.as_ref().and_then(ResourceExt::uid);
        let holder =
            secret.as_ref().map(|secret| holder(secret.owner_references(), &self.uid, newer_uid.as_deref()));
        memory.see(secret.as_ref(), holder.as_ref());
        let look = Look {
            older: self.seen_older(older.as_ref())?,
            store: there(store.as_ref(), |store| store.spec == self.wanted.store.spec),
            trial: self.seen_trial(trial.as_ref(), made.as_ref(), secret.as_ref()),
            trial_would_take: made.as_ref().is_some_and(is_nobodys),
            newer: there(newer.as_ref(), |newer| newer.spec == self.wanted.object.spec),
            newer_is: newer.as_ref().map_or_else(|| Ready::No("it is not there".to_owned()), ready),
            fills: self.seen_fills(secret.as_ref()).await?,
            changed: memory.changed(secret.as_ref()),
            secret: holder,
        };
        let older_version = older.and_then(|older| older.resource_version());
        Ok(Seen { look, secret, newer, trial: trial.and_then(|trial| trial.uid()), older_version })
    }

    fn seen_older(&self, older: Option<&DynamicObject>) -> anyhow::Result<Older> {
        let Some(older) = older else { return Ok(Older::Gone) };
        // Its status and who wrote it change all the time.
        let now = manifest(&serde_json::to_value(older).context("an object must be JSON")?);
        Ok(match &older.metadata {
            metadata if metadata.uid.as_ref() != Some(&self.uid) => Older::Another,
            metadata if metadata.deletion_timestamp.is_some() => Older::Leaving,
            _ if now != manifest(self.document) => Older::Edited,
            _ => Older::There,
        })
    }

    /// What a trial shows with the Secret that it made.
    fn seen_trial(
        &self,
        trial: Option<&ExternalSecret>,
        made: Option<&Secret>,
        secret: Option<&Secret>,
    ) -> Option<Trial> {
        let trial = trial?;
        if !self.is_our_trial(trial) {
            return Some(Trial::Foreign);
        }
        if let Ready::No(said) = ready(trial) {
            return Some(Trial::Unready(said));
        }
        let Some(made) = made.filter(|made| is_of(made, trial)) else {
            return Some(Trial::Unready("it has no Secret yet".to_owned()));
        };
        let mut keys = different(secret, Some(made));
        // The API server changes no type.
        if secret.is_some_and(|secret| secret.type_ != made.type_) {
            keys.push("(its type)".to_owned());
        }
        Some(if keys.is_empty() { Trial::Same } else { Trial::Differs(keys) })
    }

    async fn seen_fills(&self, secret: Option<&Secret>) -> anyhow::Result<Fills> {
        let (mut missing, mut unready) = (Vec::new(), None);
        for wanted in &self.wanted.fills {
            match got(&self.newer, &wanted.name_any()).await? {
                None => missing.push(wanted.name_any()),
                Some(fill) if fill.spec != wanted.spec => return Ok(Fills::Other),
                Some(fill) => {
                    if let Ready::No(said) = ready(&fill) {
                        unready = Some(said);
                    }
                }
            }
        }
        let is_missing = !missing.is_empty();
        missing.retain(|name| !secret.is_some_and(|secret| is_of_texts(secret, name)));
        Ok(match unready {
            _ if !missing.is_empty() => Fills::NotOfTexts(missing),
            _ if is_missing => Fills::Missing,
            Some(said) => Fills::Unready(said),
            None => Fills::InStep,
        })
    }
}

impl Memory {
    fn see(&mut self, secret: Option<&Secret>, holder: Option<&Holder>) {
        let is_newers = holder == Some(&Holder::Newer);
        if !is_newers || self.before.is_none() {
            self.before = secret.cloned();
        }
        self.newers_since = if is_newers { self.newers_since.or_else(|| Some(Instant::now())) } else { None };
    }

    /// What of the Secret is not as it was.
    fn changed(&self, secret: Option<&Secret>) -> Option<String> {
        let before = self.before.as_ref()?;
        if secret.and_then(ResourceExt::uid) != before.uid() {
            return Some("its Secret is another one than the older object had".to_owned());
        }
        let keys = different(Some(before), secret);
        (!keys.is_empty()).then(|| {
            format!(
                "since the newer object has the Secret, it holds something else in these keys: {}",
                keys.join(", ")
            )
        })
    }
}

/// An object; nothing where it is not there.
async fn got<K: Clone + DeserializeOwned + std::fmt::Debug>(
    api: &Api<K>,
    name: &str,
) -> anyhow::Result<Option<K>> {
    match within(api.get_opt(name)).await {
        Ok(found) => Ok(found),
        Err(Failure::Outdated) => Ok(None),
        Err(Failure::Other(error)) => Err(error),
    }
}

fn there<K>(found: Option<&K>, is_as_wanted: impl FnOnce(&K) -> bool) -> There {
    match found {
        None => There::Missing,
        Some(found) if is_as_wanted(found) => There::AsWanted,
        Some(_) => There::Other,
    }
}

fn ready(object: &ExternalSecret) -> Ready {
    let conditions = object.status.iter().flat_map(|status| &status.conditions);
    match conditions.into_iter().find(|condition| condition.kind == READY) {
        Some(condition) if condition.is_ready() => Ready::Yes,
        Some(condition) => Ready::No(condition.message.clone().unwrap_or_default()),
        None => Ready::No("it says nothing yet: does the operator run?".to_owned()),
    }
}

/// Who a Secret belongs to.
fn holder(owners: &[OwnerReference], older: &str, newer: Option<&str>) -> Holder {
    let metadata = kube::core::ObjectMeta {
        owner_references: Some(owners.to_vec()),
        ..kube::core::ObjectMeta::default()
    };
    match controller(&metadata) {
        Some(owner) if Some(owner.uid.as_str()) == newer => Holder::Newer,
        Some(owner) if owner.uid != older => Holder::Other(format!("{} {}", owner.kind, owner.name)),
        _ if owners.iter().any(|owner| owner.uid == older) => Holder::Older,
        _ => Holder::Nobody,
    }
}

/// Whether nobody controls a Secret: whoever comes first may take it.
fn is_nobodys(secret: &Secret) -> bool {
    controller(&secret.metadata).is_none()
}

/// Whether a Secret is this object's.
fn is_of(secret: &Secret, object: &ExternalSecret) -> bool {
    controller(&secret.metadata).is_some_and(|owner| object.metadata.uid.as_ref() == Some(&owner.uid))
}

/// Whether what an object's Secret holds under this name is JSON whose members are texts. The Secret of this name is filled
/// with these, which both groups write as they are, and others not.
fn is_of_texts(secret: &Secret, name: &str) -> bool {
    let held = secret.data.as_ref().and_then(|data| data.get(name));
    held.is_some_and(|value| serde_json::from_slice::<BTreeMap<String, String>>(&value.0).is_ok())
}

/// The keys in which two Secrets differ.
fn different(one: Option<&Secret>, other: Option<&Secret>) -> Vec<String> {
    let nothing = BTreeMap::new();
    let data = |secret: Option<&Secret>| -> BTreeMap<String, ByteString> {
        secret.and_then(|secret| secret.data.clone()).unwrap_or_else(|| nothing.clone())
    };
    let (one, other) = (data(one), data(other));
    let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    keys.into_iter().filter(|key| one.get(*key) != other.get(*key)).cloned().collect()
}

#[cfg(test)]
mod tests;
