//! One file: read as a whole, and replaced as a whole.

use std::{
    io::{self, ErrorKind},
    path::Path,
};

use eso_core::value::SecretBytes;
use eso_plan::plan::WriteError;
use tokio::{fs, io::AsyncWriteExt as _};

/// What a file holds; `None` where there is no file.
pub(crate) async fn read(path: &Path) -> Result<Option<SecretBytes>, WriteError> {
    match fs::read(path).await {
        Ok(bytes) => Ok(Some(SecretBytes::new(bytes))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(&error)),
    }
}

/// Puts a new file in the place of the old one. Whoever reads it meanwhile reads one of the two.
pub(crate) async fn put(path: &Path, value: &SecretBytes) -> Result<(), WriteError> {
    replace(path, value).await.map_err(|error| failed(&error))
}

/// Takes a file away.
pub(crate) async fn remove(path: &Path) -> Result<(), WriteError> {
    fs::remove_file(path).await.map_err(|error| failed(&error))
}

async fn replace(path: &Path, value: &SecretBytes) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).await?;
    }
    let new = path.with_added_extension("new");
    let mut options = fs::OpenOptions::new();
    // Only who runs this may read it.
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new).await?;
    file.write_all(value.expose()).await?;
    file.sync_all().await?;
    fs::rename(&new, path).await
}

/// Why it could not be done, in words that hold nothing of the file.
pub(crate) fn failed(error: &io::Error) -> WriteError {
    let text = format!("the file cannot be read or written: {}", error.kind());
    match error.kind() {
        ErrorKind::PermissionDenied => WriteError::Forbidden(text),
        _ => WriteError::Unavailable(text),
    }
}
