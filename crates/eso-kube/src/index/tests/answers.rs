//! What an answer is worth that comes after other news: every order of a call's end and what the watches show.

use eso_plan::desired::{Entries, Ownership};
use eso_sync::ports::ObjectId;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{app, both, drifted, secret, sent};
use crate::{
    apply::Stored,
    index::{Edition, Index, Known, Sight},
    marks::Marks,
    metadata::{self, Keys, Seen},
};

/// What the watches show while a call is under way.
type Meanwhile = fn(&mut Index);

fn nothing(_: &mut Index) {}

fn relabelled(index: &mut Index) {
    index.meet_object(sent(app(12).label("team", "blue")));
}

fn rescheduled(index: &mut Index) {
    index.meet_object(sent(app(12).every("2h")));
}

fn reowned(index: &mut Index) {
    index.meet_object(sent(app(12).creation("Orphan")));
}

fn renamed(index: &mut Index) {
    index.meet_object(sent(app(12).target("other")));
}

fn renamed_and_back(index: &mut Index) {
    renamed(index);
    index.meet_object(sent(app(13)));
}

fn made_anew(index: &mut Index) {
    index.meet_object(sent(app(12).stored("two", 1)));
}

fn unlisted(index: &mut Index) {
    index.begin_secrets();
    index.end_secrets();
}

/// What is known of a target, in words.
fn in_words(index: &Index, id: ObjectId) -> String {
    let Some(snapshot) = index.snapshot(id) else { return "gone".to_owned() };
    let known = if snapshot.known.is_some() { ", known" } else { "" };
    match snapshot.sight {
        Sight::Absent => format!("absent{known}"),
        Sight::Unseen => format!("unseen{known}"),
        Sight::Seen(seen) => format!("seen {}{known}", seen.version),
    }
}

/// The Secret as the object with the uid `one` sees it at first.
fn seen(metadata: &ObjectMeta) -> Seen {
    let object = app(5).build();
    metadata::seen(metadata, &Marks::of(&object.metadata, Ownership::Own))
}

struct Call {
    index: Index,
    id: ObjectId,
    about: Edition,
}

impl Call {
    /// A call for an object whose target is there at version 10.
    fn begun() -> Self {
        let (mut index, object) = both();
        let about = index.observe(object.id).unwrap().edition;
        Self { index, id: object.id, about }
    }

    /// A call for an object that has no target yet.
    fn alone() -> Self {
        let mut index = Index::default();
        let id = index.meet_object(sent(app(5))).object.id;
        let about = index.observe(id).unwrap().edition;
        Self { index, id, about }
    }

    /// A call for an object whose target is to be looked at.
    fn doubting() -> Self {
        let mut call = Self::begun();
        call.index.doubt(call.id);
        call
    }

    #[track_caller]
    fn ends(
        mut self,
        meanwhile: Meanwhile,
        answer: impl FnOnce(&mut Index, ObjectId, Edition) -> bool,
        expected: (bool, &str),
    ) {
        meanwhile(&mut self.index);
        let taken = answer(&mut self.index, self.id, self.about);
        assert_eq!((taken, in_words(&self.index, self.id).as_str()), expected);
    }
}

/// The target was written, and has version 20 thereby.
#[track_caller]
fn check_write(call: Call, meanwhile: Meanwhile, taken: bool, expected: &str) {
    let stored = Stored::unchanged(seen(&secret("app", 20)), &Entries::new());
    call.ends(meanwhile, |index, id, about| index.wrote(id, about, stored), (taken, expected));
}

#[test]
fn a_write_counts_unless_it_was_for_another_edit_or_is_undone() {
    for call in [Call::alone, Call::begun] {
        let check = |meanwhile, taken, expected| check_write(call(), meanwhile, taken, expected);
        check(nothing, true, "seen 20, known");
        check(|index| _ = index.meet_secret(&secret("app", 20)), true, "seen 20, known");
        check(|index| _ = index.meet_secret(&drifted(21)), true, "seen 21");

        check(relabelled, false, "unseen");
        check(rescheduled, false, "unseen");
        check(reowned, false, "unseen");
        check(renamed, false, "unseen");
        check(renamed_and_back, false, "unseen");
        check(made_anew, false, "gone");
        check(|index| _ = index.lose_object("demo", "app"), false, "gone");

        check(unlisted, false, "unseen");
    }
}

#[test]
fn what_the_watch_shows_of_the_new_target_outlives_the_write_of_the_old_one() {
    let newer: Meanwhile = |index| {
        renamed(index);
        index.meet_secret(&secret("other", 30));
    };
    check_write(Call::begun(), newer, false, "seen 30");
    let older: Meanwhile = |index| {
        renamed(index);
        index.meet_secret(&secret("other", 15));
    };
    check_write(Call::begun(), older, false, "unseen");
}

