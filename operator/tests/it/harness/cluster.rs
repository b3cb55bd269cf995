//! A cluster with our definitions and the operator's roles, as the manifests in `deploy/` have them.

use std::{
    path::{Path, PathBuf},
    process::Output,
    sync::Arc,
};

use eso_rig::{ControlPlane, ControlPlaneOptions};
use serde_json::{Value, json};
use tokio::{process::Command, sync::OnceCell};

use super::patience::eventually;

static SHARED: OnceCell<Arc<Cluster>> = OnceCell::const_new();

/// The namespace of `deploy/examples/operator/`, in which every test's operator has an account.
pub(super) const NAMESPACE: &str = "external-secrets";

/// The role of `deploy/examples/operator/`.
pub(crate) const ROLE: &str = "external-secrets-controller";

/// A cluster in which operators can run.
pub(crate) struct Cluster {
    pub(crate) plane: ControlPlane,
}

impl Cluster {
    /// The one that the tests share. Nobody stops it.
    pub(crate) async fn shared() -> Arc<Self> {
        let start = async || Self::alone(ControlPlaneOptions::default()).await;
        Arc::clone(SHARED.get_or_init(start).await)
    }

    /// One for a test that does to it what others would notice.
    pub(crate) async fn alone(options: ControlPlaneOptions) -> Arc<Self> {
        let plane = ControlPlane::start(options).await.unwrap();
        let cluster = Self { plane };
        let (definitions, roles) = (deploy("crds"), deploy("examples/operator/rbac.yaml"));
        cluster.kubectl(&["apply", "--server-side", "-f", &definitions]).await;
        cluster.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "-f", &definitions]).await;
        cluster.kubectl(&["apply", "-f", &roles]).await;
        Arc::new(cluster)
    }

    /// Makes a namespace of exactly this name.
    pub(crate) async fn make_namespace(&self, name: String) -> String {
        self.plane.create("/api/v1/namespaces", &json!({ "metadata": { "name": name } })).await.unwrap();
        name
    }

    /// Makes a service account with the operator's role, and answers its kubeconfig.
    pub(crate) async fn operator_account(&self, name: &str) -> String {
        self.account(name, ROLE).await;
        self.goes_by(name, &json!({ "resource": "secrets", "verb": "watch" }), true).await;
        self.account_kubeconfig(name).await
    }

    /// Waits until the API server allows such an account this, or forbids it: it goes by a role a moment after that was
    /// given.
    pub(crate) async fn goes_by(&self, name: &str, wants: &Value, is_allowed: bool) {
        let question = json!({ "spec": { "user": Self::user(name), "resourceAttributes": wants } });
        let reviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        eventually(&format!("{wants} is allowed to {name}: {is_allowed}"), async || {
            let review = self.plane.create(reviews, &question).await.unwrap();
            match review["status"]["allowed"] == is_allowed {
                true => Ok(()),
                false => Err(review["status"].to_string()),
            }
        })
        .await;
    }

    /// A kubeconfig of such a service account.
    pub(crate) async fn account_kubeconfig(&self, name: &str) -> String {
        self.plane.kubeconfig_for(NAMESPACE, name).await.unwrap()
    }

    /// Makes a service account that may ask whose a token is, as a Vault does, and answers its own token.
    pub(crate) async fn reviewer_token(&self, name: &str) -> String {
        let account = format!("{name}-reviewer");
        self.account(&account, "system:auth-delegator").await;
        self.plane.token(NAMESPACE, &account, &[]).await.unwrap()
    }

    /// The name by which the API server knows such an account.
    pub(crate) fn user(name: &str) -> String {
        format!("system:serviceaccount:{NAMESPACE}:{name}")
    }

    async fn account(&self, name: &str, role: &str) {
        self.plane.service_account(NAMESPACE, name).await.unwrap();
        let binding = json!({
            "metadata": { "name": format!("{role}-{name}") },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
            "subjects": [{ "kind": "ServiceAccount", "name": name, "namespace": NAMESPACE }],
        });
        let bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
        self.plane.create(bindings, &binding).await.unwrap();
    }

    /// Runs kubectl as the administrator, expects success, and answers what it printed.
    pub(crate) async fn kubectl(&self, arguments: &[&str]) -> String {
        let kubeconfig = self.plane.kubeconfig_path();
        run(Command::new(self.plane.kubectl()).args(arguments).env("KUBECONFIG", kubeconfig)).await
    }
}

/// A path below `deploy/`.
pub(crate) fn deploy(path: &str) -> String {
    let root: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "deploy", path].iter().collect();
    root.display().to_string()
}

/// Runs a program, expects success, and answers what it printed.
pub(crate) async fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.kill_on_drop(true).output().await.unwrap();
    assert!(status.success(), "{command:?}: {status}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// The folder of a program, to be put in front of `PATH`.
pub(crate) fn search_path(program: &Path) -> String {
    let folder = program.parent().expect("a program must lie in a folder").display();
    format!("{folder}:{}", std::env::var("PATH").unwrap_or_default())
}
