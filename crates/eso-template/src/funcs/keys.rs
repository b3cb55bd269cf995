//! Private keys: made, read from JSON, and used to decrypt.

use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA512_MGF1SHA512, OaepAlgorithm,
    OaepPrivateDecryptingKey, PrivateDecryptingKey,
};
use zeroize::Zeroizing;

use super::json;
use crate::{
    Fault, Scope, Text, Value,
    function::{Function, function},
    pki::{dsa, jwk::Key, pem, private_key::PrivateKey},
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("genPrivateKey", generate)
            .example(r#"{{ genPrivateKey "ed25519" | trunc 27 }}"#, "-----BEGIN PRIVATE KEY-----"),
        function("jwkPublicKeyPem", jwk_public).example(
            r#"{{ jwkPublicKeyPem (dict "kty" "OKP" "crv" "Ed25519" "x" "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" | toJson) | trunc 26 }}"#,
            "-----BEGIN PUBLIC KEY-----",
        ),
        function("jwkPrivateKeyPem", jwk_private).example(
            r#"{{ jwkPrivateKeyPem (dict "kty" "OKP" "crv" "Ed25519" "x" "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" "d" "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" | toJson) | trunc 27 }}"#,
            "-----BEGIN PRIVATE KEY-----",
        ),
        function("rsaDecrypt", rsa_decrypt).example(r#"{{ rsaDecrypt "None" "" "text" "" }}"#, "text"),
    ]
}

/// What an RSA key takes of the effort. How long it takes is a matter of luck: these are times that one in ten is
/// longer than.
const RSA_2048_EFFORT: u32 = 25;
const RSA_4096_EFFORT: u32 = 150;
const DSA_EFFORT: u32 = 2;

/// What it takes to find the public key of a private one on a curve: about 50 µs.
const CURVE_STEPS: u64 = 1000;

/// A key in PEM; a sentence, and no error, where there is no such kind.
fn generate(scope: &mut Scope<'_>, kind: Text) -> Result<Vec<u8>, Fault> {
    let key = match &kind[..] {
        b"" | b"rsa" => {
            scope.strain(RSA_4096_EFFORT)?;
            PrivateKey::generate_rsa(KeySize::Rsa4096)
        }
        b"dsa" => {
            scope.strain(DSA_EFFORT)?;
            dsa::generate(scope)
        }
        b"ecdsa" => {
            scope.spend(CURVE_STEPS)?;
            PrivateKey::generate_p256(scope)
        }
        b"ed25519" => {
            scope.spend(CURVE_STEPS)?;
            PrivateKey::generate_ed25519(scope)
        }
        other => return Ok([b"Unknown type ", other].concat()),
    };
    Ok(traditional(&key.ok_or(Fault::wrong("no key could be made"))?))
}

/// An RSA key of 2048 bits, for a certificate.
pub(super) fn generate_rsa_2048(scope: &mut Scope<'_>) -> Result<PrivateKey, Fault> {
    scope.strain(RSA_2048_EFFORT)?;
    PrivateKey::generate_rsa(KeySize::Rsa2048).ok_or(Fault::wrong("no key could be made"))
}

/// A key as sprig writes it.
pub(super) fn traditional(key: &PrivateKey) -> Vec<u8> {
    let (kind, content) = key.traditional();
    pem::encode(kind, &content)
}

/// A key as sprig reads it: of the form that its block says.
pub(super) fn of_pem(text: &[u8]) -> Result<PrivateKey, Fault> {
    let (block, _) =
        pem::decode(text).ok_or(Fault::wrong("there is no PEM in what should be a private key"))?;
    let content = &block.content;
    let key = match block.kind {
        b"PRIVATE KEY" => PrivateKey::from_pkcs8(content),
        b"RSA PRIVATE KEY" => PrivateKey::from_pkcs1(content),
        b"EC PRIVATE KEY" => PrivateKey::from_sec1(content),
        b"DSA PRIVATE KEY" => PrivateKey::from_dsa(content),
        _ => return Err(Fault::wrong("the block of PEM is no private key")),
    };
    key.ok_or(Fault::wrong("the private key cannot be read"))
}

/// A key as the original reads it: of any form, whatever its block says.
pub(super) fn of_any_pem(text: &[u8]) -> Result<PrivateKey, Fault> {
    let (block, _) =
        pem::decode(text).ok_or(Fault::wrong("there is no PEM in what should be a private key"))?;
    let content = &block.content;
    let key = PrivateKey::from_pkcs1(content).or_else(|| PrivateKey::from_pkcs8(content));
    let key = key.or_else(|| PrivateKey::from_sec1(content));
    key.ok_or(Fault::wrong("the private key cannot be read"))
}

/// A key as `PrivateKeyInfo` in PEM.
pub(super) fn pkcs8(key: &PrivateKey) -> Result<Vec<u8>, Fault> {
    let content = key.pkcs8().ok_or(Fault::wrong("a DSA key has no such form"))?;
    Ok(pem::encode("PRIVATE KEY", &content))
}

fn jwk_public(scope: &mut Scope<'_>, text: Text) -> Result<Vec<u8>, Fault> {
    match jwk(scope, &text)? {
        Key::Public(key) => Ok(pem::encode("PUBLIC KEY", &key)),
        Key::Private(_) => Err(Fault::wrong("the JWK is a private key")),
    }
}

fn jwk_private(scope: &mut Scope<'_>, text: Text) -> Result<Vec<u8>, Fault> {
    match jwk(scope, &text)? {
        Key::Public(_) => Err(Fault::wrong("the JWK is a public key")),
        Key::Private(key) => pkcs8(&key),
    }
}

fn jwk(scope: &mut Scope<'_>, text: &[u8]) -> Result<Key, Fault> {
    scope.spend(CURVE_STEPS)?;
    let key = match json::read(scope, text)?.map(|read| read.value) {
        Some(Value::Map(object)) => Key::of(&object),
        Some(_) | None => return Err(Fault::wrong("the JWK is no object of JSON")),
    };
    key.ok_or(Fault::wrong("the JWK is no key, or of a kind that is not known"))
}

/// What a private operation takes of the effort.
const DECRYPT_EFFORT: u32 = 1;

fn rsa_decrypt(
    scope: &mut Scope<'_>,
    scheme: Text,
    hash: Text,
    text: Text,
    key: Text,
) -> Result<Text, Fault> {
    match &scheme[..] {
        b"None" => return Ok(text),
        b"RSA-OAEP" => {}
        _ => return Err(Fault::wrong("there is no such scheme of decryption")),
    }
    let algorithm = match &hash[..] {
        b"SHA1" => &OAEP_SHA1_MGF1SHA1,
        b"SHA512" => &OAEP_SHA512_MGF1SHA512,
        // As the original has it, for whatever else it is called.
        _ => &OAEP_SHA256_MGF1SHA256,
    };
    let key = of_any_pem(&key)?;
    let PrivateKey::Rsa(_) = key else { return Err(Fault::wrong("this is no RSA key")) };
    scope.strain(DECRYPT_EFFORT)?;
    let decrypted = decrypted(algorithm, &text, &key);
    decrypted.ok_or(Fault::wrong("the text cannot be decrypted with the RSA key"))
}

/// By AWS-LC, in a time that says nothing of the text (docs/decisions/0005-template-crypto.md).
fn decrypted(algorithm: &'static OaepAlgorithm, text: &[u8], key: &PrivateKey) -> Option<Text> {
    let key = PrivateDecryptingKey::from_pkcs8(&key.pkcs8()?).ok()?;
    let key = OaepPrivateDecryptingKey::new(key).ok()?;
    let mut room = Zeroizing::new(vec![0; key.min_output_size()]);
    let decrypted = key.decrypt(algorithm, text, &mut room, None).ok()?;
    Some(Text::from(&*decrypted))
}

#[cfg(test)]
mod tests;
