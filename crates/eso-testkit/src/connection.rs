//! Doubles for what a provider is connected with: credentials out of a map, and an observer that remembers.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use eso_core::{
    api::selectors::{CaProvider, SecretKeySelector, ServiceAccountSelector},
    credentials::{CredentialError, CredentialSource},
    key::{StoreKind, StoreReference},
    provider::{CallObserver, Connection},
    value::SecretBytes,
};
use parking_lot::Mutex;

/// A connection with these credentials, whose calls are recorded.
pub fn connection(credentials: &Arc<Credentials>, calls: &Arc<CallRecorder>) -> Connection {
    Connection {
        credentials: Arc::clone(credentials) as Arc<dyn CredentialSource>,
        calls: Arc::clone(calls) as Arc<dyn CallObserver>,
        store: store(),
    }
}

/// The store that providers are connected for in tests: the SecretStore `store` of the namespace `team`.
pub fn store() -> StoreReference {
    StoreReference { kind: StoreKind::SecretStore, namespace: "team".to_owned(), name: "store".to_owned() }
}

/// Credentials out of a map, which a test may change while a provider is connected.
///
/// Namespaces are left to the real source: here a selector's namespace is not looked at.
#[derive(Default)]
pub struct Credentials {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    secrets: BTreeMap<(String, String), SecretBytes>,
    authorities: BTreeMap<String, Vec<u8>>,
    tokens: BTreeMap<String, SecretBytes>,
    annotations: BTreeMap<String, BTreeMap<String, String>>,
    down: bool,
    lends_own_identity: bool,
    asked: Vec<Asked>,
}

/// What a provider asked for, in the order in which it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// One key of a Secret.
    SecretKey {
        /// The Secret.
        name: String,
        /// The key.
        key: String,
    },
    /// A certificate authority.
    CertificateAuthority {
        /// The object that holds it.
        name: String,
    },
    /// A token of a service account.
    Token {
        /// The service account.
        service_account: String,
        /// The audiences that the provider gave, those of the selector not among them.
        audiences: Vec<String>,
        /// For how long.
        lifetime: Duration,
    },
    /// The annotations of a service account.
    Annotations {
        /// The service account.
        service_account: String,
    },
}

impl Credentials {
    /// No credentials.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Puts one key of a Secret, in place of what was there.
    pub fn put_secret(&self, name: &str, key: &str, value: impl Into<SecretBytes>) {
        self.state.lock().secrets.insert((name.to_owned(), key.to_owned()), value.into());
    }

    /// Takes one key of a Secret away.
    pub fn delete_secret(&self, name: &str, key: &str) {
        self.state.lock().secrets.remove(&(name.to_owned(), key.to_owned()));
    }

    /// Puts a PEM text into an object that a `caProvider` may name.
    pub fn put_authority(&self, name: &str, pem: impl Into<Vec<u8>>) {
        self.state.lock().authorities.insert(name.to_owned(), pem.into());
    }

    /// Says which token a service account is given, from now on.
    pub fn put_token(&self, service_account: &str, token: impl Into<SecretBytes>) {
        self.state.lock().tokens.insert(service_account.to_owned(), token.into());
    }

    /// Says that there is a service account, with these annotations and no others.
    pub fn annotate(&self, service_account: &str, annotations: &[(&str, &str)]) {
        let annotations = annotations.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.state.lock().annotations.insert(service_account.to_owned(), annotations.collect());
    }

    /// From now on the cluster does not answer, or does again.
    pub fn set_down(&self, down: bool) {
        self.state.lock().down = down;
    }

    /// From now on the store may log in as the operator itself, or may not again.
    pub fn set_lends_own_identity(&self, lends: bool) {
        self.state.lock().lends_own_identity = lends;
    }

    /// What was asked for so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.lock().asked.clone()
    }

    /// Notes a question, and answers it out of the map unless the cluster is down.
    fn answer<T>(
        &self,
        asked: Asked,
        look_up: impl FnOnce(&State) -> Result<T, String>,
    ) -> Result<T, CredentialError> {
        let mut state = self.state.lock();
        state.asked.push(asked);
        match state.down {
            true => Err(CredentialError::Unavailable("the cluster does not answer".to_owned())),
            false => look_up(&state).map_err(CredentialError::Missing),
        }
    }
}

#[async_trait]
impl CredentialSource for Credentials {
    fn lends_own_identity(&self) -> bool {
        self.state.lock().lends_own_identity
    }

    async fn secret_key(&self, selector: &SecretKeySelector) -> Result<SecretBytes, CredentialError> {
        let name = selector.name.clone();
        let key = selector.key.clone().unwrap_or_default();
        self.answer(Asked::SecretKey { name: name.clone(), key: key.clone() }, |state| {
            let missing = format!("cannot get Kubernetes secret {name:?}, key {key:?}");
            state.secrets.get(&(name, key)).cloned().ok_or(missing)
        })
    }

    async fn certificate_authority(&self, provider: &CaProvider) -> Result<Vec<u8>, CredentialError> {
        let name = provider.name.clone();
        self.answer(Asked::CertificateAuthority { name: name.clone() }, |state| {
            state
                .authorities
                .get(&name)
                .cloned()
                .ok_or(format!("cannot get the certificate authority {name:?}"))
        })
    }

    async fn service_account_token(
        &self,
        selector: &ServiceAccountSelector,
        audiences: &[String],
        lifetime: Duration,
    ) -> Result<SecretBytes, CredentialError> {
        let service_account = selector.name.clone();
        let audiences = audiences.to_vec();
        self.answer(Asked::Token { service_account: service_account.clone(), audiences, lifetime }, |state| {
            let missing = format!("cannot get a token of the service account {service_account:?}");
            state.tokens.get(&service_account).cloned().ok_or(missing)
        })
    }

    async fn service_account_annotations(
        &self,
        selector: &ServiceAccountSelector,
        names: &[&str],
    ) -> Result<BTreeMap<String, String>, CredentialError> {
        let service_account = selector.name.clone();
        self.answer(Asked::Annotations { service_account: service_account.clone() }, |state| {
            let missing = format!("cannot get the service account {service_account:?}");
            let mut annotations = state.annotations.get(&service_account).cloned().ok_or(missing)?;
            annotations.retain(|name, _| names.contains(&name.as_str()));
            Ok(annotations)
        })
    }
}

/// Shows nothing: what it holds are credentials.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// Remembers each call that a provider told about.
#[derive(Debug, Default)]
pub struct CallRecorder {
    calls: Mutex<Vec<RecordedCall>>,
}

/// A call that a provider told about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordedCall {
    /// The provider, as the metric names it.
    pub provider: &'static str,
    /// The call, as the metric names it.
    pub call: &'static str,
    /// Whether it succeeded.
    pub succeeded: bool,
}

impl CallRecorder {
    /// Nothing recorded.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// All calls so far, in order.
    pub fn calls(&self) -> Vec<RecordedCall> {
        self.calls.lock().clone()
    }

    /// How many calls of this name there were so far.
    pub fn count(&self, call: &str) -> usize {
        self.calls.lock().iter().filter(|recorded| recorded.call == call).count()
    }
}

impl CallObserver for CallRecorder {
    fn called(&self, provider: &'static str, call: &'static str, succeeded: bool) {
        self.calls.lock().push(RecordedCall { provider, call, succeeded });
    }
}

#[cfg(test)]
mod tests;
