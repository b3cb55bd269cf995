//! What an object that is no Secret must look like, out of what it looks like: one of the few places where values leave this
//! process.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use eso_plan::{
    desired::{Content, Entries, Manifest, Ownership},
    digest,
    fields::Fields,
    plan::WriteError,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    api::DynamicObject,
    core::{GroupVersion, TypeMeta},
};
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
    let (metadata, data) = match before {
        Some(object) => (object.metadata, object.data),
        None => (ObjectMeta::default(), Value::Null),
    };
    let Value::Object(mut fields) = (if data.is_null() { Value::Object(Map::new()) } else { data }) else {
        return Err(WriteError::Invalid("it is no object".to_owned()));
    };
    let made = made(kind, place.marks.templated, content)?;
    let before = marks::fields(&metadata, &place.marks.manager).collect::<Vec<_>>();
    match place.marks.ownership {
        Ownership::Share { .. } => drop_entries(&mut fields, &before, &made),
        Ownership::Own | Ownership::Leave | Ownership::Read => {
            let is_ours = |name: &str| {
                let is_field = !["metadata", "status"].contains(&name);
                is_field && before.iter().any(|ours| ours.get(format!("f:{name}")).is_some())
            };
            let is_map = |name: &str| kind.is_config_map() && name == "binaryData";
            fields.retain(|name, _| !made.contains_key(name) && !is_ours(name) && !is_map(name));
        }
    }
    if kind.is_config_map() {
        apart(&mut fields, &made);
    }
    Fields::from(made).over(&mut fields);
    let mut metadata = marked(metadata, place, leftover);
    let held = fields.get("spec").or_else(|| fields.get("data"));
    if let Some(held) = held {
        let annotations = metadata.annotations.get_or_insert_default();
        annotations.insert(DATA_HASH_ANNOTATION.to_owned(), digest::of_text(&go(held)));
    }
    let version: GroupVersion = kind
        .api_version
        .parse()
        .map_err(|_error| WriteError::Invalid(format!("{} is no version", kind.api_version)))?;
    let types = TypeMeta { api_version: version.api_version(), kind: kind.kind.clone() };
    Ok(DynamicObject { types: Some(types), metadata, data: Value::Object(fields) })
}

/// Takes out of a shared object the entries that our field manager wrote, and that are not among these any more.
fn drop_entries(fields: &mut Map<String, Value>, before: &[&Value], made: &Map<String, Value>) {
    for place in ["/data", "/binaryData", "/spec/data"] {
        let ours = place.replace('/', "/f:");
        let keys = before.iter().filter_map(|ours_of| ours_of.pointer(&ours)?.as_object());
        let keys: Vec<String> =
            keys.flat_map(Map::keys).filter_map(|key| key.strip_prefix("f:").map(str::to_owned)).collect();
        let (outer, inner) = place[1..].split_once('/').unwrap_or((&place[1..], ""));
        let held = fields.get_mut(outer);
        let held = if inner.is_empty() { held } else { held.and_then(|held| held.get_mut(inner)) };
        let kept = made.get(outer).map(|made| if inner.is_empty() { made } else { &made[inner] });
        let Some(Value::Object(held)) = held else { continue };
        held.retain(|key, _| !keys.contains(key) || kept.is_some_and(|kept| kept.get(key).is_some()));
    }
}

/// No key of a ConfigMap may stand among its texts and among its bytes: one that is made now leaves the other place.
fn apart(fields: &mut Map<String, Value>, made: &Map<String, Value>) {
    for (from, to) in [("data", "binaryData"), ("binaryData", "data")] {
        let (Some(Value::Object(held)), Some(Value::Object(made))) = (fields.get_mut(from), made.get(to))
        else {
            continue;
        };
        held.retain(|key, _| !made.contains_key(key));
    }
}

/// The fields that are ours. As in the original, entries are `data` of a ConfigMap and of what has a template, and else
/// `spec.data`.
fn made(kind: &Manifest, templated: bool, content: &Content) -> Result<Map<String, Value>, WriteError> {
    let mut fields = Map::new();
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
        (false, true) => drop(fields.insert("data".to_owned(), Value::Object(texts))),
        (false, false) => drop(fields.insert("spec".to_owned(), serde_json::json!({ "data": texts }))),
    }
    if !others.is_empty() {
        fields.insert("binaryData".to_owned(), Value::Object(others));
    }
    if let Some(dress) = &content.dress {
        dress.fields.clone().over(&mut fields);
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

/// JSON as Go's `%+v` prints it, which the original's hash is of.
fn go(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(go).collect::<Vec<_>>().join(" ")),
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
            let pairs: Vec<String> =
                sorted.into_iter().map(|(name, value)| format!("{name}:{}", go(value))).collect();
            format!("map[{}]", pairs.join(" "))
        }
    }
}

#[cfg(test)]
mod tests;
