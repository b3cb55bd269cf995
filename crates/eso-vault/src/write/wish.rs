//! What a push wants beside its value: the metadata document of a PushSecret, and what it makes of what is there.

use std::collections::BTreeMap;

use eso_core::{
    api::vault::KvVersion,
    error::{ErrorKind, ProviderError, Reason},
};
use serde_json::{Map, Value};

const API_VERSION: &str = "kubernetes.external-secrets.io/v1alpha1";
const KIND: &str = "PushSecretMetadata";

/// The mark by which a value is known as ours, and as the original's.
pub(super) const MANAGED_BY: (&str, &str) = ("managed-by", "external-secrets");

/// The custom metadata of a value.
pub(super) type Custom = BTreeMap<String, String>;

/// Whether custom metadata says that a value is ours.
pub(super) fn is_marked(custom: &Custom) -> bool {
    let (name, owner) = MANAGED_BY;
    custom.get(name).is_some_and(|found| found == owner)
}

/// What a push wants beside its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wish {
    policy: MergePolicy,
    custom: Custom,
}

/// What becomes of custom metadata that is there and not wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum MergePolicy {
    /// It stays.
    #[default]
    Merge,
    /// It goes.
    Replace,
}

/// Why a metadata document cannot be served. What is quoted is the user's, out of the PushSecret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum WishError {
    #[error("unexpected apiVersion {0:?}, expected {API_VERSION:?}")]
    ApiVersion(String),
    #[error("unexpected kind {0:?}, expected {KIND:?}")]
    Kind(String),
    #[error("unknown field {0:?}")]
    Unknown(String),
    #[error("{0} must be an object")]
    NoObject(&'static str),
    #[error("spec.customMetadata.{0} must be a text")]
    NoText(String),
    #[error("unsupported merge policy {0:?}, must be one of: Merge, Replace")]
    Policy(String),
    #[error("spec.customMetadata: KV version 1 keeps no metadata")]
    NoMetadata,
}

impl Wish {
    /// Reads the document of a PushSecret; nothing is wanted where there is none.
    pub(super) fn new(document: Option<&Value>) -> Result<Self, WishError> {
        let Some(document) = document.filter(|document| !document.is_null()) else {
            return Ok(Self::default());
        };
        let fields = fields("the metadata", document, "", &["apiVersion", "kind", "spec"])?;
        let text = |name: &str| fields.get(name).map(shown).unwrap_or_default();
        if text("apiVersion") != API_VERSION {
            return Err(WishError::ApiVersion(text("apiVersion")));
        }
        if text("kind") != KIND {
            return Err(WishError::Kind(text("kind")));
        }
        fields.get("spec").filter(|spec| !spec.is_null()).map_or(Ok(Self::default()), Self::of_spec)
    }

    fn of_spec(spec: &Value) -> Result<Self, WishError> {
        let fields = fields("spec", spec, "spec.", &["customMetadata", "mergePolicy"])?;
        Ok(Self {
            policy: fields.get("mergePolicy").map_or(Ok(MergePolicy::Merge), MergePolicy::new)?,
            custom: fields.get("customMetadata").map_or(Ok(Custom::new()), custom)?,
        })
    }

    /// The wish, where a mount of this version can fulfil it.
    pub(super) fn of_version(self, version: KvVersion) -> Result<Self, WishError> {
        match version {
            KvVersion::V1 if !self.custom.is_empty() => Err(WishError::NoMetadata),
            KvVersion::V1 | KvVersion::V2 => Ok(self),
        }
    }

    /// What should be beside the value where this is. The mark is always there, whatever the user wants under its name.
    pub(super) fn beside(&self, present: &Custom) -> Custom {
        let mut custom = match self.policy {
            MergePolicy::Merge => present.clone(),
            MergePolicy::Replace => Custom::new(),
        };
        custom.extend(self.custom.clone());
        let (name, owner) = MANAGED_BY;
        custom.insert(name.to_owned(), owner.to_owned());
        custom
    }
}

impl MergePolicy {
    fn new(value: &Value) -> Result<Self, WishError> {
        match value.as_str().unwrap_or_default() {
            "Merge" => Ok(Self::Merge),
            "Replace" => Ok(Self::Replace),
            _ if value.is_null() || value == "" => Ok(Self::Merge),
            _ => Err(WishError::Policy(shown(value))),
        }
    }
}

impl From<WishError> for ProviderError {
    fn from(error: WishError) -> Self {
        let reason = Reason::new(error.to_string());
        Self::new(ErrorKind::Invalid, "failed to parse push secret metadata").with_reason(reason)
    }
}

fn custom(value: &Value) -> Result<Custom, WishError> {
    if value.is_null() {
        return Ok(Custom::new());
    }
    let fields = value.as_object().ok_or(WishError::NoObject("spec.customMetadata"))?;
    let text = |(name, value): (&String, &Value)| match value {
        Value::String(text) => Ok((name.clone(), text.clone())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(WishError::NoText(name.clone()))
        }
    };
    fields.iter().map(text).collect()
}

/// The fields of an object, none of which is another than those that are known.
fn fields<'value>(
    what: &'static str,
    value: &'value Value,
    path: &str,
    known: &[&str],
) -> Result<&'value Map<String, Value>, WishError> {
    let fields = value.as_object().ok_or(WishError::NoObject(what))?;
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => Err(WishError::Unknown(format!("{path}{unknown}"))),
        None => Ok(fields),
    }
}

/// A text as it is, and anything else as JSON.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests;
