//! What AWS says, as the contract's kinds and words of our own: the only place where AWS's codes are known.
//!
//! Of an answer only its code, its status and its `Retry-After` are used. Its message is looked at for one phrase and
//! never shown: it may quote `Credential=`, and in the end whatever a server puts there.

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

/// The call that names secrets.
const LIST_SECRETS: &str = "ListSecrets";

/// The call that takes a service account's token.
const WEB_IDENTITY: &str = "AssumeRoleWithWebIdentity";

/// A call of AWS's API, in one region.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// Its name in errors and metrics.
    pub(crate) operation: &'static str,
    /// Which region it is sent to.
    pub(crate) region: &'a str,
    service: Service,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    SecretsManager,
    Sts,
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
    /// `GetSecretValue`, which reads one value. Its name stands for the batch call too, so that a failure reads the
    /// same whether a key was read in company or alone.
    pub(crate) fn get_secret_value(region: &'a str) -> Self {
        Self { operation: "GetSecretValue", region, service: Service::SecretsManager }
    }

    /// `DescribeSecret`, which reads what is known about a secret.
    pub(crate) fn describe_secret(region: &'a str) -> Self {
        Self { operation: "DescribeSecret", ..Self::get_secret_value(region) }
    }

    /// `ListSecrets`, which names secrets.
    pub(crate) fn list_secrets(region: &'a str) -> Self {
        Self { operation: LIST_SECRETS, ..Self::get_secret_value(region) }
    }

    /// `AssumeRole`, which gives temporary credentials.
    pub(crate) fn assume_role(region: &'a str) -> Self {
        Self { operation: "AssumeRole", region, service: Service::Sts }
    }

    /// `AssumeRoleWithWebIdentity`, which gives temporary credentials for the token of a service account.
    pub(crate) fn assume_role_with_web_identity(region: &'a str) -> Self {
        Self { operation: WEB_IDENTITY, ..Self::assume_role(region) }
    }

    /// The SDK's default chain, which may or may not call somebody.
    pub(crate) fn default_chain(region: &'a str) -> Self {
        Self { operation: "Credentials", region, service: Service::Sts }
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
            // Its body did not arrive whole; one that is whole and makes no sense is a `ServiceError`.
            SdkError::ResponseError(_) => self.error(Meaning::Cut, None),
            SdkError::ServiceError(answer) => {
                let (code, message) = (answer.err().code(), answer.err().message());
                self.answered_in_http(Answer { code, message, status: None }, answer.raw())
            }
            // The SDK reserves the right to more variants.
            _ => self.error(Meaning::Unknown, None),
        }
    }

    /// An answer by its code, or where it has none by its HTTP status.
    pub(crate) fn answered(&self, answer: Answer<'_>) -> ProviderError {
        let status = answer.status.map(|status| format!("HTTP {status}"));
        let code = answer.code.filter(|code| looks_like_a_code(code)).or(status.as_deref());
        self.error(answer.meaning(), code)
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
        ProviderError::new(ErrorKind::Unexpected, self.operation).with_reason(Reason::new(advice))
    }

    /// An answer that says in its own way that there is no such secret any more.
    pub(crate) fn absent(&self) -> ProviderError {
        self.error(Meaning::Absent, None)
    }

    /// A question that is not even sent. `advice` is a clause of our own words.
    pub(crate) fn refused(&self, advice: String) -> ProviderError {
        ProviderError::new(ErrorKind::Invalid, self.operation).with_reason(Reason::new(advice))
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
        ProviderError::new(self.kind(meaning), self.operation).with_reason(reason)
    }

    fn kind(&self, meaning: Meaning) -> ErrorKind {
        match meaning {
            // Only Secrets Manager can say that a value is not there, and only of one that it was asked for.
            Meaning::Absent if self.service == Service::SecretsManager && self.operation != LIST_SECRETS => {
                ErrorKind::NotFound
            }
            Meaning::Absent | Meaning::Unknown => ErrorKind::Unexpected,
            Meaning::Denied | Meaning::KeyDenied => ErrorKind::Denied,
            Meaning::Rejected | Meaning::NoCredentials => ErrorKind::Unauthenticated,
            Meaning::Throttled => ErrorKind::Throttled,
            Meaning::Down | Meaning::Late | Meaning::Cut | Meaning::OutOfReach | Meaning::ChainBroken => {
                ErrorKind::Unavailable
            }
            Meaning::Malformed => ErrorKind::Invalid,
        }
    }

    fn advice(&self, meaning: Meaning) -> String {
        let Self { operation, region, service } = self;
        let name = service.name();
        match meaning {
            Meaning::Absent if *service == Service::SecretsManager => {
                "there is no such secret, or no such version of it".to_owned()
            }
            Meaning::Absent | Meaning::Unknown => "an answer that is not understood".to_owned(),
            Meaning::Denied => match service {
                // AWS lists no secrets of a policy that names some.
                Service::SecretsManager if *operation == LIST_SECRETS => {
                    "access denied: allow secretsmanager:ListSecrets on * to the store's identity".to_owned()
                }
                Service::SecretsManager => {
                    format!("access denied: allow secretsmanager:{operation} on the secret to the store's identity")
                }
                Service::Sts if *operation == WEB_IDENTITY => {
                    "access denied: let the role's trust policy allow sts:AssumeRoleWithWebIdentity to the cluster's OIDC \
                     provider, for this service account and the audience of its token"
                        .to_owned()
                }
                Service::Sts => "access denied: allow sts:AssumeRole, and with tags sts:TagSession, on the role to the store's identity, and let the \
                                 role's trust policy name that identity and the externalID"
                    .to_owned(),
            },
            Meaning::KeyDenied => {
                "the KMS key of the secret cannot be used: allow kms:Decrypt on it, and see that it is enabled".to_owned()
            }
            Meaning::Rejected if *operation == WEB_IDENTITY => {
                "AWS does not accept the service account's token: check that IAM has the cluster's OIDC provider, and \
                 that this knows the token's audience"
                    .to_owned()
            }
            Meaning::Rejected => "AWS does not accept the credentials: check that the keys are active, belong together \
                                  and have not expired"
                .to_owned(),
            Meaning::NoCredentials => "no AWS credentials were found: give the store auth.secretRef, or the operator's \
                                       service account a role"
                .to_owned(),
            Meaning::Throttled => format!("{name} in {region} asks to be called less often"),
            Meaning::Down => format!("{name} in {region} cannot answer now"),
            Meaning::Late => format!("{name} in {region} did not answer in time"),
            Meaning::Cut => format!("{name} in {region} cut its answer short"),
            Meaning::OutOfReach => {
                format!("{name} in {region} cannot be reached: check the region, the endpoint and the network")
            }
            Meaning::ChainBroken => "the operator's own credentials cannot be had: check its web identity token, or the \
                                     agent or metadata service that gives them"
                .to_owned(),
            Meaning::Malformed => match service {
                Service::SecretsManager => "AWS does not accept the request: check the key and the version".to_owned(),
                Service::Sts => "AWS does not accept the request: check the role, the externalID and the session tags"
                    .to_owned(),
            },
        }
    }
}

