//! A client of the API server for many requests: it keeps its connections, and watches.

use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::{
    Client, ClientBuilder, Method, Response,
    header::{CONTENT_TYPE, HeaderValue},
};
use serde_json::Value;

use crate::http::{self, Answer};

/// A watch goes on for as long as the API server lets it; this long is for ever in a test.
const WATCHED_FOR: Duration = Duration::from_secs(24 * 3600);

/// A cluster administrator's connection to the API server, cheap to clone.
///
/// Its connections belong to the runtime that first asks; a test takes one of its own.
#[derive(Debug, Clone)]
pub struct ApiClient {
    client: Client,
    url: String,
}

/// The changes of a collection, as they come.
#[derive(Debug)]
pub struct ApiWatch {
    response: Response,
    received: Vec<u8>,
}

impl ApiClient {
    pub(super) fn new(settings: ClientBuilder, url: &str) -> Result<Self> {
        let client = settings.pool_max_idle_per_host(usize::MAX).tcp_nodelay(true).build();
        Ok(Self { client: client.context("no HTTPS client")?, url: url.to_owned() })
    }

    /// Asks the API server; `path` begins with a slash and may have a query. A PATCH is a merge patch.
    ///
    /// # Errors
    /// When there is no answer; an answer with an error status is an [`Answer`].
    pub async fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let mut request = self.client.request(method.clone(), format!("{}{path}", self.url));
        if method == Method::PATCH {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/merge-patch+json"));
        }
        http::call(request, body).await.with_context(|| format!("kube-apiserver: {method} {path}"))
    }

    /// Watches a collection from now on: what changes after this returns is seen, and nothing of before.
    ///
    /// # Errors
    /// When the collection cannot be listed or watched.
    pub async fn watch(&self, collection: &str) -> Result<ApiWatch> {
        let listed = self.request(Method::GET, &format!("{collection}?limit=1"), None).await?.success()?;
        let version = listed["metadata"]["resourceVersion"].as_str().context("a list must have a version")?;
        self.watch_from(collection, version).await
    }

    /// Watches a collection from that version on: an event of a watch that ended tells it.
    ///
    /// # Errors
    /// When the collection cannot be watched.
    pub async fn watch_from(&self, collection: &str, version: &str) -> Result<ApiWatch> {
        let url = format!("{}{collection}?watch=1&resourceVersion={version}", self.url);
        let response = self.client.get(url).timeout(WATCHED_FOR).send().await;
        let response = response.and_then(Response::error_for_status);
        let response = response.with_context(|| format!("kube-apiserver: watch {collection}"))?;
        Ok(ApiWatch { response, received: Vec::new() })
    }
}

impl ApiWatch {
    /// The next event, `{"type": …, "object": …}`; nothing once the API server ended the watch.
    ///
    /// # Errors
    /// When the connection broke, or what came is no event.
    pub async fn next(&mut self) -> Result<Option<Value>> {
        loop {
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                return serde_json::from_slice(&line).map(Some).context("a line of a watch must be an event");
            }
            match self.response.chunk().await.context("the watch broke off")? {
                Some(chunk) => self.received.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }
}

#[cfg(test)]
mod tests;
