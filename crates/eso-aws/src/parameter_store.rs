//! The provider of the Parameter Store: reads singly and in batches, searches and writes.

mod share;

mod find;

mod wanted;
mod write;

use std::{
    num::NonZeroUsize,
    sync::atomic::{AtomicBool, Ordering},
};

use aws_sdk_ssm::{
    Client,
    operation::get_parameters::GetParametersOutput,
    types::{Parameter, ResourceTypeForTagging},
};
use eso_core::{
    error::{ErrorKind, ProviderError},
    provider::{Fetch, Fetched, Part, Value},
    value::SecretBytes,
};

use self::share::{Share, share};
use crate::{
    access::Access,
    batch::{Answered, Batched, Batches, Read, Refusal, is_of_value, named},
    error,
    tags::{self, Tags},
};

/// How many names AWS takes in one `GetParameters`.
const BATCH_SIZE: NonZeroUsize = NonZeroUsize::new(10).expect("it must not be zero");

/// What to do where that call is denied.
const BATCH_ADVICE: &str =
    "parameters are read one by one: allow ssm:GetParameters on them to read 10 in one call";

/// The call that says which tags a parameter has.
const LIST_TAGS: &str = "ListTagsForResource";

/// What keeps the values of one store, logged in as one identity.
pub(crate) struct ParameterStore {
    access: Access,
    client: Client,
    batches: Batches,
}

/// In which form a parameter is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As somebody can use it.
    Decrypted,
    /// Encrypted where it is a secure string. That needs no right to a key.
    AsKept,
}

impl ParameterStore {
    /// `client` signs as the identity of `access`.
    pub(crate) fn new(access: Access, client: Client) -> Self {
        Self { access, client, batches: Batches::new(BATCH_SIZE, BATCH_ADVICE) }
    }

    /// A parameter at the version or label that its name ends with, the newest where it does not.
    async fn get_parameter(&self, name: &str, form: Form) -> Result<Parameter, ProviderError> {
        let call = self.access.reading(Self::SINGLE);
        let send = || self.client.get_parameter().name(name).with_decryption(form == Form::Decrypted).send();
        let given = self.access.call(call, send).await?;
        given.parameter.ok_or_else(|| call.nonsense("an answer without a parameter".to_owned()))
    }

    /// The tags of a parameter.
    ///
    /// AWS says of one that is not there what it says of a name that is none; which of both it is, a read tells.
    async fn tags(&self, name: &str) -> Result<Tags, ProviderError> {
        match self.list_tags(name).await {
            Err(error) if error.kind() == ErrorKind::Invalid => {
                self.get_parameter(name, Form::AsKept).await?;
                Err(error)
            }
            tags => tags,
        }
    }

    async fn list_tags(&self, name: &str) -> Result<Tags, ProviderError> {
        let call = self.access.reading(LIST_TAGS);
        let send = || {
            let question = self.client.list_tags_for_resource().resource_id(name);
            question.resource_type(ResourceTypeForTagging::Parameter).send()
        };
        let listed = self.access.call(call, send).await?.tag_list;
        let listed = listed.ok_or_else(|| call.nonsense("an answer without a list".to_owned()))?;
        Ok(listed.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }

    fn fetched(&self, request: &Fetch, parameter: &Parameter) -> Read {
        fetched(parameter).ok_or_else(|| {
            let call = self.access.reading(Self::SINGLE);
            // The original's words.
            call.nonsense(format!("invalid secret received. parameter value is nil for key: {}", request.key))
        })
    }
}

impl Batched for ParameterStore {
    const SINGLE: &'static str = "GetParameter";

    type Answer = GetParametersOutput;

    fn access(&self) -> &Access {
        &self.access
    }

    fn batches(&self) -> &Batches {
        &self.batches
    }

    /// A version or label stands behind the name. Tags have none.
    fn name(&self, request: &Fetch) -> String {
        let name = self.access.name(&request.key);
        match named(request.version.as_ref()).filter(|_| is_of_value(request)) {
            Some(version) => format!("{name}:{version}"),
            None => name,
        }
    }

    /// AWS drops spaces at both ends, and its answer would name another parameter than the question.
    fn is_batchable(&self, request: &Fetch) -> bool {
        is_of_value(request) && !self.name(request).contains(char::is_whitespace)
    }

    async fn read_one(&self, request: &Fetch) -> Read {
        let name = self.name(request);
        match request.part {
            Part::Value => self.fetched(request, &self.get_parameter(&name, Form::Decrypted).await?),
            Part::Metadata => self.tags(&name).await.map(|tags| tags::as_json(&tags)),
        }
    }

    /// AWS denies it as a whole for one name that is denied, or for the call itself.
    async fn read_many(&self, names: &[&str]) -> Result<Self::Answer, Refusal> {
        let call = self.access.reading(Self::SINGLE).counted_as("GetParameters");
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let is_denied = AtomicBool::new(false);
        let send = || async {
            let question = self.client.get_parameters().set_names(Some(names.clone())).with_decryption(true);
            let answer = question.send().await;
            answer.inspect_err(|error| is_denied.store(error::denies(error), Ordering::Relaxed))
        };
        let answer = self.access.call(call, send).await;
        answer.map_err(|error| Refusal { error, is_denied: is_denied.into_inner() })
    }

    fn part(&self, request: &Fetch, name: &str, _asked: &[&str], answer: &Self::Answer) -> Answered {
        match share(name, answer) {
            Share::Value(parameter) => Answered::Settled(self.fetched(request, parameter)),
            Share::Unclear => Answered::Unclear,
            Share::Missing => Answered::Missing,
        }
    }
}

/// The value of a parameter, be it a text, a list or a secret: each is a text.
fn fetched(parameter: &Parameter) -> Option<Fetched> {
    let value = Value::Bytes(SecretBytes::from(parameter.value()?));
    let fetched = Fetched::new(value);
    Some(match parameter.version() {
        0 => fetched,
        version => fetched.at_version(version.to_string()),
    })
}
