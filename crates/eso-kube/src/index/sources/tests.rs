//! Who is told of which change of what templates stand in.

use serde_json::json;

use super::*;

const READER: ObjectId = ObjectId(1);
const MAP: SourceKind = SourceKind::ConfigMap;

fn at(name: &str, version: u64) -> ObjectMeta {
    let metadata = json!({ "namespace": "demo", "name": name, "resourceVersion": version.to_string() });
    serde_json::from_value(metadata).unwrap()
}

/// One object reads `demo/tpl`, which all have been listed of at version 1.
fn world() -> Sources {
    let mut sources = Sources::default();
    reads(&mut sources, READER, &["tpl"]);
    sources.begin(MAP);
    assert_eq!(sources.meet(MAP, &at("tpl", 1)), [], "the first list is no news");
    assert_eq!(sources.end(MAP), []);
    sources
}

fn reads(sources: &mut Sources, id: ObjectId, names: &[&str]) {
    let name = |name: &&str| ("demo".into(), SourceName { kind: MAP, name: (*name).to_owned() });
    sources.connect(id, names.iter().map(name));
}

/// What a change comes to: who is told, and whether the fingerprint of the reader is another.
#[track_caller]
fn check(sources: &mut Sources, change: impl Fn(&mut Sources) -> Vec<ObjectId>, told: &[ObjectId]) {
    let before = sources.fingerprint(READER);
    assert_eq!(change(sources), told);
    assert_eq!(sources.fingerprint(READER) != before, told.contains(&READER));
}

#[test]
fn an_edit_a_deletion_and_a_return_are_told_once() {
    let mut sources = world();
    check(&mut sources, |sources| sources.meet(MAP, &at("tpl", 1)), &[]);
    check(&mut sources, |sources| sources.meet(MAP, &at("tpl", 2)), &[READER]);
    check(&mut sources, |sources| sources.meet(MAP, &at("tpl", 2)), &[]);
    check(&mut sources, |sources| sources.lose(MAP, &at("tpl", 3)), &[READER]);
    check(&mut sources, |sources| sources.meet(MAP, &at("tpl", 4)), &[READER]);
}

#[test]
fn nobody_is_told_of_what_they_do_not_read() {
    let mut sources = world();
    check(&mut sources, |sources| sources.meet(MAP, &at("other", 2)), &[]);
    check(&mut sources, |sources| sources.meet(SourceKind::Secret, &at("tpl", 2)), &[]);
    let elsewhere = ObjectMeta { namespace: Some("elsewhere".to_owned()), ..at("tpl", 2) };
    check(&mut sources, |sources| sources.meet(MAP, &elsewhere), &[]);
    assert_eq!(sources.versions.len(), 1, "nothing is kept of them");
}

#[test]
fn all_readers_are_told_until_they_read_something_else_or_go() {
    let mut sources = world();
    let other = ObjectId(2);
    reads(&mut sources, other, &["tpl", "more"]);
    check(&mut sources, |sources| sources.meet(MAP, &at("tpl", 2)), &[READER, other]);
    reads(&mut sources, other, &["more"]);
    check(&mut sources, |sources| sources.meet(MAP, &at("tpl", 3)), &[READER]);
    sources.forget(READER);
    assert_eq!(sources.meet(MAP, &at("tpl", 4)), []);
    sources.forget(other);
    assert!(sources.read.is_empty() && sources.versions.is_empty());
}

#[test]
fn one_that_comes_after_its_reader_is_told() {
    let mut sources = world();
    reads(&mut sources, READER, &["late"]);
    check(&mut sources, |sources| sources.meet(MAP, &at("late", 9)), &[READER]);
}

#[test]
fn what_a_new_list_does_not_show_is_gone() {
    let mut sources = world();
    sources.begin(MAP);
    check(&mut sources, |sources| sources.end(MAP), &[READER]);
    sources.begin(MAP);
    check(&mut sources, |sources| sources.end(MAP), &[]);
    sources.begin(MAP);
    check(&mut sources, |sources| sources.meet(MAP, &at("tpl", 1)), &[READER]);
    check(&mut sources, |sources| sources.end(MAP), &[]);
}

#[test]
fn what_changed_while_the_watch_was_broken_is_told() {
    let mut sources = world();
    sources.begin(MAP);
    check(&mut sources, |sources| sources.meet(MAP, &at("tpl", 7)), &[READER]);
    check(&mut sources, |sources| sources.end(MAP), &[]);
}

#[test]
fn an_object_that_reads_nothing_takes_no_room() {
    let mut sources = world();
    reads(&mut sources, READER, &[]);
    assert_eq!(sources.fingerprint(READER), 0);
    assert!(sources.read.is_empty() && sources.versions.is_empty());
}

/// The reader reads `demo/tpl`, at that version, or finds that it is not there.
fn read(sources: &mut Sources, version: Option<u64>) -> u64 {
    let name = SourceName { kind: MAP, name: "tpl".to_owned() };
    sources.note_read(READER, "demo", [(name, version)])
}

#[test]
fn what_was_read_is_no_news() {
    let mut sources = world();
    reads(&mut sources, READER, &["tpl"]);
    assert_eq!(read(&mut sources, Some(1)), sources.fingerprint(READER), "as read as it is known");
    check(&mut sources, |sources| sources.meet(MAP, &at("tpl", 1)), &[]);
    sources.begin(MAP);
    check(&mut sources, |sources| sources.meet(MAP, &at("tpl", 1)), &[]);
    check(&mut sources, |sources| sources.end(MAP), &[]);
    assert_eq!(read(&mut sources, Some(2)), sources.fingerprint(READER), "read before the watch shows it");
    check(&mut sources, |sources| sources.meet(MAP, &at("tpl", 2)), &[]);
    check(&mut sources, |sources| sources.meet(MAP, &at("tpl", 3)), &[READER]);
}

#[test]
fn what_was_read_before_the_first_list_and_changed_is_news() {
    let mut sources = Sources::default();
    reads(&mut sources, READER, &["tpl"]);
    read(&mut sources, Some(1));
    sources.begin(MAP);
    check(&mut sources, |sources| sources.meet(MAP, &at("tpl", 2)), &[READER]);
}

#[test]
fn an_answer_that_the_watch_has_overtaken_is_old() {
    let mut sources = world();
    check(&mut sources, |sources| sources.meet(MAP, &at("tpl", 5)), &[READER]);
    let known = sources.fingerprint(READER);
    assert_ne!(read(&mut sources, Some(1)), known);
    assert_ne!(read(&mut sources, None), known);
    assert_eq!(sources.fingerprint(READER), known);
}

#[test]
fn one_that_was_read_as_not_there_is_as_if_it_were_unknown() {
    let mut sources = Sources::default();
    reads(&mut sources, READER, &["tpl"]);
    assert_eq!(read(&mut sources, None), sources.fingerprint(READER));
    assert!(sources.versions.is_empty());
}

#[test]
fn a_watch_that_lags_behind_what_was_read_tells_nothing_and_a_new_list_does() {
    let mut sources = world();
    read(&mut sources, Some(5));
    check(&mut sources, |sources| sources.meet(MAP, &at("tpl", 3)), &[]);
    check(&mut sources, |sources| sources.lose(MAP, &at("tpl", 4)), &[]);
    check(&mut sources, |sources| sources.meet(MAP, &at("tpl", 5)), &[]);
    sources.begin(MAP);
    check(&mut sources, |sources| sources.meet(MAP, &at("tpl", 2)), &[READER]);
}
