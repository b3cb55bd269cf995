//! What a store's spec asks for, checked before anything is read or called.

use eso_core::{
    api::{
        aws::{AwsAuth, AwsAuthSecretRef, AwsProvider, AwsService, AwsTag, SessionTagsPolicy},
        refusals::RESERVED_SESSION_TAGS,
        selectors::ServiceAccountSelector,
    },
    error::{ErrorKind, ProviderError, Reason},
    key::StoreReference,
};

use crate::{
    auth::{Role, SessionName},
    prefix::Prefix,
    secrets_manager::Deletion,
};

/// The operation that a spec's faults are reported under, as the original begins its messages.
pub(crate) const SESSION: &str = "unable to create session";

/// The tags that say who asks. STS and policies do not look at the case of a tag's name.
const WHO_ASKS: [&str; 3] = ["esoNamespace", "esoStoreName", "esoStoreKind"];

/// A spec that can be served.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Config<'a> {
    /// Which service keeps the values.
    pub(crate) keeper: Keeper,
    /// A single DNS label, of whatever region.
    pub(crate) region: &'a str,
    /// Where the first credentials come from.
    pub(crate) source: Source<'a>,
    /// The roles to assume with them, one after the other.
    pub(crate) roles: Vec<Role>,
    /// What every key begins with.
    pub(crate) prefix: Prefix,
}

/// The services that keep values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeper {
    /// Secrets Manager, where secrets are deleted so.
    SecretsManager(Deletion),
    /// The Parameter Store.
    ParameterStore,
}

/// Where credentials come from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Source<'a> {
    /// The SDK's default chain: the operator's own.
    DefaultChain,
    /// Static keys.
    Keys(&'a AwsAuthSecretRef),
    /// The role in a service account's annotation.
    ServiceAccount(&'a ServiceAccountSelector),
}

impl<'a> Config<'a> {
    /// Fails with `Invalid`, naming the field that cannot be served. `store` is the one whose spec it is.
    pub(crate) fn of(spec: &'a AwsProvider, store: &StoreReference) -> Result<Self, ProviderError> {
        Ok(Self {
            keeper: keeper(spec)?,
            region: region(&spec.region)?,
            source: source(spec.auth.as_ref())?,
            roles: roles(spec, store)?,
            prefix: Prefix::new(spec.prefix.as_deref().unwrap_or_default()),
        })
    }
}

/// Whether what AWS is told of who asks holds the namespace, so that each must have a session of its own.
pub(crate) fn tells_namespace(spec: &AwsProvider) -> bool {
    given(&spec.role).is_some() && tells_who_asks(spec)
}

fn tells_who_asks(spec: &AwsProvider) -> bool {
    match spec.session_tags_policy {
        None | Some(SessionTagsPolicy::None) => false,
        Some(SessionTagsPolicy::Simple | SessionTagsPolicy::Custom) => true,
    }
}

/// As in the original, settings of Secrets Manager must make sense whichever service it is.
fn keeper(spec: &AwsProvider) -> Result<Keeper, ProviderError> {
    let deletion = Deletion::of(spec.secrets_manager.as_ref())?;
    match spec.service {
        AwsService::SecretsManager => Ok(Keeper::SecretsManager(deletion)),
        AwsService::ParameterStore => Ok(Keeper::ParameterStore),
        AwsService::CertificateManager => Err(unserved("service: CertificateManager")),
    }
}

/// As in the original, a service account comes before keys.
fn source(auth: Option<&AwsAuth>) -> Result<Source<'_>, ProviderError> {
    let Some(AwsAuth { secret_ref, jwt }) = auth else { return Ok(Source::DefaultChain) };
    match (jwt, secret_ref) {
        (Some(jwt), _) => {
            let account = jwt.service_account_ref.as_ref().map(Source::ServiceAccount);
            account.ok_or_else(|| invalid("provider.aws.auth.jwt must have a serviceAccountRef".to_owned()))
        }
        (None, Some(keys)) => Ok(Source::Keys(keys)),
        (None, None) => Ok(Source::DefaultChain),
    }
}

/// `externalID` and tags are for the last of them only, which is `role`.
fn roles(spec: &AwsProvider, store: &StoreReference) -> Result<Vec<Role>, ProviderError> {
    let session_name = SessionName::of(store.kind);
    let additional =
        spec.additional_roles.iter().map(|arn| Role { arn: arn.clone(), session_name, ..Role::default() });
    let tags = tags(spec, store)?;
    let last = given(&spec.role).map(|arn| Role {
        arn: arn.to_owned(),
        session_name,
        external_id: given(&spec.external_id).map(str::to_owned),
        tags,
        transitive_tag_keys: spec.transitive_tag_keys.clone(),
    });
    Ok(additional.chain(last).collect())
}

/// The tags that say who asks take the place of `sessionTags`, and nothing that is written by hand may look like one of
/// them: whoever may write a store of their own namespace would speak for another one.
fn tags(spec: &AwsProvider, store: &StoreReference) -> Result<Vec<(String, String)>, ProviderError> {
    let AwsProvider { session_tags, custom_session_tags, session_tags_policy, .. } = spec;
    if custom_session_tags.keys().any(|key| is_reserved(key)) {
        return Err(invalid(RESERVED_SESSION_TAGS.to_owned()));
    }
    if !tells_who_asks(spec) {
        if session_tags.iter().any(|tag| is_reserved(&tag.key)) {
            return Err(invalid(format!(
                "provider.aws.sessionTags cannot contain {}: sessionTagsPolicy sets them",
                WHO_ASKS.join(", ")
            )));
        }
        return Ok(session_tags.iter().map(|AwsTag { key, value }| (key.clone(), value.clone())).collect());
    }
    let StoreReference { kind, namespace, name } = store;
    let who_asks =
        WHO_ASKS.map(str::to_owned).into_iter().zip([namespace.clone(), name.clone(), kind.to_string()]);
    let is_custom = *session_tags_policy == Some(SessionTagsPolicy::Custom);
    let custom =
        custom_session_tags.iter().filter(|(key, value)| is_custom && !key.is_empty() && !value.is_empty());
    Ok(who_asks.chain(custom.map(|(key, value)| (key.clone(), value.clone()))).collect())
}

fn is_reserved(key: &str) -> bool {
    WHO_ASKS.iter().any(|reserved| reserved.eq_ignore_ascii_case(key))
}

/// Any region is taken, known or not, but it becomes part of a host name: what could leave that is refused.
fn region(text: &str) -> Result<&str, ProviderError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if text.is_empty() || text.len() > 63 || !text.chars().all(plain) {
        return Err(invalid(
            "provider.aws.region must be the name of a region, such as us-east-1".to_owned(),
        ));
    }
    Ok(text)
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

fn unserved(field: &str) -> ProviderError {
    invalid(format!("provider.aws.{field} is not served by this version"))
}

/// What keeps a store from being connected at all.
pub(crate) fn invalid(advice: String) -> ProviderError {
    ProviderError::new(ErrorKind::Invalid, SESSION).with_reason(Reason::new(advice))
}

#[cfg(test)]
mod tests;
