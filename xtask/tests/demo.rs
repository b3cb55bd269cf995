//! `cargo xtask demo --kubeconfig`, as a person runs it, on a real cluster that is somebody else's: it refuses
//! what it could destroy, walks through, and leaves nothing behind, however it ends.
#![expect(clippy::unwrap_used, reason = "this is all test, which clippy only sees of the test functions")]

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use eso_rig::{ControlPlane, ControlPlaneOptions, Method};
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// What the demo may touch outside namespaces of its own.
const COLLECTIONS: [&str; 4] = [
    "/api/v1/namespaces",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
];

/// The cluster that the tests share is used by one of them at a time: each compares it before and after.
static TURN: Mutex<()> = Mutex::const_new(());

/// The demo as a process.
struct Demo {
    process: Child,
    output: BufReader<std::process::ChildStdout>,
    told: String,
}

/// How it ended.
struct Ended {
    good: bool,
    told: String,
    complaint: String,
}

impl Demo {
    /// Starts it, with the operator that the tests of the workspace have built; it builds its own where there is none.
    fn start(plane: &ControlPlane, operator: Option<&Path>) -> Self {
        Self::start_with(&["--once"], &plane.kubeconfig_path(), operator)
    }

    fn start_with(arguments: &[&str], kubeconfig: &Path, operator: Option<&Path>) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_xtask"));
        let built = Some(program.with_file_name("eso")).filter(|binary| binary.exists());
        let mut demo = Command::new(program);
        demo.arg("demo").args(arguments).arg("--kubeconfig").arg(kubeconfig);
        if let Some(operator) = operator.map(Path::to_owned).or(built) {
            demo.arg("--operator").arg(operator);
        }
        demo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = demo.spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, output, told: String::new() }
    }

    /// Reads until it says this.
    #[track_caller]
    fn until(&mut self, words: &str) {
        while !self.told.contains(words) {
            let read = self.output.read_line(&mut self.told).unwrap();
            assert_ne!(read, 0, "it never said {words}: {}", self.told);
        }
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success(), "{signal}");
    }

    fn end(mut self) -> Ended {
        self.output.read_to_string(&mut self.told).unwrap();
        let mut complaint = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        let good = self.process.wait().unwrap().success();
        Ended { good, told: self.told, complaint }
    }
}

/// Every object of the collections, with what tells it from another of its name, and from itself when changed.
async fn survey(plane: &ControlPlane) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for collection in COLLECTIONS {
        let list = plane.request(Method::GET, collection, None).await.unwrap().success().unwrap();
        let items: Vec<Value> = list["items"].as_array().unwrap().clone();
        found.extend(items.into_iter().map(|item| {
            let metadata = &item["metadata"];
            format!("{collection} {} {} {}", metadata["name"], metadata["uid"], metadata["generation"])
        }));
    }
    found
}

/// Runs the demo on an empty cluster to whatever end, and answers it, when the cluster is as it was before.
async fn leaves_nothing_behind(run: impl FnOnce(&ControlPlane) -> Ended) -> Ended {
    let _turn = TURN.lock().await;
    let plane = ControlPlane::shared().await.unwrap();
    let before = survey(plane).await;
    let ended = tokio::task::block_in_place(|| run(plane));
    let after = survey(plane).await;
    assert_eq!(after, before, "{}\n{}", ended.told, ended.complaint);
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn the_walk_through_passes_and_leaves_nothing_behind() {
    let ended = leaves_nothing_behind(|plane| Demo::start(plane, None).end()).await;
    assert!(ended.good, "{}\n{}", ended.told, ended.complaint);
    for words in
        ["A value of AWS Secrets Manager", "second: world", "A value of Vault", "password: analytical"]
    {
        assert!(ended.told.contains(words), "{words} is not in {}", ended.told);
    }
    let followed = ended.told.lines().filter(|line| line.starts_with("the Secret followed after "));
    assert_eq!(followed.count(), 2, "{}", ended.told);
}

#[tokio::test(flavor = "multi_thread")]
async fn left_running_it_ends_well_at_ctrl_c_and_leaves_nothing_behind() {
    let ended = leaves_nothing_behind(|plane| {
        let mut demo = Demo::start_with(&[], &plane.kubeconfig_path(), None);
        demo.until("Everything goes on until Ctrl-C.");
        demo.signal("-INT");
        demo.end()
    });
    let ended = ended.await;
    assert!(ended.good, "{}\n{}", ended.told, ended.complaint);
}

/// Sends the demo a signal as soon as it says these words.
async fn interrupted(words: &str, signal: &str) {
    let ended = leaves_nothing_behind(|plane| {
        let mut demo = Demo::start(plane, None);
        demo.until(words);
        demo.signal(signal);
        demo.end()
    });
    let ended = ended.await;
    assert!(!ended.good, "{}", ended.told);
    assert!(ended.complaint.contains("interrupted before the end"), "{}", ended.complaint);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_in_the_middle_of_the_walk_is_an_error_and_leaves_nothing_behind() {
    interrupted("A value of Vault", "-INT").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_while_the_definitions_are_made_is_an_error_and_leaves_nothing_behind() {
    interrupted("OpenBao: ready", "-TERM").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_is_an_error_and_leaves_nothing_behind() {
    let ended =
        leaves_nothing_behind(|plane| Demo::start(plane, Some(&PathBuf::from("/bin/false"))).end()).await;
    assert!(!ended.good && ended.complaint.contains("the operator ended at once"), "{}", ended.complaint);
}

/// A cluster on which the original, or we, are installed.
async fn in_use() -> ControlPlane {
    let options = ControlPlaneOptions { controller_manager: false, ..ControlPlaneOptions::default() };
    let plane = ControlPlane::start(options).await.unwrap();
    plane.create(COLLECTIONS[0], &json!({ "metadata": { "name": "external-secrets" } })).await.unwrap();
    let definitions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/crds");
    let created = Command::new(plane.kubectl())
        .env("KUBECONFIG", plane.kubeconfig_path())
        .args(["create", "-f"])
        .arg(definitions)
        .status();
    assert!(created.unwrap().success());
    plane
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_with_what_the_demo_would_remove_again_is_refused_and_untouched() {
    let plane = in_use().await;
    let before = survey(&plane).await;
    let mark = plane.mark().await.unwrap();
    let ended = tokio::task::block_in_place(|| Demo::start(&plane, None).end());
    assert!(!ended.good, "{}", ended.told);
    for words in [
        "\n  Namespace external-secrets\n",
        "\n  CustomResourceDefinition externalsecrets.external-secrets.io\n",
        "Nothing was changed.",
    ] {
        assert!(ended.complaint.contains(words), "{words} is not in {}", ended.complaint);
    }
    let asked =
        plane.since(mark).await.unwrap().matching(|request| request.user_agent.starts_with("kubectl"));
    assert!(!asked.is_empty() && asked.writes().is_empty(), "{asked:?}");
    assert_eq!(survey(&plane).await, before);
}

#[test]
fn a_kubeconfig_that_is_not_there_is_named_before_anything_is_done() {
    let ended = Demo::start_with(&[], Path::new("/nowhere/kubeconfig"), None).end();
    assert!(!ended.good && ended.told.is_empty(), "{}", ended.told);
    assert!(ended.complaint.contains("there is no kubeconfig /nowhere/kubeconfig"), "{}", ended.complaint);
}
