//! `auth.tokenSecretRef`: a token that somebody made and put into a Secret. It is renewed where it can be, never revoked.

use eso_core::{
    api::selectors::SecretKeySelector,
    error::{ErrorKind, ProviderError, Reason},
    value::SecretBytes,
};

use super::Authenticator;
use crate::{
    error::Call,
    http::is_header,
    token::{Origin, Token},
};

impl Authenticator {
    /// Reads the token, and asks Vault about its life.
    pub(super) async fn take_token(&self, selector: &SecretKeySelector) -> Result<Token, ProviderError> {
        let secret = self.read_token(selector).await?;
        let lease = self.look_up(Some(&secret)).await?;
        Ok(Token::new(Origin::Given, secret, lease))
    }

    /// Reads the token.
    pub(super) async fn read_token(
        &self,
        selector: &SecretKeySelector,
    ) -> Result<SecretBytes, ProviderError> {
        let text = self.secret_text(selector).await?;
        if !is_header(&text) {
            let words =
                format!("the token in Secret {:?} holds characters that no header can carry", selector.name);
            let error = Call::LookupSelf.error(ErrorKind::Unauthenticated, Reason::new(words));
            return Err(error.from_elsewhere());
        }
        Ok(SecretBytes::from(text))
    }
}
