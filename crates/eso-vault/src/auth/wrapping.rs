//! Secret ids that come wrapped: a token in their place, for which Vault gives the secret id once, and to nobody again.
//!
//! What looks like a token is asked about before it is used: Vault says whether it is a wrapping token, which costs it
//! nothing, and which request's answer it wraps. Only the answer of this very AppRole method is taken; a token that
//! wraps something else was put there by somebody who would have us log in as they please.

use std::{collections::HashMap, sync::Arc};

use eso_core::{
    error::{ErrorKind, ProviderError},
    key::StoreReference,
    value::SecretBytes,
};
use parking_lot::Mutex;
use serde::Deserialize;
use vaultrs::api::sys::requests::{UnwrapRequest, WrappingLookupRequest};

use super::{Authenticator, refused, text};
use crate::error::Call;

/// How tokens of Vault begin that can wrap an answer: batch tokens and old ones without a prefix do not.
const BEGINNINGS: [&str; 2] = ["hvs.", "s."];

/// How many characters follow, at least.
const SHORTEST: usize = 20;

/// For how many stores a secret id is remembered: far more than use a wrapped one. Beyond that, stores that are not
/// logging in just now are forgotten.
const MOST_STORES: usize = 10_000;

/// The secret ids that were unwrapped, each for the one store that it was unwrapped for: a wrapping token works once,
/// and a store logs in more often. They end with the process.
#[derive(Debug, Default)]
pub(crate) struct SecretIds(Mutex<HashMap<StoreReference, Arc<Slot>>>);

/// What one store unwrapped. Whoever holds it may unwrap.
type Slot = tokio::sync::Mutex<Option<Unwrapped>>;

#[derive(Debug)]
struct Unwrapped {
    /// The server and its namespace.
    place: String,
    token: SecretBytes,
    secret_id: SecretBytes,
}

/// Whether a text has the form of a token that may wrap something.
pub(super) fn looks_like_a_token(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let rest = BEGINNINGS.iter().find_map(|beginning| text.strip_prefix(beginning));
    rest.is_some_and(|rest| rest.len() >= SHORTEST && rest.bytes().all(is_plain))
}

impl SecretIds {
    fn of(&self, store: &StoreReference) -> Arc<Slot> {
        let mut slots = self.0.lock();
        if slots.len() >= MOST_STORES && !slots.contains_key(store) {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        Arc::clone(slots.entry(store.clone()).or_default())
    }
}

impl Authenticator {
    /// The secret id that a wrapping token stands for: what it was unwrapped to before for this store, or unwrapped now.
    /// `None` where Vault knows no such wrapping token.
    pub(super) async fn unwrapped(&self, mount: &str, token: &str) -> Result<Option<String>, ProviderError> {
        let place = format!("{} {:?}", self.server.address(), self.namespace);
        let token = SecretBytes::from(token);
        let slot = self.means.secret_ids.of(&self.store);
        let mut slot = slot.lock().await;
        match &*slot {
            Some(known) if known.place == place && known.token == token => return Ok(text(&known.secret_id)),
            Some(_) | None => {}
        }
        let Some(origin) = self.origin_of_wrapping(&token).await? else { return Ok(None) };
        if !is_of_secret_ids(&origin, mount) {
            return Err(foreign());
        }
        let secret_id = self.unwrap(&token).await?;
        let said = text(&secret_id).ok_or_else(|| Call::Unwrap.not_understood())?;
        *slot = Some(Unwrapped { place, token, secret_id });
        Ok(Some(said))
    }

    /// Which request's answer a wrapping token wraps. It is not used up by that.
    async fn origin_of_wrapping(&self, token: &SecretBytes) -> Result<Option<String>, ProviderError> {
        let question = WrappingLookupRequest { token: text(token).unwrap_or_default() };
        match self.call(Call::LookupWrapping, None, question).await {
            Ok(reply) => {
                let LookedUp { data } = reply.parse().ok_or_else(|| Call::LookupWrapping.not_understood())?;
                Ok(Some(data.creation_path))
            }
            Err(error) if error.kind() == ErrorKind::Unauthenticated => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn unwrap(&self, token: &SecretBytes) -> Result<SecretBytes, ProviderError> {
        let reply = self.call(Call::Unwrap, Some(token), UnwrapRequest { token: None }).await?;
        let Opened { data } = reply.parse().ok_or_else(|| Call::Unwrap.not_understood())?;
        Ok(SecretBytes::from(data.secret_id))
    }
}

/// Whether it is the path at which an AppRole method gives secret ids.
fn is_of_secret_ids(path: &str, mount: &str) -> bool {
    let below = path.trim_matches('/').strip_prefix("auth/").and_then(|path| path.strip_prefix(mount));
    let role = below.and_then(|path| path.strip_prefix("/role/")).and_then(|path| path.split_once('/'));
    role.is_some_and(|(role, what)| !role.is_empty() && matches!(what, "secret-id" | "custom-secret-id"))
}

fn foreign() -> ProviderError {
    refused(
        "the wrapping token in place of the secret id wraps something else than a secret id of this method: it was made \
         elsewhere, or somebody replaced it"
            .to_owned(),
    )
}

#[derive(Deserialize)]
struct LookedUp {
    data: Wrapping,
}

#[derive(Deserialize)]
struct Wrapping {
    creation_path: String,
}

#[derive(Deserialize)]
struct Opened {
    data: SecretId,
}

#[derive(Deserialize)]
struct SecretId {
    secret_id: String,
}

#[cfg(test)]
mod tests;
