//! An operator that serves admission: its webhooks are registered for the test's own namespace, at its own port.

use eso_rig::free_port;
use eso_testkit::objects::object;
use external_secrets::codegen::webhooks::{EXAMPLE, Installation, configurations};
use http::Request;
use kube::client::Body;
use serde_json::{Value, json};

use super::{
    cluster::{Cluster, NAMESPACE, ROLE},
    kind::Kind,
    operator::Options,
    patience::eventually,
    world::World,
};

const REGISTRATION: &str = "/apis/admissionregistration.k8s.io/v1";
const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
const BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";

/// The annotation by which a Secret asks to be filled.
pub(crate) const STORE: &str = "admission.external-secrets.io/store";

/// The annotation in which it is written down what it was filled with.
pub(crate) const RECORD: &str = "admission.external-secrets.io/record";

/// The annotation that says how often it is read again.
pub(crate) const INTERVAL: &str = "admission.external-secrets.io/refresh-interval";

/// What the API server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// What it warned of.
    pub(crate) warnings: String,
}

impl Answer {
    /// The object, where it was taken.
    #[track_caller]
    pub(crate) fn taken(self) -> Value {
        assert!(self.status < 300, "{self:?}");
        self.body
    }

    /// Why it was refused.
    #[track_caller]
    pub(crate) fn refused(self) -> String {
        assert!(self.status >= 400, "{self:?}");
        self.body["message"].as_str().unwrap_or_default().to_owned()
    }
}

impl Cluster {
    /// Registers the webhooks of an operator of this account at a port of this machine, and lets it keep them.
    pub(super) async fn register_webhooks(&self, account: &str, port: u16) {
        let installation = Installation {
            namespace: NAMESPACE,
            service_account: account,
            configuration: account,
            ..EXAMPLE
        };
        for mut configuration in configurations(&installation) {
            let webhooks = configuration["webhooks"].as_array_mut().unwrap();
            // Objects of the cluster are those of other tests too.
            webhooks.retain(|webhook| webhook["rules"][0]["scope"] == "Namespaced");
            for webhook in webhooks {
                lead_to(webhook, port);
                webhook["namespaceSelector"] =
                    json!({ "matchLabels": { "kubernetes.io/metadata.name": account } });
            }
            let kind = configuration["kind"].as_str().unwrap().to_lowercase();
            self.plane.create(&format!("{REGISTRATION}/{kind}s"), &configuration).await.unwrap();
        }
        let role = self.plane.request(eso_rig::Method::GET, &format!("{ROLES}/{ROLE}"), None).await.unwrap();
        let mut role = role.success().unwrap();
        let own = format!("{ROLE}-webhooks-{account}");
        role["metadata"] = json!({ "name": own });
        role["rules"].as_array_mut().unwrap().retain(|rule| rule.get("resourceNames").is_some());
        role["rules"][0]["resourceNames"] = json!([account]);
        self.plane.create(ROLES, &role).await.unwrap();
        let binding = json!({
            "metadata": { "name": own },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": own },
            "subjects": [{ "kind": "ServiceAccount", "name": account, "namespace": NAMESPACE }],
        });
        self.plane.create(BINDINGS, &binding).await.unwrap();
        let wants = json!({
            "group": "admissionregistration.k8s.io", "resource": "mutatingwebhookconfigurations", "verb": "patch",
            "name": account,
        });
        self.goes_by(account, &wants, true).await;
    }
}

/// Leads a webhook to a port of this machine, rather than to a Service.
pub(super) fn lead_to(webhook: &mut Value, port: u16) {
    let path = webhook["clientConfig"]["service"]["path"].as_str().unwrap_or_default().to_owned();
    webhook["clientConfig"] = json!({ "url": format!("https://127.0.0.1:{port}{path}") });
}

/// What an operator of this account is told that serves admission; and its port.
pub(super) fn serve_webhooks(options: &mut Options, account: &str) -> u16 {
    let port = free_port().unwrap();
    options.arguments.extend([
        "--webhook-enable".to_owned(),
        format!("--webhook-port={port}"),
        format!("--webhook-secret-name={account}-webhook"),
        format!("--webhook-configuration-name={account}"),
        format!("--seal-secret-name={account}-seal"),
    ]);
    port
}

