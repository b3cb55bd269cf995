//! The provider contract: what a store must be able to do, and what it may be able to do besides.
//!
//! [`SecretProvider::fetch`] and [`SecretProvider::check`] are all that a new provider must write.
//! A further power is a trait of its own, returned as an `Option`: what a store can do is read off its provider,
//! never declared beside it. `eso-testkit`'s conformance suite states in tests what is promised here in words.

use std::{
    collections::BTreeMap,
    fmt,
    hash::{Hash, Hasher},
    num::{NonZeroU32, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;

use crate::{
    credentials::CredentialSource,
    error::ProviderError,
    key::{DocumentName, RemoteKey, StoreReference, Version},
    value::SecretBytes,
};

/// One store, logged in as one identity.
///
/// A provider returns whole values: it knows no property, no template, no policy and no cluster.
/// It owns its login and renews it: a failed call whose cause is an expired login is tried once more after a new one,
/// and many calls that fail so at once end in one login. It retries nothing else: the engine does.
/// Every call ends by itself within a time-out of the provider's own, 30 s at the most.
/// `Display` names the provider as the metrics of the original do, such as `AWS/SecretsManager`.
#[async_trait]
pub trait SecretProvider: fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// Reads one whole value, or its metadata.
    async fn fetch(&self, request: &Fetch) -> Result<Fetched, ProviderError>;

    /// Whether the login is good. It costs what the original's validation costs, and reads no value.
    async fn check(&self) -> Result<(), ProviderError>;

    /// One result for each request, in order.
    ///
    /// The caller passes at most [`batch_size`](Self::batch_size) requests of one sort, and never none.
    async fn fetch_all(&self, requests: &[Fetch]) -> Vec<Result<Fetched, ProviderError>> {
        let mut results = Vec::with_capacity(requests.len());
        for request in requests {
            results.push(self.fetch(request).await);
        }
        results
    }

    /// How many requests of this one's sort a single call takes, now.
    fn batch_size(&self, _request: &Fetch) -> NonZeroUsize {
        NonZeroUsize::MIN
    }

    /// What is behind this store and shared with others, such as an account's region or a server.
    /// `None`: the store shares it with nobody.
    fn backend(&self) -> Option<Backend> {
        None
    }

    /// What the store's condition should say beside its own message, such as that the batch call is denied.
    fn notice(&self) -> Option<Notice> {
        None
    }

    /// The store's own text for what a key leads to, where that is another than the key's.
    ///
    /// Patterns of keys that somebody may ask for are held against this one, and against the key where there is none. (An
    /// ARN is held as it is written against patterns of ARNs.) So
    /// whoever takes several texts for one value (a mount before it, a slash too many) must give one and the same for
    /// all of them here, and never one for two values: else a pattern that allows one text allows a value that it does
    /// not mean.
    fn canonical(&self, _key: &RemoteKey) -> Option<RemoteKey> {
        None
    }

    /// How this store's values are read for properties, as plain data.
    fn dialect(&self) -> Dialect {
        Dialect::default()
    }

    /// The power to look for values by name, path and tags.
    fn finder(&self) -> Option<&dyn SecretFinder> {
        None
    }

    /// The power to write values.
    fn writer(&self) -> Option<&dyn SecretWriter> {
        None
    }

    /// Ends the login, where it can be ended. Called once, when nothing uses the provider any more.
    async fn close(&self) {}
}

/// The power to look for values.
#[async_trait]
pub trait SecretFinder: Send + Sync {
    /// Every value that the query meets, over all pages. An answer that was cut short is an error, never a shorter list.
    ///
    /// Where nothing meets it, the list is empty; or the error is `NotFound`, where the original takes that for a value
    /// that is not there (Vault). Both say with authority that nothing is there, and a deletion policy believes them.
    async fn find(&self, query: &Query) -> Result<Vec<Found>, ProviderError>;
}

/// The power to write values.
///
/// What should be written is decided elsewhere: a writer looks, and does what it is told. Whoever asks it to write has
/// looked before, and says with [`Expected`] at what. Where a store cannot hold a write against a version, the writer
/// looks once more itself, right before it writes. It writes over nothing, and deletes nothing, that is not
/// [`Held::is_ours`]: that is a `Conflict` too.
#[async_trait]
pub trait SecretWriter: Send + Sync {
    /// What the store holds now, or `None` where it says with authority that there is nothing.
    async fn inspect(&self, question: &Inspect) -> Result<Option<Held>, ProviderError>;

    /// Writes a value, what is beside it, or both, and marks it as ours. It gives the version that the store holds then,
    /// where it has versions. Fails with `Conflict` where the store holds another version than expected, and with
    /// `Invalid` where the metadata asks for what this store cannot do, naming the field.
    ///
    /// The same put made twice, because the answer to the first was lost, makes no second version where the store can
    /// tell.
    async fn put(&self, put: &Put) -> Result<Option<Version>, ProviderError>;

    /// Deletes a value with all its versions. Fails with `Conflict` as [`put`](Self::put) does. That it is gone already
    /// is a success.
    async fn delete(&self, delete: &Delete) -> Result<(), ProviderError>;

    /// One and the same text for all keys that lead to one value, through whichever store of its [`Backend`]: of all who
    /// look at a value and write it, one at a time does. `None` where that is the
    /// [canonical](SecretProvider::canonical) key.
    fn place(&self, _key: &RemoteKey) -> Option<RemoteKey> {
        None
    }

    /// How a property is written into a whole value, as plain data.
    fn property_syntax(&self) -> PropertySyntax;

    /// How a whole Secret is written as one value, where the user wants this beside it, as plain data. What cannot be read
    /// of that is refused where it is inspected.
    fn whole_secret(&self, _metadata: Option<&serde_json::Value>) -> WholeSecret {
        WholeSecret::Texts
    }

    /// The texts of the cluster that the user names in what is wanted beside a value: all of them come with the question
    /// and with the put, read for the object that asks. What cannot be read of the metadata is refused where it is
    /// inspected.
    fn documents(&self, _metadata: Option<&serde_json::Value>) -> Vec<DocumentName> {
        Vec::new()
    }
}

/// Texts of the cluster, by where they stand.
pub type DocumentTexts = BTreeMap<DocumentName, SecretBytes>;

/// How a property is written into a whole value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertySyntax {
    /// Values are texts; where one is a JSON document, a property is a path in it, in sjson's syntax (AWS).
    Path,
    /// Values are JSON objects, and nothing else can be written; a property is one key of theirs (Vault).
    Key,
}

