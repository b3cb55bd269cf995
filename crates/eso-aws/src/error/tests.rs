//! AWS's codes, one row each, and the words made of them.

use std::{io, time::Duration};

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_runtime_api::{
    client::{
        orchestrator::HttpResponse,
        result::{ConnectorError, SdkError},
    },
    http::StatusCode,
};
use aws_smithy_types::{body::SdkBody, error::metadata::ErrorMetadata};
use eso_core::error::ErrorKind::{
    self, Conflict, Denied, Invalid, NotFound, Throttled, Unauthenticated, Unavailable, Unexpected,
};

use super::{
    Answer, Call, Service, Sort,
    codes::{COMMON, PARAMETER_STORE, SECRETS_MANAGER, STS},
    denies,
};

const CANARY: &str = "canary-8d1f";

const DELETED: &str =
    "You can't perform this operation on the secret because it was marked for deletion. canary-8d1f";

fn get() -> Call<'static> {
    Call::new(Service::SecretsManager, Sort::Read, "GetSecretValue", "us-east-1")
}

fn put() -> Call<'static> {
    Call::new(Service::SecretsManager, Sort::Write, "PutSecretValue", "us-east-1")
}

fn get_parameter() -> Call<'static> {
    Call::new(Service::ParameterStore, Sort::Read, "GetParameter", "us-east-1")
}

fn put_parameter() -> Call<'static> {
    Call::new(Service::ParameterStore, Sort::Write, "PutParameter", "us-east-1")
}

#[track_caller]
fn code_of(call: Call<'_>, code: &str, kind: ErrorKind) {
    for message in [None, Some("Credential=AKIA canary-8d1f is not allowed")] {
        for status in [None, Some(400), Some(403)] {
            let error = call.answered(Answer { code: Some(code), message, status });
            assert_eq!(error.kind(), kind, "{code} {status:?}");
            assert!(!format!("{error} {error:?}").contains(CANARY), "{error}");
            assert!(kind == NotFound || error.to_string().contains(code), "{error}");
        }
    }
}

/// Of whichever service, whatever is asked.
#[track_caller]
fn code(code: &str, kind: ErrorKind) {
    let sts = Call::assume_role("us-east-1");
    for call in [get(), put(), get_parameter(), put_parameter(), sts] {
        code_of(call, code, kind);
    }
}

#[test]
fn each_code_that_all_services_know_has_one_kind() {
    code("AccessDenied", Denied);
    code("AccessDeniedException", Denied);
    code("NotAuthorized", Denied);
    code("OptInRequired", Denied);

    code("ExpiredToken", Unauthenticated);
    code("ExpiredTokenException", Unauthenticated);
    code("IncompleteSignature", Unauthenticated);
    code("IncompleteSignatureException", Unauthenticated);
    code("InvalidAccessKeyId", Unauthenticated);
    code("InvalidClientTokenId", Unauthenticated);
    code("InvalidSignature", Unauthenticated);
    code("InvalidSignatureException", Unauthenticated);
    code("InvalidToken", Unauthenticated);
    code("MissingAuthenticationToken", Unauthenticated);
    code("MissingAuthenticationTokenException", Unauthenticated);
    code("RequestExpired", Unauthenticated);
    code("RequestTimeTooSkewed", Unauthenticated);
    code("SignatureDoesNotMatch", Unauthenticated);
    code("UnrecognizedClient", Unauthenticated);
    code("UnrecognizedClientException", Unauthenticated);

    code("RequestLimitExceeded", Throttled);
    code("RequestThrottled", Throttled);
    code("RequestThrottledException", Throttled);
    code("SlowDown", Throttled);
    code("ThrottledException", Throttled);
    code("Throttling", Throttled);
    code("ThrottlingException", Throttled);
    code("TooManyRequestsException", Throttled);

    code("InternalFailure", Unavailable);
    code("InternalServerError", Unavailable);
    code("InternalServerException", Unavailable);
    code("RequestTimeout", Unavailable);
    code("RequestTimeoutException", Unavailable);
    code("ServiceUnavailable", Unavailable);
    code("ServiceUnavailableException", Unavailable);

    code("InvalidAction", Invalid);
    code("InvalidParameterCombination", Invalid);
    code("InvalidParameterValue", Invalid);
    code("MissingParameter", Invalid);
    code("SerializationException", Invalid);
    code("UnknownOperationException", Invalid);
    code("ValidationError", Invalid);
    code("ValidationException", Invalid);
}

