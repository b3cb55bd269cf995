//! Stores as fences between tenants: who may use a store of the cluster, and for which keys. What is denied is denied
//! before the server is asked.

mod fenced;
mod tenants;

use eso_testkit::objects::object;
use serde_json::{Value, json};

use self::fenced::Fenced;
use crate::harness::{Kind, World, eventually};

/// The original's words for a value that could not be read.
const UNREADABLE: &str = "could not get secret data from provider";

/// What is said of a key that the store's conditions do not allow.
const FENCED: &str = "denied by spec.conditions[].keys";

/// A key that must not be asked for, and how that is said.
type Denied<'a> = (&'a str, &'a str);

/// The condition that lets the test's own namespace in, for these keys.
fn own_namespace(fenced: &Fenced, keys: &Value) -> Value {
    json!([{ "namespaces": ["elsewhere", fenced.world.namespace], "keys": keys }])
}

/// Objects that ask the store `main` for each of these spellings of one key get its value.
async fn are_allowed(fenced: &Fenced, spellings: &[&str], password: &str) {
    for (number, spelling) in spellings.iter().enumerate() {
        let object = object(&format!("own-{number}")).cluster_store(&fenced.store("main"));
        fenced.world.create(object.key("password", &format!("{spelling}#password"))).await;
    }
    for number in 0..spellings.len() {
        fenced.world.holds(&format!("own-{number}"), &[("password", password)]).await;
    }
    assert!(fenced.asked().len() >= spellings.len(), "what is asked must be seen: {:?}", fenced.asked());
}

