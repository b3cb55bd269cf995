//! What is done: the whole table of ownership, absence, target and values; and when to look again.

use eso_core::error::ErrorKind;

use crate::{
    desired::{Desired, Dress, Manifest, Origin},
    fixtures::{
        ALL_ABSENCES, ALL_OWNERSHIPS, HOUR, data, desired, entries, fails, gives, in_step, intact, minute,
        render,
    },
    render::Absent,
    template::Template,
};

use super::*;

const VALUES: &[(&str, &str)] = &[("password", "new")];
const SHARE: Ownership = Ownership::Share { create: false };
const SHARE_OR_MAKE: Ownership = Ownership::Share { create: true };

fn some() -> Result<Rendered, RenderError> {
    Ok(Rendered::Content { content: holding(VALUES), gone: Vec::new() })
}

fn none() -> Result<Rendered, RenderError> {
    Ok(Rendered::Empty)
}

fn gone() -> Result<Rendered, RenderError> {
    let absent = Absent { origin: Origin::Data(0), key: Some("db".into()) };
    Ok(Rendered::Gone(vec![absent]))
}

/// All is gone, and the target may be left without: what `render` makes of that under `deletionPolicy: Merge`.
fn emptied() -> Result<Rendered, RenderError> {
    Ok(Rendered::Content { content: Content::default(), gone: Vec::new() })
}

fn holding(pairs: &[(&str, &str)]) -> Content {
    Content { entries: entries(pairs), dress: None }
}

fn failed() -> RenderError {
    render(&desired(), &[fails(ErrorKind::Unavailable)]).unwrap_err()
}

fn peer() -> Held {
    Held::Contested(Holder::Peer("other".into()))
}

fn stranger() -> Held {
    Held::Contested(Holder::Stranger("Deployment/web".into()))
}

fn all_held() -> [Held; 7] {
    let unknown = Held::Intact { digest: None };
    [
        Held::Nothing,
        intact(VALUES),
        intact(&[("password", "old")]),
        unknown,
        Held::Drifted,
        peer(),
        stranger(),
    ]
}

fn all() -> impl Iterator<Item = Observed> {
    let policies =
        ALL_OWNERSHIPS.into_iter().flat_map(|ownership| ALL_ABSENCES.map(|absence| (ownership, absence)));
    policies.flat_map(|(ownership, absence)| {
        all_held().map(|held| in_step().ownership(ownership).absence(absence).held(held))
    })
}

fn observed(ownership: Ownership, absence: Absence, held: Held) -> Observed {
    in_step().ownership(ownership).absence(absence).held(held)
}

fn write(pairs: &[(&str, &str)], ownership: Ownership) -> Step {
    Step::Write { content: holding(pairs), ownership }
}

#[track_caller]
fn check(observed: &Observed, rendered: Result<Rendered, RenderError>, step: &Step, outcome: &Outcome) {
    let plan = plan(observed, rendered);
    assert_eq!((&plan.step, &plan.outcome), (step, outcome), "{observed:?}");
}

#[track_caller]
fn check_next(outcome: Outcome, refresh: Refresh, expected: Next) {
    assert_eq!(next(&outcome, &in_step().refresh(refresh), minute(5)), expected, "{outcome}");
}

#[test]
fn a_failed_read_touches_nothing_under_any_policy() {
    for observed in all() {
        let plan = plan(&observed, Err(failed()));
        assert_eq!(plan.step, Step::Keep, "{observed:?}");
        assert!(matches!(plan.outcome, Outcome::Unreadable(_) | Outcome::Contested(_)), "{observed:?}");
    }
}

#[test]
fn only_an_owner_that_wants_it_deletes_and_only_what_is_gone() {
    for observed in all() {
        let wanted =
            observed.desired.ownership == Ownership::Own && observed.desired.absence == Absence::Delete;
        for rendered in [some(), none(), gone(), Err(failed())] {
            let gone = matches!(rendered, Ok(Rendered::Gone(_)));
            let there = !matches!(observed.held, Held::Nothing | Held::Contested(_));
            let deletes = plan(&observed, rendered).step == Step::Delete;
            assert_eq!(deletes, wanted && gone && there, "{observed:?}");
        }
    }
}

#[test]
fn nothing_is_ever_emptied_unless_the_store_says_that_all_is_gone() {
    for observed in all() {
        for rendered in [some(), none(), Err(failed())] {
            if let Step::Write { content, .. } = plan(&observed, rendered).step {
                assert!(!content.entries.is_empty(), "{observed:?}");
            }
        }
    }
}

