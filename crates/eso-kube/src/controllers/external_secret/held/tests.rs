//! Tests of `held`.

use eso_plan::{
    convert::external_secret,
    digest::Digest,
    observed::{Held, Holder},
};
use eso_testkit::objects::{ObjectBuilder, object};
use serde_json::json;

use super::{is_unedited, promised, told};
use crate::{
    index::Known,
    metadata::{Claim, Data, Keys, Seen},
};

fn digest() -> Digest {
    Digest::written("digest")
}

fn seen(data: Data) -> Seen {
    Seen {
        uid: "uid".into(),
        version: 7,
        claim: Claim::Ours,
        data,
        keys: keys(),
        marked: true,
        leftover: None,
        worn: None,
        frozen: false,
    }
}

fn keys() -> Keys {
    Keys::of(["a", "b"])
}

fn known(version: u64) -> Known {
    Known { version, digest: Some(Digest::written("known")), keys: keys(), worn: None }
}

fn intact(digest: Option<&str>) -> Option<Held> {
    Some(Held::Intact { digest: digest.map(Digest::written) })
}

#[track_caller]
fn check(seen: &Seen, known: Option<&Known>, expected_keys: Option<Keys>, expected: Option<Held>) {
    assert_eq!(told(seen, known, expected_keys, false), expected, "{seen:?} {known:?}");
}

#[test]
fn what_is_held_is_told_by_metadata_and_by_what_we_did() {
    let all = Some(keys());
    let fewer = Some(Keys::of(["a"]));
    let (old, same) = (known(6), known(7));
    let ours = || seen(Data::Ours(digest()));
    check(&ours(), None, all, intact(Some("digest")));
    check(&ours(), Some(&old), all, intact(Some("digest")));
    check(&ours(), None, None, intact(None));
    check(&ours(), None, fewer, Some(Held::Drifted));
    check(&Seen { marked: false, ..ours() }, None, all, intact(None));
    assert_eq!(told(&ours(), None, all, true), intact(None), "an older target is left to delete");

    check(&seen(Data::Doubtful), None, all, None);
    check(&seen(Data::Doubtful), Some(&old), all, None);
    check(&seen(Data::Doubtful), Some(&same), all, intact(Some("known")));
    // What was written or compared at this very version holds, whatever the managed fields say about keys.
    check(&Seen { keys: Keys::of([]), ..seen(Data::Doubtful) }, Some(&same), all, intact(Some("known")));

    check(&seen(Data::Foreign), None, all, Some(Held::Drifted));
    check(&seen(Data::Foreign), Some(&old), all, Some(Held::Drifted));

    let shared = |later| seen(Data::Shared { later });
    check(&shared(false), None, all, intact(None));
    check(&shared(false), Some(&old), all, intact(Some("known")));
    check(&shared(true), Some(&old), all, intact(None));
    check(&shared(true), Some(&same), all, intact(Some("known")));
    check(&shared(true), None, fewer, Some(Held::Drifted));
}

#[test]
fn a_holder_comes_before_everything() {
    let holder = Holder::Stranger("Deployment/web".to_owned());
    let held = Seen { claim: Claim::Held(Box::new(holder.clone())), ..seen(Data::Ours(digest())) };
    check(&held, Some(&known(7)), Some(keys()), Some(Held::Contested(holder)));
}

#[track_caller]
fn check_promised(object: ObjectBuilder, expected: Option<&[&str]>) {
    let desired = external_secret::desired(&object.build()).unwrap();
    assert_eq!(promised(&desired), expected.map(|names| Keys::of(names.iter().copied())));
}

#[test]
fn keys_are_promised_where_an_object_names_them_all() {
    check_promised(object("app").key("a", "db").key("b", "db"), Some(&["a", "b"]));
    check_promised(object("app").key("a", "db").extract("db"), None);
    check_promised(object("app").key("a", "db").deletion("Merge"), None);
    check_promised(object("app").key("a", "db").deletion("Delete"), None);
}

#[test]
fn an_object_that_was_edited_since_it_was_synced_promises_nothing_about_its_target() {
    let mut edited = object("app").key("a", "db").build();
    let desired = external_secret::desired(&edited).unwrap();
    edited.status = None;
    assert!(!is_unedited(&external_secret::record(&edited), &desired));
    for (synced, expected) in [(desired.revision.as_str(), true), ("0-older", false)] {
        edited.status = serde_json::from_value(json!({ "syncedResourceVersion": synced })).unwrap();
        assert_eq!(is_unedited(&external_secret::record(&edited), &desired), expected, "{synced}");
    }
}
