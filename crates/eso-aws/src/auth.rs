//! Who a store is to AWS: a session that owns its credentials, renews them before they end, and logs in once for many.

use std::{
    fmt,
    future::Future,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use async_trait::async_trait;
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future},
};
use aws_sdk_sts as sts;
use eso_core::{
    api::{aws::AwsAuthSecretRef, selectors::SecretKeySelector},
    credentials::CredentialSource,
    error::{ErrorKind, ProviderError, Reason},
    provider::CallObserver,
};
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    PROVIDER,
    config::{self, SESSION},
    error::Call,
};

/// The name of an assumed role's session, as the original's: CloudTrail and trust policies may know it.
const SESSION_NAME: &str = "external-secrets-provider-aws";

/// Credentials are renewed this long before they end, or when a fifth of their life is left if that is less.
const RENEW_BEFORE_END: Duration = Duration::from_secs(5 * 60);

/// While the credentials still hold, a renewal that failed is not tried again before this.
const RENEWAL_PAUSE: Duration = Duration::from_secs(10);

/// An identity on AWS, and its credentials of the moment.
pub(crate) struct Session {
    login: Box<dyn Login>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    lease: Option<Lease>,
    /// How many logins there were.
    logins: u64,
    /// The last login that failed, and when.
    failure: Option<(Instant, ProviderError)>,
}

struct Lease {
    credentials: Credentials,
    renew_at: Option<SystemTime>,
}

/// One way to get credentials.
#[async_trait]
trait Login: Send + Sync {
    async fn log_in(&self) -> Result<Credentials, ProviderError>;

    /// Whether another login may give other credentials.
    fn renews(&self) -> bool;
}

impl Session {
    /// The SDK's default chain: environment, shared files, web identity, container and instance.
    pub(crate) fn with_default_chain(chain: SharedCredentialsProvider, region: &str) -> Arc<Self> {
        Self::new(DefaultChain { chain, region: region.to_owned() })
    }

    /// Keys that do not change while the store is connected.
    pub(crate) fn with_keys(keys: Credentials) -> Arc<Self> {
        Self::new(StaticKeys(keys))
    }

    /// A role that is assumed through `client`, which is logged in as `base`.
    pub(crate) fn with_role(
        role: config::Role<'_>,
        base: Arc<Self>,
        client: sts::Client,
        calls: Arc<dyn CallObserver>,
    ) -> Arc<Self> {
        let config::Role { arn, external_id } = role;
        let (arn, external_id) = (arn.to_owned(), external_id.map(str::to_owned));
        Self::new(Role { arn, external_id, base, client, calls })
    }

    fn new(login: impl Login + 'static) -> Arc<Self> {
        Arc::new(Self { login: Box::new(login), held: Mutex::default() })
    }

    /// Logs in unless the credentials of the moment are still good.
    pub(crate) async fn ready(&self) -> Result<(), ProviderError> {
        self.current(|_| ()).await
    }

    /// Makes a call that is signed by this session.
    ///
    /// It is made once more, after a new login, where AWS does not accept the credentials and there may be others.
    /// Of many calls that fail so at once, one logs in.
    pub(crate) async fn run<T, F>(&self, call: impl Fn() -> F) -> Result<T, ProviderError>
    where
        F: Future<Output = Result<T, ProviderError>>,
    {
        let login = self.current(|held| held.logins).await?;
        match call().await {
            Err(error) if error.kind() == ErrorKind::Unauthenticated && self.login.renews() => {
                self.replace(login).await?;
                call().await
            }
            result => result,
        }
    }

    async fn current<T>(&self, read: impl FnOnce(&Held) -> T) -> Result<T, ProviderError> {
        let asked = Instant::now();
        let mut held = self.held.lock().await;
        if !held.is_fresh(SystemTime::now()) {
            self.renew(&mut held, asked).await?;
        }
        Ok(read(&held))
    }

    /// Logs in, unless somebody else did since the login of that number.
    async fn replace(&self, refused: u64) -> Result<(), ProviderError> {
        let asked = Instant::now();
        let mut held = self.held.lock().await;
        if held.logins != refused {
            return Ok(());
        }
        held.lease = None;
        self.renew(&mut held, asked).await
    }

    /// A login that failed while this one waited for the lock is its answer too, so that a dead STS is not asked by
    /// each of them in turn.
    async fn renew(&self, held: &mut MutexGuard<'_, Held>, asked: Instant) -> Result<(), ProviderError> {
        match &held.failure {
            Some((failed, error)) if *failed >= asked => return Err(error.clone()),
            Some(_) | None => {}
        }
        match self.login.log_in().await {
            Ok(credentials) => {
                held.accept(credentials, SystemTime::now());
                Ok(())
            }
            Err(error) => held.reject(error, SystemTime::now()),
        }
    }
}

impl Held {
    fn is_fresh(&self, now: SystemTime) -> bool {
        let early = |lease: &Lease| lease.renew_at.is_none_or(|renew_at| now < renew_at);
        self.lease.as_ref().is_some_and(early)
    }

