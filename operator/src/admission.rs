//! Admission, served: Secrets are filled and objects are judged while the API server waits, over TLS.
//!
//! ```text
//! connection ─► server ─► routes ─┬─► eso-admission (decides) ─► cluster, stores
//!    (tls)                        └─► judge
//! ```
//!
//! Every replica serves, whether or not it leads: it writes nothing but the certificates and the key that all share.

mod cluster;
pub(crate) mod judge;
mod keys;
pub(crate) mod routes;
pub(crate) mod server;
pub(crate) mod tls;

use std::{net::Ipv4Addr, sync::Arc};

use anyhow::Context as _;
use eso_kube::{
    certificates::{self, Own, Source, paths},
    controllers::Targets,
    seal::SealKeys,
    stores::{Connect, StoreRegistry},
};
use eso_plan::template::Delimiters;
use kube::Client;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    args::{CertificateSource, WebhookFlags},
    codegen::webhooks::PATHS,
    http::Readiness,
    telemetry::Metrics,
};
use cluster::KubeCluster;
use judge::{Judge, Sight};
use routes::Routes;

/// What admission is served with.
pub(crate) struct Parts {
    /// Asks the API server while somebody waits: nothing holds its requests back, and it writes whether or not this process
    /// leads.
    pub(crate) client: Client,
    /// The operator's own namespace.
    pub(crate) namespace: String,
    /// The key that records are sealed with.
    pub(crate) keys: SealKeys,
    /// Which object writes a Secret.
    pub(crate) targets: Targets,
    /// What is read.
    pub(crate) stores: Arc<StoreRegistry>,
    /// Whether everything was listed once.
    pub(crate) synced: watch::Receiver<bool>,
    /// Which providers there are.
    pub(crate) connect: Arc<dyn Connect>,
    /// What begins and ends an action in a template.
    pub(crate) delimiters: Delimiters,
    /// Counts what is answered.
    pub(crate) metrics: Arc<Metrics>,
}

/// Admission that is served.
pub(crate) struct Serving {
    ready: Vec<Readiness>,
    server: JoinSet<()>,
    /// What goes on for as long as it is served.
    _kept: JoinSet<()>,
}

impl Serving {
    /// Begins to serve. It fails where the port cannot be had.
    pub(crate) async fn begin(
        flags: &WebhookFlags,
        parts: Parts,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        let listener = listen(flags.webhook_port).await?;
        let mut kept = JoinSet::new();
        let settings = certificates_of(flags, &parts.namespace);
        let (served, keeping) = certificates::follow(parts.client.clone(), settings);
        kept.spawn(keeping);
        let (certificates, is_served) = tls::Certificates::new();
        kept.spawn(Arc::clone(&certificates).follow(served));
        let (filling, is_sealed, keeping) = keys::admission(&parts);
        kept.spawn(keeping);
        let configuration = flags.webhook_configuration_name.clone();
        kept.spawn(paths::keep(parts.client.clone(), configuration, PATHS, parts.keys.clone()));
        let routes = Routes {
            admission: Some(filling),
            judge: Judge::seeing(Sight {
                stores: Arc::clone(&parts.stores),
                targets: parts.targets.clone(),
                synced: parts.synced,
                delimiters: parts.delimiters,
            }),
            connect: parts.connect,
            timeout: flags.webhook_timeout,
            metrics: parts.metrics,
        };
        let mut server = JoinSet::new();
        let acceptor = tls::acceptor(certificates);
        server.spawn(server::serve(listener, acceptor, routes.router(), stop));
        let ready = vec![
            Readiness { holds: is_served, otherwise: "there are no certificates for the webhooks yet" },
            Readiness { holds: is_sealed, otherwise: "there is no key to seal what Secrets refer to yet" },
        ];
        Ok(Self { ready, server, _kept: kept })
    }

    /// What must hold before it is ready.
    pub(crate) fn ready(&self) -> Vec<Readiness> {
        self.ready.clone()
    }

    /// Returns when every answer that was under way is given, after the stop.
    pub(crate) async fn ended(self) {
        self.server.join_all().await;
    }
}

/// Listens on every address of the machine: on IPv6 and IPv4 where it has both, else on IPv4.
pub(crate) async fn listen(port: u16) -> anyhow::Result<TcpListener> {
    match TcpListener::bind(("::", port)).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))
            .await
            .with_context(|| format!("cannot listen for webhooks at port {port}")),
    }
}

fn certificates_of(flags: &WebhookFlags, namespace: &str) -> certificates::Settings {
    let source = match flags.webhook_certificates {
        CertificateSource::Followed => Source::Followed,
        CertificateSource::Own => Source::Own(Own {
            service: flags.webhook_service_name.clone(),
            configuration: flags.webhook_configuration_name.clone(),
            overlap: flags.webhook_certificate_overlap,
        }),
    };
    certificates::Settings { namespace: namespace.to_owned(), secret: flags.secret_name().to_owned(), source }
}
