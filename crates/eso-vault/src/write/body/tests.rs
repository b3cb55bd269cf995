//! Values go into a write and come out of version 1 as the texts that they are.

use eso_core::value::SecretBytes;
use zeroize::Zeroizing;

use super::{NoValue, are_alike, marked, unmarked, versioned};

const ODD: &str = r#"{"z": 9007199254740993, "a": 1.0, "ü\u00fc": {"n" : [null, 1e400]}, "<&>": "\u003c"}"#;

fn text(body: Result<Zeroizing<Vec<u8>>, NoValue>) -> Result<String, NoValue> {
    body.map(|body| String::from_utf8(body.to_vec()).expect("a body must be text"))
}

#[test]
fn a_value_of_version_two_is_written_as_it_is_over_one_version() {
    let written = |value: &str, over| text(versioned(&SecretBytes::from(value), over));
    assert_eq!(written("{}", 0), Ok(r#"{"data":{},"options":{"cas":0}}"#.to_owned()));
    assert_eq!(written(ODD, 41), Ok(format!(r#"{{"data":{ODD},"options":{{"cas":41}}}}"#)));
}

#[test]
fn a_value_of_version_one_carries_its_mark() {
    let written = |value: &str| text(marked(&SecretBytes::from(value)));
    let mark = r#""custom_metadata":{"managed-by":"external-secrets"}"#;
    assert_eq!(written("{}"), Ok(format!("{{{mark}}}")));
    assert_eq!(written(r#"{ "b" : 1.0 , "a":"x" }"#), Ok(format!(r#"{{"b":1.0,"a":"x",{mark}}}"#)));
    assert_eq!(written(r#"{"custom_metadata": {}}"#), Err(NoValue::Mark));
    assert_eq!(written(r#"{"custom_metadat\u0061": 1}"#), Err(NoValue::Mark));
}

#[test]
fn what_is_no_object_is_not_written() {
    for value in
        ["", "null", "1", "\"text\"", "[]", "{", "{} {}", "{},", "{\"a\"}", "{}\"options\":{}", "\u{feff}{}"]
    {
        let value = SecretBytes::from(value);
        assert_eq!(text(versioned(&value, 0)), Err(NoValue::NoObject), "{:?}", value.expose_str());
        assert_eq!(text(marked(&value)), Err(NoValue::NoObject), "{:?}", value.expose_str());
    }
    let bytes = SecretBytes::new(b"{\"a\": \"\xff\"}".to_vec());
    assert_eq!(text(versioned(&bytes, 0)), Err(NoValue::NoObject));
}

#[test]
fn values_are_alike_whose_members_are_the_same_texts_in_any_order() {
    let alike = |one: &str, other: &str| are_alike(&SecretBytes::from(one), &SecretBytes::from(other));
    assert!(alike("{}", " { } ") && alike(ODD, ODD));
    assert!(alike(r#"{"a":"1","b":"2"}"#, r#"{"b" : "2", "\u0061": "1"}"#));
    for other in ["{}", r#"{"a":"2"}"#, r#"{"b":"1"}"#, r#"{"a":1}"#, r#"{"a":"1","b":"2"}"#, "null", "", "{"]
    {
        assert!(!alike(r#"{"a":"1"}"#, other) && !alike(other, r#"{"a":"1"}"#), "{other}");
    }
    assert!(!alike("null", "null"));
}

#[track_caller]
fn comes_out(document: &str, expected: Option<&str>) {
    assert_eq!(unmarked(&SecretBytes::from(document)), expected.map(SecretBytes::from), "{document}");
}

#[test]
fn the_mark_of_version_one_is_hidden_where_it_is_ours() {
    comes_out(
        r#"{"a":1.0,"custom_metadata":{"managed-by":"external-secrets"},"b":[]}"#,
        Some(r#"{"a":1.0,"b":[]}"#),
    );
    comes_out(r#"{"custom_metadata":{"managed-by":"external-secrets","x":1}}"#, Some("{}"));
    comes_out(r#"{"custom_metadata":{"managed-by":"you"},"a":1}"#, None);
    comes_out(r#"{"custom_metadata":"external-secrets","a":1}"#, None);
    comes_out(r#"{"custom_metadata":null}"#, None);
    comes_out(r#"{"managed-by":"external-secrets"}"#, None);
    comes_out("{}", None);
}

#[test]
fn what_goes_in_comes_out() {
    let compact = r#"{"z":9007199254740993,"a":1.0,"üü":{"n" : [null, 1e400]},"<&>":"\u003c"}"#;
    let written = marked(&SecretBytes::from(ODD)).expect("this value must be kept");
    assert_eq!(unmarked(&SecretBytes::new(written.to_vec())), Some(SecretBytes::from(compact)));
}
