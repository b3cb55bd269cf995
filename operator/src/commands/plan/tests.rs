//! What `eso plan` says, line by line.

use eso_plan::{
    desired::{Absence, Content, Desired, Ownership, Refresh},
    observed::{Holder, Record},
    plan::WriteError,
};
use jiff::Timestamp;

use super::*;

fn observed(held: Held) -> Box<Observed> {
    Box::new(Observed {
        desired: Desired {
            manifest: None,
            revision: "1".into(),
            target: "app".into(),
            ownership: Ownership::Own,
            absence: Absence::Retain,
            refresh: Refresh::OnChange,
            windows: None,
            entries: Vec::new(),
            template: None,
            immutable: false,
        },
        record: Record::default(),
        held,
        sources: 0,
        refreshed: None,
        started: Timestamp::UNIX_EPOCH,
        spread: 0,
    })
}

fn planned(held: Held, step: Step, outcome: Outcome, due: Due) -> Preview {
    Preview::Planned { observed: observed(held), plan: Plan { step, outcome, absent: Vec::new() }, due }
}

fn write() -> Step {
    let entries = [("password".to_owned(), "canary".into()), ("user".to_owned(), "canary".into())].into();
    Step::Write { content: Content { entries, dress: None }, ownership: Ownership::Own }
}

#[track_caller]
fn check(preview: Preview, expected: &str, is_failure: bool) {
    let previewed = Previewed { namespace: "demo".into(), name: "es".into(), preview };
    assert_eq!(line(&previewed), format!("demo/es: {expected}\n"));
    assert_eq!(fails(&previewed), is_failure, "{expected}");
}

#[test]
fn what_is_written_is_told_by_its_keys_and_never_by_its_values() {
    check(
        planned(Held::Nothing, write(), Outcome::Synced, Due::Now),
        "Secret app is made, with the keys password, user (due now)",
        false,
    );
    check(
        planned(Held::Drifted, write(), Outcome::Synced, Due::Repair),
        "Secret app is repaired, or taken over, with the keys password, user (due now: somebody changed the target)",
        false,
    );
    let intact = Held::Intact { digest: None };
    check(
        planned(intact, write(), Outcome::Synced, Due::At(Timestamp::UNIX_EPOCH)),
        "Secret app is compared, and changed where it differs, with the keys password, user (due at \
         1970-01-01T00:00:00Z)",
        false,
    );
}

#[test]
fn what_is_not_written_is_told_with_its_reason() {
    check(
        planned(Held::Nothing, Step::Keep, Outcome::Waiting, Due::OnChange),
        "nothing is written: waiting for somebody to make the target (due when it changes)",
        false,
    );
    let holder = Holder::Peer("other".into());
    check(
        planned(Held::Contested(holder.clone()), Step::Keep, Outcome::Contested(holder), Due::OnChange),
        "nothing is written: held by other (due when it changes)",
        true,
    );
    check(
        planned(Held::Drifted, Step::Delete, Outcome::Deleted, Due::Now),
        "Secret app is deleted: deleted, the values are gone (due now)",
        false,
    );
}

#[test]
fn an_object_without_a_plan_is_told_why() {
    check(Preview::Gone, "left alone: its store is of another controller class", false);
    check(Preview::Leaving, "being deleted: the finalizer of the original is taken off", false);
    check(Preview::Malformed("why".into()), "nothing, it cannot be understood: why", true);
    let error = WriteError::Forbidden("no right".into());
    check(Preview::Unseen(error), "nothing, its target cannot be read: no right", true);
}
