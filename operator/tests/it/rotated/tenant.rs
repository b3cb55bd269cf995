//! A namespace of OpenBao, for one test: its methods are mounted below `team` in it, and the values are in a namespace
//! of their own, so that neither a path nor a namespace is the default one.

use eso_rig::{Mark, OpenBao, VaultRequests};
use serde_json::{Value, json};

use super::{Counts, Gives, Server, Way};
use crate::harness::{World, encoded, eventually, secure_vault};

pub(super) struct Tenant {
    pub(super) server: &'static OpenBao,
    /// Its path, the test's namespace in the cluster.
    pub(super) name: String,
}

impl Tenant {
    pub(super) async fn of(world: &World) -> Self {
        let tenant = Self { server: secure_vault().await, name: world.namespace.clone() };
        world.watch_for(tenant.server.root_token());
        tenant.server.write(&format!("sys/namespaces/{}", tenant.name), &json!({})).await.unwrap();
        tenant.write("sys/namespaces/data", &json!({})).await;
        let engine = json!({ "type": "kv", "options": { "version": "2" } });
        tenant.write("data/sys/mounts/kv", &engine).await;
        let (mount, nothing) = (tenant.mount(), json!({}));
        eventually("the mount serves", async || {
            tenant.server.put(&mount, "first", &nothing).await.map_err(|error| format!("{error:#}"))
        })
        .await;
        tenant
    }

    /// Writes in this namespace.
    pub(super) async fn write(&self, path: &str, body: &Value) -> Value {
        self.server.write(&format!("{}/{path}", self.name), body).await.unwrap()
    }

    /// Makes the policy of a way, of its name, which allows to read its value.
    pub(super) async fn policy(&self, way: &str) {
        let rules = format!("path \"data/kv/data/{way}\" {{ capabilities = [\"read\"] }}");
        self.write(&format!("sys/policies/acl/{way}"), &json!({ "policy": rules })).await;
    }

    /// Mounts the method of a way, and makes its policy; answers the path of the method.
    pub(super) async fn method(&self, way: &str, kind: &str) -> String {
        self.policy(way).await;
        self.write(&format!("sys/auth/team/{way}"), &json!({ "type": kind })).await;
        format!("team/{way}")
    }

    fn mount(&self) -> String {
        format!("{}/data/kv", self.name)
    }

    /// What was asked by a way's tokens.
    fn asked_by(&self, way: &Way, path: &str) -> VaultRequests {
        let asked = self.server.since(Mark::START).unwrap().path(path);
        asked.matching(|request| {
            self.is_here(&request.namespace) && request.policies.iter().any(|policy| policy == way.name)
        })
    }

    fn is_here(&self, namespace: &str) -> bool {
        namespace.trim_end_matches('/') == self.name
    }
}

impl Server for Tenant {
    fn spec(&self, way: &Way) -> Value {
        let mut spec = json!({
            "server": self.server.url(), "namespace": format!("{}/data", self.name), "path": "kv", "version": "v2",
            "caBundle": encoded(self.server.ca_pem().unwrap()), "auth": way.auth,
        });
        spec["auth"]["namespace"] = json!(self.name);
        for (name, value) in &way.beside {
            spec[name] = value.clone();
        }
        spec
    }

    async fn put(&self, way: &Way, value: &str) {
        self.server.put(&self.mount(), way.name, &json!({ "password": value })).await.unwrap();
    }

    async fn ends_first(&self, way: &Way) {
        if let Some((path, body)) = &way.ends_first {
            self.write(path, body).await;
        }
    }

    fn counts(&self, way: &Way) -> Counts {
        let logins = match way.gives {
            Gives::Itself => self.asked_by(way, "auth/token/lookup-self"),
            Gives::Token => {
                let below = self.server.since(Mark::START).unwrap();
                let below = below.below(&format!("auth/team/{}/login", way.name));
                below.matching(|request| self.is_here(&request.namespace))
            }
        };
        (logins.len(), self.asked_by(way, "auth/token/revoke-self").len())
    }
}