#[test]
fn a_peer_is_left_alone_under_every_policy_that_writes() {
    for ownership in ALL_OWNERSHIPS.into_iter().filter(|ownership| *ownership != Ownership::Read) {
        for absence in ALL_ABSENCES {
            for rendered in [some(), none(), gone(), Err(failed())] {
                let holder = Holder::Peer("other".into());
                check(
                    &observed(ownership, absence, peer()),
                    rendered,
                    &Step::Keep,
                    &Outcome::Contested(holder),
                );
            }
        }
    }
}

#[test]
fn a_stranger_is_left_alone_by_an_owner_and_written_for_by_the_others() {
    let contested = Outcome::Contested(Holder::Stranger("Deployment/web".into()));
    check(&observed(Ownership::Own, Absence::Retain, stranger()), some(), &Step::Keep, &contested);
    for ownership in [Ownership::Leave, SHARE, SHARE_OR_MAKE] {
        let step = write(VALUES, ownership);
        check(&observed(ownership, Absence::Retain, stranger()), some(), &step, &Outcome::Synced);
    }
}

#[test]
fn values_are_written_where_the_target_does_not_hold_them() {
    for ownership in [Ownership::Own, Ownership::Leave, SHARE_OR_MAKE] {
        for held in [Held::Nothing, intact(&[]), Held::Intact { digest: None }, Held::Drifted] {
            for absence in ALL_ABSENCES {
                let step = write(VALUES, ownership);
                check(&observed(ownership, absence, held.clone()), some(), &step, &Outcome::Synced);
            }
        }
    }
}

#[test]
fn values_that_the_target_holds_are_not_written_again() {
    for ownership in ALL_OWNERSHIPS {
        check(&observed(ownership, Absence::Retain, intact(VALUES)), some(), &Step::Keep, &Outcome::Synced);
    }
}

#[test]
fn a_shared_target_is_waited_for_or_made() {
    check(&observed(SHARE, Absence::Retain, Held::Nothing), some(), &Step::Keep, &Outcome::Waiting);
    check(&observed(SHARE, Absence::Drop, Held::Nothing), emptied(), &Step::Keep, &Outcome::Waiting);
    check(&observed(SHARE, Absence::Retain, Held::Drifted), some(), &write(VALUES, SHARE), &Outcome::Synced);
}

#[test]
fn without_a_target_nothing_is_done() {
    for held in all_held() {
        for rendered in [some(), none()] {
            check(
                &observed(Ownership::Read, Absence::Retain, held.clone()),
                rendered,
                &Step::Keep,
                &Outcome::Synced,
            );
        }
    }
}

#[test]
fn values_that_are_gone_empty_the_target_that_drops_them() {
    for ownership in [Ownership::Own, Ownership::Leave, SHARE, SHARE_OR_MAKE] {
        let observed = observed(ownership, Absence::Drop, intact(VALUES));
        check(&observed, emptied(), &write(&[], ownership), &Outcome::Synced);
        check(&observed.held(intact(&[])), emptied(), &Step::Keep, &Outcome::Synced);
    }
}

#[test]
fn a_target_that_was_deleted_is_not_deleted_again() {
    check(
        &observed(Ownership::Own, Absence::Delete, intact(VALUES)),
        gone(),
        &Step::Delete,
        &Outcome::Deleted,
    );
    check(&observed(Ownership::Own, Absence::Delete, Held::Nothing), gone(), &Step::Keep, &Outcome::Deleted);
}

#[test]
fn nothing_from_a_store_that_does_not_say_gone_is_no_reason_to_act() {
    for ownership in [Ownership::Own, Ownership::Leave, SHARE, SHARE_OR_MAKE] {
        for held in [Held::Nothing, intact(VALUES), Held::Drifted] {
            check(
                &observed(ownership, Absence::Retain, held.clone()),
                none(),
                &Step::Keep,
                &Outcome::Retained,
            );
            check(&observed(ownership, Absence::Drop, held.clone()), none(), &Step::Keep, &Outcome::Empty);
            check(&observed(ownership, Absence::Delete, held), none(), &Step::Keep, &Outcome::Empty);
        }
    }
}

#[test]
fn what_is_not_ours_is_not_deleted_even_if_it_is_asked_for() {
    for ownership in [Ownership::Leave, SHARE, SHARE_OR_MAKE] {
        check(&observed(ownership, Absence::Delete, intact(VALUES)), gone(), &Step::Keep, &Outcome::Empty);
    }
    check(
        &observed(Ownership::Own, Absence::Retain, intact(VALUES)),
        gone(),
        &Step::Keep,
        &Outcome::Retained,
    );
}

