//! `auth.appRole`: a role id, which is no secret but may be kept as one, and a secret id, which may be wrapped.

use eso_core::{
    api::selectors::SecretKeySelector,
    error::{ErrorKind, ProviderError},
};
use vaultrs::api::auth::approle::requests::LoginWithApproleRequest;

use super::{Authenticator, refused, wrapping};
use crate::token::Token;

/// The AppRole method.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AppRole {
    pub(crate) mount: String,
    pub(crate) role_id: RoleId,
    pub(crate) secret_id: SecretKeySelector,
}

/// Where the role id is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum RoleId {
    /// In the specification.
    Literal(String),
    /// In a Secret.
    Reference(SecretKeySelector),
}

impl Authenticator {
    pub(super) async fn log_in_with_app_role(&self, app_role: &AppRole) -> Result<Token, ProviderError> {
        let AppRole { mount, role_id, secret_id } = app_role;
        let role_id = match role_id {
            RoleId::Literal(text) => text.clone(),
            RoleId::Reference(selector) => self.secret_text(selector).await?,
        };
        let text = self.secret_text(secret_id).await?;
        let login = |secret_id| LoginWithApproleRequest { mount: mount.clone(), role_id, secret_id };
        if !wrapping::looks_like_a_token(&text) {
            return self.grant(login(text)).await;
        }
        match self.unwrapped(mount, &text).await? {
            Some(secret_id) => self.grant(login(secret_id)).await,
            // Whoever makes secret ids may give them any text: it may be one itself.
            None => self.grant(login(text)).await.map_err(|error| match error.kind() {
                ErrorKind::Unauthenticated => used(&secret_id.name),
                _ => error,
            }),
        }
    }
}

fn used(secret: &str) -> ProviderError {
    refused(format!(
        "the secret id in Secret {secret:?} is wrapped, and its wrapping token was used or is over: wrap a new one, and \
         find out who used it where you do not know"
    ))
}
