//! What a store's specification asks for, checked: everything that can be wrong before a server is asked.

mod auth;
mod connection;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eso_core::api::{
    selectors::CaProvider,
    vault::{KvVersion, VaultProvider},
};
use http::{HeaderMap, HeaderValue};
use url::Url;

use self::auth::AuthError;
pub(crate) use self::connection::ClientCertificate;
use crate::{
    auth::Method,
    http::{Consistency, Nearness, origin},
    kv::{Engine, PathError},
};

/// A specification that can work.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) address: Address,
    pub(crate) authority: Authority,
    /// What the server is shown where it asks who connects; nothing without TLS.
    pub(crate) client_certificate: Option<ClientCertificate>,
    /// What is sent with each request besides what is ours.
    pub(crate) headers: HeaderMap,
    pub(crate) consistency: Consistency,
    pub(crate) engine: Engine,
    /// The mount, where the server must be asked which version it is.
    pub(crate) undetected: Option<Undetected>,
    /// The Vault namespace of the values.
    pub(crate) namespace: Option<HeaderValue>,
    /// The Vault namespace of the login and its token.
    pub(crate) login_namespace: Option<HeaderValue>,
    pub(crate) method: Method,
}

/// A mount whose version the server must be asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Undetected {
    /// The store's path.
    pub(crate) path: String,
    /// Whether the store asks for check-and-set, which version 1 has not.
    pub(crate) checks: bool,
}

/// Where a server is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Scheme, host and port.
    pub(crate) origin: String,
    /// The path below which the API is, `/v1` included.
    pub(crate) prefix: String,
    /// Whether there is no TLS.
    pub(crate) plain: bool,
    /// How near the server is.
    pub(crate) nearness: Nearness,
}

/// Who signs the server's certificate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Authority {
    /// The system's roots.
    System,
    /// The certificates in the specification, as PEM.
    Bundle(Vec<u8>),
    /// The certificates in an object of the cluster.
    Provider(CaProvider),
}

/// Why a specification cannot work.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("server is not a URL with a host: give it as https://host:port")]
    Address,
    #[error("server must be an http or https URL")]
    Scheme,
    #[error("server must hold no user, password, query or fragment")]
    Decorated,
    #[error("{0} holds characters that no header can carry")]
    Header(&'static str),
    #[error("path: {0}")]
    Path(#[source] PathError),
    #[error("{0} holds no PEM certificates, neither as they are nor in base64")]
    Certificates(&'static str),
    /// The words are the original's.
    #[error("when provided, both ClientTLS.ClientCert and ClientTLS.SecretRef should be provided")]
    HalfACertificate,
    #[error("headers: {0:?} {1}")]
    CustomHeader(String, &'static str),
    /// The words are the original's.
    #[error("checkAndSet is not supported with Vault KV version v1")]
    NoVersionsToCheck,
    #[error("{0}")]
    Auth(#[source] AuthError),
}

impl Config {
    /// Checks a specification.
    pub(crate) fn new(spec: &VaultProvider) -> Result<Self, ConfigError> {
        let namespace = header("namespace", spec.namespace.as_deref())?;
        let login_namespace = spec.auth.as_ref().and_then(|auth| auth.namespace.as_deref());
        let address = Address::new(&spec.server)?;
        let checks =
            spec.check_and_set.as_ref().and_then(|check_and_set| check_and_set.required) == Some(true);
        if checks && spec.version == Some(KvVersion::V1) {
            return Err(ConfigError::NoVersionsToCheck);
        }
        let engine =
            Engine::new(spec.version.unwrap_or_default(), spec.path.as_deref()).map_err(ConfigError::Path)?;
        let is_undetected = spec.version.is_none() && engine.mount().is_some();
        Ok(Self {
            method: method(spec, &address).map_err(ConfigError::Auth)?,
            address,
            authority: Authority::new(spec)?,
            client_certificate: connection::client_certificate(spec.tls.as_ref())?,
            headers: connection::headers(&spec.headers)?,
            consistency: connection::consistency(spec),
            engine,
            undetected: spec.path.clone().filter(|_| is_undetected).map(|path| Undetected { path, checks }),
            login_namespace: header("auth.namespace", login_namespace)?.or_else(|| namespace.clone()),
            namespace,
        })
    }
}

/// Without any `auth` at all, nobody is logged in: an agent before Vault may do it.
fn method(spec: &VaultProvider, address: &Address) -> Result<Method, AuthError> {
    let method = spec.auth.as_ref().map_or(Ok(Method::Anonymous), auth::method)?;
    match method {
        Method::Certificate(_) if address.plain => Err(AuthError::PlainServer),
        method => Ok(method),
    }
}

impl Address {
    fn new(server: &str) -> Result<Self, ConfigError> {
        let mut url = Url::parse(server.trim()).map_err(|_| ConfigError::Address)?;
        let plain = match url.scheme() {
            "http" => true,
            "https" => false,
            _ => return Err(ConfigError::Scheme),
        };
        let decorated = !url.username().is_empty() || url.password().is_some();
        if decorated || url.query().is_some() || url.fragment().is_some() {
            return Err(ConfigError::Decorated);
        }
        let nearness = Nearness::of(&url.host().ok_or(ConfigError::Address)?);
        let origin = origin(&url).ok_or(ConfigError::Address)?;
        url.path_segments_mut().map_err(|()| ConfigError::Address)?.pop_if_empty().push("v1");
        Ok(Self { prefix: url.path().to_owned(), origin, plain, nearness })
    }
}

impl Authority {
    fn new(spec: &VaultProvider) -> Result<Self, ConfigError> {
        match (spec.ca_bundle.as_deref(), &spec.ca_provider) {
            (Some(bundle), _) if !bundle.trim().is_empty() => {
                Ok(Self::Bundle(certificates("caBundle", bundle.as_bytes())?))
            }
            (_, Some(provider)) => Ok(Self::Provider(provider.clone())),
            (_, None) => Ok(Self::System),
        }
    }
}

/// The PEM certificates in a text: as they are, or in base64, once or twice (a `caBundle` is base64 already, and many
/// a manifest holds the base64 of a Secret's base64).
pub(crate) fn certificates(field: &'static str, text: &[u8]) -> Result<Vec<u8>, ConfigError> {
    let none = ConfigError::Certificates(field);
    let mut text = text.to_vec();
    for _ in 0..2 {
        if is_pem(&text) {
            break;
        }
        text.retain(|byte| !byte.is_ascii_whitespace());
        text = BASE64_STANDARD.decode(&text).map_err(|_| ConfigError::Certificates(field))?;
    }
    let parsed = reqwest::Certificate::from_pem_bundle(&text);
    if parsed.is_ok_and(|certificates| !certificates.is_empty()) { Ok(text) } else { Err(none) }
}

fn is_pem(text: &[u8]) -> bool {
    text.windows(10).any(|window| window == b"-----BEGIN")
}

fn header(field: &'static str, text: Option<&str>) -> Result<Option<HeaderValue>, ConfigError> {
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => HeaderValue::from_str(text).map(Some).map_err(|_| ConfigError::Header(field)),
    }
}

#[cfg(test)]
mod tests;
