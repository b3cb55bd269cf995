//! The look-up against what the original's library gives (`tests/golden/property`), and where it means to differ.

use proptest::prelude::*;
use serde_json::Value as Json;

use super::{path::PathError, *};

const AWS: Dialect = Dialect {
    lookup: Lookup::DottedLiteralThenPath,
    documents: Documents::AsWritten,
    missing_property: MissingProperty::NotInSecret,
};
const VAULT: Dialect = Dialect {
    lookup: Lookup::KeyThenPath,
    documents: Documents::GoMarshal,
    missing_property: MissingProperty::NoSecretData,
};
const FAKE: Dialect = Dialect {
    lookup: Lookup::Path,
    documents: Documents::AsWritten,
    missing_property: MissingProperty::NoSecret,
};

const LEGACY: Dialect = Dialect {
    lookup: Lookup::KeyThenPath,
    documents: Documents::Compact,
    missing_property: MissingProperty::NotInSecret,
};

/// Paths that the original follows and this version refuses by name.
const UNSERVED: [&str; 33] = [
    "children|@this:1|0",
    "friends|@join",
    "children|@join",
    "age|@join",
    "{name.first,age}",
    "[name.first,age]",
    r#"{"x":name.first,"y":age}"#,
    "{age",
    "[age",
    "[age,nope]",
    "{nope}",
    "{}",
    "[]",
    "name.[first,last]",
    "name.{first,last}",
    "friends.#.{first,age}",
    "friends.#.[first,age]",
    "[name.first,age].0",
    "{name.first,age}.first",
    "[name.first,age].#",
    r#"!"lit""#,
    "!5",
    "!true",
    "[!1,age]",
    "name.!5",
    "children|@pretty",
    "@dig:first",
    r#"@flatten:{"deep":true}"#,
    "@join",
    r#"@join:{"preserve":true}"#,
    "#.{a,c}",
    "@group",
    "name|@this:x",
];

