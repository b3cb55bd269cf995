//! What the chart renders, as its golden files have it, and an operator that has the rights and the flags of one.

use std::fs;

use eso_rig::free_port;
use serde_json::{Value, json};

use super::{
    admission::lead_to,
    cluster::{Cluster, NAMESPACE},
    operator::{Operator, Options},
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

    /// Starts an operator that serves this test's namespace and may do nothing in any other, with the roles, the flags and the
    /// webhooks that the chart makes with `scopedRBAC`, and waits until it is ready and its webhooks are reached.
    pub(crate) async fn scoped(&self) -> Operator {
        let account = self.scoped_account();
        let chart = self.release(&account);
        let port = free_port().unwrap();
        self.cluster.plane.service_account(NAMESPACE, &account).await.unwrap();
        for mut document in chart.iter().filter(|document| is_about_rights(document, &chart)).cloned() {
            for webhook in document["webhooks"].as_array_mut().into_iter().flatten() {
                lead_to(webhook, port);
            }
            self.cluster.plane.create(&collection(&document), &document).await.unwrap();
        }
        self.rights_are_gone_by(&account).await;
        let mut options = Options { environment: self.options.environment.clone(), ..Options::default() };
        options.arguments = arguments(&chart);
        options.arguments.push(format!("--webhook-port={port}"));
        let kubeconfig = self.cluster.account_kubeconfig(&account).await;
        let kubeconfig = kubeconfig.replace("namespace: default", &format!("namespace: {NAMESPACE}"));
        let operator = Operator::start(&kubeconfig, &options);
        operator.ready().await;
        self.admits().await;
        operator
    }

    /// What the chart renders for one namespace, where that is this test's, with names of this test's own.
    fn release(&self, account: &str) -> Vec<Value> {
        let names = [
            ("\"external-secrets-", format!("\"{account}-")),
            ("=external-secrets-", format!("={account}-")),
            ("\"name\":\"external-secrets\"", format!("\"name\":\"{account}\"")),
            (":external-secrets:external-secrets\\\"", format!(":{NAMESPACE}:{account}\\\"")),
            ("\"apps\"", format!("\"{}\"", self.namespace)),
            ("=apps\"", format!("={}\"", self.namespace)),
        ];
        let text = json!(rendered("one-namespace")).to_string();
        let text = names.iter().fold(text, |text, (theirs, ours)| text.replace(theirs, ours));
        serde_json::from_str(&text).unwrap()
    }

    /// Waits until the API server goes by a right of each role of the release.
    async fn rights_are_gone_by(&self, account: &str) {
        let right = |group: &str, resource: &str, verb: &str, namespace: &str, name: &str| json!({ "group": group, "resource": resource, "verb": verb, "namespace": namespace, "name": name });
        let configurations = ("admissionregistration.k8s.io", "mutatingwebhookconfigurations");
        let hooks = format!("{account}-webhook");
        for wants in [
            right("", "secrets", "watch", &self.namespace, ""),
            right("", "secrets", "create", NAMESPACE, ""),
            right("coordination.k8s.io", "leases", "create", NAMESPACE, ""),
            right(configurations.0, configurations.1, "patch", "", &hooks),
        ] {
            self.cluster.goes_by(account, &wants, true).await;
        }
    }
}

/// Whether it is a role that is bound, a binding, or a webhook configuration.
fn is_about_rights(document: &Value, chart: &[Value]) -> bool {
    match document["kind"].as_str().unwrap() {
        "ClusterRole" => chart.iter().any(|other| other["roleRef"]["name"] == document["metadata"]["name"]),
        kind => kind.contains("Role") || kind.ends_with("WebhookConfiguration"),
    }
}

/// Where the API server has objects of this kind.
fn collection(document: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text(&document["apiVersion"]), text(&document["kind"]).to_lowercase());
    match document["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("/apis/{version}/namespaces/{namespace}/{kind}s"),
        None => format!("/apis/{version}/{kind}s"),
    }
}

/// The flags of the rendered operator, but for its addresses and for how much it logs.
fn arguments(chart: &[Value]) -> Vec<String> {
    let deployment = chart.iter().find(|document| document["kind"] == "Deployment").unwrap();
    let arguments = deployment["spec"]["template"]["spec"]["containers"][0]["args"].as_array().unwrap();
    let arguments = arguments.iter().map(|argument| argument.as_str().unwrap().to_owned());
    let elsewhere = ["--metrics-addr=", "--live-addr=", "--webhook-port=", "--loglevel="];
    arguments.filter(|argument| !elsewhere.iter().any(|flag| argument.starts_with(flag))).collect()
}
