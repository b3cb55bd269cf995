//! Writes to the Parameter Store: what is asked, what is written and what is left alone, counted.

use eso_core::{
    error::ErrorKind::{self, Conflict, Invalid},
    error::ProviderError,
    key::Version,
    provider::{Delete, Expected, Fetch, Held, Inspect, Put, SecretProvider, Value, WholeSecret},
    value::SecretBytes,
};
use eso_rig::{Moto, ParameterStore, Reply, Scripted, ScriptedRequest};
use eso_testkit::connection::CallRecorder;
use serde_json::{Value as Json, json};

use crate::fixture::{Fixture, aws, connect, credentials, document, kind, text};

async fn inspect(store: &dyn SecretProvider, key: &str, metadata: Option<Json>) -> Option<Held> {
    let question = Inspect { metadata, ..Inspect::new(key) };
    store.writer().expect("AWS can write").inspect(&question).await.expect("inspect must succeed")
}

async fn held(store: &dyn SecretProvider, key: &str) -> Held {
    inspect(store, key, None).await.expect("something must be held")
}

fn a_put(key: &str, text: Option<&str>, expected: Expected) -> Put {
    Put::new(key, text.map(SecretBytes::from), expected)
}

async fn put(store: &dyn SecretProvider, put: Put) -> Result<Option<Version>, ProviderError> {
    store.writer().expect("AWS can write").put(&put).await
}

async fn create(store: &dyn SecretProvider, key: &str, text: &str, metadata: Option<Json>) {
    let created = put(store, Put { metadata, ..a_put(key, Some(text), Expected::Nothing) }).await;
    assert_eq!(created, Ok(Some(Version::new("1"))));
}

async fn delete(store: &dyn SecretProvider, key: &str, version: Option<&str>) -> Result<(), ProviderError> {
    let delete = Delete { key: key.into(), version: version.map(Version::from) };
    store.writer().expect("AWS can write").delete(&delete).await
}

fn ours(version: &str) -> Expected {
    Expected::Ours(Some(version.into()))
}

/// The type and the tags of a parameter, as the double itself has them.
async fn kept(fixture: &Fixture, name: &str) -> (Json, Json) {
    let client = ParameterStore::new(&fixture.server.url()).expect("there must be a client");
    let ask = async |operation, body| {
        let answer = client.call(operation, &body).await.expect("the double must answer");
        answer.success().expect("it must be there")
    };
    let parameter = ask("GetParameter", json!({"Name": name})).await;
    let tags = ask("ListTagsForResource", json!({"ResourceType": "Parameter", "ResourceId": name})).await;
    (parameter["Parameter"]["Type"].clone(), tags["TagList"].clone())
}

fn tag(key: &str, value: &str) -> Json {
    json!({"Key": key, "Value": value})
}

#[tokio::test]
async fn a_new_parameter_is_made_as_the_original_makes_it() {
    let server = Scripted::start().await.expect("the server must start");
    server.otherwise(|request| match request.header("x-amz-target") {
        "AmazonSSM.PutParameter" => Some(Reply::json(200, &json!({"Version": 1}))),
        _ => Some(Reply::json(400, &json!({"__type": "ParameterNotFound"}))),
    });
    let fields = json!({"service": "ParameterStore"});
    let store = connect(&aws(&server.url()), &credentials(), &CallRecorder::new(), fields).await;
    assert_eq!(inspect(&*store, "/app", None).await, None);
    create(&*store, "/app", "value", None).await;
    let policies = json!([{"Type": "Expiration"}]);
    let spec = json!({"secretType": "SecureString", "kmsKeyID": "key", "description": "mine", "tags": {"a": "b"},
        "tier": {"type": "Advanced", "policies": policies}});
    create(&*store, "/app", "value", document(spec)).await;
    create(&*store, "/app", "a,b", document(json!({"secretType": "StringList"}))).await;
    create(&*store, "/app", "value", document(json!({"secretType": "SecureString"}))).await;
    let is_put = |sent: &&ScriptedRequest| sent.header("x-amz-target").ends_with("PutParameter");
    let sent: Vec<Json> = server.requests().iter().filter(is_put).map(ScriptedRequest::json).collect();
    let owner = tag("managed-by", "external-secrets");
    let description = "secret 'managed-by:external-secrets'";
    let base = |value: &str, kind: &str| json!({"Name": "/app", "Value": value, "Type": kind, "Description": description, "Overwrite": false, "Tags": [owner]});
    let with = |mut base: Json, more: Json| {
        base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        base
    };
    let advanced = json!({"KeyId": "key", "Description": "mine", "Tags": [tag("a", "b"), owner], "Tier": "Advanced",
        "Policies": policies.to_string()});
    assert_eq!(
        sent,
        [
            base("value", "String"),
            with(base("value", "SecureString"), advanced),
            base("a,b", "StringList"),
            with(base("value", "SecureString"), json!({"KeyId": "alias/aws/ssm"})),
        ]
    );
}

