//! When an object that pushes is due.

use super::*;
use crate::{
    fixtures::minute,
    push::{
        Record,
        fixtures::{data, desired},
    },
};

fn observed() -> Observed {
    Observed {
        desired: desired(vec![data("a", "x")]),
        stores: Vec::new(),
        resting: Default::default(),
        record: Record {
            refreshed: Some(minute(0)),
            revision: Some("1".to_owned()),
            condition: Some((true, "Synced".to_owned(), String::new())),
            ..Record::default()
        },
        refreshed: Some(minute(0)),
    }
}

#[track_caller]
fn check(change: impl FnOnce(&mut Observed), wake: Wake, expected: Due) {
    let mut observed = observed();
    change(&mut observed);
    assert_eq!(due(&observed, wake, minute(0)), expected);
}

#[test]
fn an_object_in_step_is_due_after_its_interval() {
    check(|_| {}, Wake::Look, Due::At(minute(1)));
    check(|seen| seen.refreshed = Some(minute(-1)), Wake::Look, Due::Now);
    check(|seen| seen.desired.refresh = None, Wake::Look, Due::OnChange);
}

#[test]
fn what_changed_makes_it_due_at_once() {
    check(|seen| seen.desired.revision = "2".to_owned(), Wake::Look, Due::Now);
    check(|_| {}, Wake::Refresh, Due::Now);
    check(|seen| seen.desired.refresh = None, Wake::Refresh, Due::Now);
}

#[test]
fn one_that_is_not_in_step_or_was_not_pushed_by_this_process_is_due() {
    check(|seen| seen.record.condition = None, Wake::Look, Due::Now);
    check(|seen| seen.record.condition.as_mut().unwrap().0 = false, Wake::Look, Due::Now);
    check(|seen| seen.refreshed = None, Wake::Look, Due::Now);
}

#[test]
fn the_next_look_is_an_interval_after_the_last() {
    assert_eq!(next(Some(Duration::from_secs(60)), minute(3)), Some(minute(4)));
    assert_eq!(next(None, minute(3)), None);
}
