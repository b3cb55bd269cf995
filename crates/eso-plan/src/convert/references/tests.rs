//! What objects name, well formed or not.

use serde_json::json;

use super::*;

fn object(spec: serde_json::Value) -> ExternalSecret {
    let metadata = json!({ "name": "app", "namespace": "demo" });
    serde_json::from_value(json!({ "metadata": metadata, "spec": spec })).unwrap()
}

#[test]
fn the_target_is_named_after_the_object_unless_it_says_otherwise() {
    for (spec, expected) in [
        (json!({}), "app"),
        (json!({ "target": {} }), "app"),
        (json!({ "target": { "name": "" } }), "app"),
        (json!({ "target": { "name": "other" } }), "other"),
    ] {
        assert_eq!(target(&object(spec)), expected);
    }
}

#[test]
fn stores_are_named_with_the_namespace_of_the_object() {
    for (reference, expected) in [
        (json!(null), None),
        (json!({}), None),
        (json!({ "name": "a" }), Some((StoreKind::SecretStore, "a"))),
        (json!({ "name": "a", "kind": "SecretStore" }), Some((StoreKind::SecretStore, "a"))),
        (json!({ "name": "b", "kind": "ClusterSecretStore" }), Some((StoreKind::ClusterSecretStore, "b"))),
    ] {
        let expected =
            expected.map(|(kind, name)| StoreReference { kind, namespace: "demo".into(), name: name.into() });
        assert_eq!(stores(&object(json!({ "secretStoreRef": reference }))), expected.into_iter().collect());
    }
}
