//! The power to write secrets.

use async_trait::async_trait;
use aws_sdk_secretsmanager::types::{ReplicaRegionType, Tag};
use aws_smithy_types::Blob;
use eso_core::{
    error::{ErrorKind, ProviderError},
    key::{DocumentName, RemoteKey, Version},
    provider::{Delete, Expected, Held, Inspect, PropertySyntax, Put, SecretWriter},
    value::SecretBytes,
};
use serde_json::Value;

use super::{
    CURRENT, SecretsManager,
    deletion::Deletion,
    policy::{self, Policy},
    wanted::{CHANGED, FIRST_VERSION, Format, Look, Wanted},
};
use crate::{
    batch::Batched,
    push_metadata::invalid,
    tags::{Change, Tags, with_owner},
};

const CREATE: &str = "CreateSecret";
const PUT: &str = "PutSecretValue";
const DELETE: &str = "DeleteSecret";

#[async_trait]
impl SecretWriter for SecretsManager {
    /// A secret in its recovery window is a name without a value, which a put restores. What is not ours is not read.
    async fn inspect(&self, question: &Inspect) -> Result<Option<Held>, ProviderError> {
        let Inspect { key, metadata, documents } = question;
        let work = async {
            let wanted = Wanted::of(metadata.as_ref(), documents)?;
            let name = self.addressed(key, "DescribeSecret")?;
            let Some(look) = self.look(&name).await? else { return Ok(None) };
            self.held(&name, &look, &wanted).await.map(Some)
        };
        self.access.in_time(key, self.access.reading("DescribeSecret"), work).await
    }

    async fn put(&self, put: &Put) -> Result<Option<Version>, ProviderError> {
        let Put { key, value, expected, metadata, documents } = put;
        let work = async {
            let wanted = Wanted::of(metadata.as_ref(), documents)?;
            let content = value.as_ref().map(|value| Content::of(value, wanted.format)).transpose()?;
            let name = self.addressed(key, PUT)?;
            match (self.look(&name).await?, expected) {
                (None, Expected::Nothing) => self.create(&name, content, &wanted).await.map(Some),
                (None, Expected::Ours(_)) => {
                    Err(self.access.writing(PUT).conflict("somebody else deleted it in between"))
                }
                (Some(look), expected) => self.overwrite(look, expected, content, &wanted).await,
            }
        };
        self.access.in_time(key, self.access.writing(PUT), work).await
    }

    async fn delete(&self, delete: &Delete) -> Result<(), ProviderError> {
        let Delete { key, version } = delete;
        let work = async {
            let name = self.addressed(key, DELETE)?;
            match self.look(&name).await? {
                Some(look) if !look.is_deleted => self.remove(look, version.as_ref()).await,
                Some(_) | None => Ok(()),
            }
        };
        self.access.in_time(key, self.access.writing(DELETE), work).await
    }

    fn place(&self, key: &RemoteKey) -> Option<RemoteKey> {
        Some(self.access.place(key))
    }

    fn property_syntax(&self) -> PropertySyntax {
        PropertySyntax::Path
    }

    fn documents(&self, metadata: Option<&Value>) -> Vec<DocumentName> {
        policy::documents(metadata)
    }
}

impl SecretsManager {
    /// What AWS calls the secret of a key.
    fn addressed(&self, key: &RemoteKey, operation: &'static str) -> Result<String, ProviderError> {
        match self.access.fault(key) {
            None => Ok(self.access.name(key)),
            Some(advice) => Err(self.access.writing(operation).refused(advice)),
        }
    }

