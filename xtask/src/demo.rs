//! `cargo xtask demo`: the walk-through for a newcomer, on real servers.
//!
//! A value in AWS Secrets Manager and one in Vault are kept in Secrets by the operator, a process of its own under a
//! service account of its own; each value is changed, and the Secret is seen to follow.

mod aws;
mod vault;

mod follow;
mod objects;
mod stop;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use eso_rig::{Mode, Moto, OpenBao, Program, Progress as _};

pub(crate) use self::stop::Stop;
use crate::{
    cluster::Cluster,
    operator::{self, Operator},
    prerequisites,
    project::Profile,
    screen::Screen,
};

/// The namespace of the walk-through's objects.
const NAMESPACE: &str = "eso-demo";

/// The refresh interval that the walk-through sets, in seconds, so that nobody waits for a minute.
const INTERVAL: u64 = 5;

/// How the demo is run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// End after the walk-through, with an error if any step was not as it should be.
    #[arg(long)]
    once: bool,
    /// Use a cluster that is there, as this file says, rather than starting one. It is refused where it has anything
    /// that the demo would make; what the demo made is removed in the end, however that comes.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Run this binary of the operator, rather than building one.
    #[arg(long, value_name = "FILE")]
    operator: Option<PathBuf>,
}

/// Runs the walk-through, and then waits for Ctrl-C unless it is to end by itself.
pub(crate) fn run(options: Options) -> Result<()> {
    let Options { once, kubeconfig, operator } = options;
    let screen = Screen;
    prerequisites::check()?;
    if let Some(kubeconfig) = &kubeconfig {
        // Kubectl would go to localhost:8080 then, whatever that is.
        ensure!(kubeconfig.is_file(), "there is no kubeconfig {}", kubeconfig.display());
    }
    let servers = eso_rig::plan(&programs(kubeconfig.is_none()))?;
    let mut steps = servers.steps();
    if operator.is_none() {
        steps.extend(operator::first_build(Profile::Development)?);
    }
    if !steps.is_empty() {
        screen.announced(&steps);
    }
    servers.carry_out(&screen)?;
    let runtime = tokio::runtime::Runtime::new().context("no async runtime")?;
    if let Some(kubeconfig) = &kubeconfig {
        // Before the operator is built, which may take minutes.
        runtime.block_on(look(&screen, kubeconfig))?;
    }
    let binary = match operator {
        Some(binary) => binary,
        None => operator::build(&screen, Profile::Development)?,
    };
    runtime.block_on(demonstrate(&screen, kubeconfig, &binary, once))
}

/// What is needed, with a control plane or without.
fn programs(control_plane: bool) -> Vec<Program> {
    let mut programs = vec![Program::Kubectl, Program::OpenBao, Program::Moto];
    if control_plane {
        programs.extend([Program::Etcd, Program::KubeApiserver, Program::KubeControllerManager]);
    }
    programs
}

/// Whether somebody's cluster can be used.
async fn look(screen: &Screen, kubeconfig: &Path) -> Result<()> {
    let cluster = Cluster::reach(Some(kubeconfig.to_owned()), NAMESPACE).await?;
    screen.step("a look at the cluster", cluster.must_be_free(vault::reviewer())).await
}

/// Everything, in order, and the cleaning up, whatever came of it: done, failed or interrupted.
async fn demonstrate(screen: &Screen, kubeconfig: Option<PathBuf>, binary: &Path, once: bool) -> Result<()> {
    const INTERRUPTED: &str = "interrupted before the end of the walk-through";
    let mut stop = Stop::listen()?;
    let reached = screen.step("the cluster", Cluster::reach(kubeconfig, NAMESPACE));
    let cluster = stop.unless(INTERRUPTED, reached).await?;
    let walked = match stop.unless(INTERRUPTED, walk(screen, &cluster, binary)).await {
        Ok(running) if !once => {
            invite(screen, &cluster, &running.operator);
            stop.told().await;
            Ok(())
        }
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    };
    // What was started has ended by here: it was dropped.
    screen.say("\nStopping everything.");
    let cleaned = stop.unless("interrupted; the cluster is not clean", cluster.clean_up()).await;
    both(walked, cleaned)
}

/// What runs until it is dropped.
struct Running {
    operator: Operator,
    _moto: Moto,
    _bao: OpenBao,
}

/// The walk-through. What was started ends when this future, or what it answers, is dropped.
async fn walk(screen: &Screen, cluster: &Cluster, binary: &Path) -> Result<Running> {
    let moto = screen.step("the AWS double (moto)", Moto::start()).await?;
    let bao = screen.step("OpenBao", OpenBao::start(Mode::Development)).await?;
    screen.step("custom resources and roles", cluster.install()).await?;
    let operator = screen.step("the operator", Operator::start(cluster, binary, (moto.url(), &[]))).await?;
    let walked = async {
        aws::walk(screen, cluster, moto.secrets()).await.context("the AWS part")?;
        vault::walk(screen, cluster, &bao).await.context("the Vault part")
    };
    walked.await.with_context(|| operator.last_words())?;
    Ok(Running { operator, _moto: moto, _bao: bao })
}

/// Good where both are; neither error hides the other.
fn both(walked: Result<()>, cleaned: Result<()>) -> Result<()> {
    match (walked, cleaned) {
        (Err(walked), Err(cleaned)) => Err(walked.context(format!("{cleaned:#}"))),
        (walked, cleaned) => walked.and(cleaned),
    }
}

fn invite(screen: &Screen, cluster: &Cluster, operator: &Operator) {
    screen.heading("Yours to try");
    screen.say(&format!(
        "Everything goes on until Ctrl-C. In another terminal:

  export KUBECONFIG={}
  alias kubectl={}

  kubectl get externalsecrets,secretstores,secrets --namespace {NAMESPACE}
  kubectl describe externalsecret from-vault --namespace {NAMESPACE}
  kubectl delete secret from-vault --namespace {NAMESPACE}   # and look: it is back at once

The operator's log is {}, its metrics are at {}/metrics.",
        cluster.kubeconfig().display(),
        cluster.kubectl_program().display(),
        operator.log().display(),
        operator.metrics_url(),
    ));
}

#[cfg(test)]
mod tests;
