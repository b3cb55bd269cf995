//! The half of a specification that says how to log in: the one method, with the original's defaults.

use std::time::Duration;

use eso_core::api::{
    refusals::{NO_ROLE_ID, NO_TOKEN_OF_JWT},
    selectors::SecretKeySelector,
    vault::{
        GcpSecretRef, VaultAppRole, VaultAuth, VaultAwsJwt, VaultAwsSecretRef, VaultCertificateAuth,
        VaultGcpAuth, VaultIamAuth, VaultJwtAuth, VaultKubernetesAuth, VaultKubernetesServiceAccountToken,
    },
};
use http::HeaderValue;

use crate::{
    auth::{
        AppRole, AwsIdentity, AwsKeys, AwsRole, Certificate, Gcp, GcpIdentity, Iam, Jwt, JwtSource,
        Kubernetes, Method, Password, RoleId, TokenOfServiceAccount,
    },
    kv::{Path, PathError},
};

/// Why nobody can log in as a specification says.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AuthError {
    #[error("no valid auth method specified")]
    NoMethod,
    #[error("more than one auth method is specified: {0}")]
    Methods(String),
    #[error("{0} is not served by this version")]
    Unserved(String),
    #[error("{NO_ROLE_ID}")]
    NoRoleId,
    #[error("{NO_TOKEN_OF_JWT}")]
    NoTokenOfJwt,
    #[error("{0} names no object")]
    NoName(&'static str),
    #[error("{0} must not be empty")]
    Blank(&'static str),
    #[error("{field}: {problem}")]
    Path {
        field: &'static str,
        #[source]
        problem: PathError,
    },
    #[error("{0} holds characters that no header can carry")]
    Header(&'static str),
    #[error("auth.iam.region must be the name of a region, such as us-east-1")]
    Region,
    #[error(
        "auth.gcp.workloadIdentity is not served by this version: Vault's gcp method can be used with a secretRef, or \
         with the identity of the operator's own pod"
    )]
    WorkloadIdentity,
    #[error("auth.cert shows a certificate, which only a server with https sees")]
    PlainServer,
}

/// The region of AWS where nothing is said, as in the original.
const DEFAULT_REGION: &str = "us-east-1";

/// The audience of a service account's token where nothing is said, as in the original.
const DEFAULT_AUDIENCE: &str = "vault";

/// The life of a service account's token where nothing is said, as in the original.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

/// The one method that is specified.
pub(super) fn method(auth: &VaultAuth) -> Result<Method, AuthError> {
    let VaultAuth {
        namespace: _,
        token_secret_ref,
        app_role,
        kubernetes,
        ldap,
        user_pass,
        jwt,
        cert,
        iam,
        gcp,
        unserved,
    } = auth;
    let known = [
        token_secret_ref.as_ref().map(|selector| ("tokenSecretRef", of_token(selector))),
        app_role.as_ref().map(|spec| ("appRole", of_app_role(spec))),
        kubernetes.as_ref().map(|spec| ("kubernetes", of_kubernetes(spec))),
        ldap.as_ref()
            .map(|spec| ("ldap", LDAP.method(spec.path.as_deref(), &spec.username, &spec.secret_ref))),
        user_pass.as_ref().map(|spec| {
            ("userPass", USERPASS.method(spec.path.as_deref(), &spec.username, &spec.secret_ref))
        }),
        jwt.as_ref().map(|spec| ("jwt", of_jwt(spec))),
        cert.as_ref().map(|spec| ("cert", of_certificate(spec))),
        iam.as_ref().map(|spec| ("iam", of_iam(spec))),
        gcp.as_ref().map(|spec| ("gcp", of_gcp(spec))),
    ];
    let unserved = unserved.iter().filter(|(_, value)| !value.is_null());
    let unserved =
        unserved.map(|(name, _)| (name.as_str(), Err(AuthError::Unserved(format!("auth.{name}")))));
    one(known.into_iter().flatten().chain(unserved).collect())
}

fn one(mut found: Vec<(&str, Result<Method, AuthError>)>) -> Result<Method, AuthError> {
    if found.len() > 1 {
        let names: Vec<_> = found.iter().map(|(name, _)| *name).collect();
        return Err(AuthError::Methods(names.join(", ")));
    }
    found.pop().map_or(Err(AuthError::NoMethod), |(_, method)| method)
}

