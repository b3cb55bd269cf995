//! Stores on a real API server: connected, edited, deleted, broken, and hostile.
#![expect(clippy::unwrap_used, reason = "this is all test, which clippy only sees of the test functions")]

mod selectors;
mod world;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use eso_core::{
    api::{
        refusals,
        selectors::{CaProvider, CaProviderKind, SecretKeySelector, ServiceAccountSelector},
    },
    credentials::{CredentialError, CredentialSource},
    error::{ErrorKind, ProviderError},
    key::{StoreKind, StoreReference},
};
use eso_kube::{
    credentials::{FOREIGN_NAMESPACE, KubernetesCredentials},
    events::Events,
    stores::StoreChange::{Edited, Lost, Ready},
};
use eso_plan::status::Event;
use eso_rig::Method;
use eso_testkit::memory::Call;
use futures::future::join_all;
use serde_json::{Value, json};

use self::world::{OF_EACH_NAMESPACE, World, eventually, vault};

const VALID: &str = "True Valid store validated";
const UNREADY: &str = "False InvalidProviderConfig";

#[tokio::test]
async fn a_store_is_connected_and_says_so_once() {
    let world = World::new().await;
    world.secret(&world.namespace, "token", "one").await;
    world.store("good", vault("https://good", "token")).await;
    world.says("good", VALID).await;
    assert!(world.ask("good").await.is_ok());
    world.told.exactly("good", &[Ready]).await;
    assert_eq!(world.connector.connection("https://good", "one").await.count(&Call::Check), 1);
    assert_eq!(world.told.ready.lock().get("good"), Some(&eso_kube::telemetry::Ready::True));
    eventually("the event", async || {
        (world.events("good").await == ["Normal Valid x1 store validated"]).then_some(())
    })
    .await;
    let path = format!("{}/good", world.path("secretstores"));
    let store = world.plane.request(Method::GET, &path, None).await.unwrap().success().unwrap();
    assert_eq!(store["status"]["capabilities"], "ReadOnly");
    let managers = store["metadata"]["managedFields"].as_array().unwrap();
    let of_status = managers.iter().find(|manager| manager["subresource"] == "status").unwrap();
    assert_eq!(
        (&of_status["manager"], &of_status["operation"]),
        (&json!("external-secrets"), &json!("Update"))
    );
}

#[tokio::test]
async fn a_missing_credential_is_named_and_its_coming_heals_the_store() {
    let world = World::new().await;
    world.store("early", vault("https://early", "late")).await;
    let namespace = &world.namespace;
    let missing = format!(
        "Login: cannot get Kubernetes secret \"late\" from namespace \"{namespace}\": secrets \"late\" not found"
    );
    world.says("early", &format!("{UNREADY} unable to create client: {missing}")).await;
    assert_eq!(
        world.ask("early").await.unwrap_err(),
        "SecretStore \"early\" is not ready: its status says why"
    );
    eventually("the event", async || {
        let expected = format!("Warning InvalidProviderConfig x1 {missing}");
        (world.events("early").await == [expected]).then_some(())
    })
    .await;
    world.secret(namespace, "late", "here").await;
    world.says("early", VALID).await;
    assert!(world.ask("early").await.is_ok());
}

#[tokio::test]
async fn an_edited_credential_is_logged_in_with_at_once_and_the_old_login_ends() {
    let world = World::new().await;
    world.secret(&world.namespace, "token", "one").await;
    world.store("store", vault("https://rotated", "token")).await;
    world.told.exactly("store", &[Ready]).await;
    let old = world.connector.connection("https://rotated", "one").await;
    let path = format!("/api/v1/namespaces/{}/secrets/token", world.namespace);
    world.patch(&path, json!({ "stringData": { "token": "two" } })).await;
    world.told.exactly("store", &[Ready, Edited]).await;
    assert_eq!(world.connector.connections("https://rotated").last().unwrap().token, "two");
    eventually("the old login to end", async || (old.count(&Call::Close) == 1).then_some(())).await;
}

