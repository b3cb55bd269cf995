//! The provider: Secrets Manager, read singly and in batches.

use std::{
    collections::BTreeMap,
    fmt,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use aws_sdk_secretsmanager::{
    Client,
    operation::{
        batch_get_secret_value::BatchGetSecretValueOutput,
        get_secret_value::{GetSecretValueOutput, builders::GetSecretValueFluentBuilder},
    },
    types::SecretValueEntry,
};
use aws_smithy_types::Blob;
use eso_core::{
    error::{ErrorKind, ProviderError},
    key::{RemoteKey, Version},
    provider::{Backend, CallObserver, Fetch, Fetched, Notice, Part, SecretFinder, SecretProvider, Value},
    value::SecretBytes,
};
use futures::future::join_all;
use tokio::time::timeout;

use crate::{
    PROVIDER,
    auth::Session,
    batch::{self, Share},
    client::RegionClients,
    error::{self, Answer, Call},
    prefix::Prefix,
};

/// How many keys AWS takes in one `BatchGetSecretValue`.
const BATCH_SIZE: NonZeroUsize = NonZeroUsize::new(20).expect("it must not be zero");

/// The name of the batch call in metrics.
const BATCH_CALL: &str = "BatchGetSecretValue";

/// How long a request may take with all its calls: a login, the call, and both once more.
/// The contract allows 30 s.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(28);

/// One store, logged in as one identity.
pub(crate) struct SecretsManager {
    /// The region that `client` calls.
    pub(crate) region: String,
    /// What AWS's names of its secrets begin with; keys are without it.
    pub(crate) prefix: Prefix,
    /// Signs as `session`.
    pub(crate) client: Client,
    /// The identity.
    pub(crate) session: Arc<Session>,
    /// What it shares with the other stores of its region, kept for them.
    pub(crate) _shared: Arc<RegionClients>,
    /// Whose quotas are used.
    pub(crate) backend: Backend,
    /// Told about each call.
    pub(crate) calls: Arc<dyn CallObserver>,
    /// Whether AWS said that this identity may not read in batches; false to begin with, and never again.
    pub(crate) batch_denied: AtomicBool,
}

#[async_trait]
impl SecretProvider for SecretsManager {
    async fn fetch(&self, request: &Fetch) -> Result<Fetched, ProviderError> {
        match timeout(TIME_LIMIT, self.read(request)).await {
            Ok(result) => result,
            Err(_) => Err(self.late(request)),
        }
    }

    /// Resolves the credentials, unless those at hand are still good. Secrets Manager is not called, as its answer
    /// would depend on a secret's own policy.
    async fn check(&self) -> Result<(), ProviderError> {
        match timeout(TIME_LIMIT, self.session.ready()).await {
            Ok(result) => result,
            Err(_) => Err(Call::default_chain(&self.region).late()),
        }
    }

    async fn fetch_all(&self, requests: &[Fetch]) -> Vec<Result<Fetched, ProviderError>> {
        // One key alone is read singly: the quota of that call is a hundred times the batch's.
        let batched =
            requests.len() > 1 && requests.iter().all(|request| self.batch_size(request) == BATCH_SIZE);
        let work = async {
            match batched {
                true => self.read_batch(requests).await,
                false => self.read_singly(requests).await,
            }
        };
        match timeout(TIME_LIMIT, work).await {
            Ok(results) => results,
            Err(_) => requests.iter().map(|request| Err(self.late(request))).collect(),
        }
    }

    fn batch_size(&self, request: &Fetch) -> NonZeroUsize {
        match self.fits_batch(request) && !self.batch_denied.load(Ordering::Relaxed) {
            true => BATCH_SIZE,
            false => NonZeroUsize::MIN,
        }
    }

    fn backend(&self) -> Option<Backend> {
        Some(self.backend.clone())
    }

    fn finder(&self) -> Option<&dyn SecretFinder> {
        Some(self)
    }

    fn notice(&self) -> Option<Notice> {
        let text = "secrets are read one by one: allow secretsmanager:BatchGetSecretValue on * to read 20 in one call";
        self.batch_denied.load(Ordering::Relaxed).then(|| Notice(text.to_owned()))
    }
}

impl SecretsManager {
    async fn read(&self, request: &Fetch) -> Result<Fetched, ProviderError> {
        let result = match (self.fault(request), request.part) {
            (Some(advice), _) => Err(self.get_call().refused(advice)),
            (None, Part::Value) => self.get_secret_value(request).await,
            (None, Part::Metadata) => self.describe_secret(request).await,
        };
        result.map_err(|error| error.with_key(request.key.clone()))
    }

    async fn get_secret_value(&self, request: &Fetch) -> Result<Fetched, ProviderError> {
        let call = self.get_call();
        let send = || async {
            let question = self.client.get_secret_value().secret_id(self.name_of(request));
            let answer = at_version(question, request.version.as_ref()).send().await;
            self.calls.called(PROVIDER, call.operation, answer.is_ok());
            answer.map_err(|error| call.failed(&error))
        };
        let GetSecretValueOutput { secret_string, secret_binary, version_id, .. } =
            self.session.run(send).await?;
        let content = Content { text: secret_string, binary: secret_binary, version: version_id };
        fetched(call, &request.key, content)
    }

    /// The tags of a secret, as a JSON object.
    async fn describe_secret(&self, request: &Fetch) -> Result<Fetched, ProviderError> {
        let call = Call::describe_secret(&self.region);
        let send = || async {
            let answer = self.client.describe_secret().secret_id(self.name_of(request)).send().await;
            self.calls.called(PROVIDER, call.operation, answer.is_ok());
            answer.map_err(|error| call.failed(&error))
        };
        let described = self.session.run(send).await?;
        if described.deleted_date().is_some() {
            return Err(call.absent());
        }
        let tags: BTreeMap<&str, &str> = described
            .tags()
            .iter()
            .map(|tag| (tag.key().unwrap_or_default(), tag.value().unwrap_or_default()))
            .collect();
        let tags = serde_json::to_vec(&tags).expect("texts must be JSON");
        Ok(Fetched::new(Value::Bytes(SecretBytes::new(tags))))
    }

    async fn read_singly(&self, requests: &[Fetch]) -> Vec<Result<Fetched, ProviderError>> {
        join_all(requests.iter().map(|request| self.read(request))).await
    }

    /// A batch that fails as a whole for what may be one key's fault, or for the call's own, is read singly: the
    /// others must not suffer, and what is said about a batch is not true of each of its keys.
    /// So is one whose answer says nothing at all.
    async fn read_batch(&self, requests: &[Fetch]) -> Vec<Result<Fetched, ProviderError>> {
        let names: Vec<_> = requests.iter().map(|request| self.name_of(request)).collect();
        let mut keys: Vec<_> = names.iter().map(String::as_str).collect();
        keys.sort_unstable();
        keys.dedup();
        match self.batch_get_secret_value(&keys).await {
            Ok(answer) if answer.secret_values().is_empty() && answer.errors().is_empty() => {
                self.read_singly(requests).await
            }
            Ok(answer) => join_all(requests.iter().map(|request| self.share(request, &keys, &answer))).await,
            Err(error) if is_about_the_batch(&error) => self.read_singly(requests).await,
            Err(error) => {
                requests.iter().map(|request| Err(error.clone().with_key(request.key.clone()))).collect()
            }
        }
    }

    async fn batch_get_secret_value(
        &self,
        keys: &[&str],
    ) -> Result<BatchGetSecretValueOutput, ProviderError> {
        let ids: Vec<_> = keys.iter().map(|key| (*key).to_owned()).collect();
        let send = || async {
            let question = self.client.batch_get_secret_value().set_secret_id_list(Some(ids.clone()));
            let answer = question.send().await;
            self.calls.called(PROVIDER, BATCH_CALL, answer.is_ok());
            answer.map_err(|error| {
                self.batch_denied.fetch_or(error::denies(&error), Ordering::Relaxed);
                self.get_call().failed(&error)
            })
        };
        self.session.run(send).await
    }

    /// What a batch's answer says to one request. Failures read as those of a single read, so that a status does not
    /// depend on the company that a request was in.
    async fn share(
        &self,
        request: &Fetch,
        keys: &[&str],
        answer: &BatchGetSecretValueOutput,
    ) -> Result<Fetched, ProviderError> {
        let result = match batch::share(&self.name_of(request), keys, answer) {
            Share::Value(entry) => fetched(self.get_call(), &request.key, Content::of(entry)),
            Share::Error(error) => Err(self.get_call().answered(Answer {
                code: error.error_code(),
                message: error.message(),
                status: None,
            })),
            Share::Unclear => return self.read(request).await,
            Share::Missing => {
                Err(self.get_call().nonsense("the answer to a batch does not mention this key".to_owned()))
            }
        };
        result.map_err(|error| error.with_key(request.key.clone()))
    }

    fn fits_batch(&self, request: &Fetch) -> bool {
        let is_newest_value = request.part == Part::Value && named(request.version.as_ref()).is_none();
        is_newest_value && self.fault(request).is_none()
    }

    /// Why a request cannot be sent at all.
    ///
    /// For an ARN of another region AWS would say that there is no such secret, and a deletion policy would believe it.
    fn fault(&self, request: &Fetch) -> Option<String> {
        let key = request.key.as_str();
        match batch::region_of(&self.name_of(request)) {
            _ if key.is_empty() => Some("the key is empty".to_owned()),
            _ if self.prefix.is_given() && batch::region_of(key).is_some() => {
                Some("the key is an ARN, and the store has a prefix".to_owned())
            }
            Some(region) if region != self.region => {
                Some(format!("the key is an ARN of another region than the store's, {}", self.region))
            }
            Some(_) | None => None,
        }
    }

    /// What AWS calls the secret that is asked for.
    fn name_of(&self, request: &Fetch) -> String {
        self.prefix.full(request.key.as_str())
    }

    fn get_call(&self) -> Call<'_> {
        Call::get_secret_value(&self.region)
    }

    fn late(&self, request: &Fetch) -> ProviderError {
        self.get_call().late().with_key(request.key.clone())
    }
}

