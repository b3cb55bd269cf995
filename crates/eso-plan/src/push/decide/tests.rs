//! What is done to one value.

use eso_core::{
    key::{DocumentName, SourceKind, SourceName},
    provider::Value,
    value::SecretBytes,
};
use serde_json::json;

use super::*;
use crate::push::{
    content::Content,
    expand::Pushed,
    fixtures::{data, goal, ours},
};

const AWS: Rules = Rules { syntax: PropertySyntax::Path, whole: WholeSecret::Texts, update: Update::Replace };
const VAULT: Rules = Rules { syntax: PropertySyntax::Key, ..AWS };
const PARAMETERS: Rules = Rules { whole: WholeSecret::Base64, ..AWS };

fn text(text: &str) -> Option<Held> {
    Some(ours(Value::Bytes(text.into())))
}

fn document(text: &str) -> Option<Held> {
    Some(ours(Value::Document(text.into())))
}

fn foreign(held: Option<Held>) -> Option<Held> {
    held.map(|held| Held { is_ours: false, ..held })
}

/// The question for `k`, with a document that its metadata names.
fn asked(goal: &Goal) -> Inspect {
    let source = SourceName { kind: SourceKind::ConfigMap, name: "policy".to_owned() };
    let document = DocumentName { source, key: "json".to_owned() };
    goal.question(&"k".into(), [(document, "{}".into())].into())
}

/// `keep`, `delete`, `dress`, or the text that is written; or why nothing is done.
fn decided(goal: &Goal, held: &Option<Held>, rules: Rules) -> String {
    match decide(&asked(goal), goal, held.as_ref(), rules) {
        Ok(Step::Keep) => "keep".to_owned(),
        Ok(Step::Delete(delete)) => {
            assert_eq!(delete.version, held.as_ref().unwrap().version);
            "delete".to_owned()
        }
        Ok(Step::Put(put)) => {
            let expected =
                held.as_ref().map_or(Expected::Nothing, |held| Expected::Ours(held.version.clone()));
            assert_eq!((put.key.as_str(), put.expected), ("k", expected));
            assert_eq!(put.documents, asked(goal).documents);
            put.value.map_or_else(|| "dress".to_owned(), |value| value.expose_str().unwrap().to_owned())
        }
        Err(error) => error.to_string(),
    }
}

#[track_caller]
fn check(rules: Rules, held: Option<Held>, parts: &[(&str, &str)], gone: &[Option<&str>], expected: &str) {
    assert_eq!(decided(&goal(parts, gone), &held, rules), expected);
}

const KEPT: Rules = Rules { update: Update::Keep, ..AWS };
const FOREIGN: &str = "secret not managed by external-secrets";

