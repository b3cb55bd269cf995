//! Parts that are set, against what the original's library makes (`tests/golden/property`), and parts that are taken out.

use serde_json::Value as Json;

use super::{
    super::marshal::{are_equal, are_equal_in_floats},
    *,
};

fn set(text: &str, path: &str, value: &str) -> Result<String, PathError> {
    let made = Path::parse(path)?.set(text.as_bytes(), value)?;
    Ok(String::from_utf8(made.to_vec()).unwrap())
}

#[test]
fn what_is_set_is_byte_for_byte_what_the_original_makes() {
    let golden: Json =
        serde_json::from_str(include_str!("../../../tests/golden/property/golden.json")).unwrap();
    let sets = golden["sets"].as_array().unwrap();
    assert!(sets.len() > 100);
    for case in sets {
        let [text, path, value] = ["json", "path", "value"].map(|name| case[name].as_str().unwrap());
        let ours = set(text, path, value);
        match case["error"].as_str() {
            None => assert_eq!(ours.as_deref(), Ok(case["result"].as_str().unwrap()), "{path} in {text}"),
            Some(error) => {
                let ours = ours.unwrap_err().to_string();
                assert_eq!(ours.split_once(": ").unwrap().1, error, "{path} in {text}");
            }
        }
    }
}

#[test]
fn paths_that_name_no_single_place_are_refused() {
    let several = "may mean several places: write a backslash before | # @ * ?";
    let large = "has too many steps, or numbers that are too large";
    for (path, problem) in [
        ("a.#", several),
        ("a.*", several),
        ("a?", several),
        ("@this", several),
        ("a|b", several),
        ("a.-1", "would add an item at each push: name its number"),
        ("", "has a name that is empty"),
        (".a", "has a name that is empty"),
        ("a..b", "has a name that is empty"),
        ("a.", "has a name that is empty"),
        (":", "has a name that is empty"),
        ("a\\", "ends with a backslash"),
        ("a.100001", large),
        ("99999.9", large),
        (&vec!["a"; 101].join("."), large),
    ] {
        let error = Path::parse(path).unwrap_err();
        assert_eq!(error.to_string(), format!("property {path:?} {problem}"));
    }
}

#[track_caller]
fn check_taken_out(text: &str, path: &str, expected: Option<&str>) {
    let left = Path::parse(path).unwrap().take_out(text.as_bytes());
    let left = left.map(|left| String::from_utf8(left.to_vec()).unwrap());
    assert_eq!(left.as_deref(), expected, "{path} of {text}");
}

