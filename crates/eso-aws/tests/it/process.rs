//! A test whose other half runs in a process of its own, whose environment is what the test says and nothing else.

use std::{path::PathBuf, process::Command};

/// Tells a process that it runs a test's other half, and where that writes what came of it.
const OUTCOME: &str = "ESO_AWS_TEST_OUTCOME";

/// In the other half of a test, the file for what came of it.
pub(crate) fn outcome_file() -> Option<PathBuf> {
    std::env::var_os(OUTCOME).map(PathBuf::from)
}

/// Runs the test of this path once more, in a process with these variables, and says what it wrote.
pub(crate) async fn other_half(test: &str, variables: &[(&str, &str)]) -> Vec<u8> {
    let file = folder().join(format!("{}-{}", test.replace("::", "-"), std::process::id()));
    let mut process = Command::new(std::env::current_exe().expect("a test must know its program"));
    process.args(["--exact", test]).env_clear();
    process.env("HOME", folder()).env("AWS_EC2_METADATA_DISABLED", "true");
    process.env(OUTCOME, &file).envs(variables.iter().copied());
    // The servers of the test go on meanwhile.
    let output = tokio::task::spawn_blocking(move || process.output()).await.expect("no test panics here");
    let output = output.expect("a process must start");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    let outcome = std::fs::read(&file).expect("there must be an outcome");
    std::fs::remove_file(&file).expect("the outcome must be taken away");
    outcome
}

/// A folder of these tests alone, without anybody's shared files.
pub(crate) fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("processes");
    std::fs::create_dir_all(&folder).expect("a folder must be made");
    folder
}
