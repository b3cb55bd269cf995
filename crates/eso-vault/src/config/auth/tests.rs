//! How each method of logging in is read, with the original's defaults, and what is refused before a server is asked.

use std::time::Duration;

use eso_core::api::{
    selectors::{SecretKeySelector, ServiceAccountSelector},
    vault::VaultAuth,
};
use serde_json::{Value, json};

use super::method;
use crate::auth::{
    AppRole, AwsIdentity, AwsKeys, AwsRole, Certificate, Gcp, GcpIdentity, Iam, Jwt, JwtSource, Kubernetes,
    Method, Password, RoleId, TokenOfServiceAccount,
};

fn read(auth: Value) -> Result<Method, String> {
    let auth: VaultAuth = serde_json::from_value(auth).expect("an auth must have its type");
    method(&auth).map_err(|error| error.to_string())
}

#[track_caller]
fn check(auth: Value, expected: Method) {
    assert_eq!(read(auth), Ok(expected));
}

#[track_caller]
fn refused(auth: Value, words: &str) {
    assert_eq!(read(auth), Err(words.to_owned()));
}

fn secret(name: &str, key: Option<&str>) -> SecretKeySelector {
    SecretKeySelector { name: name.to_owned(), namespace: None, key: key.map(str::to_owned) }
}

fn account(name: &str, audiences: &[&str]) -> ServiceAccountSelector {
    let audiences = audiences.iter().map(ToString::to_string).collect();
    ServiceAccountSelector { name: name.to_owned(), namespace: None, audiences }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn exactly_one_method_is_asked_for() {
    refused(json!({}), "no valid auth method specified");
    refused(json!({"namespace": "team"}), "no valid auth method specified");
    refused(json!({"jwt": null}), "no valid auth method specified");
    let token = json!({"name": "a", "key": "b"});
    refused(
        json!({"tokenSecretRef": token, "kubernetes": {"mountPath": "kubernetes", "role": "r"}}),
        "more than one auth method is specified: tokenSecretRef, kubernetes",
    );
    refused(
        json!({"userPass": {"username": "u"}, "tokenSecretRef": token, "gcp": {"role": "r"}, "kerberos": {}}),
        "more than one auth method is specified: tokenSecretRef, userPass, gcp, kerberos",
    );
    refused(json!({"kerberos": {}}), "auth.kerberos is not served by this version");
    check(json!({"tokenSecretRef": token, "kerberos": null}), Method::Token(secret("a", Some("b"))));
}

#[test]
fn a_token_is_named() {
    check(json!({"tokenSecretRef": {"name": "a", "key": "b"}}), Method::Token(secret("a", Some("b"))));
    refused(json!({"tokenSecretRef": {}}), "auth.tokenSecretRef names no object");
}

#[test]
fn an_app_role_has_its_role_id_from_either_place() {
    check(
        json!({"appRole": {"roleId": " id ", "secretRef": {"name": "s", "key": "k"}}}),
        Method::AppRole(AppRole {
            mount: "approle".to_owned(),
            role_id: RoleId::Literal("id".to_owned()),
            secret_id: secret("s", Some("k")),
        }),
    );
    check(
        json!({"appRole": {"path": "/team/approle/", "roleId": "", "roleRef": {"name": "r"}, "secretRef": {"name": "s"}}}),
        Method::AppRole(AppRole {
            mount: "team/approle".to_owned(),
            role_id: RoleId::Reference(secret("r", None)),
            secret_id: secret("s", None),
        }),
    );
    refused(
        json!({"appRole": {"secretRef": {"name": "s"}}}),
        "invalid Auth.AppRole: neither `roleId` nor `roleRef` was supplied",
    );
    refused(json!({"appRole": {"roleId": "r", "secretRef": {}}}), "auth.appRole.secretRef names no object");
}

#[track_caller]
fn kubernetes(more: Value, token: TokenOfServiceAccount) {
    let mut auth = json!({"mountPath": "kubernetes", "role": "reader"});
    for (name, value) in more.as_object().expect("fields must be an object") {
        auth[name] = value.clone();
    }
    let expected = Kubernetes { mount: "kubernetes".to_owned(), role: "reader".to_owned(), token };
    check(json!({"kubernetes": auth}), Method::Kubernetes(expected));
}

#[test]
fn kubernetes_shows_the_token_that_is_named_first() {
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
        TokenOfServiceAccount::Requested(account("app", &["v"])),
    );
}

fn password(mount: &str, username: &str) -> Method {
    Method::Password(Password {
        mount: mount.to_owned(),
        username: username.to_owned(),
        password: secret("s", Some("k")),
    })
}

