//! A Kubernetes control plane: etcd, kube-apiserver and, unless told otherwise, kube-controller-manager.

mod client;
mod launch;
mod requests;

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use reqwest::{Certificate, Client, ClientBuilder, Identity, Method};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

pub use self::{
    client::{ApiClient, ApiWatch},
    requests::{ApiRequest, ApiRequests},
};
use self::{launch::Files, requests::Event};
use crate::{
    audit::{Log, Mark},
    folder::Folder,
    http::{self, Answer},
    kubeconfig,
    process::Process,
    programs::{self, Program},
};

/// The audit log holds a request's line within moments of its answer; this long means that it is broken.
const AUDITED_WITHIN: Duration = Duration::from_secs(30);

/// How a control plane is started.
#[derive(Debug, Clone)]
pub struct ControlPlaneOptions {
    /// Runs kube-controller-manager too: garbage collection by owner, namespaces that go away, default
    /// service accounts.
    pub controller_manager: bool,
    /// More flags for kube-apiserver, `--name=value`.
    pub apiserver_flags: Vec<String>,
}

impl Default for ControlPlaneOptions {
    fn default() -> Self {
        Self { controller_manager: true, apiserver_flags: Vec::new() }
    }
}

/// A running control plane. It ends, and its data goes away, when the handle is dropped or the process
/// ends in whatever way.
pub struct ControlPlane {
    // Fields are dropped in this order: clients of etcd before etcd, and the folder last.
    _controller_manager: Option<Process>,
    apiserver: Process,
    _etcd: Process,
    client: Client,
    files: Files,
    kubectl: PathBuf,
    audit: Log,
    barriers: AtomicU32,
    namespaces: AtomicU32,
    _folder: Folder,
}

static SHARED: OnceCell<ControlPlane> = OnceCell::const_new();

impl ControlPlane {
    /// Starts one on free ports of 127.0.0.1, and returns when it is ready.
    ///
    /// # Errors
    /// Names the server that cannot be had or does not start, and quotes the end of its log.
    pub async fn start(options: ControlPlaneOptions) -> Result<Self> {
        let ControlPlaneOptions { controller_manager, apiserver_flags } = options;
        let folder = Folder::new("control-plane")?;
        let files = Files::write(folder.path())?;
        let client = administrator(&files)?.build().context("no HTTPS client")?;
        let etcd = files.etcd().await?.start()?;
        http::ready(&client, &files.etcd_health(), &[200], &etcd).await?;
        let apiserver = files.apiserver(&apiserver_flags).await?.start()?;
        http::ready(&client, &format!("{}/readyz", files.url), &[200], &apiserver).await?;
        let controller_manager = match controller_manager {
            true => Some(files.controller_manager().await?.start()?),
            false => None,
        };
        Ok(Self {
            _controller_manager: controller_manager,
            apiserver,
            _etcd: etcd,
            client,
            audit: Log::new(&files.audit_log()),
            files,
            kubectl: programs::find(Program::Kubectl).await?,
            barriers: AtomicU32::new(0),
            namespaces: AtomicU32::new(0),
            _folder: folder,
        })
    }

