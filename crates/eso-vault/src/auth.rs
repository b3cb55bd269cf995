//! Logging in, and what can be done with a token: one method a file, and Vault's calls about the caller's own token.

mod approle;
mod certificate;
mod gcp;
mod iam;
mod jwt;
mod kubernetes;
mod password;
mod token;
mod wrapping;

use std::{sync::Arc, time::Duration};

use eso_core::{
    api::selectors::{SecretKeySelector, ServiceAccountSelector},
    credentials::CredentialSource,
    error::{ErrorKind, ProviderError, Reason},
    key::StoreReference,
    value::SecretBytes,
};
use futures::FutureExt;
use http::HeaderValue;
use rustify::Endpoint;
use serde::{Deserialize, de::IgnoredAny};
use vaultrs::api::token::requests::{LookupTokenSelfRequest, RenewTokenSelfRequest, RevokeTokenSelfRequest};

pub(crate) use self::{
    approle::{AppRole, RoleId},
    certificate::Certificate,
    gcp::{Gcp, GcpIdentity, METADATA_SERVER},
    iam::{AwsIdentity, AwsKeys, AwsRole, Iam, Sts},
    jwt::{Jwt, JwtSource},
    kubernetes::{Kubernetes, TokenOfServiceAccount},
    password::Password,
    wrapping::SecretIds,
};
use crate::{
    error::{Call, of_refusal},
    http::{Caller, Reply, Server, is_header},
    means::Means,
    token::{Lease, Origin, Token},
};

/// The life of a service account's token that is shown once, at once: the shortest that the API server grants.
const SHOWN_ONCE: Duration = Duration::from_secs(600);

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
    /// As a user with a password.
    Password(Password),
    /// With a JSON Web Token.
    Jwt(Jwt),
    /// With a client certificate.
    Certificate(Certificate),
    /// As an identity of AWS.
    Iam(Iam),
    /// As an identity of Google Cloud.
    Gcp(Gcp),
}

/// Logs in to one server by one method, as often as it is asked. Each login reads its credential anew.
#[derive(Debug)]
pub(crate) struct Authenticator {
    pub(crate) server: Arc<Server>,
    pub(crate) namespace: Option<HeaderValue>,
    pub(crate) method: Method,
    pub(crate) credentials: Arc<dyn CredentialSource>,
    /// For which store.
    pub(crate) store: StoreReference,
    pub(crate) means: Means,
}

impl Authenticator {
    /// Gets a token to begin with. One that somebody made is not shown to Vault yet.
    pub(crate) async fn begin(&self) -> Result<Token, ProviderError> {
        match &self.method {
            Method::Token(selector) => self.read_token(selector).await.map(Token::unseen),
            Method::Anonymous
            | Method::AppRole(_)
            | Method::Kubernetes(_)
            | Method::Password(_)
            | Method::Jwt(_)
            | Method::Certificate(_)
            | Method::Iam(_)
            | Method::Gcp(_) => self.log_in().await,
        }
    }

    /// Gets a token that is alive.
    pub(crate) async fn log_in(&self) -> Result<Token, ProviderError> {
        match &self.method {
            Method::Anonymous => Ok(Token::anonymous()),
            Method::Token(selector) => self.take_token(selector).await,
            Method::AppRole(app_role) => self.log_in_with_app_role(app_role).await,
            Method::Kubernetes(kubernetes) => self.log_in_with_kubernetes(kubernetes).await,
            Method::Password(password) => self.log_in_with_password(password).await,
            Method::Jwt(jwt) => self.log_in_with_jwt(jwt).await,
            Method::Certificate(certificate) => self.log_in_with_certificate(certificate).await,
            // Boxed, for the SDK's futures are deeper than the compiler looks.
            Method::Iam(iam) => self.log_in_with_iam(iam).boxed().await,
            Method::Gcp(gcp) => self.log_in_with_gcp(gcp).await,
        }
    }

    /// Asks Vault what a token is. A token that Vault does not know is `Unauthenticated`.
    pub(crate) async fn look_up(&self, token: Option<&SecretBytes>) -> Result<Lease, ProviderError> {
        let reply = self.call(Call::LookupSelf, token, LookupTokenSelfRequest {}).await?;
        let found: Option<LookedUp> = reply.parse();
        found.map(|found| found.data.into()).ok_or_else(|| Call::LookupSelf.not_understood())
    }