#[tokio::test]
async fn a_credential_that_is_edited_while_it_is_logged_in_with_costs_one_further_login() {
    let world = World::new().await;
    world.secret(&world.namespace, "token", "one").await;
    world.connector.hang("https://slow");
    world.store("slow", vault("https://slow", "token")).await;
    world.store("other", vault("https://other", "token")).await;
    world.told.exactly("other", &[Ready]).await;
    world.connector.connection("https://slow", "one").await;
    let path = format!("/api/v1/namespaces/{}/secrets/token", world.namespace);
    world.patch(&path, json!({ "stringData": { "token": "two" } })).await;
    world.told.exactly("other", &[Ready, Edited]).await;
    world.connector.let_go("https://slow");
    world.connector.connection("https://slow", "two").await;
    world.patch(&path, json!({ "stringData": { "token": "three" } })).await;
    world.connector.connection("https://slow", "three").await;
    let tokens: Vec<String> =
        world.connector.connections("https://slow").into_iter().map(|connected| connected.token).collect();
    assert_eq!(tokens, ["one", "two", "three"]);
}

#[tokio::test]
async fn a_connection_that_is_replaced_is_not_closed_while_somebody_uses_it() {
    let world = World::new().await;
    world.secret(&world.namespace, "token", "one").await;
    world.store("store", vault("https://used", "token")).await;
    world.told.exactly("store", &[Ready]).await;
    let used = world.ask("store").await.unwrap();
    let old = world.connector.connection("https://used", "one").await;
    let path = format!("/api/v1/namespaces/{}/secrets/token", world.namespace);
    world.patch(&path, json!({ "stringData": { "token": "two" } })).await;
    world.told.exactly("store", &[Ready, Edited]).await;
    assert_eq!(old.count(&Call::Close), 0);
    assert!(!Arc::ptr_eq(&used, &world.ask("store").await.unwrap()));
    drop(used);
    eventually("the old login to end", async || (old.count(&Call::Close) == 1).then_some(())).await;
}

#[tokio::test]
async fn an_edited_store_is_connected_anew_and_its_objects_are_told() {
    let world = World::new().await;
    world.secret(&world.namespace, "token", "one").await;
    world.store("store", vault("https://before", "token")).await;
    world.told.exactly("store", &[Ready]).await;
    let before = world.connector.connection("https://before", "one").await;
    let path = format!("{}/store", world.path("secretstores"));
    world.patch(&path, json!({ "spec": { "provider": { "vault": { "server": "https://after" } } } })).await;
    world.told.exactly("store", &[Ready, Edited]).await;
    assert_eq!(world.connector.connections("https://after").len(), 1);
    eventually("the old login to end", async || (before.count(&Call::Close) == 1).then_some(())).await;
    assert!(world.ask("store").await.is_ok());
}

#[tokio::test]
async fn a_deleted_store_is_gone_and_one_that_comes_back_may_be_another() {
    let world = World::new().await;
    world.secret(&world.namespace, "token", "one").await;
    let not_there =
        "could not get SecretStore \"store\", SecretStore.external-secrets.io \"store\" not found";
    assert_eq!(world.ask("store").await.unwrap_err(), not_there);
    world.store("store", vault("https://gone", "token")).await;
    world.told.exactly("store", &[Ready]).await;
    let login = world.connector.connection("https://gone", "one").await;
    world.delete(&format!("{}/store", world.path("secretstores"))).await;
    world.told.exactly("store", &[Ready, Lost]).await;
    assert_eq!(world.ask("store").await.unwrap_err(), not_there);
    assert_eq!(world.told.ready.lock().get("store"), None);
    eventually("the login to end", async || (login.count(&Call::Close) == 1).then_some(())).await;
    world.store("store", vault("https://gone", "token")).await;
    world.told.exactly("store", &[Ready, Lost, Edited]).await;
}

