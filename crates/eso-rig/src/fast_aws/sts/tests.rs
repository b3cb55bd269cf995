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
    check(&mut roles, &assume(&[]), "Expiration", "1970-01-01T01:00:00.000Z");
    check(&mut roles, &assume(&[("DurationSeconds", "900")]), "Expiration", "1970-01-01T00:15:00.000Z");
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
fn a_role_is_assumed_by_somebody_who_is_known() {
    let mut roles = Roles::default();
    let mut assumed_by = |caller: &str| {
        let answer = roles.perform(&assume(&[]), caller, Timestamp::UNIX_EPOCH);
        answer.err().map(|refusal| refusal.code)
    };
    assert_eq!(assumed_by("").as_deref(), Some("MissingAuthenticationToken"));
    assert_eq!(assumed_by("ASIARIG0000000000001").as_deref(), Some("InvalidClientTokenId"));
    assert_eq!(assumed_by("AKIARIG"), None);
    assert_eq!(assumed_by("ASIARIG0000000000001"), None);
}

#[test]
fn what_was_said_with_a_role_is_remembered() {
    let mut roles = Roles::default();
    let said = [
        ("ExternalId", "who"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "a"),
        ("Tags.member.2.Key", "stage"),
        ("Tags.member.2.Value", ""),
        ("TransitiveTagKeys.member.1", "stage"),
    ];
    check(&mut roles, &assume(&said), "AccessKeyId", "ASIARIG0000000000001");
    check(&mut roles, &assume(&[("ExternalId", "else"), ("Action", "none")]), "", "InvalidAction");
    let [assumed] = roles.assumed() else { panic!("one role was assumed") };
    let tags = [("stage", ""), ("team", "a")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(assumed.tags, tags.into());
    assert_eq!(
        (assumed.transitive_tag_keys.as_slice(), assumed.token.as_ref()),
        (&["stage".to_owned()][..], None)
    );
    assert_eq!((assumed.external_id.as_deref(), assumed.signer.as_str()), (Some("who"), "AKIARIG"));
    assert_eq!((assumed.role.as_str(), assumed.session.as_str()), (ROLE, "eso"));
}

#[test]
fn tags_that_sts_does_not_take_are_refused() {
    let tag = |key: &str, value: &str| assume(&[("Tags.member.1.Key", key), ("Tags.member.1.Value", value)]);
    let mut roles = Roles::default();
    check(&mut roles, &tag(&"k".repeat(128), &"v".repeat(256)), "SessionToken", "rig-session-1");
    for (key, value) in
        [("", "v"), ("k;", "v"), ("k", "<v>"), (&"k".repeat(129), "v"), ("k", &"v".repeat(257))]
    {
        check(&mut roles, &tag(key, value), "", "ValidationError");
    }
    let twice = [("Tags.member.1.Key", "team"), ("Tags.member.2.Key", "Team")];
    check(&mut roles, &assume(&twice), "", "InvalidParameterValue");
    check(&mut roles, &assume(&[("TransitiveTagKeys.member.1", "team")]), "", "InvalidParameterValue");
    let many: Form =
        (1..=51).map(|number| (format!("Tags.member.{number}.Key"), number.to_string())).collect();
    check(&mut roles, &many.into_iter().chain(assume(&[])).collect(), "", "ValidationError");
}

/// A token that says this of itself.
fn token(claims: &serde_json::Value) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    format!("head.{}.signature", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()))
}

#[test]
fn a_role_that_trusts_a_web_identity_looks_at_its_token() {
    let mut roles = Roles::default();
    let shown = |roles: &mut Roles, token: &str, element: &str, expected: &str| {
        let said = [("Action", "AssumeRoleWithWebIdentity"), ("WebIdentityToken", token)];
        check(roles, &assume(&said), element, expected);
    };
    shown(&mut roles, "", "", "ValidationError");
    shown(&mut roles, "anything", "SessionToken", "rig-session-1");
    roles.want_web_identity(ROLE, "system:serviceaccount:team:reader", "sts.amazonaws.com");
    let claims = |audience: serde_json::Value, subject: &str, end: i64| {
        token(&serde_json::json!({ "aud": audience, "sub": subject, "exp": end }))
    };
    let reader = "system:serviceaccount:team:reader";
    let audience = serde_json::json!(["other", "sts.amazonaws.com"]);
    shown(&mut roles, &claims(audience.clone(), reader, 1), "SessionToken", "rig-session-2");
    shown(&mut roles, &claims("sts.amazonaws.com".into(), reader, 1), "SessionToken", "rig-session-3");
    shown(&mut roles, &claims(audience.clone(), reader, 0), "", "ExpiredTokenException");
    shown(&mut roles, &claims("other".into(), reader, 1), "", "InvalidIdentityToken");
    shown(&mut roles, &claims(audience, "system:serviceaccount:team:else", 1), "", "AccessDenied");
    for text in ["anything", "a.b.c", ""] {
        let code = if text.is_empty() { "ValidationError" } else { "InvalidIdentityToken" };
        shown(&mut roles, text, "", code);
    }
}

#[test]
fn sessions_last_as_long_as_the_test_wants() {
    let mut roles = Roles::default();
    roles.set_session_life(Duration::from_millis(1500));
    check(&mut roles, &assume(&[]), "Expiration", "1970-01-01T00:00:01.500Z");
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
