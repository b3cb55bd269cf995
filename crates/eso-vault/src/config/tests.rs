//! What is refused before a server is asked, and how what is not refused is read.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eso_core::api::vault::VaultProvider;
use serde_json::{Value, json};

use super::{Address, Authority, Config, ConfigError, Undetected, certificates};
use crate::{
    auth::Method,
    http::{
        Consistency,
        Nearness::{self, Far, Here, Link},
    },
};

/// A store that can work, with some fields in place of its own.
fn spec(more: Value) -> VaultProvider {
    let mut spec = json!({
        "server": "https://vault.example:8200",
        "path": "secret",
        "auth": {"tokenSecretRef": {"name": "vault", "key": "token"}},
    });
    for (name, value) in more.as_object().expect("fields must be an object") {
        spec[name] = value.clone();
    }
    serde_json::from_value(spec).expect("a specification must have its type")
}

fn config(more: Value) -> Result<Config, String> {
    Config::new(&spec(more)).map_err(|error| error.to_string())
}

#[track_caller]
fn refused(more: Value, words: &str) {
    assert_eq!(config(more).map(|_| "accepted"), Err(words.to_owned()));
}

#[track_caller]
fn accepted(more: Value) -> Config {
    config(more).expect("this specification must be accepted")
}

#[test]
fn a_server_is_an_http_address_and_nothing_more() {
    let decorated = "server must hold no user, password, query or fragment";
    let scheme = "server must be an http or https URL";
    let host = "server is not a URL with a host: give it as https://host:port";
    refused(json!({"server": "file:///etc/passwd"}), scheme);
    refused(json!({"server": "unix:///run/vault.sock"}), scheme);
    refused(json!({"server": "vault.example:8200"}), scheme);
    refused(json!({"server": "ftp://vault.example"}), scheme);
    refused(json!({"server": "vault"}), host);
    refused(json!({"server": ""}), host);
    refused(json!({"server": "https://"}), host);
    refused(json!({"server": "https://user@vault.example"}), decorated);
    refused(json!({"server": "https://:word@vault.example"}), decorated);
    refused(json!({"server": "https://vault.example?x=y"}), decorated);
    refused(json!({"server": "https://vault.example#x"}), decorated);
}

#[track_caller]
fn address(server: &str, origin: &str, prefix: &str, nearness: Nearness) {
    let plain = server.trim().starts_with("http:");
    let expected = Address { origin: origin.to_owned(), prefix: prefix.to_owned(), plain, nearness };
    assert_eq!(accepted(json!({"server": server})).address, expected);
}

#[test]
fn an_address_is_read_as_people_write_it() {
    address("https://vault.example", "https://vault.example:443", "/v1", Far);
    address("https://vault.example:8200/", "https://vault.example:8200", "/v1", Far);
    address(" https://Vault.Example\n", "https://vault.example:443", "/v1", Far);
    address("https://proxy.example/vault/", "https://proxy.example:443", "/vault/v1", Far);
    address("http://127.0.0.1:8200", "http://127.0.0.1:8200", "/v1", Here);
    address("http://localhost", "http://localhost:80", "/v1", Here);
    address("http://169.254.1.1:8200", "http://169.254.1.1:8200", "/v1", Link);
    address("http://[::1]:8200", "http://[::1]:8200", "/v1", Here);
}

#[test]
fn a_login_is_part_of_the_specification() {
    refused(json!({"auth": {}}), "no valid auth method specified");
    assert_eq!(accepted(json!({"auth": null})).method, Method::Anonymous);
    let certificate = json!({"cert": {"clientCert": {"name": "c"}, "secretRef": {"name": "c"}}});
    accepted(json!({"auth": certificate}));
    refused(
        json!({"server": "http://vault.example:8200", "auth": certificate}),
        "auth.cert shows a certificate, which only a server with https sees",
    );
}

#[track_caller]
fn shows(tls: Value, expected: Option<(&str, &str)>) {
    let found = accepted(json!({"tls": tls})).client_certificate;
    let found = found.as_ref().map(|found| (&found.certificate, &found.key));
    let keys = found.map(|(certificate, key)| (certificate.key.as_deref(), key.key.as_deref()));
    assert_eq!(keys, expected.map(|(certificate, key)| (Some(certificate), Some(key))));
}

#[test]
fn a_client_certificate_has_two_parts_or_is_none() {
    let (one, other) = (json!({"name": "cert"}), json!({"name": "key", "key": "private"}));
    shows(json!({"certSecretRef": one, "keySecretRef": other}), Some(("tls.crt", "private")));
    shows(
        json!({"certSecretRef": other, "keySecretRef": {"name": "key", "key": ""}}),
        Some(("private", "tls.key")),
    );
    for none in [
        json!(null),
        json!({}),
        json!({"certSecretRef": null}),
        json!({"certSecretRef": {}, "keySecretRef": {}}),
    ] {
        shows(none, None);
    }
    let words = "when provided, both ClientTLS.ClientCert and ClientTLS.SecretRef should be provided";
    refused(json!({"tls": {"certSecretRef": one}}), words);
    refused(json!({"tls": {"keySecretRef": other, "certSecretRef": {"key": "tls.crt"}}}), words);
}

#[test]
fn headers_are_those_that_a_proxy_may_ask_for() {
    let headers = accepted(
        json!({"headers": {"CF-Access-Client-Id": " id\n", "X-Team": "", "Authorization": "Basic grüße"}}),
    )
    .headers;
    assert_eq!(headers.len(), 3);
    assert_eq!(headers["cf-access-client-id"], "id");
    assert_eq!(headers["authorization"].as_bytes(), "Basic grüße".as_bytes());
    assert!(!format!("{headers:?}").contains("Basic"), "a value may be a secret");
    assert!(accepted(json!({"headers": {}})).headers.is_empty());
}

