//! What the signature of a request to AWS must be, worked out step by step as AWS describes it, with nothing of its SDK.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use aws_lc_rs::{digest, hmac};

/// Who signs, and when.
pub(crate) struct Signer<'a> {
    pub(crate) id: &'a str,
    pub(crate) secret: &'a str,
    pub(crate) region: &'a str,
    /// Such as `20150830T123600Z`.
    pub(crate) date: &'a str,
}

impl Signer<'_> {
    /// The `Authorization` of a POST to `/` of the Security Token Service with this body and these headers, the host
    /// among them, whose names are lower case and sorted.
    pub(crate) fn authorization(&self, body: &str, headers: &[(&str, &str)]) -> String {
        let Self { id, secret, region, date } = self;
        let day = &date[..8];
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let canonical = format!("POST\n/\n\n{lines}\n{names}\n{}", sha256(body));
        let scope = format!("{day}/{region}/sts/aws4_request");
        let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256(&canonical));
        let key = hmac(format!("AWS4{secret}").as_bytes(), day);
        let key = [region, "sts", "aws4_request"].iter().fold(key, |key, part| hmac(&key, part));
        let signature = hex(&hmac(&key, &to_sign));
        format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}")
    }
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn sha256(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
