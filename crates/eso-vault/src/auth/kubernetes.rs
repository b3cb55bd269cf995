//! `auth.kubernetes`: the token of a service account, asked for this login or kept in a Secret.

use std::{fs, io, path::Path};

use eso_core::{
    api::selectors::{SecretKeySelector, ServiceAccountSelector},
    error::ProviderError,
};
use tokio::task::spawn_blocking;
use vaultrs::api::auth::kubernetes::requests::LoginWithKubernetesRequest;

use super::{Authenticator, SHOWN_ONCE, refused};
use crate::token::Token;

/// The Kubernetes method.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kubernetes {
    pub(crate) mount: String,
    pub(crate) role: String,
    pub(crate) token: TokenOfServiceAccount,
}

/// Whose token is shown.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TokenOfServiceAccount {
    /// A new one of this service account.
    Requested(ServiceAccountSelector),
    /// The one in a Secret.
    Kept(SecretKeySelector),
    /// The operator's own.
    Own,
}

impl TokenOfServiceAccount {
    /// By the original's order: the service account, then the Secret, then the operator itself.
    pub(crate) fn new(account: &Option<ServiceAccountSelector>, secret: &Option<SecretKeySelector>) -> Self {
        match (account, secret) {
            (Some(account), _) => Self::Requested(account.clone()),
            (None, Some(secret)) => {
                let key = secret.key.clone().filter(|key| !key.is_empty());
                Self::Kept(SecretKeySelector {
                    key: key.or_else(|| Some("token".to_owned())),
                    ..secret.clone()
                })
            }
            (None, None) => Self::Own,
        }
    }
}

impl Authenticator {
    pub(super) async fn log_in_with_kubernetes(
        &self,
        kubernetes: &Kubernetes,
    ) -> Result<Token, ProviderError> {
        let Kubernetes { mount, role, token } = kubernetes;
        let jwt = match token {
            TokenOfServiceAccount::Requested(selector) => {
                self.service_account_token(selector, &[], SHOWN_ONCE).await?
            }
            TokenOfServiceAccount::Kept(selector) => self.secret_text(selector).await?,
            TokenOfServiceAccount::Own => self.own().await?,
        };
        self.grant(LoginWithKubernetesRequest { mount: mount.clone(), role: role.clone(), jwt }).await
    }

    /// The operator's own token, read where a slow disk keeps nobody else waiting.
    async fn own(&self) -> Result<String, ProviderError> {
        self.as_the_operator("a serviceAccountRef or a secretRef")?;
        let path = self.means.own_token.clone();
        let read = spawn_blocking(move || fs::read_to_string(path)).await;
        own_token(&self.means.own_token, read.unwrap_or_else(|error| Err(error.into())))
    }
}

/// The token in a file, or why there is none.
fn own_token(path: &Path, read: io::Result<String>) -> Result<String, ProviderError> {
    let why = match read.as_deref().map(str::trim) {
        Ok("") => "it is empty".to_owned(),
        Ok(token) => return Ok(token.to_owned()),
        // The kind alone: it is of a file of our own, and the system's text may name more than that.
        Err(error) => error.kind().to_string(),
    };
    let path = path.display();
    Err(refused(format!(
        "the operator's own service-account token at {path} cannot be used ({why}): name a serviceAccountRef, or mount it"
    )))
}

#[cfg(test)]
mod tests {
    use std::io::{
        self,
        ErrorKind::{InvalidData, NotFound, PermissionDenied},
    };

    use super::own_token;

    #[track_caller]
    fn refused(read: io::Result<String>, why: &str) {
        let words = own_token("/token".as_ref(), read).expect_err("there is no token").to_string();
        assert!(words.contains(&format!("token at /token cannot be used ({why})")), "{words}");
        assert!(!words.contains("canary"), "{words}");
    }

    #[test]
    fn a_token_of_ones_own_is_trimmed_and_it_is_said_why_there_is_none() {
        assert_eq!(own_token("/token".as_ref(), Ok(" a.b.c\n".to_owned())), Ok("a.b.c".to_owned()));
        refused(Ok(" \n".to_owned()), "it is empty");
        for (kind, why) in [
            (NotFound, "entity not found"),
            (PermissionDenied, "permission denied"),
            (InvalidData, "invalid data"),
        ] {
            refused(Err(io::Error::new(kind, "canary")), why);
        }
    }
}