#[test]
fn what_is_taken_out_leaves_the_rest_as_it_is_written() {
    check_taken_out(r#"{"a":1, "b" : [1,2] ,"c":1.50}"#, "a", Some(r#"{"b" : [1,2],"c":1.50}"#));
    check_taken_out(r#"{"a":1,"b":{"c":"d","e":"f"}}"#, "b.c", Some(r#"{"a":1,"b":{"e":"f"}}"#));
    check_taken_out(r#"{"a":1}"#, "b", None);
    check_taken_out(r#"{"a":1}"#, "a.b", None);
    check_taken_out("", "a", None);
    check_taken_out(r#"{"a":1,"b":2,"a":3}"#, "a", Some(r#"{"b":2}"#));
    check_taken_out(r#"{"a":{"k\u0065y":1},"b":2}"#, "a.key", Some(r#"{"b":2}"#));
}

#[test]
fn objects_that_hold_nothing_any_more_go_too() {
    check_taken_out(r#"{"a":1}"#, "a", Some("{}"));
    check_taken_out(r#"{"a":{"b":{"c":1}}}"#, "a.b.c", Some("{}"));
    check_taken_out(r#"{"a":{"b":{"c":1}},"d":2}"#, "a.b.c", Some(r#"{"d":2}"#));
    check_taken_out(r#"{"a":["x"]}"#, "a.0", Some("{}"));
}

#[test]
fn items_of_a_list_keep_their_numbers() {
    check_taken_out(r#"{"a":["x","y","z"]}"#, "a.0", Some(r#"{"a":[null,"y","z"]}"#));
    check_taken_out(r#"{"a":["x","y","z"]}"#, "a.2", Some(r#"{"a":["x","y"]}"#));
    check_taken_out(r#"{"a":["x"]}"#, "a.1", None);
}

#[test]
fn a_part_is_found_where_it_was_set() {
    for path in ["a", "a.b", "a.2", "x\\.y.:1", "a.1.b"] {
        let text = set(r#"{"q":0}"#, path, "v").unwrap();
        let path = Path::parse(path).unwrap();
        assert_eq!(path.get(text.as_bytes()), Some(br#""v""#.as_slice()));
        assert_eq!(path.get(br#"{"q":0}"#), None);
    }
}

#[test]
fn a_container_is_empty_that_holds_nothing() {
    for text in ["", " ", "{}", " { } ", "[]", "[ ]"] {
        assert!(is_empty(text.as_bytes()), "{text:?}");
    }
    for text in [r#"{"a":1}"#, "[1]", "0", r#""""#] {
        assert!(!is_empty(text.as_bytes()), "{text:?}");
    }
}

#[track_caller]
fn check_equal(one: &str, other: &str, expected: bool) {
    assert_eq!(are_equal(one.as_bytes(), other.as_bytes()), expected, "{one} and {other}");
    assert_eq!(are_equal(other.as_bytes(), one.as_bytes()), expected, "{other} and {one}");
}

#[test]
fn two_texts_are_the_same_json_however_they_are_written() {
    check_equal(r#"{"a":1,"b":2}"#, r#" { "b" : 2.0, "a" : 1e0 }"#, true);
    check_equal(r#"{"a":"é<"}"#, r#"{"a":"\u00e9\u003c"}"#, true);
    check_equal(r#"{"a":100}"#, r#"{"a":1e2}"#, true);
    check_equal(r#"{"a":0.5}"#, r#"{"a":50e-2}"#, true);
    check_equal(r#"{"a":-0}"#, r#"{"a":0.0}"#, true);
    check_equal(r#"{"a":1,"a":2}"#, r#"{"a":2}"#, true);
    check_equal(r#"{"a":[1,{"b":null}]}"#, r#"{"a":[1.0,{"b":null}]}"#, true);
}

#[test]
fn in_floats_numbers_are_the_same_that_a_float64_does_not_tell_apart() {
    let check = |one: &str, other: &str, expected: bool| {
        assert_eq!(are_equal_in_floats(one.as_bytes(), other.as_bytes()), expected, "{one} and {other}");
    };
    check(r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#, true);
    check(r#"{"a":[1e21,0.1]}"#, r#"{"a":[1000000000000000000000,0.1000000000000000055]}"#, true);
    check(r#"{"a":-0}"#, r#"{"a":0.0}"#, true);
    check(r#"{"a":1.0,"b":"é"}"#, r#"{"b":"\u00e9","a":1}"#, true);
    check(r#"{"a":9007199254740994}"#, r#"{"a":9007199254740992}"#, false);
    check(r#"{"a":1e400}"#, r#"{"a":1e401}"#, false);
    check(r#"{"a":1e400}"#, r#"{"a":1E400}"#, true);
    check(r#"{"a":1}"#, r#"{"a":"1"}"#, false);
    check("no json", "no json", false);
}

#[test]
fn numbers_differ_in_whatever_digit_they_do() {
    check_equal(r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#, false);
    check_equal(r#"{"a":1}"#, r#"{"a":"1"}"#, false);
    check_equal(r#"{"a":1}"#, r#"{"a":-1}"#, false);
    check_equal(r#"{"a":1}"#, r#"{"a":10}"#, false);
    check_equal(r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, false);
    check_equal(r#"{"a":1}"#, r#"{"a":1,"b":null}"#, false);
    check_equal("no json", "no json", false);
}
