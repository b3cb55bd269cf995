//! No value, token or key gets out, whatever goes wrong: every error path once, at the noisiest log level, with servers
//! that put secrets wherever a text can be. `World::end` looks for them.

mod logins;
mod pushes;
mod reads;

use eso_rig::{Call, Effect, FastAws, Fault, Method, Reply, Scripted, ScriptedRequest};
use eso_testkit::objects::{ObjectBuilder, object, store};
use serde_json::{Value, json};

use crate::harness::{Kind, Setup, World, aws, aws_spec, eventually};

const UNREADABLE: &str = "could not get secret data from provider";

/// How a request is refused, given what is to be in the answer.
type Refusal = fn(&str) -> Reply;

/// Waits until each object has failed so, and has said it in an event.
async fn all_fail(world: &World, names: &[String], beginning: &str) {
    for name in names {
        world.fails(name, beginning).await;
        world.told(name, "").await;
    }
}

/// What a Vault answers to reads that go wrong, or to what is wrong with what is read.
fn vault_answers(secret: &str) -> Vec<(&'static str, Reply)> {
    let errors = json!({ "errors": [secret], "warnings": [secret] });
    let document =
        |data: Value| Reply::json(200, &json!({ "data": { "data": data, "metadata": { "version": 1 } } }));
    vec![
        ("forbidden", Reply::json(403, &errors)),
        ("refused", Reply::json(400, &errors)),
        ("absent", Reply::json(404, &errors)),
        ("other-kv", Reply::json(404, &json!({ "errors": [], "warnings": [secret] }))),
        ("broken", Reply::status(500).body(secret.to_owned())),
        ("sealed", Reply::json(503, &json!({ "errors": [format!("Vault is sealed {secret}")] }))),
        ("throttled", Reply::json(429, &errors).header("retry-after", secret)),
        ("redirect", Reply::status(307).header("location", &format!("http://127.0.0.1:9/{secret}"))),
        ("teapot", Reply::status(418).header("x-secret", secret).body(secret.to_owned())),
        ("no-json", Reply::status(200).body(secret.to_owned())),
        ("no-data", Reply::json(200, &json!({ "data": secret }))),
        ("no-document", document(json!(secret))),
        ("cut", Reply::status(200).body(format!("{{\"data\":{{\"data\":{{\"password\":\"{secret}"))),
        ("no-property", document(json!({ "other": secret }))),
    ]
}

/// A Vault that takes any token and answers every read so, and a store for it.
async fn vault(
    world: &World,
    name: &str,
    auth: Value,
    answer: impl FnMut(&ScriptedRequest) -> Option<Reply> + Send + 'static,
) -> Scripted {
    let server = Scripted::start().await.unwrap();
    let of_token = json!({ "data": { "ttl": 0, "renewable": false, "type": "service" } });
    server.always("GET", "/v1/auth/token/lookup-self", Reply::json(200, &of_token));
    server.otherwise(answer);
    world
        .create(
            store(name).provider("vault", &json!({ "server": server.url(), "path": "secret", "auth": auth })),
        )
        .await;
    server
}

/// What a server was sent, in words.
fn said(request: &ScriptedRequest) -> String {
    format!("{:?} {}", request.headers, String::from_utf8_lossy(&request.body))
}

fn by_token() -> Value {
    json!({ "tokenSecretRef": { "name": "token", "key": "token" } })
}

