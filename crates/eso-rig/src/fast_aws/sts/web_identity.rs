//! Tokens of a web identity, as far as a role's trust policy looks at them. No signature is checked.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::Value;

use super::denied;
use crate::fast_aws::refusal::Refusal;

/// Whose token a role wants, and for whom it must be made.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) subject: String,
    pub(super) audience: String,
}

impl Wanted {
    /// Refuses a token as STS does.
    pub(super) fn check(&self, role: &str, token: &str, now: Timestamp) -> Result<(), Refusal> {
        let claims = claims(token).ok_or_else(|| {
            Refusal::new("InvalidIdentityToken", "The ID Token provided is not a valid JWT.")
        })?;
        if claims["exp"].as_i64().is_none_or(|end| end <= now.as_second()) {
            return Err(Refusal::new("ExpiredTokenException", "Token expired"));
        }
        if !is_for(&claims["aud"], &self.audience) {
            return Err(Refusal::new("InvalidIdentityToken", "Incorrect token audience"));
        }
        match claims["sub"] == self.subject {
            true => Ok(()),
            false => Err(denied("AssumeRoleWithWebIdentity", role)),
        }
    }
}

/// What a token says of itself.
fn claims(token: &str) -> Option<Value> {
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// An audience is a text, or a list of texts.
fn is_for(audience: &Value, wanted: &str) -> bool {
    audience == wanted || audience.as_array().is_some_and(|all| all.iter().any(|one| one == wanted))
}
