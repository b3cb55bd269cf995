//! Operators that elect a leader: what they may do, a second one, and their lease.

use eso_rig::free_port;
use serde_json::{Value, json};

use super::{
    cluster::{Cluster, NAMESPACE},
    operator::{Operator, Options},
    patience::eventually,
    world::World,
};

/// The role for the lease, of `deploy/examples/operator/`.
const LEASE_ROLE: &str = "external-secrets-leaderelection";

const ROLES: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/external-secrets/roles";
const ROLE_BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/external-secrets/rolebindings";
const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/external-secrets/leases";

impl Cluster {
    /// Gives an account the rights that the manifest gives the operator to its lease, to a lease of this name; answers its
    /// kubeconfig, set to the operator's namespace.
    pub(super) async fn candidate(&self, account: &str, lease: &str, kubeconfig: &str) -> String {
        let mut role = self.get(&format!("{ROLES}/{LEASE_ROLE}")).await;
        let own = format!("{LEASE_ROLE}-{account}");
        role["metadata"] = json!({ "name": own });
        for rule in role["rules"].as_array_mut().into_iter().flatten() {
            if rule.get("resourceNames").is_some() {
                rule["resourceNames"] = json!([lease]);
            }
        }
        self.plane.create(ROLES, &role).await.unwrap();
        let binding = json!({
            "metadata": { "name": own },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": own },
            "subjects": [{ "kind": "ServiceAccount", "name": account, "namespace": NAMESPACE }],
        });
        self.plane.create(ROLE_BINDINGS, &binding).await.unwrap();
        for verb in ["get", "create", "update"] {
            let wants = json!({
                "group": "coordination.k8s.io", "resource": "leases", "verb": verb,
                "name": lease, "namespace": NAMESPACE,
            });
            self.goes_by(account, &wants, true).await;
        }
        kubeconfig.replace("namespace: default", &format!("namespace: {NAMESPACE}"))
    }

    async fn get(&self, path: &str) -> Value {
        self.plane.request(eso_rig::Method::GET, path, None).await.unwrap().success().unwrap()
    }
}

impl World {
    /// The name by which the API server knows the operator that [`rival`](Self::rival) starts.
    pub(crate) fn rival_user(&self) -> String {
        Cluster::user(&self.rival_account())
    }

    fn rival_account(&self) -> String {
        format!("{}-rival", self.namespace)
    }

    /// Starts a second operator as the first one was, with an account of its own, and waits until it is ready.
    pub(crate) async fn rival(&self) -> Operator {
        let account = self.rival_account();
        let kubeconfig = self.cluster.operator_account(&account).await;
        let kubeconfig = self.cluster.candidate(&account, &self.namespace, &kubeconfig).await;
        let rival = Operator::start(&kubeconfig, &self.options);
        rival.ready().await;
        rival
    }

    /// Starts one more operator under the account of the first, as a Deployment of two has it, and waits until it is ready. Its
    /// webhooks are at another port: one process has it.
    pub(crate) async fn replica(&self) -> Operator {
        let kubeconfig = self.cluster.account_kubeconfig(&self.namespace).await;
        let kubeconfig = kubeconfig.replace("namespace: default", &format!("namespace: {NAMESPACE}"));
        let replica = Operator::start(&kubeconfig, &elsewhere(&self.options));
        replica.ready().await;
        replica
    }

    /// The test's lease; nothing where it is not there.
    pub(crate) async fn lease(&self) -> Option<Value> {
        self.call("GET", &format!("{LEASES}/{}", self.namespace), None).await.ok()
    }

    /// Changes the test's lease as its holder would.
    pub(crate) async fn write_lease(&self, spec: &Value) {
        let path = format!("{LEASES}/{}", self.namespace);
        self.call("PATCH", &path, Some(&json!({ "spec": spec }))).await.unwrap();
    }

    /// Starts the operator again while somebody holds the lease of whom nobody hears: it stands by.
    pub(crate) async fn stands_by(&self) {
        self.operator.kill();
        self.operator.ends().await;
        self.write_lease(&json!({ "holderIdentity": "another", "leaseDurationSeconds": 3600 })).await;
        self.operator.restart().await;
    }

    /// Has whoever holds the lease give it up.
    pub(crate) async fn give_up_the_lease(&self) {
        self.write_lease(&json!({ "holderIdentity": "" })).await;
    }

    /// Waits until this operator holds the lease, and answers what the lease says.
    pub(crate) async fn leads(&self, operator: &Operator) -> Value {
        eventually("the operator holds the lease", async || {
            let spec = self.lease().await.map(|lease| lease["spec"].clone()).unwrap_or_default();
            match spec["holderIdentity"].as_str() {
                Some(holder) if !holder.is_empty() && is_known(operator, holder) => Ok(spec),
                _ => Err(format!("the lease says {spec}")),
            }
        })
        .await
    }
}

/// The same, with webhooks at another port.
fn elsewhere(options: &Options) -> Options {
    let mut options = options.clone();
    for argument in &mut options.arguments {
        if argument.starts_with("--webhook-port=") {
            *argument = format!("--webhook-port={}", free_port().unwrap());
        }
    }
    options
}

/// Whether this is the identity of that operator: others log it too, as somebody else's.
fn is_known(operator: &Operator, identity: &str) -> bool {
    operator.logged("takes part in the election").iter().any(|line| line.contains(identity))
}
