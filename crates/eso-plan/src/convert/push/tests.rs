//! From PushSecrets as people write them, and back to what their status says.

use serde_json::{Value, json};

use super::*;
use crate::template::SourceKind;

fn object(spec: Value) -> PushSecret {
    parse(json!({
        "apiVersion": "external-secrets.io/v1alpha1", "kind": "PushSecret",
        "metadata": { "name": "push", "namespace": "demo", "generation": 1 },
        "spec": spec,
    }))
    .unwrap()
}

/// A spec with one store and one Secret, and this besides.
fn spec(more: Value) -> Value {
    let mut spec = json!({
        "secretStoreRefs": [{ "name": "main" }],
        "selector": { "secret": { "name": "app" } },
    });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    spec
}

fn asked(more: Value) -> Desired {
    desired(&object(spec(more))).unwrap()
}

#[track_caller]
fn refused(more: Value, expected: &str) {
    assert_eq!(desired(&object(spec(more))).unwrap_err().to_string(), expected);
}

fn named(kind: StoreKind, name: &str) -> Choice {
    Choice { kind, by: By::Name(name.to_owned()) }
}

#[test]
fn the_defaults_are_those_of_the_original() {
    let asks =
        asked(json!({ "data": [{ "match": { "secretKey": "a", "remoteRef": { "remoteKey": "x" } } }] }));
    assert_eq!(asks.revision, "1-f47fe3c0b255b6dd8047cdffa772587bb829efe7a1cb70febeda2eb2");
    assert_eq!((asks.refresh, asks.update, asks.cleans_up), (Some(DEFAULT_INTERVAL), Update::Replace, false));
    assert_eq!(asks.source, Source::Named("app".to_owned()));
    assert_eq!(asks.stores, [named(StoreKind::SecretStore, "main")]);
    let place = Place { key: "x".into(), property: None };
    let data = Data { secret_key: Some("a".to_owned()), place, metadata: None, conversion: Conversion::None };
    assert_eq!(asks.data, [data]);
}

#[test]
fn intervals_are_go_durations_and_none_is_too_short() {
    let refresh = |text: &str| asked(json!({ "refreshInterval": text })).refresh;
    assert_eq!(refresh("1m30s"), Some(Duration::from_secs(90)));
    assert_eq!(refresh("1ms"), Some(Duration::from_secs(1)));
    assert_eq!((refresh("0"), refresh("-5s")), (None, None));
    refused(
        json!({ "refreshInterval": "often" }),
        "spec.refreshInterval is not a duration such as 1h, 30s or 1h0m0s",
    );
}

#[test]
fn policies_are_read() {
    let asks = asked(json!({ "updatePolicy": "IfNotExists", "deletionPolicy": "Delete" }));
    assert_eq!((asks.update, asks.cleans_up), (Update::Keep, true));
    let asks = asked(json!({ "updatePolicy": "Replace", "deletionPolicy": "None" }));
    assert_eq!((asks.update, asks.cleans_up), (Update::Replace, false));
}

#[test]
fn stores_are_told_by_name_or_by_labels() {
    let labels = json!({ "matchLabels": { "tier": "b" } });
    let asks = asked(json!({ "secretStoreRefs": [
        { "name": "main", "kind": "ClusterSecretStore" }, { "labelSelector": labels }, { "name": "x", "labelSelector": labels },
    ] }));
    let selector = Selector::parse(&serde_json::from_value(labels).unwrap()).unwrap();
    let labelled = Choice { kind: StoreKind::SecretStore, by: By::Labels(selector) };
    assert_eq!(asks.stores, [named(StoreKind::ClusterSecretStore, "main"), labelled.clone(), labelled]);
    refused(json!({ "secretStoreRefs": [{}] }), "refStore Name must be provided");
    let wrong = json!({ "matchExpressions": [{ "key": "a", "operator": "In" }] });
    refused(
        json!({ "secretStoreRefs": [{ "labelSelector": wrong }] }),
        "could not convert labels: for 'in', 'notin' operators, values set can't be empty: name values for \"a\"",
    );
}

#[test]
fn secrets_are_told_by_name_or_by_labels_and_never_all() {
    let source = |selector: Value| desired(&object(spec(json!({ "selector": selector }))));
    let labelled = source(json!({ "secret": { "selector": { "matchLabels": { "push": "yes" } } } })).unwrap();
    assert!(matches!(labelled.source, Source::Labelled(_)));
    let empty = source(json!({ "secret": { "selector": {} } })).unwrap_err();
    assert_eq!(empty.to_string(), "secret selector is empty: it would select every Secret");
    let none = source(json!({ "secret": {} })).unwrap_err();
    assert_eq!(none.to_string(), "no secret selector provided");
}

#[test]
fn a_generator_is_said_not_to_be_served() {
    let generator = json!({ "kind": "Password", "name": "p" });
    refused(
        json!({ "selector": { "generatorRef": generator } }),
        "spec.selector.generatorRef: the generator Password is not served yet: select a Secret",
    );
}

#[test]
fn an_entry_may_leave_out_its_key_and_name_a_property() {
    let asks = asked(json!({ "data": [{
        "match": { "remoteRef": { "remoteKey": "x", "property": "a.b" } },
        "metadata": { "any": ["thing"] },
        "conversionStrategy": "ReverseUnicode",
    }] }));
    let expected = Data {
        secret_key: None,
        place: Place { key: "x".into(), property: Some("a.b".to_owned()) },
        metadata: Some(json!({ "any": ["thing"] })),
        conversion: Conversion::ReverseUnicode,
    };
    assert_eq!(asks.data, [expected]);
}

