//! Targets that templates make, from the API server to both stores and back.

use eso_testkit::objects::object;
use serde_json::{Value, json};

use crate::harness::{Condition, Kind, Setup, aws, eventually, values_read};

fn config_map(name: &str, data: Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name }, "data": data })
}

/// One ConfigMap's key as a template of one value.
fn from_map(map: &str, key: &str) -> Value {
    json!([{ "configMap": { "name": map, "items": [{ "key": key }] } }])
}

/// A template that uses each field.
fn of_everything() -> Value {
    json!({
        "type": "example.com/made",
        "mergePolicy": "Merge",
        "metadata": {
            "labels": { "for": "{{ len .user }}" },
            "annotations": { "by": "template" },
            "finalizers": ["example.com/kept"],
        },
        "data": { "own": "{{ .password | b64enc }}" },
        "templateFrom": [
            { "configMap": { "name": "tpl", "items": [{ "key": "dsn" }] } },
            { "secret": { "name": "more", "items": [{ "key": "pairs", "templateAs": "KeysAndValues" }] } },
            { "target": "Annotations", "literal": "literal: \"{{ len .password }}\"" },
        ],
    })
}

fn version(secret: &Value) -> String {
    secret["metadata"]["resourceVersion"].as_str().expect("it has a version").to_owned()
}

#[tokio::test]
async fn a_target_is_made_of_values_of_both_stores_and_of_templates_that_stand_elsewhere() {
    let double = aws();
    let world = Setup::new("templates").aws(&double.url()).start().await;
    world.aws_store().await;
    let mount = world.vault_store().await;
    let (user, password) = (world.canary("user"), world.canary("password"));
    double.put("db", &user).unwrap();
    mount.put("db", &json!({ "password": password })).await;
    world.create(config_map("tpl", json!({ "dsn": "db://{{ .user }}:{{ .password }}@host" }))).await;
    world.create_secret("more", &[("pairs", "from-secret: '{{ .user | upper }}'\nother: '1'")]).await;
    let template = of_everything();
    let data = json!([
        { "secretKey": "user", "remoteRef": { "key": "db" } },
        {
            "secretKey": "password",
            "remoteRef": { "key": "db", "property": "password" },
            "sourceRef": { "storeRef": { "name": "vault" } },
        },
    ]);
    let made =
        object("app").label("team", "blue").with("/spec/data", data).with("/spec/target/template", template);
    world.create(made.every("1h")).await;
    world.synced("app").await;

    let own = base64(&password);
    let (dsn, upper) = (format!("db://{user}:{password}@host"), user.to_uppercase());
    world.watch_for(&own);
    let secret = world
        .holds(
            "app",
            &[
                ("dsn", &dsn),
                ("from-secret", &upper),
                ("other", "1"),
                ("own", &own),
                ("password", &password),
                ("user", &user),
            ],
        )
        .await;
    let metadata = &secret["metadata"];
    assert_eq!(secret["type"], "example.com/made");
    assert_eq!(metadata["labels"]["for"], user.len().to_string());
    assert_eq!(metadata["labels"]["team"], Value::Null, "with a template nothing is copied");
    assert_eq!(metadata["annotations"]["by"], "template");
    assert_eq!(metadata["annotations"]["literal"], password.len().to_string());
    assert_eq!(metadata["finalizers"], json!(["example.com/kept"]));
    world.patch(Kind::Secret, "app", json!({ "metadata": { "finalizers": null } })).await;
    world.end().await;
}

fn base64(text: &str) -> String {
    crate::harness::encoded(text)
}

#[tokio::test]
async fn what_a_template_stands_in_is_rendered_when_it_comes_changes_and_comes_back() {
    let double = aws();
    let world = Setup::new("template-source").aws(&double.url()).start().await;
    world.aws_store().await;
    let value = world.canary("value");
    double.put("db", &value).unwrap();
    let made = object("app").key("value", "db").every("1h");
    world
        .create(made.with("/spec/target/template", json!({ "templateFrom": from_map("tpl", "made") })))
        .await;
    let missing = "could not update secret: could not apply template: error fetching templateFrom data: configmap \
                   \"tpl\" not found";
    world.fails("app", missing).await;

    world.create(config_map("tpl", json!({ "made": "one {{ .value }}" }))).await;
    world.holds("app", &[("made", &format!("one {value}"))]).await;
    world.patch(Kind::ConfigMap, "tpl", json!({ "data": { "made": "two {{ .value }}" } })).await;
    world.holds("app", &[("made", &format!("two {value}"))]).await;
    world.delete(Kind::ConfigMap, "tpl").await;
    world.fails("app", missing).await;
    world.holds("app", &[("made", &format!("two {value}"))]).await;
    world.create(config_map("tpl", json!({ "made": "three {{ .value }}" }))).await;
    world.holds("app", &[("made", &format!("three {value}"))]).await;
    world.synced("app").await;
    world.end().await;
}

