//! The operator with the provider, as a process, on a real API server.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use eso_rig::{ControlPlane, ControlPlaneOptions, Launch, Process};
use tempfile::TempDir;
use tokio::process::Command;

/// Where the manifests of the operator are.
const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../deploy");

/// An API server, a folder with values, and the operator over both.
struct World {
    plane: ControlPlane,
    folder: TempDir,
    operator: Option<Process>,
}

impl World {
    async fn start() -> Self {
        let plane = ControlPlane::start(ControlPlaneOptions::default()).await;
        let folder = TempDir::new().expect("there must be room for a folder");
        let mut world = Self { plane: plane.expect("an API server must start"), folder, operator: None };
        let definitions = format!("{DEPLOY}/crds");
        world.kubectl(&["apply", "--server-side", "-f", &definitions]).await;
        world.kubectl(&["wait", "--for=condition=Established", "--timeout=60s", "-f", &definitions]).await;
        world.kubectl(&["apply", "-f", &format!("{DEPLOY}/examples/operator/rbac.yaml")]).await;
        let kubeconfig = world.plane.kubeconfig_for("external-secrets", "external-secrets").await;
        world.write("kubeconfig", &kubeconfig.expect("the operator must have an account"));
        let launch = Launch {
            name: "own-provider",
            program: env!("CARGO_BIN_EXE_own-provider").into(),
            arguments: ["--live-addr=0", "--metrics-addr=0"].map(str::to_owned).into(),
            environment: world.environment(&world.path("kubeconfig")),
            log: world.path("log"),
        };
        world.operator = Some(launch.start().expect("the operator must start"));
        world
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a file must lie in a folder"))
            .expect("folders must be made");
        fs::write(path, text).expect("files must be written");
    }

    fn environment(&self, kubeconfig: &Path) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.display().to_string();
        vec![("KUBECONFIG", text(kubeconfig)), ("DIRECTORY_ROOT", text(self.folder.path()))]
    }

    /// Runs kubectl, expects success, and answers what it printed.
    async fn kubectl(&self, arguments: &[&str]) -> String {
        self.run(Command::new(self.plane.kubectl()).args(arguments)).await
    }

    /// The same of a command of the operator's program.
    async fn own_provider(&self, arguments: &[&str]) -> String {
        self.run(Command::new(env!("CARGO_BIN_EXE_own-provider")).args(arguments)).await
    }

    /// Runs a program as the cluster's administrator, in the folder of the manifests.
    async fn run(&self, command: &mut Command) -> String {
        let environment = self.environment(&self.plane.kubeconfig_path());
        let command = command.current_dir(env!("CARGO_MANIFEST_DIR")).envs(environment);
        let Output { status, stdout, stderr } = command.output().await.expect("the program must start");
        let log = self.operator.as_ref().map(Process::log_tail).unwrap_or_default();
        assert!(status.success(), "{command:?}: {}\n{log}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).expect("it must print text")
    }

    /// Waits until what a JSON path finds in an object is so.
    async fn until(&self, object: &str, path: &str, value: &str) {
        let condition = format!("--for=jsonpath={{{path}}}={value}");
        self.kubectl(&["wait", object, &condition, "--timeout=120s"]).await;
    }
}

#[tokio::test]
async fn a_secret_follows_a_file() {
    let world = World::start().await;
    world.write("team/app/db", "one");
    world.kubectl(&["apply", "-f", "store.yaml", "-f", "external-secret.yaml"]).await;
    world.until("secretstore/values", ".spec.provider.directory.path", "team").await;
    let kept = ["secretstore/values", "externalsecret/app"];
    world.kubectl(&[&["wait", "--for=condition=Ready", "--timeout=120s"], &kept[..]].concat()).await;
    world.until("secret/app", ".data.password", "b25l").await;

    world.write("team/app/db", "two");
    let plan = world.own_provider(&["plan", "default/app"]).await;
    assert!(plan.starts_with("default/app: Secret app is compared, and changed where it differs"), "{plan}");
    world.kubectl(&["annotate", "externalsecret/app", "force-sync=1"]).await;
    world.until("secret/app", ".data.password", "dHdv").await;

    let often = r#"{"spec":{"refreshInterval":"1s"}}"#;
    world.kubectl(&["patch", "externalsecret/app", "--type=merge", "-p", often]).await;
    for (value, encoded) in [("six", "c2l4"), ("ten", "dGVu")] {
        world.write("team/app/db", value);
        world.until("secret/app", ".data.password", encoded).await;
    }

    let files = ["-f", "external-secret.yaml", "--values", "values.yaml"];
    let rendered = world.own_provider(&[&["render"], &files[..]].concat()).await;
    assert!(rendered.contains("  password: "), "{rendered}");
}
