//! Credentials of one identity, read from the cluster when its provider asks.
//!
//! The namespace rule is in here, and nowhere can it be passed by: a provider hands in a selector, and whatever the
//! selector says, a `SecretStore` reads in its own namespace only.

mod accounts;
mod reads;

use std::{collections::BTreeMap, fmt, future::Future, sync::Arc, time::Duration};

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

use self::reads::Read;
use crate::{apply::CALL_TIMEOUT, watch::Item};

pub(crate) use self::reads::is_older;
pub use self::{
    accounts::AccountWatch,
    reads::{CredentialKind, CredentialObject, Reads},
};

/// The shortest life of a token that the API server grants.
const SHORTEST_TOKEN_LIFE: Duration = Duration::from_secs(600);

/// The resource of service accounts.
const ACCOUNTS: &str = "serviceaccounts";

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

impl CredentialObject {
    /// Why it could not be read, in words that begin with the original's.
    fn unreadable(&self, failure: Failure) -> CredentialError {
        let Self { kind, namespace, name } = self;
        let (kind, plural) = match kind {
            CredentialKind::Secret => ("secret", "secrets"),
            CredentialKind::ConfigMap => ("configmap", "configmaps"),
            CredentialKind::ServiceAccount => ("service account", ACCOUNTS),
        };
        let about = format!("cannot get Kubernetes {kind} \"{name}\" from namespace \"{namespace}\"");
        failure.into_error(about, plural, name)
    }
}

/// The credentials that one identity may have.
pub struct KubernetesCredentials {
    client: Client,
    scope: Scope,
    accounts: Arc<AccountWatch>,
    reads: Reads,
}

