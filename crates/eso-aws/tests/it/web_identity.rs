//! Stores that log in as a service account of the cluster, which takes the role in its annotation.

use eso_core::{error::ErrorKind, provider::Fetch};
use eso_rig::{Fault, Moto};
use eso_testkit::{
    canary::assert_absent,
    connection::{Asked, CallRecorder, Credentials, connection},
};
use futures::future::join_all;
use serde_json::json;
use std::time::Duration;

use crate::fixture::{
    ACCOUNTS_ROLE, Fixture, ROLE, SUBJECT, apps, aws, connect, credentials, kind, once_it_reads, spec, text,
    token, with_account,
};

fn annotations() -> Asked {
    Asked::Annotations { service_account: "reader".to_owned() }
}

fn token_for(audience: &str) -> Asked {
    Asked::Token {
        service_account: "reader".to_owned(),
        audiences: vec![audience.to_owned()],
        lifetime: Duration::from_secs(600),
    }
}

fn fixture() -> Fixture {
    let fixture = Fixture::new();
    fixture.trust_account();
    fixture.put("app", "value");
    fixture
}

#[tokio::test]
async fn a_token_of_the_service_account_is_shown_once_and_the_session_signs_the_calls() {
    let fixture = fixture();
    let store = fixture.account_store(json!({})).await;
    assert_eq!(fixture.credentials.asked(), [annotations()], "nobody is logged in yet");
    store.check().await.expect("the role can be taken");
    for _ in 0..3 {
        assert_eq!(text(store.fetch(&Fetch::new("app")).await), "value");
    }
    let [assumed] = &fixture.server.assumed()[..] else { panic!("one role must be taken") };
    assert_eq!(
        (assumed.role.as_str(), assumed.session.as_str(), assumed.signer.as_str()),
        (ACCOUNTS_ROLE, "external-secrets-provider-aws", "")
    );
    assert_eq!(assumed.token, Some(token(SUBJECT, "sts.amazonaws.com")));
    assert_eq!((assumed.external_id.as_ref(), assumed.tags.len()), (None, 0));
    assert_eq!(fixture.signers("GetSecretValue"), vec![assumed.given.clone(); 3]);
    assert_eq!(fixture.credentials.asked(), [annotations(), token_for("sts.amazonaws.com")]);
    assert_eq!(fixture.count("AssumeRoleWithWebIdentity"), 1);
}

#[tokio::test]
async fn the_audience_of_the_annotation_is_asked_for() {
    let fixture = fixture();
    let annotations = [("eks.amazonaws.com/role-arn", ACCOUNTS_ROLE), ("eks.amazonaws.com/audience", "mine")];
    fixture.credentials.annotate("reader", &annotations);
    fixture.credentials.put_token("reader", token(SUBJECT, "mine").as_str());
    fixture.server.want_web_identity(ACCOUNTS_ROLE, SUBJECT, "mine");
    fixture.account_store(json!({})).await.check().await.expect("the role can be taken");
    assert!(fixture.credentials.asked().contains(&token_for("mine")));
}

#[tokio::test]
async fn a_service_account_comes_before_keys_which_are_not_even_read() {
    let fixture = fixture();
    let mut fields = with_account(json!({}));
    let selector = json!({"name": "keys", "key": "id"});
    fields["auth"]["secretRef"] =
        json!({"accessKeyIDSecretRef": selector, "secretAccessKeySecretRef": selector});
    let store = fixture.connect(fields).await;
    assert_eq!(text(store.fetch(&Fetch::new("app")).await), "value");
    assert_eq!(fixture.credentials.asked(), [annotations(), token_for("sts.amazonaws.com")]);
}

#[tokio::test]
async fn roles_are_assumed_by_the_service_accounts_session() {
    let fixture = fixture();
    let first = "arn:aws:iam::111122223333:role/first";
    let fields =
        json!({"additionalRoles": [first], "role": ROLE, "externalID": "who", "sessionTagsPolicy": "Simple"});
    let store = fixture.account_store(fields).await;
    assert_eq!(text(store.fetch(&Fetch::new("app")).await), "value");
    let assumed = fixture.server.assumed();
    let chain: Vec<_> = assumed.iter().map(|one| (one.role.as_str(), one.signer.as_str())).collect();
    assert_eq!(
        chain,
        [(ACCOUNTS_ROLE, ""), (first, assumed[0].given.as_str()), (ROLE, assumed[1].given.as_str())]
    );
    assert_eq!(assumed[2].tags["esoNamespace"], "team");
    assert_eq!(store.backend().expect("AWS has quotas").id, "aws/secretsmanager/us-east-1/111122223333");
}

#[tokio::test]
async fn a_thousand_objects_of_a_service_account_cost_one_login() {
    let fixture = fixture();
    fixture.put_apps(1000);
    let store = fixture.account_store(json!({})).await;
    let requests = apps(1000);
    let read = join_all(requests.iter().map(|request| store.fetch(request))).await;
    assert!(read.iter().all(Result::is_ok));
    assert_eq!(fixture.count("AssumeRoleWithWebIdentity"), 1);
    assert_eq!(fixture.credentials.asked().len(), 2);
    assert_eq!(store.backend().expect("AWS has quotas").id, "aws/secretsmanager/us-east-1/444455556666");
}

#[tokio::test]
async fn an_account_without_a_role_fails_the_connection_in_the_originals_words() {
    let fixture = fixture();
    fixture.credentials.annotate("reader", &[]);
    let connection = connection(&fixture.credentials, &fixture.calls);
    let connected = fixture.aws.connect(&spec(with_account(json!({}))), connection).await;
    let error = connected.expect_err("there is no role");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let words = "unable to create session: an IAM role must be associated with service account reader (namespace: team)";
    assert!(error.to_string().starts_with(words), "{error}");
}

