//! What stores say of themselves: conditions, reasons, capabilities, columns, events and metrics, as the original's.

mod recorded;

use eso_rig::Fault;
use eso_testkit::objects::{object, store};
use serde_json::{Value, json};

use crate::harness::{Condition, Kind, Mount, Setup, World, aws, aws_spec, eventually, in_words};

const BAD: &str = "InvalidProviderConfig";

/// A store of this spec, made and waited for until it says so; answers it.
async fn says(world: &World, name: &str, spec: Value, reason: &str, beginning: &str) -> Value {
    world.create(json!({ "kind": "SecretStore", "apiVersion": "external-secrets.io/v1", "metadata": { "name": name }, "spec": spec })).await;
    world.store_says(Kind::SecretStore, name, reason, beginning).await
}

/// The value of a store's metric for a status of its condition.
async fn metric(world: &World, name: &str, status: &str) -> Option<f64> {
    let namespace = &world.namespace;
    let labels = format!("condition=\"Ready\",name=\"{name}\",namespace=\"{namespace}\",status=\"{status}\"");
    world.operator.metric(&format!("secretstore_status_condition{{{labels}}}")).await
}

#[tokio::test]
async fn a_store_says_what_is_wrong_in_its_condition_an_event_and_a_metric() {
    let world = Setup::new("stores-say").start().await;
    let mount = Mount::of(&world).await;
    world.create_secret("empty", &[("other", "o")]).await;
    world.create_secret("wrong", &[("token", &world.canary("token"))]).await;
    world.create_secret("right", &[("token", &mount.token)]).await;
    let vault = |secret: &str| json!({ "provider": { "vault": mount.spec(secret) } });
    let untrusted = |authority: &str| {
        let mut spec = vault("right");
        spec["provider"]["vault"]["caBundle"] = json!(authority);
        spec
    };
    let nowhere = json!({ "provider": { "vault": mount.spec_at("http://127.0.0.1:9", "right") } });
    let missing =
        format!("secret \"none\" from namespace \"{}\": secrets \"none\" not found", world.namespace);
    let cases = [
        ("no-secret", json!({ "provider": { "aws": aws_spec("none") } }), missing.as_str()),
        ("no-key", json!({ "provider": { "aws": aws_spec("empty") } }), "access-key"),
        ("no-token", vault("none"), &missing),
        ("wrong-token", vault("wrong"), "the token is wrong"),
        ("nowhere", nowhere, "check the address and the network"),
        ("no-authority", untrusted("bm90IGEgY2VydGlmaWNhdGU="), "caBundle"),
        ("unknown", json!({ "provider": { "gcpsm": { "projectID": "p" } } }), "gcpsm"),
        ("certificates", with_service(aws_spec("right"), "CertificateManager"), "CertificateManager"),
        ("interval", json!({ "provider": { "fake": { "data": [] } }, "refreshInterval": "soon" }), "soon"),
    ];
    for (name, spec, clause) in cases {
        let store = says(&world, name, spec, BAD, "unable to ").await;
        let Condition { status, message, .. } = Condition::of(&store).unwrap();
        assert!(status == "False" && message.contains(clause), "{name}: {message}");
        assert_eq!(store["status"].get("capabilities"), None, "{name}");
        eventually(&format!("the event of {name}"), async || match &*world.events(name).await {
            [event] if event.starts_with("Warning InvalidProviderConfig ") && event.contains(clause) => {
                Ok(())
            }
            events => Err(format!("{events:?}")),
        })
        .await;
        assert_eq!(
            (metric(&world, name, "True").await, metric(&world, name, "False").await),
            (Some(0.0), Some(1.0))
        );
    }
    let good = says(&world, "good", vault("right"), "Valid", "store validated").await;
    assert_eq!(good["status"]["capabilities"], "ReadWrite");
    assert_eq!(
        (metric(&world, "good", "True").await, metric(&world, "good", "False").await),
        (Some(1.0), Some(0.0))
    );
    world.delete(Kind::SecretStore, "good").await;
    eventually("its metric is gone", async || match metric(&world, "good", "True").await {
        None => Ok(()),
        Some(value) => Err(value.to_string()),
    })
    .await;
    world.end().await;
}