/// Objects that ask the store `main` for each of these keys say why not, and the server is not asked.
async fn are_denied(fenced: &mut Fenced, keys: &[Denied<'_>]) {
    fenced.forget();
    let store = fenced.store("main");
    for (number, (key, _)) in keys.iter().enumerate() {
        let one = object(&format!("one-{number}")).cluster_store(&store).key("password", key);
        let all = object(&format!("all-{number}")).cluster_store(&store).extract(key);
        fenced.world.create(one).await;
        fenced.world.create(all).await;
    }
    let fence = |key: &str| {
        let namespace = &fenced.world.namespace;
        format!(
            "key {key} of ClusterSecretStore {store:?} is not allowed from namespace {namespace:?}: {FENCED}"
        )
    };
    for (number, (key, says)) in keys.iter().enumerate() {
        for name in [format!("one-{number}"), format!("all-{number}")] {
            let message = fenced.world.fails(&name, UNREADABLE).await;
            let expected = if *says == FENCED { fence(key) } else { (*says).to_owned() };
            assert!(message.contains(&expected), "{name}, {key}: {message}");
            assert_eq!(fenced.world.get(Kind::Secret, &name).await, None, "{name}, {key}");
        }
    }
    assert_eq!(fenced.asked(), [""; 0]);
}

#[tokio::test]
async fn aws_is_asked_for_the_keys_of_a_namespace_and_never_for_others() {
    let mut fenced = Fenced::on_aws("fences-keys-aws").await;
    let (own, pay) = (fenced.world.canary("own"), fenced.world.canary("pay"));
    fenced.put("team-a/db", &own).await;
    fenced.put("hr/pay", &pay).await;
    fenced.create("main", own_namespace(&fenced, &json!(["team-a/*"]))).await;
    are_allowed(&fenced, &["team-a/db"], &own).await;
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:";
    let (theirs, own_too) = (format!("{arn}hr/pay"), format!("{arn}team-a/db"));
    let keys = [
        "hr/pay",
        "/hr/pay",
        "team-a",
        "team-ab/db",
        "TEAM-A/db",
        "/team-a/db",
        "team-a/../hr/pay",
        "team-a//../hr/pay",
        "team-a//db",
        "team-a/./db",
        "team-a/..",
        "../team-a/db",
        "team-a%2fdb",
        "team-a%2F..%2fhr/pay",
        &theirs,
        &own_too,
    ];
    are_denied(&mut fenced, &keys.map(|key| (key, FENCED))).await;
    fenced.world.end().await;
}

#[tokio::test]
async fn vault_is_asked_for_the_keys_of_a_namespace_however_they_are_written_and_never_for_others() {
    let mut fenced = Fenced::on_vault("fences-keys-vault").await;
    let (own, pay) = (fenced.world.canary("own"), fenced.world.canary("pay"));
    fenced.put("team-a/db", &own).await;
    fenced.put("hr/pay", &pay).await;
    // The pattern with the mount is for those who take it for the text that is written.
    let kv = fenced.world.namespace.clone();
    let patterns = json!(["team-a/*", format!("{kv}/*")]);
    fenced.create("main", own_namespace(&fenced, &patterns)).await;
    let spelt = |spellings: &[&str]| -> Vec<String> {
        spellings.iter().map(|spelling| spelling.replace("KV", &kv)).collect()
    };
    let allowed = spelt(&[
        "team-a/db",
        "/team-a/db",
        "team-a/db/",
        "KV/team-a/db",
        "KV/data/team-a/db",
        "KV/data/team-a/db/",
    ]);
    are_allowed(&fenced, &allowed.iter().map(String::as_str).collect::<Vec<_>>(), &own).await;
    let fence = spelt(&[
        "hr/pay",
        "/hr/pay",
        "hr/pay/",
        "KV/hr/pay",
        "KV/data/hr/pay",
        "KV//hr/pay",
        "KV/data//hr/pay",
        "data/team-a/db",
        "KV/team-ab/db",
        "KV/data/team-a/../hr/pay",
        "team-a/../hr/pay",
        "team-a//db",
        "team-a/./db",
        "hr%2fpay",
        "KV%2fdata%2fhr/pay",
    ]);
    let encoded = "a path must have no encoded dot, slash, backslash or null in it: write it plain";
    let refused = ["team-a/%2e%2e/hr/pay", "team-a/..%2fhr/pay", "team-a/%2fhr/pay"];
    let denied = fence.iter().map(|key| (key.as_str(), FENCED)).chain(refused.map(|key| (key, encoded)));
    are_denied(&mut fenced, &denied.collect::<Vec<_>>()).await;
    fenced.world.end().await;
}

#[tokio::test]
async fn vault_without_a_path_is_asked_for_the_keys_of_a_namespace_with_their_mount_and_never_for_others() {
    let mut fenced = Fenced::on_vault("fences-mounts").await;
    let (own, pay) = (fenced.world.canary("own"), fenced.world.canary("pay"));
    fenced.put("team-a/db", &own).await;
    fenced.put("hr/pay", &pay).await;
    let kv = fenced.world.namespace.clone();
    let patterns = json!(["team-a/*", format!("{kv}/team-a/*"), format!("{kv}/data/*")]);
    fenced.create_without_path("main", own_namespace(&fenced, &patterns)).await;
    let spelt = |spellings: &[&str]| -> Vec<String> {
        spellings.iter().map(|spelling| spelling.replace("KV", &kv)).collect()
    };
    let allowed = spelt(&["KV/team-a/db", "/KV/team-a/db/", "KV/data/team-a/db"]);
    are_allowed(&fenced, &allowed.iter().map(String::as_str).collect::<Vec<_>>(), &own).await;
    let fence = spelt(&["KV/hr/pay", "/KV/hr/pay/", "KV/data/hr/pay", "KV//hr/pay", "KV/team-a/../hr/pay"]);
    let denied: Vec<Denied<'_>> = fence.iter().map(|key| (key.as_str(), FENCED)).collect();
    are_denied(&mut fenced, &denied).await;
    fenced.world.end().await;
}

#[tokio::test]
async fn of_an_object_that_asks_for_an_allowed_key_and_another_only_the_allowed_one_is_read() {
    for mut fenced in Fenced::on_both("fences-mixed").await {
        fenced.put("team-a/db", &fenced.world.canary("own")).await;
        fenced.put("hr/pay", &fenced.world.canary("pay")).await;
        fenced.create("main", own_namespace(&fenced, &json!(["team-a/*"]))).await;
        fenced.forget();
        let mixed = object("mixed").cluster_store(&fenced.store("main"));
        fenced.world.create(mixed.key("own", "team-a/db#password").key("pay", "hr/pay#password")).await;
        let message = fenced.world.fails("mixed", UNREADABLE).await;
        assert!(message.contains("key hr/pay of") && message.contains(FENCED), "{message}");
        assert_eq!(fenced.world.get(Kind::Secret, "mixed").await, None);
        let asked = fenced.asked();
        assert!(!asked.is_empty() && asked.iter().all(|asked| asked.ends_with("team-a/db")), "{asked:?}");
        fenced.world.end().await;
    }
}

#[tokio::test]
async fn a_search_shows_allowed_keys_and_reads_no_others() {
    for mut fenced in Fenced::on_both("fences-find").await {
        let world = &fenced.world;
        let db = fenced.put("team-a/db", &world.canary("db")).await;
        let api = fenced.put("team-a/deep/api", &world.canary("api")).await;
        for key in ["hr/pay", "team-ab/db", "team-a"] {
            fenced.put(key, &world.canary("theirs")).await;
        }
        fenced.create("main", own_namespace(&fenced, &json!(["team-a/*"]))).await;
        fenced.forget();
        let world = &fenced.world;
        let finds = |name: &str, find: Value| {
            let finds = object(name).cluster_store(&fenced.store("main"));
            finds.with("/spec/dataFrom", json!([{ "find": find }]))
        };
        world.create(finds("everything", json!({ "name": { "regexp": ".*" } }))).await;
        let hidden = ["theirs", "their-folder", "nothing", "no-folder"];
        world.create(finds("theirs", json!({ "name": { "regexp": "^hr/pay$" } }))).await;
        world.create(finds("their-folder", json!({ "path": "hr", "name": { "regexp": "." } }))).await;
        world.create(finds("nothing", json!({ "name": { "regexp": "^none/at-all$" } }))).await;
        world.create(finds("no-folder", json!({ "path": "none", "name": { "regexp": "." } }))).await;
        world.holds("everything", &[("team-a_db", &db), ("team-a_deep_api", &api)]).await;
        world.synced("everything").await;
        // What may not be seen looks as what is not there: else its name could be guessed, letter by letter.
        for name in hidden {
            world.says(name, "SecretSynced", "secret retained due to DeletionPolicy=Retain").await;
            assert_eq!(world.get(Kind::Secret, name).await, None, "{name}");
        }
        let read = fenced.read();
        let is_own = |asked: &String| asked.contains("team-a/db") || asked.contains("team-a/deep/api");
        let is_theirs = |asked: &String| asked.contains("hr/") || asked.contains("team-ab");
        assert!(read.iter().all(|asked| is_own(asked) && !is_theirs(asked)), "{read:?}");
        assert!(!read.is_empty(), "what is read must be seen");
        fenced.world.end().await;
    }
}

/// A pattern that takes more steps than are allowed with any name of some letters.
fn slow_pattern() -> String {
    format!("^({}){{900}}!$", "[a-z0-9-]*".repeat(60))
}

#[tokio::test]
async fn no_server_is_asked_for_a_namespace_that_no_condition_lets_in() {
    let too_long = ": it takes too long to match the name with the 0th namespace regex in 1th condition";
    let cases = [
        ("name", json!([{ "namespaces": ["elsewhere"] }]), ""),
        ("pattern", json!([{ "namespaceRegexes": ["^elsewhere$"], "keys": ["*"] }]), ""),
        ("label", json!([{ "namespaceSelector": { "matchLabels": { "team": "a" } }, "keys": ["*"] }]), ""),
        ("keys", json!([{ "keys": ["*"] }]), ""),
        ("nobody", json!([{}]), ""),
        ("slow", json!([{}, { "namespaceRegexes": [slow_pattern()] }]), too_long),
    ];
    for mut fenced in Fenced::on_both("fences-closed").await {
        let password = fenced.world.canary("password");
        fenced.put("db", &password).await;
        for (name, conditions, _) in &cases {
            fenced.create(name, conditions.clone()).await;
        }
        fenced.forget();
        let world = &fenced.world;
        for (name, ..) in &cases {
            world
                .create(object(name).cluster_store(&fenced.store(name)).key("password", "db#password"))
                .await;
        }
        for (name, _, more) in &cases {
            let message = world.fails(name, UNREADABLE).await;
            let (store, namespace) = (fenced.store(name), &world.namespace);
            let denied = format!(
                "using cluster store \"{store}\" is not allowed from namespace \"{namespace}\": denied by spec.condition{more}"
            );
            assert!(message.ends_with(&denied), "{name}: {message}");
            assert_eq!(world.get(Kind::Secret, name).await, None, "{name}");
        }
        assert_eq!(fenced.asked(), [""; 0]);
        let let_in = json!({ "spec": { "conditions": own_namespace(&fenced, &json!(["db"])) } });
        world.patch(Kind::ClusterSecretStore, &fenced.store("slow"), let_in).await;
        world.holds("slow", &[("password", &password)]).await;
        assert!(!fenced.asked().is_empty(), "what is asked must be seen");
        fenced.world.end().await;
    }
}

#[tokio::test]
async fn a_key_that_is_not_allowed_any_more_is_not_read_again_and_only_searches_lose_it() {
    for mut fenced in Fenced::on_both("fences-narrowed").await {
        let (db, api) = (fenced.world.canary("db"), fenced.world.canary("api"));
        let found = [fenced.put("team-a/db", &db).await, fenced.put("team-a/api", &api).await];
        fenced.create("main", own_namespace(&fenced, &json!(["team-a/*"]))).await;
        let of =
            |name: &str| object(name).cluster_store(&fenced.store("main")).deletion("Delete").every("1s");
        fenced.world.create(of("app").key("password", "team-a/api#password")).await;
        let find = json!([{ "find": { "name": { "regexp": "." } } }]);
        fenced.world.create(of("search").with("/spec/dataFrom", find)).await;
        fenced.world.holds("app", &[("password", &api)]).await;
        fenced.world.holds("search", &[("team-a_db", &found[0]), ("team-a_api", &found[1])]).await;
        narrow(&fenced, json!(["team-a/db"])).await;
        let message = fenced.world.fails("app", UNREADABLE).await;
        assert!(message.contains(FENCED), "{message}");
        fenced.world.holds("search", &[("team-a_db", &found[0])]).await;
        narrow(&fenced, json!([])).await;
        fenced.world.gone(Kind::Secret, "search").await;
        fenced.forget();
        looked_at_twice(&fenced.world, "app").await;
        assert_eq!(fenced.read(), [""; 0]);
        fenced.world.holds("app", &[("password", &api)]).await;
        fenced.world.end().await;
    }
}

/// From now on the store `main` allows these keys.
async fn narrow(fenced: &Fenced, keys: Value) {
    let conditions = json!({ "spec": { "conditions": own_namespace(fenced, &keys) } });
    fenced.world.patch(Kind::ClusterSecretStore, &fenced.store("main"), conditions).await;
}

/// Waits until the operator has looked at an object twice more.
async fn looked_at_twice(world: &World, name: &str) {
    let namespace = &world.namespace;
    let series = format!("externalsecret_sync_calls_total{{name=\"{name}\",namespace=\"{namespace}\"}}");
    let looks = async || world.operator.metric(&series).await.unwrap_or_default();
    let before = looks().await;
    eventually(&format!("{name} is looked at twice more"), async || match looks().await {
        now if now >= before + 2.0 => Ok(()),
        now => Err(format!("{now} after {before}")),
    })
    .await;
}