#[tokio::test]
async fn a_malformed_store_says_so_and_holds_up_nobody() {
    let world = World::new().await;
    world.secret(&world.namespace, "token", "one").await;
    let mut malformed = vault("https://malformed", "token");
    malformed["refreshInterval"] = json!("soon");
    world.store("bad", malformed).await;
    world.store("good", vault("https://beside", "token")).await;
    world.says("good", VALID).await;
    let problem = "invalid refreshInterval \"soon\": not a duration such as 1h, 30s or 1h0m0s";
    world.says("bad", &format!("{UNREADY} unable to create client: {problem}")).await;
    assert_eq!(world.ask("bad").await.unwrap_err(), "SecretStore \"bad\" is not ready: its status says why");
    let path = format!("{}/bad", world.path("secretstores"));
    world.patch(&path, json!({ "spec": { "refreshInterval": "1h" } })).await;
    world.says("bad", VALID).await;
}

#[tokio::test]
async fn a_store_that_hangs_holds_up_nobody_and_is_not_waited_for_long() {
    let world = World::new().await;
    world.secret(&world.namespace, "token", "one").await;
    world.connector.hang("https://hangs");
    world.store("hangs", vault("https://hangs", "token")).await;
    world.store("good", vault("https://lively", "token")).await;
    world.says("good", VALID).await;
    let answer = eventually("the store to be known", async || {
        world.ask("hangs").await.err().filter(|problem| !problem.contains("not found"))
    });
    assert_eq!(answer.await, "SecretStore \"hangs\" is not ready: its status says why");
    world.registry.settled().await;
    assert_eq!(world.condition(&format!("{}/hangs", world.path("secretstores"))).await, "");
}

