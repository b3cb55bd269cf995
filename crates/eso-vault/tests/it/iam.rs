//! The AWS method, against a scripted Vault that checks the signature, and a scripted Security Token Service.

use std::{collections::BTreeMap, process::Command};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use eso_core::error::ErrorKind::{self, Invalid, Throttled, Unauthenticated, Unavailable};
use eso_rig::{Reply, Scripted, ScriptedRequest};
use eso_testkit::{canary::assert_absent, connection::Asked};
use eso_vault::Vault;
use serde_json::{Value, json};

use crate::{
    aws_signature::Signer,
    fixture::{Setting, expect_kind, granted, read, scripted, spec, with},
};

const LOG_IN: &str = "/v1/auth/aws/login";

const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

const ROLE: &str = "arn:aws:iam::123456789012:role/reader";

/// A Vault that logs in whoever signs.
async fn vault() -> Scripted {
    let server = scripted().await;
    server.always("POST", LOG_IN, granted("s.aws", 0));
    server
}

/// A Security Token Service that gives temporary keys for either call, each answer with a number of its own.
async fn sts() -> Scripted {
    let server = Scripted::start().await.expect("a scripted server must start");
    let mut given = 0;
    server.otherwise(move |request| {
        given += 1;
        let action = field(request, "Action");
        Some(Reply::status(200).body(format!(
            "<{action}Response><{action}Result><Credentials><AccessKeyId>ASIA{given}</AccessKeyId>\
             <SecretAccessKey>temporary-{given}</SecretAccessKey><SessionToken>session-{given}</SessionToken>\
             <Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></{action}Result></{action}Response>"
        )))
    });
    server
}

fn refusal(status: u16, code: &str) -> Reply {
    let text = "<Message>canary: who may do what</Message>";
    Reply::status(status).body(format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>{text}</Error></ErrorResponse>"
    ))
}

/// A field of a form.
fn field(request: &ScriptedRequest, name: &str) -> String {
    let form = String::from_utf8_lossy(&request.body).into_owned();
    let value = form.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    value.unwrap_or_default().replace("%3A", ":").replace("%2F", "/")
}

fn setting(sts: &Scripted) -> Setting {
    let vault = Vault::new().with_sts_endpoint(Some(sts.url()));
    let setting = Setting { vault, ..Setting::new() };
    for (key, value) in [("id", KEY_ID), ("secret", SECRET)] {
        setting.credentials.put_secret("aws", key, format!("{value}\n"));
    }
    setting
}

fn keys() -> Value {
    json!({"secretRef": {
        "accessKeyIDSecretRef": {"name": "aws", "key": "id"},
        "secretAccessKeySecretRef": {"name": "aws", "key": "secret"},
    }})
}

fn by_iam(fields: Value, more: Value) -> Value {
    json!({"iam": with(with(fields, json!({"vaultRole": "reader"})), more)})
}

/// The headers of the request in a login, whose signature is checked: it must be that of these keys.
#[track_caller]
fn signed_by(
    login: &Value,
    (id, secret): (&str, &str),
    region: &str,
    host: &str,
) -> BTreeMap<String, String> {
    let text = |field: &str| {
        let bytes = BASE64_STANDARD.decode(login[field].as_str().expect("a field must be text"));
        String::from_utf8(bytes.expect("a field must be base64")).expect("a field must hold text")
    };
    assert_eq!(login["iam_http_request_method"], "POST");
    assert_eq!(text("iam_request_url"), format!("https://{host}/"));
    assert_eq!(text("iam_request_body"), "Action=GetCallerIdentity&Version=2011-06-15");
    let headers: BTreeMap<String, String> =
        serde_json::from_str(&text("iam_request_headers")).expect("headers must be JSON");
    let headers: BTreeMap<_, _> =
        headers.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
    let mut signed: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    signed.retain(|(name, _)| *name != "authorization");
    signed.push(("host", host));
    signed.sort_unstable();
    let signer = Signer { id, secret, region, date: &headers["x-amz-date"] };
    assert_eq!(headers["authorization"], signer.authorization(&text("iam_request_body"), &signed));
    headers
}