#[tokio::test]
async fn nothing_that_vault_says_gets_out() {
    let world = Setup::new("leaks-vault").start().await;
    let secret = world.canary("secret");
    world.create_secret("token", &[("token", &world.canary("token"))]).await;
    let (mut servers, mut names) = (Vec::new(), Vec::new());
    for (name, reply) in vault_answers(&secret) {
        servers.push(vault(&world, name, by_token(), move |_| Some(reply.clone())).await);
        names.push(name.to_owned());
        world.create(object(name).store(name).key("password", "db#password")).await;
    }
    let echo = |request: &ScriptedRequest| {
        let said = said(request);
        Some(Reply::json(403, &json!({ "errors": [said], "data": { "password": said } })))
    };
    servers.push(vault(&world, "echo", by_token(), echo).await);
    world.create(object("echo").store("echo").key("password", "db#password")).await;
    names.push("echo".to_owned());
    all_fail(&world, &names, UNREADABLE).await;
    for server in &servers {
        assert!(server.requests().iter().any(|request| request.path.contains("db")), "each was read from");
    }
    world.end().await;
}

/// What an object asks of the document `db`.
type Asks = fn(ObjectBuilder) -> ObjectBuilder;

#[tokio::test]
async fn nothing_of_what_is_read_gets_out_where_it_is_not_what_was_asked_for() {
    let world = Setup::new("leaks-values").start().await;
    let secret = world.canary("secret");
    world.create_secret("token", &[("token", &world.canary("token"))]).await;
    let long = format!("{secret} ").repeat(60_000);
    let documents: [(&str, Value, Asks); 6] = [
        ("deep", json!({ "password": secret }), |object| object.key("password", "db#password.deep")),
        ("list", json!({ "password": [secret] }), |object| object.extract("db#password")),
        ("text", json!({ "password": secret }), |object| object.extract("db#password")),
        ("almost", json!({ "password": format!("{{\"a\":\"{secret}") }), |object| {
            object.extract("db#password")
        }),
        ("twice", json!({ "a/b": secret, "a_b": secret }), |object| object.extract("db")),
        ("large", json!({ "password": long }), |object| object.key("password", "db#password")),
    ];
    let mut servers = Vec::new();
    for (name, document, asks) in documents {
        let reply = Reply::json(200, &json!({ "data": { "data": document, "metadata": { "version": 1 } } }));
        servers.push(vault(&world, name, by_token(), move |_| Some(reply.clone())).await);
        world.create(asks(object(name).store(name))).await;
        all_fail(&world, &[name.to_owned()], UNREADABLE).await;
    }
    let fake = store("fake").value("plain", &secret).value("json", &json!({ "a": secret }).to_string());
    world.create(fake).await;
    world.create(object("fake-text").store("fake").key("password", "plain#password")).await;
    world.create(object("fake-members").store("fake").extract("plain")).await;
    world.create(object("fake-missing").store("fake").key("password", "json#b")).await;
    all_fail(&world, &["fake-text", "fake-members", "fake-missing"].map(str::to_owned), UNREADABLE).await;
    world.end().await;
}

/// A secret that looks like a code of AWS's.
const LETTERS: &str = "correcthorsebattery";

/// Faults of AWS that say secrets, by the key that meets them.
fn aws_faults(secret: &str, id: &str) -> Vec<(&'static str, Fault)> {
    let quoting = format!("Credential={id}/20260101/us-east-1 SecretString={secret}");
    let error = |status: u16, code: &str| Fault::error(status, code, &quoting);
    let body = |body: String| Fault::new(Effect::Body(body));
    vec![
        ("denied", error(400, "AccessDeniedException")),
        ("rejected", error(400, "UnrecognizedClientException")),
        ("invalid", error(400, "InvalidRequestException")),
        ("undecrypted", error(400, "DecryptionFailure")),
        ("absent", error(400, "ResourceNotFoundException")),
        ("throttled", error(400, "ThrottlingException")),
        ("broken", error(500, "InternalServiceError")),
        ("gateway", error(502, secret)),
        ("coded", error(400, secret)),
        ("lettered", error(400, LETTERS)),
        ("no-json", body(secret.to_owned())),
        ("cut", body(format!("{{\"SecretString\":\"{secret}"))),
        ("no-value", body(json!({ "Name": secret, "ARN": secret, "VersionId": secret }).to_string())),
        ("gone", Fault::new(Effect::Disconnect)),
    ]
}

