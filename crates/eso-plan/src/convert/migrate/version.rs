//! Objects of `external-secrets.io/v1beta1` and `v1alpha1`, as those of `v1`.
//!
//! Stores and ExternalSecrets of all three say the same with the same fields, but for these: `dataFrom` of `v1alpha1` was a
//! list of references, its templates were of the engine `v1` where they did not say it, and `v1` has neither that engine nor
//! some providers.

use eso_core::api::{
    cluster_external_secret::ClusterExternalSecret,
    external_secret::ExternalSecret,
    secret_store::{ClusterSecretStore, SecretStore},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Newer, Remarks, engine, lost, metadata, unknown};
use crate::convert::{Malformed, external_secret};

/// The kinds that have older versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    ExternalSecret,
    ClusterExternalSecret,
    SecretStore,
    ClusterSecretStore,
}

impl Kind {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "ExternalSecret" => Some(Self::ExternalSecret),
            "ClusterExternalSecret" => Some(Self::ClusterExternalSecret),
            "SecretStore" => Some(Self::SecretStore),
            "ClusterSecretStore" => Some(Self::ClusterSecretStore),
            _ => None,
        }
    }
}

/// An object in `v1`.
pub(super) fn object(document: &Value, kind: Kind, is_alpha: bool, remarks: &mut Remarks) -> Newer {
    let mut newer = document.clone();
    newer["apiVersion"] = json!("external-secrets.io/v1");
    newer["metadata"] = metadata::kept(&document["metadata"], &[], remarks).into();
    if let Some(fields) = newer.as_object_mut() {
        fields.remove("status");
    }
    let mut external_secret_at = |path: &str, field: &str| match newer.pointer_mut(path) {
        Some(spec) => external_secret(spec, field, is_alpha, remarks),
        None => true,
    };
    let is_said = match kind {
        Kind::ExternalSecret => external_secret_at("/spec", "spec"),
        Kind::ClusterExternalSecret => {
            external_secret_at("/spec/externalSecretSpec", "spec.externalSecretSpec")
        }
        Kind::SecretStore | Kind::ClusterSecretStore => lost::is_none(&document["spec"], remarks),
    };
    if !is_said {
        return remarks.unwritten("put right what is remarked on");
    }
    let read = match kind {
        Kind::ExternalSecret => read_external_secret(&newer, remarks),
        Kind::ClusterExternalSecret => read::<ClusterExternalSecret>(&newer),
        Kind::SecretStore => read::<SecretStore>(&newer),
        Kind::ClusterSecretStore => read::<ClusterSecretStore>(&newer),
    };
    match read {
        Ok(read) => {
            let lost = unknown::fields(&newer, &read);
            lost.into_iter().for_each(|field| remarks.on(field, "v1 has no such field, and it is left out"));
            Newer::Object(read)
        }
        Err(problem) => remarks.unwritten(problem),
    }
}

/// What an ExternalSecret asks for, in `v1`; whether it can be said.
fn external_secret(spec: &mut Value, field: &str, is_alpha: bool, remarks: &mut Remarks) -> bool {
    if let (true, Some(from)) = (is_alpha, spec.get_mut("dataFrom").and_then(Value::as_array_mut)) {
        from.iter_mut().for_each(|reference| *reference = json!({ "extract": reference.take() }));
    }
    let Some(template) = spec.pointer_mut("/target/template").filter(|template| template.is_object()) else {
        return true;
    };
    let is_older_engine = match template["engineVersion"].as_str() {
        Some(version) => version == "v1",
        None => is_alpha,
    };
    if !is_older_engine {
        return true;
    }
    let otherwise = engine::otherwise(template);
    template["engineVersion"] = json!("v2");
    for part in &otherwise {
        let what = "its template is of the engine v1, whose values were bytes and whose functions were others: write it \
                    for v2, and say engineVersion: v2";
        remarks.on(format!("{field}.target.template.{part}"), what);
    }
    otherwise.is_empty()
}

/// As [`read`]; what this operator does not serve of it is remarked on.
fn read_external_secret(object: &Value, remarks: &mut Remarks) -> Result<Value, Malformed> {
    let read = read::<ExternalSecret>(object)?;
    if let Err(problem) = external_secret::desired(&external_secret::parse(object)?) {
        remarks.all(format!("this operator does not serve it as it is: {problem}"));
    }
    Ok(read)
}

/// An object as `v1` says it.
fn read<K: DeserializeOwned + Serialize>(object: &Value) -> Result<Value, Malformed> {
    let read: K = serde_path_to_error::deserialize(object).map_err(|error| {
        // serde_json's own text quotes the input.
        let path = error.path();
        Malformed(format!(
            "{path} cannot be read: a field is missing, of the wrong type, or has an unknown word"
        ))
    })?;
    Ok(serde_json::to_value(read).expect("an object must be JSON"))
}

#[cfg(test)]
mod tests;
