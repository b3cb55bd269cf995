//! What goes where.

use eso_core::{key::StoreKind, labels::Selector, provider::WholeSecret};
use serde_json::json;

use super::*;
use crate::{
    naming::{Pattern, Rewrite},
    push::{
        By, Choice, Source,
        fixtures::{candidate, data, data_to, desired, named, secret, store},
    },
};

/// What goes to the store `main`, as `place=value`, in order; or why nothing does.
fn expanded(desired: &Desired, sources: &[SourceSecret]) -> Result<Vec<String>, String> {
    let asked = expand(desired, &[candidate("main", &[])], sources).map_err(|error| error.to_string())?;
    let shown = |one: &Pushed| {
        let value = one.content.written(WholeSecret::Texts).unwrap();
        format!("{}={}", one.data.place, value.expose_str().unwrap())
    };
    Ok(asked[&store("main")].iter().map(shown).collect())
}

#[track_caller]
fn check(desired: &Desired, source: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(expanded(desired, &[secret("app", source)]).unwrap(), expected);
}

#[track_caller]
fn refused(desired: &Desired, sources: &[SourceSecret], expected: &str) {
    assert_eq!(expanded(desired, sources).unwrap_err(), expected);
}

const THREE: [(&str, &str); 3] = [("a", "1"), ("b", "2"), ("db-host", "h")];

#[test]
fn a_key_goes_where_its_entry_says() {
    check(&desired(vec![data("b", "remote"), data("a", "doc/x")]), &THREE, &["remote=2", "doc/x=1"]);
}

