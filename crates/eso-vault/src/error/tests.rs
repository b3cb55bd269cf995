//! The table of Vault's answers, and that nothing of them is shown.

use std::time::Duration;

use eso_core::error::{
    ErrorKind::{
        self, Conflict, Denied, Invalid, NotFound, Throttled, Unauthenticated, Unavailable, Unexpected,
    },
    Reason,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Call, of_failure, of_refusal};
use crate::http::{Failure, Reply};

const CALLS: [Call; 13] = [
    Call::Login,
    Call::LookupWrapping,
    Call::Unwrap,
    Call::LookupSelf,
    Call::RenewSelf,
    Call::RevokeSelf,
    Call::ReadSecretData,
    Call::ListSecrets,
    Call::ReadMetadata,
    Call::ReadMount,
    Call::WriteSecretData,
    Call::WriteMetadata,
    Call::DeleteSecret,
];

const WRITES: [Call; 3] = [Call::WriteSecretData, Call::WriteMetadata, Call::DeleteSecret];

/// At the active node, and at a standby.
const UPGRADES: [&str; 2] = [
    "Upgrading from non-versioned to versioned data. This backend will be unavailable for a brief period and will resume \
     service shortly.",
    "Waiting for the primary to upgrade from non-versioned to versioned data. This backend will be unavailable for a \
     brief period and will resume service when the primary is finished.",
];

fn reply(status: u16, body: &str) -> Reply {
    Reply { status, retry_after: None, body: Zeroizing::new(body.as_bytes().to_vec()) }
}

#[track_caller]
fn check(call: Call, status: u16, body: Value, kind: ErrorKind) {
    assert_eq!(of_refusal(call, &reply(status, &body.to_string())).kind(), kind);
}

fn errors(phrase: &str) -> Value {
    json!({"errors": [phrase]})
}

#[test]
fn only_an_authoritative_absence_is_not_found() {
    let read = Call::ReadSecretData;
    check(read, 404, json!({"errors": []}), NotFound);
    let metadata = json!({"version": 2, "destroyed": false, "deletion_time": "2026-01-01T00:00:00Z"});
    check(read, 404, json!({"data": {"data": null, "metadata": metadata}, "warnings": null}), NotFound);
    let warning = "Invalid path for a versioned K/V secrets engine.";
    check(read, 404, json!({"errors": [], "warnings": [warning]}), Invalid);
    check(read, 404, json!({"data": null, "warnings": [warning]}), Invalid);
    check(read, 404, errors("no handler for route \"nope/data/x\". route entry not found."), Invalid);
    check(read, 404, errors("something else"), Unexpected);
    check(read, 404, json!({"message": "no Route matched"}), Unexpected);
    check(read, 404, json!("a page"), Unexpected);
    for call in CALLS {
        for status in [301, 307, 400, 401, 403, 405, 412, 413, 429, 472, 473, 500, 502, 503, 504, 418] {
            for body in [json!({"errors": []}), errors("not found"), json!(null)] {
                assert_ne!(of_refusal(call, &reply(status, &body.to_string())).kind(), NotFound, "{status}");
            }
        }
        let unsaid = if call == Call::ReadMount { Invalid } else { Unexpected };
        assert_eq!(of_refusal(call, &reply(404, "")).kind(), unsaid);
    }
}

#[test]
fn reads_are_refused_for_these_reasons() {
    let read = Call::ReadSecretData;
    check(read, 403, errors("permission denied"), Denied);
    check(read, 400, errors("missing client token"), Unauthenticated);
    check(read, 400, errors("unsupported path"), Invalid);
    for upgrade in UPGRADES {
        check(read, 400, errors(upgrade), Unavailable);
    }
    check(read, 401, json!(null), Unauthenticated);
    check(read, 405, errors("unsupported operation"), Invalid);
    check(read, 404, errors("1 error occurred:\n\t* unsupported path\n\n"), Invalid);
    check(read, 418, json!(null), Unexpected);
}

