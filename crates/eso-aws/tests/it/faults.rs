//! Faults of the service: each ends in its kind, in time, and shows nothing that the server sent.

use eso_aws::{Aws, Endpoints};
use eso_core::{
    error::{
        ErrorKind::{self, Denied, Invalid, NotFound, Throttled, Unauthenticated, Unavailable, Unexpected},
        ProviderError,
    },
    provider::Fetch,
};
use eso_rig::{Effect, Fault, FaultProxy, ProxyMode};
use eso_testkit::connection::{CallRecorder, connection};
use serde_json::json;

use crate::fixture::{Fixture, aws, connect, credentials, kind, spec, text};

/// The codes that the calls' pages document, and those common to all services, as real answers.
#[tokio::test]
async fn each_code_is_its_kind_over_the_wire() {
    let fixture = Fixture::new();
    fixture.put("app", "value");
    let store = fixture.store().await;
    let table: [(u16, &str, ErrorKind); 22] = [
        (400, "ResourceNotFoundException", NotFound),
        (400, "AccessDeniedException", Denied),
        (400, "DecryptionFailure", Denied),
        (400, "ExpiredTokenException", Unauthenticated),
        (400, "UnrecognizedClientException", Unauthenticated),
        (400, "InvalidSignatureException", Unauthenticated),
        (400, "IncompleteSignatureException", Unauthenticated),
        (403, "SignatureDoesNotMatch", Unauthenticated),
        (403, "ExpiredToken", Unauthenticated),
        (403, "MissingAuthenticationTokenException", Unauthenticated),
        (400, "ThrottlingException", Throttled),
        (400, "TooManyRequestsException", Throttled),
        (500, "InternalServiceError", Unavailable),
        (500, "InternalServiceErrorException", Unavailable),
        (503, "ServiceUnavailableException", Unavailable),
        (400, "ValidationException", Invalid),
        (400, "InvalidParameterException", Invalid),
        (400, "InvalidRequestException", Invalid),
        (501, "UnknownOperationException", Invalid),
        (400, "com.amazonaws.secretsmanager#ThrottlingException", Throttled),
        (400, "SomethingNew", Unexpected),
        (502, "SomethingNew", Unavailable),
    ];
    for (status, code, expected) in table {
        fixture.refuse("GetSecretValue", status, code);
        assert_eq!(kind(store.fetch(&Fetch::new("app")).await), expected, "{status} {code}");
        fixture.server.clear_faults();
    }
    assert_eq!(text(store.fetch(&Fetch::new("app")).await), "value");
    assert_eq!(fixture.count("GetSecretValue"), 23, "nothing is tried twice");
}

#[tokio::test]
async fn an_answer_that_is_none_is_unexpected() {
    let fixture = Fixture::new();
    let store = fixture.store().await;
    for body in
        ["<html>canary-body-77aa</html>", "", "{}", "{\"SecretString\": \"canary-body-77aa", "[]", "null"]
    {
        fixture.server.fault(Fault::new(Effect::Body(body.to_owned())));
        assert_eq!(kind(store.fetch(&Fetch::new("app")).await), Unexpected, "{body:?}");
        fixture.server.clear_faults();
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_unavailable_and_is_used_again_once_it_is() {
    let fixture = Fixture::new();
    fixture.put("app", "value");
    let address = fixture.server.url().replace("http://", "");
    let proxy = FaultProxy::start(&address).await.expect("the proxy must start");
    let aws = aws(&format!("http://{}", proxy.address()));
    let store = connect(&aws, &fixture.credentials, &fixture.calls, json!({})).await;
    for mode in [ProxyMode::Refuse, ProxyMode::Cut, ProxyMode::Hang] {
        proxy.set(mode).await.expect("the proxy must obey");
        assert_eq!(kind(store.fetch(&Fetch::new("app")).await), Unavailable, "{mode:?}");
        proxy.set(ProxyMode::Pass).await.expect("the proxy must obey");
        assert_eq!(text(store.fetch(&Fetch::new("app")).await), "value");
    }
}

#[tokio::test]
async fn a_host_that_has_no_address_is_unavailable() {
    let aws = aws("http://store.invalid");
    let store = connect(&aws, &credentials(), &CallRecorder::new(), json!({})).await;
    assert_eq!(kind(store.fetch(&Fetch::new("app")).await), Unavailable);
}

#[track_caller]
fn refused(error: ProviderError, variable: &str) {
    assert_eq!(error.kind(), Invalid);
    assert!(
        error.to_string().starts_with(&format!("unable to create session: {variable} must be a URL")),
        "{error}"
    );
}

#[tokio::test]
async fn an_endpoint_that_is_no_url_lets_no_store_connect_and_is_named() {
    let good = || Some("http://127.0.0.1:1".to_owned());
    for url in ["aws.example", "ftp://aws.example", "http://", "https://aws example"] {
        let bad = || Some(url.to_owned());
        for (endpoints, variable) in [
            (Endpoints::from_environment_values(bad(), good(), good()), "AWS_SECRETSMANAGER_ENDPOINT"),
            (Endpoints::from_environment_values(good(), bad(), good()), "AWS_SSM_ENDPOINT"),
            (Endpoints::from_environment_values(good(), good(), bad()), "AWS_STS_ENDPOINT"),
        ] {
            let connection = connection(&credentials(), &CallRecorder::new());
            let connected = Aws::new(endpoints).connect(&spec(json!({})), connection).await;
            refused(connected.expect_err("it is no URL"), variable);
        }
    }
}

#[test]
fn an_empty_endpoint_is_none() {
    let empty = || Some(String::new());
    assert_eq!(Endpoints::from_environment_values(empty(), empty(), empty()), Endpoints::default());
}
