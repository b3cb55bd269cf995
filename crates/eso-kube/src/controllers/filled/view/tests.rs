//! What is known of filled Secrets, and what of that is news.

use std::time::Duration;

use eso_core::key::StoreKind;
use eso_plan::filled::{Source, record::seal, store};

use super::*;

fn key() -> SealKey {
    SealKey::new(&[7; 32])
}

fn place(name: &str) -> Place {
    Place { namespace: "demo".into(), name: name.into() }
}

fn sealed(name: &str) -> String {
    let sources = [("a".to_owned(), Source::of_text("a", "eso:db").unwrap().unwrap())].into();
    let record =
        Record::new(&store("SecretStore/main", "demo").unwrap(), Duration::from_secs(60), &sources).unwrap();
    seal(&key(), &place(name), &record)
}

/// The metadata of a filled Secret, with these annotations besides.
fn secret(name: &str, uid: &str, version: u64, more: &[(&str, &str)]) -> ObjectMeta {
    let record = sealed(name);
    let annotations = [(STORE, "SecretStore/main"), (RECORD, record.as_str())].into_iter();
    let annotations = annotations.chain(more.iter().copied());
    ObjectMeta {
        namespace: Some("demo".into()),
        name: Some(name.into()),
        uid: Some(uid.into()),
        resource_version: Some(version.to_string()),
        annotations: Some(annotations.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()),
        ..ObjectMeta::default()
    }
}

/// A view that knows the key.
fn view() -> View {
    let mut view = View::default();
    assert!(view.rekey(Some(key())).is_empty());
    view
}

fn view_of(metadata: &ObjectMeta) -> (View, ObjectId) {
    let mut view = view();
    let News::New(named, None) = view.meet(metadata) else { panic!("it must be news") };
    (view, named.id)
}

fn main_store() -> StoreKey {
    StoreKey { kind: StoreKind::SecretStore, namespace: Some("demo".into()), name: "main".into() }
}

#[test]
fn nothing_is_kept_of_a_secret_that_was_not_filled() {
    let without = |name: &str| {
        let mut metadata = secret("app", "1", 10, &[]);
        metadata.annotations.as_mut().unwrap().remove(name);
        metadata
    };
    let helms = ObjectMeta {
        labels: Some([("owner".to_owned(), "helm".to_owned())].into()),
        ..secret("app", "1", 10, &[])
    };
    let token = secret("app", "1", 10, &[("kubernetes.io/service-account.name", "default")]);
    let leaving = ObjectMeta {
        deletion_timestamp: Some(serde_json::from_str("\"2026-01-01T00:00:00Z\"").unwrap()),
        ..secret("app", "1", 10, &[])
    };
    for metadata in [without(RECORD), without(STORE), helms, token, leaving, ObjectMeta::default()] {
        let mut view = view();
        assert!(matches!(view.meet(&metadata), News::Nothing));
        assert!(view.objects.is_empty() && view.names.is_empty() && view.unlisted.is_empty());
        let (mut view, _) = view_of(&secret("app", "1", 9, &[]));
        let is_this = metadata.name.is_some();
        assert_eq!(matches!(view.meet(&metadata), News::Gone(_)), is_this);
        assert_eq!(view.names.is_empty(), is_this);
    }
}

#[test]
fn a_record_that_is_not_of_the_secret_is_known_as_broken_and_names_no_store() {
    let copied = ObjectMeta { name: Some("copy".into()), ..secret("app", "1", 10, &[]) };
    let moved = ObjectMeta { namespace: Some("other".into()), ..secret("app", "1", 10, &[]) };
    let edited = secret("app", "1", 10, &[(RECORD, &sealed("app").replace("eso:db", "eso:hr"))]);
    for metadata in [copied, moved, edited] {
        let (view, id) = view_of(&metadata);
        assert_eq!(view.entry(id).unwrap().said.asked, Some(Err(SealError::Broken)));
        assert!(view.users_of(&main_store(), None).is_empty());
    }
    let (view, id) = view_of(&secret("app", "1", 10, &[]));
    assert!(matches!(view.entry(id).unwrap().said.asked, Some(Ok(_))));
    assert_eq!(view.users_of(&main_store(), Some("demo")).len(), 1);
    assert!(view.users_of(&main_store(), Some("other")).is_empty());
}

#[test]
fn an_edit_is_news_once_and_raises_doubt() {
    let (mut view, id) = view_of(&secret("app", "1", 10, &[]));
    assert!(!view.entry(id).unwrap().is_doubted);
    assert!(matches!(view.meet(&secret("app", "1", 10, &[])), News::Nothing), "it is known");
    assert!(matches!(view.meet(&secret("app", "1", 9, &[])), News::Nothing), "it is old");
    assert!(matches!(view.meet(&secret("app", "1", 11, &[("force-sync", "1")])), News::Edited(_)));
    assert!(view.entry(id).unwrap().is_doubted);
}

