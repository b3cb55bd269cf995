//! What the process's environment says about where servers are, as values.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// Where to look for servers.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    /// `KUBEBUILDER_ASSETS`: a folder with kube-apiserver, etcd and kubectl.
    pub(crate) assets: Option<PathBuf>,
    /// `PATH`.
    pub(crate) path: OsString,
    /// The cache's folder.
    pub(crate) cache: PathBuf,
}

impl Environment {
    /// What this process was given.
    ///
    /// # Errors
    /// When there is no place for a cache: neither `ESO_RIG_CACHE` nor `XDG_CACHE_HOME` nor `HOME`.
    pub(crate) fn of_this_process() -> Result<Self> {
        let cache = cache_folder(|name| env::var_os(name).filter(|value| !value.is_empty()))
            .context("no place for the cache of servers: set ESO_RIG_CACHE")?;
        Ok(Self {
            assets: env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from),
            path: env::var_os("PATH").unwrap_or_default(),
            cache,
        })
    }

    /// Every file of that name in a folder of `PATH`, in its order.
    pub(crate) fn on_path<'a>(&'a self, name: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
        env::split_paths(&self.path).map(move |folder| folder.join(name)).filter(|file| file.is_file())
    }

    /// The file of that name among the assets.
    pub(crate) fn in_assets(&self, name: &str) -> Option<PathBuf> {
        self.assets.as_deref().map(|folder: &Path| folder.join(name)).filter(|file| file.is_file())
    }
}

fn cache_folder(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let folder = |name: &str| variable(name).map(PathBuf::from);
    let platforms = || match cfg!(target_os = "macos") {
        true => folder("HOME").map(|home| home.join("Library/Caches")),
        false => folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache"))),
    };
    folder("ESO_RIG_CACHE").or_else(|| platforms().map(|caches| caches.join("eso-rig")))
}

#[cfg(test)]
mod tests;
