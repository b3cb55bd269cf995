//! The promises of every provider, against both doubles.

use std::sync::Arc;

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use eso_aws::Aws;
use eso_core::{
    error::ErrorKind,
    key::RemoteKey,
    provider::{CallObserver, Connection, Fetch, SecretProvider, Value},
    value::SecretBytes,
};
use eso_rig::{Effect, Moto};
use eso_testkit::{
    conformance::{self, Fault, Faults, Subject},
    connection::{CallRecorder, Credentials},
};
use serde_json::{Value as Json, json};

use crate::fixture::{Fixture, ROLE, aws, connect, credentials, document, kind, spec, text, with_account};

/// The calls that read values.
const READS: &[&str] = &["GetSecretValue", "BatchGetSecretValue", "GetParameter", "GetParameters"];

async fn connected(
    aws: &Aws,
    credentials: Arc<Credentials>,
    calls: Arc<dyn CallObserver>,
    fields: Json,
) -> Arc<dyn SecretProvider> {
    let connection = Connection { credentials, calls, store: eso_testkit::connection::store() };
    aws.connect(&spec(fields), connection).await.expect("the store must connect")
}

fn bytes(value: &Value) -> &[u8] {
    match value {
        Value::Bytes(bytes) => bytes.expose(),
        Value::Document(_) => panic!("AWS keeps no documents"),
    }
}

fn text_of(value: &Value) -> &str {
    std::str::from_utf8(bytes(value)).expect("the Parameter Store keeps texts")
}

/// Texts that are easily spoilt on the way.
fn texts(subject: &dyn Subject) -> Vec<Value> {
    ["plain", " a line\r\n", "gr\u{fc}\u{df} \u{1f511}"].map(|text| subject.value(text)).to_vec()
}

/// Texts, and bytes that are none.
fn samples(subject: &dyn Subject) -> Vec<Value> {
    let binary = Value::Bytes(SecretBytes::new([0, 255, 10, 13, 128]));
    [texts(subject), vec![binary]].concat()
}

/// A tag that nothing has of itself.
fn wish() -> Option<Json> {
    document(json!({"tags": {"team": "a"}}))
}

/// Which faults our double plays for every service.
async fn play(fixture: &Fixture, fault: Fault, canary: &str) {
    let error = |status, code: &str| {
        let message = format!("Credential={canary} is the matter");
        Effect::Error { status, code: code.to_owned(), message }
    };
    let effect = match fault {
        Fault::Denied => error(400, "AccessDeniedException"),
        Fault::Throttled => error(400, "ThrottlingException"),
        Fault::Failing => error(500, "InternalServerError"),
        Fault::Garbled => Effect::Body(format!("<html>{canary}</html>")),
        Fault::Empty => Effect::Body(String::new()),
        Fault::Cut => Effect::Disconnect,
        Fault::Silent => Effect::Hang,
    };
    fixture.server.fault(eso_rig::Fault::new(effect));
}

/// Stores with these fields and this prefix.
struct Ours {
    fixture: Fixture,
    fields: Json,
    prefix: &'static str,
}

impl Ours {
    fn name(&self, key: &RemoteKey) -> String {
        format!("{}{key}", self.prefix)
    }
}

#[async_trait]
impl Subject for Ours {
    async fn connect(&self, calls: Arc<dyn CallObserver>) -> Arc<dyn SecretProvider> {
        let Self { fixture, fields, prefix } = self;
        let mut fields = fields.clone();
        fields["prefix"] = json!(prefix);
        let store = connected(&fixture.aws, Arc::clone(&fixture.credentials), calls, fields).await;
        store.check().await.expect("the store must log in");
        store
    }

    async fn put(&self, key: &RemoteKey, value: &Value) {
        let (server, name) = (&self.fixture.server, self.name(key));
        server.purge(&name);
        let put = match std::str::from_utf8(bytes(value)) {
            Ok(text) => server.put(&name, text),
            Err(_) => server.put_binary(&name, bytes(value)),
        };
        put.expect("the double must take a value");
    }

    async fn delete(&self, key: &RemoteKey) {
        self.fixture.server.purge(&self.name(key));
    }