#[test]
fn another_one_of_the_same_name_replaces_it() {
    let (mut view, id) = view_of(&secret("app", "1", 10, &[]));
    let News::New(named, Some(before)) = view.meet(&secret("app", "2", 12, &[])) else { panic!("news") };
    assert_eq!(before.id, id);
    assert!(named.id != id && view.entry(id).is_none() && view.entry(named.id).is_some());
}

#[test]
fn what_a_list_does_not_show_is_gone() {
    let (mut view, id) = view_of(&secret("app", "1", 10, &[]));
    view.meet(&secret("other", "2", 11, &[]));
    view.begin();
    assert!(matches!(view.meet(&secret("other", "2", 11, &[])), News::Nothing));
    let gone: Vec<ObjectId> = view.end().into_iter().map(|entry| entry.id).collect();
    assert_eq!(gone, [id]);
    assert!(view.end().is_empty());
}

/// What the watch shows while we write, and what we are answered.
#[track_caller]
fn check(shown: Option<u64>, sight: Sight, is_news: bool, is_doubted: bool, version: u64) {
    let (mut view, id) = view_of(&secret("app", "1", 10, &[]));
    view.begin_write(id);
    if let Some(shown) = shown {
        assert!(matches!(view.meet(&secret("app", "1", shown, &[])), News::Nothing), "not while we write");
    }
    let news = view.end_write(id, sight);
    assert_eq!(matches!(news, News::Edited(_)), is_news, "{news:?}");
    let entry = view.entry(id).unwrap();
    assert_eq!((entry.is_doubted, entry.said.version), (is_doubted, version));
}

#[test]
fn our_own_write_is_no_news_and_somebody_elses_meanwhile_is() {
    let answer = |version| secret("app", "1", version, &[]);
    check(None, Sight::Whole(answer(11)), false, false, 11);
    check(Some(11), Sight::Whole(answer(11)), false, false, 11);
    check(Some(12), Sight::Whole(answer(11)), true, true, 12);
    check(Some(11), Sight::Metadata(answer(12)), false, false, 12);
    check(Some(12), Sight::Metadata(answer(11)), true, true, 12);
    check(None, Sight::Nothing, false, false, 10);
    check(Some(11), Sight::Nothing, true, true, 11);
    check(None, Sight::Changed(answer(11)), false, true, 11);
}

#[test]
fn a_doubt_stays_until_the_whole_secret_was_seen() {
    let (mut view, id) = view_of(&secret("app", "1", 10, &[]));
    view.meet(&secret("app", "1", 11, &[]));
    view.begin_write(id);
    view.end_write(id, Sight::Metadata(secret("app", "1", 12, &[])));
    assert!(view.entry(id).unwrap().is_doubted);
    view.begin_write(id);
    view.end_write(id, Sight::Whole(secret("app", "1", 12, &[])));
    assert!(!view.entry(id).unwrap().is_doubted);
}

#[test]
fn one_whose_record_was_taken_out_by_us_is_gone() {
    let (mut view, id) = view_of(&secret("app", "1", 10, &[]));
    view.begin_write(id);
    let mut bare = secret("app", "1", 11, &[]);
    bare.annotations.as_mut().unwrap().remove(RECORD);
    assert!(matches!(view.end_write(id, Sight::Whole(bare)), News::Gone(entry) if entry.id == id));
    assert!(view.entry(id).is_none());
}

#[test]
fn how_it_stands_is_said_by_its_own_status_alone() {
    let condition = Some((true, "SecretSynced".to_owned(), "secret synced".to_owned()));
    let mut status = Status::default();
    status.record.condition = condition;
    let text = status.write("1");
    let (view, id) = view_of(&secret("app", "1", 10, &[(STATUS, &text)]));
    assert_eq!(view.entry(id).unwrap().is_ready(), Some(true));
    assert!(view.users_of(&main_store(), None)[0].1);
    let (view, id) = view_of(&secret("app", "2", 10, &[(STATUS, &text)]));
    assert_eq!(view.entry(id).unwrap().is_ready(), None, "it was copied");
    assert!(!view.users_of(&main_store(), None)[0].1);
}

#[test]
fn nothing_is_made_of_a_record_before_the_key_is_known_and_all_is_made_anew_with_another() {
    let mut view = View::default();
    let News::New(named, None) = view.meet(&secret("app", "1", 10, &[])) else { panic!("it must be news") };
    assert_eq!(view.entry(named.id).unwrap().said.asked, None);
    assert!(view.users_of(&main_store(), None).is_empty());
    let told: Vec<ObjectId> = view.rekey(Some(key())).into_iter().map(|named| named.id).collect();
    assert_eq!(told, [named.id]);
    assert!(matches!(view.entry(named.id).unwrap().said.asked, Some(Ok(_))));
    assert_eq!(view.users_of(&main_store(), None).len(), 1);
    view.rekey(Some(SealKey::new(&[8; 32])));
    assert_eq!(view.entry(named.id).unwrap().said.asked, Some(Err(SealError::Broken)));
    view.rekey(None);
    assert_eq!(view.entry(named.id).unwrap().said.asked, None);
}
