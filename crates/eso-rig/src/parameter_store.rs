//! Calls to the AWS Parameter Store.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::{aws_json::Service, http::Answer};

/// A client of one double, for putting things there; what is tested has its own.
#[derive(Debug, Clone)]
pub struct ParameterStore(Service);

impl ParameterStore {
    /// A client of the double at `url`.
    ///
    /// # Errors
    /// When there is no HTTP client to be had.
    pub fn new(url: &str) -> Result<Self> {
        Ok(Self(Service::new(url, "AmazonSSM", "ssm")?))
    }

    /// Calls an operation, `GetParameter` for one.
    ///
    /// # Errors
    /// When there is no answer; a refusal is an [`Answer`].
    pub async fn call(&self, operation: &str, body: &Value) -> Result<Answer> {
        self.0.call(operation, body).await
    }

    /// Gives a parameter a text value, and makes it when it is missing; returns its version.
    ///
    /// # Errors
    /// When the double refuses.
    pub async fn put(&self, name: &str, value: &str) -> Result<u64> {
        let body = json!({"Name": name, "Value": value, "Type": "String", "Overwrite": true});
        let put = self.call("PutParameter", &body).await?;
        let body = put.success().with_context(|| format!("PutParameter {name}"))?;
        body["Version"].as_u64().context("PutParameter must answer a version")
    }

    /// Deletes a parameter; nothing happens when it is not there.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn delete(&self, name: &str) -> Result<()> {
        self.call("DeleteParameter", &json!({"Name": name})).await.map(drop)
    }
}