/// As the metrics of the original name it.
impl fmt::Display for SecretsManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PROVIDER)
    }
}

impl fmt::Debug for SecretsManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretsManager").field("backend", &self.backend.id).finish_non_exhaustive()
    }
}

/// What an answer holds of a value.
struct Content {
    text: Option<String>,
    binary: Option<Blob>,
    version: Option<String>,
}

impl Content {
    /// Copied, as the same secret may have been asked for by its name and by its ARN.
    fn of(entry: &SecretValueEntry) -> Self {
        Self {
            text: entry.secret_string.clone(),
            binary: entry.secret_binary.clone(),
            version: entry.version_id.clone(),
        }
    }
}

fn fetched(call: Call<'_>, key: &RemoteKey, content: Content) -> Result<Fetched, ProviderError> {
    let Content { text, binary, version } = content;
    let bytes = text.map(String::into_bytes).or_else(|| binary.map(Blob::into_inner)).ok_or_else(|| {
        // The original's words.
        call.nonsense(format!("invalid secret received. no secret string nor binary for key: {key}"))
    })?;
    let fetched = Fetched::new(Value::Bytes(SecretBytes::new(bytes)));
    Ok(match version {
        Some(version) => fetched.at_version(version),
        None => fetched,
    })
}

/// A version is a stage, or after `uuid/` an id; without one it is the current stage.
fn at_version(
    question: GetSecretValueFluentBuilder,
    version: Option<&Version>,
) -> GetSecretValueFluentBuilder {
    match named(version).map(|version| version.strip_prefix("uuid/").ok_or(version)) {
        Some(Ok(id)) => question.version_id(id),
        Some(Err(stage)) => question.version_stage(stage),
        None => question.version_stage("AWSCURRENT"),
    }
}

/// An empty version is none.
fn named(version: Option<&Version>) -> Option<&str> {
    version.map(Version::as_str).filter(|version| !version.is_empty())
}

/// Whether a failed batch says nothing about the keys in it: not the login's failure, nor the service's.
fn is_about_the_batch(error: &ProviderError) -> bool {
    let of_the_batch = error.operation() == Call::get_secret_value("").operation;
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::Denied | ErrorKind::Invalid | ErrorKind::Conflict => of_the_batch,
        ErrorKind::Unauthenticated
        | ErrorKind::Throttled
        | ErrorKind::Unavailable
        | ErrorKind::Unexpected => false,
    }
}
