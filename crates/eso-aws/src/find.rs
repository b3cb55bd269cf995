//! The power to look for secrets: `ListSecrets`, page after page. It names them, and gives no values.
//!
//! AWS itself knows what a path and tags are; what it answers is held against the query again, for it pairs no tag's key
//! with its value: `A=1, B=2` would meet a secret with `A=2, B=1` too.

use async_trait::async_trait;
use aws_sdk_secretsmanager::{
    operation::list_secrets::ListSecretsOutput,
    types::{Filter, FilterNameStringType, SecretListEntry, Tag},
};
use eso_core::{
    error::ProviderError,
    provider::{Found, Query, SecretFinder},
};
use tokio::time::timeout;

use crate::{
    PROVIDER,
    error::Call,
    prefix::Prefix,
    secrets_manager::{SecretsManager, TIME_LIMIT},
};

/// How many secrets AWS names on one page at the most.
const PAGE: i32 = 100;

#[async_trait]
impl SecretFinder for SecretsManager {
    async fn find(&self, query: &Query) -> Result<Vec<Found>, ProviderError> {
        match timeout(TIME_LIMIT, self.list(query)).await {
            Ok(found) => found,
            Err(_) => Err(Call::list_secrets(&self.region).late()),
        }
    }
}

impl SecretsManager {
    async fn list(&self, query: &Query) -> Result<Vec<Found>, ProviderError> {
        let query = &Query { path: self.prefix.start(query.path.as_deref()), ..query.clone() };
        let filters = filters(query);
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let page = self.list_secrets(&filters, next).await?;
            let keys = page.secret_list().iter().filter_map(|secret| key_of(secret, query, &self.prefix));
            found.extend(keys.map(|key| Found { key: key.into(), value: None }));
            match page.next_token {
                Some(token) => next = Some(token),
                None => return Ok(found),
            }
        }
    }

    async fn list_secrets(
        &self,
        filters: &[Filter],
        next: Option<String>,
    ) -> Result<ListSecretsOutput, ProviderError> {
        let call = Call::list_secrets(&self.region);
        let send = || async {
            let question = self.client.list_secrets().max_results(PAGE).set_next_token(next.clone());
            let answer = question.set_filters(Some(filters.to_vec())).send().await;
            self.calls.called(PROVIDER, call.operation, answer.is_ok());
            answer.map_err(|error| call.failed(&error))
        };
        self.session.run(send).await
    }
}

/// What AWS is to look for: names that begin with the path, and every tag's key and value.
fn filters(Query { path, name: _, tags }: &Query) -> Vec<Filter> {
    let filter = |key: FilterNameStringType, value: &str| Filter::builder().key(key).values(value).build();
    let tags = tags.iter().flat_map(|(key, value)| {
        [filter(FilterNameStringType::TagKey, key), filter(FilterNameStringType::TagValue, value)]
    });
    path.iter().map(|path| filter(FilterNameStringType::Name, path)).chain(tags).collect()
}

/// The key by which a secret can be read, where it meets the query. The path is of its whole name, the expression of
/// the key.
fn key_of<'s>(
    secret: &'s SecretListEntry,
    Query { path, name, tags }: &Query,
    prefix: &Prefix,
) -> Option<&'s str> {
    let whole = secret.name().unwrap_or_default();
    let key = prefix.key(whole)?;
    let meets = secret.deleted_date().is_none()
        && path.as_deref().is_none_or(|path| whole.starts_with(path))
        && name.as_ref().is_none_or(|name| name.accepts(key))
        && tags.iter().all(|(key, value)| secret.tags().iter().any(|tag| is(tag, key, value)));
    meets.then_some(key)
}

fn is(tag: &Tag, key: &str, value: &str) -> bool {
    (tag.key().unwrap_or_default(), tag.value().unwrap_or_default()) == (key, value)
}

#[cfg(test)]
mod tests;
