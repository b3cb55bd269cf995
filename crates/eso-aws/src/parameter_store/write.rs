//! The power to write parameters.

use async_trait::async_trait;
use aws_sdk_ssm::types::{ResourceTypeForTagging, Tag};
use eso_core::{
    error::{ErrorKind, ProviderError},
    key::{RemoteKey, Version},
    provider::{Delete, Expected, Held, Inspect, PropertySyntax, Put, SecretWriter, Value, WholeSecret},
    value::SecretBytes,
};

use super::{
    Form, ParameterStore,
    wanted::{Kind, Look, Wanted},
};
use crate::{
    batch::Batched,
    tags::{Change, Tags, with_owner},
};

const PUT: &str = "PutParameter";
const DELETE: &str = "DeleteParameter";

/// Whether a parameter of that name must be new.
enum Place {
    /// It must, and has these tags.
    New(Tags),
    /// It has another version.
    Further,
}

#[async_trait]
impl SecretWriter for ParameterStore {
    async fn inspect(&self, question: &Inspect) -> Result<Option<Held>, ProviderError> {
        let Inspect { key, metadata, documents: _ } = question;
        let work = async {
            let wanted = Wanted::of(metadata.as_ref())?;
            let Some(look) = self.look(&self.addressed(key, PUT)?, Form::Decrypted).await? else {
                return Ok(None);
            };
            let (version, is_dressed) = (Some(look.version()), look.is_dressed_as(&wanted));
            let is_ours = look.is_ours();
            let value = is_ours.then_some(Value::Bytes(look.value));
            Ok(Some(Held { value, version, is_ours, is_dressed }))
        };
        self.access.in_time(key, self.access.reading(Self::SINGLE), work).await
    }

    async fn put(&self, put: &Put) -> Result<Option<Version>, ProviderError> {
        let Put { key, value, expected, metadata, documents: _ } = put;
        let work = async {
            let wanted = Wanted::of(metadata.as_ref())?;
            let name = self.addressed(key, PUT)?;
            let call = self.access.writing(PUT);
            match (self.look(&name, Form::Decrypted).await?, expected, value) {
                (None, Expected::Nothing, Some(value)) => {
                    let tags = wanted.tags.clone().unwrap_or_else(|| with_owner(Tags::new()));
                    let kind = wanted.kind.unwrap_or(Kind::Text);
                    self.write(&name, value, kind, &wanted, Place::New(tags)).await.map(Some)
                }
                (None, Expected::Nothing, None) => {
                    Err(call.conflict("there is no parameter to put anything on"))
                }
                (None, Expected::Ours(_), _) => Err(call.conflict("somebody else deleted it in between")),
                (Some(look), expected, value) => {
                    self.overwrite(&name, look, expected, value.as_ref(), &wanted).await.map(Some)
                }
            }
        };
        self.access.in_time(key, self.access.writing(PUT), work).await
    }

    async fn delete(&self, delete: &Delete) -> Result<(), ProviderError> {
        let Delete { key, version } = delete;
        let work = async {
            let name = self.addressed(key, DELETE)?;
            match self.look(&name, Form::AsKept).await? {
                Some(look) => self.remove(&name, look, version.as_ref()).await,
                None => Ok(()),
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

    fn whole_secret(&self, metadata: Option<&serde_json::Value>) -> WholeSecret {
        Wanted::of(metadata).map_or(WholeSecret::Base64, |wanted| wanted.whole)
    }
}

impl ParameterStore {
    /// What AWS calls the parameter of a key. It takes no ARN and no version where it is to write.
    fn addressed(&self, key: &RemoteKey, operation: &'static str) -> Result<String, ProviderError> {
        let has_version = || {
            key.as_str()
                .contains(':')
                .then(|| "the key must be the name of a parameter, without a version, and no ARN".to_owned())
        };
        match self.access.fault(key).or_else(has_version) {
            None => Ok(self.access.name(key)),
            Some(advice) => Err(self.access.writing(operation).refused(advice)),
        }
    }

    /// Only who compares values needs them decrypted.
    async fn look(&self, name: &str, form: Form) -> Result<Option<Look>, ProviderError> {
        let seen = async {
            let parameter = self.get_parameter(name, form).await?;
            let call = self.access.reading(Self::SINGLE);
            let nonsense = || call.nonsense("an answer without a value".to_owned());
            Look::of(&parameter, self.tags(name).await?).ok_or_else(nonsense)
        };
        match seen.await {
            Ok(look) => Ok(Some(look)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes what is not so yet. Each step may be made twice, so that a put that was cut short is made again.
    async fn overwrite(
        &self,
        name: &str,
        look: Look,
        expected: &Expected,
        value: Option<&SecretBytes>,
        wanted: &Wanted,
    ) -> Result<Version, ProviderError> {
        let plan = look.plan(expected, value, wanted);
        let plan = plan.map_err(|why| self.access.writing(PUT).conflict(why))?;
        let version = match plan.written {
            Some((value, kind)) => self.write(name, &value, kind, wanted, Place::Further).await?,
            None => look.version(),
        };
        self.dress(name, plan.tags).await?;
        Ok(version)
    }

    async fn write(
        &self,
        name: &str,
        value: &SecretBytes,
        kind: Kind,
        wanted: &Wanted,
        place: Place,
    ) -> Result<Version, ProviderError> {
        let call = self.access.writing(PUT);
        let text = value.expose_str();
        let text =
            text.ok_or_else(|| call.refused("the value is no text, and AWS keeps nothing else".to_owned()))?;
        let (overwrite, tags) = match place {
            Place::New(tags) => (false, Some(listed(&tags))),
            Place::Further => (true, None),
        };
        let key_id = (kind == Kind::Secure).then(|| wanted.kms_key.clone());
        let send = || {
            let request = self.client.put_parameter().name(name).value(text).r#type(kind.to_aws());
            let request =
                request.description(&wanted.description).overwrite(overwrite).set_tags(tags.clone());
            let request = request.set_key_id(key_id.clone()).set_tier(wanted.tier.to_aws());
            request.set_policies(wanted.policies.clone()).send()
        };
        match self.access.call(call, send).await?.version() {
            0 => Err(call.nonsense("an answer without a version".to_owned())),
            version => Ok(Version::new(version.to_string())),
        }
    }

    async fn dress(&self, name: &str, change: Change) -> Result<(), ProviderError> {
        let Change { keys_to_remove, tags_to_set } = change;
        let kind = || ResourceTypeForTagging::Parameter;
        if !keys_to_remove.is_empty() {
            let send = || {
                let request = self.client.remove_tags_from_resource().resource_type(kind()).resource_id(name);
                request.set_tag_keys(Some(keys_to_remove.clone())).send()
            };
            self.access.call(self.access.writing("RemoveTagsFromResource"), send).await?;
        }
        if !tags_to_set.is_empty() {
            let send = || {
                let request = self.client.add_tags_to_resource().resource_type(kind()).resource_id(name);
                request.set_tags(Some(listed(&tags_to_set))).send()
            };
            self.access.call(self.access.writing("AddTagsToResource"), send).await?;
        }
        Ok(())
    }

    async fn remove(&self, name: &str, look: Look, seen: Option<&Version>) -> Result<(), ProviderError> {
        let call = self.access.writing(DELETE);
        if let Some(why) = look.obstacle(seen) {
            return Err(call.conflict(why));
        }
        let send = || self.client.delete_parameter().name(name).send();
        self.access.call(call, send).await.map(drop)
    }
}

fn listed(tags: &Tags) -> Vec<Tag> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    tags.iter().map(tag).map(|tag| tag.expect("a tag must have a key and a value")).collect()
}
