//! `template` and `type`: what the Secret holds beside the values.
//!
//! The older controller merged them under what it made itself, and the API server `stringData` over `data`.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eso_core::api::{
    external_secret::{Template, TemplateMergePolicy, TemplateMetadata},
    legacy::ExternalSecretSpec,
};
use serde_json::{Map, Value};

use super::{Environment, Malformed, Note, entries::Built, lodash};
use crate::template::Delimiters;

/// What the Secret holds beside the values.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) template: Template,
    pub(super) immutable: Option<bool>,
}

/// What an object says of it.
pub(super) fn manifest(
    spec: &ExternalSecretSpec,
    built: &Built,
    environment: &Environment,
    notes: &mut Vec<Note>,
) -> Result<Made, Malformed> {
    let template = spec.template.clone().unwrap_or_default();
    let mut reader = Reader { built, delimiters: &environment.delimiters, notes, made: BTreeMap::new() };
    let secret_type = secret_type(template.get("type"))?.or_else(|| spec.secret_type.clone());
    let metadata = reader.metadata(template.get("metadata"))?;
    let immutable = immutable(template.get("immutable"))?;
    reader.data(texts("spec.template.data", template.get("data"))?)?;
    reader.string_data(texts("spec.template.stringData", template.get("stringData"))?)?;
    reader.note_others(&template);
    let template = Template {
        secret_type: secret_type.filter(|text| !text.is_empty()),
        metadata,
        merge_policy: (!reader.made.is_empty()).then_some(TemplateMergePolicy::Merge),
        data: reader.made,
        ..Template::default()
    };
    Ok(Made { template, immutable })
}

struct Reader<'a> {
    built: &'a Built,
    delimiters: &'a Delimiters,
    notes: &'a mut Vec<Note>,
    /// The templates that were made so far, by key.
    made: BTreeMap<String, String>,
}

impl Reader<'_> {
    /// Base64. A value of the same name wins.
    fn data(&mut self, texts: Vec<(String, String)>) -> Result<(), Malformed> {
        let names = self.built.names();
        for (name, text) in texts {
            let field = format!("spec.template.data.{name}");
            if names.contains(name.as_str()) {
                self.notes.push(Note::no_effect(field, "spec.data has the same name, and wins"));
                continue;
            }
            let template = match lodash::has_expressions(&text) {
                true => lodash::template_of_base64(&text, self.delimiters)
                    .map_err(|error| wrong(&field, &error))?,
                false => decoded(&text, &field, self.delimiters)?,
            };
            let template = match self.built.has_others() {
                true => lodash::under_value(&name, &template, self.delimiters),
                false => template,
            };
            self.made.insert(name, template);
        }
        Ok(())
    }

    /// It wins over values.
    fn string_data(&mut self, texts: Vec<(String, String)>) -> Result<(), Malformed> {
        for (name, text) in texts {
            let template = self.template(&text, &format!("spec.template.stringData.{name}"))?;
            self.made.insert(name, template);
        }
        Ok(())
    }

    fn metadata(&mut self, metadata: Option<&Value>) -> Result<Option<TemplateMetadata>, Malformed> {
        let Some(metadata) = object("spec.template.metadata", metadata)? else { return Ok(None) };
        let mut made = TemplateMetadata::default();
        for (field, value) in metadata {
            let at = format!("spec.template.metadata.{field}");
            match field.as_str() {
                "labels" => made.labels = self.templates(&at, value)?,
                "annotations" => made.annotations = self.templates(&at, value)?,
                "finalizers" => made.finalizers = finalizers(&at, value)?,
                "name" | "ownerReferences" => {
                    let says = "it is the object's to say: the Secret has its name, and belongs to it";
                    self.notes.push(Note::no_effect(at, says));
                }
                _ => self.notes.push(no_equivalent(at)),
            }
        }
        Ok(Some(made))
    }

    fn templates(&self, field: &str, value: &Value) -> Result<BTreeMap<String, String>, Malformed> {
        let texts = texts(field, Some(value))?.into_iter();
        texts
            .map(|(name, text)| {
                let template = self.template(&text, &format!("{field}.{name}"))?;
                Ok((name, template))
            })
            .collect()
    }

    fn template(&self, text: &str, field: &str) -> Result<String, Malformed> {
        lodash::template(text, self.delimiters).map_err(|error| wrong(field, &error))
    }

    fn note_others(&mut self, template: &Map<String, Value>) {
        for (field, value) in template {
            match (field.as_str(), value.as_str()) {
                ("type" | "metadata" | "immutable" | "data" | "stringData", _)
                | ("apiVersion", Some("v1"))
                | ("kind", Some("Secret")) => {}
                ("apiVersion" | "kind", _) => {
                    let at = format!("spec.template.{field}");
                    self.notes.push(Note::no_effect(at, "it is a Secret that is written"));
                }
                _ => self.notes.push(no_equivalent(format!("spec.template.{field}"))),
            }
        }
    }
}

fn no_equivalent(field: String) -> Note {
    Note::no_effect(field, "it has no equivalent, and is left out")
}

fn wrong(field: &str, problem: &dyn std::fmt::Display) -> Malformed {
    Malformed(format!("{field}: {problem}"))
}

/// The API server says it of a label and the like too, that are no texts.
fn texts(field: &str, value: Option<&Value>) -> Result<Vec<(String, String)>, Malformed> {
    let members = object(field, value)?.into_iter().flatten();
    let texts = members.filter(|(_, value)| !value.is_null()).map(|(name, value)| match value {
        Value::String(text) => Ok((name.clone(), text.clone())),
        _ => Err(Malformed(format!("{field}.{name} is no text: put it in quotes"))),
    });
    texts.collect()
}

fn object<'v>(field: &str, value: Option<&'v Value>) -> Result<Option<&'v Map<String, Value>>, Malformed> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(_) => Err(Malformed(format!("{field} is no map"))),
    }
}

fn finalizers(field: &str, value: &Value) -> Result<Vec<String>, Malformed> {
    let texts =
        value.as_array().map(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect());
    texts.flatten().ok_or_else(|| Malformed(format!("{field} is no list of texts")))
}

fn secret_type(value: Option<&Value>) -> Result<Option<String>, Malformed> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !lodash::has_expressions(text) => Ok(Some(text.clone())),
        Some(_) => {
            Err(Malformed("spec.template.type is no plain text: name the type of the Secret".to_owned()))
        }
    }
}

fn immutable(value: Option<&Value>) -> Result<Option<bool>, Malformed> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(immutable)) => Ok(Some(*immutable)),
        Some(_) => Err(Malformed("spec.template.immutable is neither true nor false".to_owned())),
    }
}

/// A template that gives what base64 means; what is no text is decoded by the template.
fn decoded(text: &str, field: &str, delimiters: &Delimiters) -> Result<String, Malformed> {
    let digits: String = text.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    let bytes = BASE64_STANDARD
        .decode(&digits)
        .map_err(|_error| Malformed(format!("{field} is no base64: encode it, or move it to stringData")))?;
    Ok(match String::from_utf8(bytes) {
        Ok(meant) => lodash::literal(&meant, delimiters),
        Err(_) => lodash::literal_of_base64(&digits, delimiters),
    })
}

#[cfg(test)]
mod tests;
