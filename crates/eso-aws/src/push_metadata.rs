//! What a user wants beside a pushed value: the original's `PushSecretMetadata` document.
//!
//! As in the original, the case of a field's name does not matter, numbers and booleans are taken for texts where texts
//! are wanted, and a field that is empty is as good as none.

use std::collections::{BTreeMap, BTreeSet};

use eso_core::error::{ErrorKind, ProviderError, Reason};
use serde_json::{Map, Value};

use crate::tags::{self, Tags};

const API_VERSION: &str = "kubernetes.external-secrets.io/v1alpha1";
const KIND: &str = "PushSecretMetadata";

/// How the original begins its messages about it.
const PARSING: &str = "failed to parse metadata";

/// Fields that are taken out one by one, until none is left that nobody knows.
#[derive(Debug)]
pub(crate) struct Fields {
    /// Where they stand, such as `spec.`.
    place: String,
    /// By their names in small letters.
    fields: BTreeMap<String, (String, Value)>,
}

/// The fields of `spec`; none where there is no document.
pub(crate) fn spec(metadata: Option<&Value>) -> Result<Fields, ProviderError> {
    let Some(metadata) = metadata.filter(|metadata| !metadata.is_null()) else {
        return Ok(Fields::new("spec.".to_owned(), &Map::new()));
    };
    let document = metadata.as_object().ok_or_else(|| invalid("metadata must be an object".to_owned()))?;
    let mut document = Fields::new(String::new(), document);
    for (name, wanted) in [("apiVersion", API_VERSION), ("kind", KIND)] {
        let given = document.text(name)?.unwrap_or_default();
        if given != wanted {
            return Err(invalid(format!("unexpected {name} {given:?}, expected {wanted:?}")));
        }
    }
    let spec = document.object("spec")?.unwrap_or_else(|| Fields::new("spec.".to_owned(), &Map::new()));
    document.end()?;
    Ok(spec)
}

/// A document that asks for what cannot be done. `advice` is a clause that names the field.
pub(crate) fn invalid(advice: String) -> ProviderError {
    ProviderError::new(ErrorKind::Invalid, PARSING).with_reason(Reason::new(advice))
}

impl Fields {
    fn new(place: String, fields: &Map<String, Value>) -> Self {
        let fields = fields.iter().filter(|(_, value)| !value.is_null());
        let by_name =
            |(name, value): (&String, &Value)| (name.to_ascii_lowercase(), (name.clone(), value.clone()));
        Self { place, fields: fields.map(by_name).collect() }
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, ProviderError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let text = text(&value).ok_or_else(|| self.not(name, "a text"))?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    /// A text that must be there.
    pub(crate) fn needed_text(&mut self, name: &str) -> Result<String, ProviderError> {
        self.text(name)?.ok_or_else(|| self.missing(name))
    }

    /// One of a few texts.
    pub(crate) fn one_of<T: Copy>(
        &mut self,
        name: &str,
        known: &[(&str, T)],
    ) -> Result<Option<T>, ProviderError> {
        let Some(given) = self.text(name)? else { return Ok(None) };
        let found = known.iter().find(|(text, _)| *text == given).map(|(_, found)| *found);
        let texts: Vec<_> = known.iter().map(|(text, _)| *text).collect();
        found.map(Some).ok_or_else(|| self.not(name, &texts.join(" or ")))
    }

    /// Yes or no.
    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<bool>, ProviderError> {
        let value = self.take(name);
        value.map(|value| value.as_bool().ok_or_else(|| self.not(name, "true or false"))).transpose()
    }

    /// A set of texts. An empty list is not none.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Option<BTreeSet<String>>, ProviderError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let texts = value.as_array().and_then(|items| items.iter().map(text).collect());
        texts.map(Some).ok_or_else(|| self.not(name, "a list of texts"))
    }

