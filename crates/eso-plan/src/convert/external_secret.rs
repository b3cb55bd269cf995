//! `ExternalSecret`: what it asks for, and what its status says.

use std::{collections::BTreeMap, time::Duration};

use eso_core::{
    api::{
        conditions::READY,
        external_secret::{
            self as asked, CreationPolicy, DeletionPolicy, ExternalSecret, ExternalSecretSpec, RefreshPolicy,
            SyncWindowKind, SyncWindows, Target,
        },
        refusals,
    },
    duration,
};
use serde::Deserializer;

use super::{Malformed, entries, references, template};
use crate::{
    desired::{Absence, Desired, Manifest, Ownership, Refresh},
    digest,
    observed::{Kind, Record},
    windows::{WindowKind, Windows},
};

/// What stands for a refresh interval where nothing is said.
pub(crate) const DEFAULT_INTERVAL: Duration = Duration::from_secs(3600);

/// The shortest interval between two reads: a shorter one would ask the store without a pause.
pub(crate) const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

/// The longest interval between two reads; it keeps every time that is computed within the calendar.
pub(crate) const LONGEST_INTERVAL: Duration = Duration::from_secs(366 * 24 * 3600);

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
/// Fails where the original's webhook would refuse it, in the words of that, where an expression or a rewrite in it
/// cannot be read, and where it asks for what this version does not serve.
pub fn desired(object: &ExternalSecret) -> Result<Desired, Malformed> {
    let spec = &object.spec;
    let target = spec.target.clone().unwrap_or_default();
    let manifest = target.manifest.as_ref().map(manifest).transpose()?;
    let kind = kind_of(Some(&target));
    let absence = absence(&target);
    check_policies(&target)?;
    let metadata = &object.metadata;
    Ok(Desired {
        revision: revision(metadata.generation, metadata.labels.as_ref(), metadata.annotations.as_ref()),
        target: references::target(object).to_owned(),
        manifest,
        ownership: ownership(&target),
        absence,
        refresh: refresh(spec)?,
        windows: spec.sync_windows.as_ref().map(windows),
        entries: entries::entries(object, absence)?,
        template: target.template.as_ref().map(|asked| template::template(asked, kind)).transpose()?,
        // Only a Secret can be made so.
        immutable: kind == Kind::Secret && target.immutable == Some(true),
    })
}

/// What an object's status says.
pub fn record(object: &ExternalSecret) -> Record {
    let kind = kind_of(object.spec.target.as_ref());
    let Some(status) = &object.status else {
        return Record { kind, ..Record::default() };
    };
    let condition = status.conditions.iter().find(|condition| condition.kind == READY).map(|condition| {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        (condition.is_ready(), text(&condition.reason), text(&condition.message))
    });
    Record {
        refreshed: status.refresh_time,
        revision: status.synced_resource_version.clone().filter(|revision| !revision.is_empty()),
        condition,
        kind,
    }
}

/// The kind of the target, where it is no Secret; `None` too where that is malformed.
pub fn kind(object: &ExternalSecret) -> Option<Manifest> {
    let target = object.spec.target.as_ref()?;
    target.manifest.as_ref().and_then(|asked| manifest(asked).ok())
}

fn kind_of(target: Option<&Target>) -> Kind {
    match target.and_then(|target| target.manifest.as_ref()) {
        Some(_) => Kind::Resource,
        None => Kind::Secret,
    }
}

/// Whether a kind is one that the operator itself has rights to, or that gives rights away: what a tenant writes so is
/// written with the operator's rights, and not with the tenant's.
fn is_ours_or_of_rights(api_version: &str) -> bool {
    let group = api_version.split('/').next().unwrap_or_default();
    let is_below = |name: &str| group == name || group.ends_with(&format!(".{name}"));
    is_below("external-secrets.io") || is_below("rbac.authorization.k8s.io")
}

/// Whether a text is a group and a version. It becomes a path of the API server, and must not lead elsewhere.
fn is_version(text: &str) -> bool {
    let (group, version) = text.split_once('/').unwrap_or(("core", text));
    group
        .split('.')
        .all(|part| !part.is_empty() && part.chars().all(|it| it == '-' || it.is_ascii_alphanumeric()))
        && is_word(version)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|it| it.is_ascii_alphanumeric())
}

fn manifest(asked: &asked::Manifest) -> Result<Manifest, Malformed> {
    let asked::Manifest { api_version, kind } = asked;
    let problem = match (api_version.as_str(), kind.as_str()) {
        ("", _) => "target.manifest.apiVersion is required",
        (_, "") => "target.manifest.kind is required",
        ("v1", "Secret") => {
            "spec.target.manifest names a Secret: leave it out, and a Secret is what is written"
        }
        (version, _) if is_ours_or_of_rights(version) => {
            "spec.target.manifest may be no kind of external-secrets.io or rbac.authorization.k8s.io"
        }
        (version, kind) if is_version(version) && is_word(kind) => {
            return Ok(Manifest { api_version: version.to_owned(), kind: kind.to_owned() });
        }
        _ => "spec.target.manifest names no kind: apiVersion is GROUP/VERSION or VERSION, and kind is a word",
    };
    Err(Malformed(problem.to_owned()))
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
        (Ownership::Share { .. } | Ownership::Read, Absence::Delete) => refusals::DELETE_UNOWNED,
        (Ownership::Leave, Absence::Delete) => {
            "deletionPolicy=Delete must not be used with creationPolicy=Orphan: an orphaned secret is not deleted. \
             Please set creationPolicy=Owner"
        }
        (Ownership::Read, Absence::Drop) => refusals::MERGE_INTO_NOTHING,
        (Ownership::Own, _)
        | (Ownership::Leave | Ownership::Share { .. }, Absence::Retain | Absence::Drop)
        | (Ownership::Read, Absence::Retain) => return Ok(()),
    };
    Err(Malformed(problem.to_owned()))
}

/// A window whose schedule or duration cannot be read is passed over, as in the original.
fn windows(asked: &SyncWindows) -> Windows {
    let kind = match asked.kind {
        SyncWindowKind::Allow => WindowKind::Allow,
        SyncWindowKind::Deny => WindowKind::Deny,
    };
    let lasting = |text: &str| duration::parse(text).ok().and_then(|length| Duration::try_from(length).ok());
    let windows = asked.windows.iter().map(|window| (window.schedule.as_str(), lasting(&window.duration)));
    Windows::new(kind, windows.map(|(schedule, length)| (schedule, length.unwrap_or_default())))
}

#[cfg(test)]
mod tests;