#[test]
fn without_a_key_all_go_as_one() {
    check(&desired(vec![data("", "all")]), &[("z", "2"), ("a", "1")], &[r#"all={"a":"1","z":"2"}"#]);
    check(&desired(vec![data("", "all")]), &[], &["all={}"]);
}

#[test]
fn a_key_that_is_not_there_is_named_with_its_secret() {
    let expected = r#"secret key c does not exist in Secret "app""#;
    refused(&desired(vec![data("a", "x"), data("c", "y")]), &[secret("app", &THREE)], expected);
}

#[test]
fn keys_are_converted_before_they_are_looked_up() {
    let mut asks = desired(vec![data("db/host", "x")]);
    asks.data[0].conversion = Conversion::ReverseUnicode;
    check(&asks, &[("db_U002f_host", "h")], &["x=h"]);
    let twice = [("a/b", "1"), ("a_U002f_b", "2")];
    let expected =
        "could not apply conversion strategy to keys: secret name collision during conversion: a/b";
    refused(&asks, &[secret("app", &twice)], expected);
}

#[test]
fn what_is_no_code_of_a_character_stays() {
    for (key, expected) in [
        ("a_U00e9_b", "aéb"),
        ("_U1f600_", "😀"),
        ("_U002f_U002f_", "/U002f_"),
        ("_U02f_", "_U02f_"),
        ("_U00000f_", "_U00000f_"),
        ("_Uzzzz_", "_Uzzzz_"),
        ("_U", "_U"),
        ("_U002f", "_U002f"),
        ("_Ud800_", "\u{fffd}"),
        ("_UU002f_", "_UU002f_"),
    ] {
        assert_eq!(reversed(key), expected);
    }
}

#[test]
fn many_keys_go_to_values_of_their_names() {
    let mut asks = desired(Vec::new());
    asks.data_to = vec![data_to()];
    check(&asks, &THREE, &["a=1", "b=2", "db-host=h"]);
    check(&asks, &[], &[]);
}

#[test]
fn names_are_matched_and_then_rewritten_step_by_step() {
    let mut asks = desired(Vec::new());
    let upper = Rewrite::transform("team/{{ .value | upper }}").unwrap();
    let rewrites = vec![Rewrite::regexp("^db-(.*)$", "$1").unwrap(), upper];
    asks.data_to = vec![DataTo { keys: Some(Pattern::new("^db|b").unwrap()), rewrites, ..data_to() }];
    check(&asks, &THREE, &["team/B=2", "team/HOST=h"]);
}

#[test]
fn many_keys_go_into_one_object() {
    let mut asks = desired(Vec::new());
    let keys = Some(Pattern::new("^[ab]$").unwrap());
    asks.data_to = vec![DataTo { bundle: Some("all".into()), keys, ..data_to() }];
    check(&asks, &THREE, &[r#"all={"a":"1","b":"2"}"#]);
    let pushed =
        &expand(&asks, &[candidate("main", &[])], &[secret("app", &THREE)]).unwrap()[&store("main")][0];
    assert_eq!(pushed.data, data("", "all"));
}

#[test]
fn single_entries_win_over_many_for_the_same_key() {
    let mut asks = desired(vec![data("a", "own")]);
    asks.data_to = vec![data_to()];
    check(&asks, &THREE, &["b=2", "db-host=h", "own=1"]);
}

#[test]
fn metadata_and_conversion_of_many_go_with_each() {
    let mut asks = desired(Vec::new());
    let conversion = Conversion::ReverseUnicode;
    asks.data_to = vec![DataTo { metadata: Some(json!({ "tags": {} })), conversion, ..data_to() }];
    let asked = expand(&asks, &[candidate("main", &[])], &[secret("app", &[("a_U002f_b", "1")])]).unwrap();
    let pushed = &asked[&store("main")][0];
    let expected = Data { metadata: Some(json!({ "tags": {} })), conversion, ..data("a/b", "x") };
    let place = Place { key: "a/b".into(), property: None };
    assert_eq!(pushed.data, Data { place, ..expected });
}

#[test]
fn two_values_for_one_place_are_refused_whatever_they_come_from() {
    let twice = desired(vec![data("a", "x"), data("b", "x")]);
    let expected = "failed to merge data entries: duplicate remote key \"x\": source key \"a\" and source key \"b\" both \
                    map to the same destination";
    refused(&twice, &[secret("app", &THREE)], expected);
    let properties = desired(vec![data("a", "x/p"), data("b", "x/p")]);
    let expected = "failed to merge data entries: duplicate remote key \"x\" with property \"p\": source key \"a\" and \
                    source key \"b\" both map to the same destination";
    refused(&properties, &[secret("app", &THREE)], expected);
    let one = desired(vec![data("a", "x")]);
    let expected = "failed to merge data entries: duplicate remote key \"x\": source key \"a\" of Secret \"app\" and \
                    source key \"a\" of Secret \"web\" both map to the same destination";
    refused(&one, &[secret("app", &THREE), secret("web", &THREE)], expected);
}

#[test]
fn each_of_several_secrets_is_pushed() {
    let mut asks = desired(Vec::new());
    asks.source = Source::Labelled(Selector::parse(&Default::default()).unwrap());
    asks.data_to = vec![data_to()];
    let sources = [secret("app", &[("a", "1")]), secret("web", &[("b", "2")])];
    assert_eq!(expanded(&asks, &sources).unwrap(), ["a=1", "b=2"]);
}

#[test]
fn a_name_that_is_empty_or_a_rewrite_that_fails_is_told_by_its_entry() {
    let mut asks = desired(Vec::new());
    asks.data_to = vec![DataTo { rewrites: vec![Rewrite::regexp(".*", "").unwrap()], ..data_to() }];
    let expected = "failed to expand dataTo: dataTo[0]: empty remote key produced for source key \"a\"";
    refused(&asks, &[secret("app", &THREE)], expected);
    asks.data_to[0].rewrites = vec![Rewrite::transform(r#"{{ fail "no" }}"#).unwrap()];
    let error = expanded(&asks, &[secret("app", &THREE)]).unwrap_err();
    assert!(
        error
            .starts_with("failed to expand dataTo: dataTo[0]: rewrite failed: failed rewrite operation[0]: ")
    );
}

#[test]
fn an_entry_of_many_goes_to_the_stores_that_it_means() {
    let selector = serde_json::from_value(json!({ "matchLabels": { "tier": "b" } })).unwrap();
    let labelled =
        Choice { kind: StoreKind::SecretStore, by: By::Labels(Selector::parse(&selector).unwrap()) };
    let mut asks = desired(Vec::new());
    asks.data_to = vec![data_to(), DataTo { stores: labelled, ..data_to() }];
    let stores = [candidate("main", &[]), candidate("other", &[("tier", "b")]), candidate("third", &[])];
    let asked = expand(&asks, &stores, &[secret("app", &[("a", "1")])]).unwrap();
    let counts: Vec<(&str, usize)> =
        asked.iter().map(|(store, pushed)| (store.name.as_str(), pushed.len())).collect();
    assert_eq!(counts, [("main", 1), ("other", 1), ("third", 0)]);
    let cluster = Choice { kind: StoreKind::ClusterSecretStore, ..named("main") };
    assert!(!cluster.holds(&stores[0]));
}

#[test]
fn no_value_is_in_a_debug_text() {
    let asked = expand(
        &desired(vec![data("a", "x")]),
        &[candidate("main", &[])],
        &[secret("app", &[("a", "canary")])],
    );
    assert!(!format!("{asked:?}").contains("canary"));
}
