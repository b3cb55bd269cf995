//! An archive is read back by the system's tar, as an engine would: every digest is that of what it names.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use serde_json::Value;
use tempfile::TempDir;

use super::{Image, archive};
use crate::image::Entry;

fn unpack(archive: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let unpacked =
        Command::new("tar").arg("-xpf").arg(archive).arg("-C").arg(folder.path()).output().unwrap();
    assert!(unpacked.status.success(), "{}", String::from_utf8_lossy(&unpacked.stderr));
    folder
}

fn image() -> Image {
    Image {
        files: vec![
            Entry::folder("tmp", 0o1777),
            Entry::program("bin/external-secrets", "a program"),
            Entry::file("etc/passwd", "nonroot:x:65532:65532::/:/none\n"),
        ],
        entrypoint: vec!["/bin/external-secrets".to_owned()],
        user: "65532:65532".to_owned(),
    }
}

fn written(content: &[u8]) -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.tar");
    fs::write(&path, content).unwrap();
    (folder, path)
}

/// What a descriptor names, and that it is what it says.
fn blob(layout: &Path, descriptor: &Value) -> (std::path::PathBuf, Vec<u8>) {
    let digest = descriptor["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
    let path = layout.join("blobs/sha256").join(digest);
    let content = fs::read(&path).unwrap();
    assert_eq!(descriptor["size"], content.len());
    let summed = Command::new("sha256sum").arg(&path).output().unwrap();
    assert!(String::from_utf8(summed.stdout).unwrap().starts_with(digest));
    (path, content)
}

#[test]
fn an_archive_is_read_back_as_the_image_that_it_was_made_of() {
    let (_kept, path) = written(&archive("registry.example/eso:1.2", &image()).unwrap());
    let layout = unpack(&path);
    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(layout.path().join(name)).unwrap()).unwrap()
    };
    assert_eq!(read("oci-layout")["imageLayoutVersion"], "1.0.0");
    let described = &read("index.json")["manifests"][0];
    assert_eq!(described["annotations"]["io.containerd.image.name"], "registry.example/eso:1.2");
    assert_eq!(described["annotations"]["org.opencontainers.image.ref.name"], "1.2");

    let manifest: Value = serde_json::from_slice(&blob(layout.path(), described).1).unwrap();
    let config: Value = serde_json::from_slice(&blob(layout.path(), &manifest["config"]).1).unwrap();
    assert_eq!(config["config"]["Entrypoint"][0], "/bin/external-secrets");
    assert_eq!(config["config"]["User"], "65532:65532");
    assert_eq!(config["rootfs"]["diff_ids"][0], manifest["layers"][0]["digest"]);

    let files = unpack(&blob(layout.path(), &manifest["layers"][0]).0);
    let mode = |name: &str| fs::metadata(files.path().join(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!(fs::read_to_string(files.path().join("bin/external-secrets")).unwrap(), "a program");
    assert_eq!((mode("bin/external-secrets"), mode("etc/passwd"), mode("tmp")), (0o755, 0o644, 0o1777));
}

#[test]
fn the_same_image_is_the_same_archive() {
    let made = || archive("eso:1", &image()).unwrap();
    assert_eq!(made(), made());
    assert!(archive("eso", &image()).is_err(), "a name must have a tag");
}