fn logins(server: &Scripted) -> Vec<Value> {
    server.requests().iter().filter(|request| request.path == LOG_IN).map(ScriptedRequest::json).collect()
}

#[tokio::test]
async fn keys_sign_a_request_that_only_this_vault_can_use() {
    let (vault, sts) = (vault().await, sts().await);
    let setting = setting(&sts);
    let server_id = json!({"vaultAwsIamServerID": "vault.example.com"});
    let store = setting.store(spec(&vault.url(), by_iam(keys(), server_id))).await;
    for _ in 0..3 {
        assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    }
    let logins = logins(&vault);
    let [login] = logins.as_slice() else { panic!("there must be one login") };
    assert_eq!(login["role"], "reader");
    let headers = signed_by(login, (KEY_ID, SECRET), "us-east-1", "sts.amazonaws.com");
    assert_eq!(headers["x-vault-aws-iam-server-id"], "vault.example.com");
    assert_eq!(headers.get("x-amz-security-token"), None);
    assert!(sts.requests().is_empty(), "keys cost no call to AWS");
    assert_absent("the login", &login.to_string(), SECRET);
    let secret = |key: &str| Asked::SecretKey { name: "aws".to_owned(), key: key.to_owned() };
    assert_eq!(setting.credentials.asked(), [secret("id"), secret("secret")]);
}

#[tokio::test]
async fn temporary_keys_and_another_region_are_signed_for_as_such() {
    let (vault, sts) = (vault().await, sts().await);
    let setting = setting(&sts);
    setting.credentials.put_secret("aws", "token", "session-token==");
    let mut fields = keys();
    fields["secretRef"]["sessionTokenSecretRef"] = json!({"name": "aws", "key": "token"});
    let path = "/v1/auth/team/aws/login";
    vault.always("POST", path, granted("s.aws", 0));
    let more = json!({"region": "eu-west-1", "path": "team/aws"});
    let store = setting.store(spec(&vault.url(), by_iam(fields, more))).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    let requests = vault.requests();
    let login = requests.iter().find(|request| request.path == path).expect("it must log in there").json();
    let headers = signed_by(&login, (KEY_ID, SECRET), "eu-west-1", "sts.eu-west-1.amazonaws.com");
    assert_eq!(headers["x-amz-security-token"], "session-token==");
}

#[tokio::test]
async fn a_role_is_assumed_first_at_the_cost_of_one_call() {
    let (vault, sts) = (vault().await, sts().await);
    let setting = setting(&sts);
    let role = json!({"role": ROLE, "externalID": "of-the-store"});
    let store = setting.store(spec(&vault.url(), by_iam(keys(), role))).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    let requests = sts.requests();
    let [asked] = requests.as_slice() else { panic!("there must be one call to AWS") };
    let sent = ["Action", "RoleArn", "ExternalId", "RoleSessionName"].map(|name| field(asked, name));
    assert_eq!(sent, ["AssumeRole", ROLE, "of-the-store", "external-secrets-provider-vault"]);
    assert!(asked.header("authorization").contains(KEY_ID), "the keys ask for the role");
    let headers = signed_by(&logins(&vault)[0], ("ASIA1", "temporary-1"), "us-east-1", "sts.amazonaws.com");
    assert_eq!(headers["x-amz-security-token"], "session-1", "and the role signs");
    assert_eq!((setting.calls.count("AssumeRole"), setting.calls.count("Login")), (1, 1));
}

