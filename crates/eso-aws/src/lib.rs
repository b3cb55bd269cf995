//! AWS Secrets Manager and Parameter Store as [`SecretProvider`]s.
//!
//! [`Aws`] is made once in a process: it holds what all stores share, the HTTP client with its connections and the
//! endpoints. [`Aws::connect`] makes of one store's spec a provider that is logged in as that store's identity.

mod config;

mod access;
mod auth;
mod client;
mod identity;
mod prefix;
mod quota;

mod parameter_store;
mod secrets_manager;

mod batch;
mod push_metadata;
mod search;
mod tags;

mod error;

use std::sync::Arc;

use eso_core::{
    api::aws::{AwsProvider, AwsService},
    error::ProviderError,
    provider::{Connection, SecretProvider},
};

use crate::{
    access::Access,
    auth::Session,
    client::Clients,
    config::Config,
    error::Service,
    identity::Identity,
    parameter_store::ParameterStore,
    prefix::Prefix,
    secrets_manager::{Deletion, SecretsManager},
};

/// The name under which logins are counted.
const PROVIDER: &str = "AWS/SecretsManager";

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
    /// Static keys are read through `connection.credentials`, now and only now; a role is assumed at the first call.
    /// AWS itself is not called. Without `auth`, the SDK's default chain is asked, once for all stores of a region.
    /// Fails with `Invalid` where the spec asks for what is not served by this version, naming the field, or where an
    /// endpoint is no URL; and as `connection.credentials` does, in the original's words.
    pub async fn connect(
        &self,
        spec: &AwsProvider,
        connection: Connection,
    ) -> Result<Arc<dyn SecretProvider>, ProviderError> {
        let config = Config::of(spec)?;
        self.clients.endpoints().check()?;
        let region = self.clients.region(config.region).await;
        let (base, identity) = match config.keys {
            Some(keys) => {
                let keys = auth::read_keys(keys, connection.credentials.as_ref()).await?;
                let identity = Identity::of_keys(&keys);
                (Session::with_keys(keys), identity)
            }
            None => (region.default_session(), Identity::of_default_chain()),
        };
        let (session, identity) = match config.role {
            Some(role) => {
                let client = region.sts(&base);
                let session = Session::with_role(role, base, client, Arc::clone(&connection.calls));
                (session, Identity::of_role(role.arn))
            }
            None => (base, identity),
        };
        let open = |service, region, session| {
            let backend = identity.backend(service, config.region);
            let quotas = self.clients.quotas(service, &backend);
            let (region_name, prefix, calls) = (config.region.to_owned(), Prefix::new(""), connection.calls);
            Access { service, region: region_name, prefix, session, _shared: region, backend, quotas, calls }
        };
        Ok(match spec.service {
            AwsService::ParameterStore => {
                let client = region.parameter_store(&session);
                Arc::new(ParameterStore::new(open(Service::ParameterStore, region, session), client))
            }
            AwsService::SecretsManager | AwsService::CertificateManager => {
                let client = region.secrets_manager(&session);
                let access = open(Service::SecretsManager, region, session);
                let settings =
                    |name: &str| spec.unserved.get("secretsManager").and_then(|settings| settings.get(name));
                let deletion = Deletion::of(
                    settings("forceDeleteWithoutRecovery").and_then(serde_json::Value::as_bool),
                    settings("recoveryWindowInDays").and_then(serde_json::Value::as_i64),
                )?;
                Arc::new(SecretsManager::new(access, client, deletion))
            }
        })
    }
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
    /// They come before the SDK's own variables (`AWS_ENDPOINT_URL` and its like), which hold where nothing is given.
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
