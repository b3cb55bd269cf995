//! What is said: the original's words, and only when they are news.

use eso_core::error::ErrorKind;

use crate::{
    desired::{Desired, Manifest},
    fixtures::{condition, desired, fails, gives, in_step, minute, new, render},
    template::Template,
};

use super::*;

const HEARTBEAT: Duration = Duration::from_secs(600);

fn unreadable() -> Outcome {
    Outcome::Unreadable(render(&desired(), &[fails(ErrorKind::NotFound)]).unwrap_err())
}

fn run(observed: &Observed, outcome: &Outcome, written: Written, at: i64) -> Report {
    report(&Run { observed, outcome, absent: &[], written, read: minute(at) }, HEARTBEAT)
}

#[track_caller]
fn check(outcome: &Outcome, expected: (bool, &str, &str)) {
    let report = run(&new(), outcome, Written::Nothing, 0);
    let (ready, reason, message) = expected;
    assert_eq!(report.record.condition, condition(ready, reason, message));
    assert!(report.write, "{outcome}");
}

#[track_caller]
fn check_failure(outcome: &Outcome, message: &str, event: &str) {
    check(outcome, (false, "SecretSyncedError", message));
    let news = Event { warning: true, reason: "UpdateFailed", message: event.to_owned() };
    assert_eq!(run(&new(), outcome, Written::Nothing, 0).events, [news]);
}

#[track_caller]
fn check_news(written: Written, expected: Option<(bool, &str, &str)>) {
    let events = run(&in_step(), &Outcome::Synced, written, 1).events;
    let event = events.first().map(|event| (event.warning, event.reason, event.message.as_str()));
    assert_eq!(event, expected);
}

/// The object as it is seen after a report was written.
fn after(observed: &Observed, report: Report) -> Observed {
    Observed { record: report.record, ..observed.clone() }
}

#[test]
fn successes_are_told_in_the_words_of_the_original() {
    check(&Outcome::Synced, (true, "SecretSynced", "secret synced"));
    check(&Outcome::Retained, (true, "SecretSynced", "secret retained due to DeletionPolicy=Retain"));
    check(&Outcome::Deleted, (true, "SecretDeleted", "secret deleted due to DeletionPolicy=Delete"));
    let waiting = "secret will not be created due to CreationPolicy=Merge";
    check(&Outcome::Waiting, (true, "SecretMissing", waiting));
}

#[test]
fn failures_begin_with_the_words_of_the_original_and_say_what_is_wrong() {
    let detail = "error processing spec.data[0] (key: db), err: Secret does not exist";
    check_failure(&unreadable(), &format!("could not get secret data from provider: {detail}"), detail);
    let problem = "either data or dataFrom should be specified";
    let message = format!("could not get secret data from provider: {problem}");
    check_failure(&Outcome::Malformed(problem.into()), &message, problem);
    let empty =
        "the store gave no entries, and does not say that the values are gone: the secret stays as it is";
    check_failure(&Outcome::Empty, &format!("could not get secret data from provider: {empty}"), empty);
}

#[test]
fn a_contested_target_is_told_with_its_holder() {
    for (holder, message) in [
        (Holder::Peer("other".into()), "target is owned by another ExternalSecret: other"),
        (
            Holder::Stranger("Deployment/web".into()),
            "failed to take ownership of target secret: Deployment/web controls it",
        ),
    ] {
        check_failure(&Outcome::Contested(holder.clone()), message, message);
        check_failure(&Outcome::Unwritable(Attempt::Write, WriteError::Contested(holder)), message, message);
    }
}

#[test]
fn a_target_that_is_not_written_is_told_with_the_reason() {
    for (error, message) in [
        (
            WriteError::Immutable("its data is immutable".into()),
            "could not update secret, target is immutable: its data is immutable",
        ),
        (WriteError::Conflict, "could not update secret: changed by somebody else"),
        (WriteError::Invalid("too large".into()), "could not update secret: too large"),
        (
            WriteError::Forbidden("namespace is being deleted".into()),
            "could not update secret: namespace is being deleted",
        ),
        (WriteError::Unavailable("time-out".into()), "could not update secret: time-out"),
        (WriteError::Stopped, "could not update secret: no longer the leader"),
    ] {
        check(&Outcome::Unwritable(Attempt::Write, error), (false, "SecretSyncedError", message));
    }
    let bare = Outcome::Unwritable(Attempt::Write, WriteError::Immutable(String::new()));
    check_failure(
        &bare,
        "could not update secret, target is immutable",
        "could not update secret, target is immutable",
    );
}

#[test]
fn a_target_that_is_not_deleted_is_told_so() {
    let delete = |error| Outcome::Unwritable(Attempt::Delete, error);
    let message = "could not delete secret: time-out";
    check_failure(&delete(WriteError::Unavailable("time-out".into())), message, message);
    let holder = Holder::Peer("other".into());
    let message = "target is owned by another ExternalSecret: other";
    check_failure(&delete(WriteError::Contested(holder)), message, message);
}