/// What the original makes of a value that is not whole or not JSON, and we do not: `(value, path, ours)`.
const STRICTER: [(&str, &str, Option<&str>); 4] = [
    (r#"{"a":{"b":1,"c""#, "a", None),
    (r#"{"a":{"b":1,"c""#, "a.b", None),
    (r#"{"a":"{\"b\":\"c\"}","n":"12","bad":"{"}"#, "bad|@fromstr", None),
    ("\"\\q\"", "@this", None),
];

fn golden() -> Json {
    serde_json::from_str(include_str!("../../tests/golden/property/golden.json")).unwrap()
}

fn found(text: &str, path: &str) -> Result<Option<String>, PathError> {
    let text = SecretBytes::from(text);
    let found = path::find(text.expose(), path, &Budget::default())?;
    let bytes = found.and_then(|raw| plain(raw.bytes(), Numbers::Shortest));
    Ok(bytes.map(|bytes| String::from_utf8(bytes.expose().to_vec()).unwrap()))
}

/// As much as one test may read.
fn plenty() -> &'static Budget {
    Box::leak(Box::default())
}

fn source<'a>(value: &'a Value, dialect: Dialect, key: &'a RemoteKey) -> Source<'a> {
    Source::new(value, dialect, key, plenty())
}

fn value(text: &str, dialect: Dialect) -> Value {
    match dialect.documents {
        Documents::AsWritten => Value::Bytes(text.into()),
        Documents::GoMarshal | Documents::Compact => Value::Document(text.into()),
    }
}

#[track_caller]
fn check(dialect: Dialect, text: &str, property: &str, expected: Result<&str, &str>) {
    let (value, key) = (value(text, dialect), RemoteKey::from("app"));
    let part = source(&value, dialect, &key).part(Some(property));
    let part = part
        .map(|bytes| String::from_utf8(bytes.expose().to_vec()).unwrap())
        .map_err(|error| error.to_string());
    assert_eq!(part.as_deref().map_err(String::as_str), expected, "{property}");
}

#[track_caller]
fn check_members(
    dialect: Dialect,
    text: &str,
    property: Option<&str>,
    expected: Result<&[(&str, &str)], &str>,
) {
    let (value, key) = (value(text, dialect), RemoteKey::from("app"));
    let members = source(&value, dialect, &key).members(property).map_err(|error| error.to_string());
    let expected: Result<Entries, String> = match expected {
        Ok(pairs) => Ok(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()),
        Err(text) => Err(text.to_owned()),
    };
    assert_eq!(members, expected);
}

#[test]
fn paths_give_what_the_original_gives() {
    let golden = golden();
    let probes = golden["paths"].as_array().unwrap();
    assert!(probes.len() >= 200, "the golden file has {} probes", probes.len());
    for probe in probes {
        let (text, path) = (probe["json"].as_str().unwrap(), probe["path"].as_str().unwrap());
        let theirs = (probe["exists"] == true).then(|| probe["string"].as_str().unwrap().to_owned());
        let stricter = STRICTER.iter().find(|(value, at, _)| (*value, *at) == (text, path));
        match (found(text, path), stricter) {
            (Err(PathError::Unserved(_)), _) => assert!(UNSERVED.contains(&path), "{path} is not served"),
            (ours, Some((_, _, expected))) => {
                assert_eq!(ours, Ok(expected.map(str::to_owned)), "{path} in {text}")
            }
            (ours, None) if path == "bad" => {
                assert_eq!(ours, Ok(None), "a wrong escape does not cut a value short")
            }
            (ours, None) => assert_eq!(ours, Ok(theirs), "{path} in {text}"),
        }
    }
}

#[test]
fn documents_are_written_as_go_writes_them() {
    let golden = golden();
    for document in golden["documents"].as_array().unwrap() {
        let text = document["json"].as_str().unwrap();
        let ours = marshal::document(text.as_bytes(), Numbers::AsWritten).unwrap();
        assert_eq!(std::str::from_utf8(&ours).unwrap(), document["marshalled"].as_str().unwrap(), "{text}");
    }
}

#[test]
fn members_are_spread_as_the_original_spreads_them() {
    let golden = golden();
    for document in golden["members"].as_array().unwrap() {
        let text = document["json"].as_str().unwrap();
        if text.contains("12345678901234567890") {
            continue; // The original loses digits here: see the test below.
        }
        let (value, key) = (Value::Document(text.into()), RemoteKey::from("app"));
        let ours = source(&value, VAULT, &key).members(None).unwrap();
        let theirs = document["members"].as_object().unwrap();
        let theirs = theirs.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().into()));
        assert_eq!(ours, theirs.collect::<Entries>(), "{text}");
    }
}

#[test]
fn a_number_never_loses_a_digit() {
    let text = r#"{"id":12345678901234567890,"long":0.12345678901234567890123,"huge":1e400,"in":[9007199254740993]}"#;
    check(VAULT, text, "id", Ok("12345678901234567890"));
    check(AWS, text, "long", Ok("0.12345678901234567890123"));
    check(AWS, text, "huge", Ok("1e400"));
    let expected = [
        ("huge", "1e400"),
        ("id", "12345678901234567890"),
        ("in", "[9007199254740993]"),
        ("long", "0.12345678901234567890123"),
    ];
    check_members(VAULT, text, None, Ok(&expected));
}

#[test]
fn a_dotted_property_is_a_literal_key_first_in_aws() {
    let text = r#"{"a.b":"literal","a":{"b":"nested","c":"deep"}}"#;
    check(AWS, text, "a.b", Ok("literal"));
    check(AWS, text, "a.c", Ok("deep"));
    check(VAULT, text, "a.b", Ok("literal"));
    check(FAKE, text, "a.b", Ok("nested"));
    check(FAKE, text, r"a\.b", Ok("literal"));
}

