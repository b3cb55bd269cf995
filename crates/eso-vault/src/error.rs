//! What Vault's answers mean: the one place where its statuses and words are mapped.
//!
//! An answer's text is only searched for phrases that decide; what is shown is its status and words of our own.

use eso_core::error::{ErrorKind, ProviderError, Reason};
use serde::{Deserialize, de::IgnoredAny};

use crate::http::{Failure, Reply};

/// The calls to Vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// Any login.
    Login,
    /// Asking what a wrapping token wraps.
    LookupWrapping,
    /// Taking what a wrapping token wraps.
    Unwrap,
    /// Asking what a token is.
    LookupSelf,
    /// Making a token live longer.
    RenewSelf,
    /// Ending a token.
    RevokeSelf,
    /// Reading a value.
    ReadSecretData,
    /// Naming what lies below a path.
    ListSecrets,
    /// Reading what is known about a value.
    ReadMetadata,
    /// Asking what is mounted somewhere, and of which KV version it is.
    ReadMount,
    /// Writing a value.
    WriteSecretData,
    /// Writing what is known about a value.
    WriteMetadata,
    /// Deleting a value with all its versions.
    DeleteSecret,
}

impl Call {
    /// The name that metrics use, as in the original.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Login => "Login",
            Self::LookupWrapping => "LookupWrapping",
            Self::Unwrap => "Unwrap",
            Self::LookupSelf => "LookupSelf",
            Self::RenewSelf => "RenewSelf",
            Self::RevokeSelf => "RevokeSelf",
            Self::ListSecrets => "ListSecrets",
            // As in the original.
            Self::ReadSecretData | Self::ReadMetadata => "ReadSecretData",
            Self::ReadMount => "ReadMount",
            Self::WriteSecretData | Self::WriteMetadata => "WriteSecretData",
            Self::DeleteSecret => "DeleteSecret",
        }
    }

    /// Whether it changes what the store keeps.
    pub(crate) fn writes(self) -> bool {
        match self {
            Self::WriteSecretData | Self::WriteMetadata | Self::DeleteSecret => true,
            Self::Login
            | Self::LookupWrapping
            | Self::Unwrap
            | Self::LookupSelf
            | Self::RenewSelf
            | Self::RevokeSelf
            | Self::ReadSecretData
            | Self::ListSecrets
            | Self::ReadMetadata
            | Self::ReadMount => false,
        }
    }

    /// The words with which the original begins its message.
    pub(crate) fn operation(self) -> &'static str {
        match self {
            Self::Login | Self::LookupWrapping | Self::Unwrap | Self::RenewSelf | Self::RevokeSelf => {
                "cannot initialize Vault client"
            }
            Self::LookupSelf => "invalid vault credentials",
            Self::ReadSecretData | Self::ReadMetadata | Self::ListSecrets | Self::ReadMount => {
                "cannot read secret data from Vault"
            }
            Self::WriteSecretData => "failed to write secret data",
            Self::WriteMetadata => "failed to write secret metadata",
            Self::DeleteSecret => "could not delete secret",
        }
    }

    /// A failure of this call, with advice in words of our own.
    pub(crate) fn error(self, kind: ErrorKind, reason: Reason) -> ProviderError {
        let error = ProviderError::new(kind, self.operation()).with_reason(reason);
        match self {
            Self::Login | Self::LookupWrapping | Self::Unwrap => error.in_login(),
            Self::LookupSelf
            | Self::RenewSelf
            | Self::RevokeSelf
            | Self::ReadSecretData
            | Self::ListSecrets
            | Self::ReadMetadata
            | Self::ReadMount
            | Self::WriteSecretData
            | Self::WriteMetadata
            | Self::DeleteSecret => error,
        }
    }

    /// A success that is none of Vault's.
    pub(crate) fn not_understood(self) -> ProviderError {
        let (kind, advice) = NOT_UNDERSTOOD;
        self.error(kind, Reason::new(advice))
    }

    /// A failure of this call that asking again cannot mend.
    pub(crate) fn invalid(self, cause: impl std::error::Error) -> ProviderError {
        self.error(ErrorKind::Invalid, Reason::new(cause.to_string()))
    }
}

/// What to do about a search that is too large.
const FURTHER_DOWN: &str = "look further down, with find.path";

