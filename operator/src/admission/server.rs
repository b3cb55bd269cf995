//! Connections over TLS, HTTP 1.1 and 2: as many as there is room for, and none that keeps others out.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, response::Response};
use hyper::{
    Request,
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    task::{AbortHandle, JoinSet},
    time::{Instant, sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// The name of HTTP 2 in a handshake.
pub(super) const HTTP_2: &[u8] = b"h2";

/// How much is served at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many connections there may be.
    pub(crate) connections: usize,
    /// How long a handshake may take.
    pub(crate) handshake: Duration,
    /// How long a request of HTTP 1 may take to say what it wants, and a connection to make the next one.
    pub(crate) head: Duration,
    /// How long answers that are under way may take when the server ends.
    pub(crate) grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Each API server has a few, and one over HTTP 2 takes hundreds of requests at once.
            connections: 512,
            handshake: Duration::from_secs(5),
            // Longer than the 90 s after which the API server lets go of one that it does not use: who sends a request
            // while the other end closes gets no answer.
            head: Duration::from_secs(120),
            grace: Duration::from_secs(10),
        }
    }
}

/// How many requests one connection of HTTP 2 may have under way.
const STREAMS: u32 = 250;

/// How often a quiet connection of HTTP 2 is asked whether its other end lives, and how long that may take.
const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(20);

/// For how long nobody is let in after that failed: it does where the process has no more files to open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until it is stopped, and lets the answers that are under way end.
///
/// However many connections are opened and held, a new one is served: where there are too many, the one that has been
/// idle for longest is closed, and one that waits for an answer only where all do.
pub(crate) async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    router: Router,
    stop: CancellationToken,
) {
    serve_within(Limits::default(), listener, (acceptor, router), stop).await;
}

pub(super) async fn serve_within(
    limits: Limits,
    listener: TcpListener,
    (acceptor, router): (TlsAcceptor, Router),
    stop: CancellationToken,
) {
    let mut connections = Connections::default();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => {
                let activity = Arc::<Activity>::default();
                let connection = Connection {
                    limits,
                    activity: Arc::clone(&activity),
                    router: router.clone(),
                    stop: stop.clone(),
                };
                let acceptor = acceptor.clone();
                connections
                    .add(limits.connections, activity, async move { connection.run(acceptor, stream).await });
            }
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
    drop(listener);
    let _ = timeout(limits.grace, connections.tasks.join_all()).await;
}

/// What a connection does.
#[derive(Debug)]
struct Activity {
    under_way: AtomicUsize,
    /// When it last did something.
    last: Mutex<Instant>,
}

impl Default for Activity {
    fn default() -> Self {
        Self { under_way: AtomicUsize::new(0), last: Mutex::new(Instant::now()) }
    }
}

impl Activity {
    /// What is to go first comes first.
    fn worth(&self) -> (bool, Instant) {
        (self.under_way.load(Ordering::Relaxed) > 0, *self.last.lock())
    }
}

/// A request that is under way.
struct UnderWay(Arc<Activity>);

impl UnderWay {
    fn begin(activity: &Arc<Activity>) -> Self {
        activity.under_way.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(activity))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
        *self.0.last.lock() = Instant::now();
    }
}

#[derive(Default)]
struct Connections {
    tasks: JoinSet<()>,
    /// Some have ended.
    open: VecDeque<(AbortHandle, Arc<Activity>)>,
}

impl Connections {
    fn add(
        &mut self,
        most: usize,
        activity: Arc<Activity>,
        connection: impl Future<Output = ()> + Send + 'static,
    ) {
        while self.tasks.try_join_next().is_some() {}
        self.open.retain(|(handle, _)| !handle.is_finished());
        while self.open.len() >= most {
            let places = self.open.iter().enumerate();
            let Some((place, _)) = places.min_by_key(|(_, (_, activity))| activity.worth()) else { break };
            self.open.remove(place).into_iter().for_each(|(handle, _)| handle.abort());
        }
        self.open.push_back((self.tasks.spawn(connection), activity));
    }
}

/// One connection. How it ends matters to nobody but its other end.
struct Connection {
    limits: Limits,
    activity: Arc<Activity>,
    router: Router,
    stop: CancellationToken,
}

impl Connection {
    async fn run(self, acceptor: TlsAcceptor, stream: TcpStream) {
        // An answer is one write: there is nothing to wait for.
        let _ = stream.set_nodelay(true);
        if let Ok(Ok(stream)) = timeout(self.limits.handshake, acceptor.accept(stream)).await {
            match stream.get_ref().1.alpn_protocol() {
                Some(HTTP_2) => self.second(stream).await,
                Some(_) | None => self.first(stream).await,
            }
        }
    }

    /// HTTP 1.1.
    async fn first(self, stream: TlsStream<TcpStream>) {
        let mut server = http1::Builder::new();
        server.timer(TokioTimer::new()).header_read_timeout(self.limits.head);
        let service = service_fn(|request| answer(self.router.clone(), &self.activity, request));
        let mut served = pin!(server.serve_connection(TokioIo::new(stream), service));
        select! {
            _ = served.as_mut() => return,
            () = self.stop.cancelled() => served.as_mut().graceful_shutdown(),
        }
        let _ = served.await;
    }

    /// HTTP 2.
    async fn second(self, stream: TlsStream<TcpStream>) {
        let mut server = http2::Builder::new(TokioExecutor::new());
        server.timer(TokioTimer::new()).max_concurrent_streams(STREAMS);
        server.keep_alive_interval(PING).keep_alive_timeout(PONG);
        let Self { activity, router, stop, limits: _ } = self;
        let service = service_fn(move |request| {
            let (router, activity) = (router.clone(), Arc::clone(&activity));
            async move { answer(router, &activity, request).await }
        });
        let mut served = pin!(server.serve_connection(TokioIo::new(stream), service));
        select! {
            _ = served.as_mut() => return,
            () = stop.cancelled() => served.as_mut().graceful_shutdown(),
        }
        let _ = served.await;
    }
}

async fn answer(
    router: Router,
    activity: &Arc<Activity>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let _under_way = UnderWay::begin(activity);
    router.oneshot(request).await
}

#[cfg(test)]
mod tests;
