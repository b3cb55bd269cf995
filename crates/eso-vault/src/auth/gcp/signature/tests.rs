//! What is signed with the key of a service account of Google Cloud, and which keys sign nothing.

use std::time::{Duration, SystemTime};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use eso_core::value::SecretBytes;
use rcgen::{KeyPair, PKCS_RSA_SHA256, PublicKeyData};
use serde_json::{Value, json};

use super::{KeyError, signed};

fn credential(private_key: &str) -> Value {
    json!({
        "type": "service_account",
        "project_id": "demo",
        "private_key_id": "key-1",
        "private_key": private_key,
        "client_email": "app@demo.iam.gserviceaccount.com",
        "client_id": "1",
    })
}

fn rsa() -> KeyPair {
    KeyPair::generate_for(&PKCS_RSA_SHA256).expect("a key must be made")
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn decoded(part: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(part).expect("a part must be base64 for URLs")
}

#[test]
fn a_token_names_the_service_account_and_the_role_and_is_signed_with_the_key() {
    let key = rsa();
    let credential = SecretBytes::from(credential(&key.serialize_pem()).to_string());
    let token = signed(&credential, "reader", at(1_000)).expect("it must be signed");
    let parts: Vec<_> = token.split('.').collect();
    let json = |part: &str| serde_json::from_slice::<Value>(&decoded(part)).expect("a part must be JSON");
    assert_eq!(json(parts[0]), json!({"alg": "RS256", "kid": "key-1", "typ": "JWT"}));
    let claims = json!({"aud": "vault/reader", "exp": 1_600, "sub": "app@demo.iam.gserviceaccount.com"});
    assert_eq!(json(parts[1]), claims);
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.der_bytes());
    let text = format!("{}.{}", parts[0], parts[1]);
    public.verify(text.as_bytes(), &decoded(parts[2])).expect("the signature must be the key's");
}

#[track_caller]
fn check(credential: &Value, expected: KeyError) {
    assert_eq!(signed(&SecretBytes::from(credential.to_string()), "reader", at(0)), Err(expected));
}

#[test]
fn what_is_no_key_of_a_service_account_signs_nothing() {
    check(&json!("text"), KeyError::Shape);
    check(&json!({}), KeyError::Shape);
    check(&json!({"type": "service_account", "client_email": "a"}), KeyError::Shape);
    check(&json!({"type": "authorized_user", "refresh_token": "canary"}), KeyError::OtherType);
    let mut other = credential("key");
    other["type"] = json!("external_account");
    check(&other, KeyError::OtherType);
    check(&credential("no key"), KeyError::Key);
    let elliptic = KeyPair::generate().expect("a key must be made");
    check(&credential(&elliptic.serialize_pem()), KeyError::Key);
}
