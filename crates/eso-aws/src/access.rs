//! A service of AWS as one identity reaches it: each call is signed, keeps to its quota and is told to the observer.

use std::{future::Future, sync::Arc, time::Duration};

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use eso_core::{
    error::{ErrorKind, ProviderError},
    key::RemoteKey,
    provider::{Backend, CallObserver},
};
use tokio::time::timeout;

use crate::{
    arn::Owner,
    auth::Session,
    client::RegionClients,
    error::{Call, Service, Sort},
    prefix::Prefix,
    quota::Quotas,
};

/// How long a request may take with all its calls. The contract allows 30 s.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(28);

/// One service in one region, logged in as one identity.
pub(crate) struct Access {
    /// Which service.
    pub(crate) service: Service,
    /// The region that is called.
    pub(crate) region: String,
    /// What AWS's names of values begin with; keys are without it.
    pub(crate) prefix: Prefix,
    /// The identity.
    pub(crate) session: Arc<Session>,
    /// What it shares with the other stores of its region, kept for them.
    pub(crate) _shared: Arc<RegionClients>,
    /// Whose values are read, where it is known.
    pub(crate) account: Option<String>,
    /// Whose quotas are used.
    pub(crate) backend: Backend,
    /// Those quotas.
    pub(crate) quotas: Arc<Quotas>,
    /// Told about each call.
    pub(crate) calls: Arc<dyn CallObserver>,
}

impl Access {
    /// A call that asks for one value, or what is known about it.
    pub(crate) fn reading(&self, operation: &'static str) -> Call<'_> {
        Call::new(self.service, Sort::Read, operation, &self.region)
    }

    /// A call that asks which values there are.
    pub(crate) fn searching(&self, operation: &'static str) -> Call<'_> {
        Call::new(self.service, Sort::Search, operation, &self.region)
    }

    /// A call that changes a value.
    pub(crate) fn writing(&self, operation: &'static str) -> Call<'_> {
        Call::new(self.service, Sort::Write, operation, &self.region)
    }

    /// Makes a call, once more after a new login where AWS does not accept the credentials.
    pub(crate) async fn call<T, E, F>(&self, call: Call<'_>, send: impl Fn() -> F) -> Result<T, ProviderError>
    where
        E: ProvideErrorMetadata,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let attempt = || async {
            self.quotas.turn(call.metric).await.map_err(|wait| call.throttled(wait))?;
            let answer = send().await;
            self.calls.called(self.provider(), call.metric, answer.is_ok());
            answer.map_err(|error| self.slowed_down(call, call.failed(&error)))
        };
        self.session.run(attempt).await
    }

    fn slowed_down(&self, call: Call<'_>, error: ProviderError) -> ProviderError {
        if error.kind() == ErrorKind::Throttled {
            self.quotas.throttled(call.metric, error.retry_after());
        }
        error
    }

    /// Bounds all that is done for one key, and says in a failure which key it was. A failure for want of time is one of
    /// `call`.
    pub(crate) async fn in_time<T>(
        &self,
        key: &RemoteKey,
        call: Call<'_>,
        work: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<T, ProviderError> {
        let result = timeout(TIME_LIMIT, work).await.unwrap_or_else(|_| Err(call.late()));
        result.map_err(|error| error.with_key(key.clone()))
    }

    /// Resolves the credentials, unless those at hand are still good. The service is not called, as its answer would
    /// depend on a value's own policy.
    pub(crate) async fn check(&self) -> Result<(), ProviderError> {
        let late = || Call::default_chain(&self.region).late();
        timeout(TIME_LIMIT, self.session.ready()).await.unwrap_or_else(|_| Err(late()))
    }

    /// What AWS calls the value of a key.
    pub(crate) fn name(&self, key: &RemoteKey) -> String {
        self.prefix.full(key.as_str())
    }

    /// The name of the value that a key leads to, where that is an ARN of the store's own account. In another account there
    /// may be another value of the same name.
    pub(crate) fn canonical(&self, key: &RemoteKey) -> Option<RemoteKey> {
        let account = self.account.as_deref().filter(|_| !self.prefix.is_given())?;
        let owner = Owner { service: self.service, region: &self.region, account };
        owner.name(key.as_str()).map(RemoteKey::from)
    }

    /// What all keys of one value have in common, through whichever store of this account, or login, and region.
    pub(crate) fn place(&self, key: &RemoteKey) -> RemoteKey {
        self.canonical(key).unwrap_or_else(|| self.name(key).into())
    }

    /// Why nothing can be asked about a key at all.
    ///
    /// For an ARN of another region AWS would say that there is no such value, and a deletion policy would believe it.
    pub(crate) fn fault(&self, key: &RemoteKey) -> Option<String> {
        match region_of(&self.name(key)) {
            _ if key.as_str().is_empty() => Some("the key is empty".to_owned()),
            _ if self.prefix.is_given() && is_arn(key.as_str()) => {
                Some("the key is an ARN, and the store has a prefix".to_owned())
            }
            Some(region) if region != self.region => {
                Some(format!("the key is an ARN of another region than the store's, {}", self.region))
            }
            Some(_) | None => None,
        }
    }

    /// The name in metrics and logs, as the original's.
    pub(crate) fn provider(&self) -> &'static str {
        self.service.provider()
    }
}

impl Service {
    /// The name in metrics and logs, as the original's.
    pub(crate) fn provider(self) -> &'static str {
        match self {
            Self::SecretsManager => "AWS/SecretsManager",
            Self::ParameterStore => "AWS/ParameterStore",
            Self::Sts => "AWS/STS",
        }
    }
}

/// Whether a key is an ARN.
pub(crate) fn is_arn(key: &str) -> bool {
    key.starts_with("arn:")
}

/// The region that a key names itself, where it is an ARN.
fn region_of(key: &str) -> Option<&str> {
    if is_arn(key) { key.split(':').nth(3) } else { None }
}

#[cfg(test)]
mod tests {
    use super::region_of;

    #[test]
    fn only_an_arn_names_a_region() {
        let ours = "arn:aws:secretsmanager:us-east-1:111111111111:secret:app-AbCdEf";
        assert_eq!(region_of(ours), Some("us-east-1"));
        assert_eq!(region_of("arn:aws:ssm:eu-west-1:111111111111:parameter/app"), Some("eu-west-1"));
        assert_eq!(region_of("arn:aws"), None);
        assert_eq!(region_of("team/arn:aws:secretsmanager:us-east-1:1:secret:a"), None);
        assert_eq!(region_of(""), None);
    }
}
