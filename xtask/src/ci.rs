//! `cargo xtask ci`: everything about the code that needs no server.

use std::{process::Command, time::Instant};

use anyhow::{Context, Result, bail};

use crate::{
    project,
    screen::{Screen, seconds},
};

/// One thing that is looked at.
struct Check {
    name: String,
    arguments: Vec<String>,
    /// What to do about it where it fails.
    advice: &'static str,
}

/// Looks at everything, and then says what is not as it should be.
pub(crate) fn run() -> Result<()> {
    let screen = Screen;
    let mut failed = Vec::new();
    for check in checks()? {
        let Check { name, arguments, advice } = check;
        screen.say(&format!("{name} …"));
        let began = Instant::now();
        let passed = run_cargo(&arguments)?;
        let verdict = if passed { "good" } else { "NOT GOOD" };
        screen.say(&format!("  {name}: {verdict}, {}", seconds(began.elapsed())));
        if !passed {
            failed.push(format!("{name}: {advice}"));
        }
    }
    match failed.as_slice() {
        [] => Ok(()),
        _ => bail!("{} checks failed\n  {}", failed.len(), failed.join("\n  ")),
    }
}

fn checks() -> Result<Vec<Check>> {
    let mut checks = vec![
        check("format", "fmt --all --check", "run `cargo fmt --all`"),
        check("lint", "clippy --workspace --all-targets -- -D warnings", "every warning says how to mend it"),
    ];
    for member in project::members()? {
        // A workspace builds with the features of all its members together, and hides what one of them lacks.
        let arguments = format!("check --package {member}");
        checks.push(check(&format!("{member} alone"), &arguments, "a feature that it needs is not its own"));
    }
    checks.extend([
        check(
            "generated files",
            "test --package external-secrets --lib codegen",
            "run `cargo xtask codegen`",
        ),
        check("tidy", "test --package xtask tidy", "each failure says what is untidy, and where"),
    ]);
    Ok(checks)
}

fn check(name: &str, arguments: &str, advice: &'static str) -> Check {
    let arguments = arguments.split(' ').map(str::to_owned).collect();
    Check { name: name.to_owned(), arguments, advice }
}

fn run_cargo(arguments: &[String]) -> Result<bool> {
    let mut cargo: Command = project::cargo();
    Ok(cargo.args(arguments).status().context("cannot run cargo")?.success())
}

#[cfg(test)]
mod tests {
    use super::checks;

    #[test]
    fn every_crate_is_built_alone() {
        let names: Vec<_> = checks().unwrap().into_iter().map(|check| check.name).collect();
        for name in ["format", "lint", "eso-core alone", "external-secrets alone", "generated files", "tidy"]
        {
            assert!(names.iter().any(|known| known == name), "{name} is not in {names:?}");
        }
    }

    #[test]
    fn warnings_are_errors() {
        let lint = checks().unwrap().into_iter().find(|check| check.name == "lint").unwrap();
        assert!(lint.arguments.ends_with(&["--".to_owned(), "-D".to_owned(), "warnings".to_owned()]));
    }
}