    /// Asks Vault for a longer life of a token, and says the new one.
    pub(crate) async fn renew(&self, token: Option<&SecretBytes>) -> Result<Lease, ProviderError> {
        let reply = self.call(Call::RenewSelf, token, RenewTokenSelfRequest { increment: None }).await?;
        let renewed: Option<Granted> = reply.parse();
        renewed.map(|granted| granted.auth.lease()).ok_or_else(|| Call::RenewSelf.not_understood())
    }

    /// Ends a token.
    pub(crate) async fn revoke(&self, token: Option<&SecretBytes>) -> Result<(), ProviderError> {
        self.call(Call::RevokeSelf, token, RevokeTokenSelfRequest {}).await.map(drop)
    }

    /// Makes the login call of a method.
    async fn grant(&self, endpoint: impl Endpoint) -> Result<Token, ProviderError> {
        let reply = self.call(Call::Login, None, endpoint).await?;
        let Granted { auth } = reply.parse().ok_or_else(|| Call::Login.not_understood())?;
        if auth.client_token.is_empty() && auth.mfa_requirement.is_some() {
            return Err(refused(
                "Vault asks for a second factor, which nobody is there to give: leave this login out of \
                                MFA"
                .to_owned(),
            ));
        }
        let origin = if auth.token_type == "batch" { Origin::Batch } else { Origin::Login };
        let lease = auth.lease();
        if auth.client_token.is_empty() || !is_header(&auth.client_token) {
            return Err(Call::Login.not_understood());
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

    /// A credential out of a Secret.
    async fn secret(&self, selector: &SecretKeySelector) -> Result<SecretBytes, ProviderError> {
        let secret = self.credentials.secret_key(selector).await;
        secret.map_err(|error| error.into_provider_error(Call::Login.operation()))
    }

    /// A credential out of a Secret, as text without white space around it: trailing newlines are the commonest fault.
    async fn secret_text(&self, selector: &SecretKeySelector) -> Result<String, ProviderError> {
        text(&self.secret(selector).await?).ok_or_else(|| no_text(selector))
    }

    /// A password out of a Secret. Other white space than a newline at its end may belong to it.
    async fn secret_line(&self, selector: &SecretKeySelector) -> Result<String, ProviderError> {
        let secret = self.secret(selector).await?;
        let line = secret.expose_str().map(|text| text.trim_end_matches(['\r', '\n']));
        line.filter(|line| !line.is_empty()).map(str::to_owned).ok_or_else(|| no_text(selector))
    }

    /// A new token of a service account.
    async fn service_account_token(
        &self,
        selector: &ServiceAccountSelector,
        audiences: &[String],
        lifetime: Duration,
    ) -> Result<String, ProviderError> {
        let token = self.credentials.service_account_token(selector, audiences, lifetime).await;
        let token = token.map_err(|error| error.into_provider_error(Call::Login.operation()))?;
        text(&token).ok_or_else(|| refused(format!("service account {:?} has an empty token", selector.name)))
    }

    /// Refuses to show the operator's own identity for a store that somebody of a namespace wrote: they choose the
    /// server that it would be shown to.
    fn as_the_operator(&self, instead: &str) -> Result<(), ProviderError> {
        if self.credentials.lends_own_identity() {
            return Ok(());
        }
        let words = format!("a SecretStore cannot log in as the operator itself: name {instead}");
        Err(Call::Login.error(ErrorKind::Invalid, Reason::new(words)).from_elsewhere())
    }
}

fn text(secret: &SecretBytes) -> Option<String> {
    secret.expose_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn no_text(selector: &SecretKeySelector) -> ProviderError {
    refused(format!("the credential in Secret {:?} is empty or no text", selector.name))
}

/// A login that fails by what it would be made with. `words` are our own.
fn refused(words: String) -> ProviderError {
    Call::Login.error(ErrorKind::Unauthenticated, Reason::new(words)).from_elsewhere()
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
    mfa_requirement: Option<IgnoredAny>,
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