#[test]
fn each_documented_code_of_secrets_manager_has_one_kind() {
    code_of(get(), "ResourceNotFoundException", NotFound);
    for call in [get(), put()] {
        code_of(call, "ResourceExistsException", Conflict);
        code_of(call, "DecryptionFailure", Denied);
        code_of(call, "DecryptionFailureException", Denied);
        code_of(call, "EncryptionFailure", Denied);
        code_of(call, "EncryptionFailureException", Denied);
        code_of(call, "InternalServiceError", Unavailable);
        code_of(call, "InternalServiceErrorException", Unavailable);
        code_of(call, "InvalidNextTokenException", Invalid);
        code_of(call, "InvalidParameterException", Invalid);
        code_of(call, "InvalidRequestException", Invalid);
        code_of(call, "MalformedPolicyDocumentException", Invalid);
        code_of(call, "PreconditionNotMetException", Invalid);
        code_of(call, "PublicPolicyException", Invalid);
    }
}

#[test]
fn each_documented_code_of_the_parameter_store_has_one_kind() {
    code_of(get_parameter(), "ParameterNotFound", NotFound);
    code_of(get_parameter(), "ParameterVersionNotFound", NotFound);
    for call in [get_parameter(), put_parameter()] {
        code_of(call, "ParameterAlreadyExists", Conflict);
        code_of(call, "TooManyUpdates", Conflict);
        code_of(call, "InvalidKeyId", Denied);
        code_of(call, "HierarchyTypeMismatchException", Invalid);
        code_of(call, "IncompatiblePolicyException", Invalid);
        code_of(call, "InvalidAllowedPatternException", Invalid);
        code_of(call, "InvalidFilterKey", Invalid);
        code_of(call, "InvalidFilterOption", Invalid);
        code_of(call, "InvalidFilterValue", Invalid);
        code_of(call, "InvalidNextToken", Invalid);
        code_of(call, "InvalidPolicyAttributeException", Invalid);
        code_of(call, "InvalidPolicyTypeException", Invalid);
        code_of(call, "InvalidResourceId", Invalid);
        code_of(call, "InvalidResourceType", Invalid);
        code_of(call, "ParameterPatternMismatchException", Invalid);
        code_of(call, "UnsupportedParameterType", Invalid);
    }
    code_of(put_parameter(), "HierarchyLevelLimitExceededException", Invalid);
    code_of(put_parameter(), "ParameterLimitExceeded", Invalid);
    code_of(put_parameter(), "ParameterMaxVersionLimitExceeded", Invalid);
    code_of(put_parameter(), "PoliciesLimitExceededException", Invalid);
    code_of(put_parameter(), "TooManyTagsError", Invalid);
}

#[test]
fn each_documented_code_of_sts_has_one_kind() {
    let sts = Call::assume_role("us-east-1");
    code_of(sts, "IDPRejectedClaim", Unauthenticated);
    code_of(sts, "InvalidIdentityToken", Unauthenticated);
    code_of(sts, "IDPCommunicationError", Unavailable);
    code_of(sts, "MalformedPolicyDocument", Invalid);
    code_of(sts, "PackedPolicyTooLarge", Invalid);
    code_of(sts, "RegionDisabledException", Invalid);
}

#[test]
fn a_limit_is_a_rate_for_who_reads_and_a_want_of_room_for_who_writes() {
    code_of(get(), "LimitExceededException", Throttled);
    code_of(get_parameter(), "LimitExceededException", Throttled);
    code_of(put(), "LimitExceededException", Invalid);
    code_of(put_parameter(), "LimitExceededException", Invalid);
}

#[test]
fn no_service_says_what_another_one_does_of_what_is_not_there() {
    let kind = |call: Call<'_>, code| {
        call.answered(Answer { code: Some(code), message: None, status: Some(400) }).kind()
    };
    assert_eq!(kind(get_parameter(), "ResourceNotFoundException"), Unexpected);
    assert_eq!(kind(get(), "ParameterNotFound"), Unexpected);
    assert_eq!(kind(get(), "ParameterVersionNotFound"), Unexpected);
}

#[test]
fn only_who_asked_for_a_value_is_told_that_it_is_not_there() {
    for (service, code) in [
        (Service::SecretsManager, "ResourceNotFoundException"),
        (Service::ParameterStore, "ParameterNotFound"),
    ] {
        let call = |sort| Call::new(service, sort, "Call", "us-east-1");
        code_of(call(Sort::Read), code, NotFound);
        code_of(call(Sort::Search), code, Unexpected);
        code_of(call(Sort::Write), code, Conflict);
    }
    let message = Some(DELETED);
    let answer = Answer { code: Some("InvalidRequestException"), message, status: Some(400) };
    assert_eq!(put().answered(answer).kind(), Conflict);
}

