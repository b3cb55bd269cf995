//! Writes to Secrets Manager: what is asked, what is written and what is left alone, counted.

use eso_core::{
    error::ErrorKind::{self, Conflict, Invalid},
    error::ProviderError,
    key::Version,
    provider::{Delete, Expected, Fetch, Held, Inspect, Put, SecretProvider, Value},
    value::SecretBytes,
};
use eso_rig::{Answer, Moto, Reply, Scripted, ScriptedRequest, SecretsManager};
use eso_testkit::connection::CallRecorder;
use serde_json::{Value as Json, json};

use crate::fixture::{Fixture, aws, connect, credentials, document, kind, text};

pub(crate) async fn inspect(store: &dyn SecretProvider, key: &str, metadata: Option<Json>) -> Option<Held> {
    let question = Inspect { metadata, ..Inspect::new(key) };
    store.writer().expect("AWS can write").inspect(&question).await.expect("inspect must succeed")
}

/// What is held, where something must be.
async fn held(store: &dyn SecretProvider, key: &str) -> Held {
    inspect(store, key, None).await.expect("something must be held")
}

/// A put of a text, or of what is beside it.
pub(crate) fn a_put(key: &str, text: Option<&str>, expected: Expected) -> Put {
    Put::new(key, text.map(SecretBytes::from), expected)
}

pub(crate) async fn put(store: &dyn SecretProvider, put: Put) -> Result<Option<Version>, ProviderError> {
    store.writer().expect("AWS can write").put(&put).await
}

pub(crate) async fn create(
    store: &dyn SecretProvider,
    key: &str,
    text: &str,
    metadata: Option<Json>,
) -> Version {
    let created = put(store, Put { metadata, ..a_put(key, Some(text), Expected::Nothing) }).await;
    created.expect("it must be made").expect("it must have a version")
}

async fn delete(store: &dyn SecretProvider, key: &str, held: &Held) -> Result<(), ProviderError> {
    let delete = Delete { key: key.into(), version: held.version.clone() };
    store.writer().expect("AWS can write").delete(&delete).await
}

pub(crate) fn ours(held: &Held) -> Expected {
    Expected::Ours(held.version.clone())
}

/// What the double itself says of a secret.
async fn described(fixture: &Fixture, name: &str) -> Json {
    let client = SecretsManager::new(&fixture.server.url()).expect("there must be a client");
    let answer: Answer =
        client.call("DescribeSecret", &json!({"SecretId": name})).await.expect("the double must answer");
    answer.success().expect("it must be there")
}

fn regions(described: &Json) -> Vec<&str> {
    let replicas = described["ReplicationStatus"].as_array().expect("a list");
    replicas.iter().map(|replica| replica["Region"].as_str().expect("a region")).collect()
}

#[tokio::test]
async fn a_new_secret_is_made_as_the_original_makes_it() {
    let server = Scripted::start().await.expect("the server must start");
    server.otherwise(|request| match request.header("x-amz-target") {
        "secretsmanager.CreateSecret" => Some(Reply::json(200, &json!({"ARN": "arn", "VersionId": "v"}))),
        _ => Some(Reply::json(400, &json!({"__type": "ResourceNotFoundException"}))),
    });
    let store = connect(&aws(&server.url()), &credentials(), &CallRecorder::new(), json!({})).await;
    assert_eq!(inspect(&*store, "app", None).await, None);
    assert_eq!(create(&*store, "app", "value", None).await, Version::new("v"));
    let spec = json!({"secretPushFormat": "string", "description": "mine", "kmsKeyID": "key", "tags": {"a": "b"},
        "replicationLocations": ["eu-west-1"]});
    create(&*store, "app", "value", document(spec)).await;
    let is_create = |sent: &&ScriptedRequest| sent.header("x-amz-target").ends_with("CreateSecret");
    let created: Vec<Json> = server.requests().iter().filter(is_create).map(ScriptedRequest::json).collect();
    let owner = json!({"Key": "managed-by", "Value": "external-secrets"});
    let token = "00000000-0000-0000-0000-000000000001";
    assert_eq!(
        created,
        [
            json!({"Name": "app", "ClientRequestToken": token, "SecretBinary": "dmFsdWU=", "Tags": [owner],
                "Description": "secret 'managed-by:external-secrets'", "KmsKeyId": "alias/aws/secretsmanager"}),
            json!({"Name": "app", "ClientRequestToken": token, "SecretString": "value",
                "Tags": [{"Key": "a", "Value": "b"}, owner], "Description": "mine", "KmsKeyId": "key",
                "AddReplicaRegions": [{"Region": "eu-west-1", "KmsKeyId": "key"}]}),
        ]
    );
}

