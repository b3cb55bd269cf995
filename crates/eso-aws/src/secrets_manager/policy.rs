//! The resource policy of a secret that is pushed: who else may do what with it. It stands in the cluster, and the
//! metadata of the push points to it.

use eso_core::{
    error::{ErrorKind, ProviderError},
    key::{DocumentName, SourceKind, SourceName},
    provider::DocumentTexts,
    value::SecretBytes,
};
use serde_json::{Map, Value};

use super::SecretsManager;
use crate::push_metadata::{self, Fields, invalid};

const GET: &str = "GetResourcePolicy";

/// Where a policy stands, and how it is put.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Source {
    document: DocumentName,
    blocks_public: Option<bool>,
}

/// Which policy a secret should have.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Policy {
    /// None.
    Absent,
    /// This one.
    This {
        /// A JSON object. Somebody may have named the wrong Secret, so it is shown to nobody.
        text: SecretBytes,
        /// Whether AWS refuses one that lets everybody in; `None` leaves that to AWS.
        blocks_public: Option<bool>,
    },
}

/// The documents that metadata points to; none where it cannot be read.
pub(super) fn documents(metadata: Option<&Value>) -> Vec<DocumentName> {
    let source = push_metadata::spec(metadata).and_then(|mut spec| source(&mut spec));
    source.ok().flatten().map(|source| source.document).into_iter().collect()
}

/// Takes out of `spec` where the policy stands. Fails with `Invalid`, naming the field that is missing or not known.
pub(super) fn source(spec: &mut Fields) -> Result<Option<Source>, ProviderError> {
    let Some(mut policy) = spec.object("resourcePolicy")? else { return Ok(None) };
    let mut place = policy.needed_object("policySourceRef")?;
    let kinds = [("ConfigMap", SourceKind::ConfigMap), ("Secret", SourceKind::Secret)];
    let kind = place.one_of("kind", &kinds)?.ok_or_else(|| place.not("kind", "ConfigMap or Secret"))?;
    let (name, key) = (place.needed_text("name")?, place.needed_text("key")?);
    let blocks_public = policy.flag("blockPublicPolicy")?;
    place.end()?;
    policy.end()?;
    let document = DocumentName { source: SourceName { kind, name }, key };
    Ok(Some(Source { document, blocks_public }))
}

impl Policy {
    /// The policy that stands there: as in the original, one that is empty is none.
    ///
    /// Fails with `Invalid` where it is no JSON object, and quotes nothing.
    pub(super) fn read(source: Source, documents: &DocumentTexts) -> Result<Self, ProviderError> {
        let Source { document, blocks_public } = source;
        let DocumentName { source: SourceName { kind: _, name }, key } = &document;
        let problem = |what: &str| invalid(format!("spec.resourcePolicy: key {key:?} of {name:?} {what}"));
        let text = documents.get(&document).ok_or_else(|| problem("was not read"))?;
        match text.expose_str() {
            None => Err(problem("holds no text")),
            Some("") => Ok(Self::Absent),
            Some(policy) if parsed(policy).is_none() => {
                Err(problem("holds no policy: it must be a JSON object"))
            }
            Some(_) => Ok(Self::This { text: text.clone(), blocks_public }),
        }
    }

    /// Whether a secret that has this policy has the one that it should have. AWS may write one otherwise.
    fn is(&self, held: Option<&str>) -> bool {
        match self {
            Self::Absent => held.is_none(),
            Self::This { text, .. } => {
                held.is_some_and(|held| parsed(held) == text.expose_str().and_then(parsed))
            }
        }
    }
}

fn parsed(text: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(text).ok()
}

impl SecretsManager {
    /// Whether a secret of ours has the policy that it should have.
    pub(super) async fn has_policy(&self, arn: &str, policy: &Policy) -> Result<bool, ProviderError> {
        let send = || self.client.get_resource_policy().secret_id(arn).send();
        match self.access.call(self.access.reading(GET), send).await {
            Ok(held) => Ok(policy.is(held.resource_policy().filter(|text| !text.is_empty()))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(policy.is(None)),
            Err(error) => Err(error),
        }
    }

    /// Gives a secret of ours the policy that it should have, whatever it has.
    pub(super) async fn put_policy(&self, arn: &str, policy: &Policy) -> Result<(), ProviderError> {
        match policy {
            Policy::Absent => {
                let send = || self.client.delete_resource_policy().secret_id(arn).send();
                self.access.call(self.access.writing("DeleteResourcePolicy"), send).await.map(drop)
            }
            Policy::This { text, blocks_public } => {
                let text = || text.expose_str().map(str::to_owned);
                let send = || {
                    let request = self.client.put_resource_policy().secret_id(arn);
                    request.set_resource_policy(text()).set_block_public_policy(*blocks_public).send()
                };
                self.access.call(self.access.writing("PutResourcePolicy"), send).await.map(drop)
            }
        }
    }
}

#[cfg(test)]
mod tests;
