//! Credentials of one identity, read from the cluster when its provider asks.
//!
//! The namespace rule is in here, and nowhere can it be passed by: a provider hands in a selector, and whatever the
//! selector says, a `SecretStore` reads in its own namespace only.

use std::{collections::BTreeMap, fmt, future::Future, time::Duration};

use async_trait::async_trait;
use eso_core::{
    api::selectors::{CaProvider, CaProviderKind, SecretKeySelector, ServiceAccountSelector},
    credentials::{CredentialError, CredentialSource},
    value::SecretBytes,
};
use k8s_openapi::api::{
    authentication::v1::{TokenRequest, TokenRequestSpec},
    core::v1::{ConfigMap, Secret, ServiceAccount},
};
use kube::{
    Api, Client,
    api::{ObjectMeta, PostParams},
    core::{PartialObjectMeta, response::Status},
};
use parking_lot::Mutex;

use crate::{apply::CALL_TIMEOUT, watch::Item};

/// The shortest life of a token that the API server grants.
const SHORTEST_TOKEN_LIFE: Duration = Duration::from_secs(600);

/// What the original says of a `SecretStore` that names another namespace.
pub const FOREIGN_NAMESPACE: &str =
    "namespace should either be empty or match the namespace of the SecretStore for a namespaced SecretStore";

/// What is said of a `ClusterSecretStore` whose `caProvider` names no namespace.
pub const AUTHORITY_WITHOUT_NAMESPACE: &str = "caProvider of a ClusterSecretStore must name a namespace";

/// Where the selectors of a store may point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A `SecretStore`: into its own namespace, by name or by silence.
    Own(String),
    /// A `ClusterSecretStore`: into the namespace that the selector names, or without one into that of the object
    /// that asks.
    Any {
        /// The namespace of the object that asks; `None` where nobody does, and the selector must say it.
        asking: Option<String>,
    },
}

impl Scope {
    /// The namespace that a selector means.
    pub fn of_selector<'a>(&'a self, named: Option<&'a str>) -> Result<&'a str, CredentialError> {
        match (self, named.filter(|name| !name.is_empty())) {
            (Self::Own(own), None) => Ok(own),
            (Self::Own(own), Some(named)) if named == own => Ok(own),
            (Self::Own(_), Some(_)) => Err(CredentialError::Forbidden(FOREIGN_NAMESPACE.to_owned())),
            (Self::Any { asking: _ }, Some(named)) => Ok(named),
            (Self::Any { asking: Some(asking) }, None) => Ok(asking),
            (Self::Any { asking: None }, None) => Err(CredentialError::Forbidden(
                "a selector without a namespace needs an object that asks".to_owned(),
            )),
        }
    }

    /// Whether a namespace is one whose objects are watched for sure, as the store or who asks are there themselves.
    fn is_home(&self, namespace: &str) -> bool {
        match self {
            Self::Own(own) => own == namespace,
            Self::Any { asking } => asking.as_deref() == Some(namespace),
        }
    }

    /// The namespace that a `caProvider` means: it never follows who asks, for a tenant must not choose whom the
    /// cluster's store trusts.
    pub fn of_authority<'a>(&'a self, named: Option<&'a str>) -> Result<&'a str, CredentialError> {
        match (self, named.filter(|name| !name.is_empty())) {
            (Self::Any { asking: _ }, None) => {
                Err(CredentialError::Forbidden(AUTHORITY_WITHOUT_NAMESPACE.to_owned()))
            }
            (Self::Own(_) | Self::Any { asking: _ }, named) => self.of_selector(named),
        }
    }
}

/// An object that holds credentials, and whose edit matters to whoever read it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CredentialObject {
    /// Its kind.
    pub kind: CaProviderKind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl CredentialObject {
    /// Why it could not be read, in words that begin with the original's.
    fn unreadable(&self, failure: Failure) -> CredentialError {
        let Self { kind, namespace, name } = self;
        let (kind, plural) = match kind {
            CaProviderKind::Secret => ("secret", "secrets"),
            CaProviderKind::ConfigMap => ("configmap", "configmaps"),
        };
        let about = format!("cannot get Kubernetes {kind} \"{name}\" from namespace \"{namespace}\"");
        failure.into_error(about, plural, name)
    }
}

