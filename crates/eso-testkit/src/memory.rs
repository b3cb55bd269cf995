//! A provider whose store is a map in memory: it fails on demand, can be held, and remembers how it was called.

use std::{collections::BTreeMap, fmt, num::NonZeroUsize, sync::Arc};

use async_trait::async_trait;
use eso_core::{
    error::{ErrorKind, ProviderError},
    key::{DocumentName, RemoteKey, Version},
    provider::{
        Backend, Delete, Dialect, Fetch, Fetched, Found, Inspect, Notice, Part, PropertySyntax, Put, Query,
        SecretFinder, SecretProvider, SecretWriter, Value, WholeSecret,
    },
    value::SecretBytes,
};
use parking_lot::Mutex;
use tokio::sync::watch;

use self::writer::Record;

mod writer;

/// A provider in memory. Everything about it can be changed while it is used.
///
/// A call is remembered when it arrives; then, if the provider is held, it waits; then it is answered by what the
/// store holds *at that time*, as a real server's would be.
pub struct MemoryProvider {
    state: Mutex<State>,
    gate: watch::Sender<Gate>,
}

struct State {
    values: BTreeMap<RemoteKey, BTreeMap<Option<Version>, Value>>,
    tags: BTreeMap<RemoteKey, BTreeMap<String, String>>,
    spellings: BTreeMap<RemoteKey, RemoteKey>,
    finds_values: bool,
    failure: Option<ProviderError>,
    failures: BTreeMap<RemoteKey, ProviderError>,
    calls: Vec<Call>,
    batch_size: NonZeroUsize,
    backend: Option<Backend>,
    dialect: Dialect,
    notice: Option<Notice>,
    syntax: Option<PropertySyntax>,
    whole_secret: WholeSecret,
    has_no_versions: bool,
    records: BTreeMap<RemoteKey, Record>,
    prefix: String,
    documents: Vec<DocumentName>,
    write_failure: Option<ErrorKind>,
    failure_beside: Option<ErrorKind>,
    other_write: Option<SecretBytes>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Gate {
    held: bool,
    holds_writes: bool,
    waiting: usize,
}

/// A call that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// One read.
    Fetch(Fetch),
    /// One batch read.
    FetchAll(Vec<Fetch>),
    /// A search.
    Find(Query),
    /// A validation.
    Check,
    /// A writer's look.
    Inspect(Inspect),
    /// A write.
    Put(Put),
    /// A deletion.
    Delete(Delete),
    /// The end of the login.
    Close,
}

