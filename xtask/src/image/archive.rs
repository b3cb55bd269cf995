//! An OCI image layout in a tar archive: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::tar::{self, Entry};

/// What an image is.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    /// Its files.
    pub(crate) files: Vec<Entry>,
    /// What is run, with its arguments.
    pub(crate) entrypoint: Vec<String>,
    /// As whom.
    pub(crate) user: String,
}

/// Something that an image is made of, under its digest.
struct Blob {
    media_type: &'static str,
    content: Vec<u8>,
}

impl Blob {
    fn json(media_type: &'static str, content: &Value) -> Self {
        Self { media_type, content: content.to_string().into_bytes() }
    }

    fn digest(&self) -> String {
        let digest = Sha256::digest(&self.content);
        digest.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a string must succeed");
            text
        })
    }

    fn descriptor(&self) -> Value {
        json!({
            "mediaType": self.media_type,
            "digest": format!("sha256:{}", self.digest()),
            "size": self.content.len(),
        })
    }

    fn entry(self) -> Entry {
        Entry::file(&format!("blobs/sha256/{}", self.digest()), self.content)
    }
}

/// The archive of an image of that name, `registry/repository:tag`, for this machine's architecture.
///
/// # Errors
/// When a path is too long, or the name has no tag.
pub(crate) fn archive(name: &str, image: &Image) -> Result<Vec<u8>> {
    let (_, tag) = name.rsplit_once(':').with_context(|| format!("{name} has no tag"))?;
    let layer =
        Blob { media_type: "application/vnd.oci.image.layer.v1.tar", content: tar::archive(&image.files)? };
    let config = Blob::json("application/vnd.oci.image.config.v1+json", &configuration(image, &layer));
    let manifest = Blob::json(
        "application/vnd.oci.image.manifest.v1+json",
        &json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config.descriptor(),
            "layers": [layer.descriptor()],
        }),
    );
    let mut described = manifest.descriptor();
    // The second is what containerd calls it by.
    described["annotations"] =
        json!({ "org.opencontainers.image.ref.name": tag, "io.containerd.image.name": name });
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [described],
    });
    let layout = json!({ "imageLayoutVersion": "1.0.0" });
    tar::archive(&[
        Entry::file("oci-layout", layout.to_string()),
        Entry::file("index.json", index.to_string()),
        layer.entry(),
        config.entry(),
        manifest.entry(),
    ])
}

fn configuration(image: &Image, layer: &Blob) -> Value {
    json!({
        "architecture": architecture(),
        "os": "linux",
        "config": {
            "Entrypoint": image.entrypoint,
            "User": image.user,
            "Env": ["PATH=/bin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"],
            "WorkingDir": "/",
        },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{}", layer.digest())] },
    })
}

/// This machine's architecture, as Go calls it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests;
