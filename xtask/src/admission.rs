//! Random AdmissionReviews: more of them than the tests of `eso-admission` try each time.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::project;

/// The test that tries them. It says which number failed, and with what.
const TEST: &str = "random_reviews_are_answered_and_nothing_is_stored_half";

/// Which ones are tried.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many.
    #[arg(long, value_name = "NUMBER", default_value = "200000")]
    count: u64,
    /// The number of the first one.
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    seed: u64,
}

/// Tries them.
pub(crate) fn fuzz(options: &Options) -> Result<()> {
    let status = command(options).status().context("cannot run cargo")?;
    ensure!(status.success(), "an answer is not as it must be: the number above makes it again, with --seed");
    Ok(())
}

fn command(options: &Options) -> Command {
    let mut cargo = project::cargo();
    cargo.args(["test", "--package", "eso-admission", "--lib", TEST]);
    cargo.env("ESO_FUZZ_COUNT", options.count.to_string()).env("ESO_FUZZ_SEED", options.seed.to_string());
    cargo
}
