//! The table of what AWS's Security Token Service says.

use eso_core::error::ErrorKind::{self, Invalid, Throttled, Unauthenticated, Unavailable, Unexpected};

use super::{StsCall, answered};

#[track_caller]
fn check(code: Option<&str>, status: u16, kind: ErrorKind, clause: &str) {
    for call in [StsCall::AssumeRole, StsCall::AssumeRoleWithWebIdentity] {
        let error = answered(call, code, status);
        let words = error.to_string();
        assert_eq!(error.kind(), kind, "{words}");
        assert!(error.is_of_login() && error.is_from_elsewhere(), "{words}");
        assert!(words.starts_with("cannot initialize Vault client: ") && words.contains(clause), "{words}");
    }
}

#[test]
fn a_refusal_is_a_login_that_failed_and_never_an_absence() {
    check(Some("AccessDenied"), 403, Unauthenticated, "AWS does not give the role: ");
    check(Some("InvalidClientTokenId"), 403, Unauthenticated, "does not accept the credentials");
    check(Some("InvalidIdentityToken"), 400, Unauthenticated, "(InvalidIdentityToken)");
    check(Some("ExpiredTokenException"), 400, Unauthenticated, "have not expired");
    check(Some("Throttling"), 400, Throttled, "less often");
    check(Some("IDPCommunicationError"), 400, Unavailable, "cannot answer now");
    check(Some("ValidationError"), 400, Invalid, "the externalID");
    check(Some("RegionDisabledException"), 403, Invalid, "the region");
    check(Some("SomethingNew"), 400, Unexpected, "(HTTP 400)");
    check(Some("SomethingNew"), 503, Unavailable, "cannot answer now");
    check(None, 403, Unauthenticated, "(HTTP 403)");
    check(None, 404, Unexpected, "(HTTP 404)");
    check(None, 429, Throttled, "(HTTP 429)");
    check(None, 500, Unavailable, "(HTTP 500)");
}

#[test]
fn what_is_no_code_is_not_shown() {
    for code in ["canary value 7f3c", "canary"] {
        let error = answered(StsCall::AssumeRole, Some(code), 400).to_string();
        assert!(!error.contains("canary") && error.contains("(HTTP 400)"), "{error}");
    }
}

#[test]
fn a_denial_says_whose_trust_policy_is_to_be_changed() {
    let words = |call| answered(call, Some("AccessDenied"), 403).to_string();
    assert!(words(StsCall::AssumeRole).contains("allow sts:AssumeRole on it"));
    assert!(
        words(StsCall::AssumeRoleWithWebIdentity).contains("the cluster's issuer and the service account")
    );
}