    fn value(&self, text: &str) -> Value {
        Value::Bytes(SecretBytes::from(text))
    }

    fn samples(&self) -> Vec<Value> {
        samples(self)
    }

    fn read_calls(&self) -> &[&str] {
        READS
    }

    fn writes(&self) -> bool {
        true
    }

    fn wish(&self) -> Option<Json> {
        wish()
    }

    fn finds(&self) -> bool {
        true
    }

    fn describes(&self) -> bool {
        true
    }

    fn faults(&self) -> Option<&dyn Faults> {
        Some(self)
    }
}

#[async_trait]
impl Faults for Ours {
    fn known(&self) -> &[Fault] {
        Fault::ALL
    }

    async fn play(&self, fault: Fault, canary: &str) {
        play(&self.fixture, fault, canary).await;
    }

    async fn mend(&self) {
        self.fixture.server.clear_faults();
    }
}

/// Stores of parameters, below this prefix.
struct OurParameters {
    fixture: Fixture,
    prefix: &'static str,
}

impl OurParameters {
    fn name(&self, key: &RemoteKey) -> String {
        format!("{}{key}", self.prefix)
    }
}

#[async_trait]
impl Subject for OurParameters {
    async fn connect(&self, calls: Arc<dyn CallObserver>) -> Arc<dyn SecretProvider> {
        let fields = json!({"service": "ParameterStore", "prefix": self.prefix});
        connected(&self.fixture.aws, credentials(), calls, fields).await
    }

    async fn put(&self, key: &RemoteKey, value: &Value) {
        let (server, name) = (&self.fixture.server, self.name(key));
        server.delete_parameter(&name);
        server.put_parameter(&name, text_of(value)).expect("the double must take a value");
    }

    async fn delete(&self, key: &RemoteKey) {
        self.fixture.server.delete_parameter(&self.name(key));
    }

    fn value(&self, text: &str) -> Value {
        Value::Bytes(SecretBytes::from(text))
    }

    fn samples(&self) -> Vec<Value> {
        texts(self)
    }

    fn key(&self, word: &str) -> RemoteKey {
        RemoteKey::new(format!("/conformance/{word}"))
    }

    fn read_calls(&self) -> &[&str] {
        READS
    }

    fn writes(&self) -> bool {
        true
    }

    fn wish(&self) -> Option<Json> {
        wish()
    }

    fn finds(&self) -> bool {
        true
    }

    fn describes(&self) -> bool {
        true
    }

    fn faults(&self) -> Option<&dyn Faults> {
        Some(self)
    }
}

#[async_trait]
impl Faults for OurParameters {
    fn known(&self) -> &[Fault] {
        Fault::ALL
    }

    async fn play(&self, fault: Fault, canary: &str) {
        play(&self.fixture, fault, canary).await;
    }

    async fn mend(&self) {
        self.fixture.server.clear_faults();
    }
}

struct Standard {
    server: Moto,
    aws: Aws,
}

#[async_trait]
impl Subject for Standard {
    async fn connect(&self, calls: Arc<dyn CallObserver>) -> Arc<dyn SecretProvider> {
        connected(&self.aws, credentials(), calls, json!({})).await
    }

    async fn put(&self, key: &RemoteKey, value: &Value) {
        self.delete(key).await;
        let body = match std::str::from_utf8(bytes(value)) {
            Ok(text) => json!({"Name": key.as_str(), "SecretString": text}),
            Err(_) => json!({"Name": key.as_str(), "SecretBinary": BASE64_STANDARD.encode(bytes(value))}),
        };
        let created = self.server.secrets().call("CreateSecret", &body).await.expect("moto must answer");
        created.success().expect("moto must take a value");
    }

    async fn delete(&self, key: &RemoteKey) {
        let body = json!({"SecretId": key.as_str(), "ForceDeleteWithoutRecovery": true});
        // It may not be there, which is as good.
        self.server.secrets().call("DeleteSecret", &body).await.expect("moto must answer");
    }

    fn value(&self, text: &str) -> Value {
        Value::Bytes(SecretBytes::from(text))
    }

    fn samples(&self) -> Vec<Value> {
        samples(self)
    }

