//! One store, logged in: its questions, and what their answers are worth.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use eso_core::{
    api::vault::KvVersion,
    error::{ErrorKind, ProviderError, Reason},
    key::RemoteKey,
    provider::{
        Backend, Dialect, Documents, Fetch, Fetched, Lookup, MissingProperty, Part, SecretFinder,
        SecretProvider, SecretWriter, Value,
    },
};
use http::HeaderValue;
use rustify::Endpoint;
use vaultrs::api::{kv1::requests::GetSecretRequest, kv2::requests::ReadSecretRequest};

use crate::{
    config::{ConfigError, Undetected},
    error::{Call, of_failure, of_refusal},
    http::{Caller, Failure, Reply, Server},
    kv::{self, Engine, Location, NoDocument},
    mounts::{MountRequest, Mounts, is_another_version, version_of},
    session::Session,
    token::Token,
};

/// The name of the provider in metrics, as in the original.
pub(crate) const NAME: &str = "HashiCorp/Vault";

const OTHER_VERSION: &str = "the mount is of the other KV version: set the store's version";

/// What a whole question may take: a login, a call, and both once more, on a server that is slow but there.
pub(crate) const QUESTION_TIMEOUT: Duration = Duration::from_secs(28);

/// One store, logged in.
pub(crate) struct Store {
    pub(crate) server: Arc<Server>,
    pub(crate) session: Arc<Session>,
    pub(crate) engine: Engine,
    pub(crate) mounts: Mounts,
    pub(crate) namespace: Option<HeaderValue>,
}

/// A call about a place, with a token.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) call: Call,
    pub(crate) place: &'a Location,
    pub(crate) token: &'a Token,
}

impl Store {
    /// The engine at a mount whose version the specification does not say: of the version that the server says. One that
    /// does not say leaves it at version 2, as the original.
    pub(crate) async fn detected(&self, mount: &Undetected) -> Result<Engine, ProviderError> {
        let (reply, _) = self.asked(|token| self.ask_for_mount(token)).await?;
        if !(reply.is_success() || matches!(reply.status, 403 | 404)) {
            return Err(of_refusal(Call::ReadMount, &reply));
        }
        let version = version_of(&reply).map_err(|error| Call::ReadMount.invalid(error))?;
        if mount.checks && version == Some(KvVersion::V1) {
            return Err(Call::Login.invalid(ConfigError::NoVersionsToCheck));
        }
        let engine = Engine::new(version.unwrap_or_default(), Some(&mount.path));
        engine.map_err(|error| Call::ReadMount.invalid(error))
    }

    async fn ask_for_mount(&self, token: Arc<Token>) -> Result<Reply, ProviderError> {
        let caller = Caller::new(token.secret(), self.namespace.as_ref());
        let path = self.engine.mount().map_or_else(String::new, |mount| mount.as_str().to_owned());
        self.server.call(Call::ReadMount, &caller, MountRequest { path }).await
    }

    pub(crate) async fn read(
        &self,
        location: &Location,
        version: Option<u64>,
    ) -> Result<Fetched, ProviderError> {
        let (reply, token) = self.asked(|token| self.ask(location, version, token)).await?;
        match reply.status {
            403 => answer(location, &reply),
            _ => self.believe(location, &token, answer(location, &reply)).await,
        }
    }

    /// What is known about a value beside its data, all of it texts.
    async fn describe(&self, location: &Location) -> Result<Fetched, ProviderError> {
        let metadata = self.metadata(location).await?;
        let document = serde_json::to_string(&metadata.texts()).expect("texts must be JSON");
        Ok(Fetched::new(Value::Document(document.into())))
    }