fn with_service(mut spec: Value, service: &str) -> Value {
    spec["service"] = json!(service);
    json!({ "provider": { "aws": spec } })
}

#[tokio::test]
async fn a_store_of_a_provider_that_is_not_known_is_left_as_it_is_and_one_of_another_class_untouched() {
    let world = Setup::new("stores-others").start().await;
    let spec = json!({
        "provider": { "gcpsm": { "projectID": "p", "auth": { "secretRef": { "deep": [1, { "x": null }] } } } },
        "retrySettings": { "maxRetries": 5, "retryInterval": "10s" },
    });
    let store = says(&world, "unknown", spec, BAD, "unable to create client: ").await;
    let made = json!({ "secretRef": { "deep": [1, { "x": null }] } });
    assert_eq!(store["spec"]["provider"]["gcpsm"]["auth"], made);
    assert_eq!((&store["metadata"]["generation"], store["metadata"].get("finalizers")), (&json!(1), None));
    let foreign = json!({
        "apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": { "name": "theirs" },
        "spec": { "controller": "theirs", "provider": { "fake": { "data": [{ "key": "db", "value": "v" }] } } },
    });
    let untouched = world.create(foreign).await;
    // One watch shows all stores in their order: once this one is valid, the operator knows that one.
    let fake = json!({ "provider": { "fake": { "data": [{ "key": "db", "value": "v" }] } } });
    says(&world, "later", fake, "Valid", "store validated").await;
    let waiting = world.create(object("theirs").store("theirs").key("password", "db")).await;
    world.create(object("unknown").store("unknown").key("password", "db")).await;
    let message = world.fails("unknown", "could not get secret data from provider").await;
    assert!(message.contains("SecretStore \"unknown\" is not ready"), "{message}");
    // The object of the unknown store came last: the others had their turn.
    for (kind, before) in [(Kind::SecretStore, untouched), (Kind::ExternalSecret, waiting)] {
        let after = world.get(kind, "theirs").await.unwrap();
        assert_eq!(after["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"], "{kind:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_store_that_names_another_namespace_reads_nothing_there_and_says_why() {
    let world = Setup::new("stores-foreign").start().await;
    let victim = world.cluster.plane.namespace("stores-victim").await.unwrap();
    let secrets = format!("/api/v1/namespaces/{victim}/secrets");
    let keys = ["access-key", "secret-access-key", "token", "ca.crt"]
        .map(|key| (key.to_owned(), json!(world.canary(key))));
    let entries: serde_json::Map<String, Value> = keys.into_iter().collect();
    let secret = json!({ "metadata": { "name": "theirs" }, "stringData": entries });
    world.call("POST", &secrets, Some(&secret)).await.unwrap();
    let mark = world.mark().await;

    let theirs = json!({ "name": "theirs", "namespace": victim, "key": "token" });
    let own = json!({ "name": "own", "key": "token" });
    let account = json!({ "name": "default", "namespace": victim });
    let aws = |auth: Value| json!({ "aws": { "service": "SecretsManager", "region": "us-east-1", "auth": { "secretRef": auth } } });
    let vault = |auth: Value| json!({ "vault": { "server": "http://127.0.0.1:9", "auth": auth } });
    let authority = json!({ "type": "Secret", "name": "theirs", "namespace": victim, "key": "ca.crt" });
    let keys = json!({ "accessKeyIDSecretRef": theirs, "secretAccessKeySecretRef": own });
    let cases = [
        ("", aws(keys.clone())),
        ("", aws(json!({ "accessKeyIDSecretRef": own, "secretAccessKeySecretRef": theirs }))),
        (
            "",
            aws(
                json!({ "accessKeyIDSecretRef": own, "secretAccessKeySecretRef": own, "sessionTokenSecretRef": theirs }),
            ),
        ),
        ("Auth.TokenSecretRef", vault(json!({ "tokenSecretRef": theirs }))),
        ("Auth.AppRole.RoleRef", vault(json!({ "appRole": { "roleRef": theirs, "secretRef": own } }))),
        ("Auth.AppRole.SecretRef", vault(json!({ "appRole": { "roleId": "r", "secretRef": theirs } }))),
        (
            "Auth.Kubernetes.ServiceAccountRef",
            vault(json!({ "kubernetes": { "role": "demo", "serviceAccountRef": account } })),
        ),
        (
            "Auth.Kubernetes.SecretRef",
            vault(json!({ "kubernetes": { "role": "demo", "secretRef": theirs } })),
        ),
        ("Auth.UserPass.SecretRef", vault(json!({ "userPass": { "username": "u", "secretRef": theirs } }))),
        ("Auth.Cert.ClientCert", vault(json!({ "cert": { "clientCert": theirs, "secretRef": own } }))),
        (
            "Auth.Jwt.KubernetesServiceAccountToken.ServiceAccountRef",
            vault(json!({ "jwt": { "kubernetesServiceAccountToken": { "serviceAccountRef": account } } })),
        ),
        ("Auth.TokenSecretRef", vault(json!({ "iam": { "vaultRole": "r", "secretRef": keys } }))),
        (
            "",
            json!({ "vault": { "server": "http://127.0.0.1:9", "caProvider": authority, "auth": { "tokenSecretRef": own } } }),
        ),
    ];
    for (number, (named, provider)) in cases.into_iter().enumerate() {
        // The original's words for what its webhook refuses.
        let named = if named.is_empty() { String::new() } else { format!("invalid {named}: ") };
        let refused = format!(
            "unable to create client: {named}namespace should either be empty or match the namespace of the SecretStore"
        );
        says(&world, &format!("foreign-{number}"), json!({ "provider": provider }), BAD, &refused).await;
    }
    let asked = world.cluster.plane.since(mark).await.unwrap().by(&world.user());
    assert!(asked.namespace(&victim).is_empty(), "{:?}", asked.namespace(&victim));
    assert_eq!(in_words(&asked.verb("get")), [""; 0], "not even what it may read is read for such a store");
    world.end().await;
}

#[tokio::test]
async fn the_conditions_of_a_cluster_store_let_in_by_name_pattern_and_label() {
    let world = Setup::new("stores-cluster").argument("--controller-class=stores-cluster").start().await;
    let value = world.canary("value");
    let condition = |name: &str| match name {
        "name" => json!({ "namespaces": ["elsewhere", world.namespace] }),
        "pattern" => json!({ "namespaceRegexes": ["^nowhere$", "ores-clus"] }),
        "label" => json!({ "namespaceSelector": { "matchLabels": { "team": "a" } } }),
        "other-name" => json!({ "namespaces": ["elsewhere"] }),
        "nobody" => json!({}),
        other => panic!("there is no such case: {other}"),
    };
    let of = |name: &str| format!("{}-{name}", world.namespace);
    for name in ["name", "pattern", "label", "other-name", "nobody"] {
        let spec = store(&of(name)).for_cluster().value("db", &value);
        let spec = spec.with("/spec/controller", json!("stores-cluster"));
        world.create(spec.with("/spec/conditions", json!([condition(name)]))).await;
        let store = world.store_says(Kind::ClusterSecretStore, &of(name), "Valid", "store validated").await;
        assert_eq!(store["status"]["capabilities"], "ReadOnly");
        world.create(object(name).cluster_store(&of(name)).key("password", "db")).await;
    }
    for name in ["name", "pattern"] {
        world.synced(name).await;
        world.holds(name, &[("password", &value)]).await;
    }
    for name in ["label", "other-name", "nobody"] {
        let message = world.fails(name, "could not get secret data from provider").await;
        let refusal = format!("using cluster store \"{}\" is not allowed from namespace", of(name));
        assert!(message.contains(&refusal), "{message}");
        assert!(world.get(Kind::Secret, name).await.is_none());
    }
    world
        .patch(Kind::Namespace, &world.namespace, json!({ "metadata": { "labels": { "team": "a" } } }))
        .await;
    world.synced("label").await;
    world.holds("label", &[("password", &value)]).await;
    world.end().await;
}

#[tokio::test]
async fn a_policy_that_denies_the_batch_call_is_said_once_and_costs_one_call() {
    let aws = aws();
    let world = Setup::new("stores-batch").aws(&aws.url()).start().await;
    aws.fault(Fault::deny_batch());
    let (first, second) = (world.canary("first"), world.canary("second"));
    aws.put("first", &first).unwrap();
    aws.put("second", &second).unwrap();
    world.aws_store().await;
    let mark = world.mark().await;
    world.create(object("app").key("first", "first").key("second", "second").every("1s")).await;
    world.holds("app", &[("first", &first), ("second", &second)]).await;
    let notice = "store validated: secrets are read one by one: allow secretsmanager:BatchGetSecretValue";
    world.store_says(Kind::SecretStore, "main", "Valid", notice).await;
    eventually("it is read a few times more", async || match aws.count("GetSecretValue") {
        reads if reads >= 10 => Ok(()),
        reads => Err(reads.to_string()),
    })
    .await;
    assert_eq!(aws.count("BatchGetSecretValue"), 1);
    assert_eq!(world.asked(mark).await.resource("secretstores").len(), 1);
    assert_eq!(world.told("main", &format!("Normal Valid {notice}")).await, 1);
    world.end().await;
}

#[tokio::test]
async fn a_store_is_validated_at_its_own_interval_and_says_when_its_login_is_over() {
    let world = Setup::new("stores-own").start().await;
    let mount = Mount::of(&world).await;
    world.create_secret("token", &[("token", &mount.token)]).await;
    let spec = json!({ "provider": { "vault": mount.spec("token") }, "refreshInterval": 1 });
    says(&world, "main", spec, "Valid", "store validated").await;
    let (mark, of_vault) = (world.mark().await, mount.server.mark().unwrap());
    let policies = [mount.name.clone()];
    let lookups = || {
        let requests = mount.server.since(of_vault).unwrap().path("auth/token/lookup-self");
        requests.matching(|request| request.policies.iter().any(|policy| policies.contains(policy))).len()
    };
    eventually("it is validated again and again", async || match lookups() {
        lookups if lookups >= 3 => Ok(()),
        lookups => Err(lookups.to_string()),
    })
    .await;
    assert_eq!(
        in_words(&world.asked(mark).await),
        [""; 0],
        "a validation that says nothing new costs nothing here"
    );
    mount.server.write("auth/token/revoke", &json!({ "token": mount.token })).await.unwrap();
    let over = "unable to validate store: invalid vault credentials: the token is wrong, or its life is over";
    world.store_says(Kind::SecretStore, "main", BAD, over).await;
    assert_eq!(metric(&world, "main", "False").await, Some(1.0));
    let fresh = mount.server.token(&[&mount.name], &json!({})).await.unwrap();
    world.watch_for(&fresh);
    world.patch(Kind::Secret, "token", json!({ "stringData": { "token": fresh } })).await;
    world.store_says(Kind::SecretStore, "main", "Valid", "store validated").await;
    world.end().await;
}

#[tokio::test]
async fn a_read_is_tried_again_as_often_as_the_store_says() {
    let double = aws();
    let world = Setup::new("stores-retries").aws(&double.url()).start().await;
    let (id, key) = (world.canary("id"), world.canary("key"));
    world.create_secret("aws-keys", &[("access-key", &id), ("secret-access-key", &key)]).await;
    for (name, retries) in [("twice", 2), ("never", 0)] {
        double.put(name, &world.canary(name)).unwrap();
        double.fault(Fault::throttle().key(name).times(2));
        let settings = json!({ "maxRetries": retries, "retryInterval": "100ms" });
        let retrying =
            store(name).provider("aws", &aws_spec("aws-keys")).with("/spec/retrySettings", settings);
        world.create(retrying).await;
        world.create(object(name).store(name).key("password", name).every("1h")).await;
        world.synced(name).await;
    }
    // By runs: the one that tries again itself needs one for three calls, and the other one each.
    for (name, failures) in [("twice", 0.0), ("never", 2.0)] {
        assert_eq!(double.count_key("GetSecretValue", name), 3, "{name}");
        let series =
            format!("externalsecret_sync_calls_error{{name=\"{name}\",namespace=\"{}\"}}", world.namespace);
        assert_eq!(world.operator.metric(&series).await.unwrap_or_default(), failures, "{name}");
    }
    world.end().await;
}
