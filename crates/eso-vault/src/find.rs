//! The power to look for values: all folders below a path, level by level, and what is known about a value beside its data.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use eso_core::{
    api::vault::KvVersion,
    error::{ErrorKind, ProviderError, Reason},
    provider::{Found, Query, SecretFinder},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use tokio::time::timeout;
use vaultrs::api::{
    kv1::requests::ListSecretRequest,
    kv2::requests::{ListSecretsRequest, ReadSecretMetadataRequest},
};

use crate::{
    error::{Call, of_failure, of_refusal, of_too_large},
    http::{Failure, Reply},
    kv::{Folder, Location, can_be_said},
    store::{QUESTION_TIMEOUT, Question, Store},
    token::Token,
};

/// How many calls of one search are under way at once.
const AT_ONCE: usize = 8;

/// How many folders and values one search may meet: a Secret holds a few thousand entries at the most.
const MOST: usize = 50_000;

/// What is known about a value beside its data.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Metadata {
    created_time: Option<String>,
    current_version: Option<u64>,
    delete_version_after: Option<String>,
    #[serde(default)]
    custom_metadata: Option<BTreeMap<String, String>>,
    current_metadata_version: Option<u64>,
}

/// What a writer must know of a value before it writes.
pub(crate) struct Versions {
    /// The newest version of the value, deleted or not.
    pub value: u64,
    /// How often what is beside the value was written: OpenBao's own; Vault does not count it.
    pub metadata: Option<u64>,
}

#[derive(Deserialize)]
struct Answer<Data> {
    data: Data,
}

#[derive(Deserialize)]
struct Names {
    keys: Vec<String>,
}

impl Metadata {
    /// All of it by name, as the original gives it; what the user wrote wins.
    pub(crate) fn texts(&self) -> BTreeMap<&str, String> {
        // The version of the metadata is left out: Vault and the original know none.
        let Self {
            created_time,
            current_version,
            delete_version_after,
            custom_metadata,
            current_metadata_version: _,
        } = self;
        let version = current_version.map(|version| version.to_string());
        let own = [
            ("created_time", created_time.clone()),
            ("current_version", version),
            ("delete_version_after", delete_version_after.clone()),
        ];
        let own = own.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let custom = custom_metadata.iter().flatten().map(|(name, value)| (name.as_str(), value.clone()));
        own.chain(custom).collect()
    }

    /// The versions, and what users wrote; `None` where no KV mount of version 2 has answered, which always tells the
    /// value's version.
    pub(crate) fn versions_and_custom(self) -> Option<(Versions, BTreeMap<String, String>)> {
        let versions = Versions { value: self.current_version?, metadata: self.current_metadata_version };
        Some((versions, self.custom_metadata.unwrap_or_default()))
    }

    /// Tags are all that the original knows of a value, so that `current_version: "3"` is one too.
    fn has(&self, tags: &BTreeMap<String, String>) -> bool {
        let texts = self.texts();
        tags.iter().all(|(name, value)| texts.get(name.as_str()) == Some(value))
    }
}

#[async_trait]
impl SecretFinder for Store {
    async fn find(&self, query: &Query) -> Result<Vec<Found>, ProviderError> {
        let met = AtomicUsize::new(0);
        within(QUESTION_TIMEOUT, &met, self.search(query, &met)).await
    }
}

/// A search that has met anything when its time is over is no outage of the server, but too large.
async fn within<T>(
    limit: Duration,
    met: &AtomicUsize,
    search: impl Future<Output = Result<T, ProviderError>>,
) -> Result<T, ProviderError> {
    match timeout(limit, search).await {
        Ok(outcome) => outcome,
        Err(_) if met.load(Ordering::Relaxed) == 0 => Err(of_failure(Call::ListSecrets, Failure::TimedOut)),
        Err(_) => {
            let why = format!("more lies there than is looked through in {} s", limit.as_secs());
            Err(of_too_large(&why))
        }
    }
}

impl Store {
    /// Counts in `met` which folders and values it meets.
    async fn search(&self, query: &Query, met: &AtomicUsize) -> Result<Vec<Found>, ProviderError> {
        let Query { path, name, tags } = query;
        let folder = self.engine.folder(path.as_deref()).map_err(|error| Call::ListSecrets.invalid(error))?;
        if folder.version == KvVersion::V1 && !tags.is_empty() {
            let words = "cannot perform find by tag operations with kv version v1";
            return Err(Call::ListSecrets.error(ErrorKind::Invalid, Reason::new(words)));
        }
        let paths = self.all_below(&folder, met).await?;
        let is_meant = |path: &String| name.as_ref().is_none_or(|name| name.accepts(&folder.key(path)));
        let paths: Vec<String> = paths.into_iter().filter(is_meant).collect();
        let paths = if tags.is_empty() { paths } else { self.tagged(&folder, paths, tags).await? };
        if paths.is_empty() {
            // As the original says it of a search here, and only here: nothing there is no such secret.
            return Err(Call::ListSecrets.error(ErrorKind::NotFound, Reason::new("nothing meets the search")));
        }
        Ok(paths.iter().map(|path| Found { key: folder.key(path).into(), value: None }).collect())
    }

