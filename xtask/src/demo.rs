//! `cargo xtask demo`: the walk-through for a newcomer, on real servers.
//!
//! A value in AWS Secrets Manager and one in Vault are kept in Secrets by the operator, a process of its own under a
//! service account of its own; each value is changed, and the Secret is seen to follow.

mod aws;
mod objects;
mod vault;

use std::path::PathBuf;

use anyhow::{Context, Result};
use eso_rig::Program;

use crate::{
    cluster::Cluster,
    operator::{self, Operator},
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
    /// Use a cluster that is there, as this file says, rather than starting one.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
}

/// Runs the walk-through, and then waits for Ctrl-C unless it is to end by itself.
pub(crate) fn run(options: Options) -> Result<()> {
    let Options { once, kubeconfig } = options;
    let screen = Screen;
    let mut programs = vec![Program::Kubectl, Program::OpenBao, Program::Moto];
    if kubeconfig.is_none() {
        programs.extend([Program::Etcd, Program::KubeApiserver, Program::KubeControllerManager]);
    }
    eso_rig::prepare(&programs, &screen)?;
    let binary = operator::build(&screen, Profile::Development)?;
    let runtime = tokio::runtime::Runtime::new().context("no async runtime")?;
    runtime.block_on(async {
        tokio::select! {
            ended = walk(&screen, kubeconfig, &binary, once) => ended,
            _ = tokio::signal::ctrl_c() => {
                screen.say("\nStopping everything.");
                Ok(())
            }
        }
    })
}

/// Everything, in order. What was started ends when this future is dropped.
async fn walk(
    screen: &Screen,
    kubeconfig: Option<PathBuf>,
    binary: &std::path::Path,
    once: bool,
) -> Result<()> {
    let cluster = screen.step("the cluster", Cluster::reach(kubeconfig, NAMESPACE)).await?;
    let moto = screen.step("the AWS double (moto)", eso_rig::Moto::start()).await?;
    let bao = screen.step("OpenBao", eso_rig::OpenBao::start(eso_rig::Mode::Development)).await?;
    screen.step("custom resources and roles", cluster.install()).await?;
    let operator = screen.step("the operator", Operator::start(&cluster, binary, moto.url())).await?;
    let walked = async {
        aws::walk(screen, &cluster, moto.secrets()).await.context("the AWS part")?;
        vault::walk(screen, &cluster, &bao).await.context("the Vault part")
    };
    walked.await.with_context(|| operator.last_words())?;
    if !once {
        invite(screen, &cluster, &operator);
        std::future::pending::<()>().await;
    }
    cluster.clean_up().await
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
