//! An AWS double of our own: Secrets Manager, the Parameter Store and STS as far as the operator uses them, thousands
//! of requests a second, with quotas, counters and faults on demand.
//!
//! It checks no signature and has one account and one region, us-east-1.

mod calls;
mod fault;
mod operations;
mod parameter_operations;
mod parameters;
mod quota;
mod refusal;
mod secrets;
mod serve;
mod sts;
mod tags;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};
use axum::Router;
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime, sync::oneshot};

pub use self::{
    calls::Call,
    fault::{Effect, Fault},
    sts::Assumed,
};
use self::{
    calls::Calls,
    fault::{Faults, Outcome},
    parameters::Parameters,
    quota::Quotas,
    secrets::Secrets,
    serve::State,
    sts::Roles,
};
use crate::port;

/// How the double is started.
#[derive(Debug, Clone, Copy)]
pub struct FastAwsOptions {
    /// Every answer takes so long.
    pub service_time: Duration,
    /// Keeps every call for [`FastAws::calls`]; a benchmark turns it off.
    pub record: bool,
}

impl Default for FastAwsOptions {
    fn default() -> Self {
        Self { service_time: Duration::ZERO, record: true }
    }
}

/// The running double, on a thread with a runtime of its own. It ends when it is dropped.
pub struct FastAws {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FastAws {
    /// Starts one on a free port of 127.0.0.1, ready when this returns.
    ///
    /// # Errors
    /// When there is no free port or no thread to be had.
    pub fn start(options: FastAwsOptions) -> Result<Self> {
        let FastAwsOptions { service_time, record } = options;
        let listener = port::listen()?;
        listener.set_nonblocking(true).context("a listener must be fit for tokio")?;
        let address = listener.local_addr().context("a listener must know its address")?;
        let state = Arc::new(Mutex::new(State {
            service_time,
            secrets: Secrets::default(),
            parameters: Parameters::default(),
            roles: Roles::default(),
            faults: Faults::default(),
            quotas: Quotas::default(),
            calls: Calls::new(record),
        }));
        let router = Router::new().fallback(serve::answer).with_state(Arc::clone(&state));
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("no runtime for the AWS double")?;
        let (stop, stopped) = oneshot::channel();
        let serving = async move {
            let listener = TcpListener::from_std(listener).expect("a listener must be fit for tokio");
            tokio::select! {
                // It ends with an error only when the listener is gone, and then every request fails.
                _ = axum::serve(listener, router) => {}
                // The handle is gone, whether it said so or not.
                _ = stopped => {}
            }
        };
        let thread = thread::Builder::new()
            .name("fast-aws".to_owned())
            .spawn(move || runtime.block_on(serving))
            .context("no thread for the AWS double")?;
        Ok(Self { address, state, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:<port>`, the endpoint of all its services.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Gives a secret a text value, and makes the secret when it is missing; returns its ARN.
    ///
    /// # Errors
    /// When it is marked for deletion, or the value is too long.
    pub fn put(&self, name: &str, value: &str) -> Result<String> {
        self.put_value(name, json!({"SecretString": value}))
    }

    /// As [`put`](Self::put), for bytes.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_binary(&self, name: &str, value: &[u8]) -> Result<String> {
        self.put_value(name, json!({"SecretBinary": BASE64_STANDARD.encode(value)}))
    }

    /// Marks a secret for deletion, as AWS does with a recovery window.
    ///
    /// # Errors
    /// When it is not there.
    pub fn delete(&self, name: &str) -> Result<()> {
        self.perform("DeleteSecret", &json!({"SecretId": name})).map(drop)
    }

    /// Removes a secret as if it had never been; nothing happens when it is not there.
    pub fn purge(&self, name: &str) {
        self.state().secrets.purge(name);
    }

    /// Gives a parameter a text value, and makes the parameter when it is missing; returns its version.
    ///
    /// # Errors
    /// When its name or value is none that AWS takes.
    pub fn put_parameter(&self, name: &str, value: &str) -> Result<u64> {
        let body = json!({"Name": name, "Value": value, "Type": "String", "Overwrite": true});
        let mut state = self.state();
        let put = state.parameters.put(&body).map(|parameter| parameter.version());
        put.map_err(|refusal| anyhow!("AWS double: PutParameter: {}: {}", refusal.code, refusal.message))
    }

    /// Removes a parameter; nothing happens when it is not there.
    pub fn delete_parameter(&self, name: &str) {
        self.state().parameters.remove(name);
    }

    /// From now on every answer takes so long.
    pub fn set_service_time(&self, service_time: Duration) {
        self.state().service_time = service_time;
    }

    /// Grants an operation so many requests a second; above that it is throttled as AWS does it.
    pub fn set_quota(&self, operation: &str, per_second: u32) {
        self.set_shared_quota(&[operation], per_second);
    }

    /// Grants several operations so many requests a second together.
    pub fn set_shared_quota(&self, operations: &[&str], per_second: u32) {
        self.state().quotas.set(operations, per_second, Instant::now());
    }

    /// How many requests were throttled for their quota.
    pub fn throttled(&self) -> u64 {
        self.state().quotas.refused()
    }

    /// A role is assumed only with this external id; any other role is assumed by anybody.
    pub fn want_external_id(&self, role: &str, external_id: &str) {
        self.state().roles.want_external_id(role, external_id);
    }

    /// A role is assumed with a token of this subject (`system:serviceaccount:<namespace>:<name>`) for this audience
    /// only; any other role is assumed with any token. No signature is checked.
    pub fn want_web_identity(&self, role: &str, subject: &str, audience: &str) {
        self.state().roles.want_web_identity(role, subject, audience);
    }

    /// From now on sessions last so long, and not an hour.
    pub fn set_session_life(&self, life: Duration) {
        self.state().roles.set_session_life(life);
    }

    /// The roles that were assumed since the start, and what was said with each, in order.
    pub fn assumed(&self) -> Vec<Assumed> {
        self.state().roles.assumed().to_vec()
    }

    /// Puts a fault in force, after those that are.
    pub fn fault(&self, fault: Fault) {
        self.state().faults.add(fault);
    }

    /// Ends all faults. Requests that hang go on hanging.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// How many requests came for an operation, refused ones included.
    pub fn count(&self, operation: &str) -> u64 {
        self.state().calls.of_operation(operation)
    }

    /// How many requests of an operation named this key, as the client named it.
    pub fn count_key(&self, operation: &str, key: &str) -> u64 {
        self.state().calls.of_key(operation, key)
    }

    /// How many requests came, by operation.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.state().calls.operations()
    }

    /// Every request since the start or the last [`reset_counts`](Self::reset_counts), in order; none when
    /// recording is off.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.recorded()
    }

    /// Counts from zero again, and forgets the calls.
    pub fn reset_counts(&self) {
        self.state().calls.reset();
    }

    fn put_value(&self, name: &str, mut body: Value) -> Result<String> {
        let missing = self.state().secrets.find(name).is_err();
        let operation = if missing { "CreateSecret" } else { "PutSecretValue" };
        body[if missing { "Name" } else { "SecretId" }] = json!(name);
        let answer = self.perform(operation, &body)?;
        Ok(answer["ARN"].as_str().context("a written secret must have an ARN")?.to_owned())
    }

    /// Does what a request would, without being counted or meeting a fault.
    fn perform(&self, operation: &str, body: &Value) -> Result<Value> {
        let performed = operations::perform(&mut self.state().secrets, operation, body, &Outcome::default());
        performed.map_err(|refusal| anyhow!("AWS double: {operation}: {}: {}", refusal.code, refusal.message))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        serve::lock(&self.state)
    }
}

impl Drop for FastAws {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed, and there is nobody to hand it to.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