    /// The one that all tests of this process share, started at the first call, ended with the process.
    ///
    /// A test takes a [`namespace`](Self::namespace) of its own, and does not pause or kill it.
    ///
    /// # Errors
    /// As [`start`](Self::start); the next call tries again.
    pub async fn shared() -> Result<&'static Self> {
        SHARED.get_or_try_init(|| Self::start(ControlPlaneOptions::default())).await
    }

    /// `https://127.0.0.1:<port>`.
    pub fn url(&self) -> &str {
        &self.files.url
    }

    /// The certificate authority of the API server, PEM.
    pub fn ca_pem(&self) -> &str {
        &self.files.authority_pem
    }

    /// A cluster administrator's kubeconfig.
    pub fn kubeconfig(&self) -> &str {
        &self.files.kubeconfig
    }

    /// A file with [`kubeconfig`](Self::kubeconfig).
    pub fn kubeconfig_path(&self) -> PathBuf {
        self.files.kubeconfig_path()
    }

    /// The kubectl program.
    pub fn kubectl(&self) -> &Path {
        &self.kubectl
    }

    /// Asks the API server as cluster administrator; `path` begins with a slash and may have a query.
    ///
    /// # Errors
    /// When there is no answer; an answer with an error status is an [`Answer`].
    pub async fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let request = self.client.request(method.clone(), format!("{}{path}", self.url()));
        http::call(request, body).await.with_context(|| format!("kube-apiserver: {method} {path}"))
    }

    /// A client with the same rights for many requests, and for watching.
    ///
    /// # Errors
    /// When there is no HTTPS to be had.
    pub fn client(&self) -> Result<ApiClient> {
        ApiClient::new(administrator(&self.files)?, self.url())
    }

    /// Creates an object: `collection` is its collection's path, `/api/v1/namespaces` for one.
    ///
    /// # Errors
    /// When it is not created.
    pub async fn create(&self, collection: &str, object: &Value) -> Result<Value> {
        let answer = self.request(Method::POST, collection, Some(object)).await?;
        answer.success().with_context(|| format!("kube-apiserver: POST {collection}"))
    }

    /// Creates a namespace that nobody else has, its name beginning with `prefix`, and returns the name.
    ///
    /// # Errors
    /// When it is not created.
    pub async fn namespace(&self, prefix: &str) -> Result<String> {
        let name = format!("{prefix}-{}", self.namespaces.fetch_add(1, Ordering::Relaxed));
        self.create("/api/v1/namespaces", &json!({"metadata": {"name": name}})).await?;
        Ok(name)
    }

    /// Creates a service account.
    ///
    /// # Errors
    /// When it is not created.
    pub async fn service_account(&self, namespace: &str, name: &str) -> Result<()> {
        let collection = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
        self.create(&collection, &json!({"metadata": {"name": name}})).await.map(drop)
    }

    /// A token of a service account, valid for a day, for `audiences` (the API server's own when empty).
    ///
    /// # Errors
    /// When the service account is not there.
    pub async fn token(&self, namespace: &str, name: &str, audiences: &[&str]) -> Result<String> {
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token");
        let wanted = json!({"spec": {"expirationSeconds": 86_400, "audiences": audiences}});
        let answer = self.create(&path, &wanted).await?;
        let token = answer["status"]["token"].as_str().context("a token request must answer a token")?;
        Ok(token.to_owned())
    }

    /// A kubeconfig with the rights of a service account, valid for a day.
    ///
    /// # Errors
    /// When the service account is not there.
    pub async fn kubeconfig_for(&self, namespace: &str, name: &str) -> Result<String> {
        let token = self.token(namespace, name, &[]).await?;
        Ok(kubeconfig::kubeconfig(self.url(), self.ca_pem(), &kubeconfig::Identity::Token(&token)))
    }

    /// A point in the audit log after every request that was answered before this call.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn mark(&self) -> Result<Mark> {
        self.settle(self.audit.end()?).await?;
        self.audit.end()
    }

    /// Every request that was answered between the mark and this call, whoever asked.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn since(&self, mark: Mark) -> Result<ApiRequests> {
        self.settle(mark).await?;
        let events: Vec<Event> = self.audit.since(mark)?;
        Ok(events.into_iter().filter_map(Event::finished).filter(|request| !is_ours(&request.uri)).collect())
    }

    /// Stops the API server's clock: connections are taken, and nothing is answered.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pause_apiserver(&self) -> Result<()> {
        self.apiserver.pause()
    }

    /// Lets a paused API server go on.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resume_apiserver(&self) -> Result<()> {
        self.apiserver.resume()
    }

    /// Kills the API server: connections are refused. etcd goes on, so that nothing is lost.
    pub fn kill_apiserver(&self) {
        self.apiserver.kill();
    }

    /// Starts the API server again, on the same port with the same data, and returns when it is ready.
    ///
    /// # Errors
    /// When it does not get ready; quotes the end of its log.
    pub async fn restart_apiserver(&self) -> Result<()> {
        self.apiserver.restart()?;
        http::ready(&self.client, &format!("{}/readyz", self.url()), &[200], &self.apiserver).await
    }

    /// The API server's process number, for measuring what it uses. It changes with a restart.
    pub fn apiserver_id(&self) -> u32 {
        self.apiserver.id()
    }

    /// Asks a question of its own and waits until the log shows it: what was answered before is there then.
    async fn settle(&self, mark: Mark) -> Result<()> {
        let uri = format!("{BARRIER}{}", self.barriers.fetch_add(1, Ordering::Relaxed));
        self.request(Method::GET, &uri, None).await?;
        let began = Instant::now();
        while !self.audit.since::<Event>(mark)?.iter().any(|event| event.request_uri == uri) {
            ensure!(began.elapsed() < AUDITED_WITHIN, "kube-apiserver does not write its audit log");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }
}

/// The question that [`ControlPlane::settle`] asks.
const BARRIER: &str = "/version?eso-rig-barrier=";

fn is_ours(uri: &str) -> bool {
    uri.starts_with(BARRIER)
}

/// The settings of a client that has every right.
fn administrator(files: &Files) -> Result<ClientBuilder> {
    let pair = &files.administrator;
    let authority =
        Certificate::from_pem(files.authority_pem.as_bytes()).context("an authority must be PEM")?;
    let identity = Identity::from_pem(format!("{}{}", pair.key, pair.certificate).as_bytes())
        .context("a client certificate must be PEM")?;
    Ok(http::client().tls_certs_only([authority]).identity(identity))
}

#[cfg(test)]
mod tests;
