//! `auth.gcp`: a token that a service account's key signs, for roles of the type `iam`, or the one that a machine of
//! Google Cloud is given about itself, for roles of the type `gce`.

mod metadata;
mod signature;

use std::time::SystemTime;

use eso_core::{api::selectors::SecretKeySelector, error::ProviderError};
use vaultrs::api::auth::oidc::requests::JWTLoginRequest;

use super::{Authenticator, refused};
use crate::{
    http::{Route, Trust},
    no_client, store,
    token::Token,
};

pub(crate) use self::metadata::METADATA_SERVER;

/// The GCP method.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Gcp {
    pub(crate) mount: String,
    pub(crate) role: String,
    pub(crate) identity: GcpIdentity,
}

/// Who logs in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum GcpIdentity {
    /// A service account, by its key in a Secret.
    Key(SecretKeySelector),
    /// The operator's own pod or machine.
    Own,
}

impl Authenticator {
    pub(super) async fn log_in_with_gcp(&self, gcp: &Gcp) -> Result<Token, ProviderError> {
        let Gcp { mount, role, identity } = gcp;
        let jwt = match identity {
            GcpIdentity::Key(selector) => {
                let key = self.secret(selector).await?;
                let signed = signature::signed(&key, role, SystemTime::now());
                signed.map_err(|error| refused(format!("{error} (Secret {:?})", selector.name)))?
            }
            GcpIdentity::Own => self.own_token_of_google(role).await?,
        };
        self.grant(JWTLoginRequest { mount: mount.clone(), jwt, role: Some(role.clone()) }).await
    }

    /// What the metadata server says of the operator's own machine, to this Vault, for this role.
    async fn own_token_of_google(&self, role: &str) -> Result<String, ProviderError> {
        self.as_the_operator("a secretRef")?;
        // A proxy would be told of an identity, and might be asked about its own machine.
        let route = Route { trust: Trust::Plain, identity: None, direct: true, led_from: None };
        let client = self.means.pools.get(&route).map_err(|_| no_client())?;
        let audience = format!("{}/vault/{role}", self.server.address());
        let token = metadata::identity(&client, &self.means.metadata_server, &audience).await;
        self.server.calls.called(store::NAME, "GetIdentityToken", token.is_ok());
        token
    }
}
