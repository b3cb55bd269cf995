//! When the store is read, row by row.

use crate::{
    desired::Manifest,
    fixtures::{ALL_OWNERSHIPS, HOUR, in_step, intact, minute, new},
    observed::Holder,
    windows::WindowKind,
};

use super::*;

#[track_caller]
fn check(observed: &Observed, wake: Wake, at: i64, expected: Due) {
    assert_eq!(due(observed, wake, minute(at)), expected);
}

#[track_caller]
fn check_look(observed: &Observed, at: i64, expected: Due) {
    check(observed, Wake::Look, at, expected);
}

const INTACT_UNKNOWN: Held = Held::Intact { digest: None };

#[test]
fn an_object_in_step_is_due_after_its_interval() {
    check_look(&in_step(), 0, Due::At(minute(60)));
    check_look(&in_step(), 59, Due::At(minute(60)));
    check_look(&in_step(), 60, Due::Now);
    check_look(&in_step(), 6000, Due::Now);
}

#[test]
fn a_new_object_is_due_under_every_policy() {
    for refresh in [Refresh::Every(HOUR), Refresh::OnChange, Refresh::Once] {
        for ownership in ALL_OWNERSHIPS {
            check_look(&new().refresh(refresh).ownership(ownership), 0, Due::Now);
        }
    }
}

#[test]
fn a_status_without_revision_or_time_was_never_synced() {
    let mut observed = in_step().refresh(Refresh::Once);
    observed.record.revision = None;
    check_look(&observed, 1, Due::Now);
    let mut observed = in_step().refresh(Refresh::Once);
    observed.record.refreshed = None;
    observed.refreshed = None;
    check_look(&observed, 1, Due::Now);
}

#[test]
fn a_change_of_the_object_is_due_unless_it_is_read_once() {
    check_look(&in_step().revision("2-a"), 1, Due::Now);
    check_look(&in_step().refresh(Refresh::OnChange).revision("1-b"), 1, Due::Now);
    check_look(&in_step().refresh(Refresh::Once).revision("2-a"), 1, Due::OnChange);
}

#[test]
fn without_an_interval_nothing_is_due_until_a_change() {
    check_look(&in_step().refresh(Refresh::OnChange), 6000, Due::OnChange);
    check_look(&in_step().refresh(Refresh::Once), 6000, Due::OnChange);
}

#[test]
fn a_failed_object_is_due_at_every_look() {
    for refresh in [Refresh::Every(HOUR), Refresh::OnChange, Refresh::Once] {
        let failed = in_step().refresh(refresh).says(false, "SecretSyncedError", "could not update secret");
        check_look(&failed, 1, Due::Now);
        check(&failed, Wake::Refresh, 1, Due::Now);
    }
    let mut silent = in_step();
    silent.record.condition = None;
    check_look(&silent, 1, Due::Now);
}

#[test]
fn a_change_of_the_source_reads_what_follows_its_source() {
    check(&in_step(), Wake::Refresh, 1, Due::Now);
    check(&in_step().refresh(Refresh::OnChange), Wake::Refresh, 1, Due::OnChange);
    check(&in_step().refresh(Refresh::Once), Wake::Refresh, 1, Due::OnChange);
}

#[test]
fn a_drifted_or_lost_target_is_to_be_repaired_where_it_is_kept() {
    for ownership in [Ownership::Own, Ownership::Share { create: true }, Ownership::Share { create: false }] {
        for refresh in [Refresh::Every(HOUR), Refresh::OnChange, Refresh::Once] {
            let observed = in_step().ownership(ownership).refresh(refresh);
            check_look(&observed.clone().held(Held::Drifted), 1, Due::Repair);
            check_look(&observed.held(Held::Nothing), 1, Due::Repair);
        }
    }
}

#[test]
fn what_is_nobodys_is_repaired_where_it_is_read_at_an_interval() {
    let left = || in_step().ownership(Ownership::Leave);
    check_look(&left().held(Held::Drifted), 1, Due::Repair);
    check_look(&left().held(Held::Nothing), 1, Due::Repair);
    let retained =
        left().held(Held::Nothing).says(true, "SecretSynced", "secret retained due to DeletionPolicy=Retain");
    check_look(&retained, 1, Due::At(minute(60)));
    let peer = Held::Contested(Holder::Peer("other".into()));
    check_look(&left().held(peer.clone()), 1, Due::Now);
    check_look(&left().refresh(Refresh::Once).held(peer), 1, Due::OnChange);
}

