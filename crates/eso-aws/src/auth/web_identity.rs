//! A service account of the cluster that takes the role in its annotation: `AssumeRoleWithWebIdentity`, as EKS has it
//! for pods ("IAM roles for service accounts").
//!
//! Its annotations and a token of it are read anew for each login. An edit of the annotations makes the store connect
//! anew; where nobody tells of it, it is taken up with the next login, which is soon where the role that they named is
//! refused.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_sdk_sts as sts;
use eso_core::{
    api::selectors::ServiceAccountSelector,
    credentials::CredentialSource,
    error::{ErrorKind, ProviderError, Reason},
    provider::{CallObserver, Connection},
};

use super::{
    Login,
    role::{SESSION_NAME, region, temporary, without_credentials},
};
use crate::{PROVIDER, config::SESSION, error::Call};

const ROLE_ANNOTATION: &str = "eks.amazonaws.com/role-arn";
const AUDIENCE_ANNOTATION: &str = "eks.amazonaws.com/audience";
const DEFAULT_AUDIENCE: &str = "sts.amazonaws.com";

/// A token is shown once, at once. The API server gives none for less.
const TOKEN_LIFE: Duration = Duration::from_secs(10 * 60);

/// A service account, before STS.
pub(super) struct WebIdentity {
    account: ServiceAccount,
    /// What it is used for is not signed.
    client: sts::Client,
    calls: Arc<dyn CallObserver>,
    /// What was read when the store was connected: the first login, which follows at once, takes it.
    read: Mutex<Option<Annotations>>,
    role: String,
}

struct ServiceAccount {
    selector: ServiceAccountSelector,
    /// The namespace that it is in, for people; where it may be read is the source's to say.
    namespace: String,
    source: Arc<dyn CredentialSource>,
}

/// What a service account's annotations say.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Annotations {
    role: String,
    audience: String,
}

impl WebIdentity {
    /// Reads the annotations. Fails with `Unauthenticated` where they name no role.
    pub(super) async fn begin(
        selector: &ServiceAccountSelector,
        client: sts::Client,
        connection: &Connection,
    ) -> Result<Self, ProviderError> {
        let named = selector.namespace.as_ref().filter(|namespace| !namespace.is_empty());
        let account = ServiceAccount {
            selector: selector.clone(),
            namespace: named.unwrap_or(&connection.store.namespace).clone(),
            source: Arc::clone(&connection.credentials),
        };
        let annotations = account.annotations().await?;
        let (role, calls) = (annotations.role.clone(), Arc::clone(&connection.calls));
        Ok(Self { account, client, calls, read: Mutex::new(Some(annotations)), role })
    }

    /// The role that the annotations named when they were read first.
    pub(super) fn role(&self) -> &str {
        &self.role
    }
}

#[async_trait]
impl Login for WebIdentity {
    async fn log_in(&self) -> Result<Credentials, ProviderError> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Annotations { role, audience } = match read {
            Some(annotations) => annotations,
            None => self.account.annotations().await?,
        };
        let token = self.account.token(audience).await?;
        self.assume(role, token).await
    }
}

impl WebIdentity {
    async fn assume(&self, role: String, token: String) -> Result<Credentials, ProviderError> {
        let request = self
            .client
            .assume_role_with_web_identity()
            .role_arn(role)
            .role_session_name(SESSION_NAME)
            .web_identity_token(token);
        let answer = request.send().await;
        let call = Call::assume_role_with_web_identity(region(&self.client));
        self.calls.called(PROVIDER, call.operation, answer.is_ok());
        let given = answer.map_err(|error| call.failed(&error))?.credentials;
        let given = given.and_then(|given| temporary(given, "AssumeRoleWithWebIdentity"));
        given.ok_or_else(|| without_credentials(call))
    }
}

impl ServiceAccount {
    async fn annotations(&self) -> Result<Annotations, ProviderError> {
        let names = [ROLE_ANNOTATION, AUDIENCE_ANNOTATION];
        let found = self.source.service_account_annotations(&self.selector, &names).await;
        let found = found.map_err(|error| error.into_provider_error(SESSION))?;
        Annotations::of(&found).ok_or_else(|| {
            let (name, namespace) = (&self.selector.name, &self.namespace);
            // It begins with the original's words.
            let reason = format!(
                "an IAM role must be associated with service account {name} (namespace: {namespace}): name it in the \
                 annotation {ROLE_ANNOTATION}"
            );
            ProviderError::new(ErrorKind::Unauthenticated, SESSION).with_reason(Reason::new(reason))
        })
    }

    /// A new token. Those audiences that the selector names are the source's to add.
    async fn token(&self, audience: String) -> Result<String, ProviderError> {
        let token = self.source.service_account_token(&self.selector, &[audience], TOKEN_LIFE).await;
        let token = token.map_err(|error| error.into_provider_error(SESSION))?;
        token.expose_str().map(str::to_owned).ok_or_else(|| {
            let reason = Reason::new("the token of the service account is no text");
            ProviderError::new(ErrorKind::Unexpected, SESSION).with_reason(reason)
        })
    }
}

impl Annotations {
    /// `None` where no role is named.
    fn of(annotations: &BTreeMap<String, String>) -> Option<Self> {
        let given = |name: &str| annotations.get(name).filter(|value| !value.is_empty()).cloned();
        let audience = given(AUDIENCE_ANNOTATION).unwrap_or_else(|| DEFAULT_AUDIENCE.to_owned());
        Some(Self { role: given(ROLE_ANNOTATION)?, audience })
    }
}

#[cfg(test)]
mod tests;
