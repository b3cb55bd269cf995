//! What the webhook filled follows its store: in the process that filled it, in its next life, and where another one leads.

use eso_rig::FastAws;
use serde_json::{Value, json};

use super::{check, version};
use crate::harness::{INTERVAL, Kind, RECORD, Setup, World, asking, aws, encoded, eventually};

/// The Secret `app`, which asks for `db` each second.
fn app() -> Value {
    let mut asked = asking("app", &[("url", "db://joe:${eso:db}@db"), ("own", "as it is")]);
    asked["metadata"]["annotations"][INTERVAL] = json!("1s");
    asked
}

/// A world with the store `main`, and a value for `db`.
async fn world(setup: Setup) -> (World, FastAws, String) {
    let double = aws();
    let world = setup.webhooks().aws(&double.url()).start().await;
    world.aws_store().await;
    let value = put(&world, &double, "first");
    (world, double, value)
}

/// Gives `db` another value.
fn put(world: &World, double: &FastAws, name: &str) -> String {
    let value = world.canary(name);
    double.put("db", &value).unwrap();
    value
}

/// How many reviews of Secrets that ask were answered, and how.
async fn reviews(world: &World) -> Vec<String> {
    let metrics = world.operator.metrics().await.unwrap();
    let of_these =
        |line: &&str| line.starts_with("eso_admission_reviews_total{") && line.contains("/references");
    metrics.lines().filter(of_these).map(str::to_owned).collect()
}

/// Waits until `app` holds this value, and answers it.
async fn holds(world: &World, value: &str) -> Value {
    world.holds("app", &[("own", "as it is"), ("url", &format!("db://joe:{value}@db"))]).await
}

#[tokio::test]
async fn what_the_webhook_filled_follows_its_store_and_does_so_after_a_restart() {
    let (world, double, first) = world(Setup::new("admission-follows")).await;
    let url = format!("db://joe:{first}@db");
    let made = check(world.make(&app(), None).await, &[("own", "as it is"), ("url", &url)]);
    let reviews = reviews(&world).await;
    let second = put(&world, &double, "second");
    let followed = holds(&world, &second).await;
    assert_eq!(self::reviews(&world).await, reviews, "our own writes do not come back to us");
    world.told("app", "Normal Updated secret updated").await;
    let record = |secret: &Value| secret["metadata"]["annotations"][RECORD].clone();
    assert_eq!((record(&followed), &followed["metadata"]["uid"]), (record(&made), &made["metadata"]["uid"]));

    // The next life finds the key that the first one made: what was sealed before is good.
    world.operator.kill();
    let third = put(&world, &double, "third");
    world.operator.restart().await;
    holds(&world, &third).await;
    world.admits().await;
    let mark = world.mark().await;
    let again = world.apply("gitops", "", &app()).await.taken();
    assert_eq!(
        again["data"]["url"],
        encoded(&format!("db://joe:{third}@db")),
        "it is known what it was filled with"
    );
    let fourth = put(&world, &double, "fourth");
    let last = holds(&world, &fourth).await;
    assert_eq!(record(&last), record(&made));
    let denied = world.asked(mark).await.matching(|request| request.status == 403);
    assert!(denied.is_empty(), "{denied:?}");
    world.end().await;
}

#[tokio::test]
async fn what_one_process_filled_follows_its_store_where_another_one_begins_to_lead() {
    let lease = ["lease-duration=6s", "renew-deadline=5s", "retry-period=200ms"];
    let (world, double, first) = world(Setup::new("admission-leaders").elects(&lease)).await;
    world.leads(&world.operator).await;
    let replica = world.replica().await;
    check(world.make(&app(), None).await, &[("own", "as it is"), ("url", &format!("db://joe:{first}@db"))]);
    let second = put(&world, &double, "second");
    holds(&world, &second).await;
    assert_eq!(replica.logged("this process leads"), Vec::<String>::new());
    world.operator.kill();
    let third = put(&world, &double, "third");
    world.leads(&replica).await;
    holds(&world, &third).await;
    assert!(replica.terminate().await.success(), "{}", replica.log());
    world.end().await;
}

