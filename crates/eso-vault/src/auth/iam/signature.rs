//! The request `GetCallerIdentity`, signed, in the form in which Vault's AWS method takes it.

use std::{collections::BTreeMap, time::SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

const METHOD: &str = "POST";

const BODY: &str = "Action=GetCallerIdentity&Version=2011-06-15";

const CONTENT_TYPE: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");

const SERVER_ID: &str = "X-Vault-AWS-IAM-Server-ID";

/// What is signed, by whom and when.
pub(super) struct Signing<'a> {
    pub(super) region: &'a str,
    pub(super) server_id: Option<&'a str>,
    pub(super) credentials: Credentials,
    pub(super) now: SystemTime,
}

/// A signed request in Vault's fields: all but the method are in base64, and the headers are JSON before.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) body: String,
    pub(super) headers: String,
}

impl Signing<'_> {
    /// The request; `None` where the credentials cannot sign.
    pub(super) fn request(self) -> Option<Signed> {
        let Self { region, server_id, credentials, now } = self;
        let url = url(region);
        let mut headers: BTreeMap<String, String> = [Some(CONTENT_TYPE), server_id.map(|id| (SERVER_ID, id))]
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let identity = credentials.into();
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name("sts")
            .time(now)
            .settings(SigningSettings::default())
            .build()
            .ok()?
            .into();
        let given = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let request = SignableRequest::new(METHOD, &url, given, SignableBody::Bytes(BODY.as_bytes())).ok()?;
        let (instructions, _signature) = sign(request, &parameters).ok()?.into_parts();
        let (signed, _query) = instructions.into_parts();
        headers.extend(signed.iter().map(|header| (header.name().to_owned(), header.value().to_owned())));
        let headers = serde_json::to_string(&headers).expect("texts must be JSON");
        Some(Signed {
            method: METHOD.to_owned(),
            url: BASE64_STANDARD.encode(url),
            body: BASE64_STANDARD.encode(BODY),
            headers: BASE64_STANDARD.encode(headers),
        })
    }
}

/// Where the request is for: Vault takes the host from it, and sends it to where it is configured to.
///
/// In the default region it is the global one, which is what Vault asks where nothing else is configured.
fn url(region: &str) -> String {
    match region {
        "us-east-1" => "https://sts.amazonaws.com/".to_owned(),
        region if region.starts_with("cn-") => format!("https://sts.{region}.amazonaws.com.cn/"),
        region => format!("https://sts.{region}.amazonaws.com/"),
    }
}

#[cfg(test)]
mod tests;
