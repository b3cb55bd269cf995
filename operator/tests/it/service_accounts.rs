//! Service accounts that stores log in as, and that are edited, deleted and made anew while the operator runs.

use eso_rig::{ControlPlaneOptions, FastAws, Mark};
use eso_testkit::objects::{object, store};
use serde_json::{Value, json};

use crate::harness::{Cluster, Kind, Mount, Setup, World, aws, entries, eventually, measured};

const ROLE: &str = "eks.amazonaws.com/role-arn";
const AUDIENCE: &str = "eks.amazonaws.com/audience";

fn role(name: &str) -> String {
    format!("arn:aws:iam::111122223333:role/{name}")
}

/// `provider.aws` of a store that logs in as this service account.
fn spec(account: &str) -> Value {
    json!({
        "service": "SecretsManager", "region": "us-east-1",
        "auth": { "jwt": { "serviceAccountRef": { "name": account } } },
    })
}

/// A service account that may take this role.
fn account(name: &str, role_name: &str) -> Value {
    let metadata = json!({ "name": name, "annotations": { ROLE: role(role_name) } });
    json!({ "kind": "ServiceAccount", "metadata": metadata })
}

fn annotations(annotations: Value) -> Value {
    json!({ "metadata": { "annotations": annotations } })
}

/// The roles that were taken, by their short names, in order.
fn taken(double: &FastAws) -> Vec<String> {
    let name = |role: &str| role.rsplit('/').next().unwrap_or_default().to_owned();
    double.assumed().iter().map(|assumed| name(&assumed.role)).collect()
}

async fn takes(double: &FastAws, roles: &[&str]) {
    eventually(&format!("the roles {roles:?} are taken"), async || match taken(double) {
        now if now == roles => Ok(()),
        now => Err(format!("{now:?}")),
    })
    .await;
}

/// Has the end of the test look everywhere for the tokens that were shown.
fn watch_for_tokens(world: &World, double: &FastAws) {
    double.assumed().into_iter().filter_map(|assumed| assumed.token).for_each(|token| {
        world.watch_for(&token);
    });
}

#[tokio::test]
async fn an_edited_role_is_taken_up_at_once_and_no_other_edit_of_a_service_account_costs_a_login() {
    let double = aws();
    let world = Setup::new("accounts-edited").aws(&double.url()).start().await;
    let subject = format!("system:serviceaccount:{}:reader", world.namespace);
    double.want_web_identity(&role("reader"), &subject, "sts.amazonaws.com");
    double.want_web_identity(&role("writer"), &subject, "sts.example");
    for (name, first) in [("reader", "reader"), ("other", "first")] {
        world.create(account(name, first)).await;
        world.create(store(name).provider("aws", &spec(name))).await;
        world.store_says(Kind::SecretStore, name, "Valid", "store validated").await;
    }
    let value = world.canary("value");
    double.put("db", &value).unwrap();
    world.create(object("app").store("reader").key("password", "db")).await;
    world.holds("app", &[("password", &value)]).await;

    let idle = json!({
        "metadata": { "labels": { "team": "a" }, "annotations": { "team": "a" } },
        "secrets": [{ "name": "of-somebody" }],
    });
    world.patch(Kind::ServiceAccount, "reader", idle).await;
    world.patch(Kind::ServiceAccount, "other", annotations(json!({ ROLE: role("second") }))).await;
    // One watch tells of both, and of this one last.
    takes(&double, &["reader", "first", "second"]).await;

    let changed = world.canary("changed");
    double.put("db", &changed).unwrap();
    let edit = annotations(json!({ ROLE: role("writer"), AUDIENCE: "sts.example" }));
    world.patch(Kind::ServiceAccount, "reader", edit).await;
    let taken_up = takes(&double, &["reader", "first", "second", "writer"]);
    measured("another role that works", taken_up).await;
    world.holds("app", &[("password", &changed)]).await;
    assert_eq!(taken(&double), ["reader", "first", "second", "writer"]);

    world.patch(Kind::ServiceAccount, "reader", annotations(json!({ ROLE: null }))).await;
    let unnamed = "unable to create client: unable to create session: an IAM role must be associated with service \
                   account reader";
    let refused = world.store_says(Kind::SecretStore, "reader", "InvalidProviderConfig", unnamed);
    measured("a role that is taken away", refused).await;
    watch_for_tokens(&world, &double);
    world.end().await;
}

#[tokio::test]
async fn a_service_account_that_is_deleted_ends_the_login_and_another_one_of_its_name_makes_one() {
    let world = Setup::new("accounts-anew").start().await;
    let mount = Mount::of(&world).await;
    let login = mount.trust_service_accounts(&world, "reader").await;
    let account = json!({ "kind": "ServiceAccount", "metadata": { "name": "reader" } });
    world.create(account.clone()).await;
    let spec = json!({ "server": mount.server.url(), "path": mount.name, "auth": { "kubernetes": login } });
    world.create(store("main").provider("vault", &spec)).await;
    world.store_says(Kind::SecretStore, "main", "Valid", "store validated").await;
    // Nothing of it is asked for but that it is there.
    world.patch(Kind::ServiceAccount, "reader", annotations(json!({ "team": "a" }))).await;

    world.delete(Kind::ServiceAccount, "reader").await;
    let absent = "unable to create client: cannot initialize Vault client: cannot request Kubernetes service account \
                  token for service account \"reader\": serviceaccounts \"reader\" not found";
    let refused = world.store_says(Kind::SecretStore, "main", "InvalidProviderConfig", absent);
    measured("a service account that is deleted", refused).await;
    logins_and_ends(&mount, (1, 1)).await;
    world.create(account).await;
    let valid = world.store_says(Kind::SecretStore, "main", "Valid", "store validated");
    measured("another service account of its name", valid).await;
    logins_and_ends(&mount, (2, 1)).await;
    world.end().await;
}