impl MemoryProvider {
    /// A store that holds nothing, and takes one request a call.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(State::new()), gate: watch::Sender::default() })
    }

    /// Puts a text or bytes under a key, as its newest version.
    pub fn put(&self, key: &str, value: impl Into<SecretBytes>) {
        self.put_value(Fetch::new(key), Value::Bytes(value.into()));
    }

    /// Puts a JSON object under a key, as its newest version.
    pub fn put_document(&self, key: &str, document: &serde_json::Value) {
        self.put_value(Fetch::new(key), Value::Document(document.to_string().into()));
    }

    /// Puts what is answered to a question.
    pub fn put_value(&self, question: Fetch, value: Value) {
        let mut state = self.state.lock();
        if question.version.is_none() {
            state.note_foreign(&question.key);
        }
        state.values.entry(question.key).or_default().insert(question.version, value);
    }

    /// From now on values can be written, in this syntax. They cannot to begin with.
    pub fn set_writable(&self, syntax: PropertySyntax) {
        self.state.lock().syntax = Some(syntax);
    }

    /// From now on whole Secrets are written so where nothing is wanted beside them, and as texts where something is.
    pub fn set_whole_secret(&self, whole_secret: WholeSecret) {
        self.state.lock().whole_secret = whole_secret;
    }

    /// From now on the place of each value begins so, as with a store that is a part of a larger one.
    pub fn set_prefix(&self, prefix: &str) {
        prefix.clone_into(&mut self.state.lock().prefix);
    }

    /// From now on whatever is wanted beside a value names these documents.
    pub fn set_documents(&self, documents: Vec<DocumentName>) {
        self.state.lock().documents = documents;
    }

    /// From now on values have no versions, and a write is held against none.
    pub fn forget_versions(&self) {
        self.state.lock().has_no_versions = true;
    }

    /// Says which tags a key has: a find looks at them, and they are its metadata.
    pub fn tag(&self, key: &str, tags: &[(&str, &str)]) {
        let tags = tags.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.state.lock().tags.insert(key.into(), tags);
    }

    /// From now on `spelling` is another text for this key: that is its canonical one, and what is read.
    pub fn spell(&self, key: &str, spelling: &str) {
        self.state.lock().spellings.insert(spelling.into(), key.into());
    }

    /// Deletes a key with all its versions and its tags.
    pub fn delete(&self, key: &str) {
        let mut state = self.state.lock();
        state.values.remove(&RemoteKey::from(key));
        state.tags.remove(&RemoteKey::from(key));
        state.records.remove(&RemoteKey::from(key));
    }

    /// From now on every call fails so.
    pub fn fail(&self, kind: ErrorKind) {
        self.fail_with(ProviderError::new(kind, "Fetch"));
    }

    /// From now on every call fails with this error.
    pub fn fail_with(&self, error: ProviderError) {
        self.state.lock().failure = Some(error);
    }

    /// From now on reads of this key fail so, in batches too.
    pub fn fail_key(&self, key: &str, kind: ErrorKind) {
        let key = RemoteKey::from(key);
        let error = ProviderError::new(kind, "Fetch").with_key(key.clone());
        self.state.lock().failures.insert(key, error);
    }

    /// From now on writes and deletions fail so, and looks do not.
    pub fn fail_writes(&self, kind: ErrorKind) {
        self.state.lock().write_failure = Some(kind);
    }

    /// From now on values are written, and what is wanted beside them fails so after that.
    pub fn fail_beside(&self, kind: ErrorKind) {
        self.state.lock().failure_beside = Some(kind);
    }

    /// Right before the next write of a value, another one of ours writes this to it.
    pub fn write_before_next(&self, value: impl Into<SecretBytes>) {
        self.state.lock().other_write = Some(value.into());
    }

    /// Nothing fails any more.
    pub fn mend(&self) {
        let mut state = self.state.lock();
        state.failure = None;
        state.write_failure = None;
        state.failure_beside = None;
        state.failures.clear();
    }

    /// How many requests one call takes, from now on.
    ///
    /// # Panics
    /// On 0.
    pub fn set_batch_size(&self, size: usize) {
        self.state.lock().batch_size = NonZeroUsize::new(size).expect("a batch size must not be 0");
    }

    /// Whether a find gives the values too, from now on. It does not to begin with.
    pub fn set_finds_values(&self, finds_values: bool) {
        self.state.lock().finds_values = finds_values;
    }

    /// What the provider says is behind it.
    pub fn set_backend(&self, backend: Option<Backend>) {
        self.state.lock().backend = backend;
    }

    /// How its values are read for properties.
    pub fn set_dialect(&self, dialect: Dialect) {
        self.state.lock().dialect = dialect;
    }

    /// What the store's condition should say.
    pub fn set_notice(&self, notice: Option<&str>) {
        self.state.lock().notice = notice.map(|text| Notice(text.to_owned()));
    }

    /// From now on calls arrive and wait.
    pub fn hold(&self) {
        self.gate.send_modify(|gate| gate.held = true);
    }

    /// From now on writes and deletions arrive and wait, and other calls do not.
    pub fn hold_writes(&self) {
        self.gate.send_modify(|gate| gate.holds_writes = true);
    }

    /// Lets go of the calls that wait, and of all later ones.
    pub fn release(&self) {
        self.gate.send_modify(|gate| (gate.held, gate.holds_writes) = (false, false));
    }

    /// Ends when at least so many calls wait. A call whose caller went away does not.
    pub async fn held(&self, calls: usize) {
        let mut gate = self.gate.subscribe();
        gate.wait_for(|gate| gate.waiting >= calls).await.expect("the provider must outlive the wait");
    }

    /// Every call that arrived so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.state.lock().calls.clone()
    }

    /// How many calls for values arrived so far, a batch as one.
    pub fn reads(&self) -> usize {
        let is_read = |call: &&Call| matches!(call, Call::Fetch(_) | Call::FetchAll(_));
        self.state.lock().calls.iter().filter(is_read).count()
    }

    /// The keys that were asked for so far, in order, those of batches in their places.
    pub fn asked(&self) -> Vec<RemoteKey> {
        let requests = self.calls().into_iter().flat_map(|call| match call {
            Call::Fetch(request) => vec![request],
            Call::FetchAll(requests) => requests,
            Call::Find(_) | Call::Inspect(_) | Call::Put(_) | Call::Delete(_) | Call::Check | Call::Close => {
                Vec::new()
            }
        });
        requests.map(|request| request.key).collect()
    }

    /// Forgets which calls arrived.
    pub fn clear_calls(&self) {
        self.state.lock().calls.clear();
    }

    async fn arrive(&self, call: Call) {
        let is_write = matches!(call, Call::Put(_) | Call::Delete(_));
        self.state.lock().calls.push(call);
        let mut gate = self.gate.subscribe();
        let _waiting = Waiting::new(&self.gate);
        let passes = |gate: &Gate| !(gate.held || is_write && gate.holds_writes);
        gate.wait_for(passes).await.expect("the provider must outlive its calls");
    }
}

/// A call that waits at the gate, counted for as long as it is not dropped.
struct Waiting<'a>(&'a watch::Sender<Gate>);

