//! `cargo xtask codegen`: writes the files that come out of the code.
//!
//! What they hold is decided in `operator/src/codegen.rs`; the golden files of property look-ups and of templates come
//! from Go programs.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use crate::{project, screen::Screen, templates};

/// Where the Go program is that makes the golden file of property look-ups.
const PROPERTY: &str = "crates/eso-plan/tests/golden/property";

/// What is written.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What to write; everything that needs no Go where nothing is said.
    parts: Vec<Part>,
}

/// A group of generated files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// `deploy/crds/`.
    Crds,
    /// `deploy/examples/operator/`.
    Roles,
    /// `docs/reference/`.
    Reference,
    /// What the original's property look-up gives. It needs Go.
    Property,
    /// What Go's text/template and sprig render. It needs Go.
    Templates,
}

/// Writes the files that are not as they should be, and names them.
pub(crate) fn run(options: Options) -> Result<()> {
    let parts = match options.parts.as_slice() {
        [] => &[Part::Crds, Part::Roles, Part::Reference],
        chosen => chosen,
    };
    let mut files = BTreeMap::new();
    if parts.iter().any(|part| part.folder().is_some()) {
        let generated = generated()?;
        files.extend(generated.into_iter().filter(|(path, _)| parts.iter().any(|part| part.holds(path))));
    }
    if parts.contains(&Part::Property) {
        files.insert(format!("{PROPERTY}/golden.json"), property()?);
    }
    if parts.contains(&Part::Templates) {
        files.extend(templates::goldens()?);
    }
    files.into_iter().try_for_each(|(path, content)| write(&path, &content))
}

impl Part {
    /// The folder of its files, where the operator makes them.
    fn folder(self) -> Option<&'static str> {
        match self {
            Self::Crds => Some("deploy/crds/"),
            Self::Roles => Some("deploy/examples/operator/"),
            Self::Reference => Some("docs/reference/"),
            Self::Property | Self::Templates => None,
        }
    }

    fn holds(self, path: &str) -> bool {
        self.folder().is_some_and(|folder| path.starts_with(folder))
    }
}

/// Every file that the operator makes, by its path.
fn generated() -> Result<BTreeMap<String, String>> {
    let operator = project::build_operator(project::Profile::Development)?;
    let output = Command::new(operator).arg("codegen").output().context("cannot run the operator")?;
    ensure!(output.status.success(), "the operator does not say what is generated");
    serde_json::from_slice(&output.stdout).context("the operator must print texts by path")
}

/// The golden file of property look-ups.
fn property() -> Result<String> {
    let mut go = Command::new("go");
    go.args(["run", "-mod=readonly", "."]).current_dir(project::root().join(PROPERTY));
    let output = go.output().context("cannot run go: install Go 1.26 or later, from https://go.dev/dl")?;
    ensure!(output.status.success(), "the Go program failed: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).context("the Go program must print text")
}

fn write(path: &str, content: &str) -> Result<()> {
    let place = project::root().join(path);
    if fs::read_to_string(&place).is_ok_and(|written| written == content) {
        return Ok(());
    }
    let folder = place.parent().map(Path::to_owned).context("a generated file must lie in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder of {path}"))?;
    fs::write(&place, content).with_context(|| format!("cannot write {path}"))?;
    Screen.say(&format!("wrote {path}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Part;

    #[track_caller]
    fn check(part: Part, path: &str, expected: bool) {
        assert_eq!(part.holds(path), expected, "{part:?} {path}");
    }

    #[test]
    fn a_part_is_the_files_of_a_folder() {
        check(Part::Crds, "deploy/crds/external-secrets.io_secretstores.yaml", true);
        check(Part::Crds, "deploy/examples/operator/rbac.yaml", false);
        check(Part::Roles, "deploy/examples/operator/rbac.yaml", true);
        check(Part::Reference, "docs/reference/flags.md", true);
        check(Part::Property, "crates/eso-plan/tests/golden/property/golden.json", false);
    }
}
