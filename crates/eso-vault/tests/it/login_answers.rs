//! Each status that Vault documents, at each call about a login, a token or a mount.

use std::time::Duration;

use eso_core::error::{
    ErrorKind::{self, Invalid, Throttled, Unauthenticated, Unavailable, Unexpected},
    ProviderError,
};
use eso_rig::{Reply, Scripted};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::{
    answers::said,
    fixture::{
        LOG_IN, LOOK_UP, MOUNT, Setting, ask, by_app_role, by_token, granted, read, requests_of, scripted,
        scripted_role, spec, until, with,
    },
};

const LOOK_UP_WRAPPING: &str = "/v1/sys/wrapping/lookup";
const UNWRAP: &str = "/v1/sys/wrapping/unwrap";
const RENEW: &str = "/v1/auth/token/renew-self";
const REVOKE: &str = "/v1/auth/token/revoke-self";

/// A call that a store makes before it can ask for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    LogIn,
    LookUp,
    LookUpWrapping,
    Unwrap,
    ReadMount,
}

use Step::{LogIn, LookUp, LookUpWrapping, ReadMount, Unwrap};

const STEPS: [Step; 5] = [LogIn, LookUp, LookUpWrapping, Unwrap, ReadMount];

impl Step {
    fn place(self) -> (&'static str, &'static str) {
        match self {
            LogIn => ("POST", LOG_IN),
            LookUp => ("GET", LOOK_UP),
            LookUpWrapping => ("POST", LOOK_UP_WRAPPING),
            Unwrap => ("POST", UNWRAP),
            ReadMount => ("GET", MOUNT),
        }
    }

    /// With which words the original begins what it says of a failure.
    fn operation(self) -> &'static str {
        match self {
            LogIn | LookUpWrapping | Unwrap => "cannot initialize Vault client",
            LookUp => "invalid vault credentials",
            ReadMount => "cannot read secret data from Vault",
        }
    }

    async fn ask(self, server: &Scripted) -> Result<(), ProviderError> {
        let setting = match self {
            LookUp | ReadMount => Setting::with_token("s.t"),
            LogIn | LookUpWrapping | Unwrap => scripted_role(),
        };
        if matches!(self, LookUpWrapping | Unwrap) {
            setting.credentials.put_secret("vault", "secret", "s.wrappingwrappingwrapping");
        }
        let spec = match self {
            LookUp => spec(&server.url(), by_token()),
            ReadMount => with(spec(&server.url(), by_token()), json!({"version": null})),
            LogIn | LookUpWrapping | Unwrap => spec(&server.url(), by_app_role()),
        };
        let store = setting.connect(spec).await?;
        if self == LookUp { store.check().await } else { Ok(()) }
    }
}

/// A server on which each step succeeds.
async fn prepared() -> Scripted {
    let server = scripted().await;
    let origin = json!({"data": {"creation_path": "auth/approle/role/app/secret-id", "creation_ttl": 300}});
    server.always("POST", LOOK_UP_WRAPPING, Reply::json(200, &origin));
    server.always("POST", UNWRAP, Reply::json(200, &json!({"data": {"secret_id": "unwrapped"}})));
    server
}

async fn check(step: Step, status: u16, body: &Value, expected: Option<ErrorKind>) {
    let server = prepared().await;
    step.ask(&server).await.unwrap_or_else(|error| panic!("{step:?}: {error}"));
    let (method, path) = step.place();
    server.always(method, path, Reply::json(status, body).header("retry-after", "9"));
    let outcome = step.ask(&server).await;
    let kind = outcome.as_ref().err().map(ProviderError::kind);
    assert_eq!(kind, expected, "{step:?}: HTTP {status} {body}: {outcome:?}");
    if let Err(error) = outcome {
        assert_eq!(error.operation(), step.operation(), "{step:?}: HTTP {status}");
        assert!(!format!("{error} {error:?}").contains("canary-6fd2"), "{step:?}: HTTP {status}: {error:?}");
    }
}

