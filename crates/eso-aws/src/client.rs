//! The SDK's clients: one HTTP client below all of them, and no retries or caches of the SDK's own.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, PoisonError, Weak},
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig, identity::IdentityCache};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_secretsmanager as secretsmanager;
use aws_sdk_ssm as ssm;
use aws_sdk_sts as sts;
use aws_smithy_http_client::{Builder, ConnectorBuilder, proxy::ProxyConfig, tls};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::sdk_config::StalledStreamProtectionConfig;
use eso_core::provider::{Backend, CallObserver};
use tokio::sync::Mutex;

use crate::{
    Endpoints,
    auth::{Role, Session},
    error::Service,
    quota::Quotas,
};

/// How long a connection may take: within a region it takes milliseconds, and a lost packet is sent again after 1 s.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long one call may take, its connection included.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// How many regions are kept that no store may use any more: AWS has fewer. Any text may be a region, and whoever edits
/// a store may think up many.
const MOST_UNUSED: usize = 64;

/// What the clients of all regions share.
#[derive(Debug)]
pub(crate) struct Clients {
    http: SharedHttpClient,
    endpoints: Endpoints,
    regions: Mutex<BTreeMap<String, Arc<RegionClients>>>,
    /// By what they are the quotas of, as long as somebody uses them.
    quotas: parking_lot::Mutex<HashMap<String, Weak<Quotas>>>,
}

/// What the clients of one region share: the SDK's settings, and the operator's own identity.
pub(crate) struct RegionClients {
    settings: SdkConfig,
    endpoints: Endpoints,
    default_session: Arc<Session>,
    /// The sessions of roles that the operator itself assumes, one after the other, while somebody uses them.
    own_sessions: std::sync::Mutex<HashMap<Vec<Role>, Weak<Session>>>,
}

impl Clients {
    pub(crate) fn new(endpoints: Endpoints) -> Self {
        Self { http: http_client(), endpoints, regions: Mutex::default(), quotas: Default::default() }
    }

    pub(crate) fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// The region's settings, read from the process's environment and the SDK's shared files at the first time.
    pub(crate) async fn region(&self, name: &str) -> Arc<RegionClients> {
        let mut regions = self.regions.lock().await;
        if let Some(region) = regions.get(name) {
            return Arc::clone(region);
        }
        let region = Arc::new(self.load(name).await);
        if regions.len() >= MOST_UNUSED {
            regions.retain(|_, region| Arc::strong_count(region) > 1);
        }
        regions.insert(name.to_owned(), Arc::clone(&region));
        region
    }

    /// The quotas of a service that all stores of one backend share.
    pub(crate) fn quotas(&self, service: Service, backend: &Backend) -> Arc<Quotas> {
        let mut quotas = self.quotas.lock();
        if let Some(shared) = quotas.get(&backend.id).and_then(Weak::upgrade) {
            return shared;
        }
        quotas.retain(|_, shared| shared.strong_count() > 0);
        let shared = Arc::new(Quotas::of(service));
        quotas.insert(backend.id.clone(), Arc::downgrade(&shared));
        shared
    }

    async fn load(&self, name: &str) -> RegionClients {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(CALL_TIMEOUT)
            .operation_timeout(CALL_TIMEOUT * 2);
        let settings = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(name.to_owned()))
            .http_client(self.http.clone())
            .timeout_config(timeouts.build())
            // Retries share state in the whole process, and are the engine's.
            .retry_config(RetryConfig::disabled())
            // Sessions keep their own credentials.
            .identity_cache(IdentityCache::no_cache())
            // Values are 64 KB at the most: a time-out is all that they need.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .load()
            .await;
        let chain = settings.credentials_provider().expect("the SDK's settings must have a default chain");
        let default_session = Session::with_default_chain(chain, name);
        RegionClients {
            settings,
            endpoints: self.endpoints.clone(),
            default_session,
            own_sessions: std::sync::Mutex::default(),
        }
    }
}

impl RegionClients {
    /// The session in which the operator itself assumes these roles, one after the other; without any, its own.
    ///
    /// All stores that say the same of their roles share it, for each of them could log in so by itself. Its logins are
    /// told to the observer of the store that came first.
    pub(crate) fn own_session(&self, roles: &[Role], calls: &Arc<dyn CallObserver>) -> Arc<Session> {
        let Some((last, before)) = roles.split_last() else { return Arc::clone(&self.default_session) };
        let known = self.own_sessions().get(roles).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let made = Session::with_role(last, self.own_session(before, calls), self, calls);
            self.share_own(roles, made)
        })
    }

    /// Two may make a session of the same roles at once: that of the first is used by both.
    fn share_own(&self, roles: &[Role], made: Arc<Session>) -> Arc<Session> {
        let mut sessions = self.own_sessions();
        if let Some(first) = sessions.get(roles).and_then(Weak::upgrade) {
            return first;
        }
        sessions.retain(|_, session| session.strong_count() > 0);
        sessions.insert(roles.to_vec(), Arc::downgrade(&made));
        made
    }

    fn own_sessions(&self) -> std::sync::MutexGuard<'_, HashMap<Vec<Role>, Weak<Session>>> {
        self.own_sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn secrets_manager(&self, session: &Arc<Session>) -> secretsmanager::Client {
        let mut config = secretsmanager::config::Builder::from(&self.settings);
        if let Some(url) = &self.endpoints.secrets_manager {
            // The SDK refuses to call an address of one's own that should have FIPS or dual stack.
            config = config.endpoint_url(url).use_fips(false).use_dual_stack(false);
        }
        secretsmanager::Client::from_conf(config.credentials_provider(provider(session)).build())
    }

    pub(crate) fn parameter_store(&self, session: &Arc<Session>) -> ssm::Client {
        let mut config = ssm::config::Builder::from(&self.settings);
        if let Some(url) = &self.endpoints.ssm {
            config = config.endpoint_url(url).use_fips(false).use_dual_stack(false);
        }
        ssm::Client::from_conf(config.credentials_provider(provider(session)).build())
    }

    pub(crate) fn sts(&self, session: &Arc<Session>) -> sts::Client {
        let config = self.sts_config();
        sts::Client::from_conf(config.credentials_provider(provider(session)).build())
    }

    /// STS for calls that are not signed.
    pub(crate) fn unsigned_sts(&self) -> sts::Client {
        sts::Client::from_conf(self.sts_config().build())
    }

    fn sts_config(&self) -> sts::config::Builder {
        let config = sts::config::Builder::from(&self.settings);
        match &self.endpoints.sts {
            Some(url) => config.endpoint_url(url).use_fips(false).use_dual_stack(false),
            None => config,
        }
    }
}

