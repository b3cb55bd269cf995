//! Tests of `fault`.

use super::*;

fn call(operation: &str, keys: &[&str]) -> Call {
    Call {
        operation: operation.to_owned(),
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        access_key_id: "AKIARIG".to_owned(),
    }
}

/// Whether a fault meets a read of `app` by `AKIARIG`, once after the other.
#[track_caller]
fn check(fault: Fault, expected: &[bool]) {
    let mut faults = Faults::default();
    faults.add(fault.clone());
    let read = call("GetSecretValue", &["app"]);
    let met: Vec<bool> = expected.iter().map(|_| faults.apply(&read).whole.is_some()).collect();
    assert_eq!(met, expected, "{fault:?}");
}

#[test]
fn a_fault_meets_what_it_was_narrowed_to() {
    check(Fault::throttle(), &[true, true]);
    check(Fault::throttle().operation("GetSecretValue"), &[true]);
    check(Fault::throttle().operation("ListSecrets"), &[false]);
    check(Fault::throttle().key("app"), &[true]);
    check(Fault::throttle().key("other"), &[false]);
    check(Fault::throttle().access_key_id("AKIARIG"), &[true]);
    check(Fault::throttle().access_key_id("AKIAOTHER"), &[false]);
    check(Fault::deny_batch(), &[false]);
}

#[test]
fn a_fault_for_some_times_is_used_up() {
    check(Fault::throttle().times(2), &[true, true, false]);
    check(Fault::throttle().times(0), &[false]);
}

#[test]
fn of_two_that_end_a_request_the_oldest_counts_and_the_other_waits_its_turn() {
    let mut faults = Faults::default();
    faults.add(Fault::new(Effect::Hang).times(1));
    faults.add(Fault::new(Effect::Disconnect).times(1));
    let read = call("GetSecretValue", &["app"]);
    let met = [0, 1, 2].map(|_| faults.apply(&read).whole);
    assert_eq!(met, [Some(Whole::Hangs), Some(Whole::Disconnected), None]);
}

#[test]
fn a_keys_fault_in_a_batch_is_that_keys_alone() {
    let mut faults = Faults::default();
    faults.add(Fault::error(400, "AccessDeniedException", "no").key("b"));
    faults.add(Fault::new(Effect::Omit).key("c"));
    let outcome = faults.apply(&call("BatchGetSecretValue", &["a", "b", "c"]));
    assert_eq!(outcome.whole, None);
    assert_eq!(outcome.refused_keys, [("b".to_owned(), Refusal::new("AccessDeniedException", "no"))]);
    assert_eq!(outcome.omitted_keys, ["c"]);
}

#[test]
fn waits_add_up_with_what_comes_after_them() {
    let mut faults = Faults::default();
    faults.add(Fault::new(Effect::Slow(Duration::from_secs(1))));
    faults.add(Fault::new(Effect::Slow(Duration::from_secs(2))));
    faults.add(Fault::throttle());
    let outcome = faults.apply(&call("GetSecretValue", &["app"]));
    assert_eq!(outcome.wait, Duration::from_secs(3));
    assert_eq!(outcome.whole, Some(Whole::Refused(Refusal::throttled())));
}
