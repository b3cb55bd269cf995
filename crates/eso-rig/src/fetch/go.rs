//! Servers built from Go modules, whose whole closure is pinned in `servers/go.mod` and `go.sum`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::{Source, key, python::Package};
use crate::{
    cache::{Cache, remove},
    environment::Environment,
    programs::version_in,
    progress::Step,
    said::Said,
};

const GO_MOD: &str = include_str!("../../servers/go.mod");
const GO_SUM: &str = include_str!("../../servers/go.sum");
const TOOLS: &str = include_str!("../../servers/tools.go");

/// A build outside the Kubernetes repository knows its version only when it is told.
const LINKER_FLAGS: &str = "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 \
    -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36";

/// The least toolchain that builds `servers/go.mod`.
const LEAST_GO: (u32, u32) = (1, 26);

/// Held while a program is built, or what it needed is removed.
const BUILD_LOCK: &str = "go-build";

/// A program of the control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GoProgram {
    Etcd,
    KubeApiserver,
    KubeControllerManager,
    Kubectl,
}

/// A Go toolchain's `go` command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toolchain {
    program: PathBuf,
}

impl Toolchain {
    /// The first of `PATH` that is new enough, else the one in the cache.
    pub(crate) fn find(environment: &Environment) -> Option<Self> {
        let on_path = environment.on_path("go").find(|program| new_enough(program));
        let fetched = || {
            let entry = Source::Python(Package::GoToolchain).cached(environment)?;
            Some(entry.join("go/bin/go"))
        };
        on_path.or_else(fetched).map(|program| Self { program })
    }
}

/// Removes the compiled packages that the programs share while they are built.
pub(super) fn remove_compiled(cache: &Cache) -> Result<()> {
    let _lock = cache.lock(BUILD_LOCK)?;
    remove(&compiled(cache))
}

impl GoProgram {
    /// The key of its entry in the cache.
    pub(crate) fn key(self) -> String {
        key(self.name(), self.version(), &[GO_MOD, GO_SUM, TOOLS, LINKER_FLAGS])
    }

    /// Builds it into the cache, unless it is there.
    pub(crate) fn build(self, environment: &Environment, said: &Said) -> Result<PathBuf> {
        let cache = Cache::new(environment.cache.clone());
        // One build at a time: they share compiled packages, and fill two cores each.
        let _lock = cache.lock(BUILD_LOCK)?;
        cache.get_or_make(&self.key(), |folder| {
            let toolchain = Toolchain::find(environment).context("no Go toolchain")?;
            let module = module()?;
            said.run(self.building(&toolchain, folder, module.path(), &compiled(&cache)))
        })
    }

    /// What somebody who waits is told.
    pub(crate) fn step(self) -> Step {
        let seconds = match self {
            Self::Etcd => 80,
            Self::KubeApiserver => 300,
            Self::KubeControllerManager => 90,
            Self::Kubectl => 40,
        };
        Step {
            name: format!("{} {}", self.name(), self.version()),
            work: "fetch Go modules and build".to_owned(),
            about: Duration::from_secs(seconds),
        }
    }

    /// The command that builds it; it names each package that it compiles, for somebody who waits.
    fn building(self, toolchain: &Toolchain, folder: &Path, module: &Path, compiled: &Path) -> Command {
        let mut go = Command::new(&toolchain.program);
        go.current_dir(module)
            .env("CGO_ENABLED", "0")
            .env("GOCACHE", compiled)
            .args(["build", "-v", "-mod=readonly", "-trimpath", "-ldflags", LINKER_FLAGS, "-o"])
            .arg(folder.join(self.name()))
            .arg(self.package());
        go
    }

    fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::KubeApiserver => "kube-apiserver",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::Kubectl => "kubectl",
        }
    }

    fn version(self) -> &'static str {
        match self {
            Self::Etcd => "3.6.8",
            Self::KubeApiserver | Self::KubeControllerManager | Self::Kubectl => "1.36.3",
        }
    }

    fn package(self) -> &'static str {
        match self {
            Self::Etcd => "go.etcd.io/etcd/server/v3",
            Self::KubeApiserver => "k8s.io/kubernetes/cmd/kube-apiserver",
            Self::KubeControllerManager => "k8s.io/kubernetes/cmd/kube-controller-manager",
            Self::Kubectl => "k8s.io/kubernetes/cmd/kubectl",
        }
    }
}

/// A scratch folder with the module that pins everything.
fn module() -> Result<TempDir> {
    let module = tempfile::tempdir().context("no scratch folder for the module")?;
    for (name, text) in [("go.mod", GO_MOD), ("go.sum", GO_SUM), ("tools.go", TOOLS)] {
        fs::write(module.path().join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    Ok(module)
}

fn compiled(cache: &Cache) -> PathBuf {
    cache.scratch("go-compiled")
}

fn new_enough(program: &Path) -> bool {
    let output = Command::new(program).arg("version").output();
    let version = output.ok().and_then(|output| version_in(&String::from_utf8_lossy(&output.stdout)));
    version.is_some_and(|version| version >= LEAST_GO)
}
