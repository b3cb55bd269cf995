//! Calls to AWS Secrets Manager.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::{aws_json::Service, http::Answer};

/// A client of one double, for putting things there; what is tested has its own.
#[derive(Debug, Clone)]
pub struct SecretsManager(Service);

impl SecretsManager {
    /// A client of the double at `url`.
    ///
    /// # Errors
    /// When there is no HTTP client to be had.
    pub fn new(url: &str) -> Result<Self> {
        Ok(Self(Service::new(url, "secretsmanager", "secretsmanager")?))
    }

    /// Calls an operation, `GetSecretValue` for one.
    ///
    /// # Errors
    /// When there is no answer; a refusal is an [`Answer`].
    pub async fn call(&self, operation: &str, body: &Value) -> Result<Answer> {
        self.0.call(operation, body).await
    }

    /// Creates a secret with a text value; returns its ARN.
    ///
    /// # Errors
    /// When it is there already, deleted ones included.
    pub async fn create(&self, name: &str, value: &str) -> Result<String> {
        let created = self.call("CreateSecret", &json!({"Name": name, "SecretString": value})).await?;
        let body = created.success().with_context(|| format!("CreateSecret {name}"))?;
        Ok(body["ARN"].as_str().context("CreateSecret must answer an ARN")?.to_owned())
    }

    /// Gives a secret that is there a new text value; returns the new version's id.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn put(&self, name: &str, value: &str) -> Result<String> {
        let put = self.call("PutSecretValue", &json!({"SecretId": name, "SecretString": value})).await?;
        let body = put.success().with_context(|| format!("PutSecretValue {name}"))?;
        Ok(body["VersionId"].as_str().context("PutSecretValue must answer a version")?.to_owned())
    }

    /// Marks a secret deleted, to be restored within 30 days.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn delete(&self, name: &str) -> Result<()> {
        let deleted = self.call("DeleteSecret", &json!({"SecretId": name})).await?;
        deleted.success().with_context(|| format!("DeleteSecret {name}")).map(drop)
    }

    /// Deletes a secret without recovery: it is as if it had never been.
    ///
    /// # Errors
    /// When the double refuses.
    pub async fn purge(&self, name: &str) -> Result<()> {
        let body = json!({"SecretId": name, "ForceDeleteWithoutRecovery": true});
        let deleted = self.call("DeleteSecret", &body).await?;
        deleted.success().with_context(|| format!("DeleteSecret {name}")).map(drop)
    }
}