fn to(more: Value) -> Value {
    let mut entry = json!({ "storeRef": { "name": "main" } });
    entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "dataTo": [entry] })
}

#[test]
fn many_values_are_matched_rewritten_or_bundled() {
    let rewrite = json!([{ "regexp": { "source": "a", "target": "b" } }, { "transform": { "template": "{{ .value }}" } }]);
    let metadata = json!({ "m": 1 });
    let asks = asked(to(json!({
        "match": { "regexp": "^db" }, "rewrite": rewrite, "metadata": metadata, "conversionStrategy": "ReverseUnicode",
    })));
    let expected = DataTo {
        stores: named(StoreKind::SecretStore, "main"),
        bundle: None,
        keys: Some(Pattern::new("^db").unwrap()),
        rewrites: vec![Rewrite::regexp("a", "b").unwrap(), Rewrite::transform("{{ .value }}").unwrap()],
        metadata: Some(metadata),
        conversion: Conversion::ReverseUnicode,
    };
    assert_eq!(asks.data_to, [expected]);
    assert_eq!(asked(to(json!({ "remoteKey": "all", "rewrite": [] }))).data_to[0].bundle, Some("all".into()));
}

#[test]
fn an_entry_of_many_means_stores_of_the_object() {
    let labels = json!({ "matchLabels": { "tier": "b" } });
    let by_labels = asked(to(json!({ "storeRef": { "labelSelector": labels } })));
    assert!(matches!(by_labels.data_to[0].stores.by, By::Labels(_)));
    let among_labelled = json!({
        "secretStoreRefs": [{ "labelSelector": labels }], "dataTo": [{ "storeRef": { "name": "any" } }],
    });
    assert_eq!(asked(among_labelled).data_to[0].stores, named(StoreKind::SecretStore, "any"));
    refused(
        to(json!({ "storeRef": { "name": "other" } })),
        "dataTo[0]: storeRef \"other\" not found in secretStoreRefs",
    );
    refused(
        to(json!({ "storeRef": { "name": "main", "kind": "ClusterSecretStore" } })),
        "dataTo[0]: storeRef \"main\" not found in secretStoreRefs",
    );
    refused(json!({ "dataTo": [{}] }), "dataTo[0]: storeRef is required");
    refused(json!({ "dataTo": [{ "storeRef": {} }] }), "dataTo[0]: storeRef must have name or labelSelector");
}

#[test]
fn what_cannot_be_read_is_told_by_its_entry() {
    refused(
        to(json!({ "match": { "regexp": "(" } })),
        "dataTo[0]: match failed: failed to compile regexp pattern \"(\": error parsing regexp: missing closing ): `(`",
    );
    refused(
        to(json!({ "rewrite": [{}] })),
        "dataTo[0]: rewrite failed: rewrite[0]: exactly one of regexp or transform must be set",
    );
    refused(
        to(json!({ "remoteKey": "all", "rewrite": [{ "transform": { "template": "x" } }] })),
        "dataTo[0]: remoteKey and rewrite are mutually exclusive: rewrite is only supported in per-key mode (without \
         remoteKey)",
    );
}

#[test]
fn what_templates_make_is_added_to_what_the_secret_holds() {
    let template = json!({ "data": { "url": "{{ .a }}" }, "templateFrom": [{ "configMap": { "name": "map", "items": [] } }] });
    let object = object(spec(json!({ "template": template })));
    assert!(desired(&object).unwrap().template.unwrap().keeps_values);
    assert_eq!(sources(&object), [SourceName { kind: SourceKind::ConfigMap, name: "map".to_owned() }].into());
}

#[test]
fn what_cannot_be_parsed_is_told_by_its_field_and_quotes_nothing() {
    let error =
        parse(json!({ "metadata": {}, "spec": { "secretStoreRefs": "canary" } })).unwrap_err().to_string();
    assert!(error.starts_with("spec.secretStoreRefs cannot be read: "), "{error}");
    assert!(!error.contains("canary"));
}

#[test]
fn a_status_is_read_and_written_as_it_stands() {
    let synced = json!({
        "ClusterSecretStore/vault": {},
        "SecretStore/main": {
            "x": { "match": { "secretKey": "a", "remoteRef": { "remoteKey": "x" } }, "conversionStrategy": "None" },
            "y/p.q": {
                "match": { "remoteRef": { "remoteKey": "y", "property": "p.q" } },
                "metadata": { "kind": "PushSecretMetadata" },
                "conversionStrategy": "ReverseUnicode",
            },
        },
    });
    let mut object = object(spec(json!({})));
    object.status = Some(
        serde_json::from_value(json!({
            "refreshTime": "2026-01-01T00:00:00Z",
            "syncedResourceVersion": "1-abc",
            "syncedPushSecrets": synced,
            "conditions": [{ "type": "Ready", "status": "True", "reason": "Synced", "message": "PushSecret synced successfully" }],
        }))
        .unwrap(),
    );
    let record = record(&object);
    let condition = (true, "Synced".to_owned(), "PushSecret synced successfully".to_owned());
    assert_eq!((record.condition, record.revision.as_deref()), (Some(condition), Some("1-abc")));
    assert_eq!(record.refreshed, Some("2026-01-01T00:00:00Z".parse().unwrap()));
    assert_eq!(serde_json::to_value(written(&record.synced)).unwrap(), synced);
}

#[test]
fn stores_of_unknown_kinds_are_left_out() {
    let written =
        serde_json::from_value(json!({ "Provider/x": {}, "SecretStore/a": {}, "nothing": {} })).unwrap();
    let known: Vec<String> = synced(&written, "demo").into_keys().map(|store| store.name).collect();
    assert_eq!(known, ["a"]);
}
