//! A role that a session assumes: `AssumeRole`.

use std::sync::Arc;

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_sdk_sts as sts;
use eso_core::{error::ProviderError, key::StoreKind, provider::CallObserver};

use super::{Login, Session};
use crate::error::{Call, Service};

/// The name of an assumed role's session, as that of the original's web identities: CloudTrail and trust policies may
/// know it.
pub(super) const SESSION_NAME: &str = "external-secrets-provider-aws";

/// The same for objects of the older group, as its controller had it.
const OLDER_SESSION_NAME: &str = "k8s-external-secrets";

/// What the session of an assumed role is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionName(&'static str);

impl SessionName {
    /// That of a store of this kind.
    pub(crate) fn of(kind: StoreKind) -> Self {
        match kind {
            StoreKind::SecretStore | StoreKind::ClusterSecretStore => Self::default(),
            StoreKind::Environment => Self(OLDER_SESSION_NAME),
        }
    }
}

impl Default for SessionName {
    fn default() -> Self {
        Self(SESSION_NAME)
    }
}

/// A role to assume, and all that is said with it. Two that are equal give the same credentials to whoever assumes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Role {
    /// The role's ARN.
    pub(crate) arn: String,
    /// What the session is called.
    pub(crate) session_name: SessionName,
    /// What the role's trust policy may ask for.
    pub(crate) external_id: Option<String>,
    /// The tags of the session, as names and values.
    pub(crate) tags: Vec<(String, String)>,
    /// Which of them the sessions of further roles keep.
    pub(crate) transitive_tag_keys: Vec<String>,
}

pub(super) struct Assume {
    pub(super) role: Role,
    pub(super) base: Arc<Session>,
    /// Signs as `base`.
    pub(super) client: sts::Client,
    pub(super) calls: Arc<dyn CallObserver>,
}

#[async_trait]
impl Login for Assume {
    async fn log_in(&self) -> Result<Credentials, ProviderError> {
        self.base.run(|| self.assume()).await
    }
}

impl Assume {
    async fn assume(&self) -> Result<Credentials, ProviderError> {
        let Role { arn, session_name, external_id, tags, transitive_tag_keys } = &self.role;
        let request = self
            .client
            .assume_role()
            .role_arn(arn)
            .role_session_name(session_name.0)
            .set_external_id(external_id.clone())
            .set_tags(not_empty(tags.iter().map(tag).collect()))
            .set_transitive_tag_keys(not_empty(transitive_tag_keys.clone()));
        let answer = request.send().await;
        let call = Call::assume_role(region(&self.client));
        self.calls.called(Service::Sts.provider(), call.operation, answer.is_ok());
        let given = answer.map_err(|error| call.failed(&error))?.credentials;
        given.and_then(|given| temporary(given, "AssumeRole")).ok_or_else(|| without_credentials(call))
    }
}

fn tag((key, value): &(String, String)) -> sts::types::Tag {
    sts::types::Tag::builder().key(key).value(value).build().expect("a tag must have a key and a value")
}

fn not_empty<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

/// The region that a client of STS calls.
pub(super) fn region(client: &sts::Client) -> &str {
    client.config().region().map_or("", |region| region.as_ref())
}

/// What STS gives, for the SDK; `provider` says there where it came from.
pub(super) fn temporary(given: sts::types::Credentials, provider: &'static str) -> Option<Credentials> {
    let end = given.expiration.try_into().ok()?;
    let sts::types::Credentials { access_key_id, secret_access_key, session_token, .. } = given;
    Some(Credentials::new(access_key_id, secret_access_key, Some(session_token), Some(end), provider))
}

pub(super) fn without_credentials(call: Call<'_>) -> ProviderError {
    call.nonsense("an answer without credentials".to_owned())
}
