//! What happens in the cluster is acted on at once, whatever the refresh interval: it is an hour in all of these.

use eso_testkit::objects::{object, store};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Kind, Mount, Setup, World, encoded, entries, measured, secure_vault};

/// A world with the store `main`, in which `db` has this value.
async fn fake(name: &str) -> (World, String) {
    let world = Setup::new(name).start().await;
    let value = world.canary("value");
    world.create(store("main").value("db", &value)).await;
    (world, value)
}

/// A world with a mount in which the member `password` of `db` has this value, and the spec of a store of it.
async fn vault(name: &str) -> (World, Mount, String) {
    let world = Setup::new(name).start().await;
    let mount = Mount::of(&world).await;
    let value = world.canary("value");
    mount.put("db", &json!({ "password": value })).await;
    (world, mount, value)
}

#[tokio::test]
async fn an_edit_of_the_store_is_acted_on_at_once() {
    let (world, value) = fake("edited-store").await;
    world.create(object("app").key("password", "db").every("1h")).await;
    world.holds("app", &[("password", &value)]).await;
    let edited = world.canary("edited");
    let data = json!({ "spec": { "provider": { "fake": { "data": [{ "key": "db", "value": edited }] } } } });
    world.patch(Kind::SecretStore, "main", data).await;
    measured("an edit of the store", world.holds("app", &[("password", &edited)])).await;
    world.end().await;
}

#[tokio::test]
async fn a_credential_that_comes_late_and_one_that_is_edited_are_acted_on_at_once() {
    let (world, mount, value) = vault("credential").await;
    world.create(store("main").provider("vault", &mount.spec("vault-token"))).await;
    world.create(object("app").key("password", "db#password").every("1h")).await;
    world.fails("app", "could not get secret data from provider: ").await;
    world.exhausted_without("app", "vault-token").await;
    let late = world.create_secret("vault-token", &[("token", &mount.token)]).await;
    measured("a credential that comes late", world.made_for(&late, "app", &[("password", &value)])).await;

    let edited = world.canary("edited");
    mount.put("db", &json!({ "password": edited })).await;
    let token = mount.server.token(&[&mount.name], &json!({})).await.unwrap();
    world.watch_for(&token);
    world.patch(Kind::Secret, "vault-token", json!({ "data": { "token": encoded(&token) } })).await;
    measured("an edit of a credential", world.holds("app", &[("password", &edited)])).await;
    world.end().await;
}

/// An authority comes in a ConfigMap or in a Secret; the store that is for it, and its object, have that kind's name.
async fn an_authority_comes_late_and_is_edited(world: &World, spec: &Value, kind: Kind, value: &str) {
    let named = format!("{kind:?}");
    let name = named.to_lowercase();
    let authority = format!("{name}-authority");
    let mut spec = spec.clone();
    spec["caProvider"] = json!({ "type": named, "name": authority, "key": "ca.pem" });
    world.create(store(&name).provider("vault", &spec)).await;
    world.create(object(&name).store(&name).key("password", "db#password").every("1h")).await;
    world.fails(&name, "could not get secret data from provider: ").await;
    world.exhausted_without(&name, &authority).await;
    let data = |authority: &str| match kind {
        Kind::Secret => json!({ "data": { "ca.pem": encoded(authority) } }),
        _ => json!({ "data": { "ca.pem": authority } }),
    };
    let (right, wrong) = (secure_vault().await.ca_pem().unwrap(), world.cluster.plane.ca_pem());
    let mut late = data(right);
    late["kind"] = json!(named);
    late["metadata"] = json!({ "name": authority });
    let late = world.create(late).await;
    measured("an authority that comes late", world.made_for(&late, &name, &[("password", value)])).await;

    // A store that is well is not connected again by itself.
    world.patch(kind, &authority, data(wrong)).await;
    let fails = world.store_says(Kind::SecretStore, &name, "InvalidProviderConfig", "unable to ");
    measured("an edit of the authority", fails).await;
    world.patch(kind, &authority, data(right)).await;
    world.store_says(Kind::SecretStore, &name, "Valid", "store validated").await;
}

#[tokio::test]
async fn an_authority_that_comes_late_and_one_that_is_edited_are_acted_on_at_once() {
    let world = Setup::new("authority").start().await;
    let (server, path, value) = (secure_vault().await, world.namespace.clone(), world.canary("value"));
    world.watch_for(server.root_token());
    server.mount_kv(&path, 2).await.unwrap();
    server.put(&path, "db", &json!({ "password": value })).await.unwrap();
    world.create_secret("root-token", &[("token", server.root_token())]).await;
    let spec = json!({
        "server": server.url(), "path": path, "version": "v2",
        "auth": { "tokenSecretRef": { "name": "root-token", "key": "token" } },
    });
    let kinds = [Kind::ConfigMap, Kind::Secret];
    join_all(kinds.map(|kind| an_authority_comes_late_and_is_edited(&world, &spec, kind, &value))).await;
    world.end().await;
}

