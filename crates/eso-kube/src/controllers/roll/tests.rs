//! Tests of `roll`: which names are known, and which ones a list did not show.

use std::collections::BTreeSet;

use serde_json::json;

use super::{PushSecretNames, Roll};
use crate::{
    controllers::cluster::Roster as _,
    watch::{Item, Watched as _},
};

#[test]
fn a_roll_gives_what_a_list_did_not_show() {
    let name = |name: &str| ("namespace".to_owned(), name.to_owned());
    let mut roll = Roll::default();
    ["stays", "goes unseen", "goes"].map(name).into_iter().for_each(|name| roll.meet(name));
    roll.lose(&name("goes"));
    roll.begin();
    roll.meet(name("stays"));
    roll.meet(name("new"));
    assert_eq!(roll.end(), BTreeSet::from([name("goes unseen")]));
    roll.begin();
    assert_eq!(roll.end(), BTreeSet::from([name("new"), name("stays")]));
    assert_eq!(roll.end(), BTreeSet::new());
}

#[track_caller]
fn check(objects: &PushSecretNames, expected: &[&str]) {
    let known = ["a", "b", "c"].into_iter().filter(|name| objects.contains("one", name));
    assert_eq!(known.collect::<Vec<_>>(), expected);
}

#[test]
fn push_secrets_are_known_while_they_are_there() {
    let object = |name: &str| -> Item<_> {
        serde_json::from_value(json!({ "metadata": { "namespace": "one", "name": name } })).unwrap()
    };
    let objects = PushSecretNames::default();
    for name in ["a", "b", "c"] {
        objects.meet(object(name));
    }
    check(&objects, &["a", "b", "c"]);
    assert!(!objects.contains("two", "a"));
    objects.lose(object("b"));
    check(&objects, &["a", "c"]);
    objects.begin();
    objects.meet(object("c"));
    check(&objects, &["a", "c"]);
    objects.end();
    check(&objects, &["c"]);
}
