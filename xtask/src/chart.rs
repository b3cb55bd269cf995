//! `cargo xtask chart`: renders the chart with the real helm, for a few sets of values.
//!
//! What comes of it is kept in `xtask/tests/chart/`, so that tests need no helm: they hold it against what the code
//! generates, and against the chart's files, by their digest.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use eso_rig::Program;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{project, screen::Screen};

/// The chart's folder.
pub(crate) const CHART: &str = "deploy/chart";

/// Sets of values: each has a file `NAME.values.yaml`, and what is rendered of it is `NAME.golden.yaml`.
const CASES: [&str; 6] =
    ["default", "everything", "named", "one-namespace", "without-rights", "without-webhook"];

const FOLDER: &str = "xtask/tests/chart";

/// The name and the namespace of the release.
const RELEASE: &str = "external-secrets";

/// The version of the cluster that is rendered for: helm says one of its own where it is not told.
const KUBERNETES: &str = "1.36";

/// Renders every case, and writes what is not as it should be.
pub(crate) fn run() -> Result<()> {
    let helm = helm()?;
    for case in CASES {
        let rendered = render(&helm, case)?;
        let content = format!("{}{}", head(case)?, without_schemas(&rendered)?);
        let path = golden(case);
        if fs::read_to_string(&path).is_ok_and(|written| written == content) {
            continue;
        }
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        Screen.say(&format!("wrote {}", path.display()));
    }
    Ok(())
}

/// The helm program; it is built first where it is missing.
pub(crate) fn helm() -> Result<PathBuf> {
    eso_rig::prepare(&[Program::Helm], &Screen)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no threads")?;
    runtime.block_on(eso_rig::find(Program::Helm))
}

fn render(helm: &Path, case: &str) -> Result<String> {
    let mut command = Command::new(helm);
    command.args(["template", RELEASE, CHART, "--namespace", RELEASE, "--kube-version", KUBERNETES]);
    command.arg("--values").arg(values(case));
    let output = command.current_dir(project::root()).output().context("cannot run helm")?;
    ensure!(output.status.success(), "helm: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).context("helm must print text")
}

fn values(case: &str) -> PathBuf {
    project::root().join(format!("{FOLDER}/{case}.values.yaml"))
}

fn golden(case: &str) -> PathBuf {
    project::root().join(format!("{FOLDER}/{case}.golden.yaml"))
}

/// The first lines of a golden file: what it was rendered of.
fn head(case: &str) -> Result<String> {
    Ok(format!("# rendered by cargo xtask chart; do not edit\n# of {}\n", digest(case)?))
}

/// A digest of all that goes into a case.
fn digest(case: &str) -> Result<String> {
    let mut files = BTreeMap::new();
    read(&project::root().join(CHART), &mut files)?;
    let values = values(case);
    files.insert(
        values.clone(),
        fs::read(&values).with_context(|| format!("cannot read {}", values.display()))?,
    );
    let mut digest = Sha256::new();
    for (path, content) in files {
        let path = path.strip_prefix(project::root()).context("it must lie in the repository")?.to_owned();
        digest.update(format!("{} {}\n", path.display(), content.len()));
        digest.update(content);
    }
    Ok(digest.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string must succeed");
        text
    }))
}

fn read(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
    let unreadable = || format!("cannot read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        match path.is_dir() {
            true => read(&path, files)?,
            false => drop(files.insert(path.clone(), fs::read(&path).with_context(unreadable)?)),
        }
    }
    Ok(())
}

/// What was rendered, but for the schemas of definitions, which are those in `deploy/crds/`.
///
/// # Errors
/// When one is not.
fn without_schemas(rendered: &str) -> Result<String> {
    let documents: Result<Vec<String>> = rendered.split("\n---\n").map(without_schema).collect();
    Ok(documents?.join("\n---\n"))
}

fn without_schema(document: &str) -> Result<String> {
    if !document.contains("\nkind: CustomResourceDefinition\n") {
        return Ok(document.to_owned());
    }
    let definition = yaml(document)?;
    let name = definition["metadata"]["name"].as_str().context("a definition must have a name")?;
    let (plural, group) = name.split_once('.').context("a definition must be of a group")?;
    let path = format!("deploy/crds/{group}_{plural}.yaml");
    let ours =
        fs::read_to_string(project::root().join(&path)).with_context(|| format!("cannot read {path}"))?;
    ensure!(is_same(&yaml(&ours)?["spec"], &definition["spec"]), "the chart does not render {path} as it is");
    let rest = json!({
        "apiVersion": definition["apiVersion"], "kind": definition["kind"], "metadata": definition["metadata"],
    });
    let rest = serde_saphyr::to_string(&rest).context("a definition must be YAML")?;
    Ok(format!("# spec: that of {path}\n{}", rest.trim_end()))
}

/// Whether they say the same: a number is the same with a decimal point, which helm leaves out.
fn is_same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .all(|(name, ours)| theirs.get(name).is_some_and(|theirs| is_same(ours, theirs)))
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs))
        }
        (Value::Number(ours), Value::Number(theirs)) => ours.as_f64() == theirs.as_f64(),
        _ => ours == theirs,
    }
}

fn yaml(text: &str) -> Result<Value> {
    serde_saphyr::from_str(text).map_err(|error| anyhow::anyhow!("it is no YAML: {error}"))
}

#[cfg(test)]
mod tests;