#[tokio::test]
async fn the_namespace_that_the_store_names_is_the_one_that_is_told() {
    let fixture = fixture();
    fixture.credentials.annotate("reader", &[]);
    let account = json!({"serviceAccountRef": {"name": "reader", "namespace": "ops"}});
    let connection = connection(&fixture.credentials, &fixture.calls);
    let connected = fixture.aws.connect(&spec(json!({"auth": {"jwt": account}})), connection).await;
    let error = connected.expect_err("there is no role");
    assert!(error.to_string().contains("reader (namespace: ops)"), "{error}");
}

#[tokio::test]
async fn an_account_that_is_not_there_and_a_cluster_that_is_silent_are_told_apart() {
    let fixture = Fixture::new();
    let connect = async || {
        let connection = connection(&fixture.credentials, &fixture.calls);
        fixture.aws.connect(&spec(with_account(json!({}))), connection).await
    };
    assert_eq!(kind(connect().await), ErrorKind::Unauthenticated);
    fixture.credentials.set_down(true);
    assert_eq!(kind(connect().await), ErrorKind::Unavailable);
    fixture.credentials.set_down(false);
    fixture.trust_account();
    let store = connect().await.expect("the store must connect");
    fixture.credentials.set_down(true);
    assert_eq!(kind(store.check().await), ErrorKind::Unavailable);
}

/// What comes of a login with this token.
async fn refused(shown: &str, expected: ErrorKind, advice: &str) {
    let fixture = fixture();
    fixture.credentials.put_token("reader", shown);
    let store = fixture.account_store(json!({})).await;
    let error = store.check().await.expect_err("the token must be refused");
    assert!(error.to_string().contains(advice), "{error}");
    assert_eq!(kind::<()>(Err(error)), expected);
    assert_eq!(fixture.count("GetSecretValue"), 0);
}

#[tokio::test]
async fn a_wrong_token_is_told_apart_from_a_role_that_does_not_trust_the_account() {
    let denied = "let the role's trust policy allow sts:AssumeRoleWithWebIdentity";
    let rejected = "AWS does not accept the service account's token";
    let other = "system:serviceaccount:team:other";
    refused(&token(other, "sts.amazonaws.com"), ErrorKind::Denied, denied).await;
    refused(&token(SUBJECT, "other"), ErrorKind::Unauthenticated, rejected).await;
    refused("canary-head.none.canary-signature", ErrorKind::Unauthenticated, rejected).await;
}

#[tokio::test]
async fn each_login_reads_the_annotations_and_makes_a_token_so_that_a_new_role_is_taken_up() {
    let fixture = fixture();
    fixture.credentials.annotate("reader", &[("eks.amazonaws.com/role-arn", ROLE)]);
    fixture.server.want_web_identity(ROLE, "somebody-else", "sts.amazonaws.com");
    let store = fixture.account_store(json!({})).await;
    assert_eq!(kind(store.fetch(&Fetch::new("app")).await), ErrorKind::Denied);
    fixture.trust_account();
    assert_eq!(once_it_reads(&*store, "app").await, "value");
    let [assumed] = &fixture.server.assumed()[..] else { panic!("one role must be taken") };
    assert_eq!(assumed.role, ACCOUNTS_ROLE);
}

#[tokio::test]
async fn a_session_that_expired_costs_one_login_with_a_new_token() {
    let fixture = fixture();
    let store = fixture.account_store(json!({})).await;
    store.check().await.expect("the role can be taken");
    let fresh = token(SUBJECT, "sts.amazonaws.com").replace("signature", "signature-2");
    fixture.credentials.put_token("reader", fresh.as_str());
    let expired = Fault::error(400, "ExpiredTokenException", "canary-body-77aa");
    fixture.server.fault(expired.access_key_id("ASIARIG0000000000001"));
    let request = Fetch::new("app");
    for read in join_all((0..64).map(|_| store.fetch(&request))).await {
        assert_eq!(text(read), "value");
    }
    assert_eq!(fixture.count("AssumeRoleWithWebIdentity"), 2);
    assert_eq!(fixture.server.assumed()[1].token, Some(fresh));
    let login = [annotations(), token_for("sts.amazonaws.com")];
    assert_eq!(fixture.credentials.asked(), [login.clone(), login].concat());
}

#[tokio::test]
async fn nothing_shows_a_token() {
    let fixture = fixture();
    let store = fixture.account_store(json!({"role": ROLE})).await;
    store.check().await.expect("the roles can be assumed");
    let shown = format!("{store:?} {store:#?} {:?} {:#?}", fixture.aws, fixture.aws);
    for canary in ["canary-head", "canary-signature", "rig-session-1", "rig-assumed-1", "ASIARIG"] {
        assert_absent("Debug of a store", &shown, canary);
    }
}

#[tokio::test]
async fn on_the_standard_double_a_service_account_takes_its_role() {
    let server = Moto::start().await.expect("moto must start");
    server.secrets().create("app", "value").await.expect("moto must take a value");
    let (credentials, calls): (std::sync::Arc<Credentials>, _) = (credentials(), CallRecorder::new());
    let role = "arn:aws:iam::123456789012:role/reader";
    credentials.annotate("reader", &[("eks.amazonaws.com/role-arn", role)]);
    credentials.put_token("reader", token(SUBJECT, "sts.amazonaws.com").as_str());
    let store = connect(&aws(server.url()), &credentials, &calls, with_account(json!({}))).await;
    assert_eq!(text(store.fetch(&Fetch::new("app")).await), "value");
    assert_eq!(calls.count("AssumeRoleWithWebIdentity"), 1);
}