    /// Asks with a good token: one that is refused is asked for once more.
    pub(crate) async fn asked<Asking>(
        &self,
        ask: impl Fn(Arc<Token>) -> Asking,
    ) -> Result<(Reply, Arc<Token>), ProviderError>
    where
        Asking: Future<Output = Result<Reply, ProviderError>>,
    {
        let token = self.session.token().await?;
        let reply = ask(Arc::clone(&token)).await?;
        if reply.status != 403 {
            return Ok((reply, token));
        }
        let Some(token) = self.session.replacement(&token).await? else { return Ok((reply, token)) };
        let reply = ask(Arc::clone(&token)).await?;
        if reply.status == 403 {
            self.session.was_in_vain().await;
        }
        Ok((reply, token))
    }

    /// Takes "nothing there" for an absence only on a mount that is not known to be of another KV version than the
    /// store says. It is asked once for a mount, and only where the first answer of it is an absence.
    pub(crate) async fn believe<T>(
        &self,
        location: &Location,
        token: &Token,
        outcome: Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        let mount = location.mount.as_str();
        let is_absence = outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound);
        if is_absence && location.version == KvVersion::V2 && !self.mounts.are_versioned(mount) {
            let caller = Caller::new(token.secret(), self.namespace.as_ref());
            let request = MountRequest { path: mount.to_owned() };
            let reply = self.server.call(Call::ReadMount, &caller, request).await?;
            if is_another_version(&reply) {
                return Err(Call::ReadSecretData.error(ErrorKind::Invalid, Reason::new(OTHER_VERSION)));
            }
            // An old server, or a policy, keeps silent on it; one that is in trouble says nothing either way.
            if !(reply.is_success() || matches!(reply.status, 403 | 404)) {
                return Err(of_refusal(Call::ReadMount, &reply));
            }
        }
        if is_absence || outcome.is_ok() {
            self.mounts.note_versioned(mount);
        }
        outcome
    }

    async fn ask(
        &self,
        location: &Location,
        version: Option<u64>,
        token: Arc<Token>,
    ) -> Result<Reply, ProviderError> {
        let question = Question { call: Call::ReadSecretData, place: location, token: &token };
        let (mount, path) = (location.mount.as_str().to_owned(), location.path.as_str().to_owned());
        match location.version {
            KvVersion::V1 => self.call_about(question, GetSecretRequest { mount, path }).await,
            KvVersion::V2 => self.call_about(question, ReadSecretRequest { mount, path, version }).await,
        }
    }

    /// Makes a call about a place, where the place is in KV.
    pub(crate) async fn call_about(
        &self,
        Question { call, place, token }: Question<'_>,
        endpoint: impl Endpoint,
    ) -> Result<Reply, ProviderError> {
        let caller = Caller::new(token.secret(), self.namespace.as_ref());
        // The path may lead to another engine where the store says so, to be read. Under version 2 nothing is written
        // that was not seen to be of it; version 1 looks like many an engine, and like version 2 below `data/`.
        let writes_blindly = call.writes() && place.version == KvVersion::V1;
        let is_unknown = writes_blindly && self.mounts.version_at(place).is_none();
        if (is_unknown || self.mounts.doubt(place))
            && let Some(refusal) = self.make_sure(place, &caller).await?
        {
            return Ok(refusal);
        }
        if writes_blindly && self.mounts.version_at(place) != Some(KvVersion::V1) {
            return Err(call.error(ErrorKind::Invalid, Reason::new(OTHER_VERSION)));
        }
        self.server.call(call, &caller, endpoint).await
    }

    /// Fails unless a location leads to a KV mount. `Some` is the server's 403, which is the call's own answer: this
    /// token may not go there, or is dead.
    async fn make_sure(&self, location: &Location, caller: &Caller) -> Result<Option<Reply>, ProviderError> {
        let request = MountRequest { path: location.to_string() };
        let reply = self.server.call(Call::ReadMount, caller, request).await?;
        match reply.status {
            403 => Ok(Some(reply)),
            _ if !reply.is_success() => Err(of_refusal(Call::ReadMount, &reply)),
            _ => match self.mounts.learn(location, &reply) {
                Ok(()) => Ok(None),
                Err(error) => Err(Call::ReadMount.invalid(error)),
            },
        }
    }

    /// Where a question leads, and at which version; `Invalid` where it leads nowhere.
    fn locate(&self, request: &Fetch) -> Result<(Location, Option<u64>), ProviderError> {
        let invalid =
            |words: &'static str| Call::ReadSecretData.error(ErrorKind::Invalid, Reason::new(words));
        let location =
            self.engine.locate(&request.key).map_err(|error| Call::ReadSecretData.invalid(error))?;
        let version = match (&request.version, location.version) {
            (None, _) => None,
            (Some(_), KvVersion::V1) => {
                return Err(invalid("KV version 1 keeps no versions: leave version out"));
            }
            (Some(version), KvVersion::V2) => {
                let number = kv::version_number(version);
                Some(number.ok_or_else(|| invalid("the version must be a number, as Vault counts them"))?)
            }
        };
        Ok((location, version))
    }
}