#[test]
fn what_is_left_under_another_name_is_told_as_the_original_tells_it() {
    let error = WriteError::Forbidden("ask for it".into()).uncleaned();
    let message = "could not delete orphaned secrets: ask for it";
    check_failure(&Outcome::Unwritable(Attempt::Write, error), message, message);
    let Event { warning, reason, message } = orphan_deleted(Kind::Secret);
    assert_eq!((warning, reason, &*message), (false, "Deleted", "secret deleted because it was orphaned"));
}

#[test]
fn a_target_that_cannot_be_looked_at_is_told_once_and_as_one_that_is_not_written() {
    let before = in_step().record;
    let error = WriteError::Forbidden("the API server forbids it".into());
    let first = unseen(&before, &error);
    let message = "could not update secret: it cannot be read: the API server forbids it";
    assert_eq!(first.record.condition, condition(false, "SecretSyncedError", message));
    assert_eq!((first.record.refreshed, &first.record.revision), (before.refreshed, &before.revision));
    assert!(first.write && !first.events.is_empty() && first.binding.is_none());
    let second = unseen(&first.record, &error);
    assert!(!second.write && second.events.is_empty());
    check(&Outcome::Unwritable(Attempt::Look, error), (false, "SecretSyncedError", message));
}

#[test]
fn a_success_says_when_the_store_was_read_and_for_which_state() {
    let report = run(&new().revision("4-d"), &Outcome::Synced, Written::Created, 7);
    assert_eq!(report.record.refreshed, Some(minute(7)));
    assert_eq!(report.record.revision.as_deref(), Some("4-d"));
    assert_eq!(report.binding.as_deref(), Some("app"));
}

#[test]
fn only_a_target_that_is_kept_is_bound() {
    for outcome in [Outcome::Retained, Outcome::Deleted, Outcome::Waiting, Outcome::Empty, unreadable()] {
        assert_eq!(run(&new(), &outcome, Written::Nothing, 0).binding, None);
    }
    assert_eq!(run(&new().ownership(Ownership::Read), &Outcome::Synced, Written::Nothing, 0).binding, None);
}

#[test]
fn a_failure_keeps_time_and_revision_of_the_last_success() {
    let report = run(&in_step().revision("2-a"), &unreadable(), Written::Nothing, 30);
    assert_eq!(report.record.refreshed, Some(minute(0)));
    assert_eq!(report.record.revision.as_deref(), Some("1-a"));
}

#[test]
fn the_same_failure_is_written_and_told_once() {
    for outcome in [unreadable(), Outcome::Empty, Outcome::Contested(Holder::Peer("other".into()))] {
        let observed = in_step();
        let first = run(&observed, &outcome, Written::Nothing, 1);
        assert!(first.write && !first.events.is_empty(), "{outcome}");
        let second = run(&after(&observed, first), &outcome, Written::Nothing, 500);
        assert!(!second.write && second.events.is_empty(), "{outcome}");
    }
}

#[test]
fn another_failure_is_news() {
    let observed = after(&in_step(), run(&in_step(), &unreadable(), Written::Nothing, 1));
    let report = run(&observed, &Outcome::Empty, Written::Nothing, 2);
    assert!(report.write && !report.events.is_empty());
}

#[test]
fn a_recovery_is_written_at_once() {
    let observed = after(&in_step(), run(&in_step(), &unreadable(), Written::Nothing, 1));
    let report = run(&observed, &Outcome::Synced, Written::Nothing, 2);
    assert!(report.write);
    assert_eq!(report.record.condition, condition(true, "SecretSynced", "secret synced"));
}

#[test]
fn a_success_that_says_the_same_is_written_when_the_heartbeat_is_over() {
    let written_at = |at| run(&in_step(), &Outcome::Synced, Written::Nothing, at).write;
    assert!(!written_at(0));
    assert!(!written_at(9));
    assert!(written_at(10));
    assert!(written_at(11));
}

#[test]
fn a_heartbeat_of_zero_writes_at_every_refresh() {
    let observed = in_step();
    let run = Run {
        observed: &observed,
        outcome: &Outcome::Synced,
        absent: &[],
        written: Written::Nothing,
        read: minute(0),
    };
    assert!(report(&run, Duration::ZERO).write);
    assert!(!report(&run, Duration::MAX).write);
}

#[test]
fn a_new_revision_is_written_at_once() {
    assert!(run(&in_step().revision("2-a"), &Outcome::Synced, Written::Nothing, 1).write);
}

#[test]
fn a_written_time_that_lies_ahead_is_mended() {
    assert!(run(&in_step().written(100), &Outcome::Synced, Written::Nothing, 1).write);
}

#[test]
fn what_became_of_the_target_is_told_as_the_original_tells_it() {
    check_news(Written::Nothing, None);
    check_news(Written::Created, Some((false, "Created", "secret created")));
    check_news(Written::Updated, Some((false, "Updated", "secret updated")));
    check_news(Written::Deleted, Some((false, "Deleted", "secret deleted due to DeletionPolicy=Delete")));
    let taken = "secret updated: it was made by somebody else, and belongs to this ExternalSecret now";
    check_news(Written::TakenOver, Some((true, "Updated", taken)));
}

