//! Where fetched and built servers are kept between runs, outside `target/`.

use std::{
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// A folder of entries, each a folder named by its key. An entry is whole or not there.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The cache in `root`, which need not exist yet.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The entry's folder, when there is one.
    pub(crate) fn entry(&self, key: &str) -> Option<PathBuf> {
        Some(self.root.join(key)).filter(|folder| folder.is_dir())
    }

    /// The entry's folder; when it is missing, `make` fills an empty one first.
    ///
    /// Of two processes, one makes it and the other waits. When `make` fails, nothing is left behind.
    pub(crate) fn get_or_make(&self, key: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        let _lock = self.lock(key)?;
        if let Some(folder) = self.entry(key) {
            return Ok(folder);
        }
        let unfinished = self.scratch(&format!("unfinished-{key}"));
        // A process that was killed here left its half, and cannot be at it any more: the lock is ours.
        remove(&unfinished)?;
        fs::create_dir(&unfinished)
            .with_context(|| format!("cannot write to the cache {}", self.root.display()))?;
        if let Err(error) = make(&unfinished) {
            remove(&unfinished)?;
            return Err(error);
        }
        let folder = self.root.join(key);
        fs::rename(&unfinished, &folder)
            .with_context(|| format!("cannot finish the cache entry {}", folder.display()))?;
        Ok(folder)
    }

    /// Waits until no other process holds the lock of this name; it is held until it is dropped.
    pub(crate) fn lock(&self, name: &str) -> Result<File> {
        let path = self.root.join(format!(".{name}.lock"));
        let failed = || format!("cannot lock {}", path.display());
        fs::create_dir_all(&self.root).with_context(failed)?;
        let file = File::options().create(true).append(true).open(&path).with_context(failed)?;
        file.lock().with_context(failed)?;
        Ok(file)
    }

    /// A folder of the cache that is no entry and may be removed at any time.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        self.root.join(format!(".{name}"))
    }
}

/// Removes a folder of the cache, if it is there.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