    /// Further fields.
    pub(crate) fn object(&mut self, name: &str) -> Result<Option<Self>, ProviderError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let fields = value.as_object().ok_or_else(|| self.not(name, "an object"))?;
        Ok(Some(Self::new(format!("{}{name}.", self.place), fields)))
    }

    /// Further fields that must be there.
    pub(crate) fn needed_object(&mut self, name: &str) -> Result<Self, ProviderError> {
        self.object(name)?.ok_or_else(|| self.missing(name))
    }

    /// Any JSON, as text.
    pub(crate) fn json(&mut self, name: &str) -> Option<String> {
        self.take(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    /// The tags that are wanted, and with them the one that says whose the value is. None are wanted where none are
    /// named.
    pub(crate) fn tags(&mut self) -> Result<Option<Tags>, ProviderError> {
        let Some(value) = self.take("tags") else { return Ok(None) };
        let tag = |(key, value): (&String, &Value)| text(value).map(|value| (key.clone(), value));
        let named: Option<Tags> = value.as_object().and_then(|object| object.iter().map(tag).collect());
        let named = named.ok_or_else(|| self.not("tags", "an object of texts"))?;
        if let Some(key) = named.keys().find(|key| tags::is_reserved(key)) {
            return Err(invalid(format!("error parsing tags in metadata: Cannot specify a '{key}' tag")));
        }
        Ok(Some(named).filter(|named| !named.is_empty()).map(tags::with_owner))
    }

    /// Fails where there is a field that nobody took, naming it.
    pub(crate) fn end(self) -> Result<(), ProviderError> {
        match self.fields.into_values().next() {
            None => Ok(()),
            Some((name, _)) => Err(invalid(format!("unknown field \"{}{name}\"", self.place))),
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.fields.remove(&name.to_ascii_lowercase()).map(|(_, value)| value)
    }

    /// A field that is something else than it must be.
    pub(crate) fn not(&self, name: &str, what: &str) -> ProviderError {
        invalid(format!("{}{name} must be {what}", self.place))
    }

    fn missing(&self, name: &str) -> ProviderError {
        invalid(format!("{}{name} is missing", self.place))
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(spec: Value) -> Value {
        json!({"apiVersion": API_VERSION, "kind": KIND, "spec": spec})
    }

    #[track_caller]
    fn refused(metadata: Value, why: &str) {
        let taken = spec(Some(&metadata)).and_then(|mut spec| {
            spec.text("description")?;
            spec.flag("flag")?;
            spec.texts("list")?;
            spec.tags()?;
            spec.one_of("size", &[("small", 1), ("large", 2)])?;
            if let Some(mut inner) = spec.object("inner")? {
                inner.text("known")?;
                inner.end()?;
            }
            spec.end()
        });
        let error = taken.expect_err("it must be refused");
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(error.to_string(), format!("failed to parse metadata: {why}"));
    }

    #[test]
    fn what_is_no_such_document_is_refused_and_the_field_is_named() {
        refused(json!("text"), "metadata must be an object");
        refused(
            json!({"kind": KIND}),
            r#"unexpected apiVersion "", expected "kubernetes.external-secrets.io/v1alpha1""#,
        );
        refused(
            json!({"apiVersion": API_VERSION, "kind": "Other"}),
            r#"unexpected kind "Other", expected "PushSecretMetadata""#,
        );
        refused(json!({"apiVersion": API_VERSION, "kind": KIND, "more": 1}), r#"unknown field "more""#);
        refused(document(json!([])), "spec must be an object");
        refused(document(json!({"kmsKey": "x"})), r#"unknown field "spec.kmsKey""#);
        refused(document(json!({"inner": {"Strange": 1}})), r#"unknown field "spec.inner.Strange""#);
        refused(document(json!({"description": ["x"]})), "spec.description must be a text");
        refused(document(json!({"flag": "yes"})), "spec.flag must be true or false");
        refused(document(json!({"list": "x"})), "spec.list must be a list of texts");
        refused(document(json!({"size": "huge"})), "spec.size must be small or large");
        refused(document(json!({"tags": {"a": {}}})), "spec.tags must be an object of texts");
        refused(
            document(json!({"tags": {"managed-by": "me"}})),
            "error parsing tags in metadata: Cannot specify a 'managed-by' tag",
        );
    }

    #[test]
    fn fields_are_taken_as_the_original_takes_them() {
        let given = document(json!({
            "Description": "text", "KMSKEYID": null, "empty": "", "flag": true, "list": ["b", "a"], "none": [],
            "tags": {"a": 1, "b": true, "c": "x"},
        }));
        let mut spec = spec(Some(&given)).unwrap();
        assert_eq!(spec.text("description").unwrap().as_deref(), Some("text"));
        assert_eq!((spec.text("kmsKeyID").unwrap(), spec.text("empty").unwrap()), (None, None));
        assert_eq!(spec.flag("flag").unwrap(), Some(true));
        let list = spec.texts("list").unwrap().unwrap();
        assert_eq!(list.into_iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(spec.texts("none").unwrap(), Some(BTreeSet::new()));
        let tags: Vec<_> = spec.tags().unwrap().unwrap().into_iter().collect();
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            tags,
            [pair("a", "1"), pair("b", "true"), pair("c", "x"), pair("managed-by", "external-secrets")]
        );
        spec.end().unwrap();
    }

    #[test]
    fn no_document_wants_nothing() {
        for metadata in
            [None, Some(Value::Null), Some(document(Value::Null)), Some(document(json!({"tags": {}})))]
        {
            let mut spec = spec(metadata.as_ref()).unwrap();
            assert_eq!(spec.tags().unwrap(), None);
            spec.end().unwrap();
        }
    }

    #[test]
    fn json_is_handed_on_as_text_and_a_text_as_it_is() {
        let policies = json!([{"Type": "Expiration", "Version": "1.0"}]);
        let given = document(json!({"a": policies, "b": policies.to_string()}));
        let mut spec = spec(Some(&given)).unwrap();
        assert_eq!(
            (spec.json("a"), spec.json("b")),
            (Some(policies.to_string()), Some(policies.to_string()))
        );
    }
}