    async fn look(&self, name: &str) -> Result<Option<Look>, ProviderError> {
        match self.describe(name).await {
            Ok(described) => Ok(Some(Look::of(&described))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn held(&self, name: &str, look: &Look, wanted: &Wanted) -> Result<Held, ProviderError> {
        let is_dressed = look.is_dressed_as(wanted);
        // What is in its recovery window has a version to be held against, where it may be written over.
        let version = look.current.clone().filter(|_| look.is_ours() || !look.is_deleted).map(Version::from);
        let name_alone = Held { value: None, version, is_ours: look.is_ours(), is_dressed };
        if look.is_deleted || look.current.is_none() || !look.is_ours() {
            return Ok(name_alone);
        }
        let content = match self.get(name, None).await {
            Ok(content) => content,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(name_alone),
            Err(error) => return Err(error),
        };
        let nonsense = || self.access.reading(Self::SINGLE).nonsense("an answer without a value".to_owned());
        let fetched = content.fetched().ok_or_else(nonsense)?;
        let is_dressed = is_dressed && self.is_under(look, wanted).await?;
        Ok(Held { is_dressed, value: Some(fetched.value), version: fetched.version, ..name_alone })
    }

    /// Whether a secret of ours has the policy that is wanted, which costs a call where one is.
    async fn is_under(&self, look: &Look, wanted: &Wanted) -> Result<bool, ProviderError> {
        match &wanted.policy {
            Some(policy) => self.has_policy(&look.arn, policy).await,
            None => Ok(true),
        }
    }

    async fn create(
        &self,
        name: &str,
        content: Option<Content>,
        wanted: &Wanted,
    ) -> Result<Version, ProviderError> {
        let call = self.access.writing(CREATE);
        let content = content.ok_or_else(|| call.conflict("there is no secret to put anything on"))?;
        let Wanted { format: _, tags, description, kms_key, replicas, policy } = wanted;
        let tags = tags.clone().unwrap_or_else(|| with_owner(Tags::new()));
        let replicas = replicas.clone().filter(|replicas| !replicas.is_empty());
        let replicas = replicas.map(|replicas| replicated(replicas, Some(kms_key)));
        let send = || {
            let request = self.client.create_secret().name(name).client_request_token(FIRST_VERSION);
            let request = request.description(description).kms_key_id(kms_key);
            let request = request.set_tags(Some(listed(&tags))).set_add_replica_regions(replicas.clone());
            request.set_secret_string(content.text()).set_secret_binary(content.binary()).send()
        };
        let created = self.access.call(call, send).await?;
        if let Some(policy @ Policy::This { .. }) = policy {
            self.put_policy(name, policy).await.map_err(ProviderError::half_done)?;
        }
        let version = created.version_id.map(Version::from);
        version.ok_or_else(|| call.nonsense("an answer without a version".to_owned()))
    }

    /// Writes what is not so yet. Each step may be made twice, so that a put that was cut short is made again.
    async fn overwrite(
        &self,
        look: Look,
        expected: &Expected,
        content: Option<Content>,
        wanted: &Wanted,
    ) -> Result<Option<Version>, ProviderError> {
        let next = look.next_version(expected).map_err(|why| self.access.writing(PUT).conflict(why))?;
        if look.is_deleted {
            let send = || self.client.restore_secret().secret_id(&look.arn).send();
            self.access.call(self.access.writing("RestoreSecret"), send).await?;
        }
        self.dress(&look, wanted).await?;
        match content {
            Some(content) => self.put_value(&look, &next, &content).await.map(Some),
            None => Ok(look.current.map(Version::from)),
        }
    }

    async fn dress(&self, look: &Look, wanted: &Wanted) -> Result<(), ProviderError> {
        let Change { keys_to_remove, tags_to_set } = Change::between(&look.tags, wanted.tags.as_ref());
        if !keys_to_remove.is_empty() {
            let keys = || Some(keys_to_remove.clone());
            let send = || self.client.untag_resource().secret_id(&look.arn).set_tag_keys(keys()).send();
            self.access.call(self.access.writing("UntagResource"), send).await?;
        }
        if !tags_to_set.is_empty() {
            let tags = || Some(listed(&tags_to_set));
            let send = || self.client.tag_resource().secret_id(&look.arn).set_tags(tags()).send();
            self.access.call(self.access.writing("TagResource"), send).await?;
        }
        if let Some(policy) = &wanted.policy
            && !self.has_policy(&look.arn, policy).await?
        {
            self.put_policy(&look.arn, policy).await?;
        }
        let Some(replicas) = &wanted.replicas else { return Ok(()) };
        self.leave_regions(look, look.replicas.difference(replicas).cloned().collect()).await?;
        self.go_to_regions(look, replicas.difference(&look.replicas).cloned().collect()).await
    }

    async fn leave_regions(&self, look: &Look, regions: Vec<String>) -> Result<(), ProviderError> {
        if regions.is_empty() {
            return Ok(());
        }
        let send = || {
            let request = self.client.remove_regions_from_replication().secret_id(&look.arn);
            request.set_remove_replica_regions(Some(regions.clone())).send()
        };
        self.access.call(self.access.writing("RemoveRegionsFromReplication"), send).await.map(drop)
    }

    async fn go_to_regions(&self, look: &Look, regions: Vec<String>) -> Result<(), ProviderError> {
        if regions.is_empty() {
            return Ok(());
        }
        let send = || {
            let request = self.client.replicate_secret_to_regions().secret_id(&look.arn);
            let regions = replicated(regions.clone(), look.kms_key.as_deref());
            request.set_add_replica_regions(Some(regions)).send()
        };
        self.access.call(self.access.writing("ReplicateSecretToRegions"), send).await.map(drop)
    }

    /// Somebody may have gone back to an older version by hand, after which the id of the next one is taken already: then
    /// it has one by chance, if nobody wrote since.
    async fn put_value(&self, look: &Look, next: &str, content: &Content) -> Result<Version, ProviderError> {
        let taken = match self.put_version(look, Some(next), content).await {
            Ok(Written { version, is_current: true }) => return Ok(version),
            Ok(Written { is_current: false, .. }) => self.access.writing(PUT).conflict(CHANGED),
            Err(error) if error.kind() == ErrorKind::Conflict => error,
            Err(error) => return Err(error),
        };
        match self.look(&look.arn).await? {
            Some(now) if now.is_next_taken(look, next) => {
                Ok(self.put_version(look, None, content).await?.version)
            }
            Some(_) | None => Err(taken),
        }
    }

    async fn put_version(
        &self,
        look: &Look,
        id: Option<&str>,
        content: &Content,
    ) -> Result<Written, ProviderError> {
        let call = self.access.writing(PUT);
        let send = || {
            let request = self.client.put_secret_value().secret_id(&look.arn);
            let request = request.set_client_request_token(id.map(str::to_owned));
            request.set_secret_string(content.text()).set_secret_binary(content.binary()).send()
        };
        let put = self.access.call(call, send).await?;
        let is_current = |stages: &Vec<String>| stages.iter().any(|stage| stage == CURRENT);
        let is_current = put.version_stages.as_ref().is_none_or(is_current);
        let version = put.version_id.map(Version::from);
        let version = version.ok_or_else(|| call.nonsense("an answer without a version".to_owned()))?;
        Ok(Written { version, is_current })
    }

    /// AWS deletes no secret that has replicas.
    async fn remove(&self, look: Look, seen: Option<&Version>) -> Result<(), ProviderError> {
        let call = self.access.writing(DELETE);
        if let Some(why) = look.obstacle(seen) {
            return Err(call.conflict(why));
        }
        self.leave_regions(&look, look.replicas.iter().cloned().collect()).await?;
        let send = || {
            let request = self.client.delete_secret().secret_id(&look.arn);
            match self.deletion {
                Deletion::Default => request.send(),
                Deletion::AtOnce => request.force_delete_without_recovery(true).send(),
                Deletion::After { days } => request.recovery_window_in_days(days).send(),
            }
        };
        self.access.call(call, send).await.map(drop)
    }
}

/// What a put came to.
struct Written {
    version: Version,
    /// Whether that version is the one that holds.
    is_current: bool,
}

/// A value in the shape that it is kept in. A clone shares it.
enum Content {
    Text(SecretBytes),
    Binary(SecretBytes),
}

impl Content {
    fn of(value: &SecretBytes, format: Format) -> Result<Self, ProviderError> {
        match format {
            Format::Binary => Ok(Self::Binary(value.clone())),
            Format::Text if value.expose_str().is_some() => Ok(Self::Text(value.clone())),
            Format::Text => {
                Err(invalid("spec.secretPushFormat must be binary, for the value is no text".to_owned()))
            }
        }
    }

    fn text(&self) -> Option<String> {
        match self {
            Self::Text(value) => value.expose_str().map(str::to_owned),
            Self::Binary(_) => None,
        }
    }

    fn binary(&self) -> Option<Blob> {
        match self {
            Self::Text(_) => None,
            Self::Binary(value) => Some(Blob::new(value.expose())),
        }
    }
}

fn listed(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

fn replicated(regions: impl IntoIterator<Item = String>, kms_key: Option<&str>) -> Vec<ReplicaRegionType> {
    let replica = |region| {
        let replica = ReplicaRegionType::builder().region(region);
        replica.set_kms_key_id(kms_key.map(str::to_owned)).build()
    };
    regions.into_iter().map(replica).collect()
}
