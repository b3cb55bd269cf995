//! `auth.cert`: a client certificate, which the server sees on the connection and nowhere else.

use eso_core::{api::selectors::SecretKeySelector, error::ProviderError};
use rustify_derive::Endpoint;

use super::{Authenticator, refused};
use crate::{http::ClientIdentity, no_client, token::Token};

/// The certificate method.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    pub(crate) mount: String,
    /// Any that fits where there is none.
    pub(crate) role: Option<String>,
    pub(crate) certificate: SecretKeySelector,
    pub(crate) key: SecretKeySelector,
}

/// vaultrs has one of its own, which sends the role under another name than Vault reads.
#[derive(Debug, Endpoint)]
#[endpoint(path = "/auth/{self.mount}/login", method = "POST")]
struct CertificateLogin {
    #[endpoint(skip)]
    mount: String,
    name: Option<String>,
}

impl Authenticator {
    /// From this login on all connections show the certificate: Vault asks for it when a token is renewed too. It comes
    /// in place of one that the store's `tls` names.
    pub(super) async fn log_in_with_certificate(
        &self,
        certificate: &Certificate,
    ) -> Result<Token, ProviderError> {
        let Certificate { mount, role, certificate, key } = certificate;
        let identity = self.client_identity(certificate, key).await?;
        self.server.pool.show(identity).map_err(|_| no_client())?;
        self.grant(CertificateLogin { mount: mount.clone(), name: role.clone() }).await
    }

    async fn client_identity(
        &self,
        certificate: &SecretKeySelector,
        key: &SecretKeySelector,
    ) -> Result<ClientIdentity, ProviderError> {
        let secrets = (self.secret(certificate).await?, self.secret(key).await?);
        ClientIdentity::new(&secrets.0, &secrets.1).map_err(|error| {
            let (certificate, key) = (&certificate.name, &key.name);
            // The first words are the original's.
            refused(format!(
                "error from Client TLS Auth: {error} (certificate of Secret {certificate:?}, key of Secret {key:?})"
            ))
        })
    }
}