fn of_token(selector: &SecretKeySelector) -> Result<Method, AuthError> {
    named("auth.tokenSecretRef", selector).map(Method::Token)
}

fn of_app_role(spec: &VaultAppRole) -> Result<Method, AuthError> {
    let VaultAppRole { path, role_id, role_ref, secret_ref } = spec;
    let role_id = match (said(role_id.as_deref()), role_ref) {
        (Some(text), _) => RoleId::Literal(text.to_owned()),
        (None, Some(selector)) => RoleId::Reference(named("auth.appRole.roleRef", selector)?),
        (None, None) => return Err(AuthError::NoRoleId),
    };
    Ok(Method::AppRole(AppRole {
        mount: mount("auth.appRole.path", path.as_deref(), "approle")?,
        role_id,
        secret_id: named("auth.appRole.secretRef", secret_ref)?,
    }))
}

fn of_kubernetes(spec: &VaultKubernetesAuth) -> Result<Method, AuthError> {
    let VaultKubernetesAuth { mount_path, role, service_account_ref, secret_ref } = spec;
    Ok(Method::Kubernetes(Kubernetes {
        mount: mount("auth.kubernetes.mountPath", Some(mount_path), "kubernetes")?,
        role: role.clone(),
        token: TokenOfServiceAccount::new(service_account_ref, secret_ref),
    }))
}

/// A method that takes a user's name and password, by the names of its fields.
struct OfUsers {
    default: &'static str,
    path: &'static str,
    username: &'static str,
    password: &'static str,
}

const LDAP: OfUsers = OfUsers {
    default: "ldap",
    path: "auth.ldap.path",
    username: "auth.ldap.username",
    password: "auth.ldap.secretRef",
};

const USERPASS: OfUsers = OfUsers {
    default: "userpass",
    path: "auth.userPass.path",
    username: "auth.userPass.username",
    password: "auth.userPass.secretRef",
};

impl OfUsers {
    fn method(
        &self,
        path: Option<&str>,
        username: &str,
        password: &SecretKeySelector,
    ) -> Result<Method, AuthError> {
        let username = said(Some(username)).ok_or(AuthError::Blank(self.username))?;
        Ok(Method::Password(Password {
            mount: mount(self.path, path, self.default)?,
            username: segments(self.username, username)?,
            password: named(self.password, password)?,
        }))
    }
}

fn of_jwt(spec: &VaultJwtAuth) -> Result<Method, AuthError> {
    let VaultJwtAuth { path, role, secret_ref, kubernetes_service_account_token } = spec;
    let source = match (secret_ref, kubernetes_service_account_token) {
        (Some(selector), _) => JwtSource::Kept(named("auth.jwt.secretRef", selector)?),
        (None, Some(token)) => of_service_account(token),
        (None, None) => return Err(AuthError::NoTokenOfJwt),
    };
    Ok(Method::Jwt(Jwt {
        mount: mount("auth.jwt.path", path.as_deref(), "jwt")?,
        role: said(role.as_deref()).map(str::to_owned),
        source,
    }))
}

/// The API server grants no shorter life than ten minutes: whoever asks for less is given that.
fn of_service_account(spec: &VaultKubernetesServiceAccountToken) -> JwtSource {
    let VaultKubernetesServiceAccountToken { service_account_ref, audiences, expiration_seconds } = spec;
    let lifetime = expiration_seconds.map_or(DEFAULT_LIFETIME, |seconds| {
        Duration::from_secs(seconds.try_into().unwrap_or(0)).max(DEFAULT_LIFETIME)
    });
    JwtSource::Requested {
        account: service_account_ref.clone(),
        audiences: audiences.clone().unwrap_or_else(|| vec![DEFAULT_AUDIENCE.to_owned()]),
        lifetime,
    }
}

fn of_certificate(spec: &VaultCertificateAuth) -> Result<Method, AuthError> {
    let VaultCertificateAuth { path, vault_role, client_cert, secret_ref } = spec;
    Ok(Method::Certificate(Certificate {
        mount: mount("auth.cert.path", path.as_deref(), "cert")?,
        role: said(vault_role.as_deref()).map(str::to_owned),
        certificate: named("auth.cert.clientCert", client_cert)?,
        key: named("auth.cert.secretRef", secret_ref)?,
    }))
}

