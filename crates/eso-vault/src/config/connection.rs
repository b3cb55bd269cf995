//! What is asked of the way to a server besides its address: a client certificate, headers, and consistent reads.

use std::collections::BTreeMap;

use eso_core::api::{
    selectors::SecretKeySelector,
    vault::{VaultClientTls, VaultProvider},
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::ConfigError;
use crate::http::Consistency;

/// The Secrets that hold a client certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientCertificate {
    pub(crate) certificate: SecretKeySelector,
    pub(crate) key: SecretKeySelector,
}

/// Headers that say who asks, where, and how the answer is packed, and those that frame a request: they are ours.
const OURS: [&str; 17] = [
    "x-vault-token",
    "x-vault-namespace",
    "x-vault-request",
    "x-vault-index",
    "x-vault-wrap-ttl",
    "x-vault-wrap-format",
    "host",
    "content-length",
    "content-type",
    "accept-encoding",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
];

/// The client certificate of a store: both of its parts, or none.
pub(super) fn client_certificate(
    tls: Option<&VaultClientTls>,
) -> Result<Option<ClientCertificate>, ConfigError> {
    let Some(VaultClientTls { cert_secret_ref, key_secret_ref }) = tls else { return Ok(None) };
    match (named(cert_secret_ref.as_ref(), "tls.crt"), named(key_secret_ref.as_ref(), "tls.key")) {
        (Some(certificate), Some(key)) => Ok(Some(ClientCertificate { certificate, key })),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => Err(ConfigError::HalfACertificate),
    }
}

/// A selector that names something, with this key where it names none.
fn named(selector: Option<&SecretKeySelector>, default: &str) -> Option<SecretKeySelector> {
    let selector = selector.filter(|selector| !selector.names_nothing())?;
    let key = selector.key.clone().filter(|key| !key.is_empty());
    Some(SecretKeySelector { key: Some(key.unwrap_or_else(|| default.to_owned())), ..selector.clone() })
}

/// The headers of a store, none of which takes the place of one of ours. Their values may be secrets.
pub(super) fn headers(spec: &BTreeMap<String, String>) -> Result<HeaderMap, ConfigError> {
    let mut headers = HeaderMap::new();
    for (name, value) in spec {
        let refuse = |why| ConfigError::CustomHeader(name.clone(), why);
        let parsed: HeaderName = name.parse().map_err(|_| refuse("is no name of a header"))?;
        if OURS.contains(&parsed.as_str()) || parsed.as_str().starts_with("proxy-") {
            return Err(refuse("is the operator's own"));
        }
        let value = HeaderValue::from_bytes(value.trim().as_bytes());
        let mut value = value.map_err(|_| refuse("has a value that no header can carry"))?;
        value.set_sensitive(true);
        headers.append(parsed, value);
    }
    Ok(headers)
}

/// Whether and how states of the server are kept: by either field, and a replica is asked to forward by both, as in the
/// original.
pub(super) fn consistency(spec: &VaultProvider) -> Consistency {
    let reads = spec.read_your_writes.unwrap_or_default();
    let forwards = spec.forward_inconsistent.unwrap_or_default();
    match (reads, forwards) {
        (true, true) => Consistency::Forwarded,
        (true, false) | (false, true) => Consistency::Kept,
        (false, false) => Consistency::Eventual,
    }
}
