//! Each status that Vault documents, at each call that a store makes about a value.

use std::sync::Arc;

use eso_core::{
    error::{
        ErrorKind::{
            self, Conflict, Denied, Invalid, NotFound, Throttled, Unauthenticated, Unavailable, Unexpected,
        },
        ProviderError,
    },
    provider::{Delete, Expected, Fetch, Inspect, Put, Query, SecretProvider},
};
use eso_rig::{Reply, Scripted};
use serde_json::{Value, json};

use crate::fixture::{APP, Setting, by_token, refuse, scripted, spec};

const BESIDE: &str = "/v1/secret/metadata/app";
const FOLDER: &str = "/v1/secret/metadata/";

/// A question of a store, and the call of it that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    ReadValue,
    ReadMetadata,
    List,
    ReadTags,
    LookBeside,
    LookAtValue,
    LookBeforeWrite,
    WriteMetadata,
    WriteValue,
    LookBeforeDelete,
    Delete,
}

use Step::{
    Delete as DeleteValue, List, LookAtValue, LookBeforeDelete, LookBeforeWrite, LookBeside, ReadMetadata,
    ReadTags, ReadValue, WriteMetadata, WriteValue,
};

const READS: [Step; 8] =
    [ReadValue, ReadMetadata, List, ReadTags, LookBeside, LookAtValue, LookBeforeWrite, LookBeforeDelete];

const WRITES: [Step; 3] = [WriteMetadata, WriteValue, DeleteValue];

impl Step {
    fn place(self) -> (&'static str, &'static str) {
        match self {
            ReadValue | LookAtValue => ("GET", APP),
            ReadMetadata | ReadTags | LookBeside | LookBeforeWrite | LookBeforeDelete => ("GET", BESIDE),
            List => ("LIST", FOLDER),
            WriteMetadata => ("POST", BESIDE),
            WriteValue => ("POST", APP),
            DeleteValue => ("DELETE", BESIDE),
        }
    }

    /// With which words the original begins what it says of a failure.
    fn operation(self) -> &'static str {
        match self {
            WriteMetadata => "failed to write secret metadata",
            WriteValue => "failed to write secret data",
            DeleteValue => "could not delete secret",
            ReadValue | ReadMetadata | List | ReadTags | LookBeside | LookAtValue | LookBeforeWrite
            | LookBeforeDelete => "cannot read secret data from Vault",
        }
    }

    async fn ask(self, store: &Arc<dyn SecretProvider>) -> Result<(), ProviderError> {
        let (finder, writer) = (store.finder().expect("it finds"), store.writer().expect("it writes"));
        match self {
            ReadValue => store.fetch(&Fetch::new("app")).await.map(drop),
            ReadMetadata => store.fetch(&Fetch::new("app").of_metadata()).await.map(drop),
            List | ReadTags => {
                let tags = [("current_version".to_owned(), "1".to_owned())].into();
                finder.find(&Query { tags, ..Query::default() }).await.map(drop)
            }
            LookBeside | LookAtValue => writer.inspect(&Inspect::new("app")).await.map(drop),
            LookBeforeWrite | WriteMetadata | WriteValue => {
                let wish = json!({
                    "apiVersion": "kubernetes.external-secrets.io/v1alpha1",
                    "kind": "PushSecretMetadata",
                    "spec": {"customMetadata": {"team": "a"}},
                });
                let value = Some(r#"{"a": "canary-6fd2"}"#.into());
                let expected = Expected::Ours(Some("1".into()));
                writer.put(&Put { metadata: Some(wish), ..Put::new("app", value, expected) }).await.map(drop)
            }
            LookBeforeDelete | DeleteValue => {
                writer.delete(&Delete { key: "app".into(), version: Some("1".into()) }).await
            }
        }
    }
}

/// A server on which each step succeeds.
async fn prepared() -> Scripted {
    let server = scripted().await;
    let custom = json!({"managed-by": "external-secrets"});
    let metadata = json!({"data": {"current_version": 1, "custom_metadata": custom}});
    server.always("GET", BESIDE, Reply::json(200, &metadata));
    server.always("LIST", FOLDER, Reply::json(200, &json!({"data": {"keys": ["app"]}})));
    server.always("POST", BESIDE, Reply::status(204));
    server.always("POST", APP, Reply::json(200, &json!({"data": {"version": 2}})));
    server.always("DELETE", BESIDE, Reply::status(204));
    server
}

