//! Where things are in this repository, and how its programs are built.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use eso_rig::Said;
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

/// Where the operator's binary is, once it is built.
pub(crate) fn operator(profile: Profile) -> Result<PathBuf> {
    let folder = match profile {
        Profile::Development => "debug",
        Profile::Release => "release",
    };
    Ok(target_folder()?.join(folder).join("eso"))
}

/// Builds the operator's binary as far as it is stale, and says where it is.
///
/// # Errors
/// When it does not build; quotes the compiler.
pub(crate) fn build_operator(profile: Profile, said: &Said) -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--package", "external-secrets", "--bin", "eso"]);
    // Cargo says how many crates are built, and how many there are, to a terminal only unless it is told to.
    build.envs([("CARGO_TERM_PROGRESS_WHEN", "always"), ("CARGO_TERM_PROGRESS_WIDTH", "80")]);
    if profile == Profile::Release {
        build.arg("--release");
    }
    said.run(build)?;
    operator(profile)
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
