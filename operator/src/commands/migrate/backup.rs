//! The file that holds the manifests of what is deleted: the way back.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
};

use anyhow::Context as _;
use parking_lot::Mutex;
use serde_json::{Map, Value, json};

/// The file. What is in it stays: another run appends.
#[derive(Debug)]
pub(super) struct Backup {
    file: Mutex<File>,
}

impl Backup {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.with_context(|| format!("the backup {} cannot be written", path.display()))?;
        Ok(Self { file: Mutex::new(file) })
    }

    /// Appends an object as a manifest that can be applied, and returns when it is on the disk.
    pub(super) fn keep(&self, document: &Value) -> anyhow::Result<()> {
        let text = serde_saphyr::to_string(&manifest(document))
            .context("the older object cannot be written as YAML")?;
        let mut file = self.file.lock();
        let kept = file.write_all(format!("---\n{text}").as_bytes()).and_then(|()| file.sync_data());
        kept.context("the backup cannot be written")
    }
}

/// An object without what the API server and its controller added.
pub(super) fn manifest(document: &Value) -> Value {
    let metadata = &document["metadata"];
    let said = ["name", "namespace", "labels", "annotations"];
    let said = said.into_iter().filter(|field| !metadata[*field].is_null());
    let metadata: Map<String, Value> =
        said.map(|field| (field.to_owned(), metadata[field].clone())).collect();
    json!({
        "apiVersion": document["apiVersion"],
        "kind": document["kind"],
        "metadata": metadata,
        "spec": document["spec"],
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tempfile::TempDir;

    use super::Backup;

    #[test]
    fn what_is_kept_can_be_applied_and_another_run_appends() {
        let folder = TempDir::with_prefix("eso-backup-").unwrap();
        let path = folder.path().join("older.yaml");
        let document = |name: &str| {
            json!({
                "apiVersion": "kubernetes-client.io/v1", "kind": "ExternalSecret",
                "metadata": { "name": name, "uid": "u", "resourceVersion": "1", "labels": { "a": "b" } },
                "spec": { "backendType": "vault" }, "status": { "status": "SUCCESS" },
            })
        };
        for name in ["one", "two"] {
            Backup::open(&path).unwrap().keep(&document(name)).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let kept: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
        let expected = |name: &str| {
            json!({
                "apiVersion": "kubernetes-client.io/v1", "kind": "ExternalSecret",
                "metadata": { "name": name, "labels": { "a": "b" } }, "spec": { "backendType": "vault" },
            })
        };
        assert_eq!(kept, [expected("one"), expected("two")]);
    }
}