/// How a whole Secret is written as one value: as a JSON object, its keys sorted and no more escaped than must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WholeSecret {
    /// With its values as texts.
    Texts,
    /// With its values in base64, as in the Secret's own manifest (Parameter Store).
    Base64,
}

/// What a provider is connected with: where its credentials come from, and who counts its calls.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Hands out credentials, within the store's namespace rule.
    pub credentials: Arc<dyn CredentialSource>,
    /// Told about each call to the store.
    pub calls: Arc<dyn CallObserver>,
    /// Which store it is, for what a login says of who asks. The namespace is that of the objects that ask; empty where
    /// a `ClusterSecretStore` is connected once for all of them.
    pub store: StoreReference,
}

/// Told about each single call that a provider makes to its store, logins included, when it has ended.
pub trait CallObserver: fmt::Debug + Send + Sync + 'static {
    /// `provider` and `call` are the names that the original's metric uses, such as `HashiCorp/Vault` and `Login`.
    fn called(&self, provider: &'static str, call: &'static str, succeeded: bool);
}

/// Counts nothing.
impl CallObserver for () {
    fn called(&self, _provider: &'static str, _call: &'static str, _succeeded: bool) {}
}

/// A question for one value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Fetch {
    /// Which value.
    pub key: RemoteKey,
    /// Which version; `None` is the newest.
    pub version: Option<Version>,
    /// The value itself, or what is known about it.
    pub part: Part,
}

impl Fetch {
    /// Asks for the newest version of a value.
    pub fn new(key: impl Into<RemoteKey>) -> Self {
        Self { key: key.into(), version: None, part: Part::Value }
    }

    /// Asks for one version.
    #[must_use]
    pub fn at_version(mut self, version: impl Into<Version>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Asks for the metadata in place of the value.
    #[must_use]
    pub fn of_metadata(mut self) -> Self {
        self.part = Part::Metadata;
        self
    }
}

/// Which part of what a store keeps under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The value.
    Value,
    /// Tags, dates and the like.
    Metadata,
}

/// A whole value, as a store gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fetched {
    /// The value.
    pub value: Value,
    /// The version that was given, where the store says it.
    pub version: Option<Version>,
    /// How long the store says that the value will be good.
    pub valid_for: Option<Duration>,
}

impl Fetched {
    /// A value of which no more is known.
    pub fn new(value: Value) -> Self {
        Self { value, version: None, valid_for: None }
    }

    /// Says which version it is.
    #[must_use]
    pub fn at_version(mut self, version: impl Into<Version>) -> Self {
        self.version = Some(version.into());
        self
    }
}

/// The two shapes that stores keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Bytes, or a text that may happen to be JSON.
    Bytes(SecretBytes),
    /// A JSON object, as the UTF-8 text that the store sent: digits, order and duplicates of it are kept.
    Document(SecretBytes),
}

/// What is behind a store and shared with others: rate budget and circuit belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// The same for all stores that share the backend. It is shown in metrics and logs: no credentials in it.
    pub id: String,
    /// Single reads a second that the backend takes from all its stores together; `None` is no known limit.
    pub reads_per_second: Option<NonZeroU32>,
    /// Batch reads a second that the backend takes from all its stores together.
    pub batches_per_second: Option<NonZeroU32>,
}

/// A remark for a store's condition: a sentence without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice(pub String);