/// A Secret that asks to be filled from the SecretStore `main`.
pub(crate) fn asking(name: &str, values: &[(&str, &str)]) -> Value {
    let values: serde_json::Map<String, Value> =
        values.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": { "name": name, "annotations": { STORE: "SecretStore/main" } },
        "stringData": values,
    })
}

impl World {
    /// The port of the operator's webhooks.
    pub(crate) fn webhook_port(&self) -> u16 {
        let flag = |argument: &String| argument.strip_prefix("--webhook-port=")?.parse().ok();
        self.options.arguments.iter().find_map(flag).expect("the test must serve admission")
    }

    /// Where the mutating configuration is.
    pub(crate) fn mutating_configuration(&self) -> String {
        format!("{REGISTRATION}/mutatingwebhookconfigurations/{}", self.namespace)
    }

    /// Where the API server sends Secrets that say what they want, token and all.
    pub(crate) async fn references_url(&self) -> String {
        let configuration = self.call("GET", &self.mutating_configuration(), None).await.unwrap();
        let webhooks = configuration["webhooks"].as_array().unwrap();
        let references =
            webhooks.iter().find(|webhook| webhook["name"].as_str().unwrap().starts_with("references."));
        references.unwrap()["clientConfig"]["url"].as_str().unwrap().to_owned()
    }

    /// Waits until the API server reaches the webhooks of both configurations, and trusts them.
    pub(crate) async fn admits(&self) {
        let probe = object("probe").key("a", "none").json();
        let objects = format!("{}?dryRun=All", Kind::ExternalSecret.collection(&self.namespace));
        eventually("the API server reaches the webhooks", async || {
            let secret = self.post("?dryRun=All", &asking("probe", &[("a", "eso:none")]), None).await;
            let object = self.ask(("POST", "application/json"), &objects, &probe, None).await;
            match format!("{secret:?} {object:?}") {
                answers if answers.contains("failed calling webhook") => Err(answers),
                _ => Ok(()),
            }
        })
        .await;
    }

    /// Creates a Secret, perhaps as another user.
    pub(crate) async fn make(&self, secret: &Value, user: Option<&str>) -> Answer {
        self.post("", secret, user).await
    }

    /// As [`make`](Self::make), with a query.
    pub(crate) async fn post(&self, query: &str, secret: &Value, user: Option<&str>) -> Answer {
        let path = format!("/api/v1/namespaces/{}/secrets{query}", self.namespace);
        self.ask(("POST", "application/json"), &path, secret, user).await
    }

    /// Applies a Secret on the server's side, as this field manager.
    pub(crate) async fn apply(&self, manager: &str, query: &str, secret: &Value) -> Answer {
        let name = secret["metadata"]["name"].as_str().unwrap();
        let path = format!(
            "/api/v1/namespaces/{}/secrets/{name}?fieldManager={manager}&force=true{query}",
            self.namespace
        );
        self.ask(("PATCH", "application/apply-patch+yaml"), &path, secret, None).await
    }

    /// Asks the API server, and answers whatever it says.
    pub(crate) async fn ask(
        &self,
        (method, format): (&str, &str),
        path: &str,
        body: &Value,
        user: Option<&str>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("content-type", format);
        if let Some(user) = user {
            request = request.header("impersonate-user", user);
        }
        let request = request.body(Body::from(body.to_string().into_bytes())).unwrap();
        let answer = self.client.send(request).await.unwrap();
        let status = answer.status().as_u16();
        let warnings = answer.headers().get_all("warning").iter();
        let warnings = warnings.map(|warning| String::from_utf8_lossy(warning.as_bytes()).into_owned());
        let warnings = warnings.collect::<Vec<_>>().join("\n");
        let body = answer.into_body().collect_bytes().await.unwrap();
        Answer { status, body: serde_json::from_slice(&body).unwrap_or_default(), warnings }
    }
}
