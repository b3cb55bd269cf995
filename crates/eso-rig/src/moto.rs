//! The standard AWS double. For behaviour: it answers some hundred requests a second.

use anyhow::{Context, Result};

use crate::{
    folder::Folder,
    http,
    parameter_store::ParameterStore,
    port,
    process::{Launch, Process},
    programs::{self, Program},
    secrets_manager::SecretsManager,
};

/// A running moto server, with nothing in it. It ends when it is dropped or the process ends.
pub struct Moto {
    process: Process,
    url: String,
    secrets: SecretsManager,
    parameters: ParameterStore,
    _folder: Folder,
}

impl Moto {
    /// Starts one on a free port of 127.0.0.1, and returns when it is ready.
    ///
    /// # Errors
    /// When it cannot be had or does not start; quotes the end of its log.
    pub async fn start() -> Result<Self> {
        let folder = Folder::new("moto")?;
        let port = port::free()?;
        let launch = Launch {
            name: "moto",
            program: programs::find(Program::Moto).await?,
            arguments: vec!["-H".to_owned(), "127.0.0.1".to_owned(), "-p".to_owned(), port.to_string()],
            environment: Vec::new(),
            log: folder.path().join("moto.log"),
        };
        let process = launch.start()?;
        let url = format!("http://127.0.0.1:{port}");
        let client = http::client().build().context("no HTTP client")?;
        http::ready(&client, &format!("{url}/moto-api/data.json"), &[200], &process).await?;
        let (secrets, parameters) = (SecretsManager::new(&url)?, ParameterStore::new(&url)?);
        Ok(Self { process, secrets, parameters, url, _folder: folder })
    }

    /// `http://127.0.0.1:<port>`, the endpoint of every service.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// For putting secrets there.
    pub fn secrets(&self) -> &SecretsManager {
        &self.secrets
    }

    /// For putting parameters there.
    pub fn parameters(&self) -> &ParameterStore {
        &self.parameters
    }

    /// Stops its clock: connections are taken, and nothing is answered.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pause(&self) -> Result<()> {
        self.process.pause()
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it has ended.
    pub fn resume(&self) -> Result<()> {
        self.process.resume()
    }

    /// Kills it: connections are refused, and everything in it is lost.
    pub fn kill(&self) {
        self.process.kill();
    }
}

#[cfg(test)]
mod tests;
