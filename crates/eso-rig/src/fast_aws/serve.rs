//! The double's HTTP side: which protocol a request speaks, and its faults, quotas and answer.

use std::{
    future, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State as Shared},
    http::{
        HeaderMap, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    response::{AppendHeaders, IntoResponse, Response},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    calls::{Call, Calls},
    fault::{Faults, Outcome, Whole},
    operations, parameter_operations,
    parameters::Parameters,
    quota::Quotas,
    refusal::Refusal,
    secrets::Secrets,
    sts::{self, Form, Roles},
};

/// All that the double knows.
#[derive(Debug)]
pub(super) struct State {
    pub(super) service_time: Duration,
    pub(super) secrets: Secrets,
    pub(super) parameters: Parameters,
    pub(super) roles: Roles,
    pub(super) faults: Faults,
    pub(super) quotas: Quotas,
    pub(super) calls: Calls,
}

/// A request, understood as far as its protocol.
enum Asked {
    SecretsManager(Value),
    ParameterStore(Value),
    Sts(Form),
}

/// Answers one request.
pub(super) async fn answer(Shared(state): Shared<Arc<Mutex<State>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else { return disconnected() };
    let (call, asked) = understand(&parts.headers, &body);
    let (wait, answer) = decide(&mut lock(&state), &call, &asked);
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    match answer {
        Ok(response) => response,
        Err(Whole::Hangs) => future::pending().await,
        Err(Whole::Disconnected) => disconnected(),
        Err(Whole::Answered(body)) => (StatusCode::OK, body).into_response(),
        Err(Whole::Refused(refusal)) => refused(&asked, &refusal),
    }
}

/// Waits for nothing, so that the lock is held for microseconds.
fn decide(state: &mut State, call: &Call, asked: &Asked) -> (Duration, Result<Response, Whole>) {
    state.calls.add(call);
    let outcome = if state.quotas.grants(&call.operation, Instant::now()) {
        state.faults.apply(call)
    } else {
        Outcome { whole: Some(Whole::Refused(Refusal::throttled())), ..Outcome::default() }
    };
    let wait = state.service_time + outcome.wait;
    let answer = match outcome.whole {
        Some(whole) => Err(whole),
        None => perform(state, call, asked, &outcome).map_err(Whole::Refused),
    };
    (wait, answer)
}

fn perform(state: &mut State, call: &Call, asked: &Asked, outcome: &Outcome) -> Result<Response, Refusal> {
    match asked {
        Asked::SecretsManager(body) => {
            operations::perform(&mut state.secrets, &call.operation, body, outcome).map(json_answer)
        }
        Asked::ParameterStore(body) => {
            let parameters = &mut state.parameters;
            parameter_operations::perform(parameters, &call.operation, body, outcome).map(json_answer)
        }
        Asked::Sts(form) => {
            let answer = state.roles.perform(form, &call.access_key_id, Timestamp::now())?;
            Ok(([(CONTENT_TYPE, "text/xml")], answer).into_response())
        }
    }
}

fn json_answer(answer: Value) -> Response {
    ([(CONTENT_TYPE, "application/x-amz-json-1.1")], answer.to_string()).into_response()
}

fn understand(headers: &HeaderMap, body: &Bytes) -> (Call, Asked) {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let access_key_id = access_key_id(header("authorization")).to_owned();
    match header("x-amz-target").rsplit_once('.') {
        Some((service, operation)) => {
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            let call = Call { operation: operation.to_owned(), keys: operations::keys(&body), access_key_id };
            let is_parameter_store = service == "AmazonSSM";
            let asked = if is_parameter_store { Asked::ParameterStore } else { Asked::SecretsManager };
            (call, asked(body))
        }
        None => {
            let form: Form = url::form_urlencoded::parse(body).into_owned().collect();
            let operation = form.get("Action").cloned().unwrap_or_default();
            (Call { operation, keys: sts::keys(&form), access_key_id }, Asked::Sts(form))
        }
    }
}

/// `AWS4-HMAC-SHA256 Credential=<id>/<date>/…`.
fn access_key_id(authorization: &str) -> &str {
    let credential = authorization.split_once("Credential=").map(|(_, rest)| rest);
    credential.and_then(|rest| rest.split('/').next()).unwrap_or_default()
}

fn refused(asked: &Asked, refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let retry_after = refusal.retry_after.map(|seconds| AppendHeaders([(RETRY_AFTER, seconds.to_string())]));
    match asked {
        Asked::SecretsManager(_) | Asked::ParameterStore(_) => {
            let body = json!({"__type": refusal.code, "Message": refusal.message}).to_string();
            let headers =
                [("content-type", "application/x-amz-json-1.1"), ("x-amzn-errortype", refusal.code.as_str())];
            (status, retry_after, headers, body).into_response()
        }
        Asked::Sts(_) => {
            (status, retry_after, [(CONTENT_TYPE, "text/xml")], sts::refused(refusal)).into_response()
        }
    }
}

/// A body that breaks off at once, which makes the server close the connection.
fn disconnected() -> Response {
    let broken = futures::stream::once(future::ready(Err::<Bytes, _>(io::Error::other("closed by a fault"))));
    Response::new(Body::from_stream(broken))
}

pub(super) fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
