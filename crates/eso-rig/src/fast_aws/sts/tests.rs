//! Tests of `sts`.

use super::*;

const ROLE: &str = "arn:aws:iam::123456789012:role/team/reader";

fn form(fields: &[(&str, &str)]) -> Form {
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn assume(more: &[(&str, &str)]) -> Form {
    let mut fields = vec![("Action", "AssumeRole"), ("RoleArn", ROLE), ("RoleSessionName", "eso")];
    fields.extend_from_slice(more);
    form(&fields)
}

/// The text of an element, or the refusal's code.
#[track_caller]
fn check(roles: &mut Roles, form: &Form, element: &str, expected: &str) {
    let answer = roles.perform(form, "AKIARIG", Timestamp::UNIX_EPOCH);
    let found = match &answer {
        Ok(xml) => {
            let rest = xml.split_once(&format!("<{element}>")).map(|(_, rest)| rest);
            rest.and_then(|rest| rest.split_once("</")).map(|(text, _)| text.to_owned())
        }
        Err(refusal) => Some(refusal.code.clone()),
    };
    assert_eq!(found.as_deref(), Some(expected), "{answer:?}");
}

#[test]
fn an_assumed_role_gets_new_credentials_each_time() {
    let mut roles = Roles::default();
    check(&mut roles, &assume(&[]), "AccessKeyId", "ASIARIG0000000000001");
    check(&mut roles, &assume(&[]), "AccessKeyId", "ASIARIG0000000000002");
    check(&mut roles, &assume(&[]), "SessionToken", "rig-session-3");
    check(&mut roles, &assume(&[]), "Arn", "arn:aws:sts::123456789012:assumed-role/reader/eso");
}

#[test]
fn credentials_last_as_long_as_asked_within_the_limits() {
    let mut roles = Roles::default();
    check(&mut roles, &assume(&[]), "Expiration", "1970-01-01T01:00:00Z");
    check(&mut roles, &assume(&[("DurationSeconds", "900")]), "Expiration", "1970-01-01T00:15:00Z");
    for refused in ["899", "43201", "soon"] {
        check(&mut roles, &assume(&[("DurationSeconds", refused)]), "", "ValidationError");
    }
}

#[test]
fn a_role_with_an_external_id_is_assumed_with_it_only() {
    let mut roles = Roles::default();
    roles.want_external_id(ROLE, "right");
    check(&mut roles, &assume(&[]), "", "AccessDenied");
    check(&mut roles, &assume(&[("ExternalId", "wrong")]), "", "AccessDenied");
    check(&mut roles, &assume(&[("ExternalId", "right")]), "AccessKeyId", "ASIARIG0000000000001");
}

#[test]
fn a_caller_learns_who_they_are() {
    let asked = form(&[("Action", "GetCallerIdentity")]);
    check(&mut Roles::default(), &asked, "UserId", "AKIARIG");
}

#[test]
fn what_is_missing_or_unknown_is_refused() {
    let mut roles = Roles::default();
    check(&mut roles, &form(&[("Action", "AssumeRole"), ("RoleArn", ROLE)]), "", "ValidationError");
    check(&mut roles, &form(&[("Action", "GetFederationToken")]), "", "InvalidAction");
}

#[test]
fn a_refusal_is_xml_whatever_its_text() {
    let xml = refused(&Refusal::new("A<B", "x & y"));
    assert!(xml.contains("<Code>A&lt;B</Code><Message>x &amp; y</Message>"), "{xml}");
}
