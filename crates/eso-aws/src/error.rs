//! What AWS says, as the contract's kinds and words of our own: the only place where AWS's codes are known.
//!
//! Of an answer only its code, its status and its `Retry-After` are used. Its message is looked at for one phrase and
//! never shown: it may quote `Credential=`, and in the end whatever a server puts there.

mod codes;
mod words;

use std::{error::Error, time::Duration};

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::{
    assume_role::AssumeRoleError, assume_role_with_web_identity::AssumeRoleWithWebIdentityError,
};
use aws_smithy_runtime_api::{
    client::{orchestrator::HttpResponse, result::SdkError},
    http::Headers,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use eso_core::error::{ErrorKind, ProviderError, Reason};

use self::codes::{DENIED, Meaning, meaning_of_code, meaning_of_status};

/// The call that takes a service account's token.
const WEB_IDENTITY: &str = "AssumeRoleWithWebIdentity";

/// A call of AWS's API, in one region.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// Its name in errors.
    pub(crate) operation: &'static str,
    /// Its name in metrics, as the original's.
    pub(crate) metric: &'static str,
    /// Which region it is sent to.
    pub(crate) region: &'a str,
    service: Service,
    sort: Sort,
}

/// A service of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Secrets Manager.
    SecretsManager,
    /// The Parameter Store of Systems Manager.
    ParameterStore,
    /// The Security Token Service.
    Sts,
}

/// What a call is for, on which it depends what a failure of it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// It asks for one value, or what is known about it: it alone can say that it is not there.
    Read,
    /// It asks which values there are.
    Search,
    /// It changes a value.
    Write,
    /// It asks for credentials.
    Login,
}

/// What an answer that is no success holds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Answer<'a> {
    /// AWS's word for it.
    pub(crate) code: Option<&'a str>,
    /// AWS's text. Never shown.
    pub(crate) message: Option<&'a str>,
    /// The status of the HTTP answer.
    pub(crate) status: Option<u16>,
}

impl<'a> Call<'a> {
    /// A call of that name.
    pub(crate) fn new(service: Service, sort: Sort, operation: &'static str, region: &'a str) -> Self {
        Self { operation, metric: operation, region, service, sort }
    }

    /// Is counted under another name than the one that errors have.
    #[must_use]
    pub(crate) fn counted_as(self, metric: &'static str) -> Self {
        Self { metric, ..self }
    }

    /// `AssumeRole`, which gives temporary credentials.
    pub(crate) fn assume_role(region: &'a str) -> Self {
        Self::new(Service::Sts, Sort::Login, "AssumeRole", region)
    }

    /// `AssumeRoleWithWebIdentity`, which gives temporary credentials for the token of a service account.
    pub(crate) fn assume_role_with_web_identity(region: &'a str) -> Self {
        Self::new(Service::Sts, Sort::Login, WEB_IDENTITY, region)
    }

    /// The SDK's default chain, which may or may not call somebody.
    pub(crate) fn default_chain(region: &'a str) -> Self {
        Self::new(Service::Sts, Sort::Login, "Credentials", region)
    }

    /// A failed call, as the SDK reports it.
    pub(crate) fn failed<E>(&self, error: &SdkError<E, HttpResponse>) -> ProviderError
    where
        E: ProvideErrorMetadata,
    {
        match error {
            SdkError::ConstructionFailure(_) => self.error(Meaning::Malformed, None),
            SdkError::TimeoutError(_) => self.error(Meaning::Late, None),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => self.error(Meaning::Late, None),
            SdkError::DispatchFailure(failure) if failure.is_user() => self.error(Meaning::Malformed, None),
            SdkError::DispatchFailure(_) => self.error(Meaning::OutOfReach, None),
            // One that is whole and makes no sense, such as a proxy's page. Of some services the SDK reports it so, of
            // others as a `ServiceError`.
            SdkError::ResponseError(answer) if answer.raw().body().bytes().is_some() => {
                self.answered_in_http(Answer::default(), answer.raw())
            }
            SdkError::ResponseError(_) => self.error(Meaning::Cut, None),
            SdkError::ServiceError(answer) => {
                let (code, message) = (answer.err().code(), answer.err().message());
                self.answered_in_http(Answer { code, message, status: None }, answer.raw())
            }
            // The SDK reserves the right to more variants.
            _ => self.error(Meaning::Unknown, None),
        }
    }

    /// An answer by its code, or where it has none that is known by its HTTP status: what no table holds may be anything, and
    /// is not shown.
    pub(crate) fn answered(&self, answer: Answer<'_>) -> ProviderError {
        let status = answer.status.map(|status| format!("HTTP {status}"));
        let code =
            answer.code.filter(|code| meaning_of_code(self.service, code).is_some()).or(status.as_deref());
        self.error(self.meaning(answer), code)
    }

    /// What the SDK's default chain says when it has no credentials to give.
    pub(crate) fn without_credentials(&self, error: &CredentialsError) -> ProviderError {
        match error {
            CredentialsError::CredentialsNotLoaded(_) => self.error(Meaning::NoCredentials, None),
            CredentialsError::ProviderTimedOut(_) => self.error(Meaning::Late, None),
            CredentialsError::InvalidConfiguration(_) => self.error(Meaning::Malformed, None),
            CredentialsError::ProviderError(_) => self.refused_by_sts(error),
            // `Unhandled`, and what the SDK may add.
            _ => self.error(Meaning::Unknown, None),
        }
    }

