//! Single reads: what is asked of AWS, and what becomes of its answer.

use std::sync::Arc;

use eso_core::{
    error::ErrorKind,
    key::Version,
    provider::{Fetch, SecretProvider, Value},
    value::SecretBytes,
};
use eso_rig::{Effect, Fault, Reply, Scripted};
use eso_testkit::connection::CallRecorder;
use serde_json::{Value as Json, json};

use crate::fixture::{Fixture, KEY_ID, SECRET_KEY, aws, connect, credentials, kind, text};

#[tokio::test]
async fn a_secret_is_read_by_name_by_arn_and_by_arn_without_its_random_part() {
    let fixture = Fixture::new();
    let arn = fixture.put("team/app", "value");
    let partial = arn.rsplit_once('-').expect("an ARN has a random part").0;
    let store = fixture.store().await;
    for key in ["team/app", &arn, partial] {
        assert_eq!(text(store.fetch(&Fetch::new(key)).await), "value", "{key}");
    }
    assert_eq!(fixture.count("GetSecretValue"), 3);
}

#[tokio::test]
async fn bytes_that_are_no_text_are_read_as_they_are() {
    let fixture = Fixture::new();
    fixture.server.put_binary("binary", &[0, 159, 146, 150, 10]).expect("the double must take bytes");
    let fetched = fixture.store().await.fetch(&Fetch::new("binary")).await.expect("there must be a value");
    assert_eq!(fetched.value, Value::Bytes(SecretBytes::new([0, 159, 146, 150, 10])));
}

#[tokio::test]
async fn an_older_version_is_read_by_its_stage_and_by_its_id() {
    let fixture = Fixture::new();
    fixture.put("app", "old");
    let store = fixture.store().await;
    let first = store.fetch(&Fetch::new("app")).await.expect("there must be a value").version;
    let id = first.expect("AWS says the version").as_str().to_owned();
    fixture.put("app", "new");
    for (version, value) in
        [("", "new"), ("AWSCURRENT", "new"), ("AWSPREVIOUS", "old"), (format!("uuid/{id}").as_str(), "old")]
    {
        let fetched = store.fetch(&Fetch::new("app").at_version(version)).await;
        assert_eq!(text(fetched), value, "{version:?}");
    }
    for version in [id.as_str(), "uuid/AWSCURRENT", "NOSTAGE"] {
        let fetched = store.fetch(&Fetch::new("app").at_version(version)).await;
        assert_eq!(kind(fetched), ErrorKind::NotFound, "{version:?}");
    }
}

#[tokio::test]
async fn a_secret_in_its_recovery_window_is_not_there() {
    let fixture = Fixture::new();
    fixture.put("app", "value");
    fixture.server.delete("app").expect("it is there");
    assert_eq!(kind(fixture.store().await.fetch(&Fetch::new("app")).await), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_question_that_cannot_be_answered_is_not_sent() {
    let fixture = Fixture::new();
    let store = fixture.store().await;
    let abroad = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app-AbCdEf";
    for request in [Fetch::new(""), Fetch::new(abroad), Fetch::new(abroad).of_metadata()] {
        assert_eq!(store.batch_size(&request).get(), 1);
        let error = store.fetch(&request).await.expect_err("it cannot be answered");
        assert_eq!((error.kind(), error.key()), (ErrorKind::Invalid, Some(&request.key)));
    }
    assert_eq!((fixture.count("GetSecretValue"), fixture.count("DescribeSecret")), (0, 0));
}

#[tokio::test]
async fn an_answer_without_a_value_is_an_error_in_the_originals_words() {
    let fixture = Fixture::new();
    fixture.server.fault(Fault::new(Effect::Body(json!({"Name": "app"}).to_string())));
    let error = fixture.store().await.fetch(&Fetch::new("app")).await.expect_err("there is no value");
    assert_eq!(error.kind(), ErrorKind::Unexpected);
    assert_eq!(
        error.to_string(),
        "GetSecretValue: invalid secret received. no secret string nor binary for key: app"
    );
}

/// The body of the request that one fetch sends, and its `Authorization`.
async fn sent(region: &str, request: Fetch) -> (Json, String) {
    let server = Scripted::start().await.expect("the server must start");
    server.always("POST", "/", Reply::json(200, &json!({"SecretString": "value", "VersionId": "v"})));
    let store =
        connect(&aws(&server.url()), &credentials(), &CallRecorder::new(), json!({"region": region})).await;
    let fetched = store.fetch(&request).await.expect("there must be a value");
    assert_eq!(fetched.version, Some(Version::new("v")));
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].header("x-amz-target"), "secretsmanager.GetSecretValue");
    (requests[0].json(), requests[0].header("authorization").to_owned())
}

