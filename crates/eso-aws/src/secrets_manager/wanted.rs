//! What is wanted of a secret beside its value, what a look at it showed, and what a write must do about the difference.

use std::collections::BTreeSet;

use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput;
use eso_core::{
    error::ProviderError,
    key::Version,
    provider::{DocumentTexts, Expected},
};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    CURRENT,
    policy::{self, Policy},
    tags_of,
};
use crate::{
    push_metadata,
    tags::{Change, DESCRIPTION, NOT_OURS, Tags, is_ours},
};

/// The id of a secret's first version, as the original's.
pub(super) const FIRST_VERSION: &str = "00000000-0000-0000-0000-000000000001";

/// The key of the account that encrypts where no other one is wanted.
const DEFAULT_KEY: &str = "alias/aws/secretsmanager";

/// As what a value is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Binary,
    Text,
}

/// What is wanted of a secret beside its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Where it is written anew.
    pub(super) format: Format,
    /// `None`: whatever tags there are.
    pub(super) tags: Option<Tags>,
    /// Of a new secret; that of one that is there is left, as in the original.
    pub(super) description: String,
    /// Of a new secret; that of one that is there is left, as in the original.
    pub(super) kms_key: String,
    /// The regions that it is replicated to; `None`: whatever regions there are.
    pub(super) replicas: Option<BTreeSet<String>>,
    /// Who else may do what with it; `None`: whatever policy there is.
    pub(super) policy: Option<Policy>,
}

impl Wanted {
    /// What is wanted of a secret, with the documents that are named in that.
    ///
    /// Fails with `Invalid`, naming the field that is not known or cannot be served.
    pub(super) fn of(metadata: Option<&Value>, documents: &DocumentTexts) -> Result<Self, ProviderError> {
        let mut spec = push_metadata::spec(metadata)?;
        let formats = [("binary", Format::Binary), ("string", Format::Text)];
        let source = policy::source(&mut spec)?;
        let wanted = Self {
            format: spec.one_of("secretPushFormat", &formats)?.unwrap_or(Format::Binary),
            tags: spec.tags()?,
            description: spec.text("description")?.unwrap_or_else(|| DESCRIPTION.to_owned()),
            kms_key: spec.text("kmsKeyID")?.unwrap_or_else(|| DEFAULT_KEY.to_owned()),
            replicas: spec.texts("replicationLocations")?,
            policy: source.map(|source| Policy::read(source, documents)).transpose()?,
        };
        spec.end()?;
        Ok(wanted)
    }
}

/// What a look at a secret showed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) arn: String,
    pub(super) tags: Tags,
    /// The version that holds; `None` where no value was ever written.
    pub(super) current: Option<String>,
    /// The regions that it is replicated to.
    pub(super) replicas: BTreeSet<String>,
    pub(super) kms_key: Option<String>,
    /// Whether it is in its recovery window.
    pub(super) is_deleted: bool,
}

impl Look {
    pub(super) fn of(described: &DescribeSecretOutput) -> Self {
        let is_current = |stages: &Vec<String>| stages.iter().any(|stage| stage == CURRENT);
        let mut versions = described.version_ids_to_stages().into_iter().flatten();
        let replicas = described.replication_status().iter().filter_map(|replica| replica.region());
        Self {
            arn: described.arn().unwrap_or_default().to_owned(),
            tags: tags_of(described),
            current: versions.find(|(_, stages)| is_current(stages)).map(|(id, _)| id.clone()),
            replicas: replicas.map(str::to_owned).collect(),
            kms_key: described.kms_key_id().map(str::to_owned),
            is_deleted: described.deleted_date().is_some(),
        }
    }

    pub(super) fn is_ours(&self) -> bool {
        is_ours(&self.tags)
    }

    /// Whether all that a look shows is so already as is wanted. It does not show the policy.
    pub(super) fn is_dressed_as(&self, wanted: &Wanted) -> bool {
        Change::between(&self.tags, wanted.tags.as_ref()).is_none()
            && wanted.replicas.as_ref().is_none_or(|replicas| *replicas == self.replicas)
    }

    /// The id of the version that a put writes, or why it must not write.
    ///
    /// It is the same where the same put is made again, because the answer to the first was lost, and AWS makes no second
    /// version under one id. Nothing of the value is in it: more people may see ids than values.
    pub(super) fn next_version(&self, expected: &Expected) -> Result<String, &'static str> {
        if !self.is_ours() {
            return Err(NOT_OURS);
        }
        let current = self.current.as_deref();
        match expected {
            // What was made where nothing was: perhaps by the first attempt.
            Expected::Nothing if !self.is_deleted && current == Some(FIRST_VERSION) => {
                Ok(FIRST_VERSION.to_owned())
            }
            Expected::Nothing => Err("a secret of this name was made in between"),
            Expected::Ours(seen) => {
                let seen = seen.as_ref().map(Version::as_str);
                let next = version_after(seen);
                match current == seen || current == Some(&next) {
                    true => Ok(next),
                    false => Err(CHANGED),
                }
            }
        }
    }

    /// Whether the version that was to be written after `before` exists already, though nobody wrote since.
    pub(super) fn is_next_taken(&self, before: &Self, next: &str) -> bool {
        let is_unchanged = self.current == before.current && self.is_ours() && !self.is_deleted;
        is_unchanged && self.current.as_deref() != Some(next)
    }

    /// Why it must not be deleted.
    pub(super) fn obstacle(&self, seen: Option<&Version>) -> Option<&'static str> {
        if !self.is_ours() {
            return Some(NOT_OURS);
        }
        let is_seen = |seen: &Version| self.current.as_deref() == Some(seen.as_str());
        seen.is_some_and(|seen| !is_seen(seen)).then_some(CHANGED)
    }
}

/// Why nothing is written over a version that nobody looked at.
pub(super) const CHANGED: &str = "somebody else wrote a version in between";

/// An id that looks like AWS's own.
fn version_after(version: Option<&str>) -> String {
    let Some(version) = version else { return FIRST_VERSION.to_owned() };
    let hash = Sha256::digest(format!("the version after {version}"));
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests;