#[tokio::test]
async fn a_whole_secret_is_written_in_base64_unless_its_metadata_asks_for_texts() {
    let fixture = Fixture::new();
    let store = fixture.parameter_store().await;
    let whole = |spec: Json| store.writer().expect("AWS can write").whole_secret(document(spec).as_ref());
    assert_eq!(whole(json!({})), WholeSecret::Base64);
    assert_eq!(whole(json!({"encodeAsDecoded": false})), WholeSecret::Base64);
    assert_eq!(whole(json!({"encodeAsDecoded": true})), WholeSecret::Texts);
    assert_eq!(store.writer().expect("AWS can write").whole_secret(None), WholeSecret::Base64);
    let refused = document(json!({"encodeAsDecoded": true, "unknown": 1}));
    let question = Inspect { metadata: refused, ..Inspect::new("/app") };
    let looked = store.writer().expect("AWS can write").inspect(&question).await;
    assert_eq!(looked.expect_err("it must be refused").kind(), Invalid);
    assert_eq!(fixture.store().await.writer().unwrap().whole_secret(None), WholeSecret::Texts);
}

#[tokio::test]
async fn a_look_is_two_calls_and_gives_nothing_that_is_not_ours() {
    let fixture = Fixture::new();
    fixture.server.put_parameter("/theirs", "secret").unwrap();
    let store = fixture.parameter_store().await;
    create(&*store, "/ours", "value", None).await;
    fixture.server.reset_counts();
    let value = Some(Value::Bytes(SecretBytes::from("value")));
    let expected = Held { value, version: Some("1".into()), is_ours: true, is_dressed: true };
    assert_eq!(held(&*store, "/ours").await, expected);
    assert_eq!((fixture.server.count("GetParameter"), fixture.server.count("ListTagsForResource")), (1, 1));
    let theirs = held(&*store, "/theirs").await;
    assert_eq!((theirs.value, theirs.is_ours), (None, false));
    assert_eq!(inspect(&*store, "/missing", None).await, None);
    assert_eq!(fixture.writes(), 0);
}

#[tokio::test]
async fn a_put_writes_a_version_and_a_put_of_nothing_new_writes_nothing() {
    let fixture = Fixture::new();
    let store = fixture.parameter_store().await;
    create(&*store, "/app", "first", None).await;
    fixture.server.reset_counts();
    let second = put(&*store, a_put("/app", Some("second"), ours("1"))).await;
    assert_eq!((second, fixture.writes()), (Ok(Some("2".into())), 1));
    assert_eq!(text(store.fetch(&Fetch::new("/app")).await), "second");
    for again in [a_put("/app", None, ours("2")), a_put("/app", Some("second"), ours("1"))] {
        assert_eq!(put(&*store, again).await, Ok(Some("2".into())));
    }
    assert_eq!(fixture.writes(), 1, "all is so already, or was written by a put whose answer was lost");
    assert_eq!(kind(put(&*store, a_put("/app", Some("late"), ours("1"))).await), Conflict);
    assert_eq!(kind(put(&*store, a_put("/app", Some("late"), Expected::Nothing)).await), Conflict);
    assert_eq!(kind(put(&*store, a_put("/gone", Some("late"), ours("1"))).await), Conflict);
}

#[tokio::test]
async fn tags_and_a_type_become_those_that_are_wanted_and_nothing_else_is_written() {
    let fixture = Fixture::new();
    let store = fixture.parameter_store().await;
    create(&*store, "/app", "value", document(json!({"tags": {"old": "1"}}))).await;
    let metadata = || document(json!({"tags": {"team": "blue"}, "secretType": "SecureString"}));
    assert!(!inspect(&*store, "/app", metadata()).await.unwrap().is_dressed);
    fixture.server.reset_counts();
    let dressing = |metadata| Put { metadata, ..a_put("/app", None, Expected::Ours(None)) };
    put(&*store, dressing(metadata())).await.unwrap();
    let calls = ["PutParameter", "RemoveTagsFromResource", "AddTagsToResource"];
    assert_eq!((calls.map(|call| fixture.server.count(call)), fixture.writes()), ([1; 3], 3));
    let owner = tag("managed-by", "external-secrets");
    assert_eq!(kept(&fixture, "/app").await, (json!("SecureString"), json!([owner, tag("team", "blue")])));
    let dressed = inspect(&*store, "/app", metadata()).await.unwrap();
    assert_eq!((dressed.is_dressed, dressed.value), (true, Some(Value::Bytes(SecretBytes::from("value")))));
    put(&*store, dressing(metadata())).await.unwrap();
    put(&*store, dressing(None)).await.unwrap();
    assert_eq!(fixture.writes(), 3, "all is so already");
    put(&*store, a_put("/app", Some("new"), Expected::Ours(None))).await.unwrap();
    assert_eq!(kept(&fixture, "/app").await.0, json!("SecureString"), "nobody asked for another type");
}

