//! Stores of the cluster on either server, and all that the server is asked for them.

use eso_rig::{FastAws, Mark};
use eso_testkit::objects::store;
use serde_json::{Value, json};

use crate::harness::{Kind, Mount, Setup, World, aws, aws_spec};

/// An operator, a server, and the stores that read it.
pub(super) struct Fenced {
    pub(super) world: World,
    /// Of the stores, and of the operator.
    class: String,
    server: Server,
}

enum Server {
    Aws(FastAws),
    Vault { mount: Mount, since: Mark },
}

impl Fenced {
    /// One of each server.
    pub(super) async fn on_both(name: &str) -> [Self; 2] {
        [Self::on_aws(&format!("{name}-aws")).await, Self::on_vault(&format!("{name}-vault")).await]
    }

    pub(super) async fn on_aws(name: &str) -> Self {
        let aws = aws();
        let world = setup(name).aws(&aws.url()).start().await;
        let (id, key) = (world.canary("id"), world.canary("key"));
        world.create_secret("aws-keys", &[("access-key", &id), ("secret-access-key", &key)]).await;
        Self { world, class: name.to_owned(), server: Server::Aws(aws) }
    }

    /// The store's token may read and list all of its mount.
    pub(super) async fn on_vault(name: &str) -> Self {
        let world = setup(name).start().await;
        let mount = Mount::of(&world).await;
        let rules = format!(
            "path \"{0}/data/*\" {{ capabilities = [\"read\"] }} path \"{0}/metadata/*\" {{ capabilities = [\"list\"] }}",
            mount.name
        );
        mount.server.policy(&mount.name, &rules).await.unwrap();
        world.create_secret("vault-token", &[("token", &mount.token)]).await;
        let since = mount.server.mark().unwrap();
        Self { world, class: name.to_owned(), server: Server::Vault { mount, since } }
    }

    /// Puts the member `password` under a key, and answers the whole value.
    pub(super) async fn put(&self, key: &str, password: &str) -> String {
        let document = json!({ "password": password });
        match &self.server {
            Server::Aws(aws) => drop(aws.put(key, &document.to_string()).unwrap()),
            Server::Vault { mount, since: _ } => drop(mount.put(key, &document).await),
        }
        document.to_string()
    }

    /// The name of a store: those of the cluster are everybody's.
    pub(super) fn store(&self, name: &str) -> String {
        format!("{}-{name}", self.world.namespace)
    }

    /// Makes a ClusterSecretStore with these conditions, and waits until it is valid.
    pub(super) async fn create(&self, name: &str, conditions: Value) {
        self.create_of(name, self.provider(), conditions).await;
    }

    /// As [`create`](Self::create), of Vault, where keys begin with their mount.
    pub(super) async fn create_without_path(&self, name: &str, conditions: Value) {
        let mut provider = self.provider();
        provider["vault"].as_object_mut().expect("the server must be Vault").remove("path");
        self.create_of(name, provider, conditions).await;
    }

    async fn create_of(&self, name: &str, provider: Value, conditions: Value) {
        let made = store(&self.store(name)).for_cluster().with("/spec/provider", provider);
        let made = made.with("/spec/controller", json!(self.class));
        self.world.create(made.with("/spec/conditions", conditions)).await;
        self.world.store_says(Kind::ClusterSecretStore, &self.store(name), "Valid", "store validated").await;
    }

    /// The credentials are those of the store, whoever asks.
    fn provider(&self) -> Value {
        let namespace = &self.world.namespace;
        match &self.server {
            Server::Aws(_) => {
                let mut spec = aws_spec("aws-keys");
                for reference in ["accessKeyIDSecretRef", "secretAccessKeySecretRef"] {
                    spec["auth"]["secretRef"][reference]["namespace"] = json!(namespace);
                }
                json!({ "aws": spec })
            }
            Server::Vault { mount, since: _ } => {
                let mut spec = mount.spec("vault-token");
                spec["auth"]["tokenSecretRef"]["namespace"] = json!(namespace);
                json!({ "vault": spec })
            }
        }
    }

    /// Forgets what the server was asked until now.
    pub(super) fn forget(&mut self) {
        match &mut self.server {
            Server::Aws(aws) => aws.reset_counts(),
            Server::Vault { mount, since } => *since = mount.server.mark().unwrap(),
        }
    }

    /// Those that ask for values, and not for names alone.
    pub(super) fn read(&self) -> Vec<String> {
        let is_list = |asked: &String| asked.starts_with("ListSecrets") || asked.starts_with("list ");
        self.asked().into_iter().filter(|asked| !is_list(asked)).collect()
    }

    /// Every request that the server got from these stores, in words: `GetSecretValue db`, `read data/db`.
    pub(super) fn asked(&self) -> Vec<String> {
        match &self.server {
            Server::Aws(aws) => {
                let calls = aws.calls().into_iter();
                calls.map(|call| format!("{} {}", call.operation, call.keys.join(" "))).collect()
            }
            Server::Vault { mount, since } => {
                let requests = mount.server.since(*since).unwrap();
                let own = requests.matching(|request| request.policies.contains(&mount.name));
                let below = |path: &str| {
                    path.strip_prefix(&mount.name)
                        .and_then(|path| path.strip_prefix('/'))
                        .unwrap_or(path)
                        .to_owned()
                };
                own.iter().map(|request| format!("{} {}", request.operation, below(&request.path))).collect()
            }
        }
    }
}

/// An operator that serves the stores of its class alone: those of the cluster are seen by all.
fn setup(name: &str) -> Setup {
    Setup::new(name).argument(&format!("--controller-class={name}"))
}