impl fmt::Debug for KubernetesCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KubernetesCredentials").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl KubernetesCredentials {
    /// Reads with `client`, within `scope`. `accounts` says whether somebody tells of service accounts.
    pub fn new(client: Client, scope: Scope, accounts: Arc<AccountWatch>) -> Self {
        Self { client, scope, accounts, reads: Reads::default() }
    }

    /// What was read so far.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    async fn key_of_secret(&self, object: CredentialObject, key: &str) -> Result<Vec<u8>, CredentialError> {
        let secrets = Api::<Item<Secret>>::namespaced(self.client.clone(), &object.namespace);
        let secret = self.read(&object, secrets.get(&object.name)).await?;
        let mut entries = secret.entries();
        self.reads.record_value(&object, secret.metadata(), (key, entries.get(key)));
        entries.remove(key).ok_or_else(|| self.lacks(&object.namespace, key))
    }

    async fn key_of_config_map(
        &self,
        object: CredentialObject,
        key: &str,
    ) -> Result<Vec<u8>, CredentialError> {
        let config_maps = Api::<Item<ConfigMap>>::namespaced(self.client.clone(), &object.namespace);
        let config_map = self.read(&object, config_maps.get(&object.name)).await?;
        let mut entries = config_map.entries();
        self.reads.record_value(&object, config_map.metadata(), (key, entries.get(key)));
        entries.remove(key).ok_or_else(|| self.lacks(&object.namespace, key))
    }

    /// Whether all that was told of since it was read still gives what was read of it: nobody logs in anew for a label. It is
    /// looked at for that; what cannot be seen counts as another.
    pub(crate) async fn are_as_read(&self) -> bool {
        let Some(doubted) = self.reads.doubted().filter(|doubted| !doubted.is_empty()) else { return false };
        for object in doubted {
            if !self.is_as_read(&object).await {
                return false;
            }
        }
        true
    }

    async fn is_as_read(&self, object: &CredentialObject) -> bool {
        let CredentialObject { kind, namespace, name } = object;
        let client = self.client.clone();
        let now = match kind {
            CredentialKind::Secret => {
                let now = answer(Api::<Item<Secret>>::namespaced(client, namespace).get(name)).await;
                now.ok().map(|now| (now.metadata().clone(), now.entries()))
            }
            CredentialKind::ConfigMap => {
                let now = answer(Api::<Item<ConfigMap>>::namespaced(client, namespace).get(name)).await;
                now.ok().map(|now| (now.metadata().clone(), now.entries()))
            }
            CredentialKind::ServiceAccount => None,
        };
        now.is_some_and(|(metadata, entries)| self.reads.is_as_read(object, &metadata, &entries))
    }

    /// A missing object is recorded too: its coming is news.
    async fn read<T>(
        &self,
        object: &CredentialObject,
        call: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, CredentialError> {
        answer(call).await.map_err(|failure| {
            self.missed(object, &failure);
            object.unreadable(failure)
        })
    }

    fn missed(&self, object: &CredentialObject, failure: &Failure) {
        self.reads.missed(object.clone(), failure.is_absence() && self.will_be_told_of(object));
    }

    /// Whether a watch tells of an object when it is another.
    fn will_be_told_of(&self, object: &CredentialObject) -> bool {
        self.scope.is_home(&object.namespace)
            && match object.kind {
                CredentialKind::Secret | CredentialKind::ConfigMap => true,
                CredentialKind::ServiceAccount => self.accounts.tells(),
            }
    }

    fn account(&self, selector: &ServiceAccountSelector) -> Result<CredentialObject, CredentialError> {
        let namespace = self.scope.of_selector(selector.namespace.as_deref())?.to_owned();
        Ok(CredentialObject { kind: CredentialKind::ServiceAccount, namespace, name: selector.name.clone() })
    }

    /// An object is there, and has no such key.
    fn lacks(&self, namespace: &str, key: &str) -> CredentialError {
        if !self.scope.is_home(namespace) {
            self.reads.fail_unseen();
        }
        CredentialError::Missing(format!("cannot find secret data for key: \"{key}\""))
    }

    /// That it depends on the service account is recorded before it is asked for: whatever is told of that from then on
    /// may be news.
    async fn token(
        &self,
        selector: &ServiceAccountSelector,
        audiences: &[String],
        lifetime: Duration,
    ) -> Result<SecretBytes, CredentialError> {
        let ServiceAccountSelector { name, namespace: _, audiences: more } = selector;
        let object = self.account(selector)?;
        self.reads.record(object.clone(), Read::token());
        let accounts = Api::<ServiceAccount>::namespaced(self.client.clone(), &object.namespace);
        let request = token_request([audiences, more].concat(), lifetime);
        let about = format!("cannot request Kubernetes service account token for service account \"{name}\"");
        let answered = answer(accounts.create_token_request(name, &PostParams::default(), &request))
            .await
            .map_err(|failure| {
                self.missed(&object, &failure);
                failure.into_error(about.clone(), ACCOUNTS, name)
            })?;
        let status = answered.status.ok_or_else(|| {
            self.reads.fail_unseen();
            CredentialError::Unavailable(about)
        })?;
        Ok(SecretBytes::from(status.token))
    }

    async fn annotations(
        &self,
        selector: &ServiceAccountSelector,
        names: &[&str],
    ) -> Result<BTreeMap<String, String>, CredentialError> {
        let object = self.account(selector)?;
        if !self.will_be_told_of(&object) {
            self.reads.depend_on_unwatched();
        }
        let accounts = Api::<Item<PartialObjectMeta<ServiceAccount>>>::namespaced(
            self.client.clone(),
            &object.namespace,
        );
        let account = self.read(&object, accounts.get(&object.name)).await?;
        self.reads.record(object, Read::annotations(account.metadata(), names));
        let mut annotations = account.metadata().annotations.clone().unwrap_or_default();
        annotations.retain(|name, _| names.contains(&name.as_str()));
        Ok(annotations)
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
            let object = CredentialObject { kind: CredentialKind::Secret, namespace, name: name.clone() };
            self.key_of_secret(object, key.as_deref().unwrap_or_default()).await
        };
        self.reads.watched(read.await.map(SecretBytes::new))
    }

    async fn certificate_authority(&self, provider: &CaProvider) -> Result<Vec<u8>, CredentialError> {
        let CaProvider { kind, name, key, namespace } = provider;
        let key = key.as_deref().unwrap_or_default();
        let read = async {
            let namespace = self.scope.of_authority(namespace.as_deref())?.to_owned();
            let object = CredentialObject { kind: (*kind).into(), namespace, name: name.clone() };
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
        self.reads.watched(self.token(selector, audiences, lifetime).await)
    }

    async fn service_account_annotations(
        &self,
        selector: &ServiceAccountSelector,
        names: &[&str],
    ) -> Result<BTreeMap<String, String>, CredentialError> {
        self.reads.watched(self.annotations(selector, names).await)
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