#[tokio::test]
async fn what_is_not_ours_is_neither_written_nor_deleted_in_the_originals_words() {
    let fixture = Fixture::new();
    fixture.server.put_parameter("/theirs", "secret").unwrap();
    let store = fixture.parameter_store().await;
    let words = |error: ProviderError| {
        assert_eq!(error.kind(), Conflict);
        assert!(error.to_string().ends_with(": secret not managed by external-secrets"), "{error}");
    };
    for expected in [ours("1"), Expected::Ours(None), Expected::Nothing] {
        words(put(&*store, a_put("/theirs", Some("secret"), expected)).await.unwrap_err());
    }
    words(delete(&*store, "/theirs", None).await.unwrap_err());
    assert_eq!(fixture.writes(), 0);
    assert_eq!(text(store.fetch(&Fetch::new("/theirs")).await), "secret");
}

#[tokio::test]
async fn what_was_deleted_is_gone_and_only_what_was_looked_at_is_deleted() {
    let fixture = Fixture::new();
    let store = fixture.parameter_store().await;
    create(&*store, "/app", "first", None).await;
    put(&*store, a_put("/app", Some("second"), ours("1"))).await.unwrap();
    assert_eq!(kind(delete(&*store, "/app", Some("1")).await), Conflict);
    for _ in 0..2 {
        delete(&*store, "/app", Some("2")).await.unwrap();
        assert_eq!(kind(store.fetch(&Fetch::new("/app")).await), ErrorKind::NotFound);
    }
    assert_eq!(fixture.count("DeleteParameter"), 1);
    create(&*store, "/app", "again", None).await;
}

#[tokio::test]
async fn what_cannot_be_served_is_refused_before_anything_is_asked() {
    let fixture = Fixture::new();
    let store = fixture.parameter_store().await;
    for key in ["/app:3", "arn:aws:ssm:us-east-1:123456789012:parameter/app", ""] {
        assert_eq!(kind(put(&*store, a_put(key, Some("x"), Expected::Nothing)).await), Invalid, "{key:?}");
        assert_eq!(kind(delete(&*store, key, None).await), Invalid, "{key:?}");
    }
    let metadata = document(json!({"secretPushFormat": "string"}));
    assert_eq!(
        kind(put(&*store, Put { metadata, ..a_put("/app", Some("x"), Expected::Nothing) }).await),
        Invalid
    );
    assert!(fixture.server.counts().is_empty());
    let bytes = Put { value: Some(SecretBytes::new([0, 255])), ..a_put("/app", None, Expected::Nothing) };
    assert_eq!(kind(put(&*store, bytes).await), Invalid);
    assert_eq!(fixture.writes(), 0);
    assert_eq!(
        kind(put(&*store, a_put("/app", Some(""), Expected::Nothing)).await),
        Invalid,
        "AWS keeps no empty one"
    );
}

#[tokio::test]
async fn on_the_standard_double_a_parameter_is_made_dressed_deleted_and_made_again() {
    let server = Moto::start().await.expect("moto must start");
    let fields = json!({"service": "ParameterStore"});
    let store = connect(&aws(server.url()), &credentials(), &CallRecorder::new(), fields).await;
    let metadata = || document(json!({"tags": {"team": "blue"}, "secretType": "SecureString"}));
    create(&*store, "/app", "first", metadata()).await;
    assert!(inspect(&*store, "/app", metadata()).await.unwrap().is_dressed);
    let other = || document(json!({"tags": {"team": "red"}}));
    assert!(!inspect(&*store, "/app", other()).await.unwrap().is_dressed);
    put(&*store, Put { metadata: other(), ..a_put("/app", Some("second"), ours("1")) }).await.unwrap();
    assert!(inspect(&*store, "/app", other()).await.unwrap().is_dressed);
    assert_eq!(text(store.fetch(&Fetch::new("/app")).await), "second");
    delete(&*store, "/app", Some("2")).await.unwrap();
    create(&*store, "/app", "again", None).await;
}
