//! `auth.appRole`: a role id, which is no secret but may be kept as one, and a secret id.

use eso_core::{api::selectors::SecretKeySelector, error::ProviderError};
use vaultrs::api::auth::approle::requests::LoginWithApproleRequest;

use super::Authenticator;
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
        let secret_id = self.secret_text(secret_id).await?;
        self.grant(LoginWithApproleRequest { mount: mount.clone(), role_id, secret_id }).await
    }
}
