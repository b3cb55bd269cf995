//! The provider `directory`: each value is a file below a folder, such as a volume that somebody else fills.

mod error;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use eso_core::{
    error::{ErrorKind, ProviderError},
    provider::{
        CallObserver, Connection, Fetch, Fetched, Found, Part, Query, SecretFinder, SecretProvider, Value,
    },
    value::SecretBytes,
};
use serde::Deserialize;
use tokio::{fs, io::AsyncReadExt as _, time::timeout};

/// What a store says in `spec.provider.directory`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Directory {
    /// The folder with the values, below the one that the operator was given.
    pub path: String,
}

/// The provider of a store. No store reads outside of `root`, which is the operator's.
pub async fn connect(
    root: PathBuf,
    spec: Directory,
    connection: Connection,
) -> Result<Arc<dyn SecretProvider>, ProviderError> {
    match is_plain(&spec.path) {
        true => Ok(Arc::new(Provider { folder: root.join(spec.path), calls: connection.calls })),
        false => Err(error::invalid("storeConfig", "path must be names with / between, none of them hidden")),
    }
}

/// Whether it leads down from a folder, by the one text that leads there: without `..`, `.`, `//` and hidden files.
fn is_plain(path: &str) -> bool {
    path.split('/').all(|name| !name.is_empty() && !name.starts_with('.'))
}

/// The provider of one store.
#[derive(Debug)]
struct Provider {
    folder: PathBuf,
    calls: Arc<dyn CallObserver>,
}

/// How metrics name it.
const NAME: &str = "Directory";

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)
    }
}

#[async_trait]
impl SecretProvider for Provider {
    async fn fetch(&self, request: &Fetch) -> Result<Fetched, ProviderError> {
        let value = self.read(request).await;
        value.map(Fetched::new).map_err(|error| error.with_key(request.key.clone()))
    }

    async fn check(&self) -> Result<(), ProviderError> {
        let filled = self.call("ReadDir", is_filled(&self.folder)).await;
        match filled.map_err(|error| error::of_folder(&error))? {
            true => Ok(()),
            false => Err(error::of_folder(&io::ErrorKind::NotFound.into())),
        }
    }

    fn finder(&self) -> Option<&dyn SecretFinder> {
        Some(self)
    }
}

/// How long a call may take: the file system of a network can hang.
const LONGEST_CALL: Duration = Duration::from_secs(10);

impl Provider {
    async fn read(&self, request: &Fetch) -> Result<Value, ProviderError> {
        if request.version.is_some() || request.part == Part::Metadata {
            return Err(error::invalid("ReadFile", "a directory keeps no versions and no metadata"));
        }
        if !is_plain(request.key.as_str()) {
            return Err(error::invalid(
                "ReadFile",
                "a key must be names with / between, none of them hidden",
            ));
        }
        let read = self.call("ReadFile", contents(&self.folder.join(request.key.as_str()))).await;
        match read.map_err(|error| error::of_file(&error)) {
            Ok(bytes) => Ok(Value::Bytes(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // Of a volume that is not mounted, no file is there, and none is gone.
                self.check().await?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Does one call, in time, and tells whoever counts.
    async fn call<T>(&self, name: &'static str, call: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        let answer =
            timeout(LONGEST_CALL, call).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        self.calls.called(NAME, name, answer.is_ok());
        answer
    }
}

/// Whether something is in a folder.
async fn is_filled(folder: &Path) -> io::Result<bool> {
    Ok(fs::read_dir(folder).await?.next_entry().await?.is_some())
}

/// The most bytes of a value: a Secret holds no more.
const LARGEST_VALUE: usize = 1024 * 1024;

async fn contents(path: &Path) -> io::Result<SecretBytes> {
    // To open a pipe is to wait for somebody who writes into it.
    if !fs::metadata(path).await?.is_file() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).await?;
    file.take(LARGEST_VALUE as u64 + 1).read_to_end(&mut bytes).await?;
    match bytes.len() > LARGEST_VALUE {
        true => Err(io::ErrorKind::FileTooLarge.into()),
        false => Ok(SecretBytes::new(bytes)),
    }
}

#[async_trait]
impl SecretFinder for Provider {
    async fn find(&self, query: &Query) -> Result<Vec<Found>, ProviderError> {
        let Query { path, name, tags } = query;
        if !tags.is_empty() {
            return Err(error::invalid("ReadDir", "a directory keeps no tags: look for names"));
        }
        self.check().await?;
        let names = self.call("ReadDir", names(&self.folder)).await;
        let mut names = names.map_err(|error| error::of_folder(&error))?;
        names.retain(|key| path.as_deref().is_none_or(|path| key.starts_with(path)));
        names.retain(|key| name.as_ref().is_none_or(|name| name.accepts(key)));
        Ok(names.into_iter().map(|key| Found { key: key.into(), value: None }).collect())
    }
}

/// The names of all files below a folder. Hidden ones are left out, and those that no key can name.
async fn names(folder: &Path) -> io::Result<Vec<String>> {
    let (mut names, mut folders) = (Vec::new(), vec![String::new()]);
    while let Some(below) = folders.pop() {
        let mut entries = fs::read_dir(folder.join(&below)).await?;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name().into_string().ok().filter(|name| is_plain(name));
            let Some(key) = name.map(|name| format!("{below}{name}")) else { continue };
            if entry.file_type().await?.is_dir() {
                folders.push(format!("{key}/"));
            } else if fs::metadata(entry.path()).await?.is_file() {
                names.push(key);
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests;
