//! One call to the API server: cut off when it hangs, and its failure in words that hold nothing of what was sent.

use std::{future::Future, time::Duration};

use eso_core::api::refusals;
use eso_plan::plan::WriteError;
use kube::{
    api::{DeleteParams, Preconditions},
    core::response::{Status, reason},
};

use crate::lease::NotLeading;

/// The field manager of everything that is written but Secrets, as the original's.
pub const FIELD_MANAGER: &str = "external-secrets";

/// How long one call to the API server may take. It answers in milliseconds; kube itself never gives up waiting.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Waits for a call, and not longer than [`CALL_TIMEOUT`].
pub async fn within<T>(call: impl Future<Output = kube::Result<T>>) -> Result<T, WriteError> {
    within_telling(call, whole).await
}

/// As [`within`], of an object whose fields may have names that are values: a failure tells where they begin.
pub(super) async fn within_quietly<T>(call: impl Future<Output = kube::Result<T>>) -> Result<T, WriteError> {
    within_telling(call, outermost).await
}

async fn within_telling<T>(
    call: impl Future<Output = kube::Result<T>>,
    tell: fn(&str) -> &str,
) -> Result<T, WriteError> {
    match tokio::time::timeout(CALL_TIMEOUT, call).await {
        Ok(result) => result.map_err(|error| write_error(&error, tell)),
        Err(_) => Err(WriteError::Unavailable("the API server does not answer".to_owned())),
    }
}

fn whole(path: &str) -> &str {
    path
}

fn outermost(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or_default()
}

/// Asks for the deletion of an object of this uid and version, and of no other.
pub(super) fn delete_of(uid: String, version: String) -> DeleteParams {
    let preconditions = Preconditions { uid: Some(uid), resource_version: Some(version) };
    DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() }
}

/// A deletion, which is done too where there is no such object.
pub(super) async fn unless_gone<T>(deletion: impl Future<Output = kube::Result<T>>) -> kube::Result<()> {
    match deletion.await {
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        other => other.map(|_| ()),
    }
}

/// What a failure means. The API server's own message is never repeated, for it can quote what was sent; what it says
/// for a rule of our definitions is ours.
fn write_error(error: &kube::Error, tell: fn(&str) -> &str) -> WriteError {
    match error {
        kube::Error::Api(status) => refused(status, tell),
        kube::Error::Service(cause) if cause.is::<NotLeading>() => WriteError::Stopped,
        _ => WriteError::Unavailable("the API server cannot be reached".to_owned()),
    }
}

fn refused(status: &Status, tell: fn(&str) -> &str) -> WriteError {
    let said = || if status.reason.is_empty() { status.code.to_string() } else { status.reason.clone() };
    match status.code {
        409 if is_conflict(status) => WriteError::Conflict,
        403 if caused_by(status, "NamespaceTerminating") => {
            WriteError::Forbidden("the namespace is being deleted".to_owned())
        }
        403 => WriteError::Forbidden(
            "the API server forbids it: check the operator's role, quotas and admission policies".to_owned(),
        ),
        422 if is_immutable(status) => {
            WriteError::Immutable("delete the Secret, and it is made anew".to_owned())
        }
        413 => WriteError::Invalid("it is too large for a Secret: the limit is 1 MiB".to_owned()),
        400 | 404 | 405 | 422 => WriteError::Invalid(format!(
            "the API server does not take it ({}{})",
            said(),
            fields(status, tell)
        )),
        _ => WriteError::Unavailable(format!("the API server cannot do it now ({})", said())),
    }
}

/// Not each 409 is one: a namespace that is being deleted, or a quota that is being counted, answers so too.
fn is_conflict(status: &Status) -> bool {
    [reason::CONFLICT, reason::ALREADY_EXISTS].contains(&status.reason.as_str())
}

/// An immutable Secret refuses its data, and says so of that field.
fn is_immutable(status: &Status) -> bool {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    causes.into_iter().any(|cause| cause.field == "data" && cause.reason == "FieldValueForbidden")
}

fn caused_by(status: &Status, reason: &str) -> bool {
    status.details.iter().flat_map(|details| &details.causes).any(|cause| cause.reason == reason)
}

/// The paths of the fields that are wrong, and the words of the rule that one breaks: a path is made of names, and
/// holds no value.
fn fields(status: &Status, tell: fn(&str) -> &str) -> String {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let words = |message: &str| refusals::ALL.into_iter().find(|words| message.ends_with(words));
    let told = causes.map(|cause| match words(&cause.message) {
        Some(words) => format!(", {}: {words}", tell(&cause.field)),
        None => format!(", {}", tell(&cause.field)),
    });
    told.collect()
}

#[cfg(test)]
mod tests;
