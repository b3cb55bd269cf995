//! Logging in, and what can be done with a token: one method a file, and Vault's calls about the caller's own token.

mod approle;
mod kubernetes;
mod token;

use std::{path::PathBuf, sync::Arc};

use eso_core::{
    api::selectors::SecretKeySelector,
    credentials::CredentialSource,
    error::{ErrorKind, ProviderError, Reason},
    value::SecretBytes,
};
use http::HeaderValue;
use rustify::Endpoint;
use serde::Deserialize;
use vaultrs::api::token::requests::{LookupTokenSelfRequest, RenewTokenSelfRequest, RevokeTokenSelfRequest};

pub(crate) use self::{
    approle::{AppRole, RoleId},
    kubernetes::{Kubernetes, TokenOfServiceAccount},
};
use crate::{
    error::{Call, of_refusal},
    http::{Caller, Reply, Server, is_header},
    token::{Lease, Origin, Token},
};

/// How to log in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// Not at all: an agent before Vault adds a token of its own.
    Anonymous,
    /// With a token that somebody made.
    Token(SecretKeySelector),
    /// With a role id and a secret id.
    AppRole(AppRole),
    /// As a service account of Kubernetes.
    Kubernetes(Kubernetes),
}

/// Logs in to one server by one method, as often as it is asked.
#[derive(Debug)]
pub(crate) struct Authenticator {
    pub(crate) server: Arc<Server>,
    pub(crate) namespace: Option<HeaderValue>,
    pub(crate) method: Method,
    pub(crate) credentials: Arc<dyn CredentialSource>,
    /// Where the operator's own service-account token is mounted.
    pub(crate) own_token: PathBuf,
}

impl Authenticator {
    /// Gets a token to begin with. One that somebody made is not shown to Vault yet.
    pub(crate) async fn begin(&self) -> Result<Token, ProviderError> {
        match &self.method {
            Method::Token(selector) => self.read_token(selector).await.map(Token::unseen),
            Method::Anonymous | Method::AppRole(_) | Method::Kubernetes(_) => self.log_in().await,
        }
    }

    /// Gets a token that is alive.
    pub(crate) async fn log_in(&self) -> Result<Token, ProviderError> {
        match &self.method {
            Method::Anonymous => Ok(Token::anonymous()),
            Method::Token(selector) => self.take_token(selector).await,
            Method::AppRole(app_role) => self.log_in_with_app_role(app_role).await,
            Method::Kubernetes(kubernetes) => self.log_in_with_kubernetes(kubernetes).await,
        }
    }

    /// Asks Vault what a token is. A token that Vault does not know is `Unauthenticated`.
    pub(crate) async fn look_up(&self, token: Option<&SecretBytes>) -> Result<Lease, ProviderError> {
        let reply = self.call(Call::LookupSelf, token, LookupTokenSelfRequest {}).await?;
        let found: Option<LookedUp> = reply.parse();
        found.map(|found| found.data.into()).ok_or_else(|| not_understood(Call::LookupSelf))
    }

    /// Asks Vault for a longer life of a token, and says the new one.
    pub(crate) async fn renew(&self, token: Option<&SecretBytes>) -> Result<Lease, ProviderError> {
        let reply = self.call(Call::RenewSelf, token, RenewTokenSelfRequest { increment: None }).await?;
        let renewed: Option<Granted> = reply.parse();
        renewed.map(|granted| granted.auth.lease()).ok_or_else(|| not_understood(Call::RenewSelf))
    }

    /// Ends a token.
    pub(crate) async fn revoke(&self, token: Option<&SecretBytes>) -> Result<(), ProviderError> {
        self.call(Call::RevokeSelf, token, RevokeTokenSelfRequest {}).await.map(drop)
    }

    /// Makes the login call of a method.
    async fn grant(&self, endpoint: impl Endpoint) -> Result<Token, ProviderError> {
        let reply = self.call(Call::Login, None, endpoint).await?;
        let Granted { auth } = reply.parse().ok_or_else(|| not_understood(Call::Login))?;
        let origin = if auth.token_type == "batch" { Origin::Batch } else { Origin::Login };
        let lease = auth.lease();
        if !is_header(&auth.client_token) {
            return Err(not_understood(Call::Login));
        }
        Ok(Token::new(origin, SecretBytes::from(auth.client_token), lease))
    }

    async fn call(
        &self,
        call: Call,
        token: Option<&SecretBytes>,
        endpoint: impl Endpoint,
    ) -> Result<Reply, ProviderError> {
        let caller = Caller::new(token, self.namespace.as_ref());
        let reply = self.server.call(call, &caller, endpoint).await?;
        if reply.is_success() { Ok(reply) } else { Err(of_refusal(call, &reply)) }
    }

    /// A credential out of a Secret, as text without white space around it: trailing newlines are the commonest fault.
    async fn secret_text(&self, selector: &SecretKeySelector) -> Result<String, ProviderError> {
        let secret = self.credentials.secret_key(selector).await;
        let secret = secret.map_err(|error| error.into_provider_error(Call::Login.operation()))?;
        text(&secret).ok_or_else(|| {
            let words = format!("the credential in Secret {:?} is empty or no text", selector.name);
            Call::Login.error(ErrorKind::Unauthenticated, Reason::new(words))
        })
    }
}

fn text(secret: &SecretBytes) -> Option<String> {
    secret.expose_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn not_understood(call: Call) -> ProviderError {
    call.error(
        ErrorKind::Unexpected,
        Reason::new(
            "an answer that is not understood: is there a Vault at this address, and is it https or http?",
        ),
    )
}

#[derive(Deserialize)]
struct Granted {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    client_token: String,
    lease_duration: u64,
    renewable: bool,
    #[serde(default)]
    token_type: String,
}

impl Auth {
    fn lease(&self) -> Lease {
        Lease { seconds: self.lease_duration, renewable: self.renewable }
    }
}

#[derive(Deserialize)]
struct LookedUp {
    data: Known,
}

#[derive(Deserialize)]
struct Known {
    ttl: u64,
    #[serde(default)]
    renewable: bool,
}

impl From<Known> for Lease {
    fn from(Known { ttl, renewable }: Known) -> Self {
        Self { seconds: ttl, renewable }
    }
}
