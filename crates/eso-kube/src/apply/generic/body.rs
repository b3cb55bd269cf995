//! What an object that is no Secret must look like, out of what it looks like: one of the few places where values leave this
//! process.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use eso_plan::{
    desired::{Content, Entries, Manifest, Ownership},
    digest,
    fields::merge,
    plan::WriteError,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{api::DynamicObject, core::TypeMeta};
use serde_json::{Map, Value};

use crate::{
    apply::Place,
    marks::{self, CREATED_BY_LABEL, DATA_HASH_ANNOTATION, Leftover},
};

/// What is asked of an object.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    /// Its kind.
    pub kind: &'a Manifest,
    /// Where it is, and what it carries of us.
    pub place: Place<'a>,
    /// What it holds.
    pub content: &'a Content,
    /// What it carries of us and must lose.
    pub leftover: Option<&'a Leftover>,
}

/// The object as it must be, made of the one that is there, if one is.
///
/// One that is ours or nobody's loses what else its `spec` or `data` hold, where we write there or did before; what others
/// put elsewhere stays. One that is shared is merged with, and loses the entries that we made and make no more.
///
/// # Errors
/// Where an entry is no text, and the kind takes texts only.
pub fn wanted(body: Body<'_>, before: Option<DynamicObject>) -> Result<DynamicObject, WriteError> {
    let Body { kind, place, content, leftover } = body;
    let made = made(kind, place.marks.templated, content)?;
    let (metadata, fields) = before.map_or_else(Default::default, |before| (before.metadata, before.data));
    let mut fields = if fields.is_object() { fields } else { Value::Object(Map::new()) };
    let written: Vec<&Value> = marks::fields(&metadata, &place.marks.manager).collect();
    match place.marks.ownership {
        Ownership::Share { .. } => drop_entries(&mut fields, &written, &made),
        Ownership::Own | Ownership::Leave | Ownership::Read => {
            drop_fields(&mut fields, kind, &written, &made)
        }
    }
    if kind.is_config_map() {
        apart(&mut fields, &made);
    }
    merge(&mut fields, made);
    let mut metadata = marked(metadata, place, leftover);
    if let Some(held) = fields.get("spec").or_else(|| fields.get("data")) {
        let annotations = metadata.annotations.get_or_insert_default();
        annotations.insert(DATA_HASH_ANNOTATION.to_owned(), digest::of_json(held));
    }
    let types = TypeMeta { api_version: kind.api_version.clone(), kind: kind.kind.clone() };
    Ok(DynamicObject { types: Some(types), metadata, data: fields })
}

/// Takes out of an object what is ours alone: the fields that we make, and those that our field manager wrote.
fn drop_fields(object: &mut Value, kind: &Manifest, written: &[&Value], made: &Value) {
    let Value::Object(fields) = object else { return };
    fields.retain(|name, _| {
        let is_ours = written.iter().any(|written| written.get(format!("f:{name}")).is_some());
        let is_entries = kind.is_config_map() && name == "binaryData";
        name == "status" || !(made.get(name).is_some() || is_ours || is_entries)
    });
}

/// Takes out of a shared object the entries that our field manager wrote, and that are not among these any more.
fn drop_entries(object: &mut Value, written: &[&Value], made: &Value) {
    for place in ["/data", "/binaryData", "/spec/data"] {
        let Some(Value::Object(held)) = object.pointer_mut(place) else { continue };
        let (ours, made) = (place.replace('/', "/f:"), made.pointer(place));
        held.retain(|key, _| {
            let field = format!("f:{key}");
            let is_ours = written
                .iter()
                .any(|written| written.pointer(&ours).is_some_and(|ours| ours.get(&field).is_some()));
            !is_ours || made.is_some_and(|made| made.get(key).is_some())
        });
    }
}

/// No key of a ConfigMap may stand among its texts and among its bytes: one that is made now leaves the other place.
fn apart(object: &mut Value, made: &Value) {
    for (from, to) in [("data", "binaryData"), ("binaryData", "data")] {
        if let (Some(Value::Object(held)), Some(made)) = (object.get_mut(from), made.get(to)) {
            held.retain(|key, _| made.get(key).is_none());
        }
    }
}

/// The fields that are ours. As in the original, entries are `data` of a ConfigMap and of what has a template, and else
/// `spec.data`.
fn made(kind: &Manifest, templated: bool, content: &Content) -> Result<Value, WriteError> {
    let mut fields = Value::Object(Map::new());
    let (texts, others) = split(&content.entries);
    let is_map = kind.is_config_map();
    if let Some(name) = others.keys().next().filter(|_| !is_map) {
        return Err(WriteError::Invalid(format!(
            "{name} is no UTF-8 text, and only a ConfigMap takes bytes"
        )));
    }
    let fielded = content.dress.as_ref().is_some_and(|dress| dress.fields.names().next().is_some());
    match (texts.is_empty() && fielded, is_map || templated) {
        (true, _) => {}
        (false, true) => fields["data"] = Value::Object(texts),
        (false, false) => fields["spec"]["data"] = Value::Object(texts),
    }
    if !others.is_empty() {
        fields["binaryData"] = Value::Object(others);
    }
    if let Some(dress) = &content.dress {
        merge(&mut fields, dress.fields.clone().into());
    }
    Ok(fields)
}

/// Texts, and other bytes in base64.
fn split(entries: &Entries) -> (Map<String, Value>, Map<String, Value>) {
    let (mut texts, mut others) = (Map::new(), Map::new());
    for (name, value) in entries {
        match value.expose_str() {
            Some(text) => texts.insert(name.clone(), text.into()),
            None => others.insert(name.clone(), STANDARD.encode(value.expose()).into()),
        };
    }
    (texts, others)
}

/// Metadata with our marks, and without what must go.
fn marked(before: ObjectMeta, place: Place<'_>, leftover: Option<&Leftover>) -> ObjectMeta {
    let marks = place.marks;
    let mut labels = before.labels.clone().unwrap_or_default();
    let mut annotations = before.annotations.clone().unwrap_or_default();
    if let Some(Leftover { labels: gone, annotations: unsaid }) = leftover {
        labels.retain(|name, _| !gone.contains(name));
        annotations.retain(|name, _| !unsaid.contains(name));
    }
    labels.remove(CREATED_BY_LABEL);
    labels.extend(marks.labels.clone());
    annotations.extend(marks.annotations.clone());
    let mut owners = before.owner_references.clone().unwrap_or_default();
    owners.retain(|owner| owner.uid != marks.uid);
    owners.extend(marks.owner.clone());
    let mut finalizers = before.finalizers.clone().unwrap_or_default();
    let more = marks.finalizers.iter().filter(|name| !finalizers.contains(name)).cloned().collect::<Vec<_>>();
    finalizers.extend(more);
    ObjectMeta {
        name: Some(place.name.to_owned()),
        namespace: (!place.namespace.is_empty()).then(|| place.namespace.to_owned()),
        labels: some(labels),
        annotations: some(annotations),
        owner_references: (!owners.is_empty()).then_some(owners),
        finalizers: (!finalizers.is_empty()).then_some(finalizers),
        managed_fields: None,
        ..before
    }
}

fn some(map: BTreeMap<String, String>) -> Option<BTreeMap<String, String>> {
    (!map.is_empty()).then_some(map)
}

#[cfg(test)]
mod tests;
