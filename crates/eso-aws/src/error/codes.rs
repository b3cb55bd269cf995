//! AWS's codes, and what each comes down to: of Secrets Manager, of the Parameter Store, of STS, and those common to all
//! its services.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html>, and the pages of the calls.

use super::Service;

/// What a failure comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The value, or this version of it, is not there.
    Absent,
    /// Somebody else wrote in between.
    Changed,
    /// The identity may not make the call.
    Denied,
    /// The identity may not use the key that the value is encrypted with, or nobody may now.
    KeyDenied,
    /// AWS does not know the credentials, or not any more.
    Rejected,
    /// There are none.
    NoCredentials,
    Throttled,
    /// There is no more room; where nothing is written, a word for throttling.
    Full,
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

type Codes = &'static [(Meaning, &'static [&'static str])];

/// What a code of this service comes down to.
pub(super) fn meaning_of_code(service: Service, code: &str) -> Option<Meaning> {
    let own = match service {
        Service::SecretsManager => SECRETS_MANAGER,
        Service::ParameterStore => PARAMETER_STORE,
        Service::Sts => STS,
    };
    own.iter().chain(COMMON).find(|(_, codes)| codes.contains(&code)).map(|(meaning, _)| *meaning)
}

/// An answer without a code is not AWS's own, or not whole: a 404 of a proxy says nothing about a secret.
pub(super) fn meaning_of_status(status: u16) -> Meaning {
    match status {
        401 => Meaning::Rejected,
        403 => Meaning::Denied,
        408 => Meaning::Late,
        429 => Meaning::Throttled,
        500..=599 => Meaning::Down,
        _ => Meaning::Unknown,
    }
}

/// By which AWS itself says that the identity may not make a call.
pub(super) const DENIED: &[&str] =
    &["AccessDenied", "AccessDeniedException", "NotAuthorized", "OptInRequired"];

/// Of Secrets Manager alone.
pub(super) const SECRETS_MANAGER: Codes = &[
    (Meaning::Absent, &["ResourceNotFoundException"]),
    (Meaning::Changed, &["ResourceExistsException"]),
    (
        Meaning::KeyDenied,
        &[
            "DecryptionFailure",
            "DecryptionFailureException",
            "EncryptionFailure",
            "EncryptionFailureException",
        ],
    ),
    (Meaning::Down, &["InternalServiceError", "InternalServiceErrorException"]),
    (
        Meaning::Malformed,
        &[
            "InvalidNextTokenException",
            "InvalidParameterException",
            "InvalidRequestException",
            "MalformedPolicyDocumentException",
            "PreconditionNotMetException",
            "PublicPolicyException",
        ],
    ),
];

/// Of the Parameter Store alone.
pub(super) const PARAMETER_STORE: Codes = &[
    (Meaning::Absent, &["ParameterNotFound", "ParameterVersionNotFound"]),
    // Two writes of one parameter at the same time.
    (Meaning::Changed, &["ParameterAlreadyExists", "TooManyUpdates"]),
    (Meaning::KeyDenied, &["InvalidKeyId"]),
    (
        Meaning::Full,
        &[
            "HierarchyLevelLimitExceededException",
            "ParameterLimitExceeded",
            "ParameterMaxVersionLimitExceeded",
            "PoliciesLimitExceededException",
            "TooManyTagsError",
        ],
    ),
    (
        Meaning::Malformed,
        &[
            "HierarchyTypeMismatchException",
            "IncompatiblePolicyException",
            "InvalidAllowedPatternException",
            "InvalidFilterKey",
            "InvalidFilterOption",
            "InvalidFilterValue",
            "InvalidNextToken",
            "InvalidPolicyAttributeException",
            "InvalidPolicyTypeException",
            "InvalidResourceId",
            "InvalidResourceType",
            "ParameterPatternMismatchException",
            "UnsupportedParameterType",
        ],
    ),
];

/// Of STS alone.
pub(super) const STS: Codes = &[
    (Meaning::Rejected, &["IDPRejectedClaim", "InvalidIdentityToken"]),
    (Meaning::Down, &["IDPCommunicationError"]),
    (Meaning::Malformed, &["MalformedPolicyDocument", "PackedPolicyTooLarge", "RegionDisabledException"]),
];

/// Of all services.
pub(super) const COMMON: Codes = &[
    (Meaning::Denied, DENIED),
    (
        Meaning::Rejected,
        &[
            "ExpiredToken",
            "ExpiredTokenException",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
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
    (Meaning::Full, &["LimitExceededException"]),
    (
        Meaning::Down,
        &[
            "InternalFailure",
            "InternalServerError",
            "InternalServerException",
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
            "InvalidParameterCombination",
            "InvalidParameterValue",
            "MissingParameter",
            "SerializationException",
            "UnknownOperationException",
            "ValidationError",
            "ValidationException",
        ],
    ),
];
