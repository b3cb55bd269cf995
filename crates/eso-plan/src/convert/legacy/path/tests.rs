//! Properties against what lodash finds (`tests/golden/lodash`).

use eso_core::{key::RemoteKey, provider::Value as Whole};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{super::DIALECT, *};
use crate::property::{Budget, Source};

/// What is found at a property of lodash.
fn found(value: &Value, property_of_lodash: &str) -> Option<String> {
    let whole = Whole::Bytes(value.to_string().as_str().into());
    let (key, budget) = (RemoteKey::from("key"), Budget::default());
    let source = Source::new(&whole, DIALECT, &key, &budget);
    let part = source.part(Some(&property(property_of_lodash)?)).ok()?;
    Some(String::from_utf8(part.expose().to_vec()).unwrap())
}

#[test]
fn properties_find_what_lodash_finds() {
    let golden: Value =
        serde_json::from_str(include_str!("../../../../tests/golden/lodash/golden.json")).unwrap();
    let cases = golden["paths"].as_array().unwrap();
    assert!(cases.len() > 40);
    for case in cases {
        let path = case["path"].as_str().unwrap();
        assert_eq!(found(&golden["value"], path).as_deref(), case["gives"].as_str(), "{path}");
    }
}

#[track_caller]
fn check(lodash: &str, expected: Option<&str>) {
    assert_eq!(property(lodash).as_deref(), expected, "{lodash}");
}

#[test]
fn paths_are_said_in_the_words_of_gjson() {
    check("password", Some("password"));
    check("user.name", Some("user.name"));
    check("a[0].b", Some("a.0.b"));
    check("a['b.c'].d", Some(r"a.b\.c.d"));
    check("a[-1]", Some("a.-1"));
    check("a[1.5]", Some(r"a.1\.5"));
    check("a*b", Some(r"a\*b"));
}

#[test]
fn a_path_with_an_empty_name_is_none() {
    for path in ["", ".", ".a", "a.", "a..b", "[]", "a[].b", "a[''].b", "a[]"] {
        check(path, None);
    }
}

#[test]
fn an_exact_name_wins_over_a_path() {
    let value = json!({ "a.b": "exact", "a": { "b": "path" }, "c": { "d": "path" } });
    assert_eq!(found(&value, "a.b").as_deref(), Some("exact"));
    assert_eq!(found(&value, "c.d").as_deref(), Some("path"));
}

proptest! {
    #[test]
    fn each_name_is_found_by_itself(name in "[^.\\[\\]\\p{C}]{1,8}") {
        let value = json!({ name.as_str(): "found", "other": 1 });
        prop_assert_eq!(found(&value, &name), Some("found".to_owned()));
        let nested = json!({ "outer": { name.as_str(): "found" } });
        prop_assert_eq!(found(&nested, &format!("outer.{name}")), Some("found".to_owned()));
    }

    #[test]
    fn no_property_makes_it_panic(text in "[.\\[\\]'\"\\\\a0é-]{0,12}") {
        let _ = property(&text);
    }
}
