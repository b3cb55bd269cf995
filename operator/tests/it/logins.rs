//! Logins to Vault, by the operator as it is deployed: one for many objects, another when the credential or the store is
//! edited, and none as the operator itself for a store of a namespace.

use eso_rig::Mark;
use eso_testkit::objects::{object, store};
use serde_json::{Value, json};

use crate::harness::{Kind, Mount, Setup, World, encoded, eventually, measured};

/// A user of Vault's own who may read a mount: the method and the policy have the mount's name.
struct User {
    mount: Mount,
}

impl User {
    /// A user `app` with this password, of whom the Secret `user` knows.
    async fn of(world: &World, password: &str) -> Self {
        let mount = Mount::of(world).await;
        mount.server.enable_auth("userpass", &mount.name).await.unwrap();
        let user = Self { mount };
        user.set_password(password).await;
        world.create_secret("user", &[("password", password)]).await;
        user
    }

    async fn set_password(&self, password: &str) {
        let Mount { server, name, .. } = &self.mount;
        let user = json!({ "password": password, "token_policies": [name], "token_ttl": "1h" });
        server.write(&format!("auth/{name}/users/app"), &user).await.unwrap();
    }

    fn spec(&self) -> Value {
        let Mount { server, name, .. } = &self.mount;
        let login =
            json!({ "path": name, "username": "app", "secretRef": { "name": "user", "key": "password" } });
        json!({ "server": server.url(), "path": name, "version": "v2", "auth": { "userPass": login } })
    }

    /// How many logins there were, good and bad, and how many tokens were ended.
    fn counts(&self) -> (usize, usize) {
        let Mount { server, name, .. } = &self.mount;
        let requests = server.since(Mark::START).unwrap();
        let ended = requests.path("auth/token/revoke-self");
        let ours = ended.matching(|request| request.policies.contains(name));
        (requests.path(&format!("auth/{name}/login/app")).len(), ours.len())
    }

    /// How many reads there were.
    fn reads(&self) -> usize {
        self.mount.server.since(Mark::START).unwrap().path(&format!("{}/data/db", self.mount.name)).len()
    }

    async fn comes_to(&self, counts: (usize, usize)) {
        eventually(&format!("logins and ends are {counts:?}"), async || match self.counts() {
            now if now == counts => Ok(()),
            now => Err(format!("{now:?}")),
        })
        .await;
    }
}

fn password(password: &str) -> Value {
    json!({ "data": { "password": encoded(password) } })
}

#[tokio::test]
async fn a_password_that_is_rotated_is_taken_up_at_once_and_its_token_ended() {
    let world = Setup::new("logins-rotated").start().await;
    let (first, second) = (world.canary("first-password"), world.canary("second-password"));
    let user = User::of(&world, &first).await;
    let value = world.canary("value");
    user.mount.put("db", &json!({ "password": value })).await;
    world.create(store("main").provider("vault", &user.spec())).await;
    for name in ["one", "two", "three"] {
        world.create(object(name).key("password", "db#password").every("1s")).await;
        world.holds(name, &[("password", &value)]).await;
    }
    eventually("all were read some times", async || match user.reads() {
        reads if reads >= 12 => Ok(()),
        reads => Err(reads.to_string()),
    })
    .await;
    assert_eq!(user.counts(), (1, 0), "one login for all objects and refreshes");

    user.set_password(&second).await;
    world.patch(Kind::Secret, "user", password(&second)).await;
    measured("a rotated password", user.comes_to((2, 1))).await;
    let edited = world.canary("edited");
    user.mount.put("db", &json!({ "password": edited })).await;
    world.holds("one", &[("password", &edited)]).await;

    let wrong = world.canary("wrong-password");
    world.patch(Kind::Secret, "user", password(&wrong)).await;
    let refused =
        "unable to create client: cannot initialize Vault client: the user's name or password is wrong";
    measured(
        "a wrong password",
        world.store_says(Kind::SecretStore, "main", "InvalidProviderConfig", refused),
    )
    .await;
    world.patch(Kind::Secret, "user", password(&second)).await;
    let valid = world.store_says(Kind::SecretStore, "main", "Valid", "store validated");
    measured("the right password again", valid).await;
    world.end().await;
}

#[tokio::test]
async fn a_store_whose_spec_is_edited_logs_in_again_and_ends_the_login_before() {
    let world = Setup::new("logins-edited").start().await;
    let user = User::of(&world, &world.canary("password")).await;
    let value = world.canary("value");
    user.mount.put("db", &json!({ "password": value })).await;
    world.create(store("main").provider("vault", &user.spec())).await;
    world.create(object("app").key("password", "db#password").every("1s")).await;
    world.holds("app", &[("password", &value)]).await;
    user.comes_to((1, 0)).await;
    let edit =
        json!({ "spec": { "provider": { "vault": { "path": format!("{}/data", user.mount.name) } } } });
    world.patch(Kind::SecretStore, "main", edit).await;
    measured("an edit of the store", user.comes_to((2, 1))).await;
    world.delete(Kind::SecretStore, "main").await;
    measured("the store is deleted", user.comes_to((2, 2))).await;
    world.end().await;
}

#[tokio::test]
async fn a_store_of_a_namespace_does_not_log_in_as_the_operator() {
    // Keys that AWS's own library would find.
    let world = Setup::new("logins-own")
        .variable("AWS_ACCESS_KEY_ID", "AKIAOPERATOR")
        .variable("AWS_SECRET_ACCESS_KEY", "of-the-operator")
        .start()
        .await;
    let hostile = eso_rig::Scripted::start().await.unwrap();
    let refused = "unable to create client: cannot initialize Vault client: a SecretStore cannot log in as the operator \
                   itself: name ";
    for (name, auth) in [
        ("kubernetes", json!({ "kubernetes": { "role": "r" } })),
        ("aws", json!({ "iam": { "vaultRole": "r" } })),
        ("aws-role", json!({ "iam": { "vaultRole": "r", "role": "arn:aws:iam::1:role/r" } })),
        ("google", json!({ "gcp": { "role": "r" } })),
        ("google-account", json!({ "gcp": { "role": "r", "serviceAccountRef": { "name": "default" } } })),
    ] {
        let spec = json!({ "server": hostile.url(), "path": "secret", "auth": auth });
        world.create(store(name).provider("vault", &spec)).await;
        world.store_says(Kind::SecretStore, name, "InvalidProviderConfig", refused).await;
    }
    assert!(hostile.requests().is_empty(), "the server was shown {:?}", hostile.requests());
    world.end().await;
}
