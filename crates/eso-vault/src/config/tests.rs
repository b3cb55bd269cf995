//! What is refused before a server is asked, and how what is not refused is read.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eso_core::api::{
    selectors::{SecretKeySelector, ServiceAccountSelector},
    vault::VaultProvider,
};
use serde_json::{Value, json};

use super::{Address, Authority, Config, ConfigError, certificates};
use crate::auth::{AppRole, Kubernetes, Method, RoleId, TokenOfServiceAccount};

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
fn exactly_one_auth_method_is_asked_for() {
    refused(json!({"auth": {}}), "no valid auth method specified");
    refused(json!({"auth": {"namespace": "team"}}), "no valid auth method specified");
    let token = json!({"name": "a", "key": "b"});
    refused(
        json!({"auth": {"tokenSecretRef": token, "kubernetes": {"mountPath": "kubernetes", "role": "r"}}}),
        "more than one auth method is specified: tokenSecretRef, kubernetes",
    );
    refused(
        json!({"auth": {"tokenSecretRef": token, "jwt": {"role": "r"}}}),
        "more than one auth method is specified: tokenSecretRef, jwt",
    );
    refused(json!({"auth": {"jwt": {"role": "r"}}}), "auth.jwt is not served by this version");
    refused(json!({"auth": {"userPass": {}}}), "auth.userPass is not served by this version");
    refused(
        json!({"auth": {"appRole": {"secretRef": token}}}),
        "invalid Auth.AppRole: neither `roleId` nor `roleRef` was supplied",
    );
    assert_eq!(accepted(json!({"auth": null})).method, Method::Anonymous);
}

fn secret(name: &str, key: Option<&str>) -> SecretKeySelector {
    SecretKeySelector { name: name.to_owned(), namespace: None, key: key.map(str::to_owned) }
}

#[track_caller]
fn method(auth: Value, expected: Method) {
    assert_eq!(accepted(json!({"auth": auth})).method, expected);
}

#[test]
fn methods_are_read_with_their_defaults() {
    method(json!({"tokenSecretRef": {"name": "a", "key": "b"}}), Method::Token(secret("a", Some("b"))));
    method(
        json!({"appRole": {"roleId": " id ", "secretRef": {"name": "s", "key": "k"}}}),
        Method::AppRole(AppRole {
            mount: "approle".to_owned(),
            role_id: RoleId::Literal("id".to_owned()),
            secret_id: secret("s", Some("k")),
        }),
    );
    method(
        json!({"appRole": {"path": "/team/approle/", "roleId": "", "roleRef": {"name": "r"}, "secretRef": {"name": "s"}}}),
        Method::AppRole(AppRole {
            mount: "team/approle".to_owned(),
            role_id: RoleId::Reference(secret("r", None)),
            secret_id: secret("s", None),
        }),
    );
}

#[track_caller]
fn kubernetes(more: Value, token: TokenOfServiceAccount) {
    let mut auth = json!({"mountPath": "kubernetes", "role": "reader"});
    for (name, value) in more.as_object().expect("fields must be an object") {
        auth[name] = value.clone();
    }
    let expected = Kubernetes { mount: "kubernetes".to_owned(), role: "reader".to_owned(), token };
    method(json!({"kubernetes": auth}), Method::Kubernetes(expected));
}

#[test]
fn kubernetes_shows_the_token_that_is_named_first() {
    let account =
        ServiceAccountSelector { name: "app".to_owned(), namespace: None, audiences: vec!["v".to_owned()] };
    let named = json!({"name": "app", "audiences": ["v"]});
    kubernetes(json!({}), TokenOfServiceAccount::Own);
    kubernetes(json!({"secretRef": {"name": "s"}}), TokenOfServiceAccount::Kept(secret("s", Some("token"))));
    kubernetes(
        json!({"secretRef": {"name": "s", "key": ""}}),
        TokenOfServiceAccount::Kept(secret("s", Some("token"))),
    );
    kubernetes(
        json!({"secretRef": {"name": "s", "key": "k"}}),
        TokenOfServiceAccount::Kept(secret("s", Some("k"))),
    );
    kubernetes(
        json!({"serviceAccountRef": named, "secretRef": {"name": "s"}}),
        TokenOfServiceAccount::Requested(account),
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
