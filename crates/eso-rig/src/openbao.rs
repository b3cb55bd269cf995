//! OpenBao, which speaks the Vault API.

mod cluster;
mod configuration;
mod requests;

use anyhow::{Context, Result};
use reqwest::{Certificate, Client, Method, redirect::Policy};
use serde_json::{Value, json};

pub use self::{
    cluster::{Cluster, Standbys},
    requests::{VaultRequest, VaultRequests},
};
use self::{
    configuration::{AUDIT, Address, DEVELOPMENT_TOKEN},
    requests::Entry,
};
use crate::{
    audit::{Log, Mark},
    certificates::{Authority, Pair},
    folder::Folder,
    http::{self, Answer},
    process::Process,
};

/// What kind of server is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// HTTP, unsealed, everything in memory: a kill loses it. KV version 2 is mounted at `secret/`.
    #[default]
    Development,
    /// HTTPS by a private authority, data on disk: sealed after a restart, nothing lost, nothing mounted.
    Persistent,
    /// The same, with another address at which only clients with a certificate are served.
    Mutual,
}

/// A running OpenBao with its root token. It ends, and its data goes away, when the handle is dropped or
/// the process ends.
pub struct OpenBao {
    process: Process,
    client: Client,
    address: Address,
    root_token: String,
    unseal_key: Option<String>,
    /// What it says of its health when it serves. Where it is alone, it is a standby only until it is active.
    serving: &'static [u16],
    audit: Log,
    _folder: Folder,
}

impl OpenBao {
    /// Starts one on a free port of 127.0.0.1, and returns when it is ready and unsealed.
    ///
    /// # Errors
    /// When it cannot be had or does not start; quotes the end of its log.
    pub async fn start(mode: Mode) -> Result<Self> {
        let folder = Folder::new("openbao")?;
        let address = Address::new(mode, folder.path())?;
        let client = client(&address)?;
        let process = configuration::launch(mode, folder.path(), &address).await?.start()?;
        http::ready(&client, &health(&address), &[200, 501], &process).await?;
        let mut server = Self {
            process,
            client,
            root_token: DEVELOPMENT_TOKEN.to_owned(),
            unseal_key: None,
            serving: &[200],
            audit: Log::new(&folder.path().join(AUDIT)),
            address,
            _folder: folder,
        };
        if mode != Mode::Development {
            server.initialize().await?;
        }
        Ok(server)
    }

    /// `http://127.0.0.1:<port>` in the development mode, else `https`.
    pub fn url(&self) -> &str {
        &self.address.url
    }

    /// The private certificate authority, PEM; none in the development mode.
    pub fn ca_pem(&self) -> Option<&str> {
        self.address.authority.as_ref().map(|authority| authority.pem.as_str())
    }

    /// Another address of the same server, where only those are served who show a certificate of its authority; and
    /// such a certificate with its private key, PEM. Mutual mode only.
    pub fn mutual(&self) -> Option<(&str, &str, &str)> {
        let mutual = self.address.mutual.as_ref()?;
        Some((&mutual.url, &mutual.client.certificate, &mutual.client.key))
    }

    /// A new certificate of this server's authority for a client of this name, with its private key, PEM. Not in the
    /// development mode.
    ///
    /// # Errors
    /// When there is no authority.
    pub fn client(&self, name: &str) -> Result<(String, String)> {
        let authority = self.address.authority.as_ref();
        let authority = authority.context("openbao: the development mode has no authority")?;
        let Pair { certificate, key } = authority.client(name, "clients")?;
        Ok((certificate, key))
    }

    /// The root token.
    pub fn root_token(&self) -> &str {
        &self.root_token
    }

