//! What is read of objects, and written. How numbers and texts are written is tested with properties, and with merges.

use super::*;

#[track_caller]
fn check(text: &str, expected: &[(&str, &str)]) {
    let expected: Members<'_> =
        expected.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes())).collect();
    assert_eq!(members(text.as_bytes()), Ok(expected), "{text}");
}

#[track_caller]
fn check_error(text: &str, expected: &str) {
    assert_eq!(members(text.as_bytes()).unwrap_err().to_string(), expected, "{text}");
}

#[track_caller]
fn check_entry(value: &str, expected: Option<&str>) {
    assert_eq!(entry(value.as_bytes()), expected.map(SecretBytes::from), "{value}");
}

#[track_caller]
fn check_document(text: &str, expected: &str) {
    let written = document(&members(text.as_bytes()).unwrap()).unwrap();
    assert_eq!(written.expose_str(), Some(expected));
}

#[test]
fn the_last_of_two_members_of_one_name_counts() {
    check("{}", &[]);
    check(r#" {"b":1, "a" : [2] ,"b":"x"} "#, &[("a", "[2]"), ("b", r#""x""#)]);
    check(r#"{"\u0061":1,"a":2}"#, &[("a", "2")]);
    check(r#"{"":null}"#, &[("", "null")]);
}

#[test]
fn null_is_an_object_without_members() {
    check("null", &[]);
    check(" null\n", &[]);
}

#[test]
fn what_is_no_object_is_told_without_its_text() {
    for text in ["1", "true", "false", r#""s3cr3t""#, "[{}]"] {
        check_error(text, "it is no JSON object");
    }
    check_error("s3cr3t", "it is no JSON object (line 1, column 1)");
    check_error("", "it is no JSON object (line 1, column 0)");
    check_error("{\"a\":1,\n\"b\":s3cr3t}", "it is no JSON object (line 2, column 5)");
    check_error(r#"{"a":1} {"b":2}"#, "it is no JSON object (line 1, column 9)");
    check_error(r#"{"a":"\q"}"#, "it is no JSON object (line 1, column 8)");
}

#[test]
fn a_member_is_a_text_without_quotes_or_json() {
    check_entry(r#""a\nb""#, Some("a\nb"));
    check_entry("null", Some(""));
    check_entry("true", Some("true"));
    check_entry("9007199254740993", Some("9007199254740993"));
    check_entry("1.50", Some("1.5"));
    check_entry(r#"{"b":"<","a":[1.0]}"#, Some(r#"{"a":[1],"b":"\u003c"}"#));
}

#[test]
fn what_is_nested_too_deep_is_not_written() {
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    check_entry(&deep, None);
    assert_eq!(document(&Members::from([("a".to_owned(), deep.as_bytes())])), None);
}

#[test]
fn an_object_is_written_in_the_order_of_its_names_and_without_spaces() {
    check_document("{}", "{}");
    check_document(r#"{"b" : {"d":1,"c":[ 2 ]}, "a":null}"#, r#"{"a":null,"b":{"c":[2],"d":1}}"#);
    check_document(r#"{"B":1,"a":2,"":3}"#, r#"{"":3,"B":1,"a":2}"#);
}

#[test]
fn an_object_is_written_without_escapes_for_html_and_with_all_digits() {
    check_document(
        r#"{"<k>":"&'\u003e","n":123456789012345678901}"#,
        r#"{"<k>":"&'>","n":123456789012345678901}"#,
    );
    check_document(r#"{"u":"\u2028","q":"\"\\\/\t\u0001"}"#, r#"{"q":"\"\\/\t\u0001","u":"\u2028"}"#);
}
