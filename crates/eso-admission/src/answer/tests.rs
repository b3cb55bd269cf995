//! What is sent to the API server.

use serde_json::{Value, json};

use super::{Patch, Response};

fn body(response: &Response) -> Value {
    serde_json::from_slice(&response.body()).unwrap()
}

fn operations(patch: Patch) -> Value {
    use base64::Engine as _;
    let body = body(&Response::allow("1").patched(patch));
    let text = body["response"]["patch"].as_str().unwrap();
    serde_json::from_slice(&super::STANDARD.decode(text).unwrap()).unwrap()
}

#[test]
fn what_is_let_through_is_not_patched() {
    let expected = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": { "uid": "1", "allowed": true }
    });
    assert_eq!(body(&Response::allow("1")), expected);
}

#[test]
fn a_denial_says_why_and_patches_nothing() {
    let patch = Patch { data: [("a".to_owned(), "CANARY".into())].into(), ..Patch::default() };
    let response = Response::allow("1").patched(patch).warning("w").denied("no");
    let expected = json!({
        "uid": "1", "allowed": false, "warnings": ["w"],
        "status": { "code": 403, "reason": "Forbidden", "message": "no" }
    });
    assert_eq!(body(&response)["response"], expected);
}

#[test]
fn values_and_annotations_are_set_by_their_paths() {
    let patch = Patch {
        makes_data: true,
        makes_annotations: false,
        data: [("a.b".to_owned(), "x".into()), ("c".to_owned(), vec![0, 255].into())].into(),
        annotations: [("p/q~r", Some("t".to_owned())), ("z", None)].into(),
    };
    let expected = json!([
        { "op": "add", "path": "/data", "value": {} },
        { "op": "add", "path": "/data/a.b", "value": "eA==" },
        { "op": "add", "path": "/data/c", "value": "AP8=" },
        { "op": "add", "path": "/metadata/annotations/p~1q~0r", "value": "t" },
        { "op": "remove", "path": "/metadata/annotations/z" },
    ]);
    assert_eq!(operations(patch), expected);
}

#[test]
fn annotations_are_made_where_there_are_none() {
    let patch = Patch {
        makes_annotations: true,
        annotations: [("a", Some("b".to_owned()))].into(),
        ..Patch::default()
    };
    let expected = json!([
        { "op": "add", "path": "/metadata/annotations", "value": {} },
        { "op": "add", "path": "/metadata/annotations/a", "value": "b" },
    ]);
    assert_eq!(operations(patch), expected);
}

#[test]
fn no_data_is_made_for_nothing() {
    let patch = Patch { makes_data: true, ..Patch::default() };
    assert!(patch.is_empty());
    assert_eq!(
        body(&Response::allow("1").patched(patch))["response"],
        json!({ "uid": "1", "allowed": true })
    );
}

#[test]
fn what_is_said_is_as_long_as_it_is_shown() {
    let mut response = Response::allow("1");
    for _ in 0..100 {
        response = response.warning("ä".repeat(1000));
    }
    let said = body(&response)["response"]["warnings"].as_array().unwrap().clone();
    assert_eq!((said.len(), said[0].as_str().unwrap().len()), (16, 250));
    let denied = body(&Response::allow("1").denied("x".repeat(100_000)));
    assert_eq!(denied["response"]["status"]["message"].as_str().unwrap().len(), 2000);
}

#[test]
fn no_value_is_shown() {
    let patch = Patch { data: [("a".to_owned(), "CANARY".into())].into(), ..Patch::default() };
    assert!(!format!("{:?}", Response::allow("1").patched(patch)).contains("CANARY"));
}
