//! A scratch folder that goes away with its handle, or with the process, however that ends.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result};
use tempfile::TempDir;

/// Waits for the end of the pipe, then removes the folder; a server that dies at the same moment may
/// still be writing there, so it is tried more than once.
const REMOVE_AT_THE_END: &str = r#"
trap '' INT TERM HUP
read -r line
for attempt in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf -- "$1" && exit
    sleep 0.2
done
"#;

/// A folder readable by us alone.
#[derive(Debug)]
pub(crate) struct Folder {
    directory: TempDir,
    remover: Child,
}

impl Folder {
    /// Makes an empty folder in the place for temporary files.
    pub(crate) fn new(name: &str) -> Result<Self> {
        let made = || format!("no scratch folder for {name}");
        let directory =
            tempfile::Builder::new().prefix(&format!("eso-rig-{name}-")).tempdir().with_context(made)?;
        let remover = Command::new("sh")
            .args(["-c", REMOVE_AT_THE_END, "sh"])
            .arg(directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(made)?;
        Ok(Self { directory, remover })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(self.remover.stdin.take());
        // A remover that cannot be waited for is gone, and the folder's own handle removes it then.
        let _ = self.remover.wait();
    }
}