#[tokio::test]
async fn every_status_has_one_meaning_at_every_call() {
    for step in STEPS {
        for (status, body, kind) in [
            (301, json!("canary-6fd2"), Invalid),
            (307, json!("canary-6fd2"), Invalid),
            (404, said("no handler for route"), Invalid),
            (405, said("unsupported operation"), Unexpected),
            (412, said("required index state not present"), Unavailable),
            (418, said("I'm a teapot"), Unexpected),
            (429, said("rate limit quota exceeded"), Throttled),
            (472, said(""), Unavailable),
            (473, said(""), Unavailable),
            (500, said("internal error"), Unavailable),
            (502, json!("<html>canary-6fd2</html>"), Unavailable),
            (503, said("Vault is sealed"), Unavailable),
            (504, json!("canary-6fd2"), Unavailable),
        ] {
            // Any server may keep silent on what is mounted: it is of version 2 then.
            let is_silent = step == ReadMount && status == 404;
            check(step, status, &body, (!is_silent).then_some(kind)).await;
        }
    }
}

#[tokio::test]
async fn a_login_that_is_refused_by_vault_itself_is_one_and_a_proxys_refusal_says_nothing() {
    for step in [LogIn, LookUp, LookUpWrapping, Unwrap] {
        for status in [400, 401, 403] {
            // What is no wrapping token may be a secret id by itself.
            let refused = (step != LookUpWrapping).then_some(Unauthenticated);
            check(step, status, &said("permission denied"), refused).await;
            check(step, status, &json!("<html>canary-6fd2</html>"), Some(Unexpected)).await;
        }
        check(step, 404, &json!("canary-6fd2"), Some(Unexpected)).await;
    }
    check(ReadMount, 403, &said("permission denied"), None).await;
    check(ReadMount, 400, &said("bad request"), Some(Unexpected)).await;
}

#[tokio::test]
async fn a_success_that_is_none_is_not_understood() {
    for step in [LogIn, LookUp, LookUpWrapping, Unwrap] {
        for body in [json!(null), json!("canary-6fd2"), json!({}), json!({"data": null, "auth": null})] {
            check(step, 200, &body, Some(Unexpected)).await;
        }
    }
}

/// All refusals there are, of Vault and of what is before it.
fn refusals() -> impl Iterator<Item = (u16, Reply)> {
    let statuses = [301, 307, 400, 401, 403, 404, 405, 412, 418, 429, 472, 473, 500, 502, 503, 504];
    statuses
        .into_iter()
        .flat_map(|status| [said("no"), json!("canary-6fd2")].map(|body| (status, body)))
        .map(|(status, body)| (status, Reply::json(status, &body).header("retry-after", "9")))
}

#[tokio::test]
async fn a_renewal_that_is_refused_in_whatever_way_costs_a_login_and_no_read() {
    join_all(refusals().map(async |(_, refusal)| {
        let server = scripted().await;
        server.once("POST", LOG_IN, granted("s.first", 3));
        server.always("POST", RENEW, refusal.clone());
        server.always("POST", REVOKE, Reply::status(204));
        let store = scripted_role().store(spec(&server.url(), by_app_role())).await;
        until("it was renewed in vain and replaced", async || {
            assert_eq!(read(&store, "app").await, json!({"first": "1"}), "{refusal:?}");
            server.count("POST", LOG_IN) == 2
        })
        .await;
        assert!(server.count("POST", RENEW) > 0, "{refusal:?}");
    }))
    .await;
}

#[tokio::test]
async fn a_revocation_that_is_refused_in_whatever_way_is_asked_for_once_and_ends() {
    for (status, refusal) in refusals() {
        let server = scripted().await;
        server.always("POST", REVOKE, refusal.clone());
        let setting = scripted_role();
        let store = setting.store(spec(&server.url(), by_app_role())).await;
        let closing = async {
            store.close().await;
            drop(store);
            setting.vault.settled().await;
        };
        let closed = tokio::time::timeout(Duration::from_secs(60), closing).await;
        assert!(closed.is_ok(), "{refusal:?}");
        assert_eq!(server.count("POST", REVOKE), requests_of(status), "{refusal:?}");
    }
}

#[tokio::test]
async fn a_throttled_login_says_when_to_come_again() {
    let server = prepared().await;
    server.always("POST", LOG_IN, Reply::json(429, &said("rate limit")).header("retry-after", "9"));
    let error = LogIn.ask(&server).await.expect_err("it must fail");
    assert_eq!((error.kind(), error.retry_after()), (Throttled, Some(Duration::from_secs(9))));
    let store = Setting::with_token("s.t").store(spec(&server.url(), by_token())).await;
    assert!(ask(&store, "app", None).await.is_ok(), "who needs no login is not kept waiting");
}