/// What was read so far: which version of each object, and whether anything could not be had.
#[derive(Debug, Default)]
pub struct Reads {
    state: Mutex<ReadState>,
}

#[derive(Debug, Default)]
struct ReadState {
    versions: BTreeMap<CredentialObject, Option<String>>,
    /// What was told of objects since, whether or not they had been read by then.
    told: BTreeMap<CredentialObject, Option<String>>,
    failed: bool,
    /// Something failed that no watch tells of when it is there.
    failed_unseen: bool,
    /// Something was read that no watch tells of when it is another.
    unwatched: bool,
}

impl Reads {
    /// Whether an object that was read is another now: `version` is its resource version, `None` where it is gone.
    ///
    /// An older version than the one that was read is the watch lagging behind, and no news.
    pub fn is_news(&self, object: &CredentialObject, version: Option<&str>) -> bool {
        let mut state = self.state.lock();
        state.told.insert(object.clone(), version.map(str::to_owned));
        state.is_news(object, version)
    }

    /// Whether a credential could not be had.
    pub fn failed(&self) -> bool {
        self.state.lock().failed
    }

    /// Whether something was read of which nobody will tell when it is another.
    pub(crate) fn are_partly_unwatched(&self) -> bool {
        self.state.lock().unwatched
    }

    /// Whether nothing is missing but objects of which [`is_news`](Self::is_news) will tell when they are there.
    pub(crate) fn will_be_told(&self) -> bool {
        let state = self.state.lock();
        state.failed && !state.failed_unseen && !state.is_behind()
    }

    /// Whether an object was told of while it was read, in another version than was read: it will not be told again.
    pub(crate) fn are_behind(&self) -> bool {
        self.state.lock().is_behind()
    }

    /// An object could not be read; `will_be_told` says whether a watch tells of it when it can be.
    fn missed(&self, object: CredentialObject, will_be_told: bool) {
        self.record(object, None);
        if !will_be_told {
            self.fail_unseen();
        }
    }

    /// Something is read of which no watch tells when it is another.
    pub(crate) fn depend_on_unwatched(&self) {
        self.state.lock().unwatched = true;
    }

    fn fail_unseen(&self) {
        self.state.lock().failed_unseen = true;
    }

    /// Of an object that is read more than once, for another key of it each time, the oldest version counts: it was
    /// edited in between, and what was read of it may not belong together.
    fn record(&self, object: CredentialObject, version: Option<String>) {
        let mut state = self.state.lock();
        let is_news = |then: &Option<String>| then.as_deref().zip(version.as_deref()).is_some_and(is_newer);
        if !state.versions.get(&object).is_some_and(is_news) {
            state.versions.insert(object, version);
        }
    }

    fn watched<T>(&self, result: Result<T, CredentialError>) -> Result<T, CredentialError> {
        self.state.lock().failed |= result.is_err();
        result
    }
}

impl ReadState {
    /// What was told while its read was under way was no news yet.
    fn is_behind(&self) -> bool {
        self.told.iter().any(|(object, version)| self.is_news(object, version.as_deref()))
    }

    fn is_news(&self, object: &CredentialObject, version: Option<&str>) -> bool {
        match (self.versions.get(object), version) {
            (None, _) => false,
            (Some(None), now) => now.is_some(),
            (Some(Some(_)), None) => true,
            (Some(Some(then)), Some(now)) => then != now && !is_older(now, then),
        }
    }
}

/// Resource versions of one kind are numbers that grow (KEP-5504); where one is not, it is not called older.
pub(crate) fn is_older(one: &str, other: &str) -> bool {
    matches!((one.parse::<u64>(), other.parse::<u64>()), (Ok(one), Ok(other)) if one < other)
}