#[test]
fn no_code_stands_twice_in_the_table_of_a_service() {
    for own in [SECRETS_MANAGER, PARAMETER_STORE, STS] {
        let mut codes: Vec<_> = own.iter().chain(COMMON).flat_map(|(_, codes)| codes.iter()).collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }
}

#[track_caller]
fn status(status: u16, kind: ErrorKind, shown: &str) {
    for code in [None, Some("canary-8d1f"), Some("")] {
        let error = get().answered(Answer { code, message: None, status: Some(status) });
        assert_eq!(error.kind(), kind, "{status}");
        assert!(error.to_string().ends_with(shown), "{error}");
    }
}

#[test]
fn an_answer_without_a_code_is_judged_by_its_status_and_404_is_not_an_absence() {
    status(200, Unexpected, "an answer that is not understood (HTTP 200)");
    status(302, Unexpected, "(HTTP 302)");
    status(400, Unexpected, "(HTTP 400)");
    status(401, Unauthenticated, "(HTTP 401)");
    status(403, Denied, "(HTTP 403)");
    status(404, Unexpected, "(HTTP 404)");
    status(408, Unavailable, "(HTTP 408)");
    status(413, Unexpected, "(HTTP 413)");
    status(429, Throttled, "(HTTP 429)");
    status(500, Unavailable, "(HTTP 500)");
    status(502, Unavailable, "(HTTP 502)");
    status(503, Unavailable, "AWS Secrets Manager in us-east-1 cannot answer now (HTTP 503)");
    status(599, Unavailable, "(HTTP 599)");
}

#[track_caller]
fn unknown(code: &str, status: Option<u16>, kind: ErrorKind, text: &str) {
    let error = get().answered(Answer { code: Some(code), message: Some(CANARY), status });
    assert_eq!((error.kind(), error.to_string().as_str()), (kind, text));
}

#[test]
fn a_code_that_nobody_knows_is_not_shown_whatever_it_looks_like() {
    for code in ["QuantumException", "correcthorsebattery", "hunter2", "ParameterNotFound"] {
        unknown(code, Some(400), Unexpected, "GetSecretValue: an answer that is not understood (HTTP 400)");
        unknown(code, None, Unexpected, "GetSecretValue: an answer that is not understood");
        unknown(
            code,
            Some(503),
            Unavailable,
            "GetSecretValue: AWS Secrets Manager in us-east-1 cannot answer now (HTTP 503)",
        );
    }
}

#[track_caller]
fn deleted(code: &str, message: &str, kind: ErrorKind) {
    let answer = Answer { code: Some(code), message: Some(message), status: Some(400) };
    assert_eq!(get().answered(answer).kind(), kind, "{code}: {message}");
}

#[test]
fn a_secret_in_its_recovery_window_is_not_there() {
    deleted("InvalidRequestException", DELETED, NotFound);
    deleted("InvalidRequestException", "a secret that's currently marked deleted.", NotFound);
    deleted("InvalidParameterException", DELETED, NotFound);
    deleted("InvalidRequestException", "a secret without a value", Invalid);
    deleted("ValidationException", DELETED, Invalid);
    deleted("AccessDeniedException", DELETED, Denied);
    deleted("InternalServiceError", DELETED, Unavailable);
}

#[track_caller]
fn in_words(call: Call<'_>, code: &str, text: &str) {
    let error = call.answered(Answer { code: Some(code), message: None, status: Some(400) });
    assert_eq!(error.to_string(), text);
}

