//! Why a provider could not do what it was asked: a kind that decides, and words for people that hold no value.

use std::{borrow::Cow, fmt, time::Duration};

use crate::key::RemoteKey;

/// What a failure means for the object that asked. The kind decides; the text is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The store itself says that the value is not there. Nothing else is this: no 403, no time-out, no empty page,
    /// no key that is missing from a batch's answer. A deletion policy acts on it.
    NotFound,
    /// The store knows who asks, and says no.
    Denied,
    /// The store does not know who asks: a token that expired, a key that is wrong, a login that failed.
    Unauthenticated,
    /// The question can never be answered as it was put: a bad key, version, address or certificate.
    Invalid,
    /// Somebody else wrote in between.
    Conflict,
    /// The store asks to be asked less often.
    Throttled,
    /// The store did not answer, or said that it cannot now: time-outs and 5xx.
    Unavailable,
    /// An answer that this provider does not understand.
    Unexpected,
}

/// A failed call to a store.
///
/// Its text is made by the provider out of words of our own and of sanitised codes: it never holds a value, a token,
/// or the body of an answer, so it may be shown in conditions, events and logs.
/// It is the same at each retry of the same failure (no request ids, no times), so that a status is not rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderError {
    kind: ErrorKind,
    operation: &'static str,
    is_of_login: bool,
    is_from_elsewhere: bool,
    is_half_done: bool,
    key: Option<RemoteKey>,
    retry_after: Option<Duration>,
    reason: Option<Reason>,
}

impl ProviderError {
    /// A failure of `operation`, the store's own name of the call, such as `GetSecretValue`.
    pub fn new(kind: ErrorKind, operation: &'static str) -> Self {
        Self {
            kind,
            operation,
            is_of_login: false,
            is_from_elsewhere: false,
            is_half_done: false,
            key: None,
            retry_after: None,
            reason: None,
        }
    }

    /// Says that it was the login that failed, which a provider may do at any call.
    #[must_use]
    pub fn in_login(mut self) -> Self {
        self.is_of_login = true;
        self
    }

    /// Says that it comes from what a login needs and the service that keeps the values has no part in: another service,
    /// such as AWS's STS, or a credential of the cluster.
    ///
    /// It then says nothing about the service behind the store, for good or bad: other stores of it may not need what
    /// failed.
    #[must_use]
    pub fn from_elsewhere(mut self) -> Self {
        self.is_from_elsewhere = true;
        self
    }

    /// Says of a write that failed that the value was written, and something beside it was not.
    #[must_use]
    pub fn half_done(mut self) -> Self {
        self.is_half_done = true;
        self
    }

    /// Says which value was asked for.
    #[must_use]
    pub fn with_key(mut self, key: RemoteKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Says when the store wants to be asked again.
    #[must_use]
    pub fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    /// Says why, in sanitised words.
    #[must_use]
    pub fn with_reason(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }

    /// What the failure means.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The store's own name of the call that failed.
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// Whether the login failed, and not the call that needed it.
    pub fn is_of_login(&self) -> bool {
        self.is_of_login
    }

    /// Whether the service that keeps the values has no part in it.
    pub fn is_from_elsewhere(&self) -> bool {
        self.is_from_elsewhere
    }

    /// Whether the value was written, though not what should be beside it.
    pub fn is_half_done(&self) -> bool {
        self.is_half_done
    }

    /// The value that was asked for, where the call was about one.
    pub fn key(&self) -> Option<&RemoteKey> {
        self.key.as_ref()
    }

    /// How long the store wants to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, &self.reason) {
            // The original's words, which people search for and alerts match.
            (ErrorKind::NotFound, _) => f.write_str("Secret does not exist"),
            (_, Some(reason)) => write!(f, "{}: {reason}", self.operation),
            (kind, None) => write!(f, "{}: {}", self.operation, kind.in_words()),
        }
    }
}

impl std::error::Error for ProviderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.reason.as_ref().map(|reason| reason as _)
    }
}

impl ErrorKind {
    /// The kind as a clause of a message.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::Denied => "access denied",
            Self::Unauthenticated => "not authenticated",
            Self::Invalid => "invalid request",
            Self::Conflict => "changed by somebody else",
            Self::Throttled => "throttled by the store",
            Self::Unavailable => "the store does not answer",
            Self::Unexpected => "an answer that is not understood",
        }
    }
}

/// The sanitised cause of a [`ProviderError`]: what the store said, by code, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    code: Option<String>,
    advice: Cow<'static, str>,
}

impl Reason {
    /// `advice` is a clause of our own words: what is wrong, and what to do. It must hold nothing that a store sent.
    pub fn new(advice: impl Into<Cow<'static, str>>) -> Self {
        Self { code: None, advice: advice.into() }
    }

    /// Adds the store's code, such as `AccessDeniedException` or `HTTP 403`.
    ///
    /// At most 64 characters out of `[A-Za-z0-9 ._-]` are kept, so that a store that answers with a value where a
    /// code should be reaches nobody's screen whole; pass a code only where the protocol says that there is one.
    #[must_use]
    pub fn with_code(mut self, code: &str) -> Self {
        let plain = |c: &char| c.is_ascii_alphanumeric() || " ._-".contains(*c);
        self.code = Some(code.chars().filter(plain).take(64).collect());
        self
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{} ({code})", self.advice),
            None => f.write_str(&self.advice),
        }
    }
}

impl std::error::Error for Reason {}

#[cfg(test)]
mod tests;
