//! What is printed: the newer manifests, stores first and each once, and the remarks.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use eso_plan::convert::migrate::{Migrated, Newer, ObjectName, Parts, Remark};
use serde_json::{Value, json};

/// What is printed.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// The newer manifests, as YAML.
    pub(super) text: String,
    /// What is to be known about them, each once.
    pub(super) remarks: Vec<Remark>,
    /// How many objects were written.
    written: usize,
    /// How many could not be.
    pub(super) unwritten: usize,
    /// How many are of none of these kinds.
    left_out: usize,
    /// Whether anything is remarked on an object that was written.
    pub(super) is_remarked: bool,
}

impl Report {
    pub(super) fn of(migrated: Vec<Migrated>) -> anyhow::Result<Self> {
        let mut report = Self::default();
        let mut made: BTreeMap<ObjectName, Value> = BTreeMap::new();
        let mut order = Vec::new();
        for Migrated { object, newer, remarks } in migrated {
            report.count(&newer, &remarks);
            report.remarks.extend(remarks);
            for manifest in manifests(newer) {
                let name = ObjectName::of(&manifest);
                match made.get(&name) {
                    None => {
                        order.push(name.clone());
                        made.insert(name, manifest);
                    }
                    // Objects that mean the same store have the same.
                    Some(same) if *same == manifest => {}
                    Some(_) => report.has_no_room(&object),
                }
            }
        }
        report.remarks = once(std::mem::take(&mut report.remarks));
        order.sort_by_key(|name| !name.kind.ends_with("SecretStore"));
        let manifests: Vec<&Value> = order.iter().filter_map(|name| made.get(name)).collect();
        report.text = yaml(&manifests)?;
        Ok(report)
    }

    /// In a line for people.
    pub(super) fn summary(&self) -> String {
        let Self { written, unwritten, left_out, .. } = self;
        format!("{written} written, {unwritten} not written, {left_out} of other kinds left out")
    }

    fn count(&mut self, newer: &Newer, remarks: &[Remark]) {
        match newer {
            Newer::Parts(_) | Newer::Object(_) => {
                self.written += 1;
                self.is_remarked |= !remarks.is_empty();
            }
            Newer::LeftOut => self.left_out += 1,
            Newer::Unwritten => self.unwritten += 1,
        }
    }

    fn has_no_room(&mut self, object: &ObjectName) {
        self.written -= 1;
        self.unwritten += 1;
        let what = "it is not written: another object of external-secrets.io has its name".to_owned();
        self.remarks.push(Remark { object: object.clone(), field: String::new(), what });
    }
}

/// The manifests that take an object's place.
fn manifests(newer: Newer) -> Vec<Value> {
    match newer {
        Newer::Parts(parts) => {
            let Parts { store, object, fills } = *parts;
            let fills = fills.iter().map(|fill| json!(fill));
            [json!(store), json!(object)].into_iter().chain(fills).collect()
        }
        Newer::Object(object) => vec![object],
        Newer::Unwritten | Newer::LeftOut => Vec::new(),
    }
}

/// Those of a Namespace are made for each of its objects.
fn once(remarks: Vec<Remark>) -> Vec<Remark> {
    let mut seen = BTreeSet::new();
    remarks.into_iter().filter(|remark| seen.insert(remark.clone())).collect()
}

fn yaml(manifests: &[&Value]) -> anyhow::Result<String> {
    let texts = manifests.iter().map(serde_saphyr::to_string).collect::<Result<Vec<_>, _>>();
    Ok(texts.context("a manifest cannot be written as YAML")?.join("---\n"))
}
