//! What a store's spec asks for, checked before anything is read or called.

use eso_core::{
    api::aws::{AwsAuth, AwsAuthSecretRef, AwsProvider, AwsService, SessionTagsPolicy},
    error::{ErrorKind, ProviderError, Reason},
};
use serde_json::Value;

/// The operation that a spec's faults are reported under, as the original begins its messages.
pub(crate) const SESSION: &str = "unable to create session";

/// Fields that are not served and would change as whom, or what, a store reads. Others are without effect here.
const REFUSED: [&str; 5] =
    ["additionalRoles", "customSessionTags", "prefix", "sessionTags", "transitiveTagKeys"];

/// A spec that can be served.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Config<'a> {
    /// A single DNS label, of whatever region.
    pub(crate) region: &'a str,
    /// Static keys; the SDK's default chain where there are none.
    pub(crate) keys: Option<&'a AwsAuthSecretRef>,
    /// The role to assume with them.
    pub(crate) role: Option<Role<'a>>,
}

/// A role to assume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Role<'a> {
    /// The role's ARN.
    pub(crate) arn: &'a str,
    /// What the role's trust policy may ask for.
    pub(crate) external_id: Option<&'a str>,
}

impl<'a> Config<'a> {
    /// Fails with `Invalid`, naming the field that cannot be served.
    pub(crate) fn of(spec: &'a AwsProvider) -> Result<Self, ProviderError> {
        check_service(spec.service)?;
        check_tags(spec.session_tags_policy)?;
        if let Some(field) = refused_field(spec) {
            return Err(unserved(&field));
        }
        Ok(Self {
            region: region(&spec.region)?,
            keys: spec.auth.as_ref().and_then(|auth| auth.secret_ref.as_ref()),
            role: given(&spec.role).map(|arn| Role { arn, external_id: given(&spec.external_id) }),
        })
    }
}

fn check_service(service: AwsService) -> Result<(), ProviderError> {
    match service {
        AwsService::SecretsManager | AwsService::ParameterStore => Ok(()),
        AwsService::CertificateManager => Err(unserved("service: CertificateManager")),
    }
}

fn check_tags(policy: Option<SessionTagsPolicy>) -> Result<(), ProviderError> {
    match policy {
        None | Some(SessionTagsPolicy::None) => Ok(()),
        Some(SessionTagsPolicy::Simple) => Err(unserved("sessionTagsPolicy: Simple")),
        Some(SessionTagsPolicy::Custom) => Err(unserved("sessionTagsPolicy: Custom")),
    }
}

fn refused_field(spec: &AwsProvider) -> Option<String> {
    let in_auth = |auth: &AwsAuth| auth.unserved.get("jwt").is_some_and(says_something);
    if spec.auth.as_ref().is_some_and(in_auth) {
        return Some("auth.jwt".to_owned());
    }
    let refused = |field: &&str| spec.unserved.get(*field).is_some_and(says_something);
    REFUSED.into_iter().find(refused).map(str::to_owned)
}

/// Whether a field says more than leaving it out would.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(_) | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Any region is taken, known or not, but it becomes part of a host name: what could leave that is refused.
fn region(text: &str) -> Result<&str, ProviderError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if text.is_empty() || text.len() > 63 || !text.chars().all(plain) {
        return Err(invalid(
            "provider.aws.region must be the name of a region, such as us-east-1".to_owned(),
        ));
    }
    Ok(text)
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

fn unserved(field: &str) -> ProviderError {
    invalid(format!("provider.aws.{field} is not served by this version"))
}

/// What keeps a store from being connected at all.
pub(crate) fn invalid(advice: String) -> ProviderError {
    ProviderError::new(ErrorKind::Invalid, SESSION).with_reason(Reason::new(advice))
}

#[cfg(test)]
mod tests;