#[tokio::test]
async fn another_manager_applies_it_over_what_was_refreshed_only_by_force_and_changes_nothing() {
    let (world, double, _) = world(Setup::new("admission-managers")).await;
    world.apply("gitops", "", &app()).await.taken();
    let second = put(&world, &double, "second");
    holds(&world, &second).await;
    // What stands in `stringData` is nobody's field, and what stands in `data` is one.
    let path = format!("{}?fieldManager=gitops", world.path(Kind::Secret, "app"));
    let apply =
        async |asked: &Value| world.ask(("PATCH", "application/apply-patch+yaml"), &path, asked, None).await;
    let applied = apply(&app()).await.taken();
    assert_eq!(applied["data"]["url"], encoded(&format!("db://joe:{second}@db")));
    let mut as_data = app();
    as_data["stringData"] = json!(null);
    as_data["data"] = json!({ "url": encoded("db://joe:${eso:db}@db"), "own": encoded("as it is") });
    let refused = apply(&as_data).await;
    assert_eq!(refused.status, 409, "{refused:?}");
    let said = refused.body["message"].as_str().unwrap();
    assert!(said.contains("conflict with \"external-secrets\""), "{said}");
    let forced = world.apply("gitops", "", &as_data).await.taken();
    assert_eq!(forced["data"]["url"], encoded(&format!("db://joe:{second}@db")));
    // One that says nothing of the values owns none of them, and takes none away.
    let labels = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "app", "labels": { "team": "a" } },
    });
    let labelled = world.apply("other", "", &labels).await.taken();
    assert_eq!((&labelled["data"], &labelled["metadata"]["labels"]["team"]), (&forced["data"], &json!("a")));
    // One that asks for something else has that read, and it is followed from then on.
    double.put("other", "ours").unwrap();
    let mut other = app();
    other["stringData"]["url"] = json!("${eso:other}");
    let other = world.apply("other", "", &other).await.taken();
    assert_eq!(other["data"]["url"], encoded("ours"));
    double.put("other", "ours again").unwrap();
    world.holds("app", &[("own", "as it is"), ("url", "ours again")]).await;
    world.end().await;
}

#[tokio::test]
async fn kubectl_applies_and_compares_it_without_a_difference() {
    let (world, double, first) = world(Setup::new("admission-kubectl")).await;
    for (name, flags) in [("client", &[][..]), ("server", &["--server-side", "--force-conflicts"])] {
        let mut asked = app();
        asked["metadata"]["name"] = json!(name);
        asked["metadata"]["annotations"][INTERVAL] = json!("1h");
        let file = world.kubeconfig().with_file_name(format!("{name}.json"));
        std::fs::write(&file, asked.to_string()).unwrap();
        let file = file.to_str().unwrap();
        let kubectl = async |verb: &[&str]| {
            let arguments = [verb, flags, &["-f", file]].concat();
            world.kubectl(&arguments).await
        };
        kubectl(&["apply"]).await;
        let expected = format!("db://joe:{first}@db");
        world.holds(name, &[("own", "as it is"), ("url", &expected)]).await;
        // Its refreshing says how it stands, once.
        let is_judged =
            |secret: &Value| secret["metadata"]["annotations"].to_string().contains("SecretSynced");
        let before = world.until(Kind::Secret, name, "is in step", is_judged).await;
        let reads = double.calls().len();
        assert_eq!(kubectl(&["diff"]).await, "", "{name}");
        kubectl(&["apply", "--dry-run=server"]).await;
        let applied = kubectl(&["apply"]).await;
        let after = world.get(Kind::Secret, name).await.unwrap();
        assert_eq!(version(&after), version(&before), "{name}: {applied}");
        assert_eq!(double.calls().len(), reads, "nothing was read for it");
    }
    world.end().await;
}

#[tokio::test]
async fn a_filled_secret_that_a_store_logs_in_with_costs_no_login_for_what_is_said_of_it() {
    let (world, double, _) =
        world(Setup::new("admission-credential").argument("--status-heartbeat=1s")).await;
    let [id, key] = ["id", "key"].map(|name| world.canary(&format!("second-{name}")));
    double.put("keys", &json!({ "id": id, "key": key }).to_string()).unwrap();
    let mut keys = asking("keys", &[("access-key", "eso:keys#id"), ("secret-access-key", "eso:keys#key")]);
    keys["metadata"]["annotations"][INTERVAL] = json!("1s");
    check(world.make(&keys, None).await, &[("access-key", &id), ("secret-access-key", &key)]);
    let second = eso_testkit::objects::store("second").provider("aws", &crate::harness::aws_spec("keys"));
    world.create(second).await;
    world.store_says(Kind::SecretStore, "second", "Valid", "store validated").await;
    world.create(eso_testkit::objects::object("user").store("second").key("a", "db").every("1h")).await;
    world.synced("user").await;
    let user = world.get(Kind::ExternalSecret, "user").await.unwrap();
    let stands =
        |secret: &Value| secret["metadata"]["annotations"]["admission.external-secrets.io/status"].clone();
    let mut last = Value::Null;
    for _ in 0..3 {
        let said = |secret: &Value| stands(secret).is_string() && stands(secret) != last;
        last = stands(&world.until(Kind::Secret, "keys", "says how it stands", said).await);
    }
    world.kubectl(&["label", "secret/keys", "team=a"]).await;
    // A store that was connected anew has its objects read again.
    let reconnected = world.get(Kind::ExternalSecret, "user").await.unwrap();
    assert_eq!(reconnected["status"]["refreshTime"], user["status"]["refreshTime"]);
    let new = world.canary("new-id");
    double.put("keys", &json!({ "id": new, "key": key }).to_string()).unwrap();
    let other = put(&world, &double, "other");
    world.holds("user", &[("a", &other)]).await;
    eventually("it is another credential", async || {
        match world.get(Kind::Secret, "keys").await.unwrap()["data"]["access-key"] == encoded(&new) {
            true => Ok(()),
            false => Err("it is the old one".to_owned()),
        }
    })
    .await;
    world.end().await;
}
