//! Tests of `router`.

use eso_core::api::conditions::Condition;
use serde_json::{Value, json};

use super::{ready, ready_in};
use crate::{telemetry::Ready, watch::Object};

fn conditions(value: Value) -> Vec<Condition> {
    serde_json::from_value(value).unwrap()
}

#[track_caller]
fn check(value: Value, expected: Option<Ready>) {
    assert_eq!(ready(&conditions(value.clone())), expected);
    let object = json!({ "metadata": {}, "status": { "conditions": value } });
    assert_eq!(ready_in(&Object::sent(object)), expected);
}

#[test]
fn readiness_is_read_off_the_conditions() {
    let condition = |kind: &str, status: &str| json!({ "type": kind, "status": status });
    check(json!([]), None);
    check(json!([condition("Deleted", "True")]), None);
    check(json!([condition("Deleted", "True"), condition("Ready", "True")]), Some(Ready::True));
    check(json!([condition("Ready", "False")]), Some(Ready::False));
    check(json!([condition("Ready", "Unknown")]), Some(Ready::Unknown));
}

#[test]
fn conditions_of_no_known_shape_say_nothing() {
    for object in [json!({ "metadata": {} }), json!({ "metadata": {}, "status": { "conditions": "none" } })] {
        assert_eq!(ready_in(&Object::sent(object)), None);
    }
}