/// Each on a target of its own: one that is changed again and again is repaired less and less often.
#[tokio::test]
async fn a_target_that_drifts_is_put_right_at_once() {
    let (world, value) = fake("drift").await;
    let right = [("password", value.as_str()), ("user", value.as_str())];
    let managed = "reconcile.external-secrets.io/managed";
    let drifts = [
        ("a-value-is-edited", json!({ "data": { "password": encoded("edited") } })),
        ("a-key-is-added", json!({ "data": { "added": encoded("added") } })),
        ("a-key-is-removed", json!({ "data": { "user": null } })),
        ("all-keys-are-removed", json!({ "data": null })),
        ("a-label-is-removed", json!({ "metadata": { "labels": { managed: null } } })),
    ];
    for (what, drift) in drifts {
        world.create(object(what).key("password", "db").key("user", "db").every("1h")).await;
        let made = world.holds(what, &right).await;
        let drifted = world.patch(Kind::Secret, what, drift).await;
        let back = world.until(Kind::Secret, what, "is put right", |secret| {
            entries(secret).iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(right)
                && secret["metadata"]["labels"][managed] == "true"
        });
        let back = measured(what, back).await;
        assert_ne!(back["metadata"]["resourceVersion"], drifted["metadata"]["resourceVersion"], "{what}");
        assert_eq!(back["metadata"]["uid"], made["metadata"]["uid"], "{what}");
    }
    world.create(object("deleted").key("password", "db").key("user", "db").every("1h")).await;
    let made = world.holds("deleted", &right).await;
    world.delete(Kind::Secret, "deleted").await;
    let again = measured("the target is deleted", world.holds("deleted", &right)).await;
    assert_ne!(again["metadata"]["uid"], made["metadata"]["uid"]);
    world.end().await;
}

#[tokio::test]
async fn the_force_sync_annotation_is_acted_on_at_once() {
    let (world, mount, value) = vault("force-sync").await;
    world.create_secret("vault-token", &[("token", &mount.token)]).await;
    world.create(store("main").provider("vault", &mount.spec("vault-token"))).await;
    world.create(object("app").key("password", "db#password").every("1h")).await;
    world.holds("app", &[("password", &value)]).await;
    for annotation in ["force-sync", "external-secrets.io/force-sync"] {
        world.synced("app").await;
        let changed = world.canary("changed");
        mount.put("db", &json!({ "password": changed })).await;
        let annotated = json!({ "metadata": { "annotations": { annotation: changed.len().to_string() } } });
        world.patch(Kind::ExternalSecret, "app", annotated).await;
        measured(annotation, world.holds("app", &[("password", &changed)])).await;
    }
    world.end().await;
}

#[tokio::test]
async fn a_target_that_is_waited_for_is_filled_as_soon_as_it_is_there() {
    let (world, value) = fake("merge").await;
    world.create(object("app").creation("Merge").key("password", "db").every("1h")).await;
    world.says("app", "SecretMissing", "secret will not be created due to CreationPolicy=Merge").await;
    assert_eq!(world.get(Kind::Secret, "app").await, None);
    let theirs = world.canary("theirs");
    world.create_secret("app", &[("theirs", &theirs)]).await;
    let both = [("password", value.as_str()), ("theirs", &theirs)];
    measured("a target to merge with appears", world.holds("app", &both)).await;
    world.synced("app").await;
    world.end().await;
}

#[tokio::test]
async fn a_target_that_another_one_held_is_taken_as_soon_as_that_is_gone() {
    let (world, value) = fake("holder").await;
    world.create(object("holder").target("shared").key("theirs", "db").every("1h")).await;
    world.synced("holder").await;
    world.create(object("waiting").target("shared").key("ours", "db").every("1h")).await;
    world.fails("waiting", "target is owned by another ExternalSecret: ").await;
    world.delete(Kind::ExternalSecret, "holder").await;
    let taken = measured("the holder of a target goes", world.holds("shared", &[("ours", &value)])).await;
    let waiting = world.synced("waiting").await;
    assert_eq!(owner(&taken), waiting["metadata"]["uid"]);
    world.end().await;
}

/// The uid of the object that controls a Secret.
fn owner(secret: &Value) -> Value {
    secret["metadata"]["ownerReferences"][0]["uid"].clone()
}
