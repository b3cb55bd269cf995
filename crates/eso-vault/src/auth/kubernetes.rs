//! `auth.kubernetes`: the token of a service account, asked for this login or kept in a Secret.

use std::time::Duration;

use eso_core::{
    api::selectors::{SecretKeySelector, ServiceAccountSelector},
    error::{ErrorKind, ProviderError, Reason},
};
use vaultrs::api::auth::kubernetes::requests::LoginWithKubernetesRequest;

use super::{Authenticator, text};
use crate::{error::Call, token::Token};

/// The shortest life that the API server gives a token; it is shown once, at once.
const TOKEN_LIFETIME: Duration = Duration::from_secs(600);

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
            TokenOfServiceAccount::Requested(selector) => self.requested(selector).await?,
            TokenOfServiceAccount::Kept(selector) => self.secret_text(selector).await?,
            TokenOfServiceAccount::Own => self.own()?,
        };
        self.grant(LoginWithKubernetesRequest { mount: mount.clone(), role: role.clone(), jwt }).await
    }

    async fn requested(&self, selector: &ServiceAccountSelector) -> Result<String, ProviderError> {
        let token = self.credentials.service_account_token(selector, &[], TOKEN_LIFETIME).await;
        let token = token.map_err(|error| error.into_provider_error(Call::Login.operation()))?;
        text(&token)
            .ok_or_else(|| no_token(format!("service account {:?} has an empty token", selector.name)))
    }

    fn own(&self) -> Result<String, ProviderError> {
        if !self.credentials.lends_own_identity() {
            let words =
                "a SecretStore cannot log in as the operator itself: name a serviceAccountRef or a secretRef";
            return Err(Call::Login.error(ErrorKind::Invalid, Reason::new(words)));
        }
        let token = std::fs::read_to_string(&self.own_token).unwrap_or_default();
        match token.trim() {
            "" => Err(no_token(format!(
                "the operator has no service-account token of its own at {}: name a serviceAccountRef",
                self.own_token.display()
            ))),
            token => Ok(token.to_owned()),
        }
    }
}

fn no_token(words: String) -> ProviderError {
    Call::Login.error(ErrorKind::Unauthenticated, Reason::new(words))
}