#[test]
fn the_words_say_what_to_do() {
    let sts = Call::assume_role("eu-central-1");
    in_words(get(), "ResourceNotFoundException", "Secret does not exist");
    in_words(
        get(),
        "AccessDeniedException",
        "GetSecretValue: access denied: allow secretsmanager:GetSecretValue on the secret to the store's identity \
         (AccessDeniedException)",
    );
    in_words(
        sts,
        "AccessDenied",
        "AssumeRole: access denied: allow sts:AssumeRole, and with tags sts:TagSession, on the role to the store's \
         identity, and let the role's trust policy name that identity and the externalID (AccessDenied)",
    );
    let web_identity = Call::assume_role_with_web_identity("eu-central-1");
    in_words(
        web_identity,
        "AccessDenied",
        "AssumeRoleWithWebIdentity: access denied: let the role's trust policy allow sts:AssumeRoleWithWebIdentity to \
         the cluster's OIDC provider, for this service account and the audience of its token (AccessDenied)",
    );
    in_words(
        web_identity,
        "InvalidIdentityToken",
        "AssumeRoleWithWebIdentity: AWS does not accept the service account's token: check that IAM has the cluster's \
         OIDC provider, and that this knows the token's audience (InvalidIdentityToken)",
    );
    in_words(
        get(),
        "DecryptionFailure",
        "GetSecretValue: the KMS key of the secret cannot be used: allow kms:Decrypt on it, and see that it is \
         enabled (DecryptionFailure)",
    );
    in_words(
        get(),
        "ExpiredTokenException",
        "GetSecretValue: AWS does not accept the credentials: check that the keys are active, belong together and \
         have not expired (ExpiredTokenException)",
    );
    in_words(
        sts,
        "ValidationError",
        "AssumeRole: AWS does not accept the request: check the role, the externalID and the session tags \
         (ValidationError)",
    );
    in_words(
        sts,
        "Throttling",
        "AssumeRole: AWS STS in eu-central-1 asks to be called less often (Throttling)",
    );
}

#[test]
fn the_words_say_what_to_do_about_parameters_searches_and_writes() {
    in_words(
        get_parameter(),
        "AccessDeniedException",
        "GetParameter: access denied: allow ssm:GetParameter on the parameter to the store's identity \
         (AccessDeniedException)",
    );
    in_words(
        Call::new(Service::ParameterStore, Sort::Search, "DescribeParameters", "us-east-1"),
        "AccessDeniedException",
        "DescribeParameters: access denied: allow ssm:DescribeParameters on * to the store's identity \
         (AccessDeniedException)",
    );
    in_words(
        put(),
        "ResourceExistsException",
        "PutSecretValue: somebody else wrote it in between (ResourceExistsException)",
    );
    in_words(
        put_parameter(),
        "ValidationException",
        "PutParameter: AWS does not accept the request: check the key, the metadata, and that the value is not empty \
         and has 4 KiB at the most, 8 KiB in the tier Advanced (ValidationException)",
    );
    in_words(
        put(),
        "LimitExceededException",
        "PutSecretValue: AWS Secrets Manager in us-east-1 has no room for it: a quota of the account or of the secret \
         is used up (LimitExceededException)",
    );
}

#[test]
fn a_server_out_of_order_is_no_authority_on_what_is_there() {
    let answer =
        |status| Answer { code: Some("ResourceNotFoundException"), message: None, status: Some(status) };
    assert_eq!(get().answered(answer(404)).kind(), NotFound);
    assert_eq!(get().answered(answer(500)).kind(), Unavailable);
}

#[test]
fn a_login_never_says_that_a_value_is_not_there() {
    let answer = Answer { code: Some("ResourceNotFoundException"), ..Answer::default() };
    for call in [Call::assume_role("us-east-1"), Call::assume_role_with_web_identity("us-east-1")] {
        assert_eq!(call.answered(answer).kind(), Unexpected);
    }
}

#[test]
fn only_a_login_that_fails_says_nothing_of_the_service_that_keeps_the_values() {
    for code in ["AccessDenied", "ExpiredToken", "Throttling", "InternalFailure", "ValidationError", "New"] {
        let answer = Answer { code: Some(code), ..Answer::default() };
        for call in [get(), put(), get_parameter(), put_parameter()] {
            assert!(!call.answered(answer).is_from_elsewhere(), "{code}");
        }
        for call in
            [Call::assume_role("r"), Call::assume_role_with_web_identity("r"), Call::default_chain("r")]
        {
            assert!(call.answered(answer).is_from_elsewhere(), "{code}");
            assert!(call.late().is_from_elsewhere() && call.nonsense(String::new()).is_from_elsewhere());
        }
    }
}

type Failure = SdkError<GetSecretValueError, HttpResponse>;

fn raw(status: u16, retry_after: Option<&'static str>) -> HttpResponse {
    let status = StatusCode::try_from(status).expect("a status");
    let mut raw = HttpResponse::new(status, SdkBody::from(CANARY));
    if let Some(wait) = retry_after {
        raw.headers_mut().insert("retry-after", wait);
    }
    raw
}

