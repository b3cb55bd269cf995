//! The manifests that `eso render` is given.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
    path::Path,
};

use anyhow::{Context as _, anyhow, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use eso_core::{api::external_secret::ExternalSecret, value::SecretBytes};
use eso_plan::{
    convert::external_secret,
    template::{SourceKind, SourceName, Sources},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Manifests, as they stand in a file.
pub(super) struct Files {
    /// The ExternalSecrets, in their order.
    pub(super) objects: Vec<ExternalSecret>,
    /// What ConfigMaps and Secrets hold, by namespace and name.
    held: BTreeMap<(String, SourceName), BTreeMap<String, SecretBytes>>,
}

impl Files {
    /// Reads a file of one or more documents; `-` is the standard input.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let mut files = Self { objects: Vec::new(), held: BTreeMap::new() };
        for document in documents(path)? {
            files.take(document)?;
        }
        if files.objects.is_empty() {
            bail!("{} holds no ExternalSecret", path.display());
        }
        Ok(files)
    }

    fn take(&mut self, document: Value) -> anyhow::Result<()> {
        let kind = document["kind"].as_str().unwrap_or_default();
        let kind = match kind {
            "ExternalSecret" => {
                let object = external_secret::parse(document).map_err(|problem| anyhow!("{problem}"))?;
                self.objects.push(object);
                return Ok(());
            }
            "ConfigMap" => SourceKind::ConfigMap,
            "Secret" => SourceKind::Secret,
            // A file of a whole application holds much else.
            _ => return Ok(()),
        };
        let text = |field: &str| document["metadata"][field].as_str().unwrap_or_default().to_owned();
        let source = SourceName { kind, name: text("name") };
        let entries = entries(kind, &document).with_context(|| source.to_string())?;
        self.held.insert((text("namespace"), source), entries);
        Ok(())
    }

    /// What these objects of a namespace hold. One that names no namespace is of every one, as for kubectl.
    pub(super) fn sources<'a>(
        &self,
        namespace: &str,
        wanted: impl Iterator<Item = &'a SourceName>,
    ) -> Sources {
        let held = |source: &SourceName| {
            let of = |namespace: &str| self.held.get(&(namespace.to_owned(), source.clone()));
            of(namespace).or_else(|| of("")).cloned()
        };
        let wanted: BTreeSet<&SourceName> = wanted.collect();
        wanted.into_iter().map(|source| (source.clone(), held(source))).collect()
    }
}

/// What an object holds, as the API server would keep it.
fn entries(kind: SourceKind, document: &Value) -> anyhow::Result<BTreeMap<String, SecretBytes>> {
    let (encoded, plain) = match kind {
        SourceKind::ConfigMap => ("binaryData", "data"),
        SourceKind::Secret => ("data", "stringData"),
    };
    let mut entries = BTreeMap::new();
    for (name, value) in document[encoded].as_object().into_iter().flatten() {
        let text = value.as_str().unwrap_or_default();
        let bytes = STANDARD.decode(text).map_err(|_error| anyhow!("{encoded}.{name} is no base64"))?;
        entries.insert(name.clone(), SecretBytes::new(bytes));
    }
    for (name, value) in document[plain].as_object().into_iter().flatten() {
        entries.insert(name.clone(), SecretBytes::from(value.as_str().unwrap_or_default()));
    }
    Ok(entries)
}

/// The documents of a file of YAML; `-` is the standard input.
pub(in crate::commands) fn documents(path: &Path) -> anyhow::Result<Vec<Value>> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text(path)?)
        .map_err(|error| anyhow!("{} is no YAML{}", path.display(), place(&error)))?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}

/// The text of a file; `-` is the standard input.
pub(super) fn text(path: &Path) -> anyhow::Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("the standard input cannot be read")?;
        return Ok(text);
    }
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// A document of YAML; the error quotes nothing of it.
pub(super) fn yaml<T: DeserializeOwned>(text: &str) -> anyhow::Result<T> {
    serde_saphyr::from_str(text).map_err(|error| anyhow!("it cannot be read{}", place(&error)))
}

/// Where something is wrong. The rest of the message can quote what stands there.
fn place(error: &serde_saphyr::Error) -> String {
    error.location().map(|at| format!(" (line {}, column {})", at.line(), at.column())).unwrap_or_default()
}