#[test]
fn what_is_due_for_another_reason_is_no_repair() {
    let drifted = in_step().held(Held::Drifted);
    check_look(&drifted, 60, Due::Now);
    check(&drifted, Wake::Refresh, 1, Due::Now);
    check(&drifted.clone().refresh(Refresh::OnChange), Wake::Refresh, 1, Due::Repair);
    check_look(&drifted.clone().revision("2-a"), 1, Due::Now);
    check_look(&drifted.clone().says(false, "SecretSyncedError", "could not update secret"), 1, Due::Now);
    check_look(&new().held(Held::Drifted), 1, Due::Now);
}

#[test]
fn what_is_handed_out_once_or_only_read_is_never_out_of_step_by_its_target() {
    for held in [Held::Nothing, Held::Drifted, INTACT_UNKNOWN, intact(&[])] {
        for ownership in [Ownership::Leave, Ownership::Read] {
            let observed = in_step().ownership(ownership).held(held.clone());
            check_look(&observed.clone().refresh(Refresh::OnChange), 1, Due::OnChange);
            check_look(&observed.refresh(Refresh::Once), 1, Due::OnChange);
        }
        check_look(&in_step().ownership(Ownership::Read).held(held), 1, Due::At(minute(60)));
    }
}

#[test]
fn an_unknown_digest_does_not_make_due() {
    check_look(&in_step().held(INTACT_UNKNOWN), 1, Due::At(minute(60)));
}

#[test]
fn a_target_that_is_rightly_not_there_waits_for_the_interval() {
    let nothing = || in_step().held(Held::Nothing);
    let deleted = nothing().says(true, "SecretDeleted", "secret deleted due to DeletionPolicy=Delete");
    check_look(&deleted, 1, Due::At(minute(60)));
    let retained = nothing().says(true, "SecretSynced", "secret retained due to DeletionPolicy=Retain");
    check_look(&retained, 1, Due::At(minute(60)));
    let share = Ownership::Share { create: false };
    let waiting = nothing().ownership(share).says(true, "SecretMissing", "secret will not be created");
    check_look(&waiting, 1, Due::At(minute(60)));
    check_look(&waiting.clone().refresh(Refresh::OnChange), 1, Due::OnChange);
    check_look(&waiting.held(Held::Drifted), 1, Due::Repair);
}

#[test]
fn a_contested_target_is_due_until_the_status_says_so_and_when_its_holder_goes() {
    let holder = Holder::Peer("other".into());
    let contested = in_step().held(Held::Contested(holder));
    check_look(&contested, 1, Due::Now);
    let told = contested.says(false, "SecretSyncedError", "target is owned by another ExternalSecret: other");
    check_look(&told, 1, Due::OnChange);
    check(&told, Wake::Refresh, 6000, Due::OnChange);
    check_look(&told.clone().held(Held::Contested(Holder::Peer("third".into()))), 1, Due::Now);
    check_look(&told.clone().held(Held::Nothing), 1, Due::Now);
    check_look(&told.held(Held::Drifted), 1, Due::Now);
}

#[test]
fn after_a_restart_a_fresh_object_keeps_its_time() {
    check_look(&in_step().written(0).started(30), 31, Due::At(minute(60)));
    check_look(&in_step().written(0).started(59), 59, Due::At(minute(60)));
}

#[test]
fn after_a_restart_stale_objects_are_spread_over_one_interval() {
    let stale = |spread| Observed { spread, ..in_step().written(0).started(600) };
    check_look(&stale(0), 600, Due::Now);
    let Due::At(middle) = due(&stale(1 << 31), Wake::Look, minute(600)) else { panic!("due at once") };
    assert_eq!(middle.duration_since(minute(630)).as_secs(), 0);
    let Due::At(last) = due(&stale(u32::MAX), Wake::Look, minute(600)) else { panic!("due at once") };
    assert!(last > minute(659) && last <= minute(660));
    check_look(&stale(u32::MAX), 661, Due::Now);
}

#[test]
fn after_a_restart_what_changed_or_drifted_meanwhile_is_due_at_once() {
    check_look(&in_step().written(0).started(600).revision("2-a"), 600, Due::Now);
    check_look(&in_step().written(0).started(30).held(Held::Drifted), 30, Due::Repair);
}

