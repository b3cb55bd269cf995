//! Templates as Go renders them: the golden files of `eso-template`, random templates rendered by both, and how long
//! each takes.

mod odd;
mod random;

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

use crate::{
    project::{self, Profile},
    screen::Screen,
};

/// Where the probes, the data and the Go program are.
const TESTS: &str = "crates/eso-template/tests";

/// What Go renders of each probe, by the path of the golden file.
pub(crate) fn goldens() -> Result<BTreeMap<String, String>> {
    let oracle = Renderer::go()?;
    let probes = project::root().join(TESTS).join("probes");
    let mut paths: Vec<_> =
        fs::read_dir(&probes)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    let probes = paths.iter().filter(|path| path.extension().is_some_and(|end| end == "txt"));
    let mut files: BTreeMap<_, _> = probes.map(|path| golden(&oracle, path)).collect::<Result<_>>()?;
    files.insert(format!("{TESTS}/golden/names.json"), lines_of_json(oracle.names()?));
    Ok(files)
}

/// One golden file: a notice, and a line for each probe.
fn golden(oracle: &Renderer, path: &Path) -> Result<(String, String)> {
    let subject = path.file_stem().context("a file must have a name")?.to_string_lossy().into_owned();
    let requests = requests(&fs::read_to_string(path)?).with_context(|| path.display().to_string())?;
    let answers = oracle.render(&requests).with_context(|| path.display().to_string())?;
    Ok((format!("{TESTS}/golden/{subject}.json"), lines_of_json(answers)))
}

/// A list of JSON, a line for each, behind one that says where they come from.
fn lines_of_json(values: Vec<String>) -> String {
    let notice = json!({ "generated": "by cargo xtask codegen templates; do not edit" });
    let lines: Vec<_> = [notice.to_string()].into_iter().chain(values).collect();
    format!("[{}]\n", lines.join(",\n"))
}

/// The requests that a file of probes holds: a template a line, as it is or, where it begins with `"`, as a JSON
/// string. `#` begins a comment; `#! missingkey=zero`, `#! delimiters=<< >>` and, where the lines are no templates,
/// `#! as=regexp` or `#! as=strings` hold for the lines below, and `#!` alone ends them.
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
        Some((name @ ("missingkey" | "as"), value)) => options[name] = value.into(),
        Some((name @ "delimiters", value)) => {
            options[name] = value.split(' ').map(Value::from).collect();
        }
        None | Some(_) => bail!("no option: {option}"),
    }
    Ok(())
}

/// What is rendered by Go and by us, and compared.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many random templates.
    #[arg(long, value_name = "NUMBER", default_value = "20000")]
    count: usize,
    /// What the first of them is made of.
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    seed: u64,
}

/// Renders random templates in Go and in Rust, and fails with those that differ. What it finds becomes a probe.
pub(crate) fn fuzz(options: &Options) -> Result<()> {
    let (go, rust) = (Renderer::go()?, Renderer::rust(Profile::Development)?);
    let seeds = (options.seed..).take(options.count);
    let requests: Vec<_> = seeds.map(|seed| json!({ "t": random::Maker::new(seed).template() })).collect();
    let mut differing = Vec::new();
    let mut rendered = 0;
    for batch in requests.chunks(1000) {
        for (go, rust) in go.render(batch)?.iter().zip(&rust.render(batch)?) {
            let (go, mut rust): (Value, Value) = (serde_json::from_str(go)?, serde_json::from_str(rust)?);
            let why = rust.as_object_mut().and_then(|rust| rust.remove("why"));
            rendered += usize::from(go["err"].is_null());
            // Go has no limits, and `slice` finds there what Go's allocator left behind the end of a list.
            let known = ["more than is allowed", "outside of the list"];
            let why = why.as_ref().and_then(Value::as_str).unwrap_or_default();
            if go != rust && !known.iter().any(|known| why.contains(known)) {
                differing.push(format!("{}\n  Go:   {go}\n  ours: {rust} {why:?}", go["t"]));
            }
        }
    }
    Screen.say(&format!("{} templates, of which Go rendered {rendered}", requests.len()));
    ensure!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n"));
    Ok(())
}

/// Says how long Go and we take to render a template of 20 lines.
pub(crate) fn bench() -> Result<()> {
    let template = project::root().join(TESTS).join("bench.tmpl");
    let (go, rust) = (Renderer::go()?, Renderer::rust(Profile::Release)?);
    for (name, renderer) in [("Go", go), ("eso-template", rust)] {
        Screen.say(&format!("{name}: {} ns a rendering, of 10,000", renderer.measure(&template)?));
    }
    Ok(())
}

/// A program that renders.
#[derive(Debug)]
struct Renderer {
    program: PathBuf,
    data: PathBuf,
}

impl Renderer {
    /// Go's own, with sprig.
    fn go() -> Result<Self> {
        let tests = project::root().join(TESTS);
        let program = project::target_folder()?.join("template-oracle");
        let mut go = Command::new("go");
        go.args(["build", "-mod=readonly", "-o"]).arg(&program).arg(".").current_dir(tests.join("oracle"));
        let status =
            go.status().context("cannot run go: install Go 1.26 or later, from https://go.dev/dl")?;
        ensure!(status.success(), "the Go program does not build");
        Ok(Self { program, data: tests.join("data.json") })
    }

    /// Ours: the example of the crate.
    fn rust(profile: Profile) -> Result<Self> {
        let mut build = project::cargo();
        build.args(["build", "--quiet", "--package", "eso-template", "--example", "render"]);
        let folder = match profile {
            Profile::Development => "debug",
            Profile::Release => {
                build.arg("--release");
                "release"
            }
        };
        ensure!(build.status().context("cannot run cargo")?.success(), "the example does not build");
        let program = project::target_folder()?.join(folder).join("examples/render");
        Ok(Self { program, data: project::root().join(TESTS).join("data.json") })
    }

    /// The names of its functions, as JSON.
    fn names(&self) -> Result<Vec<String>> {
        let output = Command::new(&self.program).arg("-names").output()?;
        ensure!(output.status.success(), "it failed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.lines().map(|name| json!(name).to_string()).collect())
    }

    /// How many nanoseconds it takes to render a template.
    fn measure(&self, template: &Path) -> Result<String> {
        let output = Command::new(&self.program).arg("-bench").arg(template).arg(&self.data).output()?;
        ensure!(output.status.success(), "it failed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// A line of JSON for each request, in their order.
    fn render(&self, requests: &[Value]) -> Result<Vec<String>> {
        let mut command = Command::new(&self.program);
        command.arg(&self.data).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| self.program.display().to_string())?;
        let mut input = child.stdin.take().context("its input must be piped")?;
        let lines: String = requests.iter().map(|request| format!("{request}\n")).collect();
        // Written beside the reading: a pipe is full after 64 KiB, and each would wait for the other.
        let writer = thread::spawn(move || input.write_all(lines.as_bytes()));
        let output = child.wait_with_output()?;
        let written = writer.join().map_err(|_| anyhow::anyhow!("the writer must not panic"))?;
        ensure!(output.status.success(), "a program that renders failed");
        written?;
        let answers: Vec<_> = String::from_utf8(output.stdout)?.lines().map(str::to_owned).collect();
        ensure!(answers.len() == requests.len(), "a program that renders did not answer everything");
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