    /// The paths below the mount of all values in a folder and in those below it. What no key can say is left out: whoever
    /// may write one name would else end everybody's searches.
    async fn all_below(&self, folder: &Folder, met: &AtomicUsize) -> Result<Vec<String>, ProviderError> {
        let (mut values, mut level) = (Vec::new(), vec![folder.path.clone()]);
        while !level.is_empty() {
            let lists = stream::iter(level).map(|path: String| async move {
                let names = self.list(folder, &path).await?;
                Ok::<_, ProviderError>(
                    names
                        .into_iter()
                        .filter(|name| can_be_said(name))
                        .map(move |name| format!("{path}{name}"))
                        .collect::<Vec<_>>(),
                )
            });
            let listed: Vec<Vec<String>> = lists.buffer_unordered(AT_ONCE).try_collect().await?;
            let listed: Vec<String> = listed.into_iter().flatten().collect();
            if met.fetch_add(listed.len(), Ordering::Relaxed) + listed.len() > MOST {
                return Err(of_too_large("more than 50,000 values and folders lie there"));
            }
            let (folders, found): (Vec<_>, Vec<_>) = listed.into_iter().partition(|path| path.ends_with('/'));
            values.extend(found);
            level = folders;
        }
        values.sort();
        Ok(values)
    }

    /// The names in one folder, folders with a slash behind them; none where there is no such folder.
    async fn list(&self, folder: &Folder, path: &str) -> Result<Vec<String>, ProviderError> {
        // Only what leads to KV is listed, as only that is read.
        let place = folder.location(&format!("{path}-")).map_err(|error| Call::ListSecrets.invalid(error))?;
        let (reply, token) = self.asked(|token| self.ask_for_names(&place, path, token)).await?;
        let outcome = match reply.is_success() {
            true => Ok(reply
                .parse::<Answer<Names>>()
                .ok_or_else(|| Call::ListSecrets.not_understood())?
                .data
                .keys),
            false => Err(of_refusal(Call::ListSecrets, &reply)),
        };
        match self.believe(&place, &token, outcome).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            outcome => outcome,
        }
    }

    async fn ask_for_names(
        &self,
        place: &Location,
        path: &str,
        token: Arc<Token>,
    ) -> Result<Reply, ProviderError> {
        let question = Question { call: Call::ListSecrets, place, token: &token };
        let (mount, path) = (place.mount.as_str().to_owned(), path.to_owned());
        match place.version {
            KvVersion::V1 => self.call_about(question, ListSecretRequest { mount, path }).await,
            KvVersion::V2 => self.call_about(question, ListSecretsRequest { mount, path }).await,
        }
    }

    /// Those of the paths whose values carry these tags.
    async fn tagged(
        &self,
        folder: &Folder,
        paths: Vec<String>,
        tags: &BTreeMap<String, String>,
    ) -> Result<Vec<String>, ProviderError> {
        let looked = stream::iter(paths).map(|path: String| async move {
            let place = folder.location(&path).map_err(|error| Call::ReadMetadata.invalid(error))?;
            match self.metadata(&place).await {
                Ok(metadata) => Ok(metadata.has(tags).then_some(path)),
                // It is gone since it was listed.
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        });
        let looked: Vec<Option<String>> = looked.buffered(AT_ONCE).try_collect().await?;
        Ok(looked.into_iter().flatten().collect())
    }

    /// What is known about a value.
    pub(crate) async fn metadata(&self, place: &Location) -> Result<Metadata, ProviderError> {
        if place.version == KvVersion::V1 {
            let words = "cannot perform metadata fetch operations with kv version v1";
            return Err(Call::ReadMetadata.error(ErrorKind::Invalid, Reason::new(words)));
        }
        let (reply, token) = self.asked(|token| self.ask_for_metadata(place, token)).await?;
        let outcome = match reply.is_success() {
            true => {
                Ok(reply.parse::<Answer<Metadata>>().ok_or_else(|| Call::ReadMetadata.not_understood())?.data)
            }
            false => Err(of_refusal(Call::ReadMetadata, &reply)),
        };
        self.believe(place, &token, outcome).await
    }

    async fn ask_for_metadata(&self, place: &Location, token: Arc<Token>) -> Result<Reply, ProviderError> {
        let question = Question { call: Call::ReadMetadata, place, token: &token };
        let (mount, path) = (place.mount.as_str().to_owned(), place.path.as_str().to_owned());
        self.call_about(question, ReadSecretMetadataRequest { mount, path }).await
    }
}

#[cfg(test)]
mod tests;
