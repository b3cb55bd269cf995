//! Which objects a store names, read off its spec without knowing its provider.
//!
//! Every selector of the CRD has one of three shapes, so a new provider, or a new field of one, is seen without a
//! line of code here; a test holds that against the schema. Something that only looks like a selector costs at worst
//! an idle look at a Secret's metadata.

use eso_core::{
    api::{secret_store::Provider, selectors::CaProviderKind},
    credentials::CredentialError,
};
use serde_json::{Map, Value};

use crate::credentials::{CredentialKind, CredentialObject, Scope};

/// An object that a store names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// Where in the store, such as `spec.provider.aws.auth.secretRef.accessKeyIDSecretRef`.
    pub(crate) path: String,
    /// What is named.
    pub(crate) what: Named,
    /// The namespace that is named, if any is.
    pub(crate) namespace: Option<String>,
    /// The name.
    pub(crate) name: String,
}

/// What a selector names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// A key of a Secret.
    Secret,
    /// A certificate authority, in a Secret or a ConfigMap.
    Authority(CaProviderKind),
    /// A service account.
    ServiceAccount,
}

/// Every object that a provider names.
pub(crate) fn references(provider: &Provider) -> Vec<Reference> {
    let spec = serde_json::to_value(provider).expect("a provider must be JSON: it came as JSON");
    let mut found = Vec::new();
    walk("spec.provider", &spec, &mut found);
    found
}

/// Whether a store that may look anywhere takes credentials of whoever asks.
pub(crate) fn follow_who_asks(references: &[Reference]) -> bool {
    references.iter().any(|reference| match reference.what {
        Named::Secret | Named::ServiceAccount => reference.namespace.is_none(),
        Named::Authority(_) => false,
    })
}

impl Reference {
    /// The namespace that it means for a store of this scope, or why it may not mean it.
    pub(crate) fn namespace_within<'a>(&'a self, scope: &'a Scope) -> Result<&'a str, CredentialError> {
        let named = self.namespace.as_deref();
        match self.what {
            Named::Secret | Named::ServiceAccount => scope.of_selector(named),
            Named::Authority(_) => scope.of_authority(named),
        }
    }

    /// The object whose edit matters, for an identity of this scope.
    pub(crate) fn object(&self, scope: &Scope) -> Option<CredentialObject> {
        let kind = match self.what {
            Named::Secret => CredentialKind::Secret,
            Named::Authority(kind) => kind.into(),
            Named::ServiceAccount => CredentialKind::ServiceAccount,
        };
        let namespace = self.namespace_within(scope).ok()?.to_owned();
        Some(CredentialObject { kind, namespace, name: self.name.clone() })
    }
}

fn walk(path: &str, value: &Value, found: &mut Vec<Reference>) {
    match value {
        Value::Object(fields) => {
            found.extend(selector(path, fields));
            // Headers are texts under names that anybody chooses.
            for (name, field) in fields.iter().filter(|(name, _)| *name != "headers") {
                walk(&format!("{path}.{name}"), field, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(&format!("{path}[{index}]"), item, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A selector is an object with a name, and with nothing but what selectors have.
fn selector(path: &str, fields: &Map<String, Value>) -> Option<Reference> {
    const FIELDS: [&str; 5] = ["name", "namespace", "key", "type", "audiences"];
    let text = |field: &str| fields.get(field).and_then(Value::as_str);
    let name = text("name")?.to_owned();
    fields.keys().all(|field| FIELDS.contains(&field.as_str())).then(|| Reference {
        path: path.to_owned(),
        what: named(path, text("type"), fields.contains_key("audiences")),
        namespace: text("namespace").filter(|namespace| !namespace.is_empty()).map(str::to_owned),
        name,
    })
}

fn named(path: &str, kind: Option<&str>, has_audiences: bool) -> Named {
    let field = path.rsplit('.').next().unwrap_or(path).to_lowercase();
    match kind {
        Some("ConfigMap") => Named::Authority(CaProviderKind::ConfigMap),
        Some(_) => Named::Authority(CaProviderKind::Secret),
        None if has_audiences || field.contains("serviceaccount") => Named::ServiceAccount,
        None => Named::Secret,
    }
}

#[cfg(test)]
mod tests;
