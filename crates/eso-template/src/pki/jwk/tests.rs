//! Keys in JSON.

use super::*;
use crate::{
    Limits,
    fixtures::{datum, with_scope},
    funcs::json,
};

fn key(text: &str) -> Option<Key> {
    with_scope(Limits::default(), |scope| match json::read(scope, text.as_bytes()).unwrap().unwrap().value {
        Value::Map(object) => Key::of(&object),
        _ => None,
    })
}

#[track_caller]
fn check_refused(text: &str) {
    assert!(key(text).is_none(), "{text}");
}

#[test]
fn the_public_key_is_that_of_the_private_one() {
    let (public, private) = (key(&datum("jwkpub")), key(&datum("jwkpriv")));
    let (Some(Key::Public(public)), Some(Key::Private(private))) = (public, private) else { panic!() };
    assert_eq!(private.public(), Some(public));
}

#[test]
fn without_its_secret_a_key_of_a_curve_is_public() {
    let private = datum("jwkec");
    let mut object: serde_json::Value = serde_json::from_str(&private).unwrap();
    object.as_object_mut().unwrap().remove("d");
    let (Some(Key::Private(private)), Some(Key::Public(public))) = (key(&private), key(&object.to_string()))
    else {
        panic!()
    };
    assert_eq!(private.public(), Some(public));
}

#[test]
fn a_point_that_is_not_on_the_curve_is_refused() {
    let mut object: serde_json::Value = serde_json::from_str(&datum("jwkec")).unwrap();
    object["x"] = object["y"].clone();
    check_refused(&object.to_string());
}

#[test]
fn a_secret_of_another_point_is_refused() {
    let mut object: serde_json::Value = serde_json::from_str(&datum("jwkec")).unwrap();
    object["d"] = "AQ".into();
    check_refused(&object.to_string());
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    check_refused(&format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}","d":"{x}"}}"#));
}

#[test]
fn the_alphabet_and_the_padding_of_base_64_do_not_matter() {
    let with = |x: &str| format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#);
    for x in ["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="] {
        assert!(matches!(key(&with(x)), Some(Key::Public(_))), "{x}");
    }
}

#[test]
fn what_is_no_key_that_pem_has_is_refused() {
    check_refused("{}");
    check_refused(r#"{"kty":"oct","k":"AQ"}"#);
    check_refused(r#"{"kty":"RSA","n":"AQ"}"#);
    check_refused(r#"{"kty":"RSA","n":"AQ","e":"AQ","d":"AQ"}"#);
    check_refused(r#"{"kty":"EC","crv":"P-1","x":"AQ","y":"AQ"}"#);
    check_refused(r#"{"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#);
    check_refused(r#"{"kty":"OKP","crv":"Ed25519","x":"AQ"}"#);
    check_refused(r#"{"kty":5}"#);
    check_refused(r#"{"kty":"RSA","n":5,"e":"AQ"}"#);
}
