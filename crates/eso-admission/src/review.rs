//! An AdmissionReview, read within limits. No error holds anything of it.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use eso_core::value::SecretBytes;
use eso_plan::filled::Place;
use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};
use serde_json::value::RawValue;

use crate::ports::User;

/// How many bytes a review may take: a Secret of the largest size (1 MiB) fits in it twice, in base64, with what is beside
/// it. The API server takes no larger request either.
pub const LARGEST: usize = 3 << 20;

/// Why a body is no review that can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    /// It takes too much.
    #[error("the body takes more than 3 MiB")]
    TooLarge,
    /// It is something else.
    #[error("the body is no AdmissionReview of admission.k8s.io/v1 with a request")]
    Malformed,
    /// The object in it is not what it says.
    #[error("the object in the review cannot be read")]
    Object,
}

/// A question of the API server. `Debug` shows nothing of the objects.
pub struct Review<'a> {
    /// What the answer must repeat.
    pub uid: String,
    /// What is done.
    pub operation: Operation,
    /// To what.
    pub resource: Resource,
    /// To a part of it, such as `status`.
    pub subresource: String,
    /// The object's namespace and name; the name is empty where the API server is to make one.
    pub place: Place,
    /// Who asks.
    pub user: User,
    /// Whether nothing may come of it.
    pub dry_run: bool,
    object: Option<&'a RawValue>,
    old: Option<&'a RawValue>,
}

/// What is done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Operation {
    /// It is created.
    Create,
    /// It is changed.
    Update,
    /// It is deleted.
    Delete,
    /// It is connected to.
    Connect,
}

/// A resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Resource {
    /// Its group; empty is the core group.
    #[serde(default)]
    pub group: String,
    /// Its name, in plural.
    pub resource: String,
}

/// A Secret, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secret {
    /// Its type; empty is `Opaque`.
    pub kind: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Whom it goes with.
    pub owners: Vec<Owner>,
    /// Its values.
    pub data: BTreeMap<String, SecretBytes>,
}

/// Whom an object goes with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// The group and version of its kind.
    #[serde(default)]
    pub api_version: String,
    /// Its kind.
    #[serde(default)]
    pub kind: String,
    /// Its uid.
    #[serde(default)]
    pub uid: String,
    /// Whether it is the one owner that controls the object.
    #[serde(default)]
    pub controller: Option<bool>,
}

impl Secret {
    /// The owner that controls it.
    pub fn controller(&self) -> Option<&Owner> {
        self.owners.iter().find(|owner| owner.controller == Some(true))
    }

    /// The value of one of its annotations.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.get(name).map(String::as_str)
    }
}

impl<'a> Review<'a> {
    /// Reads a body. The objects in it are read when they are asked for.
    ///
    /// # Errors
    /// Where it is no review. It takes time and memory in proportion to the body, however deep it nests.
    pub fn parse(body: &'a [u8]) -> Result<Self, ReviewError> {
        if body.len() > LARGEST {
            return Err(ReviewError::TooLarge);
        }
        let sent: Sent<'a> = serde_json::from_slice(body).map_err(|_error| ReviewError::Malformed)?;
        match (sent.api_version.as_ref(), sent.kind.as_ref(), sent.request) {
            ("admission.k8s.io/v1", "AdmissionReview", Some(request)) => Ok(request.into()),
            _ => Err(ReviewError::Malformed),
        }
    }

    /// The object as it is to be, as a Secret.
    ///
    /// # Errors
    /// Where it is none.
    pub fn secret(&self) -> Result<Option<Secret>, ReviewError> {
        self.object.map(secret).transpose()
    }

    /// The object as it is, as a Secret.
    ///
    /// # Errors
    /// Where it is none.
    pub fn old_secret(&self) -> Result<Option<Secret>, ReviewError> {
        self.old.map(secret).transpose()
    }

    /// The object as it is, as JSON.
    pub fn old_object(&self) -> Option<&'a str> {
        self.old.map(RawValue::get)
    }

    /// The object as it is to be, as JSON.
    pub fn object(&self) -> Option<&'a str> {
        self.object.map(RawValue::get)
    }
}

impl fmt::Debug for Review<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { uid, operation, resource, subresource: _, place, user: _, dry_run, object: _, old: _ } =
            self;
        let mut review = f.debug_struct("Review");
        review.field("uid", uid).field("operation", operation).field("resource", resource);
        review.field("place", place).field("dry_run", dry_run).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent<'a> {
    #[serde(borrow)]
    api_version: Cow<'a, str>,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    request: Option<Request<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    uid: String,
    operation: Operation,
    resource: Resource,
    #[serde(default)]
    sub_resource: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    user_info: UserInfo,
    #[serde(default)]
    dry_run: Option<bool>,
    #[serde(borrow, default)]
    object: Option<&'a RawValue>,
    #[serde(borrow, default)]
    old_object: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct UserInfo {
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    uid: Option<String>,
    #[serde(default)]
    groups: Option<Vec<String>>,
    #[serde(default)]
    extra: Option<BTreeMap<String, Vec<String>>>,
}

impl<'a> From<Request<'a>> for Review<'a> {
    fn from(request: Request<'a>) -> Self {
        let UserInfo { username, uid, groups, extra } = request.user_info;
        Self {
            uid: request.uid,
            operation: request.operation,
            resource: request.resource,
            subresource: request.sub_resource.unwrap_or_default(),
            place: Place {
                namespace: request.namespace.unwrap_or_default(),
                name: request.name.unwrap_or_default(),
            },
            user: User {
                name: username.unwrap_or_default(),
                uid: uid.unwrap_or_default(),
                groups: groups.unwrap_or_default(),
                extra: extra.unwrap_or_default(),
            },
            dry_run: request.dry_run.unwrap_or_default(),
            object: request.object,
            old: request.old_object,
        }
    }
}

#[derive(Deserialize)]
struct SentSecret {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    data: Option<BTreeMap<String, Option<Base64>>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
    #[serde(default)]
    owner_references: Option<Vec<Owner>>,
}

fn secret(object: &RawValue) -> Result<Secret, ReviewError> {
    let SentSecret { metadata, kind, data } =
        serde_json::from_str(object.get()).map_err(|_error| ReviewError::Object)?;
    // Go writes a value of no bytes as `null`.
    let value = |value: Option<Base64>| value.map_or_else(|| SecretBytes::from(""), |Base64(value)| value);
    let data = data.unwrap_or_default().into_iter().map(|(key, given)| (key, value(given)));
    Ok(Secret {
        kind: kind.unwrap_or_default(),
        labels: metadata.labels.unwrap_or_default(),
        annotations: metadata.annotations.unwrap_or_default(),
        owners: metadata.owner_references.unwrap_or_default(),
        data: data.collect(),
    })
}

/// A value in base64, decoded without a copy of the text where the text has no escapes.
struct Base64(SecretBytes);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Base64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("base64")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Base64, E> {
                let bytes = STANDARD.decode(text).map_err(|_error| E::custom("it is no base64"))?;
                Ok(Base64(SecretBytes::new(bytes)))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests;
