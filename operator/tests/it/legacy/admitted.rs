//! What objects of the older group write is there from the first moment of an empty Secret: the webhook alone fills it.

use serde_json::{Value, json};

use super::{fills::empty, older, says, setup};
use crate::harness::{Answer, Kind, World, aws, encoded, entries, eventually};

/// A lease that nobody gets by waiting.
const LONG: [&str; 3] = ["lease-duration=1h", "renew-deadline=30m", "retry-period=200ms"];

/// Waits until the operator knows that an object writes this Secret.
async fn is_known(world: &World, secret: &str) {
    eventually(&format!("it is known who writes {secret}"), async || {
        let dry = world.post("?dryRun=All", &empty(secret), None).await;
        match dry.warnings.contains("a dry run reads no store") {
            true => Ok(()),
            false => Err(format!("{dry:?}")),
        }
    })
    .await;
}

#[track_caller]
fn check(answer: Answer, expected: &[(&str, &str)]) -> Value {
    assert_eq!(answer.warnings, "", "{answer:?}");
    let secret = answer.taken();
    let expected = expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    assert_eq!(entries(&secret), expected);
    secret
}

#[tokio::test]
async fn an_empty_secret_is_filled_as_it_is_made_be_it_the_target_or_filled_besides() {
    let double = aws();
    let world = setup("legacy-admitted", &double).webhooks().elects(&LONG).start().await;
    // Nobody leads: nothing but the webhook writes a value.
    world.stands_by().await;
    world.admits().await;
    let [password, other] = ["password", "other"].map(|name| world.canary(name));
    let value = json!({ "username": "me", "password": password }).to_string();
    double.put("db", &value).unwrap();
    let data = json!([
        { "key": "db", "name": "logins" }, { "key": "db", "name": "owned" }, { "key": "db", "name": "typed" },
        { "key": "db", "name": "used" },
    ]);
    world.create(older("app", "db", json!({ "data": data }))).await;
    is_known(&world, "app").await;
    is_known(&world, "logins").await;
    let whole = ["logins", "owned", "typed", "used"].map(|name| (name, value.as_str()));
    check(world.make(&empty("app"), None).await, &whole);
    let members = [("password", password.as_str()), ("username", "me")];
    let logins = check(world.make(&empty("logins"), None).await, &members);
    let object = world.get(Kind::LegacyExternalSecret, "app").await.unwrap();
    let filled_by = json!({ "external-secrets.io/filled-by": object["metadata"]["uid"] });
    assert_eq!(logins["metadata"]["annotations"], filled_by);
    assert_eq!(logins["metadata"].get("ownerReferences"), None);

    let owner = world.create(json!({ "kind": "ConfigMap", "metadata": { "name": "owner" } })).await;
    let uid = &owner["metadata"]["uid"];
    let mut owned = empty("owned");
    owned["metadata"]["ownerReferences"] =
        json!([{ "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid }]);
    let owned = check(world.make(&owned, None).await, &[]);
    assert_eq!(owned["metadata"].get("annotations"), None);
    let mut typed = empty("typed");
    typed["type"] = json!("example.com/theirs");
    check(world.make(&typed, None).await, &[]);
    let mut used = empty("used");
    used["data"] = json!({ "theirs": encoded("kept") });
    check(world.make(&used, None).await, &[("theirs", "kept")]);
    // What is emptied is one of those that are filled.
    let path = world.path(Kind::Secret, "used");
    check(world.ask(("PUT", "application/json"), &path, &empty("used"), None).await, &members);

    world.give_up_the_lease().await;
    world.leads(&world.operator).await;
    says(&world, "app", "SUCCESS").await;
    world.holds("app", &whole).await;
    let changed = json!({ "username": "me", "password": other }).to_string();
    double.put("db", &changed).unwrap();
    let changed = [("password", other.as_str()), ("username", "me")];
    for name in ["logins", "used"] {
        world.holds(name, &changed).await;
    }
    for name in ["owned", "typed"] {
        world.holds(name, &[]).await;
    }
    world.end().await;
}

#[tokio::test]
async fn what_a_namespace_does_not_permit_is_not_filled_at_admission_either() {
    let double = aws();
    let world = setup("legacy-unadmitted", &double).webhooks().elects(&LONG).start().await;
    world.stands_by().await;
    world.admits().await;
    double.put("prod/db", &json!({ "password": world.canary("password") }).to_string()).unwrap();
    let permit = async |keys: &str| {
        let annotations = json!({ "externalsecrets.kubernetes-client.io/permitted-key-name": keys });
        let namespace = world.namespace.clone();
        world.patch(Kind::Namespace, &namespace, json!({ "metadata": { "annotations": annotations } })).await;
    };
    let data = json!([{ "key": "prod/db", "name": "logins" }]);
    world.create(older("app", "prod/db", json!({ "data": data }))).await;
    is_known(&world, "app").await;
    is_known(&world, "logins").await;
    permit("^test/").await;
    eventually("what is permitted is known", async || {
        let dry = world.post("?dryRun=All", &empty("app"), None).await;
        if dry.warnings.is_empty() { Ok(()) } else { Err(dry.warnings) }
    })
    .await;
    check(world.make(&empty("app"), None).await, &[]);
    check(world.make(&empty("logins"), None).await, &[]);
    assert_eq!(double.count("GetSecretValue") + double.count("BatchGetSecretValue"), 0);
    world.end().await;
}