#[test]
fn writes_are_refused_for_these_reasons() {
    for write in WRITES {
        check(write, 400, errors("check-and-set parameter did not match the current version"), Conflict);
        check(
            write,
            400,
            errors("metadata check-and-set parameter does not match the current version"),
            Conflict,
        );
        check(write, 400, errors("metadata check-and-set parameter required for this call"), Invalid);
        check(write, 400, errors("custom_metadata validation failed: length of value is 600"), Invalid);
        check(write, 400, errors("no data provided"), Invalid);
        check(write, 400, errors("missing client token"), Unauthenticated);
        for upgrade in UPGRADES {
            check(write, 400, errors(upgrade), Unavailable);
        }
        check(write, 401, json!(null), Unauthenticated);
        check(write, 403, errors("permission denied"), Denied);
        check(write, 404, json!({"errors": [], "warnings": ["Invalid path for a versioned K/V"]}), Invalid);
        check(write, 404, errors("no handler for route \"nope/data/x\". route entry not found."), Invalid);
        check(write, 404, errors("1 error occurred:\n\t* unsupported path\n\n"), Invalid);
        check(write, 404, json!({"errors": []}), Unexpected);
        check(write, 405, errors("unsupported operation"), Invalid);
        check(write, 413, errors("failed to parse JSON input: http: request body too large"), Invalid);
        check(write, 418, json!(null), Unexpected);
    }
    let large = "put failed due to value being too large; got 2097287 bytes, max: 1048576 bytes";
    check(Call::WriteSecretData, 500, errors(large), Invalid);
    check(Call::ReadSecretData, 500, errors(large), Unavailable);
}

#[test]
fn the_calls_that_change_something_are_known() {
    let writing: Vec<Call> = CALLS.into_iter().filter(|call| call.writes()).collect();
    assert_eq!(writing, WRITES);
}

#[test]
fn a_refused_login_logs_nobody_in() {
    for (status, phrase) in [
        (400, "invalid role or secret ID"),
        (400, "invalid secret id"),
        (400, "invalid role name \"nobody\""),
        (403, "service account name not authorized"),
        (403, "permission denied"),
        (401, ""),
    ] {
        check(Call::Login, status, errors(phrase), Unauthenticated);
    }
    check(
        Call::Login,
        404,
        errors("no handler for route \"auth/nope/login\". route entry not found."),
        Invalid,
    );
    for call in [Call::LookupSelf, Call::RenewSelf, Call::RevokeSelf] {
        check(call, 403, errors("permission denied"), Unauthenticated);
        check(call, 403, errors("bad token"), Unauthenticated);
    }
    for call in [Call::Login, Call::LookupSelf] {
        // A proxy says so, or a server that is spoken to without TLS.
        check(call, 400, json!("Client sent an HTTP request to an HTTPS server."), Unexpected);
        check(call, 403, json!("blocked"), Unexpected);
    }
}

#[track_caller]
fn advised(phrase: &str, advice: &str) {
    let error = of_refusal(Call::Login, &reply(400, &errors(phrase).to_string()));
    assert_eq!(error.to_string(), format!("cannot initialize Vault client: {advice} (HTTP 400)"), "{phrase}");
}

#[test]
fn a_refused_login_says_what_to_do_in_words_of_our_own() {
    let app_role = "the role id or the secret id is wrong, or no longer valid";
    advised("invalid role or secret ID", app_role);
    advised("invalid role ID", app_role);
    let password = "the user's name or password is wrong";
    advised("invalid username or password", password);
    advised("ldap operation failed: failed to bind as user", password);
    advised("ldap operation failed: user not found", password);
    advised("failed to connect to LDAP server", "Vault cannot reach the directory");
    let no_role = "the auth method has no such role";
    advised("invalid role name \"canary\"", no_role);
    advised("role \"canary\" could not be found", no_role);
    advised("entry for role canary not found", no_role);
    advised("role 'canary' not found", no_role);
    let certificate = "the certificate is not one that the role knows, or none was shown";
    advised("invalid certificate or no client certificate supplied", certificate);
    advised("failed to match all constraints for this login certificate", certificate);
    advised(
        "error validating X-Vault-AWS-IAM-Server-ID header: expected canary",
        "the request is signed for another Vault: check vaultAwsIamServerID",
    );
    advised(
        "error making upstream request: received error code 403 from STS",
        "AWS does not take the signature: check the keys, the region and the clocks",
    );
    let identity = "the role does not allow this identity";
    advised("IAM Principal canary does not belong to the role canary", identity);
    advised("service account name not authorized", identity);
    advised(
        "error validating token: invalid audience (aud) claim: canary",
        "the role asks for another audience than the token has",
    );
    let over = "the token is over, or not good yet: check the clocks";
    advised("error validating token: invalid expiration time (exp) claim: token is expired", over);
    advised("invalid not before (nbf) claim: token is not valid yet", over);
    let no_token = "the token is no JSON Web Token";
    advised("error verifying token signature: compact JWS format must have three parts", no_token);
    advised("malformed jwt", no_token);
    advised(
        "error verifying token signature: no known key successfully validated the token signature",
        "the token is not signed by a key that the method trusts",
    );
    advised(
        "something new, canary",
        "the login is refused: check the auth method's path, the role and the credentials",
    );
}

