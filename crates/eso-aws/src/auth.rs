//! Who a store is to AWS: a session that owns its credentials, renews them before they end, and logs in once for many.

mod default_chain;
mod keys;
mod role;
mod web_identity;

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError, future},
};
use eso_core::{
    error::{ErrorKind, ProviderError},
    provider::{CallObserver, Connection},
};
use tokio::{sync, time::Instant};

pub(crate) use self::role::{Role, SessionName};
use self::web_identity::WebIdentity;
use crate::{
    client::RegionClients,
    config::{Config, Source},
    identity::Identity,
};

/// Credentials are renewed this long before they end, or when a fifth of their life is left if that is less.
const RENEW_BEFORE_END: Duration = Duration::from_secs(5 * 60);

/// While the credentials still hold, a renewal that failed is not tried again before this.
const RENEWAL_PAUSE: Duration = Duration::from_secs(10);

/// After a login that failed, all who need it are told so for this long: a broken role is not asked for by each object
/// of its store. It doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// What is mended in AWS or in the cluster, of which nobody tells, is noticed within 5 s.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// Of what STS itself says of when it wants to be asked again, no more is believed.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// Makes the session of a store, and says which account it uses.
///
/// What its spec names is read now: static keys, or the annotations of a service account. Nobody is logged in yet.
/// The operator's own session, and those of the roles that it assumes, are shared by all stores whose specs say the
/// same of them; keys and service accounts are each store's own.
pub(crate) async fn begin(
    config: &Config<'_>,
    region: &RegionClients,
    connection: &Connection,
) -> Result<(Arc<Session>, Identity), ProviderError> {
    let (base, own) = match &config.source {
        Source::DefaultChain => {
            let session = region.own_session(&config.roles, &connection.calls);
            return Ok((session, Identity::of(&config.roles, Identity::of_default_chain())));
        }
        Source::Keys(keys) => {
            let keys = keys::read(keys, connection.credentials.as_ref()).await?;
            let own = Identity::of_keys(&keys);
            (Session::with_keys(keys), own)
        }
        Source::ServiceAccount(selector) => {
            let identity = WebIdentity::begin(selector, region.unsigned_sts(), connection).await?;
            let own = Identity::of_role(identity.role());
            (Session::new(identity), own)
        }
    };
    let assume = |base, role| Session::with_role(role, base, region, &connection.calls);
    Ok((config.roles.iter().fold(base, assume), Identity::of(&config.roles, own)))
}

/// An identity on AWS, and its credentials of the moment.
pub(crate) struct Session {
    login: Box<dyn Login>,
    held: Mutex<Held>,
    /// Whoever logs in holds it.
    turn: sync::Mutex<()>,
}

#[derive(Default)]
struct Held {
    lease: Option<Lease>,
    /// How many logins there were.
    logins: u64,
    /// The last login, where it failed.
    failure: Option<Failure>,
    /// When AWS last refused the credentials of a login, and another one was made for that.
    replaced: Option<Instant>,
}

struct Lease {
    credentials: Credentials,
    renew_at: Option<SystemTime>,
}

/// A login that failed.
struct Failure {
    /// It is the answer to all who asked before this.
    until: Instant,
    /// How many failed one after the other.
    count: u32,
    error: ProviderError,
}

/// What is known of the credentials of the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// They hold for long enough.
    Fresh,
    /// They hold, and should be renewed.
    Due,
    /// They have ended, or there are none.
    Missing,
}

/// One way to get credentials.
#[async_trait]
trait Login: Send + Sync {
    async fn log_in(&self) -> Result<Credentials, ProviderError>;

    /// Whether another login may give other credentials.
    fn renews(&self) -> bool {
        true
    }
}

impl Session {
    /// Keys that do not change while the store is connected.
    fn with_keys(keys: Credentials) -> Arc<Self> {
        Self::new(keys::StaticKeys(keys))
    }

    /// The SDK's default chain: environment, shared files, web identity, container and instance.
    pub(crate) fn with_default_chain(chain: SharedCredentialsProvider, region: &str) -> Arc<Self> {
        Self::new(default_chain::DefaultChain { chain, region: region.to_owned() })
    }

    /// A role that is assumed by `base`.
    pub(crate) fn with_role(
        role: &Role,
        base: Arc<Self>,
        region: &RegionClients,
        calls: &Arc<dyn CallObserver>,
    ) -> Arc<Self> {
        let (client, calls) = (region.sts(&base), Arc::clone(calls));
        Self::new(role::Assume { role: role.clone(), base, client, calls })
    }

