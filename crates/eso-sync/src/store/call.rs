//! One call to a provider, cut off where it does not end by itself, and contained where it panics.

use std::{future::Future, panic::AssertUnwindSafe, time::Duration};

use eso_core::{
    error::{ErrorKind, ProviderError, Reason},
    key::Version,
    provider::{Delete, Fetch, Found, Held, Inspect, Put, Query, SecretProvider, SecretWriter},
};
use futures::FutureExt;
use tokio::time::timeout;

use super::line::Answer;

/// A provider promises to end every call within 30 s; one that does not keep that is cut a little later.
const CUT: Duration = Duration::from_secs(35);

/// Reads one value, or several in one call: one answer for each request.
///
/// Where a batch panics its requests are read one by one, so that a value that its provider cannot bear takes no
/// other value down with it.
pub(super) async fn read(provider: &dyn SecretProvider, requests: &[&Fetch]) -> Vec<Answer> {
    let [request] = requests else { return read_batch(provider, requests).await };
    vec![
        contained("Fetch", provider.fetch(request)).await.unwrap_or_else(|failure| Err(failure.into_error())),
    ]
}

/// Looks for values.
pub(super) async fn find(provider: &dyn SecretProvider, query: &Query) -> Result<Vec<Found>, ProviderError> {
    let Some(finder) = provider.finder() else {
        let reason = Reason::new("the provider of this store cannot look for values: leave find out");
        return Err(ProviderError::new(ErrorKind::Invalid, "Find").with_reason(reason));
    };
    contained("Find", finder.find(query)).await.unwrap_or_else(|failure| Err(failure.into_error()))
}

/// Looks at a value before it is written.
pub(super) async fn inspect(
    provider: &dyn SecretProvider,
    question: &Inspect,
) -> Result<Option<Held>, ProviderError> {
    let writer = writer(provider, "Inspect")?;
    contained("Inspect", writer.inspect(question)).await.unwrap_or_else(|failure| Err(failure.into_error()))
}

/// Writes a value.
pub(super) async fn put(provider: &dyn SecretProvider, put: &Put) -> Result<Option<Version>, ProviderError> {
    let writer = writer(provider, "Put")?;
    contained("Put", writer.put(put)).await.unwrap_or_else(|failure| Err(failure.into_error()))
}

/// Deletes a value.
pub(super) async fn delete(provider: &dyn SecretProvider, delete: &Delete) -> Result<(), ProviderError> {
    let writer = writer(provider, "Delete")?;
    contained("Delete", writer.delete(delete)).await.unwrap_or_else(|failure| Err(failure.into_error()))
}

fn writer<'p>(
    provider: &'p dyn SecretProvider,
    operation: &'static str,
) -> Result<&'p dyn SecretWriter, ProviderError> {
    provider.writer().ok_or_else(|| {
        let reason = Reason::new("the provider of this store cannot write values: push to another store");
        ProviderError::new(ErrorKind::Invalid, operation).with_reason(reason)
    })
}

/// Asks whether the login is good.
pub(super) async fn check(provider: &dyn SecretProvider) -> Result<(), ProviderError> {
    contained("Check", provider.check()).await.unwrap_or_else(|failure| Err(failure.into_error()))
}

/// Ends the login. There is nobody who could do anything about a failure.
pub(super) async fn close(provider: &dyn SecretProvider) {
    if let Err(failure) = contained("Close", provider.close()).await {
        tracing::warn!(%provider, error = %failure.into_error(), "a store was not closed properly");
    }
}

async fn read_batch(provider: &dyn SecretProvider, requests: &[&Fetch]) -> Vec<Answer> {
    let batch: Vec<Fetch> = requests.iter().map(|request| (*request).clone()).collect();
    match contained("FetchAll", provider.fetch_all(&batch)).await {
        Ok(answers) if answers.len() == requests.len() => answers,
        Ok(_) => vec![Err(miscounted()); requests.len()],
        Err(failure @ Failure::Cut(_)) => vec![Err(failure.into_error()); requests.len()],
        Err(Failure::Panicked(_)) => {
            let mut answers = Vec::with_capacity(requests.len());
            for request in requests {
                answers.extend(Box::pin(read(provider, &[request])).await);
            }
            answers
        }
    }
}

enum Failure {
    Cut(&'static str),
    Panicked(&'static str),
}

impl Failure {
    /// A panic is no outage: the store did answer, with something that its provider cannot bear.
    fn into_error(self) -> ProviderError {
        match self {
            Self::Cut(operation) => ProviderError::new(ErrorKind::Unavailable, operation)
                .with_reason(Reason::new("the store did not answer within 35 s")),
            Self::Panicked(operation) => ProviderError::new(ErrorKind::Unexpected, operation)
                .with_reason(Reason::new("the provider of this store crashed; please report this as a bug")),
        }
    }
}

async fn contained<T>(operation: &'static str, call: impl Future<Output = T>) -> Result<T, Failure> {
    // A provider is only asked again with a new call; what a panic leaves half done inside it is its own to mend.
    match timeout(CUT, AssertUnwindSafe(call).catch_unwind()).await {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(_payload)) => Err(Failure::Panicked(operation)),
        Err(_elapsed) => Err(Failure::Cut(operation)),
    }
}

fn miscounted() -> ProviderError {
    ProviderError::new(ErrorKind::Unexpected, "FetchAll").with_reason(Reason::new(
        "the provider of this store gave another number of answers than was asked for",
    ))
}
