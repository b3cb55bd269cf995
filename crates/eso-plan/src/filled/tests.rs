//! What a Secret asks for, and that what it holds then is what a naive substitution makes of it.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use eso_core::{
    key::{StoreKind, StoreReference},
    provider::{Dialect, Fetched, Value},
    value::SecretBytes,
};
use proptest::prelude::*;

use super::{
    Place, Refusal, Source, desired,
    grammar::{Problem, Reference},
    interval,
    record::Record,
    store,
};
use crate::{
    desired::{Absence, Ask, Desired, Entries, Ownership, Refresh},
    render::{Answer, Given, Rendered, render},
    template::{self, Delimiters, Sources, Surroundings},
};

fn place() -> Place {
    Place { namespace: "demo".into(), name: "app".into() }
}

fn record_of(values: &[(&str, &str)]) -> Record {
    let source = |(key, text): &(&str, &str)| {
        ((*key).to_owned(), Source::of_text(key, text).unwrap().expect("it must refer to something"))
    };
    let store = store("SecretStore/main", "demo").unwrap();
    Record::new(&store, Duration::from_secs(60), &values.iter().map(source).collect()).unwrap()
}

fn desired_of(values: &[(&str, &str)]) -> Desired {
    desired(&place(), &record_of(values), &Delimiters::default()).unwrap()
}

/// What the store holds under a key: `<key>`, and what tears JSON and templates.
fn held(key: &str) -> Vec<u8> {
    match key {
        "odd" => b"\0\xff{{ .r0 }}\"\\${eso:x}\n".to_vec(),
        "quote" => "\"}} <&> ä".as_bytes().to_vec(),
        key => format!("<{key}>").into_bytes(),
    }
}

