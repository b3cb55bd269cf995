//! A cluster of one node: a control plane, a scheduler, containerd and a kubelet.

use std::{fs, path::Path, process::Output};

use anyhow::{Context, Result, ensure};
use eso_rig::{ControlPlane, ControlPlaneOptions, Launch, Method, Process, Program, free_port};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use super::{
    files,
    forward::Forward,
    network::{KUBERNETES, NODE},
    pods::until,
};
use crate::image::{self, Image};

/// A running cluster. It ends when it is dropped.
pub(super) struct Node {
    pub(super) plane: ControlPlane,
    // In this order: the kubelet before what it asks.
    _kubelet: Process,
    _scheduler: Process,
    _containerd: Process,
    _kubernetes: Forward,
    folder: TempDir,
}

impl Node {
    /// Starts it, and returns when its node is ready.
    pub(super) async fn start() -> Result<Self> {
        let folder = TempDir::with_prefix("eso-node-")?;
        let kubelet_port = free_port()?;
        files::write(folder.path(), kubelet_port)?;
        let plane = control_plane().await?;
        let api = plane.url().trim_start_matches("https://").to_owned();
        let kubernetes = Forward::start(&format!("{KUBERNETES}:443"), &api).await?;
        let containerd = containerd(folder.path()).await?;
        load(folder.path(), files::PAUSE, &pause()?).await?;
        let scheduler = scheduler(folder.path(), &plane).await?;
        let kubelet = kubelet(folder.path(), &plane).await?;
        let node = Self {
            plane,
            _kubelet: kubelet,
            _scheduler: scheduler,
            _containerd: containerd,
            _kubernetes: kubernetes,
            folder,
        };
        node.ready().await?;
        Ok(node)
    }

    /// Puts an image onto the node.
    pub(super) async fn load(&self, name: &str, image: &Image) -> Result<()> {
        load(self.folder.path(), name, image).await
    }

    /// Kills a container at once, as the kernel would; `id` as a pod's status has it.
    pub(super) async fn kill(&self, id: &str) -> Result<()> {
        let id = id.trim_start_matches("containerd://");
        ctr(self.folder.path(), &["task", "kill", "--signal", "SIGKILL", id]).await.map(drop)
    }

    /// The environment that a program is started with in a container, as `env` prints it.
    pub(super) async fn environment(&self, id: &str) -> Result<String> {
        let id = id.trim_start_matches("containerd://");
        let arguments = ["task", "exec", "--exec-id", "environment", id, "/bin/busybox", "env"];
        let output = ctr(self.folder.path(), &arguments).await?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// What the containers of a namespace's pods have logged, the end of each; for an error.
    pub(super) fn logs(&self, namespace: &str) -> String {
        let pods = fs::read_dir(self.folder.path().join("pod-logs")).into_iter().flatten().flatten();
        let pods = pods.filter(|pod| pod.file_name().to_string_lossy().starts_with(&format!("{namespace}_")));
        let containers = pods.flat_map(|pod| fs::read_dir(pod.path()).into_iter().flatten().flatten());
        let logs =
            containers.flat_map(|container| fs::read_dir(container.path()).into_iter().flatten().flatten());
        let tail = |log: fs::DirEntry| {
            let text = fs::read_to_string(log.path()).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            format!("{}:\n{}\n", log.path().display(), lines[lines.len().saturating_sub(15)..].join("\n"))
        };
        logs.map(tail).collect()
    }

    async fn ready(&self) -> Result<()> {
        until("the node is ready", async || {
            let answer = self.plane.request(Method::GET, "/api/v1/nodes", None).await;
            let nodes = answer.map_err(|error| error.to_string())?.body;
            let conditions =
                nodes["items"][0]["status"]["conditions"].as_array().cloned().unwrap_or_default();
            let is_ready = |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
            match conditions.iter().any(is_ready) {
                true => Ok(()),
                false => Err(format!(
                    "{}\n{}",
                    nodes["items"][0]["status"]["conditions"],
                    self._kubelet.log_tail()
                )),
            }
        })
        .await
    }
}

async fn control_plane() -> Result<ControlPlane> {
    // A webhook is reached at its pods' addresses, without a proxy for Services.
    let flags = ["--enable-aggregator-routing=true", "--allow-privileged=true"];
    let options =
        ControlPlaneOptions { controller_manager: true, apiserver_flags: flags.map(str::to_owned).to_vec() };
    ControlPlane::start(options).await
}

async fn containerd(folder: &Path) -> Result<Process> {
    let started = launch(
        folder,
        "containerd",
        "containerd".as_ref(),
        vec![format!("--config={}", folder.join("containerd.toml").display())],
    )?;
    until("containerd answers", async || {
        ctr(folder, &["version"])
            .await
            .map(drop)
            .map_err(|error| format!("{error:#}\n{}", started.log_tail()))
    })
    .await?;
    Ok(started)
}

async fn scheduler(folder: &Path, plane: &ControlPlane) -> Result<Process> {
    let program = eso_rig::find(Program::KubeScheduler).await?;
    launch(
        folder,
        "kube-scheduler",
        &program,
        vec![
            format!("--kubeconfig={}", plane.kubeconfig_path().display()),
            "--leader-elect=false".to_owned(),
            format!("--secure-port={}", free_port()?),
            format!("--cert-dir={}", folder.join("scheduler").display()),
        ],
    )
}

async fn kubelet(folder: &Path, plane: &ControlPlane) -> Result<Process> {
    let program = eso_rig::find(Program::Kubelet).await?;
    launch(
        folder,
        "kubelet",
        &program,
        vec![
            format!("--config={}", folder.join("kubelet.yaml").display()),
            format!("--kubeconfig={}", plane.kubeconfig_path().display()),
            format!("--root-dir={}", folder.join("kubelet").display()),
            format!("--cert-dir={}", folder.join("kubelet-certificates").display()),
            "--hostname-override=node".to_owned(),
            format!("--node-ip={NODE}"),
        ],
    )
}

fn launch(folder: &Path, name: &'static str, program: &Path, arguments: Vec<String>) -> Result<Process> {
    let log = folder.join(format!("{name}.log"));
    Launch { name, program: program.to_owned(), arguments, environment: Vec::new(), log }.start()
}

/// The image of what does nothing but wait.
fn pause() -> Result<Image> {
    let busybox = image::of_program("/bin/busybox".as_ref(), "bin/busybox")?;
    let entrypoint = ["/bin/busybox", "sleep", "1000000000"].map(str::to_owned).to_vec();
    Ok(Image { entrypoint, ..busybox })
}

async fn load(folder: &Path, name: &str, image: &Image) -> Result<()> {
    let archive = folder.join("image.tar");
    fs::write(&archive, image::archive(name, image)?).context("no room for an image")?;
    ctr(folder, &["images", "import", &archive.display().to_string()]).await?;
    fs::remove_file(&archive).context("the archive must be ours")
}

async fn ctr(folder: &Path, arguments: &[&str]) -> Result<Output> {
    let mut command = Command::new("ctr");
    command
        .arg(format!("--address={}", files::socket(folder)))
        .args(["--namespace", "k8s.io"])
        .args(arguments);
    let output = command.output().await.context("cannot run ctr")?;
    ensure!(
        output.status.success(),
        "ctr {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(output)
}
