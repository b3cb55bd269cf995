//! Who a store is: static keys, roles, and how rarely STS is asked.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use eso_core::{error::ErrorKind, provider::Fetch};
use eso_rig::{Effect, Fault, FaultProxy, ProxyMode, Reply, Scripted};
use eso_testkit::connection::{Asked, CallRecorder, connection};
use futures::future::join_all;
use serde_json::{Value as Json, json};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

use crate::fixture::{
    Fixture, KEY_ID, ROLE, SECRET_KEY, apps, aws, connect, credentials, kind, once_it_reads, spec, text,
    texts, with_account,
};

#[tokio::test]
async fn static_keys_sign_the_calls_and_are_read_once() {
    let fixture = Fixture::new();
    fixture.put("app", "value");
    let store = fixture.store().await;
    for _ in 0..3 {
        assert_eq!(text(store.fetch(&Fetch::new("app")).await), "value");
    }
    assert_eq!(fixture.signers("GetSecretValue"), [KEY_ID; 3]);
    let asked = |key: &str| Asked::SecretKey { name: "keys".to_owned(), key: key.to_owned() };
    assert_eq!(fixture.credentials.asked(), [asked("secret"), asked("id")]);
}

#[tokio::test]
async fn keys_that_are_not_there_fail_the_connection_in_the_originals_words() {
    let fixture = Fixture::new();
    fixture.credentials.delete_secret("keys", "secret");
    let connection = connection(&fixture.credentials, &fixture.calls);
    let error = fixture.aws.connect(&spec(json!({})), connection).await.expect_err("a key is not there");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(
        error.to_string(),
        "unable to create session: could not fetch SecretAccessKey secret: cannot get Kubernetes secret \"keys\", key \
         \"secret\""
    );
}

/// Other stores of the account may need nothing of what is missing here, so it says nothing of the service.
#[tokio::test]
async fn what_a_login_lacks_is_no_trouble_of_the_service() {
    let fixture = Fixture::new();
    let lacking = async |fields: Json| {
        let connection = connection(&fixture.credentials, &fixture.calls);
        let checked = async { fixture.aws.connect(&spec(fields), connection).await?.check().await };
        let error = checked.await.expect_err("it must fail");
        assert!(error.is_from_elsewhere(), "{error:?}");
        error.kind()
    };
    fixture.credentials.put_secret("keys", "id", "two words");
    assert_eq!(lacking(json!({})).await, ErrorKind::Unauthenticated, "no key");
    fixture.credentials.delete_secret("keys", "id");
    assert_eq!(lacking(json!({})).await, ErrorKind::Unauthenticated, "no Secret");
    fixture.credentials.annotate("reader", &[]);
    assert_eq!(lacking(with_account(json!({}))).await, ErrorKind::Unauthenticated, "no role");
    fixture.trust_account();
    fixture.credentials.put_token("reader", vec![0xff]);
    assert_eq!(lacking(with_account(json!({}))).await, ErrorKind::Unexpected, "no text");
    assert!(fixture.server.counts().is_empty());
}

#[tokio::test]
async fn a_session_token_goes_with_the_keys() {
    let server = Scripted::start().await.expect("the server must start");
    server.always("POST", "/", Reply::json(200, &json!({"SecretString": "value"})));
    let credentials = credentials();
    credentials.put_secret("keys", "token", "canary-token\n");
    let selector = |key: &str| json!({"name": "keys", "key": key});
    let keys = json!({
        "accessKeyIDSecretRef": selector("id"),
        "secretAccessKeySecretRef": selector("secret"),
        "sessionTokenSecretRef": selector("token"),
    });
    let fields = json!({"auth": {"secretRef": keys}});
    let store = connect(&aws(&server.url()), &credentials, &CallRecorder::new(), fields).await;
    assert_eq!(text(store.fetch(&Fetch::new("app")).await), "value");
    assert_eq!(server.requests()[0].header("x-amz-security-token"), "canary-token");
}

