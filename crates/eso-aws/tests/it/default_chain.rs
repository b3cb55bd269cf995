//! The operator's own identity, which stores without `auth` have: the SDK's default chain, each of its ways in a
//! process of its own, whose environment is what the test says and nothing else.

mod lives;

use std::time::Duration;

use eso_aws::Aws;
use eso_core::{error::ErrorKind, provider::Fetch};
use eso_rig::{Reply, Scripted};
use eso_testkit::{
    canary::assert_absent,
    connection::{CallRecorder, connection},
};
use serde_json::{Value, json};

use crate::{
    fixture::{Fixture, ROLE, SECRET_KEY, aws, credentials, spec, text},
    process,
};

/// What a process is told by that runs a test's other half: where AWS is, and which role to assume besides.
const URL: &str = "ESO_AWS_TEST_URL";
const ROLE_TO_ASSUME: &str = "ESO_AWS_TEST_ROLE";

/// What a process is told by that reads on until the value is [`LAST`].
const READS_ON: &str = "ESO_AWS_TEST_READS_ON";
const LAST: &str = "last";

/// How long it reads on, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An access key id that a way of the chain gives.
const GIVEN: &str = "ASIAGIVEN00000000000";

/// One that it gave before, for a short time.
const FORMER: &str = "ASIAFORMER0000000000";

/// When credentials end that are good for longer than any test.
const FAR: &str = "2099-01-01T00:00:00Z";

/// A token that the chain shows to somebody, and that nobody else must see.
const TOKEN: &str = "canary-token-77f0";

/// What came of reading `app` through stores without `auth`.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    Read,
    Failed { kind: String, words: String },
}

/// Reads `app` through stores without `auth` in a process with these variables: the test of this name is run there
/// once more, and this function does the reading then, and answers `None`.
pub(crate) async fn read_app(test: &str, fixture: &Fixture, variables: &[(&str, &str)]) -> Option<Outcome> {
    match process::outcome_file() {
        Some(file) => {
            std::fs::write(file, other_half().await.to_string()).expect("an outcome must be written");
            None
        }
        None => {
            let url = fixture.server.url();
            let variables = [&[(URL, url.as_str())], variables].concat();
            let outcome = process::other_half(test, &variables).await;
            Some(outcome_of(&serde_json::from_slice(&outcome).expect("an outcome must be JSON")))
        }
    }
}

fn outcome_of(told: &Value) -> Outcome {
    let words = |name: &str| told[name].as_str().map(str::to_owned);
    match words("kind") {
        None => Outcome::Read,
        Some(kind) => Outcome::Failed { kind, words: words("words").expect("a failure must have words") },
    }
}

/// The first failure of all stores, or null.
async fn other_half() -> Value {
    let aws = aws(&std::env::var(URL).expect("the other process must say where AWS is"));
    if std::env::var_os(READS_ON).is_some() {
        return read_on(&aws).await;
    }
    let role = std::env::var(ROLE_TO_ASSUME).ok().map(|role| json!({"auth": {}, "role": role}));
    let mut stores = Vec::new();
    for fields in [json!({"auth": null}), json!({"auth": {}})].into_iter().chain(role.clone()).chain(role) {
        let connection = connection(&credentials(), &CallRecorder::new());
        let store = aws.connect(&spec(fields), connection).await.expect("a store must connect");
        let read = store.fetch(&Fetch::new("app")).await;
        for secret in [SECRET_KEY, TOKEN] {
            assert_absent("Debug", &format!("{store:?} {aws:?} {:?}", read.as_ref().err()), secret);
        }
        if let Err(error) = read {
            assert_eq!(store.check().await.map_err(|error| error.kind()), Err(error.kind()));
            return json!({"kind": format!("{:?}", error.kind()), "words": error.to_string()});
        }
        assert_eq!(text(read), "value");
        stores.push(store);
    }
    Value::Null
}

