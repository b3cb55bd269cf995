//! The power to write values: each marked as ours, over nothing but what was looked at, and never over somebody else's.
//!
//! Under version 2 the mark and what else is beside a value are its custom metadata, and Vault itself holds each write
//! against the version that was looked at; OpenBao does so with what is beside the value too. Version 1 has neither: the mark is inside the value, as the original keeps it
//! there, and the writer looks once more right before it writes.

mod body;
mod wish;

use std::sync::Arc;

use async_trait::async_trait;
use eso_core::{
    api::vault::KvVersion,
    error::{ErrorKind, ProviderError, Reason},
    key::{RemoteKey, Version},
    provider::{Delete, Expected, Held, Inspect, PropertySyntax, Put, SecretWriter, Value},
    value::SecretBytes,
};
use rustify::{
    Endpoint,
    enums::{RequestMethod, RequestType, ResponseType},
    errors::ClientError,
};
use rustify_derive::Endpoint;
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use self::wish::{Custom, Wish, is_marked};
use crate::{
    error::{Call, is_of_uncounted, of_refusal},
    http::Reply,
    kv::{Engine, Location},
    store::{Question, Store, in_time},
    token::Token,
};

/// Where a value is, and where else its mark may be.
#[derive(Debug)]
struct Target {
    place: Location,
    /// Where the original's releases up to 2.9 keep what is beside the value of a key that begins with the mount.
    former: Option<Location>,
}

/// What is known of a value before it is written or deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Known {
    is_ours: bool,
    /// Its newest version, deleted or not; 0 where there is none, and under version 1.
    version: u64,
    /// The version of what is beside it, where the server counts these.
    metadata_version: Option<u64>,
    custom: Custom,
}

/// Why a value is left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Left {
    /// The words are the original's.
    #[error("secret not managed by external-secrets")]
    Foreign,
    #[error("it changed since it was looked at")]
    Changed,
}

#[async_trait]
impl SecretWriter for Store {
    async fn inspect(&self, question: &Inspect) -> Result<Option<Held>, ProviderError> {
        let looked = in_time(Call::ReadSecretData, self.look(question)).await;
        looked.map_err(|error| error.with_key(question.key.clone()))
    }

    async fn put(&self, put: &Put) -> Result<Option<Version>, ProviderError> {
        let written = in_time(Call::WriteSecretData, self.write(put)).await;
        written.map_err(|error| error.with_key(put.key.clone()))
    }

    async fn delete(&self, delete: &Delete) -> Result<(), ProviderError> {
        let deleted = in_time(Call::DeleteSecret, self.remove(delete)).await;
        deleted.map_err(|error| error.with_key(delete.key.clone()))
    }

    fn place(&self, key: &RemoteKey) -> Option<RemoteKey> {
        self.engine.locate(key).ok().map(|location| Engine::place(&location))
    }

    fn property_syntax(&self) -> PropertySyntax {
        PropertySyntax::Key
    }
}

impl Store {
    async fn look(&self, question: &Inspect) -> Result<Option<Held>, ProviderError> {
        let target = self.target(Call::ReadSecretData, &question.key)?;
        let wish = Wish::new(question.metadata.as_ref())?.of_version(target.place.version)?;
        match target.place.version {
            KvVersion::V1 => {
                let found = self.marked(&target.place).await?;
                Ok(found.map(|(known, value)| held(known, Some(Value::Document(value)), None, &wish)))
            }
            KvVersion::V2 => {
                let Some(known) = self.beside(&target).await? else { return Ok(None) };
                let fetched = found(self.read(&target.place, None).await)?;
                // The version of the value that is compared, where somebody wrote another in between.
                let version = fetched.as_ref().and_then(|fetched| fetched.version.clone());
                let version = version.unwrap_or_else(|| Version::new(known.version.to_string()));
                Ok(Some(held(known, fetched.map(|fetched| fetched.value), Some(version), &wish)))
            }
        }
    }

    async fn write(&self, put: &Put) -> Result<Option<Version>, ProviderError> {
        let target = self.target(Call::WriteSecretData, &put.key)?;
        let wish = Wish::new(put.metadata.as_ref())?.of_version(target.place.version)?;
        match target.place.version {
            KvVersion::V1 => self.write_marked(&target.place, put).await.map(|()| None),
            KvVersion::V2 => self.write_versioned(&target, put, &wish).await.map(Some),
        }
    }

    async fn write_marked(&self, place: &Location, put: &Put) -> Result<(), ProviderError> {
        let Some(value) = &put.value else { return Ok(()) };
        let body = body::marked(value).map_err(|error| Call::WriteSecretData.invalid(error))?;
        let known = self.marked(place).await?.map(|(known, _)| known);
        agreed(&put.expected, known).map_err(|left| conflict(Call::WriteSecretData, left))?;
        self.make(Change::Value(body), place).await.map(drop)
    }