#[tokio::test]
async fn a_service_account_logs_in_as_the_role_of_its_annotation() {
    let (vault, sts) = (vault().await, sts().await);
    let setting = setting(&sts);
    setting.credentials.put_token("app", "token-of-app");
    let jwt = || json!({"jwt": {"serviceAccountRef": {"name": "app", "audiences": ["own"]}}});
    let connect = async |more: Value| setting.connect(spec(&vault.url(), by_iam(jwt(), more))).await;

    setting.credentials.annotate("app", &[]);
    let words = expect_kind(connect(json!({})).await, Unauthenticated);
    let said = "cannot initialize Vault client: an IAM role must be associated with service account app: annotate it \
                with eks.amazonaws.com/role-arn";
    assert_eq!(words, said);

    setting.credentials.annotate("app", &[("eks.amazonaws.com/role-arn", ROLE)]);
    let store = connect(json!({})).await.expect("the store must connect");
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    let audience = [("eks.amazonaws.com/role-arn", ROLE), ("eks.amazonaws.com/audience", "sts.example")];
    setting.credentials.annotate("app", &audience);
    connect(json!({"role": "arn:aws:iam::1:role/second"})).await.expect("the store must connect");

    let requests = sts.requests();
    let [first, second, third] = requests.as_slice() else { panic!("there must be three calls to AWS") };
    for asked in [first, second] {
        let names = ["Action", "RoleArn", "WebIdentityToken", "RoleSessionName"];
        let sent = names.map(|name| field(asked, name));
        let expected = ["AssumeRoleWithWebIdentity", ROLE, "token-of-app", "external-secrets-provider-vault"];
        assert_eq!(sent, expected);
        assert_eq!(asked.header("authorization"), "", "the token speaks for itself");
    }
    assert_eq!(
        [field(third, "Action"), field(third, "RoleArn")],
        ["AssumeRole", "arn:aws:iam::1:role/second"]
    );
    assert!(
        third.header("authorization").contains("ASIA2"),
        "the service account's role asks for the second"
    );
    let logins = logins(&vault);
    signed_by(&logins[0], ("ASIA1", "temporary-1"), "us-east-1", "sts.amazonaws.com");
    signed_by(&logins[1], ("ASIA3", "temporary-3"), "us-east-1", "sts.amazonaws.com");
    let audiences: Vec<_> = setting
        .credentials
        .asked()
        .into_iter()
        .filter_map(|asked| match asked {
            Asked::Token { audiences, .. } => Some(audiences),
            Asked::SecretKey { .. } | Asked::CertificateAuthority { .. } | Asked::Annotations { .. } => None,
        })
        .collect();
    assert_eq!(audiences, [vec!["sts.amazonaws.com"], vec!["sts.example"]]);
}

#[tokio::test]
async fn what_aws_refuses_and_what_vault_refuses_are_told_apart() {
    let (vault, sts) = (vault().await, sts().await);
    let setting = setting(&sts);
    let connect = async |more: Value| setting.connect(spec(&vault.url(), by_iam(keys(), more))).await;
    let role = || json!({"role": ROLE});
    for (reply, kind, clause) in [
        (refusal(403, "AccessDenied"), Unauthenticated, "AWS does not give the role"),
        (refusal(403, "InvalidClientTokenId"), Unauthenticated, "AWS does not accept the credentials"),
        (refusal(400, "Throttling"), Throttled, "less often"),
        (Reply::status(503), Unavailable, "AWS STS cannot answer now"),
        (refusal(400, "ValidationError"), Invalid, "AWS STS does not accept the request"),
    ] {
        sts.once("POST", "/", reply);
        refused(connect(role()).await.map(drop), kind, clause);
    }
    assert!(logins(&vault).is_empty(), "Vault is asked nothing where nobody can sign");
    for (status, said, clause) in [
        (400, "entry for role canary not found", "the auth method has no such role"),
        (
            400,
            "error validating X-Vault-AWS-IAM-Server-ID header: expected \"canary\"",
            "vaultAwsIamServerID",
        ),
        (
            400,
            "error making upstream request: received error code 403 from STS: canary",
            "AWS does not take the signature",
        ),
        (
            400,
            "IAM Principal \"canary\" does not belong to the role \"canary\"",
            "the role does not allow this identity",
        ),
    ] {
        vault.once("POST", LOG_IN, Reply::json(status, &json!({"errors": [said]})));
        refused(connect(json!({})).await.map(drop), Unauthenticated, clause);
    }
    setting.credentials.put_secret("aws", "secret", "two words");
    refused(connect(json!({})).await.map(drop), Unauthenticated, "are no keys of AWS");
}

