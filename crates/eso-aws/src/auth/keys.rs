//! Static keys, out of the Secrets that a store names.

use async_trait::async_trait;
use aws_credential_types::Credentials;
use eso_core::{
    api::{aws::AwsAuthSecretRef, selectors::SecretKeySelector},
    credentials::CredentialSource,
    error::{ErrorKind, ProviderError, Reason},
};

use super::Login;
use crate::config::SESSION;

pub(super) struct StaticKeys(pub(super) Credentials);

#[async_trait]
impl Login for StaticKeys {
    async fn log_in(&self) -> Result<Credentials, ProviderError> {
        Ok(self.0.clone())
    }

    fn renews(&self) -> bool {
        false
    }
}

/// Reads them, in the original's order and words.
///
/// ASCII whitespace at both ends is dropped: a newline that `echo` or an editor left there is never part of a key.
pub(super) async fn read(
    keys: &AwsAuthSecretRef,
    source: &dyn CredentialSource,
) -> Result<Credentials, ProviderError> {
    let AwsAuthSecretRef { access_key_id, secret_access_key, session_token } = keys;
    let secret = read_key(source, secret_access_key, "SecretAccessKey").await?;
    let id = read_key(source, access_key_id, "accessKeyID").await?;
    let token = match session_token {
        Some(selector) => Some(read_key(source, selector, "SessionToken").await?),
        None => None,
    };
    Ok(Credentials::new(id, secret, token, None, "secretRef"))
}

async fn read_key(
    source: &dyn CredentialSource,
    selector: &SecretKeySelector,
    name: &str,
) -> Result<String, ProviderError> {
    let value = source.secret_key(selector).await.map_err(|error| {
        let reason = Reason::new(format!("could not fetch {name} secret: {error}"));
        error.into_provider_error(SESSION).with_reason(reason)
    })?;
    let text = value.expose_str().map(str::trim_ascii).filter(|text| is_header_text(text));
    text.map(str::to_owned).ok_or_else(|| {
        let reason = Reason::new(format!("could not fetch {name} secret: it is empty or not plain text"));
        ProviderError::new(ErrorKind::Unauthenticated, SESSION).from_elsewhere().with_reason(reason)
    })
}

/// Keys travel in a header, and other characters would be refused by the HTTP client as a fault of the request.
fn is_header_text(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests;