#[test]
fn what_is_not_there_is_made() {
    check(AWS, None, &[("k", "v")], &[], "v");
    check(AWS, None, &[("k/a.b", "v")], &[], r#"{"a":{"b":"v"}}"#);
    check(VAULT, None, &[("k", r#"{"a":1}"#)], &[], r#"{"a":1}"#);
    check(VAULT, None, &[("k/a.b", "v")], &[], r#"{"a.b":"v"}"#);
}

#[test]
fn what_is_so_already_is_not_written() {
    check(AWS, text("v"), &[("k", "v")], &[], "keep");
    check(AWS, text(r#"{ "a" : "v", "b":1.50 }"#), &[("k/a", "v")], &[], "keep");
    check(AWS, text(r#"{"a":"\u0076"}"#), &[("k/a", "v")], &[], "keep");
    check(VAULT, document(r#"{"b":{"c":[1]},"a":1.0}"#), &[("k", r#"{"a":1,"b":{"c":[1]}}"#)], &[], "keep");
    check(VAULT, document(r#"{"a":"v","b":1}"#), &[("k/a", "v")], &[], "keep");
    // OpenBao keeps floats.
    let kept = document(r#"{"a":9007199254740992,"b":"v"}"#);
    check(VAULT, kept.clone(), &[("k", r#"{"a":9007199254740993,"b":"v"}"#)], &[], "keep");
    check(VAULT, kept, &[("k", r#"{"a":9007199254740993}"#), ("k/b", "v")], &[], "keep");
}

#[test]
fn what_differs_is_written_whole() {
    check(AWS, text("old"), &[("k", "new")], &[], "new");
    check(AWS, text(r#"{"a":1}"#), &[("k", r#"{ "a": 1 }"#)], &[], r#"{ "a": 1 }"#);
    check(AWS, text(r#"{"b":9007199254740993}"#), &[("k/a", "v")], &[], r#"{"b":9007199254740993,"a":"v"}"#);
    check(
        VAULT,
        document(r#"{"a":"old","b":{"c":1}}"#),
        &[("k/a", "new")],
        &[],
        r#"{"a":"new","b":{"c":1}}"#,
    );
    let whole = r#"{"a":9007199254740994}"#;
    check(VAULT, document(r#"{"a":9007199254740992}"#), &[("k", whole)], &[], whole);
}

#[test]
fn all_parts_of_a_value_are_one_write() {
    check(AWS, text(r#"{"z":0}"#), &[("k/a", "1"), ("k/b", "2")], &[], r#"{"z":0,"a":"1","b":"2"}"#);
    check(AWS, text(r#"{"z":0}"#), &[("k", r#"{"w":1}"#), ("k/a", "1")], &[], r#"{"w":1,"a":"1"}"#);
    check(AWS, text(r#"{"w":1,"a":"1"}"#), &[("k", r#"{"w":1}"#), ("k/a", "1")], &[], "keep");
    check(VAULT, None, &[("k", r#"{"w":1}"#), ("k/a", "1")], &[], r#"{"w":1,"a":"1"}"#);
    check(AWS, text(r#"{"old":"x"}"#), &[("k/new", "1")], &[Some("old")], r#"{"new":"1"}"#);
}

#[test]
fn what_is_somebody_elses_is_left_alone() {
    check(AWS, foreign(text("old")), &[("k", "new")], &[], FOREIGN);
    check(AWS, foreign(text("same")), &[("k", "same")], &[], FOREIGN);
    check(VAULT, foreign(document("{}")), &[("k/a", "v")], &[], FOREIGN);
    check(AWS, foreign(text("old")), &[], &[None], "keep");
    check(VAULT, foreign(document(r#"{"a":"v"}"#)), &[], &[Some("a")], "keep");
    check(KEPT, foreign(text("old")), &[("k", "new")], &[], "keep");
    check(KEPT, foreign(text(r#"{"a":1}"#)), &[("k/b", "new")], &[], FOREIGN);
    let unread = |version: Option<&str>| {
        let held = ours(Value::Bytes("".into()));
        Some(Held { value: None, version: version.map(Into::into), is_ours: false, ..held })
    };
    check(KEPT, unread(Some("1")), &[("k", "new")], &[], "keep");
    check(KEPT, unread(Some("1")), &[("k/a", "new")], &[], "keep");
    check(KEPT, unread(None), &[("k", "new")], &[], FOREIGN);
    check(AWS, unread(Some("1")), &[("k", "new")], &[], FOREIGN);
}

#[test]
fn what_is_there_stays_where_the_object_says_so() {
    check(KEPT, text("old"), &[("k", "new")], &[], "keep");
    check(KEPT, text(r#"{"a":"old"}"#), &[("k/a", "new"), ("k/b", "new")], &[], r#"{"a":"old","b":"new"}"#);
    check(KEPT, text(r#"{"a":null}"#), &[("k/a", "new")], &[], "keep");
    check(KEPT, None, &[("k", "new")], &[], "new");
    let vault = Rules { update: Update::Keep, ..VAULT };
    check(vault, document(r#"{"a.b":"old"}"#), &[("k/a.b", "new")], &[], "keep");
    check(
        vault,
        document(r#"{"a":{"b":"old"}}"#),
        &[("k/a.b", "new")],
        &[],
        r#"{"a":{"b":"old"},"a.b":"new"}"#,
    );
    let name_only = Some(Held { value: None, ..ours(Value::Bytes("".into())) });
    check(KEPT, name_only, &[("k", "new")], &[], "new");
}

#[test]
fn what_is_taken_out_leaves_the_rest() {
    check(AWS, text(r#"{"a":"1","b":"2"}"#), &[], &[Some("a")], r#"{"b":"2"}"#);
    check(VAULT, document(r#"{"a.b":"1","b":"2"}"#), &[], &[Some("a.b")], r#"{"b":"2"}"#);
    check(AWS, text(r#"{"l":["x","y","z"]}"#), &[], &[Some("l.1"), Some("l.2")], r#"{"l":["x"]}"#);
    check(AWS, text(r#"{"l":["x","y","z"]}"#), &[], &[Some("l.0")], r#"{"l":[null,"y","z"]}"#);
    check(AWS, text(r#"{"b":"2"}"#), &[], &[Some("a")], "keep");
    check(AWS, text("no json"), &[], &[Some("a")], "keep");
    check(AWS, text(r#"{"b":"2"}"#), &[], &[Some("a.#")], "keep");
}

#[test]
fn what_holds_nothing_any_more_is_deleted() {
    check(AWS, text("v"), &[], &[None], "delete");
    check(AWS, text(r#"{"a":"1"}"#), &[], &[Some("a")], "delete");
    check(AWS, text(r#"{"a":{"b":"1"}}"#), &[], &[Some("a.b")], "delete");
    check(VAULT, document(r#"{"a":"1","b":"2"}"#), &[], &[Some("a"), Some("b")], "delete");
    check(VAULT, document(r#"{"a":"1"}"#), &[], &[None, Some("a")], "delete");
    let name_only = Some(Held { value: None, ..ours(Value::Bytes("".into())) });
    check(AWS, name_only, &[], &[None], "delete");
    check(AWS, None, &[], &[None, Some("a")], "keep");
}

#[test]
fn a_value_that_goes_from_whole_to_properties_and_back_holds_what_is_asked_for() {
    check(AWS, text("whole"), &[("k/a", "1")], &[None], r#"{"a":"1"}"#);
    check(AWS, text(r#"{"a":"1","x":"2"}"#), &[("k/a", "1")], &[None], r#"{"a":"1"}"#);
    check(AWS, text(r#"{"a":"1"}"#), &[("k", "whole")], &[Some("a")], "whole");
    check(KEPT, text(r#"{"a":"1","x":"2"}"#), &[("k/a", "3")], &[None], r#"{"a":"3"}"#);
    check(KEPT, text(r#"{"a":"1"}"#), &[("k", "whole")], &[Some("a")], "keep");
}

#[test]
fn what_is_wanted_beside_a_value_is_written_without_it() {
    let undressed = text("v").map(|held| Held { is_dressed: false, ..held });
    let dressed = goal(&[("k", "v")], &[]);
    assert_eq!(decided(&dressed, &undressed, AWS), "dress");
    assert_eq!(decided(&goal(&[("k", "w")], &[]), &undressed, AWS), "w");
    assert_eq!(decided(&dressed, &undressed, KEPT), "keep");
    assert_eq!(decided(&goal(&[], &[Some("a")]), &undressed, AWS), "keep");
}

#[test]
fn the_last_entry_that_says_anything_of_it_says_what_is_wanted_beside_a_value() {
    let mut goal = goal(&[("k/a", "1"), ("k/b", "2"), ("k/c", "3")], &[]);
    goal.parts[0].data.metadata = Some(json!({ "one": 1 }));
    goal.parts[1].data.metadata = Some(json!({ "two": 2 }));
    assert_eq!(asked(&goal).metadata, Some(json!({ "two": 2 })));
    let Ok(Step::Put(put)) = decide(&asked(&goal), &goal, None, AWS) else { panic!("it must be written") };
    assert_eq!(put.metadata, Some(json!({ "two": 2 })));
}

#[test]
fn what_cannot_be_written_is_told_without_the_value() {
    let no_json = "a property requires a json secret, and the one in the store is none: push without a property, or \
                   delete it";
    check(AWS, text("canary"), &[("k/a", "v")], &[], no_json);
    let no_object = "error unmarshalling vault secret: invalid JSON format: the store takes JSON objects alone, name a \
                     property";
    check(VAULT, None, &[("k", "canary")], &[], no_object);
    check(VAULT, None, &[("k", "[1]")], &[], no_object);
    check(VAULT, None, &[("k", "null")], &[], no_object);
    check(
        AWS,
        None,
        &[("k/a.#", "v")],
        &[],
        "property \"a.#\" may mean several places: write a backslash before | # @ * ?",
    );
    let binary = Pushed { data: data("s", "k/a"), content: Content::Value(SecretBytes::new(vec![0xff])) };
    let goal = Goal { parts: vec![binary], gone: Vec::new() };
    assert_eq!(
        decided(&goal, &None, AWS),
        "a property holds texts alone, and the value is none (UTF-8): push it without a property"
    );
}

#[test]
fn a_whole_secret_is_written_as_its_store_is_told_it() {
    let entries = [("a", "1"), ("bin", "é")].map(|(key, value)| (key.to_owned(), SecretBytes::from(value)));
    let whole = |place: &str| {
        let content = Content::Secret(entries.clone().into());
        Goal { parts: vec![Pushed { data: data("", place), content }], gone: Vec::new() }
    };
    assert_eq!(decided(&whole("k"), &None, AWS), "{\"a\":\"1\",\"bin\":\"é\"}");
    assert_eq!(decided(&whole("k"), &None, VAULT), "{\"a\":\"1\",\"bin\":\"é\"}");
    let in_base64 = r#"{"a":"MQ==","bin":"w6k="}"#;
    assert_eq!(decided(&whole("k"), &None, PARAMETERS), in_base64);
    assert_eq!(decided(&whole("k"), &text(in_base64), PARAMETERS), "keep");
    assert_eq!(decided(&whole("k/p"), &None, PARAMETERS), r#"{"p":"{\"a\":\"MQ==\",\"bin\":\"w6k=\"}"}"#);
}

#[test]
fn a_blank_text_holds_nothing() {
    check(AWS, text("  "), &[("k/a", "v")], &[], r#"{"a":"v"}"#);
    check(AWS, text(""), &[("k", "")], &[], "keep");
}

#[test]
fn a_step_is_printed_without_its_value() {
    let goal = goal(&[("k", "canary")], &[]);
    let step = decide(&asked(&goal), &goal, None, AWS).unwrap();
    assert_eq!(step.to_string(), "put k");
    assert!(!format!("{step:?}").contains("canary"));
    assert_eq!(Step::Keep.to_string(), "keep");
}
