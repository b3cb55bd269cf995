//! Objects of `kubernetes-client.io/v1`: the store that the environment says, the object, and what fills other Secrets.
//!
//! What they ask for is what [`legacy::translate`] says, so that what is written is what is served.

use eso_core::api::{
    external_secret::{ExternalSecret, SecretStoreRef, SecretStoreRefKind},
    legacy::ExternalSecret as Older,
    secret_store::{ClusterSecretStore, ClusterSecretStoreSpec, NamespaceCondition},
};
use serde_json::{Map, Value, json};

use super::{
    Newer, ObjectName, Parts, Remark, Remarks, Surroundings, metadata, store_name::store_name, unknown,
};
use crate::convert::legacy::{self, Backend, Environment, Fill, LegacyStore, REFRESH_INTERVAL, Translated};

/// What an object becomes.
pub(super) fn parts(document: &Value, surroundings: &Surroundings<'_>, remarks: &mut Remarks) -> Newer {
    let document = in_last_shape(document);
    let object = match legacy::parse(&document) {
        Ok(object) => object,
        Err(problem) => return remarks.unwritten(problem),
    };
    remark_on_unknown(&document, &object, remarks);
    if let Err(why) = may_be_read(&object, surroundings).and_then(|()| may_be_bound(&object, surroundings)) {
        return remarks.unwritten(why);
    }
    let translated = match legacy::translate(&object, surroundings.environment) {
        Ok(translated) => translated,
        Err(problem) => return remarks.unwritten(problem),
    };
    for note in &translated.notes {
        remarks.on(note.field.clone(), note.says.clone());
    }
    remark_on_environment(&object, &translated.store, remarks);
    remark_on_namespace(&object, surroundings, remarks);
    let metadata = metadata::kept(&document["metadata"], &[REFRESH_INTERVAL], remarks);
    let fills = fills(&object, &translated, surroundings, remarks);
    Newer::Parts(Box::new(made(metadata, translated, fills, surroundings.class)))
}

/// The objects of what was translated. All name the one store.
fn made(
    metadata: Map<String, Value>,
    translated: Translated,
    fills: Vec<ExternalSecret>,
    class: Option<&str>,
) -> Parts {
    let mut object = ExternalSecret::new("", translated.spec);
    object.metadata =
        serde_json::from_value(metadata.into()).expect("metadata that was read must be readable");
    let namespace = object.metadata.namespace.clone().unwrap_or_default();
    let store = store(&translated.store, &namespace, class);
    let reference = SecretStoreRef {
        name: store.metadata.name.clone(),
        kind: Some(SecretStoreRefKind::ClusterSecretStore),
    };
    let of_store = |mut object: ExternalSecret| {
        object.spec.secret_store_ref = Some(reference.clone());
        object
    };
    Parts { object: of_store(object), fills: fills.into_iter().map(of_store).collect(), store }
}

/// The store of the objects of a namespace, which lets no other in.
///
/// It is one of the cluster: it logs in as the operator itself, which whoever writes a store of a namespace may not do.
fn store(store: &LegacyStore, namespace: &str, class: Option<&str>) -> ClusterSecretStore {
    let mut spec = store.spec();
    spec.controller = class.map(str::to_owned);
    let name = store_name(&store.backend, &spec, namespace);
    let condition =
        NamespaceCondition { namespaces: vec![namespace.to_owned()], ..NamespaceCondition::default() };
    spec.conditions = vec![condition];
    ClusterSecretStore::new(&name, ClusterSecretStoreSpec { store: spec })
}

/// Those that fill other Secrets, under the names of these Secrets.
fn fills(
    object: &Older,
    translated: &Translated,
    surroundings: &Surroundings<'_>,
    remarks: &mut Remarks,
) -> Vec<ExternalSecret> {
    let namespace = object.metadata.namespace.clone();
    let is_filled = |fill: &&Fill| {
        let name = (namespace.clone().unwrap_or_default(), fill.secret.clone());
        surroundings.filled.contains(&name)
    };
    let (filled, others): (Vec<&Fill>, Vec<&Fill>) = translated.fills.iter().partition(is_filled);
    if !surroundings.sees_all && !others.is_empty() {
        let names: Vec<&str> = others.iter().map(|fill| fill.secret.as_str()).collect();
        let what = format!(
            "where an empty Secret of one of these names was filled with the members of the value, it is filled no more: {}",
            names.join(", ")
        );
        remarks.on("spec.data", what);
    }
    let newer = filled.into_iter().map(|fill| {
        let mut newer = ExternalSecret::new(&fill.secret, fill.asks(object, translated).spec);
        newer.metadata.namespace.clone_from(&namespace);
        newer
    });
    newer.collect()
}

