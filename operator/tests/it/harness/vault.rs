//! OpenBao, shared: each test has mounts, policies and logins of its own there.

use eso_rig::{Mode, OpenBao};
use eso_testkit::objects::store;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{Kind, World, canaries::client_token};

static SHARED: OnceCell<OpenBao> = OnceCell::const_new();

static SECURE: OnceCell<OpenBao> = OnceCell::const_new();

/// The server that the tests share. Nobody stops it.
pub(crate) async fn vault() -> &'static OpenBao {
    let start = async || OpenBao::start(Mode::Development).await.unwrap();
    SHARED.get_or_init(start).await
}

/// One that is reached over TLS, with an authority of its own, and at another address by those who show a certificate.
/// Nobody stops it.
pub(crate) async fn secure_vault() -> &'static OpenBao {
    let start = async || OpenBao::start(Mode::Mutual).await.unwrap();
    SECURE.get_or_init(start).await
}

/// A KV engine of version 2 of a test's own, and a token that may read it.
pub(crate) struct Mount {
    pub(crate) server: &'static OpenBao,
    /// The mount's path, the policy's name, and that of the auth method: the namespace of the test.
    pub(crate) name: String,
    /// May read the mount, and nothing else.
    pub(crate) token: String,
}

impl Mount {
    /// Mounts one for this test.
    pub(crate) async fn of(world: &World) -> Self {
        let server = vault().await;
        let name = world.namespace.clone();
        server.mount_kv(&name, 2).await.unwrap();
        server
            .policy(&name, &format!("path \"{name}/data/*\" {{ capabilities = [\"read\"] }}"))
            .await
            .unwrap();
        let token = server.token(&[&name], &json!({})).await.unwrap();
        assert_eq!(client_token(&token), Some(token.as_str()), "or tokens that get out are not found");
        world.watch_for(&token);
        Self { server, name, token }
    }

    /// From now on the token may write and delete what is below the mount too.
    pub(crate) async fn let_write(&self) {
        let every = r#"capabilities = ["create", "read", "update", "delete"]"#;
        let rule = |part: &str| format!("path \"{}/{part}/*\" {{ {every} }}\n", self.name);
        self.server.policy(&self.name, &["data", "metadata"].map(rule).concat()).await.unwrap();
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
            "version": "v2",
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
