//! OpenBao, shared: each test has mounts, policies and logins of its own there.

use std::collections::BTreeSet;

use eso_rig::{Method, Mode, OpenBao};
use eso_testkit::objects::store;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{Kind, World, canaries::client_token};

static SHARED: OnceCell<OpenBao> = OnceCell::const_new();

static SECURE: OnceCell<OpenBao> = OnceCell::const_new();

/// The server that the tests share. Nobody stops it.
async fn vault() -> &'static OpenBao {
    let start = async || OpenBao::start(Mode::Development).await.unwrap();
    SHARED.get_or_init(start).await
}

/// One that is reached over TLS, with an authority of its own, and at another address by those who show a certificate.
/// Nobody stops it.
pub(crate) async fn secure_vault() -> &'static OpenBao {
    let start = async || OpenBao::start(Mode::Mutual).await.unwrap();
    SECURE.get_or_init(start).await
}

/// A KV engine of a test's own, and a token that may read it.
pub(crate) struct Mount {
    pub(crate) server: &'static OpenBao,
    version: u8,
    /// The mount's path, the policy's name, and that of the auth method: the namespace of the test.
    pub(crate) name: String,
    /// May read the mount, and nothing else.
    pub(crate) token: String,
}

impl Mount {
    /// Mounts one of version 2 for this test.
    pub(crate) async fn of(world: &World) -> Self {
        Self::called(world, world.namespace.clone(), 2).await
    }

    /// Mounts one of version 1 for this test, beside the other one.
    pub(crate) async fn of_version_one(world: &World) -> Self {
        Self::called(world, format!("{}-one", world.namespace), 1).await
    }

    async fn called(world: &World, name: String, version: u8) -> Self {
        let server = vault().await;
        server.mount_kv(&name, version).await.unwrap();
        let token = server.token(&[&name], &json!({})).await.unwrap();
        assert_eq!(client_token(&token), Some(token.as_str()), "or tokens that get out are not found");
        world.watch_for(&token);
        let mount = Self { server, version, name, token };
        let below = mount.path_of("*");
        let rules = format!("path \"{below}\" {{ capabilities = [\"read\"] }}");
        server.policy(&mount.name, &rules).await.unwrap();
        mount
    }

    /// The path of a value.
    pub(crate) fn path_of(&self, key: &str) -> String {
        match self.version {
            1 => format!("{}/{key}", self.name),
            _ => format!("{}/data/{key}", self.name),
        }
    }

    /// The path of what is first looked at of a value that is to be written.
    pub(crate) fn path_beside(&self, key: &str) -> String {
        match self.version {
            1 => self.path_of(key),
            _ => format!("{}/metadata/{key}", self.name),
        }
    }

    /// From now on the token may write and delete what is below the mount too.
    pub(crate) async fn let_write(&self) {
        let every = r#"capabilities = ["create", "read", "update", "delete"]"#;
        let rule = |path: String| format!("path \"{path}\" {{ {every} }}\n");
        let paths = BTreeSet::from([self.path_of("*"), self.path_beside("*")]);
        let rules: String = paths.into_iter().map(rule).collect();
        self.server.policy(&self.name, &rules).await.unwrap();
    }

    /// From now on the token may look for values and at what is beside them too.
    pub(crate) async fn let_find(&self) {
        let (below, beside) = (self.path_of("*"), self.path_beside("*"));
        let rules = format!(
            "path \"{below}\" {{ capabilities = [\"read\"] }}\n\
             path \"{beside}\" {{ capabilities = [\"list\", \"read\"] }}"
        );
        self.server.policy(&self.name, &rules).await.unwrap();
    }

    /// What a value is at present; nothing where it is not there.
    pub(crate) async fn held(&self, key: &str) -> Option<Value> {
        let answer = self.server.request(Method::GET, &self.path_of(key), None).await.unwrap();
        let data = answer.success().ok()?["data"].clone();
        Some(if self.version == 1 { data } else { data["data"].clone() })
    }

    /// Writes an object, and returns the new version.
    pub(crate) async fn put(&self, key: &str, object: &Value) -> u64 {
        self.server.put(&self.name, key, object).await.unwrap()
    }

    /// The spec of a store that reads this mount at `url`, with the token in the Secret `secret` under `token`.
    pub(crate) fn spec_at(&self, url: &str, secret: &str) -> Value {
        json!({
            "server": url,
            "path": self.name,
            "version": format!("v{}", self.version),
            "auth": { "tokenSecretRef": { "name": secret, "key": "token" } },
        })
    }

    /// As [`spec_at`](Self::spec_at), of the server itself.
    pub(crate) fn spec(&self, secret: &str) -> Value {
        self.spec_at(self.server.url(), secret)
    }

    /// Mounts a Kubernetes auth method of this test's own, by which a service account of its namespace reads the
    /// mount; answers `auth.kubernetes` of a store.
    pub(crate) async fn trust_service_accounts(&self, world: &World, account: &str) -> Value {
        let (server, name, plane) = (self.server, &self.name, &world.cluster.plane);
        server.enable_auth("kubernetes", name).await.unwrap();
        let cluster = json!({
            "kubernetes_host": plane.url(),
            "kubernetes_ca_cert": plane.ca_pem(),
            "token_reviewer_jwt": world.cluster.reviewer_token(name).await,
        });
        server.write(&format!("auth/{name}/config"), &cluster).await.unwrap();
        let role = json!({
            "bound_service_account_names": [account],
            "bound_service_account_namespaces": [world.namespace],
            "policies": [name],
            "ttl": "1h",
        });
        server.write(&format!("auth/{name}/role/demo"), &role).await.unwrap();
        json!({ "mountPath": name, "role": "demo", "serviceAccountRef": { "name": account } })
    }
}

impl World {
    /// A store `vault` over a mount of the test's own, with the token of that mount, which is ready.
    pub(crate) async fn vault_store(&self) -> Mount {
        let mount = Mount::of(self).await;
        self.create_secret("vault-token", &[("token", &mount.token)]).await;
        self.create(store("vault").provider("vault", &mount.spec("vault-token"))).await;
        self.store_says(Kind::SecretStore, "vault", "Valid", "store validated").await;
        mount
    }
}