    fn new(login: impl Login + 'static) -> Arc<Self> {
        Arc::new(Self { login: Box::new(login), held: Mutex::default(), turn: sync::Mutex::default() })
    }

    /// Logs in unless the credentials of the moment are still good.
    pub(crate) async fn ready(&self) -> Result<(), ProviderError> {
        self.current(|_| ()).await
    }

    /// Makes a call that is signed by this session.
    ///
    /// It is made once more, after a new login, where AWS does not accept the credentials and there may be others.
    /// Of many calls that fail so at once, one logs in; where what that one was given is refused too, no further login
    /// is made for a while.
    pub(crate) async fn run<T, F>(&self, call: impl Fn() -> F) -> Result<T, ProviderError>
    where
        F: Future<Output = Result<T, ProviderError>>,
    {
        let login = self.current(|held| held.logins).await?;
        match call().await {
            Err(error) if error.kind() == ErrorKind::Unauthenticated && self.login.renews() => {
                match self.replace(login).await? {
                    true => call().await,
                    false => Err(error),
                }
            }
            result => result,
        }
    }

    /// Whoever comes while the credentials still hold does not wait for their renewal.
    async fn current<T>(&self, read: impl FnOnce(&Held) -> T) -> Result<T, ProviderError> {
        let asked = Instant::now();
        let turn = match self.state() {
            State::Fresh => None,
            State::Due => self.turn.try_lock().ok(),
            State::Missing => Some(self.turn.lock().await),
        };
        if turn.is_some() && self.state() != State::Fresh {
            self.renew(asked).await?;
        }
        Ok(read(&self.held()))
    }

    /// Logs in, unless somebody else did since the login of that number. Says whether there are other credentials now.
    async fn replace(&self, refused: u64) -> Result<bool, ProviderError> {
        let asked = Instant::now();
        let _turn = self.turn.lock().await;
        let refused = self.held().refuse(refused, asked);
        match refused {
            Refused::Replaced => Ok(true),
            Refused::Again => Ok(false),
            Refused::First => self.renew(asked).await.map(|()| true),
        }
    }

    /// Whoever calls it holds the turn. A login that failed a moment ago, or while this one waited for its turn, is its
    /// answer too, so that a dead STS is not asked by each of them in turn.
    async fn renew(&self, asked: Instant) -> Result<(), ProviderError> {
        let failed = self.held().failed(asked);
        if let Some(error) = failed {
            return Err(error);
        }
        match self.login.log_in().await {
            Ok(credentials) => {
                self.held().accept(credentials, SystemTime::now());
                Ok(())
            }
            Err(error) => self.held().reject(error, SystemTime::now()),
        }
    }

    fn state(&self) -> State {
        self.held().state(SystemTime::now())
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Nothing that is done under the lock can panic half way.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What comes of credentials that AWS refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    /// There are others by now.
    Replaced,
    /// There should be others.
    First,
    /// They were got because the ones before them had been refused: it is not the login that is at fault.
    Again,
}

impl Held {
    fn state(&self, now: SystemTime) -> State {
        match &self.lease {
            None => State::Missing,
            Some(lease) if lease.renew_at.is_none_or(|renew_at| now < renew_at) => State::Fresh,
            Some(lease) if lease.credentials.expiry().is_some_and(|end| now < end) => State::Due,
            Some(_) => State::Missing,
        }
    }

    /// Why nobody logs in now who asked at that time.
    fn failed(&self, asked: Instant) -> Option<ProviderError> {
        let failure = self.failure.as_ref().filter(|failure| asked < failure.until);
        failure.map(|failure| failure.error.clone())
    }

    fn refuse(&mut self, refused: u64, now: Instant) -> Refused {
        if self.logins != refused {
            return Refused::Replaced;
        }
        if self.replaced.is_some_and(|replaced| now < replaced + LONGEST_PAUSE) {
            return Refused::Again;
        }
        self.lease = None;
        self.replaced = Some(now);
        Refused::First
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
                let count = self.failure.as_ref().map_or(0, |failure| failure.count);
                let until = Instant::now() + pause(count, error.retry_after());
                self.failure = Some(Failure { until, count: count + 1, error: error.clone() });
                Err(error)
            }
        }
    }
}

/// How long nobody is asked after so many failures and one more.
fn pause(failures: u32, retry_after: Option<Duration>) -> Duration {
    let own = FIRST_PAUSE.saturating_mul(1 << failures.min(16)).min(LONGEST_PAUSE);
    own.max(retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER))
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

#[cfg(test)]
mod tests;
