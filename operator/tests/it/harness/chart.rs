//! What the chart renders, as its golden files have it, and an operator that has the rights and the flags of one.

use std::fs;

use serde_json::{Value, json};

use super::{
    cluster::{Cluster, NAMESPACE},
    operator::Operator,
    world::World,
};

/// Everything that the chart renders for a set of values of `xtask/tests/chart/`.
pub(crate) fn rendered(case: &str) -> Vec<Value> {
    let path = format!("{}/../xtask/tests/chart/{case}.golden.yaml", env!("CARGO_MANIFEST_DIR"));
    let documents: Vec<Value> = serde_saphyr::from_multiple(&fs::read_to_string(path).unwrap()).unwrap();
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

impl World {
    /// The name by which the API server knows the operator that [`scoped`](Self::scoped) starts.
    pub(crate) fn scoped_user(&self) -> String {
        Cluster::user(&self.scoped_account())
    }

    fn scoped_account(&self) -> String {
        format!("{}-scoped", self.namespace)
    }

    /// Starts an operator that serves this test's namespace and may do nothing in any other, as the chart makes it with
    /// `scopedRBAC`, and waits until it is ready.
    pub(crate) async fn scoped(&self) -> Operator {
        let chart = rendered("one-namespace");
        let account = self.scoped_account();
        self.cluster.plane.service_account(NAMESPACE, &account).await.unwrap();
        let roles = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{}", self.namespace);
        for document in &chart {
            let (kind, metadata) = (document["kind"].as_str().unwrap(), &document["metadata"]);
            let is_ours = metadata["namespace"] == "apps" && ["Role", "RoleBinding"].contains(&kind);
            if is_ours {
                let mut document = document.clone();
                document["metadata"] = json!({ "name": metadata["name"] });
                if kind == "RoleBinding" {
                    document["subjects"][0]["name"] = json!(account);
                }
                self.cluster
                    .plane
                    .create(&format!("{roles}/{}s", kind.to_lowercase()), &document)
                    .await
                    .unwrap();
            }
        }
        let wants = json!({ "resource": "secrets", "verb": "watch", "namespace": self.namespace });
        self.cluster.goes_by(&account, &wants, true).await;
        let mut options = self.options.clone();
        options.arguments.extend(reconcilers(&chart));
        let operator = Operator::start(&self.cluster.account_kubeconfig(&account).await, &options);
        operator.ready().await;
        operator
    }
}

/// The flags of the rendered operator that say what it serves.
fn reconcilers(chart: &[Value]) -> Vec<String> {
    let deployment = chart.iter().find(|document| document["kind"] == "Deployment").unwrap();
    let arguments = deployment["spec"]["template"]["spec"]["containers"][0]["args"].as_array().unwrap();
    let arguments = arguments.iter().map(|argument| argument.as_str().unwrap());
    arguments.filter(|argument| argument.ends_with("-reconciler=false")).map(str::to_owned).collect()
}
