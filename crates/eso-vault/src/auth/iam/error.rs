//! What AWS's Security Token Service says, as the contract's kinds and words of our own. Of an answer only its code and
//! its status are used.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::{
    assume_role::AssumeRoleError, assume_role_with_web_identity::AssumeRoleWithWebIdentityError,
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use eso_core::error::{
    ErrorKind::{self, Invalid, Throttled, Unauthenticated, Unavailable, Unexpected},
    ProviderError, Reason,
};

use crate::error::Call;

/// All of it happens while a store logs in.
pub(super) const OPERATION: &str = "cannot initialize Vault client";

/// A call to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StsCall {
    AssumeRole,
    AssumeRoleWithWebIdentity,
}

impl StsCall {
    /// AWS's name of it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::AssumeRole => "AssumeRole",
            Self::AssumeRoleWithWebIdentity => "AssumeRoleWithWebIdentity",
        }
    }

    fn denied(self) -> &'static str {
        match self {
            Self::AssumeRole => {
                "AWS does not give the role: allow sts:AssumeRole on it, and let its trust policy name who asks and the \
                 externalID"
            }
            Self::AssumeRoleWithWebIdentity => {
                "AWS does not give the role: let its trust policy name the cluster's issuer and the service account"
            }
        }
    }
}

/// A failed call, as the SDK reports it.
pub(super) fn of_sts<E: ProvideErrorMetadata>(
    call: StsCall,
    error: &SdkError<E, HttpResponse>,
) -> ProviderError {
    match error {
        SdkError::ServiceError(answer) => answered(call, answer.err().code(), answer.raw().status().as_u16()),
        SdkError::TimeoutError(_) => failed(Unavailable, "AWS STS did not answer in time", None),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            failed(Unavailable, "AWS STS did not answer in time", None)
        }
        SdkError::DispatchFailure(_) => failed(
            Unavailable,
            "AWS STS cannot be reached: check auth.iam.region, the endpoint and the network",
            None,
        ),
        SdkError::ConstructionFailure(_) => {
            failed(Invalid, "no request to AWS STS can be made: check the role and the endpoint", None)
        }
        // Its body did not arrive whole. The SDK reserves the right to more variants.
        _ => failed(Unavailable, "AWS STS cut its answer short", None),
    }
}

/// What the SDK's default chain says when it has no credentials to give.
pub(super) fn of_chain(error: &CredentialsError) -> ProviderError {
    if let Some(error) = cause::<AssumeRoleWithWebIdentityError>(error) {
        return of_sts(StsCall::AssumeRoleWithWebIdentity, error);
    }
    if let Some(error) = cause::<AssumeRoleError>(error) {
        return of_sts(StsCall::AssumeRole, error);
    }
    match error {
        // The first words are the original's.
        CredentialsError::CredentialsNotLoaded(_) => failed(
            Unauthenticated,
            "no AWS authentication method found: expected either IRSA or Pod Identity: give the operator's service \
             account a role, or the store auth.iam.jwt or auth.iam.secretRef",
            None,
        ),
        CredentialsError::InvalidConfiguration(_) => {
            failed(Invalid, "the operator's own settings of AWS are wrong: check its environment", None)
        }
        // Others are late, or a file, an agent or a metadata service that failed. The SDK may add more.
        _ => failed(
            Unavailable,
            "the operator's own credentials of AWS cannot be had: check its web identity token, or the agent or metadata \
             service that gives them",
            None,
        ),
    }
}

/// An answer that is a success by its status, and has nothing in it.
pub(super) fn nothing_given() -> ProviderError {
    failed(Unexpected, "an answer of AWS STS that is not understood", None)
}

/// Credentials that the SDK takes, and that cannot sign.
pub(super) fn unsigned() -> ProviderError {
    failed(Unauthenticated, "the credentials of AWS cannot sign", None)
}

fn cause<E: Error + 'static>(error: &CredentialsError) -> Option<&SdkError<E, HttpResponse>> {
    error.source().and_then(|source| source.downcast_ref())
}

/// The service's codes: of these calls, and those common to all of AWS.
///
/// <https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html>, and the pages of the calls.
const CODES: [(ErrorKind, &[&str]); 4] = [
    (
        Unauthenticated,
        &[
            "AccessDenied",
            "AccessDeniedException",
            "ExpiredToken",
            "ExpiredTokenException",
            "IDPRejectedClaim",
            "IncompleteSignature",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidIdentityToken",
            "MissingAuthenticationToken",
            "NotAuthorized",
            "OptInRequired",
            "RequestExpired",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
        ],
    ),
    (
        Throttled,
        &[
            "RequestLimitExceeded",
            "SlowDown",
            "Throttling",
            "ThrottlingException",
            "TooManyRequestsException",
        ],
    ),
    (
        Unavailable,
        &[
            "IDPCommunicationError",
            "InternalFailure",
            "InternalError",
            "RequestTimeout",
            "ServiceUnavailable",
        ],
    ),
    (
        Invalid,
        &[
            "InvalidAction",
            "InvalidParameterValue",
            "MalformedPolicyDocument",
            "PackedPolicyTooLarge",
            "RegionDisabledException",
            "ValidationError",
        ],
    ),
];

fn answered(call: StsCall, code: Option<&str>, status: u16) -> ProviderError {
    let known = code.and_then(|code| CODES.iter().find(|(_, codes)| codes.contains(&code)));
    let kind = known.map_or_else(|| of_status(status), |(kind, _)| *kind);
    let status = format!("HTTP {status}");
    // What the table does not hold may be anything, and is not shown.
    let code = code.filter(|_| known.is_some()).unwrap_or(&status);
    let words = match kind {
        Unauthenticated if matches!(code, "AccessDenied" | "AccessDeniedException") => call.denied(),
        Unauthenticated => {
            "AWS does not accept the credentials: check that they belong together and have not expired"
        }
        Throttled => "AWS STS asks to be called less often",
        Unavailable => "AWS STS cannot answer now",
        Invalid => "AWS STS does not accept the request: check the role, the externalID and the region",
        ErrorKind::NotFound | ErrorKind::Denied | ErrorKind::Conflict | Unexpected => {
            "an answer of AWS STS that is not understood"
        }
    };
    failed(kind, words, Some(code))
}

fn of_status(status: u16) -> ErrorKind {
    match status {
        401 | 403 => Unauthenticated,
        408 | 500..=599 => Unavailable,
        429 => Throttled,
        _ => Unexpected,
    }
}

fn failed(kind: ErrorKind, words: &'static str, code: Option<&str>) -> ProviderError {
    let reason = Reason::new(words);
    let reason = match code {
        Some(code) => reason.with_code(code),
        None => reason,
    };
    Call::Login.error(kind, reason).from_elsewhere()
}

#[cfg(test)]
mod tests;
