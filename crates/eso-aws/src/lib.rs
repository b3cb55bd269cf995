//! AWS Secrets Manager and Parameter Store as [`SecretProvider`]s.
//!
//! [`Aws`] is made once in a process: it holds what all stores share, the HTTP client with its connections and the
//! endpoints. [`Aws::connect`] makes of one store's spec a provider that is logged in as that store's identity.

mod config;

mod access;
mod arn;
mod auth;
mod client;
mod identity;
mod prefix;
mod quota;

mod parameter_store;
mod secrets_manager;

mod batch;
mod store;

mod push_metadata;
mod search;
mod tags;

mod error;

use std::sync::Arc;

use eso_core::{
    api::aws::AwsProvider,
    error::ProviderError,
    provider::{Connection, SecretProvider},
};

use crate::{
    access::Access,
    client::Clients,
    config::{Config, Keeper},
    error::Service,
    parameter_store::ParameterStore,
    secrets_manager::SecretsManager,
    store::Store,
};

/// What all stores on AWS share in a process.
#[derive(Debug)]
pub struct Aws {
    clients: Clients,
}

impl Aws {
    /// Prepares the shared HTTP client. Nothing is sent, and no certificate loaded, before the first call.
    ///
    /// Proxies and the certificates of the system are found as the SDK finds them, in the process's environment.
    pub fn new(endpoints: Endpoints) -> Self {
        Self { clients: Clients::new(endpoints) }
    }

    /// Makes a provider out of a store's spec.
    ///
    /// Static keys and the annotations of a service account are read through `connection.credentials` now; nobody is
    /// logged in before the first call, and AWS is not called. Without `auth`, the SDK's default chain is asked, once for
    /// all stores of a region, and the roles that it assumes are assumed once for all stores that say the same of them.
    /// Fails with `Invalid` where the spec asks for what is not served by this version, naming the field, or where an
    /// endpoint is no URL; with `Unauthenticated` where a service account has no role; and as `connection.credentials`
    /// does. Where the original has words for it, they are its words.
    pub async fn connect(
        &self,
        spec: &AwsProvider,
        connection: Connection,
    ) -> Result<Arc<dyn SecretProvider>, ProviderError> {
        let config = Config::of(spec, &connection.store)?;
        self.clients.endpoints().check()?;
        let region = self.clients.region(config.region).await;
        let (session, identity) = auth::begin(&config, &region, &connection).await?;
        let Config { keeper, region: region_name, prefix, .. } = config;
        let open = |service| {
            let backend = identity.backend(service, region_name);
            let (quotas, shared) = (self.clients.quotas(service, &backend), Arc::clone(&region));
            let (region, session, calls) = (region_name.to_owned(), Arc::clone(&session), connection.calls);
            let account = identity.account().map(str::to_owned);
            Access { service, region, prefix, session, _shared: shared, account, backend, quotas, calls }
        };
        Ok(match keeper {
            Keeper::SecretsManager(deletion) => {
                let client = region.secrets_manager(&session);
                let access = open(Service::SecretsManager);
                Arc::new(Store(SecretsManager::new(access, client, deletion)))
            }
            Keeper::ParameterStore => {
                let access = open(Service::ParameterStore);
                Arc::new(Store(ParameterStore::new(access, region.parameter_store(&session))))
            }
        })
    }
}

/// Whether what a store tells AWS at its login holds the namespace that asks (`sessionTagsPolicy`), so that a
/// ClusterSecretStore must be connected for each namespace by itself.
pub fn is_of_namespace(spec: &AwsProvider) -> bool {
    config::tells_namespace(spec)
}

/// Where the services are, if not where AWS has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    secrets_manager: Option<String>,
    ssm: Option<String>,
    sts: Option<String>,
}

impl Endpoints {
    /// Takes the values of the original's environment variables `AWS_SECRETSMANAGER_ENDPOINT`, `AWS_SSM_ENDPOINT` and
    /// `AWS_STS_ENDPOINT`: URLs, for the stores of every region. Nothing and an empty text both mean AWS's own.
    ///
    /// They come before the SDK's own variables (`AWS_ENDPOINT_URL` and its like), which hold where nothing is given, and
    /// before `AWS_USE_FIPS_ENDPOINT` and `AWS_USE_DUALSTACK_ENDPOINT`.
    /// What is no URL lets no store connect.
    pub fn from_environment_values(
        secrets_manager: Option<String>,
        ssm: Option<String>,
        sts: Option<String>,
    ) -> Self {
        let given = |value: Option<String>| value.filter(|url| !url.is_empty());
        Self { secrets_manager: given(secrets_manager), ssm: given(ssm), sts: given(sts) }
    }

    /// Fails with `Invalid`, naming the variable whose value is no URL.
    fn check(&self) -> Result<(), ProviderError> {
        let Self { secrets_manager, ssm, sts } = self;
        let all = [
            ("AWS_SECRETSMANAGER_ENDPOINT", secrets_manager),
            ("AWS_SSM_ENDPOINT", ssm),
            ("AWS_STS_ENDPOINT", sts),
        ];
        for (name, url) in all {
            if !url.as_deref().is_none_or(is_url) {
                return Err(config::invalid(format!(
                    "{name} must be a URL, such as https://aws.example:8443"
                )));
            }
        }
        Ok(())
    }
}

/// As far as a slip of the pen goes; what is wrong with a host shows when it is called.
fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic()))
}
