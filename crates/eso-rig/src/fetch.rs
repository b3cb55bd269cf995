//! Getting servers from the package registries, at pinned versions with checksums, into the cache.
//!
//! Everything that pins a server lies in `servers/`; a cache entry's key is a hash of it, so that an
//! edit there makes a new entry and leaves the old one to older checkouts.

mod go;
mod python;

use std::path::PathBuf;

use anyhow::Result;
use sha2::{Digest, Sha256};

use self::{
    go::{GoProgram, Toolchain},
    python::Package,
};
use crate::{cache::Cache, environment::Environment, programs::Program, progress::Step, said::Said};

/// One thing that can be fetched or built, and has an entry in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// Built from Go modules.
    Go(GoProgram),
    /// Installed from PyPI.
    Python(Package),
}

impl Source {
    /// Where the program comes from.
    pub(crate) fn of(program: Program) -> Self {
        match program {
            Program::Etcd => Self::Go(GoProgram::Etcd),
            Program::KubeApiserver => Self::Go(GoProgram::KubeApiserver),
            Program::KubeControllerManager => Self::Go(GoProgram::KubeControllerManager),
            Program::Kubectl => Self::Go(GoProgram::Kubectl),
            Program::KubeScheduler => Self::Go(GoProgram::KubeScheduler),
            Program::Kubelet => Self::Go(GoProgram::Kubelet),
            Program::Helm => Self::Go(GoProgram::Helm),
            Program::OpenBao => Self::Python(Package::OpenBao),
            Program::Moto => Self::Python(Package::Moto),
        }
    }

    /// The entry in the cache, when it is there.
    pub(crate) fn cached(&self, environment: &Environment) -> Option<PathBuf> {
        let key = match self {
            Self::Go(program) => program.key(),
            Self::Python(package) => package.key(environment).ok()?,
        };
        Cache::new(environment.cache.clone()).entry(&key)
    }

    /// Fetches or builds it into the cache, unless it is there already.
    pub(crate) fn get(&self, environment: &Environment, said: &Said) -> Result<PathBuf> {
        match self {
            Self::Go(program) => program.build(environment, said),
            Self::Python(package) => package.install(environment, said),
        }
    }

    /// What somebody who waits is told.
    pub(crate) fn step(&self) -> Step {
        match self {
            Self::Go(program) => program.step(),
            Self::Python(package) => package.step(),
        }
    }
}

/// What has to be got for `missing`, in order: a Go toolchain first, when one is needed and missing.
///
/// # Errors
/// When a prerequisite is missing; names the command that installs it.
pub(crate) fn plan(environment: &Environment, missing: &[Program]) -> Result<Vec<Source>> {
    let mut sources: Vec<Source> = missing.iter().map(|program| Source::of(*program)).collect();
    let builds = sources.iter().any(|source| matches!(source, Source::Go(_)));
    if builds && Toolchain::find(environment).is_none() {
        sources.insert(0, Source::Python(Package::GoToolchain));
    }
    if sources.iter().any(|source| matches!(source, Source::Python(_))) {
        python::find(environment)?;
    }
    Ok(sources)
}

/// Removes what only the building needed: five gigabytes of compiled Go packages.
pub(crate) fn clean(environment: &Environment) -> Result<()> {
    go::remove_compiled(&Cache::new(environment.cache.clone()))
}

/// A cache key: readable, and another one as soon as anything that pins the entry is edited.
fn key(name: &str, version: &str, pins: &[&str]) -> String {
    let digest = pins.iter().fold(Sha256::new(), |digest, pin| digest.chain_update(pin).chain_update([0]));
    let hash: String = digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("{name}-{version}-{hash}")
}

#[cfg(test)]
mod tests;
