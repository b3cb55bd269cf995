//! Admission, by what the API server stores: Secrets are filled, refused with a reason, or left.

mod away;
mod certificates;
mod followed;
mod guides;
mod hostile;
mod judged;
mod refreshed;

use std::sync::atomic::{AtomicBool, Ordering};

use eso_testkit::objects::{object, store};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::harness::{
    Answer, Kind, Mount, RECORD, STORE, Setup, World, asking, aws, encoded, entries, eventually, values_read,
};

/// A world whose store `main` holds a document `db` and a text `token`; and the password and the token.
async fn world(name: &str) -> (World, String, String) {
    let world = Setup::new(name).webhooks().start().await;
    let (password, token) = (world.canary("password"), world.canary("token"));
    let document = json!({ "user": "ada", "password": password }).to_string();
    world.create(store("main").value("db", &document).value("token", &token)).await;
    world.store_says(Kind::SecretStore, "main", "Valid", "store validated").await;
    (world, password, token)
}

fn version(secret: &Value) -> &str {
    secret["metadata"]["resourceVersion"].as_str().unwrap()
}

#[track_caller]
fn check(answer: Answer, expected: &[(&str, &str)]) -> Value {
    let secret = answer.taken();
    let expected = expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    assert_eq!(entries(&secret), expected);
    secret
}

#[tokio::test]
async fn a_secret_is_whole_from_its_first_moment() {
    let (world, password, token) = world("admission-filled").await;
    let docker = json!({ "auths": {
        "one.example": { "username": "ada", "password": "${eso:token}" },
        "two.example": { "username": "bob", "password": "own" },
    } })
    .to_string();
    let asked = asking(
        "app",
        &[
            ("whole", "eso:token"),
            ("inline", "db://ada:${eso:db#password}@db"),
            ("vault", "vault:db#password"),
            ("vault-inline", "u=${vault:db#user};p=${vault:db#password}"),
            ("plain", "as it is"),
        ],
    );
    let expected = [
        ("whole", token.clone()),
        ("inline", format!("db://ada:{password}@db")),
        ("vault", password.clone()),
        ("vault-inline", format!("u=ada;p={password}")),
        ("plain", "as it is".to_owned()),
    ];
    let expected = expected.each_ref().map(|(key, value)| (*key, value.as_str()));
    let made = check(world.make(&asked, None).await, &expected);
    let record = made["metadata"]["annotations"][RECORD].as_str().unwrap();
    assert!(record.contains("${vault:db#user}"), "{record}");

    let mut pulls = asking("pulls", &[(".dockerconfigjson", &docker)]);
    pulls["type"] = json!("kubernetes.io/dockerconfigjson");
    let pulls = entries(&world.make(&pulls, None).await.taken());
    assert!(pulls[".dockerconfigjson"].contains(&token) && pulls[".dockerconfigjson"].contains("own"));

    let mut nothing = asking("nothing", &[("a", "eso:token")]);
    nothing["metadata"]["annotations"] = json!({});
    check(world.make(&nothing, None).await, &[("a", "eso:token")]);
    world.end().await;
}

#[tokio::test]
async fn what_is_applied_again_changes_no_byte_and_one_reference_that_changes_is_read() {
    let (world, password, token) = world("admission-again").await;
    let asked = asking("app", &[("a", "eso:token"), ("b", "x ${eso:db#user}")]);
    check(world.apply("gitops", "", &asked).await, &[("a", &token), ("b", "x ada")]);
    // Its refreshing says how it stands, once.
    let made = world
        .until(Kind::Secret, "app", "is in step", |secret| {
            let status = &secret["metadata"]["annotations"]["admission.external-secrets.io/status"];
            status.as_str().is_some_and(|status| status.contains("SecretSynced"))
        })
        .await;
    let again = world.apply("gitops", "", &asked).await.taken();
    assert_eq!(version(&again), version(&made), "the same manifest changes nothing");

    let changed = asking("app", &[("a", "eso:token"), ("b", "y ${eso:db#password}")]);
    let new = format!("y {password}");
    let dry = world.apply("gitops", "&dryRun=All", &changed).await;
    assert!(dry.warnings.contains("a dry run reads no store"), "{dry:?}");
    let changed = check(world.apply("gitops", "", &changed).await, &[("a", &token), ("b", &new)]);
    assert_ne!(version(&changed), version(&made));

    let other = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": { "name": "app", "labels": { "team": "a" } },
    });
    check(world.apply("other", "", &other).await, &[("a", &token), ("b", &new)]);
    world.end().await;
}