#[test]
fn a_header_that_is_none_or_is_ours_is_refused_by_its_name() {
    for name in [
        "X-Vault-Token",
        "x-vault-namespace",
        "X-VAULT-INDEX",
        "X-Vault-Wrap-TTL",
        "Host",
        "Content-Length",
        "Transfer-Encoding",
        "Proxy-Authorization",
    ] {
        refused(json!({"headers": {name: "x"}}), &format!("headers: {name:?} is the operator's own"));
    }
    for name in ["", "a b", "a:", "ä", "a\nb"] {
        refused(json!({"headers": {name: "x"}}), &format!("headers: {name:?} is no name of a header"));
    }
    for value in ["canary-a\nX-Vault-Token: b", "canary\0", "canary\rb"] {
        refused(
            json!({"headers": {"X-Team": value}}),
            "headers: \"X-Team\" has a value that no header can carry",
        );
    }
}

#[track_caller]
fn is_consistent(more: Value, consistency: Consistency) {
    assert_eq!(accepted(more).consistency, consistency);
}

#[test]
fn either_field_keeps_states_and_both_have_replicas_forward() {
    is_consistent(json!({}), Consistency::Eventual);
    is_consistent(json!({"readYourWrites": false, "forwardInconsistent": null}), Consistency::Eventual);
    is_consistent(json!({"readYourWrites": true}), Consistency::Kept);
    is_consistent(json!({"forwardInconsistent": true}), Consistency::Kept);
    is_consistent(json!({"readYourWrites": true, "forwardInconsistent": true}), Consistency::Forwarded);
}

#[test]
fn versions_are_checked_only_where_there_are_some() {
    let words = "checkAndSet is not supported with Vault KV version v1";
    refused(json!({"version": "v1", "checkAndSet": {"required": true}}), words);
    accepted(json!({"version": "v1", "checkAndSet": {"required": false}}));
    accepted(json!({"version": "v2", "checkAndSet": {"required": true}}));
    accepted(json!({"checkAndSet": {}}));
}

#[test]
fn a_server_is_asked_for_the_version_of_a_mount_that_is_named_without_one() {
    let undetected = |checks| Some(Undetected { path: "secret".to_owned(), checks });
    assert_eq!(accepted(json!({})).undetected, undetected(false));
    assert_eq!(accepted(json!({"version": null})).undetected, undetected(false));
    assert_eq!(accepted(json!({"checkAndSet": {"required": true}})).undetected, undetected(true));
    for more in [json!({"version": "v1"}), json!({"version": "v2"}), json!({"path": null})] {
        assert_eq!(accepted(more).undetected, None);
    }
}

#[test]
fn namespaces_are_trimmed_and_checked() {
    let both = accepted(
        json!({"namespace": " team ", "auth": {"namespace": "root", "tokenSecretRef": {"name": "a"}}}),
    );
    assert_eq!(both.namespace.expect("a namespace must be kept"), "team");
    assert_eq!(both.login_namespace.expect("a namespace must be kept"), "root");
    let one = accepted(json!({"namespace": "team\n"}));
    assert_eq!(one.login_namespace, one.namespace);
    assert_eq!(accepted(json!({"namespace": ""})).namespace, None);
    refused(json!({"namespace": "a\nb"}), "namespace holds characters that no header can carry");
}

#[test]
fn a_path_that_leads_elsewhere_is_refused() {
    refused(json!({"path": "secret/../sys"}), "path: a path must have no . or .. segment");
    refused(json!({"path": "sys"}), "path: sys/ belongs to Vault itself and is no KV mount");
}

fn pem() -> String {
    let key = rcgen::generate_simple_self_signed(["vault.example".to_owned()]);
    key.expect("a certificate must be made").cert.pem()
}

#[test]
fn a_ca_bundle_is_pem_or_base64_of_it_once_or_twice() {
    let pem = pem();
    let once = BASE64_STANDARD.encode(&pem);
    let wrapped =
        once.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line) + "\n").collect::<String>();
    let twice = BASE64_STANDARD.encode(&once);
    for text in [&pem, &once, &wrapped, &twice] {
        let bundle = Authority::Bundle(pem.clone().into_bytes());
        assert_eq!(accepted(json!({"caBundle": text})).authority, bundle);
    }
    let thrice = BASE64_STANDARD.encode(&twice);
    let words = "caBundle holds no PEM certificates, neither as they are nor in base64";
    for text in [thrice.as_str(), "not a certificate", "-----BEGIN CERTIFICATE-----\n", "aGVsbG8="] {
        refused(json!({"caBundle": text}), words);
    }
}

#[test]
fn an_empty_ca_bundle_leaves_the_word_to_the_provider_and_then_to_the_system() {
    let provider = json!({"type": "ConfigMap", "name": "ca", "key": "ca.crt"});
    let given = accepted(json!({"caBundle": "", "caProvider": provider})).authority;
    assert!(matches!(&given, Authority::Provider(provider) if provider.name == "ca"), "{given:?}");
    assert_eq!(accepted(json!({"caBundle": " "})).authority, Authority::System);
    assert_eq!(accepted(json!({})).authority, Authority::System);
}

#[test]
fn several_certificates_are_kept_together() {
    let both = pem() + &pem();
    assert_eq!(certificates("caBundle", both.as_bytes()), Ok(both.clone().into_bytes()));
    let none = certificates("caBundle", b"");
    assert_eq!(none, Err(ConfigError::Certificates("caBundle")));
}