/// Shows nothing: what the SDK's settings hold is the SDK's to say.
impl fmt::Debug for RegionClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegionClients").finish_non_exhaustive()
    }
}

fn provider(session: &Arc<Session>) -> SharedCredentialsProvider {
    SharedCredentialsProvider::from(Arc::clone(session) as Arc<dyn ProvideCredentials>)
}

/// As the SDK's own default, which it would make anew for each client: aws-lc, the system's certificates, loaded when
/// the first connection is made, and the proxies of the environment.
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use eso_core::provider::CallObserver;

    use super::{Clients, MOST_UNUSED};
    use crate::{
        Endpoints,
        auth::{Role, Session},
        error::Service::SecretsManager,
        identity::Identity,
    };

    #[test]
    fn stores_of_one_backend_share_its_quotas_and_others_do_not() {
        let clients = Clients::new(Endpoints::default());
        let quotas = |region| {
            clients.quotas(SecretsManager, &Identity::of_default_chain().backend(SecretsManager, region))
        };
        let (first, second, other) = (quotas("us-east-1"), quotas("us-east-1"), quotas("us-east-2"));
        assert!(Arc::ptr_eq(&first, &second) && !Arc::ptr_eq(&first, &other));
        drop(other);
        drop(quotas("us-east-3"));
        assert_eq!(clients.quotas.lock().len(), 2, "the unused ones go");
    }

    #[tokio::test]
    async fn regions_that_nobody_uses_are_not_kept_without_end() {
        let clients = Clients::new(Endpoints::default());
        let used = clients.region("us-east-1").await;
        for number in 0..2 * MOST_UNUSED {
            drop(clients.region(&format!("made-up-{number}")).await);
        }
        assert!(Arc::ptr_eq(&used, &clients.region("us-east-1").await));
        assert!(clients.regions.lock().await.len() <= MOST_UNUSED);
    }

    fn role(arn: &str) -> Role {
        Role { arn: arn.to_owned(), ..Role::default() }
    }

    #[tokio::test]
    async fn roles_of_which_the_same_is_said_have_one_session_and_others_their_own() {
        let clients = Clients::new(Endpoints::default());
        let (region, other_region) = (clients.region("us-east-1").await, clients.region("us-east-2").await);
        let calls: Arc<dyn CallObserver> = Arc::new(());
        let one = region.own_session(&[role("a"), role("b")], &calls);
        assert!(Arc::ptr_eq(&one, &region.own_session(&[role("a"), role("b")], &calls)));
        let said = |change: fn(&mut Role)| {
            let mut other = role("b");
            change(&mut other);
            region.own_session(&[role("a"), other], &calls)
        };
        for other in [
            said(|role| role.external_id = Some("who".to_owned())),
            said(|role| role.tags = vec![("esoNamespace".to_owned(), "team".to_owned())]),
            said(|role| role.transitive_tag_keys = vec!["a".to_owned()]),
            region.own_session(&[role("b"), role("a")], &calls),
            region.own_session(&[role("b")], &calls),
            region.own_session(&[], &calls),
            other_region.own_session(&[role("a"), role("b")], &calls),
        ] {
            assert!(!Arc::ptr_eq(&one, &other));
        }
    }

    #[tokio::test]
    async fn two_stores_that_make_the_same_session_at_once_share_that_of_the_first() {
        let clients = Clients::new(Endpoints::default());
        let region = clients.region("us-east-1").await;
        let calls: Arc<dyn CallObserver> = Arc::new(());
        let make = || Session::with_role(&role("a"), region.own_session(&[], &calls), &region, &calls);
        let (faster, slower) = (make(), make());
        let first = region.share_own(&[role("a")], faster);
        assert!(Arc::ptr_eq(&first, &region.share_own(&[role("a")], slower)));
        assert!(Arc::ptr_eq(&first, &region.own_session(&[role("a")], &calls)));
    }

    #[tokio::test]
    async fn sessions_that_nobody_uses_are_not_kept() {
        let clients = Clients::new(Endpoints::default());
        let region = clients.region("us-east-1").await;
        let calls: Arc<dyn CallObserver> = Arc::new(());
        for number in 0..100 {
            drop(region.own_session(&[role("a"), role(&number.to_string())], &calls));
        }
        assert!(region.own_sessions().len() <= 2, "{}", region.own_sessions().len());
    }
}