#[tokio::test]
async fn who_may_not_see_it_is_told_which_right_is_missing() {
    let (world, _, token) = world("admission-rights").await;
    let asked = asking("app", &[("a", "eso:token")]);
    let role = |rules: Value| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": { "name": format!("{}-ada", world.namespace) }, "rules": rules,
        })
    };
    let bind = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": { "name": format!("{}-ada", world.namespace) },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
            "name": format!("{}-ada", world.namespace) },
        "subjects": [{ "kind": "User", "name": "ada", "apiGroup": "rbac.authorization.k8s.io" }],
    });
    let rule = |group: &str, resource: &str, verbs: &[&str]| json!({ "apiGroups": [group], "resources": [resource], "verbs": verbs });
    let creates = rule("", "secrets", &["create"]);
    world.create(role(json!([creates]))).await;
    world.create(bind).await;
    let told = async |expected: &str| {
        eventually(&format!("ada is told of {expected:?}"), async || {
            let answer = world.make(&asked, Some("ada")).await;
            let said = answer.body["message"].as_str().unwrap_or_default().to_owned();
            if said.contains(expected) { Ok(()) } else { Err(format!("{answer:?}")) }
        })
        .await;
    };
    told("user \"ada\" may not get secrets \"app\"").await;
    let name = format!("{}-ada", world.namespace);
    let may = |rules: Value| json!({ "rules": rules });
    world.patch(Kind::ClusterRole, &name, may(json!([creates, rule("", "secrets", &["get"])]))).await;
    told("user \"ada\" may not create externalsecrets.external-secrets.io").await;
    let all =
        [creates, rule("", "secrets", &["get"]), rule("external-secrets.io", "externalsecrets", &["create"])];
    world.patch(Kind::ClusterRole, &name, may(json!(all))).await;
    eventually("ada may", async || {
        let answer = world.make(&asked, Some("ada")).await;
        if answer.status == 201 { Ok(()) } else { Err(format!("{answer:?}")) }
    })
    .await;
    world.holds("app", &[("a", &token)]).await;
    world.end().await;
}

#[tokio::test]
async fn the_namespace_names_a_store_and_the_conditions_of_stores_hold() {
    let (world, _, token) = world("admission-stores").await;
    let mut asked = asking("app", &[("a", "eso:token")]);
    asked["metadata"]["annotations"] = json!({ STORE: "" });
    let refused = world.make(&asked, None).await.refused();
    assert!(refused.contains("no store is named"), "{refused}");
    let annotated = json!({ "metadata": { "annotations": { STORE: "SecretStore/main" } } });
    world.patch(Kind::Namespace, &world.namespace, annotated).await;
    check(world.make(&asked, None).await, &[("a", &token)]);

    let name = format!("{}-all", world.namespace);
    let conditions = json!([{ "namespaces": ["elsewhere"] }]);
    world
        .create(store(&name).for_cluster().value("token", &token).with("/spec/conditions", conditions))
        .await;
    world.store_says(Kind::ClusterSecretStore, &name, "Valid", "store validated").await;
    let mut asked = asking("denied", &[("a", "eso:token")]);
    asked["metadata"]["annotations"] = json!({ STORE: format!("ClusterSecretStore/{name}") });
    let refused = world.make(&asked, None).await.refused();
    assert!(refused.contains("is not allowed from namespace"), "{refused}");
    assert_eq!(world.get(Kind::Secret, "denied").await, None);
    world.delete(Kind::ClusterSecretStore, &name).await;
    world.end().await;
}

#[tokio::test]
async fn an_empty_secret_that_an_external_secret_writes_is_filled_as_it_is_made() {
    let (world, _, token) = world("admission-targets").await;
    let merging = object("merging").store("main").key("password", "token").target("app").creation("Merge");
    world.create(merging).await;
    let is_judged = |object: &Value| object["status"]["conditions"][0].is_object();
    world.until(Kind::ExternalSecret, "merging", "was looked at", is_judged).await;
    let empty = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "app" } });
    let dry = world.post("?dryRun=All", &empty, None).await;
    assert!(dry.warnings.contains("a dry run reads no store"), "{dry:?}");
    check(world.make(&empty, None).await, &[("password", &token)]);
    world.holds("app", &[("password", &token)]).await;

    let other = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "other" } });
    check(world.make(&other, None).await, &[]);
    world.end().await;
}

