//! Stores whose server is a standby of a real cluster: what it answers itself, what it hands on, where it leads, and what
//! becomes of them when another node takes over.

use std::sync::Arc;

use eso_core::{
    error::ErrorKind::Unavailable,
    provider::{Expected, Query, SecretProvider},
};
use eso_rig::{Answer, Cluster, Method, OpenBao, Standbys};
use serde_json::{Value, json};

use crate::{
    fixture::{Setting, app_role, ask, by_app_role, expect_kind, parsed, put_app, read, spec, until, with},
    writes::{delete, held, put, write},
};

const BOTH: [Standbys; 2] = [Standbys::Read, Standbys::Forward];

const POLICY: &str = r#"path "secret/*" { capabilities = ["create", "read", "update", "delete", "list"] }"#;

/// A cluster with `app` = {"first": "1"}, and a setting that knows the ids of its AppRole.
async fn cluster(standbys: Standbys) -> (Cluster, Setting) {
    let cluster = Cluster::start(standbys).await.expect("a cluster must start");
    let (active, _) = roles(&cluster).await;
    active.mount_kv("secret", 2).await.expect("a mount must be made");
    active.policy("reader", POLICY).await.expect("a policy must be written");
    put_app(active).await;
    let setting = app_role(active, json!({})).await;
    let (_, standby) = roles(&cluster).await;
    let serves = async || standby.request(Method::GET, "secret/data/app", None).await.is_ok_and(is_success);
    until("the standby serves the mount", serves).await;
    cluster.caught_up().await.expect("the standby must catch up");
    (cluster, setting)
}

fn is_success(answer: Answer) -> bool {
    answer.status.is_success()
}

async fn roles(cluster: &Cluster) -> (&OpenBao, &OpenBao) {
    cluster.active_and_standby().await.expect("there must be an active node")
}

fn at(node: &OpenBao) -> Value {
    spec(node.url(), by_app_role())
}

/// The same, where each standby is to lead to the active node and hand nothing on.
fn led_at(node: &OpenBao) -> Value {
    with(at(node), json!({"headers": {"X-Vault-No-Request-Forwarding": "true"}}))
}

/// Whether the value was read. What keeps it from being read is the server's trouble, and no fault of the store.
async fn reads(store: &Arc<dyn SecretProvider>) -> bool {
    match ask(store, "app", None).await {
        Ok(fetched) => {
            assert_eq!(parsed(&fetched), json!({"first": "1"}));
            true
        }
        Err(error) => {
            assert_eq!(error.kind(), Unavailable, "{error}");
            false
        }
    }
}

/// Reads over and over while something happens, and then until each store reads again.
async fn reads_through(stores: &[Arc<dyn SecretProvider>], happens: impl Future<Output = ()>) {
    let read_on = async {
        loop {
            for store in stores {
                reads(store).await;
            }
        }
    };
    tokio::select! {
        () = happens => {}
        () = read_on => {}
    }
    for store in stores {
        until("it reads again", async || reads(store).await).await;
    }
}

#[tokio::test]
async fn a_store_at_a_standby_reads_finds_writes_and_deletes_with_one_login() {
    for standbys in BOTH {
        let (cluster, setting) = cluster(standbys).await;
        let (_, standby) = roles(&cluster).await;
        for (round, spec) in [at(standby), led_at(standby)].into_iter().enumerate() {
            let store = setting.store(spec).await;
            assert_eq!(read(&store, "app").await, json!({"first": "1"}));
            store.check().await.expect("the token must be good");
            let found = store.finder().expect("it finds").find(&Query::default()).await;
            assert_eq!(found.map(|found| found.len()), Ok(1));
            let version = write(&store, put("new", &json!({"a": "b"}), Expected::Nothing)).await;
            assert_eq!(version, Ok(Some("1".to_owned())));
            let is_there = async || ask(&store, "new", None).await.is_ok();
            until("what was written is read", is_there).await;
            assert_eq!(held(&store, "new").await.version, Some("1".into()));
            delete(&store, "new", Some("1")).await.expect("it must be deleted");
            until("it is gone", async || ask(&store, "new", None).await.is_err()).await;
            store.close().await;
            for call in ["Login", "RevokeSelf"] {
                assert_eq!(setting.calls.count(call), round + 1, "{call}");
            }
        }
    }
}

