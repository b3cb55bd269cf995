//! `cargo xtask node-test`: the operator as people run it, on a real node: kubelet, containerd and runc, with the chart
//! installed by helm.
//!
//! All of it lives in a network namespace, and below it in namespaces of processes and mounts: with their first process
//! everything ends, whatever came of it, and nothing of the machine's own network is touched. It needs root.

mod files;
mod forward;
mod kernel;
mod network;
mod node;
mod objects;
mod pods;
mod release;
mod walk;

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use eso_rig::Program;

use crate::{demo::Stop, operator, prerequisites, project::Profile, screen::Screen};
use kernel::{FOLDERS, Kernel};
use network::Network;

/// How the node test is run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run this binary of the operator, rather than building one.
    #[arg(long, value_name = "FILE")]
    operator: Option<PathBuf>,

    /// Said by the test to itself, once it is inside of its namespaces.
    #[arg(long, hide = true, requires = "operator")]
    inside: bool,
}

/// What is taken from Debian's packages, and which.
const PROGRAMS: [(&str, &str); 8] = [
    ("containerd", "containerd"),
    ("ctr", "containerd"),
    ("runc", "runc"),
    ("/usr/lib/cni/bridge", "containernetworking-plugins"),
    ("/bin/busybox", "busybox-static"),
    ("ip", "iproute2"),
    ("nsenter", "util-linux"),
    ("unshare", "util-linux"),
];

/// Builds what is missing, makes the namespaces, and runs the test in them.
pub(crate) fn run(options: Options) -> Result<()> {
    let Options { operator, inside } = options;
    if inside {
        let binary = operator.context("the binary must be named")?;
        let runtime = tokio::runtime::Runtime::new().context("no async runtime")?;
        return runtime.block_on(walk::walk(&Screen, &binary));
    }
    prerequisites::check()?;
    check()?;
    let programs: Vec<Program> = Program::ALL.into_iter().chain(Program::NODE).collect();
    eso_rig::prepare(&programs, &Screen)?;
    let binary = match operator {
        Some(binary) => binary,
        None => operator::build(&Screen, Profile::Development)?,
    };
    let runtime = tokio::runtime::Runtime::new().context("no async runtime")?;
    runtime.block_on(async {
        let mut stop = Stop::listen()?;
        let _kernel = Kernel::remember();
        let network = Network::make()?;
        stop.unless("interrupted before the end of the node test", in_namespaces(&network, &binary)).await
    })
}

/// Looks for what a node needs.
///
/// # Errors
/// Names what is missing, with the command that installs it.
fn check() -> Result<()> {
    ensure!(cfg!(target_os = "linux"), "a node needs Linux");
    let user = Command::new("id").arg("-u").output().context("cannot run id")?;
    ensure!(user.stdout == b"0\n", "a node needs root: run `cargo xtask node-test` as root");
    let path = env::var_os("PATH").unwrap_or_default();
    let is_there = |name: &str| match name.starts_with('/') {
        true => Path::new(name).is_file(),
        false => env::split_paths(&path).any(|folder| folder.join(name).is_file()),
    };
    let mut missing: Vec<&str> =
        PROGRAMS.iter().filter(|(name, _)| !is_there(name)).map(|(_, package)| *package).collect();
    missing.dedup();
    ensure!(
        missing.is_empty(),
        "a node needs more of this machine: install it with\n  apt-get install -y --no-install-recommends {}",
        missing.join(" ")
    );
    Ok(())
}

/// Hides the folders that it is given, up to `--`, and becomes what comes then.
const HIDE: &str = r#"
while [ "$1" != -- ]; do
    mkdir -p "$1" && mount -t tmpfs tmpfs "$1" || exit 1
    shift
done
shift
exec "$@"
"#;

/// Runs this program in its namespaces, and waits for it. All that is in them is killed when this is dropped.
async fn in_namespaces(network: &Network, binary: &Path) -> Result<()> {
    let this = env::current_exe().context("this program must know its file")?;
    let binary = binary.canonicalize().with_context(|| format!("there is no {}", binary.display()))?;
    let mut command = tokio::process::Command::new("nsenter");
    command.arg(format!("--net={}", network.path()));
    command.args(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    command.args(["sh", "-c", HIDE, "sh"]).args(FOLDERS).arg("--");
    command.arg(this).args(["node-test", "--inside", "--operator"]).arg(binary);
    let status = command.kill_on_drop(true).status().await.context("cannot run nsenter")?;
    ensure!(status.success(), "the node test failed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::PROGRAMS;

    #[test]
    fn each_program_names_the_package_that_has_it() {
        assert!(PROGRAMS.iter().all(|(name, package)| !name.is_empty() && !package.is_empty()));
    }
}
