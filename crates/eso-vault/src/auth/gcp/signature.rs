//! A token that a service account of Google Cloud signs with its own key, as Vault's roles of the type `iam` ask for.

use std::time::{Duration, SystemTime};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use eso_core::value::SecretBytes;
use rustls::{
    SignatureScheme,
    crypto::aws_lc_rs::sign::any_supported_type,
    pki_types::{PrivateKeyDer, pem::PemObject},
};
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

/// How long the token lives, which is shown at once: as the original's. Vault takes a quarter of an hour by default.
const LIFETIME: Duration = Duration::from_secs(600);

/// Why a credential signs nothing. It is not quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeyError {
    #[error(
        "the credential is no key of a service account of Google Cloud, which is JSON with client_email, private_key_id and private_key"
    )]
    Shape,
    #[error("the credential is of another type than service_account: only a key signs")]
    OtherType,
    #[error("the private_key in the credential is no RSA key in PEM")]
    Key,
}

/// As Google Cloud gives it.
#[derive(Deserialize)]
struct ServiceAccount {
    #[serde(rename = "type")]
    kind: String,
    client_email: String,
    private_key_id: String,
    private_key: String,
}

/// A token of the service account whose key this is, for a role of Vault.
///
/// Nobody is asked: Vault fetches the public key from Google, and finds it by the key's id.
pub(super) fn signed(key: &SecretBytes, role: &str, now: SystemTime) -> Result<String, KeyError> {
    let ServiceAccount { kind, client_email, private_key_id, private_key } = parse(key)?;
    let private_key = Zeroizing::new(private_key);
    if kind != "service_account" {
        return Err(KeyError::OtherType);
    }
    let ends = (now + LIFETIME).duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let head = encoded(json!({"alg": "RS256", "kid": private_key_id, "typ": "JWT"}).to_string());
    let claims = json!({"aud": format!("vault/{role}"), "exp": ends, "sub": client_email});
    let text = format!("{head}.{}", encoded(claims.to_string()));
    let signature = signature(&private_key, text.as_bytes()).ok_or(KeyError::Key)?;
    Ok(format!("{text}.{}", encoded(signature)))
}

fn parse(key: &SecretBytes) -> Result<ServiceAccount, KeyError> {
    // Of another type is said of a credential that has a type at all, whatever else it lacks.
    #[derive(Deserialize)]
    struct Typed {
        #[serde(rename = "type")]
        kind: String,
    }
    serde_json::from_slice(key.expose()).map_err(|_| match serde_json::from_slice::<Typed>(key.expose()) {
        Ok(Typed { kind }) if kind != "service_account" => KeyError::OtherType,
        Ok(_) | Err(_) => KeyError::Shape,
    })
}

fn signature(key: &str, text: &[u8]) -> Option<Vec<u8>> {
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).ok()?;
    let signer = any_supported_type(&key).ok()?.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256])?;
    signer.sign(text).ok()
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests;