#[test]
fn users_have_a_name_and_a_password() {
    for (method, mount) in [("ldap", "ldap"), ("userPass", "userpass")] {
        let auth = |path: Value, username: &str| {
            let secret = json!({"name": "s", "key": "k"});
            json!({method: {"path": path, "username": username, "secretRef": secret}})
        };
        check(auth(Value::Null, " mitchellh\n"), password(mount, "mitchellh"));
        check(auth(json!(""), "a.b@example.com"), password(mount, "a.b@example.com"));
        check(auth(json!("team/users/"), "ÖU Ä"), password("team/users", "ÖU Ä"));
        refused(auth(Value::Null, " "), &format!("auth.{method}.username must not be empty"));
        for (username, problem) in [
            ("../../sys/seal", "a path must have no . or .. segment"),
            ("a//b", "a path must have no empty segment (//)"),
            ("a?b", "a path must have no '?' in it"),
            ("a%2fb", "a path must have no encoded dot, slash, backslash or null in it: write it plain"),
        ] {
            refused(auth(Value::Null, username), &format!("auth.{method}.username: {problem}"));
        }
        let nobody = json!({method: {"username": "u"}});
        refused(nobody, &format!("auth.{method}.secretRef names no object"));
    }
}

#[test]
fn a_mount_leads_down() {
    for (auth, field) in [
        (
            json!({"appRole": {"path": "../sys", "roleId": "r", "secretRef": {"name": "s"}}}),
            "auth.appRole.path",
        ),
        (json!({"kubernetes": {"mountPath": "a/../b", "role": "r"}}), "auth.kubernetes.mountPath"),
        (json!({"cert": {"path": ".."}}), "auth.cert.path"),
        (json!({"gcp": {"path": "./gcp", "role": "r"}}), "auth.gcp.path"),
    ] {
        refused(auth, &format!("{field}: a path must have no . or .. segment"));
    }
}

fn jwt(role: Option<&str>, source: JwtSource) -> Method {
    Method::Jwt(Jwt { mount: "jwt".to_owned(), role: role.map(str::to_owned), source })
}

#[track_caller]
fn requested(more: Value, audiences: &[&str], lifetime: u64) {
    let mut token = json!({"serviceAccountRef": {"name": "app", "audiences": ["own"]}});
    for (name, value) in more.as_object().expect("fields must be an object") {
        token[name] = value.clone();
    }
    let source = JwtSource::Requested {
        account: account("app", &["own"]),
        audiences: audiences.iter().map(ToString::to_string).collect(),
        lifetime: Duration::from_secs(lifetime),
    };
    check(json!({"jwt": {"kubernetesServiceAccountToken": token}}), jwt(None, source));
}

#[test]
fn a_jwt_is_kept_or_asked_for_with_the_originals_defaults() {
    let kept = || JwtSource::Kept(secret("s", Some("k")));
    let named = json!({"name": "s", "key": "k"});
    check(json!({"jwt": {"role": " r ", "secretRef": named}}), jwt(Some("r"), kept()));
    let token = json!({"serviceAccountRef": {"name": "app"}});
    check(
        json!({"jwt": {"role": "", "secretRef": named, "kubernetesServiceAccountToken": token}}),
        jwt(None, kept()),
    );
    requested(json!({}), &["vault"], 600);
    requested(json!({"audiences": null, "expirationSeconds": null}), &["vault"], 600);
    requested(json!({"audiences": []}), &[], 600);
    requested(json!({"audiences": ["a", "b"], "expirationSeconds": 3600}), &["a", "b"], 3600);
    requested(json!({"expirationSeconds": 1}), &["vault"], 600);
    requested(json!({"expirationSeconds": -1}), &["vault"], 600);
    refused(
        json!({"jwt": {"role": "r"}}),
        "neither `secretRef` nor `kubernetesServiceAccountToken` was supplied as token source for jwt authentication",
    );
    refused(json!({"jwt": {"secretRef": {}}}), "auth.jwt.secretRef names no object");
}

#[test]
fn a_certificate_has_a_key() {
    let both =
        json!({"clientCert": {"name": "c", "key": "tls.crt"}, "secretRef": {"name": "c", "key": "tls.key"}});
    let certificate = |mount: &str, role| {
        Method::Certificate(Certificate {
            mount: mount.to_owned(),
            role,
            certificate: secret("c", Some("tls.crt")),
            key: secret("c", Some("tls.key")),
        })
    };
    check(json!({"cert": both}), certificate("cert", None));
    let mut more = both;
    more["path"] = json!("pki/cert");
    more["vaultRole"] = json!("app");
    check(json!({"cert": more}), certificate("pki/cert", text("app")));
    refused(json!({"cert": {"secretRef": {"name": "c"}}}), "auth.cert.clientCert names no object");
    refused(json!({"cert": {"clientCert": {"name": "c"}}}), "auth.cert.secretRef names no object");
}

