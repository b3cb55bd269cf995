//! The configuration files of an OpenBao server, and its command line.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::Mode;
use crate::{
    certificates::{Authority, Pair},
    port,
    process::Launch,
    programs::{self, Program},
};

/// The root token of the development mode.
pub(super) const DEVELOPMENT_TOKEN: &str = "eso-rig-root";

/// The audit log's file name.
pub(super) const AUDIT: &str = "audit.log";

/// One node of a cluster.
pub(super) struct Node<'a> {
    /// How the others know it.
    pub(super) name: &'a str,
    /// The audit log of the whole cluster.
    pub(super) audit: &'a Path,
    /// Whether it answers nothing by itself while it is a standby.
    pub(super) disables_reads: bool,
    /// The address of a node that it joins; none for the first.
    pub(super) peer: Option<&'a str>,
}

/// Where a server will answer, and what its clients must trust.
pub(super) struct Address {
    pub(super) url: String,
    pub(super) authority: Option<Authority>,
    pub(super) mutual: Option<Mutual>,
    port: u16,
}

/// A second way to a server: for clients that show a certificate.
pub(super) struct Mutual {
    pub(super) url: String,
    pub(super) client: Pair,
    port: u16,
}

impl Mutual {
    fn new(authority: &Authority) -> Result<Self> {
        let port = port::free()?;
        let client = authority.client("eso-rig", "clients")?;
        Ok(Self { url: format!("https://127.0.0.1:{port}"), client, port })
    }
}

impl Address {
    /// Chooses a free port, and makes a certificate in `folder` where the mode has one.
    pub(super) fn new(mode: Mode, folder: &Path) -> Result<Self> {
        match mode {
            Mode::Development => Self::plain(),
            Mode::Persistent | Mode::Mutual => {
                let port = port::free()?;
                let authority = Authority::new("eso-rig-openbao")?;
                let pair = authority.server(&["127.0.0.1", "localhost"])?;
                put(folder, "server.pem", &pair.certificate)?;
                put(folder, "server.key", &pair.key)?;
                put(folder, "authority.pem", &authority.pem)?;
                let mutual = (mode == Mode::Mutual).then(|| Mutual::new(&authority)).transpose()?;
                Ok(Self {
                    url: format!("https://127.0.0.1:{port}"),
                    authority: Some(authority),
                    mutual,
                    port,
                })
            }
        }
    }

    /// Chooses a free port, without TLS.
    pub(super) fn plain() -> Result<Self> {
        let port = port::free()?;
        Ok(Self { url: format!("http://127.0.0.1:{port}"), authority: None, mutual: None, port })
    }
}

/// Writes the configuration and says how to start the server.
pub(super) async fn launch(mode: Mode, folder: &Path, address: &Address) -> Result<Launch> {
    let audit = audit(&folder.join(AUDIT));
    match mode {
        Mode::Development => with_configuration(folder, &audit, development(address)).await,
        Mode::Persistent | Mode::Mutual => {
            let configuration = format!("{audit}{}", persistent(folder, address)?);
            with_configuration(folder, &configuration, Vec::new()).await
        }
    }
}

/// Writes one node of a cluster's configuration and says how to start it: its data in `folder`, its audit log where all of
/// them have it, and `peer` the address of a node that it joins. OpenBao wants the same audit devices on each.
pub(super) async fn launch_node(folder: &Path, address: &Address, node: &Node<'_>) -> Result<Launch> {
    let Node { name, audit: path, disables_reads, peer } = node;
    let join = peer.map(|peer| format!("  retry_join {{ leader_api_addr = \"{peer}\" }}\n"));
    let (data, cluster) = (data(folder)?, port::free()?);
    let configuration = format!(
        "{audit}api_addr = \"{url}\"
cluster_addr = \"https://127.0.0.1:{cluster}\"
disable_standby_reads = {disables_reads}
storage \"raft\" {{
  path = \"{data}\"
  node_id = \"{name}\"
  performance_multiplier = 1
  autopilot_update_interval = \"100ms\"
  autopilot_reconcile_interval = \"100ms\"
{join}}}
listener \"tcp\" {{
  address = \"127.0.0.1:{port}\"
  cluster_address = \"127.0.0.1:{cluster}\"
  tls_disable = true
}}
",
        audit = audit(path),
        url = address.url,
        data = data.display(),
        join = join.unwrap_or_default(),
        port = address.port,
    );
    with_configuration(folder, &configuration, Vec::new()).await
}

async fn with_configuration(folder: &Path, text: &str, mut arguments: Vec<String>) -> Result<Launch> {
    put(folder, "configuration.hcl", text)?;
    arguments.insert(0, "server".to_owned());
    arguments.push(format!("-config={}", folder.join("configuration.hcl").display()));
    Ok(Launch {
        name: "openbao",
        program: programs::find(Program::OpenBao).await?,
        arguments,
        environment: vec![("HOME", folder.display().to_string())],
        log: folder.join("openbao.log"),
    })
}

fn audit(path: &Path) -> String {
    format!("audit \"file\" \"rig\" {{\n  options {{ file_path = \"{}\" }}\n}}\n", path.display())
}

fn development(address: &Address) -> Vec<String> {
    vec![
        "-dev".to_owned(),
        "-dev-no-store-token".to_owned(),
        format!("-dev-root-token-id={DEVELOPMENT_TOKEN}"),
        format!("-dev-listen-address=127.0.0.1:{}", address.port),
    ]
}

fn persistent(folder: &Path, address: &Address) -> Result<String> {
    let data = data(folder)?;
    // Nobody is served at the second who does not show a certificate of this server's authority.
    let shown = format!(
        "  tls_client_ca_file = \"{}/authority.pem\"\n  tls_require_and_verify_client_cert = true\n",
        folder.display()
    );
    let mutual = address.mutual.as_ref().map(|mutual| (mutual.port, shown.as_str()));
    let listeners = [Some((address.port, "")), mutual];
    let (mut texts, mut clusters) = (String::new(), Vec::new());
    for (port, clients) in listeners.into_iter().flatten() {
        let cluster = port::free()?;
        clusters.push(cluster);
        texts.push_str(&format!(
            "listener \"tcp\" {{
  address = \"127.0.0.1:{port}\"
  cluster_address = \"127.0.0.1:{cluster}\"
  tls_cert_file = \"{folder}/server.pem\"
  tls_key_file = \"{folder}/server.key\"
{clients}}}
",
            folder = folder.display(),
        ));
    }
    Ok(format!(
        "api_addr = \"{url}\"
cluster_addr = \"https://127.0.0.1:{cluster}\"
storage \"raft\" {{
  path = \"{data}\"
  node_id = \"rig\"
}}
{texts}",
        url = address.url,
        cluster = clusters[0],
        data = data.display(),
    ))
}

fn data(folder: &Path) -> Result<PathBuf> {
    let data = folder.join("data");
    fs::create_dir_all(&data).context("cannot make the folder for OpenBao's data")?;
    Ok(data)
}

fn put(folder: &Path, name: &str, text: &str) -> Result<()> {
    fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))
}
