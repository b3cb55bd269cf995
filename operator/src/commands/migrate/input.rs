//! The manifests that are read, and what is known beside them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use eso_plan::convert::{
    legacy::{Environment, Fillable, is_to_be_filled},
    migrate::{Migrated, Surroundings, migrate},
};
use serde_json::{Value, json};

use crate::commands::render::files;

/// How the names of files end that are read in a folder.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// The kinds that live in a namespace, of those that are looked at.
const NAMESPACED: [&str; 3] = ["ExternalSecret", "SecretStore", "Secret"];

/// Manifests, and what is known beside them.
#[derive(Debug, Default)]
pub(super) struct Input {
    /// The manifests.
    pub(super) documents: Vec<Value>,
    /// The annotations of Namespaces, by their names.
    pub(super) namespaces: BTreeMap<String, BTreeMap<String, String>>,
    /// The Secrets that are filled besides, by namespace and name.
    pub(super) filled: BTreeSet<(String, String)>,
    /// Whether these are all that there are.
    pub(super) sees_all: bool,
}

/// What the command is told about objects.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told<'a> {
    /// What the older controller was told.
    pub(super) environment: &'a Environment,
    /// The class of the stores.
    pub(super) class: Option<&'a str>,
    /// Whether what annotations of Namespaces forbid may end.
    pub(super) without_permits: bool,
}

impl Input {
    /// Reads files and folders; objects that name no namespace are of this one, where one is given.
    pub(super) fn of_files(paths: &[PathBuf], namespace: &str) -> anyhow::Result<Self> {
        let mut input = Self::default();
        for path in paths.iter().map(|path| files_of(path)).collect::<anyhow::Result<Vec<_>>>()?.concat() {
            for document in files::documents(&path)? {
                input.take(document, namespace);
            }
        }
        Ok(input)
    }

    /// What becomes of each of them.
    pub(super) fn migrated(&self, told: Told<'_>) -> Vec<Migrated> {
        let Self { documents, namespaces, filled, sees_all } = self;
        let Told { environment, class, without_permits } = told;
        let surroundings =
            Surroundings { environment, namespaces, filled, sees_all: *sees_all, class, without_permits };
        documents.iter().map(|document| migrate(document, &surroundings)).collect()
    }

    fn take(&mut self, mut document: Value, namespace: &str) {
        let kind = document["kind"].as_str().unwrap_or_default().to_owned();
        if let ("List", Some(items)) =
            (kind.as_str(), document.get_mut("items").and_then(Value::as_array_mut))
        {
            return std::mem::take(items).into_iter().for_each(|item| self.take(item, namespace));
        }
        let has_namespace = NAMESPACED.contains(&kind.as_str()) && !namespace.is_empty();
        let metadata = document.get_mut("metadata").and_then(Value::as_object_mut);
        if let Some(metadata) = metadata.filter(|_| has_namespace) {
            metadata.entry("namespace").or_insert_with(|| json!(namespace));
        }
        self.note(&kind, &document);
        self.documents.push(document);
    }

    fn note(&mut self, kind: &str, document: &Value) {
        let metadata = &document["metadata"];
        let text = |field: &str| metadata[field].as_str().unwrap_or_default().to_owned();
        match kind {
            "Namespace" => {
                let held = metadata["annotations"].as_object().into_iter().flatten();
                let held = held.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
                self.namespaces.insert(text("name"), held.collect());
            }
            "Secret" => {
                let is_nothing = |value: &Value| value.as_object().is_none_or(serde_json::Map::is_empty);
                let secret = Fillable {
                    secret_type: document["type"].as_str().unwrap_or("Opaque"),
                    is_owned: !metadata["ownerReferences"].is_null(),
                    is_empty: is_nothing(&document["data"]) && is_nothing(&document["stringData"]),
                    annotations: None,
                };
                if is_to_be_filled(&secret, "") {
                    self.filled.insert((text("namespace"), text("name")));
                }
            }
            _ => {}
        }
    }
}

/// A file itself, or the files of a folder in the order of their names.
fn files_of(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::read_dir(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let file = entry.with_context(|| format!("{} cannot be read", path.display()))?.path();
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if ENDINGS.contains(&ending) && file.is_file() {
            found.push(file);
        }
    }
    found.sort();
    Ok(found)
}
