//! `auth.kubernetes`: the token of a service account, asked for this login or kept in a Secret.

use eso_core::{
    api::selectors::{SecretKeySelector, ServiceAccountSelector},
    error::ProviderError,
};
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
            TokenOfServiceAccount::Own => self.own()?,
        };
        self.grant(LoginWithKubernetesRequest { mount: mount.clone(), role: role.clone(), jwt }).await
    }

    fn own(&self) -> Result<String, ProviderError> {
        self.as_the_operator("a serviceAccountRef or a secretRef")?;
        let path = &self.means.own_token;
        let token = std::fs::read_to_string(path).unwrap_or_default();
        match token.trim() {
            "" => Err(refused(format!(
                "the operator has no service-account token of its own at {}: name a serviceAccountRef",
                path.display()
            ))),
            token => Ok(token.to_owned()),
        }
    }
}
