//! HashiCorp Vault and OpenBao: their KV engines, version 1 and 2, as a [`SecretProvider`].
//!
//! [`Vault`] is made once; each [`connect`](Vault::connect) gives one store, logged in as one identity.

mod auth;
mod config;
mod error;
mod find;
mod http;
mod kv;
mod means;
mod mounts;
mod session;
mod store;
mod token;
mod write;

use std::{path::PathBuf, sync::Arc};

use eso_core::{
    api::{selectors::SecretKeySelector, vault::VaultProvider},
    error::{ErrorKind, ProviderError, Reason},
    provider::{Connection, SecretProvider},
};

use crate::{
    auth::Authenticator,
    config::{Address, Authority, ClientCertificate, Config},
    error::Call,
    http::{ClientIdentity, Nearness, Pool, Route, Seals, Seen, Server, Trust},
    means::Means,
    mounts::Mounts,
    session::Session,
    store::{Store, in_time},
};

/// What all Vault stores of a process share: connections, and what they log in through. Made once.
#[derive(Debug)]
pub struct Vault {
    means: Means,
}

impl Vault {
    /// Where Kubernetes mounts the token of a pod's own service account.
    pub const OWN_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

    /// Shares nothing yet.
    pub fn new() -> Self {
        Self { means: Means::new(Self::OWN_TOKEN.into()) }
    }

    /// Reads the operator's own service-account token at another path than [`OWN_TOKEN`](Self::OWN_TOKEN).
    #[must_use]
    pub fn with_own_token(mut self, path: impl Into<PathBuf>) -> Self {
        self.means.own_token = path.into();
        self
    }

    /// Asks AWS's Security Token Service at this URL in place of each region's own, for stores with `auth.iam`.
    /// Nothing and an empty text both mean AWS's own.
    #[must_use]
    pub fn with_sts_endpoint(mut self, url: Option<String>) -> Self {
        self.means.sts = self.means.sts.at(url);
        self
    }

    /// Asks Google Cloud's metadata server at this URL (scheme and host), for stores with `auth.gcp`.
    #[must_use]
    pub fn with_metadata_server(mut self, url: impl Into<String>) -> Self {
        self.means.metadata_server = url.into();
        self
    }

    /// Logs in to a store. A token in a Secret is only read: Vault is asked about it by the first check or read.
    ///
    /// Nothing is read from `VAULT_*` variables. Ends within 28 s.
    /// Fails with `Invalid` where the specification can never work, `Unauthenticated` where the login is refused or a
    /// credential is missing, and `Unavailable` where the server does not answer.
    pub async fn connect(
        &self,
        spec: &VaultProvider,
        connection: Connection,
    ) -> Result<Arc<dyn SecretProvider>, ProviderError> {
        let config = Config::new(spec).map_err(|error| Call::Login.invalid(error))?;
        let store = in_time(Call::Login, self.open(config, connection)).await?;
        Ok(Arc::new(store))
    }

    async fn open(&self, config: Config, connection: Connection) -> Result<Store, ProviderError> {
        let Config {
            address,
            authority,
            client_certificate,
            headers,
            consistency,
            engine,
            undetected,
            namespace,
            login_namespace,
            method,
        } = config;
        let (trust, identity) = match address.plain {
            true => (Trust::Plain, None),
            false => (trust(authority, &connection).await?, identity(client_certificate, &connection).await?),
        };
        let route = Route { trust, identity, direct: address.nearness == Nearness::Here, led_from: None };
        let pool = Pool::new(Arc::clone(&self.means.pools), route).map_err(|_| no_client())?;
        let Address { origin, prefix, nearness, plain: _ } = address;
        let (seen, seals) = (Seen::new(consistency), Seals::default());
        let calls = connection.calls;
        let server = Arc::new(Server { origin, prefix, nearness, pool, headers, seen, seals, calls });
        let session = Session::open(Authenticator {
            server: Arc::clone(&server),
            namespace: login_namespace,
            method,
            credentials: connection.credentials,
            store: connection.store,
            means: self.means.clone(),
        });
        let mounts = Mounts::new(namespace.as_ref().and_then(|namespace| namespace.to_str().ok()));
        let store = Store { session: session.await?, server, engine, mounts, namespace };
        let Some(undetected) = undetected else { return Ok(store) };
        match store.detected(&undetected).await {
            Ok(engine) => Ok(Store { engine, ..store }),
            Err(error) => {
                store.session.close().await;
                Err(error)
            }
        }
    }

    /// Returns when no login is under way any more, and no revocation of a token that was replaced or that nobody took.
    /// For the end of a process: after it, as far as the server answered, no token is left of stores that were closed.
    pub async fn settled(&self) {
        self.means.tasks.close();
        self.means.tasks.wait().await;
        self.means.tasks.reopen();
    }
}

impl Default for Vault {
    fn default() -> Self {
        Self::new()
    }
}

async fn trust(authority: Authority, connection: &Connection) -> Result<Trust, ProviderError> {
    match authority {
        Authority::System => Ok(Trust::System),
        Authority::Bundle(roots) => Ok(Trust::Only(roots)),
        Authority::Provider(provider) => {
            let text = connection.credentials.certificate_authority(&provider).await;
            let text = text.map_err(|error| error.into_provider_error(Call::Login.operation()))?;
            let roots = config::certificates("the object of caProvider", &text);
            roots.map(Trust::Only).map_err(|error| Call::Login.invalid(error))
        }
    }
}

/// The certificate that is shown to a server, out of the Secrets that hold it.
async fn identity(
    certificate: Option<ClientCertificate>,
    connection: &Connection,
) -> Result<Option<ClientIdentity>, ProviderError> {
    let Some(ClientCertificate { certificate, key }) = certificate else { return Ok(None) };
    let read = async |selector: &SecretKeySelector| {
        let secret = connection.credentials.secret_key(selector).await;
        secret.map_err(|error| error.into_provider_error(Call::Login.operation()))
    };
    let identity = ClientIdentity::new(&read(&certificate).await?, &read(&key).await?);
    identity.map(Some).map_err(|error| {
        let words = format!("tls.certSecretRef and tls.keySecretRef: {error}");
        Call::Login.error(ErrorKind::Unauthenticated, Reason::new(words))
    })
}

pub(crate) fn no_client() -> ProviderError {
    let advice = "no TLS client can be made: check caBundle or caProvider, or the system's roots";
    Call::Login.error(ErrorKind::Invalid, Reason::new(advice))
}
