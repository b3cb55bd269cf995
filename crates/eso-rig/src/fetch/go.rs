//! Servers built from Go modules, whose whole closure is pinned in a `go.mod` and `go.sum` below `servers/`.

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

/// What pins a program and all that it is made of.
struct Module {
    go_mod: &'static str,
    go_sum: &'static str,
    tools: &'static str,
}

/// The control plane. Other programs have modules of their own, so that a change of theirs builds it not anew.
const CONTROL_PLANE: Module = Module {
    go_mod: include_str!("../../servers/go.mod"),
    go_sum: include_str!("../../servers/go.sum"),
    tools: include_str!("../../servers/tools.go"),
};

/// What a node needs besides.
const NODE: Module = Module {
    go_mod: include_str!("../../servers/node/go.mod"),
    go_sum: include_str!("../../servers/node/go.sum"),
    tools: include_str!("../../servers/node/tools.go"),
};

const HELM: Module = Module {
    go_mod: include_str!("../../servers/helm/go.mod"),
    go_sum: include_str!("../../servers/helm/go.sum"),
    tools: include_str!("../../servers/helm/tools.go"),
};

/// A build outside the Kubernetes repository knows its version only when it is told.
const LINKER_FLAGS: &str = "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 \
    -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36";

/// The least toolchain that builds them.
const LEAST_GO: (u32, u32) = (1, 26);

/// Held while a program is built, or what it needed is removed.
const BUILD_LOCK: &str = "go-build";

/// A program that is built from Go modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GoProgram {
    Etcd,
    KubeApiserver,
    KubeControllerManager,
    Kubectl,
    KubeScheduler,
    Kubelet,
    Helm,
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
        let Module { go_mod, go_sum, tools } = self.module();
        key(self.name(), self.version(), &[go_mod, go_sum, tools, LINKER_FLAGS])
    }

    /// Builds it into the cache, unless it is there.
    pub(crate) fn build(self, environment: &Environment, said: &Said) -> Result<PathBuf> {
        let cache = Cache::new(environment.cache.clone());
        // One build at a time: they share compiled packages, and fill two cores each.
        let _lock = cache.lock(BUILD_LOCK)?;
        cache.get_or_make(&self.key(), |folder| {
            let toolchain = Toolchain::find(environment).context("no Go toolchain")?;
            let module = self.module().write()?;
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
            Self::KubeScheduler => 60,
            Self::Kubelet => 100,
            Self::Helm => 300,
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

    fn module(self) -> Module {
        match self {
            Self::Etcd | Self::KubeApiserver | Self::KubeControllerManager | Self::Kubectl => CONTROL_PLANE,
            Self::KubeScheduler | Self::Kubelet => NODE,
            Self::Helm => HELM,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::KubeApiserver => "kube-apiserver",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::Kubectl => "kubectl",
            Self::KubeScheduler => "kube-scheduler",
            Self::Kubelet => "kubelet",
            Self::Helm => "helm",
        }
    }

    fn version(self) -> &'static str {
        match self {
            Self::Etcd => "3.6.8",
            Self::KubeApiserver
            | Self::KubeControllerManager
            | Self::Kubectl
            | Self::KubeScheduler
            | Self::Kubelet => "1.36.3",
            Self::Helm => "3.22.0",
        }
    }

    fn package(self) -> &'static str {
        match self {
            Self::Etcd => "go.etcd.io/etcd/server/v3",
            Self::KubeApiserver => "k8s.io/kubernetes/cmd/kube-apiserver",
            Self::KubeControllerManager => "k8s.io/kubernetes/cmd/kube-controller-manager",
            Self::Kubectl => "k8s.io/kubernetes/cmd/kubectl",
            Self::KubeScheduler => "k8s.io/kubernetes/cmd/kube-scheduler",
            Self::Kubelet => "k8s.io/kubernetes/cmd/kubelet",
            Self::Helm => "helm.sh/helm/v3/cmd/helm",
        }
    }
}

impl Module {
    /// A scratch folder with it.
    fn write(&self) -> Result<TempDir> {
        let folder = tempfile::tempdir().context("no scratch folder for the module")?;
        for (name, text) in [("go.mod", self.go_mod), ("go.sum", self.go_sum), ("tools.go", self.tools)] {
            fs::write(folder.path().join(name), text).with_context(|| format!("cannot write {name}"))?;
        }
        Ok(folder)
    }
}

fn compiled(cache: &Cache) -> PathBuf {
    cache.scratch("go-compiled")
}

fn new_enough(program: &Path) -> bool {
    let output = Command::new(program).arg("version").output();
    let version = output.ok().and_then(|output| version_in(&String::from_utf8_lossy(&output.stdout)));
    version.is_some_and(|version| version >= LEAST_GO)
}