impl Service {
    fn name(self) -> &'static str {
        match self {
            Self::SecretsManager => "AWS Secrets Manager",
            Self::Sts => "AWS STS",
        }
    }
}

/// Whether AWS itself says that the identity may not make this call, as against a proxy's 403 or a KMS key.
pub(crate) fn denies<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    code.and_then(meaning_of_code) == Some(Meaning::Denied)
}

/// What a failure comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// The secret, or this version of it, is not there.
    Absent,
    /// The identity may not make the call.
    Denied,
    /// The identity may not use the key that the secret is encrypted with, or nobody may now.
    KeyDenied,
    /// AWS does not know the credentials, or not any more.
    Rejected,
    /// There are none.
    NoCredentials,
    Throttled,
    Down,
    Late,
    Cut,
    OutOfReach,
    /// Where the operator's own credentials come from, nothing came.
    ChainBroken,
    /// The request can never succeed.
    Malformed,
    Unknown,
}

/// AWS's codes: of Secrets Manager, of STS, and those common to all its services.
///
/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html>, and the pages of the calls.
const CODES: [(Meaning, &[&str]); 7] = [
    (Meaning::Absent, &["ResourceNotFoundException"]),
    (Meaning::Denied, &["AccessDenied", "AccessDeniedException", "NotAuthorized", "OptInRequired"]),
    (Meaning::KeyDenied, &["DecryptionFailure", "DecryptionFailureException"]),
    (
        Meaning::Rejected,
        &[
            "ExpiredToken",
            "ExpiredTokenException",
            "IDPRejectedClaim",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidIdentityToken",
            "InvalidSignature",
            "InvalidSignatureException",
            "InvalidToken",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "RequestExpired",
            "RequestTimeTooSkewed",
            "SignatureDoesNotMatch",
            "UnrecognizedClient",
            "UnrecognizedClientException",
        ],
    ),
    (
        Meaning::Throttled,
        &[
            "LimitExceededException",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "SlowDown",
            "ThrottledException",
            "Throttling",
            "ThrottlingException",
            "TooManyRequestsException",
        ],
    ),
    (
        Meaning::Down,
        &[
            "IDPCommunicationError",
            "InternalFailure",
            "InternalServerError",
            "InternalServerException",
            "InternalServiceError",
            "InternalServiceErrorException",
            "RequestTimeout",
            "RequestTimeoutException",
            "ServiceUnavailable",
            "ServiceUnavailableException",
        ],
    ),
    (
        Meaning::Malformed,
        &[
            "InvalidAction",
            "InvalidNextTokenException",
            "InvalidParameterCombination",
            "InvalidParameterException",
            "InvalidParameterValue",
            "InvalidRequestException",
            "MalformedPolicyDocument",
            "MissingParameter",
            "PackedPolicyTooLarge",
            "RegionDisabledException",
            "SerializationException",
            "UnknownOperationException",
            "ValidationError",
            "ValidationException",
        ],
    ),
];

