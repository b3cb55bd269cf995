//! One call to the API server: cut off when it hangs, and its failure in words that hold nothing of what was sent.

use std::{future::Future, time::Duration};

use eso_plan::plan::WriteError;
use kube::core::response::{Status, reason};

/// The field manager of everything that is written but Secrets, as the original's.
pub const FIELD_MANAGER: &str = "external-secrets";

/// How long one call to the API server may take. It answers in milliseconds; kube itself never gives up waiting.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Waits for a call, and not longer than [`CALL_TIMEOUT`].
pub async fn within<T>(call: impl Future<Output = kube::Result<T>>) -> Result<T, WriteError> {
    match tokio::time::timeout(CALL_TIMEOUT, call).await {
        Ok(result) => result.map_err(|error| write_error(&error)),
        Err(_) => Err(WriteError::Unavailable("the API server does not answer".to_owned())),
    }
}

/// What a failure means. The API server's own message is never repeated: it can quote what was sent.
fn write_error(error: &kube::Error) -> WriteError {
    match error {
        kube::Error::Api(status) => refused(status),
        _ => WriteError::Unavailable("the API server cannot be reached".to_owned()),
    }
}

fn refused(status: &Status) -> WriteError {
    let text = |what: &str| format!("{what} ({})", status.reason);
    match (status.reason.as_str(), status.code) {
        (reason::CONFLICT | reason::ALREADY_EXISTS, _) => WriteError::Conflict,
        (_, 403) => WriteError::Forbidden(text("the API server refuses it")),
        (_, 400 | 404 | 413 | 422) => WriteError::Invalid(text("the API server finds it invalid")),
        _ => WriteError::Unavailable(text("the API server cannot do it now")),
    }
}