    fn accept(&mut self, credentials: Credentials, now: SystemTime) {
        let renew_at = credentials.expiry().map(|end| renewal(now, end));
        self.lease = Some(Lease { credentials, renew_at });
        self.logins += 1;
        self.failure = None;
    }

    /// Credentials that still hold outlive a renewal that failed; without them the failure is the caller's.
    fn reject(&mut self, error: ProviderError, now: SystemTime) -> Result<(), ProviderError> {
        match &mut self.lease {
            Some(lease) if lease.credentials.expiry().is_some_and(|end| now < end) => {
                lease.renew_at = Some(now + RENEWAL_PAUSE);
                Ok(())
            }
            Some(_) | None => {
                self.lease = None;
                self.failure = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }
}

fn renewal(now: SystemTime, end: SystemTime) -> SystemTime {
    let life = end.duration_since(now).unwrap_or_default();
    end.checked_sub(RENEW_BEFORE_END.min(life / 5)).unwrap_or(now)
}

/// How the SDK asks, when it signs.
impl ProvideCredentials for Session {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move {
            let credentials = self.current(|held| held.lease.as_ref().map(|lease| lease.credentials.clone()));
            let credentials = credentials.await.map_err(CredentialsError::provider_error)?;
            credentials.ok_or_else(CredentialsError::not_loaded_no_source)
        })
    }
}

/// Shows nothing: what it holds are credentials.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

struct StaticKeys(Credentials);

#[async_trait]
impl Login for StaticKeys {
    async fn log_in(&self) -> Result<Credentials, ProviderError> {
        Ok(self.0.clone())
    }

    fn renews(&self) -> bool {
        false
    }
}

struct DefaultChain {
    chain: SharedCredentialsProvider,
    region: String,
}

#[async_trait]
impl Login for DefaultChain {
    async fn log_in(&self) -> Result<Credentials, ProviderError> {
        let call = Call::default_chain(&self.region);
        self.chain.provide_credentials().await.map_err(|error| call.without_credentials(&error))
    }

    fn renews(&self) -> bool {
        true
    }
}

struct Role {
    arn: String,
    external_id: Option<String>,
    base: Arc<Session>,
    client: sts::Client,
    calls: Arc<dyn CallObserver>,
}

#[async_trait]
impl Login for Role {
    async fn log_in(&self) -> Result<Credentials, ProviderError> {
        self.base.run(|| self.assume()).await
    }

    fn renews(&self) -> bool {
        true
    }
}

impl Role {
    async fn assume(&self) -> Result<Credentials, ProviderError> {
        let request = self
            .client
            .assume_role()
            .role_arn(&self.arn)
            .role_session_name(SESSION_NAME)
            .set_external_id(self.external_id.clone());
        let answer = request.send().await;
        let call = self.call();
        self.calls.called(PROVIDER, call.operation, answer.is_ok());
        let given = answer.map_err(|error| call.failed(&error))?.credentials;
        given.and_then(temporary).ok_or_else(|| call.nonsense("an answer without credentials".to_owned()))
    }

    fn call(&self) -> Call<'_> {
        Call::assume_role(self.client.config().region().map_or("", |region| region.as_ref()))
    }
}

fn temporary(given: sts::types::Credentials) -> Option<Credentials> {
    let end = SystemTime::try_from(given.expiration).ok()?;
    let sts::types::Credentials { access_key_id, secret_access_key, session_token, .. } = given;
    Some(Credentials::new(access_key_id, secret_access_key, Some(session_token), Some(end), "AssumeRole"))
}

/// Reads static keys out of the Secrets that a store names, in the original's order and words.
///
/// ASCII whitespace at both ends is dropped: a newline that `echo` or an editor left there is never part of a key.
pub(crate) async fn read_keys(
    keys: &AwsAuthSecretRef,
    source: &dyn CredentialSource,
) -> Result<Credentials, ProviderError> {
    let AwsAuthSecretRef { access_key_id, secret_access_key, session_token } = keys;
    let secret = read_key(source, secret_access_key, "SecretAccessKey").await?;
    let id = read_key(source, access_key_id, "accessKeyID").await?;
    let token = match session_token {
        Some(selector) => Some(read_key(source, selector, "SessionToken").await?),
        None => None,
    };
    Ok(Credentials::new(id, secret, token, None, "secretRef"))
}

async fn read_key(
    source: &dyn CredentialSource,
    selector: &SecretKeySelector,
    name: &str,
) -> Result<String, ProviderError> {
    let value = source.secret_key(selector).await.map_err(|error| {
        let reason = Reason::new(format!("could not fetch {name} secret: {error}"));
        error.into_provider_error(SESSION).with_reason(reason)
    })?;
    let text = value.expose_str().map(str::trim_ascii).filter(|text| is_header_text(text));
    text.map(str::to_owned).ok_or_else(|| {
        let reason = Reason::new(format!("could not fetch {name} secret: it is empty or not plain text"));
        ProviderError::new(ErrorKind::Unauthenticated, SESSION).with_reason(reason)
    })
}

/// Keys travel in a header, and other characters would be refused by the HTTP client as a fault of the request.
fn is_header_text(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests;
