//! The configuration files of an OpenBao server, and its command line.

use std::{fs, path::Path};

use anyhow::{Context, Result};

use super::Mode;
use crate::{
    certificates::Authority,
    port,
    process::Launch,
    programs::{self, Program},
};

/// The root token of the development mode.
pub(super) const DEVELOPMENT_TOKEN: &str = "eso-rig-root";

/// Where a server will answer, and what its clients must trust.
pub(super) struct Address {
    pub(super) url: String,
    pub(super) ca_pem: Option<String>,
    port: u16,
}

impl Address {
    /// Chooses a free port, and makes a certificate in `folder` where the mode has one.
    pub(super) fn new(mode: Mode, folder: &Path) -> Result<Self> {
        let port = port::free()?;
        match mode {
            Mode::Development => Ok(Self { url: format!("http://127.0.0.1:{port}"), ca_pem: None, port }),
            Mode::Persistent => {
                let authority = Authority::new("eso-rig-openbao")?;
                let pair = authority.server(&["127.0.0.1", "localhost"])?;
                put(folder, "server.pem", &pair.certificate)?;
                put(folder, "server.key", &pair.key)?;
                Ok(Self { url: format!("https://127.0.0.1:{port}"), ca_pem: Some(authority.pem), port })
            }
        }
    }
}

/// Writes the configuration and says how to start the server.
pub(super) async fn launch(mode: Mode, folder: &Path, address: &Address) -> Result<Launch> {
    let audit = audit(folder);
    let (configuration, mut arguments) = match mode {
        Mode::Development => (audit, development(address)),
        Mode::Persistent => (format!("{audit}{}", persistent(folder, address)?), Vec::new()),
    };
    put(folder, "configuration.hcl", &configuration)?;
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

fn audit(folder: &Path) -> String {
    let path = folder.join("audit.log");
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
    let data = folder.join("data");
    fs::create_dir_all(&data).context("cannot make the folder for OpenBao's data")?;
    let cluster = port::free()?;
    Ok(format!(
        "api_addr = \"{url}\"
cluster_addr = \"https://127.0.0.1:{cluster}\"
storage \"raft\" {{
  path = \"{data}\"
  node_id = \"rig\"
}}
listener \"tcp\" {{
  address = \"127.0.0.1:{port}\"
  cluster_address = \"127.0.0.1:{cluster}\"
  tls_cert_file = \"{folder}/server.pem\"
  tls_key_file = \"{folder}/server.key\"
}}
",
        url = address.url,
        data = data.display(),
        port = address.port,
        folder = folder.display(),
    ))
}

fn put(folder: &Path, name: &str, text: &str) -> Result<()> {
    fs::write(folder.join(name), text).with_context(|| format!("cannot write {name}"))
}
