//! The files and command lines of etcd, kube-apiserver and kube-controller-manager.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    certificates::{self, Authority, Pair},
    kubeconfig::{Identity, kubeconfig},
    port,
    process::Launch,
    programs::{self, Program},
};

/// Every request, without bodies, once it is answered.
const AUDIT_POLICY: &str = "apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- level: Metadata
";

/// All that a control plane needs on disk.
pub(super) struct Files {
    folder: PathBuf,
    pub(super) authority_pem: String,
    pub(super) administrator: Pair,
    pub(super) kubeconfig: String,
    pub(super) url: String,
    api_port: u16,
    etcd_port: u16,
}

impl Files {
    /// Makes keys, certificates and configuration in `folder`, and chooses the ports.
    pub(super) fn write(folder: &Path) -> Result<Self> {
        let authority = Authority::new("eso-rig")?;
        let server = authority.server(&["127.0.0.1", "localhost", "kubernetes.default.svc", "10.96.0.1"])?;
        let administrator = authority.client("eso-rig-admin", "system:masters")?;
        let (api_port, etcd_port) = (port::free()?, port::free()?);
        let url = format!("https://127.0.0.1:{api_port}");
        let files = Self {
            folder: folder.to_owned(),
            kubeconfig: kubeconfig(&url, &authority.pem, &Identity::Certificate(&administrator)),
            authority_pem: authority.pem,
            administrator,
            url,
            api_port,
            etcd_port,
        };
        files.put("authority.pem", &files.authority_pem)?;
        files.put("server.pem", &server.certificate)?;
        files.put("server.key", &server.key)?;
        let (private, public) = certificates::signing_keys()?;
        files.put("tokens.key", &private)?;
        files.put("tokens.pub", &public)?;
        files.put("audit-policy.yaml", AUDIT_POLICY)?;
        files.put("kubeconfig", &files.kubeconfig)?;
        Ok(files)
    }

    pub(super) fn kubeconfig_path(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    pub(super) fn audit_log(&self) -> PathBuf {
        self.folder.join("audit.log")
    }

    pub(super) fn etcd_health(&self) -> String {
        format!("{}/health", self.etcd_url(self.etcd_port))
    }

    pub(super) async fn etcd(&self) -> Result<Launch> {
        let clients = self.etcd_url(self.etcd_port);
        let peers = self.etcd_url(port::free()?);
        let arguments = vec![
            format!("--data-dir={}", self.at("etcd")),
            format!("--listen-client-urls={clients}"),
            format!("--advertise-client-urls={clients}"),
            format!("--listen-peer-urls={peers}"),
            format!("--initial-advertise-peer-urls={peers}"),
            format!("--initial-cluster=default={peers}"),
            // The data goes away with the test: losing it in a power cut is no loss.
            "--unsafe-no-fsync".to_owned(),
            "--log-level=warn".to_owned(),
        ];
        self.launch(Program::Etcd, arguments).await
    }

    pub(super) async fn apiserver(&self, more: &[String]) -> Result<Launch> {
        let mut arguments = vec![
            format!("--etcd-servers={}", self.etcd_url(self.etcd_port)),
            "--bind-address=127.0.0.1".to_owned(),
            "--advertise-address=127.0.0.1".to_owned(),
            format!("--secure-port={}", self.api_port),
            format!("--tls-cert-file={}", self.at("server.pem")),
            format!("--tls-private-key-file={}", self.at("server.key")),
            format!("--client-ca-file={}", self.at("authority.pem")),
            format!("--service-account-key-file={}", self.at("tokens.pub")),
            format!("--service-account-signing-key-file={}", self.at("tokens.key")),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
            "--authorization-mode=RBAC".to_owned(),
            format!("--audit-policy-file={}", self.at("audit-policy.yaml")),
            format!("--audit-log-path={}", self.at("audit.log")),
            // Megabytes; a mark is a place in one file, so the log must not be moved on.
            "--audit-log-maxsize=100000".to_owned(),
            format!("--cert-dir={}", self.at("apiserver")),
        ];
        arguments.extend_from_slice(more);
        self.launch(Program::KubeApiserver, arguments).await
    }

    pub(super) async fn controller_manager(&self) -> Result<Launch> {
        let arguments = vec![
            format!("--kubeconfig={}", self.at("kubeconfig")),
            format!("--root-ca-file={}", self.at("authority.pem")),
            format!("--service-account-private-key-file={}", self.at("tokens.key")),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={}", port::free()?),
            format!("--cert-dir={}", self.at("controller-manager")),
            "--leader-elect=false".to_owned(),
        ];
        self.launch(Program::KubeControllerManager, arguments).await
    }

    async fn launch(&self, program: Program, arguments: Vec<String>) -> Result<Launch> {
        Ok(Launch {
            name: program.file_name(),
            program: programs::find(program).await?,
            arguments,
            environment: Vec::new(),
            log: self.folder.join(format!("{}.log", program.file_name())),
        })
    }

    fn etcd_url(&self, port: u16) -> String {
        format!("http://127.0.0.1:{port}")
    }

    fn at(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn put(&self, name: &str, text: &str) -> Result<()> {
        fs::write(self.folder.join(name), text).with_context(|| format!("cannot write {name}"))
    }
}