#[tokio::test]
async fn a_look_is_two_calls_and_reads_nothing_that_is_not_ours() {
    let fixture = Fixture::new();
    fixture.put("theirs", "secret");
    let store = fixture.store().await;
    let version = create(&*store, "ours", "value", None).await;
    fixture.server.reset_counts();
    let ours = held(&*store, "ours").await;
    let value = Some(Value::Bytes(SecretBytes::from("value")));
    assert_eq!(ours, Held { value, version: Some(version), is_ours: true, is_dressed: true });
    assert_eq!((fixture.server.count("DescribeSecret"), fixture.server.count("GetSecretValue")), (1, 1));
    let theirs = held(&*store, "theirs").await;
    assert_eq!((theirs.value, theirs.is_ours), (None, false));
    assert_eq!((fixture.server.count("DescribeSecret"), fixture.server.count("GetSecretValue")), (2, 1));
    assert_eq!(inspect(&*store, "missing", None).await, None);
    assert_eq!(fixture.writes(), 0);
}

#[tokio::test]
async fn a_put_writes_a_version_and_a_put_of_nothing_new_writes_nothing() {
    let fixture = Fixture::new();
    let store = fixture.store().await;
    create(&*store, "app", "first", None).await;
    let first = held(&*store, "app").await;
    fixture.server.reset_counts();
    let version = put(&*store, a_put("app", Some("second"), ours(&first))).await.unwrap();
    assert_eq!((fixture.writes(), fixture.server.count("PutSecretValue")), (1, 1));
    let second = held(&*store, "app").await;
    assert_eq!(
        (&second.version, &second.value),
        (&version, &Some(Value::Bytes(SecretBytes::from("second"))))
    );
    fixture.server.reset_counts();
    assert_eq!(put(&*store, a_put("app", None, ours(&second))).await, Ok(version));
    assert_eq!(fixture.writes(), 0, "all is so already");
    assert_eq!(text(store.fetch(&Fetch::new("app")).await), "second");
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_makes_no_second_version_when_it_is_made_again() {
    let fixture = Fixture::new();
    let store = fixture.store().await;
    let version = create(&*store, "app", "first", None).await;
    assert_eq!(create(&*store, "app", "first", None).await, version, "made again");
    let first = held(&*store, "app").await;
    let again = a_put("app", Some("second"), ours(&first));
    let written = put(&*store, again.clone()).await.unwrap();
    assert_eq!(put(&*store, again).await, Ok(written));
    assert_eq!(described(&fixture, "app").await["VersionIdsToStages"].as_object().unwrap().len(), 2);
    let other = put(&*store, a_put("app", Some("third"), ours(&first))).await;
    assert_eq!(kind(other), Conflict, "that would be another version");
    let late = put(&*store, a_put("app", Some("late"), Expected::Nothing)).await;
    assert_eq!(kind(late), Conflict);
    assert_eq!(text(store.fetch(&Fetch::new("app")).await), "second");
}

/// After somebody moved AWSCURRENT back by hand, the version after it exists already.
#[tokio::test]
async fn a_version_whose_id_is_taken_gets_another_one() {
    for (taken, wanted) in [("second", "second"), ("second", "third")] {
        let server = Moto::start().await.expect("moto must start");
        let store = connect(&aws(server.url()), &credentials(), &CallRecorder::new(), json!({})).await;
        let first = create(&*store, "app", "first", None).await;
        let expected = || Expected::Ours(Some(first.clone()));
        let second = put(&*store, a_put("app", Some(taken), expected())).await.unwrap().unwrap();
        let back = json!({"SecretId": "app", "VersionStage": "AWSCURRENT", "MoveToVersionId": first.as_str(),
            "RemoveFromVersionId": second.as_str()});
        server.secrets().call("UpdateSecretVersionStage", &back).await.unwrap().success().unwrap();
        let written = put(&*store, a_put("app", Some(wanted), expected())).await.unwrap().unwrap();
        assert!(written != first && written != second, "{wanted}");
        let newest = store.fetch(&Fetch::new("app").at_version(format!("uuid/{written}"))).await;
        assert_eq!(text(newest), wanted);
    }
}

#[tokio::test]
async fn tags_and_regions_become_those_that_are_wanted_and_nothing_else_is_written() {
    let fixture = Fixture::new();
    let store = fixture.store().await;
    let spec = |team: &str, regions: &[&str]| {
        document(json!({"tags": {"team": team}, "replicationLocations": regions, "description": "new"}))
    };
    create(
        &*store,
        "app",
        "value",
        document(json!({"tags": {"old": "1"}, "replicationLocations": ["eu-west-1"]})),
    )
    .await;
    let before = inspect(&*store, "app", spec("blue", &["eu-west-2"])).await.unwrap();
    assert!(!before.is_dressed);
    fixture.server.reset_counts();
    let dressing = |metadata| Put { metadata, ..a_put("app", None, ours(&before)) };
    put(&*store, dressing(spec("blue", &["eu-west-2"]))).await.unwrap();
    let calls = ["UntagResource", "TagResource", "RemoveRegionsFromReplication", "ReplicateSecretToRegions"];
    assert_eq!(calls.map(|call| fixture.server.count(call)), [1; 4]);
    assert_eq!(fixture.writes(), 4);
    let now = described(&fixture, "app").await;
    let tag = |key: &str, value: &str| json!({"Key": key, "Value": value});
    assert_eq!(now["Tags"], json!([tag("managed-by", "external-secrets"), tag("team", "blue")]));
    assert_eq!(
        (regions(&now), &now["Description"]),
        (vec!["eu-west-2"], &json!("secret 'managed-by:external-secrets'"))
    );
    let after = inspect(&*store, "app", spec("blue", &["eu-west-2"])).await.unwrap();
    assert!(after.is_dressed);
    put(&*store, dressing(spec("blue", &["eu-west-2"]))).await.unwrap();
    put(&*store, dressing(None)).await.unwrap();
    assert_eq!(fixture.writes(), 4, "all is so already");
    assert_eq!(fixture.count("TagResource"), 1);
}

#[tokio::test]
async fn what_is_not_ours_is_neither_written_nor_deleted_in_the_originals_words() {
    let fixture = Fixture::new();
    fixture.put("theirs", "secret");
    let store = fixture.store().await;
    let theirs = held(&*store, "theirs").await;
    let words = |error: ProviderError| {
        assert_eq!(error.kind(), Conflict);
        assert!(error.to_string().ends_with(": secret not managed by external-secrets"), "{error}");
    };
    for expected in [ours(&theirs), Expected::Ours(None), Expected::Nothing] {
        words(put(&*store, a_put("theirs", Some("mine"), expected)).await.unwrap_err());
    }
    words(delete(&*store, "theirs", &theirs).await.unwrap_err());
    assert_eq!(fixture.writes(), 0);
    assert_eq!(text(store.fetch(&Fetch::new("theirs")).await), "secret");
}

#[tokio::test]
async fn what_was_deleted_is_gone_and_is_restored_by_the_next_put() {
    let fixture = Fixture::new();
    let store = fixture.store().await;
    create(&*store, "app", "first", None).await;
    let first = held(&*store, "app").await;
    delete(&*store, "app", &first).await.unwrap();
    delete(&*store, "app", &first).await.unwrap();
    assert_eq!(fixture.count("DeleteSecret"), 1);
    assert_eq!(kind(store.fetch(&Fetch::new("app")).await), ErrorKind::NotFound);
    let left = held(&*store, "app").await;
    assert_eq!((&left.value, &left.version, left.is_ours), (&None, &first.version, true));
    put(&*store, a_put("app", Some("again"), ours(&left))).await.unwrap();
    assert_eq!(fixture.count("RestoreSecret"), 1);
    assert_eq!(text(store.fetch(&Fetch::new("app")).await), "again");
}

#[tokio::test]
async fn what_was_deleted_is_written_over_once_and_not_where_somebody_restored_and_wrote_it() {
    let fixture = Fixture::new();
    let store = fixture.store().await;
    create(&*store, "app", "first", None).await;
    delete(&*store, "app", &held(&*store, "app").await).await.unwrap();
    let left = held(&*store, "app").await;
    let again = || a_put("app", Some("again"), ours(&left));
    let version = put(&*store, again()).await.unwrap();
    assert_eq!(put(&*store, again()).await.unwrap(), version, "the answer to the first one was lost");
    let theirs = a_put("app", Some("theirs"), ours(&held(&*store, "app").await));
    put(&*store, theirs).await.unwrap();
    assert_eq!(kind(put(&*store, again()).await), Conflict);
    assert_eq!(text(store.fetch(&Fetch::new("app")).await), "theirs");
}

#[tokio::test]
async fn a_foreign_secret_in_its_recovery_window_is_not_restored() {
    let fixture = Fixture::new();
    fixture.put("theirs", "secret");
    fixture.server.delete("theirs").unwrap();
    let store = fixture.store().await;
    let left = held(&*store, "theirs").await;
    assert_eq!((&left.value, &left.version, left.is_ours), (&None, &None, false));
    assert_eq!(kind(put(&*store, a_put("theirs", Some("mine"), ours(&left))).await), Conflict);
    assert_eq!(fixture.writes(), 0);
}

#[tokio::test]
async fn replicas_go_before_their_secret_does() {
    let fixture = Fixture::new();
    let store = fixture.store().await;
    create(&*store, "app", "value", document(json!({"replicationLocations": ["eu-west-1", "eu-west-2"]})))
        .await;
    let there = held(&*store, "app").await;
    delete(&*store, "app", &there).await.unwrap();
    assert_eq!((fixture.count("RemoveRegionsFromReplication"), fixture.count("DeleteSecret")), (1, 1));
    assert_eq!(kind(store.fetch(&Fetch::new("app")).await), ErrorKind::NotFound);
}

#[tokio::test]
async fn only_the_version_that_was_looked_at_is_deleted() {
    let fixture = Fixture::new();
    let store = fixture.store().await;
    create(&*store, "app", "first", None).await;
    let first = held(&*store, "app").await;
    put(&*store, a_put("app", Some("second"), ours(&first))).await.unwrap();
    assert_eq!(kind(delete(&*store, "app", &first).await), Conflict);
    assert_eq!(fixture.count("DeleteSecret"), 0);
}

/// What a deletion asks AWS for, under these settings of the store.
async fn deletion(settings: Json) -> Json {
    let server = Scripted::start().await.expect("the server must start");
    server.otherwise(|_| {
        let tags = json!([{"Key": "managed-by", "Value": "external-secrets"}]);
        let body = json!({"ARN": "arn", "Tags": tags, "VersionIdsToStages": {"v": ["AWSCURRENT"]}});
        Some(Reply::json(200, &body))
    });
    let fields = json!({"secretsManager": settings});
    let store = connect(&aws(&server.url()), &credentials(), &CallRecorder::new(), fields).await;
    let held = Held { value: None, version: Some("v".into()), is_ours: true, is_dressed: true };
    delete(&*store, "app", &held).await.expect("it must be deleted");
    server.requests().last().expect("something must be sent").json()
}

#[tokio::test]
async fn a_secret_is_deleted_as_its_store_says() {
    assert_eq!(deletion(json!({})).await, json!({"SecretId": "arn"}));
    assert_eq!(
        deletion(json!({"forceDeleteWithoutRecovery": true})).await,
        json!({"SecretId": "arn", "ForceDeleteWithoutRecovery": true})
    );
    assert_eq!(
        deletion(json!({"recoveryWindowInDays": 7})).await,
        json!({"SecretId": "arn", "RecoveryWindowInDays": 7})
    );
}

#[tokio::test]
async fn a_value_that_is_no_text_is_kept_as_bytes_and_refused_as_a_text() {
    let fixture = Fixture::new();
    let store = fixture.store().await;
    let bytes = SecretBytes::new([0, 255, 10]);
    let binary = Put { value: Some(bytes.clone()), ..a_put("app", None, Expected::Nothing) };
    put(&*store, binary.clone()).await.unwrap();
    assert_eq!(held(&*store, "app").await.value, Some(Value::Bytes(bytes)));
    let metadata = document(json!({"secretPushFormat": "string"}));
    let error = put(&*store, Put { metadata, ..binary }).await.unwrap_err();
    assert_eq!(error.kind(), Invalid);
    assert!(error.to_string().contains("spec.secretPushFormat"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_served_is_refused_before_anything_is_asked() {
    let fixture = Fixture::new();
    let store = fixture.store().await;
    let writer = store.writer().unwrap();
    let metadata = document(json!({"resourcePolicy": {}}));
    let question = Inspect { metadata: metadata.clone(), ..Inspect::new("app") };
    let error = writer.inspect(&question).await.unwrap_err();
    assert_eq!((error.kind(), error.key()), (Invalid, Some(&"app".into())));
    assert_eq!(
        kind(put(&*store, Put { metadata, ..a_put("app", Some("x"), Expected::Nothing) }).await),
        Invalid
    );
    let abroad = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app-AbCdEf";
    assert_eq!(kind(put(&*store, a_put(abroad, Some("x"), Expected::Nothing)).await), Invalid);
    assert!(fixture.server.counts().is_empty());
}

#[tokio::test]
async fn on_the_standard_double_a_secret_is_made_dressed_deleted_and_made_again() {
    let server = Moto::start().await.expect("moto must start");
    let store = connect(&aws(server.url()), &credentials(), &CallRecorder::new(), json!({})).await;
    let metadata = document(json!({"tags": {"team": "blue"}, "replicationLocations": ["eu-west-1"]}));
    create(&*store, "app", "first", metadata.clone()).await;
    assert!(inspect(&*store, "app", metadata).await.unwrap().is_dressed);
    let other = document(json!({"tags": {"team": "red"}, "replicationLocations": []}));
    let first = inspect(&*store, "app", other.clone()).await.unwrap();
    assert!(!first.is_dressed);
    put(&*store, Put { metadata: other.clone(), ..a_put("app", Some("second"), ours(&first)) })
        .await
        .unwrap();
    let second = inspect(&*store, "app", other).await.unwrap();
    assert!(second.is_dressed);
    delete(&*store, "app", &second).await.unwrap();
    let left = held(&*store, "app").await;
    put(&*store, a_put("app", Some("again"), ours(&left))).await.unwrap();
    assert_eq!(text(store.fetch(&Fetch::new("app")).await), "again");
}
