//! A search: page after page, to the last one, or it fails as a whole.

use std::{future::Future, time::Duration};

use eso_core::error::ProviderError;
use tokio::time::timeout;

use crate::{access::TIME_LIMIT, error::Call};

/// One page of a search, and what the next one is asked with.
pub(crate) struct Page<T> {
    /// What it holds. AWS leaves the list out of no page: `None` is an answer that is none.
    pub(crate) entries: Option<Vec<T>>,
    /// There is none after the last page.
    pub(crate) next: Option<String>,
}

/// All entries of all pages.
pub(crate) async fn all_pages<T, F>(
    call: Call<'_>,
    page: impl FnMut(Option<String>) -> F,
) -> Result<Vec<T>, ProviderError>
where
    F: Future<Output = Result<Page<T>, ProviderError>>,
{
    within(TIME_LIMIT, call, page).await
}

/// A search that has come to its second page when its time is over is no outage of the service, but too large.
async fn within<T, F>(
    limit: Duration,
    call: Call<'_>,
    mut page: impl FnMut(Option<String>) -> F,
) -> Result<Vec<T>, ProviderError>
where
    F: Future<Output = Result<Page<T>, ProviderError>>,
{
    let (mut found, mut pages) = (Vec::new(), 0_u32);
    let reading = async {
        let mut next = None;
        loop {
            let Page { entries, next: further } = page(next).await?;
            let entries = entries.ok_or_else(|| call.nonsense("an answer without a list".to_owned()))?;
            found.extend(entries);
            pages += 1;
            next = further.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(());
            }
        }
    };
    match timeout(limit, reading).await {
        Ok(Ok(())) => Ok(found),
        Ok(Err(error)) => Err(error),
        Err(_) if pages > 0 => Err(call.refused(format!(
            "more values are looked through than AWS names in {} s: narrow the search by a path",
            limit.as_secs()
        ))),
        Err(_) => Err(call.late()),
    }
}

#[cfg(test)]
mod tests {
    use eso_core::error::ErrorKind;

    use super::*;
    use crate::error::{Service, Sort};

    fn call() -> Call<'static> {
        Call::new(Service::SecretsManager, Sort::Search, "ListSecrets", "us-east-1")
    }

    #[tokio::test]
    async fn pages_are_read_to_the_last_one_and_an_empty_token_is_none() {
        let tokens = [Some("1"), Some("2"), Some(""), Some("never")];
        let page = async |next: Option<String>| {
            let number: usize = next.map_or(0, |next| next.parse().unwrap());
            Ok(Page { entries: Some(vec![number]), next: tokens[number].map(str::to_owned) })
        };
        assert_eq!(all_pages(call(), page).await, Ok(vec![0, 1, 2]));
    }

    #[tokio::test]
    async fn an_answer_without_a_list_is_no_empty_page() {
        let page = async |_| Ok(Page::<u8> { entries: None, next: None });
        assert_eq!(all_pages(call(), page).await.map_err(|error| error.kind()), Err(ErrorKind::Unexpected));
    }

    #[tokio::test]
    async fn a_search_without_end_is_too_large_and_one_without_an_answer_is_late() {
        let endless = async |_| {
            tokio::task::yield_now().await;
            Ok(Page::<u8> { entries: Some(Vec::new()), next: Some("more".to_owned()) })
        };
        let limit = Duration::from_millis(20);
        let error = within(limit, call(), endless).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let silent = |_| std::future::pending::<Result<Page<u8>, ProviderError>>();
        let error = within(limit, call(), silent).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
}
