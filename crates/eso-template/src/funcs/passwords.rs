//! Passwords: hashed, derived, drawn; and texts that are locked with one.

use aws_lc_rs::{
    cipher::{
        AES_256, DecryptingKey, DecryptionContext, EncryptionContext, PaddedBlockEncryptingKey,
        UnboundCipherKey,
    },
    hmac,
    iv::FixedLength,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use super::encoding::base64;
use crate::{
    Fault, Scope, Text,
    function::{Function, Int, function},
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function("bcrypt", bcrypt).example(r#"{{ bcrypt "secret" | trunc 7 }}"#, "$2a$10$"),
        function("htpasswd", htpasswd)
            .example(r#"{{ htpasswd "ada" "secret" "sha" }}"#, "ada:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="),
        function("derivePassword", derive)
            .example(r#"{{ derivePassword 1 "long" "pw" "u" "s" }}"#, "JiviFujzPiba3*"),
        function("randBytes", random_bytes).example("{{ randBytes 12 | len }}", "16"),
        function("encryptAES", encrypt)
            .example(r#"{{ encryptAES "secret" "text" | decryptAES "secret" }}"#, "text"),
        function("decryptAES", decrypt).example(r#"{{ decryptAES "secret" "" }}"#, ""),
    ]
}

/// What a bcrypt hash takes of the effort: 2^10 rounds are about 60 ms.
const BCRYPT_EFFORT: u32 = 6;
const BCRYPT_COST: u32 = 10;
/// Go's bcrypt takes no longer ones, and does not cut them.
const BCRYPT_LONGEST: usize = 72;

fn bcrypt(scope: &mut Scope<'_>, password: Text) -> Result<String, Fault> {
    if password.len() > BCRYPT_LONGEST {
        let why = "bcrypt: password length exceeds 72 bytes";
        return Ok(format!("failed to encrypt string with bcrypt: {why}"));
    }
    scope.strain(BCRYPT_EFFORT)?;
    let mut salt = [0; 16];
    scope.fill(&mut salt);
    let hashed = ::bcrypt::hash_with_salt(&password[..], BCRYPT_COST, salt);
    let hashed = hashed.map_err(|_| Fault::wrong("bcrypt failed"))?;
    Ok(hashed.format_for_version(::bcrypt::Version::TwoA))
}

/// A line of an `.htpasswd`, by `sha` or, for any other name, by bcrypt.
fn htpasswd(scope: &mut Scope<'_>, user: Text, password: Text, algorithm: Text) -> Result<Vec<u8>, Fault> {
    if user.contains(&b':') {
        return Ok([b"invalid username: ", &user[..]].concat());
    }
    let hashed = match &algorithm[..] {
        b"sha" => {
            let sha1 = &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY;
            format!("{{SHA}}{}", BASE64_STANDARD.encode(aws_lc_rs::digest::digest(sha1, &password)))
        }
        _ => bcrypt(scope, password)?,
    };
    Ok([&user[..], b":", hashed.as_bytes()].concat())
}

fn random_bytes(scope: &mut Scope<'_>, count: Int) -> Result<String, Fault> {
    let count = usize::try_from(count.0).map_err(|_| Fault::wrong("a length is not negative"))?;
    scope.hold(count.saturating_mul(3))?;
    let mut bytes = Zeroizing::new(vec![0; count]);
    scope.fill(&mut bytes);
    Ok(BASE64_STANDARD.encode(&bytes[..]))
}

/// The key of AES-256 that a password is: cut, or filled with zeros.
fn key(password: &[u8]) -> Result<UnboundCipherKey, Fault> {
    let mut key = Zeroizing::new([0; 32]);
    let length = password.len().min(key.len());
    key[..length].copy_from_slice(&password[..length]);
    UnboundCipherKey::new(&AES_256, &key[..]).map_err(|_| FAILED)
}

const FAILED: Fault = Fault::Wrong(std::borrow::Cow::Borrowed("the cipher failed"));
const BLOCK: usize = 16;
/// What it takes to make a cipher ready.
const CIPHER_STEPS: u64 = 20;

fn encrypt(scope: &mut Scope<'_>, password: Text, text: Text) -> Result<String, Fault> {
    if text.is_empty() {
        return Ok(String::new());
    }
    scope.hold(text.len().saturating_mul(3))?;
    scope.spend(CIPHER_STEPS)?;
    let mut vector = [0; BLOCK];
    scope.fill(&mut vector);
    let mut encrypted = text.to_vec();
    let context = EncryptionContext::Iv128(FixedLength::from(vector));
    let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(key(&password)?).map_err(|_| FAILED)?;
    cipher.less_safe_encrypt(&mut encrypted, context).map_err(|_| FAILED)?;
    Ok(BASE64_STANDARD.encode([&vector[..], &encrypted].concat()))
}

/// Of the padding only the last byte is read, as sprig does: a wrong password may give any text.
fn decrypt(scope: &mut Scope<'_>, password: Text, text: Text) -> Result<Vec<u8>, Fault> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    scope.hold(text.len())?;
    let wrong = || Fault::wrong("this is no text that encryptAES made with the password");
    let encrypted = base64(&text).map_err(|_| Fault::wrong("this is no base 64"))?;
    let (vector, encrypted) = encrypted.split_first_chunk::<BLOCK>().ok_or_else(wrong)?;
    let mut decrypted = encrypted.to_vec();
    if decrypted.is_empty() || decrypted.len() % BLOCK != 0 {
        return Err(wrong());
    }
    let context = DecryptionContext::Iv128(FixedLength::from(*vector));
    let cipher = DecryptingKey::cbc(key(&password)?).map_err(|_| FAILED)?;
    cipher.decrypt(&mut decrypted, context).map_err(|_| FAILED)?;
    let padding = usize::from(*decrypted.last().ok_or_else(wrong)?);
    let length = decrypted.len().checked_sub(padding).ok_or_else(wrong)?;
    decrypted.truncate(length);
    Ok(decrypted)
}

/// What scrypt takes of the effort: 2^15 blocks of 1 KiB, twice, are about 150 ms.
const SCRYPT_EFFORT: u32 = 15;
/// The bytes that it takes for as long: the blocks, and a few beside them.
const SCRYPT_MEMORY: usize = (1 << SCRYPT_LOG_BLOCKS) * 1024 + 8192;
const SCRYPT_LOG_BLOCKS: u8 = 15;
const MASTER: &[u8] = b"com.lyndir.masterpassword";

/// The password of a site, of one password for all, as the Master Password algorithm has it.
fn derive(
    scope: &mut Scope<'_>,
    counter: u32,
    kind: Text,
    password: Text,
    user: Text,
    site: Text,
) -> Result<Vec<u8>, Fault> {
    let Some(templates) = templates(&kind) else {
        return Ok([b"cannot find password template ", &kind[..]].concat());
    };
    scope.lend(SCRYPT_MEMORY)?;
    scope.strain(SCRYPT_EFFORT)?;
    let failed = |_| Fault::wrong("scrypt failed");
    let parameters = scrypt::Params::new(SCRYPT_LOG_BLOCKS, 8, 2).map_err(failed)?;
    let mut key = Zeroizing::new([0; 64]);
    let salt = [MASTER, &length(&user), &user].concat();
    scrypt::scrypt(&password, &salt, &parameters, &mut key[..]).map_err(|_| Fault::wrong("scrypt failed"))?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key[..]);
    let seed = hmac::sign(&key, &[MASTER, &length(&site), &site, &counter.to_be_bytes()].concat());
    let (first, seed) = seed.as_ref().split_first().expect("a SHA-256 must have bytes");
    let template = templates[usize::from(*first) % templates.len()];
    let drawn = template.bytes().zip(seed).map(|(class, seed)| {
        let characters = characters(class);
        characters[usize::from(*seed) % characters.len()]
    });
    Ok(drawn.collect())
}

/// The length as four bytes, as Go writes a `uint32`.
fn length(text: &[u8]) -> [u8; 4] {
    (text.len() as u32).to_be_bytes()
}

/// What passwords of a kind look like: a letter for each class of characters.
fn templates(kind: &[u8]) -> Option<&'static [&'static str]> {
    Some(match kind {
        b"maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        b"long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        b"medium" => &["CvcnoCvc", "CvcCvcno"],
        b"short" => &["Cvcn"],
        b"basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        b"pin" => &["nnnn"],
        _ => return None,
    })
}

fn characters(class: u8) -> &'static [u8] {
    match class {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

#[cfg(test)]
mod tests;
