//! Which Secrets are looked at.

use serde_json::{Value, json};

use super::{Decision, LEFT_ALONE, Registration, decide};
use crate::{
    fixtures::{OURS, review, secret},
    review::Review,
};

const ASKS: [(&str, &str); 1] = [("store", "SecretStore/main")];

#[track_caller]
fn check(registration: Registration, body: &Value, expected: Decision) {
    let text = body.to_string();
    let review = Review::parse(text.as_bytes()).unwrap();
    let (secret, old) = (review.secret().unwrap(), review.old_secret().unwrap());
    assert_eq!(decide(registration, &review, (secret.as_ref(), old.as_ref()), OURS), expected, "{body}");
}

/// Both registrations, in one line.
#[track_caller]
fn check_both(body: &Value, targets: Decision, references: Decision) {
    check(Registration::Targets, body, targets);
    check(Registration::References, body, references);
}

fn changed(mut body: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[name] = value;
    body
}

#[test]
fn a_secret_is_filled_by_the_registration_that_it_is_for() {
    let allow = || Decision::Allow(None);
    check_both(&review(secret(&[], &[]), None), Decision::FillTarget, allow());
    check_both(&review(secret(&[], &[("a", "eso:b")]), None), allow(), allow());
    check_both(&review(secret(&ASKS, &[("a", "eso:b")]), None), allow(), Decision::FillReferences);
    check_both(&review(secret(&ASKS, &[]), None), allow(), Decision::FillReferences);
    check_both(&review(secret(&[("store", "")], &[]), None), allow(), Decision::FillReferences);
    check_both(&review(secret(&[], &[]), Some(secret(&[], &[("a", "b")]))), Decision::FillTarget, allow());
}

#[test]
fn a_secret_that_asks_no_more_loses_what_was_written_down() {
    let recorded = secret(&[("record", "v1.x")], &[("a", "b")]);
    check_both(&review(recorded.clone(), Some(recorded)), Decision::Allow(None), Decision::Release);
}

#[test]
fn other_types_than_opaque_are_nobodys_targets() {
    for (kind, expected) in [
        (json!("Opaque"), Decision::FillTarget),
        (json!(""), Decision::FillTarget),
        (json!(null), Decision::FillTarget),
        (json!("kubernetes.io/tls"), Decision::Allow(None)),
    ] {
        let body = changed(review(secret(&[], &[]), None), "/request/object/type", kind);
        check(Registration::Targets, &body, expected);
    }
}

/// The Secret as what Helm keeps a release in.
fn helms(mut object: Value) -> Value {
    object["metadata"]["labels"] = json!({ "owner": "helm" });
    object
}

#[test]
fn tokens_and_releases_are_never_touched_and_may_not_ask_to_be() {
    let typed = |kind: &'static str| {
        move |mut object: Value| {
            object["type"] = json!(kind);
            object
        }
    };
    let kinds =
        ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1"];
    let mut left_alone: Vec<Box<dyn Fn(Value) -> Value>> = vec![Box::new(helms)];
    left_alone.extend(kinds.map(|kind| Box::new(typed(kind)) as Box<dyn Fn(Value) -> Value>));
    let allow = || Decision::Allow(None);
    for left_alone in left_alone {
        check_both(&review(left_alone(secret(&[], &[])), None), allow(), allow());
        for marks in [&ASKS[..], &[("record", "v1.x")], &[("store", "")]] {
            let asking = left_alone(secret(marks, &[("a", "eso:b")]));
            check_both(&review(asking.clone(), None), allow(), Decision::Refuse(LEFT_ALONE));
            let before = left_alone(secret(&[], &[]));
            check_both(&review(asking.clone(), Some(before)), allow(), Decision::Refuse(LEFT_ALONE));
            let filled = secret(marks, &[("a", "eso:b")]);
            check_both(&review(asking, Some(filled)), allow(), Decision::Refuse(LEFT_ALONE));
        }
    }
}

#[test]
fn one_that_was_stored_so_while_nobody_looked_stays_changeable_and_is_never_touched() {
    let asking = helms(secret(&ASKS, &[("a", "eso:b")]));
    let warned = Decision::Allow(Some(LEFT_ALONE));
    check(Registration::References, &review(asking.clone(), Some(asking.clone())), warned);
    let other = helms(secret(&[("store", "SecretStore/other")], &[("a", "eso:b")]));
    check(Registration::References, &review(asking, Some(other)), Decision::Refuse(LEFT_ALONE));
}

#[test]
fn who_takes_away_what_a_secret_is_left_alone_for_is_judged_as_if_it_were_new() {
    let asking = secret(&[ASKS[0], ("record", "v1.x")], &[("a", "eso:b")]);
    let body = review(asking.clone(), Some(helms(asking)));
    check_both(&body, Decision::Allow(None), Decision::FillReferences);
    let recorded = secret(&[("record", "v1.x")], &[("a", "b")]);
    check(Registration::References, &review(recorded.clone(), Some(helms(recorded))), Decision::Release);
}

#[test]
fn what_is_no_write_of_a_secret_is_let_through() {
    let body = review(secret(&ASKS, &[("a", "eso:b")]), None);
    for (pointer, value) in [
        ("/request/operation", json!("DELETE")),
        ("/request/operation", json!("CONNECT")),
        ("/request/resource/resource", json!("configmaps")),
        ("/request/resource/group", json!("example.org")),
        ("/request/subResource", json!("status")),
        ("/request/object", json!(null)),
        ("/request/userInfo/username", json!(OURS)),
    ] {
        let body = changed(body.clone(), pointer, value);
        check_both(&body, Decision::Allow(None), Decision::Allow(None));
    }
}