#[tokio::test]
async fn stores_at_either_node_read_on_with_their_logins_when_the_active_node_steps_down() {
    for standbys in BOTH {
        let (cluster, setting) = cluster(standbys).await;
        let (active, standby) = roles(&cluster).await;
        let mut stores = Vec::new();
        for spec in [at(standby), led_at(standby), at(active), led_at(active)] {
            stores.push(setting.store(spec).await);
        }
        for _ in 0..2 {
            let step_down = async { cluster.step_down().await.expect("the active node must step down") };
            reads_through(&stores, step_down).await;
        }
        for store in &stores {
            store.check().await.expect("the token must be good");
        }
        assert_eq!(setting.calls.count("Login"), stores.len());
    }
}

#[tokio::test]
async fn stores_at_a_standby_read_on_with_their_logins_when_the_active_node_was_killed_and_is_back() {
    for standbys in BOTH {
        let (cluster, setting) = cluster(standbys).await;
        let (active, standby) = roles(&cluster).await;
        let stores = [setting.store(at(standby)).await, setting.store(led_at(standby)).await];
        let killed = async {
            active.kill();
            active.restart().await.expect("the node must start again");
            active.unseal().await.expect("the node must be unsealed");
        };
        reads_through(&stores, killed).await;
        assert_eq!(setting.calls.count("Login"), stores.len());
    }
}

#[tokio::test]
async fn a_store_at_a_standby_that_is_sealed_waits_until_it_is_unsealed() {
    for standbys in BOTH {
        let (cluster, setting) = cluster(standbys).await;
        let (_, standby) = roles(&cluster).await;
        let store = setting.store(at(standby)).await;
        assert!(reads(&store).await);
        // One that does not read by itself refuses to be sealed, and asks to be restarted instead.
        let sealed = match standbys {
            Standbys::Read => standby.seal().await,
            Standbys::Forward => standby.restart().await,
        };
        sealed.expect("the standby must be sealed");
        for _ in 0..3 {
            let words = expect_kind(ask(&store, "app", None).await, Unavailable);
            assert!(words.contains("Vault is sealed: unseal it"), "{words}");
        }
        expect_kind(store.check().await, Unavailable);
        standby.unseal().await.expect("the standby must be unsealed");
        until("it reads again", async || reads(&store).await).await;
        store.check().await.expect("the token must be good");
        assert_eq!(setting.calls.count("Login"), 2, "after a seal no token is trusted");
    }
}

#[tokio::test]
async fn a_store_that_reads_what_it_wrote_does_so_at_a_standby() {
    let (cluster, setting) = cluster(Standbys::Read).await;
    let (_, standby) = roles(&cluster).await;
    let kept = json!({"readYourWrites": true});
    let forwarded = json!({"readYourWrites": true, "forwardInconsistent": true});
    for (name, spec) in [
        ("kept", with(at(standby), kept.clone())),
        ("kept-led", with(led_at(standby), kept)),
        ("forwarded", with(at(standby), forwarded.clone())),
        ("forwarded-led", with(led_at(standby), forwarded)),
    ] {
        let store = setting.store(spec).await;
        let mut expected = Expected::Nothing;
        for number in 0..20 {
            let value = json!({"number": number});
            let version = write(&store, put(name, &value, expected)).await;
            let version = version.unwrap_or_else(|error| panic!("{name}, {number}: {error}"));
            assert_eq!(read(&store, name).await, value, "{name}");
            expected = Expected::Ours(version.as_deref().map(Into::into));
        }
    }
}
