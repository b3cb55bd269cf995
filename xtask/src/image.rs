//! `cargo xtask image`: the operator as an OCI image, in an archive that any engine loads, made without one.
//!
//! It holds the release binary, the shared libraries that it asks for as this machine has them, certificate authorities,
//! and an account that is not root: no shell, no package.

mod archive;
mod contents;
mod tar;

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};

use crate::{operator, prerequisites, project, screen::Screen};

pub(crate) use archive::{Image, archive};
pub(crate) use contents::{of_operator, of_program};
pub(crate) use tar::Entry;

/// What the image is called where nothing else is said.
const NAME: &str = concat!("ghcr.io/external-secrets/external-secrets-rs:", env!("CARGO_PKG_VERSION"));

/// How the image is made.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The archive's file.
    #[arg(long, value_name = "FILE", default_value = "target/external-secrets.oci.tar")]
    output: PathBuf,

    /// The image's name, with its tag.
    #[arg(long, value_name = "NAME", default_value = NAME)]
    name: String,
}

/// Builds the operator for deploying, and writes the archive.
pub(crate) fn run(options: &Options) -> Result<()> {
    prerequisites::check()?;
    let binary = operator::build(&Screen, project::Profile::Release)?;
    let image = of_operator(&binary)?;
    let output = project::root().join(&options.output);
    fs::write(&output, archive(&options.name, &image)?)
        .with_context(|| format!("cannot write {}", output.display()))?;
    Screen.say(&format!(
        "wrote {}: load it with `docker load`, `ctr images import` or `skopeo copy`",
        output.display()
    ));
    Ok(())
}