#[tokio::test]
async fn a_role_is_assumed_once_for_many_reads_and_a_check() {
    let fixture = Fixture::new();
    fixture.put_apps(20);
    let store = fixture.role_store().await;
    assert_eq!(fixture.count("AssumeRole"), 0);
    store.check().await.expect("the role can be assumed");
    for request in apps(20) {
        store.fetch(&request).await.expect("there must be a value");
    }
    store.fetch_all(&apps(20)).await;
    store.check().await.expect("the role can be assumed");
    assert_eq!(fixture.count("AssumeRole"), 1);
    assert_eq!(fixture.signers("AssumeRole"), [KEY_ID]);
    assert!(fixture.signers("GetSecretValue").iter().all(|signer| signer.starts_with("ASIA")));
}

#[tokio::test]
async fn the_role_is_asked_for_with_its_external_id_and_the_originals_session_name() {
    let server = Scripted::start().await.expect("the server must start");
    let store = connect(
        &aws(&server.url()),
        &credentials(),
        &CallRecorder::new(),
        json!({"role": ROLE, "externalID": "who & why"}),
    )
    .await;
    assert_eq!(kind(store.check().await), ErrorKind::Unavailable);
    let body = String::from_utf8(server.requests()[0].body.to_vec()).expect("a form is text");
    for field in
        ["Action=AssumeRole", "RoleSessionName=external-secrets-provider-aws", "ExternalId=who%20%26%20why"]
    {
        assert!(body.contains(field), "{field} is missing in {body}");
    }
}

#[tokio::test]
async fn a_wrong_external_id_is_a_denial_that_names_what_to_do() {
    let fixture = Fixture::new();
    fixture.server.want_external_id(ROLE, "right");
    let right = fixture.connect(json!({"role": ROLE, "externalID": "right"})).await;
    right.check().await.expect("the role can be assumed");
    let wrong = fixture.connect(json!({"role": ROLE, "externalID": "wrong"})).await;
    let error = wrong.check().await.expect_err("the external id is wrong");
    assert_eq!(error.kind(), ErrorKind::Denied);
    let text = error.to_string();
    assert!(text.contains("sts:AssumeRole") && text.contains("externalID"), "{text}");
}

#[tokio::test]
async fn checking_static_keys_calls_nobody() {
    let fixture = Fixture::new();
    fixture.store().await.check().await.expect("there are keys");
    assert!(fixture.server.counts().is_empty());
}

/// From now on the session that was given out first is not known any more.
fn expire_first_session(fixture: &Fixture) {
    let fault = Fault::error(400, "ExpiredTokenException", "canary-body-77aa");
    fixture.server.fault(fault.access_key_id("ASIARIG0000000000001"));
}

#[tokio::test]
async fn many_reads_whose_session_expired_end_in_one_more_login() {
    let fixture = Fixture::new();
    fixture.put_apps(8);
    let store = fixture.role_store().await;
    store.check().await.expect("the role can be assumed");
    expire_first_session(&fixture);
    let requests = apps(8);
    let reads = join_all((0..64).map(|number| store.fetch(&requests[number % 8]))).await;
    for (number, read) in reads.into_iter().enumerate() {
        assert_eq!(text(read), format!("value {}", number % 8));
    }
    assert_eq!(fixture.count("AssumeRole"), 2);
}

#[tokio::test]
async fn a_batch_whose_session_expired_is_sent_again() {
    let fixture = Fixture::new();
    fixture.put_apps(2);
    let store = fixture.role_store().await;
    store.check().await.expect("the role can be assumed");
    expire_first_session(&fixture);
    assert_eq!(texts(store.fetch_all(&apps(2)).await), ["value 0", "value 1"]);
    assert_eq!((fixture.count("AssumeRole"), fixture.count("BatchGetSecretValue")), (2, 2));
}

#[tokio::test]
async fn a_denied_login_is_not_a_denied_batch() {
    let fixture = Fixture::new();
    fixture.put_apps(3);
    fixture.refuse("AssumeRole", 403, "AccessDenied");
    let store = fixture.role_store().await;
    for result in store.fetch_all(&apps(3)).await {
        assert_eq!(kind(result), ErrorKind::Denied);
    }
    assert_eq!((store.notice(), fixture.count("AssumeRole")), (None, 1));
    fixture.server.clear_faults();
    assert_eq!(once_it_reads(&*store, "app-0").await, "value 0");
}