#[test]
fn a_malformed_object_is_told_once() {
    let first = malformed(&Record::default(), "no data");
    let message = "could not get secret data from provider: no data";
    assert_eq!(first.record.condition, condition(false, "SecretSyncedError", message));
    assert!(first.write && !first.events.is_empty() && first.binding.is_none());
    let second = malformed(&first.record, "no data");
    assert!(!second.write && second.events.is_empty());
}

#[test]
fn a_status_that_expects_no_target_says_so() {
    for (outcome, expected) in [
        (Outcome::Deleted, true),
        (Outcome::Waiting, true),
        (Outcome::Retained, true),
        (Outcome::Synced, false),
        (Outcome::Empty, false),
    ] {
        let record = run(&new(), &outcome, Written::Nothing, 0).record;
        assert_eq!(expects_nothing(&record), expected, "{outcome}");
    }
    assert!(!expects_nothing(&Record::default()));
}

#[test]
fn a_template_that_fails_is_a_target_that_could_not_be_written() {
    let template = Template { data: [("a".to_owned(), "{{ .b }}".to_owned())].into(), ..Template::default() };
    let desired = Desired { template: Some(template), ..desired() };
    let error = render(&desired, &[gives("x")]).unwrap_err();
    let event = format!("could not update secret: {error}");
    check_failure(&Outcome::Unreadable(error), &event, &event);
}

/// An object whose target is of another kind.
fn of_another_kind() -> Observed {
    let mut observed = new();
    observed.record.kind = Kind::Resource;
    observed.desired.manifest = Some(Manifest { api_version: "v1".into(), kind: "ConfigMap".into() });
    observed
}

#[test]
fn a_target_of_another_kind_is_a_resource() {
    let stranger = Holder::Stranger("Deployment/web".into());
    let forbidden = WriteError::Forbidden("no".into());
    for (outcome, reason, message) in [
        (Outcome::Synced, "ResourceSynced", "resource synced"),
        (Outcome::Retained, "ResourceSynced", "resource retained due to DeletionPolicy=Retain"),
        (Outcome::Deleted, "ResourceDeleted", "resource deleted due to DeletionPolicy=Delete"),
        (Outcome::Waiting, "ResourceMissing", "resource will not be created due to CreationPolicy=Merge"),
        (
            Outcome::Contested(stranger),
            "ResourceSyncedError",
            "failed to take ownership of target resource: Deployment/web controls it",
        ),
        (
            Outcome::Unwritable(Attempt::Write, forbidden.clone()),
            "ResourceSyncedError",
            "could not update resource: no",
        ),
        (
            Outcome::Unwritable(Attempt::Delete, forbidden),
            "ResourceSyncedError",
            "could not delete resource: no",
        ),
    ] {
        let report = run(&of_another_kind(), &outcome, Written::Nothing, 0);
        let ready = !reason.ends_with("Error");
        assert_eq!(report.record.condition, condition(ready, reason, message));
        assert_eq!((report.binding, report.record.kind), (None, Kind::Resource));
    }
}

#[test]
fn what_is_done_to_a_target_of_another_kind_is_told_with_its_kind() {
    for (written, reason, message) in [
        (Written::Created, "Created", "Created ConfigMap app"),
        (Written::Updated, "Updated", "Updated ConfigMap app"),
        (Written::Deleted, "Deleted", "Deleted ConfigMap app"),
    ] {
        let event = Event { warning: false, reason, message: message.to_owned() };
        assert_eq!(run(&of_another_kind(), &Outcome::Synced, written, 0).events, [event]);
    }
}

#[test]
fn a_value_that_is_not_there_is_told_when_that_changed_something() {
    let absent = [
        Absent { origin: Origin::Data(2), key: Some("app/db".into()) },
        Absent { origin: Origin::Find(0), key: None },
    ];
    let told = |observed: &Observed, written| {
        let outcome = &Outcome::Synced;
        let run = Run { observed, outcome, absent: &absent, written, read: minute(1) };
        let events = report(&run, HEARTBEAT).events;
        let missing =
            events.into_iter().filter(|event| event.reason == "MissingProviderSecret" && !event.warning);
        missing.map(|event| event.message).collect::<Vec<_>>()
    };
    let both = [
        "secret does not exist at provider using spec.dataFrom[2] (key=app/db)",
        "secret does not exist at provider using spec.dataFrom[0]",
    ];
    assert_eq!(told(&new(), Written::Nothing), both);
    assert_eq!(told(&in_step(), Written::Updated), both);
    assert_eq!(told(&in_step(), Written::Nothing), [""; 0], "nothing changed");
}

#[test]
fn of_many_values_that_are_not_there_a_few_are_told() {
    let absent: Vec<Absent> =
        (0..1200).map(|index| Absent { origin: Origin::Data(index), key: None }).collect();
    let events = missing(&absent);
    assert_eq!(events.len(), MOST_TOLD + 1);
    assert_eq!(events[MOST_TOLD].message, "1190 more secrets do not exist at provider");
    assert_eq!(missing(&absent[..MOST_TOLD]).len(), MOST_TOLD);
}