#[test]
fn a_success_is_looked_at_again_after_its_interval() {
    for outcome in [Outcome::Synced, Outcome::Retained, Outcome::Deleted, Outcome::Waiting] {
        check_next(outcome.clone(), Refresh::Every(HOUR), Next::At(minute(65)));
        check_next(outcome.clone(), Refresh::OnChange, Next::OnChange);
        check_next(outcome, Refresh::Once, Next::OnChange);
    }
    check_next(Outcome::Synced, Refresh::Every(Duration::MAX), Next::At(Timestamp::MAX));
}

#[test]
fn a_failure_is_tried_again_whatever_the_interval() {
    for refresh in [Refresh::Every(HOUR), Refresh::OnChange, Refresh::Once] {
        let outcomes = [
            Outcome::Unreadable(failed()),
            Outcome::Empty,
            Outcome::Unwritable(Attempt::Write, WriteError::Conflict),
            Outcome::Unwritable(Attempt::Write, WriteError::Invalid("too large".into())),
            Outcome::Unwritable(Attempt::Delete, WriteError::Forbidden("namespace is being deleted".into())),
            Outcome::Unwritable(Attempt::Look, WriteError::Unavailable("time-out".into())),
            Outcome::Unwritable(Attempt::Write, WriteError::Unavailable("time-out".into()).uncleaned()),
        ];
        for outcome in outcomes {
            check_next(outcome, refresh, Next::Retry { not_before: None });
        }
    }
}

#[test]
fn a_throttling_store_is_left_alone_as_long_as_it_wants() {
    use crate::render::{Answer, ReadError};
    let error = eso_core::error::ProviderError::new(ErrorKind::Throttled, "Read").with_retry_after(HOUR);
    let answer = Answer { given: Err(ReadError::Provider(error)), ..fails(ErrorKind::Throttled) };
    let error = render(&desired(), &[answer]).unwrap_err();
    check_next(Outcome::Unreadable(error), Refresh::OnChange, Next::Retry { not_before: Some(HOUR) });
}

#[test]
fn what_only_a_change_can_mend_waits_for_one() {
    let holder = || Holder::Stranger("Deployment/web".into());
    let outcomes = [
        Outcome::Malformed("no data".into()),
        Outcome::Contested(holder()),
        Outcome::Unwritable(Attempt::Write, WriteError::Contested(holder())),
        Outcome::Unwritable(Attempt::Write, WriteError::Stopped),
    ];
    for outcome in outcomes {
        check_next(outcome, Refresh::Every(HOUR), Next::OnChange);
    }
    let immutable = || Outcome::Unwritable(Attempt::Write, WriteError::Immutable("it is immutable".into()));
    check_next(immutable(), Refresh::Every(HOUR), Next::At(minute(65)));
    check_next(immutable(), Refresh::OnChange, Next::OnChange);
}

#[test]
fn only_a_failure_of_its_own_is_told_of_a_cleaning() {
    for error in [WriteError::Conflict, WriteError::Stopped] {
        assert_eq!(error.clone().uncleaned(), error);
    }
    let forbidden = || WriteError::Forbidden("ask for it".into());
    assert_eq!(forbidden().uncleaned(), WriteError::Uncleaned(Box::new(forbidden())));
    assert_eq!(forbidden().uncleaned().uncleaned(), forbidden().uncleaned());
    assert_eq!(forbidden().uncleaned().to_string(), "ask for it");
}

#[test]
fn a_step_tries_what_it_is_named_after() {
    assert_eq!(Attempt::of(&Step::Delete), Attempt::Delete);
    for step in [write(VALUES, Ownership::Own), Step::Keep, Step::Release] {
        assert_eq!(Attempt::of(&step), Attempt::Write, "{step}");
    }
}

#[test]
fn a_printed_plan_is_a_dry_run_without_values() {
    const CANARY: &str = "canary-77aa";
    let pairs = [("password", CANARY), ("user", CANARY)];
    let rendered = Ok(Rendered::Content { content: holding(&pairs), gone: Vec::new() });
    let observed = observed(Ownership::Own, Absence::Retain, Held::Drifted);
    let plan = plan(&observed, rendered);
    assert_eq!(plan.to_string(), "write password, user: in step with the store");
    assert!(!format!("{plan:?} {observed:?} {:?}", data(0, "a", "b")).contains(CANARY));
}