fn iam(identity: AwsIdentity) -> Iam {
    Iam {
        mount: "aws".to_owned(),
        vault_role: text("reader"),
        region: "us-east-1".to_owned(),
        server_id: None,
        identity,
        role: None,
    }
}

#[track_caller]
fn check_iam(more: Value, expected: Iam) {
    check(json!({"iam": with_role(more)}), Method::Iam(expected));
}

fn with_role(mut fields: Value) -> Value {
    fields["vaultRole"] = json!("reader");
    fields
}

#[test]
fn an_identity_of_aws_is_the_one_that_is_named_first() {
    let keys = json!({
        "accessKeyIDSecretRef": {"name": "s", "key": "id"},
        "secretAccessKeySecretRef": {"name": "s", "key": "secret"},
    });
    let read_keys = |token| {
        AwsIdentity::Keys(AwsKeys { id: secret("s", Some("id")), secret: secret("s", Some("secret")), token })
    };
    let service_account = json!({"serviceAccountRef": {"name": "app", "audiences": ["a"]}});
    check_iam(json!({}), iam(AwsIdentity::Own));
    check_iam(json!({"secretRef": keys}), iam(read_keys(None)));
    let mut temporary = keys.clone();
    temporary["sessionTokenSecretRef"] = json!({"name": "s", "key": "token"});
    check_iam(json!({"secretRef": temporary}), iam(read_keys(Some(secret("s", Some("token"))))));
    check_iam(
        json!({"secretRef": keys, "jwt": service_account}),
        iam(AwsIdentity::ServiceAccount(account("app", &["a"]))),
    );
    refused(json!({"iam": with_role(json!({"jwt": {}}))}), "auth.iam.jwt names no object");
    refused(
        json!({"iam": with_role(json!({"secretRef": {}}))}),
        "auth.iam.secretRef.accessKeyIDSecretRef names no object",
    );
}

#[test]
fn a_role_of_aws_and_what_its_trust_policy_asks_for_go_together() {
    let role = |external_id| AwsRole { arn: "arn:aws:iam::1:role/r".to_owned(), external_id };
    let arn = "arn:aws:iam::1:role/r";
    check_iam(json!({"role": arn}), Iam { role: Some(role(None)), ..iam(AwsIdentity::Own) });
    check_iam(
        json!({"role": arn, "externalID": "x"}),
        Iam { role: Some(role(text("x"))), ..iam(AwsIdentity::Own) },
    );
    check_iam(json!({"role": "", "externalID": "x"}), iam(AwsIdentity::Own));
}

#[test]
fn a_region_and_a_server_id_are_checked() {
    check_iam(
        json!({"region": "eu-west-1", "path": "/aws-eu/", "vaultAwsIamServerID": " vault.example.com "}),
        Iam {
            mount: "aws-eu".to_owned(),
            region: "eu-west-1".to_owned(),
            server_id: text("vault.example.com"),
            ..iam(AwsIdentity::Own)
        },
    );
    let region = "auth.iam.region must be the name of a region, such as us-east-1";
    for wrong in ["evil.example/", "a b", "a@b", &"a".repeat(64)] {
        refused(json!({"iam": with_role(json!({"region": wrong}))}), region);
    }
    refused(
        json!({"iam": with_role(json!({"vaultAwsIamServerID": "a\nb"}))}),
        "auth.iam.vaultAwsIamServerID holds characters that no header can carry",
    );
}

#[test]
fn an_identity_of_google_is_a_key_or_the_operators_own() {
    let gcp = |mount: &str, identity| {
        Method::Gcp(Gcp { mount: mount.to_owned(), role: "reader".to_owned(), identity })
    };
    let key = json!({"secretAccessKeySecretRef": {"name": "s", "key": "k"}});
    let with = |more: Value| {
        let mut fields = json!({"role": "reader", "projectID": "demo", "location": "here"});
        for (name, value) in more.as_object().expect("fields must be an object") {
            fields[name] = value.clone();
        }
        json!({"gcp": fields})
    };
    let workload = json!({"serviceAccountRef": {"name": "app"}, "clusterProjectID": "demo"});
    check(with(json!({})), gcp("gcp", GcpIdentity::Own));
    check(with(json!({"serviceAccountRef": {"name": "app"}})), gcp("gcp", GcpIdentity::Own));
    check(
        with(json!({"secretRef": key, "workloadIdentity": workload, "path": "g"})),
        gcp("g", GcpIdentity::Key(secret("s", Some("k")))),
    );
    refused(
        with(json!({"workloadIdentity": workload})),
        "auth.gcp.workloadIdentity is not served by this version: Vault's gcp method can be used with a secretRef, or \
         with the identity of the operator's own pod",
    );
    refused(with(json!({"secretRef": {}})), "auth.gcp.secretRef.secretAccessKeySecretRef names no object");
    refused(json!({"gcp": {"role": ""}}), "auth.gcp.role must not be empty");
}