#[tokio::test]
async fn two_hundred_secrets_at_once_are_all_filled() {
    let double = aws();
    let world = Setup::new("admission-crowd").webhooks().aws(&double.url()).start().await;
    world.aws_store().await;
    let value = world.canary("value");
    double.put("db", &value).unwrap();
    let makes = (0..200).map(async |number: usize| {
        let asked = asking(&format!("app-{number}"), &[("a", "eso:db"), ("b", "${eso:db}"), ("c", "x")]);
        check(world.make(&asked, None).await, &[("a", &value), ("b", &value), ("c", "x")]);
    });
    join_all(makes).await;
    let read = values_read(&double);
    assert!(read <= 200, "several references to one key are one read: {read}");
    world.end().await;
}

#[tokio::test]
async fn what_a_store_does_not_give_in_time_is_refused_and_nothing_is_stored() {
    let double = aws();
    let world = Setup::new("admission-slow").webhooks().aws(&double.url());
    let world = world.argument("--webhook-timeout=2s").start().await;
    world.aws_store().await;
    double.put("db", &world.canary("value")).unwrap();
    let refused = async |name: &str, expected: &str| {
        let refused = world.make(&asking(name, &[("a", "eso:db")]), None).await.refused();
        assert!(refused.contains(expected), "{refused}");
        assert_eq!(world.get(Kind::Secret, name).await, None);
    };
    double.set_service_time(std::time::Duration::from_secs(5));
    refused("slow", "did not answer in time").await;
    double.set_service_time(std::time::Duration::ZERO);
    double.fault(eso_rig::Fault::error(400, "AccessDeniedException", "no"));
    refused("denied", "db of SecretStore \"main\"").await;
    double.clear_faults();
    double.fault(eso_rig::Fault::error(500, "InternalServiceError", "no"));
    refused("down", "db of SecretStore \"main\"").await;
    double.clear_faults();
    eventually("the store is read again", async || {
        let answer = world.make(&asking("well", &[("a", "eso:db")]), None).await;
        if answer.status == 201 { Ok(()) } else { Err(format!("{answer:?}")) }
    })
    .await;
    world.end().await;
}

#[tokio::test]
async fn while_the_webhook_is_killed_and_started_no_reference_is_ever_stored() {
    let (world, _, token) = world("admission-killed").await;
    let is_over = AtomicBool::new(false);
    let rounds = async {
        for _ in 0..3 {
            world.operator.restart().await;
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let creating = async {
        let (mut made, mut refused) = (0, 0);
        while !is_over.load(Ordering::Relaxed) {
            let name = format!("app-{}", made + refused);
            match world.make(&asking(&name, &[("a", "eso:token")]), None).await.status {
                201 => made += 1,
                _ => refused += 1,
            }
        }
        (made, refused)
    };
    let ((), (made, refused)) = tokio::join!(rounds, creating);
    assert!(made > 0 && refused > 0, "{made} were made and {refused} came while nobody answered");
    let secrets = world.call("GET", &Kind::Secret.collection(&world.namespace), None).await.unwrap();
    for secret in secrets["items"].as_array().unwrap() {
        if secret["metadata"]["name"].as_str().unwrap().starts_with("app-") {
            assert_eq!(secret["data"]["a"], encoded(&token), "{secret}");
        }
    }
    world.end().await;
}

#[tokio::test]
async fn a_standby_serves_admission_with_a_login_of_its_own_and_writes_nothing() {
    let setup = Setup::new("admission-standby").webhooks();
    let world =
        setup.elects(&["lease-duration=1h", "renew-deadline=30m", "retry-period=200ms"]).start().await;
    let mount = Mount::of(&world).await;
    let token = world.canary("token");
    mount.put("db", &json!({ "token": token })).await;
    world.create(json!({ "kind": "ServiceAccount", "metadata": { "name": "reader" } })).await;
    let login = mount.trust_service_accounts(&world, "reader").await;
    let spec = json!({ "server": mount.server.url(), "path": mount.name, "auth": { "kubernetes": login } });
    world.create(store("main").provider("vault", &spec)).await;
    world.store_says(Kind::SecretStore, "main", "Valid", "store validated").await;
    let of_leader = mount.server.mark().unwrap();
    world.stands_by().await;
    world.admits().await;
    let reference = [("a", "eso:db#token")];
    check(world.make(&asking("app", &reference), None).await, &[("a", &token)]);
    world.create(object("app-2").store("main").key("a", "db#token")).await;
    check(world.make(&asking("last", &reference), None).await, &[("a", &token)]);
    let logins = mount.server.since(of_leader).unwrap().path(&format!("auth/{}/login", mount.name)).len();
    assert_eq!(logins, 1, "the standby's own, once");
    assert_eq!(world.get(Kind::Secret, "app-2").await, None, "who does not lead writes no target");
    world.end().await;
}