#[test]
fn each_outcome_can_be_printed() {
    for (step, outcome, expected) in [
        (Step::Keep, Outcome::Retained, "keep: retained, the store gave nothing"),
        (Step::Delete, Outcome::Deleted, "delete: deleted, the values are gone"),
        (Step::Release, Outcome::Waiting, "release: waiting for somebody to make the target"),
        (Step::Keep, Outcome::Malformed("no data".into()), "keep: malformed: no data"),
        (Step::Keep, Outcome::Contested(Holder::Peer("other".into())), "keep: held by other"),
        (
            Step::Keep,
            Outcome::Unwritable(Attempt::Write, WriteError::Conflict),
            "keep: not written: changed by somebody else",
        ),
        (
            Step::Keep,
            Outcome::Unwritable(Attempt::Look, WriteError::Unavailable("time-out".into())),
            "keep: not seen: time-out",
        ),
        (
            Step::Delete,
            Outcome::Unwritable(Attempt::Delete, WriteError::Conflict),
            "delete: not deleted: changed by somebody else",
        ),
    ] {
        assert_eq!(Plan { step, ..keep(outcome) }.to_string(), expected);
    }
}

fn dressed() -> Result<Rendered, RenderError> {
    let labels = [("for".to_owned(), "joe".to_owned())].into();
    let dress = Some(Dress { labels, ..Dress::default() });
    Ok(Rendered::Content { content: Content { dress, ..holding(VALUES) }, gone: Vec::new() })
}

#[test]
fn what_a_template_puts_beside_the_entries_is_compared_where_it_is_written() {
    for ownership in [Ownership::Own, Ownership::Leave, SHARE, SHARE_OR_MAKE] {
        let plan = plan(&observed(ownership, Absence::Retain, intact(VALUES)), dressed());
        assert!(matches!(plan.step, Step::Write { .. }), "{plan}");
    }
    check(&observed(SHARE, Absence::Retain, Held::Nothing), dressed(), &Step::Keep, &Outcome::Waiting);
}

#[test]
fn a_target_that_must_not_change_keeps_its_entries_once_it_is_made() {
    for ownership in [Ownership::Own, Ownership::Leave, SHARE, SHARE_OR_MAKE] {
        let frozen = |held| {
            let mut frozen = observed(ownership, Absence::Retain, held);
            frozen.desired.immutable = true;
            frozen
        };
        check(&frozen(intact(&[("password", "old")])), some(), &Step::Keep, &Outcome::Synced);
        // Something beside its entries is not as it should be.
        check(&frozen(Held::Intact { digest: None }), some(), &write(VALUES, ownership), &Outcome::Synced);
        check(&frozen(Held::Drifted), some(), &write(VALUES, ownership), &Outcome::Synced);
    }
}

fn template_error() -> RenderError {
    let template = Template { data: [("a".to_owned(), "{{ .b }}".to_owned())].into(), ..Template::default() };
    let desired = Desired { template: Some(template), ..desired() };
    render(&desired, &[gives("x")]).unwrap_err()
}

#[test]
fn a_template_that_fails_touches_nothing_and_waits_for_a_change_or_its_interval() {
    for observed in all() {
        assert_eq!(plan(&observed, Err(template_error())).step, Step::Keep, "{observed:?}");
    }
    let failed = || Outcome::Unreadable(template_error());
    check_next(failed(), Refresh::Every(HOUR), Next::At(minute(65)));
    check_next(failed(), Refresh::OnChange, Next::OnChange);
    let unread = Outcome::Unreadable(RenderError::Sources(WriteError::Unavailable("no answer".into())));
    check_next(unread, Refresh::Every(HOUR), Next::Retry { not_before: None });
}

#[test]
fn what_would_be_made_of_the_same_again_is_kept_where_it_is_as_we_left_it() {
    for (held, kept) in [
        (intact(VALUES), true),
        (Held::Intact { digest: None }, false),
        (Held::Drifted, false),
        (Held::Nothing, false),
        (Held::Contested(Holder::Peer("other".into())), false),
    ] {
        let plan = unchanged(&observed(Ownership::Own, Absence::Retain, held.clone()));
        assert_eq!(plan, kept.then(|| keep(Outcome::Synced)), "{held:?}");
    }
}

#[test]
fn a_target_whose_changes_nobody_tells_is_looked_at_again() {
    let mut unwatched = observed(Ownership::Own, Absence::Retain, Held::Nothing).refresh(Refresh::OnChange);
    unwatched.desired.manifest = Some(Manifest { api_version: "v1".into(), kind: "Widget".into() });
    let contested = Outcome::Contested(Holder::Peer("other".into()));
    for outcome in [Outcome::Synced, Outcome::Waiting, contested] {
        assert_eq!(next(&outcome, &unwatched, minute(5)), Next::At(minute(10)), "{outcome}");
    }
}
