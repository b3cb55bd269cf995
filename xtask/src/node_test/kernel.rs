//! What a node changes of the whole machine, and leaves: settings of the kernel, control groups, and folders.

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// The settings that a kubelet sets.
const SETTINGS: [&str; 5] = [
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
];

/// The control groups that the pods are in, below each controller or below the one tree of all.
const GROUPS: [&str; 2] = ["kubepods", "k8s.io"];

/// Where a node writes, whatever it is told: each is hidden from it by an empty folder of its own.
pub(super) const FOLDERS: [&str; 5] =
    ["/run/containerd", "/run/netns", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers"];

/// A control group can be removed a moment after the last process of it was killed.
const TRIES: usize = 50;

/// The settings as they were: they are put back when this is dropped, and the control groups and folders removed that are
/// new.
pub(super) struct Kernel {
    settings: Vec<(PathBuf, String)>,
    groups: Vec<PathBuf>,
    folders: Vec<&'static str>,
}

impl Kernel {
    /// Reads them.
    pub(super) fn remember() -> Self {
        let settings = SETTINGS.iter().map(|name| Path::new("/proc/sys").join(name));
        let settings = settings.filter_map(|path| Some((path.clone(), fs::read_to_string(path).ok()?)));
        let groups = groups().filter(|group| !group.exists()).collect();
        let folders = FOLDERS.into_iter().filter(|folder| !Path::new(folder).exists()).collect();
        Self { settings: settings.collect(), groups, folders }
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        for (path, value) in &self.settings {
            // What cannot be put back was not changed either: the same right is asked for both.
            let _ = fs::write(path, value);
        }
        for group in &self.groups {
            for _ in 0..TRIES {
                match remove(group) {
                    Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                        thread::sleep(Duration::from_millis(100));
                    }
                    Ok(()) | Err(_) => break,
                }
            }
        }
        for folder in &self.folders {
            // It is left where somebody else uses it now.
            let _ = fs::remove_dir(folder);
        }
    }
}

fn groups() -> impl Iterator<Item = PathBuf> {
    let root = Path::new("/sys/fs/cgroup");
    let controllers = fs::read_dir(root).into_iter().flatten().flatten().map(|entry| entry.path());
    let trees: Vec<PathBuf> = controllers.filter(|path| path.is_dir()).chain([root.to_owned()]).collect();
    trees.into_iter().flat_map(|tree| GROUPS.map(|group| tree.join(group)))
}

/// Removes a control group and those in it. Its files go with it.
fn remove(group: &Path) -> io::Result<()> {
    for entry in fs::read_dir(group)? {
        let path = entry?.path();
        if path.is_dir() {
            remove(&path)?;
        }
    }
    fs::remove_dir(group)
}
