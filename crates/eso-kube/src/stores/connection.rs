//! One identity's connection: made, checked, and closed when nobody uses it any more.

use std::{fmt, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use eso_core::{
    api::secret_store::{Capabilities, Provider},
    error::ProviderError,
    provider::{Connection, Notice, SecretProvider},
};
use eso_sync::store::{Backends, Store, StoreSettings};
use futures::FutureExt;
use tokio::time::{Instant, sleep, timeout};

use super::{Connect, ConnectError};
use crate::credentials::KubernetesCredentials;

/// How long connecting and checking may take together: a provider cuts its own calls after 30 s, and this is for the
/// one that does not.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(35);

/// How long a connection that was replaced may still be used by runs that began before.
const LONGEST_RUN: Duration = Duration::from_secs(60);

/// How often it is looked whether those have ended.
const RETIREMENT_LOOK: Duration = Duration::from_millis(100);

/// How an identity stands.
#[derive(Clone, Debug)]
pub(crate) enum Standing {
    /// It is being connected for the first time since it became what it is.
    Connecting {
        /// When that began.
        since: Instant,
    },
    /// It can be used.
    Ready {
        /// The connection.
        store: Arc<Store>,
        /// What its provider wants said.
        notice: Option<Notice>,
    },
    /// It is known, and cannot be checked before an object asks.
    Unchecked {
        /// What its provider can do.
        capabilities: Capabilities,
    },
    /// It cannot be used.
    Failed(Failure),
}

/// Why an identity cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// How far it came.
    pub(crate) stage: Stage,
    /// Why, in words that hold no value.
    pub(crate) reason: String,
}

/// How far a connection came, as the original's messages tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// There is no client: the spec is wrong, the provider is not known, or a credential or the login failed.
    Client,
    /// The client is there, and the store did not approve of it.
    Validation,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "unable to create client",
            Self::Validation => "unable to validate store",
        })
    }
}

impl Failure {
    /// A failure before there was a client.
    pub(crate) fn of_client(reason: impl Into<String>) -> Self {
        Self { stage: Stage::Client, reason: reason.into() }
    }

    fn of_validation(reason: impl Into<String>) -> Self {
        Self { stage: Stage::Validation, reason: reason.into() }
    }
}

/// What one attempt to connect is made with.
pub(crate) struct Attempt<'a> {
    pub(crate) connect: &'a dyn Connect,
    pub(crate) provider: &'a Provider,
    pub(crate) connection: Connection,
    pub(crate) credentials: &'a KubernetesCredentials,
    pub(crate) settings: StoreSettings,
    pub(crate) backends: &'a Backends,
}

impl Attempt<'_> {
    /// Connects and checks. It ends within [`ATTEMPT_TIMEOUT`], whatever the provider does.
    pub(crate) async fn establish(self) -> Result<Arc<Store>, Failure> {
        contained(self.connect_and_check()).await
    }

    /// Connects as nobody, for what can be known of a store that logs in as whoever asks: that its provider is known,
    /// and what it can do.
    pub(crate) async fn look(self) -> Result<Capabilities, Failure> {
        contained(async {
            match self.connect.connect(self.provider, self.connection).await {
                Ok(provider) => {
                    provider.close().await;
                    Ok(capabilities(provider.as_ref()))
                }
                Err(unknown @ ConnectError::Unknown(_)) => Err(Failure::of_client(unknown.to_string())),
                // It had no credentials to connect with: that says nothing against it.
                Err(ConnectError::Provider(_)) => Ok(Capabilities::ReadOnly),
            }
        })
        .await
    }

    async fn connect_and_check(self) -> Result<Arc<Store>, Failure> {
        let Self { connect, provider, connection, credentials, settings, backends } = self;
        let connected = connect.connect(provider, connection).await;
        let provider = connected.map_err(|error| Failure::of_client(error.to_string()))?;
        let store = Store::new(provider, settings, backends);
        match check(&store, credentials).await {
            Ok(()) => Ok(store),
            Err(failure) => {
                store.close().await;
                Err(failure)
            }
        }
    }
}

/// Checks a connection again.
pub(crate) async fn revalidate(
    store: &Arc<Store>,
    credentials: &KubernetesCredentials,
) -> Result<(), Failure> {
    contained(check(store, credentials)).await
}

/// What a provider can do, read off it.
pub(crate) fn capabilities(provider: &dyn SecretProvider) -> Capabilities {
    match provider.writer() {
        Some(_) => Capabilities::ReadWrite,
        None => Capabilities::ReadOnly,
    }
}

/// Closes a connection when the last run that took it has ended.
pub(crate) async fn retire(store: Arc<Store>) {
    let unused = async {
        while Arc::strong_count(&store) > 1 {
            sleep(RETIREMENT_LOOK).await;
        }
    };
    // One that is still in use after that hangs: it is closed under its user's hands.
    let _ = timeout(LONGEST_RUN, unused).await;
    let _ = timeout(ATTEMPT_TIMEOUT, store.close()).await;
}

async fn check(store: &Arc<Store>, credentials: &KubernetesCredentials) -> Result<(), Failure> {
    store.check().await.map_err(|error| match failed_to_log_in(&error, credentials) {
        true => Failure::of_client(error.to_string()),
        false => Failure::of_validation(error.to_string()),
    })
}

/// The original logs in when it makes its client; our providers do at the first call.
fn failed_to_log_in(error: &ProviderError, credentials: &KubernetesCredentials) -> bool {
    credentials.reads().failed() || error.is_of_login()
}

/// Runs an attempt, and makes a failure of it when it hangs or panics: the stores beside it go on.
async fn contained<T>(attempt: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match timeout(ATTEMPT_TIMEOUT, AssertUnwindSafe(attempt).catch_unwind()).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Failure::of_client("the provider panicked; please report this")),
        Err(_) => Err(Failure::of_validation(format!(
            "the store does not answer within {} s",
            ATTEMPT_TIMEOUT.as_secs()
        ))),
    }
}