#[test]
fn a_property_is_a_key_of_the_document_first_in_vault() {
    let text =
        r##"{"a*":"star","ab":"b","#":1,"n":null,"t":true,"f":1.50,"o":{"b":"<","a":[ 1 ]},"q\"":"quoted"}"##;
    check(VAULT, text, "a*", Ok("star"));
    check(VAULT, text, "#", Ok("1"));
    check(VAULT, text, "n", Ok(""));
    check(VAULT, text, "t", Ok("true"));
    check(VAULT, text, "f", Ok("1.50"));
    check(VAULT, text, "o", Ok(r#"{"a":[1],"b":"\u003c"}"#));
    check(VAULT, text, "o.b", Ok("<"));
    check(VAULT, text, "q\"", Ok("quoted"));
    check(AWS, text, "f", Ok("1.5"));
    check(AWS, text, "o", Ok(r#"{"b":"<","a":[ 1 ]}"#));
}

#[test]
fn compact_documents_are_as_javascript_writes_them() {
    let text = r#"{ "b" : "<\u0041", "a" : [ 1.0, null ], "n": null, "f": 1.50, "e": 1000000.0, "h": 1e21, "s": "a b",
                   "long": 12345678901234567890, "t": true, "o": { "z": 1, "a": "x y" } }"#;
    check(LEGACY, text, "b", Ok("<A"));
    check(LEGACY, text, "a", Ok("[1.0,null]"));
    check(LEGACY, text, "a.1", Ok("null"));
    check(LEGACY, text, "n", Ok("null"));
    check(LEGACY, text, "f", Ok("1.5"));
    check(LEGACY, text, "e", Ok("1000000"));
    check(LEGACY, text, "h", Ok("1e+21"));
    check(LEGACY, text, "s", Ok("a b"));
    check(LEGACY, text, "t", Ok("true"));
    // Where JavaScript loses digits, they are kept.
    check(LEGACY, text, "long", Ok("12345678901234567890"));
    check(LEGACY, text, "o", Ok(r#"{"z":1,"a":"x y"}"#));
    check(LEGACY, r#"{ "b": "<", "a": { "c" : 1.0 } }"#, "", Ok(r#"{"b":"<","a":{"c":1.0}}"#));
    let members = [("a", "null"), ("b", "1"), ("c", r#"{"d":[1]}"#), ("e", "text")];
    check_members(LEGACY, r#"{"a":null,"b":1.0,"c":{ "d": [ 1 ] },"e":"text"}"#, None, Ok(&members));
}

#[test]
fn a_missing_property_is_told_in_the_words_of_the_original() {
    check(AWS, r#"{"a":1}"#, "third", Err("key third does not exist in secret app"));
    check(AWS, "no JSON at all", "third", Err("key third does not exist in secret app"));
    check(VAULT, r#"{"a":1}"#, "third", Err(r#"cannot find secret data for key: "third""#));
    check(FAKE, r#"{"a":1}"#, "third", Err("Secret does not exist"));
}

#[test]
fn a_missing_property_is_an_absence_in_fake_alone() {
    for (dialect, absent) in [(AWS, false), (VAULT, false), (FAKE, true)] {
        let (value, key) = (value("{}", dialect), RemoteKey::from("app"));
        let error = source(&value, dialect, &key).part(Some("x")).unwrap_err();
        assert_eq!(error == PropertyError::NotFound, absent, "{error:?}");
    }
}

#[test]
fn the_whole_value_is_given_as_it_is_or_as_go_marshals_it() {
    let text = r#"{ "b": "<", "a": 1.0 }"#;
    check(AWS, text, "", Ok(text));
    check(AWS, "not JSON", "", Ok("not JSON"));
    check(VAULT, text, "", Ok(r#"{"a":1.0,"b":"\u003c"}"#));
}

#[test]
fn binary_values_are_given_byte_for_byte() {
    let bytes = SecretBytes::new(vec![0, 159, 146, 150]);
    let (value, key) = (Value::Bytes(bytes.clone()), RemoteKey::from("app"));
    assert_eq!(source(&value, AWS, &key).part(None), Ok(bytes));
    let error = source(&value, AWS, &key).part(Some("a")).unwrap_err();
    assert_eq!(error.to_string(), "key a does not exist in secret app");
}

#[test]
fn members_of_a_text_are_strings_unquoted_and_the_rest_as_written() {
    let text = r#" {"s":"a\nb","n":null,"i":1.0,"t":true,"o":{ "x" : 1 },"e":"","u":"\u00e9","i":2} "#;
    let expected =
        [("e", ""), ("i", "2"), ("n", ""), ("o", r#"{ "x" : 1 }"#), ("s", "a\nb"), ("t", "true"), ("u", "é")];
    check_members(AWS, text, None, Ok(&expected));
    check_members(AWS, r#"{"in":{"a":"b"}}"#, Some("in"), Ok(&[("a", "b")]));
    check_members(AWS, "{}", None, Ok(&[]));
}

#[test]
fn what_is_no_object_has_no_members_and_is_not_quoted() {
    let no_object = "unable to unmarshal secret app: it is no JSON object";
    check_members(AWS, r#"["canary"]"#, None, Err(no_object));
    check_members(AWS, r#""canary""#, None, Err(no_object));
    check_members(AWS, "null", None, Err(no_object));
    check_members(AWS, "canary", None, Err(&format!("{no_object} (line 1, column 1)")));
    check_members(AWS, "{\n\"canary\":}", None, Err(&format!("{no_object} (line 2, column 10)")));
    check_members(AWS, r#"{"a":"canary"} x"#, None, Err(&format!("{no_object} (line 1, column 16)")));
    check_members(AWS, r#"{"a":1}"#, Some("b"), Err("key b does not exist in secret app"));
    check_members(VAULT, r#"{"a":"canary"}"#, Some("a"), Err(&format!("{no_object} (line 1, column 1)")));
}

#[test]
fn what_is_not_served_is_refused_by_name() {
    let refused = |what| {
        format!("cannot look into secret app: the property uses {what}, which is not served by this version")
    };
    check(AWS, r#"{"a":1}"#, "{a,b}", Err(&refused("a multipath")));
    check(AWS, r#"{"a":1}"#, "!1", Err(&refused("a literal")));
    check(AWS, r#"{"a":[1]}"#, "a|@pretty", Err(&refused("the modifier @pretty")));
    check(AWS, r#"{"a":[1]}"#, "a|@this:1", Err(&refused("an argument of the modifier @this")));
    check(AWS, r#"{"{a,b}":"a name"}"#, "{a,b}", Ok("a name"));
    check(AWS, r#"{"@nope":"a name"}"#, "@nope", Ok("a name"));
}

#[test]
fn a_wrong_escape_or_a_cut_value_is_missing_and_never_half_given() {
    for text in [
        r#"{"a":"half\qcanary"}"#,
        r#"{"a":"half\u00"}"#,
        r#"{"a":"half"#,
        r#"{"a":{"b":"half""#,
        r#"{"a":[1,2"#,
    ] {
        check(AWS, text, "a", Err("key a does not exist in secret app"));
    }
}

#[test]
fn people_s_small_slips_in_json_do_no_harm() {
    check(AWS, "{\"a\":\"line\nnext\",\"b\":\"x\",}", "a", Ok("line\nnext"));
    check(AWS, "{\"a\":\"line\nnext\\t\",\"b\":\"x\",}", "a", Ok("line\nnext\t"));
    check(AWS, "{\"a\":\"line\",\"b\":\"x\",}", "b", Ok("x"));
}

/// A document with so many members, `n0` and on, of 60 bytes each.
fn document_of(members: usize) -> String {
    let members: Vec<String> =
        (0..members).map(|number| format!(r#""n{number}":"{:050}""#, number)).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn however_many_members_are_asked_for_a_value_is_read_a_few_times() {
    let text = document_of(1000);
    for dialect in [AWS, VAULT, FAKE] {
        let (value, key, budget) = (value(&text, dialect), RemoteKey::from("app"), Budget::default());
        let source = Source::new(&value, dialect, &key, &budget);
        for number in 0..1000 {
            let part = source.part(Some(&format!("n{number}"))).unwrap();
            assert_eq!(part.expose_str(), Some(format!("{number:050}").as_str()));
        }
        for _ in 0..1000 {
            assert_eq!(source.part(None).unwrap().expose().len(), text.len());
        }
        assert!(budget.spent() <= 2 * text.len(), "{} bytes of {}", budget.spent(), text.len());
    }
}

#[test]
fn a_budget_ends_what_reads_too_much_however_it_is_asked() {
    let text = document_of(1000);
    let (value, key, budget) = (value(&text, VAULT), RemoteKey::from("app"), Budget::of(10 * text.len()));
    let source = Source::new(&value, VAULT, &key, &budget);
    let too_costly = "cannot look into secret app: the property takes too long to look up";
    let mut paths = (0..100).map(|number| source.part(Some(&format!("n{number}.x"))));
    let error = paths.find_map(|found| found.err().filter(|error| error.to_string() == too_costly));
    assert!(error.is_some(), "a path is followed again and again");
    assert_eq!(source.members(None).unwrap_err().to_string(), too_costly);
    assert_eq!(source.part(Some("n1")).unwrap().expose().len(), 50, "what is known costs nothing");
}

#[test]
fn a_plain_name_gives_what_its_path_gives() {
    for text in
        [r#"{"a":1.0,"a":2}"#, r#" {"a":"x"} y"#, r#"{"a":"x""#, r#"{"b":1}"#, r#"["a"]"#, r#"{"a":"\q"}"#]
    {
        let (value, key) = (Value::Bytes(text.into()), RemoteKey::from("app"));
        let part = source(&value, FAKE, &key).part(Some("a")).ok();
        assert_eq!(
            part.map(|part| part.expose_str().unwrap().to_owned()),
            found(text, "a").unwrap(),
            "{text}"
        );
    }
}

#[test]
fn a_path_that_is_too_long_or_reads_too_often_is_refused() {
    let text = format!("[{}]", vec![r#"{"a":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}"#; 1000].join(","));
    let long = "a.".repeat(600);
    assert_eq!(found(&text, &long), Err(PathError::TooLong));
    let again = ["@this"; 100].join("|");
    assert_eq!(found(&text, &again), Err(PathError::TooCostly));
    let growing = ["@tostr"; 60].join("|");
    assert_eq!(found(r#""\"\"""#, &growing), Err(PathError::TooCostly));
    let stars = format!(r##"#(a%"{}b")#"##, "*a".repeat(200));
    assert_eq!(found(&text, &stars), Err(PathError::TooCostly));
    let nested = format!("{}{}", "#(".repeat(300), ")".repeat(300));
    assert!(matches!(found(&text, &nested), Ok(None | Some(_)) | Err(PathError::TooCostly)));
}

#[test]
fn deep_documents_neither_overflow_nor_pass_for_shallow_ones() {
    let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(found(&deep, &["0"; 16].join(".")).map(|found| found.is_some()), Ok(true));
    assert_eq!(found(&deep, &["0"; 512].join(".")), Err(PathError::TooCostly));
    assert_eq!(marshal::document(deep.as_bytes(), Numbers::AsWritten), None);
    let text = format!(r#"{{"a":{deep}}}"#);
    check(VAULT, &text, "a", Err("unable to unmarshal secret app: it is no JSON object"));
}

proptest! {
    #[test]
    fn any_text_and_any_path_are_survived(text in any::<Vec<u8>>(), path in any::<String>()) {
        let _ = path::find(&text, &path, &Budget::default());
        let _ = marshal::document(&text, Numbers::Shortest);
    }

    #[test]
    fn texts_and_paths_of_the_right_letters_are_survived(
        text in r#"[\[\]{}:,"\\a0-9.tfnue -]{0,60}"#,
        path in r##"(\.|\||#|#\(|\)|"|\\|@this|@keys|@values|@reverse|@flatten|@tostr|@fromstr|@ugly|a|\*|\?|0|=|<|%|~true|!|\{|\[){0,20}"##,
        dialect in prop::sample::select(vec![AWS, VAULT, FAKE]),
    ) {
        let (value, key) = (value(&text, dialect), RemoteKey::from("app"));
        let source = source(&value, dialect, &key);
        let _ = (source.part(Some(&path)), source.members(Some(&path)), source.members(None));
    }

    #[test]
    fn each_member_of_a_document_is_found_under_its_name(
        members in prop::collection::btree_map("[a-zA-Z_]{1,8}", any::<String>(), 1..8),
    ) {
        let text = serde_json::to_string(&members).unwrap();
        for dialect in [AWS, VAULT, FAKE] {
            for (name, expected) in &members {
                check(dialect, &text, name, Ok(expected));
            }
        }
    }

    #[test]
    fn marshalled_documents_mean_the_same(members in prop::collection::btree_map(any::<String>(), any::<(String, i64, bool)>(), 0..8)) {
        let text = serde_json::to_string(&members).unwrap();
        let ours = marshal::document(text.as_bytes(), Numbers::Shortest).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Json>(&ours).unwrap(), serde_json::from_str::<Json>(&text).unwrap());
    }
}
