//! What is refused before a server is asked, and how what is not refused is read.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eso_core::api::vault::VaultProvider;
use serde_json::{Value, json};

use super::{Address, Authority, Config, ConfigError, certificates};
use crate::auth::Method;

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
fn address(server: &str, origin: &str, prefix: &str, loopback: bool) {
    let plain = server.trim().starts_with("http:");
    let expected = Address { origin: origin.to_owned(), prefix: prefix.to_owned(), plain, loopback };
    assert_eq!(accepted(json!({"server": server})).address, expected);
}

#[test]
fn an_address_is_read_as_people_write_it() {
    address("https://vault.example", "https://vault.example:443", "/v1", false);
    address("https://vault.example:8200/", "https://vault.example:8200", "/v1", false);
    address(" https://Vault.Example\n", "https://vault.example:443", "/v1", false);
    address("https://proxy.example/vault/", "https://proxy.example:443", "/vault/v1", false);
    address("http://127.0.0.1:8200", "http://127.0.0.1:8200", "/v1", true);
    address("http://localhost", "http://localhost:80", "/v1", true);
    address("http://[::1]:8200", "http://[::1]:8200", "/v1", true);
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

#[test]
fn a_field_that_would_change_reads_is_refused_by_its_name() {
    refused(json!({"tls": {"certSecretRef": {}}}), "tls is not served by this version");
    refused(json!({"headers": {"x": "y"}}), "headers is not served by this version");
    refused(json!({"forwardInconsistent": true}), "forwardInconsistent is not served by this version");
    refused(json!({"readYourWrites": true}), "readYourWrites is not served by this version");
    accepted(json!({"tls": {}, "headers": {}, "forwardInconsistent": false, "readYourWrites": null}));
    accepted(json!({"checkAndSet": {"required": true}}));
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