/// How the values of a store are read: where the original's providers differ, as data.
///
/// The default is how the original treats AWS Secrets Manager, which fits any store of plain texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dialect {
    /// What is tried first when a property is looked up.
    pub lookup: Lookup,
    /// How a document is written out as text.
    pub documents: Documents,
    /// What a property that is not there means.
    pub missing_property: MissingProperty,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            lookup: Lookup::DottedLiteralThenPath,
            documents: Documents::AsWritten,
            missing_property: MissingProperty::NotInSecret,
        }
    }
}

/// What is tried first when a property is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lookup {
    /// A property with a dot is tried as one literal key, then as a gjson path (AWS).
    DottedLiteralThenPath,
    /// Any property is tried as a key of the document, then as a gjson path (Vault).
    KeyThenPath,
    /// A gjson path, and nothing else (fake).
    Path,
}

/// How a document, or a part of one, is written out as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Documents {
    /// The bytes that the store sent.
    AsWritten,
    /// As Go's `json.Marshal` writes a map: keys sorted, `<`, `>` and `&` escaped, no spaces, digits kept (Vault).
    /// Numbers that `extract` spreads are written as Go prints a float64, where that loses no digit.
    GoMarshal,
    /// As JavaScript's `JSON.stringify` writes what `JSON.parse` read, where that loses no digit: no spaces, the order of
    /// the store, `null` for a part that is null (objects of `kubernetes-client.io`).
    Compact,
}

/// What a property that is not there means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MissingProperty {
    /// An error, in the words of the original's AWS provider.
    NotInSecret,
    /// An error, in the words of the original's Vault provider.
    NoSecretData,
    /// The same as a value that is not there (fake).
    NoSecret,
}

/// Which values to look for: all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Query {
    /// Where to look.
    pub path: Option<String>,
    /// What the name must be like. Whoever asks looks at the names again: a provider applies it where that saves calls.
    pub name: Option<NameFilter>,
    /// Tags that must be there with these values.
    pub tags: BTreeMap<String, String>,
}

/// What a name must be like. Two filters of one text are equal.
#[derive(Clone)]
pub struct NameFilter {
    text: String,
    accepts: Arc<dyn Fn(&str) -> bool + Send + Sync>,
}

impl NameFilter {
    /// A filter, and the text that it was made of, such as a regular expression.
    pub fn new(text: impl Into<String>, accepts: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self { text: text.into(), accepts: Arc::new(accepts) }
    }

    /// Whether it lets a name pass.
    pub fn accepts(&self, name: &str) -> bool {
        (self.accepts)(name)
    }
}

impl fmt::Debug for NameFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NameFilter").field(&self.text).finish()
    }
}

impl PartialEq for NameFilter {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for NameFilter {}

impl Hash for NameFilter {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

/// A value that a query met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub key: RemoteKey,
    /// Its value, where the call that found it gave it too.
    pub value: Option<Fetched>,
}

/// A writer's question for what a store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspect {
    /// Which value.
    pub key: RemoteKey,
    /// What the user wants beside the value, as in [`Put::metadata`].
    pub metadata: Option<serde_json::Value>,
    /// What stands where that points to, as in [`Put::documents`].
    pub documents: DocumentTexts,
}

impl Inspect {
    /// Asks for a value beside which nothing is wanted.
    pub fn new(key: impl Into<RemoteKey>) -> Self {
        Self { key: key.into(), metadata: None, documents: DocumentTexts::new() }
    }
}

/// What a store holds, seen by a writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The value; `None` where only its name is left (its newest version was deleted, or none was ever written), and
    /// where it is somebody else's, which a store need not read: the version then says that there is one.
    pub value: Option<Value>,
    /// Its version, where the store has versions.
    pub version: Option<Version>,
    /// Whether it carries the mark that this operator, or the original, wrote it.
    pub is_ours: bool,
    /// Whether what the user wants beside the value is so already.
    pub is_dressed: bool,
}

/// A value to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// Its name.
    pub key: RemoteKey,
    /// The whole value; `None` leaves the value that is there as it is, and writes what is beside it.
    pub value: Option<SecretBytes>,
    /// What the store must hold, as it was inspected.
    pub expected: Expected,
    /// What the user wants beside the value (tags, encryption key, …), in the provider's own terms.
    pub metadata: Option<serde_json::Value>,
    /// What stands where that points to: all that [`SecretWriter::documents`] asks for.
    pub documents: DocumentTexts,
}

impl Put {
    /// Writes a value, or leaves it as it is, and wants nothing beside it.
    pub fn new(key: impl Into<RemoteKey>, value: Option<SecretBytes>, expected: Expected) -> Self {
        Self { key: key.into(), value, expected, metadata: None, documents: DocumentTexts::new() }
    }
}

/// A value to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delete {
    /// Its name.
    pub key: RemoteKey,
    /// The version that was inspected, where the store has versions.
    pub version: Option<Version>,
}

/// What a store must hold for a write to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nothing.
    Nothing,
    /// Something of ours: this version, where the store has versions.
    Ours(Option<Version>),
}

#[cfg(test)]
mod tests {
    use super::SecretProvider;

    #[test]
    fn the_contract_is_dyn_compatible() {
        fn takes(_: Option<Box<dyn SecretProvider>>) {}
        takes(None);
    }
}
