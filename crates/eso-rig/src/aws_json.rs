//! AWS's JSON 1.1 protocol, unsigned: the doubles check no signature.

use anyhow::{Context, Result};
use reqwest::Client;
use serde_json::Value;

use crate::http::{self, Answer};

/// A client of one service of one double.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    client: Client,
    url: String,
    target: &'static str,
    scope: &'static str,
}

impl Service {
    /// `target` is what stands before the operation in `X-Amz-Target`, and `scope` what a signature calls the service.
    ///
    /// # Errors
    /// When there is no HTTP client to be had.
    pub(crate) fn new(url: &str, target: &'static str, scope: &'static str) -> Result<Self> {
        let client = http::client().build().context("no HTTP client")?;
        Ok(Self { client, url: url.to_owned(), target, scope })
    }

    /// Calls an operation.
    ///
    /// # Errors
    /// When there is no answer; a refusal is an [`Answer`].
    pub(crate) async fn call(&self, operation: &str, body: &Value) -> Result<Answer> {
        let Self { client, url, target, scope } = self;
        // Looks like a signature; moto reads service and region from it.
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=AKIARIG/20260101/us-east-1/{scope}/aws4_request, SignedHeaders=host, Signature=00"
        );
        let request = client
            .post(url)
            .header("X-Amz-Target", format!("{target}.{operation}"))
            .header("Content-Type", "application/x-amz-json-1.1")
            .header("Authorization", authorization)
            .body(body.to_string());
        http::call(request, None).await.with_context(|| format!("AWS double: {operation}"))
    }
}