    /// An answer that is a success by its status, and yet makes no sense. `advice` is a clause of our own words.
    pub(crate) fn nonsense(&self, advice: String) -> ProviderError {
        self.of_kind(ErrorKind::Unexpected).with_reason(Reason::new(advice))
    }

    /// An answer that says in its own way that there is no such secret any more.
    pub(crate) fn absent(&self) -> ProviderError {
        self.error(Meaning::Absent, None)
    }

    /// A write that was not made, for what the store holds is not what it was when it was looked at.
    pub(crate) fn conflict(&self, advice: &'static str) -> ProviderError {
        ProviderError::new(ErrorKind::Conflict, self.operation).with_reason(Reason::new(advice))
    }

    /// A question that is not even sent. `advice` is a clause of our own words.
    pub(crate) fn refused(&self, advice: String) -> ProviderError {
        ProviderError::new(ErrorKind::Invalid, self.operation).with_reason(Reason::new(advice))
    }

    /// The service wants to be left alone for so long, which is not over.
    pub(crate) fn throttled(&self, wait: Duration) -> ProviderError {
        self.error(Meaning::Throttled, None).with_retry_after(wait)
    }

    /// The whole call took longer than a provider may take.
    pub(crate) fn late(&self) -> ProviderError {
        self.error(Meaning::Late, None)
    }

    fn answered_in_http(&self, answer: Answer<'_>, raw: &HttpResponse) -> ProviderError {
        let error = self.answered(Answer { status: Some(raw.status().as_u16()), ..answer });
        match (error.kind(), retry_after(raw.headers())) {
            (ErrorKind::Throttled | ErrorKind::Unavailable, Some(wait)) => error.with_retry_after(wait),
            _ => error,
        }
    }

    /// The chain wraps what STS said to it; everything else that it asks is a file, or an agent or a metadata service
    /// beside the operator, of which it tells no more than that it failed.
    fn refused_by_sts(&self, error: &CredentialsError) -> ProviderError {
        let Some(source) = error.source() else { return self.error(Meaning::ChainBroken, None) };
        if let Some(error) = source.downcast_ref::<SdkError<AssumeRoleWithWebIdentityError, HttpResponse>>() {
            return self.failed(error);
        }
        if let Some(error) = source.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>() {
            return self.failed(error);
        }
        self.error(Meaning::ChainBroken, None)
    }

    fn error(&self, meaning: Meaning, code: Option<&str>) -> ProviderError {
        let reason = Reason::new(self.advice(meaning));
        let reason = match code {
            Some(code) => reason.with_code(code),
            None => reason,
        };
        self.of_kind(self.kind(meaning)).with_reason(reason)
    }

    /// A login has to do with another service than the one that keeps the values.
    fn of_kind(&self, kind: ErrorKind) -> ProviderError {
        let error = ProviderError::new(kind, self.operation);
        match self.sort {
            Sort::Login => error.from_elsewhere(),
            Sort::Read | Sort::Search | Sort::Write => error,
        }
    }

    fn kind(&self, meaning: Meaning) -> ErrorKind {
        match meaning {
            Meaning::Absent => match self.sort {
                Sort::Read => ErrorKind::NotFound,
                Sort::Write => ErrorKind::Conflict,
                Sort::Search | Sort::Login => ErrorKind::Unexpected,
            },
            Meaning::Unknown => ErrorKind::Unexpected,
            Meaning::Changed => ErrorKind::Conflict,
            Meaning::Denied | Meaning::KeyDenied => ErrorKind::Denied,
            Meaning::Rejected | Meaning::NoCredentials => ErrorKind::Unauthenticated,
            Meaning::Full if self.sort == Sort::Write => ErrorKind::Invalid,
            Meaning::Throttled | Meaning::Full => ErrorKind::Throttled,
            Meaning::Down | Meaning::Late | Meaning::Cut | Meaning::OutOfReach | Meaning::ChainBroken => {
                ErrorKind::Unavailable
            }
            Meaning::Malformed => ErrorKind::Invalid,
        }
    }

    fn meaning(&self, answer: Answer<'_>) -> Meaning {
        let Answer { code, message: _, status } = answer;
        match code.and_then(|code| meaning_of_code(self.service, code)) {
            // A server that is out of order is no authority on what is there.
            Some(Meaning::Absent) if status.is_some_and(|status| status >= 500) => Meaning::Down,
            Some(Meaning::Malformed) if answer.says_deleted() => Meaning::Absent,
            Some(meaning) => meaning,
            None => status.map_or(Meaning::Unknown, meaning_of_status),
        }
    }
}

/// Whether AWS itself says that the identity may not make this call, as against a proxy's 403 or a KMS key.
pub(crate) fn denies<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    code.is_some_and(|code| DENIED.contains(&code))
}

impl Answer<'_> {
    /// A secret in its recovery window is gone for a reader, and AWS says so in words alone: "…because it was marked
    /// for deletion", "…that's currently marked deleted".
    /// It says it as InvalidRequestException, and once did as InvalidParameterException.
    fn says_deleted(&self) -> bool {
        let may_say = matches!(self.code, Some("InvalidRequestException" | "InvalidParameterException"));
        let says = |text: &str| text.contains("marked for deletion") || text.contains("marked deleted");
        may_say && self.message.is_some_and(says)
    }
}

fn retry_after(headers: &Headers) -> Option<Duration> {
    headers.get("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests;
