//! What the servers of a node are told, in files of a folder.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde_json::json;

use super::network::{BRIDGE, PODS};

/// The image of the container that holds a pod's namespaces.
pub(super) const PAUSE: &str = "rig.test/pause:1";

/// Writes the files of containerd, of the network of pods, and of the kubelet.
pub(super) fn write(folder: &Path, kubelet_port: u16) -> Result<()> {
    let network = folder.join("cni");
    fs::create_dir_all(&network).context("no folder for the network of pods")?;
    let put = |path: &Path, text: String| {
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    put(&folder.join("containerd.toml"), containerd(&folder.display().to_string()))?;
    put(&network.join("10-pods.conflist"), pods(folder))?;
    put(&folder.join("kubelet.yaml"), kubelet(folder, kubelet_port))
}

/// Where containerd listens.
pub(super) fn socket(folder: &Path) -> String {
    format!("{}/containerd.sock", folder.display())
}

fn containerd(folder: &str) -> String {
    // Without `restrict_oom_score_adj` no container starts where the machine itself may not lower the score.
    format!(
        r#"version = 2
root = "{folder}/containerd"
state = "{folder}/containerd-state"
[grpc]
address = "{folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}"
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{folder}/cni"
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
"#
    )
}

fn pods(folder: &Path) -> String {
    let (subnet, first) = PODS;
    json!({
        "cniVersion": "0.4.0",
        "name": "pods",
        "plugins": [{
            "type": "bridge", "bridge": BRIDGE, "isDefaultGateway": true, "ipMasq": false,
            "ipam": {
                "type": "host-local", "dataDir": folder.join("cni-state"),
                "ranges": [[{ "subnet": subnet, "rangeStart": first }]],
            },
        }],
    })
    .to_string()
}

fn kubelet(folder: &Path, port: u16) -> String {
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "127.0.0.1",
        "port": port,
        "healthzPort": 0,
        "readOnlyPort": 0,
        "authentication": { "anonymous": { "enabled": true }, "webhook": { "enabled": false } },
        "authorization": { "mode": "AlwaysAllow" },
        "containerRuntimeEndpoint": format!("unix://{}", socket(folder)),
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": false,
        "failSwapOn": false,
        "oomScoreAdj": 0,
        "maxOpenFiles": 20_000,
        "resolvConf": "",
        "podLogsDir": folder.join("pod-logs"),
        "evictionHard": { "memory.available": "10Mi", "nodefs.available": "10Mi", "imagefs.available": "10Mi" },
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        // How soon a mounted Secret follows; a minute where nothing is said.
        "syncFrequency": "2s",
        "configMapAndSecretChangeDetectionStrategy": "Watch",
    })
    .to_string()
}
