//! What is read of a review, and that nothing of it is in an error.

use serde_json::{Value, json};

use super::{LARGEST, Operation, Review, ReviewError};
use crate::fixtures::{place, review, secret};

#[track_caller]
fn refused(body: &[u8], expected: ReviewError) {
    assert_eq!(
        Review::parse(body).err(),
        Some(expected),
        "{}",
        String::from_utf8_lossy(&body[..body.len().min(200)])
    );
}

#[track_caller]
fn refused_object(object: &Value) {
    let body = review(object.clone(), None).to_string();
    let error = Review::parse(body.as_bytes()).unwrap().secret().unwrap_err();
    assert_eq!(error, ReviewError::Object);
    assert!(!error.to_string().contains("CANARY"));
}

#[test]
fn a_review_says_who_does_what_to_which_object() {
    let body =
        review(secret(&[("store", "SecretStore/main")], &[("a", "x")]), Some(secret(&[], &[]))).to_string();
    let review = Review::parse(body.as_bytes()).unwrap();
    assert_eq!(
        (review.uid.as_str(), review.operation, review.dry_run),
        ("705ab4f5", Operation::Update, false)
    );
    assert_eq!((review.place.clone(), review.resource.resource.as_str()), (place(), "secrets"));
    let user = &review.user;
    assert_eq!((user.name.as_str(), user.uid.as_str(), user.groups[0].as_str()), ("ada", "1", "dev"));
    assert_eq!(user.extra["k"], ["v"]);
    let (new, old) = (review.secret().unwrap().unwrap(), review.old_secret().unwrap().unwrap());
    assert_eq!(new.data["a"], "x".into());
    assert_eq!(new.annotation(crate::annotations::STORE), Some("SecretStore/main"));
    assert!(old.data.is_empty() && old.annotations.is_empty());
}

#[test]
fn a_secret_goes_with_its_owners_of_whom_one_may_control_it() {
    let mut object = secret(&[], &[]);
    let owner = |kind: &str| json!({ "apiVersion": "v1", "kind": kind, "name": "x", "uid": kind });
    let mut controller = owner("Pod");
    controller["controller"] = json!(true);
    object["metadata"]["ownerReferences"] = json!([owner("ConfigMap"), controller]);
    let read = crate::fixtures::parsed(&object);
    assert_eq!(read.owners.iter().map(|owner| owner.uid.as_str()).collect::<Vec<_>>(), ["ConfigMap", "Pod"]);
    assert_eq!(read.controller().map(|owner| owner.kind.as_str()), Some("Pod"));
    object["metadata"]["ownerReferences"] = json!(null);
    assert_eq!(crate::fixtures::parsed(&object).controller(), None);
}

#[test]
fn what_the_api_server_leaves_out_or_writes_as_null_is_nothing() {
    let body = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "1", "operation": "DELETE", "resource": { "group": "", "version": "v1", "resource": "secrets" },
            "userInfo": {}, "object": null, "oldObject": { "metadata": { "annotations": null }, "data": { "a": null } }
        }
    }).to_string();
    let review = Review::parse(body.as_bytes()).unwrap();
    assert_eq!((review.secret(), review.operation), (Ok(None), Operation::Delete));
    assert!(review.old_secret().unwrap().unwrap().data["a"].is_empty());
    assert!(!review.dry_run && review.place.name.is_empty());
}

#[test]
fn what_is_no_review_is_refused() {
    for body in ["", "{", "[]", "null", "\u{0}", "CANARY", "{}", "{\"apiVersion\":\"admission.k8s.io/v1\"}"] {
        refused(body.as_bytes(), ReviewError::Malformed);
    }
    let whole = review(secret(&[], &[]), None);
    for (pointer, other) in [
        ("/apiVersion", json!("admission.k8s.io/v1beta1")),
        ("/kind", json!("Secret")),
        ("/request", json!(null)),
        ("/request/uid", json!(7)),
        ("/request/operation", json!("PATCH")),
        ("/request/resource", json!("secrets")),
    ] {
        let mut body = whole.clone();
        *body.pointer_mut(pointer).unwrap() = other;
        refused(body.to_string().as_bytes(), ReviewError::Malformed);
    }
}

#[test]
fn a_review_takes_3_mib_and_no_more() {
    let mut body = review(secret(&[], &[("a", "x")]), None).to_string().into_bytes();
    body.resize(LARGEST, b' ');
    assert!(Review::parse(&body).is_ok());
    body.push(b' ');
    refused(&body, ReviewError::TooLarge);
}

#[test]
fn no_depth_is_too_much_for_the_stack() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let depth = 1_000_000 / open.len();
        let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        assert!(Review::parse(deep.as_bytes()).is_err());
        let object = format!("{{\"metadata\":{{\"managedFields\":{deep}}},\"data\":{{}}}}");
        let body = review(json!("OBJECT"), None).to_string().replace("\"OBJECT\"", &object);
        assert!(Review::parse(body.as_bytes()).unwrap().secret().is_ok());
        let object = format!("{{\"metadata\":{{\"annotations\":{deep}}}}}");
        let body = review(json!("OBJECT"), None).to_string().replace("\"OBJECT\"", &object);
        assert_eq!(Review::parse(body.as_bytes()).unwrap().secret(), Err(ReviewError::Object));
    }
}

#[test]
fn an_object_that_is_no_secret_is_refused_when_it_is_asked_for() {
    refused_object(&json!("CANARY"));
    refused_object(&json!({ "data": { "a": "CANARY" } }));
    refused_object(&json!({ "data": { "a": { "CANARY": 1 } } }));
    refused_object(&json!({ "metadata": { "annotations": { "a": ["CANARY"] } } }));
    refused_object(&json!({ "data": { "a": "e30" } }));
}

#[test]
fn nothing_of_a_value_is_shown() {
    let body = review(secret(&[], &[("a", "CANARY")]), None).to_string();
    let review = Review::parse(body.as_bytes()).unwrap();
    assert!(!format!("{:?}", review.secret()).contains("CANARY"));
    assert!(!format!("{review:?}").contains("Q0FOQVJZ"), "nor in base64");
}
