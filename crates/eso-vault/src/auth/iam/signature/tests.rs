//! The signed request against a signature that is worked out here, step by step as AWS describes it.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;

use self::aws_signature::Signer;
use super::{Signing, url};

#[path = "../../../../tests/it/aws_signature.rs"]
mod aws_signature;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// 2015-08-30T12:36:00Z, as in AWS's own examples.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160)
}

fn request(region: &str, server_id: Option<&str>, token: Option<&str>) -> (String, String, Value) {
    let token = token.map(str::to_owned);
    let credentials = Credentials::new("AKIDEXAMPLE", SECRET, token, None, "test");
    let signed = Signing { region, server_id, credentials, now: now() }.request().expect("it must be signed");
    assert_eq!(signed.method, "POST");
    let text = |base64: &str| String::from_utf8(BASE64_STANDARD.decode(base64).unwrap()).unwrap();
    (text(&signed.url), text(&signed.body), serde_json::from_str(&text(&signed.headers)).unwrap())
}

fn authorization(region: &str, body: &str, headers: &[(&str, &str)]) -> String {
    Signer { id: "AKIDEXAMPLE", secret: SECRET, region, date: DATE.1 }.authorization(body, headers)
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
const DATE: (&str, &str) = ("x-amz-date", "20150830T123600Z");

/// The headers by their names in lower case, sorted.
fn sent(headers: &Value) -> Vec<(String, String)> {
    let headers = headers.as_object().unwrap().iter();
    let mut sent: Vec<_> =
        headers.map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap().to_owned())).collect();
    sent.sort();
    sent
}

#[track_caller]
fn check((region, server_id, token): (&str, Option<&str>, Option<&str>), host: &str, more: &[(&str, &str)]) {
    let (url, body, headers) = request(region, server_id, token);
    assert_eq!(url, format!("https://{host}/"));
    assert_eq!(body, "Action=GetCallerIdentity&Version=2011-06-15");
    let mut signed = vec![FORM, ("host", host), DATE];
    signed.extend_from_slice(more);
    signed.sort_unstable();
    let authorization = authorization(region, &body, &signed);
    let mut expected: Vec<_> = signed.into_iter().filter(|(name, _)| *name != "host").collect();
    expected.push(("authorization", authorization.as_str()));
    expected.sort_unstable();
    let sent = sent(&headers);
    let sent: Vec<_> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(sent, expected);
}

#[test]
fn a_request_is_signed_as_aws_describes_it() {
    check(("us-east-1", None, None), "sts.amazonaws.com", &[]);
    check(("eu-west-1", None, None), "sts.eu-west-1.amazonaws.com", &[]);
}

#[test]
fn what_a_vault_asks_for_and_the_token_of_temporary_keys_are_signed_too() {
    let id = ("x-vault-aws-iam-server-id", "vault.example.com");
    let token = ("x-amz-security-token", "session/token==");
    check(("us-east-1", Some(id.1), None), "sts.amazonaws.com", &[id]);
    check(("us-east-1", Some(id.1), Some(token.1)), "sts.amazonaws.com", &[id, token]);
}

#[test]
fn a_region_has_its_own_host_but_the_default_one() {
    for (region, host) in [
        ("us-east-1", "sts.amazonaws.com"),
        ("us-east-2", "sts.us-east-2.amazonaws.com"),
        ("us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
    ] {
        assert_eq!(url(region), format!("https://{host}/"));
    }
}
