//! The original's other two commands, for Deployments of it whose image alone was changed.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use eso_kube::{certificates::Pair, stores::Connect};
use tokio::{sync::watch, task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::{
    admission::{judge::Judge, listen, routes::Routes, server, tls},
    args::{CertController, ListenAddress, LogFormat, Webhook},
    http::{self, Readiness},
    logs, run,
    telemetry::Metrics,
};

/// How often a file is looked at, at least.
const LOOK_INTERVAL: Duration = Duration::from_secs(10);

/// How long an answer may take: all is known that goes into one.
const TIMEOUT: Duration = Duration::from_secs(4);

/// Serves the webhooks that judge objects, until a signal stops it. It sees nothing of the cluster: the original's account
/// of its webhook may read nothing.
pub fn webhook(asked: &Webhook, connect: Arc<dyn Connect>) -> anyhow::Result<()> {
    logs::begin(asked.loglevel, LogFormat::Json);
    logs::keep_panics_quiet();
    run::install_crypto();
    run::runtime()?.block_on(async {
        let stop = run::stop_on_signals()?;
        let (certificates, is_there) = tls::Certificates::new();
        let (found, served) = watch::channel(None);
        let metrics = Arc::new(Metrics::new());
        let routes = Routes {
            admission: None,
            judge: Judge::blind(),
            connect,
            timeout: TIMEOUT,
            metrics: Arc::clone(&metrics),
        };
        let acceptor = tls::acceptor(Arc::clone(&certificates));
        let mut kept = JoinSet::new();
        kept.spawn(certificates.follow(served));
        kept.spawn(watch_files(asked.cert_dir.clone(), asked.check_interval.min(LOOK_INTERVAL), found));
        let ready = Readiness { holds: is_there, otherwise: "there is no certificate in --cert-dir yet" };
        let listener = listen(asked.port).await?;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "the webhooks that judge objects are served");
        let serving = server::serve(listener, acceptor, routes.router(), stop.clone());
        let addresses =
            Addresses { health: &asked.healthz_addr, metrics: &asked.common.metrics(&asked.metrics_addr) };
        tokio::join!(serving, addresses.serve(vec![ready], metrics, stop)).1
    })
}

/// Says that it is well, until a signal stops it.
pub fn certcontroller(asked: &CertController) -> anyhow::Result<()> {
    logs::begin(asked.loglevel, LogFormat::Json);
    logs::keep_panics_quiet();
    run::runtime()?.block_on(async {
        let stop = run::stop_on_signals()?;
        tracing::info!(
            "there is nothing to do here: the operator keeps the certificates of its webhooks itself, and this Deployment \
             can be deleted"
        );
        let addresses = Addresses {
            health: &asked.healthz_addr,
            metrics: &asked.common.metrics(&asked.metrics_addr),
        };
        addresses.serve(Vec::new(), Arc::default(), stop).await
    })
}

/// Where health and metrics are served.
struct Addresses<'a> {
    health: &'a ListenAddress,
    metrics: &'a ListenAddress,
}

impl Addresses<'_> {
    async fn serve(
        &self,
        ready: Vec<Readiness>,
        metrics: Arc<Metrics>,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        let mut servers = JoinSet::new();
        for (address, router) in [(self.health, http::health(ready)), (self.metrics, http::metrics(metrics))]
        {
            if let Some(listener) = run::listen(address).await.inspect_err(|_| stop.cancel())? {
                servers.spawn(http::serve(listener, router, stop.clone()));
            }
        }
        stop.cancelled().await;
        servers.join_all().await;
        Ok(())
    }
}

/// Tells what is in the files of a folder, over and over. Both are exchanged at once where the kubelet writes them.
async fn watch_files(folder: PathBuf, interval: Duration, found: watch::Sender<Option<Pair>>) {
    let mut said = None;
    loop {
        match pair(&folder) {
            Ok(pair) => {
                said = None;
                found.send_if_modified(|served| {
                    let is_new = served.as_ref() != Some(&pair);
                    *served = Some(pair);
                    is_new
                });
            }
            Err(error) if said != Some(error.kind()) => {
                said = Some(error.kind());
                tracing::warn!(folder = %folder.display(), %error, "tls.crt and tls.key cannot be read");
            }
            Err(_) => {}
        }
        sleep(interval).await;
    }
}

fn pair(folder: &Path) -> io::Result<Pair> {
    let chain = fs::read_to_string(folder.join("tls.crt"))?;
    let key = Zeroizing::new(fs::read_to_string(folder.join("tls.key"))?);
    Ok(Pair { chain, key })
}