/// A store of its own for each case, in a region of its own: what is behind one of them fails for no other.
async fn aws_store(world: &World, name: &str) {
    let mut spec = aws_spec("keys");
    spec["region"] = json!(format!("test-{name}-1"));
    world.create(store(name).provider("aws", &spec)).await;
}

async fn with_keys(name: &str) -> (World, FastAws, String) {
    let aws = aws();
    let world = Setup::new(name).aws(&aws.url()).start().await;
    let (id, key) = (world.canary("id"), world.canary("key"));
    world.create_secret("keys", &[("access-key", &id), ("secret-access-key", &key)]).await;
    (world, aws, id)
}

#[tokio::test]
async fn nothing_that_aws_says_gets_out() {
    let (world, aws, id) = with_keys("leaks-aws").await;
    let secret = world.canary("secret");
    world.watch_for(LETTERS);
    let mut names = Vec::new();
    for (name, fault) in aws_faults(&secret, &id) {
        aws.put(name, &secret).unwrap();
        aws.fault(fault.key(name));
        aws_store(&world, name).await;
        world.create(object(name).store(name).key("password", name)).await;
        names.push(name.to_owned());
    }
    aws.put("plain", &secret).unwrap();
    aws.put("json", &json!({ "first": secret }).to_string()).unwrap();
    aws.put_binary("binary", &[secret.as_bytes(), &[0xff, 0xfe]].concat()).unwrap();
    aws_store(&world, "values").await;
    for (name, remote) in [("text", "plain#first"), ("missing", "json#second"), ("binary", "binary#first")] {
        world.create(object(name).store("values").key("password", remote)).await;
        names.push(name.to_owned());
    }
    for (name, remote) in
        [("no-members", "plain"), ("no-members-in", "json#first"), ("binary-members", "binary")]
    {
        world.create(object(name).store("values").extract(remote)).await;
        names.push(name.to_owned());
    }
    all_fail(&world, &names, UNREADABLE).await;
    for name in &names[..14] {
        assert!(aws.count_key("GetSecretValue", name) > 0, "{name} was read");
    }
    world.end().await;
}

/// What the double gives to whoever assumes a role begins so: the id, the key and the session token.
const SESSION: [&str; 3] = ["ASIARIG", "rig-assumed-", "rig-session-"];

#[tokio::test]
async fn nothing_of_an_assumed_role_gets_out() {
    let (world, aws, _) = with_keys("leaks-role").await;
    SESSION.iter().for_each(|beginning| world.watch_for(beginning));
    let quoting = SESSION.map(|beginning| format!("{beginning}1")).join(" ");
    let mut spec = aws_spec("keys");
    spec["role"] = json!("arn:aws:iam::123456789012:role/reader");
    world.create(store("role").provider("aws", &spec)).await;
    aws.put("good", &world.canary("good")).unwrap();
    world.create(object("good").store("role").key("password", "good")).await;
    world.synced("good").await;
    let faults = [
        ("denied", Fault::error(400, "AccessDeniedException", &quoting)),
        ("rejected", Fault::error(400, "ExpiredTokenException", &quoting)),
        ("no-json", Fault::new(Effect::Body(quoting.clone()))),
    ];
    let mut names = Vec::new();
    for (name, fault) in faults {
        aws.fault(fault.key(name));
        world.create(object(name).store("role").key("password", name)).await;
        names.push(name.to_owned());
    }
    all_fail(&world, &names, UNREADABLE).await;
    for name in names {
        let is_read = |call: &Call| call.keys.contains(&name) && call.access_key_id.starts_with(SESSION[0]);
        assert!(aws.calls().iter().any(is_read), "{name} was read in the role's session");
    }
    world.end().await;
}

