//! The provider of Secrets Manager: reads singly and in batches, searches and writes.

mod share;

mod find;

mod deletion;
mod policy;
mod wanted;
mod write;

use std::num::NonZeroUsize;

use aws_sdk_secretsmanager::{
    Client,
    operation::{
        batch_get_secret_value::BatchGetSecretValueOutput, describe_secret::DescribeSecretOutput,
        get_secret_value::builders::GetSecretValueFluentBuilder,
    },
    types::SecretValueEntry,
};
use aws_smithy_types::Blob;
use eso_core::{
    error::ProviderError,
    key::Version,
    provider::{Fetch, Fetched, Part, Value},
    value::SecretBytes,
};

pub(crate) use self::deletion::Deletion;
use self::share::{Share, share};
use crate::{
    access::Access,
    batch::{Answered, Batched, Batches, Read, Refusal, is_of_value, named},
    error::{self, Answer},
    tags::{self, Tags},
};

/// How many keys AWS takes in one `BatchGetSecretValue`.
const BATCH_SIZE: NonZeroUsize = NonZeroUsize::new(20).expect("it must not be zero");

/// What to do where that call is denied.
const BATCH_ADVICE: &str =
    "secrets are read one by one: allow secretsmanager:BatchGetSecretValue on * to read 20 in one call";

/// The stage of the version that holds.
const CURRENT: &str = "AWSCURRENT";

/// What keeps the values of one store, logged in as one identity.
pub(crate) struct SecretsManager {
    access: Access,
    client: Client,
    batches: Batches,
    deletion: Deletion,
}

impl SecretsManager {
    /// `client` signs as the identity of `access`.
    pub(crate) fn new(access: Access, client: Client, deletion: Deletion) -> Self {
        Self { access, client, batches: Batches::new(BATCH_SIZE, BATCH_ADVICE), deletion }
    }

    /// The value of a version, that of the current stage where none is named.
    async fn get(&self, name: &str, version: Option<&Version>) -> Result<Content, ProviderError> {
        let send = || at_version(self.client.get_secret_value().secret_id(name), version).send();
        let given = self.access.call(self.access.reading(Self::SINGLE), send).await?;
        Ok(Content { text: given.secret_string, binary: given.secret_binary, version: given.version_id })
    }

    /// What is known about a secret, be it in its recovery window.
    async fn describe(&self, name: &str) -> Result<DescribeSecretOutput, ProviderError> {
        let call = self.access.reading("DescribeSecret");
        let send = || self.client.describe_secret().secret_id(name).send();
        let described = self.access.call(call, send).await?;
        match described.arn() {
            Some(_) => Ok(described),
            None => Err(call.nonsense("an answer without a secret".to_owned())),
        }
    }

    /// The tags of a secret, as a JSON object.
    async fn metadata(&self, name: &str) -> Read {
        let described = self.describe(name).await?;
        match described.deleted_date() {
            Some(_) => Err(self.access.reading("DescribeSecret").absent()),
            None => Ok(tags::as_json(&tags_of(&described))),
        }
    }

    fn fetched(&self, request: &Fetch, content: Content) -> Read {
        content.fetched().ok_or_else(|| {
            let call = self.access.reading(Self::SINGLE);
            // The original's words.
            call.nonsense(format!(
                "invalid secret received. no secret string nor binary for key: {}",
                request.key
            ))
        })
    }
}

impl Batched for SecretsManager {
    const SINGLE: &'static str = "GetSecretValue";

    type Answer = BatchGetSecretValueOutput;

    fn access(&self) -> &Access {
        &self.access
    }

    fn batches(&self) -> &Batches {
        &self.batches
    }

    fn name(&self, request: &Fetch) -> String {
        self.access.name(&request.key)
    }

    /// The call for several knows the current stage alone.
    fn is_batchable(&self, request: &Fetch) -> bool {
        is_of_value(request) && named(request.version.as_ref()).is_none()
    }

    async fn read_one(&self, request: &Fetch) -> Read {
        let name = self.name(request);
        match request.part {
            Part::Value => self.fetched(request, self.get(&name, request.version.as_ref()).await?),
            Part::Metadata => self.metadata(&name).await,
        }
    }

    /// AWS says of each key by itself that it is denied, so that what is said of the whole call is said of all keys.
    async fn read_many(&self, names: &[&str]) -> Result<Self::Answer, Refusal> {
        let call = self.access.reading(Self::SINGLE).counted_as("BatchGetSecretValue");
        let ids: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let send = || async {
            let question = self.client.batch_get_secret_value().set_secret_id_list(Some(ids.clone()));
            question.send().await.inspect_err(|error| {
                if error::denies(error) {
                    self.batches.deny();
                }
            })
        };
        self.access.call(call, send).await.map_err(|error| Refusal { error, is_denied: false })
    }

    fn part(&self, request: &Fetch, name: &str, asked: &[&str], answer: &Self::Answer) -> Answered {
        match share(name, asked, answer) {
            Share::Value(entry) => Answered::Settled(self.fetched(request, Content::of(entry))),
            Share::Error(error) => Answered::Settled(Err(self
                .access
                .reading(Self::SINGLE)
                .answered(Answer { code: error.error_code(), message: error.message(), status: None }))),
            Share::Unclear => Answered::Unclear,
            Share::Missing => Answered::Missing,
        }
    }
}

/// What an answer holds of a value.
struct Content {
    text: Option<String>,
    binary: Option<Blob>,
    version: Option<String>,
}

impl Content {
    /// Copied, as the same secret may have been asked for by its name and by its ARN.
    fn of(entry: &SecretValueEntry) -> Self {
        Self {
            text: entry.secret_string.clone(),
            binary: entry.secret_binary.clone(),
            version: entry.version_id.clone(),
        }
    }

    fn fetched(self) -> Option<Fetched> {
        let Self { text, binary, version } = self;
        let bytes = text.map(String::into_bytes).or_else(|| binary.map(Blob::into_inner))?;
        let fetched = Fetched::new(Value::Bytes(SecretBytes::new(bytes)));
        Some(match version {
            Some(version) => fetched.at_version(version),
            None => fetched,
        })
    }
}

/// A version is a stage, or after `uuid/` an id; without one it is the current stage.
fn at_version(
    question: GetSecretValueFluentBuilder,
    version: Option<&Version>,
) -> GetSecretValueFluentBuilder {
    match named(version).map(|version| version.strip_prefix("uuid/").ok_or(version)) {
        Some(Ok(id)) => question.version_id(id),
        Some(Err(stage)) => question.version_stage(stage),
        None => question.version_stage(CURRENT),
    }
}

fn tags_of(described: &DescribeSecretOutput) -> Tags {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    described.tags().iter().map(|tag| (text(tag.key()), text(tag.value()))).collect()
}