#[test]
fn a_wrapping_token_that_vault_does_not_know_is_unauthenticated() {
    for call in [Call::LookupWrapping, Call::Unwrap] {
        check(call, 400, errors("wrapping token is not valid or does not exist"), Unauthenticated);
        check(call, 403, errors("permission denied"), Unauthenticated);
        check(call, 400, json!("a page"), Unexpected);
    }
}

#[test]
fn a_server_in_trouble_is_unavailable_to_every_call() {
    for call in CALLS {
        for status in [412, 472, 473, 500, 502, 503, 504] {
            check(
                call,
                status,
                errors("local node not active but active cluster node not found"),
                Unavailable,
            );
            check(call, status, json!(null), Unavailable);
        }
        check(call, 503, errors("Vault is sealed"), Unavailable);
        check(call, 429, errors("request path \"secret/data/x\": rate limit quota exceeded"), Throttled);
        check(call, 429, json!(null), Throttled);
        check(call, 429, json!({"errors": []}), Unavailable);
    }
}

#[test]
fn a_redirect_is_a_fault_of_the_stores_address_and_no_trouble_of_the_server() {
    for call in CALLS {
        for status in [300, 301, 302, 303, 307, 308] {
            check(call, status, json!(null), Invalid);
        }
    }
}

#[test]
fn a_throttled_call_says_when_to_come_again() {
    let throttled = Reply { retry_after: Some(Duration::from_secs(7)), ..reply(429, "") };
    assert_eq!(of_refusal(Call::ReadSecretData, &throttled).retry_after(), Some(Duration::from_secs(7)));
}

#[test]
fn no_answer_is_unavailable_unless_asking_again_cannot_help() {
    for (failure, kind) in [
        (Failure::TimedOut, Unavailable),
        (Failure::Unreachable, Unavailable),
        (Failure::UntrustedCertificate, Invalid),
        (Failure::OutdatedCertificate, Invalid),
        (Failure::ForeignCertificate, Invalid),
        (Failure::RefusedCertificate, Unauthenticated),
        (Failure::Handshake, Invalid),
        (Failure::TooLarge, Unexpected),
        (Failure::Malformed, Unexpected),
        (Failure::LedHere, Invalid),
        (Failure::RefusedCertificate, Unauthenticated),
    ] {
        assert_eq!(of_failure(Call::Login, failure).kind(), kind, "{failure:?}");
    }
}

#[track_caller]
fn says(call: Call, status: u16, phrase: &str, words: &str) {
    assert_eq!(of_refusal(call, &reply(status, &errors(phrase).to_string())).to_string(), words);
}

#[test]
fn a_message_begins_as_the_originals_and_says_what_to_do() {
    says(
        Call::LookupSelf,
        403,
        "permission denied",
        "invalid vault credentials: the token is wrong, or its life is over (HTTP 403)",
    );
    says(
        Call::Login,
        400,
        "invalid role or secret ID",
        "cannot initialize Vault client: the role id or the secret id is wrong, or no longer valid (HTTP 400)",
    );
    says(
        Call::ReadSecretData,
        503,
        "Vault is sealed",
        "cannot read secret data from Vault: Vault is sealed: unseal it (HTTP 503)",
    );
    let lost = of_failure(Call::ReadSecretData, Failure::UntrustedCertificate).to_string();
    let words = "cannot read secret data from Vault: the server's certificate is not signed by the roots of this store";
    assert_eq!(lost, format!("{words}: check caBundle or caProvider"));
}

#[test]
fn nothing_that_a_server_says_is_shown() {
    let canary = "canary-4c5d";
    for call in CALLS {
        for status in 300..600 {
            for body in [
                errors(canary),
                errors(&format!("permission denied {canary}")),
                json!({"data": {"metadata": canary}}),
            ] {
                let error = of_refusal(call, &reply(status, &body.to_string()));
                assert!(!format!("{error} {error:?}").contains(canary), "{status}: {error:?}");
            }
        }
    }
}

#[test]
fn only_a_login_that_fails_is_called_one() {
    let of_login = |call: &Call| call.error(Denied, Reason::new("no")).is_of_login();
    let found: Vec<Call> = CALLS.into_iter().filter(of_login).collect();
    assert_eq!(found, [Call::Login, Call::LookupWrapping, Call::Unwrap]);
}