/// Whether the object is one that its controller reads values for today.
fn may_be_read(object: &Older, surroundings: &Surroundings<'_>) -> Result<(), String> {
    if !legacy::is_served(object, surroundings.environment) {
        return Err(
            "it is of another controller: give INSTANCE_ID and WATCHED_NAMESPACES as its Deployment has them"
                .to_owned(),
        );
    }
    let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
    match surroundings.namespaces.get(namespace) {
        Some(held) => legacy::permitted(object, Some(held), surroundings.environment)
            .map_err(|refusal| format!("its values are not read today either: {refusal}")),
        None => Ok(()),
    }
}

/// Whether a store binds the newer object as the older one is bound; or nothing has to.
fn may_be_bound(object: &Older, surroundings: &Surroundings<'_>) -> Result<(), String> {
    let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
    if namespace.is_empty() {
        return Err("its namespace is not said, and its store would let all in: give --namespace".to_owned());
    }
    match bound_by(namespace, surroundings).first() {
        Some(name) if !surroundings.without_permits => Err(format!(
            "its Namespace binds it by {name}, and the store that it would have would not be bound: --without-permits is to \
             say that this is meant"
        )),
        _ => Ok(()),
    }
}

/// The annotations by which a Namespace says which keys and roles its objects may ask for.
fn bound_by<'a>(namespace: &str, surroundings: &Surroundings<'a>) -> Vec<&'a str> {
    let names = &surroundings.environment.annotations;
    let held = surroundings.namespaces.get(namespace);
    let binds =
        |name: &&str| held.and_then(|held| held.get(*name)).is_some_and(|pattern| !pattern.is_empty());
    [names.permitted_key_name.as_str(), &names.permitted_role].into_iter().filter(binds).collect()
}

fn remark_on_unknown(document: &Value, object: &Older, remarks: &mut Remarks) {
    let read = json!({ "spec": object.spec, "apiVersion": "", "kind": "", "metadata": document["metadata"], "status": document["status"] });
    for field in unknown::fields(document, &read) {
        remarks.on(field, "the kind has no such field, and it is left out");
    }
}

/// What was not said, and may be a slip: the environment of the older controller is not that of whoever runs this.
fn remark_on_environment(object: &Older, store: &LegacyStore, remarks: &mut Remarks) {
    let default = Environment::default();
    let is_given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    match &store.backend {
        Backend::Vault { address, .. } if *address == default.vault_address => {
            let what = format!(
                "the address of Vault is {address}: give VAULT_ADDR as the older controller's Deployment has it"
            );
            remarks.all(what);
        }
        Backend::Aws { region, .. } if !is_given(&object.spec.region) && *region == default.aws_region => {
            let what = format!(
                "the region is {region}: give AWS_REGION where the older controller's Deployment has another"
            );
            remarks.on("spec.region", what);
        }
        Backend::Vault { .. } | Backend::Aws { .. } => {}
    }
}

/// What the annotations of the Namespace forbid, nothing forbids afterwards.
fn remark_on_namespace(object: &Older, surroundings: &Surroundings<'_>, remarks: &mut Remarks) {
    let namespace = object.metadata.namespace.clone().unwrap_or_default();
    for name in bound_by(&namespace, surroundings) {
        let object =
            ObjectName { kind: "Namespace".to_owned(), name: namespace.clone(), ..ObjectName::default() };
        let what = "it binds no newer object: say in spec.conditions[].keys of the store which keys may be read, and \
                    let its users write no stores";
        remarks.remarks.push(Remark {
            object,
            field: format!("metadata.annotations.{name}"),
            what: what.to_owned(),
        });
    }
}

/// An object in the shape of its last definition: the older controller took older ones too.
fn in_last_shape(document: &Value) -> Value {
    let mut document = document.clone();
    let Some(fields) = document.as_object_mut() else { return document };
    rename(fields, "secretDescriptor", "spec");
    if let Some(spec) = fields.get_mut("spec").and_then(Value::as_object_mut) {
        rename(spec, "properties", "data");
        if spec.get("backendType").and_then(Value::as_str) == Some("secretManager") {
            spec.insert("backendType".to_owned(), json!("secretsManager"));
        }
    }
    document
}

/// One that has both keeps both: the older is no field then, and is remarked on.
fn rename(fields: &mut Map<String, Value>, older: &str, newer: &str) {
    if !fields.contains_key(newer)
        && let Some(value) = fields.remove(older)
    {
        fields.insert(newer.to_owned(), value);
    }
}

#[cfg(test)]
mod tests;
