//! What is filled, and with what.

use serde_json::json;

use super::{super::tests::*, *};
use crate::{
    convert::legacy::{desired, translate},
    desired::{Absence, Ask, Destination, Ownership},
    fixtures::{entries, gives, render},
    render::Rendered,
};

/// What the first fill of an object asks for.
fn filled() -> Desired {
    let object = object(secrets_manager(json!({
        "data": [{ "key": "db", "name": "logins", "versionStage": "AWSPREVIOUS" }],
    })));
    let translated = translate(&object, &environment()).unwrap();
    let desired = desired_of_fill(&translated.fills[0].asks(&object, &translated)).unwrap();
    assert_eq!(desired.entries[0].store, super::super::reference(&object, &translated.store));
    desired
}

#[test]
fn a_fill_writes_the_members_of_one_value_into_a_secret_of_somebody_else() {
    let desired = filled();
    assert_eq!(
        (desired.target.as_str(), desired.ownership, desired.absence, desired.revision.as_str()),
        ("logins", Ownership::Share { create: false }, Absence::Retain, "3")
    );
    assert!(matches!(&desired.entries[0].ask, Ask::Read(fetch) if fetch.key.as_str() == "db"
        && fetch.version.as_ref().is_some_and(|version| version.as_str() == "AWSPREVIOUS")));
    assert!(matches!(desired.entries[0].into, Destination::Many(_)));
    let rendered = render(&desired, &[gives(r#"{"username":"me","port":5432}"#)]).unwrap();
    let Rendered::Content { content, .. } = rendered else { panic!("not rendered") };
    assert_eq!(content.entries, entries(&[("username", "me"), ("port", "5432")]));
}

#[test]
fn a_fill_reads_the_store_of_its_object_and_as_often() {
    let object = object(secrets_manager(json!({ "region": "eu-west-1" })));
    let translated = translate(&object, &environment()).unwrap();
    let own = desired(&object, &environment()).unwrap();
    let fill = desired_of_fill(&translated.fills[0].asks(&object, &translated)).unwrap();
    assert_eq!((&fill.entries[0].store, fill.refresh), (&own.entries[0].store, own.refresh));
}

#[track_caller]
fn check(secret: Fillable<'_>, expected: bool) {
    assert_eq!(is_to_be_filled(&secret, "me"), expected, "{secret:?}");
}

#[test]
fn an_empty_secret_of_nobody_is_filled_and_one_that_was_filled_before() {
    let empty = Fillable { secret_type: "Opaque", is_owned: false, is_empty: true, annotations: None };
    let by = |uid: &str| BTreeMap::from([(FILLED_BY.to_owned(), uid.to_owned())]);
    let (me, other) = (by("me"), by("other"));
    check(empty, true);
    check(Fillable { is_empty: false, ..empty }, false);
    check(Fillable { is_owned: true, ..empty }, false);
    check(Fillable { secret_type: "kubernetes.io/tls", ..empty }, false);
    check(Fillable { is_empty: false, annotations: Some(&me), ..empty }, true);
    check(Fillable { is_empty: false, annotations: Some(&other), ..empty }, false);
    check(Fillable { annotations: Some(&other), ..empty }, true);
    check(Fillable { is_owned: true, annotations: Some(&me), ..empty }, false);
}