fn is_newer((then, now): (&str, &str)) -> bool {
    is_older(then, now)
}

/// The credentials that one identity may have.
pub struct KubernetesCredentials {
    client: Client,
    scope: Scope,
    reads: Reads,
}

impl fmt::Debug for KubernetesCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KubernetesCredentials").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl KubernetesCredentials {
    /// Reads with `client`, within `scope`.
    pub fn new(client: Client, scope: Scope) -> Self {
        Self { client, scope, reads: Reads::default() }
    }

    /// What was read so far.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    async fn key_of_secret(&self, object: CredentialObject, key: &str) -> Result<Vec<u8>, CredentialError> {
        let secrets = Api::<Item<Secret>>::namespaced(self.client.clone(), &object.namespace);
        let secret = self.read(&object, secrets.get(&object.name)).await?;
        self.reads.record(object.clone(), secret.metadata().resource_version.clone());
        secret.entries().remove(key).ok_or_else(|| self.lacks(&object.namespace, key))
    }

    async fn key_of_config_map(
        &self,
        object: CredentialObject,
        key: &str,
    ) -> Result<Vec<u8>, CredentialError> {
        let config_maps = Api::<Item<ConfigMap>>::namespaced(self.client.clone(), &object.namespace);
        let config_map = self.read(&object, config_maps.get(&object.name)).await?;
        self.reads.record(object.clone(), config_map.metadata().resource_version.clone());
        config_map.entries().remove(key).ok_or_else(|| self.lacks(&object.namespace, key))
    }

    /// A missing object is recorded too: its coming is news.
    async fn read<T>(
        &self,
        object: &CredentialObject,
        call: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, CredentialError> {
        answer(call).await.map_err(|failure| {
            self.reads.missed(object.clone(), failure.is_absence() && self.scope.is_home(&object.namespace));
            object.unreadable(failure)
        })
    }

    /// An object is there, and has no such key.
    fn lacks(&self, namespace: &str, key: &str) -> CredentialError {
        if !self.scope.is_home(namespace) {
            self.reads.fail_unseen();
        }
        CredentialError::Missing(format!("cannot find secret data for key: \"{key}\""))
    }

    async fn token(
        &self,
        selector: &ServiceAccountSelector,
        audiences: &[String],
        lifetime: Duration,
    ) -> Result<SecretBytes, CredentialError> {
        let ServiceAccountSelector { name, namespace, audiences: more } = selector;
        let namespace = self.scope.of_selector(namespace.as_deref())?;
        let accounts = Api::<ServiceAccount>::namespaced(self.client.clone(), namespace);
        let request = token_request([audiences, more].concat(), lifetime);
        let about = format!("cannot request Kubernetes service account token for service account \"{name}\"");
        let answered = answer(accounts.create_token_request(name, &PostParams::default(), &request))
            .await
            .map_err(|failure| failure.into_error(about.clone(), "serviceaccounts", name))?;
        let status = answered.status.ok_or(CredentialError::Unavailable(about))?;
        Ok(SecretBytes::from(status.token))
    }

    async fn annotations(
        &self,
        selector: &ServiceAccountSelector,
    ) -> Result<BTreeMap<String, String>, CredentialError> {
        let ServiceAccountSelector { name, namespace, audiences: _ } = selector;
        let namespace = self.scope.of_selector(namespace.as_deref())?;
        let accounts =
            Api::<Item<PartialObjectMeta<ServiceAccount>>>::namespaced(self.client.clone(), namespace);
        let about =
            format!("cannot get Kubernetes service account \"{name}\" from namespace \"{namespace}\"");
        let account = answer(accounts.get(name)).await;
        let account = account.map_err(|failure| failure.into_error(about, "serviceaccounts", name))?;
        Ok(account.metadata().annotations.clone().unwrap_or_default())
    }

    /// No watch tells of service accounts: what failed over one is tried again.
    fn unwatched<T>(&self, result: Result<T, CredentialError>) -> Result<T, CredentialError> {
        if result.is_err() {
            self.reads.fail_unseen();
        }
        self.reads.watched(result)
    }
}