    fn read_calls(&self) -> &[&str] {
        READS
    }

    fn writes(&self) -> bool {
        true
    }

    fn wish(&self) -> Option<Json> {
        wish()
    }

    fn finds(&self) -> bool {
        true
    }

    fn describes(&self) -> bool {
        true
    }
}

struct StandardParameters {
    server: Moto,
    aws: Aws,
}

#[async_trait]
impl Subject for StandardParameters {
    async fn connect(&self, calls: Arc<dyn CallObserver>) -> Arc<dyn SecretProvider> {
        connected(&self.aws, credentials(), calls, json!({"service": "ParameterStore"})).await
    }

    async fn put(&self, key: &RemoteKey, value: &Value) {
        self.delete(key).await;
        self.server.parameters().put(key.as_str(), text_of(value)).await.expect("moto must take a value");
    }

    async fn delete(&self, key: &RemoteKey) {
        self.server.parameters().delete(key.as_str()).await.expect("moto must answer");
    }

    fn value(&self, text: &str) -> Value {
        Value::Bytes(SecretBytes::from(text))
    }

    fn samples(&self) -> Vec<Value> {
        texts(self)
    }

    fn key(&self, word: &str) -> RemoteKey {
        RemoteKey::new(format!("/conformance/{word}"))
    }

    fn read_calls(&self) -> &[&str] {
        READS
    }

    fn writes(&self) -> bool {
        true
    }

    fn wish(&self) -> Option<Json> {
        wish()
    }

    fn finds(&self) -> bool {
        true
    }

    fn describes(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn parameters_on_our_double_keep_every_promise() {
    conformance::run(&OurParameters { fixture: Fixture::new(), prefix: "" }).await;
}

#[tokio::test]
async fn parameters_below_a_prefix_keep_every_promise() {
    conformance::run(&OurParameters { fixture: Fixture::new(), prefix: "/team" }).await;
}

#[tokio::test]
async fn parameters_on_the_standard_double_keep_every_promise() {
    let server = Moto::start().await.expect("moto must start");
    let aws = aws(server.url());
    conformance::run(&StandardParameters { server, aws }).await;
}

#[tokio::test]
async fn a_store_on_our_double_keeps_every_promise() {
    conformance::run(&Ours { fixture: Fixture::new(), fields: json!({}), prefix: "" }).await;
}

#[tokio::test]
async fn a_store_below_a_prefix_in_a_role_of_a_service_account_keeps_every_promise() {
    let fixture = Fixture::new();
    fixture.trust_account();
    let fields = with_account(json!({"role": ROLE, "sessionTagsPolicy": "Simple"}));
    conformance::run(&Ours { fixture, fields, prefix: "team/" }).await;
}

#[tokio::test]
async fn a_store_on_the_standard_double_keeps_every_promise() {
    let server = Moto::start().await.expect("moto must start");
    let aws = aws(server.url());
    conformance::run(&Standard { server, aws }).await;
}

#[tokio::test]
async fn on_the_standard_double_roles_versions_and_deletion_are_as_on_ours() {
    let server = Moto::start().await.expect("moto must start");
    let arn = server.secrets().create("app", "old").await.expect("moto must take a value");
    server.secrets().put("app", "new").await.expect("moto must take a value");
    let calls = CallRecorder::new();
    // Its accounts are kept apart, and this is the one that it puts secrets in.
    let role = "arn:aws:iam::123456789012:role/reader";
    let store = connect(&aws(server.url()), &credentials(), &calls, json!({"role": role})).await;
    assert_eq!(text(store.fetch(&Fetch::new("app").at_version("AWSPREVIOUS")).await), "old");
    let results = store.fetch_all(&[Fetch::new(arn), Fetch::new("gone")]).await;
    let [by_arn, gone] = results.try_into().expect("two requests have two results");
    assert_eq!((text(by_arn), kind(gone)), ("new".to_owned(), ErrorKind::NotFound));
    server.secrets().delete("app").await.expect("it is there");
    assert_eq!(kind(store.fetch(&Fetch::new("app")).await), ErrorKind::NotFound);
    assert_eq!(calls.count("AssumeRole"), 1);
}
