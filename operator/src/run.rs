//! How the parts are joined, started and stopped.

use std::{io::Write as _, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use eso_aws::Endpoints;
use eso_kube::{
    client::fenced,
    controllers::{Controller, Options},
    seal,
    stores::{Connect, Standby},
};
use eso_plan::{convert::legacy::Environment, template::Delimiters};
use tokio::{signal::unix, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    admission::{Parts, Serving},
    args::{Args, Command, ListenAddress, environment},
    client::{self, Limit},
    codegen, commands,
    election::{Election, own_namespace},
    http::{self, Readiness},
    logs,
    providers::Providers,
    telemetry::Metrics,
};

/// Does what the arguments ask for, until a signal stops it. The providers are those that `extend` makes of those that
/// are built in.
pub fn main(args: Args, extend: impl FnOnce(Providers) -> Providers) -> ExitCode {
    let connect = |args: &Args| -> Arc<dyn Connect> { Arc::new(extend(built_in(args))) };
    let outcome = match args.command {
        Some(Command::Codegen) => print_generated(),
        Some(Command::Plan(ref asked)) => return commands::plan::main(&args, asked, connect),
        Some(Command::Render(ref asked)) => return commands::render::main(&args, asked),
        Some(Command::Migrate(ref asked)) => return commands::migrate::main(&args, asked),
        Some(Command::Webhook(ref asked)) => commands::originals::webhook(asked, connect(&args)),
        Some(Command::Certcontroller(ref asked)) => commands::originals::certcontroller(asked),
        None => operate(args, connect),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the operator ends");
            ExitCode::FAILURE
        }
    }
}

/// Chooses the TLS implementation of the process. A second call changes nothing.
pub fn install_crypto() {
    // An error means that one was chosen already, which is as good.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
}

fn print_generated() -> anyhow::Result<()> {
    let files = serde_json::to_string_pretty(&codegen::files()).context("texts must be JSON")?;
    std::io::stdout().write_all(files.as_bytes()).context("cannot print")
}

fn operate(args: Args, connect: impl FnOnce(&Args) -> Arc<dyn Connect>) -> anyhow::Result<()> {
    logs::begin(args.loglevel, args.log_format);
    logs::keep_panics_quiet();
    install_crypto();
    let connect = connect(&args);
    runtime()?.block_on(async {
        let stop = stop_on_signals()?;
        run(args, connect, stop).await
    })
}

/// The providers that are built in, as the arguments want them.
fn built_in(args: &Args) -> Providers {
    // The older controller's name for it.
    let secrets_manager = || std::env::var("AWS_SM_ENDPOINT").ok();
    let endpoints = Endpoints::from_environment_values(
        args.aws_secretsmanager_endpoint.clone().or_else(secrets_manager),
        args.aws_ssm_endpoint.clone(),
        args.aws_sts_endpoint.clone(),
    );
    let providers = Providers::new(endpoints).with_own_token(&args.own_token_file);
    providers.with_sts_of_vault(args.aws_sts_endpoint.clone())
}

/// The threads that all of it runs on.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")
}

/// Runs the operator until `stop` is cancelled, or something that it cannot do without fails: one that led, and has lost
/// its lease, ends so.
///
/// It returns when nothing of it runs any more: every call that was under way has ended, and each store's login with
/// it. Where the lease was lost nobody waits for that longer than until another one may lead.
pub async fn run(args: Args, connect: Arc<dyn Connect>, stop: CancellationToken) -> anyhow::Result<()> {
    args.accepted.log();
    let connected = client::connect().await?;
    let election = Election::begin(&args, &connected)?;
    let namespace = own_namespace(&connected);
    let leadership = election.leadership();
    let limit = Limit { per_second: args.client_qps, burst: args.client_burst };
    // A request may wait for the limit, and is looked at again when it is sent.
    let client = client::limited(fenced(connected.clone(), leadership.clone()), limit);
    let (keys, keeping) = seal::follow(connected.clone(), &namespace, &args.webhook.seal_secret_name);
    let mut kept = JoinSet::new();
    let seal_key = args.webhook.webhook_enable.then(|| {
        kept.spawn(keeping);
        keys.clone()
    });
    let options = Options { leadership, seal_key, legacy: legacy(&args)?, ..options(&args) };
    let metrics = Arc::new(Metrics::new());
    let controller = Controller::new(client, options, Arc::clone(&connect), Arc::clone(&metrics) as _);
    metrics.watch_queues(controller.handles().to_vec());
    let end = CancellationToken::new();
    let admission = match args.webhook.webhook_enable {
        true => {
            let parts = Parts {
                client: connected,
                namespace,
                keys,
                targets: controller.targets(),
                stores: controller.stores(),
                synced: controller.synced(),
                connect,
                delimiters: delimiters(&args),
                metrics: Arc::clone(&metrics),
            };
            Some(Serving::begin(&args.webhook, parts, end.clone()).await?)
        }
        false => None,
    };
    let mut ready = vec![Readiness::synced(controller.synced())];
    ready.extend(admission.iter().flat_map(Serving::ready));
    let health = http::health(ready);
    let mut servers = JoinSet::new();
    for (address, router) in [(&args.live_addr, health), (&metrics_address(&args), http::metrics(metrics))] {
        if let Some(listener) = listen(address).await? {
            servers.spawn(http::serve(listener, router, end.clone()));
        }
    }
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "the operator runs");
    let outcome = election.during(controller.run(stop)).await;
    // To the end it says that it lives: nobody should kill it while it stops.
    end.cancel();
    servers.join_all().await;
    if let Some(admission) = admission {
        admission.ended().await;
    }
    outcome
}