#[async_trait]
impl CredentialSource for KubernetesCredentials {
    fn lends_own_identity(&self) -> bool {
        matches!(self.scope, Scope::Any { .. })
    }

    async fn secret_key(&self, selector: &SecretKeySelector) -> Result<SecretBytes, CredentialError> {
        let SecretKeySelector { name, namespace, key } = selector;
        let read = async {
            let namespace = self.scope.of_selector(namespace.as_deref())?.to_owned();
            let object = CredentialObject { kind: CaProviderKind::Secret, namespace, name: name.clone() };
            self.key_of_secret(object, key.as_deref().unwrap_or_default()).await
        };
        self.reads.watched(read.await.map(SecretBytes::new))
    }

    async fn certificate_authority(&self, provider: &CaProvider) -> Result<Vec<u8>, CredentialError> {
        let CaProvider { kind, name, key, namespace } = provider;
        let key = key.as_deref().unwrap_or_default();
        let read = async {
            let namespace = self.scope.of_authority(namespace.as_deref())?.to_owned();
            let object = CredentialObject { kind: *kind, namespace, name: name.clone() };
            match kind {
                CaProviderKind::Secret => self.key_of_secret(object, key).await,
                CaProviderKind::ConfigMap => self.key_of_config_map(object, key).await,
            }
        };
        self.reads.watched(read.await)
    }

    async fn service_account_token(
        &self,
        selector: &ServiceAccountSelector,
        audiences: &[String],
        lifetime: Duration,
    ) -> Result<SecretBytes, CredentialError> {
        self.unwatched(self.token(selector, audiences, lifetime).await)
    }

    async fn service_account_annotations(
        &self,
        selector: &ServiceAccountSelector,
    ) -> Result<BTreeMap<String, String>, CredentialError> {
        self.reads.depend_on_unwatched();
        self.unwatched(self.annotations(selector).await)
    }
}

/// Asks for a token. The API server refuses less than ten minutes.
fn token_request(audiences: Vec<String>, lifetime: Duration) -> TokenRequest {
    let seconds = lifetime.max(SHORTEST_TOKEN_LIFE).as_secs();
    let spec = TokenRequestSpec {
        audiences,
        expiration_seconds: Some(i64::try_from(seconds).unwrap_or(i64::MAX)),
        bound_object_ref: None,
    };
    TokenRequest { metadata: ObjectMeta::default(), spec, status: None }
}

/// Why the API server gave nothing. Its own text is not repeated: it can quote what was sent.
enum Failure {
    Refused(Box<Status>),
    Silent,
}

impl Failure {
    /// Whether the object is not there, and nothing else is wrong.
    fn is_absence(&self) -> bool {
        matches!(self, Self::Refused(status) if status.code == 404)
    }

    fn into_error(self, about: String, plural: &str, name: &str) -> CredentialError {
        match self {
            Self::Refused(status) if status.code == 404 => {
                CredentialError::Missing(format!("{about}: {plural} \"{name}\" not found"))
            }
            Self::Refused(status) if matches!(status.code, 400 | 401 | 403 | 422) => {
                CredentialError::Missing(format!("{about}: the API server refuses it ({})", status.reason))
            }
            Self::Refused(_) | Self::Silent => {
                CredentialError::Unavailable(format!("{about}: the API server does not answer"))
            }
        }
    }
}

async fn answer<T>(call: impl Future<Output = kube::Result<T>>) -> Result<T, Failure> {
    match tokio::time::timeout(CALL_TIMEOUT, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(kube::Error::Api(status))) => Err(Failure::Refused(status)),
        Ok(Err(_)) | Err(_) => Err(Failure::Silent),
    }
}

#[cfg(test)]
mod tests;
