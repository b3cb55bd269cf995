//! The SDK's clients: one HTTP client below all of them, and no retries or caches of the SDK's own.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Weak},
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
use eso_core::provider::Backend;
use tokio::sync::Mutex;

use crate::{Endpoints, auth::Session, error::Service, quota::Quotas};

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
        RegionClients { settings, endpoints: self.endpoints.clone(), default_session }
    }
}

impl RegionClients {
    /// The operator's own identity, which all stores without `auth` share.
    pub(crate) fn default_session(&self) -> Arc<Session> {
        Arc::clone(&self.default_session)
    }

    pub(crate) fn secrets_manager(&self, session: &Arc<Session>) -> secretsmanager::Client {
        let mut config = secretsmanager::config::Builder::from(&self.settings);
        if let Some(url) = &self.endpoints.secrets_manager {
            config = config.endpoint_url(url);
        }
        secretsmanager::Client::from_conf(config.credentials_provider(provider(session)).build())
    }

    pub(crate) fn parameter_store(&self, session: &Arc<Session>) -> ssm::Client {
        let mut config = ssm::config::Builder::from(&self.settings);
        if let Some(url) = &self.endpoints.ssm {
            config = config.endpoint_url(url);
        }
        ssm::Client::from_conf(config.credentials_provider(provider(session)).build())
    }

    pub(crate) fn sts(&self, session: &Arc<Session>) -> sts::Client {
        let mut config = sts::config::Builder::from(&self.settings);
        if let Some(url) = &self.endpoints.sts {
            config = config.endpoint_url(url);
        }
        sts::Client::from_conf(config.credentials_provider(provider(session)).build())
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

    use super::{Clients, MOST_UNUSED};
    use crate::{Endpoints, error::Service::SecretsManager, identity::Identity};

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
}