#[tokio::test]
async fn the_question_is_put_as_the_original_puts_it() {
    let current = json!({"SecretId": "app", "VersionStage": "AWSCURRENT"});
    assert_eq!(sent("us-east-1", Fetch::new("app")).await.0, current);
    assert_eq!(sent("us-east-1", Fetch::new("app").at_version("")).await.0, current);
    let staged = json!({"SecretId": "app", "VersionStage": "mine"});
    assert_eq!(sent("us-east-1", Fetch::new("app").at_version("mine")).await.0, staged);
    let by_id = json!({"SecretId": "app", "VersionId": "1-2"});
    assert_eq!(sent("us-east-1", Fetch::new("app").at_version("uuid/1-2")).await.0, by_id);
}

#[tokio::test]
async fn any_region_is_signed_for() {
    let (_, authorization) = sent("us-nowhere-17", Fetch::new("app")).await;
    assert!(authorization.contains(&format!("Credential={KEY_ID}/")), "{authorization}");
    assert!(authorization.contains("/us-nowhere-17/secretsmanager/aws4_request"), "{authorization}");
}

#[tokio::test]
async fn a_store_shows_its_name_and_its_backend_and_no_credential() {
    let fixture = Fixture::new();
    let store: Arc<dyn SecretProvider> = fixture.store().await;
    assert_eq!(store.to_string(), "AWS/SecretsManager");
    let backend = store.backend().expect("AWS has quotas");
    assert_eq!(backend.id, "aws/secretsmanager/us-east-1/029608264753");
    let shown = format!("{store:?} {store:#?} {:?} {backend:?}", fixture.aws);
    for canary in [SECRET_KEY, KEY_ID] {
        eso_testkit::canary::assert_absent("Debug of a store", &shown, canary);
    }
    let role = fixture.role_store().await.backend().expect("AWS has quotas");
    assert_eq!(role.id, "aws/secretsmanager/us-east-1/111122223333");
}

#[tokio::test]
async fn an_arn_of_the_stores_own_account_is_known_by_the_name_in_it() {
    let fixture = Fixture::new();
    let (store, parameters) = (fixture.store().await, fixture.parameter_store().await);
    let prefixed = fixture.connect(json!({"prefix": "team/"})).await;
    let assuming = fixture.role_store().await;
    let secret = |account: &str| format!("arn:aws:secretsmanager:us-east-1:{account}:secret:team/db-AbCdEf");
    let (of_keys, of_role) = (secret("029608264753"), secret("111122223333"));
    let parameter = "arn:aws:ssm:us-east-1:029608264753:parameter/team/db";
    for (store, key, name) in [
        (&store, of_keys.as_str(), Some("team/db")),
        (&store, of_role.as_str(), None),
        (&store, parameter, None),
        (&store, "team/db-AbCdEf", None),
        (&assuming, of_role.as_str(), Some("team/db")),
        (&assuming, of_keys.as_str(), None),
        (&prefixed, of_keys.as_str(), None),
        (&parameters, parameter, Some("/team/db")),
        (&parameters, of_keys.as_str(), None),
    ] {
        assert_eq!(store.canonical(&key.into()), name.map(Into::into), "{key}");
    }
}
