//! One file: read as a whole, and replaced as a whole.

use std::{
    io::{self, ErrorKind},
    path::Path,
};

use eso_core::value::SecretBytes;
use eso_plan::plan::WriteError;
use tokio::{fs, io::AsyncWriteExt as _};

/// What a file holds; `None` where there is no file.
pub(crate) async fn read(path: &Path) -> io::Result<Option<SecretBytes>> {
    match fs::read(path).await {
        Ok(bytes) => Ok(Some(SecretBytes::new(bytes))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts a new file in the place of the old one: whoever reads it meanwhile reads one of them, and nobody else may read it.
pub(crate) async fn put(path: &Path, value: &SecretBytes) -> io::Result<()> {
    let new = path.with_added_extension("new");
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).await?;
    }
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new).await?;
    file.write_all(value.expose()).await?;
    file.sync_all().await?;
    fs::rename(&new, path).await
}

/// Takes a file away.
pub(crate) async fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path).await
}

/// Why it could not be done, in words that hold nothing of the file.
pub(crate) fn failed(error: &io::Error) -> WriteError {
    let text = format!("the file cannot be read or written: {}", error.kind());
    match error.kind() {
        ErrorKind::PermissionDenied => WriteError::Forbidden(text),
        _ => WriteError::Unavailable(text),
    }
}