#[tokio::test]
async fn a_failing_template_names_its_key_and_its_line_and_leaks_no_value() {
    let double = aws();
    let world = Setup::new("template-failing").aws(&double.url()).start().await;
    world.aws_store().await;
    double.put("db", &world.canary("value")).unwrap();
    for (name, text, at) in [
        ("fail", "a\n{{ fail .value }}", "line 2, column 4"),
        ("missing", "{{ .nothing }}", "line 1, column 4"),
        ("date", "{{ mustToDate \"2006\" .value }}", "line 1, column 4"),
        ("url", "{{ urlParse .value | fail }}", "line 1, column "),
        ("parse", "{{ .value", "line 1, column "),
    ] {
        let template = json!({ "data": { "key-of-it": text } });
        let made = object(name).key("value", "db").every("1s").with("/spec/target/template", template);
        world.create(made).await;
        let message =
            world.fails(name, "could not update secret: could not apply template: unable to ").await;
        assert!(message.contains("at key key-of-it: ") && message.contains(at), "{message}");
        assert_eq!(world.get(Kind::Secret, name).await, None);
        eventually("an event tells of it", async || match world.told(name, "Warning UpdateFailed").await {
            0 => Err("none".to_owned()),
            _ => Ok(()),
        })
        .await;
    }
    world.end().await;
}

#[tokio::test]
async fn what_chance_made_stays_until_a_value_changes() {
    let double = aws();
    let world = Setup::new("template-chance").aws(&double.url()).start().await;
    world.aws_store().await;
    let (first, second) = (world.canary("first"), world.canary("second"));
    double.put("db", &first).unwrap();
    let template = json!({ "data": { "made": "{{ .value }} {{ randAlphaNum 20 }} {{ now | unixEpoch }}" } });
    let made = object("app").key("value", "db").every("1s").with("/spec/target/template", template);
    world.create(made).await;
    world.synced("app").await;
    let made = world.get(Kind::Secret, "app").await.expect("it was made");
    let reads = values_read(&double);
    eventually("it was read four times more", async || match values_read(&double) - reads {
        4.. => Ok(()),
        fewer => Err(format!("{fewer} times")),
    })
    .await;
    let still = world.get(Kind::Secret, "app").await.expect("it is there");
    assert_eq!(version(&still), version(&made), "it was written again");
    double.put("db", &second).unwrap();
    world.until(Kind::Secret, "app", "is made anew", |secret| version(secret) != version(&made)).await;
    world.end().await;
}

#[tokio::test]
async fn rendered_labels_are_kept_as_rendered_and_go_with_their_templates() {
    let double = aws();
    let world = Setup::new("template-labels").aws(&double.url()).start().await;
    world.aws_store().await;
    double.put("db", &world.canary("value")).unwrap();
    let template = json!({ "metadata": { "labels": { "a": "{{ len .value }}", "b": "2" } } });
    let made = object("app").key("value", "db").every("1h").with("/spec/target/template", template);
    world.create(made).await;
    world.synced("app").await;
    let label = |secret: &Value, name: &str| secret["metadata"]["labels"][name].clone();
    let secret = world.get(Kind::Secret, "app").await.expect("it was made");
    let rendered = label(&secret, "a");
    assert!(rendered.is_string(), "{secret}");

    world
        .patch(Kind::Secret, "app", json!({ "metadata": { "labels": { "a": "edited", "theirs": "1" } } }))
        .await;
    world.until(Kind::Secret, "app", "has its label again", |secret| label(secret, "a") == rendered).await;
    let spec = json!({ "spec": { "target": { "template": { "metadata": { "labels": { "b": null } } } } } });
    world.patch(Kind::ExternalSecret, "app", spec).await;
    let secret =
        world.until(Kind::Secret, "app", "has lost a label", |secret| label(secret, "b").is_null()).await;
    assert_eq!((label(&secret, "a"), label(&secret, "theirs")), (rendered, json!("1")));
    world.end().await;
}

#[tokio::test]
async fn an_immutable_target_is_made_once() {
    let double = aws();
    let world = Setup::new("immutable").aws(&double.url()).start().await;
    world.aws_store().await;
    let (first, second) = (world.canary("first"), world.canary("second"));
    double.put("db", &first).unwrap();
    let made = object("app").label("team", "blue").key("value", "db").every("1s");
    world.create(made.with("/spec/target/immutable", json!(true))).await;
    let secret = world.holds("app", &[("value", &first)]).await;
    assert_eq!(secret["immutable"], true);
    world.synced("app").await;

    double.put("db", &second).unwrap();
    let reads = values_read(&double);
    eventually("it was read twice more", async || match values_read(&double) - reads {
        2.. => Ok(()),
        fewer => Err(format!("{fewer} times")),
    })
    .await;
    // As measured of the original: it keeps its value, and is in step.
    world.holds("app", &[("value", &first)]).await;
    world.synced("app").await;
    world.patch(Kind::ExternalSecret, "app", json!({ "metadata": { "labels": { "team": "red" } } })).await;
    let is_red = |secret: &Value| secret["metadata"]["labels"]["team"] == "red";
    world.until(Kind::Secret, "app", "has the new label", is_red).await;
    world.holds("app", &[("value", &first)]).await;
    world.synced("app").await;

    let theirs =
        json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "theirs" }, "immutable": true });
    world.create(theirs).await;
    world.create(object("theirs").key("value", "db").every("1h")).await;
    world.fails("theirs", "could not update secret, target is immutable").await;
    world.end().await;
}

