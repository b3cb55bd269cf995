//! `auth.iam`: a request to AWS's Security Token Service that an identity of AWS signs, and that Vault sends.

mod error;
mod identity;
mod signature;

use std::time::SystemTime;

use eso_core::{
    api::selectors::{SecretKeySelector, ServiceAccountSelector},
    error::ProviderError,
};
use vaultrs::api::auth::aws::requests::IamLoginRequest;

pub(crate) use self::identity::Sts;
use self::signature::Signing;
use super::Authenticator;
use crate::token::Token;

/// The AWS method.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Iam {
    pub(crate) mount: String,
    /// The role of Vault; the one of the identity's own name where there is none.
    pub(crate) vault_role: Option<String>,
    /// A single DNS label.
    pub(crate) region: String,
    /// What the method asks for in a header that is signed too, so that no other Vault can use the request.
    pub(crate) server_id: Option<String>,
    pub(crate) identity: AwsIdentity,
    /// The role of AWS to take before.
    pub(crate) role: Option<AwsRole>,
}

/// Whose credentials sign, or take the role that signs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AwsIdentity {
    /// Those of keys in Secrets.
    Keys(AwsKeys),
    /// Those that AWS gives for a token of a service account of Kubernetes.
    ServiceAccount(ServiceAccountSelector),
    /// The operator's own: its pod's, or its machine's.
    Own,
}

/// Where static keys are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AwsKeys {
    pub(crate) id: SecretKeySelector,
    pub(crate) secret: SecretKeySelector,
    pub(crate) token: Option<SecretKeySelector>,
}

/// A role of AWS.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AwsRole {
    pub(crate) arn: String,
    pub(crate) external_id: Option<String>,
}

impl Authenticator {
    /// Nothing of it is kept: each login gets credentials anew, which it needs only to sign once.
    pub(super) async fn log_in_with_iam(&self, iam: &Iam) -> Result<Token, ProviderError> {
        let credentials = self.aws_credentials(iam).await?;
        let Iam { mount, vault_role, region, server_id, identity: _, role: _ } = iam;
        let signing =
            Signing { region, server_id: server_id.as_deref(), credentials, now: SystemTime::now() };
        let signed = signing.request().ok_or_else(error::unsigned)?;
        self.grant(IamLoginRequest {
            mount: mount.clone(),
            role: vault_role.clone(),
            iam_http_request_method: signed.method,
            iam_request_url: signed.url,
            iam_request_body: signed.body,
            iam_request_headers: signed.headers,
        })
        .await
    }
}