#[track_caller]
fn refused(connected: Result<(), eso_core::error::ProviderError>, kind: ErrorKind, clause: &str) {
    let words = expect_kind(connected, kind);
    assert!(words.starts_with("cannot initialize Vault client: ") && words.contains(clause), "{words}");
    assert!(!words.contains("canary"), "{words}");
}

#[tokio::test]
async fn a_store_of_a_namespace_does_not_sign_as_the_operator() {
    let (vault, sts) = (vault().await, sts().await);
    let setting = setting(&sts);
    for more in [json!({}), json!({"role": ROLE, "vaultAwsIamServerID": "vault.example.com"})] {
        let connected = setting.connect(spec(&vault.url(), by_iam(json!({}), more))).await;
        let words = expect_kind(connected, Invalid);
        let said =
            "a SecretStore cannot log in as the operator itself: name auth.iam.jwt or auth.iam.secretRef";
        assert!(words.ends_with(said), "{words}");
    }
    assert!(vault.requests().is_empty() && sts.requests().is_empty());
}

/// Where the child finds the Vault to log in to.
const VAULT: &str = "ESO_TEST_VAULT";

/// What the environment of another process makes of a login: it is read by [`the_operator_logs_in`], which is ignored
/// unless it is asked for, because a variable of this process would be every test's.
async fn as_the_operator(vault: &Scripted, variables: &[(&str, &str)]) {
    let mut child = Command::new(std::env::current_exe().expect("a test must have a program"));
    child.args(["--exact", "iam::the_operator_logs_in", "--ignored"]);
    let ours = std::env::vars().filter(|(name, _)| name.starts_with("AWS_"));
    ours.for_each(|(name, _)| {
        child.env_remove(name);
    });
    let files = [("AWS_CONFIG_FILE", "/nonexistent"), ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")];
    child.envs(files).env(VAULT, vault.url()).envs(variables.iter().copied());
    passes(child).await;
}

async fn passes(mut child: Command) {
    let output = tokio::task::spawn_blocking(move || child.output().expect("a child must run")).await;
    let output = output.expect("a child must be waited for");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[tokio::test]
#[ignore = "run in a process with an environment of its own, by the tests below"]
async fn the_operator_logs_in() {
    let before: BTreeMap<_, _> = std::env::vars().collect();
    let setting = Setting::new();
    setting.credentials.set_lends_own_identity(true);
    let vault = std::env::var(VAULT).expect("the parent must say where Vault is");
    let store = setting.store(spec(&vault, by_iam(json!({}), json!({})))).await;
    assert_eq!(read(&store, "app").await, json!({"first": "1"}));
    assert_eq!(setting.calls.count("Login"), 1);
    assert_eq!(
        std::env::vars().collect::<BTreeMap<_, _>>(),
        before,
        "the environment is read, never written"
    );
}

#[tokio::test]
async fn the_operator_signs_with_keys_of_its_environment() {
    let vault = vault().await;
    as_the_operator(&vault, &[("AWS_ACCESS_KEY_ID", KEY_ID), ("AWS_SECRET_ACCESS_KEY", SECRET)]).await;
    signed_by(&logins(&vault)[0], (KEY_ID, SECRET), "us-east-1", "sts.amazonaws.com");
}

#[tokio::test]
async fn the_operator_signs_as_the_role_of_its_own_service_account() {
    let (vault, sts) = (vault().await, sts().await);
    let folder = tempfile::tempdir().expect("a folder must be made");
    let token = folder.path().join("token");
    std::fs::write(&token, "token-of-the-operator").expect("a token must be written");
    let token = token.display().to_string();
    let variables = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.as_str()),
        ("AWS_ROLE_ARN", ROLE),
        ("AWS_ENDPOINT_URL_STS", &sts.url()),
    ];
    as_the_operator(&vault, &variables).await;
    let requests = sts.requests();
    let [asked] = requests.as_slice() else { panic!("there must be one call to AWS") };
    assert_eq!(field(asked, "WebIdentityToken"), "token-of-the-operator");
    signed_by(&logins(&vault)[0], ("ASIA1", "temporary-1"), "us-east-1", "sts.amazonaws.com");
}

