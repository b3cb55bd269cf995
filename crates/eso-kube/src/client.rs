//! A client of the API server that never waits for ever, never tries again behind our back, and writes for a leader alone.

use std::time::Duration;

use http::{Method, Request};
use kube::{Client, Config, client::Body};
use tower::service_fn;

use crate::lease::{Leadership, NotLeading};

/// How long the API server may be silent on a connection. A watch ends after 290 s at the latest, and answers in
/// between; a list takes seconds.
const SILENCE: Duration = Duration::from_secs(300);

/// Connects as `config` says, with the time-outs that this crate relies on.
///
/// kube's own retries are switched off: they repeat a POST whose answer was lost, and can hold a call for minutes.
/// The engine tries again.
///
/// Fails where the configuration cannot be used, such as for a certificate that is none.
pub fn connect(mut config: Config) -> kube::Result<Client> {
    config.default_retry = false;
    config.read_timeout = Some(SILENCE);
    config.reset_reader_on_write = true;
    Client::try_from(config)
}

/// The same client, which sends a request that writes only while this process leads, asked right before it is sent. Another
/// one fails with [`kube::Error::Service`] of [`NotLeading`].
///
/// What keeps requests waiting, such as a limit, belongs around it and not into it.
pub fn fenced(client: Client, leadership: Leadership) -> Client {
    let namespace = client.default_namespace().to_owned();
    let send = service_fn(move |request: Request<Body>| {
        let (client, leadership) = (client.clone(), leadership.clone());
        async move {
            match reads(request.method(), request.uri().path()) || leadership.may_write() {
                true => client.send(request).await,
                false => Err(kube::Error::Service(Box::new(NotLeading))),
            }
        }
    });
    Client::new(send, namespace)
}

/// Whether a request changes nothing in the cluster. One for a token of a service account does not, for stores log in
/// with them.
pub fn reads(method: &Method, path: &str) -> bool {
    let asks_for_token = path.contains("/serviceaccounts/") && path.ends_with("/token");
    *method == Method::GET || (*method == Method::POST && asks_for_token)
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use eso_plan::plan::WriteError;
    use http::{Request, Response};
    use kube::{Client, client::Body};
    use tokio::time::{Instant, advance};
    use tower::service_fn;

    use super::fenced;
    use crate::{apply::within, lease::Leadership};

    /// Asks an API server that takes everything. Gives the outcome, and whether it was asked at all.
    async fn ask(leadership: &Leadership, method: &str, path: &str) -> (Result<(), WriteError>, bool) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let server = service_fn(move |_: Request<Body>| {
            count.fetch_add(1, Ordering::Relaxed);
            async { Ok::<_, Infallible>(Response::new(Body::from(b"{}".to_vec()))) }
        });
        let client = fenced(Client::new(server, "default"), leadership.clone());
        let request = Request::builder().method(method).uri(path).body(Vec::new()).unwrap();
        let outcome = within(client.request_text(request)).await.map(drop);
        (outcome, asked.load(Ordering::Relaxed) > 0)
    }

    const SECRETS: &str = "/api/v1/namespaces/app/secrets";
    const TOKEN: &str = "/api/v1/namespaces/app/serviceaccounts/reader/token";

    #[track_caller]
    fn check(answer: (Result<(), WriteError>, bool), is_sent: bool) {
        let expected = if is_sent { Ok(()) } else { Err(WriteError::Stopped) };
        assert_eq!(answer, (expected, is_sent));
    }

    #[tokio::test(start_paused = true)]
    async fn what_writes_is_sent_by_a_leader_alone_and_not_a_moment_too_late() {
        let leadership = Leadership::standby();
        for (leads, passed) in [(false, 0), (true, 0), (true, 9_999), (false, 1)] {
            advance(Duration::from_millis(passed)).await;
            if leads && passed == 0 {
                leadership.renewed(Instant::now() + Duration::from_secs(10));
            }
            for method in ["POST", "PUT", "PATCH", "DELETE"] {
                check(ask(&leadership, method, SECRETS).await, leads);
            }
            check(ask(&leadership, "GET", SECRETS).await, true);
            check(ask(&leadership, "POST", TOKEN).await, true);
        }
    }
}