#[tokio::test]
async fn a_store_that_fails_its_check_is_tried_again_until_it_is_back() {
    let world = World::new().await;
    world.secret(&world.namespace, "token", "one").await;
    world.connector.fail("https://away", Some(ErrorKind::Unavailable));
    world.store("store", vault("https://away", "token")).await;
    let message = "unable to validate store: Fetch: the store does not answer";
    world.says("store", &format!("{UNREADY} {message}")).await;
    eventually("a second try", async || {
        (world.connector.connections("https://away").len() > 1).then_some(())
    })
    .await;
    assert_eq!(world.told.changes("store"), []);
    world.connector.fail("https://away", None);
    world.says("store", VALID).await;
    world.told.exactly("store", &[Ready]).await;
    eventually("each failed try to have ended its login", async || {
        let mut connections = world.connector.connections("https://away");
        connections.pop();
        connections.iter().all(|failed| failed.count(&Call::Close) == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_store_is_checked_at_its_own_interval_and_its_status_is_not_rewritten() {
    let world = World::new().await;
    world.secret(&world.namespace, "token", "one").await;
    let mut spec = vault("https://checked", "token");
    spec["refreshInterval"] = json!(1);
    world.store("store", spec).await;
    world.says("store", VALID).await;
    let mark = world.plane.mark().await.unwrap();
    let login = world.connector.connection("https://checked", "one").await;
    eventually("three checks", async || (login.count(&Call::Check) > 3).then_some(())).await;
    let writes = world.plane.since(mark).await.unwrap().writes().namespace(&world.namespace).name("store");
    assert!(writes.is_empty(), "{writes:?}");
    assert_eq!(world.told.changes("store"), [Ready]);
    login.provider.fail(ErrorKind::Denied);
    world.connector.fail("https://checked", Some(ErrorKind::Denied));
    world.says("store", &format!("{UNREADY} unable to validate store: Fetch: access denied")).await;
    world.told.exactly("store", &[Ready, Lost]).await;
    world.connector.fail_with("https://checked", ProviderError::new(ErrorKind::Denied, "Renew").in_login());
    world.says("store", &format!("{UNREADY} unable to create client: Renew: access denied")).await;
    world.connector.fail("https://checked", None);
    world.told.exactly("store", &[Ready, Lost, Ready]).await;
}

#[tokio::test]
async fn a_notice_that_comes_later_is_said() {
    let world = World::new().await;
    world.secret(&world.namespace, "token", "one").await;
    world.store("store", vault("https://notice", "token")).await;
    world.says("store", VALID).await;
    let login = world.connector.connection("https://notice", "one").await;
    login.provider.set_notice(Some("the batch call is denied"));
    world.says("store", &format!("{VALID}: the batch call is denied")).await;
    assert_eq!(world.told.changes("store"), [Ready]);
}

#[tokio::test]
async fn a_status_that_somebody_else_wrote_over_is_written_again() {
    let world = World::new().await;
    world.secret(&world.namespace, "token", "one").await;
    world.store("store", vault("https://overwritten", "token")).await;
    world.says("store", VALID).await;
    let path = format!("{}/store/status", world.path("secretstores"));
    let other =
        json!([{ "type": "Ready", "status": "False", "reason": "Other", "message": "by somebody else" }]);
    world.patch(&path, json!({ "status": { "conditions": other } })).await;
    world.says("store", VALID).await;
}

#[tokio::test]
async fn a_store_of_another_class_is_left_alone() {
    let world = World::new().await;
    world.secret(&world.namespace, "token", "one").await;
    let mut spec = vault("https://other-class", "token");
    spec["controller"] = json!("other");
    world.store("other", spec).await;
    world.store("good", vault("https://own-class", "token")).await;
    world.says("good", VALID).await;
    let reference = StoreReference {
        kind: StoreKind::SecretStore,
        namespace: world.namespace.clone(),
        name: "other".to_owned(),
    };
    eventually("the store to be known", async || (!world.registry.serves(&reference)).then_some(())).await;
    assert!(world.ask("other").await.is_err());
    assert_eq!(world.condition(&format!("{}/other", world.path("secretstores"))).await, "");
    assert!(world.connector.connections("https://other-class").is_empty());
}

#[tokio::test]
async fn a_provider_that_is_not_known_is_said_and_nothing_else_is_touched() {
    let world = World::new().await;
    let spec = json!({ "provider": { "elsewhere": { "project": "x" } } });
    world.store("store", spec.clone()).await;
    let message = "unable to create client: the provider \"elsewhere\" is not known to this operator";
    world.says("store", &format!("{UNREADY} {message}")).await;
    let path = format!("{}/store", world.path("secretstores"));
    let store = world.plane.request(Method::GET, &path, None).await.unwrap().success().unwrap();
    assert_eq!(store["spec"], spec);
    assert_eq!(store["metadata"]["finalizers"], Value::Null);
}

#[tokio::test]
async fn a_cluster_store_without_a_namespace_logs_in_as_who_asks() {
    let world = World::new().await;
    let tenant = world.plane.namespace("tenant").await.unwrap();
    world.secret(&tenant, "token", "of-tenant").await;
    let name = world.cluster_store("referent", vault("https://referent", "token")).await;
    let path = format!("/apis/external-secrets.io/v1/clustersecretstores/{name}");
    world.says_at(&path, "True ValidationUnknown could not determine validation status").await;
    assert!(world.connector.connections("https://referent").is_empty());
    assert!(world.ask_as(StoreKind::ClusterSecretStore, &tenant, &name).await.is_ok());
    let refused = world.ask_as(StoreKind::ClusterSecretStore, &world.namespace, &name).await.unwrap_err();
    let namespace = &world.namespace;
    let reason = format!(
        "Login: cannot get Kubernetes secret \"token\" from namespace \"{namespace}\": secrets \"token\" not found"
    );
    assert_eq!(refused, format!("ClusterSecretStore \"{name}\" is not ready: {reason}"));
    world.secret(&world.namespace, "token", "of-world").await;
    world.connector.connection("https://referent", "of-world").await;
    eventually("each namespace to be told by itself", async || {
        let asking = world.told.asking(&name);
        (asking == [None, Some(tenant.clone()), Some(world.namespace.clone())]).then_some(())
    })
    .await;
    let tokens: Vec<String> =
        world.connector.connections("https://referent").into_iter().map(|one| one.token).collect();
    assert_eq!(tokens, ["of-tenant", "of-world"]);
}

#[tokio::test]
async fn a_cluster_store_that_is_of_each_namespace_is_connected_for_each_and_ends_with_it() {
    let world = World::new().await;
    let tenants =
        [world.plane.namespace("tenant-a").await.unwrap(), world.plane.namespace("tenant-b").await.unwrap()];
    world.secret(&world.namespace, "token", "one").await;
    let mut spec = vault("https://of-each", "token");
    spec["provider"]["vault"]["namespace"] = json!(OF_EACH_NAMESPACE);
    spec["provider"]["vault"]["auth"]["tokenSecretRef"]["namespace"] = json!(world.namespace);
    let name = world.cluster_store("of-each", spec.clone()).await;
    let path = format!("/apis/external-secrets.io/v1/clustersecretstores/{name}");
    world.says_at(&path, "True ValidationUnknown could not determine validation status").await;
    let stores: Vec<_> =
        join_all(tenants.iter().map(|tenant| world.ask_as(StoreKind::ClusterSecretStore, tenant, &name)))
            .await;
    let [first, second] = stores.try_into().unwrap();
    assert!(!Arc::ptr_eq(&first.unwrap(), &second.unwrap()), "each has a connection of its own");
    let reference = |namespace: &str| StoreReference {
        kind: StoreKind::ClusterSecretStore,
        namespace: namespace.to_owned(),
        name: name.clone(),
    };
    let mut connected: Vec<_> =
        world.connector.connections("https://of-each").into_iter().map(|connected| connected.store).collect();
    connected.sort();
    // One more, as nobody, saw what the provider can do, and was closed.
    assert_eq!(connected, ["", &tenants[0], &tenants[1]].map(reference));
    let all = world.connector.connections("https://of-each");
    let of_second = all.into_iter().find(|one| one.store == reference(&tenants[1])).unwrap();
    world.registry.namespace_deleted(&tenants[1]);
    eventually("the login of a namespace to end with it", async || {
        (of_second.count(&Call::Close) == 1).then_some(())
    })
    .await;

    // A SecretStore is of its own namespace, whatever it says.
    let auth = json!({ "tokenSecretRef": { "name": "token", "key": "token" } });
    spec["provider"]["vault"]["auth"] = auth;
    spec["provider"]["vault"]["server"] = json!("https://own");
    world.store("own", spec).await;
    world.says("own", VALID).await;
    let own = world.connector.connection("https://own", "one").await.store;
    assert_eq!((own.kind, own.namespace), (StoreKind::SecretStore, world.namespace.clone()));
}

#[tokio::test]
async fn conditions_let_in_by_name_and_by_label_and_a_new_label_is_told() {
    let world = World::new().await;
    let tenant = world.plane.namespace("tenant").await.unwrap();
    world.secret(&world.namespace, "token", "one").await;
    let mut spec = vault("https://conditions", "token");
    spec["provider"]["vault"]["auth"]["tokenSecretRef"]["namespace"] = json!(world.namespace);
    let selector = json!({ "matchLabels": { "team": &tenant } });
    spec["conditions"] = json!([{ "namespaces": [&world.namespace] }, { "namespaceSelector": selector }]);
    let name = world.cluster_store("conditions", spec).await;
    world.told.exactly(&name, &[Ready]).await;
    assert!(*world.registry.namespaces_wanted().borrow());
    assert!(world.ask_as(StoreKind::ClusterSecretStore, &world.namespace, &name).await.is_ok());
    let denied = format!(
        "using cluster store \"{name}\" is not allowed from namespace \"{tenant}\": denied by spec.condition"
    );
    assert_eq!(world.ask_as(StoreKind::ClusterSecretStore, &tenant, &name).await.unwrap_err(), denied);
    let path = format!("/api/v1/namespaces/{tenant}");
    world.patch(&path, json!({ "metadata": { "labels": { "team": &tenant } } })).await;
    world.told.exactly(&name, &[Ready, Ready]).await;
    assert_eq!(world.told.asking(&name), [None, Some(tenant.clone())]);
    assert!(world.ask_as(StoreKind::ClusterSecretStore, &tenant, &name).await.is_ok());
}

#[tokio::test]
async fn a_secret_store_that_names_another_namespace_reads_nothing_there() {
    let world = World::new().await;
    let victim = world.plane.namespace("victim").await.unwrap();
    world.secret(&victim, "sample", "canary").await;
    let mark = world.plane.mark().await.unwrap();
    let examples = selectors::examples(&victim);
    for (number, example) in examples.iter().enumerate() {
        world.store(&format!("hostile-{number}"), example.spec.clone()).await;
    }
    for (number, example) in examples.iter().enumerate() {
        let words =
            refusals::of_selector(&example.path).map(|words| format!("{words}: ")).unwrap_or_default();
        let path = &example.path;
        let expected = format!("{UNREADY} unable to create client: {words}{FOREIGN_NAMESPACE} ({path})");
        world.says(&format!("hostile-{number}"), &expected).await;
    }
    ask_for_everything(&world, &victim).await;
    let requests = world.plane.since(mark).await.unwrap();
    // The control plane's own parts fill a new namespace: they say who they are.
    let requests = requests
        .matching(|request| !request.user.starts_with("system:") && !request.user_agent.starts_with("kube-"));
    assert!(!requests.namespace(&world.namespace).is_empty(), "the registry's own requests must be seen");
    assert!(requests.namespace(&victim).is_empty(), "{requests:?}");
}

/// Asks as a provider would that had not been refused before.
async fn ask_for_everything(world: &World, victim: &str) {
    let credentials = world.credentials();
    let (namespace, name) = (Some(victim.to_owned()), "sample".to_owned());
    let refused = || CredentialError::Forbidden(FOREIGN_NAMESPACE.to_owned());
    let key =
        SecretKeySelector { name: name.clone(), namespace: namespace.clone(), key: Some("token".into()) };
    assert_eq!(credentials.secret_key(&key).await, Err(refused()));
    for kind in [CaProviderKind::Secret, CaProviderKind::ConfigMap] {
        let authority = CaProvider { kind, name: name.clone(), key: None, namespace: namespace.clone() };
        assert_eq!(credentials.certificate_authority(&authority).await, Err(refused()));
    }
    let account = ServiceAccountSelector { name, namespace, audiences: Vec::new() };
    let token = credentials.service_account_token(&account, &[], Duration::from_secs(600)).await;
    assert_eq!(token, Err(refused()));
    assert_eq!(credentials.service_account_annotations(&account, &[]).await, Err(refused()));
}

#[tokio::test]
async fn credentials_are_read_from_secrets_config_maps_and_service_accounts() {
    let world = World::new().await;
    let namespace = &world.namespace;
    world.secret(namespace, "held", "canary").await;
    let config_map = json!({ "metadata": { "name": "ca" }, "data": { "ca.crt": "PEM" } });
    world.plane.create(&format!("/api/v1/namespaces/{namespace}/configmaps"), &config_map).await.unwrap();
    world.plane.service_account(namespace, "who").await.unwrap();
    let credentials = world.credentials();
    let key = |name: &str, key: &str| SecretKeySelector {
        name: name.to_owned(),
        namespace: None,
        key: Some(key.to_owned()),
    };
    assert_eq!(credentials.secret_key(&key("held", "token")).await.unwrap().expose(), b"canary");
    assert!(!credentials.reads().failed());
    let missing = CredentialError::Missing("cannot find secret data for key: \"other\"".to_owned());
    assert_eq!(credentials.secret_key(&key("held", "other")).await, Err(missing));
    assert!(credentials.reads().failed());
    let authority = CaProvider {
        kind: CaProviderKind::ConfigMap,
        name: "ca".to_owned(),
        key: Some("ca.crt".to_owned()),
        namespace: Some(namespace.clone()),
    };
    assert_eq!(credentials.certificate_authority(&authority).await.unwrap(), b"PEM");
    let account = |name: &str| ServiceAccountSelector {
        name: name.to_owned(),
        namespace: None,
        audiences: vec!["mine".to_owned()],
    };
    let audiences = ["vault".to_owned()];
    let lifetime = Duration::from_secs(600);
    let token = credentials.service_account_token(&account("who"), &audiences, lifetime).await.unwrap();
    assert_eq!(
        audiences_of(token.expose_str().unwrap()),
        ["vault", "mine"],
        "the caller's, and the store's own"
    );
    let nobody = credentials.service_account_token(&account("nobody"), &audiences, lifetime).await;
    let expected = "cannot request Kubernetes service account token for service account \"nobody\": \
                    serviceaccounts \"nobody\" not found";
    assert_eq!(nobody, Err(CredentialError::Missing(expected.to_owned())));
    annotations_are_read(&world, &credentials, account).await;
}

/// For whom a token is that the API server made.
fn audiences_of(token: &str) -> Vec<String> {
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    serde_json::from_value(claims["aud"].clone()).unwrap()
}

async fn annotations_are_read(
    world: &World,
    credentials: &KubernetesCredentials,
    account: impl Fn(&str) -> ServiceAccountSelector,
) {
    let namespace = &world.namespace;
    let annotation = "eks.amazonaws.com/role-arn";
    let read = async |name: &str, annotations: &[&str]| {
        credentials.service_account_annotations(&account(name), annotations).await
    };
    assert_eq!(read("who", &[annotation]).await, Ok(BTreeMap::new()));
    let role = (annotation.to_owned(), "arn:aws:iam::1:role/r".to_owned());
    let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/who");
    world.patch(&path, json!({ "metadata": { "annotations": BTreeMap::from([role.clone()]) } })).await;
    assert_eq!(read("who", &[annotation]).await, Ok(BTreeMap::from([role])));
    assert_eq!(read("who", &["another"]).await, Ok(BTreeMap::new()), "it was not asked for");
    let nobody = read("nobody", &[annotation]).await;
    let expected = format!(
        "cannot get Kubernetes service account \"nobody\" from namespace \"{namespace}\": serviceaccounts \"nobody\" \
         not found"
    );
    assert_eq!(nobody, Err(CredentialError::Missing(expected)));
}

#[tokio::test]
async fn an_event_that_is_published_again_counts_up() {
    let world = World::new().await;
    let (events, task) = Events::new(world.client.clone(), 50, Arc::new(()));
    let task = tokio::spawn(task.run(world.stop.clone()));
    let regarding = k8s_openapi::api::core::v1::ObjectReference {
        kind: Some("ExternalSecret".to_owned()),
        namespace: Some(world.namespace.clone()),
        name: Some("example".to_owned()),
        ..Default::default()
    };
    for _ in 0..3 {
        let event = Event { warning: false, reason: "Updated", message: "secret updated".to_owned() };
        events.publish(regarding.clone(), event);
    }
    eventually("the count", async || {
        (world.events("example").await == ["Normal Updated x3 secret updated"]).then_some(())
    })
    .await;
    drop(events);
    task.await.unwrap();
}

#[tokio::test]
async fn every_login_ends_when_the_operator_stops() {
    let world = World::new().await;
    world.secret(&world.namespace, "token", "one").await;
    world.store("store", vault("https://stopped", "token")).await;
    world.told.exactly("store", &[Ready]).await;
    let login = world.connector.connection("https://stopped", "one").await;
    world.stop.cancel();
    world.registry.stopped().await;
    assert_eq!(login.count(&Call::Close), 1);
}