fn of_iam(spec: &VaultIamAuth) -> Result<Method, AuthError> {
    let VaultIamAuth {
        path,
        region,
        role,
        vault_role,
        external_id,
        vault_aws_iam_server_id,
        secret_ref,
        jwt,
    } = spec;
    let role = said(role.as_deref()).map(|arn| AwsRole {
        arn: arn.to_owned(),
        external_id: said(external_id.as_deref()).map(str::to_owned),
    });
    Ok(Method::Iam(Iam {
        mount: mount("auth.iam.path", path.as_deref(), "aws")?,
        vault_role: said(Some(vault_role)).map(str::to_owned),
        region: self::region(region.as_deref())?,
        server_id: server_id(vault_aws_iam_server_id.as_deref())?,
        identity: aws_identity(secret_ref.as_ref(), jwt.as_ref())?,
        role,
    }))
}

/// By the original's order: the service account, then the keys, then the operator itself.
fn aws_identity(
    keys: Option<&VaultAwsSecretRef>,
    jwt: Option<&VaultAwsJwt>,
) -> Result<AwsIdentity, AuthError> {
    match (jwt, keys) {
        (Some(VaultAwsJwt { service_account_ref }), _) => {
            let account = service_account_ref.clone();
            let account = account.filter(|account| !account.name.is_empty());
            account.map(AwsIdentity::ServiceAccount).ok_or(AuthError::NoName("auth.iam.jwt"))
        }
        (None, Some(VaultAwsSecretRef { access_key_id, secret_access_key, session_token })) => {
            let token = session_token.as_ref().filter(|selector| !selector.names_nothing());
            Ok(AwsIdentity::Keys(AwsKeys {
                id: named("auth.iam.secretRef.accessKeyIDSecretRef", access_key_id)?,
                secret: named("auth.iam.secretRef.secretAccessKeySecretRef", secret_access_key)?,
                token: token.cloned(),
            }))
        }
        (None, None) => Ok(AwsIdentity::Own),
    }
}

/// Any region is taken, known or not, but it becomes part of a host name: what could leave that is refused.
fn region(text: Option<&str>) -> Result<String, AuthError> {
    let text = said(text).unwrap_or(DEFAULT_REGION);
    let is_plain = |character: char| character.is_ascii_alphanumeric() || character == '-';
    match text.len() <= 63 && text.chars().all(is_plain) {
        true => Ok(text.to_owned()),
        false => Err(AuthError::Region),
    }
}

fn server_id(text: Option<&str>) -> Result<Option<String>, AuthError> {
    match said(text) {
        Some(text) if HeaderValue::from_str(text).is_err() => {
            Err(AuthError::Header("auth.iam.vaultAwsIamServerID"))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

fn of_gcp(spec: &VaultGcpAuth) -> Result<Method, AuthError> {
    // A project and a location mean nothing to a login, in the original neither.
    let VaultGcpAuth {
        path,
        role,
        project_id: _,
        location: _,
        secret_ref,
        workload_identity,
        service_account_ref: _,
    } = spec;
    let identity = match (secret_ref, workload_identity) {
        (Some(GcpSecretRef { secret_access_key }), _) => {
            GcpIdentity::Key(named("auth.gcp.secretRef.secretAccessKeySecretRef", secret_access_key)?)
        }
        (None, Some(_)) => return Err(AuthError::WorkloadIdentity),
        // What a serviceAccountRef names is not looked at in the original: it too shows the pod's own identity.
        (None, None) => GcpIdentity::Own,
    };
    Ok(Method::Gcp(Gcp {
        mount: mount("auth.gcp.path", path.as_deref(), "gcp")?,
        role: said(Some(role)).ok_or(AuthError::Blank("auth.gcp.role"))?.to_owned(),
        identity,
    }))
}

fn mount(field: &'static str, path: Option<&str>, default: &str) -> Result<String, AuthError> {
    let path = path.unwrap_or_default().trim().trim_matches('/');
    segments(field, if path.is_empty() { default } else { path })
}

/// A part of a path that leads down, as the paths of values do.
fn segments(field: &'static str, text: &str) -> Result<String, AuthError> {
    match Path::new(text) {
        Ok(path) => Ok(path.as_str().to_owned()),
        Err(problem) => Err(AuthError::Path { field, problem }),
    }
}

fn named(field: &'static str, selector: &SecretKeySelector) -> Result<SecretKeySelector, AuthError> {
    match selector.names_nothing() {
        true => Err(AuthError::NoName(field)),
        false => Ok(selector.clone()),
    }
}

fn said(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
