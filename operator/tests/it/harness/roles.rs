//! What a test's operator may do.

use serde_json::{Value, json};

use super::{cluster::ROLE, kind::Kind, world::World};

impl World {
    /// Gives this test's operator a role of its own, which is the one that all have but for what is changed here.
    pub(crate) async fn operator_may(&self, change: impl FnOnce(&mut Vec<Value>)) {
        self.expect_refusals();
        let mut role = self.get(Kind::ClusterRole, ROLE).await.expect("the operator's role must be there");
        change(role["rules"].as_array_mut().expect("a role must have rules"));
        let own = format!("{ROLE}-{}", self.namespace);
        role["metadata"] = json!({ "name": own });
        self.create(role).await;
        self.bind(&own).await;
    }

    /// Gives this test's operator these rights to Secrets and no others, and the rest of what all have.
    pub(crate) async fn operator_may_do_to_secrets(&self, verbs: &[&str]) {
        self.operator_may(|rules| {
            for rule in rules.iter_mut().filter(|rule| rule["resources"] == json!(["secrets"])) {
                rule["verbs"] = json!(verbs);
            }
        })
        .await;
    }

    /// Gives this test's operator the role that all have.
    pub(crate) async fn allow_everything(&self) {
        self.bind(ROLE).await;
    }

    /// The role of a binding never changes: it is made anew.
    async fn bind(&self, role: &str) {
        let name = format!("{ROLE}-{}", self.namespace);
        let mut binding = self.get(Kind::ClusterRoleBinding, &name).await.expect("a binding must be there");
        self.delete(Kind::ClusterRoleBinding, &name).await;
        binding["metadata"] = json!({ "name": name });
        binding["roleRef"]["name"] = json!(role);
        self.create(binding).await;
    }
}
