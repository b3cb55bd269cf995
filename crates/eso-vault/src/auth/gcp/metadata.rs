//! The metadata server of Google Cloud, which tells a machine who it is.

use std::time::Duration;

use eso_core::error::{ErrorKind, ProviderError, Reason};
use reqwest::{Client, Response};
use url::Url;

use crate::error::Call;

/// Where it is, from every machine of Google Cloud.
pub(crate) const METADATA_SERVER: &str = "http://metadata.google.internal";

/// What it asks for, so that nobody is made to ask it unawares, and what it answers with.
const FLAVOR: (&str, &str) = ("metadata-flavor", "Google");

/// It is on the same machine, and answers within milliseconds.
const METADATA_TIMEOUT: Duration = Duration::from_secs(5);

/// A token is one or two kilobytes.
const LONGEST_TOKEN: usize = 16 << 10;

/// A token about this machine, with what Vault's roles of the type `gce` ask for, which only `audience` should take.
pub(super) async fn identity(client: &Client, server: &str, audience: &str) -> Result<String, ProviderError> {
    let path = format!("{server}/computeMetadata/v1/instance/service-accounts/default/identity");
    let address = Url::parse_with_params(&path, [("audience", audience), ("format", "full")]);
    let address =
        address.map_err(|_| failed(ErrorKind::Invalid, "the address of the metadata server is no URL"))?;
    let request = client.get(address).header(FLAVOR.0, FLAVOR.1).timeout(METADATA_TIMEOUT);
    let answer = request.send().await.map_err(|_| out_of_reach())?;
    match answer.status().as_u16() {
        200 if is_of_google(&answer) => token(answer).await,
        200 => Err(failed(
            ErrorKind::Unexpected,
            "what answers in place of Google Cloud's metadata server is none",
        )),
        404 => Err(failed(
            ErrorKind::Unauthenticated,
            "Google Cloud's metadata server knows no service account of this machine or pod",
        )),
        403 => Err(failed(
            ErrorKind::Unauthenticated,
            "Google Cloud's metadata server gives this pod no identity",
        )),
        429 => {
            Err(failed(ErrorKind::Throttled, "Google Cloud's metadata server asks to be called less often"))
        }
        500..=599 => Err(failed(ErrorKind::Unavailable, "Google Cloud's metadata server cannot answer now")),
        _ => Err(not_understood()),
    }
}

fn is_of_google(answer: &Response) -> bool {
    answer.headers().get(FLAVOR.0).is_some_and(|flavor| flavor == FLAVOR.1)
}

async fn token(mut answer: Response) -> Result<String, ProviderError> {
    let mut text = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| out_of_reach())? {
        text.extend_from_slice(&chunk);
        if text.len() > LONGEST_TOKEN {
            return Err(not_understood());
        }
    }
    let text = String::from_utf8(text).map_err(|_| not_understood())?;
    let text = text.trim();
    if looks_like_a_token(text) { Ok(text.to_owned()) } else { Err(not_understood()) }
}

/// Three parts of base64 for URLs: a page of a proxy is none.
fn looks_like_a_token(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    text.split('.').count() == 3 && text.split('.').all(is_part)
}

fn out_of_reach() -> ProviderError {
    failed(
        ErrorKind::Unavailable,
        "Google Cloud's metadata server cannot be reached: the operator does not run there, or may not ask it",
    )
}

fn not_understood() -> ProviderError {
    failed(ErrorKind::Unexpected, "an answer of Google Cloud's metadata server that is not understood")
}

fn failed(kind: ErrorKind, words: &'static str) -> ProviderError {
    Call::Login.error(kind, Reason::new(words)).from_elsewhere()
}

#[cfg(test)]
mod tests {
    use super::looks_like_a_token;

    #[test]
    fn a_token_is_three_parts_of_base64_for_urls() {
        for (text, is_token) in [
            ("eyJh.eyJh.c2ln", true),
            ("a-b_c.d.e", true),
            ("", false),
            ("..", false),
            ("a.b", false),
            ("a.b.c.d", false),
            ("<html>.a.b", false),
            ("a.b.c\n", false),
        ] {
            assert_eq!(looks_like_a_token(text), is_token, "{text:?}");
        }
    }
}