fn service(code: &str, raw: HttpResponse) -> Failure {
    let metadata = ErrorMetadata::builder().code(code).message(CANARY).build();
    SdkError::service_error(GetSecretValueError::generic(metadata), raw)
}

#[track_caller]
fn failed(error: Failure, kind: ErrorKind, retry_after: Option<u64>) {
    let error = get().failed(&error);
    assert_eq!((error.kind(), error.retry_after()), (kind, retry_after.map(Duration::from_secs)));
    assert!(!format!("{error} {error:?} {error:#?}").contains(CANARY), "{error:?}");
}

#[test]
fn a_failure_on_the_way_is_never_more_than_that() {
    let io = || io::Error::other(CANARY).into();
    failed(SdkError::timeout_error(CANARY), Unavailable, None);
    failed(SdkError::construction_failure(CANARY), Invalid, None);
    failed(SdkError::dispatch_failure(ConnectorError::timeout(io())), Unavailable, None);
    failed(SdkError::dispatch_failure(ConnectorError::io(io())), Unavailable, None);
    failed(SdkError::dispatch_failure(ConnectorError::other(io(), None)), Unavailable, None);
    failed(SdkError::dispatch_failure(ConnectorError::user(io())), Invalid, None);
}

#[test]
fn an_answer_that_was_cut_short_is_no_answer_whatever_its_status() {
    for status in [200, 400, 404, 502] {
        let mut cut = raw(status, Some("7"));
        *cut.body_mut() = SdkBody::taken();
        failed(SdkError::response_error(CANARY, cut), Unavailable, None);
    }
}

#[test]
fn an_answer_that_makes_no_sense_is_judged_by_its_status() {
    let garbled: fn(u16) -> Failure =
        |status| SdkError::service_error(GetSecretValueError::unhandled(CANARY), raw(status, Some("7")));
    // The SDK reports it in two ways, by service.
    let unread = |status| SdkError::response_error(CANARY, raw(status, Some("7")));
    for garbled in [garbled, unread] {
        failed(garbled(200), Unexpected, None);
        failed(garbled(403), Denied, None);
        failed(garbled(404), Unexpected, None);
        failed(garbled(429), Throttled, Some(7));
        failed(garbled(502), Unavailable, Some(7));
    }
}

#[test]
fn the_store_may_say_when_to_come_back() {
    failed(service("ThrottlingException", raw(400, Some("3"))), Throttled, Some(3));
    failed(service("ThrottlingException", raw(400, Some("Wed, 21 Oct 2026 07:28:00 GMT"))), Throttled, None);
    failed(service("InternalServiceError", raw(500, Some(" 2 "))), Unavailable, Some(2));
    failed(service("AccessDeniedException", raw(400, Some("3"))), Denied, None);
}

#[test]
fn only_aws_itself_can_deny_a_call_for_good() {
    assert!(denies(&service("AccessDeniedException", raw(400, None))));
    assert!(!denies(&service("DecryptionFailure", raw(400, None))));
    assert!(!denies(&service("UnknownToUs", raw(403, None))));
    assert!(!denies(&Failure::response_error(CANARY, raw(403, None))));
}

#[track_caller]
fn chain(error: CredentialsError, kind: ErrorKind) {
    let error = Call::default_chain("us-east-1").without_credentials(&error);
    assert_eq!((error.kind(), error.is_from_elsewhere()), (kind, true));
    assert!(!format!("{error} {error:?}").contains(CANARY), "{error:?}");
}

#[test]
fn a_default_chain_without_credentials_is_no_login_and_a_dead_one_is_unavailable() {
    let from_sts = |code: &str, status| {
        let metadata = ErrorMetadata::builder().code(code).message(CANARY).build();
        let error = AssumeRoleWithWebIdentityError::generic(metadata);
        CredentialsError::provider_error(SdkError::service_error(error, raw(status, None)))
    };
    chain(CredentialsError::not_loaded(CANARY), Unauthenticated);
    chain(CredentialsError::provider_timed_out(Duration::from_secs(5)), Unavailable);
    chain(CredentialsError::invalid_configuration(CANARY), Invalid);
    chain(CredentialsError::provider_error(CANARY), Unavailable);
    chain(CredentialsError::unhandled(CANARY), Unexpected);
    chain(from_sts("AccessDenied", 403), Denied);
    chain(from_sts("InvalidIdentityToken", 400), Unauthenticated);
    chain(from_sts("ServiceUnavailable", 503), Unavailable);
}
