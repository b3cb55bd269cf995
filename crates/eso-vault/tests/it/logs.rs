//! Nothing is logged that a credential, a value or an answer holds, at any level and by any library below.

use std::{
    io,
    sync::{Arc, Mutex},
};

use eso_rig::{Reply, Scripted};
use eso_testkit::canary::assert_absent;
use eso_vault::Vault;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::fixture::{APP, LOG_IN, Setting, ask, by_app_role, granted, scripted, spec};

const SECRET_ID: &str = "canary-secret-id-5d20c7";
const TOKEN: &str = "canary-token-91be04";
const VALUE: &str = "canary-value-c83f1a";
const SAID: &str = "canary-said-27e6b9";

/// All that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics here").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// All that is logged while something goes on, by whichever library.
async fn logged(what: impl Future<Output = ()>) -> String {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    tracing::info!("this log works");
    what.await;
    drop(guard);
    let log =
        String::from_utf8(log.0.lock().expect("no test panics here").clone()).expect("a log must be text");
    assert!(log.contains("this log works"), "{log}");
    log
}

#[tokio::test]
async fn no_library_logs_a_credential_a_value_or_an_answer() {
    let log = logged(async {
        let server = scripted().await;
        let setting = Setting::new();
        setting.credentials.put_secret("vault", "role", "role");
        setting.credentials.put_secret("vault", "secret", SECRET_ID);
        server.once("POST", LOG_IN, granted(TOKEN, 0));
        server.once("GET", APP, Reply::json(200, &json!({"data": {"data": {"value": VALUE}}})));
        server.always("GET", APP, Reply::json(500, &json!({"errors": [SAID], "warnings": [SAID]})));
        let store = setting.store(spec(&server.url(), by_app_role())).await;
        ask(&store, "app", None).await.expect("the value must be read");
        ask(&store, "app", None).await.expect_err("the server must fail");
        store.close().await;
        server.once("POST", LOG_IN, Reply::json(400, &json!({"errors": [SAID]})));
        setting.connect(spec(&server.url(), by_app_role())).await.expect_err("the login must fail");
    });
    let log = log.await;
    for canary in [SECRET_ID, TOKEN, VALUE, SAID] {
        assert_absent("the log", &log, canary);
    }
}

#[tokio::test]
async fn no_library_logs_a_password_a_key_or_a_token_of_another_service() {
    const WRAPPING: &str = "s.canarywrappingcanarywrapping";
    const ACCOUNT: &str = "canary-account-71c9d2";
    const MACHINE: &str = "canary-machine-a6402e";
    const TEMPORARY: &str = "canary-temporary-3be811";
    let log = logged(async {
        let (vault, other) = (scripted().await, Scripted::start().await.expect("a server must start"));
        other.otherwise(|request| {
            let action = "AssumeRoleWithWebIdentity";
            let keys = format!(
                "<{action}Response><{action}Result><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>\
                 {TEMPORARY}</SecretAccessKey><SessionToken>{TEMPORARY}</SessionToken><Expiration>\
                 2100-01-01T00:00:00Z</Expiration></Credentials></{action}Result></{action}Response>"
            );
            Some(match request.method.as_str() {
                "POST" => Reply::status(200).body(keys),
                _ => Reply::status(200).header("metadata-flavor", "Google").body(format!("a.{MACHINE}.c")),
            })
        });
        let origin = json!({"data": {"creation_path": "auth/approle/role/app/secret-id"}});
        vault.always("POST", "/v1/sys/wrapping/lookup", Reply::json(200, &origin));
        let unwrapped = json!({"data": {"secret_id": SECRET_ID}});
        vault.always("POST", "/v1/sys/wrapping/unwrap", Reply::json(200, &unwrapped));
        vault.otherwise(|_| Some(granted(TOKEN, 0)));
        let setting = Setting {
            vault: Vault::new().with_sts_endpoint(Some(other.url())).with_metadata_server(other.url()),
            ..Setting::new()
        };
        setting.credentials.set_lends_own_identity(true);
        setting.credentials.put_secret("vault", "role", "role");
        setting.credentials.put_secret("vault", "secret", WRAPPING);
        setting.credentials.put_secret("vault", "password", SAID);
        setting.credentials.put_token("app", ACCOUNT);
        setting.credentials.annotate("app", &[("eks.amazonaws.com/role-arn", "arn:aws:iam::1:role/r")]);
        let password = json!({"name": "vault", "key": "password"});
        let account = json!({"name": "app"});
        for auth in [
            by_app_role(),
            json!({"userPass": {"username": "u", "secretRef": password}}),
            json!({"jwt": {"kubernetesServiceAccountToken": {"serviceAccountRef": account}}}),
            json!({"iam": {"vaultRole": "r", "jwt": {"serviceAccountRef": account}}}),
            json!({"gcp": {"role": "r"}}),
        ] {
            setting.store(spec(&vault.url(), auth)).await;
        }
    });
    let log = log.await;
    for canary in [WRAPPING, SECRET_ID, TOKEN, SAID, ACCOUNT, MACHINE, TEMPORARY] {
        assert_absent("the log", &log, canary);
    }
}