/// What agents and metadata services answer.
fn temporary() -> Reply {
    Reply::json(
        200,
        &json!({"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "ASIAPOD", "SecretAccessKey": "of-the-pod",
            "Token": "session-of-the-pod", "AccountId": "123456789012", "LastUpdated": "2026-01-01T00:00:00Z",
            "Expiration": "2100-01-01T00:00:00Z"}),
    )
}

#[tokio::test]
async fn the_operator_signs_with_the_identity_of_its_pod() {
    let (vault, agent) = (vault().await, Scripted::start().await.expect("a scripted server must start"));
    agent.always("GET", "/v1/credentials", temporary());
    let folder = tempfile::tempdir().expect("a folder must be made");
    let token = folder.path().join("token");
    std::fs::write(&token, "token-of-the-pod").expect("a token must be written");
    let (url, token) = (format!("{}/v1/credentials", agent.url()), token.display().to_string());
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &token),
    ];
    as_the_operator(&vault, &variables).await;
    assert_eq!(agent.requests()[0].header("authorization"), "token-of-the-pod");
    signed_by(&logins(&vault)[0], ("ASIAPOD", "of-the-pod"), "us-east-1", "sts.amazonaws.com");
}

#[tokio::test]
async fn the_operator_signs_with_the_identity_of_its_machine() {
    let (vault, machine) = (vault().await, Scripted::start().await.expect("a scripted server must start"));
    machine.otherwise(|request| {
        let path = request.path.as_str();
        Some(match path {
            "/latest/api/token" => Reply::status(200)
                .header("x-aws-ec2-metadata-token-ttl-seconds", "21600")
                .body("token-of-the-machine"),
            _ if path.ends_with('/') => Reply::status(200).body("role-of-the-machine"),
            _ if path.ends_with("/role-of-the-machine") => temporary(),
            _ => Reply::status(404),
        })
    });
    as_the_operator(&vault, &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &machine.url())]).await;
    signed_by(&logins(&vault)[0], ("ASIAPOD", "of-the-pod"), "us-east-1", "sts.amazonaws.com");
}

#[tokio::test]
async fn an_operator_without_an_identity_on_aws_says_so() {
    let machine = Scripted::start().await.expect("a scripted server must start");
    machine.otherwise(|request| {
        let token = Reply::status(200).header("x-aws-ec2-metadata-token-ttl-seconds", "21600").body("token");
        Some(if request.path == "/latest/api/token" { token } else { Reply::status(404) })
    });
    // A machine of AWS without a role, and one of somebody else.
    for metadata in [machine.url(), "http://127.0.0.1:9".to_owned()] {
        let mut child = Command::new(std::env::current_exe().expect("a test must have a program"));
        child.args(["--exact", "iam::the_operator_is_nobody", "--ignored"]);
        child.env_clear().env("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata);
        passes(child).await;
    }
}

#[tokio::test]
#[ignore = "run in a process with an environment of its own, by the test above"]
async fn the_operator_is_nobody() {
    let vault = vault().await;
    let setting = Setting::new();
    setting.credentials.set_lends_own_identity(true);
    let connected = setting.connect(spec(&vault.url(), by_iam(json!({}), json!({})))).await;
    let words = expect_kind(connected, Unauthenticated);
    let said = "no AWS authentication method found: expected either IRSA or Pod Identity: ";
    assert!(words.contains(said), "{words}");
    assert!(vault.requests().is_empty());
}
