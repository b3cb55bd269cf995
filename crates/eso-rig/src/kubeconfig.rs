//! Kubeconfig texts.

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::certificates::Pair;

/// How somebody proves who they are.
pub(crate) enum Identity<'a> {
    /// A client certificate.
    Certificate(&'a Pair),
    /// A bearer token.
    Token(&'a str),
}

/// A kubeconfig with one cluster, one user and one context, all called `rig`.
pub(crate) fn kubeconfig(server: &str, authority_pem: &str, identity: &Identity<'_>) -> String {
    let authority = BASE64_STANDARD.encode(authority_pem);
    let user = match identity {
        Identity::Certificate(pair) => format!(
            "client-certificate-data: {}\n    client-key-data: {}",
            BASE64_STANDARD.encode(&pair.certificate),
            BASE64_STANDARD.encode(&pair.key)
        ),
        Identity::Token(token) => format!("token: {token}"),
    };
    format!(
        "apiVersion: v1
kind: Config
current-context: rig
clusters:
- name: rig
  cluster:
    server: {server}
    certificate-authority-data: {authority}
users:
- name: rig
  user:
    {user}
contexts:
- name: rig
  context:
    cluster: rig
    user: rig
    namespace: default
"
    )
}