impl<'a> Waiting<'a> {
    fn new(gate: &'a watch::Sender<Gate>) -> Self {
        gate.send_modify(|gate| gate.waiting += 1);
        Self(gate)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|gate| gate.waiting -= 1);
    }
}

impl State {
    fn new() -> Self {
        Self {
            values: BTreeMap::new(),
            tags: BTreeMap::new(),
            spellings: BTreeMap::new(),
            finds_values: false,
            failure: None,
            failures: BTreeMap::new(),
            calls: Vec::new(),
            batch_size: NonZeroUsize::MIN,
            backend: None,
            dialect: Dialect::default(),
            notice: None,
            syntax: None,
            whole_secret: WholeSecret::Texts,
            has_no_versions: false,
            records: BTreeMap::new(),
            prefix: String::new(),
            documents: Vec::new(),
            write_failure: None,
            failure_beside: None,
            other_write: None,
        }
    }

    fn answer(&self, request: &Fetch) -> Result<Fetched, ProviderError> {
        if let Some(error) = self.failure.as_ref().or_else(|| self.failures.get(&request.key)) {
            return Err(error.clone());
        }
        let failure = |kind| ProviderError::new(kind, "Fetch").with_key(request.key.clone());
        let versions = self.values.get(self.spellings.get(&request.key).unwrap_or(&request.key));
        let value = match request.part {
            Part::Value => versions.and_then(|versions| versions.get(&request.version)).cloned(),
            Part::Metadata => versions.map(|_| self.metadata(&request.key)),
        };
        value.map(Fetched::new).ok_or_else(|| failure(ErrorKind::NotFound))
    }

    fn metadata(&self, key: &RemoteKey) -> Value {
        let tags = self.tags.get(key).cloned().unwrap_or_default();
        Value::Document(serde_json::json!(tags).to_string().into())
    }

    /// A path is what the key begins with. A key that has only older versions has no value to find.
    fn find(&self, query: &Query) -> Result<Vec<Found>, ProviderError> {
        if let Some(error) = &self.failure {
            return Err(error.clone());
        }
        let newest = self.values.iter().filter_map(|(key, versions)| Some((key, versions.get(&None)?)));
        let met = newest.filter(|(key, _)| self.meets(key, query));
        let found = met.map(|(key, value)| Found {
            key: key.clone(),
            value: self.finds_values.then(|| Fetched::new(value.clone())),
        });
        Ok(found.collect())
    }

    fn meets(&self, key: &RemoteKey, query: &Query) -> bool {
        let Query { path, name, tags } = query;
        let has = |(name, value): (&String, &String)| {
            self.tags.get(key).and_then(|tags| tags.get(name)) == Some(value)
        };
        path.as_ref().is_none_or(|path| key.as_str().starts_with(path))
            && name.as_ref().is_none_or(|name| name.accepts(key.as_str()))
            && tags.iter().all(has)
    }
}

#[async_trait]
impl SecretProvider for MemoryProvider {
    async fn fetch(&self, request: &Fetch) -> Result<Fetched, ProviderError> {
        self.arrive(Call::Fetch(request.clone())).await;
        self.state.lock().answer(request)
    }

    async fn check(&self) -> Result<(), ProviderError> {
        self.arrive(Call::Check).await;
        self.state.lock().failure.clone().map_or(Ok(()), Err)
    }

    async fn fetch_all(&self, requests: &[Fetch]) -> Vec<Result<Fetched, ProviderError>> {
        self.arrive(Call::FetchAll(requests.to_vec())).await;
        let state = self.state.lock();
        requests.iter().map(|request| state.answer(request)).collect()
    }

    fn batch_size(&self, _request: &Fetch) -> NonZeroUsize {
        self.state.lock().batch_size
    }

    fn backend(&self) -> Option<Backend> {
        self.state.lock().backend.clone()
    }

    fn notice(&self) -> Option<Notice> {
        self.state.lock().notice.clone()
    }

    fn canonical(&self, key: &RemoteKey) -> Option<RemoteKey> {
        self.state.lock().spellings.get(key).cloned()
    }

    fn dialect(&self) -> Dialect {
        self.state.lock().dialect
    }

    fn finder(&self) -> Option<&dyn SecretFinder> {
        Some(self)
    }

    fn writer(&self) -> Option<&dyn SecretWriter> {
        self.state.lock().syntax.map(|_| self as &dyn SecretWriter)
    }

    async fn close(&self) {
        self.state.lock().calls.push(Call::Close);
    }
}

#[async_trait]
impl SecretFinder for MemoryProvider {
    async fn find(&self, query: &Query) -> Result<Vec<Found>, ProviderError> {
        self.arrive(Call::Find(query.clone())).await;
        self.state.lock().find(query)
    }
}

impl fmt::Debug for MemoryProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryProvider").finish_non_exhaustive()
    }
}

impl fmt::Display for MemoryProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

#[cfg(test)]
mod tests;
