//! `cargo xtask test`: every test that needs no privileges, those against real servers included.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use eso_rig::Program;

use crate::{prerequisites, project, screen::Screen};

/// How the tests are run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What is handed on to `cargo test`, such as `-p eso-vault` or the name of a test; all tests where nothing is.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

/// Gets the servers first, so that no test waits for minutes in silence, and then runs the tests.
pub(crate) fn run(options: Options) -> Result<()> {
    prerequisites::check()?;
    eso_rig::prepare(&Program::ALL, &Screen)?;
    let status = command(options.arguments).status().context("cannot run cargo")?;
    ensure!(status.success(), "tests failed");
    Ok(())
}

fn command(arguments: Vec<String>) -> Command {
    let mut cargo = project::cargo();
    cargo.arg("test");
    let chooses = |argument: &String| ["-p", "--package", "--workspace"].contains(&argument.as_str());
    if !arguments.iter().any(chooses) {
        // One crate's failure hides no other's.
        cargo.args(["--workspace", "--no-fail-fast"]);
    }
    cargo.args(arguments);
    cargo
}

#[cfg(test)]
mod tests {
    use super::command;

    #[track_caller]
    fn check(given: &[&str], expected: &[&str]) {
        let command = command(given.iter().map(ToString::to_string).collect());
        assert_eq!(command.get_args().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn all_tests_are_run_unless_some_are_chosen() {
        check(&[], &["test", "--workspace", "--no-fail-fast"]);
        check(&["a_test"], &["test", "--workspace", "--no-fail-fast", "a_test"]);
        check(&["-p", "eso-vault", "kv"], &["test", "-p", "eso-vault", "kv"]);
    }
}
