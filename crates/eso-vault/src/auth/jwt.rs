//! `auth.jwt`: a JSON Web Token that somebody keeps in a Secret, or one of a service account of Kubernetes. The method
//! is the same where it is mounted as `oidc`.

use std::time::Duration;

use eso_core::{
    api::selectors::{SecretKeySelector, ServiceAccountSelector},
    error::ProviderError,
};
use vaultrs::api::auth::oidc::requests::JWTLoginRequest;

use super::Authenticator;
use crate::token::Token;

/// The JWT method.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Jwt {
    pub(crate) mount: String,
    /// The method's default role where there is none.
    pub(crate) role: Option<String>,
    pub(crate) source: JwtSource,
}

/// Where the token is from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum JwtSource {
    /// A Secret.
    Kept(SecretKeySelector),
    /// The API server, which makes one for each login.
    Requested {
        account: ServiceAccountSelector,
        /// Beside those that the selector names.
        audiences: Vec<String>,
        lifetime: Duration,
    },
}

impl Authenticator {
    pub(super) async fn log_in_with_jwt(&self, jwt: &Jwt) -> Result<Token, ProviderError> {
        let Jwt { mount, role, source } = jwt;
        let jwt = match source {
            JwtSource::Kept(selector) => self.secret_text(selector).await?,
            JwtSource::Requested { account, audiences, lifetime } => {
                self.service_account_token(account, audiences, *lifetime).await?
            }
        };
        self.grant(JWTLoginRequest { mount: mount.clone(), jwt, role: role.clone() }).await
    }
}