pub(crate) fn said(words: &str) -> Value {
    json!({"errors": [words, "canary-6fd2"]})
}

/// What each status means to every call about a value, whatever else it says.
pub(crate) fn to_all() -> Vec<(u16, Value, ErrorKind)> {
    vec![
        (301, json!("canary-6fd2"), Invalid),
        (307, json!("canary-6fd2"), Invalid),
        (308, json!("canary-6fd2"), Invalid),
        (400, said("bad request"), Invalid),
        (400, said("missing client token"), Unauthenticated),
        (401, json!("canary-6fd2"), Unauthenticated),
        (403, said("permission denied"), Denied),
        (404, said("no handler for route"), Invalid),
        (404, json!("canary-6fd2"), Unexpected),
        (405, said("unsupported operation"), Invalid),
        (412, said("required index state not present"), Unavailable),
        (418, said("I'm a teapot"), Unexpected),
        (429, said("rate limit quota exceeded"), Throttled),
        (472, said(""), Unavailable),
        (473, said(""), Unavailable),
        (500, said("internal error"), Unavailable),
        (502, json!("<html>canary-6fd2</html>"), Unavailable),
        (503, said("Vault is sealed"), Unavailable),
        (504, json!("canary-6fd2"), Unavailable),
    ]
}

async fn check(step: Step, status: u16, body: &Value, expected: Option<ErrorKind>) {
    let server = prepared().await;
    let store = Setting::with_token("s.t").store(spec(&server.url(), by_token())).await;
    step.ask(&store).await.unwrap_or_else(|error| panic!("{step:?}: {error}"));
    refuse(&server, step.place(), status, body);
    let outcome = step.ask(&store).await;
    let kind = outcome.as_ref().err().map(ProviderError::kind);
    assert_eq!(kind, expected, "{step:?}: HTTP {status} {body}: {outcome:?}");
    if let Err(error) = outcome {
        // What is not there any more is a conflict of the write that was to be made.
        let is_of = error.kind() == Conflict || error.operation() == step.operation();
        assert!(is_of, "{step:?}: HTTP {status} {body}: {error:?}");
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
        (ReadValue, Some(NotFound)),
        (ReadMetadata, Some(NotFound)),
        (List, Some(NotFound)),
        (ReadTags, Some(NotFound)),
        (LookBeside, None),
        (LookAtValue, None),
        (LookBeforeWrite, Some(Conflict)),
        (WriteMetadata, Some(Unexpected)),
        (WriteValue, Some(Unexpected)),
        (LookBeforeDelete, None),
        (DeleteValue, Some(Unexpected)),
    ] {
        check(step, 404, &nothing, kind).await;
    }
}

#[tokio::test]
async fn a_success_that_is_none_is_not_understood() {
    for step in READS {
        for body in [
            json!(null),
            json!("canary-6fd2"),
            json!({}),
            json!({"data": null}),
            json!({"data": "canary-6fd2"}),
        ] {
            check(step, 200, &body, Some(Unexpected)).await;
        }
    }
    // A mount of version 2 always tells the version of a value.
    for step in [LookBeside, LookBeforeWrite, LookBeforeDelete] {
        check(step, 200, &json!({"data": {}}), Some(Unexpected)).await;
    }
    for body in [json!(null), json!("canary-6fd2"), json!({"data": {}})] {
        check(WriteValue, 200, &body, Some(Unexpected)).await;
    }
}

#[tokio::test]
async fn a_write_that_comes_too_late_is_a_conflict_and_one_that_is_too_large_is_invalid() {
    let late = said("check-and-set parameter did not match the current version");
    check(WriteValue, 400, &late, Some(Conflict)).await;
    let large = said("put failed due to value being too large; got 2097287 bytes, max: 1048576 bytes");
    check(WriteValue, 500, &large, Some(Invalid)).await;
    check(WriteValue, 413, &said("http: request body too large"), Some(Invalid)).await;
    check(WriteMetadata, 400, &said("custom_metadata validation failed"), Some(Invalid)).await;
}
