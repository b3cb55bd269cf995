//! What a store's specification asks for, checked: everything that can be wrong before a server is asked.

mod auth;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eso_core::api::{selectors::CaProvider, vault::VaultProvider};
use http::HeaderValue;
use serde_json::Value;
use url::{Host, Url};

use self::auth::AuthError;
use crate::{
    auth::Method,
    kv::{Engine, PathError},
};

/// A specification that can work.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) address: Address,
    pub(crate) authority: Authority,
    pub(crate) engine: Engine,
    /// The Vault namespace of the values.
    pub(crate) namespace: Option<HeaderValue>,
    /// The Vault namespace of the login and its token.
    pub(crate) login_namespace: Option<HeaderValue>,
    pub(crate) method: Method,
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
    /// Whether the server is on this machine.
    pub(crate) loopback: bool,
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
    #[error("{0} is not served by this version")]
    Unserved(String),
    #[error("{0}")]
    Auth(#[source] AuthError),
}

impl Config {
    /// Checks a specification.
    pub(crate) fn new(spec: &VaultProvider) -> Result<Self, ConfigError> {
        refuse_unserved(spec)?;
        let namespace = header("namespace", spec.namespace.as_deref())?;
        let login_namespace = spec.auth.as_ref().and_then(|auth| auth.namespace.as_deref());
        let address = Address::new(&spec.server)?;
        Ok(Self {
            method: method(spec, &address).map_err(ConfigError::Auth)?,
            address,
            authority: Authority::new(spec)?,
            engine: Engine::new(spec.version.unwrap_or_default(), spec.path.as_deref())
                .map_err(ConfigError::Path)?,
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
        let loopback = match url.host().ok_or(ConfigError::Address)? {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        let origin = origin(&url).ok_or(ConfigError::Address)?;
        url.path_segments_mut().map_err(|()| ConfigError::Address)?.pop_if_empty().push("v1");
        Ok(Self { prefix: url.path().to_owned(), origin, plain, loopback })
    }
}

fn origin(url: &Url) -> Option<String> {
    Some(format!("{}://{}:{}", url.scheme(), url.host_str()?, url.port_or_known_default()?))
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

/// Fields of the original's that change what a read does, and that we would otherwise pass over in silence.
/// `checkAndSet` is only about pushes.
const CHANGES_READS: [&str; 4] = ["tls", "headers", "forwardInconsistent", "readYourWrites"];

fn refuse_unserved(spec: &VaultProvider) -> Result<(), ConfigError> {
    let asked = |field: &&&str| spec.unserved.get(**field).is_some_and(says_something);
    match CHANGES_READS.iter().find(asked) {
        Some(field) => Err(ConfigError::Unserved((*field).to_owned())),
        None => Ok(()),
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) | Value::Array(_) => true,
    }
}

#[cfg(test)]
mod tests;