/// Where metrics are served. Who wants them protected is not served them without.
fn metrics_address(args: &Args) -> ListenAddress {
    if args.metrics_secure || args.metrics_auth {
        tracing::warn!(
            "metrics are not served: neither TLS nor tokens are served here, see --metrics-secure"
        );
        return ListenAddress::nowhere();
    }
    args.metrics_addr.clone()
}

/// How the arguments want the operator to work.
pub(crate) fn options(args: &Args) -> Options {
    let default = Options::default();
    Options {
        namespace: Some(args.namespace.clone()).filter(|namespace| !namespace.is_empty()),
        class: args.controller_class.clone(),
        cluster_stores: args.enable_cluster_store_reconciler,
        cluster_external_secrets: args.enable_cluster_external_secret_reconciler,
        push_secrets: args.enable_push_secret_reconciler,
        cluster_push_secrets: args.enable_cluster_push_secret_reconciler,
        heartbeat: args.status_heartbeat,
        concurrency: args.concurrent.max(default.concurrency),
        store_requeue_interval: Some(args.store_requeue_interval).filter(|interval| !interval.is_zero()),
        events_per_second: args.events_per_second,
        delimiters: delimiters(args),
        generic_targets: args.unsafe_allow_generic_targets,
        standby: match args.webhook.webhook_enable {
            true => Standby::Connected,
            false => Standby::Idle,
        },
        ..default
    }
}

/// What objects of the older group are served with, where they are.
fn legacy(args: &Args) -> anyhow::Result<Option<Environment>> {
    let environment = || environment(|name| std::env::var(name).ok(), delimiters(args));
    args.serve_kubernetes_client_io.then(environment).transpose()
}

/// What begins and ends an action in a template.
pub(crate) fn delimiters(args: &Args) -> Delimiters {
    Delimiters { left: args.template_left_delimiter.clone(), right: args.template_right_delimiter.clone() }
}

pub(crate) async fn listen(address: &ListenAddress) -> anyhow::Result<Option<tokio::net::TcpListener>> {
    address.bind().await.with_context(|| format!("cannot listen at {address}"))
}

/// A token that SIGTERM and SIGINT cancel.
pub(crate) fn stop_on_signals() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    for kind in [unix::SignalKind::terminate(), unix::SignalKind::interrupt()] {
        let mut signal = unix::signal(kind).context("cannot listen for signals")?;
        let stop = stop.clone();
        tokio::spawn(async move {
            signal.recv().await;
            tracing::info!("told to stop");
            stop.cancel();
        });
    }
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::{Args, ListenAddress, Options, metrics_address, options};

    #[track_caller]
    fn check(flag: &str, expected: usize) {
        let args = Args::try_parse_from(["eso", flag]).unwrap();
        assert_eq!(options(&args).concurrency.get(), expected, "{flag}");
    }

    #[test]
    fn the_originals_one_at_a_time_keeps_nobody_waiting() {
        let default = Options::default().concurrency.get();
        check("--concurrent=1", default);
        check("--concurrent=5000", 5000);
    }

    #[test]
    fn metrics_that_are_to_be_protected_are_not_served_without() {
        let address =
            |flags: &[&str]| metrics_address(&Args::try_parse_from([&["eso"], flags].concat()).unwrap());
        assert_eq!(address(&["--metrics-secure=false"]), ":8080".parse().unwrap());
        assert_eq!(address(&["--metrics-secure"]), ListenAddress::nowhere());
        assert_eq!(address(&["--metrics-auth"]), ListenAddress::nowhere());
    }

    #[test]
    fn stores_of_the_cluster_are_served_unless_they_are_switched_off() {
        let served = |flags: &[&str]| {
            options(&Args::try_parse_from([&["eso"], flags].concat()).unwrap()).cluster_stores
        };
        assert!(served(&[]) && !served(&["--enable-cluster-store-reconciler=false"]));
    }
}
