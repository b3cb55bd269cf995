//! The power to look for secrets: `ListSecrets`, page after page. It names them, and gives no values.
//!
//! AWS itself knows what a path and tags are; what it answers is held against the query again, for it pairs no tag's key
//! with its value: `A=1, B=2` would meet a secret with `A=2, B=1` too.

use async_trait::async_trait;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, SecretListEntry, Tag};
use eso_core::{
    error::ProviderError,
    provider::{Found, Query, SecretFinder},
};

use super::SecretsManager;
use crate::{
    prefix::Prefix,
    search::{Page, all_pages},
};

/// How many secrets AWS names on one page at the most.
const PAGE: i32 = 100;

/// How many tags AWS is asked for; it takes ten filters, and each tag is two.
const MOST_TAGS: usize = 4;

#[async_trait]
impl SecretFinder for SecretsManager {
    async fn find(&self, query: &Query) -> Result<Vec<Found>, ProviderError> {
        let query = &Query { path: self.access.prefix.start(query.path.as_deref()), ..query.clone() };
        let filters = filters(query);
        all_pages(self.access.searching("ListSecrets"), |next| self.list(query, &filters, next)).await
    }
}

impl SecretsManager {
    async fn list(
        &self,
        query: &Query,
        filters: &[Filter],
        next: Option<String>,
    ) -> Result<Page<Found>, ProviderError> {
        let send = || {
            let question = self.client.list_secrets().max_results(PAGE).set_next_token(next.clone());
            question.set_filters(Some(filters.to_vec())).send()
        };
        let page = self.access.call(self.access.searching("ListSecrets"), send).await?;
        let found = |secret: &SecretListEntry| {
            let key = key_of(secret, query, &self.access.prefix)?;
            Some(Found { key: key.into(), value: None })
        };
        let found = |secrets: Vec<SecretListEntry>| secrets.iter().filter_map(found).collect();
        Ok(Page { entries: page.secret_list.map(found), next: page.next_token })
    }
}

/// What AWS is to look for: names that begin with the path, and every tag's key and value, as far as it takes them. All
/// that it answers is held against the query again.
fn filters(Query { path, name: _, tags }: &Query) -> Vec<Filter> {
    let filter = |key: FilterNameStringType, value: &str| {
        is_filter(value).then(|| Filter::builder().key(key).values(value).build())
    };
    let tags = tags.iter().take(MOST_TAGS).flat_map(|(key, value)| {
        [filter(FilterNameStringType::TagKey, key), filter(FilterNameStringType::TagValue, value)]
    });
    path.iter().map(|path| filter(FilterNameStringType::Name, path)).chain(tags).flatten().collect()
}

/// AWS refuses other characters in a filter, and takes what follows an exclamation mark for what is not wanted.
fn is_filter(text: &str) -> bool {
    let is_taken = |byte: u8| byte.is_ascii_alphanumeric() || b" :_@/+=.-".contains(&byte);
    (1..=512).contains(&text.len()) && text.bytes().all(is_taken)
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
