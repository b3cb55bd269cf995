//! One server over HTTP: a connection pool for each TLS configuration, and single calls through rustify's endpoints.
//!
//! The client is ours, so that nothing is read from `VAULT_*` variables, no redirect is followed but a standby's,
//! certificates need no file, and an answer's status and `Retry-After` reach us whatever they are.
//! `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are honoured, as by the original; a loopback address is reached directly.

mod body;
mod consistency;
mod identity;
mod pool;
mod standby;

use std::{
    error::Error,
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use eso_core::{error::ProviderError, provider::CallObserver, value::SecretBytes};
use http::{HeaderMap, HeaderValue, Request, Response, header::RETRY_AFTER, uri::PathAndQuery};
use rustify::{Endpoint, MiddleWare, client::Client, errors::ClientError};
use rustls::AlertDescription;
use serde::Deserialize;
use tracing::{Dispatch, instrument::WithSubscriber};
use zeroize::Zeroizing;

use self::{
    body::{Received, sent},
    standby::{Active, Asked, LedHere, active},
};
pub(crate) use self::{
    consistency::{Consistency, Seen},
    identity::ClientIdentity,
    pool::{Pool, Pools, Route, Trust},
    standby::{Nearness, origin},
};
use crate::{
    error::{self, Call},
    store,
};

/// How often a node that has not caught up is asked again, and after how long: the states of a cluster's nodes are
/// milliseconds apart.
const MORE_TRIES: usize = 2;
const CATCHING_UP: Duration = Duration::from_millis(100);

/// A server, and who counts the calls to it.
pub(crate) struct Server {
    /// Scheme, host and port.
    pub(crate) origin: String,
    /// What comes before every path: `/v1`, below the path of the server's address where it has one.
    pub(crate) prefix: String,
    pub(crate) nearness: Nearness,
    pub(crate) pool: Pool,
    /// What the store sends with each request besides what is ours.
    pub(crate) headers: HeaderMap,
    pub(crate) seen: Seen,
    pub(crate) seals: Seals,
    pub(crate) calls: Arc<dyn CallObserver>,
}

/// How often a server was met sealed and then answered again.
#[derive(Debug, Default)]
pub(crate) struct Seals {
    is_sealed: AtomicBool,
    ended: AtomicU64,
}

impl Seals {
    /// How many seals have ended so far, as far as was seen.
    pub(crate) fn ended(&self) -> u64 {
        self.ended.load(Ordering::Acquire)
    }

    fn note(&self, reply: &Reply) {
        if error::is_of_sealed(reply) {
            self.is_sealed.store(true, Ordering::Release);
        } else if reply.status < 500 && self.is_sealed.swap(false, Ordering::AcqRel) {
            self.ended.fetch_add(1, Ordering::AcqRel);
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({}{})", self.origin, self.prefix)
    }
}

/// The headers by which Vault knows who calls, and where.
#[derive(Debug, Default)]
pub(crate) struct Caller {
    token: Option<HeaderValue>,
    namespace: Option<HeaderValue>,
}

/// An answer, whatever its status.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the server did not answer in time")]
    TimedOut,
    #[error("the server cannot be reached")]
    Unreachable,
    #[error("the server's certificate is not signed by the roots of this store")]
    UntrustedCertificate,
    #[error("the server's certificate is not valid at this time")]
    OutdatedCertificate,
    #[error("the server's certificate is for another name")]
    ForeignCertificate,
    #[error("the server refuses the client certificate, or asks for one")]
    RefusedCertificate,
    #[error("no TLS connection could be made with the server")]
    Handshake,
    #[error("the answer is too large")]
    TooLarge,
    #[error("the request could not be made")]
    Malformed,
    #[error("the server redirects to this machine or its link")]
    LedHere,
}

impl Server {
    /// Its address as a store gives it: scheme, host, port, and the path that the API is below.
    pub(crate) fn address(&self) -> String {
        format!("{}{}", self.origin, self.prefix.strip_suffix("/v1").unwrap_or(&self.prefix))
    }

    /// Makes one call. Any answer is `Ok`, whatever its status.
    pub(crate) async fn call(
        &self,
        call: Call,
        caller: &Caller,
        endpoint: impl Endpoint,
    ) -> Result<Reply, ProviderError> {
        let endpoint = endpoint.with_middleware(caller);
        // rustify logs addresses and failures at levels of its own; what is worth saying is in the error.
        let outcome = endpoint.exec(self).with_subscriber(Dispatch::none()).await;
        let outcome = outcome.map(|result| Reply::new(result.response)).map_err(Failure::from);
        if let Ok(reply) = &outcome {
            self.seals.note(reply);
        }
        let succeeded = outcome.as_ref().is_ok_and(|reply| reply.is_success() || reply.status == 404);
        self.calls.called(store::NAME, call.name(), succeeded);
        outcome.map_err(|failure| error::of_failure(call, failure))
    }

    /// Asks the server, and again where it has not caught up with what the store has seen, as Vault's own client does: it
    /// has done nothing then.
    async fn exchange(&self, path: &str, request: Request<Bytes>) -> Result<Response<Vec<u8>>, Failure> {
        for _ in 0..MORE_TRIES {
            let answer = self.exchange_once(path, request.clone()).await?;
            if !error::is_of_behind(answer.status().as_u16(), answer.body()) {
                return Ok(answer);
            }
            tokio::time::sleep(CATCHING_UP).await;
        }
        self.exchange_once(path, request).await
    }

    /// Asks the server, and the active node once more where the server is a standby that leads to it.
    async fn exchange_once(&self, path: &str, request: Request<Bytes>) -> Result<Response<Vec<u8>>, Failure> {
        let again = request.clone();
        let answer = transfer(&self.pool.to_server(), request).await?;
        let asked = Asked { origin: &self.origin, prefix: &self.prefix, path, nearness: self.nearness };
        let answer = match active(asked, answer.status(), answer.headers()) {
            None => answer,
            Some(active) => self.ask_active(active, again).await?,
        };
        self.seen.note(answer.headers());
        Ok(answer)
    }

    async fn ask_active(
        &self,
        Active { address, nearness }: Active,
        mut request: Request<Bytes>,
    ) -> Result<Response<Vec<u8>>, Failure> {
        *request.uri_mut() = address.parse().map_err(|_| Failure::Malformed)?;
        let client = self.pool.to_active(nearness, self.nearness).map_err(|_| Failure::Malformed)?;
        transfer(&client, request).await
    }
}

/// One request and its answer, whose body is its taker's to wipe.
async fn transfer(client: &reqwest::Client, request: Request<Bytes>) -> Result<Response<Vec<u8>>, Failure> {
    let request = reqwest::Request::try_from(request).map_err(|_| Failure::Malformed)?;
    let mut answer = client.execute(request).await.map_err(|error| Failure::of(&error))?;
    let mut body = Received::default();
    while let Some(chunk) = answer.chunk().await.map_err(|error| Failure::of(&error))? {
        body.take(&chunk)?;
    }
    let mut response = Response::new(body.whole());
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    Ok(response)
}

#[async_trait]
impl Client for Server {
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, ClientError> {
        let mut request = request.map(sent);
        let path = request.uri().path_and_query().map_or("/", PathAndQuery::as_str).to_owned();
        let address = format!("{}{}{path}", self.origin, self.prefix);
        *request.uri_mut() = address.parse().map_err(|source| ClientError::UrlBuildError { source })?;
        request.headers_mut().extend(self.headers.clone());
        self.seen.ask(request.headers_mut());
        let answer = self.exchange(&path, request).await;
        answer.map_err(|failure| ClientError::GenericError { source: failure.into() })
    }

    /// Without the prefix: rustify puts a slash too many between one and a path that begins with a slash.
    fn base(&self) -> &str {
        &self.origin
    }

    /// Unlike rustify's own, which makes an error without headers of every status but 2xx.
    async fn execute(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, ClientError> {
        self.send(request).await
    }
}

impl Caller {
    /// A token that no header can carry is left out, which the server answers as it answers a stranger:
    /// [`is_header`] is asked before a token is taken.
    pub(crate) fn new(token: Option<&SecretBytes>, namespace: Option<&HeaderValue>) -> Self {
        let mut token = token.and_then(|token| HeaderValue::from_bytes(token.expose()).ok());
        if let Some(token) = &mut token {
            token.set_sensitive(true);
        }
        Self { token, namespace: namespace.cloned() }
    }
}

/// Whether a header can carry the text.
pub(crate) fn is_header(text: &str) -> bool {
    HeaderValue::from_str(text).is_ok()
}

/// vaultrs has a middleware of its own, which panics on values that no header can carry, and puts `/v1` before the path
/// of a server that is reached below one.
impl MiddleWare for Caller {
    fn request<E: Endpoint>(&self, _: &E, request: &mut Request<Vec<u8>>) -> Result<(), ClientError> {
        let headers = request.headers_mut();
        headers.insert("x-vault-request", HeaderValue::from_static("true"));
        if let Some(token) = &self.token {
            headers.insert("x-vault-token", token.clone());
        }
        if let Some(namespace) = &self.namespace {
            headers.insert("x-vault-namespace", namespace.clone());
        }
        Ok(())
    }

    fn response<E: Endpoint>(&self, _: &E, _: &mut Response<Vec<u8>>) -> Result<(), ClientError> {
        Ok(())
    }
}

impl Reply {
    fn new(response: Response<Vec<u8>>) -> Self {
        let (head, body) = response.into_parts();
        let retry_after = head.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        Self {
            status: head.status.as_u16(),
            retry_after: retry_after.map(Duration::from_secs),
            body: Zeroizing::new(body),
        }
    }

    /// Whether the server did what it was asked.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body, where it is JSON of this shape. Why it is not stays unsaid: serde's errors quote what they read.
    pub(crate) fn parse<'body, T: Deserialize<'body>>(&'body self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl Failure {
    fn of(error: &reqwest::Error) -> Self {
        match cause::<rustls::Error>(error) {
            Some(cause) => Self::of_tls(cause),
            None if cause::<LedHere>(error).is_some() => Self::LedHere,
            None if error.is_timeout() => Self::TimedOut,
            None if error.is_builder() => Self::Malformed,
            None => Self::Unreachable,
        }
    }

    fn of_tls(cause: &rustls::Error) -> Self {
        use rustls::CertificateError as Fault;
        match cause {
            rustls::Error::InvalidCertificate(
                Fault::Expired
                | Fault::ExpiredContext { .. }
                | Fault::NotValidYet
                | Fault::NotValidYetContext { .. },
            ) => Self::OutdatedCertificate,
            rustls::Error::InvalidCertificate(
                Fault::NotValidForName | Fault::NotValidForNameContext { .. },
            ) => Self::ForeignCertificate,
            rustls::Error::InvalidCertificate(_) => Self::UntrustedCertificate,
            rustls::Error::AlertReceived(alert) if is_about_certificates(*alert) => Self::RefusedCertificate,
            _ => Self::Handshake,
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::GenericError { source } => source.downcast().unwrap_or(Self::Malformed),
            _ => Self::Malformed,
        }
    }
}

/// What a server says that does not take the certificate it was shown, or was shown none.
fn is_about_certificates(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
    )
}

/// The error of a type below an error, also where it is wrapped in an IO error, which does not show it as its source.
fn cause<'error, Cause: Error + 'static>(error: &'error (dyn Error + 'static)) -> Option<&'error Cause> {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let inner = inner.map(|inner| inner as &'error (dyn Error + 'static));
    error.downcast_ref().or_else(|| inner.or_else(|| error.source()).and_then(cause))
}

#[cfg(test)]
mod tests;
