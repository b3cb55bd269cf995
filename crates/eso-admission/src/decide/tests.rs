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

#[test]
fn tokens_and_releases_are_never_touched() {
    for kind in ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token", "helm.sh/release.v1"]
    {
        let body =
            changed(review(secret(&ASKS, &[("a", "eso:b")]), None), "/request/object/type", json!(kind));
        check_both(&body, Decision::Allow(Some(LEFT_ALONE)), Decision::Allow(Some(LEFT_ALONE)));
        let body = changed(review(secret(&[], &[]), None), "/request/object/type", json!(kind));
        check_both(&body, Decision::Allow(None), Decision::Allow(None));
        let mut old = secret(&[], &[]);
        old["type"] = json!(kind);
        check(
            Registration::References,
            &review(secret(&ASKS, &[]), Some(old)),
            Decision::Allow(Some(LEFT_ALONE)),
        );
    }
    let body = changed(
        review(secret(&[], &[]), None),
        "/request/object/metadata/labels",
        json!({ "owner": "helm" }),
    );
    check(Registration::Targets, &body, Decision::Allow(None));
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
