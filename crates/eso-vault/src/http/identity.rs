//! Who we are to a server that asks for a certificate: a chain, and the private key of its first certificate.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eso_core::value::SecretBytes;
use rustls::{
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};

/// A certificate and its private key that belong together and can be used.
///
/// Two of the same text are equal, also as the key of a map, so that a pool of connections is never another's.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ClientIdentity(SecretBytes);

/// Why a certificate and a key are no identity. Neither is quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IdentityError {
    #[error("the certificate is no PEM certificate")]
    Certificate,
    #[error("the key is no PEM private key (PKCS#8, PKCS#1 or SEC1, without a password)")]
    Key,
    #[error("the key cannot be used: RSA of 2048 to 8192 bits, ECDSA and Ed25519 can")]
    UnusableKey,
    #[error("the certificate is of another key")]
    Mismatch,
}

impl ClientIdentity {
    /// Takes PEM texts: the certificate, with those between it and its authority where the server needs them, and its
    /// private key. What stands between and around them means nothing.
    pub(crate) fn new(certificate: &SecretBytes, key: &SecretBytes) -> Result<Self, IdentityError> {
        let chain = chain(certificate.expose())?;
        let key = PrivateKeyDer::from_pem_slice(key.expose()).map_err(|_| IdentityError::Key)?;
        let text = pem(&key, &chain);
        match CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()) {
            Ok(_) => Ok(Self(text)),
            Err(rustls::Error::InconsistentKeys(_)) => Err(IdentityError::Mismatch),
            Err(rustls::Error::InvalidCertificate(_)) => Err(IdentityError::Certificate),
            Err(_) => Err(IdentityError::UnusableKey),
        }
    }

    /// As the HTTP client takes it.
    pub(super) fn parse(&self) -> reqwest::Result<reqwest::Identity> {
        reqwest::Identity::from_pem(self.0.expose())
    }
}

fn chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    chain.ok().filter(|chain| !chain.is_empty()).ok_or(IdentityError::Certificate)
}

/// The two as one text, without what else stood in their files: the HTTP client takes the last key that it finds.
fn pem(key: &PrivateKeyDer<'_>, chain: &[CertificateDer<'_>]) -> SecretBytes {
    let label = match key {
        PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
        PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
        _ => "PRIVATE KEY",
    };
    let key = section(label, key.secret_der());
    let chain = chain.iter().map(|certificate| section("CERTIFICATE", certificate));
    SecretBytes::from(std::iter::once(key).chain(chain).collect::<String>())
}

fn section(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", BASE64_STANDARD.encode(der))
}

impl Hash for ClientIdentity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.expose().hash(state);
    }
}

/// Shows nothing: half of it is a private key.
impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
