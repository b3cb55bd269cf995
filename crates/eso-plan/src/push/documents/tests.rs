//! What stands where metadata points to.

use eso_core::key::SourceKind::{ConfigMap, Secret};

use super::*;
use crate::template::SourceKind;

fn named(kind: SourceKind, name: &str, key: &str) -> DocumentName {
    DocumentName { source: SourceName { kind, name: name.to_owned() }, key: key.to_owned() }
}

/// A ConfigMap and a Secret of one name; another ConfigMap is not there.
fn read() -> Sources {
    let holds = |key: &str, text: &str| Some([(key.to_owned(), text.into())].into());
    [
        (named(ConfigMap, "policy", "").source, holds("a", "of the map")),
        (named(Secret, "policy", "").source, holds("b", "of the secret")),
        (named(ConfigMap, "gone", "").source, None),
    ]
    .into()
}

#[track_caller]
fn check(kind: SourceKind, name: &str, key: &str, expected: Result<&str, &str>) {
    let document = named(kind, name, key);
    let found = documents(vec![document.clone()], &read());
    let expected_found = expected.map(|text| [(document, text.into())].into()).map_err(str::to_owned);
    assert_eq!(found.map_err(|missing| missing.to_string()), expected_found);
}

#[test]
fn what_is_named_is_found_by_kind_name_and_key() {
    check(ConfigMap, "policy", "a", Ok("of the map"));
    check(Secret, "policy", "b", Ok("of the secret"));
}

#[test]
fn what_is_not_there_is_named_and_nothing_stands_in_for_it() {
    check(ConfigMap, "policy", "b", Err(r#"key "b" not found in configmap "policy""#));
    check(Secret, "policy", "a", Err(r#"key "a" not found in secret "policy""#));
    let gone = r#"configmap "gone" not found in the namespace of the PushSecret"#;
    check(ConfigMap, "gone", "a", Err(gone));
    let unread = r#"secret "other" not found in the namespace of the PushSecret"#;
    check(Secret, "other", "a", Err(unread));
    let both = vec![named(ConfigMap, "policy", "a"), named(ConfigMap, "policy", "none")];
    assert!(documents(both, &read()).is_err());
}

#[test]
fn each_object_is_read_once_and_where_nothing_is_named_none_is() {
    let keys = [named(Secret, "one", "a"), named(Secret, "one", "b"), named(ConfigMap, "one", "a")];
    let sources: Vec<SourceName> = objects(&keys).into_iter().collect();
    assert_eq!(sources, [keys[2].source.clone(), keys[0].source.clone()]);
    assert_eq!(objects([]), BTreeSet::new());
    assert_eq!(documents(Vec::new(), &Sources::new()), Ok(DocumentTexts::new()));
}
