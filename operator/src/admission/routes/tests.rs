//! What is answered to what arrives, without a cluster.

use std::{future::pending, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{
    body::{Body, Bytes, to_bytes},
    http::{Request, StatusCode, header::CONTENT_LENGTH},
};
use eso_admission::{
    Admission, Settings,
    ports::{Access, Cluster, Target, User},
};
use eso_aws::Endpoints;
use eso_core::key::StoreReference;
use eso_plan::filled::{Place, record::SealKey, token::Hour};
use eso_sync::{
    contents::Contents,
    engine,
    ports::{Granted, Stores},
};
use futures::stream::{self, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::{EXTERNAL_SECRETS, Judge, Keyed, LARGEST, REFERENCES, Routes, SECRET_STORES, TARGETS};
use crate::{providers::Providers, telemetry::Metrics};

/// A cluster and stores that nobody reaches.
#[derive(Debug)]
struct Nobody;

#[async_trait]
impl Cluster for Nobody {
    async fn may(&self, _user: &User, _access: &Access) -> Result<bool, String> {
        Err("nobody is reached".to_owned())
    }

    async fn default_store(&self, _namespace: &str) -> Result<Option<String>, String> {
        Err("nobody is reached".to_owned())
    }

    async fn target(&self, _place: &Place) -> Result<Option<Target>, String> {
        Err("nobody is reached".to_owned())
    }
}

#[async_trait]
impl Stores for Nobody {
    async fn store(&self, _reference: &StoreReference) -> Result<Granted, String> {
        Err("nobody is reached".to_owned())
    }
}

fn key() -> SealKey {
    SealKey::new(&[7; 32])
}

/// Where the API server sends Secrets in this hour, or in one so many hours from now.
fn told(path: &str, hours: i64) -> String {
    let then = Timestamp::now() + SignedDuration::from_hours(hours);
    format!("/{}{path}", Hour::of(then).token(&key()))
}

/// What is served where this key is known.
fn routes_with(key: Option<SealKey>) -> Routes {
    let keyed = key.map(|key| {
        let contents = Contents::new(Arc::new(Nobody), &engine::Settings::default());
        let settings = Settings { key: key.clone(), user: "ours".to_owned() };
        Keyed { key, admission: Arc::new(Admission::new(Arc::new(Nobody), contents, settings)) }
    });
    Routes {
        admission: Some(watch::channel(keyed).1),
        judge: Judge::blind(),
        connect: Arc::new(Providers::new(Endpoints::default())),
        timeout: Duration::from_secs(8),
        metrics: Arc::new(Metrics::new()),
    }
}

fn routes() -> Routes {
    routes_with(Some(key()))
}

async fn ask(routes: Routes, path: &str, body: Body) -> (StatusCode, String) {
    let request = Request::post(path).body(body).unwrap();
    let answer = routes.router().oneshot(request).await.unwrap();
    let status = answer.status();
    let body = to_bytes(answer.into_body(), LARGEST).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn review(path: &str, object: Value) -> Value {
    let body = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "7", "operation": "CREATE", "resource": { "resource": "secrets" },
            "namespace": "demo", "name": "app", "object": object,
        },
    });
    let (status, body) = ask(routes(), path, body.to_string().into()).await;
    assert_eq!(status, StatusCode::OK);
    serde_json::from_str::<Value>(&body).unwrap()["response"].take()
}

#[track_caller]
fn check(answer: (StatusCode, String), expected: StatusCode) {
    assert_eq!(answer.0, expected, "{}", answer.1);
    assert!(!answer.1.contains("CANARY"), "{}", answer.1);
}