#[tokio::test]
async fn values_are_found_named_anew_and_decoded_from_both_stores() {
    let double = aws();
    let world = Setup::new("found").aws(&double.url()).start().await;
    world.aws_store().await;
    let mount = world.vault_store().await;
    mount.let_find().await;
    let [one, two, three] = ["one", "two", "three"].map(|name| world.canary(name));
    double.put("app/one", &base64(&one)).unwrap();
    double.put("app/two", &base64(&two)).unwrap();
    double.put("other", "not meant").unwrap();
    mount.put("app/three", &json!({ "v": three })).await;
    mount.put("other", &json!({ "v": "not meant" })).await;
    for value in [&one, &two] {
        world.watch_for(&base64(value));
    }
    let cut = json!({ "regexp": { "source": "^app/(.*)$", "target": "found.$1" } });
    let upper = json!({ "transform": { "template": "{{ .value | upper }}" } });
    let find = json!({ "name": { "regexp": "^app/" } });
    let from = json!([
        { "find": { "name": { "regexp": "^app/" }, "decodingStrategy": "Base64" }, "rewrite": [cut, upper] },
        { "find": find, "sourceRef": { "storeRef": { "name": "vault" } }, "rewrite": [{ "merge": {} }] },
    ]);
    world.create(object("app").every("1s").with("/spec/dataFrom", from)).await;
    world.holds("app", &[("FOUND.ONE", &one), ("FOUND.TWO", &two), ("v", &three)]).await;
    world.synced("app").await;
    let four = world.canary("four");
    double.put("app/four", &base64(&four)).unwrap();
    world.watch_for(&base64(&four));
    let all = [("FOUND.FOUR", &*four), ("FOUND.ONE", &one), ("FOUND.TWO", &two), ("v", &three)];
    world.holds("app", &all).await;
    double.delete("app/one").unwrap();
    world.holds("app", &[("FOUND.FOUR", &four), ("FOUND.TWO", &two), ("v", &three)]).await;
    world.end().await;
}

#[tokio::test]
async fn windows_hold_the_timer_and_nobody_else() {
    let double = aws();
    let world = Setup::new("windows").aws(&double.url()).start().await;
    world.aws_store().await;
    let [first, second, third] = ["first", "second", "third"].map(|name| world.canary(name));
    double.put("db", &first).unwrap();
    let windows =
        |kind: &str| json!({ "kind": kind, "windows": [{ "schedule": "* * * * *", "duration": "10m" }] });
    for (name, kind) in [("denied", "deny"), ("allowed", "allow")] {
        let made = object(name).key("value", "db").every("1s").with("/spec/syncWindows", windows(kind));
        world.create(made).await;
        world.holds(name, &[("value", &first)]).await;
        world.synced(name).await;
    }
    double.put("db", &second).unwrap();
    world.holds("allowed", &[("value", &second)]).await;
    world.holds("denied", &[("value", &first)]).await;
    world
        .patch(
            Kind::ExternalSecret,
            "denied",
            json!({ "metadata": { "annotations": { "force-sync": "1" } } }),
        )
        .await;
    world.holds("denied", &[("value", &second)]).await;
    double.put("db", &third).unwrap();
    world.holds("allowed", &[("value", &third)]).await;
    world.holds("denied", &[("value", &second)]).await;
    world.end().await;
}

#[tokio::test]
async fn a_generator_is_told_not_to_be_served() {
    let world = Setup::new("generator").start().await;
    let source = json!([{ "sourceRef": { "generatorRef": { "kind": "Password", "name": "p" } } }]);
    world.create(object("app").with("/spec/dataFrom", source)).await;
    let message = world
        .fails(
            "app",
            "could not get secret data from provider: spec.dataFrom[0].sourceRef.generatorRef: generators",
        )
        .await;
    assert!(message.ends_with("are not served by this version (Password p)"), "{message}");
    let said = world.get(Kind::ExternalSecret, "app").await.expect("it is there");
    assert_eq!(Condition::of(&said).map(|condition| condition.reason), Some("SecretSyncedError".to_owned()));
    world.end().await;
}
