//! Nothing is logged that a credential, a value or an answer holds, at any level and by any library below.

use std::{
    io,
    sync::{Arc, Mutex},
};

use eso_rig::Reply;
use eso_testkit::canary::assert_absent;
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

#[tokio::test]
async fn no_library_logs_a_credential_a_value_or_an_answer() {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    tracing::info!("this log works");
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
    drop(guard);

    let log =
        String::from_utf8(log.0.lock().expect("no test panics here").clone()).expect("a log must be text");
    assert!(log.contains("this log works"), "{log}");
    for canary in [SECRET_ID, TOKEN, VALUE, SAID] {
        assert_absent("the log", &log, canary);
    }
}