fn answer(location: &Location, reply: &Reply) -> Result<Fetched, ProviderError> {
    if !reply.is_success() {
        return Err(of_refusal(Call::ReadSecretData, reply));
    }
    kv::document(location.version, reply).map_err(|error| {
        let kind = match error {
            NoDocument::Deleted => ErrorKind::NotFound,
            NoDocument::NoData | NoDocument::NotUnderstood => ErrorKind::Unexpected,
        };
        Call::ReadSecretData.error(kind, Reason::new(error.to_string()))
    })
}

#[async_trait]
impl SecretProvider for Store {
    async fn fetch(&self, request: &Fetch) -> Result<Fetched, ProviderError> {
        let outcome = match self.locate(request) {
            Ok((location, version)) => match request.part {
                Part::Value => in_time(Call::ReadSecretData, self.read(&location, version)).await,
                Part::Metadata => in_time(Call::ReadMetadata, self.describe(&location)).await,
            },
            Err(error) => Err(error),
        };
        outcome.map_err(|error| error.with_key(request.key.clone()))
    }

    async fn check(&self) -> Result<(), ProviderError> {
        in_time(Call::LookupSelf, self.session.check()).await
    }

    fn finder(&self) -> Option<&dyn SecretFinder> {
        Some(self)
    }

    fn writer(&self) -> Option<&dyn SecretWriter> {
        Some(self)
    }

    fn backend(&self) -> Option<Backend> {
        let namespace = self.namespace.as_ref().and_then(|namespace| namespace.to_str().ok());
        let namespace = namespace.map(|namespace| format!("?namespace={}", namespace.trim_matches('/')));
        let id = format!("vault/{}{}", self.server.address(), namespace.unwrap_or_default());
        Some(Backend { id, reads_per_second: None, batches_per_second: None })
    }

    /// The path below the store's mount, or with the mount where the key chooses it. A key that leads nowhere has none,
    /// and is refused before the server is asked.
    fn canonical(&self, key: &RemoteKey) -> Option<RemoteKey> {
        self.engine.locate(key).ok().map(|location| self.engine.canonical(&location))
    }

    fn dialect(&self) -> Dialect {
        Dialect {
            lookup: Lookup::KeyThenPath,
            documents: Documents::GoMarshal,
            missing_property: MissingProperty::NoSecretData,
        }
    }

    async fn close(&self) {
        self.session.close().await;
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, session, engine, mounts: _, namespace } = self;
        f.debug_struct("Store")
            .field("server", server)
            .field("session", session)
            .field("engine", engine)
            .field("namespace", namespace)
            .finish_non_exhaustive()
    }
}

/// Ends a question that takes too long, whatever it waits for.
pub(crate) async fn in_time<T>(
    call: Call,
    question: impl Future<Output = Result<T, ProviderError>>,
) -> Result<T, ProviderError> {
    match tokio::time::timeout(QUESTION_TIMEOUT, question).await {
        Ok(outcome) => outcome,
        Err(_) => Err(of_failure(call, Failure::TimedOut)),
    }
}