/// What the Secret holds then.
#[track_caller]
fn filled(values: &[(&str, &str)], delimiters: &Delimiters) -> Entries {
    let desired = desired(&place(), &record_of(values), delimiters).unwrap();
    let answers: Vec<Answer> = desired
        .entries
        .iter()
        .map(|entry| {
            let held = held(entry.ask.key().unwrap().as_str());
            let value = match &entry.property {
                None => Value::Bytes(held.into()),
                Some(property) => {
                    let text = String::from_utf8(held).unwrap();
                    Value::Document(serde_json::json!({ property: text }).to_string().into())
                }
            };
            Answer { dialect: Dialect::default(), given: Ok(Given::Value(Fetched::new(value))) }
        })
        .collect();
    let mut surroundings = Surroundings {
        sources: &Sources::new(),
        delimiters,
        limits: template::limits(),
        now: jiff::Timestamp::UNIX_EPOCH,
        random: &mut |_buffer| {},
    };
    match render(&desired, &answers, &mut surroundings).unwrap() {
        Rendered::Content { content, gone } if gone.is_empty() => content.entries,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn check(key: &str, text: &str, expected: &[u8]) {
    let entries = filled(&[(key, text)], &Delimiters::default());
    let value = entries[key].expose();
    assert_eq!(value, expected, "{text}: {}", String::from_utf8_lossy(value));
}

#[test]
fn a_value_is_made_of_what_is_referred_to_and_of_what_stands_around_it() {
    check("a", "eso:x", b"<x>");
    check("a", "a ${eso:x} b ${vault:y#z} c", b"a <x> b <y> c");
    check("a", "eso:odd", &held("odd"));
    check("a", "{{ .r0 }}{${eso:x}}} {{/* \"` \\ \0 \n", b"{{ .r0 }}{<x>}} {{/* \"` \\ \0 \n");
    check("a", " {{- ${eso:x} -}} ", b" {{- <x> -}} ");
}

#[test]
fn the_strings_of_registries_stay_strings() {
    let base64 = |bytes: &[u8]| STANDARD.encode(bytes);
    let text = format!(
        r#"{{"auths": {{"a": {{"auth":"{}"}}, "b": {{"auth":"{}"}}, "c":{{"password":"x-${{eso:quote}}"}}}}}}"#,
        base64(b"ada:hunter2"),
        base64(b"eso:odd:vault:y#p"),
    );
    let expected = format!(
        r#"{{"auths": {{"a": {{"auth":"{}"}}, "b": {{"auth":"{}"}}, "c":{{"password":"x-\"}}}} <&> ä"}}}}}}"#,
        base64(b"ada:hunter2"),
        base64(&[&held("odd")[..], b":<y>"].concat()),
    );
    check(".dockerconfigjson", &text, expected.as_bytes());
    check("other", "{\"auth\":\"eso:x\"}${eso:x}", b"{\"auth\":\"eso:x\"}<x>");
}

#[test]
fn each_value_of_a_store_is_asked_for_once() {
    let desired = desired_of(&[
        ("a", "eso:db#user"),
        ("b", "${eso:db#user} ${eso:db#password} ${eso:db#password#2}"),
        ("c", "vault:db#user"),
    ]);
    let reference = |entry: &crate::desired::Entry| match &entry.ask {
        Ask::Read(fetch) => Reference {
            key: fetch.key.to_string(),
            property: entry.property.clone(),
            version: fetch.version.as_ref().map(ToString::to_string),
        }
        .to_string(),
        Ask::Find(_) => panic!("nothing is looked for"),
    };
    let asked: Vec<String> = desired.entries.iter().map(reference).collect();
    assert_eq!(asked, ["db#password", "db#password#2", "db#user"]);
    assert_eq!(desired.template.unwrap().data.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn the_secret_keeps_what_it_holds_besides_and_what_the_store_lost() {
    let desired = desired_of(&[("a", "eso:db")]);
    assert_eq!(
        (desired.target.as_str(), desired.ownership, desired.absence, desired.refresh),
        ("app", Ownership::Share { create: false }, Absence::Retain, Refresh::Every(Duration::from_secs(60)))
    );
    let main = StoreReference { kind: StoreKind::SecretStore, namespace: "demo".into(), name: "main".into() };
    assert_eq!(desired.entries[0].store, main);
    assert_eq!(desired.template.unwrap().made_names(), Some(vec!["a"]));
    let mut record = record_of(&[("a", "eso:db")]);
    record.interval = Duration::ZERO;
    let desired = super::desired(&place(), &record, &Delimiters::default()).unwrap();
    assert_eq!(desired.refresh, Refresh::OnChange);
}

#[test]
fn a_value_that_is_no_text_refers_to_nothing() {
    let of = |bytes: &[u8]| Source::of("a", &SecretBytes::new(bytes)).unwrap();
    assert_eq!(of(b"eso:db\xff"), None);
    assert_eq!(of(b"\xff${eso:db}"), None);
    assert_eq!(of(b"password"), None);
    assert_eq!(of(b"eso:db").map(|source| source.text().to_owned()), Some("eso:db".to_owned()));
}

#[test]
fn a_refusal_names_the_key_and_holds_nothing_of_the_value() {
    let refusal = Source::of_text("pass", "hunter2 ${>>vault:pki#x}").unwrap_err();
    assert_eq!(refusal, Refusal::Value { key: "pass".into(), problem: Problem::Writes });
    let said = refusal.to_string();
    assert!(
        said.starts_with("data \"pass\": ") && !said.contains("hunter2") && !said.contains("pki"),
        "{said}"
    );
    let source = Source::of_text("pass", "hunter2 ${eso:db}").unwrap().unwrap();
    assert!(!format!("{source:?}").contains("hunter2"));
}

#[test]
fn a_store_is_named_by_kind_and_name_and_by_nothing_else() {
    assert_eq!(store("ClusterSecretStore/a.b-1", "x").unwrap().to_string(), "ClusterSecretStore \"a.b-1\"");
    for text in [
        "",
        "main",
        "SecretStore",
        "SecretStore/",
        "secretstore/main",
        "SecretStore/a/b",
        "SecretStore/../a",
        "SecretStore/A",
        "https://vault:8200",
        "SecretStore/https://vault",
        "SecretStore/main ",
        "SecretStore/a?b",
        "Secret/main",
        "other/SecretStore/main",
    ] {
        assert_eq!(store(text, "x"), Err(Refusal::Store), "{text}");
    }
    assert_eq!(store(&format!("SecretStore/{}", "a".repeat(254)), "x"), Err(Refusal::Store));
}

#[test]
fn an_interval_is_whole_seconds_within_bounds() {
    let seconds = |text| interval(text).unwrap().as_secs();
    assert_eq!((seconds(None), seconds(Some("")), seconds(Some("1h30m"))), (3600, 3600, 5400));
    assert_eq!((seconds(Some("0")), seconds(Some("-5s")), seconds(Some("1ms"))), (0, 0, 1));
    assert_eq!((seconds(Some("1.9s")), seconds(Some("99999h"))), (1, 366 * 24 * 3600));
    let said = interval(Some("soon")).unwrap_err().to_string();
    assert!(said.starts_with("the interval is not a duration") && !said.contains("soon"), "{said}");
}

/// Pieces of text that mean something to a template, to JSON, or to nobody.
fn literal() -> impl Strategy<Value = String> {
    let odd = [
        "{{", "}}", "{", "}", "<<", "[[", "(", ".r0", "/*", "\"", "`", "\\", "\0", "\n", "$", "ä", " -",
        "- ", "%s", "<", "#",
    ];
    let odd = prop::sample::select(odd.to_vec()).prop_map(str::to_owned);
    prop::collection::vec(prop_oneof![3 => odd, 1 => "[a-z ]{0,4}"], 0..12).prop_map(|parts| parts.concat())
}

fn delimiters() -> impl Strategy<Value = Delimiters> {
    let pairs = [
        ("", ""),
        ("{{", "}}"),
        ("<<", ">>"),
        ("[[", "]]"),
        ("{%", "%}"),
        ("(", ")"),
        ("<!--", "-->"),
        ("äö", "öä"),
    ];
    let pairs = prop::sample::select(pairs.to_vec());
    pairs.prop_map(|(left, right)| Delimiters { left: left.into(), right: right.into() })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_stands_around_references_survives_byte_for_byte(
        pieces in prop::collection::vec((literal(), prop::sample::select(vec!["x", "odd", "quote"])), 1..6),
        end in literal(),
        delimiters in delimiters(),
    ) {
        let text: String = pieces.iter().map(|(literal, key)| format!("{literal}${{eso:{key}}}")).collect();
        let mut expected: Vec<u8> = Vec::new();
        for (literal, key) in &pieces {
            expected.extend(literal.as_bytes());
            expected.extend(held(key));
        }
        expected.extend(end.as_bytes());
        let entries = filled(&[("a", &format!("{text}{end}"))], &delimiters);
        prop_assert_eq!(entries["a"].expose(), expected);
    }

    #[test]
    fn registries_stay_json_whatever_is_in_them(
        literals in prop::collection::vec(literal(), 1..5),
        delimiters in delimiters(),
    ) {
        let members: BTreeMap<String, String> = literals.iter().enumerate()
            .map(|(index, literal)| (format!("{literal}{index}"), format!(" {literal}${{eso:quote}}"))).collect();
        let quote = String::from_utf8(held("quote")).unwrap();
        let expected: BTreeMap<String, String> = members.iter()
            .map(|(name, text)| (name.clone(), text.replace("${eso:quote}", &quote))).collect();
        let text = serde_json::to_string(&members).unwrap();
        let entries = filled(&[(".dockerconfigjson", &text)], &delimiters);
        let made: BTreeMap<String, String> = serde_json::from_slice(entries[".dockerconfigjson"].expose()).unwrap();
        prop_assert_eq!(made, expected);
    }
}