/// How many logins there were, and how many of their tokens were ended.
async fn logins_and_ends(mount: &Mount, expected: (usize, usize)) {
    eventually(&format!("logins and ends are {expected:?}"), async || {
        let requests = mount.server.since(Mark::START).unwrap();
        let ended = requests.path("auth/token/revoke-self");
        let ours = ended.matching(|request| request.policies.contains(&mount.name));
        match (requests.path(&format!("auth/{}/login", mount.name)).len(), ours.len()) {
            now if now == expected => Ok(()),
            now => Err(format!("{now:?}")),
        }
    })
    .await;
}

#[tokio::test]
async fn without_the_right_to_watch_service_accounts_all_goes_on_and_the_log_says_so_once() {
    let double = aws();
    let world = Setup::new("accounts-unseen").aws(&double.url()).start().await;
    world
        .operator_may(|rules| {
            for rule in rules.iter_mut().filter(|rule| rule["resources"] == json!(["serviceaccounts"])) {
                rule["verbs"] = json!(["get"]);
            }
        })
        .await;
    let watch = json!({ "resource": "serviceaccounts", "verb": "list" });
    world.cluster.goes_by(&world.namespace, &watch, false).await;
    let mark = world.mark().await;
    world.create(store("main").provider("aws", &spec("reader"))).await;
    let absent = "unable to create client: unable to create session: cannot get Kubernetes service account";
    world.store_says(Kind::SecretStore, "main", "InvalidProviderConfig", absent).await;
    world.create(account("reader", "reader")).await;
    let valid = world.store_says(Kind::SecretStore, "main", "Valid", "store validated");
    measured("a service account that comes unseen", valid).await;
    let value = world.canary("value");
    double.put("db", &value).unwrap();
    world.create(object("app").key("password", "db")).await;
    world.holds("app", &[("password", &value)]).await;
    eventually("the watch is refused a few times", async || {
        let asked = world.asked(mark).await.resource("serviceaccounts").verb("list");
        match asked.matching(|request| request.status == 403).len() {
            refused if refused >= 3 => Ok(()),
            refused => Err(refused.to_string()),
        }
    })
    .await;
    for said in ["service accounts cannot be watched", "a watch begins again"] {
        assert_eq!(world.operator.logged(said).len(), 1, "{}", world.operator.log());
    }

    world.patch(Kind::ServiceAccount, "reader", annotations(json!({ ROLE: role("writer") }))).await;
    world.allow_everything().await;
    takes(&double, &["reader", "writer"]).await;
    watch_for_tokens(&world, &double);
    world.end().await;
}

#[tokio::test]
async fn an_edited_service_account_of_a_namespace_that_asks_is_another_login_for_that_namespace_alone() {
    let double = aws();
    let cluster = Cluster::alone(ControlPlaneOptions::default()).await;
    let world = Setup::new("accounts-asking").on(cluster).everywhere().aws(&double.url()).start().await;
    let value = world.canary("value");
    double.put("db", &value).unwrap();
    world.create(store("shared").for_cluster().provider("aws", &spec("reader"))).await;
    for team in ["team-a", "team-b"] {
        world.create(json!({ "kind": "Namespace", "metadata": { "name": team } })).await;
        in_namespace(&world, team, Kind::ServiceAccount, &account("reader", team)).await;
        let asking = object("app").namespace(team).cluster_store("shared").key("password", "db").json();
        in_namespace(&world, team, Kind::ExternalSecret, &asking).await;
        gives(&world, team, &value).await;
    }
    assert_eq!(taken(&double), ["team-a", "team-b"]);
    let changed = world.canary("changed");
    double.put("db", &changed).unwrap();
    for (team, taken) in [("team-b", vec!["b"]), ("team-a", vec!["b", "a"])] {
        let path = format!("{}/reader", Kind::ServiceAccount.collection(team));
        let edit = annotations(json!({ ROLE: role(taken[taken.len() - 1]) }));
        world.call("PATCH", &path, Some(&edit)).await.unwrap();
        takes(&double, &[vec!["team-a", "team-b"], taken].concat()).await;
        gives(&world, team, &changed).await;
    }
    watch_for_tokens(&world, &double);
    world.end().await;
}

async fn in_namespace(world: &World, namespace: &str, kind: Kind, object: &Value) {
    world.call("POST", &kind.collection(namespace), Some(object)).await.unwrap();
}

/// Waits until the Secret `app` of a namespace holds this password.
async fn gives(world: &World, namespace: &str, password: &str) {
    let path = format!("{}/app", Kind::Secret.collection(namespace));
    let expected = [("password".to_owned(), password.to_owned())].into();
    eventually(&format!("{namespace} has its Secret"), async || match world.call("GET", &path, None).await {
        Ok(secret) if entries(&secret) == expected => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
}
