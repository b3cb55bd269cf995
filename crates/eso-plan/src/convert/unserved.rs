//! Fields that the original knows and this version does not serve.
//!
//! One that would change what is written is refused by its name: a Secret that is written otherwise than its author
//! meant is worse than one that is not. Its default is taken, and a field that nobody knows is ignored, as the original
//! prunes it.

use std::collections::BTreeMap;

use eso_core::api::external_secret::{DataFrom, ExternalSecretSpec, RemoteRef};
use serde_json::Value;

use super::Malformed;

type Fields = BTreeMap<String, Value>;

/// Refuses the first field of a spec that is not served.
pub(super) fn check_spec(spec: &ExternalSecretSpec) -> Result<(), Malformed> {
    refuse("spec", &spec.unserved, "syncWindows", is_empty)?;
    if let Some(target) = &spec.target {
        refuse("spec.target", &target.unserved, "template", Value::is_null)?;
        refuse("spec.target", &target.unserved, "manifest", Value::is_null)?;
        refuse("spec.target", &target.unserved, "immutable", |value| {
            matches!(value, Value::Null | Value::Bool(false))
        })?;
    }
    for (index, data) in spec.data.iter().enumerate() {
        let path = format!("spec.data[{index}]");
        refuse(&path, &data.unserved, "sourceRef", is_empty)?;
        // The name is written by hand here: the original does not convert it, whatever `conversionStrategy` says.
        check_remote_ref(&format!("{path}.remoteRef"), &data.remote_ref)?;
    }
    spec.data_from.iter().enumerate().try_for_each(|(index, entry)| check_data_from(index, entry))
}

fn check_data_from(index: usize, entry: &DataFrom) -> Result<(), Malformed> {
    let path = format!("spec.dataFrom[{index}]");
    let field = |name: &str| entry.unserved.get(name).filter(|value| !value.is_null());
    let source = field("sourceRef");
    let generator = source.and_then(|source| source.get("generatorRef")).filter(|value| !value.is_null());
    let ways = [entry.extract.is_some(), field("find").is_some(), generator.is_some()];
    match (ways.into_iter().filter(|given| *given).count(), source) {
        (2.., _) => {
            return Err(Malformed(
                "extract, find, or generatorRef cannot be set at the same time".to_owned(),
            ));
        }
        (0, None) => {
            return Err(Malformed("either extract, find, or sourceRef must be set to dataFrom".to_owned()));
        }
        (_, Some(Value::Object(source))) if source.is_empty() => {
            return Err(Malformed(
                "generatorRef or storeRef must be set when using sourceRef in dataFrom".to_owned(),
            ));
        }
        _ => {}
    }
    refuse(&path, &entry.unserved, "find", Value::is_null)?;
    refuse(&path, &entry.unserved, "sourceRef", Value::is_null)?;
    refuse(&path, &entry.unserved, "rewrite", is_empty)?;
    let Some(extract) = &entry.extract else { return Ok(()) };
    let path = format!("{path}.extract");
    refuse(&path, &extract.unserved, "conversionStrategy", |value| is_word(value, "Default"))?;
    check_remote_ref(&path, extract)
}

fn check_remote_ref(path: &str, remote: &RemoteRef) -> Result<(), Malformed> {
    refuse(path, &remote.unserved, "decodingStrategy", |value| is_word(value, "None"))?;
    refuse(path, &remote.unserved, "metadataPolicy", |value| is_word(value, "None"))?;
    refuse(path, &remote.unserved, "nullBytePolicy", |value| is_word(value, "Ignore"))
}

fn refuse(
    path: &str,
    fields: &Fields,
    name: &str,
    harmless: impl Fn(&Value) -> bool,
) -> Result<(), Malformed> {
    match fields.get(name) {
        Some(value) if !harmless(value) => {
            Err(Malformed(format!("{path}.{name} is not served by this version")))
        }
        Some(_) | None => Ok(()),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn is_word(value: &Value, default: &str) -> bool {
    match value {
        Value::Null => true,
        Value::String(word) => word.is_empty() || word == default,
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests;