    /// Asks with the root token; `path` without the leading `/v1/`.
    ///
    /// # Errors
    /// When there is no answer; an answer with an error status is an [`Answer`].
    pub async fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let request = self.client.request(method.clone(), format!("{}/v1/{path}", self.url()));
        let request = request.header("X-Vault-Token", &self.root_token);
        http::call(request, body).await.with_context(|| format!("openbao: {method} {path}"))
    }

    /// Writes with the root token, and expects success.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn write(&self, path: &str, body: &Value) -> Result<Value> {
        let answer = self.request(Method::POST, path, Some(body)).await?;
        answer.success().with_context(|| format!("openbao: write {path}"))
    }

    /// As [`write`](Self::write), of what is answered with a secret: answers the token for which that is given out once.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn wrapped(&self, path: &str, body: &Value) -> Result<String> {
        let request = self.client.post(format!("{}/v1/{path}", self.url()));
        let request = request.header("X-Vault-Token", &self.root_token).header("X-Vault-Wrap-TTL", "300");
        let answer = http::call(request, Some(body)).await?.success();
        let answer = answer.with_context(|| format!("openbao: write {path}"))?;
        let token = answer["wrap_info"]["token"].as_str();
        Ok(token.context("a wrapped answer must name its token")?.to_owned())
    }

    /// Deletes with the root token, and expects success.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn delete(&self, path: &str) -> Result<()> {
        let answer = self.request(Method::DELETE, path, None).await?;
        answer.success().with_context(|| format!("openbao: delete {path}")).map(drop)
    }

    /// Mounts an auth method, `kubernetes` or `approle` for one, at `auth/<path>`.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn enable_auth(&self, method: &str, path: &str) -> Result<()> {
        self.write(&format!("sys/auth/{path}"), &json!({"type": method})).await.map(drop)
    }

    /// Mounts a KV engine of version 1 or 2, and returns when it serves.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn mount_kv(&self, path: &str, version: u8) -> Result<()> {
        let mount = json!({"type": "kv", "options": {"version": version.to_string()}});
        self.write(&format!("sys/mounts/{path}"), &mount).await?;
        if version == 2 { self.upgraded(path).await } else { Ok(()) }
    }

    /// Writes an object into a KV engine of version 2, and returns the new version.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn put(&self, mount: &str, key: &str, object: &Value) -> Result<u64> {
        let written = self.write(&format!("{mount}/data/{key}"), &json!({"data": object})).await?;
        written["data"]["version"].as_u64().context("a write to KV version 2 must answer a version")
    }

    /// Writes a policy.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn policy(&self, name: &str, rules: &str) -> Result<()> {
        self.write(&format!("sys/policies/acl/{name}"), &json!({"policy": rules})).await.map(drop)
    }

    /// A new token with these policies; `more` is merged into the request (`ttl`, `num_uses`, …).
    ///
    /// # Errors
    /// When it is refused.
    pub async fn token(&self, policies: &[&str], more: &Value) -> Result<String> {
        let mut wanted = json!({"policies": policies});
        for (name, value) in more.as_object().into_iter().flatten() {
            wanted[name] = value.clone();
        }
        let created = self.write("auth/token/create", &wanted).await?;
        let token = created["auth"]["client_token"].as_str();
        Ok(token.context("a created token must be in the answer")?.to_owned())
    }

    /// A point in the audit log after every request so far.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn mark(&self) -> Result<Mark> {
        self.audit.end()
    }

    /// Every request after the mark, those of the rig included. A request is logged before it is answered.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn since(&self, mark: Mark) -> Result<VaultRequests> {
        let entries: Vec<Entry> = self.audit.since(mark)?;
        Ok(entries.into_iter().filter_map(Entry::arrived).collect())
    }

    /// Seals it: everything is answered with 503 until it is unsealed. Not in the development mode.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn seal(&self) -> Result<()> {
        self.request(Method::PUT, "sys/seal", None).await?.success().context("openbao: seal").map(drop)
    }

    /// Unseals it, and returns when it serves.
    ///
    /// # Errors
    /// When it is refused, or in the development mode, whose key nobody kept.
    pub async fn unseal(&self) -> Result<()> {
        let key = self.unseal_key.as_deref().context("openbao: the development mode has no unseal key")?;
        let answer = self.request(Method::PUT, "sys/unseal", Some(&json!({"key": key}))).await?;
        answer.success().context("openbao: unseal")?;
        self.ready(self.serving).await
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

    /// Kills it: connections are refused. The development mode loses everything.
    pub fn kill(&self) {
        self.process.kill();
    }

    /// Starts it again on the same port: empty in the development mode, sealed in the persistent one.
    ///
    /// # Errors
    /// When it does not answer again; quotes the end of its log.
    pub async fn restart(&self) -> Result<()> {
        self.process.restart()?;
        self.ready(&[200, 503]).await
    }

    async fn initialize(&mut self) -> Result<()> {
        let shares = json!({"secret_shares": 1, "secret_threshold": 1});
        let answer = self.request(Method::PUT, "sys/init", Some(&shares)).await?;
        let made = answer.success().context("openbao: initialize")?;
        let text =
            |value: &Value| value.as_str().map(str::to_owned).context("a new server must name its keys");
        self.root_token = text(&made["root_token"])?;
        self.unseal_key = Some(text(&made["keys_base64"][0])?);
        self.unseal().await
    }

    /// Returns as soon as a KV engine of version 2 is one: until it has upgraded its empty storage it answers 400.
    async fn upgraded(&self, path: &str) -> Result<()> {
        let config = format!("{path}/config");
        let serves = || async { Ok(self.request(Method::GET, &config, None).await?.status.is_success()) };
        http::eventually(serves).await.with_context(|| format!("openbao: the engine at {path}"))
    }

    async fn ready(&self, statuses: &[u16]) -> Result<()> {
        http::ready(&self.client, &health(&self.address), statuses, &self.process).await
    }
}

/// 200 when it serves, 429 when it does as a standby, 501 before it is initialized, 503 while it is sealed.
fn health(address: &Address) -> String {
    format!("{}/v1/sys/health", address.url)
}

fn client(address: &Address) -> Result<Client> {
    let client = match &address.authority {
        None => http::client(),
        Some(Authority { pem, .. }) => {
            let authority = Certificate::from_pem(pem.as_bytes()).context("an authority must be PEM")?;
            http::client().tls_certs_only([authority])
        }
    };
    // A node is asked for what it says itself, also where that leads to another.
    client.redirect(Policy::none()).build().context("no HTTP client")
}

#[cfg(test)]
mod tests;
