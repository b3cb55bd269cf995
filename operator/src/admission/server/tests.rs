//! Connections, over sockets.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, routing::post};
use eso_kube::certificates::Pair;
use reqwest::{Certificate, Client};
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{Limits, serve_within};
use crate::admission::tls::{Certificates, acceptor};

const MINUTE: Duration = Duration::from_secs(60);

/// Nothing ends by itself.
const PATIENT: Limits = Limits { connections: 16, handshake: MINUTE, head: MINUTE, grace: MINUTE };

fn pair() -> Pair {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    Pair { chain: made.cert.pem(), key: made.signing_key.serialize_pem().into() }
}

struct Served {
    address: SocketAddr,
    certificates: Arc<Certificates>,
    stop: CancellationToken,
    server: JoinHandle<()>,
}

impl Served {
    async fn start(limits: Limits, pair: &Pair, router: Router) -> Self {
        crate::run::install_crypto();
        let (certificates, _) = Certificates::new();
        certificates.show(pair);
        let (listener, stop) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), CancellationToken::new());
        let address = listener.local_addr().unwrap();
        let acceptor = acceptor(Arc::clone(&certificates));
        let server = tokio::spawn(serve_within(limits, listener, (acceptor, router), stop.clone()));
        Self { address, certificates, stop, server }
    }

    /// A client that trusts one certificate, and keeps its connection.
    fn client(&self, trusted: &Pair) -> Client {
        let trusted = Certificate::from_pem(trusted.chain.as_bytes()).unwrap();
        let client = Client::builder().no_proxy().tls_certs_only([trusted]);
        client.resolve("localhost", self.address).timeout(MINUTE).build().unwrap()
    }

    async fn ask(&self, client: &Client) -> Result<String, reqwest::Error> {
        let url = format!("https://localhost:{}/", self.address.port());
        client.post(url).send().await?.text().await
    }

    /// Connects and says nothing.
    async fn mute(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

fn ok() -> Router {
    Router::new().route("/", post(async || "ok"))
}

/// Waits until the other end has closed.
async fn closed(stream: &mut TcpStream) {
    let read = timeout(MINUTE, stream.read(&mut [0])).await.expect("it must be closed");
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
}

#[tokio::test]
async fn another_certificate_is_shown_from_the_next_handshake_on_and_no_connection_ends() {
    let (one, other) = (pair(), pair());
    let served = Served::start(PATIENT, &one, ok()).await;
    let old = served.client(&one);
    assert_eq!(served.ask(&old).await.unwrap(), "ok");
    served.certificates.show(&other);
    assert_eq!(served.ask(&old).await.unwrap(), "ok", "over the connection that it has");
    assert_eq!(served.ask(&served.client(&other)).await.unwrap(), "ok");
    assert!(served.ask(&served.client(&one)).await.is_err(), "the old one is shown no more");
}

#[tokio::test]
async fn a_handshake_that_does_not_go_on_is_ended() {
    let limits = Limits { handshake: Duration::from_millis(100), ..PATIENT };
    let served = Served::start(limits, &pair(), ok()).await;
    closed(&mut served.mute().await).await;
}

#[tokio::test]
async fn whoever_holds_connections_keeps_nobody_out_and_who_waits_for_an_answer_stays() {
    let pair = pair();
    let (asked, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (asking, going_on) = (Arc::clone(&asked), Arc::clone(&go_on));
    let slow = Router::new().route(
        "/",
        post(async move || {
            asking.notify_one();
            going_on.notified().await;
            "ok"
        }),
    );
    let served = Served::start(Limits { connections: 2, ..PATIENT }, &pair, slow).await;
    let (client, other) = (served.client(&pair), served.client(&pair));
    let (first, ()) = tokio::join!(served.ask(&client), async {
        asked.notified().await;
        let mut mutes = [served.mute().await, served.mute().await, served.mute().await];
        for mute in mutes.iter_mut().take(2) {
            closed(mute).await;
        }
        go_on.notify_one();
    });
    assert_eq!(first.unwrap(), "ok", "it was the oldest connection");
    let (second, ()) = tokio::join!(served.ask(&other), async {
        asked.notified().await;
        go_on.notify_one();
    });
    assert_eq!(second.unwrap(), "ok");
}

#[tokio::test]
async fn what_is_under_way_when_it_is_stopped_is_answered() {
    let pair = pair();
    let asked = Arc::new(Notify::new());
    let (asking, stop) = (Arc::clone(&asked), CancellationToken::new());
    let stopped = stop.clone();
    let slow = Router::new().route(
        "/",
        post(async move || {
            asking.notify_one();
            stopped.cancelled().await;
            "ok"
        }),
    );
    let served = Served::start(PATIENT, &pair, slow).await;
    let client = served.client(&pair);
    let (answer, ()) = tokio::join!(served.ask(&client), async {
        asked.notified().await;
        served.stop.cancel();
        stop.cancel();
    });
    assert_eq!(answer.unwrap(), "ok");
    drop(client);
    timeout(MINUTE, served.server).await.expect("it must end").unwrap();
}
