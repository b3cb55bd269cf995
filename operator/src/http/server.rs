//! A server that nobody can fill up: whoever comes is let in, and the oldest connection has to go for them.

use std::{collections::VecDeque, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    pin, select,
    task::{AbortHandle, JoinSet},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// How much is served at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How many connections there may be.
    pub(super) connections: usize,
    /// How long a request may take to say what it wants, and a connection to make the next one.
    pub(super) head: Duration,
    /// How long a connection may last, whatever it does.
    pub(super) connection: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // A kubelet and a few Prometheuses have one each.
            connections: 64,
            head: Duration::from_secs(10),
            // Prometheus gives up a scrape before that.
            connection: Duration::from_secs(120),
        }
    }
}

/// For how long nobody is let in after that failed: it does where the process has no more files to open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until it is stopped, and lets the answers that are under way end.
///
/// However many connections are opened and held, a new one is served: where there are too many, the oldest is closed.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    serve_within(Limits::default(), listener, router, stop).await;
}

pub(super) async fn serve_within(
    limits: Limits,
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
) {
    let mut connections = Connections::default();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(limits, stream, router.clone(), stop.clone());
                connections.add(limits.connections, connection);
            }
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
    drop(listener);
    connections.tasks.join_all().await;
}

#[derive(Debug, Default)]
struct Connections {
    tasks: JoinSet<()>,
    /// The oldest first. Some have ended.
    handles: VecDeque<AbortHandle>,
}

impl Connections {
    fn add(&mut self, most: usize, connection: impl Future<Output = ()> + Send + 'static) {
        while self.tasks.try_join_next().is_some() {}
        self.handles.retain(|handle| !handle.is_finished());
        while self.handles.len() >= most {
            self.handles.pop_front().into_iter().for_each(|oldest| oldest.abort());
        }
        self.handles.push_back(self.tasks.spawn(connection));
    }
}

/// Serves one connection. How it ended matters to nobody but its other end.
async fn connection(limits: Limits, stream: TcpStream, router: Router, stop: CancellationToken) {
    let Limits { connections: _, head, connection } = limits;
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(head);
    let served = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let whole = timeout(connection, async {
        pin!(served);
        select! {
            _ = served.as_mut() => return,
            () = stop.cancelled() => served.as_mut().graceful_shutdown(),
        }
        let _ = served.await;
    });
    let _ = whole.await;
}
