//! Tests of `controllers`: what becomes of everything when a part of it panics.

use std::{sync::Arc, time::Duration};

use eso_core::provider::CallObserver;
use eso_testkit::objects::object;
use jiff::Timestamp;
use kube::{Client, client::Body};
use serde_json::json;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Controller, Options, fixtures::ToNothing};
use crate::telemetry::{Ready, Subject, Telemetry};

/// Panics when the watch of ExternalSecrets tells of one that is ready.
#[derive(Debug)]
struct Panicking;

impl CallObserver for Panicking {
    fn called(&self, _provider: &'static str, _call: &'static str, _succeeded: bool) {}
}

impl Telemetry for Panicking {
    fn reconciled(&self, _subject: Subject<'_>, _succeeded: bool, _took: Duration) {}
    fn condition(&self, _subject: Subject<'_>, _ready: Ready) {
        panic!("a test's");
    }
    fn refreshed(&self, _subject: Subject<'_>, _at: Timestamp) {}
    fn forgotten(&self, _subject: Subject<'_>) {}
    fn event_dropped(&self) {}
}

/// Of an API server whose lists hold one ExternalSecret that is ready, and nothing else.
fn client() -> Client {
    let answer = |request: http::Request<Body>| async move {
        let mut ready = object("app").stored("uid", 1).json();
        ready["status"] = json!({ "conditions": [{ "type": "Ready", "status": "True" }] });
        let is_theirs = request.uri().path().ends_with("/externalsecrets");
        let items = if is_theirs { vec![ready] } else { Vec::new() };
        let list = json!({
            "apiVersion": "v1",
            "kind": "List",
            "metadata": { "resourceVersion": "1" },
            "items": items,
        });
        Ok::<_, kube::Error>(http::Response::new(Body::from(list.to_string().into_bytes())))
    };
    Client::new(tower::service_fn(answer), "demo")
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_panics_ends_the_operator_in_that_panic() {
    let controller = Controller::new(client(), Options::default(), Arc::new(ToNothing), Arc::new(Panicking));
    let run = tokio::spawn(controller.run(CancellationToken::new()));
    let ended = timeout(Duration::from_secs(600), run).await.expect("the operator must end");
    assert_eq!(ended.unwrap_err().into_panic().downcast_ref(), Some(&"a test's"));
}