    /// What is beside a value is written first, as in the original: a value that is there without its mark would be
    /// taken for somebody else's.
    async fn write_versioned(
        &self,
        target: &Target,
        put: &Put,
        wish: &Wish,
    ) -> Result<Version, ProviderError> {
        let known = self.beside(target).await?;
        let known = agreed(&put.expected, known).map_err(|left| conflict(Call::WriteSecretData, left))?;
        let body = put.value.as_ref().map(|value| body::versioned(value, known.version));
        let body = body.transpose().map_err(|error| Call::WriteSecretData.invalid(error))?;
        let custom = wish.beside(&known.custom);
        if custom != known.custom {
            self.write_beside(&target.place, &custom, known.metadata_version).await?;
        }
        let Some(body) = body else { return Ok(Version::new(known.version.to_string())) };
        let made = self.make(Change::Value(body), &target.place).await;
        let is_late = made.as_ref().is_err_and(|error| error.kind() == ErrorKind::Conflict);
        if is_late && put.expected == Expected::Nothing {
            self.give_back(target, put, &custom).await?;
        }
        let written: Option<Written> = made?.parse();
        let version = written.map(|written| Version::new(written.data.version.to_string()));
        version.ok_or_else(|| not_understood(Call::WriteSecretData))
    }

    /// Takes what we left beside a value off again, where somebody else made the value meanwhile: with our mark on it, it
    /// would be written over. One that is what we would have made is taken for that of another operator, which marked it
    /// as well. One that cannot be read is not taken for it.
    async fn give_back(&self, target: &Target, put: &Put, left: &Custom) -> Result<(), ProviderError> {
        let made = self.read(&target.place, None).await.ok();
        let is_meant = made.zip(put.value.as_ref()).is_some_and(|(made, value)| {
            let (Value::Document(made) | Value::Bytes(made)) = &made.value;
            body::are_alike(made, value)
        });
        let Some(mut known) = self.beside(target).await?.filter(|_| !is_meant) else { return Ok(()) };
        known.custom.retain(|name, text| left.get(name) != Some(text));
        self.write_beside(&target.place, &known.custom, known.metadata_version).await
    }

    /// Writes what is beside a value over the version of it that was looked at. Where there was none, it is not known
    /// whether the server counts them: it says so where it must be told.
    async fn write_beside(
        &self,
        place: &Location,
        custom: &Custom,
        version: Option<u64>,
    ) -> Result<(), ProviderError> {
        let over = async |version| self.answer(&Change::beside(custom, version), place).await;
        let reply = over(version).await?;
        let is_first = version.is_none() && is_of_uncounted(&reply);
        let reply = if is_first { over(Some(0)).await? } else { reply };
        succeeded(Call::WriteMetadata, reply).map(drop)
    }

    async fn remove(&self, delete: &Delete) -> Result<(), ProviderError> {
        let target = self.target(Call::DeleteSecret, &delete.key)?;
        let known = match target.place.version {
            KvVersion::V1 => self.marked(&target.place).await?.map(|(known, _)| known),
            KvVersion::V2 => self.beside(&target).await?,
        };
        let Some(known) = known else { return Ok(()) };
        let expected = Expected::Ours(delete.version.clone());
        agreed(&expected, Some(known)).map_err(|left| conflict(Call::DeleteSecret, left))?;
        self.make(Change::Deletion, &target.place).await.map(drop)
    }

    fn target(&self, call: Call, key: &RemoteKey) -> Result<Target, ProviderError> {
        let place = self.engine.locate(key).map_err(|error| call.invalid(error))?;
        Ok(Target { place, former: self.engine.former(key) })
    }

    /// What is beside a value of version 2, with the value's newest version.
    async fn beside(&self, target: &Target) -> Result<Option<Known>, ProviderError> {
        let Some(metadata) = found(self.metadata(&target.place).await)? else { return Ok(None) };
        let known = metadata.versions_and_custom();
        let (versions, custom) = known.ok_or_else(|| not_understood(Call::ReadMetadata))?;
        let is_ours = is_marked(&custom) || self.was_marked(target.former.as_ref()).await?;
        let (version, metadata_version) = (versions.value, versions.metadata);
        Ok(Some(Known { is_ours, version, metadata_version, custom }))
    }

