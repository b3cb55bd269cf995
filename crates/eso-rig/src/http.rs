//! Plain HTTP calls to the servers, and waiting until one answers.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use reqwest::{Client, ClientBuilder, Method, Response, StatusCode};
use serde_json::Value;

use crate::process::Process;

/// How long a server may take until it answers; slow machines under load need tens of seconds.
const START_WITHIN: Duration = Duration::from_secs(120);
/// Between two questions whether a server is ready.
const ASK_EVERY: Duration = Duration::from_millis(50);
/// No call of ours takes longer, unless the server hangs.
const CALL_WITHIN: Duration = Duration::from_secs(60);

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body as JSON, or as a string where it is not JSON; null where there is none.
    pub body: Value,
}

impl Answer {
    /// The body of a successful answer.
    ///
    /// # Errors
    /// When the status is not a success; the error carries the body, which is fit for tests only.
    pub fn success(self) -> Result<Value> {
        if !self.status.is_success() {
            bail!("answered {}: {}", self.status, self.body);
        }
        Ok(self.body)
    }

    pub(crate) async fn read(response: Response) -> Result<Self> {
        let status = response.status();
        let text = response.text().await.context("the answer broke off")?;
        Ok(Self { status, body: parse(text) })
    }
}

/// A client's settings: no proxy, and no connection kept, because a kept one belongs to the runtime of
/// the test that opened it and breaks in the next test.
pub(crate) fn client() -> ClientBuilder {
    Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(CALL_WITHIN)
}

/// Sends JSON, or nothing, and reads the answer whatever its status.
pub(crate) async fn call(request: reqwest::RequestBuilder, body: Option<&Value>) -> Result<Answer> {
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    Answer::read(request.send().await?).await
}

/// Returns as soon as GET `url` answers one of `statuses`.
///
/// # Errors
/// When the server ends before that, or takes too long; the error quotes the end of its log.
pub(crate) async fn ready(client: &Client, url: &str, statuses: &[u16], server: &Process) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < START_WITHIN {
        if let Some(status) = server.ended()? {
            bail!("{} ended before it was ready ({status}):\n{}", server.name(), server.log_tail());
        }
        let asked = client.request(Method::GET, url).timeout(Duration::from_secs(5)).send().await;
        if asked.is_ok_and(|response| statuses.contains(&response.status().as_u16())) {
            return Ok(());
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
    bail!("{} was not ready within {START_WITHIN:?}:\n{}", server.name(), server.log_tail())
}

/// Returns as soon as `serves` says yes.
///
/// # Errors
/// When asking fails, or the answer is no for too long.
pub(crate) async fn eventually<Asked>(serves: impl Fn() -> Asked) -> Result<()>
where
    Asked: Future<Output = Result<bool>>,
{
    let began = Instant::now();
    while !serves().await? {
        if began.elapsed() > START_WITHIN {
            bail!("not ready within {START_WITHIN:?}");
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
    Ok(())
}

fn parse(text: String) -> Value {
    match serde_json::from_str(&text) {
        Ok(value) => value,
        Err(_) if text.is_empty() => Value::Null,
        Err(_) => Value::String(text),
    }
}