#[tokio::test]
async fn nothing_that_aws_says_of_a_batch_or_a_role_gets_out() {
    let (world, aws, id) = with_keys("leaks-batch").await;
    let secret = world.canary("secret");
    let quoting = format!("Credential={id} SecretString={secret}");
    for key in ["first", "second"] {
        aws.put(key, &secret).unwrap();
    }
    let batch = |fault: Fault| fault.operation("BatchGetSecretValue");
    aws.fault(batch(Fault::error(400, "AccessDeniedException", &quoting)).times(1));
    aws_store(&world, "denied").await;
    world.create(object("denied").store("denied").key("a", "first").key("b", "second")).await;
    world.synced("denied").await;
    assert_eq!(aws.count("BatchGetSecretValue"), 1);

    aws.fault(batch(Fault::error(400, "DecryptionFailure", &quoting)).key("first"));
    aws_store(&world, "half").await;
    world.create(object("half").store("half").key("a", "first").key("b", "second")).await;

    let role = format!("arn:aws:iam::123456789012:role/{}", "reader");
    aws.fault(Fault::error(403, "AccessDenied", &quoting).operation("AssumeRole"));
    let mut spec = aws_spec("keys");
    spec["role"] = json!(role);
    spec["externalID"] = json!(world.canary("external-id"));
    world.create(store("role").provider("aws", &spec)).await;
    world.create(object("role").store("role").key("password", "first")).await;
    all_fail(&world, &["half", "role"].map(str::to_owned), UNREADABLE).await;
    assert!(aws.count("AssumeRole") > 0, "the role was asked for");
    world.end().await;
}

/// A store of somebody else's controller, so that nothing of it is the operator's, with a canary in its status.
#[tokio::test]
#[should_panic(expected = "a status holds the value")]
async fn what_gets_out_in_a_status_is_found() {
    let world = Setup::new("leaks-status").start().await;
    let secret = world.canary("secret");
    world.create(store("main").with("/spec/controller", json!("theirs"))).await;
    let condition = json!({ "type": "Ready", "status": "False", "message": format!("it is {secret}") });
    let status = json!({ "status": { "conditions": [condition] } });
    let path = format!("{}/status", world.path(Kind::SecretStore, "main"));
    world.call(Method::PATCH.as_str(), &path, Some(&status)).await.unwrap();
    world.end().await;
}

#[tokio::test]
#[should_panic(expected = "an event holds the value")]
async fn what_gets_out_in_an_event_is_found() {
    let world = Setup::new("leaks-event").start().await;
    let secret = world.canary("secret");
    let about = json!({ "kind": "SecretStore", "name": "main", "namespace": world.namespace });
    let event = json!({
        "kind": "Event", "metadata": { "name": "main" }, "involvedObject": about, "message": format!("it is {secret}"),
    });
    world.create(event).await;
    world.end().await;
}

/// Each series of a store has its name.
#[tokio::test]
#[should_panic(expected = "/metrics holds the value")]
async fn what_gets_out_in_the_metrics_is_found() {
    let world = Setup::new("leaks-metrics").start().await;
    let secret = world.canary("secret");
    world.create(store(&secret).value("db", "value")).await;
    world.store_says(Kind::SecretStore, &secret, "Valid", "store validated").await;
    world.end().await;
}

/// The log has the name of a store whose status cannot be written. The metrics, which have it too, end before.
#[tokio::test]
#[should_panic(expected = "the log holds the value")]
async fn what_gets_out_in_the_log_is_found() {
    let world = Setup::new("leaks-log").start().await;
    let secret = world.canary("secret");
    world.operator_may(|rules| rules.retain(|rule| rule["verbs"] != json!(["patch"]))).await;
    let patch = json!({ "group": "external-secrets.io", "resource": "secretstores", "subresource": "status", "verb": "patch" });
    world.cluster.goes_by(&world.namespace, &patch, false).await;
    world.create(store(&secret).value("db", "value")).await;
    eventually("the log has its name", async || match world.operator.logged(&secret).len() {
        0 => Err(world.operator.log()),
        _ => Ok(()),
    })
    .await;
    world.operator.terminate().await;
    world.end().await;
}