/// A search that is too large: its own fault, and no outage of the server. `why` is a clause of our own words.
pub(crate) fn of_too_large(why: &str) -> ProviderError {
    Call::ListSecrets.error(ErrorKind::Invalid, Reason::new(format!("{why}: {FURTHER_DOWN}")))
}

/// What it means that there is no answer.
pub(crate) fn of_failure(call: Call, failure: Failure) -> ProviderError {
    let (kind, advice) = match failure {
        Failure::TimedOut => (ErrorKind::Unavailable, None),
        Failure::Unreachable => (ErrorKind::Unavailable, Some("check the address and the network")),
        Failure::UntrustedCertificate => (ErrorKind::Invalid, Some("check caBundle or caProvider")),
        Failure::OutdatedCertificate => (ErrorKind::Invalid, Some("renew it, and check the clocks")),
        Failure::ForeignCertificate => (ErrorKind::Invalid, Some("use a name that it is made for")),
        Failure::RefusedCertificate => {
            (ErrorKind::Unauthenticated, Some("check auth.cert, or tls.certSecretRef and tls.keySecretRef"))
        }
        Failure::Handshake => (ErrorKind::Invalid, Some("check whether the address is https or http")),
        Failure::TooLarge if call == Call::ListSecrets => (ErrorKind::Invalid, Some(FURTHER_DOWN)),
        Failure::TooLarge => {
            (ErrorKind::Unexpected, Some("is there a Vault at this address, and is it https or http?"))
        }
        Failure::Malformed => (ErrorKind::Unexpected, None),
        Failure::LedHere => {
            (ErrorKind::Invalid, Some("set the address of the active node or of a load balancer"))
        }
    };
    let words = advice.map_or_else(|| failure.to_string(), |advice| format!("{failure}: {advice}"));
    call.error(kind, Reason::new(words))
}

/// What an answer that is no success means.
pub(crate) fn of_refusal(call: Call, reply: &Reply) -> ProviderError {
    let (kind, advice) = meaning(call, reply.status, &Said::in_body(&reply.body));
    let error = call.error(kind, Reason::new(advice).with_code(&format!("HTTP {}", reply.status)));
    match reply.retry_after {
        Some(pause) => error.with_retry_after(pause),
        None => error,
    }
}

/// Whether it is the answer of a Vault that is sealed.
pub(crate) fn is_of_sealed(reply: &Reply) -> bool {
    reply.status == 503 && Said::in_body(&reply.body).mentions("sealed")
}

/// Whether it is the answer of a node that has not caught up with what a request asked for, and did nothing: Vault's own
/// status, or OpenBao's, which is that of a limit that is reached, without a word about one.
pub(crate) fn is_of_behind(status: u16, body: &[u8]) -> bool {
    is_behind(status, &Said::in_body(body))
}

/// Whether it is the answer of an OpenBao whose mount asks which version of what is beside a value is written over.
pub(crate) fn is_of_uncounted(reply: &Reply) -> bool {
    reply.status == 400 && Said::in_body(&reply.body).mentions("metadata check-and-set parameter required")
}

fn is_behind(status: u16, said: &Said) -> bool {
    status == 412 || status == 429 && said.nothing
}

