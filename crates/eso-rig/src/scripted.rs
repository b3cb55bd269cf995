//! An HTTP server in this process that answers what a test tells it, and remembers what it was asked.

use std::{
    collections::{HashMap, VecDeque},
    future,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header::HeaderName},
    response::Response,
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::port;

/// What a test makes the server answer.
#[derive(Debug, Clone)]
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    after: Option<Duration>,
    never: bool,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct ScriptedRequest {
    /// GET, POST, LIST, …
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Without the question mark, empty when there was none.
    pub query: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// A server with a script, on a free port. It ends when it is dropped.
pub struct Scripted {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
    serving: JoinHandle<()>,
}

type Handler = Box<dyn FnMut(&ScriptedRequest) -> Option<Reply> + Send>;

#[derive(Default)]
struct Script {
    once: HashMap<(String, String), VecDeque<Reply>>,
    always: HashMap<(String, String), Reply>,
    handler: Option<Handler>,
    requests: Vec<ScriptedRequest>,
    forgets: bool,
}

impl Reply {
    /// A status with an empty body.
    ///
    /// # Panics
    /// When `status` is no HTTP status.
    pub fn status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).expect("a scripted status must be an HTTP status");
        Self { status, headers: HeaderMap::new(), body: Bytes::new(), after: None, never: false }
    }

    /// A status with a JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::status(status).header("content-type", "application/json").body(body.to_string())
    }

    /// A connection that is taken and never answered.
    pub fn never() -> Self {
        Self { never: true, ..Self::status(200) }
    }

    /// With this body.
    #[must_use]
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..self }
    }

    /// With one more header.
    ///
    /// # Panics
    /// When name or value are not fit for a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().expect("a scripted header must have a name");
        let value = HeaderValue::from_str(value).expect("a scripted header must have a value");
        self.headers.append(name, value);
        self
    }

    /// Only after this long.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self { after: Some(wait), ..self }
    }
}

impl ScriptedRequest {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header's text; empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Scripted {
    /// Starts one that answers 501 to everything until it is told otherwise.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start() -> Result<Self> {
        let listener = port::listen()?;
        listener.set_nonblocking(true).context("a listener must be fit for tokio")?;
        let listener = TcpListener::from_std(listener).context("a listener must be fit for tokio")?;
        let address = listener.local_addr().context("a listener must know its address")?;
        let script = Arc::new(Mutex::new(Script::default()));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        let serving = tokio::spawn(async move {
            // It ends with an error only when the listener is gone, and then every request fails anyway.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, script, serving })
    }

    /// `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers the next request for this method and path so; more calls queue up.
    pub fn once(&self, method: &str, path: &str, reply: Reply) {
        let place = (method.to_owned(), path.to_owned());
        self.script().once.entry(place).or_default().push_back(reply);
    }

    /// Answers every request for this method and path so, once its queue is empty.
    pub fn always(&self, method: &str, path: &str, reply: Reply) {
        self.script().always.insert((method.to_owned(), path.to_owned()), reply);
    }

    /// Asks `handler` for whatever is in neither list; nothing from it is a 501.
    pub fn otherwise(&self, handler: impl FnMut(&ScriptedRequest) -> Option<Reply> + Send + 'static) {
        self.script().handler = Some(Box::new(handler));
    }

    /// From now on remembers no request: there will be too many.
    pub fn forget_requests(&self) {
        let mut script = self.script();
        script.forgets = true;
        script.requests = Vec::new();
    }

    /// All requests so far, in the order in which they came.
    pub fn requests(&self) -> Vec<ScriptedRequest> {
        self.script().requests.clone()
    }

    /// How many requests came for this method and path.
    pub fn count(&self, method: &str, path: &str) -> usize {
        let script = self.script();
        script.requests.iter().filter(|request| request.method == method && request.path == path).count()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        lock(&self.script)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Script {
    /// Remembers the request and finds its reply.
    fn play(&mut self, request: ScriptedRequest) -> Reply {
        let place = (request.method.clone(), request.path.clone());
        let queued = self.once.get_mut(&place).and_then(VecDeque::pop_front);
        let planned = queued.or_else(|| self.always.get(&place).cloned());
        let reply = planned.or_else(|| self.handler.as_mut().and_then(|handler| handler(&request)));
        if !self.forgets {
            self.requests.push(request);
        }
        // Not 404: that has a meaning to many clients.
        reply.unwrap_or_else(|| {
            Reply::status(501).body(format!("no reply is scripted for {} {}", place.0, place.1))
        })
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let request = ScriptedRequest {
        method: Method::to_string(&parts.method),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    let Reply { status, headers, body, after, never } = lock(&script).play(request);
    if never {
        future::pending::<()>().await;
    }
    if let Some(wait) = after {
        tokio::time::sleep(wait).await;
    }
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn lock(script: &Mutex<Script>) -> MutexGuard<'_, Script> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
