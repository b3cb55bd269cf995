//! Templates as Go renders them: the golden files of `eso-template`.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::project;

/// Where the probes, the data and the Go program are.
const TESTS: &str = "crates/eso-template/tests";

/// What Go renders of each probe, by the path of the golden file.
pub(crate) fn goldens() -> Result<BTreeMap<String, String>> {
    let oracle = build()?;
    let probes = project::root().join(TESTS).join("probes");
    let mut paths: Vec<_> =
        fs::read_dir(&probes)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    paths
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .map(|path| golden(&oracle, path))
        .collect()
}

/// One golden file: a notice, and a line for each probe.
fn golden(oracle: &Oracle, path: &Path) -> Result<(String, String)> {
    let subject = path.file_stem().context("a file must have a name")?.to_string_lossy().into_owned();
    let requests = requests(&fs::read_to_string(path)?).with_context(|| path.display().to_string())?;
    let answers = oracle.render(&requests).with_context(|| path.display().to_string())?;
    let notice = json!({ "generated": "by cargo xtask codegen templates; do not edit" });
    let lines: Vec<_> = [notice.to_string()].into_iter().chain(answers).collect();
    Ok((format!("{TESTS}/golden/{subject}.json"), format!("[{}]\n", lines.join(",\n"))))
}

/// The requests that a file of probes holds: a template a line, as it is or, where it begins with `"`, as a JSON
/// string. `#` begins a comment; `#! missingkey=zero` and `#! delimiters=<< >>` hold for the lines below, and `#!`
/// alone ends them.
fn requests(probes: &str) -> Result<Vec<Value>> {
    let mut options = json!({});
    let mut requests = Vec::new();
    for line in probes.lines().filter(|line| !line.trim().is_empty()) {
        if let Some(option) = line.strip_prefix("#!") {
            set(&mut options, option.trim())?;
        } else if !line.starts_with('#') {
            let mut request = options.clone();
            request["t"] = match line.starts_with('"') {
                true => serde_json::from_str(line).with_context(|| format!("no JSON string: {line}"))?,
                false => line.into(),
            };
            requests.push(request);
        }
    }
    Ok(requests)
}

fn set(options: &mut Value, option: &str) -> Result<()> {
    match option.split_once('=') {
        None if option.is_empty() => *options = json!({}),
        Some((name @ "missingkey", value)) => options[name] = value.into(),
        Some((name @ "delimiters", value)) => {
            options[name] = value.split(' ').map(Value::from).collect();
        }
        None | Some(_) => bail!("no option: {option}"),
    }
    Ok(())
}

/// The Go program that renders.
#[derive(Debug)]
struct Oracle {
    program: PathBuf,
    data: PathBuf,
}

/// Builds the Go program.
fn build() -> Result<Oracle> {
    let tests = project::root().join(TESTS);
    let program = project::target_folder()?.join("template-oracle");
    let mut go = Command::new("go");
    go.args(["build", "-mod=readonly", "-o"]).arg(&program).arg(".").current_dir(tests.join("oracle"));
    let status = go.status().context("cannot run go: install Go 1.26 or later, from https://go.dev/dl")?;
    ensure!(status.success(), "the Go program does not build");
    Ok(Oracle { program, data: tests.join("data.json") })
}

impl Oracle {
    /// A line of JSON for each request, in their order.
    fn render(&self, requests: &[Value]) -> Result<Vec<String>> {
        let mut command = Command::new(&self.program);
        command.arg(&self.data).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot run the Go program")?;
        let mut input = child.stdin.take().context("its input must be piped")?;
        let lines: String = requests.iter().map(|request| format!("{request}\n")).collect();
        // Written beside the reading: a pipe is full after 64 KiB, and each would wait for the other.
        let writer = thread::spawn(move || input.write_all(lines.as_bytes()));
        let output = child.wait_with_output()?;
        let written = writer.join().map_err(|_| anyhow::anyhow!("the writer must not panic"))?;
        ensure!(output.status.success(), "the Go program failed");
        written?;
        let answers: Vec<_> = String::from_utf8(output.stdout)?.lines().map(str::to_owned).collect();
        ensure!(answers.len() == requests.len(), "the Go program did not answer everything");
        Ok(answers)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::requests;

    #[track_caller]
    fn check(probes: &str, expected: Value) {
        assert_eq!(json!(requests(probes).unwrap()), expected);
    }

    #[test]
    fn a_probe_is_a_line_or_a_json_string() {
        check(
            "# a comment\n\n{{ .a }}\n\"{{ .b }}\\n\"\n",
            json!([{ "t": "{{ .a }}" }, { "t": "{{ .b }}\n" }]),
        );
    }

    #[test]
    fn options_hold_for_the_lines_below() {
        check(
            "#! missingkey=zero\na\n#!\n#! delimiters=<< >>\nb\n",
            json!([{ "t": "a", "missingkey": "zero" }, { "t": "b", "delimiters": ["<<", ">>"] }]),
        );
    }

    #[test]
    fn an_unknown_option_is_an_error() {
        assert!(requests("#! colour=red").is_err());
    }
}