#[test]
fn a_deletion_that_the_watch_showed_is_not_undone_by_the_answer_to_the_write_before_it() {
    let deleted: Meanwhile = |index| {
        index.meet_secret(&secret("app", 20));
        index.lose_secret(&secret("app", 21));
    };
    check_write(Call::alone(), deleted, false, "unseen");
    check_write(Call::begun(), deleted, false, "unseen");
    let made_by_another: Meanwhile = |index| {
        index.meet_secret(&secret("app", 20));
        index.lose_secret(&secret("app", 21));
        index.meet_secret(&drifted(22));
    };
    check_write(Call::alone(), made_by_another, false, "seen 22");
    let old: Meanwhile = |index| _ = index.lose_secret(&secret("app", 9));
    check_write(Call::begun(), old, true, "seen 20, known");
}

#[test]
fn a_list_that_shows_what_was_written_takes_nothing_back() {
    let listed: Meanwhile = |index| {
        index.begin_secrets();
        index.meet_secret(&secret("app", 20));
        index.end_secrets();
    };
    check_write(Call::alone(), listed, true, "seen 20, known");
    let mut call = Call::alone();
    call.index.begin_secrets();
    let stored = Stored::unchanged(seen(&secret("app", 20)), &Entries::new());
    assert!(call.index.wrote(call.id, call.about, stored));
    assert_eq!(call.index.end_secrets(), [], "it was written after it was listed");
    assert_eq!(in_words(&call.index, call.id), "seen 20, known");
}

/// The target was looked at, and found at that version.
#[track_caller]
fn check_look(meanwhile: Meanwhile, found: Option<u64>, taken: bool, expected: &str) {
    let found = found.map(|version| seen(&secret("app", version)));
    Call::doubting().ends(meanwhile, |index, id, about| index.looked(id, about, found), (taken, expected));
}

#[test]
fn a_look_counts_unless_the_watch_told_more_meanwhile() {
    check_look(nothing, Some(20), true, "seen 20");
    check_look(nothing, None, true, "absent");
    check_look(|index| _ = index.meet_secret(&secret("app", 19)), Some(20), false, "seen 19");
    check_look(|index| _ = index.meet_secret(&secret("app", 21)), Some(20), false, "seen 21");
    check_look(|index| _ = index.meet_secret(&secret("app", 21)), None, false, "seen 21");
    check_look(|index| _ = index.lose_secret(&secret("app", 21)), Some(20), false, "absent");
    for found in [Some(20), None] {
        check_look(relabelled, found, false, "unseen");
        check_look(reowned, found, false, "unseen");
        check_look(renamed, found, false, "absent");
        check_look(renamed_and_back, found, false, "unseen");
        check_look(unlisted, found, false, "absent");
        check_look(made_anew, found, false, "gone");
    }
}

/// The target was read at version 10, and is what was written.
#[track_caller]
fn check_comparison(meanwhile: Meanwhile, taken: bool, expected: &str) {
    let known = Known { version: 10, digest: None, keys: Keys::of(["first"]), worn: None };
    Call::begun().ends(
        meanwhile,
        |index, id, about| index.compared(id, about, 10, Some(known)),
        (taken, expected),
    );
}

#[test]
fn a_comparison_counts_for_what_is_seen() {
    check_comparison(nothing, true, "seen 10, known");
    check_comparison(|index| _ = index.meet_secret(&drifted(11)), false, "seen 11");
    check_comparison(|index| _ = index.lose_secret(&secret("app", 11)), false, "absent");
    check_comparison(relabelled, false, "seen 10");
    check_comparison(reowned, false, "unseen");
    check_comparison(renamed, false, "absent");
}

/// Other Secrets than the target were looked for, and deleted; says whether there may be some.
#[track_caller]
fn check_sweep(meanwhile: Meanwhile, expected: bool) {
    let mut call = Call::begun();
    call.index.meet_secret(&secret("old", 10));
    meanwhile(&mut call.index);
    call.index.swept(call.id, call.about);
    assert_eq!(call.index.snapshot(call.id).unwrap().has_strays, expected);
}

#[test]
fn a_target_that_is_left_while_others_are_swept_away_is_swept_later() {
    check_sweep(nothing, false);
    check_sweep(renamed, true);
}

/// The target was deleted by us.
#[track_caller]
fn check_deletion(meanwhile: Meanwhile, expected: &str) {
    let mut call = Call::begun();
    call.index.meet_secret(&secret("other", 5));
    meanwhile(&mut call.index);
    call.index.deleted(call.id, call.about);
    assert_eq!(in_words(&call.index, call.id), expected);
}

#[test]
fn a_deletion_of_ours_says_nothing_of_what_came_after_it() {
    check_deletion(nothing, "absent");
    check_deletion(|index| _ = index.lose_secret(&secret("app", 11)), "absent");
    check_deletion(
        |index| {
            index.lose_secret(&secret("app", 11));
            index.meet_secret(&secret("app", 12));
        },
        "seen 12",
    );
    check_deletion(renamed, "unseen");
    check_deletion(made_anew, "gone");
}
