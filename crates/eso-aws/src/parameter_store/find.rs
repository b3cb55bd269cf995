//! The power to look for parameters: below a path with their values, or by tags without.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use aws_sdk_ssm::{
    operation::get_parameters_by_path::GetParametersByPathOutput,
    types::{Parameter, ParameterMetadata, ParameterStringFilter},
};
use eso_core::{
    error::ProviderError,
    provider::{Found, Query, SecretFinder},
};

use super::{ParameterStore, fetched};
use crate::{
    error::{self, Call},
    prefix::Prefix,
    search::{Page, all_pages},
};

/// How many values AWS gives on one page at the most.
const PAGE_OF_VALUES: i32 = 10;

/// How many names AWS gives on one page at the most.
const PAGE_OF_NAMES: i32 = 50;

/// How many bytes the values may have together that one search finds: no Secret holds more than a quarter of it.
const MOST_BYTES: usize = 4 << 20;

/// The path below which everything is.
const ROOT: &str = "/";

#[async_trait]
impl SecretFinder for ParameterStore {
    /// Whoever may not ask for values below a path may still ask for names, and for each value by itself.
    async fn find(&self, query: &Query) -> Result<Vec<Found>, ProviderError> {
        let path = path(query, &self.access.prefix);
        if !query.tags.is_empty() {
            return self.find_names(query, path.as_deref()).await;
        }
        let is_denied = AtomicBool::new(false);
        match self.find_values(query, path.as_deref().unwrap_or(ROOT), &is_denied).await {
            Err(_) if is_denied.into_inner() => self.find_names(query, path.as_deref()).await,
            found => found,
        }
    }
}

impl ParameterStore {
    async fn find_values(
        &self,
        query: &Query,
        path: &str,
        is_denied: &AtomicBool,
    ) -> Result<Vec<Found>, ProviderError> {
        let call = self.access.searching("GetParametersByPath");
        let size = AtomicUsize::new(0);
        all_pages(call, async |next| {
            let page = self.below(call, path, next, is_denied).await?;
            let found = |parameters: Vec<Parameter>| {
                parameters.iter().filter_map(|parameter| self.found(query, parameter, &size)).collect()
            };
            let page = Page { entries: page.parameters.map(found), next: page.next_token };
            match size.load(Ordering::Relaxed) > MOST_BYTES {
                true => Err(call.refused("what it finds is too large: narrow the search".to_owned())),
                false => Ok(page),
            }
        })
        .await
    }

    fn found(&self, query: &Query, parameter: &Parameter, size: &AtomicUsize) -> Option<Found> {
        let key = key_of(parameter.name()?, query, &self.access.prefix)?;
        size.fetch_add(parameter.value().map_or(0, str::len), Ordering::Relaxed);
        Some(Found { key: key.into(), value: fetched(parameter) })
    }

    async fn below(
        &self,
        call: Call<'_>,
        path: &str,
        next: Option<String>,
        is_denied: &AtomicBool,
    ) -> Result<GetParametersByPathOutput, ProviderError> {
        let send = || async {
            let question = self.client.get_parameters_by_path().path(path).recursive(true);
            let question = question.with_decryption(true).max_results(PAGE_OF_VALUES);
            let answer = question.set_next_token(next.clone()).send().await;
            answer.inspect_err(|error| is_denied.store(error::denies(error), Ordering::Relaxed))
        };
        self.access.call(call, send).await
    }

    async fn find_names(&self, query: &Query, path: Option<&str>) -> Result<Vec<Found>, ProviderError> {
        // The original counts it under this name.
        let call = self.access.searching("DescribeParameters").counted_as("DescribeParameter");
        let filters = filters(query, path);
        all_pages(call, |next| self.describe(call, query, &filters, next)).await
    }

    async fn describe(
        &self,
        call: Call<'_>,
        query: &Query,
        filters: &[ParameterStringFilter],
        next: Option<String>,
    ) -> Result<Page<Found>, ProviderError> {
        let send = || {
            let question = self.client.describe_parameters().set_parameter_filters(Some(filters.to_vec()));
            question.max_results(PAGE_OF_NAMES).set_next_token(next.clone()).send()
        };
        let page = self.access.call(call, send).await?;
        let found = |parameter: &ParameterMetadata| {
            let key = key_of(parameter.name()?, query, &self.access.prefix)?;
            Some(Found { key: key.into(), value: None })
        };
        let found = |parameters: Vec<ParameterMetadata>| parameters.iter().filter_map(found).collect();
        Ok(Page { entries: page.parameters.map(found), next: page.next_token })
    }
}

/// Below which path AWS looks; everywhere where there is none. A prefix that does not end between two levels names no
/// path by itself: what it keeps out is kept out afterwards.
fn path(query: &Query, prefix: &Prefix) -> Option<String> {
    let start = prefix.start(query.path.as_deref()).filter(|start| !start.is_empty())?;
    if query.path.is_some() {
        return Some(start);
    }
    let end = start.rfind('/').filter(|_| start.starts_with('/'))?;
    Some(start[..end.max(1)].to_owned())
}

/// What AWS is to look for: it pairs each tag's key with its value.
fn filters(query: &Query, path: Option<&str>) -> Vec<ParameterStringFilter> {
    let filter = |key: String, option: &str, value: &str| {
        let filter = ParameterStringFilter::builder().key(key).option(option).values(value);
        filter.build().expect("a filter must have a key")
    };
    let tags = query.tags.iter().map(|(key, value)| filter(format!("tag:{key}"), "Equals", value));
    tags.chain(path.map(|path| filter("Path".to_owned(), "Recursive", path))).collect()
}

/// The key by which a parameter can be read, where it meets what AWS was not asked for.
fn key_of<'n>(name: &'n str, query: &Query, prefix: &Prefix) -> Option<&'n str> {
    let key = prefix.key(name)?;
    query.name.as_ref().is_none_or(|wanted| wanted.accepts(key)).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(prefix: &str, asked: Option<&str>, below: Option<&str>) {
        let query = Query { path: asked.map(str::to_owned), ..Query::default() };
        assert_eq!(path(&query, &Prefix::new(prefix)).as_deref(), below, "{prefix:?} {asked:?}");
    }

    #[test]
    fn a_search_is_below_the_path_and_the_prefix() {
        check("", None, None);
        check("", Some(""), None);
        check("", Some("/app"), Some("/app"));
        check("", Some("app"), Some("app"));
        check("/team/", None, Some("/team"));
        check("/team/", Some("app"), Some("/team/app"));
        check("/team/", Some("/team/app"), Some("/team/app"));
        check("/team/web-", None, Some("/team"));
        check("/team-", None, Some("/"));
        check("team/", None, None);
    }

    #[test]
    fn a_key_is_the_name_without_the_prefix_and_meets_the_expression() {
        let team = Prefix::new("/team/");
        let named = eso_core::provider::NameFilter::new("^a", |key| key.starts_with('a'));
        let query = Query { name: Some(named), ..Query::default() };
        let key = |name| key_of(name, &query, &team);
        assert_eq!([key("/team/app"), key("/team/web"), key("/other/app")], [Some("app"), None, None]);
    }
}
