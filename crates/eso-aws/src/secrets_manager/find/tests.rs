//! What AWS is asked for, and which of its answers meet a query.

use aws_sdk_secretsmanager::primitives::DateTime;
use eso_core::provider::NameFilter;

use super::*;

fn secret(name: &str, tags: &[(&str, &str)]) -> SecretListEntry {
    let tag = |(key, value): &(&str, &str)| Tag::builder().key(*key).value(*value).build();
    SecretListEntry::builder().name(name).set_tags(Some(tags.iter().map(tag).collect())).build()
}

fn query(path: Option<&str>, name: Option<&'static str>, tags: &[(&str, &str)]) -> Query {
    Query {
        path: path.map(str::to_owned),
        name: name.map(|part| NameFilter::new(part, move |name| name.contains(part))),
        tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
    }
}

fn meets(secret: &SecretListEntry, query: &Query) -> bool {
    key_of(secret, query, &Prefix::default()).is_some()
}

#[test]
fn path_and_tags_are_filters_and_the_expression_is_not() {
    let asked = filters(&query(Some("app/"), Some("x"), &[("team", "blue")]));
    let asked: Vec<_> =
        asked.iter().map(|filter| (filter.key().unwrap().as_str(), filter.values())).collect();
    let values = |text: &str| [text.to_owned()];
    let (path, key, value) = (values("app/"), values("team"), values("blue"));
    assert_eq!(asked, [("name", &path[..]), ("tag-key", &key[..]), ("tag-value", &value[..])]);
    assert!(filters(&query(None, Some("x"), &[])).is_empty());
}

#[test]
fn what_is_no_filter_to_aws_is_looked_at_afterwards() {
    let names = |query: &Query| {
        let asked = filters(query);
        asked.iter().map(|filter| filter.values()[0].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&query(Some("!app"), None, &[("owner", "a,b"), ("ü", "x")])), ["owner", "x"]);
    assert_eq!(names(&query(None, None, &[("a", ""), ("b", &"x".repeat(513))])), ["a", "b"]);
    let many = [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"), ("e", "5")];
    assert_eq!(names(&query(Some("app"), None, &many)).len(), 9);
    assert!(!meets(&secret("x", &many[..4]), &query(None, None, &many)));
    assert!(meets(&secret("x", &many), &query(None, None, &many)));
}

#[test]
fn all_of_a_query_must_hold() {
    let query = query(Some("app/"), Some("db"), &[("team", "blue"), ("stage", "prod")]);
    let tags = [("stage", "prod"), ("more", ""), ("team", "blue")];
    assert!(meets(&secret("app/db", &tags), &query));
    assert!(!meets(&secret("other/db", &tags), &query));
    assert!(!meets(&secret("app/web", &tags), &query));
    assert!(!meets(&secret("app/db", &tags[..2]), &query));
}

#[test]
fn a_tags_value_is_that_of_its_own_key() {
    let query = query(None, None, &[("a", "1"), ("b", "2")]);
    assert!(meets(&secret("x", &[("a", "1"), ("b", "2")]), &query));
    assert!(!meets(&secret("x", &[("a", "2"), ("b", "1")]), &query));
}

#[test]
fn a_secret_in_its_recovery_window_is_not_there() {
    let deleted = SecretListEntry::builder().name("x").deleted_date(DateTime::from_secs(0)).build();
    assert!(!meets(&deleted, &Query::default()));
}

#[test]
fn a_key_is_a_name_without_the_prefix_and_what_has_none_is_not_found() {
    let found = |name: &str, query: &Query| {
        key_of(&secret(name, &[]), query, &Prefix::new("team/")).map(str::to_owned)
    };
    let below = query(Some("team/app/"), Some("db"), &[]);
    assert_eq!(found("team/app/db", &below).as_deref(), Some("app/db"));
    assert_eq!(found("team/db", &below), None);
    assert_eq!(found("other/db", &Query::default()), None);
    assert_eq!(found("team/db", &query(None, Some("team"), &[])), None, "the expression is about the key");
}
