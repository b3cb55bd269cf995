//! Credentials of AWS for one signature: keys, a service account's, the operator's own, and a role that they take.
//!
//! The process's environment is read by the SDK's default chain, for the operator's own identity alone, and never
//! written.

use std::{fmt, time::Duration};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::{Credentials, provider::ProvideCredentials};
use aws_sdk_sts as sts;
use aws_smithy_http_client::{Builder, ConnectorBuilder, proxy::ProxyConfig, tls};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use eso_core::{api::selectors::ServiceAccountSelector, error::ProviderError};
use tracing::{Dispatch, instrument::WithSubscriber};

use super::{
    super::{Authenticator, SHOWN_ONCE, refused},
    AwsIdentity, AwsKeys, AwsRole, Iam,
    error::{self, StsCall},
};
use crate::store;

/// The name of a session, as the original's: CloudTrail and trust policies may know it.
const SESSION_NAME: &str = "external-secrets-provider-vault";

/// Who a service account is to AWS, on EKS and wherever its webhook runs.
const ROLE_ANNOTATION: &str = "eks.amazonaws.com/role-arn";
const AUDIENCE_ANNOTATION: &str = "eks.amazonaws.com/audience";
const DEFAULT_AUDIENCE: &str = "sts.amazonaws.com";

/// A login may make two calls to AWS and one to Vault, and ends within 28 s.
const CALL_TIMEOUT: Duration = Duration::from_secs(6);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How the Security Token Service is asked: with one HTTP client for all stores.
#[derive(Clone)]
pub(crate) struct Sts {
    http: SharedHttpClient,
    endpoint: Option<String>,
}

impl Sts {
    /// Asks it at another place than the region's own.
    pub(crate) fn at(self, endpoint: Option<String>) -> Self {
        Self { endpoint: endpoint.filter(|url| !url.is_empty()), ..self }
    }

    /// A client that signs with these credentials, or not at all.
    fn client(&self, region: &str, credentials: Option<Credentials>) -> sts::Client {
        let mut config = sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .http_client(self.http.clone())
            .timeout_config(timeouts())
            // Retries share state in the whole process, and are the engine's.
            .retry_config(RetryConfig::disabled());
        config.set_endpoint_url(self.endpoint.clone());
        if let Some(credentials) = credentials {
            config = config.credentials_provider(credentials);
        }
        sts::Client::from_conf(config.build())
    }

    /// What the SDK's default chain finds: environment, shared files, web identity, container and instance.
    async fn own(&self, region: &str) -> Result<Credentials, ProviderError> {
        let settings = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .http_client(self.http.clone())
            .timeout_config(timeouts())
            .retry_config(RetryConfig::disabled())
            .load()
            .await;
        let chain = settings.credentials_provider().expect("the SDK's settings must have a default chain");
        let found = chain.provide_credentials().with_subscriber(Dispatch::none()).await;
        found.map_err(|error| error::of_chain(&error))
    }
}

impl Default for Sts {
    fn default() -> Self {
        Self { http: http_client(), endpoint: None }
    }
}

impl fmt::Debug for Sts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sts").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(CALL_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build()
}

/// As the SDK's own default, which it would make anew for each client: the system's certificates, loaded when the first
/// connection is made, and the proxies of the environment.
fn http_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let tls = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
        let mut connector =
            ConnectorBuilder::default().tls_provider(tls).proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            connector.set_sleep_impl(components.sleep_impl());
        }
        connector.build()
    })
}

impl Authenticator {
    /// Credentials to sign with. Costs a call for a service account, and one for a role.
    pub(super) async fn aws_credentials(&self, iam: &Iam) -> Result<Credentials, ProviderError> {
        let Iam { region, identity, role, .. } = iam;
        let base = match identity {
            AwsIdentity::Keys(keys) => self.static_keys(keys).await?,
            AwsIdentity::ServiceAccount(account) => self.web_identity(account, region).await?,
            AwsIdentity::Own => {
                self.as_the_operator("auth.iam.jwt or auth.iam.secretRef")?;
                self.means.sts.own(region).await?
            }
        };
        match role {
            Some(role) => self.assumed(role, base, region).await,
            None => Ok(base),
        }
    }

    async fn static_keys(&self, keys: &AwsKeys) -> Result<Credentials, ProviderError> {
        let AwsKeys { id, secret, token } = keys;
        let (id, secret) = (self.secret_text(id).await?, self.secret_text(secret).await?);
        let token = match token {
            Some(selector) => Some(self.secret_text(selector).await?),
            None => None,
        };
        // They travel in a header, where the SDK would refuse other characters as a fault of the request.
        let is_key = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if !(is_key(&id) && is_key(&secret) && token.as_deref().is_none_or(is_key)) {
            return Err(refused("the keys in auth.iam.secretRef are no keys of AWS".to_owned()));
        }
        Ok(Credentials::new(id, secret, token, None, "secretRef"))
    }

    async fn web_identity(
        &self,
        account: &ServiceAccountSelector,
        region: &str,
    ) -> Result<Credentials, ProviderError> {
        let names = [ROLE_ANNOTATION, AUDIENCE_ANNOTATION];
        let annotations = self.credentials.service_account_annotations(account, &names).await;
        let mut annotations = annotations.map_err(|error| error.into_provider_error(error::OPERATION))?;
        let role = annotations.remove(ROLE_ANNOTATION).filter(|role| !role.is_empty()).ok_or_else(|| {
            // The first words are the original's.
            let name = &account.name;
            refused(format!(
                "an IAM role must be associated with service account {name}: annotate it with {ROLE_ANNOTATION}"
            ))
        })?;
        let audience = annotations.remove(AUDIENCE_ANNOTATION).filter(|audience| !audience.is_empty());
        let audience = audience.unwrap_or_else(|| DEFAULT_AUDIENCE.to_owned());
        let token = self.service_account_token(account, &[audience], SHOWN_ONCE).await?;
        let request = self.means.sts.client(region, None).assume_role_with_web_identity();
        let request = request.role_arn(role).role_session_name(SESSION_NAME).web_identity_token(token);
        // The SDK has log lines of its own; what is worth saying is in the error.
        let answer = request.send().with_subscriber(Dispatch::none()).await;
        let call = StsCall::AssumeRoleWithWebIdentity;
        self.server.calls.called(store::NAME, call.name(), answer.is_ok());
        given(answer.map_err(|error| error::of_sts(call, &error))?.credentials)
    }

    async fn assumed(
        &self,
        role: &AwsRole,
        base: Credentials,
        region: &str,
    ) -> Result<Credentials, ProviderError> {
        let AwsRole { arn, external_id } = role;
        let request = self.means.sts.client(region, Some(base)).assume_role();
        let request = request.role_arn(arn).role_session_name(SESSION_NAME);
        let request = request.set_external_id(external_id.clone());
        let answer = request.send().with_subscriber(Dispatch::none()).await;
        let call = StsCall::AssumeRole;
        self.server.calls.called(store::NAME, call.name(), answer.is_ok());
        given(answer.map_err(|error| error::of_sts(call, &error))?.credentials)
    }
}

fn given(credentials: Option<sts::types::Credentials>) -> Result<Credentials, ProviderError> {
    let given = credentials.ok_or_else(error::nothing_given)?;
    let sts::types::Credentials { access_key_id, secret_access_key, session_token, .. } = given;
    Ok(Credentials::new(access_key_id, secret_access_key, Some(session_token), None, "STS"))
}