/// What a failure of STS makes of a read through a role.
async fn sts(effect: Effect, expected: ErrorKind) {
    let fixture = Fixture::new();
    fixture.put("app", "value");
    fixture.server.fault(Fault::new(effect.clone()).operation("AssumeRole"));
    let store = fixture.role_store().await;
    assert_eq!(kind(store.fetch(&Fetch::new("app")).await), expected, "{effect:?}");
    assert_eq!(fixture.count("GetSecretValue"), 0);
}

#[tokio::test]
async fn a_dead_sts_is_unavailable_and_never_a_wrong_credential() {
    let error =
        |status, code: &str| Effect::Error { status, code: code.to_owned(), message: SECRET_KEY.to_owned() };
    sts(Effect::Disconnect, ErrorKind::Unavailable).await;
    sts(Effect::Hang, ErrorKind::Unavailable).await;
    sts(error(503, "ServiceUnavailable"), ErrorKind::Unavailable).await;
    sts(error(500, "InternalFailure"), ErrorKind::Unavailable).await;
    sts(error(400, "Throttling"), ErrorKind::Throttled).await;
    sts(error(403, "InvalidClientTokenId"), ErrorKind::Unauthenticated).await;
    sts(error(400, "ValidationError"), ErrorKind::Invalid).await;
    sts(Effect::Body("<html>canary-body-77aa</html>".to_owned()), ErrorKind::Unexpected).await;
}

#[tokio::test]
async fn an_sts_that_is_back_is_used_again() {
    let fixture = Fixture::new();
    fixture.put("app", "value");
    let address = fixture.server.url().replace("http://", "");
    let proxy = FaultProxy::start(&address).await.expect("the proxy must start");
    let aws = aws(&format!("http://{}", proxy.address()));
    let store = connect(&aws, &fixture.credentials, &fixture.calls, json!({"role": ROLE})).await;
    for mode in [ProxyMode::Refuse, ProxyMode::Cut] {
        proxy.set(mode).await.expect("the proxy must obey");
        assert_eq!(kind(store.fetch(&Fetch::new("app")).await), ErrorKind::Unavailable);
    }
    proxy.set(ProxyMode::Pass).await.expect("the proxy must obey");
    assert_eq!(once_it_reads(&*store, "app").await, "value");
}

#[tokio::test]
async fn stores_share_their_connections() {
    let fixture = Fixture::new();
    fixture.put("app", "value");
    let (url, connections) = counted(fixture.server.url().replace("http://", "")).await;
    let aws = aws(&url);
    for fields in
        [json!({}), json!({}), json!({"role": ROLE}), json!({"role": ROLE}), json!({"region": "eu-west-1"})]
    {
        let store = connect(&aws, &fixture.credentials, &fixture.calls, fields).await;
        assert_eq!(text(store.fetch(&Fetch::new("app")).await), "value");
    }
    // One, and a second where a connection is not yet back when the next call begins; seven if nothing were shared.
    assert!(connections.load(Ordering::Relaxed) <= 3, "{connections:?}");
}

/// An address that passes everything on to `target`, and how many connections were made to it.
async fn counted(target: String) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there must be a free port");
    let url = format!("http://{}", listener.local_addr().expect("a listener must know its address"));
    let connections = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            seen.fetch_add(1, Ordering::Relaxed);
            let mut server = TcpStream::connect(&target).await.expect("the double must take connections");
            tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
        }
    });
    (url, connections)
}

#[tokio::test]
async fn a_login_is_counted_as_one_of_sts_whichever_service_keeps_the_values() {
    let fixture = Fixture::new();
    fixture.trust_account();
    for service in ["SecretsManager", "ParameterStore"] {
        fixture
            .connect(json!({"service": service, "role": ROLE}))
            .await
            .check()
            .await
            .expect("it must log in");
        fixture.account_store(json!({"service": service})).await.check().await.expect("it must log in");
    }
    let calls: Vec<_> = fixture.calls.calls().iter().map(|call| (call.provider, call.call)).collect();
    let each = [("AWS/STS", "AssumeRole"), ("AWS/STS", "AssumeRoleWithWebIdentity")];
    assert_eq!(calls, each.repeat(2));
}