type Meaning = (ErrorKind, &'static str);

fn meaning(call: Call, status: u16, said: &Said) -> Meaning {
    match (status, call) {
        _ if is_behind(status, said) => (ErrorKind::Unavailable, "the node has not caught up yet"),
        (429, _) => (ErrorKind::Throttled, "a rate limit of Vault is reached"),
        // Not `Unavailable`: it is this store's address that is wrong, and the others on the server must not suffer.
        (300..400, _) => (ErrorKind::Invalid, REDIRECTED),
        (472 | 473, _) => (ErrorKind::Unavailable, "the node is a standby that does not answer"),
        // One store's value must not pause all others of its server.
        (500..600, Call::WriteSecretData) if said.mentions("too large") => (ErrorKind::Invalid, TOO_LARGE),
        (500..600, _) if said.mentions("sealed") => (ErrorKind::Unavailable, "Vault is sealed: unseal it"),
        (500..600, _) => (ErrorKind::Unavailable, "Vault cannot answer now"),
        (404, Call::ReadMount) => {
            (ErrorKind::Invalid, "the server does not say what is mounted there: set the store's path")
        }
        (404, _) if said.mentions("no handler for route") => no_route(call),
        (400 | 401 | 403, Call::Login) if said.by_vault => refused_login(said),
        (400 | 401 | 403, Call::LookupWrapping | Call::Unwrap) if said.by_vault => {
            (ErrorKind::Unauthenticated, "the wrapping token of the secret id was used, or is over")
        }
        (400 | 401 | 403, Call::LookupSelf | Call::RenewSelf | Call::RevokeSelf) if said.by_vault => {
            (ErrorKind::Unauthenticated, "the token is wrong, or its life is over")
        }
        (403, Call::ListSecrets) => (
            ErrorKind::Denied,
            "permission denied: the policies of the store's login must allow it to list this",
        ),
        (_, Call::ReadSecretData | Call::ReadMetadata | Call::ListSecrets) => refused_read(status, said),
        (_, Call::WriteSecretData | Call::WriteMetadata | Call::DeleteSecret) => refused_write(status, said),
        (
            _,
            Call::Login
            | Call::LookupWrapping
            | Call::Unwrap
            | Call::LookupSelf
            | Call::RenewSelf
            | Call::RevokeSelf
            | Call::ReadMount,
        ) => NOT_UNDERSTOOD,
    }
}

/// A standby's redirect is followed by a rule (`http::standby`); this one was none, or led elsewhere.
const REDIRECTED: &str = "the server redirects where this store does not follow: set the address of the active node or \
                          of a load balancer";

const TOO_LARGE: &str = "the value is too large for Vault";

const NOT_UNDERSTOOD: Meaning = (
    ErrorKind::Unexpected,
    "an answer that is not understood: is there a Vault at this address, and is it https or http?",
);

fn no_route(call: Call) -> Meaning {
    match call {
        Call::ReadSecretData
        | Call::ReadMetadata
        | Call::ListSecrets
        | Call::ReadMount
        | Call::WriteSecretData
        | Call::WriteMetadata
        | Call::DeleteSecret => {
            (ErrorKind::Invalid, "nothing is mounted at this path: check the store's path and namespace")
        }
        Call::Login
        | Call::LookupWrapping
        | Call::Unwrap
        | Call::LookupSelf
        | Call::RenewSelf
        | Call::RevokeSelf => {
            (ErrorKind::Invalid, "no auth method is mounted at this path: check its path and the namespace")
        }
    }
}

/// Phrases of the login methods, and what each means. A refused login is always the same kind: nobody is logged in.
const LOGIN_ADVICE: [(&str, &str); 22] = [
    ("secret id", "the role id or the secret id is wrong, or no longer valid"),
    ("role id", "the role id or the secret id is wrong, or no longer valid"),
    ("invalid username or password", WRONG_PASSWORD),
    ("failed to bind as user", WRONG_PASSWORD),
    ("user not found", WRONG_PASSWORD),
    // No outage of Vault: stores that log in otherwise go on.
    ("connect to ldap", "Vault cannot reach the directory"),
    ("invalid role name", "the auth method has no such role"),
    ("could not be found", "the auth method has no such role"),
    ("entry for role", "the auth method has no such role"),
    ("not found", "the auth method has no such role"),
    ("client certificate", "the certificate is not one that the role knows, or none was shown"),
    ("login certificate", "the certificate is not one that the role knows, or none was shown"),
    ("iam-server-id", "the request is signed for another Vault: check vaultAwsIamServerID"),
    ("upstream request", "AWS does not take the signature: check the keys, the region and the clocks"),
    ("does not belong to", "the role does not allow this identity"),
    ("not authorized", "the role does not allow this identity"),
    ("audience", "the role asks for another audience than the token has"),
    ("expired", "the token is over, or not good yet: check the clocks"),
    ("not valid yet", "the token is over, or not good yet: check the clocks"),
    ("three parts", "the token is no JSON Web Token"),
    ("malformed", "the token is no JSON Web Token"),
    ("signature", "the token is not signed by a key that the method trusts"),
];

const WRONG_PASSWORD: &str = "the user's name or password is wrong";

fn refused_login(said: &Said) -> Meaning {
    let known = LOGIN_ADVICE.iter().find(|(phrase, _)| said.mentions(phrase));
    let otherwise = "the login is refused: check the auth method's path, the role and the credentials";
    (ErrorKind::Unauthenticated, known.map_or(otherwise, |(_, advice)| advice))
}

fn refused_read(status: u16, said: &Said) -> Meaning {
    match status {
        404 if said.deleted => (ErrorKind::NotFound, "the version is deleted"),
        // A KV v2 mount that is read as v1 says 404 too, but adds a warning: nothing is known about the value.
        404 if said.warns => {
            (ErrorKind::Invalid, "the mount is of the other KV version: set the store's version")
        }
        404 if said.nothing => (ErrorKind::NotFound, "there is no such value"),
        404 if said.mentions("unsupported") => UNSUPPORTED,
        400 | 401 if said.mentions("client token") => {
            (ErrorKind::Unauthenticated, "the request had no token")
        }
        400 if said.mentions(UPGRADE) => {
            (ErrorKind::Unavailable, "the mount is being made ready for KV version 2")
        }
        400 => {
            (ErrorKind::Invalid, "Vault refuses the request: check the key, and the store's path and version")
        }
        401 => (ErrorKind::Unauthenticated, "something before Vault asks for a login"),
        403 => (
            ErrorKind::Denied,
            "permission denied: the policies of the store's login must allow it to read this",
        ),
        405 => UNSUPPORTED,
        _ => NOT_UNDERSTOOD,
    }
}

fn refused_write(status: u16, said: &Said) -> Meaning {
    match status {
        // "did not" of a value, and "does not" of what is beside it.
        400 if said.mentions("not match the current version") => {
            (ErrorKind::Conflict, "somebody else wrote a newer version")
        }
        400 if said.mentions("custom_metadata") => (
            ErrorKind::Invalid,
            "Vault refuses the custom metadata: it takes 64 keys of 128 bytes, and values of 512 bytes",
        ),
        400 | 401 if said.mentions("client token") => {
            (ErrorKind::Unauthenticated, "the request had no token")
        }
        400 if said.mentions(UPGRADE) => {
            (ErrorKind::Unavailable, "the mount is being made ready for KV version 2")
        }
        401 => (ErrorKind::Unauthenticated, "something before Vault asks for a login"),
        403 => (
            ErrorKind::Denied,
            "permission denied: the policies of the store's login must allow it to write and delete this",
        ),
        404 if said.warns => {
            (ErrorKind::Invalid, "the mount is of the other KV version: set the store's version")
        }
        413 => (ErrorKind::Invalid, TOO_LARGE),
        400 | 405 => REFUSED,
        404 if said.mentions("unsupported") => REFUSED,
        _ => NOT_UNDERSTOOD,
    }
}

/// Of a mount that is new, at the active node, and of any mount at a standby for a second after the node is unsealed or
/// another is active.
const UPGRADE: &str = "to versioned data";

const REFUSED: Meaning =
    (ErrorKind::Invalid, "Vault refuses the write: check the key, and the store's path and version");

/// Another engine than KV says so of what it does not know.
const UNSUPPORTED: Meaning =
    (ErrorKind::Invalid, "this path cannot be read: check the key, and the store's path and version");

/// What decides in the body of a refusal.
#[derive(Default)]
struct Said {
    /// It is Vault that answers, not a proxy before it: there is a list of errors.
    by_vault: bool,
    errors: Vec<String>,
    /// It is Vault's way to say "nothing there": a list of errors that is empty.
    nothing: bool,
    /// There is a version, but its data is gone.
    deleted: bool,
    warns: bool,
}

#[derive(Deserialize)]
struct Body {
    errors: Option<Vec<String>>,
    warnings: Option<Vec<IgnoredAny>>,
    data: Option<Gone>,
}

#[derive(Deserialize)]
struct Gone {
    metadata: Option<IgnoredAny>,
}

impl Said {
    fn in_body(body: &[u8]) -> Self {
        match serde_json::from_slice::<Body>(body) {
            // Why it is not understood stays unsaid: serde's errors quote what they read.
            Err(_) => Self::default(),
            Ok(Body { errors, warnings, data }) => Self {
                by_vault: errors.is_some(),
                nothing: errors.as_ref().is_some_and(Vec::is_empty),
                deleted: data.is_some_and(|data| data.metadata.is_some()),
                warns: warnings.is_some_and(|warnings| !warnings.is_empty()),
                errors: errors.unwrap_or_default(),
            },
        }
    }

    fn mentions(&self, phrase: &str) -> bool {
        self.errors.iter().any(|error| error.to_lowercase().contains(phrase))
    }
}

#[cfg(test)]
mod tests;
