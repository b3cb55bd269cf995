//! Where things are in this repository, and how its programs are built.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask must lie in the repository")
}

/// Cargo, with the repository as its folder.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// How much the compiler works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// For trying out.
    Development,
    /// For measuring and deploying.
    Release,
}

/// Builds the operator's binary, and says where it is.
pub(crate) fn build_operator(profile: Profile) -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--quiet", "--package", "external-secrets", "--bin", "eso"]);
    let folder = match profile {
        Profile::Development => "debug",
        Profile::Release => {
            build.arg("--release");
            "release"
        }
    };
    ensure!(build.status().context("cannot run cargo")?.success(), "the operator does not build");
    Ok(target_folder()?.join(folder).join("eso"))
}

/// The names of the crates of this workspace.
pub(crate) fn members() -> Result<Vec<String>> {
    let metadata = metadata()?;
    let packages = metadata["packages"].as_array().context("cargo metadata must list packages")?;
    Ok(packages.iter().filter_map(|package| package["name"].as_str()).map(str::to_owned).collect())
}

/// What cargo knows of this workspace, without its dependencies.
pub(crate) fn metadata() -> Result<Value> {
    let output =
        cargo().args(["metadata", "--format-version=1", "--no-deps"]).output().context("cannot run cargo")?;
    serde_json::from_slice(&output.stdout).context("cargo metadata must print JSON")
}

/// Where cargo builds to.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let metadata = metadata()?;
    Ok(metadata["target_directory"].as_str().context("cargo metadata must name the target folder")?.into())
}