/// Reads through one store until the value is the last one, or until the first failure, which is told.
async fn read_on(aws: &Aws) -> Value {
    let connection = connection(&credentials(), &CallRecorder::new());
    let store = aws.connect(&spec(json!({"auth": null})), connection).await.expect("a store must connect");
    let reads = async {
        loop {
            match store.fetch(&Fetch::new("app")).await {
                Ok(read) if text(Ok(read.clone())) == LAST => return Value::Null,
                Ok(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(error) => {
                    return json!({"kind": format!("{:?}", error.kind()), "words": error.to_string()});
                }
            }
        }
    };
    tokio::time::timeout(PATIENCE, reads).await.expect("the last value must come")
}

fn fixture() -> Fixture {
    let fixture = Fixture::new();
    fixture.put("app", "value");
    fixture
}

#[track_caller]
fn failed(outcome: Outcome, kind: ErrorKind, advice: &str) {
    let Outcome::Failed { kind: told, words } = outcome else { panic!("it must fail") };
    assert_eq!(told, format!("{kind:?}"), "{words}");
    assert!(words.contains(advice), "{words}");
}

async fn scripted() -> Scripted {
    Scripted::start().await.expect("a scripted server must start")
}

#[tokio::test]
async fn keys_of_the_environment_sign_the_calls_and_assume_a_role_once_for_all_stores() {
    let name = "default_chain::keys_of_the_environment_sign_the_calls_and_assume_a_role_once_for_all_stores";
    let fixture = fixture();
    let keys = [("AWS_ACCESS_KEY_ID", GIVEN), ("AWS_SECRET_ACCESS_KEY", SECRET_KEY), (ROLE_TO_ASSUME, ROLE)];
    let Some(outcome) = read_app(name, &fixture, &keys).await else { return };
    assert_eq!(outcome, Outcome::Read);
    assert_eq!(fixture.signers("GetSecretValue")[..2], [GIVEN, GIVEN]);
    assert_eq!(fixture.signers("AssumeRole"), [GIVEN]);
    assert_eq!(fixture.signers("GetSecretValue").len(), 4);
}

#[tokio::test]
async fn without_any_credentials_the_advice_says_where_they_may_come_from() {
    let (name, fixture) =
        ("default_chain::without_any_credentials_the_advice_says_where_they_may_come_from", fixture());
    let Some(outcome) = read_app(name, &fixture, &[]).await else { return };
    failed(
        outcome,
        ErrorKind::Unauthenticated,
        "no AWS credentials were found: give the store auth.secretRef",
    );
    assert!(fixture.server.counts().is_empty());
}

/// What STS answers to a web identity.
fn granted() -> Reply {
    granted_until(GIVEN, FAR)
}

fn granted_until(id: &str, end: &str) -> Reply {
    let credentials = format!(
        "<AccessKeyId>{id}</AccessKeyId><SecretAccessKey>{SECRET_KEY}</SecretAccessKey>\
         <SessionToken>session</SessionToken><Expiration>{end}</Expiration>"
    );
    sts(
        200,
        &format!(
            "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <AssumeRoleWithWebIdentityResult><Credentials>{credentials}</Credentials>\
         </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
        ),
    )
}

fn refused(status: u16, code: &str) -> Reply {
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{TOKEN}</Message></Error>");
    sts(status, &format!("<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>"))
}

fn sts(status: u16, body: &str) -> Reply {
    Reply::status(status).header("content-type", "text/xml").body(body.to_owned())
}

/// The variables by which EKS gives a pod the role of its service account, and STS at `url`.
fn web_identity<'a>(file: &'a str, url: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file),
        ("AWS_ROLE_ARN", ROLE),
        ("AWS_ROLE_SESSION_NAME", "operator"),
        ("AWS_ENDPOINT_URL_STS", url),
    ]
}

fn token_file(test: &str) -> String {
    let file = process::folder().join(format!("{}-token", test.replace("::", "-")));
    std::fs::write(&file, TOKEN).expect("a token must be written");
    file.display().to_string()
}

#[tokio::test]
async fn a_web_identity_is_shown_to_sts_once_for_all_stores() {
    let (name, fixture, server) =
        ("default_chain::a_web_identity_is_shown_to_sts_once_for_all_stores", fixture(), scripted().await);
    server.always("POST", "/", granted());
    let outcome = read_app(name, &fixture, &web_identity(&token_file(name), &server.url())).await;
    let Some(outcome) = outcome else { return };
    assert_eq!(outcome, Outcome::Read);
    assert_eq!(fixture.signers("GetSecretValue"), [GIVEN; 2]);
    let [request] = &server.requests()[..] else { panic!("STS must be asked once") };
    let body = String::from_utf8(request.body.to_vec()).expect("a form must be text");
    for field in
        ["Action=AssumeRoleWithWebIdentity", &format!("WebIdentityToken={TOKEN}"), "RoleSessionName=operator"]
    {
        assert!(body.contains(field), "{field} is missing in {body}");
    }
}

/// What an answer of STS to a web identity makes of a read.
async fn refuses_web_identity(name: &str, reply: Reply, kind: ErrorKind, advice: &str) {
    let (fixture, server) = (fixture(), scripted().await);
    server.always("POST", "/", reply);
    let outcome = read_app(name, &fixture, &web_identity(&token_file(name), &server.url())).await;
    let Some(outcome) = outcome else { return };
    failed(outcome, kind, advice);
    assert!(fixture.server.counts().is_empty());
    assert!(server.count("POST", "/") > 0);
}

#[tokio::test]
async fn a_web_identity_that_the_role_does_not_trust_is_denied() {
    let name = "default_chain::a_web_identity_that_the_role_does_not_trust_is_denied";
    let advice = "the role's trust policy";
    refuses_web_identity(name, refused(403, "AccessDenied"), ErrorKind::Denied, advice).await;
}

#[tokio::test]
async fn a_web_identity_that_has_expired_is_unauthenticated() {
    let name = "default_chain::a_web_identity_that_has_expired_is_unauthenticated";
    let advice = "AWS does not accept the credentials";
    refuses_web_identity(name, refused(400, "ExpiredTokenException"), ErrorKind::Unauthenticated, advice)
        .await;
}

