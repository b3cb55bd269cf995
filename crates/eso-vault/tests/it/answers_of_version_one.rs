//! Each status that Vault documents, at each call that a store of KV version 1 makes about a value.

use std::sync::Arc;

use eso_core::{
    error::{
        ErrorKind::{self, Conflict, Invalid, NotFound, Unexpected},
        ProviderError,
    },
    provider::{Delete, Expected, Fetch, Inspect, Put, Query, SecretProvider},
};
use eso_rig::{Reply, Scripted};
use serde_json::{Value, json};

use crate::{
    answers::to_all,
    fixture::{Setting, by_token, refuse, scripted, spec, with},
};

const PLACE: &str = "/v1/kv1/app";
const FOLDER: &str = "/v1/kv1/";
const ITS_MOUNT: &str = "/v1/sys/internal/ui/mounts/kv1/app";

/// A question of a store, and the call of it that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Read,
    List,
    Look,
    LookBeforeWrite,
    Write,
    LookBeforeDelete,
    Remove,
}

use Step::{List, Look, LookBeforeDelete, LookBeforeWrite, Read, Remove, Write};

const READS: [Step; 5] = [Read, List, Look, LookBeforeWrite, LookBeforeDelete];

const WRITES: [Step; 2] = [Write, Remove];

impl Step {
    fn place(self) -> (&'static str, &'static str) {
        match self {
            Read | Look | LookBeforeWrite | LookBeforeDelete => ("GET", PLACE),
            List => ("LIST", FOLDER),
            Write => ("POST", PLACE),
            Remove => ("DELETE", PLACE),
        }
    }

    async fn ask(self, store: &Arc<dyn SecretProvider>) -> Result<(), ProviderError> {
        let (finder, writer) = (store.finder().expect("it finds"), store.writer().expect("it writes"));
        match self {
            Read => store.fetch(&Fetch::new("app")).await.map(drop),
            List => finder.find(&Query::default()).await.map(drop),
            Look => writer.inspect(&Inspect::new("app")).await.map(drop),
            LookBeforeWrite | Write => {
                let value = Some(r#"{"a": "canary-6fd2"}"#.into());
                let put = Put::new("app", value, Expected::Ours(None));
                writer.put(&put).await.map(drop)
            }
            LookBeforeDelete | Remove => writer.delete(&Delete { key: "app".into(), version: None }).await,
        }
    }
}

/// A server on which each step succeeds.
async fn prepared() -> Scripted {
    let server = scripted().await;
    let mount = json!({"type": "kv", "path": "kv1/", "options": {"version": "1"}});
    server.always("GET", ITS_MOUNT, Reply::json(200, &json!({ "data": mount })));
    let value = json!({"a": "canary-6fd2", "custom_metadata": {"managed-by": "external-secrets"}});
    server.always("GET", PLACE, Reply::json(200, &json!({ "data": value })));
    server.always("LIST", FOLDER, Reply::json(200, &json!({"data": {"keys": ["app"]}})));
    server.always("POST", PLACE, Reply::status(204));
    server.always("DELETE", PLACE, Reply::status(204));
    server
}

async fn check(step: Step, status: u16, body: &Value, expected: Option<ErrorKind>) {
    let server = prepared().await;
    let of_version_one = with(spec(&server.url(), by_token()), json!({"path": "kv1", "version": "v1"}));
    let store = Setting::with_token("s.t").store(of_version_one).await;
    step.ask(&store).await.unwrap_or_else(|error| panic!("{step:?}: {error}"));
    refuse(&server, step.place(), status, body);
    let outcome = step.ask(&store).await;
    let kind = outcome.as_ref().err().map(ProviderError::kind);
    assert_eq!(kind, expected, "{step:?}: HTTP {status} {body}: {outcome:?}");
    if let Err(error) = outcome {
        assert!(!format!("{error} {error:?}").contains("canary-6fd2"), "{step:?}: HTTP {status}: {error:?}");
    }
    step.ask(&store).await.unwrap_or_else(|error| panic!("after {status}, {step:?}: {error}"));
}

#[tokio::test]
async fn every_status_has_one_meaning_at_every_call() {
    for step in READS.into_iter().chain(WRITES) {
        for (status, body, kind) in to_all() {
            check(step, status, &body, Some(kind)).await;
        }
    }
}

#[tokio::test]
async fn only_a_read_finds_nothing_and_only_where_the_server_says_that_nothing_is_there() {
    let nothing = json!({"errors": []});
    for (step, kind) in [
        (Read, Some(NotFound)),
        (List, Some(NotFound)),
        (Look, None),
        (LookBeforeWrite, Some(Conflict)),
        (Write, Some(Unexpected)),
        (LookBeforeDelete, None),
        (Remove, Some(Unexpected)),
    ] {
        check(step, 404, &nothing, kind).await;
    }
}

#[tokio::test]
async fn a_mount_of_version_two_is_no_absence() {
    let warned =
        json!({"errors": [], "warnings": ["Invalid path for a versioned K/V secrets engine. canary-6fd2"]});
    for step in READS.into_iter().chain(WRITES) {
        check(step, 404, &warned, Some(Invalid)).await;
    }
}

#[tokio::test]
async fn a_success_that_is_none_is_not_understood() {
    for step in READS {
        for body in [json!(null), json!("canary-6fd2"), json!({}), json!({"data": "canary-6fd2"})] {
            check(step, 200, &body, Some(Unexpected)).await;
        }
    }
}
