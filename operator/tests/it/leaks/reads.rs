//! Nothing gets out of parameters, of searches and of what is beside a value, whatever goes wrong with them.

use eso_rig::{Effect, Fault, ParameterStore, Reply, ScriptedRequest, SecretsManager};
use eso_testkit::objects::{ObjectBuilder, object, store};
use serde_json::{Value, json};

use super::{Refusal, UNREADABLE, all_fail, by_token, said, vault, with_keys};
use crate::harness::{Setup, aws_spec};

/// An object that looks for values.
fn finds(name: &str, find: Value) -> ObjectBuilder {
    object(name).with("/spec/dataFrom", json!([{ "find": find }]))
}

/// An object that asks for what is beside a value, or for a property of that.
fn fetches(name: &str, key: &str, property: &str) -> ObjectBuilder {
    let reference = json!({ "key": key, "metadataPolicy": "Fetch", "property": property });
    object(name).with("/spec/data", json!([{ "secretKey": "password", "remoteRef": reference }]))
}

fn by_name() -> Value {
    json!({ "name": { "regexp": "." } })
}

#[tokio::test]
async fn nothing_of_parameters_searches_and_tags_of_aws_gets_out() {
    let (world, aws, id) = with_keys("leaks-reads").await;
    let secret = world.canary("secret");
    let quoting = format!("Credential={id}/20260101/us-east-1 SecretString={secret}");
    let denied = || Fault::error(400, "AccessDeniedException", &quoting);
    let body = || Fault::new(Effect::Body(json!({ "SecretString": secret, "Value": [secret] }).to_string()));
    let mut spec = aws_spec("keys");
    world.create(store("secrets").provider("aws", &spec)).await;
    spec["service"] = json!("ParameterStore");
    world.create(store("parameters").provider("aws", &spec)).await;
    let tag = |name: &str| json!([{ "Key": name, "Value": secret }]);
    for name in ["tagged", "denied", "odd"] {
        aws.put(name, &secret).unwrap();
        aws.put_parameter(name, &secret).unwrap();
        let secrets = SecretsManager::new(&aws.url()).unwrap();
        let tagged = json!({ "SecretId": name, "Tags": tag("team") });
        secrets.call("TagResource", &tagged).await.unwrap().success().unwrap();
        let parameters = ParameterStore::new(&aws.url()).unwrap();
        let tagged = json!({ "ResourceType": "Parameter", "ResourceId": name, "Tags": tag("team") });
        parameters.call("AddTagsToResource", &tagged).await.unwrap().success().unwrap();
    }
    aws.fault(denied().key("denied"));
    aws.fault(body().key("odd"));
    for operation in ["ListSecrets", "GetParametersByPath", "DescribeParameters"] {
        aws.fault(denied().operation(operation));
    }
    let mut objects = vec![
        object("text").store("parameters").key("password", "tagged#first"),
        object("members").store("parameters").extract("tagged"),
        object("read-denied").store("parameters").key("password", "denied"),
        object("read-odd").store("parameters").key("password", "odd"),
    ];
    for of in ["secrets", "parameters"] {
        let named = |what: &str| format!("{what}-{of}");
        let tags = json!({ "tags": { "team": "blue" } });
        objects.extend([
            finds(&named("find-names"), by_name()).store(of),
            finds(&named("find-tags"), tags).store(of),
            fetches(&named("tag-missing"), "tagged", "none").store(of),
            fetches(&named("tags-denied"), "denied", "team").store(of),
            fetches(&named("tags-odd"), "odd", "team").store(of),
        ]);
    }
    let mut names = Vec::new();
    for object in objects {
        names.push(world.create(object).await["metadata"]["name"].as_str().unwrap().to_owned());
    }
    all_fail(&world, &names, UNREADABLE).await;
    world.end().await;
}

/// What a Vault answers to a search or a look beside a value, but for one sort of request, to which it says back all of it.
fn echoes(method: &'static str, reply: Refusal) -> impl FnMut(&ScriptedRequest) -> Option<Reply> {
    move |request| {
        let custom = json!({ "current_version": 1, "custom_metadata": { "team": "blue" } });
        Some(match request.method.as_str() {
            now if now == method => reply(&said(request)),
            "LIST" => Reply::json(200, &json!({ "data": { "keys": ["db"] } })),
            _ => Reply::json(200, &json!({ "data": custom })),
        })
    }
}

#[tokio::test]
async fn nothing_of_searches_and_custom_metadata_of_vault_gets_out() {
    let world = Setup::new("leaks-beside").start().await;
    let secret = world.canary("secret");
    world.create_secret("token", &[("token", &world.canary("token"))]).await;
    let replies: [(&str, Refusal); 3] = [
        ("denied", |said| Reply::json(403, &json!({ "errors": [said] }))),
        ("broken", |said| Reply::status(500).body(said.to_owned())),
        ("no-json", |said| Reply::status(200).body(said.to_owned())),
    ];
    let (mut servers, mut names) = (Vec::new(), Vec::new());
    for (reply_name, reply) in replies {
        let cases = [
            ("names", "LIST", finds("", by_name())),
            ("tags", "GET", finds("", json!({ "tags": { "team": "blue" } }))),
            ("beside", "GET", fetches("", "db", "team")),
        ];
        for (what, method, object) in cases {
            let name = format!("{what}-{reply_name}");
            servers.push((method, vault(&world, &name, by_token(), echoes(method, reply)).await));
            world.create(object.with("/metadata/name", json!(name)).store(&name)).await;
            names.push(name);
        }
    }
    let custom = json!({ "data": { "current_version": 1, "custom_metadata": { "team": secret } } });
    let server = vault(&world, "missing", by_token(), move |_| Some(Reply::json(200, &custom))).await;
    world.create(fetches("missing", "db", "none").store("missing")).await;
    servers.push(("GET", server));
    names.push("missing".to_owned());
    all_fail(&world, &names, UNREADABLE).await;
    for (method, server) in &servers {
        let is_asked =
            |request: &ScriptedRequest| request.method == *method && request.path.contains("/metadata");
        assert!(server.requests().iter().any(is_asked), "each was asked");
    }
    world.end().await;
}