    /// The original left a mark alone there. Where there is a value too, the mark is that value's, and says nothing of this
    /// one: who may write there could claim this one with it.
    async fn was_marked(&self, former: Option<&Location>) -> Result<bool, ProviderError> {
        let Some(former) = former else { return Ok(false) };
        match self.metadata(former).await {
            Ok(metadata) => {
                let mark = metadata.versions_and_custom().filter(|(versions, _)| versions.value == 0);
                Ok(mark.is_some_and(|(_, custom)| is_marked(&custom)))
            }
            // A policy for the value's own path says nothing about this one.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Denied) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A value of version 1, with its mark taken out of it.
    async fn marked(&self, place: &Location) -> Result<Option<(Known, SecretBytes)>, ProviderError> {
        let Some(fetched) = found(self.read(place, None).await)? else { return Ok(None) };
        let (Value::Document(document) | Value::Bytes(document)) = fetched.value;
        let unmarked = body::unmarked(&document);
        let custom = unmarked.as_ref().map(|_| Wish::default().beside(&Custom::new()));
        let known = Known {
            is_ours: unmarked.is_some(),
            version: 0,
            metadata_version: None,
            custom: custom.unwrap_or_default(),
        };
        Ok(Some((known, unmarked.unwrap_or(document))))
    }

    /// Makes a change, which must succeed.
    async fn make(&self, change: Change, place: &Location) -> Result<Reply, ProviderError> {
        let reply = self.answer(&change, place).await?;
        succeeded(change.call(), reply)
    }

    /// What the server says to a change.
    async fn answer(&self, change: &Change, place: &Location) -> Result<Reply, ProviderError> {
        let (reply, _) = self.asked(|token| self.ask_to_make(change, place, token)).await?;
        Ok(reply)
    }

    async fn ask_to_make(
        &self,
        change: &Change,
        place: &Location,
        token: Arc<Token>,
    ) -> Result<Reply, ProviderError> {
        let question = Question { call: change.call(), place, token: &token };
        let path = change.path(place);
        match change {
            Change::Value(body) | Change::Beside(body) => {
                self.call_about(question, WriteRequest { path, body }).await
            }
            Change::Deletion => self.call_about(question, DeleteRequest { path }).await,
        }
    }
}

/// A change of what the store keeps, with the body of its request.
enum Change {
    /// Another value.
    Value(Zeroizing<Vec<u8>>),
    /// What is beside a value of version 2.
    Beside(Zeroizing<Vec<u8>>),
    /// Nothing any more.
    Deletion,
}

impl Change {
    /// Custom metadata, over a version of what is beside the value, or whatever version there is.
    fn beside(custom: &Custom, version: Option<u64>) -> Self {
        let mut body = json!({"custom_metadata": custom});
        if let Some(version) = version {
            body["metadata_cas"] = json!(version);
        }
        Self::Beside(Zeroizing::new(body.to_string().into_bytes()))
    }

    fn call(&self) -> Call {
        match self {
            Self::Value(_) => Call::WriteSecretData,
            Self::Beside(_) => Call::WriteMetadata,
            Self::Deletion => Call::DeleteSecret,
        }
    }

    /// Under version 2 whoever deletes what is beside a value deletes all its versions.
    fn path(&self, place: &Location) -> String {
        match (self, place.version) {
            (Self::Value(_), _) | (Self::Beside(_) | Self::Deletion, KvVersion::V1) => place.to_string(),
            (Self::Beside(_) | Self::Deletion, KvVersion::V2) => place.beside(),
        }
    }
}

/// Whether a value may be written over or deleted, and what it is where it may.
fn agreed(expected: &Expected, known: Option<Known>) -> Result<Known, Left> {
    match (expected, known) {
        (Expected::Nothing, None) => Ok(Known::default()),
        (Expected::Nothing, Some(_)) | (Expected::Ours(_), None) => Err(Left::Changed),
        (Expected::Ours(_), Some(known)) if !known.is_ours => Err(Left::Foreign),
        (Expected::Ours(Some(version)), Some(known)) if version.as_str() != known.version.to_string() => {
            Err(Left::Changed)
        }
        (Expected::Ours(_), Some(known)) => Ok(known),
    }
}

fn held(known: Known, value: Option<Value>, version: Option<Version>, wish: &Wish) -> Held {
    let is_dressed = wish.beside(&known.custom) == known.custom;
    Held { value, version, is_ours: known.is_ours, is_dressed }
}

/// What was found, or that the store says with authority that nothing is there.
fn found<T>(outcome: Result<T, ProviderError>) -> Result<Option<T>, ProviderError> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn succeeded(call: Call, reply: Reply) -> Result<Reply, ProviderError> {
    if reply.is_success() { Ok(reply) } else { Err(of_refusal(call, &reply)) }
}

fn conflict(call: Call, left: Left) -> ProviderError {
    call.error(ErrorKind::Conflict, Reason::new(left.to_string()))
}

fn not_understood(call: Call) -> ProviderError {
    let words =
        "an answer that is not understood: is the mount a KV mount of the version that the store says?";
    call.error(ErrorKind::Unexpected, Reason::new(words))
}

/// A write of whatever the body says, which is copied once, for the request that is sent.
struct WriteRequest<'a> {
    path: String,
    body: &'a [u8],
}

/// Not derived, which would keep a copy of its own and make another.
impl Endpoint for WriteRequest<'_> {
    type Response = ();

    const REQUEST_BODY_TYPE: RequestType = RequestType::JSON;

    const RESPONSE_BODY_TYPE: ResponseType = ResponseType::JSON;

    fn path(&self) -> String {
        self.path.clone()
    }

    fn method(&self) -> RequestMethod {
        RequestMethod::POST
    }

    fn body(&self) -> Result<Option<Vec<u8>>, ClientError> {
        Ok(Some(self.body.to_vec()))
    }
}

/// A deletion of whatever is there.
#[derive(Endpoint)]
#[endpoint(path = "{self.path}", method = "DELETE")]
struct DeleteRequest {
    #[endpoint(skip)]
    path: String,
}

#[derive(Deserialize)]
struct Written {
    data: WrittenVersion,
}

#[derive(Deserialize)]
struct WrittenVersion {
    version: u64,
}

#[cfg(test)]
mod tests;