#[tokio::test]
async fn what_is_no_review_is_refused_and_none_of_it_is_said() {
    for body in ["", "CANARY", "{}", "[[[[", "{\"apiVersion\":\"CANARY\"}"] {
        check(ask(routes(), &told(TARGETS, 0), body.into()).await, StatusCode::BAD_REQUEST);
    }
    let deep = "[".repeat(1 << 20);
    check(ask(routes(), &told(TARGETS, 0), deep.into()).await, StatusCode::BAD_REQUEST);
    check(ask(routes(), "/elsewhere", "{}".into()).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_too_large_is_refused_whether_or_not_it_says_so() {
    let request = Request::post(told(TARGETS, 0)).header(CONTENT_LENGTH, LARGEST + 1);
    let request =
        request.body(Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>())).unwrap();
    let answer = routes().router().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE, "nobody waits for it");
    let body = vec![b' '; LARGEST + 1];
    check(ask(routes(), &told(TARGETS, 0), body.into()).await, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_arrive_is_not_waited_for() {
    let never = stream::once(pending::<Result<Bytes, std::io::Error>>());
    check(ask(routes(), &told(TARGETS, 0), Body::from_stream(never)).await, StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn who_promises_much_and_sends_little_keeps_nobody_waiting() {
    let router = routes().router();
    let slow = (0..400).map(|_| {
        let first = stream::once(async { Ok::<_, std::io::Error>(Bytes::from_static(b"{")) });
        let body = Body::from_stream(first.chain(stream::pending()));
        let request = Request::post(told(TARGETS, 0)).header(CONTENT_LENGTH, LARGEST).body(body).unwrap();
        tokio::spawn(router.clone().oneshot(request))
    });
    let slow: Vec<_> = slow.collect();
    tokio::task::yield_now().await;
    let began = tokio::time::Instant::now();
    let request = Request::post(told(TARGETS, 0)).body(Body::from("{}")).unwrap();
    let answer = router.clone().oneshot(request).await.unwrap();
    assert_eq!((answer.status(), began.elapsed()), (StatusCode::BAD_REQUEST, Duration::ZERO));
    for slow in slow {
        assert_eq!(slow.await.unwrap().unwrap().status(), StatusCode::REQUEST_TIMEOUT);
    }
}

#[tokio::test(start_paused = true)]
async fn what_there_is_no_room_for_is_refused_and_the_room_is_had_again() {
    let router = routes().router();
    let most = |rest| {
        let first = stream::once(async { Ok::<_, std::io::Error>(Bytes::from(vec![b' '; LARGEST - 1])) });
        Request::post(told(TARGETS, 0)).body(Body::from_stream(first.chain(rest))).unwrap()
    };
    let held: Vec<_> =
        (0..30).map(|_| tokio::spawn(router.clone().oneshot(most(stream::pending().boxed())))).collect();
    for held in held {
        let status = held.await.unwrap().unwrap().status();
        assert!([StatusCode::REQUEST_TIMEOUT, StatusCode::SERVICE_UNAVAILABLE].contains(&status), "{status}");
    }
    let whole = router.oneshot(most(stream::empty().boxed())).await.unwrap();
    assert_eq!(whole.status(), StatusCode::BAD_REQUEST, "it was read");
}

#[tokio::test]
async fn secrets_are_filled_for_nobody_who_does_not_know_the_token_of_the_hour() {
    for path in [TARGETS, REFERENCES] {
        for hours in -1..=1 {
            check(ask(routes(), &told(path, hours), "{}".into()).await, StatusCode::BAD_REQUEST);
        }
        let others = Hour::of(Timestamp::now()).token(&SealKey::new(&[8; 32]));
        let good = told(path, 0);
        let wrong = [
            path.to_owned(),
            format!("/{path}"),
            format!("/{others}{path}"),
            format!("/{}{path}", "0".repeat(32)),
            told(path, -2),
            told(path, 2),
            good.to_uppercase(),
            format!("/x{good}"),
            format!("{good}/"),
            good.replacen('/', "/%20", 1),
        ];
        for wrong in &wrong {
            let answer = ask(routes(), wrong, "CANARY".into()).await;
            assert_eq!(answer, (StatusCode::NOT_FOUND, String::new()), "{wrong}");
        }
        let answer = ask(routes_with(None), &good, "CANARY".into()).await;
        assert_eq!(answer, (StatusCode::NOT_FOUND, String::new()), "without a key");
    }
}

#[tokio::test]
async fn what_is_sent_elsewhere_is_not_read_and_is_counted() {
    let metrics = Arc::new(Metrics::new());
    let counted = Routes { metrics: Arc::clone(&metrics), ..routes() };
    let never = stream::once(pending::<Result<Bytes, std::io::Error>>());
    let path = format!("/{}{TARGETS}", "0".repeat(32));
    check(ask(counted, &path, Body::from_stream(never)).await, StatusCode::NOT_FOUND);
    let text = metrics.encode();
    let series = r#"eso_admission_reviews_total{result="unknown",webhook="/mutate/targets"} 1"#;
    assert!(text.contains(series), "{text}");
}

#[tokio::test]
async fn who_knows_the_token_is_answered() {
    assert_eq!(review(&told(TARGETS, 0), json!({})).await["allowed"], true);
    let asking = json!({ "metadata": { "annotations": { "admission.external-secrets.io/store": "SecretStore/a" } },
        "data": { "a": "ZXNvOmI=" } });
    let refused = review(&told(REFERENCES, 0), asking).await;
    assert!(refused["status"]["message"].as_str().unwrap().contains("nobody is reached"), "{refused}");
}

#[tokio::test]
async fn objects_are_judged_by_themselves_where_nothing_is_seen() {
    let store = json!({ "spec": { "provider": { "gcpsm": {} } } });
    let warned = review(SECRET_STORES, store).await;
    assert!(warned["warnings"][0].as_str().unwrap().contains("gcpsm"), "{warned}");
    let object = json!({
        "metadata": { "name": "app", "namespace": "demo" },
        "spec": { "secretStoreRef": { "name": "main" } },
    });
    let refused = review(EXTERNAL_SECRETS, object).await;
    assert_eq!(refused["status"]["message"], "either data or dataFrom should be specified");
}

#[tokio::test]
async fn where_nothing_is_filled_nothing_is_served_for_it() {
    let blind = || Routes { admission: None, ..routes() };
    check(ask(blind(), &told(TARGETS, 0), "{}".into()).await, StatusCode::NOT_FOUND);
    check(ask(blind(), SECRET_STORES, "{}".into()).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_is_answered_is_counted() {
    let metrics = Arc::new(Metrics::new());
    let counted = Routes { metrics: Arc::clone(&metrics), ..routes() };
    ask(counted, &told(TARGETS, 0), "{}".into()).await;
    let text = metrics.encode();
    let series = r#"eso_admission_reviews_total{result="malformed",webhook="/mutate/targets"} 1"#;
    assert!(text.contains(series), "{text}");
}