#[test]
fn a_time_that_lies_ahead_is_not_believed() {
    check_look(&in_step().written(100), 0, Due::Now);
    check_look(&in_step().written(1), 0, Due::At(minute(61)));
    let mut jumped = in_step();
    jumped.refreshed = Some(minute(100));
    check_look(&jumped, 0, Due::Now);
}

#[test]
fn what_this_process_read_counts_more_than_what_is_written() {
    let mut observed = in_step();
    observed.refreshed = Some(minute(50));
    check_look(&observed, 61, Due::At(minute(110)));
}

#[test]
fn absurd_intervals_and_times_are_survived() {
    for interval in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
        for refreshed in [Timestamp::MIN, minute(0), Timestamp::MAX] {
            for now in [Timestamp::MIN, minute(0), Timestamp::MAX] {
                let mut observed = in_step().refresh(Refresh::Every(interval)).written(0);
                observed.record.refreshed = Some(refreshed);
                observed.spread = u32::MAX;
                let _ = due(&observed, Wake::Look, now);
                observed.refreshed = Some(refreshed);
                observed.started = now;
                let _ = due(&observed, Wake::Look, now);
            }
        }
    }
}

/// Ten minutes from the start of each hour on.
fn windows(kind: WindowKind) -> Option<Windows> {
    Some(Windows::new(kind, [("0 * * * *", Duration::from_secs(600))]))
}

fn in_windows(kind: WindowKind) -> Observed {
    let mut observed = in_step().refresh(Refresh::Every(Duration::from_secs(120)));
    observed.desired.windows = windows(kind);
    observed
}

#[test]
fn the_timer_keeps_to_the_windows() {
    check_look(&in_windows(WindowKind::Allow), 1, Due::At(minute(2)));
    check_look(&in_windows(WindowKind::Allow), 9, Due::Now);
    check_look(&in_windows(WindowKind::Allow), 10, Due::At(minute(60)));
    check_look(&in_windows(WindowKind::Allow), 60, Due::Now);
    check_look(&in_windows(WindowKind::Deny), 1, Due::At(minute(10)));
    check_look(&in_windows(WindowKind::Deny), 10, Due::Now);
    check_look(&in_windows(WindowKind::Deny), 61, Due::At(minute(70)));
}

#[test]
fn a_failed_object_is_not_tried_again_outside_of_its_windows() {
    let failed = in_windows(WindowKind::Deny).says(false, "SecretSyncedError", "could not");
    check_look(&failed, 1, Due::At(minute(10)));
    check_look(&failed, 10, Due::Now);
}

#[test]
fn a_change_and_a_drift_do_not_wait_for_a_window() {
    let closed = || in_windows(WindowKind::Deny);
    check_look(&closed().revision("2-a"), 1, Due::Now);
    check_look(&closed().held(Held::Drifted), 1, Due::Repair);
    check(&closed(), Wake::Refresh, 1, Due::Now);
    let mut new = new();
    new.desired.windows = windows(WindowKind::Deny);
    check_look(&new, 1, Due::Now);
}

#[test]
fn windows_that_never_open_leave_it_to_changes() {
    let mut never = in_step();
    never.desired.windows = Some(Windows::new(WindowKind::Allow, [("not a schedule", HOUR)]));
    check_look(&never, 6000, Due::OnChange);
}

#[test]
fn a_target_whose_changes_nobody_tells_is_looked_at_now_and_then() {
    let of = |kind: &str, refresh: Refresh| {
        let mut observed = in_step().refresh(refresh);
        let (api_version, kind) = ("v1".to_owned(), kind.to_owned());
        observed.desired.manifest = Some(Manifest { api_version, kind });
        observed
    };
    for refresh in [Refresh::OnChange, Refresh::Once] {
        check_look(&of("Widget", refresh), 1, Due::At(minute(6)));
        check_look(&of("ConfigMap", refresh), 1, Due::OnChange);
    }
    check_look(&of("Widget", Refresh::Every(HOUR)), 1, Due::At(minute(60)));
    let holder = Holder::Peer("other".into());
    let said = |mut observed: Observed| {
        observed.held = Held::Contested(holder.clone());
        let condition = "target is owned by another ExternalSecret: other".to_owned();
        observed.record.condition = Some((false, "SecretSyncedError".to_owned(), condition));
        observed
    };
    check_look(&said(of("Widget", Refresh::Every(HOUR))), 1, Due::At(minute(6)));
    check_look(&said(of("ConfigMap", Refresh::Every(HOUR))), 1, Due::OnChange);
}