#[tokio::test]
async fn a_web_identity_before_an_sts_in_trouble_is_unavailable() {
    let name = "default_chain::a_web_identity_before_an_sts_in_trouble_is_unavailable";
    let advice = "AWS STS in us-east-1 cannot answer now";
    refuses_web_identity(name, refused(503, "ServiceUnavailable"), ErrorKind::Unavailable, advice).await;
}

#[tokio::test]
async fn a_web_identity_whose_token_is_not_there_names_the_operators_own_credentials() {
    let name = "default_chain::a_web_identity_whose_token_is_not_there_names_the_operators_own_credentials";
    let (fixture, server) = (fixture(), scripted().await);
    let variables = web_identity("/nonexistent/token", "http://127.0.0.1:9");
    let Some(outcome) = read_app(name, &fixture, &variables).await else { return };
    failed(outcome, ErrorKind::Unavailable, "the operator's own credentials cannot be had");
    assert!(server.requests().is_empty());
}

/// Credentials as IMDS and container agents give them.
fn given() -> Reply {
    given_until(GIVEN, FAR)
}

fn given_until(id: &str, end: &str) -> Reply {
    Reply::json(
        200,
        &json!({"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2026-01-01T00:00:00Z", "AccessKeyId": id,
            "SecretAccessKey": SECRET_KEY, "Token": "session", "Expiration": end}),
    )
}

#[tokio::test]
async fn a_container_agent_is_shown_the_pods_token() {
    let (name, fixture, server) =
        ("default_chain::a_container_agent_is_shown_the_pods_token", fixture(), scripted().await);
    server.always("GET", "/v1/credentials", given());
    let (url, file) = (format!("{}/v1/credentials", server.url()), token_file(name));
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &file),
    ];
    let Some(outcome) = read_app(name, &fixture, &variables).await else { return };
    assert_eq!(outcome, Outcome::Read);
    assert_eq!(fixture.signers("GetSecretValue"), [GIVEN; 2]);
    let [request] = &server.requests()[..] else { panic!("the agent must be asked once") };
    assert_eq!(request.header("authorization"), TOKEN);
}

/// The agent's address is not this machine's own, and no test may call it: a proxy is called in its place.
#[tokio::test]
async fn the_agent_of_eks_pod_identity_is_asked_at_its_own_address() {
    let name = "default_chain::the_agent_of_eks_pod_identity_is_asked_at_its_own_address";
    let (fixture, server) = (fixture(), scripted().await);
    server.always("GET", "/v1/credentials", given());
    let (proxy, file) = (server.url(), token_file(name));
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &file),
        ("HTTP_PROXY", &proxy),
        ("NO_PROXY", "127.0.0.1"),
    ];
    let Some(outcome) = read_app(name, &fixture, &variables).await else { return };
    assert_eq!(outcome, Outcome::Read);
    assert_eq!(fixture.signers("GetSecretValue"), [GIVEN; 2]);
    let [request] = &server.requests()[..] else { panic!("the agent must be asked once") };
    assert_eq!((request.header("host"), request.header("authorization")), ("169.254.170.23", TOKEN));
}

const SESSIONS: &str = "/latest/api/token";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

/// The variables by which IMDS is found at `url`.
fn instance(url: &str) -> [(&str, &str); 2] {
    [("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)]
}

fn session() -> Reply {
    Reply::status(200).header("x-aws-ec2-metadata-token-ttl-seconds", "21600").body("session")
}

#[tokio::test]
async fn an_instance_has_the_role_that_its_metadata_service_gives() {
    let name = "default_chain::an_instance_has_the_role_that_its_metadata_service_gives";
    let (fixture, server) = (fixture(), scripted().await);
    server.always("PUT", SESSIONS, session());
    server.always("GET", ROLES, Reply::status(200).body("reader"));
    server.always("GET", &format!("{ROLES}reader"), given());
    let Some(outcome) = read_app(name, &fixture, &instance(&server.url())).await else { return };
    assert_eq!(outcome, Outcome::Read);
    assert_eq!(fixture.signers("GetSecretValue"), [GIVEN; 2]);
    assert_eq!(server.count("GET", &format!("{ROLES}reader")), 1);
}

#[tokio::test]
async fn an_instance_whose_metadata_service_fails_is_unavailable_and_not_without_credentials() {
    let name =
        "default_chain::an_instance_whose_metadata_service_fails_is_unavailable_and_not_without_credentials";
    let (fixture, server) = (fixture(), scripted().await);
    server.always("PUT", SESSIONS, session());
    server.always("GET", ROLES, Reply::status(500));
    let Some(outcome) = read_app(name, &fixture, &instance(&server.url())).await else { return };
    failed(outcome, ErrorKind::Unavailable, "the operator's own credentials cannot be had");
    assert!(fixture.server.counts().is_empty());
}