impl Answer<'_> {
    fn meaning(&self) -> Meaning {
        match self.code.and_then(meaning_of_code) {
            // A server that is out of order is no authority on what is there.
            Some(Meaning::Absent) if self.status.is_some_and(|status| status >= 500) => Meaning::Down,
            Some(Meaning::Malformed) if self.says_deleted() => Meaning::Absent,
            Some(meaning) => meaning,
            None => self.status.map_or(Meaning::Unknown, meaning_of_status),
        }
    }

    /// A secret in its recovery window is gone for a reader, and AWS says so in words alone: "…because it was marked
    /// for deletion", "…that's currently marked deleted".
    /// It says it as InvalidRequestException, and once did as InvalidParameterException.
    fn says_deleted(&self) -> bool {
        let may_say = matches!(self.code, Some("InvalidRequestException" | "InvalidParameterException"));
        let says = |text: &str| text.contains("marked for deletion") || text.contains("marked deleted");
        may_say && self.message.is_some_and(says)
    }
}

fn meaning_of_code(code: &str) -> Option<Meaning> {
    CODES.into_iter().find(|(_, codes)| codes.contains(&code)).map(|(meaning, _)| meaning)
}

/// An answer without a code is not AWS's own, or not whole: a 404 of a proxy says nothing about a secret.
fn meaning_of_status(status: u16) -> Meaning {
    match status {
        401 => Meaning::Rejected,
        403 => Meaning::Denied,
        408 => Meaning::Late,
        429 => Meaning::Throttled,
        500..=599 => Meaning::Down,
        _ => Meaning::Unknown,
    }
}

/// AWS's codes are words of letters; what is anything else may be anything.
fn looks_like_a_code(text: &str) -> bool {
    (1..=48).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn retry_after(headers: &Headers) -> Option<Duration> {
    headers.get("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests;
