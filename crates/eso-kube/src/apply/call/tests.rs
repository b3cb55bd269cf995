//! Tests of `call`.

use eso_plan::plan::WriteError;
use kube::core::response::Status;
use serde_json::{Value, json};

use super::{outermost, whole, within, write_error};

const CANARY: &str = "canary-5f1c";

/// What the API server's answer of this code, reason and causes becomes.
fn refused(code: u16, reason: &str, causes: Value) -> WriteError {
    refused_telling(code, reason, causes, whole)
}

fn refused_telling(code: u16, reason: &str, causes: Value, tell: fn(&str) -> &str) -> WriteError {
    let status: Status = serde_json::from_value(json!({
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": format!("Secret \"app\" is invalid: data: Invalid value: \"{CANARY}\""),
        "details": { "name": CANARY, "causes": causes },
    }))
    .unwrap();
    write_error(&kube::Error::Api(Box::new(status)), tell)
}

#[track_caller]
fn check(code: u16, reason: &str, causes: Value, expected: WriteError) {
    let error = refused(code, reason, causes);
    assert!(!format!("{error} {error:?}").contains(CANARY), "the message of the API server is repeated");
    assert_eq!(error, expected);
}

#[test]
fn each_refusal_says_what_it_means() {
    let invalid = |text: &str| WriteError::Invalid(text.to_owned());
    let forbidden = |text: &str| WriteError::Forbidden(text.to_owned());
    let unavailable = |text: &str| WriteError::Unavailable(text.to_owned());
    let cause = |reason: &str, field: &str| json!([{ "reason": reason, "field": field, "message": CANARY }]);
    let none = || json!([]);

    check(409, "Conflict", none(), WriteError::Conflict);
    check(409, "AlreadyExists", none(), WriteError::Conflict);
    check(409, "Other", none(), unavailable("the API server cannot do it now (Other)"));
    let leaving = cause("NamespaceTerminating", "metadata.namespace");
    check(403, "Forbidden", leaving, forbidden("the namespace is being deleted"));
    let rights = "the API server forbids it: check the operator's role, quotas and admission policies";
    check(403, "Forbidden", none(), forbidden(rights));
    let immutable = WriteError::Immutable("delete the Secret, and it is made anew".to_owned());
    check(422, "Invalid", cause("FieldValueForbidden", "data"), immutable);
    let wrong = "the API server does not take it (Invalid, metadata.name)";
    check(422, "Invalid", cause("FieldValueInvalid", "metadata.name"), invalid(wrong));
    let rule = json!([{
        "reason": "FieldValueInvalid", "field": "spec",
        "message": format!("Invalid value: \"{CANARY}\": either data or dataFrom should be specified"),
    }]);
    let broken =
        "the API server does not take it (Invalid, spec: either data or dataFrom should be specified)";
    check(422, "Invalid", rule, invalid(broken));
    check(413, "RequestEntityTooLarge", none(), invalid("it is too large for a Secret: the limit is 1 MiB"));
    check(429, "TooManyRequests", none(), unavailable("the API server cannot do it now (TooManyRequests)"));
    check(500, "InternalError", none(), unavailable("the API server cannot do it now (InternalError)"));
    check(503, "", none(), unavailable("the API server cannot do it now (503)"));
    check(401, "Unauthorized", none(), unavailable("the API server cannot do it now (Unauthorized)"));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_is_cut() {
    let cut = within(std::future::pending::<kube::Result<()>>()).await;
    assert_eq!(cut, Err(WriteError::Unavailable("the API server does not answer".to_owned())));
}

#[test]
fn a_field_whose_name_may_be_a_value_is_told_by_where_it_begins() {
    for field in [format!("spec.tokens.{CANARY}"), format!("spec[{CANARY}]"), "spec".to_owned()] {
        let causes = json!([{ "reason": "FieldValueInvalid", "field": field, "message": CANARY }]);
        let error = refused_telling(422, "Invalid", causes, outermost);
        assert_eq!(error.to_string(), "the API server does not take it (Invalid, spec)");
    }
}
