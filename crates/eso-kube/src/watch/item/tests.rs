//! Tests of `item`: what kube makes of lists and events that hold them, and what can be read of each.

use eso_core::api::external_secret::ExternalSecret;
use k8s_openapi::{
    api::core::v1::{ConfigMap, Secret},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{
    Resource,
    core::{ObjectList, PartialObjectMeta, WatchEvent},
};
use serde_json::{Value, json};

use super::{Item, Object};

const CANARY: &str = "canary-41cd";

/// JSON text of so many levels, one in another.
fn nested(levels: usize) -> String {
    format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels))
}

/// An object with a field of that text in its spec.
fn deep(name: &str, levels: usize) -> String {
    let (spec, status) = (format!(r#"{{"unknown":{}}}"#, nested(levels)), r#"{"said":"so"}"#);
    format!(
        r#"{{"apiVersion":"v1","kind":"Thing","metadata":{{"name":"{name}","resourceVersion":"7"}},"spec":{spec},"status":{status}}}"#
    )
}

fn item<K>(text: &str) -> Item<K> {
    serde_json::from_str(text).unwrap()
}

fn secret(data: &Value) -> Item<Secret> {
    item(&json!({ "metadata": { "name": "app" }, "data": data }).to_string())
}

fn names(list: &ObjectList<Item<()>>) -> Vec<&str> {
    list.items.iter().map(|item| item.metadata().name.as_deref().unwrap()).collect()
}

#[test]
fn a_list_is_read_whatever_one_of_its_objects_holds() {
    let endless = r#"[{"manager":"m","time":"9999-12-31T23:59:59Z","fieldsV1":{}}]"#;
    let late = format!(r#"{{"metadata":{{"name":"late","managedFields":{endless}}}}}"#);
    let items = [deep("good", 3), deep("deep", 200), late, deep("last", 1)].join(",");
    let list = format!(
        r#"{{"kind":"ThingList","apiVersion":"v1","metadata":{{"resourceVersion":"9"}},"items":[{items}]}}"#
    );
    let list: ObjectList<Item<()>> = serde_json::from_str(&list).unwrap();
    assert_eq!(names(&list), ["good", "deep", "late", "last"]);
    assert_eq!(list.metadata.resource_version.as_deref(), Some("9"));
    let whole: Vec<bool> = list.items.into_iter().map(|item| Object::from(item).spec.is_some()).collect();
    assert_eq!(whole, [true, false, true, true]);
}

#[test]
fn an_event_is_read_whatever_its_object_holds() {
    for kind in ["ADDED", "MODIFIED", "DELETED"] {
        let event = format!(r#"{{"type":"{kind}","object":{}}}"#, deep("deep", 200));
        let event: WatchEvent<Item<()>> = serde_json::from_str(&event).unwrap();
        let (WatchEvent::Added(item) | WatchEvent::Modified(item) | WatchEvent::Deleted(item)) = event else {
            panic!("{kind} is {event:?}")
        };
        assert_eq!(item.metadata().resource_version.as_deref(), Some("7"));
    }
    let bookmark = r#"{"type":"BOOKMARK","object":{"kind":"Secret","apiVersion":"v1","metadata":{"resourceVersion":"8","creationTimestamp":null}}}"#;
    let event: WatchEvent<Item<()>> = serde_json::from_str(bookmark).unwrap();
    assert!(matches!(event, WatchEvent::Bookmark(bookmark) if bookmark.metadata.resource_version == "8"));
    let gone =
        r#"{"type":"ERROR","object":{"kind":"Status","status":"Failure","code":410,"reason":"Expired"}}"#;
    let event: WatchEvent<Item<()>> = serde_json::from_str(gone).unwrap();
    assert!(matches!(event, WatchEvent::Error(status) if status.code == 410));
}

#[test]
fn what_has_no_metadata_is_no_object() {
    for text in ["{}", "7", r#"{"metadata":"none"}"#] {
        let error = serde_json::from_str::<Item<()>>(text).unwrap_err();
        assert!(error.to_string().starts_with("an object without metadata"), "{error}");
    }
}

#[test]
fn an_object_is_read_in_parts_that_do_not_hide_each_other() {
    let good = Object::from(item::<()>(&deep("good", 100)));
    assert_eq!(good.spec.map(|spec| spec["unknown"]["a"].is_object()), Some(true));
    assert_eq!(good.status, json!({ "said": "so" }));

    let at = |levels| Object::from(item::<()>(&deep("at", levels))).spec.is_some();
    assert_eq!((at(125), at(126)), (true, false), "docs/reference/differences.md says so");

    let deep = Object::from(item::<()>(&deep("deep", 200)));
    assert_eq!((deep.spec, deep.status), (None, json!({ "said": "so" })));
    assert_eq!(deep.metadata.name.as_deref(), Some("deep"));

    let status = format!(r#"{{"metadata":{{}},"spec":{{"asked":1}},"status":{}}}"#, nested(200));
    let status = Object::from(item::<()>(&status));
    assert_eq!((status.spec, status.status), (Some(json!({ "asked": 1 })), Value::Null));

    let elsewhere = format!(r#"{{"metadata":{{}},"spec":{{"asked":1}},"more":{}}}"#, nested(200));
    assert_eq!(Object::from(item::<()>(&elsewhere)).spec, Some(json!({ "asked": 1 })));
    assert_eq!(Object::sent(json!({ "metadata": {} })).spec, Some(Value::Null), "no spec is none");
}

#[test]
fn the_entries_of_secrets_and_config_maps_are_bytes() {
    let entries = secret(&json!({ "a": "MQ==", "empty": "", "none": null })).entries();
    assert_eq!(entries, [("a", "1"), ("empty", ""), ("none", "")].map(owned).into());
    assert!(secret(&Value::Null).entries().is_empty());
    let map = json!({ "metadata": {}, "data": { "text": "t" }, "binaryData": { "bytes": "Yg==" } });
    let map: Item<ConfigMap> = item(&map.to_string());
    assert_eq!(map.entries(), [("bytes", "b"), ("text", "t")].map(owned).into());
}

fn owned((name, value): (&str, &str)) -> (String, Vec<u8>) {
    (name.to_owned(), value.as_bytes().to_vec())
}

#[test]
fn an_item_is_asked_for_as_its_kind_is() {
    assert_eq!(
        Item::<ExternalSecret>::url_path(&(), Some("demo")),
        "/apis/external-secrets.io/v1/namespaces/demo/externalsecrets"
    );
    assert!(!Item::<Secret>::metadata_api());
    assert!(Item::<PartialObjectMeta<Secret>>::metadata_api());
}

#[test]
fn debug_shows_nothing_but_the_name() {
    let mut secret = secret(&json!({ "password": CANARY }));
    *secret.meta_mut() = ObjectMeta { name: Some("app".to_owned()), ..ObjectMeta::default() };
    let text = format!("{:?}", secret.clone());
    assert!(text.contains("app") && !text.contains(CANARY) && !text.contains("password"), "{text}");
}
