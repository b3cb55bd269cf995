//! `auth.ldap` and `auth.userPass`: a user's name and password, to the same path below either method's mount.

use eso_core::{api::selectors::SecretKeySelector, error::ProviderError};
use vaultrs::api::auth::userpass::requests::LoginRequest;

use super::Authenticator;
use crate::token::Token;

/// A method that takes a user's name and password.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Password {
    pub(crate) mount: String,
    pub(crate) username: String,
    pub(crate) password: SecretKeySelector,
}

impl Authenticator {
    pub(super) async fn log_in_with_password(&self, password: &Password) -> Result<Token, ProviderError> {
        let Password { mount, username, password } = password;
        let password = self.secret_line(password).await?;
        self.grant(LoginRequest { mount: mount.clone(), username: username.clone(), password }).await
    }
}
